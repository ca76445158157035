//! SCRAM: both sides prove that they know a password, and neither shows it (RFC 5802, RFC 7677).
//!
//! What follows holds for `SCRAM-SHA-1`, `-256` and `-512`, and for their `-PLUS` forms, which also
//! prove that the two talk over the same TLS connection.

mod client;
mod credentials;
mod hash;
mod message;
mod server;

pub use client::ScramClient;
pub use credentials::{Decoy, ScramCredentials};
pub use hash::Hash;
pub use server::ScramServer;

/// What no message of an honest peer comes near, in bytes.
const MESSAGE_MAX: usize = 4096;

/// The message as text, where it can be one.
fn text(message: &[u8]) -> Result<&str, crate::Error> {
    if message.len() > MESSAGE_MAX {
        return Err(crate::Error::TooLong);
    }
    core::str::from_utf8(message).map_err(|_| crate::Error::Malformed)
}

#[cfg(test)]
mod tests;
