//! BDAT (RFC 3030 §2).

use crate::{
    SyntaxError,
    grammar::{byte, number, whole},
};
use core::fmt::Write as _;
use mailrail_wire::Output;

/// A chunk of the message: that many bytes follow the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "the RFC has these two")]
pub struct Bdat {
    /// Its size in bytes.
    pub size: u64,
    /// `LAST`: the message ends with it.
    pub last: bool,
}

impl Bdat {
    /// ```text
    /// bdat-cmd   ::= "BDAT" SP chunk-size [ SP end-marker ] CR LF
    /// chunk-size ::= 1*DIGIT
    /// end-marker ::= "LAST"
    /// ```
    pub(super) fn parse_arguments(text: &[u8]) -> Result<Self, SyntaxError> {
        let (sized, last) = match text.split_last_chunk::<5>() {
            Some((sized, word)) if word.eq_ignore_ascii_case(b" LAST") => (sized, true),
            _ => (text, false),
        };
        let size = whole(sized, |text| number(byte(b' ', "a space and a size")(text)?.0))?;
        Ok(Self { size, last })
    }

    pub(crate) fn encode(self, out: &mut Output) {
        // Writing to an `Output` never fails.
        let _ = write!(out, "BDAT {}{}", self.size, if self.last { " LAST" } else { "" });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks() {
        assert_eq!(Bdat::parse_arguments(b" 1000"), Ok(Bdat { size: 1_000, last: false }));
        assert_eq!(Bdat::parse_arguments(b" 0 last"), Ok(Bdat { size: 0, last: true }));
        for text in [&b""[..], b" ", b" LAST", b" a", b" -1", b" 1LAST", b" 1 LAST 2", b" 1  LAST"]
        {
            assert!(Bdat::parse_arguments(text).is_err(), "{text:?}");
        }
    }
}
