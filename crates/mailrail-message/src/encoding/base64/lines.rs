//! Whole lines at once, with the vector instructions of the machine.

use alloc::vec::Vec;

use encodify::base64::MIME;
use memchr::memchr;

use crate::scan::{from, slice};

/// The longest line that is searched for its end.
const LONGEST: usize = 1000;
/// How much is decoded in one go, so that it is still near when its line ends are looked at.
const CHUNK: usize = 32 * 1024;

/// Decodes as many lines as are all of one length and hold whole groups of digits and nothing else; tells how many
/// bytes of the text that was. What it does not take is for the plain decoder, which knows what to do with anything.
pub(super) fn decode(text: &[u8], bytes: &mut Vec<u8>) -> usize {
    let Some(end) = memchr(b'\n', slice(text, 0..text.len().min(LONGEST))) else { return 0 };
    let has_return = end.checked_sub(1).and_then(|at| text.get(at)) == Some(&b'\r');
    let length = end + 1;
    let digits = end - usize::from(has_return);
    if digits == 0 || digits % 4 != 0 {
        return 0;
    }
    let mut taken = 0;
    loop {
        let chunk = from(text, taken);
        let chunk = slice(chunk, 0..chunk.len().min(CHUNK / length * length + length));
        let lines = chunk.chunks_exact(length);
        let lines = match has_return {
            true => lines.take_while(|line| line.last_chunk() == Some(b"\r\n")).count(),
            false => lines.take_while(|line| line.last() == Some(&b'\n')).count(),
        };
        let chunk = slice(chunk, 0..lines * length);
        let start = bytes.len();
        // All line ends are where they should be. So where it gives three bytes for each four other characters, each of these
        // is a digit: anything that it passed over, a "=" too, would be missing.
        match MIME.decode_append(chunk, bytes) {
            Ok(decoded) if lines > 0 && decoded == lines * digits / 4 * 3 => taken += chunk.len(),
            _ => {
                bytes.truncate(start);
                return taken;
            }
        }
    }
}

/// Encodes bytes in lines of 76 characters, each ended by CRLF.
pub(super) fn encode(bytes: &[u8], text: &mut Vec<u8>) {
    MIME.encode_append(bytes, text);
}
