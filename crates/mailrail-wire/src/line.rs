//! Where the next line ends.

use memchr::memchr_iter;

/// Finds where lines end, looking at each byte once.
///
/// Only CR LF ends a line. A bare CR or LF is a byte of the line like any other, and for a parser
/// to refuse: a reader that took it for a line end would see other lines than its peer sent.
///
/// ```
/// use mailrail_wire::{Found, Input, LineFinder};
///
/// let (mut input, mut lines) = (Input::default(), LineFinder::default());
/// input.extend(b"NOOP\r\nQUI");
/// assert_eq!(lines.find(input.bytes(), 512), Found::Line(6));
/// assert_eq!(input.take(6), b"NOOP\r\n");
/// assert_eq!(lines.find(input.bytes(), 512), Found::More);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LineFinder {
    /// How many of the bytes hold no line end for sure.
    scanned: usize,
    /// A line over the limit has begun before these bytes.
    overlong: bool,
}

/// What lies at the front of the bytes; all but `More` ask the caller to take that many of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "framing that forgets a case must not compile")]
pub enum Found {
    /// A line of that many bytes, its CR LF included.
    Line(usize),
    /// That many bytes of a line that is longer than the limit; its end is yet to come.
    Overlong(usize),
    /// The last bytes, CR LF included, of a line that is longer than the limit.
    OverlongEnd(usize),
    /// Not enough to tell.
    More,
}

impl LineFinder {
    /// Finds the end of the line that `bytes` begin with, or go on with after
    /// [`Found::Overlong`].
    ///
    /// Give it the same bytes and more where it said [`Found::More`], and what follows the bytes
    /// it counted where it said anything else. `limit` is in bytes and counts the CR LF (as
    /// RFC 5321 §4.5.3.1 does); where the pieces of the stream are cut does not change whether a
    /// line passes it.
    pub fn find(&mut self, bytes: &[u8], limit: usize) -> Found {
        let rest = bytes.get(self.scanned..).unwrap_or_default();
        for at in memchr_iter(b'\n', rest) {
            let at = self.scanned + at;
            if at.checked_sub(1).and_then(|before| bytes.get(before)) == Some(&b'\r') {
                self.scanned = 0;
                let passed = core::mem::take(&mut self.overlong) || at >= limit;
                return if passed { Found::OverlongEnd(at + 1) } else { Found::Line(at + 1) };
            }
        }
        if !self.overlong && bytes.len() < limit {
            self.scanned = bytes.len();
            return Found::More;
        }
        self.overlong = true;
        self.scanned = 0;
        // A CR at the end may be the line end's first half.
        match bytes.len() - usize::from(bytes.ends_with(b"\r")) {
            0 => Found::More,
            len => Found::Overlong(len),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    /// Feeds `stream` in pieces; tells each line, or none for one over the limit.
    fn lines(
        stream: &[u8],
        limit: usize,
        mut piece: impl FnMut() -> usize,
    ) -> Vec<Option<Vec<u8>>> {
        let (mut finder, mut held, mut at, mut seen) =
            (LineFinder::default(), Vec::new(), 0, Vec::new());
        loop {
            match finder.find(&held, limit) {
                Found::Line(n) => seen.push(Some(held.drain(..n).collect())),
                Found::Overlong(n) => drop(held.drain(..n)),
                Found::OverlongEnd(n) => {
                    held.drain(..n);
                    seen.push(None);
                }
                Found::More if at == stream.len() => return seen,
                Found::More => {
                    let to = stream.len().min(at + piece().max(1));
                    held.extend_from_slice(&stream[at..to]);
                    at = to;
                }
            }
        }
    }

    #[test]
    fn only_cr_lf_ends_a_line() {
        assert_eq!(
            lines(b"a\nb\rc\r\n\r\n", 99, || 1),
            [Some(b"a\nb\rc\r\n".to_vec()), Some(b"\r\n".to_vec())]
        );
    }

    #[test]
    fn the_limit_counts_the_line_end() {
        assert_eq!(
            lines(b"abc\r\nabcd\r\nab\r\n", 5, || 1),
            [Some(b"abc\r\n".to_vec()), None, Some(b"ab\r\n".to_vec())]
        );
    }

    #[test]
    fn an_endless_line_is_not_held() {
        let mut finder = LineFinder::default();
        assert_eq!(finder.find(&[b'x'; 600], 512), Found::Overlong(600));
        assert_eq!(finder.find(b"yyy\r", 512), Found::Overlong(3));
        assert_eq!(finder.find(b"\r", 512), Found::More);
        assert_eq!(finder.find(b"\r\nNOOP\r\n", 512), Found::OverlongEnd(2));
        assert_eq!(finder.find(b"NOOP\r\n", 512), Found::Line(6));
    }

    proptest! {
        /// Where the stream is cut changes nothing.
        #[test]
        fn every_cut_finds_the_same(
            stream in prop::collection::vec(prop::sample::select(&b"ab\r\n"[..]), 0..200),
            limit in 2_usize..20,
            cuts in prop::collection::vec(1_usize..9, 1..9),
        ) {
            let mut cuts = cuts.into_iter().cycle();
            let whole = lines(&stream, limit, || stream.len());
            prop_assert_eq!(lines(&stream, limit, || cuts.next().unwrap_or(1)), &whole[..]);
            prop_assert_eq!(lines(&stream, limit, || 1), whole);
        }
    }
}
