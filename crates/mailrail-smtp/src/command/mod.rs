//! What a client says.

mod auth;
mod bdat;
mod burl;
mod ehlo;
mod etrn;
mod help;
mod mail;
mod other;
mod rcpt;
mod vrfy;
mod xclient;

pub use auth::Auth;
pub use bdat::Bdat;
pub use burl::Burl;
pub use etrn::Etrn;
pub use help::Help;
pub use mail::{Body, Mail};
pub use other::Other;
pub use rcpt::Rcpt;
pub use vrfy::Vrfy;
pub use xclient::Attributes;

use crate::{Host, SyntaxError};
use mailrail_wire::Output;

/// A command (RFC 5321 §4.1.1, RFC 3207, RFC 4954).
///
/// ```
/// use mailrail_smtp::command::Command;
///
/// let Command::Mail(mail) = Command::parse(b"MAIL FROM:<alice@north.test> SIZE=500\r\n")? else {
///     panic!("that is a MAIL command");
/// };
/// assert_eq!(mail.size, Some(500));
/// # Ok::<_, mailrail_smtp::SyntaxError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Command<'a> {
    /// `EHLO SP ( Domain / address-literal )`
    Ehlo(Host<'a>),
    /// `HELO SP Domain`; an address literal is read too.
    Helo(Host<'a>),
    /// `LHLO SP ( Domain / address-literal )`, EHLO in LMTP (RFC 2033 §4.1)
    Lhlo(Host<'a>),
    /// `STARTTLS` (RFC 3207 §4)
    StartTls,
    /// `AUTH SP mechanism [SP initial-response]` (RFC 4954 §4)
    Auth(Auth<'a>),
    /// `MAIL FROM:` and a path (RFC 5321 §4.1.1.2)
    Mail(Mail<'a>),
    /// `RCPT TO:` and a path (RFC 5321 §4.1.1.3)
    Rcpt(Rcpt<'a>),
    /// `DATA`
    Data,
    /// `BDAT SP chunk-size [SP LAST]` (RFC 3030 §2)
    Bdat(Bdat),
    /// `RSET`
    Rset,
    /// `NOOP`, with a text that says nothing
    Noop,
    /// `VRFY SP String`
    Vrfy(Vrfy<'a>),
    /// `EXPN SP String`
    Expn(Vrfy<'a>),
    /// `HELP [SP String]`
    Help(Help<'a>),
    /// `BURL SP absolute-URI [SP LAST]` (RFC 4468 §3.5)
    Burl(Burl<'a>),
    /// `ETRN SP node` (RFC 1985 §5)
    Etrn(Etrn<'a>),
    /// `XCLIENT 1*( SP name=value )`
    Xclient(Attributes<'a>),
    /// `XFORWARD 1*( SP name=value )`
    Xforward(Attributes<'a>),
    /// One that this crate does not know; [`parse`](Self::parse) does not read it.
    Other(Other<'a>),
    /// `QUIT`
    Quit,
}

impl<'a> Command<'a> {
    /// Reads a command line, with its CR LF. Spaces before the CR LF do not count (RFC 5321
    /// §4.1.1).
    ///
    /// # Errors
    ///
    /// Where `line` is anything else: at offset 0 where the command is not known.
    pub fn parse(line: &'a [u8]) -> Result<Self, SyntaxError> {
        let Some(text) = line.strip_suffix(b"\r\n") else {
            return Err(SyntaxError { offset: line.len(), expected: "CR LF" });
        };
        let text = trim_end(text);
        // Clearing one bit makes small letters capitals, and makes a capital of nothing else.
        let (verb, arguments) = match text.split_first_chunk() {
            Some((verb, arguments @ ([] | [b' ', ..]))) => {
                (u32::from_be_bytes(*verb) & !0x2020_2020, arguments)
            }
            _ => return Self::parse_long(text),
        };
        // Each arm makes the command where it is returned: to move one takes as long as to read it.
        match verb {
            MAIL => Mail::parse_command(text, arguments),
            RCPT => Rcpt::parse_command(text, arguments),
            DATA | QUIT | RSET if !arguments.is_empty() => {
                Err(SyntaxError { offset: 4, expected: "the end" })
            }
            DATA => Ok(Self::Data),
            QUIT => Ok(Self::Quit),
            RSET => Ok(Self::Rset),
            BDAT => read(Bdat::parse_arguments(arguments), Self::Bdat),
            EHLO => read(ehlo::parse_arguments(arguments), Self::Ehlo),
            HELO => read(ehlo::parse_arguments(arguments), Self::Helo),
            LHLO => read(ehlo::parse_arguments(arguments), Self::Lhlo),
            AUTH => read(Auth::parse_arguments(arguments), Self::Auth),
            NOOP => read(vrfy::any_text(arguments), |_| Self::Noop),
            HELP => read(Help::parse_arguments(arguments), Self::Help),
            VRFY => read(Vrfy::parse_arguments(arguments), Self::Vrfy),
            EXPN => read(Vrfy::parse_arguments(arguments), Self::Expn),
            BURL => read(Burl::parse_arguments(arguments), Self::Burl),
            ETRN => read(Etrn::parse_arguments(arguments), Self::Etrn),
            _ => Err(UNKNOWN),
        }
    }

    /// Those whose verb is longer.
    fn parse_long(text: &'a [u8]) -> Result<Self, SyntaxError> {
        let len = memchr::memchr(b' ', text).unwrap_or(text.len());
        let Some((verb, arguments)) = text.split_at_checked(len) else { return Err(UNKNOWN) };
        let command = if verb.eq_ignore_ascii_case(b"STARTTLS") {
            match arguments {
                [] => Ok(Self::StartTls),
                _ => Err(SyntaxError { offset: 0, expected: "the end" }),
            }
        } else if verb.eq_ignore_ascii_case(b"XCLIENT") {
            Attributes::parse_arguments(arguments).map(Self::Xclient)
        } else if verb.eq_ignore_ascii_case(b"XFORWARD") {
            Attributes::parse_arguments(arguments).map(Self::Xforward)
        } else {
            return Err(UNKNOWN);
        };
        command.map_err(|error| behind(error, verb.len()))
    }

    /// Writes it, with its CR LF.
    pub fn encode(&self, out: &mut Output) {
        match self {
            Self::Ehlo(host) => ehlo::encode("EHLO", host, out),
            Self::Helo(host) => ehlo::encode("HELO", host, out),
            Self::Lhlo(host) => ehlo::encode("LHLO", host, out),
            Self::StartTls => out.text(b"STARTTLS"),
            Self::Auth(auth) => auth.encode(out),
            Self::Mail(mail) => mail.encode(out),
            Self::Rcpt(rcpt) => rcpt.encode(out),
            Self::Data => out.text(b"DATA"),
            Self::Bdat(bdat) => bdat.encode(out),
            Self::Rset => out.text(b"RSET"),
            Self::Noop => out.text(b"NOOP"),
            Self::Vrfy(vrfy) => vrfy.encode("VRFY", out),
            Self::Expn(expn) => expn.encode("EXPN", out),
            Self::Help(help) => help.encode(out),
            Self::Burl(burl) => burl.encode(out),
            Self::Etrn(etrn) => etrn.encode(out),
            Self::Xclient(attributes) => attributes.encode("XCLIENT", out),
            Self::Xforward(attributes) => attributes.encode("XFORWARD", out),
            Self::Other(other) => other.encode(out),
            Self::Quit => out.text(b"QUIT"),
        }
        out.text(b"\r\n");
    }
}

const MAIL: u32 = u32::from_be_bytes(*b"MAIL");
const RCPT: u32 = u32::from_be_bytes(*b"RCPT");
const BDAT: u32 = u32::from_be_bytes(*b"BDAT");
const DATA: u32 = u32::from_be_bytes(*b"DATA");
const EHLO: u32 = u32::from_be_bytes(*b"EHLO");
const HELO: u32 = u32::from_be_bytes(*b"HELO");
const LHLO: u32 = u32::from_be_bytes(*b"LHLO");
const QUIT: u32 = u32::from_be_bytes(*b"QUIT");
const RSET: u32 = u32::from_be_bytes(*b"RSET");
const AUTH: u32 = u32::from_be_bytes(*b"AUTH");
const NOOP: u32 = u32::from_be_bytes(*b"NOOP");
const HELP: u32 = u32::from_be_bytes(*b"HELP");
const VRFY: u32 = u32::from_be_bytes(*b"VRFY");
const EXPN: u32 = u32::from_be_bytes(*b"EXPN");
const BURL: u32 = u32::from_be_bytes(*b"BURL");
const ETRN: u32 = u32::from_be_bytes(*b"ETRN");

/// The command of a verb of four letters, by its arguments.
#[inline(always)]
fn read<'a, T>(
    arguments: Result<T, SyntaxError>,
    command: impl FnOnce(T) -> Command<'a>,
) -> Result<Command<'a>, SyntaxError> {
    match arguments {
        Ok(arguments) => Ok(command(arguments)),
        Err(error) => Err(behind(error, 4)),
    }
}

/// An error in the arguments of a verb of that length.
const fn behind(error: SyntaxError, verb: usize) -> SyntaxError {
    SyntaxError { offset: error.offset + verb, expected: error.expected }
}

const UNKNOWN: SyntaxError = SyntaxError { offset: 0, expected: "a command" };

fn trim_end(mut text: &[u8]) -> &[u8] {
    while let Some((b' ' | b'\t', front)) = text.split_last() {
        text = front;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verbs() {
        assert_eq!(Command::parse(b"quit  \t\r\n"), Ok(Command::Quit));
        assert_eq!(Command::parse(b"StartTLS\r\n"), Ok(Command::StartTls));
        assert_eq!(Command::parse(b"NOOP all is well\r\n"), Ok(Command::Noop));
        for line in [
            &b"\r\n"[..],
            b" QUIT\r\n",
            b"QUITX\r\n",
            b"XYZZ\r\n",
            b"QUI\r\n",
            b"QUIT\0\r\n",
            b"\0\0\0\0\r\n",
        ] {
            assert_eq!(Command::parse(line), Err(UNKNOWN), "{line:?}");
        }
        for line in [
            &b"QUIT"[..],
            b"QUIT\n",
            b"QUIT now\r\n",
            b"DATA now\r\n",
            b"STARTTLS now\r\n",
            b"NOOP \0\r\n",
            b"NOOP a\nb\r\n",
            b"MAIL\r\n",
            b"RCPT\r\n",
            b"EHLO\r\n",
            b"VRFY\r\n",
            b"AUTH\r\n",
        ] {
            assert!(Command::parse(line).is_err_and(|error| error.offset > 0), "{line:?}");
        }
    }

    #[test]
    fn offsets_count_from_the_line_s_start() {
        let error = Command::parse(b"MAIL FROM:<a b>\r\n").unwrap_err();
        assert_eq!((error.offset, error.expected), (12, "@"));
    }
}
