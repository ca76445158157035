//! CRAM-MD5: the user name, and a digest of the server's challenge by the password (RFC 2195).
//!
//! Its users' passwords lie on the server as they are, the server proves nothing, and who listens
//! can guess passwords as fast as MD5 goes: SCRAM has taken its place. A client uses it only where
//! it is told to ([`Authenticator::allow_cram_md5`](crate::Authenticator::allow_cram_md5)).

use crate::{
    Answer, ClientMechanism, Error, Nonce, Progress, Question, ServerMechanism, single::safe,
};
use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::fmt::Write as _;
use hmac::{Hmac, KeyInit as _, Mac as _};
use mailrail_wire::Secret;
use md5::Md5;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

const NAME: &str = "CRAM-MD5";

/// The client's side of CRAM-MD5 (RFC 2195).
///
/// ```
/// use mailrail_sasl::{ClientMechanism, CramMd5Client};
///
/// # fn main() -> Result<(), mailrail_sasl::Error> {
/// let mut cram = CramMd5Client::new("tim", "tanstaaftanstaaf")?;
/// assert_eq!(cram.initial_response()?, None);
/// let response = cram.step(b"<1896.697170952@postoffice.reston.mci.net>")?;
/// assert_eq!(response.expose(), b"tim b913a602c7eda7a495b4e6e7334d3890");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct CramMd5Client {
    is_begun: bool,
    user: String,
    password: Option<Secret<Zeroizing<String>>>,
}

impl CramMd5Client {
    /// For the user `authcid`.
    ///
    /// # Errors
    ///
    /// [`Error::Empty`] and [`Error::Nul`].
    pub fn new(authcid: &str, password: &str) -> Result<Self, Error> {
        safe("user name", authcid)?;
        safe("password", password)?;
        let password = Some(Secret::new(Zeroizing::new(password.to_string())));
        Ok(Self { is_begun: false, user: authcid.to_string(), password })
    }
}

impl ClientMechanism for CramMd5Client {
    fn name(&self) -> &'static str {
        NAME
    }

    fn initial_response(&mut self) -> Result<Option<Secret<Vec<u8>>>, Error> {
        if core::mem::replace(&mut self.is_begun, true) { Err(Error::Finished) } else { Ok(None) }
    }

    /// Any challenge is taken but the empty one: not all servers send a message identifier.
    fn step(&mut self, challenge: &[u8]) -> Result<Secret<Vec<u8>>, Error> {
        self.is_begun = true;
        if challenge.is_empty() {
            return Err(Error::Malformed);
        }
        let password = self.password.take().ok_or(Error::Finished)?;
        let digest = digest(password.expose(), challenge);
        Ok(Secret::new(format!("{} {digest}", self.user).into_bytes()))
    }

    fn is_complete(&self) -> bool {
        self.password.is_none()
    }
}

/// The server's side of CRAM-MD5 (RFC 2195). The caller is asked [`Question::Secret`].
#[derive(Debug, Clone)]
pub struct CramMd5Server {
    challenge: String,
    state: State,
}

#[derive(Debug, Clone)]
enum State {
    Begin,
    Challenged,
    /// The digest that the client sent.
    Asked(String),
    Finished,
}

impl CramMd5Server {
    /// With a challenge made of `nonce` and the server's name: `<nonce@host>`. The nonce must not
    /// come again.
    #[must_use]
    pub fn new(nonce: &Nonce, host: &str) -> Self {
        Self { challenge: format!("<{}@{host}>", nonce.as_str()), state: State::Begin }
    }
}

impl ServerMechanism for CramMd5Server {
    fn name(&self) -> &'static str {
        NAME
    }

    /// An initial response is not taken: the server speaks first (RFC 4422 §5).
    fn step(&mut self, response: Option<&[u8]>) -> Result<Progress, Error> {
        match (core::mem::replace(&mut self.state, State::Finished), response) {
            (State::Begin, None) => {
                self.state = State::Challenged;
                Ok(Progress::Challenge(Secret::new(self.challenge.clone().into_bytes())))
            }
            (State::Challenged, Some(response)) => {
                let (user, digest) = parse(response).ok_or(Error::Malformed)?;
                self.state = State::Asked(digest.to_string());
                Ok(Progress::Question(Question::Secret { authcid: user.to_string() }))
            }
            (State::Begin | State::Challenged, _) => Err(Error::Malformed),
            (asked @ State::Asked(_), _) => {
                self.state = asked;
                Err(Error::Misplaced)
            }
            (State::Finished, _) => Err(Error::Finished),
        }
    }

    fn answer(&mut self, answer: Answer) -> Result<Progress, Error> {
        let State::Asked(claimed) = &self.state else { return Err(Error::Misplaced) };
        let is_good = match answer {
            Answer::Password(password) => {
                let wanted = digest(password.expose(), self.challenge.as_bytes());
                wanted.as_bytes().ct_eq(claimed.as_bytes()).into()
            }
            Answer::Reject => false,
            _ => return Err(Error::Misplaced),
        };
        self.state = State::Finished;
        if is_good { Ok(Progress::Done) } else { Err(Error::Rejected) }
    }
}

/// A user name, a space and 32 hexadecimal digits. The name may have spaces itself.
fn parse(response: &[u8]) -> Option<(&str, &str)> {
    let (user, digest) = core::str::from_utf8(response).ok()?.rsplit_once(' ')?;
    let is_digest =
        digest.len() == 32 && digest.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    (is_digest && safe("", user).is_ok()).then_some((user, digest))
}

#[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
fn digest(password: &str, challenge: &[u8]) -> String {
    let mut mac = Hmac::<Md5>::new_from_slice(password.as_bytes()).expect("any length");
    mac.update(challenge);
    mac.finalize().into_bytes().iter().fold(String::new(), |mut text, byte| {
        // Writing to a string never fails.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const RESPONSE: &[u8] = b"tim b913a602c7eda7a495b4e6e7334d3890";

    fn server() -> CramMd5Server {
        CramMd5Server::new(&Nonce::new("1896.697170952").unwrap(), "postoffice.reston.mci.net")
    }

    fn password(text: &str) -> Answer {
        Answer::Password(Secret::new(text.into()))
    }

    /// RFC 2195 §2.
    #[test]
    fn the_example_of_the_rfc() {
        let challenge = b"<1896.697170952@postoffice.reston.mci.net>".to_vec();
        for (answer, outcome) in [
            (password("tanstaaftanstaaf"), Ok(Progress::Done)),
            (password("tanstaaftanstaag"), Err(Error::Rejected)),
            (Answer::Reject, Err(Error::Rejected)),
            (Answer::Accept, Err(Error::Misplaced)),
        ] {
            let mut server = server();
            assert_eq!(server.answer(Answer::Accept), Err(Error::Misplaced));
            assert_eq!(server.step(None), Ok(Progress::Challenge(challenge.clone().into())));
            let authcid = "tim".to_string();
            assert_eq!(
                server.step(Some(RESPONSE)),
                Ok(Progress::Question(Question::Secret { authcid }))
            );
            assert_eq!(server.step(Some(RESPONSE)), Err(Error::Misplaced));
            assert_eq!(server.answer(answer), outcome);
        }
    }

    #[test]
    fn what_is_no_response() {
        for bad in [
            &b""[..],
            b"tim",
            b" b913a602c7eda7a495b4e6e7334d3890",
            b"tim B913A602C7EDA7A495B4E6E7334D3890",
            b"tim b913a602c7eda7a495b4e6e7334d389",
            b"tim b913a602c7eda7a495b4e6e7334d3890 ",
            b"t\0m b913a602c7eda7a495b4e6e7334d3890",
            b"t\xFFm b913a602c7eda7a495b4e6e7334d3890",
        ] {
            let mut server = server();
            server.step(None).unwrap();
            assert_eq!(server.step(Some(bad)), Err(Error::Malformed), "{bad:?}");
            assert_eq!(server.step(Some(RESPONSE)), Err(Error::Finished));
        }
        assert_eq!(server().step(Some(RESPONSE)), Err(Error::Malformed));
        assert_eq!(parse(b"a b b913a602c7eda7a495b4e6e7334d3890").unwrap().0, "a b");
    }

    #[test]
    fn the_client_answers_once() {
        let mut client = CramMd5Client::new("tim", "sesame").unwrap();
        assert!(!format!("{client:?}").contains("sesame"));
        assert_eq!(client.step(b""), Err(Error::Malformed));
        assert!(!client.is_complete());
        // A key longer than a block is hashed first.
        let long = "x".repeat(100);
        assert!(CramMd5Client::new("tim", &long).unwrap().step(b"<a@b>").is_ok());
        assert!(client.step(b"<a@b>").is_ok() && client.is_complete());
        assert_eq!(client.step(b"<a@b>"), Err(Error::Finished));
        assert!(CramMd5Client::new("", "b").is_err());
    }
}
