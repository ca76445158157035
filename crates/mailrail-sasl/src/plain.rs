//! PLAIN: one message with user name and password (RFC 4616).
//!
//! ```text
//! message   = [authzid] UTF8NUL authcid UTF8NUL passwd
//! authcid   = 1*SAFE ; MUST accept up to 255 octets
//! authzid   = 1*SAFE ; MUST accept up to 255 octets
//! passwd    = 1*SAFE ; MUST accept up to 255 octets
//! UTF8NUL   = %x00   ; UTF-8 encoded NUL character
//! SAFE      = any UTF-8 character but NUL
//! ```

use crate::{ClientMechanism, Credentials, Error, Progress, ServerMechanism};
use alloc::{
    string::{String, ToString},
    vec::Vec,
};
use mailrail_wire::Secret;

const NAME: &str = "PLAIN";

/// The client's side of PLAIN (RFC 4616). It shows the password to the server: for TLS only.
///
/// ```
/// use mailrail_sasl::{ClientMechanism, PlainClient};
///
/// # fn main() -> Result<(), mailrail_sasl::Error> {
/// let mut plain = PlainClient::new("tim", "tanstaaftanstaaf")?;
/// let response = plain.initial_response()?;
/// assert_eq!(response.unwrap().expose(), b"\0tim\0tanstaaftanstaaf");
/// assert!(plain.is_complete());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlainClient {
    message: Option<Secret<Vec<u8>>>,
}

impl PlainClient {
    /// For the user `authcid`, acting as themselves.
    ///
    /// # Errors
    ///
    /// [`Error::Empty`] and [`Error::Nul`] where PLAIN cannot carry the name or the password.
    pub fn new(authcid: &str, password: &str) -> Result<Self, Error> {
        Self::message("", authcid, password)
    }

    /// For the user `authcid`, acting as `authzid`.
    ///
    /// # Errors
    ///
    /// [`Error::Empty`] and [`Error::Nul`] where PLAIN cannot carry a name or the password.
    pub fn acting_as(authzid: &str, authcid: &str, password: &str) -> Result<Self, Error> {
        safe("authorization identity", authzid)?;
        Self::message(authzid, authcid, password)
    }

    fn message(authzid: &str, authcid: &str, password: &str) -> Result<Self, Error> {
        safe("user name", authcid)?;
        safe("password", password)?;
        let message = [authzid, authcid, password].join("\0").into_bytes();
        Ok(Self { message: Some(Secret::new(message)) })
    }
}

/// `1*SAFE`
fn safe(field: &'static str, value: &str) -> Result<(), Error> {
    match value {
        "" => Err(Error::Empty { field }),
        value if value.contains('\0') => Err(Error::Nul { field }),
        _ => Ok(()),
    }
}

impl ClientMechanism for PlainClient {
    fn name(&self) -> &'static str {
        NAME
    }

    fn initial_response(&mut self) -> Result<Option<Secret<Vec<u8>>>, Error> {
        self.message.take().map(Some).ok_or(Error::Finished)
    }

    /// PLAIN has no challenges; the empty one stands for "speak first" (RFC 4422 §5).
    fn step(&mut self, challenge: &[u8]) -> Result<Secret<Vec<u8>>, Error> {
        if !challenge.is_empty() {
            return Err(Error::Malformed);
        }
        self.message.take().ok_or(Error::Finished)
    }

    fn is_complete(&self) -> bool {
        self.message.is_none()
    }
}

/// The server's side of PLAIN (RFC 4616). It takes the message apart; the password is checked by
/// the caller.
///
/// ```
/// use mailrail_sasl::{PlainServer, Progress, ServerMechanism};
///
/// # fn main() -> Result<(), mailrail_sasl::Error> {
/// let mut plain = PlainServer::default();
/// let Progress::Credentials(claimed) = plain.step(Some(b"\0tim\0tanstaaftanstaaf"))? else {
///     panic!("PLAIN has one message");
/// };
/// assert_eq!((claimed.authcid.as_str(), claimed.authzid), ("tim", None));
/// assert_eq!(claimed.password.expose(), "tanstaaftanstaaf");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlainServer {
    finished: bool,
}

impl ServerMechanism for PlainServer {
    fn name(&self) -> &'static str {
        NAME
    }

    fn step(&mut self, response: Option<&[u8]>) -> Result<Progress, Error> {
        if self.finished {
            return Err(Error::Finished);
        }
        let Some(message) = response else {
            return Ok(Progress::Challenge(Secret::default()));
        };
        self.finished = true;
        parse(message).map(Progress::Credentials).ok_or(Error::Malformed)
    }
}

/// `message = [authzid] UTF8NUL authcid UTF8NUL passwd`
fn parse(message: &[u8]) -> Option<Credentials> {
    let message = core::str::from_utf8(message).ok()?;
    let (authzid, rest) = message.split_once('\0')?;
    let (authcid, password) = rest.split_once('\0')?;
    if authcid.is_empty() || password.is_empty() || password.contains('\0') {
        return None;
    }
    Some(Credentials {
        authzid: (!authzid.is_empty()).then(|| authzid.to_string()),
        authcid: authcid.to_string(),
        password: Secret::new(String::from(password)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn server(message: &[u8]) -> Result<Progress, Error> {
        PlainServer::default().step(Some(message))
    }

    fn credentials(authzid: Option<&str>, authcid: &str, password: &str) -> Progress {
        Progress::Credentials(Credentials {
            authzid: authzid.map(String::from),
            authcid: authcid.into(),
            password: Secret::new(password.into()),
        })
    }

    /// RFC 4616 §4.
    #[test]
    fn the_examples_of_the_rfc() {
        assert_eq!(
            server(b"\0tim\0tanstaaftanstaaf"),
            Ok(credentials(None, "tim", "tanstaaftanstaaf"))
        );
        assert_eq!(
            server(b"Ursel\0Kurt\0xipj3plmq"),
            Ok(credentials(Some("Ursel"), "Kurt", "xipj3plmq"))
        );
        let mut kurt = PlainClient::acting_as("Ursel", "Kurt", "xipj3plmq").unwrap();
        assert_eq!(kurt.step(b"").unwrap().expose(), b"Ursel\0Kurt\0xipj3plmq");
    }

    #[test]
    fn the_server_waits_for_the_message() {
        let mut plain = PlainServer::default();
        assert_eq!(plain.step(None), Ok(Progress::Challenge(Secret::default())));
        assert_eq!(plain.step(Some(b"\0a\0b")), Ok(credentials(None, "a", "b")));
        assert_eq!(plain.step(Some(b"\0a\0b")), Err(Error::Finished));
    }

    #[test]
    fn what_is_no_message() {
        for message in [
            &b""[..],
            b"tim",
            b"tim\0secret",
            b"\0tim\0",
            b"\0\0secret",
            b"\0tim\0sec\0ret",
            b"\0tim\0secret\0",
            b"\0t\xFFm\0secret",
            b"\0tim\0\xC0\x80",
        ] {
            assert_eq!(server(message), Err(Error::Malformed), "{message:?}");
        }
    }

    #[test]
    fn what_plain_cannot_carry() {
        assert_eq!(PlainClient::new("", "b"), Err(Error::Empty { field: "user name" }));
        assert_eq!(PlainClient::new("a", ""), Err(Error::Empty { field: "password" }));
        assert_eq!(PlainClient::new("a\0c", "b"), Err(Error::Nul { field: "user name" }));
        assert_eq!(PlainClient::new("a", "b\0"), Err(Error::Nul { field: "password" }));
        assert_eq!(
            PlainClient::acting_as("\0", "a", "b"),
            Err(Error::Nul { field: "authorization identity" })
        );
    }

    #[test]
    fn the_client_has_one_message() {
        let mut plain = PlainClient::new("a", "b").unwrap();
        assert!(!plain.is_complete());
        assert_eq!(plain.step(b"who?"), Err(Error::Malformed));
        assert!(plain.initial_response().is_ok());
        assert_eq!(plain.step(b""), Err(Error::Finished));
        assert_eq!(plain.initial_response(), Err(Error::Finished));
    }

    #[test]
    fn nothing_prints_a_password() {
        let client = PlainClient::new("tim", "sesame").unwrap();
        let seen = server(b"\0tim\0sesame").unwrap();
        assert!(!alloc::format!("{client:?} {seen:?}").contains("sesame"));
    }

    proptest! {
        #[test]
        fn the_server_reads_what_the_client_says(
            authzid in "[^\0]{0,20}",
            authcid in "[^\0]{1,20}",
            password in "[^\0]{1,300}",
        ) {
            let mut client = if authzid.is_empty() {
                PlainClient::new(&authcid, &password)
            } else {
                PlainClient::acting_as(&authzid, &authcid, &password)
            }.unwrap();
            let message = client.initial_response().unwrap().unwrap().into_exposed();
            let authzid = (!authzid.is_empty()).then_some(authzid.as_str());
            prop_assert_eq!(server(&message), Ok(credentials(authzid, &authcid, &password)));
        }

        #[test]
        fn any_bytes_are_read_or_refused(message in any::<Vec<u8>>()) {
            if let Ok(Progress::Credentials(claimed)) = server(&message) {
                let authzid = claimed.authzid.unwrap_or_default();
                let whole = [authzid, claimed.authcid, claimed.password.into_exposed()].join("\0");
                prop_assert_eq!(whole.as_bytes(), message);
            }
        }
    }
}
