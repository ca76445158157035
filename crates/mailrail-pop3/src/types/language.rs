//! Languages of the words for people (RFC 6856 §3).

use crate::SyntaxError;
use core::fmt;

/// The tag of a language (RFC 5646 §2.1), as `de` or `en-boont`: letters, digits and hyphens, in
/// parts of 8 at most, 64 octets at most. Whether such a language exists is not looked up.
#[derive(Debug, Clone, Copy)]
pub struct LanguageTag<'a>(&'a str);

impl<'a> LanguageTag<'a> {
    /// The longest there is, in octets.
    pub const LEN_MAX: usize = 64;

    /// Reads one.
    ///
    /// # Errors
    ///
    /// Where it has another shape.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, SyntaxError> {
        let wrong = |offset| SyntaxError { offset, expected: "a language" };
        let mut offset = 0;
        for (part, n) in bytes.split(|&byte| byte == b'-').zip(0..) {
            let is_good = |byte: &u8| byte.is_ascii_alphabetic() || n > 0 && byte.is_ascii_digit();
            if let Some(at) = part.iter().position(|byte| !is_good(byte)) {
                return Err(wrong(offset + at));
            }
            if !matches!(part.len(), 1..=8) {
                return Err(wrong(offset));
            }
            offset += part.len() + 1;
        }
        match core::str::from_utf8(bytes) {
            Ok(tag) if tag.len() <= Self::LEN_MAX => Ok(Self(tag)),
            _ => Err(wrong(Self::LEN_MAX)),
        }
    }

    /// The tag.
    #[must_use]
    pub const fn as_str(&self) -> &'a str {
        self.0
    }
}

impl PartialEq for LanguageTag<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(other.0)
    }
}

impl Eq for LanguageTag<'_> {}

impl fmt::Display for LanguageTag<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// Which language is wanted: a basic language range (RFC 4647 §2.1).
///
/// ```text
/// language-range = (1*8ALPHA *("-" 1*8alphanum)) / "*"
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "RFC 4647 §2.1 knows no third kind")]
pub enum LanguageRange<'a> {
    /// `*`: the one that the server prefers.
    Any,
    /// This one, or a variety of it.
    Tag(LanguageTag<'a>),
}

impl<'a> LanguageRange<'a> {
    /// Reads one.
    ///
    /// # Errors
    ///
    /// Where it has another shape.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, SyntaxError> {
        if bytes == b"*" { Ok(Self::Any) } else { LanguageTag::parse(bytes).map(Self::Tag) }
    }

    /// The range, as it is sent.
    #[must_use]
    pub const fn as_str(&self) -> &'a str {
        match self {
            Self::Any => "*",
            Self::Tag(tag) => tag.0,
        }
    }

    /// Whether a language is within it (RFC 4647 §3.3.1, basic filtering): `de` has `de-CH` in it.
    #[must_use]
    pub fn contains(&self, language: LanguageTag<'_>) -> bool {
        let Self::Tag(range) = self else { return true };
        let (range, tag) = (range.0.as_bytes(), language.0.as_bytes());
        tag.get(..range.len()).is_some_and(|start| start.eq_ignore_ascii_case(range))
            && matches!(tag.get(range.len()), None | Some(b'-'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_and_ranges() {
        let tag = |text: &'static str| LanguageTag::parse(text.as_bytes());
        let range = |text: &'static str| LanguageRange::parse(text.as_bytes()).unwrap();
        for good in ["en", "en-boont", "de-1996", "x-a", "sr-Latn-RS"] {
            assert_eq!(tag(good).unwrap().as_str(), good);
        }
        for (bad, offset) in [("", 0), ("e1", 1), ("en-", 3), ("-en", 0), ("en_US", 2), ("a b", 1)]
        {
            assert_eq!(tag(bad).unwrap_err().offset, offset, "{bad}");
        }
        assert!(tag("en-abcdefghi").is_err());
        assert_eq!(tag("EN-us"), tag("en-US"));
        let (de, swiss) = (tag("de").unwrap(), tag("de-CH").unwrap());
        assert!(range("DE").contains(de) && range("de").contains(swiss));
        assert!(!range("de-ch").contains(de) && !range("d").contains(de));
        assert!(range("*").contains(swiss) && range("*").as_str() == "*");
    }
}
