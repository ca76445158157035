//! `EXPUNGE`

use crate::{
    encode::{Encoded, Sink},
    grammar::{Parsed, arg},
    types::SequenceSet,
};
use nom::Parser;

/// Removes the messages that have `\Deleted` for good (RFC 3501 §6.4.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expunge {
    /// Of those, only the messages with these UIDs: `UID EXPUNGE` (UIDPLUS, RFC 4315 §2.1).
    pub uids: Option<SequenceSet>,
}

impl Expunge {
    /// `uid-expunge = "UID" SP "EXPUNGE" SP sequence-set`
    pub(super) fn parse_uids(i: &[u8]) -> Parsed<'_, Self> {
        let (i, uids) = arg(SequenceSet::parse).parse(i)?;
        Ok((i, Self { uids: Some(uids) }))
    }

    pub(super) fn encode(&self, out: &mut Encoded) {
        match &self.uids {
            None => out.text(b"EXPUNGE"),
            Some(uids) => {
                out.text(b"UID EXPUNGE ");
                uids.encode(out);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::both_ways;

    #[test]
    fn expunges_of_the_rfcs() {
        both_ways("A202 EXPUNGE\r\n");
        both_ways("A003 UID EXPUNGE 3000:3002\r\n");
    }
}
