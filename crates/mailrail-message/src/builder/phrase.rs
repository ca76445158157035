//! Header text as words between which a line may be folded: encoded words (RFC 2047) where they are needed.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use crate::encoding::encoded_word;
use crate::grammar::is_atext;
use crate::header::address::quote;

/// The longest word that is left as it is: one that fits on a line.
const WORD: usize = 75;

/// Text as words with one space between them, none of which has anything but printable ASCII.
///
/// Text that unfolding or decoding would change (odd white space, something like an encoded word) is encoded.
pub(crate) fn text_words(text: &str, column: usize) -> Vec<String> {
    let words: Vec<&str> = text.split(' ').collect();
    let mut needs: Vec<bool> = words
        .iter()
        .map(|word| {
            word.len() > WORD
                || word.contains("=?")
                || !word.bytes().all(|byte| byte.is_ascii_graphic())
        })
        .collect();
    // Two spaces in a row, or one at an end, show as an empty word: it is encoded together with a neighbour.
    for (at, _) in words.iter().enumerate().filter(|(_, word)| word.is_empty()) {
        let neighbour = if at + 1 < words.len() { at + 1 } else { at.saturating_sub(1) };
        for place in [at, neighbour] {
            if let Some(need) = needs.get_mut(place) {
                *need = true;
            }
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

/// A display name (`phrase`, RFC 5322 §3.2.5): atoms, else a quoted string, else encoded words.
pub(crate) fn phrase_words(name: &str, column: usize) -> Vec<String> {
    let is_printable = name.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if !is_printable || name.len() > WORD - 2 || name.contains("=?") {
        return encoded_word::encode_at(name, column);
    }
    if name.split(' ').all(|word| !word.is_empty() && word.bytes().all(is_atext)) {
        return name.split(' ').map(ToOwned::to_owned).collect();
    }
    let quoted = quote(name);
    if quoted.len() > WORD { encoded_word::encode_at(name, column) } else { alloc::vec![quoted] }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> String {
        text_words(text, 0).join(" ")
    }

    #[test]
    fn only_what_must_be_is_encoded() {
        assert_eq!(text("plain words, here"), "plain words, here");
        assert_eq!(text("a caf\u{e9} there"), "a =?utf-8?q?caf=C3=A9?= there");
        assert_eq!(text("\u{e9} \u{e8} a"), "=?utf-8?b?w6kgw6g=?= a");
        assert_eq!(text(""), "");
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
        assert_eq!(phrase_words("Ann Lee", 0).join(" "), "Ann Lee");
        assert_eq!(phrase_words("Lee, A.", 0).join(" "), "\"Lee, A.\"");
        assert_eq!(phrase_words("Andr\u{e9}, x", 0).join(" "), "=?utf-8?q?Andr=C3=A9=2C_x?=");
    }
}
