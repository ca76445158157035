//! From when on a message is tried, and until when, as its sender wants it.

use super::{Diagnosis, Recipient, Stage, State};
use crate::{ByMode, DeliverBy, EnhancedStatusCode, Hold};
use alloc::string::String;
use core::time::Duration;
use mailrail_wire::Time;

impl State {
    /// From when on it may be tried: at once, or once its sender lets it go (FUTURERELEASE, RFC 4865
    /// §4.2). `HOLDUNTIL` is a date: times count from 1970 where it is taken.
    #[must_use]
    pub fn released(&self) -> Time {
        match &self.mail.hold {
            None => self.created,
            Some(Hold::For(seconds)) => self.created + whole_seconds(i64::from(seconds.get())),
            Some(Hold::Until(until)) => {
                self.created.max(Time::default() + whole_seconds(until.unix_seconds()))
            }
        }
    }

    /// By when it is to be delivered (DELIVERBY, RFC 2852 §4); none where that does not matter, or was
    /// past before it came.
    #[must_use]
    pub fn deliver_by(&self) -> Option<Time> {
        let by = self.mail.by.filter(|by| by.seconds() > 0)?;
        Some(self.created + whole_seconds(i64::from(by.seconds())))
    }

    /// When it is returned where it was not delivered by then (RFC 2852 §4.1.3).
    pub(super) fn returned_at(&self) -> Option<Time> {
        self.deliver_by().filter(|_| self.mail.by.is_some_and(|by| by.mode() == ByMode::Return))
    }

    /// When its sender is told that it was not delivered in time, and that tries go on, where
    /// there is somebody to tell and something to tell.
    pub(super) fn late_at(&self) -> Option<Time> {
        let at = self.deliver_by().filter(|_| self.is_told())?;
        let is_notified = self.mail.by.is_some_and(|by| by.mode() == ByMode::Notify);
        (is_notified && self.recipients.iter().any(Recipient::may_be_told_late)).then_some(at)
    }

    /// What is left of the time, as the next server is told it (RFC 2852 §4.1.4).
    pub(super) fn remaining(&self, now: Time) -> Option<DeliverBy> {
        let by = self.mail.by?;
        let passed = now.saturating_since(self.created).as_secs();
        let passed = i32::try_from(passed).unwrap_or(i32::MAX);
        Some(by.after(passed))
    }
}

fn whole_seconds(seconds: i64) -> Duration {
    Duration::from_secs(u64::try_from(seconds).unwrap_or_default())
}

impl Recipient {
    /// Whether its sender is still to be told that it is late, once it is.
    pub(super) fn may_be_told_late(&self) -> bool {
        self.stage == Stage::Waiting && !self.is_late && self.wants(super::ReportAction::Delayed)
    }

    /// What is said of one who was not reached in time, for good or not.
    pub(super) fn too_late(&self, status: EnhancedStatusCode, now: Time) -> Diagnosis {
        let mut text = String::from("not delivered in time");
        let last = self.last.as_ref();
        if let Some(last) = last {
            text.push_str(": ");
            text.push_str(&last.text);
        }
        Diagnosis {
            at: last.map_or(now, |last| last.at),
            host: last.and_then(|last| last.host.clone()),
            status,
            text,
            is_reply: false,
        }
    }
}
