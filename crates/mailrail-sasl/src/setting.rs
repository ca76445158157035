//! What a server's mechanisms are given.

use crate::{Channel, Nonce, scram::Decoy};
use alloc::string::{String, ToString};

/// What a server gives to a mechanism, for one exchange.
///
/// ```
/// use mailrail_sasl::{Channel, Mechanism, Nonce, Setting, scram::Decoy};
///
/// # fn main() -> Result<(), mailrail_sasl::Error> {
/// let (secret, random) = ([1; 32], [2; 18]); // the first is kept, the second is always new
/// let setting = Setting::new(Channel::tls(), Nonce::from_random(&random), Decoy::new(secret));
/// let scram = Mechanism::from_name("SCRAM-SHA-256").unwrap().server(setting)?;
/// assert_eq!(scram.name(), "SCRAM-SHA-256");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Setting {
    /// The connection. Where it has a binding, the server must offer the `-PLUS` mechanisms too:
    /// a client that says it has seen none is refused (RFC 5802 §6).
    pub channel: Channel,
    /// The server's part of the nonce; a new one for each exchange.
    pub nonce: Nonce,
    /// What unknown users are shown.
    pub decoy: Decoy,
    /// The server's name in CRAM-MD5's challenge; `localhost` where not set.
    pub host: String,
    /// What a client is told whose token is no good.
    pub token_hint: TokenHint,
}

impl Setting {
    /// What every mechanism needs; the other fields have defaults.
    #[must_use]
    pub fn new(channel: Channel, nonce: Nonce, decoy: Decoy) -> Self {
        let host = "localhost".to_string();
        Self { channel, nonce, decoy, host, token_hint: TokenHint::default() }
    }
}

/// What a client is told whose token is no good, so that it can get a good one (RFC 7628 §3.2.2).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenHint {
    /// The scope that a token needs; tokens need none where it is not set.
    pub scope: Option<String>,
    /// The URL of the OpenID Provider Configuration; OAUTHBEARER only.
    pub openid_configuration: Option<String>,
}
