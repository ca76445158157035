//! The lexical tokens of RFC 5321 §4.1.2, and how parsers tell what they expected.

use crate::SyntaxError;
use alloc::{borrow::Cow, string::String, vec::Vec};
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
pub(crate) fn whole<'a, T>(
    text: &'a [u8],
    mut rule: impl Parser<&'a [u8], Output = T, Error = Fail<'a>>,
) -> Result<T, SyntaxError> {
    let error = match rule.parse(text) {
        Ok(([], value)) => return Ok(value),
        Ok((rest, _)) => Fail { rest, expected: "the end" },
        Err(nom::Err::Error(fail) | nom::Err::Failure(fail)) => fail,
        Err(nom::Err::Incomplete(_)) => Fail { rest: &[], expected: "more" },
    };
    Err(SyntaxError { offset: text.len() - error.rest.len(), expected: error.expected })
}

/// One byte.
pub(crate) fn byte<'a>(
    byte: u8,
    expected: &'static str,
) -> impl Fn(&'a [u8]) -> Parsed<'a, ()> + Copy {
    move |text| match text.split_first() {
        Some((&first, rest)) if first == byte => Ok((rest, ())),
        _ => fail(text, expected),
    }
}

/// The bytes at the front that `fits` takes, one at least. What they hold beyond ASCII must be
/// UTF-8, without control characters.
pub(crate) fn many<'a>(
    text: &'a [u8],
    expected: &'static str,
    fits: impl Fn(u8) -> bool,
) -> Parsed<'a, &'a str> {
    let len = text.iter().position(|&byte| !fits(byte)).unwrap_or(text.len());
    match text.split_at_checked(len) {
        Some((front @ [_, ..], rest)) => match core::str::from_utf8(front) {
            Ok(front) if front.is_ascii() || front.chars().all(is_printable) => Ok((rest, front)),
            _ => fail(text, expected),
        },
        _ => fail(text, expected),
    }
}

/// `1*20DIGIT`, as a number.
pub(crate) fn number(text: &[u8]) -> Parsed<'_, u64> {
    let (rest, digits) = many(text, "a number", |byte| byte.is_ascii_digit())?;
    match digits.parse() {
        Ok(number) if digits.len() <= 20 => Ok((rest, number)),
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

/// A byte of a character that a quoted string can hold: `qtextSMTP`, or what may follow its
/// backslash.
pub(crate) const fn is_quotable(byte: u8) -> bool {
    matches!(byte, b' '..=b'~' | 0x80..)
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
pub(crate) fn domain(text: &[u8]) -> Parsed<'_, &str> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | 0x80..);
    let (rest, name) = many(text, "a domain", fits)?;
    let fits = |label: &str| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-');
    if name.split('.').all(fits) && (name.is_ascii() || !name.contains(char::is_whitespace)) {
        Ok((rest, name))
    } else {
        fail(text, "a domain")
    }
}

/// `Dot-string = Atom *("."  Atom)`
pub(crate) fn dot_string(text: &[u8]) -> Parsed<'_, &str> {
    let (rest, name) = many(text, "a local part", |byte| is_atext(byte) || byte == b'.')?;
    if is_dot_string(name) { Ok((rest, name)) } else { fail(text, "a local part") }
}

/// Whether all of `name` is a `Dot-string`.
pub(crate) fn is_dot_string(name: &str) -> bool {
    name.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(is_atext))
}

/// ```text
/// Quoted-string   = DQUOTE *QcontentSMTP DQUOTE
/// QcontentSMTP    = qtextSMTP / quoted-pairSMTP
/// quoted-pairSMTP = %d92 %d32-126
/// qtextSMTP       = %d32-33 / %d35-91 / %d93-126
/// ```
/// Quotes and backslashes are taken away.
pub(crate) fn quoted_string(text: &[u8]) -> Parsed<'_, Cow<'_, str>> {
    let (inner, ()) = byte(b'"', "a quoted string")(text)?;
    let (mut content, mut rest) = (Cow::Borrowed(""), inner);
    loop {
        if let Some(after) = rest.strip_prefix(b"\"") {
            return Ok((after, content));
        }
        let escaped = rest.strip_prefix(b"\\");
        let (after, piece) = match escaped {
            Some(after) => match after.split_at_checked(1) {
                Some((one, after)) => (after, whole_ascii(one)),
                None => return fail(after, "a character"),
            },
            None => {
                let plain = |byte| is_quotable(byte) && !matches!(byte, b'"' | b'\\');
                let (after, piece) = many(rest, "the end of the quoted string", plain)?;
                (after, Some(piece))
            }
        };
        let Some(piece) = piece else { return fail(rest, "a printable character") };
        if content.is_empty() {
            content = Cow::Borrowed(piece);
        } else {
            content.to_mut().push_str(piece);
        }
        rest = after;
    }
}

/// `text` where all of it can stand in a quoted string.
fn whole_ascii(text: &[u8]) -> Option<&str> {
    text.iter()
        .all(|&byte| is_quotable(byte) && byte.is_ascii())
        .then(|| core::str::from_utf8(text).ok())
        .flatten()
}

/// `esmtp-keyword = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-")`
pub(crate) fn keyword(text: &[u8]) -> Parsed<'_, &str> {
    let (rest, word) =
        many(text, "a keyword", |byte| byte.is_ascii_alphanumeric() || byte == b'-')?;
    if word.starts_with('-') { fail(text, "a keyword") } else { Ok((rest, word)) }
}

/// `esmtp-value = 1*(%d33-60 / %d62-126 / UTF8-non-ascii)` (RFC 6531 §3.3)
pub(crate) fn value(text: &[u8]) -> Parsed<'_, &str> {
    many(text, "a value", |byte| matches!(byte, b'!'..=b'<' | b'>'..=b'~' | 0x80..))
}

/// ```text
/// xtext   = *( xchar / hexchar )
/// xchar   = any ASCII CHAR between "!" (33) and "~" (126) inclusive, except for "+" and "="
/// hexchar = ASCII "+" immediately followed by two upper case hexadecimal digits
/// ```
/// (RFC 3461 §4). The `hexchar`s are decoded; what they stand for must be UTF-8.
pub(crate) fn xtext(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('+') {
        return text
            .bytes()
            .all(|byte| matches!(byte, b'!'..=b'~') && byte != b'=')
            .then_some(Cow::Borrowed(text));
    }
    let mut decoded = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        rest = match (first, after) {
            (b'+', [high, low, after @ ..]) => {
                decoded.push(hex(*high)? << 4 | hex(*low)?);
                after
            }
            (b'+' | b'=' | ..=b' ' | 127.., _) => return None,
            _ => {
                decoded.push(first);
                after
            }
        };
    }
    String::from_utf8(decoded).ok().map(Cow::Owned)
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

    #[test]
    fn quoted_strings() {
        let read = |text| whole(text, quoted_string).ok();
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
        assert_eq!(xtext("e+3Dmc2@example.com").as_deref(), Some("e=mc2@example.com"));
        assert_eq!(xtext("<>").as_deref(), Some("<>"));
        for text in ["a=b", "+3", "+3g", "+3d", "a b", "+FF", "a\u{7f}"] {
            assert_eq!(xtext(text), None, "{text}");
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
