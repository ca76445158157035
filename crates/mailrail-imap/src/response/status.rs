//! `OK`, `NO`, `BAD`, `BYE` and `PREAUTH`

use super::ResponseCode;
use crate::{
    encode::Sink,
    grammar::{Parsed, crlf, fault, name},
    types::{Tag, Text},
};
use mailrail_wire::Output;
use nom::{Parser, bytes::complete::take_while};

/// How it stands (RFC 3501 §7.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the protocol has these five for good")]
pub enum Status {
    /// It was done; untagged, news of no consequence.
    Ok,
    /// It could not be done; untagged, a warning.
    No,
    /// It was not understood, or not allowed now.
    Bad,
    /// The server closes the connection. Never tagged.
    Bye,
    /// A greeting: the connection is authenticated already. Never tagged.
    PreAuth,
}

/// A status response: the end of a command where it has a tag, news or a greeting where not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusResponse<'a> {
    /// The tag of the command that it ends. BYE and PREAUTH are written without.
    pub tag: Option<Tag<'a>>,
    /// How it stands.
    pub status: Status,
    /// What a machine needs to know about it.
    pub code: Option<ResponseCode<'a>>,
    /// What a person is told. Empty where a peer says nothing.
    pub text: Text<'a>,
}

impl<'a> StatusResponse<'a> {
    pub(super) fn into_owned(self) -> StatusResponse<'static> {
        StatusResponse {
            tag: self.tag.map(Tag::into_owned),
            status: self.status,
            code: self.code.map(ResponseCode::into_owned),
            text: self.text.into_owned(),
        }
    }

    /// ```abnf
    /// resp-cond-state = ("OK" / "NO" / "BAD") SP resp-text
    /// resp-cond-auth  = ("OK" / "PREAUTH") SP resp-text
    /// resp-cond-bye   = "BYE" SP resp-text
    /// resp-text       = ["[" resp-text-code "]" SP] [text]
    /// ```
    ///
    /// Where there is no text, servers leave spaces out, too. What looks like a code and is none
    /// is text.
    pub(super) fn parse(i: &'a [u8], tag: Option<Tag<'a>>) -> Parsed<'a, Self> {
        let (rest, word) = take_while(|b: u8| b.is_ascii_alphabetic()).parse(i)?;
        let status = match name(&mut [0; 20], word) {
            b"OK" => Status::Ok,
            b"NO" => Status::No,
            b"BAD" => Status::Bad,
            b"BYE" if tag.is_none() => Status::Bye,
            b"PREAUTH" if tag.is_none() => Status::PreAuth,
            _ => return fault(i, "a status"),
        };
        let mut rest = match rest {
            [b' ', rest @ ..] => rest,
            [b'\r', ..] => rest,
            _ => return fault(rest, "a space"),
        };
        let mut code = None;
        if let Ok((after, found)) = ResponseCode::parse(rest) {
            (rest, code) = (after.strip_prefix(b" ").unwrap_or(after), Some(found));
        }
        let (rest, text) = Text::parse(rest)?;
        crlf(rest).map(|(rest, ())| (rest, Self { tag, status, code, text }))
    }

    pub(super) fn encode(&self, out: &mut Output) {
        let (word, tagged): (&[u8], _) = match self.status {
            Status::Ok => (b" OK ", true),
            Status::No => (b" NO ", true),
            Status::Bad => (b" BAD ", true),
            Status::Bye => (b" BYE ", false),
            Status::PreAuth => (b" PREAUTH ", false),
        };
        let tag = self.tag.as_ref().filter(|_| tagged).map_or("*", Tag::as_str);
        Sink::text(out, tag.as_bytes());
        Sink::text(out, word);
        if let Some(code) = &self.code {
            code.encode(out);
            Sink::text(out, b" ");
        }
        Sink::text(out, self.text.as_bytes());
        Sink::text(out, b"\r\n");
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Response, both_ways};
    use super::*;

    fn parse(wire: &str) -> StatusResponse<'_> {
        match Response::parse(wire.as_bytes()).unwrap() {
            Response::Status(it) => it,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn statuses_of_the_rfc() {
        both_ways("* OK IMAP4rev1 server ready\r\n");
        both_ways("* PREAUTH IMAP4rev1 server logged in as Smith\r\n");
        both_ways("* BYE Autologout; idle for too long\r\n");
        both_ways("A222 NO COPY failed: disk is full\r\n");
        both_ways("* BAD Command line too long {5}\r\n");
    }

    #[test]
    fn text_may_be_missing() {
        for wire in ["a OK\r\n", "a OK \r\n"] {
            assert!(parse(wire).text.as_bytes().is_empty());
        }
        for wire in ["a OK [ALERT]\r\n", "a OK [ALERT] \r\n"] {
            assert_eq!(parse(wire).code, Some(ResponseCode::ALERT));
        }
        assert_eq!(parse("* OK [no code\r\n").text.as_bytes(), b"[no code");
        assert_eq!(parse("* OK []\r\n").code, None);
    }
}
