//! Where a server's conversation is.

use crate::{
    command::Command,
    framing::Literal,
    types::{SequenceSet, Tag},
};
use alloc::vec::Vec;
use core::num::NonZeroU32;
use mailrail_wire::{Secret, Time};

/// RFC 3501 §3:
///
/// ```text
///                    +----------------------+
///                    |connection established|
///                    +----------------------+
///                               ||
///                               \/
///             +--------------------------------------+
///             |          server greeting             |
///             +--------------------------------------+
///                       || (1)       || (2)        || (3)
///                       \/           ||            ||
///             +-----------------+    ||            ||
///             |Not Authenticated|    ||            ||
///             +-----------------+    ||            ||
///              || (7)   || (4)       ||            ||
///              ||       \/           \/            ||
///              ||     +----------------+           ||
///              ||     | Authenticated  |<=++       ||
///              ||     +----------------+  ||       ||
///              ||       || (7)   || (5)   || (6)   ||
///              ||       ||       \/       ||       ||
///              ||       ||    +--------+  ||       ||
///              ||       ||    |Selected|==++       ||
///              ||       ||    +--------+           ||
///              ||       ||       || (7)            ||
///              \/       \/       \/                \/
///             +--------------------------------------+
///             |               Logout                 |
///             +--------------------------------------+
///                               ||
///                               \/
///                 +-------------------------------+
///                 |both sides close the connection|
///                 +-------------------------------+
///
///  (1) connection without pre-authentication (OK greeting)
///  (2) pre-authenticated connection (PREAUTH greeting)
///  (3) rejected connection (BYE greeting)
///  (4) successful LOGIN or AUTHENTICATE command
///  (5) successful SELECT or EXAMINE command
///  (6) CLOSE command, or failed SELECT or EXAMINE command
///  (7) LOGOUT command, server shutdown, or connection closed
/// ```
///
/// Logout is [`Turn::Over`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    NotAuthenticated,
    Authenticated,
    Selected(Open),
}

/// A mailbox that is selected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Open {
    /// How many messages the client knows of.
    pub(super) exists: u32,
    pub(super) read_only: bool,
}

impl State {
    /// Whether a command is one of this state (RFC 3501 §6.1 to §6.4).
    pub(super) const fn allows(self, command: &Command<'_>) -> bool {
        match command {
            Command::Capability | Command::Id(_) | Command::Logout | Command::Noop => true,
            Command::Authenticate(_) | Command::Login(_) | Command::StartTls => {
                matches!(self, Self::NotAuthenticated)
            }
            // RFC 5161 §3.1: before a mailbox is selected.
            Command::Enable(_) => matches!(self, Self::Authenticated),
            Command::Check
            | Command::Close
            | Command::Copy(_)
            | Command::Expunge(_)
            | Command::Fetch(_)
            | Command::Move(_)
            | Command::Search(_)
            | Command::Store(_)
            | Command::Unselect => matches!(self, Self::Selected(_)),
            _ => matches!(self, Self::Authenticated | Self::Selected(_)),
        }
    }

    /// Whether the messages of these sequence numbers are there. "The server should respond with a
    /// tagged BAD response" if not; "this includes `*` if the selected mailbox is empty"
    /// (RFC 3501 §9, seq-number).
    pub(super) fn has_all(self, set: &SequenceSet) -> bool {
        let exists = self.open().map_or(0, |open| open.exists);
        set.ranges(exists).all(|range| *range.start() > 0 && *range.end() <= exists)
    }

    pub(super) const fn open(self) -> Option<Open> {
        match self {
            Self::Selected(open) => Some(open),
            _ => None,
        }
    }

    pub(super) fn is_read_only(self) -> bool {
        self.open().is_some_and(|open| open.read_only)
    }
}

/// Whose turn it is.
///
/// ```text
///                     a command
///        Commands ─────────────────► Answering ──► Securing (STARTTLS, OK) ──► Commands
///         ▲  ▲  ▲ ◄───────────────── │ ▲ │ ▲ │
///         │  │  │   OK, NO, BAD      │ │ │ │ └───► Over (LOGOUT)
///    DONE │  │  │          challenge ▼ │ │ │
///         │  │  └── cancelled ── Challenged │
///        Idle│         accept_message  ▼   │ whole
///            └──────────────────── Message ┘
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// The client's, to give a command.
    Commands,
    /// The caller's, to answer [`Answer`].
    Answering,
    /// The client's, to answer a challenge.
    Challenged,
    /// The client's, to send the message of an APPEND.
    Message,
    /// The client's, to say DONE.
    Idle,
    Securing,
    Over,
}

/// The command that is being answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) tag: Tag<'static>,
    /// Its name, to say that it is completed.
    pub(super) verb: &'static str,
    pub(super) what: What,
}

/// As far as the answer depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    Login,
    Authenticate,
    StartTls,
    Enable,
    Id,
    Namespace,
    List,
    Lsub,
    Status,
    Select {
        read_only: bool,
    },
    /// Its message is yet to be accepted, or to come.
    Append(Literal),
    /// CLOSE or UNSELECT.
    Close,
    Search(Searching),
    Fetch {
        uid: bool,
    },
    Store {
        uid: bool,
    },
    /// EXPUNGE, MOVE, NOOP, CHECK: any news may be part of the answer.
    News,
    Logout,
    Other,
}

impl What {
    /// Whether EXPUNGE may be sent (RFC 3501 §7.4.1): "not [...] while responding to a FETCH,
    /// STORE, or SEARCH command", but "during a UID command"; nor before the command is there as a
    /// whole. CLOSE sends none (§6.4.2).
    pub(super) const fn allows_expunge(self) -> bool {
        match self {
            Self::Fetch { uid } | Self::Store { uid } | Self::Search(Searching { uid, .. }) => uid,
            Self::Append(_) | Self::Close => false,
            _ => true,
        }
    }

    /// Whether its answer has responses that are also news, so that they are taken for a part of
    /// it.
    pub(super) const fn has_news(self) -> bool {
        matches!(self, Self::Fetch { .. } | Self::Store { .. } | Self::Search(_) | Self::News)
    }
}

/// The SEARCH response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Searching {
    pub(super) uid: bool,
    pub(super) line: Line,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    Unwritten,
    /// More numbers can follow.
    Open,
    Ended,
}

/// A FETCH response that is not whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fetching {
    pub(super) seq: NonZeroU32,
    /// How many octets of its literal are still to be given; then it is the next segment's turn.
    pub(super) left: u64,
}

/// What `event` will tell.
#[derive(Debug)]
pub(super) enum Ready {
    Connected,
    Secured,
    /// A command of that many bytes.
    Command(usize),
    Response(Secret<Vec<u8>>),
    Octets(usize),
    MessageEnd,
    MessageAborted,
    Idle,
    Done,
    WantResponse,
    WantLiteral,
}

impl Ready {
    /// Whether the caller has to answer, once it is told.
    pub(super) const fn wants_answer(&self) -> bool {
        match self {
            Self::Connected
            | Self::Command(_)
            | Self::Response(_)
            | Self::MessageEnd
            | Self::WantResponse
            | Self::WantLiteral => true,
            Self::Secured | Self::Octets(_) | Self::MessageAborted | Self::Idle | Self::Done => {
                false
            }
        }
    }
}

/// When the present waits end.
#[derive(Debug, Default)]
pub(super) struct Deadlines {
    /// For the client to say something whole. What is written meanwhile does not move it.
    pub(super) read: Option<Time>,
    /// For it to take all that waits to be written.
    pub(super) write: Option<Time>,
}
