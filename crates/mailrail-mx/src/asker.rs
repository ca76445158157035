//! Asks name servers any number of questions side by side, each until it is answered or given up.
//!
//! Questions go to one server at a time. Those that it leaves unanswered or answers with a failure
//! go to the next one, together, once nothing is awaited from this one any more: a round.

use crate::{
    Config, Dnssec, Error,
    answer::{Answer, Led, Trail},
    draw::Draw,
    question::{Question, Reply},
};
use alloc::{boxed::Box, collections::VecDeque, vec::Vec};
use hickory_proto::{
    op::Message,
    rr::{Name, RecordType},
};
use mailrail_wire::{Input, Output, Step, Time, Upgrade};

const SERVERS_MAX: usize = 32;

/// What a caller may know of an answer's authenticity (RFC 4033 §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Validity {
    /// All of it is signed, and the signatures are right.
    Secure,
    /// It is proved that there are no signatures, or they can't be checked.
    Insecure,
    /// The signatures are wrong or missing: it counts as a failure of the name server.
    Bogus,
}

/// What comes next.
pub(crate) enum Said<T> {
    /// Read, write or upgrade.
    Step(Step),
    /// What became of a question.
    Answered(T, Result<Answer, Error>),
    /// The caller is to talk to this server from now on: [`Asker::told`] says that it knows.
    Server(usize),
    /// The caller is to validate an answer: [`Asker::unvalidated`] lends it.
    Validate,
    /// No question is open.
    Idle,
}

/// The questions, each with a token `T` that the caller knows it by.
pub(crate) struct Asker<T> {
    config: Config,
    draw: Draw,
    pub(crate) output: Output,
    /// When all ends; set by the first poll.
    end: Option<Time>,
    open: Vec<Open<T>>,
    done: VecDeque<(T, Result<Answer, Error>)>,
    /// The server that is talked to.
    server: usize,
    /// The caller does not know yet that it is this one.
    untold: bool,
    /// Where the next datagram comes from, if the caller says so: a server, or none of them.
    source: Option<Option<usize>>,
    transport: Transport,
    /// The servers that do not know EDNS, a bit each.
    plain: u32,
    validating: Option<Box<Validating>>,
    /// The time for everything was over before all was answered.
    has_run_out: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Transport {
    Udp,
    /// TCP is asked for.
    Connect,
    /// `fresh`: nothing was answered yet over this connection.
    Tcp {
        fresh: bool,
    },
}

struct Open<T> {
    token: T,
    question: Question,
    trail: Trail,
    state: State,
    /// How often it may still be asked.
    tries: u8,
    /// The servers that it was sent to, a bit each.
    asked: u32,
    /// Those of them that answered with a failure.
    failed: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// To be sent to the present server.
    Waiting,
    Sent {
        until: Time,
    },
    /// To be sent in the next round.
    Later,
}

/// An answer that the caller is asked about.
struct Validating {
    id: u16,
    message: Vec<u8>,
    is_told: bool,
}

impl<T: Copy> Asker<T> {
    pub(crate) fn new(random: [u8; 16], config: Config) -> Self {
        Self {
            config,
            draw: Draw::new(random),
            output: Output::default(),
            end: None,
            open: Vec::new(),
            done: VecDeque::new(),
            server: 0,
            untold: false,
            source: None,
            transport: Transport::Udp,
            plain: 0,
            validating: None,
            has_run_out: false,
        }
    }

    pub(crate) const fn has_run_out(&self) -> bool {
        self.has_run_out
    }

    pub(crate) const fn config(&self) -> &Config {
        &self.config
    }

    pub(crate) const fn draw(&mut self) -> &mut Draw {
        &mut self.draw
    }

    /// Adds a question.
    pub(crate) fn ask(&mut self, token: T, name: Name, kind: RecordType) {
        let question = self.question(&name, kind);
        if self.open.is_empty() {
            // Most of the time that a lookup waits, it waits for one answer.
            self.open.reserve_exact(1);
        }
        self.open.push(Open {
            token,
            question,
            trail: Trail::new(name, kind),
            state: State::Waiting,
            tries: self.config.limits.tries.max(1),
            asked: 0,
            failed: 0,
        });
    }

    /// A question with an id that no open one has.
    fn question(&mut self, name: &Name, kind: RecordType) -> Question {
        let (draw, open) = (&mut self.draw, &self.open);
        let id = loop {
            #[expect(clippy::cast_possible_truncation, reason = "any 16 bits are as good")]
            let id = draw.next() as u16;
            // No more questions are open than 32 exchangers, or what the caller allows, can raise.
            if !open.iter().any(|open| open.question.id == id) {
                break id;
            }
        };
        let mixed = self.config.mixed_case;
        Question::new(name, kind, id, || if mixed { draw.next() } else { 0 })
    }

    /// Says where the next datagram comes from.
    pub(crate) const fn received_from(&mut self, server: Option<usize>) {
        self.source = Some(server);
    }

    /// The present server can't be reached.
    pub(crate) fn unreachable(&mut self) {
        self.output = Output::default();
        let bit = bit(self.server);
        while let Some(at) = self.open.iter().position(|open| open.state != State::Later) {
            if let Some(open) = self.open.get_mut(at) {
                open.failed |= bit;
            }
            self.put_off(at, Error::Unreachable);
        }
    }

    /// The server's number has been given to the caller.
    pub(crate) const fn told(&mut self) {
        self.untold = false;
    }

    /// The answer to validate, once.
    pub(crate) fn unvalidated(&mut self) -> Option<Vec<u8>> {
        let validating = self.validating.as_deref_mut().filter(|it| !it.is_told)?;
        validating.is_told = true;
        Some(validating.message.clone())
    }

    /// What the caller says of the answer; false where it was not asked.
    pub(crate) fn validated(&mut self, validity: Validity) -> bool {
        let Some(validating) = self.validating.take_if(|it| it.is_told) else { return false };
        let at = self.open.iter().position(|open| open.question.id == validating.id);
        let Some((at, open)) = at.and_then(|at| Some((at, self.open.get(at)?))) else {
            return true;
        };
        match open.question.read_own(&validating.message) {
            Reply::Answer(message) if validity != Validity::Bogus => {
                self.take(at, *message, validity == Validity::Secure);
            }
            _ => self.fail(at, self.server, Error::Bogus),
        }
        true
    }

    pub(crate) fn upgraded(&mut self) {
        if self.transport == Transport::Connect {
            self.transport = Transport::Tcp { fresh: true };
        }
    }

    pub(crate) fn poll(&mut self, now: Time, input: &mut Input) -> Said<T> {
        let end = *self.end.get_or_insert(now + self.config.timeouts.total);
        if end <= now {
            self.run_out();
        }
        loop {
            if let Some(validating) = &self.validating {
                return if validating.is_told { Said::Step(Step::Answer) } else { Said::Validate };
            }
            if let Some((token, result)) = self.done.pop_front() {
                return Said::Answered(token, result);
            }
            if self.open.is_empty() {
                return Said::Idle;
            }
            if self.open.iter().all(|open| open.state == State::Later) {
                self.next_round();
                continue;
            }
            if self.untold {
                return Said::Server(self.server);
            }
            if self.transport == Transport::Connect {
                return Said::Step(Step::Upgrade(Upgrade::Tcp));
            }
            if self.receive(input) {
                continue;
            }
            if let (Transport::Tcp { fresh }, true) = (self.transport, input.is_closed()) {
                self.closed(fresh);
                continue;
            }
            if self.expire(now) || self.output.is_empty() && self.send(now, end) {
                continue;
            }
            let sent = self.open.iter().filter_map(|open| match open.state {
                State::Sent { until } => Some(until),
                _ => None,
            });
            let until = sent.min();
            let is_written = self.output.is_empty();
            return Said::Step(if is_written {
                Step::Read { until }
            } else {
                Step::Write { until }
            });
        }
    }

    /// The time for everything is over.
    fn run_out(&mut self) {
        (self.output, self.validating, self.untold) = (Output::default(), None, false);
        for open in self.open.drain(..) {
            self.has_run_out = true;
            self.done.push_back((open.token, Err(Error::TimedOut)));
        }
    }

    /// Takes a message from what was received; false where there is none yet.
    fn receive(&mut self, input: &mut Input) -> bool {
        if input.is_empty() {
            return false;
        }
        let from = match (self.transport, self.source.take()) {
            (Transport::Udp, Some(source)) => source,
            _ => Some(self.server),
        };
        let is_tcp = self.transport != Transport::Udp;
        let message = if is_tcp {
            // RFC 1035 §4.2.2.
            let Some((len, rest)) = input.bytes().split_first_chunk() else { return false };
            let len = usize::from(u16::from_be_bytes(*len));
            if rest.len() < len {
                return false;
            }
            input.take(2 + len).get(2..).unwrap_or_default()
        } else {
            input.take_all()
        };
        let Some((from, id)) = from.zip(message.first_chunk()) else { return true };
        let (bit, id) = (bit(from), u16::from_be_bytes(*id));
        let is_own = |open: &Open<T>| {
            open.question.id == id && open.asked & bit != 0 && open.failed & bit == 0
        };
        let Some(at) = self.open.iter().position(is_own) else { return true };
        let Some(open) = self.open.get(at) else { return true };
        let mut reply = open.question.read(message);
        if is_tcp && matches!(reply, Reply::OtherCase) {
            // Nobody forges it here.
            reply = open.question.read_own(message);
        }
        if is_tcp && !matches!(reply, Reply::Foreign) {
            self.transport = Transport::Tcp { fresh: false };
        }
        match reply {
            Reply::Foreign => {}
            Reply::Cut if is_tcp => self.fail(at, from, Error::Malformed),
            // A late answer of another server: the present one will say the same, or more.
            Reply::Cut | Reply::OtherCase if from != self.server => {}
            Reply::Cut | Reply::OtherCase => {
                self.output = Output::default();
                self.resend();
                self.transport = Transport::Connect;
            }
            Reply::WithoutEdns => {
                self.plain |= bit;
                self.renew(at);
            }
            Reply::Malformed => self.fail(at, from, Error::Malformed),
            Reply::Failed(code) => self.fail(at, from, Error::ServerFailed { code }),
            Reply::Answer(_) if self.config.dnssec == Dnssec::Caller => {
                let message = message.to_vec();
                self.validating = Some(Box::new(Validating { id, message, is_told: false }));
            }
            Reply::Answer(message) => {
                let authentic = self.config.dnssec == Dnssec::AdBit;
                let authentic = authentic && message.metadata.authentic_data;
                self.take(at, *message, authentic);
            }
        }
        true
    }

    /// Goes where an answer leads.
    fn take(&mut self, at: usize, message: Message, authentic: bool) {
        let Some(open) = self.open.get_mut(at) else { return };
        match open.trail.follow(message, authentic, self.config.limits.aliases) {
            Led::To(answer) => self.conclude(at, Ok(answer)),
            Led::On => self.renew(at),
            Led::Nowhere(error) => self.conclude(at, Err(error)),
            Led::Referral => self.fail(at, self.server, Error::Referral),
        }
    }

    fn conclude(&mut self, at: usize, result: Result<Answer, Error>) {
        if at < self.open.len() {
            let open = self.open.remove(at);
            self.done.push_back((open.token, result));
        }
    }

    /// Asks once more, where the answer had its use: under a new id, so that it is not taken again.
    fn renew(&mut self, at: usize) {
        let Some(trail) = self.open.get(at).map(|open| open.trail.clone()) else { return };
        let question = self.question(&trail.name, trail.kind);
        if let Some(open) = self.open.get_mut(at) {
            (open.question, open.state, open.asked) = (question, State::Waiting, 0);
        }
    }

    /// A server has failed to answer: another one may not.
    fn fail(&mut self, at: usize, server: usize, error: Error) {
        if let Some(open) = self.open.get_mut(at) {
            open.failed |= bit(server);
        }
        self.put_off(at, error);
    }

    /// Leaves a question to the next round, if it may be asked once more and there is a server that
    /// has not failed.
    fn put_off(&mut self, at: usize, error: Error) {
        let all = u32::MAX >> (SERVERS_MAX - self.servers());
        let Some(open) = self.open.get_mut(at) else { return };
        open.tries = open.tries.saturating_sub(1);
        open.state = State::Later;
        if open.tries == 0 || open.failed & all == all {
            self.conclude(at, Err(error));
        }
    }

    fn servers(&self) -> usize {
        self.config.servers.clamp(1, SERVERS_MAX)
    }

    /// What was sent is to be sent again, and costs no try.
    fn resend(&mut self) {
        for open in &mut self.open {
            if matches!(open.state, State::Sent { .. }) {
                open.state = State::Waiting;
            }
        }
    }

    /// The server has closed the TCP connection. That costs a try only where it answered nothing.
    fn closed(&mut self, fresh: bool) {
        self.output = Output::default();
        self.transport = Transport::Connect;
        if !fresh {
            return self.resend();
        }
        let is_sent = |open: &Open<T>| matches!(open.state, State::Sent { .. });
        while let Some(at) = self.open.iter().position(is_sent) {
            self.put_off(at, Error::TimedOut);
        }
    }

    /// Puts off a question whose time is over; false where there is none.
    fn expire(&mut self, now: Time) -> bool {
        let is_over = |open: &Open<T>| matches!(open.state, State::Sent { until } if until <= now);
        let Some(at) = self.open.iter().position(is_over) else { return false };
        self.put_off(at, Error::TimedOut);
        if !self.output.is_empty() {
            // It could not even be written, or a part of it.
            self.output = Output::default();
            self.resend();
            if self.transport != Transport::Udp {
                self.transport = Transport::Connect;
            }
        }
        true
    }

    /// Puts what waits into the output: one datagram, or as much as may be under way over TCP. False
    /// where nothing was put there.
    fn send(&mut self, now: Time, end: Time) -> bool {
        let until = end.min(now + self.config.timeouts.answer);
        let bit = bit(self.server);
        let edns = (self.plain & bit == 0).then(|| self.config.udp_payload.max(512));
        let wants_signatures = self.config.dnssec == Dnssec::Caller;
        let sent = self.open.iter().filter(|open| matches!(open.state, State::Sent { .. })).count();
        let mut room = self.config.limits.questions.max(1).saturating_sub(sent);
        let is_udp = self.transport == Transport::Udp;
        if is_udp {
            room = room.min(1);
        }
        let mut message = Vec::new();
        let waiting = self.open.iter_mut().filter(|open| open.state == State::Waiting);
        for open in waiting.take(room) {
            message.clear();
            message.reserve_exact(open.question.encoded_len());
            open.question.encode(edns, wants_signatures, &mut message);
            if !is_udp {
                // At most 300 octets.
                let len = u16::try_from(message.len()).unwrap_or_default();
                self.output.text(&len.to_be_bytes());
            }
            self.output.text(&message);
            open.asked |= bit;
            open.state = State::Sent { until };
        }
        !message.is_empty()
    }

    /// Begins a round: at the next server that has not failed yet.
    fn next_round(&mut self) {
        let n = self.servers();
        let next = (1..=n)
            .map(|step| (self.server + step) % n)
            .find(|&server| self.open.iter().any(|open| open.failed & bit(server) == 0));
        let Some(next) = next else {
            // None of them is left to ask: `put_off` has seen to that.
            return self.run_out();
        };
        if next != self.server {
            (self.server, self.untold, self.transport) = (next, true, Transport::Udp);
        } else if self.transport != Transport::Udp {
            self.transport = Transport::Connect;
        }
        for open in &mut self.open {
            if open.failed & bit(next) == 0 {
                open.state = State::Waiting;
            }
        }
    }
}

/// The bit of a server.
const fn bit(server: usize) -> u32 {
    if server < SERVERS_MAX { 1 << server } else { 0 }
}
