//! `SEARCH`

use crate::{
    SyntaxError,
    encode::Sink,
    grammar::{Parsed, crlf, nz_number, whole},
};
use alloc::vec::Vec;
use core::num::NonZeroU32;
use mailrail_wire::Output;

/// Numbers of messages that were searched for (RFC 3501 §7.2.5): all of them, or a part of a long
/// list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Search {
    /// Sequence numbers, or UIDs where those were asked for.
    pub numbers: Vec<NonZeroU32>,
    /// Whether the response ends here; more numbers follow where it does not.
    pub last: bool,
}

impl Search {
    /// Reads a further part of a response of which [`Response::parse`](super::Response::parse) has
    /// read the first.
    ///
    /// # Errors
    ///
    /// Where there is anything but numbers.
    pub fn parse_next(unit: &[u8]) -> Result<Self, SyntaxError> {
        whole(unit, Self::parse)
    }

    /// `"SEARCH" *(SP nz-number)`, behind the word, with a CR LF or up to any number.
    pub(super) fn parse(i: &[u8]) -> Parsed<'_, Self> {
        let (mut rest, mut numbers) = (i, Vec::new());
        while let [b' ', number @ ..] = rest {
            let (after, n) = nz_number(number)?;
            numbers.push(n);
            rest = after;
        }
        if rest.is_empty() {
            return Ok((rest, Self { numbers, last: false }));
        }
        crlf(rest).map(|(rest, ())| (rest, Self { numbers, last: true }))
    }

    pub(super) fn encode(&self, out: &mut Output) {
        Sink::text(out, b"* SEARCH");
        self.encode_next(out);
    }

    /// Writes a further part of a response whose first part was not the last.
    pub fn encode_next(&self, out: &mut Output) {
        for n in &self.numbers {
            Sink::text(out, b" ");
            out.number(n.get().into());
        }
        if self.last {
            Sink::text(out, b"\r\n");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Response, both_ways};
    use super::*;

    #[test]
    fn searches_whole_and_in_parts() {
        both_ways("* SEARCH 2 3 6\r\n");
        both_ways("* SEARCH\r\n");
        let Response::Search(part) = both_ways("* SEARCH 2 3") else { panic!() };
        assert!(!part.last);
        let rest = Search::parse_next(b" 6 8\r\n").unwrap();
        assert_eq!((rest.numbers.len(), rest.last), (2, true));
        assert!(Search::parse_next(b" 6 x\r\n").is_err());
        assert!(Response::parse(b"* SEARCH 0\r\n").is_err());
    }
}
