//! One part of a message.

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::ops::Range;

use crate::encoding::{charset, quoted_text};
use crate::header::Headers;
use crate::header::content_disposition::ContentDisposition;
use crate::header::content_transfer_encoding::TransferEncoding;
use crate::header::content_type::ContentType;
use crate::header::message_id::MessageId;
use crate::message::Message;
use crate::path::PartPath;
use crate::scan::{LineEnds, slice};
use crate::structure::{Span, content_type, count_lines};

/// Text that is decoded as a whole.
const SHORT: usize = 1024;

/// What stands in a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PartKind {
    /// A body: text, an image, a file. Also a multipart or an embedded message that cannot be looked into, which a
    /// defect then says; its content type is still the one that it claims.
    Leaf,
    /// Further parts, see [`Part::children`].
    Multipart,
    /// An embedded message, see [`Part::message`].
    Message,
}

/// A part of a message: the message itself, one part of a multipart, or the message inside a message/rfc822 part.
///
/// All ranges are of bytes of the whole message.
#[derive(Clone, Copy)]
pub struct Part<'m> {
    message: &'m Message<'m>,
    index: usize,
}

impl core::fmt::Debug for Part<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Part")
            .field("path", &self.path())
            .field("kind", &self.kind())
            .field("header", &self.header_range())
            .field("body", &self.body_range())
            .finish()
    }
}

impl PartialEq for Part<'_> {
    fn eq(&self, other: &Self) -> bool {
        core::ptr::eq(self.message.raw(), other.message.raw()) && self.index == other.index
    }
}

impl Eq for Part<'_> {}

impl<'m> Part<'m> {
    pub(crate) const fn new(message: &'m Message<'m>, index: usize) -> Self {
        Self { message, index }
    }

    fn entry(self) -> Option<&'m crate::structure::Entry> {
        self.message.index.entries.get(self.index)
    }

    /// What stands in it.
    pub fn kind(self) -> PartKind {
        self.entry().map_or(PartKind::Leaf, |entry| entry.kind)
    }

    /// Whether it is a multipart, whose parts are its [`children`](Self::children).
    pub fn is_multipart(self) -> bool {
        self.kind() == PartKind::Multipart
    }

    /// Whether it holds an embedded [`message`](Self::message).
    pub fn is_message(self) -> bool {
        self.kind() == PartKind::Message
    }

    /// The part that this one stands in.
    pub fn parent(self) -> Option<Self> {
        Some(Self::new(self.message, self.entry()?.parent? as usize))
    }

    /// The parts of a multipart, in their order. None where it is no multipart.
    pub fn children(self) -> Children<'m> {
        match self.entry() {
            Some(entry) if entry.kind == PartKind::Multipart => {
                Children { message: self.message, next: self.index + 1, end: entry.after as usize }
            }
            _ => Children { message: self.message, next: 0, end: 0 },
        }
    }

    /// The message that a message/rfc822 or message/global part holds, as a part of its own: its
    /// header block is IMAP's `HEADER` of this part, and its body is `TEXT`.
    pub fn message(self) -> Option<Self> {
        self.is_message().then(|| Self::new(self.message, self.index + 1))
    }

    /// Whether it is the message itself, or the message inside a message/rfc822 part.
    pub fn is_whole_message(self) -> bool {
        self.parent().is_none_or(Self::is_message)
    }

    /// Its number, as IMAP counts; empty for the message itself. [`Message::part`] says how numbers are given.
    ///
    /// A multipart that is the whole of an embedded message has the number of the part that holds the message.
    pub fn path(self) -> PartPath {
        let mut path = Vec::new();
        if self.parent().is_none() {
            return PartPath(path);
        }
        let mut part = self;
        while let Some(entry) = part.entry() {
            let parent = part.parent();
            match parent {
                Some(above) if above.is_multipart() => path.push(entry.ordinal),
                // The whole of a message: a multipart has no number of its own, anything else is number 1.
                _ if !part.is_multipart() => path.push(1),
                _ => {}
            }
            let Some(above) = parent else { break };
            part = above;
        }
        path.reverse();
        PartPath(path)
    }

    /// Its header block, with the empty line behind it where there is one. IMAP's `MIME`, and for a whole message `HEADER`.
    pub fn header_range(self) -> Range<usize> {
        self.entry().map_or(0..0, |entry| entry.header..entry.body)
    }

    /// Its body, as it is encoded. IMAP's `BODY[n]`, and for a whole message `TEXT`. The line end before the next delimiter
    /// belongs to the delimiter, unless it ends the header block of an embedded message without a body.
    pub fn body_range(self) -> Range<usize> {
        self.entry().map_or(0..0, |entry| entry.body..entry.end)
    }

    /// Header block and body. Of the part that [`message`](Self::message) gives, the embedded message.
    pub fn range(self) -> Range<usize> {
        self.header_range().start..self.body_range().end
    }

    /// The bytes of [`header_range`](Self::header_range).
    pub fn raw_header(self) -> &'m [u8] {
        slice(self.message.raw(), self.header_range())
    }

    /// The bytes of [`body_range`](Self::body_range).
    pub fn raw_body(self) -> &'m [u8] {
        slice(self.message.raw(), self.body_range())
    }

    /// The message up to the end of this part, and what ends its lines.
    pub(crate) fn surroundings(self) -> (&'m [u8], LineEnds) {
        (slice(self.message.raw(), 0..self.body_range().end), self.message.index.ends)
    }

    /// How many lines the encoded body has, as BODYSTRUCTURE wants of text and messages. A last line that is not ended counts.
    pub fn body_lines(self) -> usize {
        count_lines(self.raw_body(), self.message.index.ends)
    }

    /// Its header fields.
    pub fn headers(self) -> Headers<'m> {
        let fields = self.message.index.fields_of(self.index);
        Headers::new(self.message.raw(), self.header_range(), fields, &self.message.limits)
    }

    /// Where all fields of its header block stand, those too that are not listed since they lie behind a limit.
    pub(crate) fn all_spans(self) -> Cow<'m, [Span]> {
        let listed = self.message.index.fields_of(self.index);
        let limits = &self.message.limits;
        let is_whole = self.message.index.fields.len() < limits.fields
            && self.header_range().len() < limits.header_bytes;
        match is_whole {
            true => Cow::Borrowed(listed),
            false => {
                Cow::Owned(self.message.index.all_fields(self.message.raw(), self.header_range()))
            }
        }
    }

    /// Its content type; text/plain where it says none that parses, and message/rfc822 where it says none in a
    /// multipart/digest (RFC 2045 §5.2, RFC 2046 §5.1.5).
    pub fn content_type(self) -> ContentType<'m> {
        let in_digest = self.entry().is_some_and(|entry| entry.in_digest);
        content_type(self.headers().field("Content-Type"), in_digest)
    }

    /// Its transfer encoding; 7bit where it says none (RFC 2045 §6.1).
    pub fn encoding(self) -> TransferEncoding<'m> {
        self.headers().content_transfer_encoding()
    }

    /// Its disposition (RFC 2183).
    pub fn disposition(self) -> Option<ContentDisposition<'m>> {
        self.headers().content_disposition()
    }

    /// The name of the file it holds: `filename` of its disposition, else `name` of its content type.
    ///
    /// It is what the sender wrote: it may hold path separators and control characters.
    pub fn filename(self) -> Option<Cow<'m, str>> {
        self.disposition()
            .and_then(|disposition| disposition.filename())
            .or_else(|| self.content_type().parameters().get("name"))
    }

    /// Its `Content-ID`, which a `cid:` reference names (RFC 2392).
    pub fn content_id(self) -> Option<MessageId<'m>> {
        self.headers().content_id()
    }

    /// Its body without the transfer encoding. Borrowed where there was none to undo.
    pub fn decoded(self) -> Cow<'m, [u8]> {
        let body = self.raw_body();
        if self.kind() != PartKind::Leaf {
            return Cow::Borrowed(body);
        }
        self.encoding().decode(body)
    }

    /// Its body as text, if its content type is text: decoded from transfer encoding and charset. Line ends are as they were sent.
    pub fn text(self) -> Option<Cow<'m, str>> {
        let content_type = self.content_type();
        if self.kind() != PartKind::Leaf || !content_type.is_text() {
            return None;
        }
        let label = content_type.parameters().bytes("charset");
        let (body, encoding) = (self.raw_body(), self.encoding());
        if body.len() > SHORT
            && encoding == TransferEncoding::QuotedPrintable
            && charset::may_be_utf8(label.as_deref())
            && let Some(text) = quoted_text::decode(body)
        {
            return Some(Cow::Owned(text));
        }
        Some(charset::decode_cow(label.as_deref(), encoding.decode(body)))
    }
}

/// The parts of a multipart. Made by [`Part::children`].
#[derive(Debug, Clone)]
pub struct Children<'m> {
    message: &'m Message<'m>,
    next: usize,
    end: usize,
}

impl<'m> Iterator for Children<'m> {
    type Item = Part<'m>;

    fn next(&mut self) -> Option<Part<'m>> {
        if self.next >= self.end {
            return None;
        }
        let part = Part::new(self.message, self.next);
        // What follows a part is what follows all that stands in it.
        self.next = part.entry()?.after as usize;
        Some(part)
    }
}

/// All parts of a message. Made by [`Message::parts`].
#[derive(Debug, Clone)]
pub struct Parts<'m> {
    message: &'m Message<'m>,
    next: usize,
}

impl<'m> Parts<'m> {
    pub(crate) const fn new(message: &'m Message<'m>) -> Self {
        Self { message, next: 0 }
    }
}

impl<'m> Iterator for Parts<'m> {
    type Item = Part<'m>;

    fn next(&mut self) -> Option<Part<'m>> {
        if self.next >= self.message.index.entries.len() {
            return None;
        }
        self.next += 1;
        Some(Part::new(self.message, self.next - 1))
    }
}
