//! What goes wrong in an exchange.

/// Why an exchange, or a value given for it, is no good. It never tells what the value was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A name, password or token is empty where the mechanism needs one.
    #[error("the {field} is empty")]
    Empty {
        /// What it was for: `user name`, `password` …
        field: &'static str,
    },
    /// A name or password holds a NUL, which no mechanism can carry.
    #[error("the {field} holds a NUL")]
    Nul {
        /// What it was for: `user name`, `password` …
        field: &'static str,
    },
    /// A value holds characters that the mechanism cannot carry or SASLprep (RFC 4013) prohibits.
    #[error("the {field} holds characters that the mechanism does not allow")]
    Prohibited {
        /// What it was for: `user name`, `password` …
        field: &'static str,
    },
    /// The peer's message does not follow the mechanism.
    #[error("not a message of the mechanism")]
    Malformed,
    /// The peer's message is longer than the mechanism needs.
    #[error("the message is too long")]
    TooLong,
    /// The peer's line is not base64 (RFC 4648 §4).
    #[error("not base64")]
    NotBase64,
    /// A message came, or was asked for, after the mechanism's last one.
    #[error("the mechanism has no further step")]
    Finished,
    /// SCRAM: the peer's nonce does not go on from this side's (RFC 5802 §5.1, `r`).
    #[error("the nonce is not the one of this exchange")]
    Nonce,
    /// SCRAM: the server asks for fewer or more iterations than the client's window has.
    #[error("{count} iterations are too few or too many")]
    Iterations {
        /// How many it asks for.
        count: u32,
    },
    /// SCRAM: the peer needs an extension (RFC 5802 §5.1, `m`).
    #[error("the peer needs an extension that is not known here")]
    Extension,
    /// SCRAM: the client binds to another channel, to one of a type that the server does not know,
    /// or not at all where it could (RFC 5802 §6): somebody may be in between.
    #[error("the channel binding does not match")]
    ChannelBinding,
    /// SCRAM: the server has not shown that it knows the password.
    #[error("the server has not proved who it is")]
    Unproved,
    /// The server says that it failed; SCRAM's `server-error-value`, or `other-error`.
    #[error("the server says {reason}")]
    Refused {
        /// The reason, one of those of RFC 5802 §7.
        reason: &'static str,
    },
    /// The client has not shown who it is, or may not be who it wants to be.
    #[error("authentication failed")]
    Rejected,
    /// The answer is none to the question that was asked, or none was asked.
    #[error("no answer to what was asked")]
    Misplaced,
    /// The peer offers no mechanism that the credentials fit and that is allowed.
    #[error("no mechanism in common")]
    NoMechanism,
    /// The mechanisms in common show a password or token to everyone on the way, and the channel
    /// is not secure.
    #[error("no mechanism in common that needs no TLS")]
    NotSecure,
}
