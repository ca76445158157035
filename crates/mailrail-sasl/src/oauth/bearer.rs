//! OAUTHBEARER (RFC 7628).
//!
//! ```text
//! kvsep          = %x01
//! key            = 1*(ALPHA)
//! value          = *(VCHAR / SP / HTAB / CR / LF )
//! kvpair         = key "=" value kvsep
//! client-resp    = (gs2-header kvsep *kvpair kvsep) / kvsep
//! ```

use super::{Exchange, Request, SEPARATOR, Talk, bearer, check_token, error};
use crate::{
    Answer, Error, Progress, TokenClaim, TokenHint,
    gs2::{Flag, Header},
    single::{client, safe, server},
};
use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};
use mailrail_wire::Secret;

/// The client's side of OAUTHBEARER (RFC 7628). It shows the token to the server: for TLS only.
///
/// ```
/// use mailrail_sasl::{ClientMechanism, OAuthBearerClient};
///
/// # fn main() -> Result<(), mailrail_sasl::Error> {
/// let mut bearer = OAuthBearerClient::new(Some("user@example.com"), "vF9dft4q==", None)?;
/// let response = bearer.initial_response()?;
/// assert_eq!(response.unwrap().expose(), b"n,a=user@example.com,\x01auth=Bearer vF9dft4q==\x01\x01");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OAuthBearerClient(Talk);

impl OAuthBearerClient {
    /// With that token, for that user's account where the token does not tell; and the server's
    /// name and port, where they are to be told.
    ///
    /// # Errors
    ///
    /// [`Error::Empty`], [`Error::Nul`] and [`Error::Prohibited`] where OAUTHBEARER cannot carry
    /// one of them.
    pub fn new(
        authzid: Option<&str>,
        token: &str,
        server: Option<(&str, u16)>,
    ) -> Result<Self, Error> {
        check_token(token)?;
        if let Some(authzid) = authzid {
            safe("user name", authzid)?;
            if authzid.contains(SEPARATOR) {
                return Err(Error::Prohibited { field: "user name" });
            }
        }
        let header = Header { flag: Flag::No, authzid: authzid.map(ToString::to_string) };
        let server = match server {
            Some((host, _))
                if host.is_empty() || !host.bytes().all(|byte| byte.is_ascii_graphic()) =>
            {
                return Err(Error::Prohibited { field: "server's name" });
            }
            Some((host, port)) => format!("host={host}\x01port={port}\x01"),
            None => String::new(),
        };
        // Made at once: as it grew, it would leave parts of the token behind in memory.
        let message =
            [&header.encode(), "\x01", &server, "auth=Bearer ", token, "\x01\x01"].concat();
        Ok(Self(Talk::new(message, b"\x01")))
    }
}

client!(OAuthBearerClient, "OAUTHBEARER");

/// The server's side of OAUTHBEARER (RFC 7628). The token is checked by the caller, who is asked
/// [`Question::Token`](crate::Question::Token).
///
/// ```
/// use mailrail_sasl::{Answer, OAuthBearerServer, Progress, ServerMechanism, TokenHint};
///
/// # fn main() -> Result<(), mailrail_sasl::Error> {
/// let mut server = OAuthBearerServer::new(TokenHint::default());
/// server.step(Some(b"n,,\x01auth=Bearer abc\x01\x01"))?;
/// let Progress::Challenge(why) = server.answer(Answer::Reject)? else { panic!("it tells why") };
/// assert_eq!(why.expose(), br#"{"status":"invalid_token"}"#);
/// assert!(server.step(Some(b"\x01")).is_err());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OAuthBearerServer(Exchange);

impl OAuthBearerServer {
    /// A server that tells a client this whose token is no good.
    #[must_use]
    pub fn new(hint: TokenHint) -> Self {
        Self(Exchange::new(error("invalid_token", &hint, false)))
    }
}

server!(OAuthBearerServer, "OAUTHBEARER", parse);

fn parse(message: &str) -> Request {
    read(message).unwrap_or(Request::Malformed)
}

fn read(message: &str) -> Option<Request> {
    let (header, rest) = Header::parse(message).ok()?;
    if matches!(header.flag, Flag::Bound(_)) {
        return None;
    }
    // Each pair has its separator, and one more ends the message.
    let pairs = rest.strip_prefix(SEPARATOR)?.strip_suffix(SEPARATOR)?;
    let (mut auth, mut host, mut port) = (None, None, None);
    for pair in pairs.split_terminator(SEPARATOR) {
        let (key, value) = pair.split_once('=')?;
        if !is_key(key) || !value.bytes().all(is_value) {
            return None;
        }
        let field = match key {
            "auth" => &mut auth,
            "host" => &mut host,
            "port" => &mut port,
            // Unknown ones are ignored (RFC 7628 §3.1).
            _ => continue,
        };
        if field.replace(value).is_some() {
            return None;
        }
    }
    if !(pairs.is_empty() || pairs.ends_with(SEPARATOR)) {
        return None;
    }
    let port = match port {
        Some(port) if port.starts_with(|first: char| matches!(first, '1'..='9')) => {
            Some(port.parse().ok()?)
        }
        Some(_) => return None,
        None => None,
    };
    let Some(token) = bearer(auth?) else { return Some(Request::NoToken) };
    let host = host.map(String::from);
    Some(Request::Claim(TokenClaim { authzid: header.authzid, token, host, port }))
}

fn is_key(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphabetic())
}

const fn is_value(byte: u8) -> bool {
    byte.is_ascii_graphic() || matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Question;
    use crate::{ClientMechanism as _, ServerMechanism as _};
    use proptest::prelude::*;

    const GOOD: &str = "n,a=user@example.com,\x01host=server.example.com\x01port=143\x01\
                        auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\x01\x01";
    const TOKEN: &str = "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==";

    fn server() -> OAuthBearerServer {
        OAuthBearerServer::new(TokenHint {
            scope: Some("example_scope".into()),
            openid_configuration: Some("https://example.com/.well-known/openid-config".into()),
        })
    }

    fn claim() -> TokenClaim {
        TokenClaim {
            authzid: Some("user@example.com".into()),
            token: Secret::new(TOKEN.into()),
            host: Some("server.example.com".into()),
            port: Some(143),
        }
    }

    /// RFC 7628 §4.1.
    #[test]
    fn a_good_token() {
        let at = Some(("server.example.com", 143));
        let mut client = OAuthBearerClient::new(Some("user@example.com"), TOKEN, at).unwrap();
        let mut server = server();
        assert_eq!(server.step(None), Ok(Progress::Challenge(Secret::default())));
        assert!(!client.is_complete());
        let response = client.step(b"").unwrap();
        assert_eq!(response.expose(), GOOD.as_bytes());
        assert!(client.is_complete());
        assert_eq!(
            server.step(Some(response.expose())),
            Ok(Progress::Question(Question::Token(claim())))
        );
        assert_eq!(server.answer(Answer::Accept), Ok(Progress::Done));
        assert!(!format!("{client:?} {:?}", claim()).contains("vF9"));
    }

    /// RFC 7628 §4.3: a client that asks what is needed, and one whose token is no good.
    #[test]
    fn no_good_token() {
        let why = r#"{"status":"invalid_token","scope":"example_scope","openid-configuration":"https://example.com/.well-known/openid-config"}"#;
        let why = Ok(Progress::Challenge(Secret::new(why.into())));
        let ask = "n,a=user@example.com,\x01host=server.example.com\x01port=143\x01auth=\x01\x01";
        for message in [ask, GOOD] {
            let mut server = server();
            let mut progress = server.step(Some(message.as_bytes()));
            if message == GOOD {
                progress = server.answer(Answer::Reject);
            }
            assert_eq!(progress, why);
            assert_eq!(server.answer(Answer::Accept), Err(Error::Misplaced));
            assert_eq!(server.step(Some(b"\x01")), Err(Error::Rejected));
            assert_eq!(server.step(Some(GOOD.as_bytes())), Err(Error::Finished));
        }
        let mut client = OAuthBearerClient::new(None, TOKEN, None).unwrap();
        client.initial_response().unwrap();
        assert_eq!(client.step(b"{}").unwrap().expose(), b"\x01");
        assert!(!client.is_complete());
        assert_eq!(client.step(b"{}"), Err(Error::Finished));
    }

    #[test]
    fn what_is_read() {
        for message in [
            "y,,\x01auth=bearer t\x01\x01",
            "n,,\x01auth=Bearer t\x01mthd=POST\x01\x01",
            "n,,\x01post=a=b\r\n\x01auth=Bearer t\x01\x01",
        ] {
            assert!(matches!(parse(message), Request::Claim(_)), "{message:?}");
        }
        for message in ["n,,\x01auth=OAuth realm=\"Example\"\x01\x01", "n,,\x01auth=Bearer\x01\x01"]
        {
            assert!(matches!(parse(message), Request::NoToken), "{message:?}");
        }
        for message in [
            "",
            "\x01",
            "n,,",
            "n,,\x01",
            "n,,\x01\x01",
            "n,,\x01auth=Bearer t\x01",
            "n,,\x01auth=Bearer t",
            "n,,auth=Bearer t\x01\x01",
            "n,,\x01auth=Bearer t\x01\x01x",
            "n,,\x01\x01auth=Bearer t\x01\x01",
            "n,,\x01auth=Bearer t\x01auth=Bearer u\x01\x01",
            "n,,\x01auth=Bearer t\x01=x\x01\x01",
            "n,,\x01auth=Bearer t\x01a1=x\x01\x01",
            "n,,\x01auth=Bearer t\x01port=0143\x01\x01",
            "n,,\x01auth=Bearer t\x01port=65536\x01\x01",
            "n,,\x01auth=Bearer t\x01port=+1\x01\x01",
            "n,,\x01auth=Bearer t\x01host=\0\x01\x01",
            "p=tls-exporter,,\x01auth=Bearer t\x01\x01",
            // What RFC 7628 §4.4 shows is none, by its own grammar.
            "n,user=someuser@example.com,\x01auth=Bearer t\x01\x01",
        ] {
            assert!(matches!(parse(message), Request::Malformed), "{message:?}");
            assert_eq!(server().step(Some(message.as_bytes())), Err(Error::Malformed));
        }
    }

    #[test]
    fn what_it_cannot_carry() {
        for (user, token, server) in [
            (Some(""), "t", None),
            (Some("a\x01b"), "t", None),
            (Some("a\0"), "t", None),
            (None, "", None),
            (None, "a b", None),
            (None, "t\x01", None),
            (None, "t", Some(("", 1))),
            (None, "t", Some(("a\x01auth=x", 1))),
        ] {
            assert!(OAuthBearerClient::new(user, token, server).is_err(), "{user:?} {token:?}");
        }
    }

    proptest! {
        #[test]
        fn the_server_reads_what_the_client_says(
            user in proptest::option::of("[^\0\x01]{1,20}"),
            token in "[!-~]{1,40}",
            at in proptest::option::of(("[!-~]{1,20}", 1..u16::MAX)),
        ) {
            let at = at.as_ref().map(|(host, port)| (host.as_str(), *port));
            let mut client = OAuthBearerClient::new(user.as_deref(), &token, at).unwrap();
            let message = client.initial_response().unwrap().unwrap().into_exposed();
            let claim = TokenClaim {
                authzid: user,
                token: Secret::new(token),
                host: at.map(|(host, _)| host.into()),
                port: at.map(|(_, port)| port),
            };
            let progress = OAuthBearerServer::new(TokenHint::default()).step(Some(&message));
            prop_assert_eq!(progress, Ok(Progress::Question(Question::Token(claim))));
        }
    }
}
