//! Quoted-printable (RFC 2045 §6.7).

use alloc::borrow::Cow;
use alloc::vec::Vec;

use memchr::memchr2;

use crate::scan::{from, is_wsp, slice, trim_end, trim_start};

/// The longest line that is written, without its line end.
const LINE: usize = 76;

pub(crate) fn hex_pair(high: Option<u8>, low: Option<u8>) -> Option<u8> {
    let digit = |byte: Option<u8>| u8::try_from(char::from(byte?).to_digit(16)?).ok();
    Some(digit(high)? << 4 | digit(low)?)
}

/// Decodes text. White space at the end of a line is dropped, since it was added on the way; what is no escape
/// is kept as it is. Line ends stay what they are. Borrowed where there is nothing to decode.
///
/// # Examples
/// ```
/// assert_eq!(&*mailrail_message::encoding::quoted_printable::decode(b"caf=C3=A9 =\r\nau lait"), "caf\u{e9} au lait".as_bytes());
/// ```
pub fn decode(text: &[u8]) -> Cow<'_, [u8]> {
    let has_space =
        |at: usize| slice(text, at.saturating_sub(2)..at).iter().any(|byte| is_wsp(*byte));
    let has_change = memchr::memchr(b'=', text).is_some()
        || text.last().copied().is_some_and(is_wsp)
        || memchr::memchr_iter(b'\n', text).any(has_space);
    if !has_change {
        return Cow::Borrowed(text);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr2(b'=', b'\n', rest) {
        let before = slice(rest, 0..at);
        let tail = from(rest, at + 1);
        if rest.get(at) == Some(&b'\n') {
            let (line, end): (_, &[u8]) = match before.strip_suffix(b"\r") {
                Some(line) => (line, b"\r\n"),
                None => (before, b"\n"),
            };
            bytes.extend_from_slice(line);
            drop_white_space(&mut bytes, line.len());
            bytes.extend_from_slice(end);
            rest = tail;
            continue;
        }
        bytes.extend_from_slice(before);
        if let Some(byte) = hex_pair(tail.first().copied(), tail.get(1).copied()) {
            bytes.push(byte);
            rest = from(tail, 2);
        } else if let Some(next) = soft_break(tail) {
            rest = next;
        } else {
            bytes.push(b'=');
            rest = tail;
        }
    }
    bytes.extend_from_slice(trim_end(rest, is_wsp));
    Cow::Owned(bytes)
}

/// Drops the white space at the end, of the last `literal` bytes: an encoded space is no such.
fn drop_white_space(bytes: &mut Vec<u8>, literal: usize) {
    let start = bytes.len().saturating_sub(literal);
    let kept = trim_end(from(bytes, start), is_wsp).len();
    bytes.truncate(start + kept);
}

/// What follows a soft line break, whose `=` is gone already.
fn soft_break(tail: &[u8]) -> Option<&[u8]> {
    // White space may have been added behind the "=" as well. Longer runs than a line are none.
    let line = slice(tail, 0..tail.len().min(1000));
    let next = from(tail, line.len() - trim_start(line, is_wsp).len());
    match next {
        [] => Some(next),
        [b'\r', b'\n', after @ ..] | [b'\n' | b'\r', after @ ..] => Some(after),
        _ => None,
    }
}

/// Where the first `=` stands that is neither an escape nor a soft line break.
pub(crate) fn first_fault(text: &[u8]) -> Option<usize> {
    memchr::memchr_iter(b'=', text).find(|at| {
        let tail = from(text, at + 1);
        hex_pair(tail.first().copied(), tail.get(1).copied()).is_none()
            && soft_break(tail).is_none()
    })
}

const fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'<' | b'>'..=b'~' | b'\t')
}

const HEX: &[u8; 16] = b"0123456789ABCDEF";

pub(crate) fn push_escape(text: &mut Vec<u8>, mark: u8, byte: u8) {
    text.push(mark);
    for digit in [byte >> 4, byte & 15] {
        text.extend(HEX.get(usize::from(digit)));
    }
}

/// Encodes text in lines of 76 characters at most. CRLF is a line end; a lone CR or LF is encoded, and so are
/// white space at the end of a line, and a `From ` or a lone dot at its start, which mail servers like to change.
pub fn encode(text: &[u8]) -> Vec<u8> {
    let mut code = Vec::new();
    encode_into(text, &mut code);
    code
}

/// The same, at the end of a buffer.
pub fn encode_into(text: &[u8], code: &mut Vec<u8>) {
    let mut rest = text;
    while !rest.is_empty() {
        let (line, has_end) = match memchr::memmem::find(rest, b"\r\n") {
            Some(at) => (slice(rest, 0..at), true),
            None => (rest, false),
        };
        encode_line(line, code);
        if has_end {
            code.extend_from_slice(b"\r\n");
        }
        rest = from(rest, line.len() + 2);
    }
}

fn encode_line(line: &[u8], code: &mut Vec<u8>) {
    let mut column = 0;
    for (at, byte) in line.iter().copied().enumerate() {
        let is_last = at + 1 == line.len();
        let is_touchy = at == 0 && (line.starts_with(b"From ") || line == b".");
        let is_literal = is_plain(byte) && !(is_last && is_wsp(byte)) && !is_touchy;
        let width = if is_literal { 1 } else { 3 };
        // A soft break needs a column of its own, which the end of the line does not.
        if column + width > LINE - usize::from(!is_last) {
            code.extend_from_slice(b"=\r\n");
            column = 0;
        }
        if is_literal {
            code.push(byte);
        } else {
            push_escape(code, b'=', byte);
        }
        column += width;
    }
}

/// How many bytes [`encode`] makes of text, soft line breaks left out.
pub(crate) fn estimate(text: &[u8]) -> usize {
    text.iter()
        .map(|byte| if is_plain(*byte) || matches!(byte, b'\r' | b'\n') { 1 } else { 3 })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_answers() {
        let code = b"Now's the time =\r\nfor all folk to come=\r\n to the aid of their country.";
        assert_eq!(
            &*decode(code),
            b"Now's the time for all folk to come to the aid of their country."
        );
        assert_eq!(&*decode(b"=3d=3D"), b"==");
        assert_eq!(&*decode(b"a \t\r\nb  \nc "), b"a\r\nb\nc");
        assert_eq!(&*decode(b"a=20\r\nb=20"), b"a \r\nb ");
        assert_eq!(&*decode(b"a= \t\r\nb=\nc="), b"abc");
        assert_eq!(&*decode(b"=XY=4"), b"=XY=4");
        assert!(matches!(decode(b"plain\r\ntext"), Cow::Borrowed(_)));
    }

    #[test]
    fn encoding_keeps_lines_short_and_safe() {
        assert_eq!(encode(b"a=b \r\nFrom x\r\n.\r\n"), b"a=3Db=20\r\n=46rom x\r\n=2E\r\n");
        assert_eq!(encode(b"a\nb\0"), b"a=0Ab=00");
        let long = encode(&[0xe9; 100]);
        assert!(long.split(|byte| *byte == b'\n').all(|line| line.len() <= 77));
        assert_eq!(&*decode(&long), [0xe9; 100]);
        assert_eq!(encode(&[b'a'; 76]).len(), 76);
        assert_eq!(encode(&[b'a'; 77]).len(), 80);
    }

    #[test]
    fn faults_are_found() {
        assert_eq!(first_fault(b"=3D=\r\nab=zz"), Some(8));
        assert_eq!(first_fault(b"=3D=\r\nab="), None);
    }
}
