//! Where the octets of a section stand.

use crate::types::{FetchAttribute, IString, Partial, Section, SectionText};
use alloc::vec::Vec;
use core::{num::NonZeroU32, ops::Range};
use mailrail_message::{Message, SectionPiece, SectionText as Text};

/// How much of a stored message has to be read to answer for an attribute, apart from the octets
/// that are sent themselves. The greater includes the lesser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a message has a header and a body")]
pub enum Needs {
    /// Nothing: its number, flags, size and date are enough.
    Nothing,
    /// Its header, up to and with the empty line. More does no harm.
    Header,
    /// All of it, for its structure.
    Message,
}

impl FetchAttribute<'_> {
    /// How much of a message has to be read to answer for it.
    #[must_use]
    pub fn needs(&self) -> Needs {
        match self {
            Self::Envelope | Self::Rfc822Header | Self::Rfc822Text => Needs::Header,
            Self::Body | Self::BodyStructure => Needs::Message,
            Self::Section { section, .. } => section.needs(),
            _ => Needs::Nothing,
        }
    }
}

impl Section<'_> {
    /// How much of a message has to be read to find this section in it.
    #[must_use]
    pub fn needs(&self) -> Needs {
        match self.text() {
            _ if !self.part().is_empty() => Needs::Message,
            None => Needs::Nothing,
            Some(_) => Needs::Header,
        }
    }

    /// Where the octets of this section stand in a message of `size` bytes; none where the message
    /// has no such part, which is told as NIL.
    ///
    /// `message` is what was parsed of it, as much as [`needs`](Self::needs) says at least. For
    /// [`Needs::Nothing`] it may be empty.
    ///
    /// ```
    /// use mailrail_imap::{server::Piece, types::{Section, SectionText}};
    /// use mailrail_message::Message;
    ///
    /// // 9 bytes of the message have been read; 1,009 are stored.
    /// let message = Message::parse(b"To: x\r\n\r\n");
    /// let section = Section::new(Vec::new(), Some(SectionText::Text))?;
    /// let text = section.locate(&message, 1_009, None).unwrap();
    /// assert_eq!(text.len(), 1_000);
    /// assert_eq!(text.pieces(), [Piece::Stored(9..1_009)]);
    /// # Ok::<(), mailrail_imap::SyntaxError>(())
    /// ```
    #[must_use]
    pub fn locate(
        &self,
        message: &Message<'_>,
        size: u64,
        partial: Option<Partial>,
    ) -> Option<Octets> {
        let octets = self.locate_whole(message, size)?;
        Some(match partial {
            Some(partial) => octets.cut(partial),
            None => octets,
        })
    }

    fn locate_whole(&self, message: &Message<'_>, size: u64) -> Option<Octets> {
        let header = as_u64(message.root().header_range().end).min(size);
        match self.text() {
            // They end with what is stored, of which no more than the header may have been read.
            None if self.part().is_empty() => return Some(Octets::stored(0..size)),
            Some(SectionText::Text) if self.part().is_empty() => {
                return Some(Octets::stored(header..size));
            }
            _ => {}
        }
        let path: Vec<u32> = self.part().iter().copied().map(NonZeroU32::get).collect();
        let section = match self.text() {
            None => message.section(&path, Text::Whole),
            Some(SectionText::Header) => message.section(&path, Text::Header),
            Some(SectionText::Text) => message.section(&path, Text::Text),
            Some(SectionText::Mime) => message.section(&path, Text::Mime),
            Some(SectionText::HeaderFields(list)) => {
                message.section(&path, Text::HeaderFields(&names(list)))
            }
            Some(SectionText::HeaderFieldsNot(list)) => {
                message.section(&path, Text::HeaderFieldsNot(&names(list)))
            }
        }?;
        let mut octets = Octets::default();
        for piece in section.pieces() {
            octets.push(match piece {
                SectionPiece::Stored(range) => {
                    Piece::Stored(as_u64(range.start)..as_u64(range.end))
                }
                SectionPiece::Text(text) => Piece::Text(text),
            });
        }
        Some(octets)
    }
}

fn names<'n>(names: &'n [IString<'_>]) -> Vec<&'n [u8]> {
    names.iter().map(IString::as_bytes).collect()
}

/// Octets of a message to be sent: ranges of what is stored, with little between them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Octets {
    pieces: Vec<Piece>,
    len: u64,
}

/// Some of them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "octets are stored or they are not")]
pub enum Piece {
    /// These bytes of the stored message.
    Stored(Range<u64>),
    /// These bytes, that are not stored: the end of a selected header.
    Text(&'static [u8]),
}

impl Octets {
    /// One range of the stored message, such as all of it.
    #[must_use]
    pub fn stored(range: Range<u64>) -> Self {
        let mut octets = Self::default();
        octets.push(Piece::Stored(range));
        octets
    }

    /// How many octets there are: what the literal announces.
    #[must_use]
    pub const fn len(&self) -> u64 {
        self.len
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// They, in their order. None of them is empty.
    #[must_use]
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// Those of them that `partial` asks for; where they end before it, none (RFC 3501 §6.4.5).
    #[must_use]
    pub fn cut(self, partial: Partial) -> Self {
        let mut cut = Self::default();
        let (mut skip, mut left) = (partial.offset, partial.length.get());
        for piece in self.pieces {
            let len = piece.len();
            let from = skip.min(len);
            let take = left.min(len - from);
            skip -= from;
            left -= take;
            cut.push(match piece {
                Piece::Stored(range) => {
                    Piece::Stored(range.start + from..range.start + from + take)
                }
                Piece::Text(text) => Piece::Text(
                    text.get(in_memory(from)..in_memory(from + take)).unwrap_or_default(),
                ),
            });
        }
        cut
    }

    fn push(&mut self, piece: Piece) {
        let len = piece.len();
        self.len += len;
        match (self.pieces.last_mut(), &piece) {
            _ if len == 0 => {}
            (Some(Piece::Stored(last)), Piece::Stored(next)) if last.end == next.start => {
                last.end = next.end;
            }
            _ => self.pieces.push(piece),
        }
    }
}

impl Piece {
    fn len(&self) -> u64 {
        match self {
            Self::Stored(range) => range.end.saturating_sub(range.start),
            Self::Text(text) => as_u64(text.len()),
        }
    }
}

fn as_u64(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

fn in_memory(n: u64) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{format, string::String};
    use nom::Parser;

    /// RFC 3501 §6.4.5 has a message of this shape.
    const MESSAGE: &[u8] = b"Subject: all\r\nTo: x\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n\
        --a\r\n\r\none\r\n--a\r\nContent-Type: application/octet-stream\r\n\r\ntwo\r\n\
        --a\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
        --b\r\n\r\nthree one\r\n--b\r\nX: y\r\n\r\nthree two\r\n--b--\r\n\
        --a--\r\n";

    fn fetched(message: &[u8], attribute: &str) -> Option<String> {
        let attribute = FetchAttribute::parse(attribute.as_bytes()).unwrap().1;
        let FetchAttribute::Section { section, partial, .. } = &attribute else { panic!() };
        let size = as_u64(message.len());
        let parsed = match section.needs() {
            Needs::Nothing => &b""[..],
            Needs::Header => {
                let end = memchr::memmem::find(message, b"\r\n\r\n").unwrap() + 4;
                &message[..end]
            }
            Needs::Message => message,
        };
        let octets = section.locate(&Message::parse(parsed), size, *partial)?;
        let mut text = Vec::new();
        for piece in octets.pieces() {
            match piece {
                Piece::Stored(range) => {
                    text.extend(&message[in_memory(range.start)..in_memory(range.end)]);
                }
                Piece::Text(more) => text.extend(*more),
            }
        }
        assert_eq!(octets.len(), as_u64(text.len()));
        assert!(octets.pieces().iter().all(|piece| piece.len() > 0));
        Some(String::from_utf8(text).unwrap())
    }

    #[test]
    fn sections_of_the_rfc() {
        for (section, text) in [
            ("1", Some("one")),
            ("1.MIME", Some("\r\n")),
            ("2", Some("two")),
            ("2.MIME", Some("Content-Type: application/octet-stream\r\n\r\n")),
            ("2.HEADER", None),
            ("2.TEXT", None),
            ("2.1", None),
            (
                "3.HEADER",
                Some("Subject: inner\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"),
            ),
            ("3.HEADER.FIELDS (Subject X)", Some("Subject: inner\r\n\r\n")),
            ("3.1", Some("three one")),
            ("3.2.MIME", Some("X: y\r\n\r\n")),
            ("3.2", Some("three two")),
            ("3.3", None),
            ("4", None),
            ("HEADER.FIELDS (to SUBJECT)", Some("Subject: all\r\nTo: x\r\n\r\n")),
            ("HEADER.FIELDS (none)", Some("\r\n")),
            (
                "HEADER.FIELDS.NOT (to)",
                Some("Subject: all\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n"),
            ),
        ] {
            let found = fetched(MESSAGE, &format!("BODY.PEEK[{section}]"));
            assert_eq!(found.as_deref(), text, "{section}");
        }
        let whole = fetched(MESSAGE, "BODY[]").unwrap();
        assert_eq!(whole.as_bytes(), MESSAGE);
        let halves =
            fetched(MESSAGE, "BODY[HEADER]").unwrap() + &fetched(MESSAGE, "BODY[TEXT]").unwrap();
        assert_eq!(halves, whole);
        let inner = fetched(MESSAGE, "BODY[3.HEADER]").unwrap()
            + &fetched(MESSAGE, "BODY[3.TEXT]").unwrap();
        assert_eq!(Some(inner), fetched(MESSAGE, "BODY[3]"));
    }

    #[test]
    fn parts_of_sections() {
        let whole = fetched(MESSAGE, "BODY[HEADER.FIELDS (Subject Content-Type)]").unwrap();
        for offset in 0..whole.len() + 3 {
            for length in 1..whole.len() + 3 {
                let item = format!("BODY[HEADER.FIELDS (Subject Content-Type)]<{offset}.{length}>");
                let end = whole.len().min(offset + length);
                assert_eq!(fetched(MESSAGE, &item).as_deref(), whole.get(offset.min(end)..end));
            }
        }
        assert_eq!(
            fetched(MESSAGE, "BODY[]<9223372036854775807.9223372036854775807>").unwrap(),
            ""
        );
    }

    #[test]
    fn plain_messages_have_one_part() {
        let message = b"A: b\r\n\r\ntext";
        assert_eq!(fetched(message, "BODY[1]").as_deref(), Some("text"));
        assert_eq!(fetched(message, "BODY[1.MIME]").as_deref(), Some("A: b\r\n\r\n"));
        assert_eq!(fetched(message, "BODY[2]"), None);
    }

    #[test]
    fn needs_grow() {
        for (attribute, needs) in [
            ("FLAGS", Needs::Nothing),
            ("BODY[]", Needs::Nothing),
            ("ENVELOPE", Needs::Header),
            ("BODY[TEXT]", Needs::Header),
            ("BODYSTRUCTURE", Needs::Message),
            ("BODY[1]", Needs::Message),
        ] {
            let (_, attribute) = FetchAttribute::parse.parse(attribute.as_bytes()).unwrap();
            assert_eq!(attribute.needs(), needs);
        }
    }
}
