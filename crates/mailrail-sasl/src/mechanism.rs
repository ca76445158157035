//! What all mechanisms share: their names, and the two sides' traits.

use crate::{
    AnonymousServer, Answer, CramMd5Server, Error, ExternalServer, LoginServer, OAuthBearerServer,
    PlainServer, Progress, Setting, XOAuth2Server,
    scram::{Hash, ScramServer},
};
use alloc::{boxed::Box, vec::Vec};
use mailrail_wire::Secret;

/// The client's side of a mechanism: it turns challenges into responses, one at a time.
///
/// A protocol's client is told the mechanism's [`name`](Self::name) and
/// [`initial_response`](Self::initial_response), then a [`step`](Self::step) for each challenge.
/// [`Authenticator::choose`](crate::Authenticator::choose) makes one; so can the caller, of a
/// mechanism that this crate does not know.
pub trait ClientMechanism: core::fmt::Debug + Send + Sync {
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
/// [`Mechanism::server`] makes one; so can the caller, of a mechanism that this crate does not
/// know.
pub trait ServerMechanism: core::fmt::Debug + Send + Sync {
    /// The name the mechanism is registered under, such as `PLAIN`.
    fn name(&self) -> &'static str;

    /// What follows from `response`: first the initial response or none, then the response to
    /// each challenge.
    ///
    /// # Errors
    ///
    /// Where the response does not follow the mechanism, or the client has not shown who it is:
    /// tell it that it failed, whatever the reason, with the same words.
    fn step(&mut self, response: Option<&[u8]>) -> Result<Progress, Error>;

    /// What follows from the answer to the [`Question`](crate::Question) that the last step asked.
    ///
    /// # Errors
    ///
    /// [`Error::Rejected`] where the answer was that; [`Error::Misplaced`] where it does not
    /// answer the question, or none was asked.
    fn answer(&mut self, answer: Answer) -> Result<Progress, Error>;
}

/// A mechanism that this crate knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Mechanism {
    /// `SCRAM-SHA-…-PLUS` (RFC 5802, RFC 7677): neither side shows the password, each proves that
    /// it knows it, and both prove that nobody is in between.
    ScramPlus(Hash),
    /// `SCRAM-SHA-…`: the same but for the last.
    Scram(Hash),
    /// `CRAM-MD5` (RFC 2195): the password is not shown, but the server keeps it as it is, MD5 is
    /// old, and the server proves nothing.
    CramMd5,
    /// `PLAIN` (RFC 4616): the server is shown the password.
    Plain,
    /// `LOGIN`: the same, in two steps.
    Login,
    /// `OAUTHBEARER` (RFC 7628): the server is shown a token.
    OAuthBearer,
    /// `XOAUTH2`: the same, as it was before the RFC.
    XOAuth2,
    /// `EXTERNAL` (RFC 4422 appendix A): the server knows from elsewhere, such as from the
    /// client's certificate.
    External,
    /// `ANONYMOUS` (RFC 4505): anybody.
    Anonymous,
}

impl Mechanism {
    /// All of them, in the order in which a client should prefer them.
    pub const ALL: [Self; 13] = [
        Self::ScramPlus(Hash::Sha512),
        Self::ScramPlus(Hash::Sha256),
        Self::ScramPlus(Hash::Sha1),
        Self::Scram(Hash::Sha512),
        Self::Scram(Hash::Sha256),
        Self::Scram(Hash::Sha1),
        Self::OAuthBearer,
        Self::XOAuth2,
        Self::External,
        Self::CramMd5,
        Self::Plain,
        Self::Login,
        Self::Anonymous,
    ];

    /// The name it is registered under.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ScramPlus(Hash::Sha512) => "SCRAM-SHA-512-PLUS",
            Self::ScramPlus(Hash::Sha256) => "SCRAM-SHA-256-PLUS",
            Self::ScramPlus(Hash::Sha1) => "SCRAM-SHA-1-PLUS",
            Self::Scram(Hash::Sha512) => "SCRAM-SHA-512",
            Self::Scram(Hash::Sha256) => "SCRAM-SHA-256",
            Self::Scram(Hash::Sha1) => "SCRAM-SHA-1",
            Self::CramMd5 => "CRAM-MD5",
            Self::Plain => "PLAIN",
            Self::Login => "LOGIN",
            Self::OAuthBearer => "OAUTHBEARER",
            Self::XOAuth2 => "XOAUTH2",
            Self::External => "EXTERNAL",
            Self::Anonymous => "ANONYMOUS",
        }
    }

    /// The mechanism of that name, in any case of letters.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mechanism| mechanism.name().eq_ignore_ascii_case(name))
    }

    /// The server's side of it.
    ///
    /// # Errors
    ///
    /// [`Error::ChannelBinding`] for a `-PLUS` mechanism over a channel that has none.
    pub fn server(self, setting: Setting) -> Result<Box<dyn ServerMechanism>, Error> {
        Ok(match self {
            Self::ScramPlus(hash) => Box::new(ScramServer::plus(hash, setting)?),
            Self::Scram(hash) => Box::new(ScramServer::new(hash, setting)),
            Self::CramMd5 => Box::new(CramMd5Server::new(&setting.nonce, &setting.host)),
            Self::Plain => Box::new(PlainServer::default()),
            Self::Login => Box::new(LoginServer::default()),
            Self::OAuthBearer => Box::new(OAuthBearerServer::new(setting.token_hint)),
            Self::XOAuth2 => Box::new(XOAuth2Server::new(setting.token_hint)),
            Self::External => Box::new(ExternalServer::default()),
            Self::Anonymous => Box::new(AnonymousServer::default()),
        })
    }
}

impl core::fmt::Display for Mechanism {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.name())
    }
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

/// Whether a protocol's server offers and takes the mechanism of that name now.
///
/// Without TLS it does so only where the mechanism does not [show a password](sends_password), or
/// the server allows that; a mechanism ending in `-PLUS` needs TLS in any case, since there is
/// nothing else to bind to (RFC 5802 §4).
///
/// ```
/// use mailrail_sasl::may_offer;
///
/// assert!(may_offer("PLAIN", true, false) && !may_offer("PLAIN", false, false));
/// assert!(may_offer("SCRAM-SHA-256", false, false));
/// assert!(!may_offer("SCRAM-SHA-256-PLUS", false, true));
/// ```
#[must_use]
pub fn may_offer(name: &str, is_secured: bool, allow_plaintext: bool) -> bool {
    let binds = name.len().checked_sub(5).and_then(|at| name.as_bytes().get(at..));
    is_secured
        || !binds.is_some_and(|end| end.eq_ignore_ascii_case(b"-PLUS"))
            && (allow_plaintext || !sends_password(name))
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
        for mechanism in Mechanism::ALL {
            assert!(is_mechanism_name(mechanism.name().as_bytes()));
            assert_eq!(Mechanism::from_name(&mechanism.name().to_lowercase()), Some(mechanism));
        }
        assert_eq!(Mechanism::from_name("GSSAPI"), None);
    }

    #[test]
    fn what_is_offered_when() {
        for (name, plain, allowed, secured) in [
            ("plain", false, true, true),
            ("XOAUTH2", false, true, true),
            ("scram-sha-1", true, true, true),
            ("scram-sha-1-plus", false, false, true),
            ("PLUS", true, true, true),
            ("X-PLÜS", true, true, true),
            ("CRAM-MD5", true, true, true),
        ] {
            assert_eq!(may_offer(name, false, false), plain, "{name}");
            assert_eq!(may_offer(name, false, true), allowed, "{name}");
            assert_eq!(may_offer(name, true, false), secured, "{name}");
        }
    }
}
