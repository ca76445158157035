//! The index of a message: where its header blocks, fields and parts stand.
//!
//! One pass over the bytes. Bodies are searched for delimiter lines only, and only while a multipart is open.

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::ops::Range;

use crate::defect::{Defect, DefectKind};
use crate::header::Field;
use crate::header::content_transfer_encoding::TransferEncoding;
use crate::header::content_type::ContentType;
use crate::limits::Limits;
use crate::multipart::{Delimiter, delimiter_at, next_candidate};
use crate::part::PartKind;
use crate::scan::{LineEnds, from, is_wsp, slice, trim_end};

/// Where a field stands: its name starts at `start`, its line end is included.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    pub(crate) start: usize,
    pub(crate) length: u32,
    /// The length of its name.
    pub(crate) name: u16,
    /// Where its colon stands, from its start.
    pub(crate) colon: u16,
}

impl Span {
    pub(crate) const fn range(self) -> Range<usize> {
        self.start..self.start.saturating_add(self.length as usize)
    }

    /// Lets it end there. A field of more than 4 GiB ends early.
    fn end_at(&mut self, end: usize) {
        self.length = u32::try_from(end - self.start).unwrap_or(u32::MAX);
    }
}

/// Where a part stands.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) kind: PartKind,
    /// The index of the part that this one stands in.
    pub(crate) parent: Option<usize>,
    /// Its number among its parent's children, from 1.
    pub(crate) ordinal: u32,
    /// The index behind this part and all that stand in it.
    pub(crate) after: usize,
    /// The header block, its empty line included.
    pub(crate) header: Range<usize>,
    pub(crate) body: Range<usize>,
    /// Which of the index's fields are its own.
    pub(crate) fields: Range<usize>,
    /// A part of a multipart/digest, which is a message where it does not say otherwise (RFC 2046 §5.1.5).
    pub(crate) in_digest: bool,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Index {
    pub(crate) entries: Vec<Entry>,
    pub(crate) fields: Vec<Span>,
    pub(crate) defects: Vec<Defect>,
    /// Whether a lone CR ends lines.
    pub(crate) any_line_end: bool,
}

impl Index {
    pub(crate) fn read(raw: &[u8], limits: &Limits) -> Self {
        let ends = LineEnds::detect(raw);
        let mut index = Self { any_line_end: ends == LineEnds::Any, ..Self::default() };
        let mut reader = Reader {
            raw,
            ends,
            limits,
            index: &mut index,
            open: Vec::new(),
            has_bare_line_feed: false,
            has_too_many_fields: false,
        };
        if ends == LineEnds::Any {
            reader.defect(DefectKind::BareCarriageReturn, 0);
        }
        reader.read();
        index
    }
}

/// A part whose end is not known yet.
struct Open<'a> {
    entry: usize,
    children: u32,
    is_digest: bool,
    /// The boundary, while further parts may follow.
    boundary: Option<Cow<'a, [u8]>>,
}

struct Reader<'a, 'i> {
    raw: &'a [u8],
    ends: LineEnds,
    limits: &'a Limits,
    index: &'i mut Index,
    open: Vec<Open<'a>>,
    has_bare_line_feed: bool,
    has_too_many_fields: bool,
}

impl<'a> Reader<'a, '_> {
    fn defect(&mut self, kind: DefectKind, offset: usize) {
        if self.index.defects.len() < self.limits.defects {
            self.index.defects.push(Defect { offset, kind });
        }
    }

    fn read(&mut self) {
        let mut at = 0;
        loop {
            let kind;
            (kind, at) = self.begin(at);
            if kind == PartKind::Message {
                continue;
            }
            loop {
                let Some(delimiter) = self.next_delimiter(at) else { return self.finish() };
                self.close_inside(&delimiter);
                at = delimiter.next;
                if !delimiter.is_close {
                    break;
                }
            }
            if self.index.entries.len() >= self.limits.parts {
                self.defect(DefectKind::TooManyParts, at);
                for open in &mut self.open {
                    open.boundary = None;
                }
                return self.finish();
            }
        }
    }

    /// Reads the header block at `start` and opens its part. Gives where its body starts.
    fn begin(&mut self, start: usize) -> (PartKind, usize) {
        let fields = self.index.fields.len();
        let body = self.header(start);
        let fields = fields..self.index.fields.len();
        let (parent, ordinal, in_digest) = match self.open.last_mut() {
            Some(open) => {
                open.children += 1;
                (Some(open.entry), open.children, open.is_digest)
            }
            None => (None, 1, false),
        };
        let (content_type, fault) = content_type(self.field("Content-Type", &fields), in_digest);
        if let Some((kind, offset)) = fault {
            self.defect(kind, offset);
        }
        let (kind, boundary) = self.classify(&content_type, &fields, start);
        let entry = self.index.entries.len();
        self.index.entries.push(Entry {
            kind,
            parent,
            ordinal,
            after: entry + 1,
            header: start..body,
            body: body..self.raw.len(),
            fields,
            in_digest,
        });
        let is_digest = kind == PartKind::Multipart && content_type.is("multipart", "digest");
        self.open.push(Open { entry, children: 0, is_digest, boundary });
        (kind, body)
    }

    /// The first field of a name among those just listed.
    fn field(&self, name: &str, fields: &Range<usize>) -> Option<Field<'a>> {
        let own = self.index.fields.get(fields.clone())?;
        own.iter()
            .map(|span| Field::new(slice(self.raw, span.range()), *span, self.limits))
            .find(|field| field.is_named(name))
    }

    /// What a part is, and the boundary where it is a multipart.
    fn classify(
        &mut self,
        content_type: &ContentType<'a>,
        fields: &Range<usize>,
        start: usize,
    ) -> (PartKind, Option<Cow<'a, [u8]>>) {
        let is_multipart = content_type.is_multipart();
        if !is_multipart && !content_type.is_message() {
            return (PartKind::Leaf, None);
        }
        if self.open.len() >= self.limits.depth {
            self.defect(DefectKind::TooDeep, start);
            return (PartKind::Leaf, None);
        }
        let encoding = self
            .field("Content-Transfer-Encoding", fields)
            .map_or(TransferEncoding::SevenBit, Field::content_transfer_encoding);
        if !is_multipart {
            if encoding == TransferEncoding::Base64 {
                self.defect(DefectKind::EncodedMessage, start);
                return (PartKind::Leaf, None);
            }
            if self.index.entries.len() + 1 >= self.limits.parts {
                self.defect(DefectKind::TooManyParts, start);
                return (PartKind::Leaf, None);
            }
            return (PartKind::Message, None);
        }
        let boundary = match content_type.parameters().bytes("boundary") {
            Some(Cow::Borrowed(text)) => Cow::Borrowed(trim_end(text, is_wsp)),
            Some(Cow::Owned(text)) => Cow::Owned(trim_end(&text, is_wsp).to_vec()),
            None => Cow::Borrowed(&[][..]),
        };
        if boundary.is_empty() {
            self.defect(DefectKind::MissingBoundary, start);
            return (PartKind::Leaf, None);
        }
        if matches!(encoding, TransferEncoding::Base64 | TransferEncoding::QuotedPrintable) {
            self.defect(DefectKind::EncodedMultipart, start);
        }
        (PartKind::Multipart, Some(boundary))
    }

    fn is_delimiter(&self, at: usize) -> Option<Delimiter> {
        let boundaries = self
            .open
            .iter()
            .enumerate()
            .filter_map(|(open, part)| Some((open, part.boundary.as_ref()?)));
        delimiter_at(self.raw, self.ends, at, boundaries)
    }

    fn next_delimiter(&self, mut at: usize) -> Option<Delimiter> {
        if self.open.iter().all(|open| open.boundary.is_none()) {
            return None;
        }
        loop {
            at = next_candidate(self.raw, self.ends, at)?;
            if let Some(delimiter) = self.is_delimiter(at) {
                return Some(delimiter);
            }
            at += 2;
        }
    }

    /// Ends the parts that stand inside the multipart whose delimiter it is.
    fn close_inside(&mut self, delimiter: &Delimiter) {
        let mut end = 0;
        while self.open.len() > delimiter.open + 1 {
            end = self.close(delimiter.start, end);
        }
        if let Some(open) = self.open.last_mut()
            && delimiter.is_close
        {
            open.boundary = None;
            if open.children == 0 {
                self.defect(DefectKind::BoundaryNotFound, delimiter.start);
            }
        }
    }

    /// Ends the innermost part before the line that starts at `line`, and gives where.
    ///
    /// The line end before a delimiter belongs to it, but not where a header block needs it: then the
    /// parts around, which are given that `end`, hold it as well.
    fn close(&mut self, line: usize, end: usize) -> usize {
        let Some(open) = self.open.pop() else { return end };
        let after = self.index.entries.len();
        let mut end = end;
        if let Some(entry) = self.index.entries.get_mut(open.entry) {
            let start = entry.body.start;
            end = end.max(start).max(match line == self.raw.len() {
                true => line,
                false => self.ends.before(self.raw, start.min(line), line),
            });
            entry.after = after;
            entry.body = start..end;
        }
        if open.boundary.is_some() {
            let kind = match open.children {
                0 => DefectKind::BoundaryNotFound,
                _ => DefectKind::MissingClosingBoundary,
            };
            self.defect(kind, line);
        }
        end
    }

    fn finish(&mut self) {
        while !self.open.is_empty() {
            self.close(self.raw.len(), 0);
        }
    }

    /// Lists the fields of the header block at `start`, and gives where the body starts.
    fn header(&mut self, start: usize) -> usize {
        let raw = self.raw;
        let in_multipart = self.open.iter().any(|open| open.boundary.is_some());
        let mut at = start;
        let mut field: Option<Span> = None;
        let mut is_full = false;
        let end = loop {
            if at >= raw.len() {
                break raw.len();
            }
            let line = self.ends.line(raw, at);
            if line.end == at && line.next > at {
                self.check_line_end(at, line.next);
                break line.next;
            }
            let text = slice(raw, at..line.end);
            if text.first().copied().is_some_and(is_wsp) {
                match &mut field {
                    Some(field) => field.end_at(line.next),
                    None if at == start => self.defect(DefectKind::ContinuationWithoutField, at),
                    None => {}
                }
            } else if in_multipart && text.starts_with(b"--") && self.is_delimiter(at).is_some() {
                self.defect(DefectKind::MissingBlankLine, at);
                break at;
            } else {
                self.list(field.take());
                if !is_full && at - start >= self.limits.header_bytes {
                    is_full = true;
                    self.defect(DefectKind::HeaderTooLong, at);
                }
                match field_name(text) {
                    Some((0, _)) => self.defect(DefectKind::MissingFieldName, at),
                    Some((name, colon)) => {
                        if name < colon {
                            self.defect(DefectKind::SpaceBeforeColon, at);
                        }
                        let mut span = Span { start: at, name, colon, length: 0 };
                        span.end_at(line.next);
                        field = Some(span).filter(|_| !is_full);
                    }
                    None if at == 0
                        && (text.starts_with(b"From ") || text.starts_with(b">From ")) =>
                    {
                        self.defect(DefectKind::MailboxFromLine, at);
                    }
                    None => {
                        self.defect(DefectKind::MissingBlankLine, at);
                        break at;
                    }
                }
            }
            self.check_line_end(line.end, line.next);
            at = line.next;
        };
        self.list(field);
        end
    }

    fn list(&mut self, field: Option<Span>) {
        let Some(field) = field else { return };
        match self.index.fields.len().cmp(&self.limits.fields) {
            core::cmp::Ordering::Less => self.index.fields.push(field),
            _ if !self.has_too_many_fields => {
                self.has_too_many_fields = true;
                self.defect(DefectKind::TooManyFields, field.start);
            }
            _ => {}
        }
    }

    fn check_line_end(&mut self, end: usize, next: usize) {
        if self.ends == LineEnds::Lf && next == end + 1 && !self.has_bare_line_feed {
            self.has_bare_line_feed = true;
            self.defect(DefectKind::BareLineFeed, end);
        }
    }
}

/// How many bytes of a line are searched for the colon behind a field's name: what a line may have (RFC 5322 §2.1.1).
const LONGEST_NAME: usize = 998;

/// The length of the name of the field whose first line this is, and where its colon stands; `None` where the
/// line is no field.
///
/// ```abnf
/// field-name = 1*ftext
/// ftext      = %d33-57 / %d59-126
/// ```
/// Obsolete syntax has white space before the colon (RFC 5322 §4.5.8).
fn field_name(line: &[u8]) -> Option<(u16, u16)> {
    let line = slice(line, 0..line.len().min(LONGEST_NAME));
    let length = line.iter().position(|byte| !byte.is_ascii_graphic() || *byte == b':')?;
    let space = from(line, length).iter().position(|byte| !is_wsp(*byte))?;
    let colon = length + space;
    let is_field = line.get(colon) == Some(&b':');
    is_field.then_some((u16::try_from(length).ok()?, u16::try_from(colon).ok()?))
}

/// The content type of a part, what it is taken for where it has none, and the fault where it does not parse.
pub(crate) fn content_type(
    field: Option<Field<'_>>,
    in_digest: bool,
) -> (ContentType<'_>, Option<(DefectKind, usize)>) {
    let Some(field) = field else {
        return (if in_digest { ContentType::MESSAGE } else { ContentType::TEXT }, None);
    };
    match field.content_type() {
        Ok(found) => (found, None),
        Err(_) => (ContentType::TEXT, Some((DefectKind::InvalidContentType, field.range().start))),
    }
}

/// How many lines a text has. A last line that is not ended counts as one.
pub(crate) fn count_lines(text: &[u8], any_line_end: bool) -> usize {
    let (ended, last) = if any_line_end {
        let mut lines = 0;
        let mut at = 0;
        loop {
            let line = LineEnds::Any.line(text, at);
            if line.next == line.end {
                break (lines, from(text, at).first());
            }
            lines += 1;
            at = line.next;
        }
    } else {
        let last = text.last().filter(|byte| **byte != b'\n');
        (memchr::memchr_iter(b'\n', text).count(), last)
    };
    ended + usize::from(last.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_from_text() {
        assert_eq!(field_name(b"Subject: x"), Some((7, 7)));
        assert_eq!(field_name(b"Subject \t: x"), Some((7, 9)));
        assert_eq!(field_name(b": x"), Some((0, 0)));
        assert_eq!(field_name(b" : x"), Some((0, 1)));
        assert_eq!(field_name(b"two words: x"), None);
        assert_eq!(field_name(b"no colon"), None);
        assert_eq!(field_name("n\u{e4}me: x".as_bytes()), None);
    }

    #[test]
    fn a_header_is_looked_at_once() {
        let header = b"A: b\r\n c\r\n".repeat(1000);
        let steps = crate::steps::of(|| Index::read(&header, &Limits::default()));
        assert!((header.len() as u64 / 2..=3 * header.len() as u64).contains(&steps), "{steps}");
    }

    #[test]
    fn lines_are_counted() {
        assert_eq!(count_lines(b"", false), 0);
        assert_eq!(count_lines(b"a\r\nb\r\n", false), 2);
        assert_eq!(count_lines(b"a\nb", false), 2);
        assert_eq!(count_lines(b"a\rb\r", true), 2);
        assert_eq!(count_lines(b"a\r\nb", true), 2);
    }
}
