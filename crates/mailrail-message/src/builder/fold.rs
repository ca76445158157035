//! A header field while it is written: folded at white space (RFC 5322 §2.2.3).

use alloc::string::String;
use alloc::vec::Vec;

use super::phrase::text_words;
use crate::encoding::percent;
use crate::encoding::quoted_printable::push_escape;
use crate::error::Error;
use crate::grammar::is_token;
use crate::header::address::quote;

/// Where a line is folded, so that two characters may still be glued to its last word (78, RFC 5322 §2.1.1).
const WIDTH: usize = 76;
/// The longest line (RFC 5322 §2.1.1).
const LONGEST: usize = 998;

pub(crate) struct Fold {
    bytes: Vec<u8>,
    column: usize,
}

impl Fold {
    pub(crate) fn begin(name: &str) -> Self {
        let mut bytes = Vec::with_capacity(name.len() + 80);
        bytes.extend_from_slice(name.as_bytes());
        bytes.push(b':');
        Self { column: bytes.len(), bytes }
    }

    /// How many characters stand on the last line.
    pub(crate) const fn column(&self) -> usize {
        self.column
    }

    /// A word behind white space, on a new line where it does not fit.
    pub(crate) fn word(&mut self, word: &str) {
        if self.column + 1 + word.len() > WIDTH && self.column > 1 {
            self.bytes.extend_from_slice(b"\r\n");
            self.column = 0;
        }
        self.bytes.push(b' ');
        self.column += 1;
        self.glue(word);
    }

    /// Text without white space before it.
    pub(crate) fn glue(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
        self.column += text.len();
    }

    /// Unstructured text (RFC 5322 §2.2.1), encoded where it must be.
    pub(crate) fn text(&mut self, text: &str) {
        for word in text_words(text, self.column) {
            self.word(&word);
        }
    }

    /// A parameter (RFC 2045 §5.1), encoded and in pieces (RFC 2231) where it must be.
    pub(crate) fn parameter(&mut self, name: &str, value: &str) {
        self.glue(";");
        let is_short = name.len() + value.len() < 70;
        if is_short && !value.is_empty() && value.bytes().all(is_token) {
            return self.pair(name, value);
        }
        let is_printable = value.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        let quoted = quote(value);
        if name.len() + quoted.len() < 72 && is_printable && !value.contains("=?") {
            return self.pair(name, &quoted);
        }
        // The longest name that the builder writes is "boundary", so there is always room.
        let room = 76_usize.saturating_sub(name.len() + "*000*=utf-8'';".len()).max(12);
        let pieces = percent_pieces(value, room);
        if let [whole] = pieces.as_slice() {
            return self.pair(&alloc::format!("{name}*"), &alloc::format!("utf-8''{whole}"));
        }
        for (number, piece) in pieces.iter().enumerate() {
            if number > 0 {
                self.glue(";");
            }
            let charset = if number == 0 { "utf-8''" } else { "" };
            self.pair(&alloc::format!("{name}*{number}*"), &alloc::format!("{charset}{piece}"));
        }
    }

    fn pair(&mut self, name: &str, value: &str) {
        self.word(&alloc::format!("{name}={value}"));
    }

    /// The field with its line end.
    pub(crate) fn finish(mut self, field: &'static str) -> Result<Vec<u8>, Error> {
        self.bytes.extend_from_slice(b"\r\n");
        match self.bytes.split(|byte| *byte == b'\n').all(|line| line.len() <= LONGEST + 1) {
            true => Ok(self.bytes),
            false => Err(Error::LineTooLong(field)),
        }
    }
}

fn percent_pieces(value: &str, room: usize) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut piece = Vec::new();
    for byte in value.bytes() {
        let width = if percent::is_plain(byte) { 1 } else { 3 };
        if piece.len() + width > room {
            pieces.push(core::mem::take(&mut piece));
        }
        if width == 1 {
            piece.push(byte);
        } else {
            push_escape(&mut piece, b'%', byte);
        }
    }
    pieces.push(piece);
    // Only ASCII was written.
    pieces.into_iter().map(|piece| String::from_utf8(piece).unwrap_or_default()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::parameter::Parameters;

    fn parameter(value: &str) -> String {
        let mut fold = Fold::begin("X");
        fold.parameter("filename", value);
        String::from_utf8(fold.finish("X").unwrap()).unwrap()
    }

    #[test]
    fn parameters_are_encoded_where_they_must_be() {
        assert_eq!(parameter("a.txt"), "X:; filename=a.txt\r\n");
        assert_eq!(parameter("a \"b\".txt"), "X:; filename=\"a \\\"b\\\".txt\"\r\n");
        assert_eq!(parameter(""), "X:; filename=\"\"\r\n");
        assert_eq!(parameter("\u{e9}.txt"), "X:; filename*=utf-8''%C3%A9.txt\r\n");
        for value in ["\u{3042}".repeat(40), "a".repeat(300), "=?utf-8?q?x?=".into()] {
            let field = parameter(&value);
            assert!(field.lines().all(|line| line.len() <= 78), "{field}");
            let read = Parameters(&field.as_bytes()[2..]).get("filename").unwrap();
            assert_eq!(read, value);
        }
    }

    #[test]
    fn lines_are_folded_and_never_too_long() {
        let mut fold = Fold::begin("X");
        for _ in 0..40 {
            fold.word("word");
        }
        let field = fold.finish("X").unwrap();
        assert!(field.split(|byte| *byte == b'\n').all(|line| line.len() <= 79));
        let mut fold = Fold::begin("X");
        fold.word(&"a".repeat(998));
        assert_eq!(fold.finish("X"), Err(Error::LineTooLong("X")));
    }
}
