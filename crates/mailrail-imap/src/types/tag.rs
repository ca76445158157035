//! `tag`

use crate::{
    SyntaxError,
    grammar::{Parsed, ascii, is_astring_char, named},
};
use alloc::{borrow::Cow, format};
use core::fmt;
use nom::{Parser, bytes::complete::take_while1};

/// What a client names a command, and a server repeats in its answer (RFC 3501 §2.2.1). ASCII,
/// never empty.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Tag<'a>(Cow<'a, str>);

impl<'a> Tag<'a> {
    /// Takes a tag.
    ///
    /// # Errors
    ///
    /// Where it is empty or has a byte that no tag has.
    pub fn new(tag: impl Into<Cow<'a, str>>) -> Result<Self, SyntaxError> {
        let tag = tag.into();
        match tag.bytes().position(|b| !is_tag_char(b)) {
            None if !tag.is_empty() => Ok(Self(tag)),
            at => Err(SyntaxError::new(at.unwrap_or_default(), "a tag")),
        }
    }

    /// The tag of the `n`th command of a client: `A` and the number.
    #[must_use]
    pub fn numbered(n: u32) -> Tag<'static> {
        Tag(Cow::Owned(format!("A{n}")))
    }

    /// The number in a tag that [`numbered`](Self::numbered) made.
    #[must_use]
    pub fn number(&self) -> Option<u32> {
        let digits = self.0.strip_prefix('A')?;
        let plain = digits == "0" || digits.starts_with(|c: char| matches!(c, '1'..='9'));
        digits.parse().ok().filter(|_| plain)
    }

    /// The tag that a unit begins with, where it begins with one, and more behind it: to answer
    /// what does not parse.
    #[must_use]
    pub fn of(unit: &'a [u8]) -> Option<Self> {
        let (rest, tag) = Self::parse(unit).ok()?;
        matches!(rest, [b' ' | b'\r', ..]).then_some(tag)
    }

    /// The tag as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same tag, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Tag<'static> {
        Tag(Cow::Owned(self.0.into_owned()))
    }

    /// `tag = 1*<any ASTRING-CHAR except "+">`
    pub(crate) fn parse(i: &'a [u8]) -> Parsed<'a, Self> {
        let (rest, tag) = named("a tag", take_while1(is_tag_char)).parse(i)?;
        ascii(rest, tag).map(|(rest, tag)| (rest, Self(Cow::Borrowed(tag))))
    }
}

const fn is_tag_char(b: u8) -> bool {
    is_astring_char(b) && b != b'+'
}

impl fmt::Display for Tag<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back() {
        for n in [0, 1, 4_294_967_295] {
            assert_eq!(Tag::numbered(n).number(), Some(n));
        }
        for other in ["A", "A01", "B1", "A+1", "A4294967296"] {
            assert_eq!(Tag::new(other).ok().and_then(|tag| tag.number()), None);
        }
        assert_eq!(Tag::of(b"a1 NOOP\r\n").unwrap().as_str(), "a1");
        assert_eq!(Tag::of(b"a1\r\n").unwrap().as_str(), "a1");
        assert_eq!(Tag::of(b"* OK\r\n"), None);
        assert_eq!(Tag::of(b"a1"), None);
        assert_eq!(Tag::of(b"a\"b c\r\n"), None);
        assert!(Tag::new("a\r\n").is_err() && Tag::new("+").is_err());
    }
}
