//! Encoded words: text of any charset in a header (RFC 2047, languages RFC 2231 §5).

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use memchr::{memchr, memmem};

use super::quoted_printable::{hex_pair, push_escape};
use super::{base64, charset};
use crate::scan::{from, is_fws, slice};

/// The longest that RFC 2047 §2 allows.
const LONGEST: usize = 75;
/// `=?utf-8?q?` and `?=`
const FRAME: usize = 12;

struct Word<'a> {
    charset: &'a [u8],
    bytes: Vec<u8>,
    /// What stands behind it.
    rest: &'a [u8],
}

/// Reads the encoded word that the input starts with.
///
/// ```abnf
/// encoded-word = "=?" charset ["*" language] "?" encoding "?" encoded-text "?="
/// ```
/// Longer words than the standard allows, and white space in them, are taken too.
fn word(input: &[u8]) -> Option<Word<'_>> {
    let input = input.strip_prefix(b"=?")?;
    // No charset has a longer name; the bound keeps a run of "=?" from being searched again and again.
    let charset = slice(input, 0..memchr(b'?', slice(input, 0..input.len().min(LONGEST)))?);
    if charset.is_empty() || charset.iter().any(|byte| !byte.is_ascii_graphic()) {
        return None;
    }
    let (is_base64, text) = match from(input, charset.len() + 1) {
        [b'B' | b'b', b'?', text @ ..] => (true, text),
        [b'Q' | b'q', b'?', text @ ..] => (false, text),
        _ => return None,
    };
    let length = memmem::find(text, b"?=")?;
    let code = slice(text, 0..length);
    let charset = memchr(b'*', charset).map_or(charset, |end| slice(charset, 0..end));
    let bytes = if is_base64 { base64::decode(code) } else { decode_q(code) };
    Some(Word { charset, bytes, rest: from(text, length + 2) })
}

/// The "Q" encoding (RFC 2047 §4.2).
fn decode_q(code: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(code.len());
    let mut rest = code;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        bytes.push(match byte {
            b'_' => b' ',
            b'=' => match hex_pair(after.first().copied(), after.get(1).copied()) {
                Some(byte) => {
                    rest = from(after, 2);
                    byte
                }
                None => b'=',
            },
            other => *other,
        });
    }
    bytes
}

/// Text gathered so far, and the bytes of the last encoded words while more of the same charset may follow.
#[derive(Default)]
struct Text<'a> {
    text: String,
    charset: &'a [u8],
    pending: Vec<u8>,
}

impl<'a> Text<'a> {
    fn flush(&mut self) {
        if !self.pending.is_empty() {
            self.text.push_str(&charset::decode_piece(Some(self.charset), &self.pending));
            self.pending.clear();
        }
    }

    fn plain(&mut self, bytes: &[u8]) {
        self.flush();
        self.text.push_str(&charset::decode_piece(None, bytes));
    }

    fn word(&mut self, word: Word<'a>) {
        if !self.charset.eq_ignore_ascii_case(word.charset) {
            self.flush();
            self.charset = word.charset;
        }
        self.pending.extend_from_slice(&word.bytes);
    }
}

/// Decodes the encoded words of unfolded header text. White space between two of them is dropped, and their
/// bytes are joined before the charset is decoded, since mailers cut characters in two.
///
/// All else is taken as UTF-8, or as windows-1252 where it is not.
///
/// # Examples
/// ```
/// assert_eq!(mailrail_message::encoding::encoded_word::decode(b"=?utf-8?q?caf=C3?= =?utf-8?b?qQ==?= au lait"), "caf\u{e9} au lait");
/// ```
pub fn decode(input: &[u8]) -> Cow<'_, str> {
    if memmem::find(input, b"=?").is_none() {
        return charset::decode_piece(None, input);
    }
    let mut text = Text::default();
    // What stands before `at` is taken; `rest` starts where the next "=?" is searched.
    let mut taken = input;
    let mut rest = input;
    let mut follows_word = false;
    // No word starts behind the last "?=".
    let last = memmem::rfind(input, b"?=").unwrap_or(0);
    while let Some(at) = memmem::find(rest, b"=?")
        && input.len() - rest.len() + at < last
    {
        let start = from(rest, at);
        let Some(word) = word(start) else {
            rest = from(start, 2);
            continue;
        };
        let between = slice(taken, 0..taken.len() - start.len());
        if !(follows_word && between.iter().all(|byte| is_fws(*byte))) {
            text.plain(between);
        }
        (taken, rest) = (word.rest, word.rest);
        text.word(word);
        follows_word = true;
    }
    text.plain(taken);
    Cow::Owned(text.text)
}

/// The charset names of the encoded words of header text.
pub(crate) fn charsets(input: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = memmem::rfind(input, b"?=").map_or(&[][..], |last| slice(input, 0..last + 2));
    core::iter::from_fn(move || {
        loop {
            rest = from(rest, memmem::find(rest, b"=?")?);
            match word(rest) {
                Some(found) => {
                    rest = found.rest;
                    return Some(found.charset);
                }
                None => rest = from(rest, 2),
            }
        }
    })
}

/// Whether a byte stands for itself in "Q" wherever an encoded word may stand (RFC 2047 §5 (3)).
const fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'!' | b'*' | b'+' | b'-' | b'/')
}

/// Text as encoded words in UTF-8, each 75 characters at most and of whole characters: "Q" where at most half of it
/// must be escaped, else "B".
///
/// # Examples
/// ```
/// let words = mailrail_message::encoding::encoded_word::encode("caf\u{e9}");
/// assert_eq!(words, ["=?utf-8?q?caf=C3=A9?="]);
/// ```
pub fn encode(text: &str) -> Vec<String> {
    encode_at(text, 0)
}

/// The same where `used` columns of the 76 that a line may have stand before the first word.
pub(crate) fn encode_at(text: &str, used: usize) -> Vec<String> {
    let width = |letter: char| -> usize {
        let mut bytes = [0; 4];
        let bytes = letter.encode_utf8(&mut bytes).bytes();
        bytes.map(|byte| if is_plain(byte) || byte == b' ' { 1 } else { 3 }).sum()
    };
    let escaped = text.bytes().filter(|byte| !is_plain(*byte) && *byte != b' ').count();
    let is_base64 = escaped * 2 > text.len();
    let mut words = Vec::new();
    let mut piece = String::new();
    // A first word that has next to no room left goes to the next line, where it has all of it.
    let mut longest =
        Some(LONGEST.saturating_sub(used)).filter(|room| *room >= 30).unwrap_or(LONGEST);
    let mut used = 0;
    for letter in text.chars() {
        let next = if is_base64 { letter.len_utf8() } else { width(letter) };
        let room = longest - FRAME;
        if used + next > if is_base64 { room / 4 * 3 } else { room } {
            longest = LONGEST;
            words.push(frame(&piece, is_base64));
            piece.clear();
            used = 0;
        }
        piece.push(letter);
        used += next;
    }
    if !piece.is_empty() {
        words.push(frame(&piece, is_base64));
    }
    words
}

fn frame(piece: &str, is_base64: bool) -> String {
    let mut word: Vec<u8>;
    if is_base64 {
        word = b"=?utf-8?b?".to_vec();
        word.extend_from_slice(base64::encode_word(piece.as_bytes()).as_bytes());
    } else {
        word = b"=?utf-8?q?".to_vec();
        for byte in piece.bytes() {
            match byte {
                b' ' => word.push(b'_'),
                byte if is_plain(byte) => word.push(byte),
                byte => push_escape(&mut word, b'=', byte),
            }
        }
    }
    word.extend_from_slice(b"?=");
    // Only ASCII was written.
    String::from_utf8(word).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_plain_text_mix() {
        assert_eq!(decode(b"plain"), "plain");
        assert_eq!(decode(b"a =?utf-8?q?b?= c"), "a b c");
        assert_eq!(decode(b"=?utf-8?q?a_b?=  =?utf-8?b?Yw==?="), "a bc");
        assert_eq!(decode(b"=?iso-8859-1*en?Q?caf=E9?="), "caf\u{e9}");
        assert_eq!(decode(b"=?iso-8859-1?Q?caf=E9?= =?utf-8?q?=C3=A9?="), "caf\u{e9}\u{e9}");
    }

    #[test]
    fn what_is_no_word_is_kept() {
        for kept in ["=?utf-8?x?a?=", "=?utf-8?q?a", "=??q?a?=", "a =? b ?= c", "=?=?=?=?"] {
            assert_eq!(decode(kept.as_bytes()), kept);
        }
        assert_eq!(decode(b"=?utf-8?q?a b=zz?="), "a b=zz");
        assert_eq!(decode(b"x=?utf-8?q?a?=y"), "xay");
    }

    #[test]
    fn written_words_are_short() {
        let text = "\u{3042}".repeat(50);
        let words = encode(&text);
        assert!(words.iter().all(|word| word.len() <= 75));
        assert_eq!(decode(words.join(" ").as_bytes()), text);
        let text = "caf\u{e9} ".repeat(30);
        assert_eq!(decode(encode(&text).join(" ").as_bytes()), text);
    }
}
