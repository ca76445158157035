//! What STAT, LIST and UIDL tell (RFC 1939 §5, §7).

use crate::{
    MessageNumber, SyntaxError, UniqueId,
    grammar::{Parsed, message_number, number, parse_all, rest, space},
};
use core::fmt::Write as _;
use mailrail_wire::Output;
use nom::{Parser, combinator::opt, sequence::preceded};

/// How much is in a maildrop, what is marked as deleted left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::exhaustive_structs, reason = "two counts that say all there is to say")]
pub struct DropListing {
    /// The messages.
    pub messages: u32,
    /// Their octets, as sent: with a CR LF for each line end, without dot-stuffing (RFC 1939 §11).
    pub octets: u64,
}

/// How large a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "two numbers that say all there is to say")]
pub struct ScanListing {
    /// The message.
    pub message: MessageNumber,
    /// Its octets, as sent; servers are known to tell less than they send.
    pub octets: u64,
}

/// What a message is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a number and an id say all there is to say")]
pub struct UniqueIdListing<'a> {
    /// The message.
    pub message: MessageNumber,
    /// Its unique-id.
    pub unique_id: UniqueId<'a>,
}

impl DropListing {
    /// Reads the text behind STAT's `+OK`; what may follow the two numbers is left aside (RFC 1939
    /// §5 says nothing of it).
    ///
    /// # Errors
    ///
    /// Where the two numbers do not stand there.
    pub fn parse(text: &[u8]) -> Result<Self, SyntaxError> {
        let pair = (number::<u32>, preceded(space, number::<u64>), anything);
        parse_all(text, pair).map(|(messages, octets, ())| Self { messages, octets })
    }

    /// Writes the text.
    pub fn encode(&self, out: &mut Output) {
        // Writing to an `Output` never fails.
        let _ = write!(out, "{} {}", self.messages, self.octets);
    }
}

impl ScanListing {
    /// Reads a line of LIST's answer, without CR LF; what may follow the size is left aside.
    ///
    /// # Errors
    ///
    /// Where the two numbers do not stand there.
    pub fn parse(text: &[u8]) -> Result<Self, SyntaxError> {
        let pair = (message_number, preceded(space, number::<u64>), anything);
        parse_all(text, pair).map(|(message, octets, ())| Self { message, octets })
    }

    /// Writes the line, without CR LF.
    pub fn encode(&self, out: &mut Output) {
        // Writing to an `Output` never fails.
        let _ = write!(out, "{} {}", self.message, self.octets);
    }
}

impl<'a> UniqueIdListing<'a> {
    /// Reads a line of UIDL's answer, without CR LF. Nothing follows the unique-id.
    ///
    /// # Errors
    ///
    /// Where it has no number, or no unique-id.
    pub fn parse(text: &'a [u8]) -> Result<Self, SyntaxError> {
        let (message, id) = parse_all(text, (message_number, preceded(space, rest)))?;
        let at = text.len().saturating_sub(id.len());
        let unique_id = UniqueId::parse(id)
            .map_err(|error| SyntaxError { offset: error.offset + at, ..error })?;
        Ok(Self { message, unique_id })
    }

    /// Writes the line, without CR LF.
    pub fn encode(&self, out: &mut Output) {
        // Writing to an `Output` never fails.
        let _ = write!(out, "{} {}", self.message, self.unique_id);
    }
}

/// What may follow behind a space.
fn anything(input: &[u8]) -> Parsed<'_, ()> {
    opt(preceded(space, rest)).map(|_| ()).parse(input)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        assert_eq!(DropListing::parse(b"2 320"), Ok(DropListing { messages: 2, octets: 320 }));
        assert_eq!(DropListing::parse(b"2 320 octets").unwrap().octets, 320);
        assert_eq!(ScanListing::parse(b"2 200").unwrap().octets, 200);
        let uid = UniqueIdListing::parse(b"2 QhdPYR:00WBw1Ph7x7").unwrap();
        assert_eq!((uid.message.value(), uid.unique_id.as_str()), (2, "QhdPYR:00WBw1Ph7x7"));
        for bad in [&b""[..], b"2", b"2 ", b"2 x", b"x 2", b"2  3", b"2 3x", b"-1 3"] {
            assert!(DropListing::parse(bad).is_err() && ScanListing::parse(bad).is_err());
        }
        assert!(DropListing::parse(b"0 0").is_ok() && ScanListing::parse(b"0 0").is_err());
        assert_eq!(UniqueIdListing::parse(b"12 a b").unwrap_err().offset, 4);
        assert!(UniqueIdListing::parse(b"1 ").is_err());
    }
}
