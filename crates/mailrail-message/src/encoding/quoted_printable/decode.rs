//! From quoted-printable to bytes.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use memchr::{memchr, memchr_iter, memchr2};

use super::super::bits;
use super::{HEX_VALUES, hex_pair};
use crate::scan::{from, is_wsp, slice, trim_end, trim_start};

/// How much white space before a line end counts as added on the way. No line has more.
const WHITE_SPACE: usize = 1000;

/// Decodes text. White space at the end of a line, 1000 bytes of it at most, is dropped, since it was added on the way; what is no escape
/// is kept as it is. Line ends stay what they are. Borrowed where there is nothing to decode.
///
/// # Examples
/// ```
/// assert_eq!(&*mailrail_message::encoding::quoted_printable::decode(b"caf=C3=A9 =\r\nau lait"), "caf\u{e9} au lait".as_bytes());
/// ```
pub fn decode(text: &[u8]) -> Cow<'_, [u8]> {
    let look = Look::at(text);
    if look.marks == 0 && !look.has_white_space {
        return Cow::Borrowed(text);
    }
    let mut bytes = Vec::new();
    append(text, look, true, &mut bytes);
    Cow::Owned(bytes)
}

/// The same, at the end of a buffer.
pub fn decode_into(text: &[u8], bytes: &mut Vec<u8>) {
    append(text, Look::at(text), true, bytes);
}

fn append(text: &[u8], look: Look, is_end: bool, bytes: &mut Vec<u8>) {
    if look.has_white_space {
        bytes.reserve(text.len());
        append_trimmed(text, is_end, bytes);
    } else {
        append_escaped(text, look.marks, is_end, bytes);
    }
}

/// What a first look tells.
struct Look {
    /// How many `=` there are.
    marks: usize,
    /// Whether white space stands before a line end or at the end.
    has_white_space: bool,
}

impl Look {
    fn at(text: &[u8]) -> Self {
        Self { marks: memchr_iter(b'=', text).count(), has_white_space: has_white_space(text) }
    }
}

/// Whether white space stands before a line end or at the end.
fn has_white_space(text: &[u8]) -> bool {
    // In blocks without a branch, so that the compiler makes vectors of it.
    let mut blocks = text.chunks(BLOCK).zip(from(text, 1).chunks(BLOCK));
    let stands_before_line_end = blocks.any(|(bytes, next)| {
        let pairs = bytes.iter().zip(next);
        pairs.fold(0, |found, (byte, next)| {
            let is_space = u8::from(*byte == b' ') | u8::from(*byte == b'\t');
            let is_end = u8::from(*next == b'\r') | u8::from(*next == b'\n');
            found | is_space & is_end
        }) != 0
    });
    stands_before_line_end || text.last().copied().is_some_and(is_wsp)
}

/// How many bytes are looked at before a decision.
const BLOCK: usize = 256;

/// Decodes text to the start of a buffer, and tells how many bytes that gives; none where white space has to be dropped, and where the
/// buffer is not [`STEP`] bytes longer than the text.
pub(crate) fn decode_piece(text: &[u8], out: &mut [u8]) -> Option<usize> {
    if has_white_space(text) {
        return None;
    }
    // Its first bytes tell enough: this decides only which way is faster.
    let sample = slice(text, 0..text.len().min(2 * BLOCK));
    let is_dense = is_dense(memchr_iter(b'=', sample).count(), sample.len());
    let mut run = Run { text, is_end: true, read: 0, out, written: 0 };
    run.all(is_dense).then_some(run.written)
}

/// Whether most of it is escapes.
const fn is_dense(marks: usize, length: usize) -> bool {
    5 * marks > length
}

/// Text without white space before line ends: only what begins with `=`, so many times, has to be looked at.
fn append_escaped(text: &[u8], marks: usize, is_end: bool, bytes: &mut Vec<u8>) {
    let start = bytes.len();
    // What begins with `=` makes one byte of three, or none.
    let is_dense = is_dense(marks, text.len());
    bytes.resize(start + text.len().saturating_sub(2 * marks) + STEP, 0);
    let (mut read, mut written) = (0, 0);
    loop {
        let out = bytes.get_mut(start + written..).unwrap_or_default();
        let mut run = Run { text: from(text, read), is_end, read: 0, out, written: 0 };
        let is_whole = run.all(is_dense);
        (read, written) = (read + run.read, written + run.written);
        if is_whole {
            break;
        }
        // Some `=` stay: now there is room for as many as there may be.
        bytes.resize(start + written + from(text, read).len() + STEP, 0);
    }
    bytes.truncate(start + written);
}

/// Bytes copied in one go; what is too much is overwritten by what follows.
pub(crate) const STEP: usize = 64;

struct Run<'t, 'o> {
    text: &'t [u8],
    is_end: bool,
    /// How much of the text is taken.
    read: usize,
    /// Large enough for all where each `=` begins an escape, and a step more.
    out: &'o mut [u8],
    written: usize,
}

/// The values of hexadecimal digits, as the upper and as the lower half of a byte; over 255 for all else.
#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, which checks it")]
static HALVES: [[u16; 256]; 2] = {
    let mut halves = [[0x100; 256]; 2];
    let mut byte = 0;
    while byte < 256 {
        let value = HEX_VALUES[byte];
        if value < 16 {
            halves[0][byte] = (value as u16) << 4;
            halves[1][byte] = value as u16;
        }
        byte += 1;
    }
    halves
};

/// The byte of two hexadecimal digits; over 255 where they are none.
#[inline]
fn value_of(high: u8, low: u8) -> u16 {
    let [upper, lower] = &HALVES;
    let half =
        |half: &[u16; 256], digit: u8| half.get(usize::from(digit)).copied().unwrap_or(0x100);
    half(upper, high) | half(lower, low)
}

impl Run<'_, '_> {
    /// Takes all of the text, or tells that it needs more room.
    fn all(&mut self, is_dense: bool) -> bool {
        if is_dense { self.dense() } else { self.sparse() }
    }

    /// The same where escapes are few.
    fn sparse(&mut self) -> bool {
        let text = self.text;
        let mut has_room = true;
        bits::places(
            text,
            |byte| byte == b'=',
            |at| {
                if at >= self.read && has_room {
                    has_room = self.escape(at);
                }
            },
        );
        has_room && self.rest()
    }

    /// Whether there is room for what stands before `end`, and a step more.
    #[inline]
    fn has_room(&self, end: usize) -> bool {
        self.out.len() >= self.written + (end - self.read) + STEP
    }

    /// What stands behind the last escape.
    fn rest(&mut self) -> bool {
        let has_room = self.has_room(self.text.len());
        if has_room {
            self.copy(self.text.len());
        }
        has_room
    }

    /// The same where nearly all is escapes, as in text that is not written in Latin letters: in rows, with a few other bytes
    /// between them.
    fn dense(&mut self) -> bool {
        while let Some(next) = memchr(b'=', from(self.text, self.read)) {
            if !self.has_room(self.read + next) {
                return false;
            }
            self.copy(self.read + next);
            loop {
                self.row();
                if !self.has_room(self.read) {
                    return false;
                }
                match from(self.text, self.read) {
                    [b'=', b'\r', b'\n', ..] => self.read += 3,
                    [b'=', ..] => {
                        if !self.escape(self.read) {
                            return false;
                        }
                    }
                    [_, b'=', ..] => self.copy(self.read + 1),
                    [_, _, b'=', ..] => self.copy(self.read + 2),
                    _ => break,
                }
            }
        }
        self.rest()
    }

    /// Escapes right behind one another, two by two.
    #[inline]
    fn row(&mut self) {
        let rest = from(self.text, self.read);
        let places = self.out.get_mut(self.written..).unwrap_or_default();
        let ((pairs, _), (places, _)) = (rest.as_chunks::<6>(), places.as_chunks_mut::<2>());
        let mut count = 0;
        for ([mark, high, low, next_mark, next_high, next_low], place) in pairs.iter().zip(places) {
            let first = value_of(*high, *low);
            let second = value_of(*next_high, *next_low);
            let is_other = (*mark ^ b'=') | (*next_mark ^ b'=');
            if u16::from(is_other) | (first | second) & 0x100 != 0 {
                break;
            }
            let ([first, _], [second, _]) = (first.to_le_bytes(), second.to_le_bytes());
            *place = [first, second];
            count += 1;
        }
        self.written += 2 * count;
        self.read += 6 * count;
    }

    /// What stands before `end` as it is.
    #[inline]
    fn copy(&mut self, end: usize) {
        let length = end.saturating_sub(self.read);
        if length <= STEP
            && let Some(source) = self.text.get(self.read..self.read + STEP)
            && let Some(target) = self.out.get_mut(self.written..self.written + STEP)
        {
            target.copy_from_slice(source);
        } else if let Some(target) = self.out.get_mut(self.written..self.written + length) {
            target.copy_from_slice(slice(self.text, self.read..end));
        }
        self.read = end;
        self.written += length;
    }

    /// What an `=` begins. Tells whether there is room for more.
    #[inline]
    fn escape(&mut self, at: usize) -> bool {
        if !self.has_room(at) {
            return false;
        }
        self.copy(at);
        let Some([_, high, low]) = from(self.text, at).first_chunk() else { return self.odd() };
        let value = value_of(*high, *low);
        let is_break = (*high == b'\r') & (*low == b'\n');
        // One way for both, since which of them comes next cannot be guessed.
        if (value > 255) & !is_break {
            return self.odd();
        }
        let [byte, _] = value.to_le_bytes();
        if let Some(place) = self.out.get_mut(self.written) {
            *place = byte;
        }
        self.written += usize::from(!is_break);
        self.read += 3;
        // Escapes mostly come in rows, without anything to copy between them.
        while let Some([b'=', high, low]) = from(self.text, self.read).first_chunk()
            && let Some(place) = self.out.get_mut(self.written)
        {
            let value = value_of(*high, *low);
            if value > 255 {
                break;
            }
            let [byte, _] = value.to_le_bytes();
            *place = byte;
            self.written += 1;
            self.read += 3;
        }
        true
    }

    /// A soft line break of another form, or nothing that has a meaning.
    fn odd(&mut self) -> bool {
        let tail = from(self.text, self.read + 1);
        if let Some(next) = soft_break(tail, self.is_end) {
            self.read = self.text.len() - next.len();
            return true;
        }
        self.copy(self.read + 1);
        true
    }
}

/// Text that white space has to be dropped from; at its end only where nothing follows.
fn append_trimmed(text: &[u8], is_end: bool, bytes: &mut Vec<u8>) {
    let mut rest = text;
    while let Some(at) = memchr2(b'=', b'\n', rest) {
        let before = slice(rest, 0..at);
        let tail = from(rest, at + 1);
        if rest.get(at) == Some(&b'\n') {
            let (line, end): (_, &[u8]) = match before.strip_suffix(b"\r") {
                Some(line) => (line, b"\r\n"),
                None => (before, b"\n"),
            };
            bytes.extend_from_slice(without_white_space(line));
            bytes.extend_from_slice(end);
            rest = tail;
            continue;
        }
        bytes.extend_from_slice(before);
        if let Some(byte) = hex_pair(tail.first().copied(), tail.get(1).copied()) {
            bytes.push(byte);
            rest = from(tail, 2);
        } else if let Some(next) = soft_break(tail, is_end) {
            rest = next;
        } else {
            bytes.push(b'=');
            rest = tail;
        }
    }
    bytes.extend_from_slice(if is_end { without_white_space(rest) } else { rest });
}

/// The end of a line, which nothing encoded stands in.
fn without_white_space(line: &[u8]) -> &[u8] {
    let kept = trim_end(line, is_wsp);
    if line.len() - kept.len() <= WHITE_SPACE { kept } else { line }
}

/// What follows a soft line break, whose `=` is gone already.
fn soft_break(tail: &[u8], is_end: bool) -> Option<&[u8]> {
    // White space may have been added behind the "=" as well. Longer runs than a line are none.
    let line = slice(tail, 0..tail.len().min(WHITE_SPACE));
    let next = from(tail, line.len() - trim_start(line, is_wsp).len());
    match next {
        [] => is_end.then_some(next),
        [b'\r', b'\n', after @ ..] | [b'\n' | b'\r', after @ ..] => Some(after),
        _ => None,
    }
}

/// Where the first `=` stands that is neither an escape nor a soft line break.
pub(crate) fn first_fault(text: &[u8]) -> Option<usize> {
    memchr_iter(b'=', text).find(|at| {
        let tail = from(text, at + 1);
        hex_pair(tail.first().copied(), tail.get(1).copied()).is_none()
            && soft_break(tail, true).is_none()
    })
}

/// Decodes text that comes in chunks, to the same bytes as [`decode`] at every cut. Holds two thousand bytes at most.
///
/// # Examples
/// ```
/// use mailrail_message::encoding::quoted_printable::Decoder;
///
/// let (mut decoder, mut bytes) = (Decoder::default(), Vec::new());
/// for chunk in [&b"caf=C"[..], b"3=A9 =\r", b"\nau lait  "] {
///     decoder.decode(chunk, &mut bytes);
/// }
/// decoder.finish(&mut bytes);
/// assert_eq!(bytes, "caf\u{e9} au lait".as_bytes());
/// ```
#[derive(Clone, Default)]
pub struct Decoder {
    /// What cannot be decoded before more is known.
    held: Vec<u8>,
    /// Whether the last bytes were white space that is too long to be dropped.
    in_white_space: bool,
}

impl core::fmt::Debug for Decoder {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Decoder").field("held", &self.held.len()).finish_non_exhaustive()
    }
}

impl Decoder {
    /// Appends what the chunk adds.
    pub fn decode(&mut self, mut chunk: &[u8], bytes: &mut Vec<u8>) {
        while !self.held.is_empty() && !chunk.is_empty() {
            // What is held is completed with the rest of its line, so that little is copied.
            let near = slice(chunk, 0..chunk.len().min(WHITE_SPACE));
            let length = memchr(b'\n', near).map_or(near.len(), |end| end + 1);
            let mut text = core::mem::take(&mut self.held);
            text.extend_from_slice(slice(near, 0..length));
            self.next(&text, bytes);
            chunk = from(chunk, length);
        }
        if !chunk.is_empty() {
            self.next(chunk, bytes);
        }
    }

    fn next(&mut self, mut text: &[u8], bytes: &mut Vec<u8>) {
        if self.in_white_space {
            let rest = trim_start(text, is_wsp);
            bytes.extend_from_slice(slice(text, 0..text.len() - rest.len()));
            self.in_white_space = rest.is_empty();
            text = rest;
        }
        let line = text.strip_suffix(b"\r").unwrap_or(text);
        let word = trim_end(line, is_wsp);
        let space = line.len() - word.len();
        let ready = match word {
            _ if space > WHITE_SPACE => {
                self.in_white_space = line.len() == text.len();
                text.len()
            }
            [before @ .., b'='] => before.len(),
            [before @ .., b'=', _] if word.len() == text.len() => before.len(),
            _ if space > 0 => word.len(),
            _ => text.len(),
        };
        let ready_text = slice(text, 0..ready);
        append(ready_text, Look::at(ready_text), false, bytes);
        self.held.extend_from_slice(from(text, ready));
    }

    /// Appends what is left, where nothing more comes.
    pub fn finish(&mut self, bytes: &mut Vec<u8>) {
        decode_into(&core::mem::take(&mut self.held), bytes);
        self.in_white_space = false;
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::{String, ToString};

    use super::*;

    #[test]
    fn known_answers() {
        let code = b"Now's the time =\r\nfor all folk to come=\r\n to the aid of their country.";
        let cases: [(&[u8], &[u8]); 9] = [
            (code, b"Now's the time for all folk to come to the aid of their country."),
            (b"=3d=3D", b"=="),
            (b"a \t\r\nb  \nc ", b"a\r\nb\nc"),
            (b"a=20\r\nb=20", b"a \r\nb "),
            (b"a= \t\r\nb=\nc=", b"abc"),
            (b"a=\r\nb=\nc=\rd", b"abcd"),
            (b"=XY=4", b"=XY=4"),
            (b"==3D=\r", b"=="),
            (b"a=\r\n\r\n=41", b"a\r\nA"),
        ];
        for (text, expected) in cases {
            let shown = text.escape_ascii().to_string();
            assert_eq!(&*decode(text), expected, "{shown}");
            // The way for white space is right for all.
            let mut bytes = Vec::new();
            append_trimmed(text, true, &mut bytes);
            assert_eq!(bytes, expected, "{shown}");
        }
        assert!(matches!(decode(b"plain\r\ntext"), Cow::Borrowed(_)));
    }

    #[test]
    fn white_space_is_dropped_up_to_a_line_of_it() {
        for (length, is_kept) in [(1000, false), (1001, true)] {
            for end in ["", "\r\n", "\n"] {
                let text = alloc::format!("a{}{end}", " ".repeat(length));
                let kept = if is_kept { text.clone() } else { alloc::format!("a{end}") };
                assert_eq!(decode(text.as_bytes()), kept.as_bytes());
                for size in [1, 3, 700, 1001, 1002] {
                    let (mut decoder, mut bytes) = (Decoder::default(), Vec::new());
                    text.as_bytes()
                        .chunks(size)
                        .for_each(|chunk| decoder.decode(chunk, &mut bytes));
                    decoder.finish(&mut bytes);
                    assert_eq!(String::from_utf8(bytes).unwrap(), kept, "{length} {size}");
                }
            }
        }
    }

    #[test]
    fn what_is_no_escape_has_room() {
        for (before, junk) in [(0, "="), (100, "="), (1000, "=="), (1000, "=zz="), (7, "=41=")] {
            for count in [1, 100, 5000] {
                let start = "x".repeat(before) + &"=41".repeat(before);
                let text = start + &junk.repeat(count) + ".";
                let mut plain = Vec::new();
                append_trimmed(text.as_bytes(), true, &mut plain);
                assert!(*decode(text.as_bytes()) == *plain, "{before} {junk} {count}");
            }
        }
    }

    #[test]
    fn faults_are_found() {
        assert_eq!(first_fault(b"=3D=\r\nab=zz"), Some(8));
        assert_eq!(first_fault(b"=3D=\r\nab="), None);
    }
}
