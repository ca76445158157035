//! Whole lines at once, with the vector instructions of the machine.

use alloc::vec::Vec;

use encodify::base64::MIME;
use memchr::memchr;

use crate::scan::{from, slice};

/// The longest line that is searched for its end.
const LONGEST: usize = 1000;
/// A line of 76 characters and CRLF.
const USUAL: usize = 78;
/// How much is decoded in one go, so that it is still near when its line ends are looked at.
pub(super) const CHUNK: usize = 16 * 1024;

/// Decodes as many lines as are all of one length and hold whole groups of digits and nothing else; tells how many
/// bytes of the text that was, and whether something else stands in the [`CHUNK`] behind them. What it does not take is for the plain
/// decoder, which knows what to do with anything.
pub(super) fn decode(text: &[u8], bytes: &mut Vec<u8>) -> (usize, bool) {
    let Some(end) = memchr(b'\n', slice(text, 0..text.len().min(LONGEST))) else {
        return (0, true);
    };
    let has_return = end.checked_sub(1).and_then(|at| text.get(at)) == Some(&b'\r');
    let length = end + 1;
    let digits = end - usize::from(has_return);
    if digits == 0 || digits % 4 != 0 {
        return (0, true);
    }
    let mut taken = 0;
    loop {
        let rest = from(text, taken);
        let mut lines = rest.len().min(CHUNK) / length;
        // A last line that is padded is not like the others.
        let last = (lines * length + digits).checked_sub(length + 1).and_then(|at| rest.get(at));
        lines -= usize::from(last == Some(&b'='));
        let chunk = slice(rest, 0..lines * length);
        let start = bytes.len();
        // Where all line ends are where they should be, and it gives three bytes for each four other characters, each of these
        // is a digit: anything that it passed over, a "=" too, would be missing.
        let is_whole = MIME.decode_append(chunk, bytes) == Ok(lines * digits / 4 * 3)
            && match has_return {
                // As nearly all mail has them; the known length makes this half as long.
                true if length == USUAL => {
                    let (lines, _) = chunk.as_chunks::<USUAL>();
                    lines.iter().fold(true, |all, line| all & (line.last_chunk() == Some(b"\r\n")))
                }
                true => all_lines(chunk, length, |line| line.last_chunk() == Some(b"\r\n")),
                false => all_lines(chunk, length, |line| line.last() == Some(&b'\n')),
            };
        if !is_whole {
            bytes.truncate(start);
            return (taken, true);
        }
        taken += chunk.len();
        if lines == 0 {
            return (taken, false);
        }
    }
}

/// Whether all lines of this length end so; asked without a branch for each.
fn all_lines(chunk: &[u8], length: usize, is_ended: impl Fn(&[u8]) -> bool) -> bool {
    chunk.chunks_exact(length).fold(true, |all, line| all & is_ended(line))
}

/// Encodes bytes in lines of 76 characters, each ended by CRLF.
pub(super) fn encode(bytes: &[u8], text: &mut Vec<u8>) {
    MIME.encode_append(bytes, text);
}
