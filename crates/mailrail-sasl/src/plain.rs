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

use crate::{
    Answer, Claim, Error, Progress, Question,
    single::{Asked, Single, client, safe, server},
};
use alloc::{
    string::{String, ToString},
    vec::Vec,
};
use mailrail_wire::Secret;

/// The client's side of PLAIN (RFC 4616). It shows the password to the server: for TLS only. Names
/// and password go as they are; the server prepares them.
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
pub struct PlainClient(Single);

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
        Ok(Self(Single::new([authzid, authcid, password].join("\0"))))
    }
}

client!(PlainClient, "PLAIN");

/// The server's side of PLAIN (RFC 4616). It takes the message apart; the password is checked by
/// the caller, who is asked [`Question::Password`].
///
/// ```
/// use mailrail_sasl::{Answer, PlainServer, Progress, Question, ServerMechanism};
///
/// # fn main() -> Result<(), mailrail_sasl::Error> {
/// let mut plain = PlainServer::default();
/// let progress = plain.step(Some(b"\0tim\0tanstaaftanstaaf"))?;
/// let Progress::Question(Question::Password(claim)) = progress else {
///     panic!("PLAIN has one message");
/// };
/// assert!(claim.authcid == "tim" && claim.has_password("tanstaaftanstaaf"));
/// assert_eq!(plain.answer(Answer::Accept)?, Progress::Done);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlainServer(Asked);

server!(PlainServer, "PLAIN", |message| parse(message).map(Question::Password));

/// `message = [authzid] UTF8NUL authcid UTF8NUL passwd`
fn parse(message: &[u8]) -> Option<Claim> {
    let message = core::str::from_utf8(message).ok()?;
    let (authzid, rest) = message.split_once('\0')?;
    let (authcid, password) = rest.split_once('\0')?;
    if authcid.is_empty() || password.is_empty() || password.contains('\0') {
        return None;
    }
    Some(Claim {
        authzid: (!authzid.is_empty()).then(|| authzid.to_string()),
        authcid: authcid.to_string(),
        password: Secret::new(String::from(password)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ClientMechanism as _, ServerMechanism as _};
    use proptest::prelude::*;

    fn server(message: &[u8]) -> Result<Progress, Error> {
        PlainServer::default().step(Some(message))
    }

    fn claim(authzid: Option<&str>, authcid: &str, password: &str) -> Progress {
        Progress::Question(Question::Password(Claim {
            authzid: authzid.map(String::from),
            authcid: authcid.into(),
            password: Secret::new(password.into()),
        }))
    }

    /// RFC 4616 §4.
    #[test]
    fn the_examples_of_the_rfc() {
        assert_eq!(server(b"\0tim\0tanstaaftanstaaf"), Ok(claim(None, "tim", "tanstaaftanstaaf")));
        assert_eq!(
            server(b"Ursel\0Kurt\0xipj3plmq"),
            Ok(claim(Some("Ursel"), "Kurt", "xipj3plmq"))
        );
        let mut kurt = PlainClient::acting_as("Ursel", "Kurt", "xipj3plmq").unwrap();
        assert_eq!(kurt.step(b"").unwrap().expose(), b"Ursel\0Kurt\0xipj3plmq");
    }

    #[test]
    fn the_server_waits_for_the_message_and_the_answer() {
        let mut plain = PlainServer::default();
        assert_eq!(plain.answer(Answer::Accept), Err(Error::Misplaced));
        assert_eq!(plain.step(None), Ok(Progress::Challenge(Secret::default())));
        assert_eq!(plain.step(Some(b"\0a\0b")), Ok(claim(None, "a", "b")));
        assert_eq!(plain.step(Some(b"\0a\0b")), Err(Error::Misplaced));
        assert_eq!(plain.answer(Answer::Password(Secret::new("b".into()))), Err(Error::Misplaced));
        assert_eq!(plain.answer(Answer::Reject), Err(Error::Rejected));
        assert_eq!(plain.answer(Answer::Accept), Err(Error::Misplaced));
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

    #[test]
    fn passwords_are_compared_prepared() {
        let has = |claimed: &str, known: &str| {
            let password = Secret::new(claimed.into());
            Claim { authzid: None, authcid: "a".into(), password }.has_password(known)
        };
        for (claimed, known) in [("b", "b"), ("I\u{AD}X", "\u{2168}"), ("\u{7}", "\u{7}")] {
            assert!(has(claimed, known), "{claimed:?} {known:?}");
        }
        for (claimed, known) in [("b", ""), ("b", "B"), ("b", "bb"), ("\u{7}", "\u{8}")] {
            assert!(!has(claimed, known), "{claimed:?} {known:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(message in any::<Vec<u8>>()) {
            if let Ok(Progress::Question(Question::Password(claim))) = server(&message) {
                let authzid = claim.authzid.unwrap_or_default();
                let whole = [authzid, claim.authcid, claim.password.into_exposed()].join("\0");
                prop_assert_eq!(whole.as_bytes(), message);
            }
        }
    }
}
