//! What a sender is told.

use super::{Recipient, Stage, State};
use crate::{EnhancedStatusCode, Notify, ReversePath};
use alloc::{string::String, vec::Vec};
use mailrail_wire::Time;

/// A report to the sender (RFC 3464) about recipients for whom the same was done. It goes to the
/// message's reverse-path and bears none itself.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// What was done.
    pub action: ReportAction,
    /// For whom; there is at least one.
    pub recipients: Vec<Reported>,
}

/// What was done for a recipient (RFC 3464 §2.3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReportAction {
    /// Given up.
    Failed,
    /// Not yet delivered; tries go on.
    Delayed,
    /// Passed on to a server that does not report.
    Relayed,
}

impl ReportAction {
    /// The word in the report.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Delayed => "delayed",
            Self::Relayed => "relayed",
        }
    }
}

/// What a report tells of one recipient (RFC 3464 §2.3).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reported {
    /// Its place among the recipients of the [`State`].
    pub recipient: usize,
    /// The code that tells what the matter is.
    pub status: EnhancedStatusCode,
    /// The server that was asked last.
    pub remote_mta: Option<String>,
    /// That server's reply (`smtp;` goes before it in `Diagnostic-Code`).
    pub diagnostic_code: Option<String>,
    /// What happened, for people to read: that reply, or this side's words.
    pub text: String,
    /// When it was tried last.
    pub last_attempt: Option<Time>,
    /// Until when it is tried, where it is delayed.
    pub will_retry_until: Option<Time>,
}

impl Reported {
    /// Of that recipient, with that code and nothing else.
    #[must_use]
    pub const fn new(recipient: usize, status: EnhancedStatusCode) -> Self {
        Self {
            recipient,
            status,
            remote_mta: None,
            diagnostic_code: None,
            text: String::new(),
            last_attempt: None,
            will_retry_until: None,
        }
    }
}

impl Recipient {
    pub(super) fn wants(&self, action: ReportAction) -> bool {
        let notify = self.rcpt.notify;
        match action {
            ReportAction::Failed => notify.is_none_or(|notify| notify.failure),
            ReportAction::Delayed => notify.is_none_or(|notify| notify.delay),
            ReportAction::Relayed => notify.is_some_and(|notify| notify.success),
        }
    }

    /// Whether its sender is told that a server took it that does not promise what was asked of it:
    /// asked for or not, but where it is unwanted (RFC 2852 §4.1.4).
    pub(super) fn may_be_told_relayed(&self) -> bool {
        self.rcpt.notify != Some(Notify::NEVER)
    }

    /// Where it goes once nothing is left to do but to tell the sender.
    pub(super) fn end(&mut self, action: ReportAction, is_told: bool) {
        self.stage = match action {
            _ if !is_told || !self.wants(action) => Stage::Settled,
            ReportAction::Relayed => Stage::Relayed,
            ReportAction::Failed | ReportAction::Delayed => Stage::Failed,
        };
    }

    /// Whether its sender is to be told that it was tried and waits, once that takes long.
    pub(super) fn may_be_warned(&self) -> bool {
        let is_waiting = self.stage == Stage::Waiting && self.last.is_some();
        is_waiting && !self.is_warned && self.wants(ReportAction::Delayed)
    }
}

impl State {
    /// Whether there is a sender to tell: a report has none, so that none is about a report.
    pub(super) fn is_told(&self) -> bool {
        self.mail.reverse_path != ReversePath::Null
    }

    /// The report about those whom `due` tells to be due; `note` keeps what it settles.
    pub(super) fn report(
        &mut self,
        action: ReportAction,
        until: Option<Time>,
        due: impl Fn(&Recipient) -> bool,
        mut note: impl FnMut(&mut Recipient),
    ) -> Option<Report> {
        let mut recipients = Vec::new();
        for (at, recipient) in self.recipients.iter_mut().enumerate() {
            if !due(recipient) {
                continue;
            }
            note(recipient);
            let last = recipient.last.as_ref();
            let text = last.map(|last| last.text.clone()).unwrap_or_default();
            recipients.push(Reported {
                recipient: at,
                status: last.map_or(EnhancedStatusCode::SYSTEM_FAILURE, |last| last.status),
                remote_mta: last.and_then(|last| last.host.clone()),
                diagnostic_code: last.filter(|last| last.is_reply).map(|last| last.text.clone()),
                text,
                last_attempt: last.map(|last| last.at),
                will_retry_until: until,
            });
        }
        (!recipients.is_empty()).then_some(Report { action, recipients })
    }
}
