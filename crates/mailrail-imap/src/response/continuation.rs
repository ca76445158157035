//! `+`

use crate::{
    SyntaxError, command,
    encode::Sink,
    grammar::{Parsed, crlf, text},
    types::Text,
};
use alloc::{borrow::Cow, vec::Vec};
use base64::{Engine, prelude::BASE64_STANDARD};
use mailrail_wire::{Output, Secret};

/// The server waits for more (RFC 3501 §7.5): for a literal, for what follows an IDLE, or for the
/// answer to a challenge, which is in base64.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Continuation<'a>(Secret<Cow<'a, [u8]>>);

impl<'a> Continuation<'a> {
    /// Asks for more, saying `text`.
    #[must_use]
    pub fn new(text: &Text<'_>) -> Continuation<'static> {
        Continuation(Secret::new(Cow::Owned(text.as_bytes().to_vec())))
    }

    /// Gives a challenge of a SASL mechanism.
    #[must_use]
    pub fn challenge(bytes: &[u8]) -> Continuation<'static> {
        Continuation(Secret::new(Cow::Owned(BASE64_STANDARD.encode(bytes).into_bytes())))
    }

    /// What it says; of a challenge, the base64.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.expose()
    }

    /// The challenge that it gives.
    ///
    /// # Errors
    ///
    /// Where it is not in base64.
    pub fn to_challenge(&self) -> Result<Secret<Vec<u8>>, SyntaxError> {
        command::decode_base64(self.as_bytes())
    }

    pub(super) fn into_owned(self) -> Continuation<'static> {
        Continuation(self.0.map(|text| Cow::Owned(text.into_owned())))
    }

    /// `continue-req = "+" SP (resp-text / base64) CRLF`, behind its plus. The space is missing
    /// where servers have nothing to say.
    pub(super) fn parse(i: &'a [u8]) -> Parsed<'a, Self> {
        let i = i.strip_prefix(b" ").unwrap_or(i);
        let (i, text) = text(i)?;
        crlf(i).map(|(i, ())| (i, Self(Secret::new(Cow::Borrowed(text)))))
    }

    pub(super) fn encode(&self, out: &mut Output) {
        Sink::text(out, b"+ ");
        Sink::text(out, self.as_bytes());
        Sink::text(out, b"\r\n");
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Response, both_ways};
    use super::*;

    #[test]
    fn texts_and_challenges() {
        both_ways("+ Ready for additional command text\r\n");
        both_ways("+ \r\n");
        assert!(Response::parse(b"+\r\n").is_ok());
        let Response::Continuation(it) = both_ways("+ YQBi\r\n") else { panic!() };
        assert_eq!(it.to_challenge().unwrap().expose(), b"a\0b");
        assert_eq!(Continuation::challenge(b"a\0b"), it);
        assert!(!alloc::format!("{it:?}").contains("89"));
        let idling = Continuation::new(&Text::known("idling"));
        assert!(idling.to_challenge().is_err());
    }
}
