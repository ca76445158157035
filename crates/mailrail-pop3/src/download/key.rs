//! What a message is known by from one session to the next.

use crate::UniqueId;
use alloc::{borrow::Cow, boxed::Box, string::String};
use core::fmt::{self, Write as _};
use sha2::{Digest as _, Sha256};

/// What a message is known by from one session to the next: its unique-id or, where the server has
/// none for it, `sha256-` and 64 hexadecimal digits made of its header.
///
/// It is 1 to 71 characters from `!` to `~`. A server picks a unique-id: as part of a file's name
/// it may lead anywhere.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key<'a>(Cow<'a, str>);

impl<'a> Key<'a> {
    pub(super) const fn unique_id(id: UniqueId<'a>) -> Self {
        Self(Cow::Borrowed(id.as_str()))
    }

    pub(super) fn owned(text: impl Into<String>) -> Self {
        Self(Cow::Owned(text.into()))
    }

    /// The key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is a unique-id: none is as long as the other kind.
    #[must_use]
    pub fn is_unique_id(&self) -> bool {
        self.0.len() <= UniqueId::LEN_MAX
    }
}

impl fmt::Display for Key<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The longest name of a field that counts.
const NAME_MAX: usize = 10;

/// Makes a key of a header, or a message, that comes in pieces.
///
/// The key is made of the Message-ID and the topmost Received field, which the server itself has
/// written: so a copy that came another way has another key, and fields that a server adds later,
/// as Status, change nothing. Where there is neither field it is made of the whole header.
#[derive(Debug, Default)]
pub(super) struct HeaderKey {
    whole: Sha256,
    fields: Sha256,
    has_message_id: bool,
    has_received: bool,
    place: Place,
    /// The octets of the present line, up to 2, so that an empty one is known.
    line: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Place {
    /// In a field's name, of so many letters so far.
    Name([u8; NAME_MAX], usize),
    /// In a field that counts.
    Value,
    /// In one that does not.
    #[default]
    Other,
    Body,
}

impl HeaderKey {
    pub(super) fn update(&mut self, octets: &[u8]) {
        if self.place == Place::Body {
            return;
        }
        let mut len = 0;
        for &octet in octets {
            len += 1;
            self.octet(octet);
            if self.place == Place::Body {
                break;
            }
        }
        self.whole.update(octets.get(..len).unwrap_or_default());
    }

    fn octet(&mut self, octet: u8) {
        if matches!(octet, b'\r' | b'\n') {
            if octet == b'\n' {
                let is_empty = self.line == 0;
                self.line = 0;
                if is_empty {
                    self.place = Place::Body;
                }
            }
            return;
        }
        let is_first = self.line == 0;
        self.line = 1;
        match (self.place, octet) {
            // A line that begins with a space goes on with the field.
            (_, b' ' | b'\t') if is_first => {}
            _ if is_first => {
                let mut name = [0; NAME_MAX];
                let [first, ..] = &mut name;
                *first = octet.to_ascii_lowercase();
                self.place = Place::Name(name, 1);
            }
            (Place::Name(name, len), b':') => self.field(name.get(..len).unwrap_or_default()),
            // Space before the colon is obsolete, and does not count.
            (Place::Name(..), b' ' | b'\t') => {}
            (Place::Name(mut name, len), octet) => {
                self.place = match name.get_mut(len) {
                    Some(letter) => {
                        *letter = octet.to_ascii_lowercase();
                        Place::Name(name, len + 1)
                    }
                    None => Place::Other,
                };
            }
            // How it is folded does not count.
            (Place::Value, octet) if !matches!(octet, b' ' | b'\t') => {
                self.fields.update([octet]);
            }
            _ => {}
        }
    }

    /// A field of that name begins.
    fn field(&mut self, name: &[u8]) {
        let (has_it, mark) = match name {
            b"message-id" => (&mut self.has_message_id, b"\0m"),
            b"received" => (&mut self.has_received, b"\0r"),
            _ => return self.place = Place::Other,
        };
        let is_new = !core::mem::replace(has_it, true);
        self.place = if is_new { Place::Value } else { Place::Other };
        if is_new {
            self.fields.update(mark);
        }
    }

    pub(super) fn finish(self) -> Box<str> {
        let is_known = self.has_message_id || self.has_received;
        let digest = if is_known { self.fields.finalize() } else { self.whole.finalize() };
        let mut text = String::from("sha256-");
        for byte in digest {
            // Writing to a string never fails.
            let _ = write!(text, "{byte:02x}");
        }
        text.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str, size: usize) -> Box<str> {
        let mut key = HeaderKey::default();
        text.as_bytes().chunks(size).for_each(|piece| key.update(piece));
        key.finish()
    }

    #[test]
    fn what_counts_and_what_does_not() {
        let one = "Received: from a\r\n\tby b\r\nReceived: x\r\nmessage-id : <1@a>\r\n\r\nbody";
        let same = [
            "Status: RO\r\nReceived: from a by b\r\nMessage-ID:<1@a>\r\n\r\n",
            "RECEIVED:from a by b\r\nMessage-ID: <1@\r\n a>\r\nMessage-ID: <2@a>\r\n",
        ];
        let other = [
            "Received: from a by c\r\nMessage-ID: <1@a>\r\n\r\n",
            "Received: from a by b\r\nMessage-ID: <2@a>\r\n\r\n",
            "Received: from a by b\r\n\r\nMessage-ID: <1@a>\r\n",
            "Message-ID: <1@a>\r\n\r\n",
            "Received-By: from a by b\r\nXMessage-ID: <1@a>\r\n\r\n",
            "",
        ];
        for size in 1..=one.len() {
            let wanted = key(one, size);
            assert_eq!(wanted, key(one, 1));
            assert!(same.iter().all(|text| key(text, size) == wanted), "{size}");
            assert!(other.iter().all(|text| key(text, size) != wanted), "{size}");
        }
        // Without either field all of the header counts, and nothing of the body.
        assert_eq!(key("A: b\r\n\r\nx", 1), key("A: b\r\n\r\ny", 99));
        assert_ne!(key("A: b\r\n\r\nx", 1), key("A: c\r\n\r\nx", 1));
        let key = Key::owned(key("", 1));
        assert!(!key.is_unique_id() && key.as_str().len() == 71);
    }
}
