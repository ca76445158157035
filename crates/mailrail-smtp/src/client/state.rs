//! Where a client's conversation is.

use super::Verb;
use crate::Config;
use alloc::{boxed::Box, collections::VecDeque, vec::Vec};
use bytes::Buf as _;
use core::time::Duration;
use mailrail_wire::{Output, Secret, Stuffer};

/// ```text
///            a command, its reply
///               ┌────────┐
///               ▼        │    AUTH, 334
/// (greeting) ► Talking ──┴──────────────► Challenged ──► Talking (response or cancel)
///               │ │ └─ DATA, 354 ────────► Sending ────► Talking (end of message)
///               │ └─── STARTTLS, 220 ────► Securing ───► Talking (upgraded)
///               └───── QUIT, or any 421 ─► Closed
/// ```
#[derive(Debug)]
pub(super) enum State {
    Talking,
    Challenged,
    Sending {
        text: Stuffer,
        /// Whether the caller has been asked for a piece.
        asked: bool,
    },
    Securing,
    Closed,
}

/// What `event` will tell.
#[derive(Debug)]
pub(super) enum Ready {
    /// A reply of that many bytes.
    Reply(usize),
    /// A 421 of that many bytes.
    Closing(usize),
    Challenge(Secret<Vec<u8>>),
    WantMessage,
    Secured,
}

/// Commands that wait: to be sent, or for their replies.
///
/// Both queues hold no memory when they are empty.
#[derive(Debug, Default)]
pub(super) struct Queue {
    /// Sent, the next to be answered first.
    sent: VecDeque<Verb>,
    /// Not sent, each with the length of its text.
    held: VecDeque<(Verb, usize)>,
    text: Output,
}

impl Queue {
    pub(super) fn greeting() -> Self {
        Self { sent: VecDeque::from([Verb::Greeting]), ..Self::default() }
    }

    /// Whether a further command can stand behind the last one. One whose reply decides what the
    /// talk goes on with must be the last until it is answered.
    pub(super) fn is_open(&self) -> bool {
        let last = self.held.back().map(|(verb, _)| verb).or_else(|| self.sent.back());
        !matches!(last, Some(Verb::Data | Verb::StartTls | Verb::Auth | Verb::Quit))
    }

    pub(super) fn hold(&mut self, verb: Verb, encode: impl FnOnce(&mut Output)) {
        let before = self.text.len();
        encode(&mut self.text);
        self.held.push_back((verb, self.text.len() - before));
    }

    /// Puts into `out` what may be sent now.
    ///
    /// MAIL, RCPT, RSET and a message's end may have others behind them; all others are the last
    /// of their group (RFC 2920 §3.1).
    pub(super) fn release(&mut self, pipelining: bool, most: usize, out: &mut Output) {
        while let Some(&(verb, len)) = self.held.front() {
            let last = self.sent.back();
            let may_follow = pipelining
                && self.sent.len() < most
                && matches!(
                    last,
                    Some(Verb::Mail | Verb::Rcpt { .. } | Verb::Rset | Verb::Message)
                );
            if last.is_some() && !may_follow {
                return;
            }
            self.held.pop_front();
            out.payload(self.text.copy_to_bytes(len));
            self.sent.push_back(verb);
        }
        self.held = VecDeque::new();
    }

    /// What was just sent by other ways.
    pub(super) fn sent(&mut self, verb: Verb) {
        self.sent.push_back(verb);
    }

    /// What the next reply answers.
    pub(super) fn front(&self) -> Option<Verb> {
        self.sent.front().copied()
    }

    pub(super) fn answered(&mut self) -> Option<Verb> {
        let verb = self.sent.pop_front();
        if self.sent.is_empty() {
            self.sent = VecDeque::new();
        }
        verb
    }
}

/// What the server's replies have told.
#[derive(Debug, Default)]
pub(super) struct Session {
    pub(super) extensions: Option<Box<crate::Extensions>>,
    pub(super) secured: bool,
    /// The recipients given since the last MAIL that was given.
    pub(super) recipients: Option<u32>,
    /// How many recipients were accepted since the last reply to MAIL.
    pub(super) accepted: u32,
    /// A response that is too long for the command, to be sent at the first challenge.
    pub(super) initial_response: Option<Box<Secret<Vec<u8>>>>,
}

/// How long the reply to `verb` may take (RFC 5321 §4.5.3.2).
pub(super) const fn patience(config: &Config, verb: Verb) -> Duration {
    let timeouts = &config.timeouts;
    match verb {
        Verb::Greeting => timeouts.greeting,
        Verb::Rcpt { .. } => timeouts.recipient,
        Verb::Data => timeouts.data,
        Verb::Message => timeouts.end_of_data,
        _ => timeouts.command,
    }
}
