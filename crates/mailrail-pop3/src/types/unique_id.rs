//! Unique-ids.

use crate::SyntaxError;
use core::fmt;

/// A message's unique-id: 1 to 70 characters from `!` to `~` (RFC 1939 §7). It stays with the
/// message from session to session, and no other message of that maildrop ever has it.
///
/// A server picks it: as part of a file's name it may lead anywhere (`../../etc/passwd` is one).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UniqueId<'a>(&'a str);

impl<'a> UniqueId<'a> {
    /// The longest there is, in octets.
    pub const LEN_MAX: usize = 70;

    /// Reads one.
    ///
    /// # Errors
    ///
    /// Where it is empty, too long, or has another character.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, SyntaxError> {
        let bad = bytes.iter().position(|byte| !byte.is_ascii_graphic());
        if let Some(offset) = bad {
            return Err(SyntaxError { offset, expected: "a printable ASCII character" });
        }
        match core::str::from_utf8(bytes) {
            Ok(id) if matches!(id.len(), 1..=Self::LEN_MAX) => Ok(Self(id)),
            _ => Err(SyntaxError { offset: 0, expected: "1 to 70 characters" }),
        }
    }

    /// The id.
    #[must_use]
    pub const fn as_str(&self) -> &'a str {
        self.0
    }
}

impl fmt::Display for UniqueId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_and_characters() {
        let long = [b'x'; 71];
        assert_eq!(UniqueId::parse(b"whqtswO00WBw418f9t5JxYwZ").unwrap().as_str().len(), 24);
        assert!(UniqueId::parse(&long[1..]).is_ok() && UniqueId::parse(&long).is_err());
        for bad in [&b""[..], b"a b", b"a\x7f", b"\xc3\xa4", b"a\r"] {
            assert!(UniqueId::parse(bad).is_err());
        }
    }
}
