//! A message for a way that carries less than it needs.

mod conversion;
mod recode;

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::ops::Range;

use crate::builder::body_type::BodyType;
use crate::builder::text::Coding;
use crate::defect::DefectKind;
use crate::header::content_transfer_encoding::TransferEncoding;
use crate::message::Message;
use crate::part::{Part, PartKind, Parts};
use crate::scan::{from, slice};
pub use conversion::Conversion;
use recode::Recode;

/// Why a message cannot be converted. Each tells where: bytes from the start of the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConvertError {
    /// A header block holds bytes over 127: UTF-8, which only SMTPUTF8 carries (RFC 6531 §3.2, RFC 6532).
    #[error("the header at byte {0} is not ASCII")]
    Utf8Header(usize),
    /// A header block, or what stands between parts, holds NUL, a line over 998 bytes, or a CR or LF alone.
    #[error("a line at byte {0} does not end in CR LF, is too long or holds NUL")]
    InvalidLine(usize),
    /// It stands in a multipart/signed or multipart/encrypted, in which nothing may be changed (RFC 1847 §2.1).
    #[error("the part at byte {0} is signed or encrypted")]
    Protected(usize),
    /// The part may not be encoded and cannot be looked into, or its encoding is not known (RFC 2045 §6.4, RFC 2046 §5.2).
    #[error("the part at byte {0} cannot be encoded")]
    Unencodable(usize),
    /// The structure is past a limit, or has a boundary that never occurs or occurs again behind the end: some of it is unknown.
    #[error("the structure is not known from byte {0} on")]
    UnknownStructure(usize),
}

impl Message<'_> {
    /// Makes the message fit for a way that carries no more than `way`, which is what a server without 8BITMIME
    /// or BINARYMIME asks for (RFC 6152 §3, RFC 3030 §3).
    ///
    /// The leaves that need more are encoded, as text mostly in quoted-printable, and what their header and those around them say of
    /// it is put right; all else stays as it was, byte for byte. No information is lost: each part decodes to
    /// what it was. Two things do change that nobody reads: lines before the first and behind the last part of a multipart that the
    /// way does not carry are left out. A DKIM signature of the message does not survive (RFC 6376 §5.3).
    ///
    /// The message is held whole while that is done, so that whoever takes mail limits its size; what comes of it is held piece by piece.
    /// How a part is encoded is told by all of it, which comes behind its header.
    ///
    /// A message that fits already is given as it is. That it does is told by one look at its bytes.
    ///
    /// # Errors
    /// Where the way cannot carry the message however it is encoded: see [`ConvertError`].
    ///
    /// # Examples
    /// ```
    /// use mailrail_message::{BodyType, Message};
    ///
    /// let raw = "Subject: hi\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\
    ///     Content-Transfer-Encoding: 8bit\r\n\r\ncaf\u{e9}\r\n";
    /// let message = Message::parse(raw.as_bytes());
    /// let converted = message.convert(BodyType::SevenBit)?;
    /// // Pull it piece by piece; most pieces are borrowed.
    /// let bytes: Vec<u8> = converted.flat_map(|piece| piece.into_owned()).collect();
    /// assert_eq!(bytes, b"Subject: hi\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\
    ///     Content-Transfer-Encoding: quoted-printable\r\n\r\ncaf=C3=A9\r\n");
    /// # Ok::<(), mailrail_message::ConvertError>(())
    /// ```
    pub fn convert(&self, way: BodyType) -> Result<Converted<'_>, ConvertError> {
        Ok(Converted { rest: self.raw(), conversion: self.conversion(way)? })
    }

    /// How [`convert`](Self::convert) makes the message fit, as a value that does it while the message goes by once more, from
    /// wherever it is stored.
    ///
    /// # Errors
    /// Those of [`convert`](Self::convert).
    pub fn conversion(&self, way: BodyType) -> Result<Conversion, ConvertError> {
        let mut plan = Plan { message: self, way, done: Conversion::default(), at: 0 };
        if BodyType::of(self.raw()) > way {
            plan.make()?;
        }
        plan.keep(plan.at..self.raw().len());
        plan.done.end(self.raw().len());
        Ok(plan.done)
    }
}

/// What becomes of a message, part by part in their order.
struct Plan<'m> {
    message: &'m Message<'m>,
    way: BodyType,
    done: Conversion,
    /// How far the message is planned.
    at: usize,
}

impl<'m> Plan<'m> {
    fn keep(&mut self, range: Range<usize>) {
        self.at = range.end;
        self.done.keep(range);
    }

    fn make(&mut self) -> Result<(), ConvertError> {
        use DefectKind::{HeaderTooLong, TooManyFields};
        self.check(&[HeaderTooLong, TooManyFields])?;
        // Where the outermost part ends in which nothing may be changed, and why; and an embedded message that is encoded whole.
        let mut sealed: Option<(usize, ConvertError)> = None;
        let mut encoded = 0;
        let mut parts = self.message.parts();
        while let Some(part) = parts.next() {
            let (start, end) = (part.header_range().start, part.body_range().end);
            if start < encoded {
                continue;
            }
            sealed = sealed.filter(|(end, _)| start < *end);
            let seal = sealed.map(|(_, reason)| reason);
            self.between(start, seal)?;
            self.check_header(part)?;
            let is_leaf = part.kind() == PartKind::Leaf;
            if is_leaf || self.must_be_whole(part, parts.clone()) {
                self.leaf(part, seal)?;
                encoded = end;
            } else {
                self.container(part, seal);
                sealed = sealed.or_else(|| seal_of(part).map(|reason| (end, reason)));
            }
        }
        self.between(self.message.raw().len(), None)
    }

    /// Nothing may be overlooked.
    fn check(&self, unknown: &[DefectKind]) -> Result<(), ConvertError> {
        let defects = self.message.defects();
        let found = match defects.len() >= self.message.limits.defects {
            true => defects.last(),
            false => defects.iter().find(|defect| unknown.contains(&defect.kind)),
        };
        found.map_or(Ok(()), |defect| Err(ConvertError::UnknownStructure(defect.offset)))
    }

    fn check_header(&self, part: Part<'_>) -> Result<(), ConvertError> {
        let header = part.raw_header();
        let start = part.header_range().start;
        if BodyType::of(header) <= self.way {
            return Ok(());
        }
        Err(match header.iter().position(|byte| !byte.is_ascii()) {
            Some(at) if self.way == BodyType::SevenBit => ConvertError::Utf8Header(start + at),
            _ => ConvertError::InvalidLine(start),
        })
    }

    /// The delimiters from here to `end`, with what nobody reads around them.
    fn between(&mut self, end: usize, seal: Option<ConvertError>) -> Result<(), ConvertError> {
        use DefectKind::{BoundaryNotFound, RepeatedBoundary, TooManyParts};
        let all = slice(self.message.raw(), self.at..end);
        if BodyType::of(all) <= self.way {
            self.keep(self.at..end);
            return Ok(());
        }
        self.check(&[BoundaryNotFound, RepeatedBoundary, TooManyParts])?;
        let mut is_line_start = slice(self.message.raw(), 0..self.at).ends_with(b"\n");
        for line in all.split_inclusive(|byte| *byte == b'\n') {
            let next = self.at + line.len();
            if BodyType::of(line) <= self.way {
                self.keep(self.at..next);
            } else if !is_line_start || line.starts_with(b"--") {
                return Err(ConvertError::InvalidLine(self.at));
            } else if let Some(reason) = seal {
                return Err(reason);
            }
            self.at = next;
            is_line_start = true;
        }
        Ok(())
    }

    /// Whether it is a message/global whose header fields only an encoding gets through (RFC 6532 §3.7). `later`: the parts behind it.
    fn must_be_whole(&self, part: Part<'_>, later: Parts<'_>) -> bool {
        let end = part.body_range().end;
        let mut inner = later.take_while(|inner| inner.header_range().start < end);
        part.content_type().is("message", "global")
            && self.way == BodyType::SevenBit
            && inner.any(|inner| !inner.raw_header().is_ascii())
    }

    /// The header of a multipart or an embedded message.
    fn container(&mut self, part: Part<'_>, seal: Option<ConvertError>) {
        let is_root = part.parent().is_none();
        match label(part.encoding()) {
            Some(needs) if needs > self.way && seal.is_none() => {
                self.header(part, self.way.identity(), is_root);
            }
            _ => self.header(part, "", is_root),
        }
    }

    /// A part that can be encoded as a whole, header and body.
    fn leaf(&mut self, part: Part<'m>, seal: Option<ConvertError>) -> Result<(), ConvertError> {
        let start = part.header_range().start;
        let body = part.raw_body();
        let needs = BodyType::of(body);
        let encoding = part.encoding();
        let content_type = part.content_type();
        if needs <= self.way {
            match label(encoding) {
                Some(label) if label > self.way && seal.is_none() => {
                    self.header(part, needs.identity(), part.parent().is_none());
                }
                _ => self.keep(part.header_range()),
            }
            self.keep(part.body_range());
            return Ok(());
        }
        if let Some(reason) = seal {
            return Err(reason);
        }
        let is_composite = content_type.is_multipart()
            || ["rfc822", "partial", "external-body"]
                .iter()
                .any(|kind| content_type.is("message", kind));
        let coding = match encoding {
            TransferEncoding::QuotedPrintable => Coding::QuotedPrintable,
            TransferEncoding::Base64 | TransferEncoding::Uuencode => Coding::Base64,
            TransferEncoding::Other(_) => return Err(ConvertError::Unencodable(start)),
            _ if is_composite => return Err(ConvertError::Unencodable(start)),
            _ if content_type.is_text()
                || content_type.main_type().eq_ignore_ascii_case("message") =>
            {
                Coding::shorter(body)
            }
            _ => Coding::Base64,
        };
        self.header(part, coding.name(), part.is_whole_message());
        // Without an empty line, an encoded line could pass for a field.
        if !has_empty_line(part.raw_header()) {
            self.done.add(b"\r\n".to_vec());
        }
        self.done.encode(part.body_range().start, body, Recode::new(encoding, coding));
        self.at = part.body_range().end;
        Ok(())
    }

    /// A header block with another transfer encoding, where one is given, and a `MIME-Version` where there has to be one.
    fn header(&mut self, part: Part<'_>, encoding: &str, is_mime: bool) {
        let (start, end) = (part.header_range().start, part.header_range().end);
        let mut added = Vec::new();
        if !encoding.is_empty() {
            added = [b"Content-Transfer-Encoding: ", encoding.as_bytes(), b"\r\n"].concat();
            for field in part.headers().all("Content-Transfer-Encoding") {
                self.keep(self.at..field.range().start);
                self.done.add(core::mem::take(&mut added));
                self.at = field.range().end;
            }
        }
        if is_mime && part.headers().field("MIME-Version").is_none() {
            added.extend_from_slice(b"MIME-Version: 1.0\r\n");
        }
        let is_open = !has_empty_line(from(part.raw_header(), self.at - start));
        let fields = end - if is_open { 0 } else { 2 };
        self.keep(self.at..fields);
        self.done.add(added);
        self.keep(fields..end);
    }
}

/// Why nothing may be changed in a part.
fn seal_of(part: Part<'_>) -> Option<ConvertError> {
    let start = part.header_range().start;
    let content_type = part.content_type();
    let is_sealed = ["signed", "encrypted"].iter().any(|kind| content_type.is("multipart", kind));
    match label(part.encoding()) {
        _ if is_sealed => Some(ConvertError::Protected(start)),
        // It says that it is encoded, and is not.
        None => Some(ConvertError::Unencodable(start)),
        // A field put at the start of the embedded message would be one of this header.
        Some(_) if part.is_message() && !has_empty_line(part.raw_header()) => {
            Some(ConvertError::UnknownStructure(part.body_range().start))
        }
        Some(_) => None,
    }
}

fn has_empty_line(header: &[u8]) -> bool {
    header == b"\r\n" || header.ends_with(b"\r\n\r\n")
}

/// What a part says that it needs; nothing where it says that it is encoded.
const fn label(encoding: TransferEncoding<'_>) -> Option<BodyType> {
    match encoding {
        TransferEncoding::SevenBit => Some(BodyType::SevenBit),
        TransferEncoding::EightBit => Some(BodyType::EightBitMime),
        TransferEncoding::Binary => Some(BodyType::BinaryMime),
        _ => None,
    }
}

/// A message that was converted: an iterator over the pieces of its bytes. Made by [`Message::convert`].
///
/// What stays is borrowed; what is encoded comes 20 to 60 KiB at a time, and no more than that is held.
#[derive(Debug, Clone)]
pub struct Converted<'m> {
    rest: &'m [u8],
    conversion: Conversion,
}

impl Converted<'_> {
    /// Whether it is another message than the one it was made of.
    pub const fn is_changed(&self) -> bool {
        self.conversion.is_changed()
    }

    /// How many bytes are still to come: at first the size of the message, for SMTP's SIZE.
    pub const fn size(&self) -> u64 {
        self.conversion.size()
    }

    /// All that is still to come, in one piece.
    pub fn into_vec(self) -> Vec<u8> {
        let mut all = Vec::with_capacity(self.rest.len());
        for piece in self {
            all.extend_from_slice(&piece);
        }
        all
    }
}

impl<'m> Iterator for Converted<'m> {
    type Item = Cow<'m, [u8]>;

    fn next(&mut self) -> Option<Cow<'m, [u8]>> {
        self.conversion.piece(&mut self.rest)
    }
}
