//! The fields of reports: header fields in a body, in groups that empty lines part.

use alloc::string::String;
use alloc::vec::Vec;

use memchr::{memchr, memchr2};

use crate::encoding::{charset, encoded_word};
use crate::grammar::Cursor;
use crate::header::address::Mailbox;
use crate::header::address_list::{RawAddress, RawAddresses};
use crate::header::date::DateTime;
use crate::limits::ValueLimits;
use crate::scan::{from, is_wsp, slice, trim};
use crate::steps;

/// A field of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReportField {
    /// Its name, as it is written. Case does not count.
    pub name: String,
    /// Its value: unfolded, its encoded words decoded, without white space around it.
    pub value: String,
}

/// A value and what kind of value it is, as `rfc822; bob@south.test` or `dns; mx.south.test`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TypedValue {
    /// The kind, as it is written: `rfc822`, `utf-8`, `dns`, `smtp`, `x-…`. Case does not count. Empty where it is left out.
    pub kind: String,
    /// The value. Of an address of kind `utf-8`, what is written as `\x{HEX}` is decoded (RFC 6533 §3).
    pub value: String,
}

impl TypedValue {
    fn parse(text: &str) -> Option<Self> {
        let mut cursor = Cursor::new(text.as_bytes(), ValueLimits::DEFAULT);
        cursor.gap();
        let kind = cursor.token().unwrap_or_default();
        let (kind, value) = match cursor.eat_spaced(b';') {
            true => (kind, text.get(cursor.at()..).unwrap_or_default().trim()),
            false => ("", text.trim()),
        };
        (!value.is_empty()).then(|| Self { kind: kind.into(), value: value.into() })
    }

    /// As an address: without comments and angle brackets.
    fn parse_address(text: &str) -> Option<Self> {
        let mut found = Self::parse(text)?;
        if found.kind.eq_ignore_ascii_case("utf-8") {
            found.value = decode_unitext(&found.value);
        }
        let mut list = RawAddresses::new(found.value.as_bytes(), ValueLimits::DEFAULT);
        if let (Some(RawAddress::Mailbox(raw)), None) = (list.next(), list.next())
            && !raw.host.is_empty()
            && list.junk().is_none()
        {
            let address = Mailbox::decode(raw, ValueLimits::DEFAULT).into_address().into_owned();
            found.value = address;
        }
        Some(found)
    }
}

/// Decodes `EmbeddedUnicodeChar = "\x" "{" HEXPOINT "}"` (RFC 6533 §3).
fn decode_unitext(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\\x{") {
        out.push_str(before);
        // No code point has more digits: the bound keeps a row of them from being searched again and again.
        let digits = after.bytes().take(7).take_while(u8::is_ascii_hexdigit).count();
        let letter = after.get(..digits).and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let tail = after.get(digits..).and_then(|tail| tail.strip_prefix('}'));
        match (letter.and_then(char::from_u32), tail) {
            (Some(letter), Some(tail)) => {
                out.push(letter);
                rest = tail;
            }
            _ => {
                out.push_str("\\x{");
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

/// The groups of fields in a body.
pub(super) fn groups(body: &[u8]) -> Vec<Group> {
    let mut groups = Vec::new();
    let mut group = Group(Vec::new());
    let mut at = 0;
    while at < body.len() {
        let (start, mut end);
        (start, end, at) = line(body, at);
        if start == end {
            if !group.0.is_empty() {
                groups.push(core::mem::replace(&mut group, Group(Vec::new())));
            }
            continue;
        }
        // A line of white space alone is no continuation.
        while body.get(at).copied().is_some_and(is_wsp)
            && !trim(slice(body, at..line(body, at).1)).is_empty()
        {
            (_, end, at) = line(body, at);
        }
        group.0.extend(field(slice(body, start..end)));
    }
    if !group.0.is_empty() {
        groups.push(group);
    }
    groups
}

/// The line at `at`: where its text starts and ends, and where the next starts. One of white space alone is empty.
fn line(body: &[u8], at: usize) -> (usize, usize, usize) {
    let rest = from(body, at);
    let length = memchr2(b'\r', b'\n', rest).unwrap_or(rest.len());
    steps::count(1 + length);
    let end = at + length;
    let next = match (body.get(end), body.get(end + 1)) {
        (Some(b'\r'), Some(b'\n')) => end + 2,
        (Some(_), _) => end + 1,
        _ => end,
    };
    let is_empty = trim(slice(body, at..end)).is_empty();
    (at, if is_empty { at } else { end }, next)
}

fn field(line: &[u8]) -> Option<ReportField> {
    let colon = memchr(b':', line)?;
    let name = charset::guess_piece(trim(slice(line, 0..colon))).into_owned();
    let value = encoded_word::decode(trim(from(line, colon + 1))).into_owned();
    Some(ReportField { name, value })
}

/// Fields that belong together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Group(pub(super) Vec<ReportField>);

impl Group {
    /// The value of the first field of a name.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|field| field.name.eq_ignore_ascii_case(name))?;
        Some(&found.value)
    }

    pub(super) fn all<'g>(&'g self, name: &'g str) -> impl Iterator<Item = &'g str> {
        let fields = self.0.iter().filter(move |field| field.name.eq_ignore_ascii_case(name));
        fields.map(|field| field.value.as_str())
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.get(name).map(Into::into)
    }

    pub(super) fn texts(&self, name: &str) -> Vec<String> {
        self.all(name).map(Into::into).collect()
    }

    pub(super) fn typed(&self, name: &str) -> Option<TypedValue> {
        TypedValue::parse(self.get(name)?)
    }

    pub(super) fn typed_all(&self, name: &str) -> Vec<TypedValue> {
        self.all(name).filter_map(TypedValue::parse).collect()
    }

    pub(super) fn address(&self, name: &str) -> Option<TypedValue> {
        TypedValue::parse_address(self.get(name)?)
    }

    pub(super) fn date(&self, name: &str) -> Option<DateTime> {
        DateTime::parse(self.get(name)?.as_bytes()).ok()
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    #[test]
    fn groups_are_parted_by_empty_lines() {
        let body =
            b"\r\nA: 1\r\nB: 2\r\n 3\r\n\r\n \r\n\r\nno field\r\nC : =?utf-8?q?=C3=A9?=\n\nD:";
        let shown: Vec<String> = groups(body)
            .iter()
            .map(|group| group.0.iter().map(|f| format!("{}={};", f.name, f.value)).collect())
            .collect();
        assert_eq!(shown, ["A=1;B=2 3;", "C=\u{e9};", "D=;"]);
        assert!(groups(b"").is_empty() && groups(b"\r\n\r\n").is_empty());
    }

    #[test]
    fn values_have_kinds() {
        for (text, kind, value) in [
            ("rfc822; louisl@larry.slip.umd.edu", "rfc822", "louisl@larry.slip.umd.edu"),
            ("RFC822;<a@b.test> (comment)", "RFC822", "a@b.test"),
            ("rfc822 ; \"a b\"@c.test", "rfc822", "\"a b\"@c.test"),
            ("utf-8; \\x{3c9}@b.test", "utf-8", "\u{3c9}@b.test"),
            ("utf-8; \\x{zz}\\x{110000}\\x{41", "utf-8", "\\x{zz}\\x{110000}\\x{41"),
            ("a@b.test", "", "a@b.test"),
            ("x400; /c=us/admd= /s=lee/", "x400", "/c=us/admd= /s=lee/"),
        ] {
            let found = TypedValue::parse_address(text).unwrap();
            assert_eq!((found.kind.as_str(), found.value.as_str()), (kind, value), "{text}");
        }
        assert_eq!(TypedValue::parse("rfc822; "), None);
        let code = TypedValue::parse("smtp; 550 no (such) user; sorry").unwrap();
        assert_eq!(code.value, "550 no (such) user; sorry");
    }
}
