//! How a server is driven.

use super::{
    Event, Server,
    state::{Deadlines, Ready, State, Turn},
};
use crate::{Error, command::Command, framing::CommandFinder, types::FetchAttribute};
use core::time::Duration;
use mailrail_wire::{Connection, Input, Output, Step, Time, Upgrade};

impl Connection for Server {
    type Event<'i> = Event<'i>;
    type Error = Error;

    fn poll(&mut self, now: Time, input: &mut Input) -> Result<Step, Error> {
        input.take(core::mem::take(&mut self.dropped));
        if self.output.is_empty() {
            self.deadlines.write = None;
        }
        loop {
            if let Some(error) = &self.failed {
                return if self.output.is_empty() { Err(error.clone()) } else { self.write(now) };
            }
            if self.ready.is_some() {
                return Ok(Step::Event);
            }
            if !self.has_room() {
                return self.write(now);
            }
            match self.turn {
                Turn::Answering | Turn::Securing | Turn::Over if !self.output.is_empty() => {
                    return self.write(now);
                }
                Turn::Answering if self.owed => return Ok(Step::Answer),
                Turn::Answering => {
                    let is_literal = self.fetching.is_some_and(|fetching| fetching.left > 0);
                    self.ready =
                        Some(if is_literal { Ready::WantLiteral } else { Ready::WantResponse });
                }
                Turn::Securing if !input.is_empty() => {
                    self.failed = Some(Error::PlaintextBehindStartTls);
                }
                Turn::Securing => return Ok(Step::Upgrade(Upgrade::Tls)),
                Turn::Over => return Ok(Step::Close),
                Turn::Commands | Turn::Challenged | Turn::Message | Turn::Idle => {
                    // Answers are gathered while the client has more to ask.
                    if self.receive(input) {
                        continue;
                    }
                    if !self.output.is_empty() {
                        return self.write(now);
                    }
                    if input.is_closed() {
                        self.failed = Some(Error::Closed);
                        continue;
                    }
                    let patience = self.patience();
                    let until = *self.deadlines.read.get_or_insert(now + patience);
                    if now < until {
                        return Ok(Step::Read { until: Some(until) });
                    }
                    // RFC 3501 §5.4: an autologout timer.
                    self.fail(Error::TimedOut, "logged out after too long a silence");
                }
            }
        }
    }

    fn event<'i>(&mut self, input: &'i mut Input) -> Result<Event<'i>, Error> {
        let ready = self.ready.take().ok_or(Error::NoEvent)?;
        self.owed = ready.wants_answer();
        Ok(match ready {
            Ready::Connected => Event::Connected,
            Ready::Secured => Event::Secured,
            Ready::Command(len) => {
                let unit = input.take(len);
                let (_, command) = Command::parse(unit).map_err(|_| Error::NoEvent)?;
                self.command_event(command).ok_or(Error::NoEvent)?
            }
            Ready::Response(response) => Event::AuthenticateResponse(response),
            Ready::Octets(len) => Event::AppendData(input.take(len)),
            Ready::MessageEnd => Event::AppendEnd,
            Ready::MessageAborted => Event::AppendAborted,
            Ready::Idle => Event::Idle,
            Ready::Done => Event::Done,
            Ready::WantResponse => Event::WantResponse,
            Ready::WantLiteral => {
                let left = self.fetching.map_or(0, |fetching| fetching.left);
                Event::WantLiteral { left }
            }
        })
    }

    fn output(&mut self) -> &mut Output {
        &mut self.output
    }

    fn upgraded(&mut self) {
        if self.turn == Turn::Securing {
            self.finder = CommandFinder::default();
            self.state = State::NotAuthenticated;
            self.turn = Turn::Commands;
            self.ready = Some(Ready::Secured);
            self.deadlines = Deadlines::default();
            self.errors = 0;
            self.secured = true;
        }
    }
}

impl Server {
    fn write(&mut self, now: Time) -> Result<Step, Error> {
        let time = self.config.timeouts.transfer;
        let until = *self.deadlines.write.get_or_insert(now + time);
        if now < until {
            return Ok(Step::Write { until: Some(until) });
        }
        // A peer that does not read does not read last words, either.
        self.output = Output::default();
        self.turn = Turn::Over;
        Err(self.failed.get_or_insert(Error::TimedOut).clone())
    }

    /// How long the client may take.
    fn patience(&self) -> Duration {
        match (self.turn, self.state) {
            (Turn::Message, _) => self.config.timeouts.transfer,
            (_, State::NotAuthenticated) => self.config.timeouts.login,
            _ => self.config.timeouts.command,
        }
    }

    fn command_event<'i>(&self, command: Command<'i>) -> Option<Event<'i>> {
        Some(match command {
            Command::Append(it) => Event::Append(it),
            Command::Authenticate(it) => Event::Authenticate {
                mechanism: it.mechanism,
                initial_response: it.initial_response,
            },
            Command::Check => Event::Check,
            Command::Close => Event::Close { expunge: !self.state.is_read_only() },
            Command::Copy(it) => Event::Copy(it),
            Command::Create(it) => Event::Create(it),
            Command::Delete(it) => Event::Delete(it),
            Command::Enable(it) => Event::Enable(it.capabilities),
            Command::Examine(it) => Event::Examine(it.mailbox),
            Command::Expunge(it) => Event::Expunge(it),
            Command::Fetch(mut fetch) => {
                // RFC 3501 §6.4.8: the UID is told whether or not it was asked for.
                if fetch.uid && !fetch.attributes.contains(&FetchAttribute::Uid) {
                    fetch.attributes.insert(0, FetchAttribute::Uid);
                }
                let sets_seen = fetch.attributes.iter().any(FetchAttribute::sets_seen);
                Event::Fetch { fetch, sets_seen: sets_seen && !self.state.is_read_only() }
            }
            Command::Id(it) => Event::Id(it),
            Command::List(it) => Event::List(it),
            Command::Login(it) => Event::Login { user: it.user, password: it.password },
            Command::Logout => Event::Logout,
            Command::Lsub(it) => Event::Lsub(it),
            Command::Move(it) => Event::Move(it),
            Command::Namespace => Event::Namespace,
            Command::Noop => Event::Noop,
            Command::Rename(it) => Event::Rename(it),
            Command::Search(it) => Event::Search(it),
            Command::Select(it) => Event::Select(it.mailbox),
            Command::StartTls => Event::StartTls,
            Command::Status(it) => Event::Status(it),
            Command::Store(it) => Event::Store(it),
            Command::Subscribe(it) => Event::Subscribe(it),
            Command::Unselect => Event::Unselect,
            Command::Unsubscribe(it) => Event::Unsubscribe(it),
            // Answered without the caller.
            Command::Capability | Command::Idle => return None,
        })
    }
}
