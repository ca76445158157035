//! `search-key`

use super::{Atom, Date, IString, SequenceSet};
use crate::{
    encode::Sink,
    grammar::{NESTING, Parsed, arg, atom, close, fault, name, number64, sp},
};
use alloc::{boxed::Box, vec::Vec};
use nom::{Parser, combinator::map};

/// What a message is searched by (RFC 3501 §6.4.4).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SearchKey<'a> {
    /// `ALL`: every message.
    All,
    /// `ANSWERED`
    Answered,
    /// `BCC`: the field holds the string.
    Bcc(IString<'a>),
    /// `BEFORE`: the internal date is earlier than the day.
    Before(Date),
    /// `BODY`: the body holds the string.
    Body(IString<'a>),
    /// `CC`: the field holds the string.
    Cc(IString<'a>),
    /// `DELETED`
    Deleted,
    /// `DRAFT`
    Draft,
    /// `FLAGGED`
    Flagged,
    /// `FROM`: the field holds the string.
    From(IString<'a>),
    /// `HEADER`: the field of that name holds the string; an empty one asks for the field alone.
    Header(IString<'a>, IString<'a>),
    /// `KEYWORD`: the keyword is set.
    Keyword(Atom<'a>),
    /// `LARGER`: the size is above so many octets.
    Larger(u64),
    /// `NEW`: recent and not seen.
    New,
    /// `NOT`
    Not(Box<Self>),
    /// `OLD`: not recent.
    Old,
    /// `ON`: the internal date is the day.
    On(Date),
    /// `OR`
    Or(Box<Self>, Box<Self>),
    /// `RECENT`
    Recent,
    /// `SEEN`
    Seen,
    /// `SENTBEFORE`: the `Date` field is earlier than the day.
    SentBefore(Date),
    /// `SENTON`: the `Date` field is of the day.
    SentOn(Date),
    /// `SENTSINCE`: the `Date` field is of the day or later.
    SentSince(Date),
    /// `SINCE`: the internal date is the day or later.
    Since(Date),
    /// `SMALLER`: the size is below so many octets.
    Smaller(u64),
    /// `SUBJECT`: the field holds the string.
    Subject(IString<'a>),
    /// `TEXT`: the header or the body holds the string.
    Text(IString<'a>),
    /// `TO`: the field holds the string.
    To(IString<'a>),
    /// `UID`: the UID is in the set.
    Uid(SequenceSet),
    /// `UNANSWERED`
    Unanswered,
    /// `UNDELETED`
    Undeleted,
    /// `UNDRAFT`
    Undraft,
    /// `UNFLAGGED`
    Unflagged,
    /// `UNKEYWORD`: the keyword is not set.
    Unkeyword(Atom<'a>),
    /// `UNSEEN`
    Unseen,
    /// The sequence number is in the set.
    Sequence(SequenceSet),
    /// All of these, in parentheses. Written as `ALL` where there are none.
    And(Vec<Self>),
}

impl<'a> SearchKey<'a> {
    /// The same key, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> SearchKey<'static> {
        use SearchKey as Key;
        match self {
            Self::All => Key::All,
            Self::Answered => Key::Answered,
            Self::Bcc(text) => Key::Bcc(text.into_owned()),
            Self::Before(date) => Key::Before(date),
            Self::Body(text) => Key::Body(text.into_owned()),
            Self::Cc(text) => Key::Cc(text.into_owned()),
            Self::Deleted => Key::Deleted,
            Self::Draft => Key::Draft,
            Self::Flagged => Key::Flagged,
            Self::From(text) => Key::From(text.into_owned()),
            Self::Header(name, text) => Key::Header(name.into_owned(), text.into_owned()),
            Self::Keyword(word) => Key::Keyword(word.into_owned()),
            Self::Larger(n) => Key::Larger(n),
            Self::New => Key::New,
            Self::Not(key) => Key::Not(Box::new(key.into_owned())),
            Self::Old => Key::Old,
            Self::On(date) => Key::On(date),
            Self::Or(a, b) => Key::Or(Box::new(a.into_owned()), Box::new(b.into_owned())),
            Self::Recent => Key::Recent,
            Self::Seen => Key::Seen,
            Self::SentBefore(date) => Key::SentBefore(date),
            Self::SentOn(date) => Key::SentOn(date),
            Self::SentSince(date) => Key::SentSince(date),
            Self::Since(date) => Key::Since(date),
            Self::Smaller(n) => Key::Smaller(n),
            Self::Subject(text) => Key::Subject(text.into_owned()),
            Self::Text(text) => Key::Text(text.into_owned()),
            Self::To(text) => Key::To(text.into_owned()),
            Self::Uid(set) => Key::Uid(set),
            Self::Unanswered => Key::Unanswered,
            Self::Undeleted => Key::Undeleted,
            Self::Undraft => Key::Undraft,
            Self::Unflagged => Key::Unflagged,
            Self::Unkeyword(word) => Key::Unkeyword(word.into_owned()),
            Self::Unseen => Key::Unseen,
            Self::Sequence(set) => Key::Sequence(set),
            Self::And(keys) => Key::And(keys.into_iter().map(Self::into_owned).collect()),
        }
    }

    /// One key; NOT, OR and parentheses nest no deeper than [`NESTING`].
    pub(crate) fn parse(i: &'a [u8]) -> Parsed<'a, Self> {
        Self::nested(NESTING)(i)
    }

    fn nested(depth: usize) -> impl FnMut(&'a [u8]) -> Parsed<'a, Self> {
        move |i| match i.first() {
            _ if depth == 0 => fault(i, "less nesting"),
            Some(b'(') => {
                let (mut rest, mut keys) = (i.get(1..).unwrap_or_default(), Vec::new());
                loop {
                    let (after, key) = Self::nested(depth - 1)(rest)?;
                    keys.push(key);
                    match after {
                        [b' ', after @ ..] => rest = after,
                        _ => return close(after).map(|(rest, ())| (rest, Self::And(keys))),
                    }
                }
            }
            Some(b'0'..=b'9' | b'*') => map(SequenceSet::parse, Self::Sequence).parse(i),
            _ => Self::word(i, depth),
        }
    }

    fn word(i: &'a [u8], depth: usize) -> Parsed<'a, Self> {
        let Ok((rest, word)) = atom(i) else { return fault(i, "a search key") };
        let text = |key: fn(IString<'a>) -> Self| map(arg(IString::parse_astring), key).parse(rest);
        let date = |key: fn(Date) -> Self| map(arg(Date::parse), key).parse(rest);
        let plain = |key| Ok((rest, key));
        match name(&mut [0; 20], word.as_bytes()) {
            b"ALL" => plain(Self::All),
            b"ANSWERED" => plain(Self::Answered),
            b"BCC" => text(Self::Bcc),
            b"BEFORE" => date(Self::Before),
            b"BODY" => text(Self::Body),
            b"CC" => text(Self::Cc),
            b"DELETED" => plain(Self::Deleted),
            b"DRAFT" => plain(Self::Draft),
            b"FLAGGED" => plain(Self::Flagged),
            b"FROM" => text(Self::From),
            b"HEADER" => {
                let (rest, field) = arg(IString::parse_astring).parse(rest)?;
                map(arg(IString::parse_astring), |text| Self::Header(field.clone(), text))
                    .parse(rest)
            }
            b"KEYWORD" => map(arg(Atom::parse), Self::Keyword).parse(rest),
            b"LARGER" => map(arg(number64), Self::Larger).parse(rest),
            b"NEW" => plain(Self::New),
            b"NOT" => map(arg(Self::nested(depth - 1)), |key| Self::Not(Box::new(key))).parse(rest),
            b"OLD" => plain(Self::Old),
            b"ON" => date(Self::On),
            b"OR" => {
                let (rest, ()) = sp(rest)?;
                let (rest, first) = Self::nested(depth - 1)(rest)?;
                let (rest, second) = arg(Self::nested(depth - 1)).parse(rest)?;
                Ok((rest, Self::Or(Box::new(first), Box::new(second))))
            }
            b"RECENT" => plain(Self::Recent),
            b"SEEN" => plain(Self::Seen),
            b"SENTBEFORE" => date(Self::SentBefore),
            b"SENTON" => date(Self::SentOn),
            b"SENTSINCE" => date(Self::SentSince),
            b"SINCE" => date(Self::Since),
            b"SMALLER" => map(arg(number64), Self::Smaller).parse(rest),
            b"SUBJECT" => text(Self::Subject),
            b"TEXT" => text(Self::Text),
            b"TO" => text(Self::To),
            b"UID" => map(arg(SequenceSet::parse), Self::Uid).parse(rest),
            b"UNANSWERED" => plain(Self::Unanswered),
            b"UNDELETED" => plain(Self::Undeleted),
            b"UNDRAFT" => plain(Self::Undraft),
            b"UNFLAGGED" => plain(Self::Unflagged),
            b"UNKEYWORD" => map(arg(Atom::parse), Self::Unkeyword).parse(rest),
            b"UNSEEN" => plain(Self::Unseen),
            _ => fault(i, "a search key"),
        }
    }

    pub(crate) fn encode(&self, out: &mut impl Sink) {
        let text = |out: &mut _, word: &[u8], text: &IString<'_>| {
            Sink::text(out, word);
            text.encode_astring(out);
        };
        let date = |out: &mut _, word: &[u8], date: &Date| {
            Sink::text(out, word);
            date.encode(out);
        };
        match self {
            Self::All => out.text(b"ALL"),
            Self::Answered => out.text(b"ANSWERED"),
            Self::Bcc(it) => text(out, b"BCC ", it),
            Self::Before(it) => date(out, b"BEFORE ", it),
            Self::Body(it) => text(out, b"BODY ", it),
            Self::Cc(it) => text(out, b"CC ", it),
            Self::Deleted => out.text(b"DELETED"),
            Self::Draft => out.text(b"DRAFT"),
            Self::Flagged => out.text(b"FLAGGED"),
            Self::From(it) => text(out, b"FROM ", it),
            Self::Header(field, it) => {
                text(out, b"HEADER ", field);
                text(out, b" ", it);
            }
            Self::Keyword(word) => {
                out.text(b"KEYWORD ");
                out.text(word.as_str().as_bytes());
            }
            Self::Larger(n) => {
                out.text(b"LARGER ");
                out.number(*n);
            }
            Self::New => out.text(b"NEW"),
            Self::Not(key) => {
                out.text(b"NOT ");
                key.encode(out);
            }
            Self::Old => out.text(b"OLD"),
            Self::On(it) => date(out, b"ON ", it),
            Self::Or(first, second) => {
                out.text(b"OR ");
                first.encode(out);
                out.text(b" ");
                second.encode(out);
            }
            Self::Recent => out.text(b"RECENT"),
            Self::Seen => out.text(b"SEEN"),
            Self::SentBefore(it) => date(out, b"SENTBEFORE ", it),
            Self::SentOn(it) => date(out, b"SENTON ", it),
            Self::SentSince(it) => date(out, b"SENTSINCE ", it),
            Self::Since(it) => date(out, b"SINCE ", it),
            Self::Smaller(n) => {
                out.text(b"SMALLER ");
                out.number(*n);
            }
            Self::Subject(it) => text(out, b"SUBJECT ", it),
            Self::Text(it) => text(out, b"TEXT ", it),
            Self::To(it) => text(out, b"TO ", it),
            Self::Uid(set) => {
                out.text(b"UID ");
                set.encode(out);
            }
            Self::Unanswered => out.text(b"UNANSWERED"),
            Self::Undeleted => out.text(b"UNDELETED"),
            Self::Undraft => out.text(b"UNDRAFT"),
            Self::Unflagged => out.text(b"UNFLAGGED"),
            Self::Unkeyword(word) => {
                out.text(b"UNKEYWORD ");
                out.text(word.as_str().as_bytes());
            }
            Self::Unseen => out.text(b"UNSEEN"),
            Self::Sequence(set) => set.encode(out),
            Self::And(keys) if keys.is_empty() => out.text(b"ALL"),
            Self::And(keys) => out.list(keys, |out, key| key.encode(out)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nesting_has_an_end() {
        for open in [&b"("[..], b"NOT ", b"OR ALL ", b"OR NOT ("] {
            assert!(SearchKey::parse(&open.repeat(100_000)).is_err());
        }
        let deep = [&b"NOT ".repeat(NESTING - 1)[..], b"ALL"].concat();
        assert!(SearchKey::parse(&deep).is_ok());
    }
}
