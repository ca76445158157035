//! Which mechanism a client uses.

use crate::{
    AnonymousClient, Channel, ClientMechanism, CramMd5Client, Credentials, Error, ExternalClient,
    LoginClient, Mechanism, Nonce, OAuthBearerClient, PlainClient, XOAuth2Client,
    credentials::Shown,
    scram::{Hash, ScramClient},
    sends_password,
};
use alloc::{boxed::Box, vec::Vec};
use core::ops::RangeInclusive;

/// A client's credentials, and what it may do with them. Once the server has told which mechanisms
/// it offers, it picks the best one that fits.
///
/// It holds for one exchange. A client that goes on to another mechanism after a failure lets
/// whoever is in between choose, so that is not foreseen.
///
/// ```
/// use mailrail_sasl::{Authenticator, Channel, Credentials, Nonce};
///
/// # fn main() -> Result<(), mailrail_sasl::Error> {
/// let random = [7; 18]; // new for each exchange
/// let credentials = Credentials::password("user", "pencil")?;
/// let mut authenticator = Authenticator::new(credentials, Nonce::from_random(&random));
/// let mut mechanism = authenticator.choose(["PLAIN", "SCRAM-SHA-256"], &Channel::tls())?;
/// assert_eq!(mechanism.name(), "SCRAM-SHA-256");
/// let initial_response = mechanism.initial_response()?;
/// # assert!(initial_response.is_some());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Authenticator {
    credentials: Credentials,
    nonce: Option<Nonce>,
    iterations: RangeInclusive<u32>,
    allow_plaintext: bool,
    allow_cram_md5: bool,
    require_binding: bool,
}

impl Authenticator {
    /// With a nonce that no other exchange has.
    #[must_use]
    pub const fn new(credentials: Credentials, nonce: Nonce) -> Self {
        Self {
            credentials,
            nonce: Some(nonce),
            iterations: ScramClient::ITERATIONS,
            allow_plaintext: false,
            allow_cram_md5: false,
            require_binding: false,
        }
    }

    /// Lets a password or token be shown over a channel that is not secure.
    #[must_use]
    pub const fn allow_plaintext(mut self) -> Self {
        self.allow_plaintext = true;
        self
    }

    /// Lets CRAM-MD5 be used, where the server offers no SCRAM.
    #[must_use]
    pub const fn allow_cram_md5(mut self) -> Self {
        self.allow_cram_md5 = true;
        self
    }

    /// Takes nothing but a `-PLUS` mechanism.
    #[must_use]
    pub const fn require_binding(mut self) -> Self {
        self.require_binding = true;
        self
    }

    /// Takes SCRAM iteration counts of that window only; [`ScramClient::ITERATIONS`] where not
    /// called.
    #[must_use]
    pub const fn with_iterations(mut self, window: RangeInclusive<u32>) -> Self {
        self.iterations = window;
        self
    }

    /// The credentials.
    #[must_use]
    pub const fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// Whether a password or token may be shown over that channel.
    #[must_use]
    pub const fn may_show(&self, channel: &Channel) -> bool {
        channel.is_secure() || self.allow_plaintext
    }

    /// The best mechanism of those offered, in the order of [`Mechanism::ALL`]: `-PLUS` first, where
    /// the channel has a binding, and what shows a password last, and only over TLS.
    ///
    /// Mechanisms that cannot carry the credentials are passed over: SCRAM, a password that
    /// SASLprep prohibits.
    ///
    /// # Errors
    ///
    /// [`Error::NoMechanism`]; [`Error::NotSecure`] where TLS would make the difference; what keeps
    /// the best mechanism from carrying the credentials, where there is no other;
    /// [`Error::Finished`] where one was chosen before.
    pub fn choose<'a>(
        &mut self,
        offered: impl IntoIterator<Item = &'a str>,
        channel: &Channel,
    ) -> Result<Box<dyn ClientMechanism>, Error> {
        if self.nonce.is_none() {
            return Err(Error::Finished);
        }
        let offered: Vec<_> = offered.into_iter().filter_map(Mechanism::from_name).collect();
        let is_plus = |mechanism: &Mechanism| matches!(mechanism, Mechanism::ScramPlus(_));
        let offers_binding = offered.iter().any(is_plus);
        let mut why = Error::NoMechanism;
        for mechanism in Mechanism::ALL {
            let is_fit = offered.contains(&mechanism)
                && (is_plus(&mechanism) || !self.require_binding)
                && (mechanism != Mechanism::CramMd5 || self.allow_cram_md5)
                && self.fits(mechanism);
            if !is_fit {
                continue;
            }
            let made = if sends_password(mechanism.name()) && !self.may_show(channel) {
                Err(Error::NotSecure)
            } else {
                self.make(mechanism, channel, offers_binding)
            };
            match made {
                Ok(made) => {
                    self.nonce = None;
                    return Ok(made);
                }
                // The first one tells most.
                Err(error) if why == Error::NoMechanism => why = error,
                Err(_) => {}
            }
        }
        Err(why)
    }

    /// Whether the mechanism takes credentials of that kind.
    const fn fits(&self, mechanism: Mechanism) -> bool {
        let is_oneself = self.credentials.authzid.is_none();
        match self.credentials.shown {
            Shown::Password { .. } => match mechanism {
                Mechanism::ScramPlus(_) | Mechanism::Scram(_) | Mechanism::Plain => true,
                Mechanism::CramMd5 | Mechanism::Login => is_oneself,
                _ => false,
            },
            Shown::Token { .. } => match mechanism {
                Mechanism::OAuthBearer => true,
                Mechanism::XOAuth2 => is_oneself,
                _ => false,
            },
            Shown::External => matches!(mechanism, Mechanism::External),
            Shown::Anonymous { .. } => matches!(mechanism, Mechanism::Anonymous) && is_oneself,
        }
    }

    fn make(
        &self,
        mechanism: Mechanism,
        channel: &Channel,
        offers_binding: bool,
    ) -> Result<Box<dyn ClientMechanism>, Error> {
        let authzid = self.credentials.authzid.as_deref();
        Ok(match (&self.credentials.shown, mechanism) {
            (Shown::Password { user, password }, mechanism) => {
                let password = password.expose().as_str();
                match mechanism {
                    Mechanism::ScramPlus(hash) => {
                        let binding = channel.first_binding().ok_or(Error::NoMechanism)?;
                        let scram = self.scram(hash, user, password)?;
                        Box::new(scram.bound_to(binding.clone()))
                    }
                    Mechanism::Scram(hash) => {
                        let scram = self.scram(hash, user, password)?;
                        let could_bind = channel.has_binding() && !offers_binding;
                        Box::new(if could_bind { scram.not_offered_binding() } else { scram })
                    }
                    Mechanism::CramMd5 => Box::new(CramMd5Client::new(user, password)?),
                    Mechanism::Login => Box::new(LoginClient::new(user, password)?),
                    _ => Box::new(match authzid {
                        Some(authzid) => PlainClient::acting_as(authzid, user, password)?,
                        None => PlainClient::new(user, password)?,
                    }),
                }
            }
            (Shown::Token { user, token, .. }, Mechanism::XOAuth2) => {
                Box::new(XOAuth2Client::new(user, token.expose())?)
            }
            (Shown::Token { user, token, server }, _) => {
                let server = server.as_ref().map(|(host, port)| (host.as_str(), *port));
                let whose = authzid.unwrap_or(user);
                Box::new(OAuthBearerClient::new(Some(whose), token.expose(), server)?)
            }
            (Shown::External, _) => Box::new(match authzid {
                Some(authzid) => ExternalClient::acting_as(authzid)?,
                None => ExternalClient::new(),
            }),
            (Shown::Anonymous { trace }, _) => Box::new(AnonymousClient::new(trace)?),
        })
    }

    fn scram(&self, hash: Hash, user: &str, password: &str) -> Result<ScramClient, Error> {
        let nonce = self.nonce.clone().ok_or(Error::Finished)?;
        let scram = ScramClient::new(hash, user, password, nonce)?;
        let scram = scram.with_iterations(self.iterations.clone());
        match &self.credentials.authzid {
            Some(authzid) => scram.acting_as(authzid),
            None => Ok(scram),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ChannelBinding;

    const EVERYTHING: &str = "ANONYMOUS LOGIN PLAIN CRAM-MD5 EXTERNAL XOAUTH2 OAUTHBEARER GSSAPI \
                              SCRAM-SHA-1 SCRAM-SHA-256 SCRAM-SHA-512 \
                              SCRAM-SHA-1-PLUS SCRAM-SHA-256-PLUS SCRAM-SHA-512-PLUS";

    fn authenticator(credentials: &str) -> Authenticator {
        let credentials = match credentials {
            "password" => Credentials::password("user", "pencil").unwrap(),
            "smile" => Credentials::password("user", "\u{1F600}").unwrap(),
            "other" => Credentials::password("a", "b").unwrap().acting_as("c").unwrap(),
            "token" => Credentials::token("user", "t0ken").unwrap(),
            "others token" => Credentials::token("user", "t").unwrap().acting_as("c").unwrap(),
            "external" => Credentials::external(),
            _ => Credentials::anonymous("sirhc"),
        };
        Authenticator::new(credentials, Nonce::from_random(&[1; 18]))
    }

    fn bound() -> Channel {
        Channel::tls().with_binding(ChannelBinding::TlsExporter([1; 32]))
    }

    /// What is chosen, and how its first message begins.
    fn chosen(mut from: Authenticator, offered: &str, channel: &Channel) -> Result<String, Error> {
        let mut chosen = from.choose(offered.split(' '), channel)?;
        assert_eq!(from.choose(offered.split(' '), channel).unwrap_err(), Error::Finished);
        let first = chosen.initial_response().unwrap();
        let first = first.map_or_else(String::new, |first| {
            String::from_utf8_lossy(first.expose()).chars().take_while(|&c| c != ',').collect()
        });
        Ok(match chosen.name() {
            name if name.starts_with("SCRAM") => alloc::format!("{name} {first}"),
            name => name.into(),
        })
    }

    use alloc::string::String;

    #[test]
    fn the_best_one() {
        for (credentials, offered, channel, expected) in [
            ("password", EVERYTHING, bound(), Ok("SCRAM-SHA-512-PLUS p=tls-exporter")),
            ("password", EVERYTHING, Channel::tls(), Ok("SCRAM-SHA-512 n")),
            ("password", EVERYTHING, Channel::plaintext(), Ok("SCRAM-SHA-512 n")),
            (
                "password",
                "PLAIN scram-sha-1-plus SCRAM-SHA-256",
                bound(),
                Ok("SCRAM-SHA-1-PLUS p=tls-exporter"),
            ),
            ("password", "PLAIN SCRAM-SHA-256 SCRAM-SHA-1", bound(), Ok("SCRAM-SHA-256 y")),
            ("password", "LOGIN PLAIN", bound(), Ok("PLAIN")),
            ("password", "LOGIN CRAM-MD5", Channel::tls(), Ok("LOGIN")),
            ("password", "LOGIN PLAIN", Channel::plaintext(), Err(Error::NotSecure)),
            ("password", "CRAM-MD5 GSSAPI", Channel::tls(), Err(Error::NoMechanism)),
            ("password", "OAUTHBEARER EXTERNAL", Channel::tls(), Err(Error::NoMechanism)),
            ("password", "SCRAM-SHA-256-PLUS", Channel::tls(), Err(Error::NoMechanism)),
            ("password", "", Channel::tls(), Err(Error::NoMechanism)),
            ("smile", EVERYTHING, bound(), Ok("PLAIN")),
            ("smile", "SCRAM-SHA-256", bound(), Err(Error::Prohibited { field: "password" })),
            ("other", "LOGIN PLAIN", bound(), Ok("PLAIN")),
            ("other", "LOGIN CRAM-MD5", bound(), Err(Error::NoMechanism)),
            ("other", EVERYTHING, bound(), Ok("SCRAM-SHA-512-PLUS p=tls-exporter")),
            ("token", EVERYTHING, bound(), Ok("OAUTHBEARER")),
            ("token", "PLAIN XOAUTH2", bound(), Ok("XOAUTH2")),
            ("token", EVERYTHING, Channel::plaintext(), Err(Error::NotSecure)),
            ("others token", "XOAUTH2", bound(), Err(Error::NoMechanism)),
            ("others token", EVERYTHING, bound(), Ok("OAUTHBEARER")),
            ("external", EVERYTHING, Channel::plaintext(), Ok("EXTERNAL")),
            ("anonymous", EVERYTHING, Channel::plaintext(), Ok("ANONYMOUS")),
            ("anonymous", "PLAIN", Channel::plaintext(), Err(Error::NoMechanism)),
        ] {
            let seen = chosen(authenticator(credentials), offered, &channel);
            assert_eq!(
                seen.as_deref().map_err(|error| *error),
                expected,
                "{credentials} {offered}"
            );
        }
    }

    #[test]
    fn what_it_is_told() {
        let password = || authenticator("password");
        let plain = Channel::plaintext();
        assert_eq!(chosen(password().allow_plaintext(), "LOGIN", &plain).unwrap(), "LOGIN");
        let cram = password().allow_cram_md5();
        assert_eq!(chosen(cram, "LOGIN CRAM-MD5 PLAIN", &plain).unwrap(), "CRAM-MD5");
        let bind = || password().require_binding();
        let refused = chosen(bind(), "SCRAM-SHA-256 PLAIN", &bound());
        assert_eq!(refused, Err(Error::NoMechanism));
        assert!(chosen(bind(), EVERYTHING, &bound()).unwrap().contains("PLUS"));
        assert_eq!(chosen(bind(), EVERYTHING, &Channel::tls()), Err(Error::NoMechanism));
    }

    #[test]
    fn commands_that_are_no_mechanism_get_a_password_too() {
        let password = authenticator("password");
        assert!(!alloc::format!("{password:?}").contains("pencil"));
        let (user, secret) = password.credentials().as_password().unwrap();
        assert_eq!((user, *secret.expose()), ("user", "pencil"));
        for other in ["other", "token", "external"] {
            assert!(authenticator(other).credentials().as_password().is_none());
        }
        assert!(!password.may_show(&Channel::plaintext()) && password.may_show(&Channel::tls()));
    }
}
