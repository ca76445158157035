//! Dot-stuffing, both ways (RFC 5321 §4.5.2, RFC 1939 §3), in chunks and without copying.
//!
//! A text ends with a line that holds a dot alone; a line of the text that begins with a dot is
//! sent with one more. A line begins at the text's first byte and behind CR LF, and nowhere else,
//! so no bare CR or LF ever helps a peer to end a text early.

use crate::{BareLineEnd, Output};
use bytes::{Buf as _, Bytes};
use memchr::memchr_iter;

/// Where the bytes seen so far leave the reader of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Place {
    /// At the first byte of a line.
    #[default]
    LineStart,
    /// Behind a CR.
    AfterCr,
    Within,
}

impl Place {
    /// The place behind `text`, which is not empty and begins here.
    fn behind(self, text: &[u8]) -> Self {
        match text {
            [.., b'\r', b'\n'] => Self::LineStart,
            [b'\n'] if self == Self::AfterCr => Self::LineStart,
            [.., b'\r'] => Self::AfterCr,
            _ => Self::Within,
        }
    }
}

/// Takes a dot-stuffed text apart, as slices of what was received.
///
/// ```
/// use mailrail_wire::{Unstuffed, Unstuffer};
///
/// let mut text = Unstuffer::default();
/// let mut wire = &b"one\r\n..two\r\n.\r\nQUIT\r\n"[..];
/// let mut message = Vec::new();
/// loop {
///     match text.next(wire) {
///         Unstuffed::Text { skip, len } => {
///             message.extend_from_slice(&wire[skip..skip + len]);
///             wire = &wire[skip + len..];
///         }
///         Unstuffed::End(len) => break wire = &wire[len..],
///         Unstuffed::More => panic!("cut short"),
///     }
/// }
/// assert_eq!(message, b"one\r\n.two\r\n");
/// assert_eq!(wire, b"QUIT\r\n");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unstuffer {
    place: Place,
    unchecked: bool,
    bare: bool,
}

/// What the received bytes begin with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a reader that forgets a case must not compile")]
pub enum Unstuffed {
    /// Text, behind a dot to drop.
    Text {
        /// The bytes to drop: 1 where a stuffed dot stands, else 0.
        skip: usize,
        /// The bytes of text behind them; may be 0.
        len: usize,
    },
    /// The text's end mark, of that many bytes.
    End(usize),
    /// Not enough to tell.
    More,
}

impl Unstuffer {
    /// An unstuffer that does not look for bare CR and LF: faster, and
    /// [`has_bare_line_end`](Self::has_bare_line_end) stays false.
    #[must_use]
    pub const fn unchecked() -> Self {
        Self { place: Place::LineStart, unchecked: true, bare: false }
    }

    /// Says what `bytes` begin with; what it counts is used up and must not be given again.
    ///
    /// Give it the same bytes and more where it said [`Unstuffed::More`], which it never says
    /// where it was given three bytes.
    pub fn next(&mut self, bytes: &[u8]) -> Unstuffed {
        let (skip, text) = match (self.place, bytes) {
            (_, []) | (Place::LineStart, [b'.'] | [b'.', b'\r']) => return Unstuffed::More,
            (Place::LineStart, [b'.', b'\r', b'\n', ..]) => {
                self.place = Place::LineStart;
                return Unstuffed::End(3);
            }
            (Place::LineStart, [b'.', text @ ..]) => {
                self.place = Place::Within;
                (1, text)
            }
            (Place::AfterCr, [b'\n', b'.', ..]) => (0, bytes.get(..1).unwrap_or_default()),
            _ => (0, bytes),
        };
        let scan = if self.unchecked { scan::<false>(text) } else { scan::<true>(text) };
        let text = text.get(..scan.end).unwrap_or_default();
        let bare_start = (self.place == Place::AfterCr) != (text.first() == Some(&b'\n'));
        self.bare |= !self.unchecked && (scan.bare || bare_start);
        self.place = self.place.behind(text);
        Unstuffed::Text { skip, len: text.len() }
    }

    /// Whether the text so far has a CR or LF that is not part of CR LF.
    ///
    /// Such a byte is passed on as it is and never taken for a line end; the peers behind may
    /// think otherwise, so refuse the text at its end.
    #[must_use]
    pub const fn has_bare_line_end(&self) -> bool {
        self.bare
    }
}

/// Dot-stuffs a text that comes in pieces of any size, and ends it.
///
/// ```
/// use bytes::{Buf, Bytes};
/// use mailrail_wire::{Output, Stuffer};
///
/// # fn main() -> Result<(), mailrail_wire::BareLineEnd> {
/// let (mut text, mut output) = (Stuffer::default(), Output::default());
/// text.stuff(Bytes::from("one\r\n.two"), &mut output)?;
/// text.end(&mut output);
/// assert_eq!(output.chunk(), b"one\r\n..two\r\n.\r\n");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stuffer {
    place: Place,
}

/// How the next bytes of a text are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "two counts that say all there is to say")]
pub struct Stuffed {
    /// Whether a dot goes before them.
    pub dot: bool,
    /// The bytes that are sent as they are.
    pub len: usize,
}

impl Stuffer {
    /// Puts `piece` into `output`, by reference where it is large.
    ///
    /// # Errors
    ///
    /// [`BareLineEnd`] where the text so far, with `piece`, has a CR or LF that is not part of
    /// CR LF: nothing is sent of `piece` then, and the stuffer is as before.
    pub fn stuff(&mut self, mut piece: Bytes, output: &mut Output) -> Result<(), BareLineEnd> {
        let Some(&first) = piece.first() else { return Ok(()) };
        if (self.place == Place::AfterCr) != (first == b'\n') {
            return Err(BareLineEnd);
        }
        let before = output.len();
        let (begin, mut from) = match (self.place, &*piece) {
            (Place::LineStart, [b'.', ..]) => (&b"."[..], 0),
            (Place::AfterCr, [b'\n', b'.', ..]) => (&b"\n."[..], 1),
            _ => (&b""[..], 0),
        };
        output.text(begin);
        let mut to = from;
        loop {
            let scan = scan::<true>(piece.get(to..).unwrap_or_default());
            if scan.bare {
                output.truncate(before);
                return Err(BareLineEnd);
            }
            to += scan.end;
            if to == piece.len() {
                break;
            }
            // The dot that it stopped at goes out twice: at the end of this slice and at the
            // beginning of the next.
            output.slice(piece.slice(from..=to));
            from = to;
        }
        self.place = self.place.behind(&piece);
        if from == 0 {
            output.payload(piece);
        } else {
            piece.advance(from);
            output.slice(piece);
        }
        Ok(())
    }

    /// Says how the first bytes of `bytes`, which go on with the text, are sent; those it counts
    /// must not be given again. It does not look for bare CR and LF.
    pub fn next(&mut self, bytes: &[u8]) -> Stuffed {
        let dot = self.place == Place::LineStart && bytes.first() == Some(&b'.');
        let len = match (self.place, bytes) {
            (Place::AfterCr, [b'\n', b'.', ..]) => 1,
            _ => scan::<false>(bytes).end,
        };
        if let Some(text @ [_, ..]) = bytes.get(..len) {
            self.place = self.place.behind(text);
        }
        Stuffed { dot, len }
    }

    /// Ends the text: its last line's end where that is missing, and the dot alone.
    pub fn end(self, output: &mut Output) {
        output.text(match self.place {
            Place::LineStart => b".\r\n",
            Place::AfterCr => b"\n.\r\n",
            Place::Within => b"\r\n.\r\n",
        });
    }
}

/// What a look at a piece of text found.
struct Scan {
    /// Where the first line ends that one with a dot follows; else the text's length.
    end: usize,
    /// A CR and an LF that do not stand together, before `end`.
    bare: bool,
}

/// As many bytes as are looked at before the first branch: a plain loop over them becomes vector
/// code.
const BLOCK: usize = 256;
/// A dot is told by the three bytes that it ends.
const WINDOW: usize = BLOCK + 2;

/// Looks for CR LF and a dot and, where `CHECK`, for bare CR and LF. Whether the first byte is a
/// bare LF and the last one a bare CR is left to the caller.
fn scan<const CHECK: bool>(text: &[u8]) -> Scan {
    let (mut at, mut end) = (0, None);
    let last = text.len().saturating_sub(WINDOW);
    while let Some(window) = text.get(at..).and_then(<[u8]>::first_chunk::<WINDOW>) {
        if is_worth_a_look::<CHECK>(window) {
            end = end_before_dot(window);
            if end.is_some() {
                break;
            }
            if CHECK && window.get(..=BLOCK).is_some_and(has_bare_pair) {
                let rest = scan::<false>(text.get(at..).unwrap_or_default());
                return Scan { end: at + rest.end, bare: true };
            }
        }
        // The last window overlaps the one before it, which held nothing.
        at = if at == last { text.len() } else { last.min(at + BLOCK) };
    }
    if at == text.len() {
        // The last pair of all stands behind the last window.
        let bare = matches!(text, [.., first, second] if is_bare(*first, *second));
        return Scan { end: at, bare: CHECK && bare };
    }
    let rest = text.get(at..).unwrap_or_default();
    let end = end.or_else(|| end_before_dot(rest)).unwrap_or(rest.len());
    let bare = CHECK && rest.get(..end).is_some_and(has_bare_pair);
    Scan { end: at + end, bare }
}

/// Where the first line ends that one with a dot follows.
fn end_before_dot(text: &[u8]) -> Option<usize> {
    memchr_iter(b'\n', text).map(|lf| lf + 1).find(|&end| {
        text.get(end) == Some(&b'.') && text.get(..end).is_some_and(|line| line.ends_with(b"\r\n"))
    })
}

/// Whether a window holds LF and a dot (what stands before them is looked at only then) or, where
/// `CHECK`, a CR and an LF that do not stand together, the last pair left out. It finds out with as
/// few operations as there can be, and tells only that one of them is there.
#[inline(always)]
fn is_worth_a_look<const CHECK: bool>(window: &[u8; WINDOW]) -> bool {
    let second = window.get(1..).unwrap_or_default();
    let third = window.get(2..).unwrap_or_default();
    let mut found = 0_u8;
    for ((&first, &second), &third) in window.iter().zip(second).zip(third) {
        let lf = u8::from(second == b'\n');
        found |= lf & u8::from(third == b'.');
        if CHECK {
            found |= lf ^ u8::from(first == b'\r');
        }
    }
    found != 0
}

/// Whether two neighbours in `text` hold a CR without its LF or an LF without its CR.
fn has_bare_pair(text: &[u8]) -> bool {
    let next = text.get(1..).unwrap_or_default();
    // No early end: the loop becomes vector code, and a text that is refused is rare.
    text.iter().zip(next).fold(false, |bare, (&first, &second)| bare | is_bare(first, second))
}

/// Whether two neighbours are a CR without its LF or an LF without its CR.
const fn is_bare(first: u8, second: u8) -> bool {
    (first == b'\r') ^ (second == b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    /// What a reader makes of `wire`, cut at `cuts`: the text, whether it ended, whether it is
    /// bare, and how many bytes it used.
    fn unstuffed(wire: &[u8], cuts: &[usize]) -> (Vec<u8>, bool, bool, usize) {
        unstuffed_by(Unstuffer::default(), wire, cuts)
    }

    fn unstuffed_by(
        mut reader: Unstuffer,
        wire: &[u8],
        cuts: &[usize],
    ) -> (Vec<u8>, bool, bool, usize) {
        let (mut text, mut from, mut to) = (Vec::new(), 0, 0);
        let mut cuts = cuts.iter().cycle();
        loop {
            match reader.next(&wire[from..to]) {
                Unstuffed::Text { skip, len } => {
                    text.extend_from_slice(&wire[from + skip..from + skip + len]);
                    from += skip + len;
                }
                Unstuffed::End(len) => return (text, true, reader.has_bare_line_end(), from + len),
                Unstuffed::More if to == wire.len() => {
                    return (text, false, reader.has_bare_line_end(), from);
                }
                Unstuffed::More => to = wire.len().min(to + cuts.next().copied().unwrap_or(1)),
            }
        }
    }

    /// The same, said byte by byte as the RFC says it.
    fn unstuffed_plainly(wire: &[u8]) -> (Vec<u8>, bool, bool, usize) {
        let (mut text, mut bare, mut at, mut line_start) = (Vec::new(), false, 0, true);
        while at < wire.len() {
            let rest = &wire[at..];
            if line_start && rest.starts_with(b".\r\n") {
                return (text, true, bare, at + 3);
            }
            if line_start && [&b"."[..], b".\r"].contains(&rest) {
                break;
            }
            if line_start && rest[0] == b'.' {
                at += 1;
                line_start = false;
                continue;
            }
            let before = at.checked_sub(1).map(|before| wire[before]);
            bare |= rest[0] == b'\n' && before != Some(b'\r');
            bare |= rest[0] != b'\n' && before == Some(b'\r');
            line_start = rest[0] == b'\n' && before == Some(b'\r');
            text.push(rest[0]);
            at += 1;
        }
        (text, false, bare, at)
    }

    fn stuffed(text: &[u8], cuts: &[usize]) -> Result<Vec<u8>, BareLineEnd> {
        let (mut writer, mut output, mut rest) = (Stuffer::default(), Output::default(), text);
        for &cut in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (now, later) = rest.split_at(cut.min(rest.len()));
            writer.stuff(Bytes::copy_from_slice(now), &mut output)?;
            rest = later;
        }
        writer.end(&mut output);
        Ok(output.copy_to_bytes(output.remaining()).to_vec())
    }

    #[test]
    fn what_others_take_for_an_end_is_text() {
        for wire in [
            &b"a\n.\nb"[..],
            b"a\n.\r\nb",
            b"a\r\n.\nb",
            b"a\r.\rb",
            b"a\r\n.\rb",
            b"a\r\n\0.\r\nb",
            b"a\r\n.\0\r\nb",
            b"a\r\r\n.\r\r\nb",
        ] {
            let (_, ended, bare, used) = unstuffed(wire, &[1]);
            assert!(!ended, "{wire:?}");
            assert_eq!(used, wire.len());
            assert_eq!(bare, !wire.contains(&0), "{wire:?}");
        }
    }

    #[test]
    fn a_refused_piece_changes_nothing() {
        let (mut writer, mut output) = (Stuffer::default(), Output::default());
        assert_eq!(writer.stuff(Bytes::from("one\r"), &mut output), Ok(()));
        assert_eq!(writer.stuff(Bytes::from("two"), &mut output), Err(BareLineEnd));
        assert_eq!(writer.stuff(Bytes::from("\n.\r\n"), &mut output), Ok(()));
        writer.end(&mut output);
        assert_eq!(output.chunk(), b"one\r\n..\r\n.\r\n");
    }

    #[test]
    fn a_piece_refused_behind_dots_takes_all_of_it_back() {
        let (mut writer, mut output) = (Stuffer::default(), Output::default());
        assert_eq!(writer.stuff(Bytes::from("one\r\n"), &mut output), Ok(()));
        let long = [b'x'; 300];
        for line in [&b"short"[..], &long] {
            let line = [b".", line, b"\r\n"].concat();
            for bare in [&b".\n.\r\n"[..], b"\rx"] {
                for lines in 1..6 {
                    let piece = Bytes::from([&line.repeat(lines), bare].concat());
                    assert_eq!(writer.stuff(piece, &mut output), Err(BareLineEnd));
                }
            }
        }
        assert_eq!(writer.stuff(Bytes::from(".two\r\n"), &mut output), Ok(()));
        writer.end(&mut output);
        assert_eq!(output.copy_to_bytes(output.remaining()), "one\r\n..two\r\n.\r\n");
    }

    #[test]
    fn a_dot_between_long_lines_costs_no_copy() {
        let (mut writer, mut output) = (Stuffer::default(), Output::default());
        let text = Bytes::from([&[b'x'; 400][..], b"\r\n.", &[b'y'; 400], b"\r\n"].concat());
        let at = text.as_ptr();
        assert_eq!(writer.stuff(text.clone(), &mut output), Ok(()));
        assert_eq!((output.chunk().as_ptr(), output.chunk().len()), (at, 403));
        output.advance(403);
        assert_eq!(output.chunk().as_ptr(), at.wrapping_add(402));
        assert_eq!(output.chunk(), &text[402..]);
    }

    /// Texts of few distinct bytes, long enough to fill windows, with what matters often.
    fn wire() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            4 => Just(&b"\r\n"[..]), 2 => Just(&b"."[..]), 1 => Just(&b"\r"[..]), 1 => Just(&b"\n"[..]),
            4 => Just(&b"ab"[..]), 1 => Just(&[b'x'; 100][..]), 1 => Just(&[b'y'; 300][..]),
        ];
        prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
    }

    /// The same without bare line ends.
    fn text() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            4 => Just(&b"\r\n"[..]), 2 => Just(&b"."[..]), 4 => Just(&b"ab"[..]),
            1 => Just(&[b'x'; 100][..]), 1 => Just(&[b'y'; 300][..]),
        ];
        prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
    }

    fn cuts() -> impl Strategy<Value = Vec<usize>> {
        prop_oneof![
            Just(alloc::vec![1]),
            prop::collection::vec(1_usize..9, 1..9),
            Just(alloc::vec![100_000])
        ]
    }

    proptest! {
        #[test]
        fn reads_as_the_plain_reader_does(wire in wire(), cuts in cuts()) {
            let (text, ended, bare, used) = unstuffed_plainly(&wire);
            let unchecked = unstuffed_by(Unstuffer::unchecked(), &wire, &cuts);
            prop_assert_eq!(unchecked, (text.clone(), ended, false, used));
            prop_assert_eq!(unstuffed(&wire, &cuts), (text, ended, bare, used));
        }

        #[test]
        fn what_is_stuffed_reads_the_same(text in text(), cuts in cuts(), cuts_back in cuts()) {
            let wire = stuffed(&text, &cuts).unwrap();
            prop_assert_eq!(&wire, &stuffed(&text, &[text.len().max(1)]).unwrap());
            let mut whole = text;
            if !whole.is_empty() && !whole.ends_with(b"\r\n") {
                whole.extend_from_slice(b"\r\n");
            }
            prop_assert_eq!(unstuffed(&wire, &cuts_back), (whole, true, false, wire.len()));
        }

        #[test]
        fn no_bare_line_end_is_sent(wire in wire(), cuts in cuts()) {
            let bare = wire.iter().zip(wire.iter().skip(1)).any(|(&a, &b)| (a == b'\r') != (b == b'\n'))
                || wire.first() == Some(&b'\n');
            prop_assert_eq!(stuffed(&wire, &cuts).is_err(), bare);
        }
    }
}
