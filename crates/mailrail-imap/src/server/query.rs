//! What SEARCH means.

use super::{Needs, View};
use crate::{
    command::Search,
    types::{Date, DateTime, Flag, IString, SearchKey},
};
use alloc::{
    borrow::{Cow, ToOwned},
    boxed::Box,
    string::String,
    vec::Vec,
};
use core::ops::RangeInclusive;
use mailrail_message::{Headers, Message, PartKind};

/// A message that is searched, as far as it is stored; the caller implements it.
///
/// Only what a key needs is asked for, the cheap things first. A caller that does not wait inside
/// these methods (an asynchronous one) can give an error where a thing is not there yet, get it,
/// and ask [`Query::matches`] again.
pub trait Searched {
    /// Why a message cannot be read.
    type Error;

    /// Whether it has the flag, `\Recent` among them.
    ///
    /// # Errors
    ///
    /// The caller's own.
    fn has_flag(&mut self, flag: &Flag<'_>) -> Result<bool, Self::Error>;

    /// Its internal date, in the zone in which it is kept.
    ///
    /// # Errors
    ///
    /// The caller's own.
    fn internal_date(&mut self) -> Result<DateTime, Self::Error>;

    /// Its size, in octets.
    ///
    /// # Errors
    ///
    /// The caller's own.
    fn size(&mut self) -> Result<u64, Self::Error>;

    /// Its bytes: for [`Needs::Header`] those of its header with the empty line, at least; for
    /// [`Needs::Message`] all of them. [`Needs::Nothing`] is not asked for.
    ///
    /// # Errors
    ///
    /// The caller's own.
    fn bytes(&mut self, needs: Needs) -> Result<&[u8], Self::Error>;
}

/// The keys of a SEARCH (RFC 3501 §6.4.4), made ready to be held against many messages.
///
/// Strings are matched as substrings, in any case, of texts that are decoded: encoded words
/// (RFC 2047), transfer encodings and charsets. Days are compared without regard to time and zone.
///
/// ```
/// use mailrail_imap::{Command, server::{Needs, Query, Searched, View}, types::{DateTime, Flag}};
///
/// struct Stored(&'static [u8]);
///
/// impl Searched for Stored {
///     type Error = core::convert::Infallible;
///
///     fn has_flag(&mut self, flag: &Flag<'_>) -> Result<bool, Self::Error> {
///         Ok(*flag == Flag::Seen)
///     }
///     fn internal_date(&mut self) -> Result<DateTime, Self::Error> {
///         Ok(DateTime::from_unix(0, 0).unwrap())
///     }
///     fn size(&mut self) -> Result<u64, Self::Error> {
///         Ok(self.0.len() as u64)
///     }
///     fn bytes(&mut self, _: Needs) -> Result<&[u8], Self::Error> {
///         Ok(self.0)
///     }
/// }
///
/// let (_, command) = Command::parse(b"A1 SEARCH SEEN SUBJECT \"dinner\"\r\n")?;
/// let Command::Search(search) = command else { unreachable!() };
/// let query = Query::new(&search, &View::new([7]));
/// let Ok(found) = query.matches(7, &mut Stored(b"Subject: Re: =?utf-8?q?Dinner?=\r\n\r\n"));
/// assert!(found);
/// # Ok::<(), mailrail_imap::SyntaxError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Query(Vec<Test>);

/// One key. Sets of messages are held as UIDs, which do not change under the search.
#[derive(Debug, Clone)]
enum Test {
    All,
    Flag(Flag<'static>, bool),
    Uids(Vec<RangeInclusive<u32>>),
    Internal(When),
    Sent(When),
    Larger(u64),
    Smaller(u64),
    Field(String, Needle),
    Body(Needle),
    Text(Needle),
    Not(Box<Self>),
    Or(Box<Self>, Box<Self>),
    And(Vec<Self>),
}

#[derive(Debug, Clone, Copy)]
enum When {
    Before(Date),
    On(Date),
    Since(Date),
}

impl When {
    fn fits(self, date: Date) -> bool {
        match self {
            Self::Before(day) => date < day,
            Self::On(day) => date == day,
            Self::Since(day) => date >= day,
        }
    }
}

impl Query {
    /// The keys of a command, in a mailbox of which the session knows `view`. Sequence numbers
    /// that no message has fit none.
    #[must_use]
    pub fn new(search: &Search<'_>, view: &View) -> Self {
        Self(search.keys.iter().map(|key| Test::new(key, view)).collect())
    }

    /// The most that must be read of a message to tell.
    #[must_use]
    pub fn needs(&self) -> Needs {
        self.0.iter().map(Test::needs).max().unwrap_or(Needs::Nothing)
    }

    /// Whether the message of that UID fits all keys. In an answer to UID SEARCH it is told by
    /// that UID, in one to SEARCH by its sequence number.
    ///
    /// # Errors
    ///
    /// Those of `message`.
    pub fn matches<M: Searched>(&self, uid: u32, message: &mut M) -> Result<bool, M::Error> {
        all(&self.0, uid, message)
    }
}

/// Whether a message fits all tests; those that need less of it are tried first.
fn all<M: Searched>(tests: &[Test], uid: u32, message: &mut M) -> Result<bool, M::Error> {
    for needs in [Needs::Nothing, Needs::Header, Needs::Message] {
        for test in tests.iter().filter(|test| test.needs() == needs) {
            if !test.matches(uid, message)? {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

impl Test {
    fn new(key: &SearchKey<'_>, view: &View) -> Self {
        let flag = |flag, set| Self::Flag(flag, set);
        let field = |name: &str, text| Self::Field(name.to_owned(), Needle::new(text));
        match key {
            SearchKey::All => Self::All,
            SearchKey::Answered => flag(Flag::Answered, true),
            SearchKey::Bcc(text) => field("Bcc", text),
            SearchKey::Before(day) => Self::Internal(When::Before(*day)),
            SearchKey::Body(text) => Self::Body(Needle::new(text)),
            SearchKey::Cc(text) => field("Cc", text),
            SearchKey::Deleted => flag(Flag::Deleted, true),
            SearchKey::Draft => flag(Flag::Draft, true),
            SearchKey::Flagged => flag(Flag::Flagged, true),
            SearchKey::From(text) => field("From", text),
            SearchKey::Header(name, text) => field(&name.to_str(), text),
            SearchKey::Keyword(word) => flag(Flag::Keyword(word.clone().into_owned()), true),
            SearchKey::Larger(size) => Self::Larger(*size),
            SearchKey::New => Self::And([flag(Flag::Recent, true), flag(Flag::Seen, false)].into()),
            SearchKey::Not(key) => Self::Not(Box::new(Self::new(key, view))),
            SearchKey::Old => flag(Flag::Recent, false),
            SearchKey::On(day) => Self::Internal(When::On(*day)),
            SearchKey::Or(a, b) => {
                Self::Or(Box::new(Self::new(a, view)), Box::new(Self::new(b, view)))
            }
            SearchKey::Recent => flag(Flag::Recent, true),
            SearchKey::Seen => flag(Flag::Seen, true),
            SearchKey::SentBefore(day) => Self::Sent(When::Before(*day)),
            SearchKey::SentOn(day) => Self::Sent(When::On(*day)),
            SearchKey::SentSince(day) => Self::Sent(When::Since(*day)),
            SearchKey::Since(day) => Self::Internal(When::Since(*day)),
            SearchKey::Smaller(size) => Self::Smaller(*size),
            SearchKey::Subject(text) => field("Subject", text),
            SearchKey::Text(text) => Self::Text(Needle::new(text)),
            SearchKey::To(text) => field("To", text),
            SearchKey::Uid(set) => Self::Uids(view.uids_of(set, true)),
            SearchKey::Unanswered => flag(Flag::Answered, false),
            SearchKey::Undeleted => flag(Flag::Deleted, false),
            SearchKey::Undraft => flag(Flag::Draft, false),
            SearchKey::Unflagged => flag(Flag::Flagged, false),
            SearchKey::Unkeyword(word) => flag(Flag::Keyword(word.clone().into_owned()), false),
            SearchKey::Unseen => flag(Flag::Seen, false),
            SearchKey::Sequence(set) => Self::Uids(view.uids_of(set, false)),
            SearchKey::And(keys) => {
                Self::And(keys.iter().map(|key| Self::new(key, view)).collect())
            }
        }
    }

    fn needs(&self) -> Needs {
        match self {
            Self::Field(..) | Self::Sent(_) => Needs::Header,
            Self::Body(_) | Self::Text(_) => Needs::Message,
            Self::Not(test) => test.needs(),
            Self::Or(a, b) => a.needs().max(b.needs()),
            Self::And(tests) => tests.iter().map(Self::needs).max().unwrap_or(Needs::Nothing),
            _ => Needs::Nothing,
        }
    }

    fn matches<M: Searched>(&self, uid: u32, message: &mut M) -> Result<bool, M::Error> {
        Ok(match self {
            Self::All => true,
            Self::Flag(flag, set) => message.has_flag(flag)? == *set,
            Self::Uids(ranges) => {
                let behind = ranges.partition_point(|range| *range.start() <= uid);
                let range = behind.checked_sub(1).and_then(|at| ranges.get(at));
                range.is_some_and(|range| range.contains(&uid))
            }
            Self::Internal(when) => when.fits(message.internal_date()?.date()),
            Self::Sent(when) => {
                sent(message.bytes(Needs::Header)?).is_some_and(|day| when.fits(day))
            }
            Self::Larger(size) => message.size()? > *size,
            Self::Smaller(size) => message.size()? < *size,
            Self::Field(name, needle) => {
                let message = Message::parse(header(message.bytes(Needs::Header)?));
                message.headers().all(name).any(|field| needle.is_in(&field.text()))
            }
            Self::Body(needle) => {
                is_in_body(needle, &Message::parse(message.bytes(Needs::Message)?))
            }
            Self::Text(needle) => {
                let message = Message::parse(message.bytes(Needs::Message)?);
                is_in_header(needle, message.headers()) || is_in_body(needle, &message)
            }
            Self::Not(test) => !test.matches(uid, message)?,
            Self::Or(a, b) => {
                let (first, second) = if a.needs() <= b.needs() { (a, b) } else { (b, a) };
                first.matches(uid, message)? || second.matches(uid, message)?
            }
            Self::And(tests) => all(tests, uid, message)?,
        })
    }
}

/// The header of a message of which more may have been read.
fn header(bytes: &[u8]) -> &[u8] {
    let end = [&b"\n\r\n"[..], b"\n\n"]
        .into_iter()
        .filter_map(|end| Some(memchr::memmem::find(bytes, end)? + end.len()));
    bytes.get(..end.min().unwrap_or(bytes.len())).unwrap_or_default()
}

/// The day that the `Date` field tells.
fn sent(bytes: &[u8]) -> Option<Date> {
    let date = Message::parse(header(bytes)).headers().date()?;
    Date::new(date.year(), date.month(), date.day()).ok()
}

fn is_in_header(needle: &Needle, headers: Headers<'_>) -> bool {
    headers.iter().any(|field| needle.is_in(&[field.name(), ": ", &field.text()].concat()))
}

/// Whether it is in one of the texts of the body, or in the header of a message in it.
fn is_in_body(needle: &Needle, message: &Message<'_>) -> bool {
    message.parts().any(|part| match part.kind() {
        PartKind::Leaf => part.text().is_some_and(|text| needle.is_in(&text)),
        PartKind::Message => {
            part.message().is_some_and(|inner| is_in_header(needle, inner.headers()))
        }
        _ => false,
    })
}

/// A string that is searched for, in lower case.
#[derive(Debug, Clone)]
struct Needle(String);

impl Needle {
    fn new(text: &IString<'_>) -> Self {
        Self(folded(&text.to_str()).into_owned())
    }

    fn is_in(&self, text: &str) -> bool {
        memchr::memmem::find(folded(text).as_bytes(), self.0.as_bytes()).is_some()
    }
}

/// The text in lower case.
fn folded(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return match text.bytes().any(|b| b.is_ascii_uppercase()) {
            true => Cow::Owned(text.to_ascii_lowercase()),
            false => Cow::Borrowed(text),
        };
    }
    Cow::Owned(text.chars().flat_map(char::to_lowercase).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Command;
    use alloc::format;

    /// 2026-11-23 01:00 +0200, which is the day before in Greenwich.
    const ARRIVED: (i64, i16) = (1_795_388_400, 120);

    const TEXT: &[u8] = b"From: =?utf-8?q?J=C3=BCrgen?= <j@north.test>\r\nTo: a@b.test,\r\n c@d.test\r\n\
        Subject: =?utf-8?b?R3LDvMOfZQ==?= from\r\n here\r\nX-Empty:\r\nDate: Mon, 23 Nov 2026 23:30:00 -0800\r\n\
        Content-Type: multipart/mixed; boundary=x\r\n\r\npreamble\r\n\
        --x\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
        Caf=C9 in=\r\nside\r\n--x\r\nContent-Type: message/rfc822\r\n\r\nSubject: deep\r\n\r\nWell\r\n--x--\r\n";

    struct Stored {
        flags: &'static [Flag<'static>],
        read: Needs,
    }

    impl Searched for Stored {
        type Error = ();

        fn has_flag(&mut self, flag: &Flag<'_>) -> Result<bool, ()> {
            Ok(self.flags.contains(flag))
        }
        fn internal_date(&mut self) -> Result<DateTime, ()> {
            DateTime::from_unix(ARRIVED.0, ARRIVED.1).map_err(drop)
        }
        fn size(&mut self) -> Result<u64, ()> {
            Ok(1_000)
        }
        fn bytes(&mut self, needs: Needs) -> Result<&[u8], ()> {
            self.read = self.read.max(needs);
            Ok(TEXT)
        }
    }

    /// Whether the message with UID 30, the third of four, fits, and what was read of it.
    fn search(keys: &str) -> (bool, Needs) {
        let wire = format!("a SEARCH {keys}\r\n");
        let Ok((_, Command::Search(search))) = Command::parse(wire.as_bytes()) else {
            panic!("{wire}")
        };
        let query = Query::new(&search, &View::new([10, 20, 30, 40]));
        let mut message = Stored { flags: &[Flag::Seen, Flag::Flagged], read: Needs::Nothing };
        let fits = query.matches(30, &mut message).unwrap();
        assert!(message.read <= query.needs());
        (fits, message.read)
    }

    #[test]
    fn keys_mean_what_the_rfc_says() {
        for (keys, fits) in [
            ("ALL", true),
            ("SEEN FLAGGED", true),
            ("UNSEEN", false),
            ("OLD", true),
            ("NEW", false),
            ("RECENT", false),
            ("UNKEYWORD $Junk", true),
            ("KEYWORD $Junk", false),
            ("LARGER 999 SMALLER 1001", true),
            ("LARGER 1000", false),
            ("SMALLER 1000", false),
            ("3", true),
            ("1:2,4", false),
            ("*", false),
            ("3:9", true),
            ("9", false),
            ("UID 30", true),
            ("UID 21:39", true),
            ("UID 41:*", false),
            ("ON 23-Nov-2026", true),
            ("SINCE 23-Nov-2026", true),
            ("BEFORE 23-Nov-2026", false),
            ("BEFORE 24-Nov-2026", true),
            ("SENTON 23-Nov-2026", true),
            ("SENTBEFORE 23-Nov-2026", false),
            ("SENTSINCE 24-Nov-2026", false),
            ("FROM NORTH.test", true),
            ("FROM {7+}\r\njÜRGEN", true),
            ("TO \"a@b.test, c@d\"", true),
            ("CC \"\"", false),
            ("SUBJECT \"from here\"", true),
            ("HEADER x-empty \"\"", true),
            ("HEADER x-none \"\"", false),
            ("HEADER x-empty x", false),
            ("BODY {5+}\r\ncafé", true),
            ("BODY inside", true),
            ("BODY \"Subject: deep\"", true),
            ("BODY north", false),
            ("BODY preamble", false),
            ("TEXT north", true),
            ("TEXT well", true),
            ("NOT SEEN", false),
            ("OR UNSEEN FLAGGED", true),
            ("OR UNSEEN (FLAGGED NOT UID 30)", false),
            ("(SEEN NOT (UNSEEN))", true),
        ] {
            assert_eq!(search(keys).0, fits, "{keys}");
        }
    }

    #[test]
    fn no_more_is_read_than_needed() {
        assert_eq!(search("BODY x FROM nobody SEEN"), (false, Needs::Header));
        assert_eq!(search("BODY x FROM nobody UNSEEN"), (false, Needs::Nothing));
        assert_eq!(search("OR BODY x SEEN"), (true, Needs::Nothing));
        assert_eq!(search("BODY nothing SEEN"), (false, Needs::Message));
    }
}
