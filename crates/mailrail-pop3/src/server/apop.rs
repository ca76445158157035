//! The server's side of APOP (RFC 1939 §7).

use crate::ApopDigest;
use alloc::boxed::Box;
use mailrail_sasl::saslprep;

/// A client's claim to know a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApopProof {
    pub(super) timestamp: Box<str>,
    pub(super) digest: ApopDigest,
}

impl ApopProof {
    /// Whether it is made with this password, which is prepared first (SASLprep, RFC 4013, as
    /// RFC 6856 §2.2 asks). How long that takes does not tell how much is right.
    #[must_use]
    pub fn is_by(&self, password: &str) -> bool {
        let prepared = saslprep::stored(password);
        prepared.is_ok_and(|password| self.digest.is_of(&self.timestamp, &password))
    }
}
