//! The index of a message: where its header blocks, fields and parts stand.
//!
//! One pass over the bytes. Bodies are searched for delimiter lines only, and only while a multipart is open.

use alloc::vec::Vec;
use core::ops::Range;

use memchr::memchr;

use crate::defect::{Defect, DefectKind};
use crate::header::Field;
use crate::header::content_type::ContentType;
use crate::header_line::{FirstLine, Structural};
use crate::limits::{Limits, ValueLimits};
use crate::multipart::{Delimiter, Search};
use crate::nest::Nest;
use crate::part::PartKind;
use crate::scan::{Line, LineEnds, from, is_wsp, slice, trim_end};

/// Where a field stands: its name starts at `start`, its line end is included.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    pub(crate) start: usize,
    /// A field of more than 4 GiB ends early.
    pub(crate) length: u32,
    pub(crate) name: NameKey,
    /// Where its colon stands, from its start.
    pub(crate) colon: u16,
}

/// The length of a field's name in 10 bits, and above them what its first letter is in any case: of two names with
/// different keys none has to be looked at to tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NameKey(u16);

impl NameKey {
    const LENGTH: u16 = 0x3ff;

    /// The key of a name of `length` bytes, which [`LONGEST_NAME`](crate::header_line::LONGEST_NAME) keeps below 1024.
    pub(crate) const fn new(first: u8, length: u16) -> Self {
        Self((first as u16 & 0x1f) << 10 | length & Self::LENGTH)
    }

    /// The key of a name; `None` of one that no field has.
    pub(crate) fn of(name: &[u8]) -> Option<Self> {
        let length = u16::try_from(name.len()).ok().filter(|length| *length <= Self::LENGTH)?;
        Some(Self::new(*name.first()?, length))
    }

    /// The length of the name.
    pub(crate) const fn length(self) -> usize {
        (self.0 & Self::LENGTH) as usize
    }
}

impl Span {
    /// Whether the name of the field in `raw` is `name`, which has this key.
    #[inline]
    pub(crate) fn is_named(self, raw: &[u8], name: &[u8], key: NameKey) -> bool {
        self.name == key
            && slice(raw, self.start..self.start + name.len()).eq_ignore_ascii_case(name)
    }

    pub(crate) const fn range(self) -> Range<usize> {
        self.start..self.start.saturating_add(self.length as usize)
    }

    /// What its value says about structure, of which `limit` bytes of the field count.
    pub(crate) fn structural_value(self, raw: &[u8], limit: usize) -> &[u8] {
        let field = from(raw, self.start);
        let field = slice(field, 0..field.len().min(self.length as usize).min(limit));
        trim_end(from(field, usize::from(self.colon) + 1), |byte| matches!(byte, b'\r' | b'\n'))
    }
}

/// Where a part stands.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// Where the header block starts.
    pub(crate) header: usize,
    /// Where the body starts, behind the empty line.
    pub(crate) body: usize,
    pub(crate) end: usize,
    /// The first of the index's fields that is not of an earlier part.
    pub(crate) fields: u32,
    /// The index of the part that this one stands in.
    pub(crate) parent: Option<u32>,
    /// Its number among its parent's children, from 1.
    pub(crate) ordinal: u32,
    /// The index behind this part and all that stand in it.
    pub(crate) after: u32,
    pub(crate) kind: PartKind,
    /// A part of a multipart/digest.
    pub(crate) in_digest: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Index {
    pub(crate) entries: Vec<Entry>,
    pub(crate) fields: Vec<Span>,
    pub(crate) defects: Vec<Defect>,
    pub(crate) ends: LineEnds,
}

impl Index {
    pub(crate) fn read(raw: &[u8], limits: &Limits) -> Self {
        let ends = LineEnds::detect(raw);
        let mut reader = Reader {
            raw,
            ends,
            nest: Nest::new(limits),
            search: Search::new(ends),
            entries: Vec::new(),
            fields: Vec::with_capacity(USUAL_FIELDS),
            has_too_many_fields: false,
        };
        reader.nest.settle(ends);
        reader.read();
        let defects = reader.nest.defects.found;
        Self { entries: reader.entries, fields: reader.fields, defects, ends }
    }

    /// The fields of the header block in `block`, however many there are.
    pub(crate) fn all_fields(&self, raw: &[u8], block: Range<usize>) -> Vec<Span> {
        let limits =
            Limits { fields: usize::MAX, header_bytes: usize::MAX, defects: 0, ..Limits::DEFAULT };
        let mut reader = Reader {
            raw: slice(raw, 0..block.end),
            ends: self.ends,
            nest: Nest::new(&limits),
            search: Search::new(self.ends),
            entries: Vec::new(),
            fields: Vec::new(),
            has_too_many_fields: false,
        };
        reader.header(block.start);
        reader.fields
    }

    /// The fields of a part.
    pub(crate) fn fields_of(&self, part: usize) -> &[Span] {
        let first = |part: usize| self.entries.get(part).map(|entry| entry.fields as usize);
        let end = first(part + 1).unwrap_or(self.fields.len());
        self.fields.get(first(part).unwrap_or(end)..end).unwrap_or_default()
    }
}

/// What most messages have less of.
const USUAL_FIELDS: usize = 24;

struct Reader<'a> {
    raw: &'a [u8],
    ends: LineEnds,
    nest: Nest<'a>,
    search: Search,
    entries: Vec<Entry>,
    fields: Vec<Span>,
    has_too_many_fields: bool,
}

/// What a header block says about structure.
#[derive(Default)]
struct Head {
    /// Where the body starts.
    body: usize,
    /// Where these fields stand among those of the index.
    content_type: Option<usize>,
    encoding: Option<usize>,
}

impl<'a> Reader<'a> {
    fn read(&mut self) {
        let mut at = 0;
        loop {
            let kind;
            (kind, at) = self.begin(at);
            if kind == PartKind::Message {
                continue;
            }
            self.search.refresh();
            loop {
                let Some(delimiter) = self.next_delimiter(at) else {
                    return self.close(0, self.raw.len(), 0);
                };
                let line_end = self.ends.before(self.raw, delimiter.start);
                self.close(delimiter.open + 1, delimiter.start, line_end);
                at = delimiter.next;
                if self.nest.pass(&delimiter) {
                    break;
                }
            }
            if self.nest.is_full() {
                self.nest.give_up(at);
                return self.close(0, self.raw.len(), 0);
            }
        }
    }

    /// Reads the header block at `start` and opens its part. Gives where its body starts.
    fn begin(&mut self, start: usize) -> (PartKind, usize) {
        // Limited below this.
        let fields = u32::try_from(self.fields.len()).unwrap_or(u32::MAX);
        let head = self.header(start);
        let in_digest = self.nest.is_in_digest();
        let limit = self.nest.limits.field_bytes;
        let span = |at: usize| self.fields.get(at).copied();
        let value = |span: Span| span.structural_value(self.raw, limit);
        let content_type = head.content_type.and_then(span).map(|span| (value(span), span.start));
        let encoding = head.encoding.and_then(span).map(value);
        let verdict = self.nest.judge(start, content_type, encoding);
        let kind = verdict.kind;
        let place = self.nest.open(verdict, head.body);
        self.entries.push(Entry {
            header: start,
            body: head.body,
            end: head.body,
            fields,
            parent: place.parent,
            ordinal: place.ordinal,
            after: 0,
            kind,
            in_digest,
        });
        (kind, head.body)
    }

    fn next_delimiter(&mut self, mut at: usize) -> Option<Delimiter> {
        if !self.nest.is_bounded() {
            return None;
        }
        loop {
            at = self.search.next(self.raw, at)?;
            if let Some(delimiter) = self.nest.delimiter_at(self.raw, at) {
                return Some(delimiter);
            }
            at += 2;
        }
    }

    /// Closes all parts that stand deeper than `depth` before the line at `line`.
    fn close(&mut self, depth: usize, line: usize, line_end: usize) {
        let after = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        let mut end = 0;
        while let Some(closed) = self.nest.close(depth, line, line_end, end) {
            end = closed.end;
            if let Some(entry) = self.entries.get_mut(closed.part as usize) {
                entry.end = end;
                entry.after = after;
            }
        }
    }

    /// Lists the fields of the header block at `start`.
    fn header(&mut self, start: usize) -> Head {
        let raw = self.raw;
        let mut head = Head::default();
        let mut is_full = false;
        let mut at = start;
        head.body = loop {
            let line = self.ends.line(raw, at);
            let text = slice(raw, at..line.end);
            let Some(first) = text.first() else {
                self.check_line_end(line);
                break line.next;
            };
            if *first == b'-'
                && text.starts_with(b"--")
                && self.nest.delimiter_at(raw, at).is_some()
            {
                self.nest.defects.name(DefectKind::MissingBlankLine, at);
                break at;
            }
            if !is_full && at - start >= self.nest.limits.header_bytes {
                is_full = true;
                self.nest.defects.name(DefectKind::HeaderTooLong, at);
            }
            let what = match is_wsp(*first) {
                true => FirstLine::unfolded(&mut self.nest.defects, at),
                false => FirstLine::read(text, at == 0, &mut self.nest.defects, at),
            };
            if what == FirstLine::Body {
                break at;
            }
            self.check_line_end(line);
            let next = self.folded(line.next);
            if let FirstLine::Field { name, colon } = what
                && !is_full
            {
                let length = u32::try_from(next - at).unwrap_or(u32::MAX);
                let name = NameKey::new(*first, name);
                self.list(Span { start: at, length, name, colon }, &mut head);
            }
            at = next;
        };
        head
    }

    /// Passes the lines that start with white space, and gives where the next one starts.
    #[inline]
    fn folded(&mut self, mut at: usize) -> usize {
        while let Some(b' ' | b'\t') = self.raw.get(at) {
            if self.ends == LineEnds::Any {
                at = self.ends.line(self.raw, at).next;
                continue;
            }
            let rest = from(self.raw, at);
            let Some(feed) = memchr(b'\n', rest) else {
                crate::steps::count(rest.len());
                return self.raw.len();
            };
            crate::steps::count(feed + 1);
            // It is not the first byte, which is white space.
            if rest.get(feed.wrapping_sub(1)) != Some(&b'\r') {
                self.nest.defects.bare_line_feed(at + feed);
            }
            at += feed + 1;
        }
        at
    }

    fn list(&mut self, field: Span, head: &mut Head) {
        if self.fields.len() >= self.nest.limits.fields.min(u32::MAX as usize) {
            if !self.has_too_many_fields {
                self.has_too_many_fields = true;
                self.nest.defects.name(DefectKind::TooManyFields, field.start);
            }
            return;
        }
        if field.length as usize > self.nest.limits.field_bytes {
            self.nest.defects.name(DefectKind::FieldTooLong, field.start);
        }
        let at = self.fields.len();
        self.fields.push(field);
        // Most names are told apart by their length.
        if !matches!(field.name.length(), 12 | 25) {
            return;
        }
        let name = slice(self.raw, field.start..field.start + field.name.length());
        match Structural::of(name) {
            Some(Structural::ContentType) => head.content_type = head.content_type.or(Some(at)),
            Some(Structural::Encoding) => head.encoding = head.encoding.or(Some(at)),
            None => {}
        }
    }

    #[inline]
    fn check_line_end(&mut self, line: Line) {
        if self.ends == LineEnds::Lf && line.next == line.end + 1 {
            self.nest.defects.bare_line_feed(line.end);
        }
    }
}

/// The content type of a part, as [`Nest::judge`] takes it.
pub(crate) fn content_type<'a>(field: Option<Field<'a>>, in_digest: bool) -> ContentType<'a> {
    let limits = field.map_or(Limits::DEFAULT.of_values(), Field::limits);
    content_type_of(field.map(Field::structural_value), in_digest, limits)
}

/// The same, of a value.
pub(crate) fn content_type_of(
    value: Option<&[u8]>,
    in_digest: bool,
    limits: ValueLimits,
) -> ContentType<'_> {
    match value {
        Some(value) => ContentType::parse_within(value, limits).unwrap_or(ContentType::TEXT),
        None if in_digest => ContentType::MESSAGE,
        None => ContentType::TEXT,
    }
}

/// How many lines a text has. A last line that is not ended counts as one.
pub(crate) fn count_lines(text: &[u8], ends: LineEnds) -> usize {
    if ends == LineEnds::Lf {
        let last = text.last().is_some_and(|byte| *byte != b'\n');
        return memchr::memchr_iter(b'\n', text).count() + usize::from(last);
    }
    let (mut lines, mut at) = (0, 0);
    while at < text.len() {
        at = ends.line(text, at).next;
        lines += 1;
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted() {
        assert_eq!(count_lines(b"", LineEnds::Lf), 0);
        assert_eq!(count_lines(b"a\r\nb\r\n", LineEnds::Lf), 2);
        assert_eq!(count_lines(b"a\nb", LineEnds::Lf), 2);
        assert_eq!(count_lines(b"a\rb\r", LineEnds::Any), 2);
        assert_eq!(count_lines(b"a\r\nb", LineEnds::Any), 2);
    }

    #[test]
    fn a_header_is_looked_at_once() {
        let header = b"A: b\r\n c\r\n".repeat(1000);
        let steps = crate::steps::of(|| Index::read(&header, &Limits::default()));
        let length = header.len() as u64;
        assert!((length / 2..=3 * length).contains(&steps), "{steps}");
    }
}
