//! Reports (RFC 6522): a text for people, fields for programs, and what they are about.

pub(crate) mod arf;
pub(crate) mod dsn;
pub(crate) mod mdn;

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use super::content::{Content, Source};
use super::entity::Entity;
use super::field::check;
use super::fold::Fold;
use crate::error::Error;
use crate::grammar::is_atext;
use crate::header::date::DateTime;
use arf::Arf;
use dsn::Dsn;
use mdn::Mdn;

/// What a report tells programs.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Report<'a> {
    /// What became of a message (RFC 3464).
    Dsn(Dsn<'a>),
    /// What a recipient did with it (RFC 8098).
    Mdn(Mdn<'a>),
    /// What somebody has to say about it (RFC 5965).
    Arf(Arf<'a>),
}

impl<'a> From<Dsn<'a>> for Report<'a> {
    fn from(dsn: Dsn<'a>) -> Self {
        Self::Dsn(dsn)
    }
}

impl<'a> From<Mdn<'a>> for Report<'a> {
    fn from(mdn: Mdn<'a>) -> Self {
        Self::Mdn(mdn)
    }
}

impl<'a> From<Arf<'a>> for Report<'a> {
    fn from(arf: Arf<'a>) -> Self {
        Self::Arf(arf)
    }
}

/// What a report sends back of the message that it is about.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub enum Returned {
    /// Nothing.
    #[default]
    Nothing,
    /// Its header block. Bytes at hand may hold the body too, which is left out then; streamed ones must not.
    Headers(Content),
    /// All of it.
    Message(Content),
}

impl Returned {
    /// The header block of a message, which may be given whole.
    pub fn headers(message: impl Into<Content>) -> Self {
        Self::Headers(message.into())
    }

    /// A whole message.
    pub fn message(message: impl Into<Content>) -> Self {
        Self::Message(message.into())
    }

    const fn content(&self) -> Option<&Content> {
        match self {
            Self::Nothing => None,
            Self::Headers(content) | Self::Message(content) => Some(content),
        }
    }
}

impl Report<'_> {
    /// The name of the report, and its parts behind the text.
    pub(super) fn parts(&self) -> Result<(&'static str, Vec<Entity<'_, '_>>), Error> {
        let (kind, content_types, fields, returned) = match self {
            Self::Dsn(dsn) => (
                "delivery-status",
                ["message/delivery-status", "message/global-delivery-status"],
                dsn.fields()?,
                &dsn.returned,
            ),
            Self::Mdn(mdn) => (
                "disposition-notification",
                ["message/disposition-notification", "message/global-disposition-notification"],
                mdn.fields()?,
                &mdn.returned,
            ),
            Self::Arf(arf) => {
                ("feedback-report", ["message/feedback-report"; 2], arf.fields()?, &arf.returned)
            }
        };
        let [ascii, utf8] = content_types;
        let content_type = if fields.is_ascii() { ascii } else { utf8 };
        let mut parts = alloc::vec![Entity::Lines { content_type, bytes: fields.into() }];
        if returned.content().is_some() {
            parts.push(Entity::Returned(returned));
        }
        Ok((kind, parts))
    }
}

/// Blocks of fields as reports have them: no encoded words, each value behind its type.
#[derive(Default)]
pub(super) struct Fields(Vec<u8>);

impl Fields {
    pub(super) fn finish(self) -> Vec<u8> {
        self.0
    }

    /// An empty line, behind which another block starts.
    pub(super) fn next_block(&mut self) {
        self.0.extend_from_slice(b"\r\n");
    }

    /// A value of the caller's own, which must be right: words between which may be folded.
    pub(super) fn field(
        &mut self,
        name: &'static str,
        kind: &str,
        value: &str,
    ) -> Result<(), Error> {
        self.named(name, name, kind, value)
    }

    /// The same, of a field that errors call `called`.
    fn named(
        &mut self,
        name: &str,
        called: &'static str,
        kind: &str,
        value: &str,
    ) -> Result<(), Error> {
        check(called, kind)?;
        check(called, value)?;
        if value.chars().any(char::is_control) {
            return Err(Error::ForbiddenByte(called));
        }
        let mut line = Fold::begin(&mut self.0, name);
        if !kind.is_empty() {
            line.joined(&[kind, ";"]);
        }
        line.words(value);
        line.finish(called)
    }

    /// Fields that no standard knows, or none that this crate knows (RFC 3464 §2.4, RFC 8098 §3.3, RFC 5965 §3.4). What they say is taken
    /// as [`foreign`](Self::foreign) does it.
    pub(super) fn extensions(
        &mut self,
        extensions: &[(Cow<'_, str>, Cow<'_, str>)],
    ) -> Result<(), Error> {
        for (name, text) in extensions {
            let is_name = !name.is_empty() && name.is_ascii() && name.bytes().all(is_atext);
            if !is_name || name.len() > LONGEST_NAME {
                return Err(Error::InvalidFieldName);
            }
            if OWN.iter().any(|own| own.eq_ignore_ascii_case(name)) {
                return Err(Error::ReservedField);
            }
            self.named(name, "an extension field", "", &in_words(text))?;
        }
        Ok(())
    }

    /// A field that need not be there.
    pub(super) fn optional(
        &mut self,
        name: &'static str,
        kind: &str,
        value: Option<&str>,
    ) -> Result<(), Error> {
        value.map_or(Ok(()), |value| self.field(name, kind, value))
    }

    /// An address, of the type that it has (RFC 3464 §2.1.2, RFC 6533 §3).
    pub(super) fn address(&mut self, name: &'static str, address: &str) -> Result<(), Error> {
        self.field(name, if address.is_ascii() { "rfc822" } else { "utf-8" }, address)
    }

    pub(super) fn date(&mut self, name: &'static str, date: Option<DateTime>) -> Result<(), Error> {
        let Some(date) = date else { return Ok(()) };
        let mut line = Fold::begin(&mut self.0, name);
        line.date(&date);
        line.finish(name)
    }

    /// Words of somebody else's, which may hold anything: line ends and controls become spaces, and words longer than a
    /// line are cut.
    pub(super) fn foreign(
        &mut self,
        name: &'static str,
        kind: &str,
        text: &str,
    ) -> Result<(), Error> {
        self.field(name, kind, &in_words(text))
    }
}

/// How long the name of an extension field may be.
const LONGEST_NAME: usize = 64;

/// The fields that reports have methods or members for.
const OWN: [&str; 36] = [
    "Action",
    "Arrival-Date",
    "Authentication-Results",
    "Deliver-By-Date",
    "Diagnostic-Code",
    "Disposition",
    "DSN-Gateway",
    "Error",
    "Feedback-Type",
    "Final-Log-ID",
    "Final-Recipient",
    "Future-Release-Request",
    "Incidents",
    "Last-Attempt-Date",
    "Localized-Diagnostic",
    "MDN-Gateway",
    "Original-Envelope-Id",
    "Original-Mail-From",
    "Original-Message-ID",
    "Original-Rcpt-To",
    "Original-Recipient",
    "Received-Date",
    "Received-From-MTA",
    "Remote-MTA",
    "Reported-Domain",
    "Reported-URI",
    "Reporting-MTA",
    "Reporting-UA",
    "Source-IP",
    "Status",
    "User-Agent",
    "Version",
    "Will-Retry-Until",
    "Content-Type",
    "Content-Transfer-Encoding",
    "MIME-Version",
];

/// Text in words that fit a line, without controls.
fn in_words(text: &str) -> String {
    const WORD: usize = 200;
    let mut words = String::with_capacity(text.len());
    let mut length = 0;
    for letter in text.chars() {
        if letter.is_control() || letter.is_whitespace() {
            words.push(' ');
            length = 0;
            continue;
        }
        if length + letter.len_utf8() > WORD {
            words.push(' ');
            length = 0;
        }
        words.push(letter);
        length += letter.len_utf8();
    }
    words
}

impl Returned {
    /// The bytes of a header block that is at hand, its last line ended.
    pub(super) fn header_bytes(content: &Content) -> Option<Vec<u8>> {
        match &content.0 {
            Source::Whole(bytes) => {
                let mut header = super::attachment::header(bytes).to_vec();
                if !header.is_empty() && !header.ends_with(b"\n") {
                    header.extend_from_slice(b"\r\n");
                }
                Some(header)
            }
            Source::Streamed { .. } => None,
        }
    }
}
