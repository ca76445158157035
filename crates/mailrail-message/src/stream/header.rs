//! The header blocks of a streamed message, line by line.

use alloc::vec::Vec;

use memchr::{memchr, memchr2};

use super::decoder::Decoder;
use super::{MessageStream, State, Step, Told};
use crate::defect::DefectKind;
use crate::header::content_transfer_encoding::TransferEncoding;
use crate::header_line::{FirstLine, Structural};
use crate::part::PartKind;
use crate::scan::{LineEnds, from, is_wsp, slice};
use crate::structure::{NameKey, Span};

/// What is known of the header block that is read.
#[derive(Debug, Default)]
pub(super) struct Header {
    start: usize,
    /// Whether a line of it is read.
    has_line: bool,
    /// Whether it is longer than the limit.
    is_full: bool,
    /// The last byte of the line that is read, as far as it has come.
    last: u8,
    /// A field that further lines may be folded into, and its bytes up to their limit. The bytes stay while the field is told.
    pending: Option<Span>,
    field: Vec<u8>,
    /// How many fields were told, of all header blocks.
    fields: usize,
    has_too_many_fields: bool,
    content_type: Option<(Vec<u8>, usize)>,
    encoding: Option<Vec<u8>>,
}

impl Header {
    pub(super) fn begin(&mut self, start: usize) {
        self.start = start;
        self.has_line = false;
        self.is_full = false;
        self.pending = None;
        self.content_type = None;
        self.encoding = None;
    }

    /// The bytes of the field that is told.
    pub(super) fn field(&self) -> &[u8] {
        &self.field
    }

    /// The values of `Content-Type` and `Content-Transfer-Encoding`.
    pub(super) fn structural(&self) -> (Option<&[u8]>, Option<&[u8]>) {
        (self.content_type.as_ref().map(|(value, _)| &**value), self.encoding.as_deref())
    }

    pub(super) fn memory(&self) -> usize {
        let values = self.content_type.iter().map(|(value, _)| value).chain(&self.encoding);
        self.field.capacity() + values.map(Vec::capacity).sum::<usize>()
    }

    /// Adds bytes of the line that is read.
    fn take(&mut self, bytes: &[u8], limit: usize) {
        self.last = bytes.last().copied().unwrap_or(self.last);
        let Some(pending) = &mut self.pending else { return };
        let limit = limit.max(usize::from(pending.colon) + 1);
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        pending.length = pending.length.saturating_add(length);
        let room = limit.saturating_sub(self.field.len());
        let kept = slice(bytes, 0..bytes.len().min(room));
        let wanted = self.field.len() + kept.len();
        if wanted > self.field.capacity() {
            // Doubled, but not past the limit.
            let capacity = (self.field.capacity() * 2).clamp(wanted, limit.max(wanted));
            self.field.reserve_exact(capacity - self.field.len());
        }
        self.field.extend_from_slice(kept);
    }
}

impl MessageStream {
    /// At the start of a line.
    pub(super) fn line(&mut self, window: &[u8]) -> Step {
        let first = match window.first() {
            None if !self.is_ended => return Step::More,
            first => first.copied(),
        };
        if self.header.has_line && first.is_some_and(is_wsp) {
            self.state = State::InLine;
            return Step::Used(0);
        }
        if let Some(field) = self.header.pending.take() {
            return match self.list(field) {
                true => Step::Event(0, Told::Field(field)),
                false => Step::Used(0),
            };
        }
        let Some(first) = first else {
            self.state = State::Judge;
            return Step::Used(0);
        };
        let longest = self.look_ahead();
        if !self.is_ended && window.len() < longest && self.lacks_line_end(window, 0) {
            return Step::More;
        }
        if self.ends.is_none()
            && let Some(at) = memchr2(b'\r', b'\n', window)
            && !self.settle(from(window, at))
        {
            return Step::More;
        }
        let ends = self.nest.ends;
        let line = ends.line(window, 0);
        let is_whole = self.is_ended || ends.is_whole(window, line);
        if !is_whole && window.len() < longest {
            return Step::More;
        }
        let text = slice(window, 0..line.end);
        if text.is_empty() {
            self.check_line_end(line.end, line.next);
            self.state = State::Judge;
            return Step::Used(line.next);
        }
        if text.starts_with(b"--") && self.nest.delimiter_at(window, 0).is_some() {
            self.nest.defects.name(DefectKind::MissingBlankLine, self.offset);
            self.state = State::Judge;
            return Step::Used(0);
        }
        if !self.header.is_full && self.offset - self.header.start >= self.nest.limits.header_bytes
        {
            self.header.is_full = true;
            self.nest.defects.name(DefectKind::HeaderTooLong, self.offset);
        }
        let what = match is_wsp(first) {
            true => FirstLine::unfolded(&mut self.nest.defects, self.offset),
            false => FirstLine::read(text, self.offset == 0, &mut self.nest.defects, self.offset),
        };
        self.state = State::InLine;
        match what {
            FirstLine::Body => self.state = State::Judge,
            FirstLine::Field { name, colon } if !self.header.is_full => {
                self.header.field.clear();
                let name = NameKey::new(first, name);
                self.header.pending = Some(Span { start: self.offset, length: 0, name, colon });
            }
            _ => {}
        }
        self.header.has_line = true;
        self.header.last = 0;
        Step::Used(0)
    }

    /// Inside a line: takes what there is of it.
    pub(super) fn in_line(&mut self, window: &[u8]) -> Step {
        if window.is_empty() {
            if !self.is_ended {
                return Step::More;
            }
            self.state = State::Line;
            return Step::Used(0);
        }
        let found = match self.ends {
            Some(LineEnds::Lf) => memchr(b'\n', window),
            _ => memchr2(b'\r', b'\n', window),
        };
        let limit = self.nest.limits.field_bytes;
        let end = match found {
            None => window.len(),
            Some(at) => {
                if self.ends.is_none() && !self.settle(from(window, at)) {
                    at
                } else if self.ends == Some(LineEnds::Lf) {
                    self.line_feed(window)
                } else {
                    match (window.get(at), window.get(at + 1)) {
                        (Some(b'\r'), Some(b'\n')) => self.line_ends_at(at + 2),
                        // An LF may follow.
                        (Some(b'\r'), None) if !self.is_ended => at,
                        _ => self.line_ends_at(at + 1),
                    }
                }
            }
        };
        if end == 0 {
            return Step::More;
        }
        self.header.take(slice(window, 0..end), limit);
        Step::Used(end)
    }

    fn line_ends_at(&mut self, end: usize) -> usize {
        self.state = State::Line;
        end
    }

    /// Where the line ends, which an LF ends, and not a CR.
    fn line_feed(&mut self, window: &[u8]) -> usize {
        let Some(at) = memchr(b'\n', window) else { return window.len() };
        let before = at.checked_sub(1).and_then(|before| window.get(before).copied());
        if before.unwrap_or(self.header.last) != b'\r' {
            self.nest.defects.bare_line_feed(self.offset + at);
        }
        self.line_ends_at(at + 1)
    }

    fn check_line_end(&mut self, end: usize, next: usize) {
        if self.ends == Some(LineEnds::Lf) && next == end + 1 {
            self.nest.defects.bare_line_feed(self.offset + end);
        }
    }

    /// Counts a field, and keeps what it says about structure. Whether it is to be told.
    fn list(&mut self, field: Span) -> bool {
        let limits = &self.nest.limits;
        if self.header.fields >= limits.fields.min(u32::MAX as usize) {
            if !self.header.has_too_many_fields {
                self.header.has_too_many_fields = true;
                self.nest.defects.name(DefectKind::TooManyFields, field.start);
            }
            return false;
        }
        self.header.fields += 1;
        let value =
            Span { start: 0, ..field }.structural_value(&self.header.field, limits.field_bytes);
        match Structural::of(slice(&self.header.field, 0..field.name.length())) {
            Some(Structural::ContentType) if self.header.content_type.is_none() => {
                self.header.content_type = Some((value.to_vec(), field.start));
            }
            Some(Structural::Encoding) if self.header.encoding.is_none() => {
                self.header.encoding = Some(value.to_vec());
            }
            _ => {}
        }
        if field.length as usize > limits.field_bytes {
            self.nest.defects.name(DefectKind::FieldTooLong, field.start);
        }
        true
    }

    /// Behind the header block: says what the part is.
    pub(super) fn judge(&mut self) -> Step {
        let in_digest = self.nest.is_in_digest();
        let content_type = self.header.content_type.as_ref().map(|(value, at)| (&**value, *at));
        let encoding = self.header.encoding.as_deref();
        let verdict = self.nest.judge(self.header.start, content_type, encoding).into_owned();
        let kind = verdict.kind;
        self.nest.open(verdict, self.offset);
        self.search.refresh();
        self.line_start = Some(0);
        self.state = State::Body;
        match kind {
            PartKind::Message => self.state = State::Begin,
            PartKind::Leaf => {
                let limits = self.nest.limits.of_values();
                self.decoder =
                    Decoder::of_leaf(encoding.map_or(TransferEncoding::SevenBit, |value| {
                        TransferEncoding::parse_within(value, limits)
                    }));
            }
            PartKind::Multipart => {}
        }
        Step::Event(0, Told::Body { kind, in_digest })
    }
}
