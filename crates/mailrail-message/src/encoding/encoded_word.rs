//! Encoded words: text of any charset in a header (RFC 2047, languages RFC 2231 §5).

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use memchr::{memchr, memchr3};

use super::base64;
use super::charset::{self, Charset};
use super::quoted_printable::{hex_pair, push_escape};
use crate::limits::ValueLimits;
use crate::scan::{from, is_fws, slice};
use crate::steps;

/// The longest that RFC 2047 §2 allows.
const LONGEST: usize = 75;
/// `=?utf-8?q?` and `?=`
const FRAME: usize = 12;

#[derive(Clone, Copy)]
struct Word<'a> {
    charset: &'a [u8],
    is_base64: bool,
    code: &'a [u8],
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
    let length = code_length(text)?;
    let charset = memchr(b'*', charset).map_or(charset, |end| slice(charset, 0..end));
    Some(Word { charset, is_base64, code: slice(text, 0..length), rest: from(text, length + 2) })
}

impl Word<'_> {
    /// Its bytes, in its charset.
    fn decoded(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.code.len());
        match self.is_base64 {
            true => {
                Bits::default().decode_b(self.code, &mut bytes);
            }
            false => decode_q(self.code, &mut bytes),
        }
        bytes
    }
}

/// How long the encoded word is that a phrase starts with; `None` where it holds white space or angle brackets, so that one
/// that is not closed takes no address with it.
pub(crate) fn length_of_phrase(input: &[u8]) -> Option<usize> {
    let found = word(input)?;
    let length = input.len() - found.rest.len();
    steps::count(length);
    let is_foreign = |byte: &u8| is_fws(*byte) || matches!(byte, b'<' | b'>');
    (!found.code.iter().any(is_foreign)).then_some(length)
}

/// Where the `?=` stands. A word that is not closed before the next begins is none, and so none is searched twice.
fn code_length(text: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr(b'?', from(text, at))?;
        steps::count(at);
        if text.get(at + 1) == Some(&b'=') {
            return Some(at);
        }
        let before = at.checked_sub(1).and_then(|before| text.get(before));
        if before == Some(&b'=') {
            return None;
        }
        at += 1;
    }
}

/// What a byte stands for in the "Q" encoding; 0 for those that need a closer look.
#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
static Q_BYTES: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = u8::MAX;
    while byte > 0 {
        table[byte as usize] = match byte {
            b'_' => b' ',
            b'=' | b'\r' | b'\n' => 0,
            other => other,
        };
        byte -= 1;
    }
    table
};

/// The "Q" encoding (RFC 2047 §4.2). Line ends of folds are dropped.
fn decode_q(code: &[u8], bytes: &mut Vec<u8>) {
    let mut rest = code;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        let plain = Q_BYTES.get(usize::from(*byte)).copied().unwrap_or_default();
        if plain != 0 {
            bytes.push(plain);
        } else if *byte == b'=' {
            let escaped = hex_pair(after.first().copied(), after.get(1).copied());
            bytes.push(escaped.unwrap_or(b'='));
            rest = from(after, if escaped.is_some() { 2 } else { 0 });
        } else if *byte == 0 {
            bytes.push(0);
        }
    }
}

/// Bits of base64 that do not make a byte yet.
#[derive(Default, Clone, Copy)]
struct Bits {
    bits: u32,
    have: u32,
}

/// What a byte is as a digit of the "B" encoding, that of URLs too; over 63 where it is none.
#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
static B_DIGITS: [u8; 256] = {
    let mut table = [u8::MAX; 256];
    let mut byte = 0_u8;
    while byte < 0x80 {
        table[byte as usize] = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => u8::MAX,
        };
        byte += 1;
    }
    table
};

fn b_digit(byte: u8) -> u32 {
    B_DIGITS.get(usize::from(byte)).copied().unwrap_or(u8::MAX).into()
}

impl Bits {
    /// The "B" encoding (RFC 2047 §4.1). Gives what is left over: bits that say something where the
    /// code was cut in the middle of a byte, as mailers do that cut a long text after encoding it.
    fn decode_b(mut self, code: &[u8], bytes: &mut Vec<u8>) -> Self {
        let mut rest = code;
        // Whole groups at once, as long as nothing stands between digits.
        while self.have == 0
            && let Some((group, after)) = rest.split_first_chunk::<4>()
        {
            let [a, b, c, d] = group.map(b_digit);
            if (a | b | c | d) > 63 {
                break;
            }
            let [_, group @ ..] = (a << 18 | b << 12 | c << 6 | d).to_be_bytes();
            bytes.extend_from_slice(&group);
            rest = after;
        }
        for byte in rest {
            let digit = b_digit(*byte);
            if digit > 63 {
                match byte {
                    b'=' => return Self::default(),
                    _ => continue,
                }
            }
            self.bits = self.bits << 6 | digit;
            self.have += 6;
            if self.have >= 8 {
                self.have -= 8;
                bytes.push(u8::try_from(self.bits >> self.have & 0xff).unwrap_or_default());
            }
        }
        self.bits &= (1 << self.have) - 1;
        // Zeros only: a last byte whose padding was forgotten.
        if self.have < 6 && self.bits == 0 { Self::default() } else { self }
    }
}

/// Text gathered so far, and the bytes of the last encoded words while more of the same charset may follow.
struct Text<'a> {
    text: String,
    label: &'a [u8],
    charset: Charset,
    pending: Vec<u8>,
    bits: Bits,
    /// How long the text is at most, as far as is known.
    capacity: usize,
}

impl<'a> Text<'a> {
    const fn new(capacity: usize) -> Self {
        Self {
            text: String::new(),
            label: &[],
            charset: Charset::Guess,
            pending: Vec::new(),
            bits: Bits { bits: 0, have: 0 },
            capacity,
        }
    }

    fn flush(&mut self) {
        self.bits = Bits::default();
        if self.pending.is_empty() {
            return;
        }
        // Most texts are one run of words in UTF-8, whose bytes are the text.
        if self.text.is_empty() && self.charset.is_utf8() {
            match String::from_utf8(core::mem::take(&mut self.pending)) {
                Ok(text) => self.text = text,
                Err(error) => self.charset.append_piece(error.as_bytes(), &mut self.text),
            }
            return;
        }
        self.charset.append_piece(&self.pending, &mut self.text);
        self.pending.clear();
    }

    /// Text outside of words. Line ends of folds are dropped.
    fn plain(&mut self, bytes: &[u8]) {
        self.flush();
        if bytes.is_empty() {
            return;
        }
        self.text.reserve(self.capacity.saturating_sub(self.text.len()));
        for piece in bytes.split(|byte| matches!(byte, b'\r' | b'\n')) {
            self.text.push_str(&charset::guess_piece(piece));
        }
    }

    fn word(&mut self, word: Word<'a>) {
        if self.charset.is_shifted() || !self.label.eq_ignore_ascii_case(word.charset) {
            self.flush();
            self.label = word.charset;
            self.charset = Charset::of(Some(word.charset));
        }
        self.pending.reserve(word.code.len());
        if word.is_base64 {
            self.bits = self.bits.decode_b(word.code, &mut self.pending);
        } else {
            self.bits = Bits::default();
            decode_q(word.code, &mut self.pending);
        }
    }
}

/// Decodes the encoded words of header text, folded or not. White space between two of them is dropped, and their
/// bytes are joined before the charset is decoded, since mailers cut characters in two. Line ends are dropped.
///
/// All else is taken as UTF-8, or as windows-1252 where it is not. Past 1,000 words the rest stays as it is written.
///
/// # Examples
/// ```
/// assert_eq!(mailrail_message::encoding::encoded_word::decode(b"=?utf-8?q?caf=C3?= =?utf-8?b?qQ==?= au lait"), "caf\u{e9} au lait");
/// ```
pub fn decode(input: &[u8]) -> Cow<'_, str> {
    decode_within(input, ValueLimits::DEFAULT)
}

pub(crate) fn decode_cow(input: Cow<'_, [u8]>, limits: ValueLimits) -> Cow<'_, str> {
    match input {
        Cow::Borrowed(input) => decode_within(input, limits),
        Cow::Owned(input) => Cow::Owned(decode_within(&input, limits).into_owned()),
    }
}

/// The same of text that is known to hold no line end.
pub(crate) fn decode_unfolded(input: &[u8], limits: ValueLimits) -> Cow<'_, str> {
    match find_start(input) {
        None => charset::guess_piece(input),
        Some(_) => decode_within(input, limits),
    }
}

pub(crate) fn decode_within(input: &[u8], limits: ValueLimits) -> Cow<'_, str> {
    let mut words = Words::new(input);
    let first = words.next();
    if first.is_none() && memchr::memchr2(b'\r', b'\n', input).is_none() {
        return charset::guess_piece(input);
    }
    let mut text = Text::new(input.len());
    let mut taken = 0;
    let mut follows_word = false;
    for (start, word) in first.into_iter().chain(words).take(limits.encoded_words) {
        let between = slice(input, taken..start);
        if !(follows_word && between.iter().all(|byte| is_fws(*byte))) {
            text.plain(between);
        }
        taken = input.len() - word.rest.len();
        text.word(word);
        follows_word = true;
    }
    text.plain(from(input, taken));
    Cow::Owned(text.text)
}

/// Where the next `=?` stands. Texts are short, and an equals sign is rare in them.
fn find_start(text: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr(b'=', from(text, at))? + 1;
        if text.get(at) == Some(&b'?') {
            return Some(at - 1);
        }
    }
}

/// The encoded words of a text, each with its place.
struct Words<'a> {
    input: &'a [u8],
    at: usize,
}

impl<'a> Words<'a> {
    const fn new(input: &'a [u8]) -> Self {
        Self { input, at: 0 }
    }
}

impl<'a> Iterator for Words<'a> {
    type Item = (usize, Word<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let start = self.at + find_start(from(self.input, self.at))?;
            steps::count(start - self.at);
            if let Some(found) = word(from(self.input, start)) {
                self.at = self.input.len() - found.rest.len();
                return Some((start, found));
            }
            self.at = start + 2;
        }
    }
}

/// What is wrong with the encoded words of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// One starts as a word does, but does not go on or end as one.
    Malformed,
    /// Its charset is unknown.
    Charset,
    /// There are more than the limit.
    TooMany,
}

/// The first fault of the encoded words of a text, and where it is.
pub(crate) fn first_fault(input: &[u8], limits: ValueLimits) -> Option<(usize, Fault)> {
    let mut at = 0;
    let mut count = 0;
    loop {
        at += find_start(from(input, at))?;
        let Some(found) = word(from(input, at)) else {
            if looks_like_word(from(input, at + 2)) {
                return Some((at, Fault::Malformed));
            }
            at += 2;
            continue;
        };
        count += 1;
        if count > limits.encoded_words {
            return Some((at, Fault::TooMany));
        }
        if !charset::is_known(found.charset) {
            return Some((at, Fault::Charset));
        }
        let is_bad = match found.is_base64 {
            true => base64::first_fault(found.code).is_some(),
            false => {
                let mut escapes = memchr::memchr_iter(b'=', found.code);
                let is_escape =
                    |at| hex_pair(found.code.get(at + 1).copied(), found.code.get(at + 2).copied());
                escapes.any(|at| is_escape(at).is_none())
                    || memchr3(b' ', b'\t', b'?', found.code).is_some()
            }
        };
        let end = input.len() - found.rest.len();
        if is_bad
            || end - at > LONGEST
            || !is_apart(input, at, end)
            || charset::has_faults(Some(found.charset), &found.decoded())
        {
            return Some((at, Fault::Malformed));
        }
        at = end;
    }
}

/// Whether white space, a parenthesis or a quote stands on both sides (RFC 2047 §5).
fn is_apart(input: &[u8], start: usize, end: usize) -> bool {
    let before = start.checked_sub(1).and_then(|before| input.get(before));
    let is_mark = |byte: &u8| is_fws(*byte) || matches!(byte, b'"' | b'(' | b')');
    before.is_none_or(is_mark) && input.get(end).is_none_or(is_mark)
}

/// Whether a charset and an encoding stand here.
fn looks_like_word(input: &[u8]) -> bool {
    let charset = slice(input, 0..input.len().min(LONGEST));
    let Some(length) = memchr(b'?', charset).filter(|length| *length > 0) else { return false };
    slice(charset, 0..length).iter().all(u8::is_ascii_graphic)
        && matches!(from(input, length + 1), [b'B' | b'b' | b'Q' | b'q', b'?', ..])
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
    fn words_that_mailers_cut_wrongly() {
        for (written, text) in [
            // In the middle of a character, of the base64 of a byte, of a shift sequence.
            ("=?utf-8?b?w6?= =?utf-8?b?k=?=", "\u{e9}"),
            ("=?utf-8?b?4oKs4?=\r\n =?utf-8?b?oKs?=", "\u{20ac}\u{20ac}"),
            ("=?utf-8?b?YQ?= =?utf-8?b?Yg?=", "ab"),
            ("=?iso-2022-jp?b?GyRCJCI=?= =?iso-2022-jp?b?JCQbKEI=?=", "\u{3042}\u{3044}"),
            ("=?utf-7?q?+AOk?= =?utf-7?q?+AOk?=", "\u{e9}\u{e9}"),
            // Of several words in one, and one in another.
            ("=?utf-8?q?a?==?utf-8?q?b?=", "ab"),
            ("=?utf-8?q?what??=", "what?"),
            ("=?utf-8?q?a =?utf-8?q?b?=", "=?utf-8?q?a b"),
            // Folded inside.
            ("=?utf-8?b?w6k\r\n =?=", "\u{e9}"),
            ("=?utf-8?q?caf\r\n =C3=A9?=", "caf \u{e9}"),
            ("=?\"utf-8\"?q?=C3=A9?=", "\u{e9}"),
            ("a\r\n b", "a b"),
        ] {
            assert_eq!(decode(written.as_bytes()), text, "{written}");
        }
    }

    #[test]
    fn past_the_limit_words_stay() {
        let limits = ValueLimits { encoded_words: 1, ..ValueLimits::DEFAULT };
        let text = b"=?utf-8?q?a?= =?utf-8?q?b?=";
        assert_eq!(decode_within(text, limits), "a =?utf-8?q?b?=");
        assert_eq!(first_fault(text, limits), Some((14, Fault::TooMany)));
        assert_eq!(first_fault(text, ValueLimits::DEFAULT), None);
    }

    #[test]
    fn faults_are_found() {
        for (text, fault) in [
            ("x =?utf-8?q?a", Some((2, Fault::Malformed))),
            ("=?utf-8?q?=zz?=", Some((0, Fault::Malformed))),
            ("=?utf-8?b?!?=", Some((0, Fault::Malformed))),
            ("=?x-no?q?a?=", Some((0, Fault::Charset))),
            ("a =? b ?= =?x?=", None),
            ("(=?utf-8?q?a?=) \"=?utf-8?q?b?=\"", None),
            // Not set off, too long, and a letter in two words.
            ("a=?utf-8?q?a?=", Some((1, Fault::Malformed))),
            ("=?utf-8?q?a?=b", Some((0, Fault::Malformed))),
            (
                "=?utf-8?q?aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa?=",
                Some((0, Fault::Malformed)),
            ),
            ("a =?utf-8?q?=C3?= =?utf-8?q?=A9?=", Some((2, Fault::Malformed))),
            ("=?iso-8859-1?q?=C3?=", None),
        ] {
            assert_eq!(first_fault(text.as_bytes(), ValueLimits::DEFAULT), fault, "{text}");
        }
    }

    #[test]
    fn every_input_is_read_once() {
        for unit in
            ["=?", "=?u?q?", "=?u?q?x ", "=?u?q??=", "?=", "=?utf-8?b?w6k=?= ", "=?utf-8?q?a??"]
        {
            let text = unit.repeat(20_000);
            let steps = steps::of(|| drop(decode(text.as_bytes())));
            assert!(steps < 4 * text.len() as u64, "{unit}: {steps}");
        }
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
