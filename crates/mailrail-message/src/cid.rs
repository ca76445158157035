//! References from one part to another: `cid:` URLs (RFC 2392) and `Content-Location` (RFC 2557).

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

use memchr::memchr;

use crate::encoding::percent;
use crate::message::Message;
use crate::part::{Children, Part};
use crate::scan::{from, slice};

/// The parts of a message that others can refer to. Made by [`Message::related`] and [`Part::related`]; looking one up takes
/// logarithmic time.
#[derive(Debug, Clone, Default)]
pub struct Related<'m> {
    /// Sorted by name; of two with the same name the first counts.
    ids: Vec<(Cow<'m, str>, Part<'m>)>,
    locations: Vec<(Cow<'m, str>, Part<'m>)>,
}

impl<'m> Related<'m> {
    fn of(root: Part<'m>) -> Self {
        let mut related = Self::default();
        let mut open: Vec<Children<'m>> = Vec::new();
        let mut next = Some(root);
        while let Some(part) = next {
            let headers = part.headers();
            related.ids.extend(part.content_id().map(|id| (id.into_text(), part)));
            related.locations.extend(headers.content_location().map(|uri| (uri, part)));
            open.push(part.children());
            next = None;
            while next.is_none()
                && let Some(children) = open.last_mut()
            {
                next = children.next();
                if next.is_none() {
                    open.pop();
                }
            }
        }
        related.ids.sort_by(|(a, _), (b, _)| a.cmp(b));
        related.locations.sort_by(|(a, _), (b, _)| a.cmp(b));
        related
    }

    /// The part that a reference names: a `cid:` URL, or a URL that a part says it stands for. `None` for all else.
    pub fn resolve(&self, reference: &str) -> Option<Part<'m>> {
        let reference = reference.trim();
        match reference.split_at_checked(4) {
            Some((scheme, id)) if scheme.eq_ignore_ascii_case("cid:") => self.by_id(&decoded(id)),
            _ => find(&self.locations, reference),
        }
    }

    /// The part with a `Content-ID`, which is given without angle brackets.
    pub fn by_id(&self, id: &str) -> Option<Part<'m>> {
        find(&self.ids, id)
    }

    /// The `cid:` URLs in HTML that name a part: where each stands, and the part. The text may be anything; a URL is taken to
    /// begin behind a quote, `(`, `=` or white space, and to end before a quote, `)`, an angle bracket or white space.
    pub fn references<'t>(
        &self,
        html: &'t str,
    ) -> impl Iterator<Item = (Range<usize>, Part<'m>)> + use<'_, 't, 'm> {
        let text = html.as_bytes();
        let mut at = 0;
        core::iter::from_fn(move || {
            loop {
                at += memchr(b':', from(text, at))? + 1;
                let start = at.saturating_sub(4);
                let is_scheme = slice(text, start..at).eq_ignore_ascii_case(b"cid:");
                let before = start.checked_sub(1).and_then(|before| text.get(before));
                if !is_scheme || before.is_some_and(|byte| !is_mark(*byte) && *byte != b'=') {
                    continue;
                }
                let length = from(text, at).iter().position(|byte| is_mark(*byte));
                at = length.map_or(text.len(), |length| at + length);
                let part = html.get(start..at).and_then(|url| self.resolve(url));
                if let Some(part) = part {
                    return Some((start..at, part));
                }
            }
        })
    }
}

fn is_mark(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b'(' | b')' | b'<' | b'>' | b'&')
}

fn find<'m>(list: &[(Cow<'m, str>, Part<'m>)], name: &str) -> Option<Part<'m>> {
    let at = list.partition_point(|(other, _)| **other < *name);
    list.get(at).filter(|(other, _)| other == name).map(|(_, part)| *part)
}

/// The identifier in a `cid:` URL (RFC 2392 §2).
fn decoded(id: &str) -> Cow<'_, str> {
    if !id.contains('%') {
        return Cow::Borrowed(id);
    }
    let mut bytes = Vec::with_capacity(id.len());
    percent::decode_into(id.as_bytes(), &mut bytes);
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}

impl Message<'_> {
    /// The parts that others can refer to, those of embedded messages left out.
    pub fn related(&self) -> Related<'_> {
        Related::of(self.root())
    }
}

impl<'m> Part<'m> {
    /// The parts in this one that others can refer to, those of embedded messages left out.
    pub fn related(self) -> Related<'m> {
        Related::of(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &str = "Content-Type: multipart/related; boundary=x\r\n\r\n\
        --x\r\nContent-Type: text/html\r\n\r\n\
        <img src=\"cid:a%25b@x\"><img src=cid:none@x><div style=\"background:url(CID:c@x)\">acid:c@x</div>\r\n\
        --x\r\nContent-Type: image/png\r\nContent-ID: <a%b@x>\r\n\r\n1\r\n\
        --x\r\nContent-Type: image/png\r\nContent-ID: <c@x>\r\nContent-Location: http://a.test/c.png\r\n\r\n2\r\n\
        --x\r\nContent-Type: image/png\r\nContent-ID: <c@x>\r\n\r\n3\r\n--x--\r\n";

    #[test]
    fn references_lead_to_parts() {
        let message = Message::parse(MESSAGE.as_bytes());
        let related = message.related();
        let path = |reference: &str| Some(related.resolve(reference)?.path().to_string());
        assert_eq!(path("cid:a%25b@x").as_deref(), Some("2"));
        assert_eq!(path(" CID:c@x ").as_deref(), Some("3"));
        assert_eq!(path("http://a.test/c.png").as_deref(), Some("3"));
        assert_eq!(path("cid:none@x"), None);
        assert_eq!(path("c@x"), None);
        let html = message.html().unwrap();
        let found: Vec<_> = related
            .references(&html)
            .map(|(range, part)| (html.get(range).unwrap(), part.path().to_string()))
            .collect();
        assert_eq!(found, [("cid:a%25b@x", "2".into()), ("CID:c@x", String::from("3"))]);
    }
}
