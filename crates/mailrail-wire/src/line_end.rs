//! Line ends that are not CR LF.

use bytes::Bytes;
use memchr::memchr2;

/// A CR that no LF follows, or an LF that no CR precedes.
///
/// Neither ends a line (RFC 5321 §2.3.8); a reader that thinks otherwise may see a second message
/// in the first one's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a line end that is not CR LF")]
#[non_exhaustive]
pub struct BareLineEnd;

/// Makes each bare LF or CR of a text that comes in pieces a CR LF, and leaves the rest as it is.
///
/// For text from a file, before it goes on the wire; never for what a peer sent.
///
/// ```
/// use bytes::Bytes;
/// use mailrail_wire::LineEnds;
///
/// let (mut ends, mut text) = (LineEnds::default(), Vec::new());
/// for piece in ["one\ntwo\r", "\nthree\rfour"] {
///     ends.complete(Bytes::from(piece), |bytes| text.extend_from_slice(&bytes));
/// }
/// ends.finish(|bytes| text.extend_from_slice(&bytes));
/// assert_eq!(text, b"one\r\ntwo\r\nthree\r\nfour");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LineEnds {
    /// The last piece ended in a CR, which is not yet passed on.
    after_cr: bool,
}

impl LineEnds {
    /// Passes `piece` on to `emit`, in slices of it, with its line ends completed.
    pub fn complete(&mut self, mut piece: Bytes, mut emit: impl FnMut(Bytes)) {
        const CR_LF: Bytes = Bytes::from_static(b"\r\n");
        if self.after_cr && !piece.is_empty() {
            self.after_cr = false;
            if piece.first() == Some(&b'\n') {
                let _ = piece.split_to(1);
            }
            emit(CR_LF);
        }
        // Where the next look begins: what is before it stays as it is.
        let mut from = 0;
        while let Some(at) = piece.get(from..).and_then(|rest| memchr2(b'\r', b'\n', rest)) {
            let at = from + at;
            let skip = match piece.get(at..at + 2) {
                Some(b"\r\n") => {
                    from = at + 2;
                    continue;
                }
                None if piece.get(at) == Some(&b'\r') => {
                    self.after_cr = true;
                    piece.truncate(at);
                    break;
                }
                _ => 1,
            };
            let before = piece.split_to(at);
            if !before.is_empty() {
                emit(before);
            }
            emit(CR_LF);
            let _ = piece.split_to(skip);
            from = 0;
        }
        if !piece.is_empty() {
            emit(piece);
        }
    }

    /// Passes on what the last piece left open.
    pub fn finish(self, mut emit: impl FnMut(Bytes)) {
        if self.after_cr {
            emit(Bytes::from_static(b"\r\n"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    fn completed(text: &[u8], cuts: &[usize]) -> Vec<u8> {
        let (mut ends, mut out, mut rest) = (LineEnds::default(), Vec::new(), text);
        for &cut in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (now, later) = rest.split_at(cut.min(rest.len()));
            ends.complete(Bytes::copy_from_slice(now), |bytes| out.extend_from_slice(&bytes));
            rest = later;
        }
        ends.finish(|bytes| out.extend_from_slice(&bytes));
        out
    }

    proptest! {
        #[test]
        fn leaves_nothing_bare(
            text in prop::collection::vec(prop::sample::select(&b"a\r\n"[..]), 0..60),
            cuts in prop::collection::vec(1_usize..7, 1..6),
        ) {
            let out = completed(&text, &cuts);
            let mut lines = out.split(|&b| b == b'\n').collect::<Vec<_>>();
            let last = lines.pop();
            prop_assert!(lines.iter().all(|line| line.strip_suffix(b"\r").is_some_and(|line| !line.contains(&b'\r'))));
            prop_assert!(!last.is_some_and(|line| line.contains(&b'\r')));
            prop_assert_eq!(completed(&out, &cuts), &out[..]);
            prop_assert_eq!(completed(&text, &[text.len().max(1)]), out);
        }
    }
}
