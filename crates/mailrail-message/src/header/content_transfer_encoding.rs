//! `Content-Transfer-Encoding` (RFC 2045 §6).

use core::fmt;

use crate::grammar::spaced_token;

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
        let written = spaced_token(value).map_or("", |(_, token)| token);
        [Self::SevenBit, Self::EightBit, Self::Binary, Self::QuotedPrintable, Self::Base64]
            .into_iter()
            .find(|known| known.as_str().eq_ignore_ascii_case(written))
            .unwrap_or(Self::Other(written))
    }

    /// Its name, in lower case unless nobody knows it.
    pub const fn as_str(&self) -> &'a str {
        match self {
            Self::SevenBit => "7bit",
            Self::EightBit => "8bit",
            Self::Binary => "binary",
            Self::QuotedPrintable => "quoted-printable",
            Self::Base64 => "base64",
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
        assert_eq!(TransferEncoding::parse(b"x-uuencode"), TransferEncoding::Other("x-uuencode"));
        assert_eq!(TransferEncoding::parse(b""), TransferEncoding::Other(""));
    }
}
