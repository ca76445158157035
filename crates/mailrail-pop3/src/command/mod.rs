//! Commands (RFC 1939 §3, RFC 2449 §4).

mod apop;
mod auth;

pub use apop::Apop;
pub use auth::Auth;

use crate::{
    LanguageRange, MessageNumber, Password, SyntaxError, UserName,
    grammar::{Parsed, message_number, number, parse_all, space},
};
use core::fmt::Write as _;
use mailrail_wire::Output;
use nom::{
    Parser,
    combinator::{cut, opt},
    sequence::preceded,
};

/// A command of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Command<'a> {
    /// What the server can do (RFC 2449 §5).
    Capa,
    /// Begin TLS (RFC 2595 §4).
    Stls,
    /// Log in by a SASL mechanism (RFC 5034 §4).
    Auth(Auth<'a>),
    /// Log in with a digest of the password (RFC 1939 §7).
    Apop(Apop<'a>),
    /// Take and send UTF-8 from here on (RFC 6856 §2.1).
    Utf8,
    /// Speak this language, or list those there are (RFC 6856 §3).
    Lang(Option<LanguageRange<'a>>),
    /// Whose maildrop (RFC 1939 §7).
    User(UserName<'a>),
    /// Its password (RFC 1939 §7).
    Pass(Password<'a>),
    /// How many messages and octets (RFC 1939 §5).
    Stat,
    /// The size of a message, or of each (RFC 1939 §5).
    List(Option<MessageNumber>),
    /// The unique-id of a message, or of each (RFC 1939 §7).
    Uidl(Option<MessageNumber>),
    /// A message (RFC 1939 §5).
    Retr(MessageNumber),
    /// A message's header and the first lines of its body (RFC 1939 §7).
    Top {
        /// The message.
        message: MessageNumber,
        /// How many lines of the body.
        lines: u32,
    },
    /// Mark a message as deleted (RFC 1939 §5).
    Dele(MessageNumber),
    /// Unmark all (RFC 1939 §5).
    Rset,
    /// Nothing (RFC 1939 §5).
    Noop,
    /// The end: what is marked is deleted (RFC 1939 §4, §6).
    Quit,
}

impl<'a> Command<'a> {
    /// Reads a line without its CR LF. Keywords are read in any case of letters.
    ///
    /// ```text
    /// command = keyword *(SP param) CRLF
    /// keyword = 3*4VCHAR
    /// ```
    ///
    /// # Errors
    ///
    /// Where the command is unknown, or its parameters are not what it takes.
    pub fn parse(line: &'a [u8]) -> Result<Self, SyntaxError> {
        let len = line.iter().position(|&byte| byte == b' ').unwrap_or(line.len());
        let (keyword, params) = line.split_at_checked(len).unwrap_or_default();
        let mut upper = [0; 4];
        if let Some(to) = upper.get_mut(..keyword.len()) {
            to.copy_from_slice(keyword);
            upper.make_ascii_uppercase();
        }
        let none = |command| parse_all(params, |input| Ok((input, ()))).map(|()| command);
        let parsed = match upper.get(..keyword.len()).unwrap_or_default() {
            b"CAPA" => none(Self::Capa),
            b"STLS" => none(Self::Stls),
            b"STAT" => none(Self::Stat),
            b"RSET" => none(Self::Rset),
            b"NOOP" => none(Self::Noop),
            b"QUIT" => none(Self::Quit),
            b"UTF8" => none(Self::Utf8),
            b"LANG" if params.is_empty() => Ok(Self::Lang(None)),
            b"LANG" => text(params, LanguageRange::parse).map(|range| Self::Lang(Some(range))),
            b"APOP" => Apop::parse_params(params).map(Self::Apop),
            b"AUTH" => Auth::parse_params(params).map(Self::Auth),
            b"USER" => text(params, UserName::parse).map(Self::User),
            b"PASS" => text(params, Password::parse).map(Self::Pass),
            b"LIST" => parse_all(params, opt(argument)).map(Self::List),
            b"UIDL" => parse_all(params, opt(argument)).map(Self::Uidl),
            b"RETR" => parse_all(params, argument).map(Self::Retr),
            b"DELE" => parse_all(params, argument).map(Self::Dele),
            b"TOP" => parse_all(params, (argument, preceded(space, number::<u32>)))
                .map(|(message, lines)| Self::Top { message, lines }),
            _ => return Err(SyntaxError { offset: 0, expected: "a command" }),
        };
        parsed.map_err(|error| SyntaxError { offset: error.offset + len, ..error })
    }

    /// Writes it, with its CR LF.
    pub fn encode(&self, out: &mut Output) {
        // Writing to an `Output` never fails.
        let _ = match self {
            Self::Capa => out.write_str("CAPA"),
            Self::Stls => out.write_str("STLS"),
            Self::Auth(auth) => {
                auth.encode(out);
                Ok(())
            }
            Self::Apop(apop) => apop.encode(out),
            Self::Utf8 => out.write_str("UTF8"),
            Self::Lang(None) => out.write_str("LANG"),
            Self::Lang(Some(range)) => write!(out, "LANG {}", range.as_str()),
            Self::User(name) => write!(out, "USER {}", name.as_str()),
            Self::Pass(password) => write!(out, "PASS {}", password.secret().expose()),
            Self::Stat => out.write_str("STAT"),
            Self::List(None) => out.write_str("LIST"),
            Self::List(Some(message)) => write!(out, "LIST {message}"),
            Self::Uidl(None) => out.write_str("UIDL"),
            Self::Uidl(Some(message)) => write!(out, "UIDL {message}"),
            Self::Retr(message) => write!(out, "RETR {message}"),
            Self::Top { message, lines } => write!(out, "TOP {message} {lines}"),
            Self::Dele(message) => write!(out, "DELE {message}"),
            Self::Rset => out.write_str("RSET"),
            Self::Noop => out.write_str("NOOP"),
            Self::Quit => out.write_str("QUIT"),
        };
        out.text(b"\r\n");
    }
}

fn argument(input: &[u8]) -> Parsed<'_, MessageNumber> {
    preceded(space, cut(message_number)).parse(input)
}

/// The parameter that may hold spaces: all behind the first one (RFC 1939 §7, PASS).
fn text<'a, T>(
    params: &'a [u8],
    parse: impl Fn(&'a [u8]) -> Result<T, SyntaxError>,
) -> Result<T, SyntaxError> {
    let text = params.strip_prefix(b" ").ok_or(SyntaxError { offset: 0, expected: "a space" })?;
    parse(text).map_err(|error| SyntaxError { offset: error.offset + 1, ..error })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_in_any_case_and_one_space() {
        let seven = MessageNumber::new(7).unwrap();
        assert_eq!(Command::parse(b"retr 7"), Ok(Command::Retr(seven)));
        assert_eq!(Command::parse(b"tOp 7 0"), Ok(Command::Top { message: seven, lines: 0 }));
        assert_eq!(Command::parse(b"LIST"), Ok(Command::List(None)));
        for (line, offset) in [
            (&b""[..], 0),
            (b"XYZZY", 0),
            (b"RETRX 1", 0),
            (b"STAT ", 4),
            (b"STAT 1", 4),
            (b"RETR", 4),
            (b"RETR ", 5),
            (b"RETR  1", 5),
            (b"RETR 0", 5),
            (b"RETR 4294967296", 5),
            (b"RETR -1", 5),
            (b"RETR 1 ", 6),
            (b"RETR 1\rDELE 1", 6),
            (b"TOP 1", 5),
            (b"TOP 1 x", 6),
            (b"LIST x", 5),
            (b"USER a b", 6),
            (b"PASS", 4),
            (b"NOOP\n", 0),
            (b"UTF8 x", 4),
            (b"LANG ", 5),
            (b"LANG en de", 7),
            (b"APOP", 4),
            (b"APOP mrose", 10),
            (b"APOP mrose c4c9", 15),
            (b"APOP  c4c9334bac560ecc979e58001b3e22fb", 5),
        ] {
            assert_eq!(Command::parse(line).unwrap_err().offset, offset, "{line:?}");
        }
    }
}
