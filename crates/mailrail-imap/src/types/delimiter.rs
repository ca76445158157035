//! The character that separates the levels of mailbox names

use crate::{
    SyntaxError,
    encode::Sink,
    grammar::{Parsed, fault, is_text_char, nstring},
};

/// What separates the levels of a mailbox's name (RFC 3501 §5.1.1), `/` say: one ASCII character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Delimiter(u8);

impl Delimiter {
    /// `/`
    pub const SLASH: Self = Self(b'/');
    /// `.`
    pub const DOT: Self = Self(b'.');

    /// Takes an ASCII character.
    ///
    /// # Errors
    ///
    /// Where it is none, or a line end or NUL.
    pub const fn new(byte: u8) -> Result<Self, SyntaxError> {
        if byte.is_ascii() && is_text_char(byte) {
            Ok(Self(byte))
        } else {
            Err(SyntaxError::new(0, "a delimiter"))
        }
    }

    /// The character.
    #[must_use]
    pub const fn as_byte(self) -> u8 {
        self.0
    }

    /// `DQUOTE QUOTED-CHAR DQUOTE / nil`
    pub(crate) fn parse(i: &[u8]) -> Parsed<'_, Option<Self>> {
        let (rest, found) = nstring(i)?;
        match found.as_deref() {
            None => Ok((rest, None)),
            Some([byte]) if byte.is_ascii() => Ok((rest, Some(Self(*byte)))),
            Some(_) => fault(i, "a delimiter or NIL"),
        }
    }

    pub(crate) fn encode(delimiter: Option<Self>, out: &mut impl Sink) {
        match delimiter {
            Some(Self(byte)) => out.string(&[byte]),
            None => out.text(b"NIL"),
        }
    }
}
