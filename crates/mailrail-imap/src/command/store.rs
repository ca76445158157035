//! `STORE`

use crate::{
    encode::{Encoded, Sink},
    grammar::{Parsed, arg, fault, list0, name, sp},
    types::{Flag, SequenceSet},
};
use alloc::vec::Vec;
use nom::{Parser, bytes::complete::take_while, character::complete::char, multi::separated_list1};

/// Changes flags of messages (RFC 3501 §6.4.6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Store<'a> {
    /// Whether the set holds UIDs rather than sequence numbers.
    pub uid: bool,
    /// Which messages.
    pub set: SequenceSet,
    /// What to do with the flags.
    pub mode: StoreMode,
    /// Whether the client does without the FETCH responses that tell the flags after that.
    pub silent: bool,
    /// The flags.
    pub flags: Vec<Flag<'a>>,
}

/// What STORE does with its flags.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreMode {
    /// `FLAGS`: puts them in place of those that are set.
    Replace,
    /// `+FLAGS`: sets them, too.
    Add,
    /// `-FLAGS`: takes them away.
    Remove,
}

impl<'a> Store<'a> {
    /// The same command, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Store<'static> {
        let flags = self.flags.into_iter().map(Flag::into_owned).collect();
        Store { uid: self.uid, set: self.set, mode: self.mode, silent: self.silent, flags }
    }

    /// ```abnf
    /// store           = "STORE" SP sequence-set SP store-att-flags
    /// store-att-flags = (["+" / "-"] "FLAGS" [".SILENT"]) SP (flag-list / (flag *(SP flag)))
    /// ```
    pub(super) fn parse(i: &'a [u8], uid: bool) -> Parsed<'a, Self> {
        let (i, set) = arg(SequenceSet::parse).parse(i)?;
        let (i, ()) = sp(i)?;
        let (mode, word) = match i {
            [b'+', word @ ..] => (StoreMode::Add, word),
            [b'-', word @ ..] => (StoreMode::Remove, word),
            _ => (StoreMode::Replace, i),
        };
        let (rest, word) = take_while(|b: u8| b.is_ascii_alphabetic() || b == b'.').parse(word)?;
        let silent = match name(&mut [0; 20], word) {
            b"FLAGS" => false,
            b"FLAGS.SILENT" => true,
            _ => return fault(i, "FLAGS"),
        };
        let (i, flags) = if rest.starts_with(b" (") {
            arg(list0(Flag::parse)).parse(rest)?
        } else {
            arg(separated_list1(char(' '), Flag::parse)).parse(rest)?
        };
        Ok((i, Self { uid, set, mode, silent, flags }))
    }

    pub(super) fn encode(&self, out: &mut Encoded) {
        out.text(if self.uid { b"UID STORE " } else { b"STORE " });
        self.set.encode(out);
        out.text(match self.mode {
            StoreMode::Replace => b" FLAGS",
            StoreMode::Add => b" +FLAGS",
            StoreMode::Remove => b" -FLAGS",
        });
        out.text(if self.silent { b".SILENT " } else { b" " });
        out.list(&self.flags, |out, flag| flag.encode(out));
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Command, both_ways};

    #[test]
    fn stores_of_the_rfc() {
        both_ways("A003 STORE 2:4 +FLAGS (\\Deleted)\r\n");
        both_ways("a UID STORE 1 -FLAGS.SILENT (\\Seen $Junk)\r\n");
        both_ways("a STORE 1 FLAGS ()\r\n");
        assert!(Command::parse(b"a store 1 +flags.silent \\Seen \\Draft\r\n").is_ok());
        for bad in [
            "a STORE 1 +FLAGS\r\n",
            "a STORE 1 FLAGS (\\Recent)\r\n",
            "a STORE 1 X ()\r\n",
            "a STORE 1 +FLAGS (\\Seen\r\n",
        ] {
            assert!(Command::parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
