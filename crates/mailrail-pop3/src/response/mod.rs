//! Responses (RFC 1939 §3, RFC 2449 §4, §8).

mod capability;
mod code;
mod language;
mod listing;

pub use capability::{Capabilities, Expire, LoginDelay, Utf8};
pub use code::ResponseCode;
pub use language::LanguageListing;
pub use listing::{DropListing, ScanListing, UniqueIdListing};

use crate::{SyntaxError, Text};
use mailrail_wire::Output;

/// Whether a command was carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "RFC 1939 §3: there are currently two, and for ever")]
pub enum Status {
    /// `+OK`
    Ok,
    /// `-ERR`
    Err,
}

/// The line that answers a command, or begins the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Response<'a> {
    status: Status,
    code: Option<ResponseCode<'a>>,
    text: &'a [u8],
}

impl<'a> Response<'a> {
    /// `+OK` and words.
    #[must_use]
    pub const fn ok(text: Text<'a>) -> Self {
        Self { status: Status::Ok, code: None, text: text.as_str().as_bytes() }
    }

    /// `-ERR`, a code and words.
    #[must_use]
    pub const fn err(code: Option<ResponseCode<'a>>, text: Text<'a>) -> Self {
        Self { status: Status::Err, code, text: text.as_str().as_bytes() }
    }

    /// Reads a line without its CR LF.
    ///
    /// ```text
    /// single-line = status [SP text] CRLF
    /// status      = "+OK" / "-ERR"
    /// text        = *schar / resp-code *CHAR
    /// ```
    ///
    /// A text that begins with a bracket and is no response code is text (RFC 2449 §6.4: it means
    /// a code only where the server announces RESP-CODES, but no other use of it is known).
    ///
    /// # Errors
    ///
    /// Where it does not begin with a status, or holds a CR, an LF or a NUL.
    pub fn parse(line: &'a [u8]) -> Result<Self, SyntaxError> {
        let (status, rest) = match line {
            [b'+', b'O', b'K', rest @ ..] => (Status::Ok, rest),
            [b'-', b'E', b'R', b'R', rest @ ..] => (Status::Err, rest),
            _ => return Err(SyntaxError { offset: 0, expected: "+OK or -ERR" }),
        };
        let text = match rest {
            [] => rest,
            [b' ', text @ ..] => text,
            _ => {
                let offset = line.len().saturating_sub(rest.len());
                return Err(SyntaxError { offset, expected: "a space" });
            }
        };
        if let Some(offset) = line.iter().position(|byte| matches!(byte, b'\r' | b'\n' | 0)) {
            return Err(SyntaxError { offset, expected: "neither CR, LF nor NUL" });
        }
        let (code, text) = match ResponseCode::split_off(text) {
            Some((code, text)) => (Some(code), text.strip_prefix(b" ").unwrap_or(text)),
            None => (None, text),
        };
        Ok(Self { status, code, text })
    }

    /// Writes it, with its CR LF.
    pub fn encode(&self, out: &mut Output) {
        out.text(match self.status {
            Status::Ok => b"+OK",
            Status::Err => b"-ERR",
        });
        if let Some(code) = &self.code {
            out.text(b" [");
            out.text(code.as_str().as_bytes());
            out.text(b"]");
        }
        if !self.text.is_empty() {
            out.text(b" ");
            out.text(self.text);
        }
        out.text(b"\r\n");
    }

    /// Whether the command was carried out.
    #[must_use]
    pub const fn status(&self) -> Status {
        self.status
    }

    /// What the refusal is about, where the server says it for programs.
    #[must_use]
    pub const fn code(&self) -> Option<ResponseCode<'a>> {
        self.code
    }

    /// What it says to people: any bytes but CR, LF and NUL.
    #[must_use]
    pub const fn text(&self) -> &'a [u8] {
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_and_codes() {
        let response = Response::parse(b"-ERR [IN-USE] Do you have another POP session running?");
        let response = response.unwrap();
        assert_eq!((response.status(), response.code()), (Status::Err, Some(ResponseCode::IN_USE)));
        assert_eq!(response.text(), b"Do you have another POP session running?");
        assert_eq!(Response::parse(b"+OK").unwrap().text(), b"");
        assert_eq!(Response::parse(b"+OK [not a code] x").unwrap().text(), b"[not a code] x");
        for (line, offset) in [
            (&b""[..], 0),
            (b"OK", 0),
            (b"+ok", 0),
            (b"+OKAY", 3),
            (b"-ERROR", 4),
            (b"* OK", 0),
            (b"+OK a\rb", 5),
            (b"+OK \0", 4),
        ] {
            assert_eq!(Response::parse(line).unwrap_err().offset, offset, "{line:?}");
        }
    }
}
