//! What kinds of soliciting a message does (RFC 3865).

use crate::{SyntaxError, grammar::is_solicitation};
use alloc::borrow::Cow;
use core::fmt;

/// The longest list, in bytes (RFC 3865 §2.2).
const LEN: usize = 1_000;

/// SOLICIT: the classes of soliciting that a message has, or that a server does not want.
///
/// ```
/// let classes: mailrail_smtp::Solicitation = "net.example:ADV,org.example:ADV:ADLT".parse()?;
/// assert!(classes.iter().any(|class| class == "net.example:ADV"));
/// # Ok::<_, mailrail_smtp::SyntaxError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Solicitation<'a>(Cow<'a, str>);

impl<'a> Solicitation<'a> {
    /// Reads a list.
    ///
    /// ```text
    /// Solicitation-keywords = word 0*("," word)
    /// word                  = ALPHA 0*(wordchar)
    /// wordchar              = ("." / "-" / "_" / ":" / ALPHA / DIGIT)
    /// ```
    ///
    /// # Errors
    ///
    /// Where `text` is anything else, or longer than 1,000 bytes.
    pub fn parse(text: &'a [u8]) -> Result<Self, SyntaxError> {
        match core::str::from_utf8(text) {
            Ok(text) if text.len() <= LEN && text.split(',').all(is_solicitation) => {
                Ok(Self(Cow::Borrowed(text)))
            }
            _ => Err(SyntaxError { offset: 0, expected: "classes of soliciting" }),
        }
    }

    /// Each class.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.split(',')
    }

    /// The same, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Solicitation<'static> {
        Solicitation(Cow::Owned(self.0.into_owned()))
    }
}

impl fmt::Display for Solicitation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

super::from_str!(Solicitation);

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString as _;

    #[test]
    fn classes() {
        for text in ["a", "org.example:ADV:ADLT", "a-b_c.d,e9"] {
            assert_eq!(text.parse::<Solicitation<'_>>().unwrap().to_string(), text);
        }
        let long = "a".repeat(1_001);
        for text in ["", ",", "a,", "1a", "a b", "a=b", "ä", &long] {
            assert!(text.parse::<Solicitation<'_>>().is_err(), "{text}");
        }
    }
}
