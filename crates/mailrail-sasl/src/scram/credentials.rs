//! What a server keeps for a user, and what it shows for nobody.

use super::hash::{Hash, Key};
use crate::{Error, saslprep};
use alloc::vec::Vec;
use core::fmt;
use mailrail_wire::Secret;
use zeroize::Zeroizing;

/// What a server keeps for a user in the place of the password (RFC 5802 §3), for one hash.
///
/// Who has it can check the user, and can play the server to the user, but cannot be the user
/// without guessing the password.
///
/// ```
/// use mailrail_sasl::scram::{Hash, ScramCredentials};
///
/// # fn main() -> Result<(), mailrail_sasl::Error> {
/// let salt = [7; 16]; // random, a new one for each user and password
/// let kept = ScramCredentials::from_password(Hash::Sha256, "pencil", &salt, 4096)?;
/// let parts = (kept.salt(), kept.iterations(), kept.stored_key(), kept.server_key());
/// let again = ScramCredentials::from_parts(Hash::Sha256, parts.0, parts.1, parts.2, parts.3)?;
/// assert!(again.has_password("pencil") && !again.has_password("pen"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct ScramCredentials {
    hash: Hash,
    salt: Vec<u8>,
    iterations: u32,
    stored_key: Key,
    server_key: Key,
}

impl ScramCredentials {
    /// Those of a password. It takes as long as the iterations do: some milliseconds for 4,096 of
    /// them, half a second for 600,000.
    ///
    /// RFC 7677 §4 asks for at least 4,096 iterations, better more. The salt is random, 16 bytes
    /// are enough, and all users' are as long and take as many iterations: what differs tells who
    /// is there (see [`Decoy`]).
    ///
    /// # Errors
    ///
    /// [`Error::Empty`] for an empty password or salt, or no iterations; [`Error::Prohibited`]
    /// where SASLprep prohibits the password.
    pub fn from_password(
        hash: Hash,
        password: &str,
        salt: &[u8],
        iterations: u32,
    ) -> Result<Self, Error> {
        let salted = salted_password(hash, &normalize(password)?, salt, iterations)?;
        let client_key = client_key(hash, &salted);
        Ok(Self {
            hash,
            salt: salt.to_vec(),
            iterations,
            stored_key: hash.hash(client_key.expose()),
            server_key: server_key(hash, &salted),
        })
    }

    /// Those that were kept.
    ///
    /// # Errors
    ///
    /// [`Error::Empty`] for an empty salt or no iterations; [`Error::Malformed`] where a key is not
    /// as long as the hash.
    pub fn from_parts(
        hash: Hash,
        salt: &[u8],
        iterations: u32,
        stored_key: &[u8],
        server_key: &[u8],
    ) -> Result<Self, Error> {
        check(salt, iterations)?;
        if [stored_key, server_key].iter().any(|key| key.len() != hash.output_len()) {
            return Err(Error::Malformed);
        }
        let key = |bytes: &[u8]| Secret::new(Zeroizing::new(bytes.to_vec()));
        let (stored_key, server_key) = (key(stored_key), key(server_key));
        Ok(Self { hash, salt: salt.to_vec(), iterations, stored_key, server_key })
    }

    /// The hash they are for.
    #[must_use]
    pub const fn hash(&self) -> Hash {
        self.hash
    }

    /// `salt`
    #[must_use]
    pub fn salt(&self) -> &[u8] {
        &self.salt
    }

    /// `i`
    #[must_use]
    pub const fn iterations(&self) -> u32 {
        self.iterations
    }

    /// `StoredKey`: a secret.
    #[must_use]
    pub fn stored_key(&self) -> &[u8] {
        self.stored_key.expose()
    }

    /// `ServerKey`: a secret.
    #[must_use]
    pub fn server_key(&self) -> &[u8] {
        self.server_key.expose()
    }

    /// Whether they are made of that password: for mechanisms that show it, on a server that does
    /// not keep it. It takes as long as making them.
    #[must_use]
    pub fn has_password(&self, password: &str) -> bool {
        use subtle::ConstantTimeEq as _;
        Self::from_password(self.hash, password, &self.salt, self.iterations)
            .is_ok_and(|claimed| claimed.stored_key().ct_eq(self.stored_key()).into())
    }
}

impl fmt::Debug for ScramCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScramCredentials")
            .field("hash", &self.hash)
            .field("iterations", &self.iterations)
            .finish_non_exhaustive()
    }
}

/// `Normalize(str)`: SASLprep, of text that is kept.
pub(super) fn normalize(password: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
    let field = "password";
    let prepared = saslprep::stored(password).map_err(|_| Error::Prohibited { field })?;
    if prepared.is_empty() {
        return Err(Error::Empty { field });
    }
    Ok(Zeroizing::new(prepared.into_owned().into_bytes()))
}

fn check(salt: &[u8], iterations: u32) -> Result<(), Error> {
    if salt.is_empty() {
        Err(Error::Empty { field: "salt" })
    } else if iterations == 0 {
        Err(Error::Empty { field: "iteration count" })
    } else {
        Ok(())
    }
}

/// `SaltedPassword := Hi(Normalize(password), salt, i)`
pub(super) fn salted_password(
    hash: Hash,
    normalized: &[u8],
    salt: &[u8],
    iterations: u32,
) -> Result<Key, Error> {
    check(salt, iterations)?;
    Ok(hash.hi(normalized, salt, iterations))
}

/// `ClientKey := HMAC(SaltedPassword, "Client Key")`
pub(super) fn client_key(hash: Hash, salted: &Key) -> Key {
    hash.hmac(salted.expose(), &[b"Client Key"])
}

/// `ServerKey := HMAC(SaltedPassword, "Server Key")`
pub(super) fn server_key(hash: Hash, salted: &Key) -> Key {
    hash.hmac(salted.expose(), &[b"Server Key"])
}

/// What a server shows to those who ask for a user that is not there, so that they cannot tell: a
/// salt that is always the same for a name.
///
/// The iteration count and the length of the salt have to be those of the real users.
#[derive(Debug, Clone)]
pub struct Decoy {
    secret: Secret<Zeroizing<[u8; 32]>>,
    iterations: u32,
    salt_len: usize,
}

impl Decoy {
    /// With a secret of the server, random and kept as long as the accounts are; 4,096 iterations
    /// and a salt of 16 bytes.
    #[must_use]
    pub fn new(secret: [u8; 32]) -> Self {
        Self { secret: Secret::new(Zeroizing::new(secret)), iterations: 4096, salt_len: 16 }
    }

    /// With another iteration count and length of the salt, which is cut to the hash's length
    /// (20 bytes for SHA-1).
    #[must_use]
    pub const fn with(mut self, iterations: u32, salt_len: usize) -> Self {
        self.iterations = iterations;
        self.salt_len = salt_len;
        self
    }

    /// Credentials of no password.
    pub(super) fn credentials(&self, hash: Hash, user: &str) -> ScramCredentials {
        let secret = &self.secret.expose()[..];
        let make = |what: &[u8]| hash.hmac(secret, &[what, user.as_bytes()]);
        let mut salt = make(b"salt\0").expose().to_vec();
        salt.truncate(self.salt_len.max(1));
        ScramCredentials {
            hash,
            salt,
            iterations: self.iterations.max(1),
            stored_key: make(b"stored key\0"),
            server_key: make(b"server key\0"),
        }
    }
}
