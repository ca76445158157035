//! What goes wrong, and whose fault it is.

use mailrail_wire::BareLineEnd;

/// What ends a conversation: the peer or the line. Nothing is deleted from a maildrop then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The peer closed the connection, in the middle or without QUIT.
    #[error("the peer closed the connection")]
    Closed,
    /// Nothing came, or nothing was taken, for as long as [`Timeouts`](crate::Timeouts) allow.
    #[error("timed out")]
    TimedOut,
    /// Client: a line over [`Limits::line`](crate::Limits::line).
    #[error("a line of more than {limit} octets")]
    LineTooLong {
        /// The limit, in octets.
        limit: usize,
    },
    /// Client: a line where an answer begins can't be read, so that it is not known whether more
    /// lines belong to it.
    #[error("an answer that can't be read: {0}")]
    Response(SyntaxError),
    /// Client: an answer to no command.
    #[error("an answer to no command")]
    Unsolicited,
    /// Client: an answer to CAPA of more lines than
    /// [`Limits::capabilities`](crate::Limits::capabilities).
    #[error("too many capabilities")]
    TooManyCapabilities,
    /// Bytes in plaintext behind STLS or its answer: they may be an attacker's (RFC 2595 §4, and
    /// RFC 3207 §6 for what comes of believing them).
    #[error("plaintext behind STLS")]
    PlaintextAfterStls,
    /// Server: more errors than [`Limits::errors`](crate::Limits::errors). The client is told.
    #[error("too many errors")]
    TooManyErrors,
    /// Server: more refused logins than [`Limits::logins`](crate::Limits::logins). The client is
    /// told.
    #[error("too many logins")]
    TooManyLogins,
    /// Download: the server offers no way to log in that may be used.
    #[error("no way to log in")]
    NoLogin,
    /// Download: the server let us in before it had proved who it is (RFC 4422 §3.6).
    #[error("the server has not proved who it is")]
    Unproved,
    /// Download: more messages than [`Limits::messages`](crate::Limits::messages).
    #[error("too many messages")]
    TooManyMessages,
    /// Download: a listing of more lines than there are messages.
    #[error("more messages are listed than there are")]
    EndlessListing,
    /// Download: a message longer than [`Limits::message`](crate::Limits::message), or much longer
    /// than the server said.
    #[error("a message is longer than it should be")]
    MessageTooLong,
    /// `event` was called though `poll` had not said [`Step::Event`](mailrail_wire::Step::Event).
    #[error("no event is ready")]
    NoEvent,
}

/// What a caller may not do now. Nothing has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Misuse {
    /// The last event does not ask for this answer.
    #[error("nothing asks for this answer")]
    NotAsked,
    /// Server: the text has a CR or LF that is not part of CR LF.
    #[error(transparent)]
    BareLineEnd(#[from] BareLineEnd),
    /// Client: the conversation is over, or ends with the QUIT already given.
    #[error("the conversation is over")]
    Over,
    /// Client: STLS was given; wait for its answer.
    #[error("the transport is being replaced")]
    Securing,
    /// Client: TLS is in place already (RFC 2595 §4 knows no second STLS).
    #[error("TLS is in place already")]
    Secured,
    /// Client: STLS is not said behind UTF8 (RFC 6856 §2.1).
    #[error("STLS does not follow UTF8")]
    StlsAfterUtf8,
    /// Client: there is no timestamp. It has not come yet, the server knows no APOP, or TLS was
    /// begun since.
    #[error("the server has given no timestamp")]
    NoTimestamp,
    /// Client: name or password is not ASCII, and the server has not said that it takes UTF-8
    /// there (RFC 6856 §2.2).
    #[error("the server takes only ASCII in names and passwords")]
    NotAscii,
    /// Client: name or password is none, as SASLprep has it (RFC 4013).
    #[error("name or password holds what it may not")]
    Prohibited,
    /// No SASL mechanism has that name (RFC 4422 §3.1).
    #[error("no mechanism has that name")]
    Mechanism,
    /// Client: without TLS, [`Config::allow_plaintext_auth`](crate::Config::allow_plaintext_auth)
    /// is needed to show a password.
    #[error("a password is not sent without TLS")]
    Plaintext,
}

/// Why something can't be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected} at octet {offset}")]
#[non_exhaustive]
pub struct SyntaxError {
    /// Where, in octets from the start.
    pub offset: usize,
    /// What should stand there.
    pub expected: &'static str,
}
