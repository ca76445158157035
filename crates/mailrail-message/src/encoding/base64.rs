//! Base64 as MIME has it (RFC 2045 §6.8).

#[cfg(feature = "simd")]
mod lines;

use alloc::string::String;
use alloc::vec::Vec;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::scan::{from, slice};

/// How many bytes a line of 76 characters holds.
pub const BYTES_A_LINE: usize = 57;

/// Marks in the table: no digit of base64.
const NONE: u8 = 0x80;

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

#[expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "evaluated by the compiler; the counter stays below 64"
)]
const TABLE: [u8; 256] = {
    let mut table = [NONE; 256];
    let mut digit = 0;
    while digit < DIGITS.len() {
        table[DIGITS[digit] as usize] = digit as u8;
        digit += 1;
    }
    table
};

fn digit(byte: u8) -> u8 {
    TABLE.get(usize::from(byte)).copied().unwrap_or(NONE)
}

/// Decodes text. What is no digit of base64 is passed over, as RFC 2045 wants; the first `=` ends it, and
/// a last group that is cut short gives the bytes that are whole.
///
/// # Examples
/// ```
/// assert_eq!(mailrail_message::encoding::base64::decode(b"SGVs\r\nbG8="), b"Hello");
/// ```
pub fn decode(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 3);
    decode_into(text, &mut bytes);
    bytes
}

/// The same, at the end of a buffer.
pub fn decode_into(text: &[u8], bytes: &mut Vec<u8>) {
    let mut decoder = Decoder::default();
    decoder.decode(text, bytes);
    decoder.finish(bytes);
}

/// Decodes text that comes in chunks, to the same bytes as [`decode`] at every cut.
///
/// # Examples
/// ```
/// use mailrail_message::encoding::base64::Decoder;
///
/// let (mut decoder, mut bytes) = (Decoder::default(), Vec::new());
/// for chunk in [&b"SG"[..], b"Vs\r\nb", b"G8="] {
///     decoder.decode(chunk, &mut bytes);
/// }
/// decoder.finish(&mut bytes);
/// assert_eq!(bytes, b"Hello");
/// ```
#[derive(Clone, Default)]
pub struct Decoder {
    /// The digits of a group that is not whole.
    group: [u8; 4],
    filled: usize,
    is_ended: bool,
}

impl core::fmt::Debug for Decoder {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Decoder").field("is_ended", &self.is_ended).finish_non_exhaustive()
    }
}

impl Decoder {
    /// Appends what the chunk adds; nothing behind the `=` that ends it.
    pub fn decode(&mut self, chunk: &[u8], bytes: &mut Vec<u8>) {
        if self.is_ended {
            return;
        }
        bytes.reserve(chunk.len() / 4 * 3 + 3);
        let mut rest = chunk;
        // Where lines are tried as a whole: not soon again where that was in vain.
        #[cfg(feature = "simd")]
        let (mut begins_line, mut next_try) = (true, rest.len());
        loop {
            #[cfg(feature = "simd")]
            if self.filled == 0 && core::mem::take(&mut begins_line) && rest.len() <= next_try {
                let (taken, is_odd) = lines::decode(rest, bytes);
                rest = from(rest, taken);
                if is_odd {
                    next_try = rest.len().saturating_sub(lines::CHUNK);
                }
            }
            // Whole groups at once, as long as nothing stands between digits.
            while self.filled == 0
                && let Some((quad, after)) = rest.split_first_chunk::<4>()
            {
                let digits = quad.map(digit);
                if digits.iter().fold(0, |all, digit| all | digit) & NONE != 0 {
                    break;
                }
                bytes.extend_from_slice(&join(digits));
                rest = after;
            }
            let Some((byte, after)) = rest.split_first() else { return };
            rest = after;
            #[cfg(feature = "simd")]
            {
                begins_line |= *byte == b'\n';
            }
            match (digit(*byte), byte) {
                (NONE, b'=') => {
                    self.is_ended = true;
                    return;
                }
                (NONE, _) => {}
                (digit, _) => self.push(digit, bytes),
            }
        }
    }

    fn push(&mut self, digit: u8, bytes: &mut Vec<u8>) {
        if let Some(place) = self.group.get_mut(self.filled) {
            *place = digit;
            self.filled += 1;
        }
        if self.filled == self.group.len() {
            bytes.extend_from_slice(&join(self.group));
            self.filled = 0;
        }
    }

    /// Appends what is left of the last group, where nothing more comes.
    pub fn finish(&mut self, bytes: &mut Vec<u8>) {
        let whole = self.filled.saturating_sub(1);
        for place in self.group.iter_mut().skip(self.filled) {
            *place = 0;
        }
        bytes.extend(join(self.group).into_iter().take(whole));
        *self = Self::default();
    }
}

/// The three bytes of four digits.
const fn join([a, b, c, d]: [u8; 4]) -> [u8; 3] {
    [a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d]
}

/// Where the first byte stands that base64 does not have: no digit, no white space, no `=` at the end.
pub(crate) fn first_fault(text: &[u8]) -> Option<usize> {
    let stray = text.iter().position(|byte| digit(*byte) == NONE && !crate::scan::is_fws(*byte))?;
    let tail = from(text, stray);
    let is_end = tail.iter().all(|byte| *byte == b'=' || crate::scan::is_fws(*byte));
    (!is_end).then_some(stray)
}

/// How many characters [`encode`] makes of some bytes, line ends included.
pub const fn encoded_len(bytes: u64) -> u64 {
    bytes.div_ceil(3) * 4 + bytes.div_ceil(BYTES_A_LINE as u64) * 2
}

/// Encodes bytes in lines of 76 characters, each ended by CRLF.
pub fn encode(bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    encode_into(bytes, &mut text);
    text
}

/// The same, at the end of a buffer. Of bytes in several pieces, all but the last must hold whole lines:
/// a multiple of [`BYTES_A_LINE`].
#[cfg(not(feature = "simd"))]
pub fn encode_into(bytes: &[u8], text: &mut Vec<u8>) {
    let mut line = [0; 76];
    text.reserve(usize::try_from(encoded_len(bytes.len() as u64)).unwrap_or(0));
    for chunk in bytes.chunks(BYTES_A_LINE) {
        // A line holds what a chunk gives, so this cannot fail.
        let length = STANDARD.encode_slice(chunk, &mut line).unwrap_or(0);
        text.extend_from_slice(line.get(..length).unwrap_or_default());
        text.extend_from_slice(b"\r\n");
    }
}

/// The same, at the end of a buffer. Of bytes in several pieces, all but the last must hold whole lines:
/// a multiple of [`BYTES_A_LINE`].
#[cfg(feature = "simd")]
pub fn encode_into(bytes: &[u8], text: &mut Vec<u8>) {
    lines::encode(bytes, text);
}

/// Encodes bytes that come in chunks, to the same text as [`encode`] at every cut.
///
/// # Examples
/// ```
/// use mailrail_message::encoding::base64::Encoder;
///
/// let (mut encoder, mut text) = (Encoder::default(), Vec::new());
/// for chunk in ["He", "l", "lo"] {
///     encoder.encode(chunk.as_bytes(), &mut text);
/// }
/// encoder.finish(&mut text);
/// assert_eq!(text, b"SGVsbG8=\r\n");
/// ```
#[derive(Clone)]
pub struct Encoder {
    /// The start of a line that is not whole.
    line: [u8; BYTES_A_LINE],
    filled: usize,
}

impl Default for Encoder {
    fn default() -> Self {
        Self { line: [0; BYTES_A_LINE], filled: 0 }
    }
}

impl core::fmt::Debug for Encoder {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Encoder").field("held", &self.filled).finish()
    }
}

impl Encoder {
    /// Appends the lines that are whole.
    pub fn encode(&mut self, chunk: &[u8], text: &mut Vec<u8>) {
        let mut rest = chunk;
        if self.filled > 0 {
            rest = self.fill(rest);
            if self.filled < BYTES_A_LINE {
                return;
            }
            self.finish(text);
        }
        let lines = rest.len() - rest.len() % BYTES_A_LINE;
        encode_into(slice(rest, 0..lines), text);
        self.fill(from(rest, lines));
    }

    /// Takes what the line has room for, and gives the rest.
    fn fill<'c>(&mut self, chunk: &'c [u8]) -> &'c [u8] {
        let room = self.line.get_mut(self.filled..).unwrap_or_default();
        let (taken, rest) = chunk.split_at(chunk.len().min(room.len()));
        for (place, byte) in room.iter_mut().zip(taken) {
            *place = *byte;
        }
        self.filled += taken.len();
        rest
    }

    /// Appends the last line, where nothing more comes.
    pub fn finish(&mut self, text: &mut Vec<u8>) {
        encode_into(slice(&self.line, 0..self.filled), text);
        self.filled = 0;
    }
}

/// Encodes a few bytes without line ends.
pub(crate) fn encode_word(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_answers() {
        for (plain, code) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(decode(code.as_bytes()), plain.as_bytes());
            assert_eq!(encode_word(plain.as_bytes()), code);
        }
    }

    #[test]
    fn whatever_comes_is_taken() {
        assert_eq!(decode(b"Z m\r\n9 v!Ym\tFy"), b"foobar");
        assert_eq!(decode(b"Zm9"), b"fo");
        assert_eq!(decode(b"Zm9vY"), b"foo");
        assert_eq!(decode(b"Zg==Zm9v"), b"f");
        assert_eq!(decode(b"===="), b"");
    }

    #[test]
    fn lines_are_short() {
        for length in [0, 1, 56, 57, 58, 100, 114, 1000] {
            let bytes: Vec<u8> = (0..=u8::MAX).cycle().take(length).collect();
            let code = encode(&bytes);
            for (at, line) in code.chunks(78).enumerate() {
                let plain = bytes.chunks(57).nth(at).unwrap();
                assert_eq!(line.strip_suffix(b"\r\n").unwrap(), encode_word(plain).as_bytes());
            }
            assert_eq!(code.len() as u64, encoded_len(bytes.len() as u64));
            assert_eq!(decode(&code), bytes);
            for size in [1, 20, 57, 58, 400] {
                let (mut encoder, mut text) = (Encoder::default(), Vec::new());
                bytes.chunks(size).for_each(|chunk| encoder.encode(chunk, &mut text));
                encoder.finish(&mut text);
                assert_eq!(text, code, "{size}");
            }
        }
    }

    #[test]
    fn faults_are_found() {
        assert_eq!(first_fault(b"Zm9v\r\nZg==\r\n"), None);
        assert_eq!(first_fault(b"Zm9v-Zg=="), Some(4));
        assert_eq!(first_fault(b"Zg==Zm9v"), Some(2));
    }
}
