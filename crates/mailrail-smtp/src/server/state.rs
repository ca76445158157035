//! Where a server's conversation is.

use super::{Refusal, replies::Canned};
use crate::{Proxied, ReplyCode, command::Bdat, domains::Domains, line_ends::LineEndings};
use alloc::{boxed::Box, vec::Vec};
use bytes::Bytes;
use mailrail_wire::{Secret, Unstuffer};

/// ```text
///               a command, its reply
///                  ┌─────────┐
///                  ▼         │
/// (connected) ► Owed ──► Commands
///                  │ ▲       ▲
///    AUTH, 334 ────┤ └ Responding (a response)  ─► Commands (cancel, not base64, too long)
///    DATA, 354 ────┤ └ Receiving (whole message) ─► Commands (refused message)
///    BDAT, yes ────┤ └ Chunk (whole chunk)       ─► Commands (refused message)
///    BDAT, no  ────┤         └─────────── (skipped) Skipping
///    STARTTLS, 220 ┤         └──────── (upgraded) Securing
///    QUIT, 421 ────┴► Closing
/// ```
#[derive(Debug)]
pub(super) enum State {
    /// The proxy's header is awaited.
    Proxied,
    /// The next command line is awaited.
    Commands,
    /// The caller owes an answer.
    Owed(Due),
    /// The response to a challenge is awaited.
    Responding,
    /// The message comes.
    Receiving(Receiving),
    /// A chunk of the message comes.
    Chunk(Bdat),
    /// A chunk comes that nobody wants: so much is left of it.
    Skipping(u64, Then),
    Securing,
    Closing,
}

/// What is said once a chunk is skipped.
#[derive(Debug)]
pub(super) enum Then {
    /// The machine's own words, so many times.
    Say(Canned, usize),
    /// The caller's.
    Said(Bytes),
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
    Bdat(Bdat),
    /// A chunk is whole, and is not the last.
    Chunk,
    Message,
    /// A part of the message, and whether it is the last.
    Burl(bool),
    Rset,
    Vrfy,
    Expn,
    Help,
    Etrn,
    Xclient,
    Xforward,
    Other,
    Quit,
}

impl Due {
    /// Whether it can be answered so. A refusal always fits.
    pub(super) const fn takes(self, code: ReplyCode) -> bool {
        let fits = match self {
            Self::Greeting | Self::StartTls | Self::Xclient => code.get() == ReplyCode::READY.get(),
            Self::Auth => code.get() == ReplyCode::AUTHENTICATED.get(),
            Self::Data => code.get() == ReplyCode::START_MESSAGE.get(),
            Self::Quit => code.get() == ReplyCode::CLOSING.get(),
            // Only its end is answered with yes.
            Self::Bdat(_) => false,
            // What it means, the caller knows.
            Self::Other => !code.is_intermediate(),
            _ => code.is_completion(),
        };
        fits || code.is_transient() || code.is_permanent()
    }
}

/// How much of a message has come.
#[derive(Debug, Default)]
pub(super) struct Meter {
    /// Its bytes so far, dot-stuffing undone.
    pub(super) size: u64,
    /// The bytes since the deadline was last moved.
    pub(super) progress: usize,
    pub(super) refused: Option<Refusal>,
}

/// A message that comes by DATA.
#[derive(Debug, Default)]
pub(super) struct Receiving {
    pub(super) text: Unstuffer,
    pub(super) meter: Meter,
}

/// A message that comes by BDAT.
#[derive(Debug, Default)]
pub(super) struct Chunks {
    pub(super) meter: Meter,
    /// None where any bytes may come.
    pub(super) endings: Option<LineEndings>,
    /// One was refused: RSET must come before anything else.
    pub(super) failed: bool,
}

/// What `event` will tell.
#[derive(Debug)]
pub(super) enum Ready {
    Proxied(Box<Proxied>),
    Connected,
    /// A command line of that many bytes.
    Command(usize),
    Response(Secret<Vec<u8>>),
    Message {
        skip: usize,
        len: usize,
    },
    Aborted(Refusal),
    EndOfChunk,
    EndOfMessage,
    Secured,
}

/// What the client has said that counts.
#[derive(Debug, Default)]
pub(super) struct Session {
    pub(super) hello: Option<Hello>,
    /// Who the client said it is.
    pub(super) host: Option<Box<str>>,
    pub(super) secured: bool,
    pub(super) authenticated: bool,
    /// How often AUTH has failed.
    pub(super) failures: u32,
    /// The recipients accepted since MAIL was.
    pub(super) recipients: Option<usize>,
    /// How many of them the caller owes a reply to the message (LMTP).
    pub(super) owed: usize,
    /// The messages begun, and the domains they went to, where LIMITS limits them.
    pub(super) messages: u32,
    pub(super) domains: Domains,
    /// What the last MAIL said.
    pub(super) smtp_utf8: bool,
    pub(super) body: Option<crate::command::Body>,
    pub(super) chunks: Option<Box<Chunks>>,
}

impl Session {
    /// The message that was begun is done, or dropped.
    pub(super) fn end_message(&mut self) {
        self.recipients = None;
        self.chunks = None;
        self.smtp_utf8 = false;
    }

    /// A part of the message was refused.
    pub(super) fn fail_chunks(&mut self) {
        self.chunks.get_or_insert_default().failed = true;
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hello {
    Helo,
    /// Or LHLO.
    Ehlo,
}
