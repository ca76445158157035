//! ANONYMOUS: nobody in particular (RFC 4505).
//!
//! ```text
//! message     = [ email / token ]
//! email       = addr-spec
//! token       = 1*255TCHAR ; characters but "@"
//! ```

use crate::{
    Answer, Error, Progress, Question,
    saslprep::is_trace,
    single::{Asked, Single, client, server},
};
use alloc::{string::ToString, vec::Vec};
use mailrail_wire::Secret;

/// The client's side of ANONYMOUS (RFC 4505).
///
/// ```
/// use mailrail_sasl::{AnonymousClient, ClientMechanism};
///
/// let mut anonymous = AnonymousClient::new("sirhc").unwrap();
/// assert_eq!(anonymous.initial_response().unwrap().unwrap().expose(), b"sirhc");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnonymousClient(Single);

impl AnonymousClient {
    /// With what the client wants to tell of itself: an e-mail address, a word, or nothing.
    ///
    /// # Errors
    ///
    /// [`Error::Prohibited`] where it has more than 255 characters, or control characters and
    /// others that RFC 4505 §3 prohibits.
    pub fn new(trace: &str) -> Result<Self, Error> {
        if is_message(trace) {
            Ok(Self(Single::new(trace)))
        } else {
            Err(Error::Prohibited { field: "trace information" })
        }
    }
}

fn is_message(text: &str) -> bool {
    text.chars().nth(255).is_none() && is_trace(text)
}

client!(AnonymousClient, "ANONYMOUS");

/// The server's side of ANONYMOUS (RFC 4505). The caller is asked [`Question::Anonymous`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AnonymousServer(Asked);

server!(AnonymousServer, "ANONYMOUS", read);

fn read(message: &[u8]) -> Option<Question> {
    let trace = core::str::from_utf8(message).ok().filter(|text| is_message(text))?;
    Some(Question::Anonymous { trace: (!trace.is_empty()).then(|| trace.to_string()) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ClientMechanism as _, ServerMechanism as _};

    /// RFC 4505 §4.
    #[test]
    fn the_example_of_the_rfc() {
        let (mut server, mut client) =
            (AnonymousServer::default(), AnonymousClient::new("sirhc").unwrap());
        assert_eq!(server.step(None), Ok(Progress::Challenge(Secret::default())));
        let response = client.step(b"").unwrap();
        assert_eq!(response.expose(), b"sirhc");
        let trace = Some("sirhc".to_string());
        assert_eq!(
            server.step(Some(response.expose())),
            Ok(Progress::Question(Question::Anonymous { trace }))
        );
        assert_eq!(server.answer(Answer::Accept), Ok(Progress::Done));
    }

    #[test]
    fn what_is_no_trace() {
        let long = "\u{E9}".repeat(255);
        assert!(AnonymousClient::new(&long).is_ok() && AnonymousClient::new("").is_ok());
        assert!(AnonymousServer::default().step(Some(long.as_bytes())).is_ok());
        for bad in [&"x".repeat(256), "a\r\nb", "a\0", "\u{202E}"] {
            assert!(AnonymousClient::new(bad).is_err(), "{bad:?}");
            let mut server = AnonymousServer::default();
            assert_eq!(server.step(Some(bad.as_bytes())), Err(Error::Malformed), "{bad:?}");
        }
        assert_eq!(AnonymousServer::default().step(Some(b"\xFF")), Err(Error::Malformed));
    }
}
