//! The delimiter lines of a multipart (RFC 2046 §5.1.1).

use alloc::borrow::Cow;

use memchr::{memchr, memmem};

use crate::header::content_type::ContentType;
use crate::scan::{LineEnds, from, is_wsp, slice, trim_end, trim_start};

/// A delimiter line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Delimiter {
    /// Where its line starts. The line end before it belongs to the delimiter, not to the part.
    pub(crate) start: usize,
    /// Where the next line starts.
    pub(crate) next: usize,
    /// Which of the open boundaries it is.
    pub(crate) open: usize,
    /// Whether it closes the multipart.
    pub(crate) is_close: bool,
}

/// The boundary that a content type tells; empty where it tells none. White space at its end is none of it (RFC 2046 §5.1.1).
pub(crate) fn boundary<'v>(content_type: &ContentType<'v>) -> Cow<'v, [u8]> {
    let mut boundary = content_type.parameters().bytes("boundary").unwrap_or_default();
    let length = trim_end(&boundary, is_wsp).len();
    match &mut boundary {
        Cow::Borrowed(text) => *text = slice(text, 0..length),
        Cow::Owned(text) => text.truncate(length),
    }
    boundary
}

/// How much white space may follow the boundary in a delimiter line.
pub(crate) const LONGEST_PADDING: usize = 255;

/// Whether the line at `start` is a delimiter of one of the boundaries, the innermost (last) first.
///
/// ```abnf
/// delimiter         := CRLF "--" boundary
/// close-delimiter   := delimiter "--"
/// transport-padding := *LWSP-char
/// ```
/// The padding may follow each, and then the line must end: RFC 2046 lets readers take any line that starts
/// so, but then a boundary that starts with another's would end the wrong part.
pub(crate) fn delimiter_at<'b>(
    raw: &[u8],
    ends: LineEnds,
    start: usize,
    boundaries: impl DoubleEndedIterator<Item = (usize, &'b [u8])>,
) -> Option<Delimiter> {
    let line = from(raw, start).strip_prefix(b"--")?;
    boundaries.rev().find_map(|(open, boundary)| {
        crate::steps::compare(line, boundary);
        let after = line.strip_prefix(boundary)?;
        let (tail, is_close) = match after.strip_prefix(b"--") {
            Some(tail) => (tail, true),
            None => (after, false),
        };
        let padding = slice(tail, 0..tail.len().min(LONGEST_PADDING));
        let padding = padding.len() - trim_start(padding, is_wsp).len();
        crate::steps::count(padding);
        let tail = from(tail, padding);
        let at = raw.len() - tail.len();
        let end = ends.line(slice(raw, 0..raw.len().min(at + 4)), at);
        let is_whole = tail.is_empty() || (end.end == at && end.next > at);
        is_whole.then_some(Delimiter { start, next: end.next, open, is_close })
    })
}

/// Finds the lines that start with `--`.
#[derive(Debug)]
pub(crate) struct Search {
    ends: LineEnds,
    finder: Option<memmem::Finder<'static>>,
    /// How many dashes that mean nothing are still looked at, one after the other.
    patience: u8,
}

impl Search {
    pub(crate) const fn new(ends: LineEnds) -> Self {
        Self { ends, finder: None, patience: Self::PATIENCE }
    }

    const PATIENCE: u8 = 4;
    /// What a dash costs, in bytes that might be searched meanwhile.
    const COST: usize = 512;

    /// Another part begins, whose bytes are of another kind.
    pub(crate) const fn refresh(&mut self) {
        self.patience = Self::PATIENCE;
    }

    /// The next line start at or behind the line start `at` whose line starts with `--`.
    pub(crate) fn next(&mut self, raw: &[u8], at: usize) -> Option<usize> {
        match from(raw, at).starts_with(b"--") && self.ends.is_line_start(raw, at) {
            true => Some(at),
            false => self.after(raw, at),
        }
    }

    /// The same among bytes that may start inside a line.
    pub(crate) fn next_within(&mut self, raw: &[u8], is_line_start: bool) -> Option<usize> {
        match raw.starts_with(b"--") && is_line_start {
            true => Some(0),
            false => self.after(raw, 0),
        }
    }

    fn after(&mut self, raw: &[u8], mut at: usize) -> Option<usize> {
        // Where dashes are rare, as in base64, which has none, nothing is found faster than they.
        while self.ends == LineEnds::Any || self.patience > 0 {
            let rest = from(raw, at);
            let found = memchr(b'-', rest);
            crate::steps::count(found.unwrap_or(rest.len()));
            let dash = at + found?;
            at = dash + 1;
            if dash > 0 && raw.get(at) == Some(&b'-') && self.ends.is_line_start(raw, dash) {
                return Some(dash);
            }
            self.patience = match found {
                Some(0..Self::COST) => self.patience.saturating_sub(1),
                _ => Self::PATIENCE,
            };
        }
        let rest = from(raw, at);
        let found = self.finder.get_or_insert_with(|| memmem::Finder::new(b"\n--")).find(rest);
        crate::steps::count(found.unwrap_or(rest.len()));
        Some(at + found? + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(raw: &[u8], boundaries: &[&'static [u8]]) -> Option<(usize, bool, usize)> {
        let ends = LineEnds::detect(raw);
        delimiter_at(raw, ends, 0, boundaries.iter().copied().enumerate())
            .map(|d| (d.open, d.is_close, d.next))
    }

    #[test]
    fn a_line_must_be_the_whole_delimiter() {
        assert_eq!(find(b"--abc\r\nx", &[b"abc"]), Some((0, false, 7)));
        assert_eq!(find(b"--abc-- \t\nx", &[b"abc"]), Some((0, true, 10)));
        assert_eq!(find(b"--abc", &[b"abc"]), Some((0, false, 5)));
        assert_eq!(find(b"--abc--", &[b"abc"]), Some((0, true, 7)));
        assert_eq!(find(b"--abc1\r\n", &[b"abc"]), None);
        assert_eq!(find(b"--abc x\r\n", &[b"abc"]), None);
        assert_eq!(find(b"--ab\r\n", &[b"abc"]), None);
        assert_eq!(find(b"--abc\rx\r", &[b"abc"]), Some((0, false, 6)));
    }

    #[test]
    fn prefixes_are_told_apart() {
        assert_eq!(find(b"--abc1\r\n", &[b"abc", b"abc1"]), Some((1, false, 8)));
        assert_eq!(find(b"--abc\r\n", &[b"abc", b"abc1"]), Some((0, false, 7)));
        assert_eq!(find(b"--abc--\r\n", &[b"abc--", b"abc"]), Some((1, true, 9)));
    }

    #[test]
    fn padding_is_short() {
        let padded =
            |length: usize| [b"--a".to_vec(), vec![b' '; length], b"\r\n".to_vec()].concat();
        assert_eq!(find(&padded(255), &[b"a"]), Some((0, false, 260)));
        assert_eq!(find(&padded(256), &[b"a"]), None);
    }

    #[test]
    fn candidates_start_lines() {
        let next = |raw: &[u8], ends| Search::new(ends).next(raw, 0);
        assert_eq!(next(b"--a", LineEnds::Lf), Some(0));
        assert_eq!(next(b"a--\n--b", LineEnds::Lf), Some(4));
        assert_eq!(next(b"a--\r--b", LineEnds::Lf), None);
        assert_eq!(next(b"a-----\r--b", LineEnds::Any), Some(7));
        assert_eq!(next(b"a-----", LineEnds::Any), None);
        let dashes = b"a - b\n-\n".repeat(100);
        assert_eq!(next(&dashes, LineEnds::Lf), None);
        let found = [&*dashes, b"--b"].concat();
        assert_eq!(next(&found, LineEnds::Lf), Some(dashes.len()));
    }
}
