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

/// What a byte may be part of.
pub(crate) mod class {
    /// `atext` (RFC 5322 §3.2.3).
    pub(crate) const ATEXT: u16 = 1;
    /// `Let-dig` or a hyphen.
    pub(crate) const LDH: u16 = 2;
    /// `esmtp-value`: graphic but for the equals sign.
    pub(crate) const VALUE: u16 = 4;
    /// `qtextSMTP`: all of a quoted string but quotes and backslashes.
    pub(crate) const QTEXT: u16 = 8;
    /// Printable: a space, or graphic.
    pub(crate) const PRINTABLE: u16 = 16;
    /// Graphic: `%d33-126`.
    pub(crate) const GRAPHIC: u16 = 32;
    /// `dcontent`: graphic but for brackets and the backslash.
    pub(crate) const DCONTENT: u16 = 64;
    /// `xchar` (RFC 3461 §4).
    pub(crate) const XCHAR: u16 = 128;
    /// Of a character beyond ASCII (RFC 6531 §3.3).
    pub(crate) const WIDE: u16 = 256;

    pub(super) const TABLE: [u16; 256] = {
        let mut table = [0; 256];
        let mut at: usize = 0;
        while at < 256 {
            #[expect(clippy::cast_possible_truncation, reason = "it is below 256")]
            let byte = at as u8;
            #[expect(clippy::indexing_slicing, reason = "it is below 256, and known at build time")]
            {
                table[at] = of(byte);
            }
            at += 1;
        }
        table
    };

    const fn of(byte: u8) -> u16 {
        if byte >= 0x80 {
            return WIDE;
        }
        if byte == b' ' {
            return PRINTABLE | QTEXT;
        }
        if !byte.is_ascii_graphic() {
            return 0;
        }
        let mut class = GRAPHIC | PRINTABLE;
        if super::is_atext(byte) {
            class |= ATEXT;
        }
        if byte.is_ascii_alphanumeric() || byte == b'-' {
            class |= LDH;
        }
        if byte != b'=' {
            class |= VALUE;
        }
        if !matches!(byte, b'+' | b'=') {
            class |= XCHAR;
        }
        if !matches!(byte, b'[' | b']' | b'\\') {
            class |= DCONTENT;
        }
        if !matches!(byte, b'"' | b'\\') {
            class |= QTEXT;
        }
        class
    }
}

/// Which classes a byte is of.
#[inline(always)]
fn classes(byte: u8) -> u16 {
    class::TABLE.get(usize::from(byte)).copied().unwrap_or_default()
}

/// Whether a byte is of one of these classes.
#[inline]
pub(crate) fn is(byte: u8, any: u16) -> bool {
    classes(byte) & any != 0
}

/// What is not of this class, and what of it is before that.
#[inline(always)]
fn split(text: &[u8], class: u16) -> (&[u8], &[u8]) {
    let mut rest = text;
    // Most words have four bytes.
    while let Some(([a, b, c, d], after)) = rest.split_first_chunk() {
        let skipped = if !is(*a, class) {
            0
        } else if !is(*b, class) {
            1
        } else if !is(*c, class) {
            2
        } else if !is(*d, class) {
            3
        } else {
            rest = after;
            continue;
        };
        rest = rest.get(skipped..).unwrap_or_default();
        return (rest, text.get(..text.len() - rest.len()).unwrap_or_default());
    }
    split_slowly(text, rest, class)
}

/// The same, once `rest` is left.
#[inline(always)]
fn split_slowly<'a>(text: &'a [u8], mut rest: &'a [u8], class: u16) -> (&'a [u8], &'a [u8]) {
    while let [byte, after @ ..] = rest
        && is(*byte, class)
    {
        rest = after;
    }
    (rest, text.get(..text.len() - rest.len()).unwrap_or_default())
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
    let len = word.len();
    let key = match (word.first_chunk(), word.last_chunk()) {
        (Some(first), Some(last)) if len <= 8 => {
            let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
            // Where they overlap, they are the same.
            first as u64 | (last as u64) << (8 * (len - 4))
        }
        _ => match word {
            [a] => *a as u64,
            [a, b] => u16::from_le_bytes([*a, *b]) as u64,
            [a, b, c] => u32::from_le_bytes([*a, *b, *c, 0]) as u64,
            _ => 0,
        },
    };
    // Clearing one bit makes small letters capitals.
    key & !0x2020_2020_2020_2020
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

/// Whether a character beyond ASCII follows.
#[inline(always)]
fn begins_wide(text: &[u8]) -> bool {
    text.first().is_some_and(|&byte| byte >= 0x80)
}

/// The bytes at the front that are of this class, one at least.
#[inline(always)]
pub(crate) fn many<'a>(text: &'a [u8], expected: &'static str, class: u16) -> Parsed<'a, &'a [u8]> {
    match split(text, class) {
        (_, []) => fail(text, expected),
        parsed => Ok(parsed),
    }
}

/// The same, with characters beyond ASCII among them.
#[inline(always)]
pub(crate) fn many_wide<'a>(
    text: &'a [u8],
    expected: &'static str,
    class: u16,
) -> Parsed<'a, &'a [u8]> {
    match split(text, class) {
        (rest, _) if begins_wide(rest) => wide(text, expected, class),
        (_, []) => fail(text, expected),
        parsed => Ok(parsed),
    }
}

#[cold]
fn wide<'a>(text: &'a [u8], expected: &'static str, class: u16) -> Parsed<'a, &'a [u8]> {
    match split_slowly(text, text, class | class::WIDE) {
        (rest, front) if is_text(front) => Ok((rest, front)),
        _ => fail(text, expected),
    }
}

/// `1*20DIGIT`, as a number.
#[inline]
pub(crate) fn number(text: &[u8]) -> Parsed<'_, u64> {
    let (mut number, mut rest) = (0_u64, text);
    while let [digit @ b'0'..=b'9', after @ ..] = rest {
        let digit = u64::from(digit - b'0');
        let len = text.len() - rest.len();
        // Nineteen digits always fit.
        number = if len < 19 {
            number * 10 + digit
        } else {
            match number.checked_mul(10).and_then(|number| number.checked_add(digit)) {
                Some(number) if len < 20 => number,
                _ => return fail(text, "a smaller number"),
            }
        };
        rest = after;
    }
    if rest.len() == text.len() { fail(text, "a number") } else { Ok((rest, number)) }
}

/// `atext` (RFC 5322 §3.2.3)
const fn is_atext(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || contains(b"!#$%&'*+-/=?^_`{|}~", byte)
}

const fn contains(mut bytes: &[u8], byte: u8) -> bool {
    while let [first, rest @ ..] = bytes {
        if *first == byte {
            return true;
        }
        bytes = rest;
    }
    false
}

/// A character that is no control character, in ASCII or beyond.
pub(crate) fn is_printable(char: char) -> bool {
    !char.is_control()
}

/// Words, with a dot between each two.
#[inline(always)]
fn dotted<'a>(
    text: &'a [u8],
    split: impl Fn(&'a [u8]) -> (&'a [u8], &'a [u8]),
    fits: impl Fn(&[u8]) -> bool,
) -> Option<(&'a [u8], &'a [u8])> {
    let mut at = text;
    loop {
        let (rest, word) = split(at);
        if word.is_empty() || !fits(word) {
            return None;
        }
        match rest {
            [b'.', after @ ..] => at = after,
            _ => return Some((rest, text.get(..text.len() - rest.len())?)),
        }
    }
}

/// ```text
/// Domain     = sub-domain *("." sub-domain)
/// sub-domain = Let-dig [Ldh-str] / U-label
/// Ldh-str    = *( ALPHA / DIGIT / "-" ) Let-dig
/// ```
/// (RFC 6531 §3.3 has the U-label). Which characters beyond ASCII a label can have is for those
/// who look it up to say.
#[inline(always)]
pub(crate) fn domain(text: &[u8]) -> Parsed<'_, Text<'_>> {
    let fits = |label: &[u8]| label.first() != Some(&b'-') && label.last() != Some(&b'-');
    match dotted(text, |text| split(text, class::LDH), fits) {
        Some((rest, name)) if !begins_wide(rest) => Ok((rest, Text::read(name))),
        _ => wide_domain(text, fits),
    }
}

#[cold]
fn wide_domain(text: &[u8], fits: impl Fn(&[u8]) -> bool) -> Parsed<'_, Text<'_>> {
    let fits_name = |char: char| is_printable(char) && !char.is_whitespace();
    let is_name = |name| core::str::from_utf8(name).is_ok_and(|name| name.chars().all(fits_name));
    let split = |text| split_slowly(text, text, class::LDH | class::WIDE);
    match dotted(text, split, fits) {
        Some((rest, name)) if is_name(name) => Ok((rest, Text::read(name))),
        _ => fail(text, "a domain"),
    }
}

/// `Atom = 1*atext`, of ASCII.
#[inline]
pub(crate) fn atom(text: &[u8]) -> Parsed<'_, &[u8]> {
    many(text, "an atom", class::ATEXT)
}

/// `Dot-string = Atom *("."  Atom)`
#[inline(always)]
pub(crate) fn dot_string(text: &[u8]) -> Parsed<'_, Text<'_>> {
    match dotted(text, |text| split(text, class::ATEXT), |_| true) {
        Some((rest, name)) if !begins_wide(rest) => Ok((rest, Text::read(name))),
        _ => wide_dot_string(text),
    }
}

#[cold]
fn wide_dot_string(text: &[u8]) -> Parsed<'_, Text<'_>> {
    let split = |text| split_slowly(text, text, class::ATEXT | class::WIDE);
    match dotted(text, split, |_| true) {
        Some((rest, name)) if is_text(name) => Ok((rest, Text::read(name))),
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
            None => many_wide(rest, "the end of the quoted string", class::QTEXT)?,
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
#[inline(always)]
pub(crate) fn keyword(text: &[u8]) -> Parsed<'_, &[u8]> {
    if text.first() == Some(&b'-') {
        return fail(text, "a keyword");
    }
    many(text, "a keyword", class::LDH)
}

/// `esmtp-value = 1*(%d33-60 / %d62-126 / UTF8-non-ascii)` (RFC 6531 §3.3)
#[inline(always)]
pub(crate) fn value(text: &[u8]) -> Parsed<'_, &[u8]> {
    many_wide(text, "a value", class::VALUE)
}

/// ```text
/// xtext   = *( xchar / hexchar )
/// xchar   = any ASCII CHAR between "!" (33) and "~" (126) inclusive, except for "+" and "="
/// hexchar = ASCII "+" immediately followed by two upper case hexadecimal digits
/// ```
/// (RFC 3461 §4). The `hexchar`s are decoded; what they stand for must be UTF-8.
pub(crate) fn xtext(text: &[u8]) -> Option<Text<'_>> {
    if let ([], _) = split(text, class::XCHAR) {
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
