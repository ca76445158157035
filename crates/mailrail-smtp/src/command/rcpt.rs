//! RCPT (RFC 5321 §4.1.1.3).

use super::mail::word;
use crate::{
    ForwardPath, Mailbox, Parameter, SyntaxError,
    grammar::whole,
    types::{forward_path, parameters},
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
    /// Those that this crate does not know. A server of this crate refuses them.
    pub others: Vec<Parameter<'a>>,
}

impl<'a> Rcpt<'a> {
    /// For that path.
    #[must_use]
    pub const fn new(forward_path: ForwardPath<'a>) -> Self {
        Self { forward_path, others: Vec::new() }
    }

    /// The same, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Rcpt<'static> {
        Rcpt {
            forward_path: self.forward_path.into_owned(),
            others: self.others.into_iter().map(Parameter::into_owned).collect(),
        }
    }

    /// ```text
    /// rcpt = "RCPT TO:" ( "<Postmaster@" Domain ">" / "<Postmaster>" / Forward-path )
    ///        [SP Rcpt-parameters] CRLF
    /// ```
    pub(super) fn parse_arguments(text: &'a [u8]) -> Result<Self, SyntaxError> {
        whole(text, |text| {
            let (rest, ()) = word(text, b" TO:", "TO:")?;
            let (rest, forward_path) = forward_path(rest)?;
            let mut rcpt = Self::new(forward_path);
            let (rest, ()) = parameters(rest, |parameter| {
                rcpt.others.push(parameter);
                Ok(())
            })?;
            Ok((rest, rcpt))
        })
    }

    pub(super) fn encode(&self, out: &mut Output) {
        // Writing to an `Output` never fails.
        let _ = write!(out, "RCPT TO:{}", self.forward_path);
        for other in &self.others {
            let _ = write!(out, " {other}");
        }
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
