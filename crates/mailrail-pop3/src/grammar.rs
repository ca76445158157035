//! The lexical tokens of RFC 1939 §3 and RFC 2449 §4.

use crate::{MessageNumber, SyntaxError};
use nom::{
    Finish, IResult, Parser,
    bytes::complete::take_while,
    character::complete::{char, digit1},
    combinator::{all_consuming, map_opt},
    error::{ErrorKind, ParseError},
};

/// Where a parser stopped, and for want of what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stopped<'a> {
    at: &'a [u8],
    expected: &'static str,
}

pub(crate) type Parsed<'a, T> = IResult<&'a [u8], T, Stopped<'a>>;

impl<'a> ParseError<&'a [u8]> for Stopped<'a> {
    fn from_error_kind(at: &'a [u8], kind: ErrorKind) -> Self {
        let expected = if kind == ErrorKind::Eof { "the end" } else { "something else" };
        Self { at, expected }
    }

    fn append(_: &'a [u8], _: ErrorKind, other: Self) -> Self {
        other
    }
}

/// Runs a parser over all of `bytes`.
pub(crate) fn parse_all<'a, T>(
    bytes: &'a [u8],
    parser: impl Parser<&'a [u8], Output = T, Error = Stopped<'a>>,
) -> Result<T, SyntaxError> {
    match all_consuming(parser).parse(bytes).finish() {
        Ok((_, value)) => Ok(value),
        Err(Stopped { at, expected }) => {
            Err(SyntaxError { offset: bytes.len().saturating_sub(at.len()), expected })
        }
    }
}

/// Names what a parser looks for.
pub(crate) fn expect<'a, T>(
    expected: &'static str,
    mut parser: impl Parser<&'a [u8], Output = T, Error = Stopped<'a>>,
) -> impl Parser<&'a [u8], Output = T, Error = Stopped<'a>> {
    move |input: &'a [u8]| {
        parser.parse(input).map_err(|error| error.map(|_| Stopped { at: input, expected }))
    }
}

/// The space between keyword and parameters: one, no more (RFC 1939 §3).
pub(crate) fn space(input: &[u8]) -> Parsed<'_, char> {
    expect("a space", char(' ')).parse(input)
}

/// A run of digits whose value fits; never more digits than fit.
pub(crate) fn number<T: core::str::FromStr>(input: &[u8]) -> Parsed<'_, T> {
    let value = map_opt(digit1, |digits| core::str::from_utf8(digits).ok()?.parse().ok());
    expect("a number", value).parse(input)
}

/// A message-number: from 1 on (RFC 1939 §4).
pub(crate) fn message_number(input: &[u8]) -> Parsed<'_, MessageNumber> {
    expect("a message number", map_opt(number::<u32>, MessageNumber::new)).parse(input)
}

/// All that is left.
pub(crate) fn rest(input: &[u8]) -> Parsed<'_, &[u8]> {
    take_while(|_| true).parse(input)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        assert_eq!(parse_all(b"120", number::<u64>), Ok(120));
        assert_eq!(parse_all(b"18446744073709551615", number::<u64>), Ok(u64::MAX));
        for (text, offset) in [(&b""[..], 0), (b"x", 0), (b"-1", 0), (b"18446744073709551616", 0)] {
            let expected = "a number";
            assert_eq!(parse_all(text, number::<u64>), Err(SyntaxError { offset, expected }));
        }
        let expected = "the end";
        assert_eq!(parse_all(b"12x", number::<u64>), Err(SyntaxError { offset: 2, expected }));
        let expected = "a message number";
        assert_eq!(parse_all(b"0", message_number), Err(SyntaxError { offset: 0, expected }));
    }
}
