//! Byte ranges and line ends, the two things every other file scans for.

use core::ops::Range;

use memchr::{memchr, memchr2};

/// The bytes of a range, or none where the range lies outside.
pub(crate) fn slice(bytes: &[u8], range: Range<usize>) -> &[u8] {
    bytes.get(range).unwrap_or_default()
}

/// The bytes from an offset on, or none where it lies outside.
pub(crate) fn from(bytes: &[u8], start: usize) -> &[u8] {
    bytes.get(start..).unwrap_or_default()
}

/// What ends a line in a message.
///
/// A message is meant to have CRLF (RFC 5322 §2.1), but stored ones have bare LF, and very old ones bare CR. A CR counts
/// as a line end only where the first line of the message ends in one: else a stray CR inside a line of an
/// ordinary message would cut it in two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LineEnds {
    /// LF, with any CR before it.
    Lf,
    /// CR LF, CR or LF.
    Any,
}

/// Where a line's text ends, and where the next line starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) end: usize,
    pub(crate) next: usize,
}

impl LineEnds {
    pub(crate) fn detect(raw: &[u8]) -> Self {
        match memchr2(b'\r', b'\n', raw).map(|at| slice(raw, at..raw.len().min(at + 3))) {
            // Two CR before an LF are a line end that a text-mode copy has doubled.
            None | Some([b'\n', ..] | [b'\r', b'\n', ..] | [b'\r', b'\r', b'\n']) => Self::Lf,
            Some(_) => Self::Any,
        }
    }

    /// The line that starts at `start`. Of the CRs before an LF, two are no text.
    #[inline]
    pub(crate) fn line(self, raw: &[u8], start: usize) -> Line {
        let rest = from(raw, start);
        let found = match self {
            Self::Lf => memchr(b'\n', rest),
            Self::Any => memchr2(b'\r', b'\n', rest),
        };
        let Some(at) = found else {
            crate::steps::count(rest.len());
            return Line { end: raw.len(), next: raw.len() };
        };
        crate::steps::count(at + 1);
        let end = start + at;
        match self {
            Self::Lf => {
                let has_cr =
                    |count: usize| at >= count && rest.get(at.wrapping_sub(count)) == Some(&b'\r');
                let crs = match has_cr(1) {
                    true => 1 + usize::from(has_cr(2)),
                    false => 0,
                };
                Line { end: end - crs, next: end + 1 }
            }
            Self::Any => {
                let both = rest.get(at) == Some(&b'\r') && rest.get(at + 1) == Some(&b'\n');
                Line { end, next: end + 1 + usize::from(both) }
            }
        }
    }

    /// How long the line end is that stands right before the line start `start`.
    pub(crate) fn before(self, raw: &[u8], start: usize) -> usize {
        match slice(raw, start.saturating_sub(2)..start) {
            [b'\r', b'\n'] => 2,
            [.., b'\n'] => 1,
            [.., b'\r'] if self == Self::Any => 1,
            _ => 0,
        }
    }

    /// Whether a line of bytes that may go on is whole: its end is there, and no LF can follow that belongs to it.
    pub(crate) fn is_whole(self, raw: &[u8], line: Line) -> bool {
        let last = line.next.checked_sub(1).and_then(|last| raw.get(last));
        line.next > line.end && (last == Some(&b'\n') || line.next < raw.len())
    }

    /// Whether a line starts at `at`.
    pub(crate) fn is_line_start(self, raw: &[u8], at: usize) -> bool {
        match at.checked_sub(1).and_then(|before| raw.get(before)) {
            None | Some(b'\n') => true,
            Some(b'\r') => self == Self::Any,
            Some(_) => false,
        }
    }
}

pub(crate) const fn is_wsp(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

pub(crate) const fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

/// White space once a value may still be folded: the line ends of a fold count as well.
pub(crate) const fn is_fws(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

pub(crate) fn trim_start(bytes: &[u8], mut drop: impl FnMut(u8) -> bool) -> &[u8] {
    let start = bytes.iter().position(|byte| !drop(*byte)).unwrap_or(bytes.len());
    from(bytes, start)
}

pub(crate) fn trim_end(bytes: &[u8], mut drop: impl FnMut(u8) -> bool) -> &[u8] {
    let end = bytes.iter().rposition(|byte| !drop(*byte)).map_or(0, |last| last + 1);
    slice(bytes, 0..end)
}

pub(crate) fn trim(bytes: &[u8]) -> &[u8] {
    trim_end(trim_start(bytes, is_fws), is_fws)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_says_what_ends_lines() {
        assert_eq!(LineEnds::detect(b"a\r\rb"), LineEnds::Any);
        assert_eq!(LineEnds::detect(b"a\r\r\r\nb"), LineEnds::Any);
        assert_eq!(LineEnds::detect(b"a\r"), LineEnds::Any);
        assert_eq!(LineEnds::detect(b"a\r\nb"), LineEnds::Lf);
        assert_eq!(LineEnds::detect(b"a\nb\rc"), LineEnds::Lf);
        assert_eq!(LineEnds::detect(b"a\r\r\nb"), LineEnds::Lf);
        assert_eq!(LineEnds::detect(b"a\rb\rc"), LineEnds::Any);
        assert_eq!(LineEnds::detect(b""), LineEnds::Lf);
    }

    #[test]
    fn lines_are_cut_at_their_ends() {
        let lf = LineEnds::Lf;
        assert_eq!(lf.line(b"ab\r\ncd", 0), Line { end: 2, next: 4 });
        assert_eq!(lf.line(b"ab\ncd", 0), Line { end: 2, next: 3 });
        assert_eq!(lf.line(b"ab\rcd", 0), Line { end: 5, next: 5 });
        assert_eq!(lf.line(b"a\r\r\r\ncd", 0), Line { end: 2, next: 5 });
        assert_eq!(LineEnds::Any.line(b"ab\rcd", 0), Line { end: 2, next: 3 });
        assert_eq!(LineEnds::Any.line(b"ab\r\ncd", 0), Line { end: 2, next: 4 });
    }

    #[test]
    fn the_line_end_before_a_line() {
        assert_eq!(LineEnds::Lf.before(b"a\r\nb", 3), 2);
        assert_eq!(LineEnds::Lf.before(b"a\nb", 2), 1);
        assert_eq!(LineEnds::Lf.before(b"\nb", 1), 1);
        assert_eq!(LineEnds::Lf.before(b"a\rb", 2), 0);
        assert_eq!(LineEnds::Any.before(b"a\rb", 2), 1);
        assert_eq!(LineEnds::Any.before(b"b", 0), 0);
    }
}
