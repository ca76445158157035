//! Text in UTF-8 that is encoded as quoted-printable.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use encoding_rs::{DecoderResult, UTF_8};
use memchr::{memchr, memrchr};

use super::quoted_printable;
use crate::scan::{from, slice};

/// How much is decoded in one go, so that its UTF-8 is looked at and copied while it is near.
const PIECE: usize = 4 * 1024;

/// The text, without a byte order mark; `None` where it is no valid UTF-8.
///
/// Decoded as a whole it would be gone through once more for the memory it needs, and once for its UTF-8.
pub(crate) fn decode(code: &[u8]) -> Option<String> {
    let mut decoder = UTF_8.new_decoder_with_bom_removal();
    // Decoding makes it shorter; what the decoder keeps for the next piece may come on top.
    let mut text = String::with_capacity(code.len() + 16);
    let mut near_bytes = vec![0; PIECE + quoted_printable::STEP];
    let mut far_bytes = Vec::new();
    let mut rest = code;
    loop {
        let near = slice(rest, 0..rest.len().min(PIECE));
        // A line end is never in the middle of an escape.
        let end = memrchr(b'\n', near).or_else(|| memchr(b'\n', rest));
        let end = end.filter(|_| near.len() < rest.len()).map_or(rest.len(), |end| end + 1);
        let piece = slice(rest, 0..end);
        rest = from(rest, end);
        let bytes = match quoted_printable::decode_piece(piece, &mut near_bytes) {
            Some(length) => slice(&near_bytes, 0..length),
            None => {
                far_bytes.clear();
                quoted_printable::decode_into(piece, &mut far_bytes);
                &far_bytes
            }
        };
        let done = decoder.decode_to_string_without_replacement(bytes, &mut text, rest.is_empty());
        if done.0 != DecoderResult::InputEmpty {
            return None;
        }
        if rest.is_empty() {
            return Some(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::borrow::Cow;

    use super::*;
    use crate::encoding::charset::decode_cow;

    #[test]
    fn pieces_make_up_the_whole() {
        let lines: [&[u8]; 8] = [
            b"caf=C3=A9 au lait=\r\n",
            b"  white space  \r\n",
            b"=EF=BB=BFmark\n",
            b"cut =E2=\r\n=82=AC\r\n",
            b"=\r\n",
            b"odd =zz = \r\n",
            b"one\r two",
            b"\xe2\x82\xac\r\n",
        ];
        let mut number = 1_u32;
        for length in [0, 1, 5, 100, 300, 1000, 2000] {
            let mut code = Vec::new();
            for _ in 0..length {
                number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                code.extend_from_slice(lines[number as usize >> 16 & 7]);
            }
            let whole = decode_cow(
                Some(b"utf-8"),
                Cow::Owned(quoted_printable::decode(&code).into_owned()),
            );
            assert_eq!(decode(&code).unwrap(), whole);
            code.extend_from_slice(b"=FF");
            assert_eq!(decode(&code), None);
        }
        let mark = b"=EF=BB=BF=EF=BB=BFx";
        assert_eq!(decode(mark).as_deref(), Some("\u{feff}x"));
        assert_eq!(decode(&[b'x'; 3 * PIECE]).unwrap().len(), 3 * PIECE);
    }
}
