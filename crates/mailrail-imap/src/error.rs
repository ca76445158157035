//! What can go wrong: the peer or the line, the caller, a parser.

/// What ends a conversation: the peer broke the protocol, or the line failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The peer closed the connection in the middle, or without a LOGOUT or BYE.
    #[error("the peer closed the connection")]
    Closed,
    /// A deadline of [`Timeouts`](crate::Timeouts) has passed.
    #[error("no answer within the time allowed")]
    TimedOut,
    /// Client: a response is longer than [`Limits::response`](crate::Limits::response).
    #[error("response longer than {limit} bytes")]
    ResponseTooLong {
        /// The limit, in bytes.
        limit: usize,
    },
    /// Client: the first response was no greeting (RFC 3501 §7.1).
    #[error("the server did not greet")]
    NoGreeting,
    /// Client: a continuation request came where none was awaited, or a tagged response to a
    /// command that was not sent.
    #[error("response to a command that was not sent")]
    UnexpectedResponse,
    /// Server: a refused literal is longer than [`Limits::skip`](crate::Limits::skip), and is
    /// coming without waiting.
    #[error("literal longer than {limit} bytes")]
    LiteralTooLong {
        /// The limit, in bytes.
        limit: u64,
    },
    /// Server: more commands were refused than [`Limits::errors`](crate::Limits::errors) allows.
    #[error("more than {limit} faulty commands")]
    TooManyErrors {
        /// The limit, in commands.
        limit: u32,
    },
    /// Server: more logins were refused than [`Limits::logins`](crate::Limits::logins) allows.
    #[error("more than {limit} logins refused")]
    TooManyLogins {
        /// The limit, in logins.
        limit: u32,
    },
    /// Bytes in plaintext came behind STARTTLS or behind its OK (RFC 2595 §2.1, RFC 9051 §6.2.1).
    #[error("plaintext behind STARTTLS")]
    PlaintextBehindStartTls,
    /// `event` was called where `poll` had not just said `Step::Event`.
    #[error("event taken where none was ready")]
    NoEvent,
}

/// What the caller did wrong. The machine is as it was before the call.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Misuse {
    /// The call does not fit the present state, or does not answer the last event.
    #[error("not allowed in the present state")]
    NotNow,
    /// Client: the server does not offer what the command needs.
    #[error("not offered by the server")]
    NotOffered,
    /// Client: the command would send a password without TLS, and
    /// [`Config::allow_plaintext_auth`](crate::Config::allow_plaintext_auth) is off.
    #[error("a password must not cross a connection without TLS")]
    PlaintextAuth,
    /// More octets were given than are left of the announced literal, or it was ended too soon.
    #[error("{left} octets are left of the literal")]
    LiteralLength {
        /// How many octets are still to be given.
        left: u64,
    },
    /// A list that needs a member is empty, or a value fits no command.
    #[error("an argument is empty or out of range")]
    Argument,
    /// More output waits to be written than [`Limits::output`](crate::Limits::output): drive the
    /// connection first.
    #[error("too much output is waiting")]
    Full,
    /// The conversation is over.
    #[error("the conversation is over")]
    Closed,
}

/// What a parser did not understand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected} at byte {offset}")]
pub struct SyntaxError {
    offset: usize,
    expected: &'static str,
}

impl SyntaxError {
    pub(crate) const fn new(offset: usize, expected: &'static str) -> Self {
        Self { offset, expected }
    }

    /// How many bytes of the text were understood before the fault.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.offset
    }

    /// What would have been understood there, in words.
    #[must_use]
    pub const fn expected(&self) -> &'static str {
        self.expected
    }
}
