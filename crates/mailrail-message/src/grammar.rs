//! The lexical tokens of RFC 5322 §3.2 and RFC 2045 §5.1.
//!
//! Values are parsed while still folded: CR and LF count as white space, so nothing has to be copied to unfold it.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use memchr::{memchr2, memchr3};

use crate::error::SyntaxError;
use crate::limits::ValueLimits;
use crate::scan::{from, is_fws, slice, trim_start};
use crate::steps;

const ATEXT: u8 = 1;
const TOKEN: u8 = 2;
/// `atext` and the dot.
const WORD: u8 = 4;
/// The same without the question mark.
const ADDRESS: u8 = 8;
/// What white space, a comment or a quoted string begins with.
const BREAK: u8 = 16;

/// What each byte may be part of.
static CLASSES: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut byte = 0_u8;
    loop {
        let is_atext = byte.is_ascii_alphanumeric()
            || matches!(
                byte,
                b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'/' | b'=' | b'?' | b'^'..=b'`' | b'{'..=b'~'
            )
            || byte >= 0x80;
        let is_special = matches!(
            byte,
            b'(' | b')'
                | b'<'
                | b'>'
                | b'@'
                | b','
                | b';'
                | b':'
                | b'\\'
                | b'"'
                | b'/'
                | b'['
                | b']'
                | b'?'
                | b'='
        );
        #[expect(clippy::indexing_slicing, reason = "a byte is less than 256")]
        {
            table[byte as usize] = (if is_atext { ATEXT } else { 0 })
                | (if is_atext || byte == b'.' { WORD } else { 0 })
                | (if is_fws(byte) || byte == b'(' || byte == b'"' { BREAK } else { 0 })
                | (if (is_atext && byte != b'?') || byte == b'.' { ADDRESS } else { 0 })
                | (if byte.is_ascii_graphic() && !is_special { TOKEN } else { 0 });
        }
        if byte == u8::MAX {
            return table;
        }
        byte += 1;
    }
}

fn is(byte: u8, class: u8) -> bool {
    CLASSES.get(usize::from(byte)).is_some_and(|classes| classes & class != 0)
}

/// `atext`, RFC 5322 §3.2.3, and any byte of a UTF-8 sequence (RFC 6532 §3.2).
pub(crate) fn is_atext(byte: u8) -> bool {
    is(byte, ATEXT)
}

/// `atext`, or a dot between atoms.
pub(crate) fn is_atext_or_dot(byte: u8) -> bool {
    is(byte, WORD)
}

/// The same but for the question mark, which might be of an encoded word.
pub(crate) fn is_in_plain_address(byte: u8) -> bool {
    is(byte, ADDRESS)
}

/// A byte of a MIME `token`, RFC 2045 §5.1.
pub(crate) fn is_token(byte: u8) -> bool {
    is(byte, TOKEN)
}

/// `comment = "(" *([FWS] ccontent) [FWS] ")"`: what follows it, and what stands between the outer parentheses.
///
/// One that is not closed runs to the end. What would open one deeper than `depth` is text.
pub(crate) fn comment(input: &[u8], depth: usize) -> (&[u8], &[u8]) {
    let mut open = 0_usize;
    let mut at = 0;
    while let Some(found) = memchr3(b'(', b')', b'\\', from(input, at)) {
        at += found;
        match input.get(at) {
            Some(b'(') if open == depth => {}
            Some(b'(') => open += 1,
            Some(b')') => {
                open = open.saturating_sub(1);
                if open == 0 {
                    steps::count(at);
                    return (from(input, at + 1), slice(input, 1..at));
                }
            }
            _ => at += 1,
        }
        at += 1;
    }
    steps::count(input.len());
    (&[], from(input, 1))
}

/// `quoted-string = DQUOTE *([FWS] qcontent) [FWS] DQUOTE`: what follows it, and what stands between the quotes, still
/// escaped. `None` where nothing closes it.
pub(crate) fn quoted(input: &[u8]) -> Option<(&[u8], &[u8])> {
    if input.first() != Some(&b'"') {
        return None;
    }
    let mut at = 1;
    while let Some(found) = memchr2(b'"', b'\\', from(input, at)) {
        at += found;
        if input.get(at) == Some(&b'"') {
            steps::count(at);
            return Some((from(input, at + 1), slice(input, 1..at)));
        }
        at += 2;
    }
    steps::count(input.len());
    None
}

/// What stands between the quotes of the quoted string here, where nothing in it is escaped or folded.
pub(crate) fn quoted_plainly(input: &[u8]) -> Option<&[u8]> {
    let inner = input.strip_prefix(b"\"")?;
    let end = inner.iter().position(|byte| matches!(byte, b'"' | b'\\' | b'\r' | b'\n'));
    steps::count(end.unwrap_or(inner.len()));
    let end = end.filter(|end| inner.get(*end) == Some(&b'"'))?;
    Some(slice(inner, 0..end))
}

/// Takes the backslashes of quoted pairs and the line ends of folds away.
pub(crate) fn unescape(text: &[u8]) -> Cow<'_, [u8]> {
    if memchr3(b'\\', b'\r', b'\n', text).is_none() {
        return Cow::Borrowed(text);
    }
    let mut plain = Vec::with_capacity(text.len());
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => plain.extend(bytes.next().filter(|next| !matches!(next, b'\r' | b'\n'))),
            b'\r' | b'\n' => {}
            other => plain.push(*other),
        }
    }
    Cow::Owned(plain)
}

/// A value, and how far it is read.
#[derive(Clone)]
pub(crate) struct Cursor<'a> {
    input: &'a [u8],
    at: usize,
    /// How deep comments may nest.
    depth: usize,
    /// A quote was met that nothing closes: further ones are plain characters, so that none is searched for twice.
    has_open_quote: bool,
}

impl<'a> Cursor<'a> {
    pub(crate) const fn new(input: &'a [u8], limits: ValueLimits) -> Self {
        Self { input, at: 0, depth: limits.comment_depth, has_open_quote: false }
    }

    pub(crate) const fn at(&self) -> usize {
        self.at
    }

    /// Whether a quote was met that nothing closes.
    pub(crate) const fn has_open_quote(&self) -> bool {
        self.has_open_quote
    }

    /// Goes on from another place.
    pub(crate) const fn go_to(&mut self, at: usize) {
        self.at = at;
    }

    pub(crate) const fn input(&self) -> &'a [u8] {
        self.input
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        from(self.input, self.at)
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.input.get(self.at).copied()
    }

    /// What stands between `start` and here.
    pub(crate) fn since(&self, start: usize) -> &'a [u8] {
        slice(self.input, start..self.at)
    }

    pub(crate) const fn error(&self, expected: &'static str) -> SyntaxError {
        SyntaxError::new(self.at, expected)
    }

    /// `[CFWS]`: skips white space and comments, as many as there are. Gives whether there were any, and the last comment.
    #[inline]
    pub(crate) fn gap(&mut self) -> (bool, Option<&'a [u8]>) {
        let start = self.at;
        let mut last = None;
        loop {
            let space = self.at;
            while self.peek().is_some_and(is_fws) {
                self.at += 1;
            }
            steps::count(self.at - space);
            if self.peek() != Some(b'(') {
                return (self.at > start, last);
            }
            last = self.comment();
        }
    }

    /// Takes the comment here, if one stands here: what stands between its parentheses.
    pub(crate) fn comment(&mut self) -> Option<&'a [u8]> {
        if self.peek() != Some(b'(') {
            return None;
        }
        let (rest, text) = comment(self.rest(), self.depth);
        self.at = self.input.len() - rest.len();
        Some(text)
    }

    /// Takes this byte, if it stands here.
    pub(crate) fn eat(&mut self, wanted: u8) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    /// Takes this byte, if it stands here, with white space and comments around.
    pub(crate) fn eat_spaced(&mut self, wanted: u8) -> bool {
        self.gap();
        let found = self.eat(wanted);
        if found {
            self.gap();
        }
        found
    }

    /// Takes the bytes here that fit.
    pub(crate) fn take_while(&mut self, mut fits: impl FnMut(u8) -> bool) -> &'a [u8] {
        let start = self.at;
        while self.peek().is_some_and(&mut fits) {
            self.at += 1;
        }
        steps::count(self.at - start);
        self.since(start)
    }

    /// `token = 1*<any (US-ASCII) CHAR except SPACE, CTLs, or tspecials>`
    pub(crate) fn token(&mut self) -> Option<&'a str> {
        let token = self.take_while(is_token);
        // A token is ASCII, so this cannot fail.
        core::str::from_utf8(token).ok().filter(|token| !token.is_empty())
    }

    /// The quoted string here, unescaped; `None` where there is none, or nothing closes it.
    pub(crate) fn quoted(&mut self) -> Option<Cow<'a, [u8]>> {
        if self.has_open_quote || self.peek() != Some(b'"') {
            return None;
        }
        let Some((rest, text)) = quoted(self.rest()) else {
            self.has_open_quote = true;
            return None;
        };
        self.at = self.input.len() - rest.len();
        Some(unescape(text))
    }
}

/// What is wrong with the comments and quoted strings of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// One that nothing closes.
    Unclosed,
    /// Comments nest deeper than the limit.
    TooDeep,
}

/// The first fault of the comments and quoted strings of a value, and where it is.
pub(crate) fn first_fault(value: &[u8], limits: ValueLimits) -> Option<(usize, Fault)> {
    let mut at = 0;
    loop {
        at += memchr3(b'(', b'"', b'\\', from(value, at))?;
        let rest = from(value, at);
        at = match rest.first() {
            Some(b'"') => match quoted(rest) {
                Some((after, _)) => value.len() - after.len(),
                None => return Some((at, Fault::Unclosed)),
            },
            Some(b'(') => {
                let (after, inner) = comment(rest, limits.comment_depth);
                if inner.len() + 1 == rest.len() {
                    return Some((at, Fault::Unclosed));
                }
                if let Some(deep) = too_deep(inner, limits.comment_depth) {
                    return Some((at + 1 + deep, Fault::TooDeep));
                }
                value.len() - after.len()
            }
            _ => at + 2,
        };
    }
}

/// Where what stands in a comment opens one that is deeper than the limit.
fn too_deep(inner: &[u8], depth: usize) -> Option<usize> {
    let mut open = 1;
    let mut at = 0;
    loop {
        at += memchr3(b'(', b')', b'\\', from(inner, at))?;
        match inner.get(at) {
            Some(b'(') if open == depth => return Some(at),
            Some(b'(') => open += 1,
            Some(b')') => open = usize::saturating_sub(open, 1),
            _ => at += 1,
        }
        at += 1;
    }
}

/// A value without comments and white space; quoted strings stay as they are.
pub(crate) fn without_comments(value: &[u8], limits: ValueLimits) -> Cow<'_, [u8]> {
    if !value.iter().any(|byte| is(*byte, BREAK)) {
        return Cow::Borrowed(value);
    }
    let mut cursor = Cursor::new(value, limits);
    let mut pieces: Cow<'_, [u8]> = Cow::Borrowed(&[]);
    loop {
        cursor.gap();
        let start = cursor.at();
        if cursor.quoted().is_none() {
            cursor.eat(b'"');
            cursor.take_while(|byte| !is_fws(byte) && !matches!(byte, b'(' | b'"'));
        }
        let word = cursor.since(start);
        if word.is_empty() {
            return pieces;
        }
        match &mut pieces {
            Cow::Borrowed([]) => pieces = Cow::Borrowed(word),
            other => other.to_mut().extend_from_slice(word),
        }
    }
}

/// Whether text is a `dot-atom` (RFC 5322 §3.2.3).
pub(crate) fn is_dot_atom(text: &[u8]) -> bool {
    let mut after_dot = true;
    for byte in text {
        let is_dot = *byte == b'.';
        if !is_atext_or_dot(*byte) || (is_dot && after_dot) {
            return false;
        }
        after_dot = is_dot;
    }
    !after_dot
}

/// Whether `token "="` stands here.
pub(crate) fn begins_parameter(input: &[u8]) -> bool {
    let after = trim_start(input, is_token);
    steps::count(input.len() - after.len());
    after.len() < input.len() && after.first() == Some(&b'=')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_nest_and_escape() {
        let mut cursor = Cursor::new(b" (a (b) \\) c)\r\n x", ValueLimits::DEFAULT);
        assert_eq!(cursor.gap(), (true, Some(&b"a (b) \\) c"[..])));
        assert_eq!(cursor.rest(), b"x");
        assert_eq!(comment(b"(a(b)c)d", 2), (&b"d"[..], &b"a(b)c"[..]));
        assert_eq!(comment(b"(never", 2), (&b""[..], &b"never"[..]));
        assert_eq!(comment(b"(a(b)c)d", 1), (&b"c)d"[..], &b"a(b"[..]));
    }

    #[test]
    fn quoted_strings_end_at_their_quote() {
        assert_eq!(quoted(b"\"a\\\"b\"c"), Some((&b"c"[..], &b"a\\\"b"[..])));
        assert!(quoted(b"\"a").is_none());
        assert!(quoted(b"\"a\\").is_none());
        assert_eq!(&*unescape(b"a\\\"b\r\n c"), b"a\"b c");
    }

    #[test]
    fn faults_are_found() {
        let limits = ValueLimits { comment_depth: 2, ..ValueLimits::DEFAULT };
        for (text, fault) in [
            ("a (b (c)) \"d(\" \\( e", None),
            ("a (b", Some((2, Fault::Unclosed))),
            ("a \"b\\\"", Some((2, Fault::Unclosed))),
            ("(a) (b (c (d)))", Some((10, Fault::TooDeep))),
            ("(a) (b (c (d)", Some((4, Fault::Unclosed))),
        ] {
            assert_eq!(first_fault(text.as_bytes(), limits), fault, "{text}");
        }
    }

    #[test]
    fn dot_atoms() {
        assert!(is_dot_atom(b"a.b-c"));
        assert!(!is_dot_atom(b"a..b"));
        assert!(!is_dot_atom(b".a"));
        assert!(!is_dot_atom(b"a b"));
        assert!(!is_dot_atom(b""));
    }
}
