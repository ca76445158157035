//! What a client does with what it is given: the loop around the state.

use super::{
    Client, Event, Verb, encode_authenticate_line, has,
    state::{Idling, Message, Pieces, Reading, Ready, Session, State, Wait},
};
use crate::{
    Command, Error,
    command::DONE,
    framing::{ResponseFinder, ResponseFound},
    response::{Fetch, Response, ResponseCode, Search, Status, StatusResponse},
    types::{self, Capabilities, Capability},
};
use alloc::boxed::Box;
use core::num::NonZeroUsize;
use mailrail_wire::{Connection, Input, Output, Step, Time, Upgrade};

/// A deadline moves each time that many octets of a literal have come.
const BULK_UNIT: usize = 1_024;

impl Client {
    /// What there is to tell.
    fn look(&mut self, input: &mut Input) -> Result<Option<Ready>, Error> {
        loop {
            if matches!(self.state, State::Securing | State::Closed) {
                return Ok(None);
            }
            let len = match self.early {
                Some(len) => len.get(),
                None => match self.responses.find(input.bytes(), &self.config.limits) {
                    ResponseFound::More => return Ok(None),
                    ResponseFound::TooLong => {
                        return Err(Error::ResponseTooLong { limit: self.config.limits.response });
                    }
                    ResponseFound::Fetch(len) => return Ok(Some(Ready::Fetch(len))),
                    ResponseFound::Octets(len) => return Ok(Some(Ready::Octets(len))),
                    ResponseFound::Search(len) => return Ok(Some(Ready::Search(len))),
                    ResponseFound::Response(len) => len,
                },
            };
            let unit = input.bytes().get(..len).unwrap_or_default();
            let ready = match unit.first() {
                _ if matches!(self.state, State::Greeting) => {
                    return if is_greeting(unit) {
                        Ok(Some(Ready::Untagged(len)))
                    } else {
                        Err(Error::NoGreeting)
                    };
                }
                Some(b'*') => Some(Ready::Untagged(len)),
                Some(b'+') => self.continuation(len, input)?,
                _ => {
                    let ready = self.tagged(unit)?;
                    // A message that was begun has to be sent to its end.
                    let waits = matches!(self.state, State::Sending { .. })
                        && matches!(ready, Ready::Tagged(_, tag) if self.queue.is_last_sent(tag))
                        && !input.is_closed();
                    self.early = NonZeroUsize::new(len).filter(|_| waits);
                    if waits {
                        return Ok(None);
                    }
                    Some(ready)
                }
            };
            if ready.is_some() {
                return Ok(ready);
            }
        }
    }

    fn tagged(&self, unit: &[u8]) -> Result<Ready, Error> {
        let Ok(Response::Status(StatusResponse { tag: Some(tag), .. })) = Response::parse(unit)
        else {
            return Ok(Ready::Unknown(unit.len()));
        };
        match tag.number().filter(|tag| self.queue.has_sent(*tag)) {
            Some(tag) => Ok(Ready::Tagged(unit.len(), tag)),
            None => Err(Error::UnexpectedResponse),
        }
    }

    /// The server waits for more: what is due is sent, unless the caller has a say in it.
    fn continuation(&mut self, len: usize, input: &mut Input) -> Result<Option<Ready>, Error> {
        if !matches!(
            self.state,
            State::Literal(_)
                | State::Offered { .. }
                | State::Authenticating { .. }
                | State::IdleAsked { .. }
        ) {
            return Err(Error::UnexpectedResponse);
        }
        if let State::IdleAsked { .. } = self.state {
            return Ok(Some(Ready::Idling(len)));
        }
        let unit = input.take(len);
        self.deadline.moved();
        match &mut self.state {
            State::Literal(pieces) => {
                if let Some(piece) = pieces.encoded.next_piece() {
                    self.output.payload(piece);
                }
                self.go_on();
            }
            State::Offered { length } => {
                let length = *length;
                self.begin_message(length);
            }
            State::Authenticating { initial_response } => {
                let challenge = match Response::parse(unit) {
                    Ok(Response::Continuation(it)) => it.to_challenge().ok(),
                    _ => None,
                };
                match (challenge, initial_response.take()) {
                    (Some(challenge), None) => return Ok(Some(Ready::Challenge(challenge))),
                    (Some(challenge), Some(response)) if challenge.expose().is_empty() => {
                        encode_authenticate_line(Some(response.expose()), &mut self.output);
                    }
                    // It is no exchange that could succeed.
                    _ => encode_authenticate_line(None, &mut self.output),
                }
            }
            _ => {}
        }
        Ok(None)
    }

    /// Sends what may be sent now.
    fn release(&mut self) {
        let limits = &self.config.limits;
        let (pipelined, output) = (limits.pipelined, limits.output);
        while matches!(self.state, State::Talking) && self.output.len() < output {
            let Some(held) = self.queue.release(pipelined) else { return };
            let (literals, mut command) = (self.literals(), *held.command);
            let mut state = State::Talking;
            match &mut command {
                Command::Login(_) => self.told = false,
                Command::Authenticate(it) => {
                    self.told = false;
                    let sasl_ir = self.capabilities().is_some_and(|it| has(it, Capability::SaslIr));
                    let kept = if sasl_ir { None } else { it.initial_response.take() };
                    state = State::Authenticating { initial_response: kept.map(Box::new) };
                }
                Command::Idle => state = State::IdleAsked { done: held.done },
                _ => {}
            }
            let message = match &command {
                Command::Append(it) => {
                    Some(Message { length: it.length, waits: it.waits(literals) })
                }
                _ => None,
            };
            let mut encoded = command.encode(&types::Tag::numbered(held.tag), literals);
            if let Some(piece) = encoded.next_piece() {
                self.output.payload(piece);
            }
            self.state = match message {
                None if encoded.is_done() => state,
                _ => State::Literal(Box::new(Pieces { encoded, message })),
            };
            self.go_on();
        }
    }

    /// Goes on behind a piece of a command with literals, where it was the last.
    fn go_on(&mut self) {
        let State::Literal(pieces) = &self.state else { return };
        if pieces.encoded.is_done() {
            match pieces.message {
                None => self.state = State::Talking,
                Some(Message { length, waits: true }) => self.state = State::Offered { length },
                Some(Message { length, .. }) => self.begin_message(length),
            }
        }
    }

    fn begin_message(&mut self, length: u64) {
        if length == 0 {
            self.output.text(b"\r\n");
            self.state = State::Talking;
        } else {
            self.state = State::Sending { left: length, asked: false };
        }
    }

    pub(super) fn end_idle(&mut self) {
        self.output.text(DONE);
        self.state = State::Talking;
    }

    fn learn(&mut self, capabilities: &Capabilities) {
        self.capabilities = Some(Box::new(capabilities.clone()));
        self.told = true;
    }

    fn untagged<'i>(&mut self, unit: &'i [u8]) -> Event<'i> {
        let Ok(response) = Response::parse(unit) else {
            self.reading = Reading::Unknown;
            return Event::Unknown(unit);
        };
        self.reading = match &response {
            Response::Fetch(it) if !it.is_last() => Reading::Fetch(it.seq),
            Response::Search(it) if !it.last => Reading::Search,
            _ => Reading::New,
        };
        if let Response::Capability(it) = &response {
            self.learn(it);
        }
        let Response::Status(it) = response else { return Event::untagged(response, unit) };
        if let Some(ResponseCode::Capability(it)) = &it.code {
            self.learn(it);
        }
        let greeted = !matches!(self.state, State::Greeting);
        match it.status {
            Status::Bye if self.queue.awaits(Verb::Logout) => self.bye = true,
            Status::Bye => self.end(),
            status if !greeted => {
                self.state = State::Talking;
                if status == Status::PreAuth {
                    self.session = Session::Authenticated;
                }
                return Event::Greeting { status, code: it.code, text: it.text };
            }
            _ => {}
        }
        Event::untagged(Response::Status(it), unit)
    }

    fn completed<'i>(&mut self, tag: u32, unit: &'i [u8]) -> Event<'i> {
        self.early = None;
        let is_last = self.queue.is_last_sent(tag);
        let (Ok(Response::Status(it)), Some(command)) =
            (Response::parse(unit), self.queue.answered(tag))
        else {
            return Event::Unknown(unit);
        };
        if is_last {
            if let State::Sending { .. } = self.state {
                self.output = Output::default();
            }
            // What of the command was not sent is not wanted.
            self.state = State::Talking;
        }
        if let Some(ResponseCode::Capability(it)) = &it.code {
            self.learn(it);
        }
        match (command, it.status) {
            (Verb::StartTls, Status::Ok) => self.state = State::Securing,
            (Verb::Login | Verb::Authenticate, Status::Ok) => {
                self.session = Session::Authenticated;
                if !self.told {
                    self.capabilities = None;
                }
            }
            (Verb::Select | Verb::Examine, Status::Ok) => self.session = Session::Selected,
            (Verb::Select | Verb::Examine, Status::No)
            | (Verb::Close | Verb::Unselect, Status::Ok) => self.session = Session::Authenticated,
            (Verb::Logout, _) => self.end(),
            _ => {}
        }
        let tag = super::Tag(tag);
        Event::Completed { tag, command, status: it.status, code: it.code, text: it.text }
    }

    fn fetched<'i>(&mut self, unit: &'i [u8]) -> Event<'i> {
        let Reading::Fetch(seq) = self.reading else { return Event::Unknown(unit) };
        match Fetch::parse_next(seq, unit) {
            Ok(it) => {
                if it.is_last() {
                    self.reading = Reading::New;
                }
                Event::Fetch(it)
            }
            Err(_) => {
                self.reading = Reading::Unknown;
                Event::Unknown(unit)
            }
        }
    }

    fn found<'i>(&mut self, unit: &'i [u8]) -> Event<'i> {
        match Search::parse_next(unit) {
            Ok(it) if self.reading == Reading::Search => Event::Search(it),
            _ => {
                self.reading = Reading::Unknown;
                Event::Unknown(unit)
            }
        }
    }

    /// The conversation is over.
    fn end(&mut self) {
        self.state = State::Closed;
        self.queue = super::Queue::default();
        self.output = Output::default();
    }

    fn next_step(&mut self, now: Time, input: &mut Input) -> Result<Step, Error> {
        if self.ready.is_none() {
            self.ready = self.look(input)?;
        }
        if self.ready.is_some() {
            return Ok(Step::Event);
        }
        match self.state {
            State::Closed => return Ok(Step::Close),
            State::Securing if !input.is_empty() => return Err(Error::PlaintextBehindStartTls),
            _ if input.is_closed() && self.bye => return Ok(Step::Close),
            _ if input.is_closed() => return Err(Error::Closed),
            State::Securing if self.output.is_empty() => return Ok(Step::Upgrade(Upgrade::Tls)),
            _ => self.release(),
        }
        if !self.output.is_empty() {
            let until = self.deadline.of(Wait::Write, now, self.config.timeouts.transfer);
            let until = Some(until.ok_or(Error::TimedOut)?);
            return Ok(Step::Write { until });
        }
        let timeouts = &self.config.timeouts;
        let patience = match &mut self.state {
            State::Challenged | State::Sending { asked: true, .. } => {
                self.deadline.moved();
                return Ok(Step::Answer);
            }
            State::Sending { .. } => {
                self.ready = Some(Ready::WantMessage);
                return Ok(Step::Event);
            }
            State::Idling(Idling::Told) => return Ok(Step::Read { until: None }),
            State::Idling(Idling::Until(until)) if *until <= now => {
                self.ready = Some(Ready::WantDone);
                return Ok(Step::Event);
            }
            State::Idling(idling) => {
                let until = match idling {
                    Idling::Until(until) => *until,
                    _ => now + timeouts.idle,
                };
                *idling = Idling::Until(until);
                return Ok(Step::Read { until: Some(until) });
            }
            State::Greeting => timeouts.greeting,
            _ if !self.responses.is_between() => timeouts.transfer,
            _ if self.queue.is_quiet() && input.is_empty() => {
                self.deadline.moved();
                return Ok(Step::Read { until: None });
            }
            _ => timeouts.response,
        };
        match self.deadline.of(Wait::Read, now, patience) {
            Some(until) => Ok(Step::Read { until: Some(until) }),
            None => Err(Error::TimedOut),
        }
    }
}

/// Whether a server may begin with it: OK, PREAUTH or BYE (RFC 3501 §7.1).
fn is_greeting(unit: &[u8]) -> bool {
    let Ok(Response::Status(it)) = Response::parse(unit) else { return false };
    it.tag.is_none() && matches!(it.status, Status::Ok | Status::PreAuth | Status::Bye)
}

impl Connection for Client {
    type Event<'i> = Event<'i>;
    type Error = Error;

    fn poll(&mut self, now: Time, input: &mut Input) -> Result<Step, Error> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        self.next_step(now, input).inspect_err(|error| self.failed = Some(error.clone()))
    }

    fn event<'i>(&mut self, input: &'i mut Input) -> Result<Event<'i>, Error> {
        let ready = self.ready.take().ok_or(Error::NoEvent)?;
        match &ready {
            Ready::Octets(len) => {
                self.octets += len;
                if self.octets >= BULK_UNIT {
                    self.octets = 0;
                    self.deadline.moved();
                }
            }
            _ => self.deadline.moved(),
        }
        Ok(match ready {
            Ready::Untagged(len) => self.untagged(input.take(len)),
            Ready::Tagged(len, tag) => self.completed(tag, input.take(len)),
            Ready::Unknown(len) => Event::Unknown(input.take(len)),
            Ready::Fetch(len) => self.fetched(input.take(len)),
            Ready::Search(len) => self.found(input.take(len)),
            Ready::Octets(len) => match self.reading {
                Reading::Fetch(_) => Event::Literal(input.take(len)),
                _ => Event::Unknown(input.take(len)),
            },
            Ready::Challenge(challenge) => {
                self.state = State::Challenged;
                Event::Challenge(challenge)
            }
            Ready::Idling(len) => {
                input.take(len);
                match self.state {
                    State::IdleAsked { done: true } => self.end_idle(),
                    _ => self.state = State::Idling(Idling::New),
                }
                Event::Idling
            }
            Ready::WantMessage => {
                if let State::Sending { asked, .. } = &mut self.state {
                    *asked = true;
                }
                Event::WantMessage
            }
            Ready::WantDone => {
                if let State::Idling(idling) = &mut self.state {
                    *idling = Idling::Told;
                }
                Event::WantDone
            }
            Ready::Secured => Event::Secured,
        })
    }

    fn output(&mut self) -> &mut Output {
        &mut self.output
    }

    fn upgraded(&mut self) {
        if let State::Securing = self.state {
            self.state = State::Talking;
            self.secured = true;
            self.capabilities = None;
            self.responses = ResponseFinder::default();
            self.reading = Reading::New;
            self.deadline.moved();
            self.ready = Some(Ready::Secured);
        }
    }
}
