//! The lexical tokens of RFC 5322 §3.2 and RFC 2045 §5.1.
//!
//! Values are parsed while still folded: CR and LF count as white space, so nothing has to be copied to unfold it.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use memchr::{memchr2, memchr3};
use nom::bytes::complete::take_while1;
use nom::character::complete::char;
use nom::error::{Error, ErrorKind};
use nom::sequence::delimited;
use nom::{IResult, Parser};

use crate::scan::{from, is_fws, slice, trim_start};

pub(crate) type Parsed<'a, T> = IResult<&'a [u8], T>;

/// `atext`, RFC 5322 §3.2.3, and any byte of a UTF-8 sequence (RFC 6532 §3.2).
pub(crate) const fn is_atext(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'/' | b'=' | b'?' | b'^'..=b'`' | b'{'..=b'~'
        )
        || byte >= 0x80
}

/// A byte of a MIME `token`, RFC 2045 §5.1.
pub(crate) const fn is_token(byte: u8) -> bool {
    byte.is_ascii_graphic()
        && !matches!(
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
        )
}

/// `[CFWS]`: white space and comments, as many as there are. An unclosed comment runs to the end.
pub(crate) fn cfws(mut input: &[u8]) -> Parsed<'_, ()> {
    loop {
        input = trim_start(input, is_fws);
        if input.first() != Some(&b'(') {
            return Ok((input, ()));
        }
        (input, _) = comment(input);
    }
}

/// `comment = "(" *([FWS] ccontent) [FWS] ")"`: what follows it, and what stands between the outer parentheses.
pub(crate) fn comment(input: &[u8]) -> (&[u8], &[u8]) {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(found) = memchr3(b'(', b')', b'\\', from(input, at)) {
        at += found;
        match input.get(at) {
            Some(b'(') => depth += 1,
            Some(b')') => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return (from(input, at + 1), slice(input, 1..at));
                }
            }
            _ => at += 1,
        }
        at += 1;
    }
    (&[], from(input, 1))
}

/// `quoted-string = DQUOTE *([FWS] qcontent) [FWS] DQUOTE`: what stands between the quotes, still escaped.
pub(crate) fn quoted(input: &[u8]) -> Parsed<'_, &[u8]> {
    if input.first() == Some(&b'"') {
        let mut at = 1;
        while let Some(found) = memchr2(b'"', b'\\', from(input, at)) {
            at += found;
            if input.get(at) == Some(&b'"') {
                return Ok((from(input, at + 1), slice(input, 1..at)));
            }
            at += 2;
        }
    }
    Err(nom::Err::Error(Error::new(input, ErrorKind::Char)))
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

/// `token = 1*<any (US-ASCII) CHAR except SPACE, CTLs, or tspecials>`
pub(crate) fn token(input: &[u8]) -> Parsed<'_, &str> {
    let (rest, token) = take_while1(is_token).parse(input)?;
    // A token is ASCII, so this cannot fail.
    Ok((rest, core::str::from_utf8(token).unwrap_or_default()))
}

/// A token between optional white space and comments.
pub(crate) fn spaced_token(input: &[u8]) -> Parsed<'_, &str> {
    delimited(cfws, token, cfws).parse(input)
}

/// A character between optional white space and comments.
pub(crate) fn spaced_char<'a>(
    wanted: char,
) -> impl Parser<&'a [u8], Output = char, Error = Error<&'a [u8]>> {
    delimited(cfws, char(wanted), cfws)
}

/// Whether text is a `dot-atom` (RFC 5322 §3.2.3).
pub(crate) fn is_dot_atom(text: &[u8]) -> bool {
    !text.is_empty()
        && text
            .split(|byte| *byte == b'.')
            .all(|atom| !atom.is_empty() && atom.iter().all(|byte| is_atext(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_nest_and_escape() {
        assert_eq!(cfws(b" (a (b) \\) c)\r\n x"), Ok((&b"x"[..], ())));
        assert_eq!(comment(b"(a(b)c)d"), (&b"d"[..], &b"a(b)c"[..]));
        assert_eq!(comment(b"(never"), (&b""[..], &b"never"[..]));
    }

    #[test]
    fn quoted_strings_end_at_their_quote() {
        assert_eq!(quoted(b"\"a\\\"b\"c"), Ok((&b"c"[..], &b"a\\\"b"[..])));
        assert!(quoted(b"\"a").is_err());
        assert!(quoted(b"\"a\\").is_err());
        assert_eq!(&*unescape(b"a\\\"b\r\n c"), b"a\"b c");
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
