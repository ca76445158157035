//! Text of any charset that comes in pieces.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use encoding_rs::WINDOWS_1252;

use super::charset::{self, Charset};
use super::utf7;
use crate::scan::{from, slice};
use crate::steps;

/// Decodes text that comes in pieces, cut anywhere, to Unicode. It holds no more than a few bytes of it.
///
/// It gives what [`charset::decode`] gives of the whole text, but for text without a charset (or under one that nobody knows, or
/// that says us-ascii): such text is UTF-8 up to the first byte that is none, and windows-1252 from there on, while the
/// whole of it would be windows-1252.
///
/// # Examples
/// ```
/// use mailrail_message::encoding::TextDecoder;
///
/// let (mut decoder, mut text) = (TextDecoder::new(Some(b"utf-8")), String::new());
/// for piece in [&b"caf\xc3"[..], b"\xa9"] {
///     decoder.decode(piece, &mut text);
/// }
/// decoder.finish(&mut text);
/// assert_eq!(text, "caf\u{e9}");
/// ```
#[derive(Debug)]
pub struct TextDecoder(State);

enum State {
    Encoding(Box<encoding_rs::Decoder>),
    Utf7(utf7::Decoder),
    Guess {
        /// The first bytes of a letter whose others have not come yet.
        held: Vec<u8>,
        /// Nothing has come yet: a byte order mark may.
        is_start: bool,
    },
}

impl core::fmt::Debug for State {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Encoding(decoder) => decoder.encoding().name(),
            Self::Utf7(_) => "UTF-7",
            Self::Guess { .. } => "not known yet",
        })
    }
}

/// How many bytes are decoded at a time, so that the text grows by no more than it needs.
const PIECE: usize = 4096;

impl TextDecoder {
    /// A decoder of text in a charset of this name, as [`charset::decode`] takes it.
    pub fn new(label: Option<&[u8]>) -> Self {
        Self(match label.and_then(charset::find).unwrap_or(Charset::Guess) {
            Charset::Encoding(encoding) => {
                State::Encoding(Box::new(encoding.new_decoder_with_bom_removal()))
            }
            Charset::Utf7 => State::Utf7(utf7::Decoder::new(utf7::Form::Mail)),
            Charset::ModifiedUtf7 => State::Utf7(utf7::Decoder::new(utf7::Form::Mailbox)),
            Charset::Guess => State::Guess { held: Vec::new(), is_start: true },
        })
    }

    /// Decodes the next bytes, and adds what they say to `text`.
    pub fn decode(&mut self, bytes: &[u8], text: &mut String) {
        for piece in bytes.chunks(PIECE) {
            self.piece(piece, false, text);
        }
    }

    /// The text ends: what was cut short becomes U+FFFD.
    pub fn finish(&mut self, text: &mut String) {
        self.piece(&[], true, text);
    }

    fn piece(&mut self, bytes: &[u8], is_last: bool, text: &mut String) {
        steps::count(bytes.len());
        match &mut self.0 {
            State::Encoding(decoder) => run(decoder, bytes, is_last, text),
            State::Utf7(decoder) => {
                decoder.decode(bytes, text);
                if is_last {
                    decoder.finish(text);
                }
            }
            State::Guess { held, is_start } => {
                held.extend_from_slice(bytes);
                let (valid, is_open) = match core::str::from_utf8(held) {
                    Ok(all) => (all.len(), true),
                    Err(error) => (error.valid_up_to(), error.error_len().is_none() && !is_last),
                };
                let letters = core::str::from_utf8(slice(held, 0..valid)).unwrap_or_default();
                let shown = letters.strip_prefix('\u{feff}').filter(|_| *is_start);
                text.push_str(shown.unwrap_or(letters));
                *is_start &= letters.is_empty();
                if is_open {
                    held.drain(..valid);
                    return;
                }
                let mut decoder = Box::new(WINDOWS_1252.new_decoder_without_bom_handling());
                run(&mut decoder, from(held, valid), is_last, text);
                self.0 = State::Encoding(decoder);
            }
        }
    }
}

fn run(decoder: &mut encoding_rs::Decoder, bytes: &[u8], is_last: bool, text: &mut String) {
    text.reserve(decoder.max_utf8_buffer_length(bytes.len()).unwrap_or_default());
    // There is room for all of it.
    let _ = decoder.decode_to_string(bytes, text, is_last);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn in_pieces(label: Option<&[u8]>, bytes: &[u8], size: usize) -> String {
        let (mut decoder, mut text) = (TextDecoder::new(label), String::new());
        for piece in bytes.chunks(size) {
            decoder.decode(piece, &mut text);
        }
        decoder.finish(&mut text);
        text
    }

    const LABELS: [&str; 14] = [
        "utf-8",
        "iso-8859-1",
        "iso-2022-jp",
        "shift_jis",
        "gb18030",
        "big5",
        "euc-kr",
        "euc-jp",
        "koi8-r",
        "utf-16le",
        "utf-16be",
        "utf-7",
        "utf-7-imap",
        "windows-1258",
    ];

    fn text_like() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..6),
            "[a-z\u{e9}\u{20ac}\u{3042}\u{1f60a}]{0,4}".prop_map(String::into_bytes),
            proptest::sample::select(vec![
                &b"\xef\xbb\xbf"[..],
                b"\xff\xfe",
                b"\x1b$B$\"\x1b(B",
                b"+AOk-",
                b"+2D3eCg-",
                b"+2D0-",
                b"+-",
                b"&AOk-",
                b"+",
                b"\x83\x5c",
            ])
            .prop_map(<[u8]>::to_vec),
        ];
        proptest::collection::vec(piece, 0..10).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn pieces_are_decoded_as_the_whole(bytes in text_like(), label in proptest::sample::select(&LABELS[..]), size in 1..9_usize) {
            let label = Some(label.as_bytes());
            prop_assert_eq!(in_pieces(label, &bytes, size), charset::decode(label, &bytes));
        }

        #[test]
        fn text_without_a_charset_is_utf8_as_long_as_it_can_be(bytes in text_like(), size in 1..9_usize) {
            let text = in_pieces(None, &bytes, size);
            match core::str::from_utf8(&bytes) {
                Ok(_) => prop_assert_eq!(text, charset::decode(None, &bytes)),
                Err(error) => {
                    let (front, back) = bytes.split_at(error.valid_up_to());
                    let back = charset::decode(Some(b"windows-1252"), back);
                    prop_assert_eq!(text, charset::decode(None, front).into_owned() + &back);
                }
            }
        }
    }

    #[test]
    fn long_text_costs_its_length() {
        for (label, unit) in [
            ("utf-8", "\u{3042}"),
            ("utf-7", "+MEI-"),
            ("x-none", "\u{3042}"),
            ("x-none", "\u{e9}a"),
        ] {
            let bytes = unit.repeat(50_000).into_bytes();
            let steps = steps::of(|| {
                assert_eq!(
                    in_pieces(Some(label.as_bytes()), &bytes, 7),
                    charset::decode(Some(label.as_bytes()), &bytes)
                );
            });
            assert!(steps <= 3 * bytes.len() as u64, "{label}: {steps}");
        }
    }
}
