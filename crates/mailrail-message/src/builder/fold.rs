//! A header field while it is written: folded at white space (RFC 5322 §2.2.3).

use alloc::string::String;
use alloc::vec::Vec;

use super::date::rfc5322;
use super::field::check;
use super::phrase::{is_plain_text, phrase_words, text_words};
use crate::encoding::percent;
use crate::encoding::quoted_printable::push_escape;
use crate::error::Error;
use crate::grammar::{is_atext, is_token};
use crate::header::address::quote;
use crate::header::date::DateTime;

/// Where a line is folded, so that two characters may still be glued to its last word (78, RFC 5322 §2.1.1).
const WIDTH: usize = 76;
/// The longest line (RFC 5322 §2.1.1).
const LONGEST: usize = 998;

/// Writes one field at the end of a buffer.
pub(crate) struct Fold<'o> {
    out: &'o mut Vec<u8>,
    /// Where the field starts.
    start: usize,
    /// Where its last line starts.
    line: usize,
    /// Whether text may be written as UTF-8 (RFC 6532).
    utf8: bool,
    is_too_long: bool,
}

impl<'o> Fold<'o> {
    pub(crate) fn begin(out: &'o mut Vec<u8>, name: &str) -> Self {
        let start = out.len();
        out.extend_from_slice(name.as_bytes());
        out.push(b':');
        Self { out, start, line: start, utf8: false, is_too_long: false }
    }

    /// Has text written as UTF-8 where it can be.
    pub(crate) fn utf8(self, utf8: bool) -> Self {
        Self { utf8, ..self }
    }

    /// How many bytes stand on the last line.
    pub(crate) fn column(&self) -> usize {
        self.out.len() - self.line
    }

    /// A word behind white space, on a new line where it does not fit.
    pub(crate) fn word(&mut self, word: &str) {
        self.joined(&[word]);
    }

    /// The same, of pieces without white space between them.
    pub(crate) fn joined(&mut self, word: &[&str]) {
        let length: usize = word.iter().map(|piece| piece.len()).sum();
        if self.column() + 1 + length > WIDTH && self.column() > 1 {
            self.end_line();
        }
        self.out.push(b' ');
        for piece in word {
            self.glue(piece);
        }
    }

    /// A date (RFC 5322 §3.3).
    pub(crate) fn date(&mut self, date: &DateTime) {
        let mut bytes = [0; 40];
        self.word(rfc5322(date, &mut bytes));
    }

    fn end_line(&mut self) {
        self.is_too_long |= self.column() > LONGEST;
        self.out.extend_from_slice(b"\r\n");
        self.line = self.out.len();
    }

    /// Text without white space before it.
    pub(crate) fn glue(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    /// Bytes that were folded before.
    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
        if let Some(end) = memchr::memrchr(b'\n', bytes) {
            self.line = self.out.len() - (bytes.len() - end - 1);
        }
    }

    /// Words with one space between them, folded there and else as they are.
    pub(crate) fn words(&mut self, text: &str) {
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            self.word(word);
        }
    }

    /// The same where just one space stands between any two.
    fn plain(&mut self, text: &str) {
        match self.column() + 1 + text.len() <= WIDTH {
            true => self.word(text),
            false => self.words(text),
        }
    }

    /// Unstructured text (RFC 5322 §2.2.1), encoded where it must be.
    pub(crate) fn text(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        if is_plain_text(text, self.utf8) {
            return self.plain(text);
        }
        for word in text_words(text, self.column(), self.utf8) {
            self.word(&word);
        }
    }

    /// A display name (`phrase`, RFC 5322 §3.2.5).
    pub(crate) fn phrase(&mut self, name: &str) {
        let is_atoms = is_plain_text(name, self.utf8)
            && name.bytes().all(|byte| is_atext(byte) || byte == b' ');
        if is_atoms {
            return self.plain(name);
        }
        for word in phrase_words(name, self.utf8) {
            self.word(&word);
        }
    }

    /// The mark behind a phrase: white space must follow an encoded word in one (RFC 2047 §5 (3)).
    pub(crate) fn end_phrase(&mut self, mark: &str) {
        match self.out.ends_with(b"?=") {
            true => self.word(mark),
            false => self.glue(mark),
        }
    }

    /// Whether text can be quoted: printable ASCII, or UTF-8 where it may be.
    fn is_printable(&self, text: &str) -> bool {
        match self.utf8 {
            true => !text.chars().any(char::is_control),
            false => text.bytes().all(|byte| matches!(byte, b' '..=b'~')),
        }
    }

    /// A value of a structured field behind `before`: as it is where that is plain, else as a quoted string that is folded at its
    /// spaces.
    ///
    /// # Errors
    /// If it holds what cannot be quoted.
    pub(crate) fn value(
        &mut self,
        field: &'static str,
        before: &str,
        value: &str,
        is_plain: bool,
    ) -> Result<(), Error> {
        check(field, value)?;
        if !self.is_printable(value) {
            return Err(Error::NotAscii(field));
        }
        let quoted = if is_plain { value.into() } else { quote(value) };
        let text = String::from(before) + &quoted;
        // Of several spaces the first one is the fold's.
        let mut spaces = String::new();
        for word in text.split(' ') {
            if word.is_empty() {
                spaces.push(' ');
                continue;
            }
            self.joined(&[&spaces, word]);
            spaces.clear();
        }
        Ok(())
    }

    /// A parameter (RFC 2045 §5.1), encoded and in pieces (RFC 2231) where it must be.
    pub(crate) fn parameter(&mut self, name: &str, value: &str) {
        self.glue(";");
        let is_short = name.len() + value.len() < 70;
        // Marks of RFC 2231 are none in a token, but not every reader knows that.
        let is_word = |byte| is_token(byte) && percent::is_plain(byte);
        if is_short && !value.is_empty() && value.bytes().all(is_word) {
            return self.joined(&[name, "=", value]);
        }
        if is_short && self.is_printable(value) && !value.contains("=?") {
            let quoted = quote(value);
            if name.len() + quoted.len() < 72 {
                return self.joined(&[name, "=", &quoted]);
            }
        }
        // The longest name that the builder writes is "boundary", so there is always room.
        let room = 76_usize.saturating_sub(name.len() + "*000*=utf-8'';".len()).max(12);
        let pieces = percent_pieces(value, room);
        if let [whole] = pieces.as_slice() {
            return self.joined(&[name, "*=utf-8''", whole]);
        }
        for (number, piece) in pieces.iter().enumerate() {
            if number > 0 {
                self.glue(";");
            }
            let charset = if number == 0 { "utf-8''" } else { "" };
            self.joined(&[name, &alloc::format!("*{number}*="), charset, piece]);
        }
    }

    /// Ends the field.
    ///
    /// # Errors
    /// If a line of it is too long; then nothing of it is left.
    pub(crate) fn finish(mut self, field: &'static str) -> Result<(), Error> {
        self.end_line();
        if self.is_too_long {
            self.out.truncate(self.start);
            return Err(Error::LineTooLong(field));
        }
        Ok(())
    }
}

/// The value percent-encoded, in pieces of whole characters: some readers decode each by itself.
fn percent_pieces(value: &str, room: usize) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut piece = Vec::new();
    for letter in value.chars() {
        let mut bytes = [0; 4];
        let bytes = letter.encode_utf8(&mut bytes).as_bytes();
        let width = if bytes.iter().all(|byte| percent::is_plain(*byte)) { 1 } else { 3 };
        if piece.len() + bytes.len() * width > room {
            pieces.push(core::mem::take(&mut piece));
        }
        for byte in bytes {
            match width {
                1 => piece.push(*byte),
                _ => push_escape(&mut piece, b'%', *byte),
            }
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
    use crate::limits::ValueLimits;

    fn parameter(value: &str, utf8: bool) -> String {
        let mut out = Vec::new();
        let mut fold = Fold::begin(&mut out, "X").utf8(utf8);
        fold.parameter("filename", value);
        fold.finish("X").unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn parameters_are_encoded_where_they_must_be() {
        assert_eq!(parameter("a.txt", false), "X:; filename=a.txt\r\n");
        assert_eq!(parameter("a \"b\".txt", false), "X:; filename=\"a \\\"b\\\".txt\"\r\n");
        assert_eq!(parameter("*", false), "X:; filename=\"*\"\r\n");
        assert_eq!(parameter("", false), "X:; filename=\"\"\r\n");
        assert_eq!(parameter("\u{e9}.txt", false), "X:; filename*=utf-8''%C3%A9.txt\r\n");
        assert_eq!(parameter("\u{e9}.txt", true), "X:; filename=\"\u{e9}.txt\"\r\n");
        for value in ["\u{3042}".repeat(40), "a".repeat(300), "=?utf-8?q?x?=".into()] {
            for utf8 in [false, true] {
                let field = parameter(&value, utf8);
                assert!(field.lines().all(|line| line.len() <= 78), "{field}");
                let written = &field.as_bytes()[2..];
                let read = Parameters::new(written, ValueLimits::DEFAULT).get("filename").unwrap();
                assert_eq!(read, value);
            }
        }
    }

    #[test]
    fn lines_are_folded_and_never_too_long() {
        let mut out = b"before\r\n".to_vec();
        let mut fold = Fold::begin(&mut out, "X");
        for _ in 0..40 {
            fold.word("word");
        }
        fold.finish("X").unwrap();
        assert!(out.split(|byte| *byte == b'\n').all(|line| line.len() <= 79));
        let mut out = b"before\r\n".to_vec();
        let mut fold = Fold::begin(&mut out, "X");
        fold.word(&"a".repeat(998));
        fold.word("b");
        assert_eq!(fold.finish("X"), Err(Error::LineTooLong("X")));
        assert_eq!(out, b"before\r\n");
    }
}
