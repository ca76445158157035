//! `Content-Transfer-Encoding` (RFC 2045 §6).

use alloc::borrow::Cow;
use core::fmt;

use crate::encoding::{base64, quoted_printable, uuencode};
use crate::grammar::Cursor;
use crate::limits::ValueLimits;

const UUENCODE: [&str; 5] = ["x-uuencode", "uuencode", "x-uue", "uue", "x-uu"];

/// How a body is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransferEncoding<'a> {
    /// Not at all, and it is ASCII.
    SevenBit,
    /// Not at all, in lines.
    EightBit,
    /// Not at all.
    Binary,
    /// `quoted-printable`
    QuotedPrintable,
    /// `base64`
    Base64,
    /// uuencode, whose names are no standard: `x-uuencode`, `uuencode`, `x-uue`, `uue`.
    Uuencode,
    /// Another one, as it is written; empty where nothing is written. The body stays as it is.
    Other(&'a str),
}

impl<'a> TransferEncoding<'a> {
    /// Reads the value of the field.
    ///
    /// ```abnf
    /// encoding := "Content-Transfer-Encoding" ":" mechanism
    /// ```
    pub fn parse(value: &'a [u8]) -> Self {
        Self::parse_within(value, ValueLimits::DEFAULT)
    }

    pub(crate) fn parse_within(value: &'a [u8], limits: ValueLimits) -> Self {
        let mut cursor = Cursor::new(value, limits);
        cursor.gap();
        // Some mailers put it in quotes.
        cursor.eat(b'"');
        let written = cursor.token().unwrap_or_default();
        let is = |name: &str| written.eq_ignore_ascii_case(name);
        let mut known =
            [Self::SevenBit, Self::EightBit, Self::Binary, Self::QuotedPrintable, Self::Base64]
                .into_iter();
        match known.find(|known| is(known.as_str())) {
            Some(known) => known,
            None if UUENCODE.into_iter().any(is) => Self::Uuencode,
            None => Self::Other(written),
        }
    }

    /// A body without the encoding.
    pub(crate) fn decode(self, body: &[u8]) -> Cow<'_, [u8]> {
        match self {
            Self::Base64 => Cow::Owned(base64::decode(body)),
            Self::QuotedPrintable => quoted_printable::decode(body),
            Self::Uuencode => Cow::Owned(uuencode::decode(body)),
            _ => Cow::Borrowed(body),
        }
    }

    /// Its name, in lower case unless nobody knows it.
    pub const fn as_str(&self) -> &'a str {
        match self {
            Self::SevenBit => "7bit",
            Self::EightBit => "8bit",
            Self::Binary => "binary",
            Self::QuotedPrintable => "quoted-printable",
            Self::Base64 => "base64",
            Self::Uuencode => "x-uuencode",
            Self::Other(name) => name,
        }
    }
}

impl fmt::Display for TransferEncoding<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_in_any_case() {
        assert_eq!(TransferEncoding::parse(b" BASE64 (x)"), TransferEncoding::Base64);
        assert_eq!(TransferEncoding::parse(b"7bit"), TransferEncoding::SevenBit);
        assert_eq!(
            TransferEncoding::parse(b"quoted-printable;"),
            TransferEncoding::QuotedPrintable
        );
        assert_eq!(TransferEncoding::parse(b"X-UUEncode"), TransferEncoding::Uuencode);
        assert_eq!(TransferEncoding::parse(b"uue"), TransferEncoding::Uuencode);
        assert_eq!(TransferEncoding::parse(b"\"base64\""), TransferEncoding::Base64);
        assert_eq!(TransferEncoding::parse(b"x-other"), TransferEncoding::Other("x-other"));
        assert_eq!(TransferEncoding::parse(b""), TransferEncoding::Other(""));
    }
}
