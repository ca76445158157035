//! RCPT (RFC 5321 §4.1.1.3).

use super::{
    Command,
    mail::{once, utf8, word},
};
use crate::{
    ForwardPath, Mailbox, Notify, OriginalRecipient, Parameter, SyntaxError, ValidSince,
    grammar::{key, located},
    types::{Pair, forward_path, parameters},
};
use alloc::vec::Vec;
use core::fmt::Write as _;
use mailrail_wire::Output;

/// Whom a message is for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rcpt<'a> {
    /// Whose mailbox.
    pub forward_path: ForwardPath<'a>,
    /// NOTIFY: when a report is wanted (RFC 3461 §4.1).
    pub notify: Option<Notify>,
    /// ORCPT: whom the sender meant (RFC 3461 §4.2).
    pub original_recipient: Option<OriginalRecipient<'a>>,
    /// RRVS: since when the mailbox must have been the same person's (RFC 7293 §3.1).
    pub valid_since: Option<ValidSince<'a>>,
    /// Those that this crate does not know. A server of this crate takes those that
    /// [`Extensions::add_parameter`](crate::Extensions::add_parameter) names.
    pub others: Vec<Parameter<'a>>,
}

impl<'a> Rcpt<'a> {
    /// For that path.
    #[must_use]
    pub const fn new(forward_path: ForwardPath<'a>) -> Self {
        Self {
            forward_path,
            notify: None,
            original_recipient: None,
            valid_since: None,
            others: Vec::new(),
        }
    }

    /// The same, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Rcpt<'static> {
        Rcpt {
            forward_path: self.forward_path.into_owned(),
            notify: self.notify,
            original_recipient: self.original_recipient.map(OriginalRecipient::into_owned),
            valid_since: self.valid_since.map(ValidSince::into_owned),
            others: self.others.into_iter().map(Parameter::into_owned).collect(),
        }
    }

    /// ```text
    /// rcpt = "RCPT TO:" ( "<Postmaster@" Domain ">" / "<Postmaster>" / Forward-path )
    ///        [SP Rcpt-parameters] CRLF
    /// ```
    #[inline(always)]
    pub(super) fn parse_command(
        line: &'a [u8],
        arguments: &'a [u8],
    ) -> Result<Command<'a>, SyntaxError> {
        const NOTIFY: u64 = key(b"NOTIFY");
        const ORCPT: u64 = key(b"ORCPT");
        let (rest, ()) = located(line, word(arguments, b" TO:", "TO:"))?;
        let (rest, path) = located(line, forward_path(rest))?;
        if rest.is_empty() {
            return Ok(Command::Rcpt(Self::new(path)));
        }
        let (mut notify, mut original_recipient, mut rare) = (None, None, None::<Rare<'a>>);
        parameters!(line, rest, |parameter| match (key(parameter.0), parameter.1) {
            (NOTIFY, value) => {
                let asked = value.and_then(Notify::parse);
                once(&mut notify, asked, "NOTIFY=NEVER, or of SUCCESS,FAILURE,DELAY, once")
            }
            (ORCPT, value) => {
                let original = value.and_then(OriginalRecipient::parse);
                once(&mut original_recipient, original, "ORCPT=type;xtext, once")
            }
            _ => rare.get_or_insert_default().take(parameter),
        });
        if let Some(Rare { valid_since, others }) = rare {
            let forward_path = path;
            let rcpt = Self { forward_path, notify, original_recipient, valid_since, others };
            return Ok(Command::Rcpt(rcpt));
        }
        Ok(Command::Rcpt(Self { notify, original_recipient, ..Self::new(path) }))
    }

    /// Whether it has any parameter.
    pub(crate) const fn has_parameters(&self) -> bool {
        self.notify.is_some()
            || self.original_recipient.is_some()
            || self.valid_since.is_some()
            || !self.others.is_empty()
    }

    pub(super) fn encode(&self, out: &mut Output) {
        // Writing to an `Output` never fails.
        let _ = write!(out, "RCPT TO:{}", self.forward_path);
        if let Some(notify) = self.notify {
            let _ = write!(out, " NOTIFY={notify}");
        }
        if let Some(original) = &self.original_recipient {
            let _ = write!(out, " ORCPT={original}");
        }
        if let Some(since) = &self.valid_since {
            let _ = write!(out, " RRVS={since}");
        }
        for other in &self.others {
            let _ = write!(out, " {other}");
        }
    }
}

/// The parameters that most recipients are named without.
#[derive(Default)]
struct Rare<'a> {
    valid_since: Option<ValidSince<'a>>,
    others: Vec<Parameter<'a>>,
}

impl<'a> Rare<'a> {
    /// Takes a parameter, or tells what was expected in its place.
    #[cold]
    fn take(&mut self, (keyword, value): Pair<'a>) -> Result<(), &'static str> {
        if keyword.eq_ignore_ascii_case(b"RRVS") {
            let since = value.and_then(utf8).and_then(ValidSince::parse);
            return once(&mut self.valid_since, since, "RRVS=date, once");
        }
        self.others.push(Parameter::borrowed((keyword, value)));
        Ok(())
    }
}

impl<'a> From<ForwardPath<'a>> for Rcpt<'a> {
    fn from(path: ForwardPath<'a>) -> Self {
        Self::new(path)
    }
}

impl<'a> From<Mailbox<'a>> for Rcpt<'a> {
    fn from(mailbox: Mailbox<'a>) -> Self {
        Self::new(mailbox.into())
    }
}
