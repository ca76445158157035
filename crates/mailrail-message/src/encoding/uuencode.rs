//! uuencode, as mail carried files before MIME, and as `x-uuencode` still does.
//!
//! A line has a letter that says how many bytes it holds, then four letters for each three of them; `begin` and
//! `end` lines stand around. No standard of mail has it; POSIX describes the format.

use alloc::vec::Vec;

use memchr::memchr;

use crate::scan::{from, slice, trim_end};
use crate::steps;

/// The longest line that is looked at: 63 bytes make 84 letters, after the one that tells their number.
const LONGEST: usize = 85;

/// Decodes what stands between the `begin` and the `end` line, or all lines where there is no `begin`.
///
/// Lines that are cut short are filled up with zeros, since those are written as spaces; lines that are none are passed over.
///
/// # Examples
/// ```
/// let text = b"begin 644 cat.txt\r\n#0V%T\r\n`\r\nend\r\n";
/// assert_eq!(mailrail_message::encoding::uuencode::decode(text), b"Cat");
/// ```
pub fn decode(text: &[u8]) -> Vec<u8> {
    let mut decoder = Decoder::default();
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    decoder.decode(text, &mut bytes);
    decoder.finish(&mut bytes);
    if !decoder.has_begun {
        // No begin line: the letters may be there without it.
        let mut decoder = Decoder { has_begun: true, ..Decoder::default() };
        decoder.decode(text, &mut bytes);
        decoder.finish(&mut bytes);
    }
    bytes
}

/// The name of the file in the `begin` line, if there is one.
pub fn filename(text: &[u8]) -> Option<&[u8]> {
    text.split(|byte| *byte == b'\n').find_map(begin)
}

/// Where the first line stands that is out of place: the start where no `begin` line follows, the end where no `end` line does.
pub(crate) fn first_fault(text: &[u8]) -> Option<usize> {
    let (mut at, mut has_begun) = (0, false);
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let inner = trim_end(line, |byte| matches!(byte, b'\r' | b'\n'));
        match has_begun {
            false => has_begun = begin(inner).is_some(),
            true if inner == b"end" => return None,
            true if !is_whole(inner) => return Some(at),
            true => {}
        }
        at += line.len();
    }
    Some(if has_begun { at } else { 0 })
}

/// Whether a line has as many letters as its first one says, or spaces at its end that got lost.
fn is_whole(line: &[u8]) -> bool {
    let Some((length, letters)) = line.split_first() else { return false };
    let needed = usize::from(value(*length)).div_ceil(3) * 4;
    line.iter().all(|letter| (b' '..=b'`').contains(letter)) && letters.len() <= needed + 2
}

/// `begin MODE NAME`: the name.
fn begin(line: &[u8]) -> Option<&[u8]> {
    let rest = line.strip_prefix(b"begin ")?;
    let mode = rest.iter().take_while(|byte| matches!(byte, b'0'..=b'7')).count();
    if !(3..=4).contains(&mode) {
        return None;
    }
    let name = from(rest, mode).strip_prefix(b" ")?;
    Some(trim_end(name, |byte| byte.is_ascii_whitespace()))
}

/// Decodes text that comes in pieces. What stands before the `begin` line is passed over.
#[derive(Debug, Clone, Default)]
pub(crate) struct Decoder {
    /// A line that is not ended yet, no more of it than can mean something.
    line: Vec<u8>,
    is_skipping: bool,
    has_begun: bool,
    has_ended: bool,
}

impl Decoder {
    /// Decodes the next piece.
    pub(crate) fn decode(&mut self, mut text: &[u8], bytes: &mut Vec<u8>) {
        while !self.has_ended {
            let end = memchr(b'\n', text);
            steps::count(1 + end.unwrap_or(text.len()));
            let piece = slice(text, 0..end.unwrap_or(text.len()));
            match end {
                Some(end) if self.line.is_empty() && !self.is_skipping => {
                    self.line(piece, bytes);
                    text = from(text, end + 1);
                }
                _ => {
                    let room = LONGEST + 2;
                    let room = room.saturating_sub(self.line.len());
                    self.line.extend_from_slice(slice(piece, 0..piece.len().min(room)));
                    self.is_skipping |= piece.len() > room;
                    let Some(end) = end else { return };
                    self.finish(bytes);
                    text = from(text, end + 1);
                }
            }
        }
    }

    /// The text ends: its last line counts though nothing ends it.
    pub(crate) fn finish(&mut self, bytes: &mut Vec<u8>) {
        let line = core::mem::take(&mut self.line);
        self.line(&line, bytes);
        self.line = line;
        self.line.clear();
        self.is_skipping = false;
    }

    fn line(&mut self, line: &[u8], bytes: &mut Vec<u8>) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if self.has_ended {
            return;
        }
        if begin(line).is_some() {
            self.has_begun = true;
            return;
        }
        if line == b"end" {
            self.has_ended = self.has_begun;
            return;
        }
        let Some((length, letters)) = line.split_first() else { return };
        if !self.has_begun || !(b' '..=b'`').contains(length) {
            return;
        }
        let length = usize::from(value(*length));
        let groups = slice(letters, 0..letters.len().min(length.div_ceil(3) * 4));
        if !groups.iter().all(|letter| (b' '..=b'`').contains(letter)) {
            return;
        }
        let start = bytes.len();
        for group in groups.chunks(4) {
            let mut letters =
                group.iter().map(|letter| value(*letter)).chain(core::iter::repeat(0));
            let mut next = || letters.next().unwrap_or_default();
            let (a, b, c, d) = (next(), next(), next(), next());
            bytes.extend_from_slice(&[a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d]);
        }
        // Spaces at the end of a line get lost on the way: they were zeros.
        bytes.resize(start + length, 0);
    }
}

/// Six bits of a letter; the space and the backquote are both zero.
const fn value(letter: u8) -> u8 {
    letter.wrapping_sub(b' ') & 0x3f
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &[u8] = b"hello\r\nbegin 644 a b.txt\r\n#0V%T\r\nnot a line at all, too long for one\r\n\"86(\r\n`\r\nend\r\n#0V%T\r\n";

    #[test]
    fn files_are_found_in_text() {
        assert_eq!(decode(TEXT), b"Catab");
        assert_eq!(filename(TEXT), Some(&b"a b.txt"[..]));
        assert_eq!(filename(b"begin the day"), None);
        assert_eq!(decode(b"#0V%T\n"), b"Cat");
        assert_eq!(decode(b"begin 644 x\n#0V%T"), b"Cat");
        assert_eq!(decode(b""), b"");
    }

    #[test]
    fn every_cut_gives_the_same() {
        for cut in 0..TEXT.len() {
            let (front, back) = TEXT.split_at(cut);
            let mut decoder = Decoder::default();
            let mut bytes = Vec::new();
            decoder.decode(front, &mut bytes);
            decoder.decode(back, &mut bytes);
            decoder.finish(&mut bytes);
            assert_eq!(bytes, b"Catab", "{cut}");
        }
    }

    #[test]
    fn a_long_line_is_not_kept() {
        let mut decoder = Decoder::default();
        let mut bytes = Vec::new();
        for _ in 0..100 {
            decoder.decode(&[b'x'; 100], &mut bytes);
        }
        assert!(decoder.line.len() <= LONGEST + 2);
    }
}
