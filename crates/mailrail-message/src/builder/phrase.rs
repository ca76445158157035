//! Header text as words between which a line may be folded: encoded words (RFC 2047) where they are needed.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use crate::encoding::encoded_word;
use crate::header::address::quote;

/// The longest word that is left as it is: one that fits on a line.
const WORD: usize = 75;

/// Whether text can stand in a header as it is: words that fit on a line, with one space between them.
pub(super) fn is_plain_text(text: &str, utf8: bool) -> bool {
    let bytes = text.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else { return false };
    // Without a branch, so that the compiler makes vectors of it.
    let mut is_odd_text = (*first == b' ') | (*last == b' ');
    for byte in bytes {
        is_odd_text |= (*byte < b' ') | (*byte == 0x7f) | ((*byte >= 0x80) & !utf8);
    }
    for (byte, next) in bytes.iter().zip(bytes.get(1..).unwrap_or_default()) {
        is_odd_text |= (*byte == b' ') & (*next == b' ');
        is_odd_text |= (*byte == b'=') & (*next == b'?');
    }
    !is_odd_text
        && (bytes.len() <= WORD || text.split(' ').all(|word| word.len() <= WORD))
        && (!utf8 || text.is_ascii() || !text.chars().any(is_odd))
}

/// What UTF-8 should not bring into a header: controls, and spaces that a reader would trim.
fn is_odd(letter: char) -> bool {
    letter.is_control() || (letter.is_whitespace() && letter != ' ')
}

/// Text as words with one space between them, none of which has anything but printable ASCII, or UTF-8 where it may.
///
/// Text that unfolding or decoding would change (odd white space, something like an encoded word) is encoded.
pub(super) fn text_words(text: &str, column: usize, utf8: bool) -> Vec<String> {
    let words: Vec<&str> = text.split(' ').collect();
    let mut needs: Vec<bool> = words.iter().map(|word| !is_plain_text(word, utf8)).collect();
    // Two spaces in a row, or one at an end, show as an empty word: it is encoded together with a neighbour.
    for (at, _) in words.iter().enumerate().filter(|(_, word)| word.is_empty()) {
        let neighbour = if at + 1 < words.len() { at + 1 } else { at.saturating_sub(1) };
        if let Some(need) = needs.get_mut(neighbour) {
            *need = true;
        }
    }
    let mut out = Vec::new();
    let mut column = column;
    let mut encoded = String::new();
    let mut in_run = false;
    for (word, need) in words.iter().zip(needs) {
        if need {
            if in_run {
                encoded.push(' ');
            }
            encoded.push_str(word);
        } else {
            out.append(&mut encoded_word::encode_at(&encoded, column));
            encoded.clear();
            column = (column + 1 + word.len()) % (WORD + 1);
            out.push((*word).to_owned());
        }
        in_run = need;
    }
    out.append(&mut encoded_word::encode_at(&encoded, column));
    out
}

/// A display name (`phrase`, RFC 5322 §3.2.5) that is no row of atoms: a quoted string, else encoded words, as few as can be:
/// some readers leave the white space between two of them.
pub(super) fn phrase_words(name: &str, utf8: bool) -> Vec<String> {
    let is_printable = match utf8 {
        true => !name.chars().any(is_odd),
        false => name.bytes().all(|byte| matches!(byte, b' '..=b'~')),
    };
    if !is_printable || name.len() > WORD - 2 || name.contains("=?") {
        return encoded_word::encode(name);
    }
    let quoted = quote(name);
    if quoted.len() > WORD { encoded_word::encode(name) } else { alloc::vec![quoted] }
}

#[cfg(test)]
mod tests {
    use super::super::fold::Fold;
    use super::*;

    fn text(text: &str) -> String {
        text_words(text, 0, false).join(" ")
    }

    fn phrase(name: &str, utf8: bool) -> String {
        let mut out = Vec::new();
        let mut fold = Fold::begin(&mut out, "").utf8(utf8);
        fold.phrase(name);
        fold.finish("X").unwrap();
        String::from_utf8(out).unwrap().trim_start_matches(": ").trim_end().to_owned()
    }

    #[test]
    fn only_what_must_be_is_encoded() {
        assert_eq!(text("plain words, here"), "plain words, here");
        assert_eq!(text("a caf\u{e9} there"), "a =?utf-8?q?caf=C3=A9?= there");
        assert_eq!(text("\u{e9} \u{e8} a"), "=?utf-8?b?w6kgw6g=?= a");
        assert_eq!(text(""), "");
        assert_eq!(text_words("\u{e9} a  b", 0, true).join(" "), "\u{e9} a =?utf-8?q?_b?=");
        assert!(is_plain_text("plain words, here", false) && is_plain_text("\u{e9}", true));
        for encoded in ["", " ", "a ", " a", "a  b", "=?", "a\tb", "\u{e9}", &"a".repeat(76)] {
            assert!(!is_plain_text(encoded, false), "{encoded:?}");
        }
        assert!(!is_plain_text("a\u{2003}b", true));
    }

    #[test]
    fn whatever_was_written_is_read() {
        for written in
            ["a  b", " a", "a ", " ", "   ", "a\tb", "=?utf-8?q?a?=", "a \u{e9}  =?", "\u{1f4e8} x"]
        {
            assert_eq!(encoded_word::decode(text(written).as_bytes()), written, "{written:?}");
        }
        assert_eq!(encoded_word::decode(text(&"a".repeat(200)).as_bytes()), "a".repeat(200));
    }

    #[test]
    fn phrases() {
        assert_eq!(phrase("Ann Lee", false), "Ann Lee");
        assert_eq!(phrase("Lee, A.", false), "\"Lee, A.\"");
        assert_eq!(phrase("Andr\u{e9}, x", false), "=?utf-8?q?Andr=C3=A9=2C_x?=");
        assert_eq!(phrase("Andr\u{e9}, x", true), "\"Andr\u{e9}, x\"");
        assert_eq!(phrase("Andr\u{e9}", true), "Andr\u{e9}");
    }
}
