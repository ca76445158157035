//! The hash functions, and what is made of them (RFC 5802 §2.2).

use alloc::{vec, vec::Vec};
use hmac::{EagerHash, Hmac, KeyInit as _, Mac as _};
use mailrail_wire::Secret;
use sha1::Digest as _;
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use zeroize::Zeroizing;

/// What proves something, wiped when dropped and never printed.
pub(super) type Key = Secret<Zeroizing<Vec<u8>>>;

/// The hash function that a SCRAM mechanism is made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Hash {
    /// SHA-1: `SCRAM-SHA-1` (RFC 5802).
    Sha1,
    /// SHA-256: `SCRAM-SHA-256` (RFC 7677).
    Sha256,
    /// SHA-512: `SCRAM-SHA-512`.
    Sha512,
}

impl Hash {
    /// How many bytes it yields, and so how many a key has.
    #[must_use]
    pub const fn output_len(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }

    /// `H(str)`
    pub(super) fn hash(self, bytes: &[u8]) -> Key {
        key(match self {
            Self::Sha1 => Sha1::digest(bytes).to_vec(),
            Self::Sha256 => Sha256::digest(bytes).to_vec(),
            Self::Sha512 => Sha512::digest(bytes).to_vec(),
        })
    }

    /// `HMAC(key, str)`, of pieces that belong together.
    pub(super) fn hmac(self, with: &[u8], pieces: &[&[u8]]) -> Key {
        key(match self {
            Self::Sha1 => hmac::<Sha1>(with, pieces),
            Self::Sha256 => hmac::<Sha256>(with, pieces),
            Self::Sha512 => hmac::<Sha512>(with, pieces),
        })
    }

    /// `Hi(str, salt, i)`
    pub(super) fn hi(self, password: &[u8], salt: &[u8], iterations: u32) -> Key {
        let mut out = vec![0; self.output_len()];
        match self {
            Self::Sha1 => pbkdf2::pbkdf2_hmac::<Sha1>(password, salt, iterations, &mut out),
            Self::Sha256 => pbkdf2::pbkdf2_hmac::<Sha256>(password, salt, iterations, &mut out),
            Self::Sha512 => pbkdf2::pbkdf2_hmac::<Sha512>(password, salt, iterations, &mut out),
        }
        key(out)
    }
}

fn key(bytes: Vec<u8>) -> Key {
    Secret::new(Zeroizing::new(bytes))
}

#[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
fn hmac<D: EagerHash>(with: &[u8], pieces: &[&[u8]]) -> Vec<u8> {
    let mut mac = Hmac::<D>::new_from_slice(with).expect("any length");
    for piece in pieces {
        mac.update(piece);
    }
    mac.finalize().into_bytes().to_vec()
}

/// One XOR the other; of the same length.
pub(super) fn xor(one: &[u8], other: &[u8]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(one.iter().zip(other).map(|(a, b)| a ^ b).collect())
}
