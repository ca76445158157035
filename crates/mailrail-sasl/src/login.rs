//! LOGIN: PLAIN's user name and password, each asked for by itself. No RFC describes it; RFC 4616
//! has taken its place, but many clients know nothing else.

use crate::{
    Answer, Claim, ClientMechanism, Error, Progress, Question, ServerMechanism,
    single::{Asked, safe},
};
use alloc::{
    string::{String, ToString},
    vec::Vec,
};
use mailrail_wire::Secret;
use zeroize::Zeroize as _;

const NAME: &str = "LOGIN";

/// The client's side of LOGIN. It shows the password to the server: for TLS only.
///
/// What the two challenges say makes no difference: servers do not agree on it.
///
/// ```
/// use mailrail_sasl::{ClientMechanism, LoginClient};
///
/// # fn main() -> Result<(), mailrail_sasl::Error> {
/// let mut login = LoginClient::new("tim", "tanstaaftanstaaf")?;
/// assert_eq!(login.initial_response()?, None);
/// assert_eq!(login.step(b"Username:")?.expose(), b"tim");
/// assert_eq!(login.step(b"Password:")?.expose(), b"tanstaaftanstaaf");
/// assert!(login.is_complete());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginClient {
    is_begun: bool,
    user: Option<String>,
    password: Option<Secret<String>>,
}

impl LoginClient {
    /// For the user `authcid`.
    ///
    /// # Errors
    ///
    /// [`Error::Empty`] and [`Error::Nul`] where LOGIN cannot carry the name or the password.
    pub fn new(authcid: &str, password: &str) -> Result<Self, Error> {
        safe("user name", authcid)?;
        safe("password", password)?;
        Ok(Self {
            is_begun: false,
            user: Some(authcid.to_string()),
            password: Some(Secret::new(password.to_string())),
        })
    }
}

impl ClientMechanism for LoginClient {
    fn name(&self) -> &'static str {
        NAME
    }

    fn initial_response(&mut self) -> Result<Option<Secret<Vec<u8>>>, Error> {
        if core::mem::replace(&mut self.is_begun, true) { Err(Error::Finished) } else { Ok(None) }
    }

    fn step(&mut self, _challenge: &[u8]) -> Result<Secret<Vec<u8>>, Error> {
        self.is_begun = true;
        let next = self.user.take().map(Secret::new).or_else(|| self.password.take());
        next.map(|text| text.map(String::into_bytes)).ok_or(Error::Finished)
    }

    fn is_complete(&self) -> bool {
        self.password.is_none()
    }
}

impl Drop for LoginClient {
    fn drop(&mut self) {
        if let Some(password) = self.password.take() {
            password.into_exposed().zeroize();
        }
    }
}

/// The server's side of LOGIN. The password is checked by the caller, who is asked
/// [`Question::Password`].
///
/// It asks `Username:` and `Password:`. A user name that comes with the command is taken too.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LoginServer {
    user: Option<String>,
    asked: Asked,
}

impl ServerMechanism for LoginServer {
    fn name(&self) -> &'static str {
        NAME
    }

    fn step(&mut self, response: Option<&[u8]>) -> Result<Progress, Error> {
        let challenge = |text: &[u8]| Ok(Progress::Challenge(Secret::new(text.to_vec())));
        if self.asked != Asked::NotYet || self.user.is_some() {
            let Self { user, asked } = self;
            // Each response has bytes; the one that stands for none is not used here.
            return asked.step(Some(response.unwrap_or_default()), |password| {
                let password = Secret::new(text(password)?);
                let authcid = user.take()?;
                Some(Question::Password(Claim { authzid: None, authcid, password }))
            });
        }
        let Some(user) = response else { return challenge(b"Username:") };
        self.user = text(user);
        if self.user.is_none() {
            self.asked = Asked::Answered;
            return Err(Error::Malformed);
        }
        challenge(b"Password:")
    }

    fn answer(&mut self, answer: Answer) -> Result<Progress, Error> {
        self.asked.answer(&answer)
    }
}

fn text(bytes: &[u8]) -> Option<String> {
    core::str::from_utf8(bytes).ok().filter(|text| safe("", text).is_ok()).map(String::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn challenge(text: &str) -> Result<Progress, Error> {
        Ok(Progress::Challenge(Secret::new(text.into())))
    }

    #[test]
    fn the_name_comes_when_asked_or_before() {
        for initial in [true, false] {
            let mut login = LoginServer::default();
            if !initial {
                assert_eq!(login.step(None), challenge("Username:"));
            }
            assert_eq!(login.step(Some(b"tim")), challenge("Password:"));
            assert_eq!(login.answer(Answer::Accept), Err(Error::Misplaced));
            let Ok(Progress::Question(Question::Password(claim))) = login.step(Some(b"sesame"))
            else {
                panic!()
            };
            assert_eq!((claim.authcid.as_str(), &claim.authzid), ("tim", &None));
            assert!(claim.has_password("sesame"));
            assert!(!alloc::format!("{claim:?}").contains("sesame"));
            assert_eq!(login.answer(Answer::Accept), Ok(Progress::Done));
            assert_eq!(login.step(Some(b"again")), Err(Error::Finished));
        }
    }

    #[test]
    fn what_is_no_name_and_no_password() {
        for bad in [&b""[..], b"a\0b", b"\xFF"] {
            let mut login = LoginServer::default();
            assert_eq!(login.step(Some(bad)), Err(Error::Malformed));
            assert_eq!(login.step(Some(b"tim")), Err(Error::Finished));
            let mut login = LoginServer::default();
            login.step(Some(b"tim")).unwrap();
            assert_eq!(login.step(Some(bad)), Err(Error::Malformed));
            assert_eq!(login.step(Some(b"pw")), Err(Error::Finished));
        }
        assert_eq!(LoginClient::new("", "b"), Err(Error::Empty { field: "user name" }));
        assert_eq!(LoginClient::new("a", "b\0"), Err(Error::Nul { field: "password" }));
    }

    #[test]
    fn the_client_answers_twice() {
        let mut login = LoginClient::new("tim", "sesame").unwrap();
        assert!(!alloc::format!("{login:?}").contains("sesame"));
        assert_eq!(login.initial_response(), Ok(None));
        assert_eq!(login.initial_response(), Err(Error::Finished));
        assert_eq!(login.step(b"User Name\0").unwrap().expose(), b"tim");
        assert!(!login.is_complete());
        assert_eq!(login.step(b"").unwrap().expose(), b"sesame");
        assert_eq!(login.step(b"Once more:"), Err(Error::Finished));
    }
}
