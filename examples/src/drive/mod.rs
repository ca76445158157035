//! Drivers: what does for a [`Connection`] the I/O it asks for.
//!
//! [`tokio`] and [`blocking`] are the same loop, written once for every machine; neither knows which
//! protocol it drives.

use mailrail_wire::{Connection, Time};
use std::{
    fmt, io,
    time::{Duration, Instant},
};

pub mod blocking;
pub mod datagram;
pub mod tokio;

/// How much a driver reads ahead while it writes, in bytes. Two peers that both write and do not
/// read would wait for each other without end.
const AHEAD: usize = 64 * 1024;

/// How long a TLS handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(60);

/// How long a socket that is being closed waits for the peer to close too.
const LINGER: Duration = Duration::from_secs(2);

/// The clock that [`Time`] is read from: moments since it was started.
#[derive(Debug, Clone, Copy)]
pub struct Clock(Instant);

impl Clock {
    /// A clock that shows zero now.
    #[must_use]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// The moment it is.
    #[must_use]
    pub fn now(&self) -> Time {
        Time::from_start(self.0.elapsed())
    }

    /// How long it is until `until`; none where there is no such moment.
    #[must_use]
    pub fn left(&self, until: Option<Time>) -> Option<Duration> {
        until.map(|at| at.saturating_since(self.now()))
    }
}

/// Why a conversation ended early; `E` is the machine's own error.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error<E> {
    /// The machine ended it.
    #[error(transparent)]
    Connection(E),
    /// The socket failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The program asked for the next event before it answered the last one.
    #[error("the last event was not answered")]
    Unanswered,
}

/// An event, and the machine to answer it on; none at the end of the conversation.
pub type Next<'a, C> = Option<(<C as Connection>::Event<'a>, &'a mut C)>;

/// Sees what goes over a connection, in both directions, as it goes; inside of TLS.
pub trait Tap: Send {
    /// These bytes were written.
    fn sent(&mut self, bytes: &[u8]);
    /// These bytes were read.
    fn received(&mut self, bytes: &[u8]);
    /// The connection is under TLS from here on.
    fn secured(&mut self) {}
}

/// A place for a [`Tap`], mostly empty.
#[derive(Default)]
struct Tapped(Option<Box<dyn Tap>>);

impl fmt::Debug for Tapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Tapped" } else { "Untapped" })
    }
}

impl Tapped {
    fn sent(&mut self, bytes: &[u8]) {
        if let Some(tap) = &mut self.0 {
            tap.sent(bytes);
        }
    }

    fn received(&mut self, bytes: &[u8]) {
        if let Some(tap) = &mut self.0 {
            tap.received(bytes);
        }
    }

    fn secured(&mut self) {
        if let Some(tap) = &mut self.0 {
            tap.secured();
        }
    }
}
