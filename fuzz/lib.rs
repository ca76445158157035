//! Drives a machine against a peer that says whatever the fuzzer came up with, and checks what
//! holds for every machine.

pub mod name_server;

use bytes::Buf;
use core::{fmt::Debug, time::Duration};
use mailrail_wire::{Connection, Input, Step, Time, Upgrade};
use std::collections::VecDeque;

/// How the bytes of the peer are cut, and whether time passes.
#[derive(Debug, Clone, Copy)]
pub enum Pace<'d> {
    /// Each unit at once.
    Whole,
    /// A byte at a time.
    Bytes,
    /// In pieces of these sizes, again and again; each read and write takes that many seconds.
    Sizes(&'d [u8], u64),
}

/// A peer, the line to it, and a clock.
#[derive(Debug)]
pub struct Drive<'d> {
    pub input: Input,
    /// All that the machine has written.
    pub written: Vec<u8>,
    /// Each `Read` that begins a unit is told to the caller once before it is done.
    pub tells_reads: bool,
    told: bool,
    is_begun: bool,
    units: VecDeque<&'d [u8]>,
    pace: Pace<'d>,
    turn: usize,
    now: Duration,
    /// The most that the input holds when it is read into, as the machine's limits tell.
    held: usize,
    steps: usize,
}

impl Pace<'_> {
    /// Whether time passes and pieces are odd: what the machine does is not compared then.
    pub const fn is_odd(self) -> bool {
        matches!(self, Self::Sizes(..))
    }
}

impl<'d> Drive<'d> {
    /// `units` are what the peer sends; `held` is how many bytes the machine lets lie at most
    /// while it wants more.
    pub fn new(units: impl IntoIterator<Item = &'d [u8]>, pace: Pace<'d>, held: usize) -> Self {
        let units: VecDeque<_> = units.into_iter().filter(|unit| !unit.is_empty()).collect();
        let len: usize = units.iter().map(|unit| unit.len()).sum();
        Self {
            input: Input::default(),
            written: Vec::new(),
            tells_reads: false,
            told: false,
            is_begun: false,
            units,
            pace,
            turn: 0,
            now: Duration::ZERO,
            held,
            steps: 4 * len + 1_000,
        }
    }

    /// Writes and reads until something else is asked for. The steps that do not write are linear
    /// in what the peer sends; that an answer is written for ever is found by the memory limit.
    pub fn next<C>(&mut self, conn: &mut C) -> Result<Step, C::Error>
    where
        C: Connection<Error: PartialEq + Debug>,
    {
        loop {
            let now = Time::from_start(self.now);
            let step = conn.poll(now, &mut self.input);
            assert_eq!(step, conn.poll(now, &mut self.input), "asked twice");
            let step = step?;
            if !matches!(step, Step::Write { .. }) {
                self.steps = self.steps.checked_sub(1).expect("no end of steps");
            }
            match step {
                Step::Write { until } => {
                    assert!(!conn.output().is_empty());
                    if !self.is_late(until) {
                        let n =
                            self.piece(conn.output().remaining()).min(conn.output().chunk().len());
                        self.written.extend_from_slice(&conn.output().chunk()[..n]);
                        conn.output().advance(n);
                    }
                }
                Step::Read { until } => {
                    assert!(conn.output().is_empty(), "reads before all is written");
                    assert!(self.input.bytes().len() <= self.held, "more than the limit");
                    assert!(!self.input.is_closed(), "reads behind the end");
                    if self.tells_reads && !self.is_begun && !self.told {
                        self.told = true;
                        return Ok(step);
                    }
                    self.told = false;
                    if !self.is_late(until) {
                        self.read();
                    }
                }
                Step::Upgrade(to) => {
                    assert!(conn.output().is_empty(), "upgrades before all is written");
                    assert!(to != Upgrade::Tls || self.input.is_empty());
                    return Ok(step);
                }
                Step::Close => {
                    assert!(conn.output().is_empty(), "closes before all is written");
                    return Ok(step);
                }
                Step::Event | Step::Answer => return Ok(step),
            }
        }
    }

    /// Whether time runs out before anything is read or written.
    fn is_late(&mut self, until: Option<Time>) -> bool {
        let now = Time::from_start(self.now);
        assert!(until.is_none_or(|until| until > now), "waits for what is past");
        let Pace::Sizes(_, seconds) = self.pace else { return false };
        let later = self.now + Duration::from_secs(seconds);
        match until {
            Some(until) if until <= Time::from_start(later) => {
                self.now = until.saturating_since(Time::default());
                true
            }
            _ => {
                self.now = later;
                false
            }
        }
    }

    fn piece(&mut self, most: usize) -> usize {
        let size = match self.pace {
            Pace::Whole => most,
            Pace::Bytes => 1,
            Pace::Sizes(sizes, _) => {
                self.turn += 1;
                usize::from(sizes[self.turn % sizes.len()])
            }
        };
        size.clamp(1, most)
    }

    fn read(&mut self) {
        let Some(unit) = self.units.pop_front() else { return self.input.received(0) };
        let (now, later) = unit.split_at(self.piece(unit.len()));
        self.input.extend(now);
        self.is_begun = !later.is_empty();
        if !later.is_empty() {
            self.units.push_front(later);
        }
    }
}

/// A line each, so that it comes when it is waited for.
pub fn lines(wire: &[u8]) -> Vec<&[u8]> {
    let (mut lines, mut from) = (Vec::new(), 0);
    for (at, _) in wire.windows(2).enumerate().filter(|(_, two)| two == b"\r\n") {
        lines.push(&wire[from..at + 2]);
        from = at + 2;
    }
    lines.push(&wire[from..]);
    lines
}

/// Says the next things: up to the first whose byte is under `last`. What came of each is noted.
pub fn say_next<R: Debug>(
    ops: &mut impl Iterator<Item = u8>,
    last: u8,
    seen: &mut Vec<String>,
    mut say: impl FnMut(u8) -> R,
) {
    for op in ops {
        seen.push(format!("{:?}", say(op)));
        if op < last {
            break;
        }
    }
}
