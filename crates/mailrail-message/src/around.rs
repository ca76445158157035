//! What stands in a multipart and in none of its parts (RFC 2046 §5.1.1).

use core::iter::once;
use core::ops::Range;

use memchr::{memrchr, memrchr2};

use crate::multipart::{Delimiter, boundary, delimiter_at};
use crate::part::Part;
use crate::scan::{LineEnds, slice};

impl Part<'_> {
    /// Where a multipart's preamble stands: what is in front of its first delimiter, without the line end that belongs to the
    /// delimiter. It is for readers that know no MIME. All of the body where it has no parts; `None` where it is no multipart.
    pub fn preamble_range(self) -> Option<Range<usize>> {
        let body = self.is_multipart().then(|| self.body_range())?;
        let Some(first) = self.children().next() else { return Some(body) };
        let (raw, ends) = self.surroundings();
        let next = first.header_range().start;
        let line = slice(raw, body.start..next.checked_sub(ends.before(raw, next))?);
        let before = match ends {
            LineEnds::Lf => memrchr(b'\n', line),
            LineEnds::Any => memrchr2(b'\r', b'\n', line),
        };
        let delimiter = body.start + before.map_or(0, |end| end + 1);
        let end = delimiter.saturating_sub(ends.before(raw, delimiter)).max(body.start);
        Some(body.start..end)
    }

    /// Where a multipart's epilogue stands: what is behind the line of its closing delimiter. `None` where it is no multipart,
    /// has no parts, or nothing closes it.
    pub fn epilogue_range(self) -> Option<Range<usize>> {
        let last = self.children().last()?.range().end;
        let (raw, ends) = self.surroundings();
        // The line end in front belongs to the delimiter, but not where the part before needs it for its header block.
        let closing = self.delimiter(last).or_else(|| {
            let line = ends.line(raw, last);
            (line.end == last).then(|| self.delimiter(line.next))?
        });
        let closing = closing.filter(|closing| closing.is_close)?;
        Some(closing.next..raw.len().max(closing.next))
    }

    /// The delimiter of this multipart that a line is.
    fn delimiter(self, line: usize) -> Option<Delimiter> {
        let (raw, ends) = self.surroundings();
        let content_type = self.content_type();
        let boundary = boundary(&content_type);
        let is_line = ends.is_line_start(raw, line);
        delimiter_at(raw, ends, line, once((0, &*boundary))).filter(|_| is_line)
    }
}
