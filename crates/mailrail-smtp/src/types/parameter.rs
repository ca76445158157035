//! What MAIL and RCPT say beside the path.

use super::Text;
use crate::{
    SyntaxError,
    grammar::{self, Parsed, whole},
};
use core::fmt;

/// `esmtp-keyword ["=" esmtp-value]` (RFC 5321 §4.1.2).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Parameter<'a> {
    keyword: Text<'a>,
    value: Option<Text<'a>>,
}

impl<'a> Parameter<'a> {
    /// Reads a parameter, such as `BY=120;R`.
    ///
    /// # Errors
    ///
    /// Where `text` is anything else.
    pub fn parse(text: &'a [u8]) -> Result<Self, SyntaxError> {
        whole(text, parameter).map(Self::borrowed)
    }

    /// The word before the equals sign; compare it without regard to case.
    #[must_use]
    pub fn keyword(&self) -> &str {
        self.keyword.as_str()
    }

    /// What is behind the equals sign.
    #[must_use]
    pub fn value(&self) -> Option<&str> {
        self.value.as_ref().map(Text::as_str)
    }

    /// The same, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Parameter<'static> {
        Parameter { keyword: self.keyword.into_owned(), value: self.value.map(Text::into_owned) }
    }

    pub(crate) fn borrowed((keyword, value): Pair<'a>) -> Self {
        Self { keyword: Text::read(keyword), value: value.map(Text::read) }
    }
}

impl fmt::Display for Parameter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.keyword.fmt(f)?;
        self.value.iter().try_for_each(|value| write!(f, "={value}"))
    }
}

super::from_str!(Parameter);

/// Keyword and value.
pub(crate) type Pair<'a> = (&'a [u8], Option<&'a [u8]>);

/// `esmtp-param = esmtp-keyword ["=" esmtp-value]`
#[inline(always)]
pub(crate) fn parameter(text: &[u8]) -> Parsed<'_, Pair<'_>> {
    let (rest, keyword) = grammar::keyword(text)?;
    match rest.strip_prefix(b"=") {
        None => Ok((rest, (keyword, None))),
        Some(rest) => {
            let (rest, value) = grammar::value(rest)?;
            Ok((rest, (keyword, Some(value))))
        }
    }
}

/// `*( SP esmtp-param )`: for each, says whether the expression takes it, or what was expected in
/// its place. (A macro, since a function given a closure would move what is read through memory.)
macro_rules! parameters {
    ($line:expr, $text:expr, |$pair:ident| $take:expr) => {{
        let mut text = $text;
        while !text.is_empty() {
            let (at, ()) =
                $crate::grammar::located($line, $crate::grammar::byte(b' ', "a space")(text))?;
            let (rest, $pair) = $crate::grammar::located($line, $crate::types::parameter(at))?;
            if let Err(expected) = $take {
                let offset = $line.len() - at.len();
                return Err($crate::SyntaxError { offset, expected });
            }
            text = rest;
        }
    }};
}
pub(crate) use parameters;

/// Writes text as `xtext` (RFC 3461 §4).
pub(crate) fn write_xtext(text: &str, out: &mut impl fmt::Write) -> fmt::Result {
    text.bytes().try_for_each(|byte| match byte {
        b'+' | b'=' | ..=b' ' | 127.. => write!(out, "+{byte:02X}"),
        _ => out.write_char(char::from(byte)),
    })
}
