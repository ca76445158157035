//! The text that stands behind a status.

use crate::SyntaxError;

/// Words for a person, behind `+OK` or `-ERR`: no control characters, not beginning with `[`,
/// which would make it a response code (RFC 2449 §8), and 400 octets at most, so that the line
/// stays within 512 (RFC 2449 §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Text<'a>(&'a str);

impl<'a> Text<'a> {
    /// The longest there is, in octets.
    pub const LEN_MAX: usize = 400;

    /// No words.
    pub const NONE: Self = Self("");

    /// Checks `text`.
    ///
    /// # Errors
    ///
    /// Where it can't be sent as it is.
    pub const fn new(text: &'a str) -> Result<Self, SyntaxError> {
        if text.len() > Self::LEN_MAX {
            return Err(SyntaxError { offset: Self::LEN_MAX, expected: "the end" });
        }
        let mut rest = text.as_bytes();
        if let [b'[' | b' ', ..] = rest {
            return Err(SyntaxError { offset: 0, expected: "neither a space nor a bracket" });
        }
        while let [first, later @ ..] = rest {
            if first.is_ascii_control() {
                let offset = text.len() - rest.len();
                return Err(SyntaxError { offset, expected: "no control character" });
            }
            rest = later;
        }
        Ok(Self(text))
    }

    /// The text.
    #[must_use]
    pub const fn as_str(&self) -> &'a str {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_said() {
        assert!(Text::new("mrose is a real hoopy frood").is_ok());
        assert!(Text::new("").is_ok() && Text::new("grüß Gott").is_ok());
        for (text, offset) in [("[AUTH] no", 0), (" x", 0), ("a\r\nb", 1), ("ab\0", 2)] {
            assert_eq!(Text::new(text).unwrap_err().offset, offset);
        }
        assert!(Text::new(&"x".repeat(401)).is_err());
    }
}
