//! `list-mailbox`

use super::{Delimiter, IString, Mailbox, utf7};
use crate::{
    SyntaxError,
    encode::Sink,
    grammar::{Parsed, is_astring_char, named, string},
};
use alloc::{borrow::Cow, vec, vec::Vec};
use nom::{Parser, bytes::complete::take_while1};

/// A mailbox name that may have wildcards (RFC 3501 §6.3.8): `*` fits any text, `%` fits any text
/// without the hierarchy delimiter.
///
/// ```
/// use mailrail_imap::types::{Delimiter, ListPattern, Mailbox};
///
/// let top = ListPattern::from_name("%");
/// assert!(top.matches(&Mailbox::from_name("Archive"), Some(Delimiter::SLASH)));
/// assert!(!top.matches(&Mailbox::from_name("Archive/2026"), Some(Delimiter::SLASH)));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ListPattern<'a>(IString<'a>);

impl<'a> ListPattern<'a> {
    /// The pattern of a text as a person writes it.
    #[must_use]
    pub fn from_name(pattern: &str) -> ListPattern<'static> {
        // Encoding leaves no NUL.
        ListPattern(IString::new(utf7::encode(pattern)).unwrap_or_default())
    }

    /// The pattern of a text as it crosses the wire, in modified UTF-7.
    ///
    /// # Errors
    ///
    /// Where there is a NUL in it.
    pub fn from_wire(pattern: impl Into<Cow<'a, [u8]>>) -> Result<Self, SyntaxError> {
        IString::new(pattern).map(Self)
    }

    /// The pattern as it crosses the wire.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// Whether the mailbox fits. INBOX fits in any case. The time is that of the pattern's length
    /// times the name's.
    #[must_use]
    pub fn matches(&self, mailbox: &Mailbox<'_>, delimiter: Option<Delimiter>) -> bool {
        fits(self.as_bytes(), mailbox, delimiter)
    }

    /// The same pattern, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> ListPattern<'static> {
        ListPattern(self.0.into_owned())
    }

    /// ```abnf
    /// list-mailbox = 1*list-char / string
    /// list-char    = ATOM-CHAR / list-wildcards / resp-specials
    /// ```
    pub(crate) fn parse(i: &'a [u8]) -> Parsed<'a, Self> {
        let (rest, pattern) = match i.first() {
            Some(b'"' | b'{') => string(i)?,
            _ => {
                let list_char = |b| is_astring_char(b) || matches!(b, b'*' | b'%');
                let (rest, word) = named("a mailbox pattern", take_while1(list_char)).parse(i)?;
                (rest, Cow::Borrowed(word))
            }
        };
        // Both forms exclude NUL.
        Ok((rest, Self(IString::new(pattern).unwrap_or_default())))
    }

    pub(crate) fn encode(&self, out: &mut impl Sink) {
        self.0.encode(out);
    }
}

/// Walks all ways through the pattern at once: `ways` holds, for each place in it, whether the
/// name so far can end there.
pub(crate) fn fits(pattern: &[u8], mailbox: &Mailbox<'_>, delimiter: Option<Delimiter>) -> bool {
    let any_case = mailbox.is_inbox();
    let same = |a: u8, b: u8| a == b || any_case && a.eq_ignore_ascii_case(&b);
    let mut ways: Vec<bool> = vec![false; pattern.len() + 1];
    if let Some(start) = ways.first_mut() {
        *start = true;
    }
    skip_wildcards(pattern, &mut ways);
    for b in mailbox.as_bytes() {
        let mut next = vec![false; ways.len()];
        for (at, p) in pattern.iter().enumerate() {
            if !ways.get(at).copied().unwrap_or_default() {
                continue;
            }
            let to = match p {
                b'*' => at,
                b'%' if delimiter.map(Delimiter::as_byte) != Some(*b) => at,
                b'%' => continue,
                p if same(*p, *b) => at + 1,
                _ => continue,
            };
            if let Some(way) = next.get_mut(to) {
                *way = true;
            }
        }
        skip_wildcards(pattern, &mut next);
        ways = next;
    }
    ways.last().copied().unwrap_or_default()
}

/// A wildcard may fit nothing.
fn skip_wildcards(pattern: &[u8], ways: &mut [bool]) {
    for (at, p) in pattern.iter().enumerate() {
        if matches!(p, b'*' | b'%')
            && ways.get(at).copied().unwrap_or_default()
            && let Some(way) = ways.get_mut(at + 1)
        {
            *way = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_stop_where_they_should() {
        let fits = |pattern, name| {
            ListPattern::from_name(pattern)
                .matches(&Mailbox::from_name(name), Some(Delimiter::SLASH))
        };
        for (pattern, name, fit) in [
            ("*", "a/b/c", true),
            ("%", "a", true),
            ("%", "a/b", false),
            ("%/b", "a/b", true),
            ("a*c%", "a/b/c/c", true),
            ("a*c%d", "a/c/cxd", true),
            ("a*c%d", "a/c/d", false),
            ("inbox", "INBOX", true),
            ("iN%", "INBOX", true),
            ("drafts", "Drafts", false),
            ("", "a", false),
            ("%%*", "", true),
            ("Entw*", "Entwürfe", true),
        ] {
            assert_eq!(fits(pattern, name), fit, "{pattern} {name}");
        }
    }

    #[test]
    fn patterns_parse_as_atoms_or_strings() {
        for wire in [&b"%/a]* x"[..], b"\"%/a]*\" x", b"{5}\r\n%/a]* x"] {
            let (rest, pattern) = ListPattern::parse(wire).unwrap();
            assert_eq!((rest, pattern.as_bytes()), (&b" x"[..], &b"%/a]*"[..]));
        }
    }
}
