//! What all mechanisms share.

use crate::Error;
use alloc::{string::String, vec::Vec};
use mailrail_wire::Secret;

/// The client's side of a mechanism: it turns challenges into responses, one at a time.
///
/// A protocol's client is told the mechanism's [`name`](Self::name) and
/// [`initial_response`](Self::initial_response), then a [`step`](Self::step) for each challenge.
/// The trait is object-safe, so the best common mechanism can be picked at run time.
pub trait ClientMechanism: core::fmt::Debug {
    /// The name the mechanism is registered under, such as `PLAIN`.
    fn name(&self) -> &'static str;

    /// The response that needs no challenge; none where the server speaks first (RFC 4422 §3).
    ///
    /// Call it once, before the first [`step`](Self::step), whether or not the protocol lets the
    /// response go with the command: a protocol client that cannot send it there keeps it for the
    /// server's first, empty challenge.
    ///
    /// # Errors
    ///
    /// [`Error::Finished`] where it was called before.
    fn initial_response(&mut self) -> Result<Option<Secret<Vec<u8>>>, Error>;

    /// The response to `challenge`.
    ///
    /// # Errors
    ///
    /// Where the challenge does not follow the mechanism or proves the server wrong: cancel the
    /// exchange then, and do not believe a success.
    fn step(&mut self, challenge: &[u8]) -> Result<Secret<Vec<u8>>, Error>;

    /// Whether the client has had all it needs from the server. A success that the server tells
    /// before that is not to be believed (RFC 4422 §3.6).
    fn is_complete(&self) -> bool;
}

/// The server's side of a mechanism: it turns responses into challenges, one at a time.
///
/// The trait is object-safe, so the mechanism the client asks for can be picked at run time.
pub trait ServerMechanism: core::fmt::Debug {
    /// The name the mechanism is registered under, such as `PLAIN`.
    fn name(&self) -> &'static str;

    /// What follows from `response`: first the initial response or none, then the response to
    /// each challenge.
    ///
    /// # Errors
    ///
    /// Where the response does not follow the mechanism: tell the client that it failed.
    fn step(&mut self, response: Option<&[u8]>) -> Result<Progress, Error>;
}

/// What a server's mechanism wants next.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Progress {
    /// Send this challenge; the response to it is the next step. It may be empty.
    Challenge(Secret<Vec<u8>>),
    /// The client has shown this much: check it, and tell the client whether it holds.
    Credentials(Credentials),
}

/// Who a client says it is, with a password that the server has yet to check.
///
/// Names and password are as sent. A server that compares them with prepared ones prepares both
/// (SASLprep, RFC 4013).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Credentials {
    /// Whom it wants to act as, where that is not the one below (RFC 4422 §3.4.1). Refuse it
    /// unless the one below may act so.
    pub authzid: Option<String>,
    /// Whose password it is; never empty.
    pub authcid: String,
    /// The password; never empty.
    pub password: Secret<String>,
}

/// Whether `name` can be a mechanism's name: 1 to 20 upper-case letters, digits, hyphens and
/// underscores (RFC 4422 §3.1). Protocols compare names without regard to case, so lower-case
/// letters pass too.
#[must_use]
pub fn is_mechanism_name(name: &[u8]) -> bool {
    matches!(name.len(), 1..=20)
        && name.iter().all(|&byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// Whether the mechanism of that name shows a password or token to everyone on the way, so that
/// it is for TLS only: `PLAIN`, `LOGIN`, `OAUTHBEARER` and `XOAUTH2`, in any case of letters.
#[must_use]
pub fn sends_password(name: &str) -> bool {
    ["PLAIN", "LOGIN", "OAUTHBEARER", "XOAUTH2"]
        .iter()
        .any(|plaintext| plaintext.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for name in ["PLAIN", "SCRAM-SHA-256-PLUS", "X_Y", "plain"] {
            assert!(is_mechanism_name(name.as_bytes()), "{name}");
        }
        for name in ["", "PLAIN ", "PLAIN\r\n", "A-NAME-OF-21-LETTERS-", "PLÄIN"] {
            assert!(!is_mechanism_name(name.as_bytes()), "{name}");
        }
        assert!(sends_password("Plain") && !sends_password("SCRAM-SHA-1"));
    }
}
