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
        let (verb, arguments) = match memchr::memchr(b' ', text) {
            Some(at) => text.split_at_checked(at).unwrap_or((text, &[])),
            None => (text, &[][..]),
        };
        let bare = |command| match arguments {
            [] => Ok(command),
            _ => Err(SyntaxError { offset: 0, expected: "the end" }),
        };
        let command = match *verb {
            [a, b, c, d] => match [a, b, c, d].map(|byte| byte.to_ascii_uppercase()) {
                [b'M', b'A', b'I', b'L'] => Mail::parse_arguments(arguments).map(Self::Mail),
                [b'R', b'C', b'P', b'T'] => Rcpt::parse_arguments(arguments).map(Self::Rcpt),
                [b'D', b'A', b'T', b'A'] => bare(Self::Data),
                [b'E', b'H', b'L', b'O'] => ehlo::parse_arguments(arguments).map(Self::Ehlo),
                [b'H', b'E', b'L', b'O'] => ehlo::parse_arguments(arguments).map(Self::Helo),
                [b'L', b'H', b'L', b'O'] => ehlo::parse_arguments(arguments).map(Self::Lhlo),
                [b'B', b'D', b'A', b'T'] => Bdat::parse_arguments(arguments).map(Self::Bdat),
                [b'Q', b'U', b'I', b'T'] => bare(Self::Quit),
                [b'R', b'S', b'E', b'T'] => bare(Self::Rset),
                [b'A', b'U', b'T', b'H'] => Auth::parse_arguments(arguments).map(Self::Auth),
                [b'N', b'O', b'O', b'P'] => vrfy::any_text(arguments).map(|_| Self::Noop),
                [b'H', b'E', b'L', b'P'] => Help::parse_arguments(arguments).map(Self::Help),
                [b'V', b'R', b'F', b'Y'] => Vrfy::parse_arguments(arguments).map(Self::Vrfy),
                [b'E', b'X', b'P', b'N'] => Vrfy::parse_arguments(arguments).map(Self::Expn),
                [b'B', b'U', b'R', b'L'] => Burl::parse_arguments(arguments).map(Self::Burl),
                [b'E', b'T', b'R', b'N'] => Etrn::parse_arguments(arguments).map(Self::Etrn),
                _ => return Err(UNKNOWN),
            },
            _ if verb.eq_ignore_ascii_case(b"STARTTLS") => bare(Self::StartTls),
            _ if verb.eq_ignore_ascii_case(b"XCLIENT") => {
                Attributes::parse_arguments(arguments).map(Self::Xclient)
            }
            _ if verb.eq_ignore_ascii_case(b"XFORWARD") => {
                Attributes::parse_arguments(arguments).map(Self::Xforward)
            }
            _ => return Err(UNKNOWN),
        };
        // The rules count from the verb's end.
        command.map_err(|error| SyntaxError { offset: error.offset + verb.len(), ..error })
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
