//! A client and a server in memory.

use bytes::Buf;
use core::{fmt, time::Duration};
use mailrail_wire::{Connection, Input, Step, Time};

/// A client machine and a server machine, joined in memory, under a clock that moves only when
/// both wait.
#[derive(Debug)]
pub struct Pair<A, B>
where
    A: Connection<Error: fmt::Debug>,
    B: Connection<Error: fmt::Debug>,
{
    client: Side<A>,
    server: Side<B>,
    now: Time,
    piece: usize,
}

#[derive(Debug)]
struct Side<C: Connection<Error: fmt::Debug>> {
    conn: C,
    input: Input,
    state: State<C::Error>,
}

#[derive(Debug, PartialEq, Eq)]
enum State<E> {
    Busy,
    /// Can't go on before the other side does something or that time comes.
    Blocked(Option<Time>),
    Upgrading(mailrail_wire::Upgrade),
    Closed,
    Failed(E),
}

/// How both sides ended: closed, or with an error.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a pair has two sides")]
pub struct Ended<A, B> {
    /// The client's end.
    pub client: Result<(), A>,
    /// The server's end.
    pub server: Result<(), B>,
}

impl<A, B> Pair<A, B>
where
    A: Connection<Error: fmt::Debug + Clone>,
    B: Connection<Error: fmt::Debug + Clone>,
{
    /// Joins the two.
    #[must_use]
    pub fn new(client: A, server: B) -> Self {
        let (client, server) = (Side::new(client), Side::new(server));
        Self { client, server, now: Time::default(), piece: 4_096 }
    }

    /// Bytes cross in pieces of at most `n` (4,096 where this is not called).
    #[must_use]
    pub fn in_pieces_of(mut self, n: usize) -> Self {
        self.piece = n.max(1);
        self
    }

    /// The client, to give it a command; go on with [`settle`](Self::settle) or
    /// [`run`](Self::run).
    pub fn client(&mut self) -> &mut A {
        self.client.state.stir();
        &mut self.client.conn
    }

    /// The server, to give it news; go on with [`settle`](Self::settle) or [`run`](Self::run).
    pub fn server(&mut self) -> &mut B {
        self.server.state.stir();
        &mut self.server.conn
    }

    /// The simulated time.
    pub const fn now(&self) -> Time {
        self.now
    }

    /// Lets time pass.
    pub fn pass(&mut self, time: Duration) {
        self.now += time;
        self.client.state.stir();
        self.server.state.stir();
    }

    /// Goes on until neither side can move without a command, news, or time.
    pub fn settle(
        &mut self,
        mut on_client: impl FnMut(A::Event<'_>, &mut A),
        mut on_server: impl FnMut(B::Event<'_>, &mut B),
    ) {
        loop {
            let client = self.client.turn(self.now, self.piece, &mut self.server, &mut on_client);
            let server = self.server.turn(self.now, self.piece, &mut self.client, &mut on_server);
            let upgraded = self.upgrade();
            if !client && !server && !upgraded {
                return;
            }
        }
    }

    /// Goes on until both sides have ended, with the clock moved to the next deadline whenever
    /// both wait.
    ///
    /// # Panics
    ///
    /// Where both wait for each other without a deadline.
    pub fn run(
        &mut self,
        mut on_client: impl FnMut(A::Event<'_>, &mut A),
        mut on_server: impl FnMut(B::Event<'_>, &mut B),
    ) -> Ended<A::Error, B::Error> {
        loop {
            self.settle(&mut on_client, &mut on_server);
            if let (Some(client), Some(server)) = (self.client.state.end(), self.server.state.end())
            {
                return Ended { client, server };
            }
            let next = [self.client.state.deadline(), self.server.state.deadline()];
            let Some(next) = next.into_iter().flatten().min() else {
                panic!("both wait: {:?} {:?}", self.client.state, self.server.state);
            };
            self.pass(next.saturating_since(self.now));
        }
    }

    fn upgrade(&mut self) -> bool {
        match (&self.client.state, &self.server.state) {
            (State::Upgrading(to), State::Upgrading(too)) if to == too => {
                self.client.conn.upgraded();
                self.server.conn.upgraded();
                (self.client.state, self.server.state) = (State::Busy, State::Busy);
                true
            }
            _ => false,
        }
    }
}

impl<C: Connection<Error: fmt::Debug>> Side<C> {
    fn new(conn: C) -> Self {
        Self { conn, input: Input::default(), state: State::Busy }
    }

    /// Does what the machine asks, as long as it can; tells whether it did anything.
    fn turn<P: Connection<Error: fmt::Debug>>(
        &mut self,
        now: Time,
        piece: usize,
        peer: &mut Side<P>,
        on_event: &mut impl FnMut(C::Event<'_>, &mut C),
    ) -> bool {
        let mut moved = false;
        while matches!(self.state, State::Busy) {
            match self.conn.poll(now, &mut self.input) {
                Ok(Step::Event) => match self.conn.event(&mut self.input) {
                    Ok(event) => on_event(event, &mut self.conn),
                    Err(error) => self.state = State::Failed(error),
                },
                // What a peer has not read yet fills its socket.
                Ok(Step::Write { until }) if peer.input.bytes().len() > 64 * 1_024 => {
                    self.state = State::Blocked(until);
                    break;
                }
                Ok(Step::Write { .. }) => {
                    let output = self.conn.output();
                    let n = output.chunk().len().min(piece);
                    peer.input.extend(output.chunk().get(..n).unwrap_or_default());
                    output.advance(n);
                }
                Ok(Step::Read { until }) => {
                    self.state = State::Blocked(until);
                    break;
                }
                Ok(Step::Answer) => {
                    self.state = State::Blocked(None);
                    break;
                }
                Ok(Step::Upgrade(to)) => self.state = State::Upgrading(to),
                Ok(Step::Close) => self.state = State::Closed,
                Err(error) => self.state = State::Failed(error),
            }
            moved = true;
        }
        let ended = matches!(self.state, State::Closed | State::Failed(_));
        if ended && !peer.input.is_closed() {
            peer.input.received(0);
        }
        if moved {
            peer.state.stir();
        }
        moved
    }
}

impl<E: Clone> State<E> {
    fn end(&self) -> Option<Result<(), E>> {
        match self {
            Self::Closed => Some(Ok(())),
            Self::Failed(error) => Some(Err(error.clone())),
            _ => None,
        }
    }
}

impl<E> State<E> {
    fn stir(&mut self) {
        if let Self::Blocked(_) = self {
            *self = Self::Busy;
        }
    }

    const fn deadline(&self) -> Option<Time> {
        match self {
            Self::Blocked(until) => *until,
            _ => None,
        }
    }
}
