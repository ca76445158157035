//! Where a server's conversation is.

use super::Refusal;
use crate::ReplyCode;
use alloc::vec::Vec;
use mailrail_wire::{Secret, Unstuffer};

/// ```text
///               a command, its reply
///                  ┌─────────┐
///                  ▼         │
/// (connected) ► Owed ──► Commands
///                  │ ▲       ▲
///    AUTH, 334 ────┤ └ Responding (a response)  ─► Commands (cancel, not base64, too long)
///    DATA, 354 ────┤ └ Receiving (whole message) ─► Commands (refused message)
///    STARTTLS, 220 ┤         └──────── (upgraded) Securing
///    QUIT, 421 ────┴► Closing
/// ```
#[derive(Debug)]
pub(super) enum State {
    /// The next command line is awaited.
    Commands,
    /// The caller owes an answer.
    Owed(Due),
    /// The response to a challenge is awaited.
    Responding,
    /// The message comes.
    Receiving(Receiving),
    Securing,
    Closing,
}

/// What the caller's answer is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    Greeting,
    Ehlo,
    Helo,
    StartTls,
    Auth,
    Mail,
    Rcpt,
    Data,
    Message,
    Rset,
    Quit,
}

impl Due {
    /// Whether it can be answered so. A refusal always fits.
    pub(super) const fn takes(self, code: ReplyCode) -> bool {
        let fits = match self {
            Self::Greeting | Self::StartTls => code.get() == ReplyCode::READY.get(),
            Self::Auth => code.get() == ReplyCode::AUTHENTICATED.get(),
            Self::Data => code.get() == ReplyCode::START_MESSAGE.get(),
            Self::Quit => code.get() == ReplyCode::CLOSING.get(),
            _ => code.is_completion(),
        };
        fits || code.is_transient() || code.is_permanent()
    }
}

/// A message that comes.
#[derive(Debug, Default)]
pub(super) struct Receiving {
    pub(super) text: Unstuffer,
    /// Its bytes so far, dot-stuffing undone.
    pub(super) size: u64,
    /// The bytes since the deadline was last moved.
    pub(super) progress: usize,
    pub(super) refused: Option<Refusal>,
}

/// What `event` will tell.
#[derive(Debug)]
pub(super) enum Ready {
    Connected,
    /// A command line of that many bytes.
    Command(usize),
    Response(Secret<Vec<u8>>),
    Message {
        skip: usize,
        len: usize,
    },
    Aborted(Refusal),
    EndOfMessage,
    Secured,
}

/// What the client has said that counts.
#[derive(Debug, Default)]
pub(super) struct Session {
    pub(super) hello: Option<Hello>,
    pub(super) secured: bool,
    pub(super) authenticated: bool,
    /// The recipients accepted since MAIL was.
    pub(super) recipients: Option<usize>,
    /// The last MAIL said SMTPUTF8.
    pub(super) smtp_utf8: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hello {
    Helo,
    Ehlo,
}
