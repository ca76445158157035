//! What goes wrong in an exchange.

/// Why an exchange, or a value given for it, is no good. It never tells what the value was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A name or password is empty where the mechanism needs one.
    #[error("the {field} is empty")]
    Empty {
        /// What it was for: `user name`, `password` …
        field: &'static str,
    },
    /// A name or password holds a NUL, which the mechanism uses to separate them.
    #[error("the {field} holds a NUL")]
    Nul {
        /// What it was for: `user name`, `password` …
        field: &'static str,
    },
    /// The peer's message does not follow the mechanism.
    #[error("not a message of the mechanism")]
    Malformed,
    /// The peer's line is not base64 (RFC 4648 §4).
    #[error("not base64")]
    NotBase64,
    /// A message came, or was asked for, after the mechanism's last one.
    #[error("the mechanism has no further step")]
    Finished,
}
