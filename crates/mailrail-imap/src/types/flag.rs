//! `flag`

use super::Atom;
use crate::{
    encode::Sink,
    grammar::{Parsed, fault, name},
};
use core::fmt;

/// A mark of a message (RFC 3501 §2.3.2).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Flag<'a> {
    /// `\Answered`
    Answered,
    /// `\Flagged`
    Flagged,
    /// `\Deleted`
    Deleted,
    /// `\Seen`
    Seen,
    /// `\Draft`
    Draft,
    /// `\Recent`: told by servers only; no command may set it.
    Recent,
    /// A keyword, without a backslash: `$Forwarded`, `work`.
    Keyword(Atom<'a>),
    /// A flag of an extension; the backslash is not part of the atom.
    Extension(Atom<'a>),
}

impl<'a> Flag<'a> {
    /// The same flag, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Flag<'static> {
        match self {
            Self::Answered => Flag::Answered,
            Self::Flagged => Flag::Flagged,
            Self::Deleted => Flag::Deleted,
            Self::Seen => Flag::Seen,
            Self::Draft => Flag::Draft,
            Self::Recent => Flag::Recent,
            Self::Keyword(word) => Flag::Keyword(word.into_owned()),
            Self::Extension(word) => Flag::Extension(word.into_owned()),
        }
    }

    /// `flag-fetch = flag / "\Recent"`
    pub(crate) fn parse_fetch(i: &'a [u8]) -> Parsed<'a, Self> {
        let [b'\\', word @ ..] = i else {
            let Ok((rest, word)) = Atom::parse(i) else { return fault(i, "a flag") };
            return Ok((rest, Self::Keyword(word)));
        };
        let (rest, word) = Atom::parse(word)?;
        let flag = match name(&mut [0; 20], word.as_str().as_bytes()) {
            b"ANSWERED" => Self::Answered,
            b"FLAGGED" => Self::Flagged,
            b"DELETED" => Self::Deleted,
            b"SEEN" => Self::Seen,
            b"DRAFT" => Self::Draft,
            b"RECENT" => Self::Recent,
            _ => Self::Extension(word),
        };
        Ok((rest, flag))
    }

    /// ```abnf
    /// flag = "\Answered" / "\Flagged" / "\Deleted" / "\Seen" / "\Draft" / flag-keyword / flag-extension
    ///        ; Does not include "\Recent"
    /// ```
    pub(crate) fn parse(i: &'a [u8]) -> Parsed<'a, Self> {
        match Self::parse_fetch(i)? {
            (_, Self::Recent) => fault(i, "a flag that can be set"),
            parsed => Ok(parsed),
        }
    }

    fn parts(&self) -> (&'static str, &str) {
        match self {
            Self::Answered => ("\\Answered", ""),
            Self::Flagged => ("\\Flagged", ""),
            Self::Deleted => ("\\Deleted", ""),
            Self::Seen => ("\\Seen", ""),
            Self::Draft => ("\\Draft", ""),
            Self::Recent => ("\\Recent", ""),
            Self::Keyword(word) => ("", word.as_str()),
            Self::Extension(word) => ("\\", word.as_str()),
        }
    }

    pub(crate) fn encode(&self, out: &mut impl Sink) {
        let (known, word) = self.parts();
        out.text(known.as_bytes());
        out.text(word.as_bytes());
    }
}

/// As it crosses the wire.
impl fmt::Display for Flag<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (known, word) = self.parts();
        write!(f, "{known}{word}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn system_flags_in_any_case() {
        assert_eq!(Flag::parse(b"\\sEEN)").unwrap(), (&b")"[..], Flag::Seen));
        assert_eq!(Flag::parse_fetch(b"\\recent").unwrap().1, Flag::Recent);
        assert!(Flag::parse(b"\\recent").is_err() && Flag::parse(b"\\*").is_err());
        let junk = Flag::Keyword(Atom::new("$Junk").unwrap());
        assert_eq!(Flag::parse(b"$junk").unwrap().1, junk);
        assert_eq!(alloc::format!("{junk} {}", Flag::Draft), "$Junk \\Draft");
    }
}
