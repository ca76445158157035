//! What IMAP's `BODY[section]` and `BINARY[section]` name, as places in the message.

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::ops::Range;

use crate::header::Headers;
use crate::header::content_transfer_encoding::TransferEncoding;
use crate::header::select::Select;
use crate::message::Message;
use crate::part::{Part, PartKind};
use crate::scan::slice;
use crate::stream::Decoder;

/// What of a message or a part is asked for (RFC 3501 §6.4.5, `section-text`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SectionText<'n> {
    /// All of it: `BODY[]` is the message, `BODY[1]` the body of part 1.
    Whole,
    /// `HEADER`: the header block of a message, the empty line behind it included.
    Header,
    /// `HEADER.FIELDS`: of that block, the fields of these names, whose case does not count, and an empty line.
    HeaderFields(&'n [&'n [u8]]),
    /// `HEADER.FIELDS.NOT`: the fields of all other names, and an empty line.
    HeaderFieldsNot(&'n [&'n [u8]]),
    /// `TEXT`: what follows the header block of a message.
    Text,
    /// `MIME`: the header block of a part.
    Mime,
}

/// The bytes that a section is made of, as places in the message. Made by [`Message::section`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Section {
    pieces: Vec<SectionPiece>,
    len: usize,
}

/// A piece of a [`Section`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "bytes stand in the message or they do not")]
pub enum SectionPiece {
    /// These bytes of the message.
    Stored(Range<usize>),
    /// Bytes that are not stored: the line ends behind some fields of a header block.
    Text(&'static [u8]),
}

impl Section {
    fn of(range: Range<usize>) -> Self {
        let mut section = Self::default();
        section.stored(range);
        section
    }

    /// Adds a range; neighbours become one.
    fn stored(&mut self, range: Range<usize>) {
        self.len += range.len();
        match self.pieces.last_mut() {
            _ if range.is_empty() => {}
            Some(SectionPiece::Stored(last)) if last.end == range.start => last.end = range.end,
            _ => self.pieces.push(SectionPiece::Stored(range)),
        }
    }

    fn selected(mut fields: Select<'_, '_>) -> Self {
        let mut section = Self::default();
        while let Some(field) = fields.field() {
            section.stored(field.range());
        }
        let end = fields.end();
        section.len += end.len();
        section.pieces.push(SectionPiece::Text(end));
        section
    }

    /// The pieces in their order. None of them is empty, and neighbours in the message are one piece.
    pub fn pieces(&self) -> &[SectionPiece] {
        &self.pieces
    }

    /// How many bytes they have together.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The bytes themselves, of the message that the section was found in.
    pub fn bytes<'a>(&self, raw: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
        self.pieces.iter().map(|piece| match piece {
            SectionPiece::Stored(range) => slice(raw, range.clone()),
            SectionPiece::Text(text) => text,
        })
    }
}

/// The body of a part without its transfer encoding: IMAP's `BINARY[section]` (RFC 3516 §4.2). Made by [`Part::binary`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binary<'m> {
    body: &'m [u8],
    range: Range<usize>,
    encoding: TransferEncoding<'m>,
}

/// How many bytes are decoded at a time to count them.
const PIECE: usize = 4096;

impl<'m> Binary<'m> {
    /// Where the body stands in the message where its bytes are sent as they stand; `None` where they must be decoded.
    pub fn range(&self) -> Option<Range<usize>> {
        self.is_plain().then(|| self.range.clone())
    }

    const fn is_plain(&self) -> bool {
        !matches!(
            self.encoding,
            TransferEncoding::Base64
                | TransferEncoding::QuotedPrintable
                | TransferEncoding::Uuencode
        )
    }

    /// How many bytes there are: `BINARY.SIZE`. They are decoded for it in small pieces, and none is kept.
    pub fn size(&self) -> usize {
        if let Some(range) = self.range() {
            return range.len();
        }
        if self.encoding == TransferEncoding::Uuencode {
            return self.bytes().len();
        }
        let (mut decoder, mut bytes, mut size) = (Decoder::of_leaf(self.encoding), Vec::new(), 0);
        for piece in self.body.chunks(PIECE) {
            decoder.decode(piece, &mut bytes);
            size += bytes.len();
            bytes.clear();
        }
        decoder.finish(&mut bytes);
        size + bytes.len()
    }

    /// The bytes; borrowed where nothing had to be decoded.
    pub fn bytes(&self) -> Cow<'m, [u8]> {
        self.encoding.decode(self.body)
    }
}

impl Message<'_> {
    /// Where a section of the message stands; `None` where it has none such, which IMAP tells as NIL.
    ///
    /// `path` counts as [`part`](Self::part) does, and is empty for the message itself. `Header`, `HeaderFields`,
    /// `HeaderFieldsNot` and `Text` are there for the message itself and for parts that are messages; `Mime` is there for parts.
    /// Fields behind [`Limits::fields`](crate::Limits::fields) are not selected.
    ///
    /// # Examples
    /// ```
    /// use mailrail_message::{Message, SectionText};
    ///
    /// let raw = b"To: a@b.test\r\nSubject: x\r\n\r\nText\r\n";
    /// let message = Message::parse(raw);
    /// let subject = message.section(&[], SectionText::HeaderFields(&[b"subject"])).unwrap();
    /// assert_eq!(subject.bytes(raw).collect::<Vec<_>>().concat(), b"Subject: x\r\n\r\n");
    /// assert_eq!(message.section(&[1, 1], SectionText::Whole), None);
    /// ```
    pub fn section(&self, path: &[u32], text: SectionText<'_>) -> Option<Section> {
        let part = self.part(path)?;
        let whole = || match path {
            [] => Some(part),
            _ => part.message(),
        };
        let headers = || whole().map(Part::headers);
        Some(match text {
            SectionText::Whole if path.is_empty() => Section::of(0..self.raw().len()),
            SectionText::Whole => Section::of(part.body_range()),
            SectionText::Header => Section::of(whole()?.header_range()),
            SectionText::Text => Section::of(whole()?.body_range()),
            SectionText::Mime if path.is_empty() => return None,
            SectionText::Mime => Section::of(part.header_range()),
            SectionText::HeaderFields(names) => Section::selected(headers()?.select(names)),
            SectionText::HeaderFieldsNot(names) => Section::selected(headers()?.select_not(names)),
        })
    }
}

impl<'m> Part<'m> {
    /// Its body without the transfer encoding, as IMAP's `BINARY` sends it; what has parts of its own is sent as it stands.
    /// `None` where nobody knows the encoding: IMAP's `UNKNOWN-CTE` (RFC 3516 §4.3).
    pub fn binary(self) -> Option<Binary<'m>> {
        let encoding = match self.kind() {
            PartKind::Leaf => self.encoding(),
            _ => TransferEncoding::Binary,
        };
        let is_known = !matches!(encoding, TransferEncoding::Other(name) if !name.is_empty());
        is_known.then(|| Binary { body: self.raw_body(), range: self.body_range(), encoding })
    }
}

impl<'m> Headers<'m> {
    /// The fields of some names as they stand, then an empty line: IMAP's `HEADER.FIELDS` (RFC 3501 §6.4.5).
    pub fn select<'n, N: AsRef<[u8]>>(&self, names: &'n [N]) -> Select<'m, 'n> {
        Select::new(self.iter(), names, true)
    }

    /// The fields of all other names as they stand, then an empty line: IMAP's `HEADER.FIELDS.NOT`.
    pub fn select_not<'n, N: AsRef<[u8]>>(&self, names: &'n [N]) -> Select<'m, 'n> {
        Select::new(self.iter(), names, false)
    }
}
