//! Where a client's conversation is.

use crate::Command;
use alloc::{boxed::Box, vec::Vec};
use core::{num::NonZeroU32, time::Duration};
use mailrail_wire::{Secret, Time};

/// How far the user is in (RFC 3501 §3), known whenever a command can be given: one that may
/// change it must be answered before the next is given.
///
/// ```text
/// (greeting OK) ──► NotAuthenticated ──┐
///                  LOGIN, AUTHENTICATE ▼
/// (greeting PREAUTH) ─────────► Authenticated ──► SELECT, EXAMINE ──► Selected
///                                      ▲                                 │
///                                      └── CLOSE, UNSELECT, SELECT: NO ──┘
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Session {
    NotAuthenticated,
    Authenticated,
    Selected,
}

impl Session {
    /// Whether the command is one of this state.
    pub(super) fn allows(self, command: &Command<'_>) -> bool {
        match command {
            Command::Capability | Command::Id(_) | Command::Logout | Command::Noop => true,
            Command::Authenticate(_) | Command::Login(_) | Command::StartTls => {
                self == Self::NotAuthenticated
            }
            // "Before any mailbox is selected" (RFC 5161 §3.1).
            Command::Enable(_) => self == Self::Authenticated,
            Command::Append(_)
            | Command::Create(_)
            | Command::Delete(_)
            | Command::Examine(_)
            | Command::Idle
            | Command::List(_)
            | Command::Lsub(_)
            | Command::Namespace
            | Command::Rename(_)
            | Command::Select(_)
            | Command::Status(_)
            | Command::Subscribe(_)
            | Command::Unsubscribe(_) => self != Self::NotAuthenticated,
            Command::Check
            | Command::Close
            | Command::Copy(_)
            | Command::Expunge(_)
            | Command::Fetch(_)
            | Command::Move(_)
            | Command::Search(_)
            | Command::Store(_)
            | Command::Unselect => self == Self::Selected,
        }
    }
}

/// What the client does. All but `Greeting`, `Talking`, `Securing` and `Closed` are about the
/// command that was sent last, and end with its answer at the latest; nothing is sent behind it
/// (RFC 3501 §5.5).
///
/// ```text
/// Greeting ──► Talking ─┬─ a literal that waits ──► Literal ──── + ────► Talking, or as APPEND
///                       ├─ APPEND that waits ─────► Offered ──── + ────► Sending
///                       ├─ APPEND ────────────────► Sending ─ all sent ► Talking
///                       ├─ AUTHENTICATE ──────────► Authenticating ─ + ► Challenged ──► Authenticating
///                       ├─ IDLE ──────────────────► IdleAsked ── + ────► Idling ─ done ► Talking
///                       ├─ STARTTLS, OK ──────────► Securing ──────────► Talking (upgraded)
///                       └─ LOGOUT, or any BYE ────► Closed
/// ```
#[derive(Debug)]
pub(super) enum State {
    Greeting,
    Talking,
    Literal(Box<Pieces>),
    Offered {
        length: u64,
    },
    Sending {
        left: u64,
        /// Whether the caller has been asked for a piece.
        asked: bool,
    },
    Authenticating {
        /// The caller's initial response, where the command can't take it along.
        initial_response: Option<Box<Secret<Vec<u8>>>>,
    },
    Challenged,
    IdleAsked {
        /// Whether it is to be ended as soon as it has begun.
        done: bool,
    },
    Idling(Idling),
    Securing,
    Closed,
}

/// A command whose literals wait.
#[derive(Debug)]
pub(super) struct Pieces {
    pub(super) encoded: crate::Encoded,
    pub(super) message: Option<Message>,
}

/// The message of an APPEND.
#[derive(Debug, Clone, Copy)]
pub(super) struct Message {
    pub(super) length: u64,
    pub(super) waits: bool,
}

/// How long an IDLE may still be up.
#[derive(Debug, Clone, Copy)]
pub(super) enum Idling {
    New,
    Until(Time),
    /// The caller was told to end it.
    Told,
}

/// What `event` will tell, with the bytes that it takes.
#[derive(Debug)]
pub(super) enum Ready {
    /// An untagged response.
    Untagged(usize),
    /// The answer to the command of that number.
    Tagged(usize, u32),
    /// What can't be read.
    Unknown(usize),
    /// A further segment of a FETCH.
    Fetch(usize),
    /// Octets of its literal.
    Octets(usize),
    /// A further part of a SEARCH.
    Search(usize),
    Challenge(Secret<Vec<u8>>),
    Idling(usize),
    WantMessage,
    WantDone,
    Secured,
}

/// Which response the next unit goes on with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// None: it begins one.
    New,
    /// The FETCH of that message.
    Fetch(NonZeroU32),
    Search,
    /// One that can't be read.
    Unknown,
}

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wait {
    Read,
    Write,
}

/// The end of the present wait, which begins when it is first asked for.
#[derive(Debug, Default)]
pub(super) struct Deadline(Option<(Wait, Time)>);

impl Deadline {
    /// When the wait ends that began `patience` ago or less; none where that moment is over.
    pub(super) fn of(&mut self, wait: Wait, now: Time, patience: Duration) -> Option<Time> {
        let until = match self.0 {
            Some((of, until)) if of == wait => until,
            _ => now + patience,
        };
        self.0 = Some((wait, until));
        (now < until).then_some(until)
    }

    /// Something whole has come or gone: the next wait is a new one.
    pub(super) const fn moved(&mut self) {
        self.0 = None;
    }
}
