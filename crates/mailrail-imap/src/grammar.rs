//! The lexical tokens of RFC 3501 §9 and RFC 9051 §9.
//!
//! Parsers work on one whole unit as [`framing`](crate::framing) cut it, literals in place.

use crate::SyntaxError;
use alloc::{borrow::Cow, vec::Vec};
use core::num::NonZeroU32;
use nom::{
    IResult, Parser,
    bytes::complete::{tag, tag_no_case, take, take_while, take_while1},
    character::complete::char,
    combinator::{map, opt, value},
    error::{ErrorKind, ParseError},
    multi::{separated_list0, separated_list1},
    sequence::{delimited, preceded},
};

/// How deep parentheses, NOT and OR, and body parts may nest. Deeper is a syntax error.
pub(crate) const NESTING: usize = 64;

/// What a parser of this crate returns.
pub(crate) type Parsed<'a, T> = IResult<&'a [u8], T, Fault<'a>>;

/// Where a parser stopped, and what it wanted there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fault<'a> {
    at: &'a [u8],
    expected: &'static str,
}

impl<'a> ParseError<&'a [u8]> for Fault<'a> {
    fn from_error_kind(at: &'a [u8], _: ErrorKind) -> Self {
        Self { at, expected: "other syntax" }
    }

    fn append(_: &'a [u8], _: ErrorKind, other: Self) -> Self {
        other
    }

    /// Of several alternatives, the one that got furthest tells most.
    fn or(self, other: Self) -> Self {
        if other.at.len() < self.at.len() { other } else { self }
    }
}

/// Refuses what comes at `at`.
pub(crate) const fn fault<'a, T>(at: &'a [u8], expected: &'static str) -> Parsed<'a, T> {
    Err(nom::Err::Error(Fault { at, expected }))
}

/// Names what `parser` reads, for the error where it fails at its first byte.
pub(crate) fn named<'a, T>(
    expected: &'static str,
    mut parser: impl Parser<&'a [u8], Output = T, Error = Fault<'a>>,
) -> impl FnMut(&'a [u8]) -> Parsed<'a, T> {
    move |i| {
        parser.parse(i).map_err(|error| {
            error.map(
                |fault| {
                    if fault.at.len() == i.len() { Fault { at: i, expected } } else { fault }
                },
            )
        })
    }
}

/// Runs `parser` over all of `unit`.
pub(crate) fn whole<'a, T>(
    unit: &'a [u8],
    mut parser: impl Parser<&'a [u8], Output = T, Error = Fault<'a>>,
) -> Result<T, SyntaxError> {
    match parser.parse(unit) {
        Ok(([], value)) => Ok(value),
        Ok((rest, _)) => Err(SyntaxError::new(unit.len() - rest.len(), "the end")),
        Err(nom::Err::Error(fault) | nom::Err::Failure(fault)) => {
            Err(SyntaxError::new(unit.len() - fault.at.len(), fault.expected))
        }
        Err(nom::Err::Incomplete(_)) => Err(SyntaxError::new(unit.len(), "more")),
    }
}

/// `ATOM-CHAR = <any CHAR except atom-specials>`
pub(crate) const fn is_atom_char(b: u8) -> bool {
    matches!(b, 0x21..=0x7e) && !matches!(b, b'(' | b')' | b'{' | b'%' | b'*' | b'"' | b'\\' | b']')
}

/// `ASTRING-CHAR = ATOM-CHAR / resp-specials`
pub(crate) const fn is_astring_char(b: u8) -> bool {
    is_atom_char(b) || b == b']'
}

/// `TEXT-CHAR = <any CHAR except CR and LF>`, and bytes of UTF-8 (RFC 9051) or of older charsets.
pub(crate) const fn is_text_char(b: u8) -> bool {
    !matches!(b, 0 | b'\r' | b'\n')
}

pub(crate) fn sp(i: &[u8]) -> Parsed<'_, ()> {
    named("a space", value((), char(' '))).parse(i)
}

pub(crate) fn crlf(i: &[u8]) -> Parsed<'_, ()> {
    named("the end of the line", value((), tag(&b"\r\n"[..]))).parse(i)
}

/// A word of the protocol, in any case.
pub(crate) fn word<'a>(text: &'static str) -> impl FnMut(&'a [u8]) -> Parsed<'a, ()> {
    move |i| named(text, value((), tag_no_case(text.as_bytes()))).parse(i)
}

/// A word in upper case, written into `buf`, to be matched with known words; empty where it is
/// longer than any of them.
pub(crate) fn name<'b>(buf: &'b mut [u8; 20], word: &[u8]) -> &'b [u8] {
    let Some(part) = buf.get_mut(..word.len()) else { return &[] };
    part.copy_from_slice(word);
    part.make_ascii_uppercase();
    part
}

/// `atom = 1*ATOM-CHAR`
pub(crate) fn atom(i: &[u8]) -> Parsed<'_, &str> {
    named("an atom", take_while1(is_atom_char))
        .parse(i)
        .and_then(|(rest, bytes)| ascii(rest, bytes))
}

/// Bytes that a parser has found to be ASCII.
pub(crate) fn ascii<'a>(rest: &'a [u8], bytes: &'a [u8]) -> Parsed<'a, &'a str> {
    match core::str::from_utf8(bytes) {
        Ok(text) => Ok((rest, text)),
        Err(_) => fault(bytes, "ASCII"),
    }
}

/// `number64 = 1*DIGIT ; Unsigned 63-bit integer`
pub(crate) fn number64(i: &[u8]) -> Parsed<'_, u64> {
    let (rest, digits) = named("a number", take_while1(|b: u8| b.is_ascii_digit())).parse(i)?;
    match decimal(digits) {
        n if n <= i64::MAX as u64 => Ok((rest, n)),
        _ => fault(i, "a number below 2^63"),
    }
}

/// The value of digits, or the largest there is where they say more.
pub(crate) fn decimal(digits: &[u8]) -> u64 {
    digits.iter().fold(0_u64, |n, b| n.saturating_mul(10).saturating_add(u64::from(b & 0x0f)))
}

/// `number = 1*DIGIT ; Unsigned 32-bit integer`
pub(crate) fn number(i: &[u8]) -> Parsed<'_, u32> {
    let (rest, n) = number64(i)?;
    u32::try_from(n).map_or_else(|_| fault(i, "a number below 2^32"), |n| Ok((rest, n)))
}

/// `nz-number = digit-nz *DIGIT ; Non-zero unsigned 32-bit integer`
pub(crate) fn nz_number(i: &[u8]) -> Parsed<'_, NonZeroU32> {
    let (rest, n) = number(i)?;
    NonZeroU32::new(n).map_or_else(|| fault(i, "a number above 0"), |n| Ok((rest, n)))
}

/// ```abnf
/// quoted      = DQUOTE *QUOTED-CHAR DQUOTE
/// QUOTED-CHAR = <any TEXT-CHAR except quoted-specials> / "\" quoted-specials / UTF8-2 / UTF8-3 / UTF8-4
/// ```
pub(crate) fn quoted(i: &[u8]) -> Parsed<'_, Cow<'_, [u8]>> {
    let (mut rest, _) = named("a quoted string", char('"')).parse(i)?;
    let mut unescaped = Vec::new();
    loop {
        let special = |b: &u8| matches!(b, b'"' | b'\\') || !is_text_char(*b);
        let plain = rest.iter().position(special).unwrap_or(rest.len());
        let (run, end) = rest.split_at(plain);
        match end {
            [b'"', after @ ..] if unescaped.is_empty() => return Ok((after, Cow::Borrowed(run))),
            [b'"', after @ ..] => {
                unescaped.extend_from_slice(run);
                return Ok((after, Cow::Owned(unescaped)));
            }
            [b'\\', byte @ (b'"' | b'\\'), after @ ..] => {
                unescaped.extend_from_slice(run);
                unescaped.push(*byte);
                rest = after;
            }
            _ => return fault(end, "the rest of a quoted string"),
        }
    }
}

/// `literal = "{" number64 ["+"] "}" CRLF *CHAR8`, with all its octets in place.
pub(crate) fn literal(i: &[u8]) -> Parsed<'_, &[u8]> {
    let (rest, n) = announcement(i).map(|(rest, (n, _))| (rest, n))?;
    let n = usize::try_from(n).unwrap_or(usize::MAX);
    let (rest, octets) = named("the octets of a literal", take(n)).parse(rest)?;
    match memchr::memchr(0, octets) {
        Some(at) => fault(octets.get(at..).unwrap_or_default(), "no NUL"),
        None => Ok((rest, octets)),
    }
}

/// `"{" number64 ["+"] "}" CRLF`: the octets to come, and whether they come without waiting.
pub(crate) fn announcement(i: &[u8]) -> Parsed<'_, (u64, bool)> {
    let plus = map(opt(char('+')), |plus| plus.is_some());
    delimited(named("a literal", char('{')), (number64, plus), tag(&b"}\r\n"[..])).parse(i)
}

/// `string = quoted / literal`
pub(crate) fn string(i: &[u8]) -> Parsed<'_, Cow<'_, [u8]>> {
    match i.first() {
        Some(b'"') => quoted(i),
        Some(b'{') => map(literal, Cow::Borrowed).parse(i),
        _ => fault(i, "a string"),
    }
}

/// `astring = 1*ASTRING-CHAR / string`
pub(crate) fn astring(i: &[u8]) -> Parsed<'_, Cow<'_, [u8]>> {
    match i.first() {
        Some(b'"' | b'{') => string(i),
        _ => named("an astring", map(take_while1(is_astring_char), Cow::Borrowed)).parse(i),
    }
}

/// `nstring = string / nil`
pub(crate) fn nstring(i: &[u8]) -> Parsed<'_, Option<Cow<'_, [u8]>>> {
    match i.first() {
        Some(b'"' | b'{') => map(string, Some).parse(i),
        _ => named("a string or NIL", map(nil, |()| None)).parse(i),
    }
}

/// `nil = "NIL"`
pub(crate) fn nil(i: &[u8]) -> Parsed<'_, ()> {
    word("NIL").parse(i)
}

/// `text = 1*TEXT-CHAR`, or none.
pub(crate) fn text(i: &[u8]) -> Parsed<'_, &[u8]> {
    take_while(is_text_char).parse(i)
}

/// `"(" [item *(SP item)] ")"`
pub(crate) fn list0<'a, T>(
    item: impl Parser<&'a [u8], Output = T, Error = Fault<'a>>,
) -> impl Parser<&'a [u8], Output = Vec<T>, Error = Fault<'a>> {
    delimited(named("a list", char('(')), separated_list0(char(' '), item), close)
}

/// `"(" item *(SP item) ")"`
pub(crate) fn list1<'a, T>(
    item: impl Parser<&'a [u8], Output = T, Error = Fault<'a>>,
) -> impl Parser<&'a [u8], Output = Vec<T>, Error = Fault<'a>> {
    delimited(named("a list", char('(')), separated_list1(char(' '), item), close)
}

pub(crate) fn close(i: &[u8]) -> Parsed<'_, ()> {
    named("the end of a list", value((), char(')'))).parse(i)
}

/// The DQUOTE behind a date.
pub(crate) fn close_quote(i: &[u8]) -> Parsed<'_, ()> {
    named("the closing quote", value((), char('"'))).parse(i)
}

/// An argument: a space, and what `parser` reads.
pub(crate) fn arg<'a, T>(
    parser: impl Parser<&'a [u8], Output = T, Error = Fault<'a>>,
) -> impl Parser<&'a [u8], Output = T, Error = Fault<'a>> {
    preceded(sp, parser)
}

/// Digits of a date: exactly `n` of them.
pub(crate) fn digits<'a>(n: usize) -> impl FnMut(&'a [u8]) -> Parsed<'a, u16> {
    move |i| {
        let (rest, digits) = named("digits", take(n)).parse(i)?;
        match u16::try_from(decimal(digits)) {
            Ok(n) if digits.iter().all(u8::is_ascii_digit) => Ok((rest, n)),
            _ => fault(i, "digits"),
        }
    }
}

/// A value of an extension, whose meaning is not known: an atom, a string, or a list of them.
pub(crate) fn unknown_value(i: &[u8]) -> Parsed<'_, &[u8]> {
    let (mut rest, mut depth) = (i, 0_usize);
    loop {
        rest = match rest {
            [b'(', after @ ..] if depth < NESTING => {
                depth += 1;
                after
            }
            [b')', after @ ..] if depth > 0 => {
                depth -= 1;
                after
            }
            [b' ', after @ ..] if depth > 0 => after,
            [b'"' | b'{', ..] => string(rest)?.0,
            _ => {
                let part = |b: u8| matches!(b, 0x21..=0x7e) && !b"(){\"".contains(&b);
                named("a value", take_while1(part)).parse(rest)?.0
            }
        };
        if depth == 0 {
            return Ok((rest, i.get(..i.len() - rest.len()).unwrap_or_default()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_borrow_unless_escaped() {
        assert!(matches!(quoted(b"\"a b\" c"), Ok((b" c", Cow::Borrowed(b"a b")))));
        let (rest, text) = quoted(br#""a\"b\\" c"#).unwrap();
        assert_eq!((rest, &*text), (&b" c"[..], &br#"a"b\"#[..]));
        assert!(quoted(b"\"a").is_err() && quoted(b"\"a\\n\"").is_err());
        assert!(quoted(b"\"a\r\n\"").is_err() && quoted(b"\"a\0\"").is_err());
        assert_eq!(literal(b"{3}\r\na\r\nb").unwrap(), (&b"b"[..], &b"a\r\n"[..]));
        assert!(literal(b"{3+}\r\nab").is_err() && literal(b"{1}\r\n\0").is_err());
        assert_eq!(nstring(b"nil)").unwrap(), (&b")"[..], None));
        assert_eq!(&*astring(b"a]b c").unwrap().1, b"a]b");
    }

    #[test]
    fn numbers_have_ends() {
        assert_eq!(number(b"4294967295 ").unwrap().1, u32::MAX);
        assert!(number(b"4294967296").is_err() && nz_number(b"0").is_err());
        assert_eq!(number64(b"9223372036854775807").unwrap().1, i64::MAX as u64);
        assert!(number64(b"9223372036854775808").is_err());
        assert!(number64(b"99999999999999999999999").is_err());
        assert!(literal(b"{9223372036854775807}\r\nx").is_err());
    }

    #[test]
    fn errors_tell_where() {
        let error = whole(b"NIL x", nil).unwrap_err();
        assert_eq!((error.offset(), error.expected()), (3, "the end"));
        let error = whole(b"(a b\"", list1(atom)).unwrap_err();
        assert_eq!((error.offset(), error.expected()), (4, "the end of a list"));
    }

    #[test]
    fn unknown_values_are_stepped_over() {
        assert_eq!(unknown_value(b"(1 (\"a)\" {1}\r\n)) x) b").unwrap().0, b" b");
        assert_eq!(unknown_value(b"12)").unwrap(), (&b")"[..], &b"12"[..]));
        assert!(unknown_value(&[b'('; 100_000]).is_err());
    }
}
