//! Address lists (RFC 5322 §3.4, obsolete §4.4, groups RFC 6854), undecoded.
//!
//! Whatever is written in such a field is read as some list: each comma ends an address, and what makes no sense is left out.

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::ops::Range;

use memchr::{memchr2, memchr3};

use crate::encoding::encoded_word;
use crate::grammar::{Cursor, is_atext, unescape, without_comments};
use crate::header::plain_address::{PlainMailbox, plain_mailbox};
use crate::limits::ValueLimits;
use crate::scan::{from, slice, trim};

/// One item of an address list, in the shape of IMAP's ENVELOPE (RFC 3501 §7.4.2).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RawAddress<'a> {
    /// An address.
    Mailbox(RawMailbox<'a>),
    /// A group of this name begins; its members follow, then [`GroupEnd`](Self::GroupEnd).
    GroupStart(Cow<'a, [u8]>),
    /// The group ends.
    GroupEnd,
}

/// An address whose quotes, comments and folds are gone, but whose encoded words are not decoded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct RawMailbox<'a> {
    /// The display name; where there is none, the comment behind the address, as old mailers wrote the name.
    pub name: Option<Cow<'a, [u8]>>,
    /// An obsolete source route, such as `@a.test,@b.test` (RFC 5322 §4.4).
    pub route: Option<Cow<'a, [u8]>>,
    /// What stands before the `@`.
    pub local: Cow<'a, [u8]>,
    /// What stands behind the `@`; empty where there is none. (In an ENVELOPE it must then be "", since NIL marks a group.)
    pub host: Cow<'a, [u8]>,
}

/// The items of an address list. Made by [`Headers::raw_addresses`](crate::Headers::raw_addresses).
#[derive(Clone)]
pub struct RawAddresses<'a> {
    cursor: Cursor<'a>,
    limits: ValueLimits,
    in_group: bool,
    /// Where something was first left out that makes no sense.
    junk: Option<usize>,
}

impl core::fmt::Debug for RawAddresses<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("RawAddresses").field("at", &self.cursor.at()).finish_non_exhaustive()
    }
}

/// Words gathered one by one, borrowed as long as they stand in the input as they are to be read.
#[derive(Default)]
struct Words<'a> {
    text: Cow<'a, [u8]>,
    /// Where they stand in the input, while nothing had to be changed.
    span: Option<Range<usize>>,
    is_empty: bool,
    has_spaced_dot: bool,
}

impl<'a> Words<'a> {
    fn new() -> Self {
        Self { is_empty: true, ..Self::default() }
    }

    /// Adds the word at `place`. `has_gap`: white space or a comment stands before it.
    fn add(&mut self, input: &'a [u8], place: Range<usize>, word: Cow<'a, [u8]>, has_gap: bool) {
        let is_plain = matches!(word, Cow::Borrowed(_)) && word.len() == place.len();
        if self.is_empty {
            self.is_empty = false;
            self.text = word;
            self.span = is_plain.then_some(place);
            return;
        }
        self.has_spaced_dot |= has_gap && (&*word == b"." || self.text.ends_with(b"."));
        if let Some(span) = &mut self.span
            && is_plain
            && matches!(slice(input, span.end..place.start), b"" | b" ")
        {
            span.end = place.end;
            self.text = Cow::Borrowed(slice(input, span.clone()));
            return;
        }
        self.span = None;
        let text = self.text.to_mut();
        if has_gap {
            text.push(b' ');
        }
        text.extend_from_slice(&word);
    }

    /// The words as a local part: `obs-local-part = word *("." word)` has white space around its dots.
    fn into_local(self) -> Cow<'a, [u8]> {
        if !self.has_spaced_dot {
            return self.text;
        }
        let mut text: Vec<u8> = Vec::with_capacity(self.text.len());
        for byte in self.text.iter() {
            match byte {
                b' ' if text.last() == Some(&b'.') => {}
                b'.' if text.last() == Some(&b' ') => {
                    text.pop();
                    text.push(b'.');
                }
                other => text.push(*other),
            }
        }
        Cow::Owned(text)
    }
}

impl<'a> RawAddresses<'a> {
    pub(crate) const fn new(input: &'a [u8], limits: ValueLimits) -> Self {
        Self { cursor: Cursor::new(input, limits), limits, in_group: false, junk: None }
    }

    pub(crate) const fn limits(&self) -> ValueLimits {
        self.limits
    }

    /// Where something was first left out so far that makes no sense in a list.
    pub(crate) const fn junk(&self) -> Option<usize> {
        self.junk
    }

    fn left_out(&mut self) {
        let at = self.cursor.at();
        self.junk.get_or_insert(at);
    }

    /// The bytes here up to the next that could mean something.
    fn atom(&mut self) -> Cow<'a, [u8]> {
        let rest = self.cursor.rest();
        // Encoded words hold what they must not where a mailer wrote them: commas, and worse.
        if rest.starts_with(b"=?")
            && let Some(length) = encoded_word::length_of_phrase(rest)
        {
            self.cursor.go_to(self.cursor.at() + length);
            return Cow::Borrowed(slice(rest, 0..length));
        }
        let word = self.cursor.take_while(is_atext);
        if !word.is_empty() {
            return Cow::Borrowed(word);
        }
        // A byte that fits nowhere is a word of its own, so that something is used up.
        self.cursor.go_to(self.cursor.at() + 1);
        Cow::Borrowed(slice(rest, 0..1))
    }

    fn word(&mut self) -> Cow<'a, [u8]> {
        self.cursor.quoted().unwrap_or_else(|| self.atom())
    }

    /// `addr-spec` or `obs-route`, behind the `<`.
    fn angle(&mut self, name: Option<Cow<'a, [u8]>>) -> RawMailbox<'a> {
        self.cursor.go_to(self.cursor.at() + 1);
        let mut mailbox = RawMailbox { name, ..RawMailbox::default() };
        self.cursor.gap();
        if self.cursor.peek() == Some(b'@')
            && let Some(length) = memchr3(b':', b'>', b'<', self.cursor.rest())
            && self.cursor.rest().get(length) == Some(&b':')
        {
            mailbox.route =
                Some(without_comments(slice(self.cursor.rest(), 0..length), self.limits));
            self.cursor.go_to(self.cursor.at() + length + 1);
        }
        let mut words = Words::new();
        loop {
            let (has_gap, _) = self.cursor.gap();
            match self.cursor.peek() {
                None | Some(b',' | b';' | b'>') => break,
                Some(b'@') => {
                    mailbox.host = self.domain(true);
                    break;
                }
                Some(b'<') => self.cursor.go_to(self.cursor.at() + 1),
                Some(_) => {
                    let start = self.cursor.at();
                    let word = self.word();
                    words.add(self.cursor.input(), start..self.cursor.at(), word, has_gap);
                }
            }
        }
        mailbox.local = words.into_local();
        if self.cursor.peek() == Some(b'>') {
            self.cursor.go_to(self.cursor.at() + 1);
        } else {
            self.left_out();
        }
        self.skip_to(false);
        mailbox
    }

    /// `domain`, behind the `@` here. Outside of angle brackets a second word ends it.
    fn domain(&mut self, in_angle: bool) -> Cow<'a, [u8]> {
        self.cursor.go_to(self.cursor.at() + 1);
        let mut words = Words::new();
        loop {
            let before = self.cursor.at();
            let (has_gap, _) = self.cursor.gap();
            let start = self.cursor.at();
            let word = match self.cursor.peek() {
                None | Some(b',' | b';' | b'>' | b'<') => {
                    // The comment there may be the name.
                    self.cursor.go_to(if in_angle { start } else { before });
                    break;
                }
                Some(b'[') => {
                    // Not behind the next that opens one, so that none is searched for twice.
                    let inner = from(self.cursor.rest(), 1);
                    let length = memchr2(b']', b'[', inner)
                        .filter(|length| inner.get(*length) == Some(&b']'))
                        .map(|length| length + 1);
                    self.cursor.go_to(start + length.map_or(1, |length| length + 1));
                    unescape(slice(self.cursor.input(), start..self.cursor.at()))
                }
                Some(b) => {
                    let joins = b == b'.' || words.is_empty || words.text.ends_with(b".");
                    if has_gap && !joins && !in_angle {
                        self.cursor.go_to(before);
                        break;
                    }
                    self.word()
                }
            };
            words.add(self.cursor.input(), start..self.cursor.at(), word, false);
        }
        words.text
    }

    /// Skips to the end of this address, or to a `<` where that is asked for.
    fn skip_to(&mut self, angle: bool) -> Option<&'a [u8]> {
        let mut last = None;
        loop {
            let (_, comment) = self.cursor.gap();
            last = comment.or(last);
            match self.cursor.peek() {
                None | Some(b',' | b';') => return last,
                Some(b'<') if angle => return last,
                _ => {
                    self.left_out();
                    drop(self.word());
                }
            }
        }
    }

    /// An address without angle brackets, from its `@` on; `start` is where its words begin.
    fn bare(&mut self, start: usize, words: Words<'a>) -> RawMailbox<'a> {
        let host = self.domain(false);
        let comment = self.skip_to(true);
        if self.cursor.peek() == Some(b'<') {
            // An address for a name, written without the quotes that it needs.
            self.left_out();
            let name = trim(slice(self.cursor.input(), start..self.cursor.at()));
            return self.angle(Some(unescape(name)));
        }
        RawMailbox { name: comment.map(name_of), route: None, local: words.into_local(), host }
    }
}

fn name_of(comment: &[u8]) -> Cow<'_, [u8]> {
    unescape(trim(comment))
}

impl<'a> RawAddresses<'a> {
    /// The mailbox here, if it is written as nearly all are.
    pub(crate) fn plain(&mut self) -> Option<PlainMailbox<'a>> {
        // One quote that nothing closes makes all quotes plain characters.
        if self.cursor.has_open_quote() {
            return None;
        }
        let found = plain_mailbox(self.cursor.rest())?;
        self.cursor.go_to(self.cursor.at() + found.length);
        Some(found)
    }

    /// Whether nothing follows.
    pub(crate) fn is_done(&self) -> bool {
        !self.in_group && self.cursor.peek().is_none()
    }

    /// The item here, however it is written.
    pub(crate) fn item(&mut self) -> Option<RawAddress<'a>> {
        let mut words = Words::new();
        let mut comment = None;
        let mut begin = self.cursor.at();
        loop {
            let (has_gap, last) = self.cursor.gap();
            comment = last.or(comment);
            if words.is_empty {
                begin = self.cursor.at();
            }
            let next = self.cursor.peek();
            match next {
                None | Some(b',' | b';') => {
                    if !words.is_empty {
                        let name = comment.map(name_of);
                        let local = words.into_local();
                        return Some(RawAddress::Mailbox(RawMailbox {
                            name,
                            local,
                            ..RawMailbox::default()
                        }));
                    }
                    if next != Some(b',') && self.in_group {
                        self.in_group = false;
                        next.map(|byte| self.cursor.eat(byte));
                        return Some(RawAddress::GroupEnd);
                    }
                    next?;
                    self.cursor.go_to(self.cursor.at() + 1);
                    comment = None;
                }
                Some(b':') => {
                    self.cursor.go_to(self.cursor.at() + 1);
                    if !self.in_group {
                        self.in_group = true;
                        return Some(RawAddress::GroupStart(words.text));
                    }
                }
                Some(b'<') => {
                    let name = (!words.is_empty).then_some(words.text);
                    return Some(RawAddress::Mailbox(self.angle(name)));
                }
                Some(b'@') => return Some(RawAddress::Mailbox(self.bare(begin, words))),
                Some(b'>' | b')') => {
                    self.left_out();
                    self.cursor.go_to(self.cursor.at() + 1);
                }
                Some(_) => {
                    let start = self.cursor.at();
                    let word = self.word();
                    words.add(self.cursor.input(), start..self.cursor.at(), word, has_gap);
                }
            }
        }
    }
}

impl<'a> Iterator for RawAddresses<'a> {
    type Item = RawAddress<'a>;

    fn next(&mut self) -> Option<RawAddress<'a>> {
        match self.plain() {
            Some(found) => Some(RawAddress::Mailbox(found.raw())),
            None => self.item(),
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::String;

    use super::*;

    fn shown(input: &str) -> String {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let items =
            RawAddresses::new(input.as_bytes(), ValueLimits::DEFAULT).map(|item| match item {
                RawAddress::Mailbox(m) => format!(
                    "{}|{}|{}|{}",
                    m.name.as_deref().map_or_else(|| "-".into(), text),
                    m.route.as_deref().map_or_else(|| "-".into(), text),
                    text(&m.local),
                    text(&m.host)
                ),
                RawAddress::GroupStart(name) => format!("{}:", text(&name)),
                RawAddress::GroupEnd => ";".into(),
            });
        items.collect::<Vec<_>>().join(" & ")
    }

    #[test]
    fn ordinary_addresses() {
        assert_eq!(shown("a@b.test"), "-|-|a|b.test");
        assert_eq!(shown(" Ann Lee <a@b.test>, c@d.test"), "Ann Lee|-|a|b.test & -|-|c|d.test");
        assert_eq!(shown("\"Joe Q. \\\"P\\\"\" <j@x.test>"), "Joe Q. \"P\"|-|j|x.test");
        assert_eq!(shown("\"a b\"@c.test"), "-|-|a b|c.test");
        assert_eq!(shown("a@[192.0.2.1]"), "-|-|a|[192.0.2.1]");
        assert_eq!(shown("J. R. Smith <j@x>"), "J. R. Smith|-|j|x");
    }

    #[test]
    fn groups() {
        assert_eq!(shown("A: b@c, D <d@e>;, f@g"), "A: & -|-|b|c & D|-|d|e & ; & -|-|f|g");
        assert_eq!(shown("undisclosed recipients:;"), "undisclosed recipients: & ;");
        assert_eq!(shown("A: b@c"), "A: & -|-|b|c & ;");
    }

    #[test]
    fn obsolete_forms() {
        assert_eq!(shown("Joe <@x.test,@y.test:joe@z.test>"), "Joe|@x.test,@y.test|joe|z.test");
        assert_eq!(shown("jdoe@test  . example"), "-|-|jdoe|test.example");
        assert_eq!(shown("pete . smith @ test"), "-|-|pete.smith|test");
        assert_eq!(shown("joe@x.test (Joe (J) \\) Doe)"), "Joe (J) ) Doe|-|joe|x.test");
        assert_eq!(shown("pete(his account)@silly.test(his host)"), "his host|-|pete|silly.test");
        assert_eq!(shown(", ,a@b,, "), "-|-|a|b");
        assert_eq!(shown("A\r\n B <a@b>"), "A B|-|a|b");
    }

    #[test]
    fn broken_forms_lose_little() {
        assert_eq!(shown("a@b.test <a@b.test>"), "a@b.test|-|a|b.test");
        assert_eq!(shown("bob"), "-|-|bob|");
        assert_eq!(shown("<>"), "-|-||");
        assert_eq!(shown("\"Ann <a@b>"), "\"Ann|-|a|b");
        assert_eq!(shown("Ann <a@b, c@d"), "Ann|-|a|b & -|-|c|d");
        assert_eq!(shown("<<a@b>>, c@d"), "-|-|a|b & -|-|c|d");
        assert_eq!(shown("a@b c, d@e"), "-|-|a|b & -|-|d|e");
        assert_eq!(
            shown("=?utf-8?q?Lee,_Ann?= <a@b>, c@d"),
            "=?utf-8?q?Lee,_Ann?=|-|a|b & -|-|c|d"
        );
        assert_eq!(shown("=?utf-8?q?Ann <a@b>, ?= <c@d>"), "=?utf-8?q?Ann|-|a|b & ?=|-|c|d");
        assert_eq!(shown("a@b; c@d;"), "-|-|a|b & -|-|c|d");
        assert_eq!(shown("a@[b, c@[d]"), "-|-|a|[b & -|-|c|[d]");
        assert_eq!(shown(""), "");
        assert_eq!(shown("(only a comment)"), "");
    }

    /// Mailboxes that are found in one go are those that are found word by word.
    #[test]
    fn plain_mailboxes_are_read_alike() {
        const PIECES: [&str; 22] = [
            "a",
            "b.c",
            "@",
            " ",
            " ",
            ",",
            "<",
            ">",
            "\"",
            "\"Q\"",
            ".",
            "?",
            "=?u?q?x?=",
            "=?",
            "(c)",
            ";",
            ":",
            "\r\n ",
            "\u{e9}",
            "\\",
            "a@b.c",
            " <a@b>",
        ];
        let (mut number, mut plain) = (1_u64, 0);
        for _ in 0..50_000 {
            let mut text = String::new();
            for _ in 0..number % 9 {
                number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                text.push_str(PIECES[usize::try_from(number >> 33).unwrap() % PIECES.len()]);
            }
            number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1) >> 3;
            let mut items = RawAddresses::new(text.as_bytes(), ValueLimits::DEFAULT);
            let mut slow = items.clone();
            while let Some(item) = items.next() {
                assert_eq!(Some(item), slow.item(), "{text:?}");
                assert_eq!(items.junk(), slow.junk(), "{text:?}");
            }
            assert_eq!(slow.item(), None, "{text:?}");
            plain += usize::from(
                RawAddresses::new(text.as_bytes(), ValueLimits::DEFAULT).plain().is_some(),
            );
        }
        assert!(plain > 1000, "{plain}");
    }

    #[test]
    fn every_input_is_read_once() {
        for unit in [
            "a@b,",
            "(",
            "((",
            "\"",
            "\"a\\\"",
            "<",
            "<@",
            "<@a:",
            "a@[b,",
            "a@",
            ":",
            "=?u?q?",
            "a (b",
            ">",
            "a:b;",
            "<a",
            ",,",
            "=?u?q?,?= ",
        ] {
            let text = unit.repeat(100_000 / unit.len());
            let steps = crate::steps::of(|| {
                RawAddresses::new(text.as_bytes(), ValueLimits::DEFAULT).for_each(drop);
            });
            assert!(steps < 8 * text.len() as u64, "{unit}: {steps}");
        }
    }
}
