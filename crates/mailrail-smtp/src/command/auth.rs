//! AUTH (RFC 4954 §4).

use crate::{
    SyntaxError,
    grammar::{byte, class, fail, many, whole},
};
use alloc::vec::Vec;
use mailrail_sasl::{exchange, is_mechanism_name};
use mailrail_wire::{Output, Secret};

/// A mechanism and, where the client speaks first, its response.
#[derive(Debug, Clone)]
pub struct Auth<'a> {
    mechanism: &'a str,
    response: Response<'a>,
}

#[derive(Debug, Clone)]
enum Response<'a> {
    None,
    /// As a client gave it.
    Given(Secret<Vec<u8>>),
    /// As a server received it: [`exchange::is_initial`].
    Received(Secret<&'a [u8]>),
}

impl<'a> Auth<'a> {
    /// Authentication by that mechanism.
    ///
    /// # Errors
    ///
    /// Where no mechanism can have that name (RFC 4422 §3.1).
    pub fn new(
        mechanism: &'a str,
        initial_response: Option<Secret<Vec<u8>>>,
    ) -> Result<Self, SyntaxError> {
        if is_mechanism_name(mechanism.as_bytes()) {
            let response = initial_response.map_or(Response::None, Response::Given);
            Ok(Self { mechanism, response })
        } else {
            Err(SyntaxError { offset: 0, expected: "the name of a mechanism" })
        }
    }

    /// The mechanism's name; compare it without regard to case.
    #[must_use]
    pub const fn mechanism(&self) -> &'a str {
        self.mechanism
    }

    /// The response that needs no challenge, decoded; it may be empty.
    #[must_use]
    pub fn initial_response(&self) -> Option<Secret<Vec<u8>>> {
        self.clone().into_initial_response()
    }

    pub(crate) fn into_initial_response(self) -> Option<Secret<Vec<u8>>> {
        match self.response {
            Response::None => None,
            Response::Given(response) => Some(response),
            Response::Received(text) => exchange::decode_initial(text.expose()).ok(),
        }
    }

    /// The bytes of the command line, CR LF included.
    pub(crate) fn line_len(&self) -> usize {
        let response = match &self.response {
            Response::None => 0,
            Response::Given(response) => {
                exchange::initial_len(response.expose().len()).saturating_add(1)
            }
            Response::Received(text) => text.expose().len().saturating_add(1),
        };
        "AUTH \r\n".len().saturating_add(self.mechanism.len()).saturating_add(response)
    }

    /// ```text
    /// auth-command     = "AUTH" SP sasl-mech [SP initial-response] *(CRLF [base64]) [CRLF cancel]
    /// initial-response = base64 / "="
    /// ```
    pub(super) fn parse_arguments(text: &'a [u8]) -> Result<Self, SyntaxError> {
        whole(text, |text: &'a [u8]| {
            let (at, ()) = byte(b' ', "a space and a mechanism")(text)?;
            let (rest, mechanism) = many(at, "a mechanism", class::GRAPHIC)?;
            let mechanism = match core::str::from_utf8(mechanism) {
                Ok(mechanism) if is_mechanism_name(mechanism.as_bytes()) => mechanism,
                _ => return fail(at, "a mechanism"),
            };
            if rest.is_empty() {
                return Ok((rest, Self { mechanism, response: Response::None }));
            }
            let (response, ()) = byte(b' ', "a space")(rest)?;
            if response.is_empty() || !exchange::is_initial(response) {
                return fail(response, "base64");
            }
            let response = Response::Received(Secret::new(response));
            Ok((&[][..], Self { mechanism, response }))
        })
    }

    pub(super) fn encode(&self, out: &mut Output) {
        out.text(b"AUTH ");
        out.text(self.mechanism.as_bytes());
        match &self.response {
            Response::None => {}
            Response::Given(response) => {
                out.text(b" ");
                exchange::encode_initial(response.expose(), out);
            }
            Response::Received(text) => {
                out.text(b" ");
                out.text(text.expose());
            }
        }
    }
}

/// Equal are those that say the same, received or not.
impl PartialEq for Auth<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.mechanism == other.mechanism && self.initial_response() == other.initial_response()
    }
}

impl Eq for Auth<'_> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initial_responses() {
        let read = |text| Auth::parse_arguments(text);
        assert_eq!(read(b" PLAIN"), Auth::new("PLAIN", None));
        assert_eq!(read(b" EXTERNAL ="), Auth::new("EXTERNAL", Some(Secret::default())));
        assert_eq!(
            read(b" PLAIN dGVzdAB0ZXN0ADEyMzQ="),
            Auth::new("PLAIN", Some(Secret::new(b"test\0test\x001234".to_vec())))
        );
        for text in [&b""[..], b" ", b" A/B", b" PLAIN *", b" PLAIN a", b" PLAIN = ", b" PLAIN  ="]
        {
            assert!(read(text).is_err(), "{text:?}");
        }
        assert!(Auth::new("PLAIN\r\nQUIT", None).is_err());
    }

    #[test]
    fn its_length_is_known_before() {
        for response in [None, Some(0), Some(1), Some(300)] {
            let response = response.map(|len| Secret::new(alloc::vec![b'x'; len]));
            let auth = Auth::new("PLAIN", response).unwrap();
            let mut out = Output::default();
            auth.encode(&mut out);
            assert_eq!(out.len() + 2, auth.line_len());
        }
    }
}
