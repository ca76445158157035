//! What goes wrong, by whose fault.

use crate::ReplyCode;

/// What ends a conversation: the peer or the line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The peer closed the connection before QUIT was said and answered.
    #[error("the peer closed the connection")]
    Closed,
    /// Nothing whole came, or nothing was taken, within the time allowed.
    #[error("the peer took too long")]
    TimedOut,
    /// Bytes came in plaintext behind STARTTLS or the reply to it (RFC 3207 §6).
    #[error("plaintext behind STARTTLS")]
    PlaintextAfterStartTls,
    /// Client: what came is no reply (RFC 5321 §4.2).
    #[error("not a reply")]
    NotAReply,
    /// Client: a reply is longer than [`Limits::reply`](crate::Limits::reply).
    #[error("a reply of more than {limit} bytes")]
    ReplyTooLong {
        /// The limit passed, in bytes.
        limit: usize,
    },
    /// Client: a reply came that no command asked for.
    #[error("a reply to no command")]
    Unsolicited,
    /// Client: a reply came that does not fit its command, such as 354 to RCPT: the server does
    /// not answer in order (RFC 2920 §3.2).
    #[error("a reply that does not fit its command")]
    OutOfStep,
    /// Server: more errors than [`Limits::errors`](crate::Limits::errors).
    #[error("too many errors")]
    TooManyErrors,
    /// Server: AUTH was refused more often than [`Limits::logins`](crate::Limits::logins).
    #[error("too many logins refused")]
    TooManyLogins,
    /// Server: what came is no PROXY header ([`Config::proxy`](crate::Config::proxy)).
    #[error("not a PROXY header")]
    NotProxied,
    /// Server: the client did not wait
    /// ([`Config::strict_pipelining`](crate::Config::strict_pipelining)).
    #[error("the client did not wait for a reply")]
    Pipelined,
    /// Server: BDAT without a size. What follows may be a command or not (RFC 3030 §2).
    #[error("a chunk of unknown size")]
    BadChunk,
    /// `event` was called where `poll` had not just said `Step::Event`.
    #[error("no event is ready")]
    NoEvent,
}

impl Error {
    /// The code of the last words that a server says before this error, if it says any.
    #[must_use]
    pub const fn reply_code(&self) -> Option<ReplyCode> {
        match self {
            Self::TimedOut | Self::TooManyErrors | Self::TooManyLogins => {
                Some(ReplyCode::UNAVAILABLE)
            }
            Self::BadChunk => Some(ReplyCode::BAD_ARGUMENTS),
            _ => None,
        }
    }
}

/// What the caller asked for at the wrong time or in the wrong way. It changed nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Misuse {
    /// The call does not fit the state of the conversation.
    #[error("{call} does not fit here")]
    OutOfTurn {
        /// The method called.
        call: &'static str,
    },
    /// The last event cannot be answered with that code.
    #[error("{code} does not answer this")]
    UnfitReply {
        /// The code of the reply given.
        code: ReplyCode,
    },
    /// The mechanism shows a password, the connection is not secured, and
    /// [`Config::allow_plaintext_auth`](crate::Config::allow_plaintext_auth) is off.
    #[error("a password without TLS")]
    PlaintextAuth,
    /// An address holds characters beyond ASCII, and MAIL has no SMTPUTF8 (RFC 6531 §3.4).
    #[error("an address beyond ASCII without SMTPUTF8")]
    NotAscii,
    /// REQUIRETLS is for messages that go by TLS (RFC 8689 §4.2.1).
    #[error("REQUIRETLS without TLS")]
    Insecure,
    /// The server takes no more in this connection or message (LIMITS, RFC 9422).
    #[error("the server takes no more than {limit}")]
    PastLimit {
        /// How many it takes.
        limit: u32,
    },
    /// A name or text given does not follow the grammar.
    #[error(transparent)]
    Syntax(#[from] SyntaxError),
    /// The message holds a CR or LF that is not part of CR LF.
    #[error("a bare CR or LF in the message")]
    BareLineEnd,
}

/// Where a text stops following the grammar, and what would have fit there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected} at byte {offset}")]
#[non_exhaustive]
pub struct SyntaxError {
    /// How many bytes lie before the fault.
    pub offset: usize,
    /// What would have fit.
    pub expected: &'static str,
}
