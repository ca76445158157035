//! Where the server's conversation stands (RFC 1939 §3 to §6, RFC 2595 §4).
//!
//! ```text
//!        connected
//!            |
//!   +--------v--------+  refused
//!   |   Connecting    |------------------------------+
//!   +--------+--------+                              |
//!            | greeting                              |
//!   +--------v--------+  STLS   +-----------+        |
//!   |  AUTHORIZATION  |-------->| Securing  |        |
//!   |                 |<--------|           |        |
//!   |                 | TLS is  +-----------+        |
//!   |                 | there                        |
//!   |                 |------------------------------+
//!   +--------+--------+  QUIT                        |
//!            | PASS, APOP, AUTH: the                 |
//!            | maildrop is open                      |
//!   +--------v--------+                              |
//!   |   TRANSACTION   |---> dropped, timed out:      |
//!   +--------+--------+     nothing is deleted       |
//!            | QUIT                                  |
//!   +--------v--------+                   +----------v---+
//!   |     UPDATE      |------------------>|     Over     |
//!   +-----------------+                   +--------------+
//! ```

use super::maildrop::Maildrop;
use crate::MessageNumber;
use alloc::boxed::Box;

#[derive(Debug)]
pub(super) enum State {
    Connecting,
    /// With the name that USER gave, if PASS may follow now.
    Authorization(Option<Box<str>>),
    /// In AUTHORIZATION, behind a challenge: the next line is the response.
    Challenged,
    Securing,
    Transaction(Box<Maildrop>),
    /// The caller deletes what is marked.
    Update,
    Over,
}

/// What the caller is asked, or about to be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    Greeting,
    StartTls,
    /// The line with PASS, still in the input, is that long.
    Login(usize),
    /// The line with APOP, still in the input, is that long.
    Apop(usize),
    /// The line with AUTH, still in the input, is that long.
    Authenticate(usize),
    /// The line with a response, still in the input, is that long.
    Response(usize),
    /// A size, and what for.
    Size(MessageNumber, For),
    UniqueId(MessageNumber, For),
    Retr(MessageNumber),
    Top(MessageNumber, u32),
    /// The next piece of the message.
    Piece,
    Quit,
    /// Told only: the message is sent.
    Sent(MessageNumber),
    /// Told only: TLS is there.
    Secured,
}

impl Asked {
    /// Whether it is a login, or a step of one.
    pub(super) const fn is_login(self) -> bool {
        matches!(self, Self::Login(_) | Self::Apop(_) | Self::Authenticate(_) | Self::Response(_))
    }

    /// Whether the caller must answer.
    pub(super) const fn wants_answer(self) -> bool {
        !matches!(self, Self::Sent(_) | Self::Secured)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum For {
    /// The whole answer to LIST n, or UIDL n.
    One,
    /// A line of the answer to LIST or UIDL.
    Listing,
    /// DELE, so that STAT stays right.
    Dele,
}
