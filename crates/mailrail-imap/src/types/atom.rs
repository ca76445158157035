//! `atom`

use crate::{
    SyntaxError,
    grammar::{self, Parsed, is_atom_char},
};
use alloc::borrow::Cow;
use core::{fmt, hash};

/// A word without spaces, quotes, brackets or wildcards (RFC 3501 §9, `atom`): a keyword, a
/// mechanism, the name of an extension. ASCII, never empty; case does not tell two apart.
#[derive(Debug, Clone)]
pub struct Atom<'a>(Cow<'a, str>);

impl<'a> Atom<'a> {
    /// Takes a word.
    ///
    /// # Errors
    ///
    /// Where it is empty or has a byte that no atom has.
    pub fn new(word: impl Into<Cow<'a, str>>) -> Result<Self, SyntaxError> {
        let word = word.into();
        match word.bytes().position(|b| !is_atom_char(b)) {
            None if !word.is_empty() => Ok(Self(word)),
            at => Err(SyntaxError::new(at.unwrap_or_default(), "an atom")),
        }
    }

    /// The word, in the case in which it came.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same word, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Atom<'static> {
        Atom(Cow::Owned(self.0.into_owned()))
    }

    pub(crate) fn parse(i: &'a [u8]) -> Parsed<'a, Self> {
        grammar::atom(i).map(|(rest, word)| (rest, Self(Cow::Borrowed(word))))
    }
}

/// Atoms that differ in case only are equal: "all alphabetic characters are case insensitive"
/// (RFC 9051 §9).
impl PartialEq for Atom<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for Atom<'_> {}

impl hash::Hash for Atom<'_> {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.0.bytes().for_each(|b| state.write_u8(b.to_ascii_lowercase()));
        state.write_u8(0xff);
    }
}

impl fmt::Display for Atom<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_does_not_tell() {
        assert_eq!(Atom::new("$Junk").unwrap(), Atom::new("$JUNK").unwrap());
        for bad in ["", "a b", "a\r\n", "a]", "\\x", "ä", "a*", "a\0"] {
            assert!(Atom::new(bad).is_err(), "{bad:?}");
        }
    }
}
