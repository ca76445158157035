//! What a client has to show.

use crate::{Error, single::safe};
use alloc::string::{String, ToString};
use mailrail_wire::Secret;
use zeroize::Zeroizing;

/// Who a client is, and how it can show it. None of its secrets are printed, and they are wiped
/// when it is dropped.
#[derive(Debug, Clone)]
pub struct Credentials {
    pub(crate) authzid: Option<String>,
    pub(crate) shown: Shown,
}

#[derive(Debug, Clone)]
pub(crate) enum Shown {
    Password { user: String, password: Secret<Zeroizing<String>> },
    Token { user: String, token: Secret<Zeroizing<String>>, server: Option<(String, u16)> },
    External,
    Anonymous { trace: String },
}

impl Credentials {
    /// A user's name and password: for SCRAM, CRAM-MD5, PLAIN and LOGIN.
    ///
    /// # Errors
    ///
    /// [`Error::Empty`] and [`Error::Nul`].
    pub fn password(user: &str, password: &str) -> Result<Self, Error> {
        safe("user name", user)?;
        safe("password", password)?;
        let (user, password) = (user.to_string(), hidden(password));
        Ok(Self { authzid: None, shown: Shown::Password { user, password } })
    }

    /// An OAuth 2.0 bearer token for the account of that user: for OAUTHBEARER and XOAUTH2.
    ///
    /// # Errors
    ///
    /// [`Error::Empty`] and [`Error::Nul`].
    pub fn token(user: &str, token: &str) -> Result<Self, Error> {
        safe("user name", user)?;
        safe("token", token)?;
        let (user, token) = (user.to_string(), hidden(token));
        Ok(Self { authzid: None, shown: Shown::Token { user, token, server: None } })
    }

    /// What the server knows from elsewhere, such as the client's certificate: for EXTERNAL.
    #[must_use]
    pub const fn external() -> Self {
        Self { authzid: None, shown: Shown::External }
    }

    /// Nobody in particular, with an e-mail address or a word for the server's log, or nothing:
    /// for ANONYMOUS.
    #[must_use]
    pub fn anonymous(trace: &str) -> Self {
        Self { authzid: None, shown: Shown::Anonymous { trace: trace.to_string() } }
    }

    /// The same, acting as `authzid`. Mechanisms that cannot tell that (CRAM-MD5, LOGIN, XOAUTH2,
    /// ANONYMOUS) are not used then.
    ///
    /// # Errors
    ///
    /// [`Error::Empty`] and [`Error::Nul`].
    pub fn acting_as(mut self, authzid: &str) -> Result<Self, Error> {
        safe("authorization identity", authzid)?;
        self.authzid = Some(authzid.to_string());
        Ok(self)
    }

    /// The same, with the server's name and port, which OAUTHBEARER tells (RFC 7628 §3.1).
    #[must_use]
    pub fn for_server(mut self, host: &str, port: u16) -> Self {
        if let Shown::Token { server, .. } = &mut self.shown {
            *server = Some((host.to_string(), port));
        }
        self
    }

    /// The user's name and password, where that is what there is and it stands for nobody else: for
    /// commands that are no mechanism, such as POP3's USER and IMAP's LOGIN.
    #[must_use]
    pub fn as_password(&self) -> Option<(&str, Secret<&str>)> {
        match &self.shown {
            Shown::Password { user, password } if self.authzid.is_none() => {
                Some((user, Secret::new(password.expose().as_str())))
            }
            _ => None,
        }
    }
}

fn hidden(text: &str) -> Secret<Zeroizing<String>> {
    Secret::new(Zeroizing::new(text.to_string()))
}
