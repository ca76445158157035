//! From bytes to quoted-printable.

use alloc::vec::Vec;

use super::super::bits;
use super::HEX_DIGITS;
use crate::scan::{from, is_wsp, slice};

/// The longest line that is written, without its line end.
const LINE: usize = 76;

/// Encodes text in lines of 76 characters at most. CRLF is a line end; a lone CR or LF is encoded, and so are
/// white space at the end of a line, and a `From ` or a lone dot at its start, which mail servers like to change.
///
/// # Examples
/// ```
/// assert_eq!(mailrail_message::encoding::quoted_printable::encode("caf\u{e9} \r\n".as_bytes()), b"caf=C3=A9=20\r\n");
/// ```
pub fn encode(text: &[u8]) -> Vec<u8> {
    let mut code = Vec::new();
    encode_into(text, &mut code);
    code
}

/// The same, at the end of a buffer.
pub fn encode_into(text: &[u8], code: &mut Vec<u8>) {
    append(text, Mode::default(), code);
}

#[derive(Clone, Copy, Default)]
struct Mode {
    /// The last line goes on behind the text, after a soft line break.
    continues: bool,
    /// Two dashes at the start of a line are escaped.
    escapes_dashes: bool,
}

const fn is_plain(byte: u8) -> bool {
    ((byte >= b' ') & (byte <= b'~') & (byte != b'=')) | (byte == b'\t')
}

fn append(text: &[u8], mode: Mode, code: &mut Vec<u8>) {
    let start = code.len();
    let odd = bits::count(text, |byte| !is_plain(byte));
    // Each line may have two escapes that are counted nowhere, for its first and last byte: its CR and LF are counted instead.
    // Soft line breaks come after 73 bytes at least, with an escape behind them.
    let most = text.len() + 2 * odd + 4;
    code.resize(start + most + 5 * (1 + most / 73) + ROOM, 0);
    let out = code.get_mut(start..).unwrap_or_default();
    let mut line = Line { text, mode, read: 0, out, written: 0, column: 0 };
    let written = if 12 * odd > text.len() { line.dense() } else { line.sparse() };
    code.truncate(start + written);
}

/// How each byte is written, and how long that is; CR, which may be half of a line end, has no length.
#[expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "evaluated by the compiler; the counter stays below 256"
)]
static CODES: [[u8; 4]; 256] = {
    let mut table = [[b'='; 4]; 256];
    let mut byte = 0;
    while byte < table.len() {
        table[byte] = match byte as u8 {
            plain if is_plain(plain) => [plain, 0, 0, 1],
            odd => {
                let (high, low) = (HEX_DIGITS[byte >> 4], HEX_DIGITS[byte & 15]);
                [b'=', high, low, if odd == b'\r' { 0 } else { 3 }]
            }
        };
        byte += 1;
    }
    table
};

#[inline]
fn code_of(byte: u8) -> ([u8; 4], usize) {
    let code = CODES.get(usize::from(byte)).copied().unwrap_or_default();
    let [.., length] = code;
    (code, usize::from(length))
}

/// How many bytes are copied in one go; what is too much is overwritten by what follows.
const STEP: usize = 64;
/// A line, and what is copied too much.
const ROOM: usize = LINE + STEP + 4;

/// The line that is being filled.
struct Line<'t, 'o> {
    text: &'t [u8],
    mode: Mode,
    /// How much of the text is taken.
    read: usize,
    /// Large enough for all, and [`ROOM`] more.
    out: &'o mut [u8],
    written: usize,
    /// How much of it is this line.
    column: usize,
}

impl Line<'_, '_> {
    /// Byte by byte. Tells how much was written.
    fn dense(&mut self) -> usize {
        self.touchy();
        loop {
            self.fill();
            match from(self.text, self.read) {
                [] => break,
                [b'\r', b'\n', ..] => self.line_end(),
                [byte, ..] => self.last(*byte),
            }
        }
        match self.mode.continues {
            true => self.end(b"=\r\n"),
            false => self.close(),
        }
        self.written
    }

    /// Writes what surely has room before a soft line break, up to a CR, without asking of any byte what it is.
    #[inline]
    fn fill(&mut self) {
        let Some(out) = self.out.get_mut(self.written..).and_then(<[u8]>::first_chunk_mut::<ROOM>)
        else {
            return;
        };
        let room = (LINE - 3).saturating_sub(self.column);
        let (mut taken, mut length) = (0, 0);
        for byte in from(self.text, self.read) {
            let (code, width) = code_of(*byte);
            if length >= room || width == 0 {
                break;
            }
            // More than is needed; the rest is overwritten.
            if let Some(place) = out.get_mut(length..length + 4) {
                place.copy_from_slice(&code);
            }
            length += width;
            taken += 1;
        }
        self.read += taken;
        self.written += length;
        self.column += length;
    }

    /// The same where few bytes have to be escaped: from one such byte to the next.
    fn sparse(&mut self) -> usize {
        self.touchy();
        let text = self.text;
        bits::places(text, |byte| !is_plain(byte), |at| self.odd(at));
        match self.mode.continues {
            true => {
                self.run(text.len());
                self.end(b"=\r\n");
            }
            false => {
                self.last_run(text.len());
                self.close();
            }
        }
        self.written
    }

    /// A byte that is not plain.
    #[inline]
    fn odd(&mut self, at: usize) {
        let Some(byte) = self.text.get(at) else { return };
        let length = at.wrapping_sub(self.read);
        let column = self.column.wrapping_add(length).wrapping_add(3);
        // Mostly it stands on the line with a few bytes before it.
        if length <= STEP
            && column < LINE
            && *byte != b'\r'
            && let Some(source) = self.text.get(self.read..self.read + STEP)
            && let Some(target) = self.out.get_mut(self.written..self.written + STEP + 4)
        {
            if let Some(target) = target.first_chunk_mut::<STEP>() {
                target.copy_from_slice(source);
            }
            if let Some(target) = target.get_mut(length..length + 4) {
                target.copy_from_slice(&code_of(*byte).0);
            }
            self.written += length + 3;
            self.column = column;
            self.read = at + 1;
        } else if at >= self.read {
            self.odd_slowly(*byte, at);
        }
    }

    fn odd_slowly(&mut self, byte: u8, at: usize) {
        if byte == b'\r' && self.text.get(at + 1) == Some(&b'\n') {
            self.last_run(at);
            self.line_end();
        } else {
            self.run(at);
            while self.read == at {
                self.last(byte);
            }
        }
    }

    /// Plain text up to `end`, with more behind it on the line.
    fn run(&mut self, end: usize) {
        // A soft line break needs a column of its own.
        while self.read < end && self.column + (end - self.read) > LINE - 1 {
            let room = (LINE - 1).saturating_sub(self.column);
            self.copy(room);
            self.end(b"=\r\n");
            self.touchy();
        }
        self.copy(end.saturating_sub(self.read));
    }

    /// Plain text that a line ends with: its last byte may stand in the last column.
    fn last_run(&mut self, end: usize) {
        if let Some(last) = end.checked_sub(1) {
            self.run(last);
            self.copy(end.saturating_sub(self.read));
        }
    }

    fn copy(&mut self, length: usize) {
        let (read, written) = (self.read, self.written);
        if length <= STEP
            && let Some(source) = self.text.get(read..read + STEP)
            && let Some(target) = self.out.get_mut(written..written + STEP)
        {
            target.copy_from_slice(source);
        } else if let Some(target) = self.out.get_mut(written..written + length) {
            target.copy_from_slice(slice(self.text, read..read + length));
        }
        self.read += length;
        self.written += length;
        self.column += length;
    }

    /// Writes one byte near the end of a line, or a lone CR.
    fn last(&mut self, byte: u8) {
        let (code, width) = code_of(byte);
        let width = if width == 0 { 3 } else { width };
        if self.has_room(width, self.read + 1) {
            self.put(slice(&code, 0..width));
            self.read += 1;
        } else {
            self.end(b"=\r\n");
            self.touchy();
        }
    }

    /// Whether so many characters have room on the line, where the text behind them goes on at `next`: a soft line break needs
    /// a column of its own.
    fn has_room(&self, width: usize, next: usize) -> bool {
        let column = self.column + width;
        column < LINE || (column == LINE && self.is_end(next))
    }

    /// Whether a line ends here.
    fn is_end(&self, at: usize) -> bool {
        match self.text.get(at) {
            None => !self.mode.continues,
            Some(b'\r') => self.text.get(at + 1) == Some(&b'\n'),
            Some(_) => false,
        }
    }

    /// Escapes what servers change at the start of a line.
    fn touchy(&mut self) {
        let is_touchy = match self.text.get(self.read) {
            Some(b'F') => from(self.text, self.read).starts_with(b"From "),
            Some(b'.') => self.is_end(self.read + 1),
            Some(b'-') if self.mode.escapes_dashes => from(self.text, self.read).starts_with(b"--"),
            _ => false,
        };
        if is_touchy && let Some(byte) = self.text.get(self.read) {
            self.escape(*byte);
            self.read += 1;
        }
    }

    fn line_end(&mut self) {
        self.close();
        self.end(b"\r\n");
        self.read += 2;
        self.touchy();
    }

    /// The line ends: its last byte must not be white space.
    fn close(&mut self) {
        let last = self.written.checked_sub(1).and_then(|last| self.out.get(last).copied());
        if self.column > 0
            && let Some(last) = last.filter(|last| is_wsp(*last))
        {
            self.written -= 1;
            self.column -= 1;
            if !self.has_room(3, self.read) {
                self.end(b"=\r\n");
            }
            self.escape(last);
        }
    }

    fn escape(&mut self, byte: u8) {
        let digit = |half: u8| HEX_DIGITS.get(usize::from(half & 15)).copied().unwrap_or(b'0');
        self.put(&[b'=', digit(byte >> 4), digit(byte)]);
    }

    fn put(&mut self, code: &[u8]) {
        if let Some(place) = self.out.get_mut(self.written..self.written + code.len()) {
            place.copy_from_slice(code);
        }
        self.written += code.len();
        self.column += code.len();
    }

    fn end(&mut self, end: &[u8]) {
        self.put(end);
        self.column = 0;
    }
}

/// How many bytes [`encode`] makes of text, soft line breaks left out.
pub(crate) fn estimate(text: &[u8]) -> usize {
    text.len() + 2 * bits::count(text, |byte| !is_plain(byte) & (byte != b'\r') & (byte != b'\n'))
}

/// Encodes text that comes in chunks; with the soft line breaks elsewhere in long lines, else as [`encode`] does.
/// Holds eight thousand bytes at most.
///
/// # Examples
/// ```
/// use mailrail_message::encoding::quoted_printable::Encoder;
///
/// let (mut encoder, mut code) = (Encoder::default(), Vec::new());
/// for chunk in [&b"caf\xc3"[..], b"\xa9 \r", b"\n."] {
///     encoder.encode(chunk, &mut code);
/// }
/// encoder.finish(&mut code);
/// assert_eq!(code, b"caf=C3=A9=20\r\n=2E");
/// ```
#[derive(Clone, Default)]
pub struct Encoder {
    /// The start of a line that has not ended.
    held: Vec<u8>,
    escapes_dashes: bool,
}

impl core::fmt::Debug for Encoder {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Encoder").field("held", &self.held.len()).finish()
    }
}

/// A line longer than this is cut where the chunk ends.
const HELD: usize = 4096;

impl Encoder {
    /// One whose text cannot hold a boundary, whichever that is.
    pub(crate) fn for_parts() -> Self {
        Self { held: Vec::new(), escapes_dashes: true }
    }

    fn append(&self, text: &[u8], continues: bool, code: &mut Vec<u8>) {
        append(text, Mode { continues, escapes_dashes: self.escapes_dashes }, code);
    }

    /// Appends what the chunk adds.
    pub fn encode(&mut self, chunk: &[u8], code: &mut Vec<u8>) {
        let ends = memchr::memrchr_iter(b'\n', chunk);
        let is_pair = |end: &usize| match end.checked_sub(1) {
            Some(before) => chunk.get(before) == Some(&b'\r'),
            None => self.held.last() == Some(&b'\r'),
        };
        // A lone LF is no line end, and a chunk full of them is cut like a long line.
        let lines = ends.take(HELD).find(is_pair).map_or(0, |end| end + 1);
        if lines > 0 {
            if self.held.is_empty() {
                self.append(slice(chunk, 0..lines), false, code);
            } else {
                // Only the rest of the line that is held is copied.
                let first = memchr::memmem::find(chunk, b"\r\n").map_or(lines, |end| end + 2);
                let first = if self.held.last() == Some(&b'\r') && chunk.first() == Some(&b'\n') {
                    1
                } else {
                    first.min(lines)
                };
                let mut line = core::mem::take(&mut self.held);
                line.extend_from_slice(slice(chunk, 0..first));
                self.append(&line, false, code);
                self.append(slice(chunk, first..lines), false, code);
            }
        }
        let mut rest = from(chunk, lines);
        while !rest.is_empty() {
            let (piece, next) = rest.split_at(rest.len().min(HELD));
            self.held.extend_from_slice(piece);
            rest = next;
            if self.held.len() > HELD {
                // The last bytes may be the start of a line end.
                let ready = self.held.len() - 1;
                self.append(slice(&self.held, 0..ready), true, code);
                self.held.drain(..ready);
            }
        }
    }

    /// Appends what is left, where nothing more comes.
    pub fn finish(&mut self, code: &mut Vec<u8>) {
        let held = core::mem::take(&mut self.held);
        self.append(&held, false, code);
    }
}

#[cfg(test)]
mod tests {
    use super::super::decode;
    use super::*;

    #[test]
    fn encoding_keeps_lines_short_and_safe() {
        assert_eq!(encode(b"a=b \r\nFrom x\r\n.\r\n"), b"a=3Db=20\r\n=46rom x\r\n=2E\r\n");
        assert_eq!(encode(b"a\nb\0"), b"a=0Ab=00");
        assert_eq!(encode(b".."), b"..");
        assert_eq!(encode(b""), b"");
        let long = encode(&[0xe9; 100]);
        assert!(long.split(|byte| *byte == b'\n').all(|line| line.len() <= 77));
        assert_eq!(&*decode(&long), [0xe9; 100]);
        assert_eq!(encode(&[b'a'; 76]).len(), 76);
        assert_eq!(encode(&[b'a'; 77]).len(), 80);
    }

    #[test]
    fn whatever_has_to_be_escaped_has_room() {
        for piece in [
            &b"\r"[..],
            b"\n",
            b"\n\r",
            b" \r\n",
            b".\r\n",
            b"\t\r\n",
            b"\xff",
            b"From \r\n",
            b"x\r",
        ] {
            for count in [1, 30, 77, 2000] {
                let text = piece.repeat(count);
                assert!(*decode(&encode(&text)) == *text, "{} {count}", piece.escape_ascii());
            }
        }
    }

    #[test]
    fn long_lines_come_in_pieces() {
        let text = [&b"x".repeat(10_000)[..], b"\r\n", &b"\n".repeat(9000), b" "].concat();
        for size in [1, 100, 4096, 30_000] {
            let (mut encoder, mut code) = (Encoder::default(), Vec::new());
            for chunk in text.chunks(size) {
                encoder.encode(chunk, &mut code);
                assert!(encoder.held.len() <= 2 * HELD);
            }
            encoder.finish(&mut code);
            assert!(code.split(|byte| *byte == b'\n').all(|line| line.len() <= 77));
            assert_eq!(&*decode(&code), text);
        }
    }
}
