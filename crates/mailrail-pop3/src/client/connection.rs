//! What the client asks of its driver, and tells its caller.

use super::{
    BULK_UNIT, Client, Event, Request,
    drive::{Ready, language},
    state::State,
};
use crate::{
    Error, LanguageListing, Response, Timestamp, UniqueIdListing,
    deadline::Wait,
    framing::{unstuffed, without_end},
};
use mailrail_wire::{Connection, Input, LineFinder, Output, Step, Time, Upgrade};

impl Connection for Client {
    type Event<'i> = Event<'i>;
    type Error = Error;

    fn poll(&mut self, now: Time, input: &mut Input) -> Result<Step, Error> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        while self.ready.is_none() {
            match self.state {
                State::Over => return Ok(Step::Close),
                State::Securing if !input.is_empty() => {
                    return Err(self.fail(Error::PlaintextAfterStls));
                }
                State::Securing => return Ok(Step::Upgrade(Upgrade::Tls)),
                State::Challenged if self.output.is_empty() => return Ok(Step::Answer),
                State::Challenged | State::Greeting | State::Talking => {}
            }
            let received = match self.state {
                State::Challenged => Ok(false),
                _ => self.receive(input),
            };
            match received {
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) => return Err(self.fail(error)),
            }
            if self.state == State::Talking {
                self.send();
            }
            let times = &self.config.timeouts;
            if !self.output.is_empty() {
                return match self.deadline.of(Wait::Write, now, times.write) {
                    Some(until) => Ok(Step::Write { until: Some(until) }),
                    None => Err(self.fail(Error::TimedOut)),
                };
            }
            if input.is_closed() {
                return Err(self.fail(Error::Closed));
            }
            if self.state == State::Talking && self.flying.is_empty() {
                self.deadline.moved();
                return Ok(Step::Read { until: None });
            }
            return match self.deadline.of(Wait::Read, now, times.answer) {
                Some(until) => Ok(Step::Read { until: Some(until) }),
                None => Err(self.fail(Error::TimedOut)),
            };
        }
        Ok(Step::Event)
    }

    fn event<'i>(&mut self, input: &'i mut Input) -> Result<Event<'i>, Error> {
        let response = |line| Response::parse(line).map_err(Error::Response);
        Ok(match self.ready.take().ok_or(Error::NoEvent)? {
            Ready::Greeting(len) => {
                let text = response(without_end(input.take(len)))?.text();
                Event::Greeting { text, timestamp: Timestamp::find(text) }
            }
            Ready::Refused(len) => {
                let response = response(without_end(input.take(len)))?;
                Event::Refused { code: response.code(), text: response.text() }
            }
            Ready::Ok(len, request) => {
                let response = response(without_end(input.take(len)))?;
                Event::Ok { request, code: response.code(), text: response.text() }
            }
            Ready::Err(len, request) => {
                let response = response(without_end(input.take(len)))?;
                Event::Err { request, code: response.code(), text: response.text() }
            }
            Ready::Challenge(challenge) => {
                self.state = State::Challenged;
                Event::Challenge(challenge)
            }
            Ready::Capabilities(capabilities) => Event::Capabilities(*capabilities),
            Ready::Stat(len, listing) => {
                input.take(len);
                Event::Stat(listing)
            }
            Ready::Scan(len, request, listing) => {
                input.take(len);
                Event::Scan { request, listing }
            }
            Ready::UniqueId(len, request, _) => {
                let text = entry_text(without_end(input.take(len)), request);
                let listing = UniqueIdListing::parse(text).map_err(Error::Response)?;
                Event::UniqueId { request, listing }
            }
            Ready::Language(len) => {
                let text = response(without_end(input.take(len)))?.text();
                let (tag, text) = language(text).ok_or(Error::NoEvent)?;
                Event::Language { tag, text }
            }
            Ready::LanguageListing(len) => {
                let listing = LanguageListing::parse(without_end(input.take(len)));
                Event::LanguageListing(listing.map_err(Error::Response)?)
            }
            Ready::Malformed(len, request) => {
                Event::Malformed { request, line: malformed(without_end(input.take(len)), request) }
            }
            Ready::Message { skip, len, request } => {
                self.bulk += skip + len;
                if self.bulk >= BULK_UNIT {
                    self.bulk = 0;
                    self.deadline.moved();
                }
                let octets = input.take(skip + len).get(skip..).unwrap_or_default();
                Event::Message { request, octets }
            }
            Ready::End(len, request) => {
                input.take(len);
                Event::End { request }
            }
            Ready::Secured => Event::Secured,
        })
    }

    fn output(&mut self) -> &mut Output {
        &mut self.output
    }

    fn upgraded(&mut self) {
        if self.state == State::Securing {
            self.state = State::Talking;
            self.secured = true;
            self.pipelining = false;
            self.utf8_user = false;
            self.timestamp = None;
            self.last = None;
            self.lines = LineFinder::default();
            self.deadline.moved();
            self.ready = Some(Ready::Secured);
        }
    }
}

/// The text of an entry, which in an answer of one line stands behind the status.
fn entry_text(line: &[u8], request: Request) -> &[u8] {
    match request {
        Request::List(None) | Request::Uidl(None) | Request::Languages => unstuffed(line),
        _ => Response::parse(line).map_or(line, |response| response.text()),
    }
}

/// The line of an entry that can't be read; whole, where what was taken for a code was perhaps none.
fn malformed(line: &[u8], request: Request) -> &[u8] {
    match Response::parse(line) {
        Ok(response) if response.code().is_some() => line,
        _ => entry_text(line, request),
    }
}
