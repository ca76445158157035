//! What of a delivery is kept while nothing happens: plain data.

use crate::{
    EnhancedStatusCode, ReversePath,
    command::{Mail, Rcpt},
    submission::Envelope,
};
use alloc::{string::String, vec::Vec};
use mailrail_wire::Time;

/// A queued message's envelope, and how far each recipient is: all that must survive a restart.
///
/// It is plain data, so any store can keep it; `mail` and each `rcpt` are best kept as the lines of
/// their [`Command`](crate::command::Command)s.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "it is read back from a store")]
pub struct State {
    /// From whom, and what else goes with the message.
    pub mail: Mail<'static>,
    /// When it was queued.
    pub created: Time,
    /// For whom. Their order tells who is who in attempts and reports; those who are settled may be
    /// left out where it is stored.
    pub recipients: Vec<Recipient>,
}

/// A recipient of a queued message.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "it is read back from a store")]
pub struct Recipient {
    /// Whose mailbox, and what the sender wants to be told about it.
    pub rcpt: Rcpt<'static>,
    /// How far it is.
    pub stage: Stage,
    /// How many rounds of attempts were in vain.
    pub attempts: u32,
    /// When the next round begins.
    pub next_attempt: Time,
    /// Whether the sender was told of the delay.
    pub is_warned: bool,
    /// Whether the sender was told that the time was over by which it was to be delivered.
    pub is_late: bool,
    /// What the last attempt came to.
    pub last: Option<Diagnosis>,
}

/// How far a recipient is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "whoever stores it must know each")]
pub enum Stage {
    /// It is to be tried, at once or later.
    Waiting,
    /// A server has taken the message that does not report, and the sender is to be told.
    Relayed,
    /// It was given up, and the sender is to be told.
    Failed,
    /// Nothing is left to do.
    Settled,
}

/// What an attempt came to, as a report tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "it is read back from a store")]
pub struct Diagnosis {
    /// When.
    pub at: Time,
    /// The name of the server that was asked; none where none was.
    pub host: Option<String>,
    /// What it came to, for programs.
    pub status: EnhancedStatusCode,
    /// What it came to, for people: the server's reply where `is_reply`. One line without control
    /// characters.
    pub text: String,
    /// Whether the server said so, in a reply.
    pub is_reply: bool,
}

impl State {
    /// Whether the message must go by TLS that proves where it goes (REQUIRETLS, RFC 8689). One
    /// without a sender goes as well as it can (§5).
    #[must_use]
    pub fn needs_tls(&self) -> bool {
        self.mail.require_tls && self.mail.reverse_path != ReversePath::Null
    }

    /// A message that is queued at `now`; its first attempts are due at once, or when it is
    /// [`released`](Self::released).
    #[must_use]
    pub fn new(envelope: Envelope, now: Time) -> Self {
        let mut state = Self { mail: envelope.mail, created: now, recipients: Vec::new() };
        let next_attempt = state.released();
        let recipient = |rcpt| Recipient {
            rcpt,
            stage: Stage::Waiting,
            attempts: 0,
            next_attempt,
            is_warned: false,
            is_late: false,
            last: None,
        };
        state.recipients = envelope.recipients.into_iter().map(recipient).collect();
        state
    }
}
