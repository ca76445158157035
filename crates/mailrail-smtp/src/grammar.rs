//! The lexical tokens of RFC 5321 §4.1.2, and how parsers tell what they expected.

use crate::{SyntaxError, types::Text};
use alloc::{string::String, vec::Vec};
use nom::{Parser, error::ErrorKind, error::ParseError};

/// What is left, and what was read.
pub(crate) type Parsed<'a, T> = nom::IResult<&'a [u8], T, Fail<'a>>;

/// Where a parser stopped, and what would have fit.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fail<'a> {
    rest: &'a [u8],
    expected: &'static str,
}

impl<'a> ParseError<&'a [u8]> for Fail<'a> {
    fn from_error_kind(rest: &'a [u8], _: ErrorKind) -> Self {
        Self { rest, expected: "something else" }
    }

    fn append(_: &'a [u8], _: ErrorKind, first: Self) -> Self {
        first
    }
}

/// Fails at `rest`.
pub(crate) const fn fail<'a, T>(rest: &'a [u8], expected: &'static str) -> Parsed<'a, T> {
    Err(nom::Err::Error(Fail { rest, expected }))
}

/// All of `text`, by `rule`.
#[inline]
pub(crate) fn whole<'a, T>(
    text: &'a [u8],
    mut rule: impl Parser<&'a [u8], Output = T, Error = Fail<'a>>,
) -> Result<T, SyntaxError> {
    match located(text, rule.parse(text))? {
        ([], value) => Ok(value),
        (rest, _) => Err(SyntaxError { offset: text.len() - rest.len(), expected: "the end" }),
    }
}

/// What a byte may be part of; those of characters beyond ASCII are told by their bytes.
pub(crate) mod class {
    /// `atext` (RFC 5322 §3.2.3), or beyond ASCII (RFC 6531 §3.3).
    pub(crate) const ATEXT: u16 = 1;
    /// `Let-dig` or a hyphen.
    pub(crate) const LDH: u16 = 2;
    /// What a label of a domain name is made of: `LDH`, and beyond ASCII.
    pub(crate) const LABEL: u16 = 4;
    /// `esmtp-value`: graphic but for the equals sign, or beyond ASCII.
    pub(crate) const VALUE: u16 = 8;
    /// `qtextSMTP`, or beyond ASCII: all of a quoted string but quotes and backslashes.
    pub(crate) const QTEXT: u16 = 16;
    /// Printable: a space, graphic, or beyond ASCII.
    pub(crate) const PRINTABLE: u16 = 32;
    /// Graphic ASCII: `%d33-126`.
    pub(crate) const GRAPHIC: u16 = 64;
    /// `dcontent`: graphic but for brackets and the backslash.
    pub(crate) const DCONTENT: u16 = 128;
    /// `xchar` (RFC 3461 §4).
    pub(crate) const XCHAR: u16 = 256;

    pub(super) const TABLE: [u16; 256] = {
        let mut table = [0; 256];
        let mut at: usize = 0;
        while at < 256 {
            #[expect(clippy::cast_possible_truncation, reason = "it is below 256")]
            let byte = at as u8;
            let mut class = 0;
            if super::is_atext(byte) {
                class |= ATEXT;
            }
            if byte.is_ascii_alphanumeric() || byte == b'-' {
                class |= LDH | LABEL;
            }
            if byte >= 0x80 {
                class |= LABEL;
            }
            if byte.is_ascii_graphic() {
                class |= GRAPHIC;
            }
            if byte.is_ascii_graphic() && !matches!(byte, b'+' | b'=') {
                class |= XCHAR;
            }
            if byte.is_ascii_graphic() && !matches!(byte, b'[' | b']' | b'\\') {
                class |= DCONTENT;
            }
            if byte == b' ' || byte.is_ascii_graphic() || byte >= 0x80 {
                class |= PRINTABLE;
                if byte != b' ' && byte != b'=' {
                    class |= VALUE;
                }
                if byte != b'"' && byte != b'\\' {
                    class |= QTEXT;
                }
            }
            #[expect(clippy::indexing_slicing, reason = "it is below 256, and known at build time")]
            {
                table[at] = class;
            }
            at += 1;
        }
        table
    };
}

/// Whether a byte is of one of these classes.
#[inline]
pub(crate) fn is(byte: u8, classes: u16) -> bool {
    class::TABLE.get(usize::from(byte)).is_some_and(|class| class & classes != 0)
}

/// How many bytes at the front of `text` from `from` on are of these classes, and whether all of
/// them are ASCII.
#[inline]
fn span(text: &[u8], from: usize, classes: u16) -> (usize, bool) {
    let (mut at, mut all) = (from, 0);
    while let Some(&byte) = text.get(at)
        && is(byte, classes)
    {
        all |= byte;
        at += 1;
    }
    (at - from, all < 0x80)
}

/// Whether bytes beyond ASCII are UTF-8, without control characters (RFC 6532 §3.1).
#[cold]
fn is_text(bytes: &[u8]) -> bool {
    core::str::from_utf8(bytes).is_ok_and(|text| text.chars().all(is_printable))
}

/// A word of eight bytes at most as a number, in capitals; 0 for a longer one. Of letters, digits
/// and hyphens no two words have the same.
#[inline]
pub(crate) const fn key(word: &[u8]) -> u64 {
    // Clearing one bit makes small letters capitals.
    let (mut key, mut rest) = (0, word);
    if word.len() > 8 {
        return 0;
    }
    while let Some((&byte, after)) = rest.split_first() {
        key = key << 8 | (byte & !0x20) as u64;
        rest = after;
    }
    key
}

/// What a rule has read of the front of `text`, or where in `text` it stopped.
#[inline]
pub(crate) fn located<'a, T>(
    text: &'a [u8],
    parsed: Parsed<'a, T>,
) -> Result<(&'a [u8], T), SyntaxError> {
    let error = match parsed {
        Ok(parsed) => return Ok(parsed),
        Err(nom::Err::Error(fail) | nom::Err::Failure(fail)) => fail,
        Err(nom::Err::Incomplete(_)) => Fail { rest: &[], expected: "more" },
    };
    Err(SyntaxError { offset: text.len() - error.rest.len(), expected: error.expected })
}

/// One byte.
#[inline]
pub(crate) fn byte<'a>(
    byte: u8,
    expected: &'static str,
) -> impl Fn(&'a [u8]) -> Parsed<'a, ()> + Copy {
    move |text| match text.split_first() {
        Some((&first, rest)) if first == byte => Ok((rest, ())),
        _ => fail(text, expected),
    }
}

/// The bytes at the front that are of these classes, one at least; those beyond ASCII must be
/// UTF-8.
#[inline]
pub(crate) fn many<'a>(
    text: &'a [u8],
    expected: &'static str,
    classes: u16,
) -> Parsed<'a, &'a [u8]> {
    let (len, is_ascii) = span(text, 0, classes);
    match text.split_at_checked(len) {
        Some((front, rest)) if len > 0 && (is_ascii || is_text(front)) => Ok((rest, front)),
        _ => fail(text, expected),
    }
}

/// `1*20DIGIT`, as a number.
pub(crate) fn number(text: &[u8]) -> Parsed<'_, u64> {
    let mut number = Some(0_u64);
    let mut len = 0;
    while let Some(digit @ b'0'..=b'9') = text.get(len) {
        let digit = u64::from(digit - b'0');
        number = number.and_then(|number| number.checked_mul(10)?.checked_add(digit));
        len += 1;
    }
    match (number, text.get(len..)) {
        _ if len == 0 => fail(text, "a number"),
        (Some(number), Some(rest)) if len <= 20 => Ok((rest, number)),
        _ => fail(text, "a smaller number"),
    }
}

/// A byte of `atext` (RFC 5322 §3.2.3), or of a character beyond ASCII (RFC 6531 §3.3).
pub(crate) const fn is_atext(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'/'
                | b'='
                | b'?'
                | b'^'
                | b'_'
                | b'`'
                | b'{'
                | b'|'
                | b'}'
                | b'~'
                | 0x80..
        )
}

/// A character that is no control character, in ASCII or beyond.
pub(crate) fn is_printable(char: char) -> bool {
    !char.is_control()
}

/// ```text
/// Domain     = sub-domain *("." sub-domain)
/// sub-domain = Let-dig [Ldh-str] / U-label
/// Ldh-str    = *( ALPHA / DIGIT / "-" ) Let-dig
/// ```
/// (RFC 6531 §3.3 has the U-label). Which characters beyond ASCII a label can have is for those
/// who look it up to say.
pub(crate) fn domain(text: &[u8]) -> Parsed<'_, Text<'_>> {
    const EXPECTED: &str = "a domain";
    let (mut from, mut is_ascii) = (0, true);
    let end = loop {
        let (len, ascii) = span(text, from, class::LABEL);
        is_ascii &= ascii;
        let end = from + len;
        let last = end.checked_sub(1).and_then(|last| text.get(last));
        if len == 0 || text.get(from) == Some(&b'-') || last == Some(&b'-') {
            return fail(text, EXPECTED);
        }
        if text.get(end) != Some(&b'.') {
            break end;
        }
        from = end + 1;
    };
    match text.split_at_checked(end) {
        Some((name, rest)) if is_ascii || is_name(name) => Ok((rest, Text::read(name))),
        _ => fail(text, EXPECTED),
    }
}

/// Whether bytes beyond ASCII can be a domain name.
#[cold]
fn is_name(bytes: &[u8]) -> bool {
    let fits = |char: char| is_printable(char) && !char.is_whitespace();
    core::str::from_utf8(bytes).is_ok_and(|text| text.chars().all(fits))
}

/// `Dot-string = Atom *("."  Atom)`
pub(crate) fn dot_string(text: &[u8]) -> Parsed<'_, Text<'_>> {
    let (mut from, mut is_ascii) = (0, true);
    let end = loop {
        let (len, ascii) = span(text, from, class::ATEXT);
        is_ascii &= ascii;
        if len == 0 {
            return fail(text, "a local part");
        }
        if text.get(from + len) != Some(&b'.') {
            break from + len;
        }
        from += len + 1;
    };
    match text.split_at_checked(end) {
        Some((name, rest)) if is_ascii || is_text(name) => Ok((rest, Text::read(name))),
        _ => fail(text, "a local part"),
    }
}

/// Whether all of `name` is a `Dot-string`.
pub(crate) fn is_dot_string(name: &[u8]) -> bool {
    dot_string(name).is_ok_and(|(rest, _)| rest.is_empty())
}

/// ```text
/// Quoted-string   = DQUOTE *QcontentSMTP DQUOTE
/// QcontentSMTP    = qtextSMTP / quoted-pairSMTP
/// quoted-pairSMTP = %d92 %d32-126
/// qtextSMTP       = %d32-33 / %d35-91 / %d93-126 / UTF8-non-ascii
/// ```
/// Quotes and backslashes are taken away.
pub(crate) fn quoted_string(text: &[u8]) -> Parsed<'_, Text<'_>> {
    let (inner, ()) = byte(b'"', "a quoted string")(text)?;
    let (mut first, mut unquoted, mut rest) = (&[][..], None, inner);
    loop {
        if let Some(after) = rest.strip_prefix(b"\"") {
            let content = match unquoted {
                None => Text::read(first),
                Some(content) => match String::from_utf8(content) {
                    Ok(content) => content.into(),
                    Err(_) => return fail(text, "UTF-8"),
                },
            };
            return Ok((after, content));
        }
        let (after, piece) = match rest.strip_prefix(b"\\") {
            Some(after) => match after.split_at_checked(1) {
                Some((one @ [b' '..=b'~'], after)) => (after, one),
                _ => return fail(after, "a printable character"),
            },
            None => many(rest, "the end of the quoted string", class::QTEXT)?,
        };
        if first.is_empty() {
            first = piece;
        } else {
            unquoted.get_or_insert_with(|| first.to_vec()).extend_from_slice(piece);
        }
        rest = after;
    }
}

/// `esmtp-keyword = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-")`
#[inline]
pub(crate) fn keyword(text: &[u8]) -> Parsed<'_, &[u8]> {
    if text.first() == Some(&b'-') {
        return fail(text, "a keyword");
    }
    many(text, "a keyword", class::LDH)
}

/// `esmtp-value = 1*(%d33-60 / %d62-126 / UTF8-non-ascii)` (RFC 6531 §3.3)
#[inline]
pub(crate) fn value(text: &[u8]) -> Parsed<'_, &[u8]> {
    many(text, "a value", class::VALUE)
}

/// ```text
/// xtext   = *( xchar / hexchar )
/// xchar   = any ASCII CHAR between "!" (33) and "~" (126) inclusive, except for "+" and "="
/// hexchar = ASCII "+" immediately followed by two upper case hexadecimal digits
/// ```
/// (RFC 3461 §4). The `hexchar`s are decoded; what they stand for must be UTF-8.
pub(crate) fn xtext(text: &[u8]) -> Option<Text<'_>> {
    let (plain, _) = span(text, 0, class::XCHAR);
    if plain == text.len() {
        return Some(Text::read(text));
    }
    let mut decoded = Vec::new();
    let mut rest = text;
    while let Some((&first, after)) = rest.split_first() {
        rest = match (first, after) {
            (b'+', [high, low, after @ ..]) => {
                decoded.push(hex(*high)? << 4 | hex(*low)?);
                after
            }
            _ if is(first, class::XCHAR) => {
                decoded.push(first);
                after
            }
            _ => return None,
        };
    }
    String::from_utf8(decoded).ok().map(Text::from)
}

/// `word = ALPHA 0*(wordchar)` (RFC 3865 §2.2)
pub(crate) fn is_solicitation(word: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:".contains(&byte);
    word.starts_with(|first: char| first.is_ascii_alphabetic()) && word.bytes().all(is_word)
}

const fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString as _;

    #[test]
    fn quoted_strings() {
        let read = |bytes| whole(bytes, quoted_string).ok().map(|text| text.to_string());
        assert_eq!(read(b"\"\"").as_deref(), Some(""));
        assert_eq!(read(b"\"a b\"").as_deref(), Some("a b"));
        assert_eq!(read(br#""a\"\\\b""#).as_deref(), Some(r#"a"\b"#));
        for text in [
            &b"\""[..],
            b"\"a",
            b"\"a\\\"",
            b"\"a\\",
            b"\"a\r\n\"",
            b"\"\\\n\"",
            b"\"\xC3\"",
            b"\"\xC2\x85\"",
        ] {
            assert_eq!(read(text), None, "{text:?}");
        }
    }

    #[test]
    fn hexadecimal_text() {
        let read = |text: &'static str| xtext(text.as_bytes()).map(|text| text.to_string());
        assert_eq!(read("e+3Dmc2@example.com").as_deref(), Some("e=mc2@example.com"));
        assert_eq!(read("<>").as_deref(), Some("<>"));
        for text in ["a=b", "+3", "+3g", "+3d", "a b", "+FF", "a\u{7f}"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn numbers() {
        assert_eq!(whole(b"18446744073709551615", number), Ok(u64::MAX));
        for text in [&b"18446744073709551616"[..], b"", b"-1", b"+1", b"000000000000000000001"] {
            assert!(whole(text, number).is_err(), "{text:?}");
        }
    }
}
