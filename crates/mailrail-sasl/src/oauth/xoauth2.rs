//! XOAUTH2, which large mail services had before OAUTHBEARER, and have still. No RFC describes it.
//!
//! ```text
//! message = "user=" user %x01 "auth=Bearer " token %x01 %x01
//! ```

use super::{Exchange, Request, SEPARATOR, Talk, bearer, check_token, error};
use crate::{
    Answer, Error, Progress, TokenClaim, TokenHint,
    single::{client, safe, server},
};
use alloc::{string::ToString, vec::Vec};
use mailrail_wire::Secret;

/// The client's side of XOAUTH2. It shows the token to the server: for TLS only.
///
/// ```
/// use mailrail_sasl::{ClientMechanism, XOAuth2Client};
///
/// # fn main() -> Result<(), mailrail_sasl::Error> {
/// let mut client = XOAuth2Client::new("user@example.com", "vF9dft4q==")?;
/// let response = client.initial_response()?;
/// assert_eq!(response.unwrap().expose(), b"user=user@example.com\x01auth=Bearer vF9dft4q==\x01\x01");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct XOAuth2Client(Talk);

impl XOAuth2Client {
    /// For that user's account.
    ///
    /// # Errors
    ///
    /// [`Error::Empty`], [`Error::Nul`] and [`Error::Prohibited`] where XOAUTH2 cannot carry the
    /// name or the token.
    pub fn new(user: &str, token: &str) -> Result<Self, Error> {
        safe("user name", user)?;
        check_token(token)?;
        if user.contains(SEPARATOR) {
            return Err(Error::Prohibited { field: "user name" });
        }
        let message = ["user=", user, "\x01auth=Bearer ", token, "\x01\x01"].concat();
        Ok(Self(Talk::new(message, b"")))
    }
}

client!(XOAuth2Client, "XOAUTH2");

/// The server's side of XOAUTH2. The token is checked by the caller, who is asked
/// [`Question::Token`](crate::Question::Token).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct XOAuth2Server(Exchange);

impl XOAuth2Server {
    /// A server that tells a client this whose token is no good.
    #[must_use]
    pub fn new(hint: TokenHint) -> Self {
        let hint = TokenHint { openid_configuration: None, ..hint };
        Self(Exchange::new(error("401", &hint, true)))
    }
}

server!(XOAuth2Server, "XOAUTH2", |message| parse(message).unwrap_or(Request::Malformed));

fn parse(message: &str) -> Option<Request> {
    let (user, rest) = message.strip_prefix("user=")?.split_once(SEPARATOR)?;
    let auth = rest.strip_prefix("auth=")?.strip_suffix("\x01\x01")?;
    if safe("", user).is_err() || auth.contains(SEPARATOR) {
        return None;
    }
    let Some(token) = bearer(auth) else { return Some(Request::NoToken) };
    let authzid = Some(user.to_string());
    Some(Request::Claim(TokenClaim { authzid, token, host: None, port: None }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Question;
    use crate::{ClientMechanism as _, ServerMechanism as _};
    use proptest::prelude::*;

    #[test]
    fn good_and_bad_tokens() {
        for answer in [Answer::Accept, Answer::Reject] {
            let mut client = XOAuth2Client::new("someuser@example.com", "ya29.vF9").unwrap();
            let mut server = XOAuth2Server::new(TokenHint {
                scope: Some("https://mail.example.com/".into()),
                openid_configuration: Some("not told".into()),
            });
            let response = client.initial_response().unwrap().unwrap();
            let Ok(Progress::Question(Question::Token(claim))) =
                server.step(Some(response.expose()))
            else {
                panic!()
            };
            assert_eq!(claim.authzid.as_deref(), Some("someuser@example.com"));
            assert_eq!(claim.token.expose(), "ya29.vF9");
            assert!(!format!("{client:?} {claim:?}").contains("ya29"));
            let progress = server.answer(answer.clone());
            if matches!(answer, Answer::Accept) {
                assert_eq!(progress, Ok(Progress::Done));
                assert!(client.is_complete());
                continue;
            }
            let why = br#"{"status":"401","schemes":"bearer","scope":"https://mail.example.com/"}"#;
            assert_eq!(progress, Ok(Progress::Challenge(Secret::new(why.to_vec()))));
            let response = client.step(why).unwrap();
            assert!(response.expose().is_empty() && !client.is_complete());
            assert_eq!(server.step(Some(response.expose())), Err(Error::Rejected));
        }
    }

    #[test]
    fn what_is_no_message() {
        for message in [
            "",
            "user=a",
            "user=a\x01",
            "user=\x01auth=Bearer t\x01\x01",
            "user=a\x01auth=Bearer t\x01",
            "user=a\x01auth=Bearer t\x01\x01\x01",
            "user=a\x01auth=Bearer t\x01host=b\x01\x01",
            "user=a\0\x01auth=Bearer t\x01\x01",
            "auth=Bearer t\x01user=a\x01\x01",
            "n,,\x01auth=Bearer t\x01\x01",
        ] {
            let mut server = XOAuth2Server::new(TokenHint::default());
            assert_eq!(server.step(Some(message.as_bytes())), Err(Error::Malformed), "{message:?}");
        }
        assert!(matches!(parse("user=a\x01auth=Basic x\x01\x01"), Some(Request::NoToken)));
        for (user, token) in [("", "t"), ("a\x01", "t"), ("a", ""), ("a", "t t"), ("a\0", "t")] {
            assert!(XOAuth2Client::new(user, token).is_err());
        }
    }

    proptest! {
        #[test]
        fn the_server_reads_what_the_client_says(user in "[^\0\x01]{1,20}", token in "[!-~]{1,40}") {
            let mut client = XOAuth2Client::new(&user, &token).unwrap();
            let message = client.step(b"").unwrap().into_exposed();
            let claim =
                TokenClaim { authzid: Some(user), token: token.into(), host: None, port: None };
            let progress = XOAuth2Server::new(TokenHint::default()).step(Some(&message));
            prop_assert_eq!(progress, Ok(Progress::Question(Question::Token(claim))));
        }
    }
}
