//! `AUTHENTICATE`, and the lines that follow it

use crate::{
    SyntaxError,
    encode::{Encoded, Sink},
    grammar::{Parsed, arg, fault, named},
    types::Atom,
};
use alloc::vec::Vec;
use base64::{Engine, prelude::BASE64_STANDARD};
use mailrail_wire::Secret;
use nom::{Parser, bytes::complete::take_while1};

/// Logs in by a SASL mechanism (RFC 3501 §6.2.2), with an initial response where the server takes
/// one (SASL-IR, RFC 4959).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authenticate<'a> {
    /// The name of the mechanism.
    pub mechanism: Atom<'a>,
    /// What the client says before it is asked; may be empty.
    pub initial_response: Option<Secret<Vec<u8>>>,
}

impl<'a> Authenticate<'a> {
    /// The same command, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Authenticate<'static> {
        Authenticate {
            mechanism: self.mechanism.into_owned(),
            initial_response: self.initial_response,
        }
    }

    /// ```abnf
    /// authenticate = "AUTHENTICATE" SP auth-type [SP initial-resp] *(CRLF base64)
    /// initial-resp = (base64 / "=")
    /// ```
    pub(super) fn parse(i: &'a [u8]) -> Parsed<'a, Self> {
        let (mut i, mechanism) = arg(Atom::parse).parse(i)?;
        let mut initial_response = None;
        if let [b' ', data @ ..] = i {
            let word = take_while1(|b: u8| matches!(b, 0x21..=0x7e));
            let (rest, word) = named("an initial response", word).parse(data)?;
            let Ok(bytes) = decode(if word == b"=" { b"" } else { word }) else {
                return fault(data, "base64");
            };
            (i, initial_response) = (rest, Some(bytes));
        }
        Ok((i, Self { mechanism, initial_response }))
    }

    pub(super) fn encode(&self, out: &mut Encoded) {
        out.text(b"AUTHENTICATE ");
        out.text(self.mechanism.as_str().as_bytes());
        if let Some(response) = &self.initial_response {
            out.text(b" ");
            match &response.expose()[..] {
                [] => out.text(b"="),
                bytes => out.text(BASE64_STANDARD.encode(bytes).as_bytes()),
            }
        }
    }
}

/// What a client says to a challenge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AuthenticateLine {
    Response(Secret<Vec<u8>>),
    /// `*`: it gives up (RFC 3501 §6.2.2).
    Cancel,
}

/// Reads a line, with its CR LF, that answers a challenge.
pub(crate) fn authenticate_line(line: &[u8]) -> Result<AuthenticateLine, SyntaxError> {
    match line.strip_suffix(b"\r\n") {
        Some(b"*") => Ok(AuthenticateLine::Cancel),
        Some(data) => decode(data).map(AuthenticateLine::Response),
        None => Err(SyntaxError::new(line.len(), "the end of the line")),
    }
}

/// Writes the line that answers a challenge; `None` gives up.
pub(crate) fn encode_authenticate_line(response: Option<&[u8]>, out: &mut mailrail_wire::Output) {
    match response {
        Some(bytes) => out.text(BASE64_STANDARD.encode(bytes).as_bytes()),
        None => out.text(b"*"),
    }
    out.text(b"\r\n");
}

/// Decodes what crosses the wire in a SASL exchange.
pub(crate) fn decode(data: &[u8]) -> Result<Secret<Vec<u8>>, SyntaxError> {
    BASE64_STANDARD.decode(data).map(Secret::new).map_err(|_| SyntaxError::new(0, "base64"))
}

#[cfg(test)]
mod tests {
    use super::super::{Command, both_ways};
    use super::*;
    use bytes::Buf;

    #[test]
    fn initial_responses() {
        both_ways("A001 AUTHENTICATE GSSAPI\r\n");
        // RFC 4959 §4
        let command = both_ways("C01 AUTHENTICATE PLAIN dGVzdAB0ZXN0AHRlc3Q=\r\n");
        let Command::Authenticate(it) = &command else { panic!() };
        assert_eq!(it.initial_response.as_ref().unwrap().expose(), b"test\0test\0test");
        assert!(!alloc::format!("{command:?}").contains("116"));
        let Command::Authenticate(it) = both_ways("D01 AUTHENTICATE EXTERNAL =\r\n") else {
            panic!()
        };
        assert_eq!(it.initial_response, Some(Secret::new(Vec::new())));
        for bad in
            ["a AUTHENTICATE\r\n", "a AUTHENTICATE PLAIN dGV\r\n", "a AUTHENTICATE PLAIN \r\n"]
        {
            assert!(Command::parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn answers_to_challenges() {
        for (line, response) in
            [(&b"*\r\n"[..], None), (b"\r\n", Some(&b""[..])), (b"AGEAYg==\r\n", Some(b"\0a\0b"))]
        {
            let expected = match response {
                Some(bytes) => AuthenticateLine::Response(Secret::new(bytes.to_vec())),
                None => AuthenticateLine::Cancel,
            };
            assert_eq!(authenticate_line(line), Ok(expected));
            let mut out = mailrail_wire::Output::default();
            encode_authenticate_line(response, &mut out);
            assert_eq!(out.copy_to_bytes(out.remaining()), line);
        }
        assert!(authenticate_line(b"A\r\n").is_err() && authenticate_line(b"* \r\n").is_err());
        assert!(authenticate_line(b"AGEAYg==").is_err());
    }
}
