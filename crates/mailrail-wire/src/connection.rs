//! What every machine is to its driver.

use crate::{Input, Output, Time};

/// One side of one conversation. It does no I/O: it says what to do next, and the caller does it.
///
/// All machines of mailrail implement it: the SMTP, POP3 and IMAP clients and servers and the MX
/// lookup. A driver is a loop around [`poll`](Self::poll) and is written once for all of them:
///
/// ```
/// use bytes::Buf;
/// use mailrail_wire::{Connection, Input, Step, Time};
/// use std::io::{self, Read, Write};
///
/// /// The next event, or none at the end.
/// fn next_event<'a, C: Connection<Error: core::fmt::Debug>>(
///     conn: &mut C,
///     input: &'a mut Input,
///     sock: &mut (impl Read + Write),
///     now: impl Fn() -> Time,
/// ) -> io::Result<Option<C::Event<'a>>> {
///     let broken = |error| io::Error::other(format!("{error:?}"));
///     loop {
///         match conn.poll(now(), input).map_err(broken)? {
///             Step::Event => return conn.event(input).map(Some).map_err(broken),
///             Step::Write { .. } => {
///                 let written = sock.write(conn.output().chunk())?;
///                 conn.output().advance(written);
///             }
///             Step::Read { .. } => {
///                 let read = sock.read(input.space())?;
///                 input.received(read);
///             }
///             Step::Answer => return Err(io::Error::other("the last event was not answered")),
///             Step::Upgrade(_) => return Err(io::ErrorKind::Unsupported.into()),
///             Step::Close => return Ok(None),
///         }
///     }
/// }
/// ```
///
/// (The deadlines in `until` are left out here; a real driver waits no longer than they say, and
/// polls again when they pass.)
pub trait Connection {
    /// What happened; borrows the bytes received, never the connection, so that the connection can
    /// be answered while the event is held.
    type Event<'i>;

    /// What ends the conversation.
    type Error;

    /// Says what to do next, given the time and everything received so far.
    ///
    /// Asking again before doing it gives the same step. Call it after each step done and each
    /// command given.
    ///
    /// # Errors
    ///
    /// What ends the conversation: broken framing, a limit passed, a deadline missed, a close too
    /// early. Last words to the peer (421, BYE, -ERR) are asked to be written first, so the error
    /// comes last; it then repeats.
    fn poll(&mut self, now: Time, input: &mut Input) -> Result<Step, Self::Error>;

    /// Takes the event that is ready.
    ///
    /// # Errors
    ///
    /// Only where [`poll`](Self::poll) has not just said [`Step::Event`].
    fn event<'i>(&mut self, input: &'i mut Input) -> Result<Self::Event<'i>, Self::Error>;

    /// The bytes to send, as a [`bytes::Buf`]: write from `chunk` or `chunks_vectored`, then
    /// `advance`.
    fn output(&mut self) -> &mut Output;

    /// The transport that [`Step::Upgrade`] asked for is in place.
    fn upgraded(&mut self);
}

/// What the caller does next, always followed by another [`poll`](Connection::poll).
#[expect(clippy::exhaustive_enums, reason = "a driver that forgets a step must not compile")]
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Take the event.
    Event,
    /// Write some of the output. All is written before `Read`, `Upgrade` or `Close` is asked.
    Write {
        /// Wait no longer than this; then poll again, which tells what the delay means.
        until: Option<Time>,
    },
    /// Read once into the [`Input`].
    Read {
        /// Wait no longer than this; then poll again, which tells what the delay means.
        until: Option<Time>,
    },
    /// Answer the last event: nothing moves, and nothing should be read, until the caller has.
    Answer,
    /// Replace the transport, then call [`upgraded`](Connection::upgraded).
    Upgrade(Upgrade),
    /// All is said and written: close the transport.
    Close,
}

/// The transport that the conversation goes on over.
#[expect(clippy::exhaustive_enums, reason = "a driver that forgets a transport must not compile")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Upgrade {
    /// TLS (STARTTLS, STLS). The [`Input`] is empty: bytes pipelined in plaintext behind the
    /// command or its reply are an error from `poll`, never carried across, and what was learnt
    /// before is forgotten (RFC 3207 §4.2, §6).
    Tls,
    /// DEFLATE (RFC 4978). What the [`Input`] holds is compressed already: feed
    /// [`Input::take_all`] to the inflater.
    Deflate,
    /// TCP to the same DNS server, whose UDP answer was cut. Drop what the [`Input`] holds.
    Tcp,
}
