//! What a streamed message says.

use core::ops::Range;

use crate::defect::Defect;
use crate::encoding::TextDecoder;
use crate::header::Field;
use crate::header::content_transfer_encoding::TransferEncoding;
use crate::header::content_type::ContentType;
use crate::part::PartKind;
use crate::path::PartPath;

/// What [`MessageStream::event`](crate::MessageStream::event) has read. It borrows the chunk and the reader.
///
/// A part is told as `PartBegins`, its `Field`s, `Body`, then the `Data` of a leaf or all that is told of the parts inside,
/// then `PartEnds`. A `Defect` may come at any time.
#[derive(Debug)]
#[non_exhaustive]
pub enum MessageEvent<'s> {
    /// A part begins: the message itself, one of a multipart, or the message inside a message/rfc822 part.
    PartBegins {
        /// Its place among all parts of the message, from 0: as [`Message::parts`](crate::Message::parts) has them.
        index: usize,
        /// Where its header block starts, in bytes from the start of the message.
        start: usize,
    },
    /// A field of its header. Of one longer than [`Limits::field_bytes`](crate::Limits::field_bytes) these are
    /// its first bytes, and a defect says so.
    Field(Field<'s>),
    /// Its header is read, and its body begins.
    Body(PartHead<'s>),
    /// Some of the body of a leaf, without its transfer encoding.
    Data(&'s [u8]),
    /// A part ends.
    PartEnds {
        /// Its place among all parts.
        index: usize,
        /// Where its body stands in the message, as [`Part::body_range`](crate::Part::body_range) tells it.
        body: Range<usize>,
    },
    /// A fault.
    Defect(Defect),
}

/// What a part's header says about its body. Told by [`MessageEvent::Body`].
#[derive(Debug)]
pub struct PartHead<'s> {
    pub(super) kind: PartKind,
    pub(super) path: PartPath,
    pub(super) start: usize,
    pub(super) content_type: ContentType<'s>,
    pub(super) encoding: TransferEncoding<'s>,
}

impl<'s> PartHead<'s> {
    /// What stands in the part.
    pub const fn kind(&self) -> PartKind {
        self.kind
    }

    /// Its number, as IMAP counts: see [`Part::path`](crate::Part::path).
    pub const fn path(&self) -> &PartPath {
        &self.path
    }

    /// Where its body starts, in bytes from the start of the message.
    pub const fn start(&self) -> usize {
        self.start
    }

    /// Its content type: see [`Part::content_type`](crate::Part::content_type).
    pub const fn content_type(&self) -> ContentType<'s> {
        self.content_type
    }

    /// What makes text of its [`Data`](MessageEvent::Data), if its content type is text: see [`Part::text`](crate::Part::text).
    pub fn text_decoder(&self) -> Option<TextDecoder> {
        let is_text = self.kind == PartKind::Leaf && self.content_type.is_text();
        let label = || self.content_type.parameters().bytes("charset");
        is_text.then(|| TextDecoder::new(label().as_deref()))
    }

    /// Its transfer encoding: see [`Part::encoding`](crate::Part::encoding).
    pub const fn encoding(&self) -> TransferEncoding<'s> {
        self.encoding
    }
}
