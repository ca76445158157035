//! AUTH (RFC 5034 §4).

use crate::{
    SyntaxError,
    grammar::{Parsed, Stopped, expect, parse_all, rest, space},
};
use alloc::vec::Vec;
use mailrail_sasl::{exchange, is_mechanism_name};
use mailrail_wire::{Output, Secret};
use nom::{
    Parser,
    bytes::complete::take_till,
    combinator::{cut, map_opt, opt},
    sequence::preceded,
};

/// A mechanism and, where the client speaks first, its response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Auth<'a> {
    mechanism: &'a str,
    initial_response: Option<Secret<Vec<u8>>>,
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
            Ok(Self { mechanism, initial_response })
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
    pub const fn initial_response(&self) -> Option<&Secret<Vec<u8>>> {
        self.initial_response.as_ref()
    }

    pub(crate) const fn take_initial_response(&mut self) -> Option<Secret<Vec<u8>>> {
        self.initial_response.take()
    }

    pub(crate) fn into_initial_response(self) -> Option<Secret<Vec<u8>>> {
        self.initial_response
    }

    /// ```text
    /// auth-command     = "AUTH" SP sasl-mech [SP initial-response] ...
    /// initial-response = base64 / "="
    /// ```
    pub(super) fn parse_params(params: &'a [u8]) -> Result<Self, SyntaxError> {
        parse_all(params, (preceded(space, mechanism), opt(preceded(space, cut(initial_response)))))
            .map(|(mechanism, initial_response)| Self { mechanism, initial_response })
    }

    /// Writes it, without CR LF.
    pub(crate) fn encode(&self, out: &mut Output) {
        out.text(b"AUTH ");
        out.text(self.mechanism.as_bytes());
        if let Some(response) = &self.initial_response {
            out.text(b" ");
            exchange::encode_initial(response.expose(), out);
        }
    }

    /// The octets of the command, CR LF included.
    pub(crate) fn line_len(&self) -> usize {
        let response = self
            .initial_response
            .as_ref()
            .map_or(0, |response| exchange::initial_len(response.expose().len()).saturating_add(1));
        "AUTH \r\n".len().saturating_add(self.mechanism.len()).saturating_add(response)
    }
}

fn mechanism(input: &[u8]) -> Parsed<'_, &str> {
    let word = take_till::<_, _, Stopped<'_>>(|byte| byte == b' ');
    let name = map_opt(word, |name: &[u8]| {
        core::str::from_utf8(name).ok().filter(|_| is_mechanism_name(name))
    });
    expect("a mechanism", name).parse(input)
}

fn initial_response(input: &[u8]) -> Parsed<'_, Secret<Vec<u8>>> {
    let response = map_opt(rest, |text: &[u8]| {
        exchange::decode_initial(text).ok().filter(|_| !text.is_empty())
    });
    expect("base64", response).parse(input)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read() {
        let auth = Auth::parse_params(b" PLAIN dGVzdAB0ZXN0AHRlc3Q=").unwrap();
        assert_eq!(auth.mechanism(), "PLAIN");
        assert_eq!(auth.initial_response().unwrap().expose(), b"test\0test\0test");
        assert!(Auth::parse_params(b" PLAIN").unwrap().initial_response().is_none());
        let empty = Auth::parse_params(b" external =").unwrap();
        assert_eq!(empty.initial_response(), Some(&Secret::new(Vec::new())));
        for (params, offset) in [
            (&b""[..], 0),
            (b" ", 1),
            (b"  PLAIN", 1),
            (b" A.B", 1),
            (b" PLAIN ", 7),
            (b" PLAIN a", 7),
            (b" PLAIN *", 7),
            (b" PLAIN = ", 7),
        ] {
            assert_eq!(Auth::parse_params(params).unwrap_err().offset, offset, "{params:?}");
        }
        assert!(Auth::new("PLAIN\r\nDELE", None).is_err());
    }
}
