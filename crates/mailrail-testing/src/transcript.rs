//! Conversations written down, and run at every split of their bytes.

use crate::{escaped, text::wire};
use alloc::collections::VecDeque;
use bytes::Buf;
use core::{fmt, time::Duration};
use mailrail_wire::{Connection, Input, Step, Time, Upgrade};

/// Which side of the conversation the machine under test is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a conversation has two sides")]
pub enum Role {
    /// `C:` lines are what it must send.
    Client,
    /// `S:` lines are what it must send.
    Server,
}

/// An event, as a transcript writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "an event is bulk or it is not")]
pub enum Shown {
    /// An event of its own.
    Text(String),
    /// A piece of bulk: joined with the pieces of the same name before and behind it.
    Bulk(&'static str, Vec<u8>),
}

#[derive(Debug)]
enum Line {
    Wire(Role, Vec<u8>),
    Act(String),
    Event(String),
    Upgrade(Upgrade),
    Wait(Duration),
    Eof,
    Close,
    Error(String),
}

/// A conversation, as the crate's documentation describes it.
#[derive(Debug)]
pub struct Transcript {
    lines: Vec<(usize, Line)>,
}

impl Transcript {
    /// Reads the text of a transcript.
    ///
    /// # Panics
    ///
    /// On a line that is none of the documented ones.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let lines = text.lines().zip(1..).filter_map(|(line, number)| {
            let read = read_line(line).unwrap_or_else(|why| panic!("line {number}: {why}: {line}"));
            read.map(|line| (number, line))
        });
        Self { lines: lines.collect() }
    }

    /// Runs the conversation with a new machine each time: whole, a byte at a time, and cut in two
    /// at every byte that the peer sends.
    ///
    /// # Panics
    ///
    /// Where the machine does not do what is written.
    pub fn run_every_split<C>(
        &self,
        role: Role,
        mut machine: impl FnMut() -> C,
        mut act: impl FnMut(&mut C, &str),
        mut show: impl FnMut(&C::Event<'_>) -> Shown,
    ) where
        C: Connection<Error: fmt::Display + fmt::Debug + PartialEq>,
    {
        let fed = |(_, line): &(usize, Line)| match line {
            Line::Wire(of, bytes) if *of != role => bytes.len(),
            _ => 0,
        };
        let total: usize = self.lines.iter().map(fed).sum();
        let cuts = (1..total).map(|at| Cut { at, every_byte: false });
        for cut in [false, true].map(|every_byte| Cut { at: 0, every_byte }).into_iter().chain(cuts)
        {
            let mut run = Run {
                conn: machine(),
                input: Input::default(),
                now: Time::default(),
                cut,
                fed: 0,
                queue: VecDeque::new(),
                eof: false,
                sent: Vec::new(),
                line: 0,
            };
            for (number, line) in &self.lines {
                run.line = *number;
                run.play(line, role, &mut act, &mut show);
            }
            run.finish(&mut show);
        }
    }
}

fn read_line(line: &str) -> Result<Option<Line>, String> {
    let (kind, text) = line.split_once(' ').unwrap_or((line, ""));
    Ok(Some(match kind {
        "" | "#" => return Ok(None),
        "C:" => Line::Wire(Role::Client, wire(text)?),
        "S:" => Line::Wire(Role::Server, wire(text)?),
        ">" => Line::Act(text.to_owned()),
        "!" => Line::Event(text.to_owned()),
        "=" => match text.split_once(' ').unwrap_or((text, "")) {
            ("tls", "") => Line::Upgrade(Upgrade::Tls),
            ("deflate", "") => Line::Upgrade(Upgrade::Deflate),
            ("tcp", "") => Line::Upgrade(Upgrade::Tcp),
            ("eof", "") => Line::Eof,
            ("close", "") => Line::Close,
            ("error", text) => Line::Error(text.to_owned()),
            ("wait", seconds) => Line::Wait(Duration::from_secs(
                seconds.parse().map_err(|e| format!("{seconds}: {e}"))?,
            )),
            _ => return Err("no such step".to_owned()),
        },
        _ => return Err("no such line".to_owned()),
    }))
}

/// Where the peer's bytes are cut.
#[derive(Debug, Clone, Copy)]
struct Cut {
    at: usize,
    every_byte: bool,
}

/// One run of a transcript.
struct Run<C> {
    conn: C,
    input: Input,
    now: Time,
    cut: Cut,
    /// How many of the peer's bytes the machine has.
    fed: usize,
    queue: VecDeque<u8>,
    eof: bool,
    sent: Vec<u8>,
    line: usize,
}

impl<C: Connection<Error: fmt::Display + fmt::Debug + PartialEq>> Run<C> {
    fn play(
        &mut self,
        line: &Line,
        role: Role,
        act: &mut impl FnMut(&mut C, &str),
        show: &mut impl FnMut(&C::Event<'_>) -> Shown,
    ) {
        match line {
            Line::Wire(of, bytes) if *of != role => self.queue.extend(bytes),
            Line::Wire(_, bytes) => {
                while self.sent.len() < bytes.len() && self.moved() {}
                let got: Vec<u8> = self.sent.drain(..bytes.len().min(self.sent.len())).collect();
                self.check("sent", &escaped(bytes), &escaped(&got));
            }
            Line::Act(text) => act(&mut self.conn, text),
            Line::Event(expected) => self.expect_event(expected, show),
            Line::Upgrade(to) => {
                while self.moved() {}
                let step = self.poll();
                self.check("step", &Ok(Step::Upgrade(*to)), &step);
                self.conn.upgraded();
            }
            Line::Wait(time) => {
                while self.moved() {}
                self.now += *time;
            }
            Line::Eof => self.eof = true,
            Line::Close => {
                while self.moved() {}
                let step = self.poll();
                self.check("step", &Ok(Step::Close), &step);
            }
            Line::Error(expected) => {
                while self.moved() {}
                match self.poll() {
                    Err(error) => self.check("error", &expected, &&error.to_string()),
                    step => self.fail(&format!("expected the error {expected}, got {step:?}")),
                }
                let (first, again) = (self.poll(), self.poll());
                self.check("error again", &first, &again);
            }
        }
    }

    fn poll(&mut self) -> Result<Step, C::Error> {
        self.conn.poll(self.now, &mut self.input)
    }

    /// Writes or reads once; false where the machine asks for anything else, or for bytes that
    /// are not there.
    fn moved(&mut self) -> bool {
        let step = self.poll();
        let again = self.poll();
        self.check("asked twice", &step, &again);
        match step {
            Ok(Step::Write { .. }) => {
                let output = self.conn.output();
                let all = output.copy_to_bytes(output.remaining());
                if all.is_empty() {
                    self.fail("asked to write nothing");
                }
                self.sent.extend_from_slice(&all);
                true
            }
            Ok(Step::Read { .. }) if self.queue.is_empty() => {
                let news = self.eof && !self.input.is_closed();
                if news {
                    self.input.received(0);
                }
                news
            }
            Ok(Step::Read { .. }) => {
                let most = match self.cut {
                    Cut { every_byte: true, .. } => 1,
                    Cut { at, .. } if at > self.fed => at - self.fed,
                    _ => usize::MAX,
                };
                let piece: Vec<u8> = self.queue.drain(..most.min(self.queue.len())).collect();
                self.fed += piece.len();
                self.input.extend(&piece);
                true
            }
            _ => false,
        }
    }

    fn event(&mut self, show: &mut impl FnMut(&C::Event<'_>) -> Shown) -> Shown {
        while self.moved() {}
        match self.poll() {
            Ok(Step::Event) => {}
            step => self.fail(&format!("no event, but {step:?}")),
        }
        let event = self.conn.event(&mut self.input).map(|event| show(&event));
        event.unwrap_or_else(|error| self.fail(&format!("no event, but {error:?}")))
    }

    fn expect_event(&mut self, expected: &str, show: &mut impl FnMut(&C::Event<'_>) -> Shown) {
        let mut joined = Vec::new();
        let mut bulk = None;
        loop {
            let got = match self.event(show) {
                Shown::Text(text) => text,
                Shown::Bulk(name, piece) => {
                    if bulk.is_some_and(|before| before != name) {
                        self.fail(&format!("{name} follows, expected {expected}"));
                    }
                    bulk = Some(name);
                    joined.extend_from_slice(&piece);
                    let open = format!("{name} \"{}", escaped(&joined));
                    if expected.starts_with(&open) && expected.len() > open.len() + 1 {
                        continue;
                    }
                    open + "\""
                }
            };
            return self.check("event", &expected, &got.as_str());
        }
    }

    /// All that is left to do is done, and nothing of it is unexpected.
    fn finish(&mut self, show: &mut impl FnMut(&C::Event<'_>) -> Shown) {
        while self.moved() {}
        if self.poll() == Ok(Step::Event) {
            let event = self.event(show);
            self.fail(&format!("one event more: {event:?}"));
        }
        let sent = escaped(&self.sent);
        self.check("sent at the end", &"", &sent.as_str());
        if !self.queue.is_empty() {
            self.fail("not all of the peer's bytes were read");
        }
    }

    fn check<T: fmt::Debug + PartialEq>(&self, what: &str, expected: &T, got: &T) {
        if expected != got {
            self.fail(&format!("{what}:\nexpected {expected:?}\n     got {got:?}"));
        }
    }

    fn fail(&self, why: &str) -> ! {
        panic!("transcript line {}, {:?}: {why}", self.line, self.cut);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Pair;
    use mailrail_wire::{Found, LineFinder, Output};

    /// Tells each line and sends what it is told to; `tls` and `quit` are commands to it.
    #[derive(Debug, Default)]
    struct Echo {
        lines: LineFinder,
        output: Output,
        next: Option<Step>,
        line: usize,
        deadline: Option<Time>,
    }

    impl Connection for Echo {
        type Event<'i> = Vec<u8>;
        type Error = String;

        fn poll(&mut self, now: Time, input: &mut Input) -> Result<Step, String> {
            let until = *self.deadline.get_or_insert(now + Duration::from_secs(60));
            if !self.output.is_empty() {
                return Ok(Step::Write { until: Some(until) });
            }
            if let Some(next) = self.next {
                return Ok(next);
            }
            if self.line == 0 {
                match self.lines.find(input.bytes(), 100) {
                    Found::Line(n) => self.line = n,
                    _ if input.is_closed() => return Err("closed".to_owned()),
                    _ if until <= now => return Err("late".to_owned()),
                    _ => return Ok(Step::Read { until: Some(until) }),
                }
            }
            Ok(Step::Event)
        }

        fn event(&mut self, input: &mut Input) -> Result<Vec<u8>, String> {
            self.deadline = None;
            Ok(input.take(core::mem::take(&mut self.line)).to_vec())
        }

        fn output(&mut self) -> &mut Output {
            &mut self.output
        }

        fn upgraded(&mut self) {
            self.next = None;
        }
    }

    fn act(echo: &mut Echo, text: &str) {
        match text {
            "tls" => echo.next = Some(Step::Upgrade(Upgrade::Tls)),
            "quit" => echo.next = Some(Step::Close),
            text => echo.output.text(&wire(text).unwrap()),
        }
    }

    fn run(text: &str) {
        let show = |line: &Vec<u8>| match line.strip_prefix(b"bulk ") {
            Some(rest) => Shown::Bulk("bulk", rest.to_vec()),
            None => Shown::Text(escaped(line)),
        };
        Transcript::parse(text).run_every_split(Role::Server, Echo::default, act, show);
    }

    #[test]
    fn plays_every_kind_of_line() {
        run(
            "# hello\nC: one\nC: two\\\n! one\\r\\n\n> said\nS: said\n> tls\n= tls\nC: \\n\\\nC: more\n\
             ! two\\nmore\\r\\n\nC: bulk a\nC: bulk b\n! bulk \"a\\r\\nb\\r\\n\"\n> quit\n= close",
        );
        run("C: half\\\n= eof\n= error closed");
        run("C: half\\\n= wait 59\n= wait 1\n= error late");
    }

    #[test]
    fn what_differs_fails() {
        for text in [
            "C: one\n! two\\r\\n",
            "C: one",
            "! one",
            "> said",
            "S: said",
            "= close",
            "= error closed",
            "C: bulk a\n! bulk \"ab\"",
        ] {
            assert!(std::panic::catch_unwind(|| run(text)).is_err(), "{text}");
        }
    }

    #[test]
    fn a_pair_talks_upgrades_and_ends() {
        let mut pair = Pair::new(Echo::default(), Echo::default()).in_pieces_of(1);
        act(pair.client(), "hello");
        let (mut at_client, mut at_server) = (Vec::new(), Vec::new());
        pair.settle(
            |line, _| at_client.extend(line),
            |line, server| {
                at_server.extend(line);
                act(server, "welcome");
                act(server, "tls");
            },
        );
        assert_eq!((&at_client[..], &at_server[..]), (&b"welcome\r\n"[..], &b"hello\r\n"[..]));
        act(pair.client(), "tls");
        pair.settle(|_, _| {}, |_, _| {});
        act(pair.client(), "quit");
        let ended = pair.run(|_, _| {}, |_, _| {});
        assert_eq!((ended.client, ended.server), (Ok(()), Err("closed".to_owned())));

        let mut pair = Pair::new(Echo::default(), Echo::default());
        let ended = pair.run(|_, _| {}, |_, _| {});
        assert_eq!(ended.client, Err("late".to_owned()));
        assert_eq!(pair.now(), Time::from_start(Duration::from_secs(60)));
    }
}
