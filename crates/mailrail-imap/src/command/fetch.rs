//! `FETCH`

use crate::{
    encode::{Encoded, Sink},
    grammar::{Parsed, arg, list1},
    types::{FetchAttribute, SequenceSet},
};
use alloc::{vec, vec::Vec};
use nom::Parser;

/// Asks for parts of messages (RFC 3501 §6.4.5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetch<'a> {
    /// Whether the set holds UIDs rather than sequence numbers.
    pub uid: bool,
    /// Which messages.
    pub set: SequenceSet,
    /// What of them; one at least. ALL, FAST and FULL are read as what they stand for.
    pub attributes: Vec<FetchAttribute<'a>>,
}

impl<'a> Fetch<'a> {
    /// The same command, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Fetch<'static> {
        let attributes = self.attributes.into_iter().map(FetchAttribute::into_owned).collect();
        Fetch { uid: self.uid, set: self.set, attributes }
    }

    /// ```abnf
    /// fetch = "FETCH" SP sequence-set SP ("ALL" / "FULL" / "FAST" /
    ///         fetch-att / "(" fetch-att *(SP fetch-att) ")")
    /// ```
    pub(super) fn parse(i: &'a [u8], uid: bool) -> Parsed<'a, Self> {
        let (i, set) = arg(SequenceSet::parse).parse(i)?;
        let (i, attributes) = if i.starts_with(b" (") {
            arg(list1(FetchAttribute::parse)).parse(i)?
        } else if let Ok(parsed) = arg(FetchAttribute::parse_macro).parse(i) {
            parsed
        } else {
            let (i, attribute) = arg(FetchAttribute::parse).parse(i)?;
            (i, vec![attribute])
        };
        Ok((i, Self { uid, set, attributes }))
    }

    pub(super) fn encode(&self, out: &mut Encoded) {
        out.text(if self.uid { b"UID FETCH " } else { b"FETCH " });
        self.set.encode(out);
        out.text(b" ");
        match &self.attributes[..] {
            [attribute] => attribute.encode(out),
            attributes => out.list(attributes, |out, attribute| attribute.encode(out)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Command, both_ways};

    #[test]
    fn fetches_of_the_rfc() {
        both_ways("A654 FETCH 2:4 (FLAGS BODY[HEADER.FIELDS (DATE FROM)])\r\n");
        both_ways("A999 UID FETCH 4827313:4828442 FLAGS\r\n");
        both_ways(
            "a FETCH 1:* (UID RFC822.SIZE RFC822 RFC822.HEADER RFC822.TEXT BODY BODYSTRUCTURE ENVELOPE INTERNALDATE BODY.PEEK[1.2.MIME]<0.2048> BODY[])\r\n",
        );
        let Ok((_, Command::Fetch(fetch))) = Command::parse(b"a fetch 1 full\r\n") else {
            panic!()
        };
        assert_eq!(fetch.attributes.len(), 5);
        for bad in [
            "a FETCH 1 ()\r\n",
            "a FETCH 1\r\n",
            "a FETCH 1 (ALL)\r\n",
            "a FETCH 1 BODY.PEEK\r\n",
            "a FETCH 1 BODY[]<1>\r\n",
            "a FETCH 1 X\r\n",
        ] {
            assert!(Command::parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_header_list_may_hold_literals() {
        let (_, command) =
            Command::parse(b"a FETCH 1 BODY[HEADER.FIELDS ({4}\r\nDATE)]\r\n").unwrap();
        let Command::Fetch(fetch) = command else { panic!() };
        assert!(fetch.attributes[0].sets_seen());
    }
}
