//! Percent encoding, as in RFC 2231 §4.

use alloc::vec::Vec;

use super::quoted_printable::hex_pair;
use crate::scan::from;

/// Decodes `%41`; what is no escape is kept.
pub(crate) fn decode_into(mut text: &[u8], out: &mut Vec<u8>) {
    while let Some(at) = memchr::memchr(b'%', text) {
        let (before, escape) = text.split_at_checked(at).unwrap_or((text, &[]));
        out.extend_from_slice(before);
        match hex_pair(escape.get(1).copied(), escape.get(2).copied()) {
            Some(byte) => {
                out.push(byte);
                text = from(escape, 3);
            }
            None => {
                out.push(b'%');
                text = from(escape, 1);
            }
        }
    }
    out.extend_from_slice(text);
}

/// `attribute-char`: what RFC 2231 §7 lets stand unencoded.
pub(crate) const fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'!' | b'#' | b'$' | b'&' | b'+' | b'-' | b'.' | b'^'..=b'`' | b'{'..=b'~')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_decoded() {
        let mut out = Vec::new();
        decode_into(b"a%20b%zz%4", &mut out);
        assert_eq!(out, b"a b%zz%4");
    }
}
