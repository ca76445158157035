//! The fields of mailing lists (RFC 2369, RFC 2919, RFC 8058).

use alloc::borrow::Cow;

use crate::builder::field::check;
use crate::builder::fold::Fold;
use crate::encoding::{charset, encoded_word};
use crate::error::{Error, SyntaxError};
use crate::grammar::{Cursor, is_dot_atom, unescape};
use crate::limits::ValueLimits;
use crate::scan::{is_fws, trim};

/// The URIs of `List-Unsubscribe`, `List-Post`, `List-Help` and their like (RFC 2369 §2), the preferred one first.
#[derive(Clone)]
pub struct ListUris<'a> {
    cursor: Cursor<'a>,
    is_first: bool,
}

impl core::fmt::Debug for ListUris<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("ListUris").field("at", &self.cursor.at()).finish_non_exhaustive()
    }
}

impl<'a> ListUris<'a> {
    /// Reads the value of a field, within the default [`Limits`](crate::Limits). What follows the first thing that is no URI in
    /// angle brackets is left out, as RFC 2369 §2 wants.
    pub fn parse(value: &'a [u8]) -> Self {
        Self::parse_within(value, ValueLimits::DEFAULT)
    }

    pub(crate) const fn parse_within(value: &'a [u8], limits: ValueLimits) -> Self {
        Self { cursor: Cursor::new(value, limits), is_first: true }
    }

    /// Whether it says `NO`: a `List-Post` of a list to which nobody may write (RFC 2369 §3.4).
    pub fn is_no(&self) -> bool {
        let mut cursor = self.cursor.clone();
        cursor.go_to(0);
        cursor.gap();
        cursor.token().is_some_and(|word| word.eq_ignore_ascii_case("NO"))
    }
}

impl ListUris<'_> {
    /// Where something is left out, if anything is.
    pub(crate) fn first_fault(mut self) -> Option<usize> {
        if self.is_no() {
            return None;
        }
        loop {
            let start = self.cursor.at();
            if self.next().is_none() {
                let mut cursor = self.cursor;
                cursor.go_to(start);
                let is_more = cursor.eat_spaced(b',');
                // A list without any URI is none.
                return (is_more || cursor.peek().is_some() || start == 0).then(|| cursor.at());
            }
        }
    }
}

impl<'a> Iterator for ListUris<'a> {
    type Item = Cow<'a, str>;

    fn next(&mut self) -> Option<Cow<'a, str>> {
        self.cursor.gap();
        if !self.is_first && !self.cursor.eat_spaced(b',') || !self.cursor.eat(b'<') {
            self.cursor.go_to(self.cursor.input().len());
            return None;
        }
        self.is_first = false;
        let uri = self.cursor.take_while(|byte| !matches!(byte, b'<' | b'>'));
        if !self.cursor.eat(b'>') {
            return None;
        }
        Some(without_spaces(charset::guess_piece(uri)))
    }
}

/// Writes URIs as [`ListUris`] reads them.
pub(crate) fn write_uris(
    line: &mut Fold<'_>,
    field: &'static str,
    uris: &[Cow<'_, str>],
) -> Result<(), Error> {
    for (at, uri) in uris.iter().enumerate() {
        check(field, uri)?;
        let is_uri =
            uri.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'<' | b'>' | b'"'));
        if !is_uri || !uri.contains(':') {
            return Err(Error::InvalidUri(field));
        }
        if at > 0 {
            line.glue(",");
        }
        line.joined(&["<", uri, ">"]);
    }
    Ok(())
}

/// Text whose white space was put in by those who passed it on.
pub(crate) fn without_spaces(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.bytes().any(is_fws) {
        return Cow::Owned(text.chars().filter(|letter| !letter.is_ascii_whitespace()).collect());
    }
    text
}

/// What names a mailing list (RFC 2919).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListId<'a> {
    /// What the list is about, for people.
    pub phrase: Option<Cow<'a, str>>,
    /// The name, such as `users.mail.example.org`. Case does not count.
    pub id: Cow<'a, str>,
}

impl<'a> ListId<'a> {
    /// The list of this name, such as `users.mail.example.org`.
    pub fn new(id: impl Into<Cow<'a, str>>) -> Self {
        Self { phrase: None, id: id.into() }
    }

    /// The same, with what it is about.
    #[must_use]
    pub fn with_phrase(self, phrase: impl Into<Cow<'a, str>>) -> Self {
        Self { phrase: Some(phrase.into()), ..self }
    }

    pub(crate) fn write(&self, line: &mut Fold<'_>) -> Result<(), Error> {
        const FIELD: &str = "List-ID";
        if let Some(phrase) = self.phrase.as_deref().filter(|phrase| !phrase.is_empty()) {
            check(FIELD, phrase)?;
            line.phrase(phrase);
        }
        check(FIELD, &self.id)?;
        // list-id = list-label "." list-id-namespace, of 255 bytes at most (RFC 2919 §2, §3)
        let is_id = self.id.is_ascii() && self.id.contains('.') && is_dot_atom(self.id.as_bytes());
        if !is_id || self.id.len() > 255 {
            return Err(Error::InvalidValue(FIELD));
        }
        line.joined(&["<", &self.id, ">"]);
        Ok(())
    }

    /// Reads the value of `List-ID`.
    ///
    /// ```abnf
    /// list-id-header = "List-ID:" [phrase] "<" list-id ">" CRLF
    /// ```
    ///
    /// # Errors
    /// If nothing stands in angle brackets.
    pub fn parse(value: &'a [u8]) -> Result<Self, SyntaxError> {
        Self::parse_within(value, ValueLimits::DEFAULT)
    }

    pub(crate) fn parse_within(value: &'a [u8], limits: ValueLimits) -> Result<Self, SyntaxError> {
        let mut cursor = Cursor::new(value, limits);
        cursor.gap();
        let start = cursor.at();
        let quoted = cursor.quoted();
        let end = cursor.at();
        cursor.take_while(|byte| byte != b'<');
        let phrase = match quoted {
            Some(text) if cursor.since(end).iter().all(|byte| is_fws(*byte)) => text,
            _ => unescape(trim(cursor.since(start))),
        };
        if !cursor.eat(b'<') {
            return Err(cursor.error("a list's name in angle brackets"));
        }
        let id = without_spaces(charset::guess_piece(cursor.take_while(|byte| byte != b'>')));
        let phrase = Some(phrase).filter(|phrase| !phrase.is_empty());
        Ok(Self { phrase: phrase.map(|phrase| encoded_word::decode_cow(phrase, limits)), id })
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::{String, ToString};
    use alloc::vec::Vec;

    use super::*;

    fn uris(text: &str) -> Vec<String> {
        ListUris::parse(text.as_bytes()).map(|uri| uri.to_string()).collect()
    }

    #[test]
    fn the_examples_of_the_rfc() {
        assert_eq!(
            uris("<mailto:list@host.com?subject=help> (List Instructions)"),
            ["mailto:list@host.com?subject=help"]
        );
        assert_eq!(
            uris("<ftp://ftp.host.com/list.txt>, <mailto:list@host.com?subject=help>"),
            ["ftp://ftp.host.com/list.txt", "mailto:list@host.com?subject=help"]
        );
        assert_eq!(
            uris(
                "(Use this command to join the list)\r\n <mailto:list-manager@host.com?body=subscribe%20list>"
            ),
            ["mailto:list-manager@host.com?body=subscribe%20list"]
        );
        assert_eq!(uris("NO (posting not allowed on this list)"), Vec::<&str>::new());
        assert!(ListUris::parse(b"NO (posting not allowed on this list)").is_no());
        assert!(!ListUris::parse(b"<mailto:a@b>").is_no());
    }

    #[test]
    fn what_does_not_belong_there_is_left_out() {
        assert_eq!(uris("<a:b>, c:d, <e:f>"), ["a:b"]);
        assert_eq!(uris("<a:b> x, <c:d>"), ["a:b"]);
        assert_eq!(uris("<a:\r\n b >"), ["a:b"]);
        assert_eq!(uris("<a:b>,<c:d"), ["a:b"]);
        assert_eq!(uris("https://a.test"), Vec::<&str>::new());
    }

    #[test]
    fn lists_have_names() {
        for (text, phrase, id) in [
            (
                "List Header Mailing List <list-header.nisto.com>",
                Some("List Header Mailing List"),
                "list-header.nisto.com",
            ),
            (
                "<commonspace-users.list-id.within.com>",
                None,
                "commonspace-users.list-id.within.com",
            ),
            (
                "\"Lena's Personal Joke List\"\r\n <lenas-jokes.da39efc25c530ad145d41b86f7420c3b.021999.localhost>",
                Some("Lena's Personal Joke List"),
                "lenas-jokes.da39efc25c530ad145d41b86f7420c3b.021999.localhost",
            ),
            ("=?utf-8?q?=C3=A9?= <a.b>", Some("\u{e9}"), "a.b"),
        ] {
            let list = ListId::parse(text.as_bytes()).unwrap();
            assert_eq!((list.phrase.as_deref(), &*list.id), (phrase, id));
        }
        assert!(ListId::parse(b"nothing").is_err());
    }
}
