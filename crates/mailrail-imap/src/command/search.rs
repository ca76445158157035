//! `SEARCH`

use crate::{
    encode::{Encoded, Sink},
    grammar::{Parsed, arg, fault},
    types::{IString, SearchKey},
};
use alloc::vec::Vec;
use nom::Parser;

/// Asks which messages fit all keys (RFC 3501 §6.4.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search<'a> {
    /// Whether the answer is in UIDs rather than sequence numbers.
    pub uid: bool,
    /// The charset of the strings in the keys; US-ASCII where there is none.
    pub charset: Option<IString<'a>>,
    /// The keys; one at least. Written as `ALL` where there are none.
    pub keys: Vec<SearchKey<'a>>,
}

impl<'a> Search<'a> {
    /// The same command, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Search<'static> {
        Search {
            uid: self.uid,
            charset: self.charset.map(IString::into_owned),
            keys: self.keys.into_iter().map(SearchKey::into_owned).collect(),
        }
    }

    /// `search = "SEARCH" [SP "CHARSET" SP astring] 1*(SP search-key)`
    pub(super) fn parse(i: &'a [u8], uid: bool) -> Parsed<'a, Self> {
        let (mut i, mut charset, mut keys) = (i, None, Vec::new());
        if let Some((word, rest)) = i.split_at_checked(b" CHARSET".len())
            && word.eq_ignore_ascii_case(b" CHARSET")
        {
            let (rest, name) = arg(IString::parse_astring).parse(rest)?;
            (i, charset) = (rest, Some(name));
        }
        while i.starts_with(b" ") {
            let (rest, key) = arg(SearchKey::parse).parse(i)?;
            keys.push(key);
            i = rest;
        }
        if keys.is_empty() {
            return fault(i, "a search key");
        }
        Ok((i, Self { uid, charset, keys }))
    }

    pub(super) fn encode(&self, out: &mut Encoded) {
        out.text(if self.uid { b"UID SEARCH " } else { b"SEARCH " });
        if let Some(charset) = &self.charset {
            out.text(b"CHARSET ");
            charset.encode_astring(out);
            out.text(b" ");
        }
        if self.keys.is_empty() {
            return out.text(b"ALL");
        }
        out.spaced(&self.keys, |out, key| key.encode(out));
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Command, both_ways};

    #[test]
    fn searches_of_the_rfc() {
        both_ways("A282 SEARCH FLAGGED SINCE 1-Feb-1994 NOT FROM Smith\r\n");
        both_ways("A283 SEARCH TEXT \"string not in mailbox\"\r\n");
        both_ways("A284 SEARCH CHARSET UTF-8 TEXT {6}\r\n\u{42}\u{43}\u{e4}\u{e4}\r\n");
        both_ways(concat!(
            "a UID SEARCH ALL ANSWERED BCC a BEFORE 1-Jan-2026 BODY b CC c DELETED DRAFT HEADER X \"\" ",
            "KEYWORD $Junk LARGER 9 NEW OLD ON 2-Jan-2026 OR RECENT SEEN SENTBEFORE 3-Jan-2026 ",
            "SENTON 4-Jan-2026 SENTSINCE 5-Jan-2026 SMALLER 10 SUBJECT d TO e UID 1:*,5 UNANSWERED ",
            "UNDELETED UNDRAFT UNFLAGGED UNKEYWORD w UNSEEN 2,4 (NOT (1 SEEN) ALL)\r\n",
        ));
        for bad in [
            "a SEARCH\r\n",
            "a SEARCH CHARSET UTF-8\r\n",
            "a SEARCH ()\r\n",
            "a SEARCH OR ALL\r\n",
            "a SEARCH FOO\r\n",
            "a SEARCH ALL \r\n",
            "a SEARCH ON 32-Jan-2026\r\n",
        ] {
            assert!(Command::parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
