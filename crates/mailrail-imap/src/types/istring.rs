//! `string`, `astring` and `nstring`

use crate::{
    SyntaxError,
    encode::Sink,
    grammar::{self, Parsed},
};
use alloc::{borrow::Cow, string::String};
use nom::{Parser, combinator::map};

/// A string of IMAP (RFC 3501 §4.3): any bytes but NUL, in whatever form they cross the wire.
///
/// It may hold line ends: it is then sent as a literal, whose length is told beforehand.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct IString<'a>(Cow<'a, [u8]>);

/// A string or NIL, which says that there is none (RFC 3501 §4.5).
pub type NString<'a> = Option<IString<'a>>;

impl<'a> IString<'a> {
    /// Takes any bytes but NUL.
    ///
    /// # Errors
    ///
    /// Where there is a NUL among them.
    pub fn new(bytes: impl Into<Cow<'a, [u8]>>) -> Result<Self, SyntaxError> {
        let bytes = bytes.into();
        match memchr::memchr(0, &bytes) {
            Some(at) => Err(SyntaxError::new(at, "no NUL")),
            None => Ok(Self(bytes)),
        }
    }

    /// The bytes of the string.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The string, with U+FFFD in place of what is not UTF-8.
    #[must_use]
    pub fn to_str(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.0)
    }

    /// The bytes themselves.
    #[must_use]
    pub fn into_bytes(self) -> Cow<'a, [u8]> {
        self.0
    }

    /// The same string, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> IString<'static> {
        IString(Cow::Owned(self.0.into_owned()))
    }

    /// `string = quoted / literal`
    pub(crate) fn parse(i: &'a [u8]) -> Parsed<'a, Self> {
        map(grammar::string, Self).parse(i)
    }

    /// `astring = 1*ASTRING-CHAR / string`
    pub(crate) fn parse_astring(i: &'a [u8]) -> Parsed<'a, Self> {
        map(grammar::astring, Self).parse(i)
    }

    /// `nstring = string / nil`
    pub(crate) fn parse_nstring(i: &'a [u8]) -> Parsed<'a, NString<'a>> {
        map(grammar::nstring, |string| string.map(Self)).parse(i)
    }

    pub(crate) fn encode(&self, out: &mut impl Sink) {
        out.string(&self.0);
    }

    pub(crate) fn encode_astring(&self, out: &mut impl Sink) {
        out.astring(&self.0);
    }
}

/// Text is a string where it has no NUL.
impl<'a> TryFrom<&'a str> for IString<'a> {
    type Error = SyntaxError;

    fn try_from(text: &'a str) -> Result<Self, SyntaxError> {
        Self::new(text.as_bytes())
    }
}

impl<'a> TryFrom<&'a [u8]> for IString<'a> {
    type Error = SyntaxError;

    fn try_from(bytes: &'a [u8]) -> Result<Self, SyntaxError> {
        Self::new(bytes)
    }
}

pub(crate) fn nstring_into_owned(string: NString<'_>) -> NString<'static> {
    string.map(IString::into_owned)
}

pub(crate) fn write_nstring(string: &NString<'_>, out: &mut impl Sink) {
    match string {
        Some(string) => string.encode(out),
        None => out.text(b"NIL"),
    }
}
