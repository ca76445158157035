//! Where a client's conversation is.

use super::{Verb, outgoing::Outgoing};
use crate::{Config, command::Command, domains::Domains};
use alloc::{boxed::Box, collections::VecDeque, vec::Vec};
use bytes::Buf as _;
use core::time::Duration;
use mailrail_wire::{Output, Secret};

/// ```text
///            a command, its reply
///               ┌────────┐
///               ▼        │    AUTH, 334
/// (greeting) ► Talking ──┴──────────────► Challenged ──► Talking (response or cancel)
///               │ │ └─ DATA, 354; BDAT ──► Sending ────► Talking (end of message, or chunk refused)
///               │ └─── STARTTLS, 220 ────► Securing ───► Talking (upgraded)
///               └───── QUIT, or any 421 ─► Closed
/// ```
#[derive(Debug)]
pub(super) enum State {
    Talking,
    Challenged,
    Sending {
        text: Outgoing,
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
    NoRecipients,
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
    /// The message follows in chunks, once all is answered.
    chunks: bool,
    /// The message that was sent last went in chunks, and is not answered.
    chunked: bool,
    /// The server may still have a part of a message that failed: RSET goes before MAIL.
    clear: bool,
    /// How many replies are of no interest.
    ignored: usize,
}

impl Queue {
    pub(super) fn greeting() -> Self {
        Self { sent: VecDeque::from([Verb::Greeting]), ..Self::default() }
    }

    /// Whether a further command can stand behind the last one. One whose reply decides what the
    /// talk goes on with must be the last until it is answered.
    pub(super) fn is_open(&self) -> bool {
        if self.chunks {
            return false;
        }
        let last = self.held.back().map(|(verb, _)| verb).or_else(|| self.sent.back());
        !matches!(
            last,
            Some(
                Verb::Data | Verb::StartTls | Verb::Auth | Verb::Xclient | Verb::Other | Verb::Quit
            )
        )
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
            if !self.may_follow(pipelining, most) {
                return;
            }
            if matches!(verb, Verb::Mail | Verb::Rset | Verb::Ehlo | Verb::Helo)
                && core::mem::take(&mut self.clear)
                && verb == Verb::Mail
            {
                Command::Rset.encode(out);
                self.sent.push_back(Verb::Rset);
                continue;
            }
            self.held.pop_front();
            out.payload(self.text.copy_to_bytes(len));
            self.sent.push_back(verb);
        }
        self.held = VecDeque::new();
    }

    fn may_follow(&self, pipelining: bool, most: usize) -> bool {
        let Some(last) = self.sent.back() else { return true };
        // Whether a message in chunks needs RSET behind it, its replies tell.
        let is_group = match last {
            Verb::Message => !self.chunked,
            last => {
                matches!(last, Verb::Mail | Verb::Rcpt { .. } | Verb::Rset | Verb::Xforward)
            }
        };
        pipelining && self.sent.len() < most && is_group
    }

    /// The message is to go in chunks.
    pub(super) fn hold_chunks(&mut self) {
        self.chunks = true;
    }

    /// Whether all before the message's chunks is answered.
    pub(super) fn are_chunks_due(&self) -> bool {
        self.chunks && self.held.is_empty() && self.sent.is_empty()
    }

    pub(super) fn release_chunks(&mut self) {
        self.chunks = false;
        self.chunked = true;
    }

    /// The message's fate is known.
    pub(super) fn message_answered(&mut self, positive: bool) {
        self.clear |= core::mem::take(&mut self.chunked) && !positive;
    }

    /// RSET is to go before the next MAIL.
    pub(super) fn clear_first(&mut self) {
        self.clear = true;
    }

    pub(super) fn unanswered(&self) -> usize {
        self.sent.len()
    }

    /// The replies to all chunks sent so far, and to the message's end, are of no interest. To the
    /// end there are `last` of them. Nothing else is sent before they have come.
    pub(super) fn ignore_chunks(&mut self, last: usize) {
        if self.sent.back() == Some(&Verb::Message) {
            self.sent.pop_back();
            self.sent.extend(core::iter::repeat_n(Verb::Bdat, last));
        }
        self.ignored = self.sent.len();
    }

    /// Whether the next reply is of no interest; it counts as answered then.
    pub(super) fn ignored(&mut self) -> bool {
        if self.ignored == 0 {
            return false;
        }
        self.ignored -= 1;
        self.answered();
        true
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
    /// LMTP: those of them whose replies to the message are to come.
    pub(super) awaited: VecDeque<u32>,
    /// The messages given, and the domains they go to, where the server limits them.
    pub(super) messages: u32,
    pub(super) domains: Domains,
    /// What the last MAIL that was given says of the message.
    pub(super) smtp_utf8: bool,
    pub(super) is_binary: bool,
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
        Verb::Bdat => timeouts.block,
        Verb::Message | Verb::MessageFor { .. } => timeouts.end_of_data,
        _ => timeouts.command,
    }
}
