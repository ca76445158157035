//! Where the client's conversation stands.
//!
//! RFC 1939 §3 and RFC 2595 §4, as the client sees them. Whether it is in the AUTHORIZATION or the
//! TRANSACTION state is left to the server to judge: commands wait in line for one another, and
//! what is out of place is answered with -ERR.
//!
//! ```text
//!      connected
//!          |
//!     +----v-----+  -ERR
//!     | Greeting |--------------------+
//!     +----+-----+                    |
//!      +OK |                          |
//!     +----v-----+  STLS: +OK   +-----|----+
//!     | Talking  |------------->| Securing |
//!     |          |<-------------|     |    |
//!     +----+-----+  TLS is there+-----|----+
//!     QUIT |                          |
//!     +----v-----+                    |
//!     |   Over   |<-------------------+
//!     +----------+
//! ```

use crate::{ApopDigest, Capabilities, client::Request};
use alloc::{boxed::Box, vec::Vec};
use mailrail_wire::{Secret, Unstuffer};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Greeting,
    Talking,
    /// Talking, and the caller has a challenge to answer.
    Challenged,
    Securing,
    Over,
}

/// What the next bytes are.
#[derive(Debug)]
pub(super) enum Reading {
    /// The line that begins an answer.
    Status,
    /// Lines of an answer to CAPA: collected, with how many there were.
    Capabilities(Box<Capabilities>, usize),
    /// Lines of an answer to LIST, UIDL or LANG.
    Listing,
    Message(Unstuffer),
}

/// A command that waits to be sent.
#[derive(Debug)]
pub(super) enum Queued {
    Request(Request),
    Login(Box<Credentials>),
    Apop(Box<str>, ApopDigest),
    Auth(Box<Mechanism>),
    Lang(Box<str>),
}

#[derive(Debug)]
pub(super) struct Credentials {
    pub(super) user: Box<str>,
    pub(super) password: Secret<Box<str>>,
}

#[derive(Debug)]
pub(super) struct Mechanism {
    pub(super) name: Box<str>,
    pub(super) initial_response: Option<Secret<Vec<u8>>>,
}
