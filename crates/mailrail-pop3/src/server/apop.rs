//! The server's side of APOP (RFC 1939 §7).

use crate::ApopDigest;
use alloc::boxed::Box;

/// A client's claim to know a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApopProof {
    pub(super) timestamp: Box<str>,
    pub(super) digest: ApopDigest,
}

impl ApopProof {
    /// Whether it is made with this password. How long that takes does not tell how much is right.
    #[must_use]
    pub fn is_by(&self, password: &str) -> bool {
        self.digest.is_of(&self.timestamp, password)
    }
}
