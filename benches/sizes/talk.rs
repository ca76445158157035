//! A conversation with one machine, in memory.

use crate::heap;
use bytes::{Buf, Bytes};
use core::fmt::Debug;
use mailrail_wire::{Connection, Input, Step, Time};

/// What passes through each machine.
pub const BULK: usize = 30 * 1024 * 1024;

/// A block of it, as it is read.
pub static BLOCK: [u8; 8 * 1024] = lines();

/// Lines of 64 bytes.
const fn lines() -> [u8; 8 * 1024] {
    let mut block = [b'x'; 8 * 1024];
    let mut at = 64;
    while at <= block.len() {
        (block[at - 2], block[at - 1]) = (b'\r', b'\n');
        at += 64;
    }
    block
}

/// All of it, in blocks.
pub fn blocks() -> impl Iterator<Item = &'static [u8]> {
    std::iter::repeat_n(&BLOCK[..], BULK / BLOCK.len())
}

/// A caller that gives it in pieces.
#[derive(Debug, Default)]
pub struct Pieces(usize);

impl Pieces {
    /// The next piece, newly made; none at the end.
    pub fn next(&mut self) -> Option<Bytes> {
        if self.0 == BULK {
            return None;
        }
        let piece = Bytes::from(BLOCK.repeat(8));
        self.0 += piece.len();
        Some(piece)
    }
}

/// The figures of a machine, in bytes.
#[derive(Debug, Default)]
pub struct Held {
    /// The value itself.
    pub machine: usize,
    /// What it has allocated while it waits for the other side.
    pub idle: usize,
    /// The most that was allocated while bulk passed, the value and its input included.
    pub busy: usize,
}

/// A machine that is talked with.
pub struct Talk<C> {
    pub conn: C,
    pub held: Held,
    input: Input,
    before: usize,
}

impl<C: Connection<Error: Debug>> Talk<C> {
    pub fn new(make: impl FnOnce() -> C) -> Self {
        let before = heap::held();
        let held = Held { machine: size_of::<C>(), ..Held::default() };
        Self { conn: make(), held, input: Input::default(), before }
    }

    /// Says all of `wire`, a piece at a time, each once the last was used up. `answer` is told
    /// each event, and how many bytes were written is told in the end.
    ///
    /// # Panics
    ///
    /// Where the machine does not take it, or closes.
    pub fn say<'w>(
        &mut self,
        wire: impl IntoIterator<Item = &'w [u8]>,
        mut answer: impl for<'i> FnMut(&mut C, C::Event<'i>),
    ) -> usize {
        let (mut wire, mut written) = (wire.into_iter(), 0);
        loop {
            match self.conn.poll(Time::default(), &mut self.input).expect("no error") {
                Step::Event => {
                    let event = self.conn.event(&mut self.input).expect("an event");
                    answer(&mut self.conn, event);
                }
                Step::Write { .. } => {
                    let n = self.conn.output().chunk().len();
                    self.conn.output().advance(n);
                    written += n;
                }
                Step::Read { .. } => match wire.next() {
                    Some(piece) => self.input.extend(piece),
                    None => return written,
                },
                Step::Answer if wire.next().is_none() => return written,
                step => panic!("{step:?} in the middle"),
            }
        }
    }

    /// It waits for the other side now: counts what it holds.
    pub fn is_idle(&mut self) {
        self.input.release();
        self.held.idle = heap::held() - self.before;
        heap::most();
    }

    /// Bulk has passed: counts the most that was held.
    pub fn has_passed(&mut self) {
        let fixed = size_of::<C>() + size_of::<Input>();
        self.held.busy = self.held.busy.max(heap::most() - self.before + fixed);
    }
}
