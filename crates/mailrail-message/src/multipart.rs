//! The delimiter lines of a multipart (RFC 2046 §5.1.1).

use alloc::borrow::Cow;

use memchr::memmem;

use crate::scan::{LineEnds, from, is_wsp, slice, trim_start};

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

/// Whether the line at `start` is a delimiter of one of the boundaries, the innermost (last) first.
///
/// ```abnf
/// delimiter       := CRLF "--" boundary
/// close-delimiter := delimiter "--"
/// ```
/// Each may be followed by white space and then the line must end: RFC 2046 lets readers take any line that starts
/// so, but then a boundary that starts with another's would end the wrong part.
pub(crate) fn delimiter_at<'b>(
    raw: &[u8],
    ends: LineEnds,
    start: usize,
    boundaries: impl DoubleEndedIterator<Item = (usize, &'b Cow<'b, [u8]>)>,
) -> Option<Delimiter> {
    let line = from(raw, start).strip_prefix(b"--")?;
    boundaries.rev().find_map(|(open, boundary)| {
        let after = line.strip_prefix(&**boundary)?;
        let (tail, is_close) = match after.strip_prefix(b"--") {
            Some(tail) => (tail, true),
            None => (after, false),
        };
        let tail = trim_start(tail, is_wsp);
        let at = raw.len() - tail.len();
        let end = ends.line(slice(raw, 0..raw.len().min(at + 4)), at);
        let is_whole = tail.is_empty() || (end.end == at && end.next > at);
        is_whole.then_some(Delimiter { start, next: end.next, open, is_close })
    })
}

/// The next line start at or behind `at` whose line starts with `--`.
pub(crate) fn next_candidate(raw: &[u8], ends: LineEnds, at: usize) -> Option<usize> {
    let rest = from(raw, at);
    if rest.starts_with(b"--") && ends.is_line_start(raw, at) {
        return Some(at);
    }
    match ends {
        LineEnds::Lf => memmem::find(rest, b"\n--").map(|found| at + found + 1),
        LineEnds::Any => {
            let mut at = at;
            loop {
                at += memmem::find(from(raw, at), b"--")?;
                if ends.is_line_start(raw, at) {
                    return Some(at);
                }
                at = raw.len() - trim_start(from(raw, at), |byte| byte == b'-').len();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(raw: &[u8], boundaries: &[&'static [u8]]) -> Option<(usize, bool, usize)> {
        let all: Vec<Cow<'_, [u8]>> = boundaries.iter().map(|b| Cow::Borrowed(*b)).collect();
        let ends = LineEnds::detect(raw);
        delimiter_at(raw, ends, 0, all.iter().enumerate()).map(|d| (d.open, d.is_close, d.next))
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
    fn candidates_start_lines() {
        assert_eq!(next_candidate(b"--a", LineEnds::Lf, 0), Some(0));
        assert_eq!(next_candidate(b"a--\n--b", LineEnds::Lf, 0), Some(4));
        assert_eq!(next_candidate(b"a--\r--b", LineEnds::Lf, 0), None);
        assert_eq!(next_candidate(b"a-----\r--b", LineEnds::Any, 0), Some(7));
        assert_eq!(next_candidate(b"a-----", LineEnds::Any, 0), None);
    }
}
