//! EXTERNAL: who the client is, is known from elsewhere (RFC 4422 appendix A).
//!
//! ```text
//! extern-resp       = *( UTF8-char-no-nul )
//! ```

use crate::{
    Answer, Error, Progress, Question,
    single::{Asked, Single, client, safe, server},
};
use alloc::{string::ToString, vec::Vec};
use mailrail_wire::Secret;

/// The client's side of EXTERNAL (RFC 4422 appendix A).
///
/// ```
/// use mailrail_sasl::{ClientMechanism, ExternalClient};
///
/// let mut external = ExternalClient::acting_as("fred@example.com").unwrap();
/// assert_eq!(external.initial_response().unwrap().unwrap().expose(), b"fred@example.com");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalClient(Single);

impl ExternalClient {
    /// As whom the server takes the client for.
    #[must_use]
    pub fn new() -> Self {
        Self(Single::new(""))
    }

    /// Acting as `authzid`.
    ///
    /// # Errors
    ///
    /// [`Error::Empty`] and [`Error::Nul`].
    pub fn acting_as(authzid: &str) -> Result<Self, Error> {
        safe("authorization identity", authzid)?;
        Ok(Self(Single::new(authzid)))
    }
}

impl Default for ExternalClient {
    fn default() -> Self {
        Self::new()
    }
}

client!(ExternalClient, "EXTERNAL");

/// The server's side of EXTERNAL (RFC 4422 appendix A). Who the client is, the caller knows, who is
/// asked [`Question::External`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExternalServer(Asked);

server!(ExternalServer, "EXTERNAL", read);

fn read(message: &[u8]) -> Option<Question> {
    let authzid = core::str::from_utf8(message).ok().filter(|text| !text.contains('\0'))?;
    Some(Question::External { authzid: (!authzid.is_empty()).then(|| authzid.to_string()) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ClientMechanism as _, ServerMechanism as _};

    /// RFC 4422 appendix A.2: with and without an identity, with and without an initial response.
    #[test]
    fn the_examples_of_the_rfc() {
        for (mut client, sent, authzid) in [
            (ExternalClient::new(), &b""[..], None),
            (
                ExternalClient::acting_as("fred@example.com").unwrap(),
                b"fred@example.com",
                Some("fred@example.com".to_string()),
            ),
        ] {
            let mut server = ExternalServer::default();
            assert_eq!(server.step(None), Ok(Progress::Challenge(Secret::default())));
            let response = client.step(b"").unwrap();
            assert_eq!(response.expose(), sent);
            let question = Question::External { authzid };
            assert_eq!(server.step(Some(response.expose())), Ok(Progress::Question(question)));
            assert_eq!(server.answer(Answer::Accept), Ok(Progress::Done));
            assert!(client.is_complete());
        }
    }

    #[test]
    fn what_it_cannot_carry() {
        for bad in [&b"a\0"[..], b"\xC3"] {
            assert_eq!(ExternalServer::default().step(Some(bad)), Err(Error::Malformed));
        }
        let empty = Err(Error::Empty { field: "authorization identity" });
        assert_eq!(ExternalClient::acting_as(""), empty);
        assert_eq!(ExternalClient::new().step(b"?"), Err(Error::Malformed));
    }
}
