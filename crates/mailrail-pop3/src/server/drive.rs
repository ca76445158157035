//! How the server goes on: what is said when, and what the input asks for.

use super::{
    ApopProof, Deleted, Event, Server, Task,
    language::{Language, Phrase},
    state::{Asked, For, State},
};
use crate::{
    Command, Error,
    deadline::Wait,
    framing::{Frame, next_line, without_end},
};
use alloc::boxed::Box;
use core::mem;
use mailrail_sasl::exchange;
use mailrail_wire::{Connection, Input, LineFinder, Output, Step, Time, Upgrade};

impl Server {
    /// Goes on with an answer of many lines.
    fn go_on(&mut self) {
        let (Some(task), State::Transaction(maildrop)) = (&mut self.task, &self.state) else {
            return;
        };
        let (from, ask): (_, fn(_, _) -> _) = match task {
            Task::Message(_) => return self.ready = Some(Asked::Piece),
            Task::Sizes(from) => (from, Asked::Size),
            Task::UniqueIds(from) => (from, Asked::UniqueId),
        };
        if let Some(message) = maildrop.next(*from) {
            *from = message.value().saturating_add(1);
            self.ready = Some(ask(message, For::Listing));
        } else {
            self.task = None;
            self.output.text(b".\r\n");
        }
    }

    fn write(&mut self, now: Time) -> Result<Step, Error> {
        match self.deadline.of(Wait::Write, now, self.config.timeouts.write) {
            Some(until) => Ok(Step::Write { until: Some(until) }),
            None => {
                self.output = Output::default();
                Err(self.fail(Error::TimedOut))
            }
        }
    }

    fn fail(&mut self, error: Error) -> Error {
        self.failed.get_or_insert(error).clone()
    }
}

impl Connection for Server {
    type Event<'i> = Event<'i>;
    type Error = Error;

    fn poll(&mut self, now: Time, input: &mut Input) -> Result<Step, Error> {
        loop {
            if let Some(error) = &self.failed {
                return if self.output.is_empty() { Err(error.clone()) } else { self.write(now) };
            }
            if self.ready.is_some() {
                return Ok(Step::Event);
            }
            // Answers are gathered while the client has more to ask, and a message is not.
            let full = match self.task {
                Some(Task::Message(_)) => !self.output.is_empty(),
                _ => self.output.len() >= self.config.limits.output,
            };
            if full {
                return self.write(now);
            }
            if self.owed.is_some() {
                return if self.output.is_empty() { Ok(Step::Answer) } else { self.write(now) };
            }
            if self.task.is_some() {
                self.go_on();
                continue;
            }
            match self.state {
                State::Over | State::Securing if !self.output.is_empty() => return self.write(now),
                State::Over => return Ok(Step::Close),
                State::Securing if !input.is_empty() => {
                    return Err(self.fail(Error::PlaintextAfterStls));
                }
                State::Securing => return Ok(Step::Upgrade(Upgrade::Tls)),
                _ if self.leaving => {
                    self.output.text(b"-ERR ");
                    if self.offer.resp_codes {
                        self.output.text(b"[SYS/TEMP] ");
                    }
                    self.end_with(Phrase::ShuttingDown);
                    self.state = State::Over;
                    continue;
                }
                _ => {}
            }
            let limit = match self.state {
                State::Challenged => self.config.limits.auth_line,
                _ => self.config.limits.line,
            };
            match next_line(&mut self.lines, input, limit) {
                Frame::Line(len) if matches!(self.state, State::Challenged) => {
                    self.deadline.moved();
                    let line = without_end(input.bytes().get(..len).unwrap_or_default());
                    if !self.response(exchange::decode_line(line), len) {
                        input.take(len);
                    }
                }
                Frame::Line(len) => {
                    self.deadline.moved();
                    let line = without_end(input.bytes().get(..len).unwrap_or_default());
                    let command = Command::parse(line);
                    // The event with a password lends it from the input.
                    if !self.command(command, len) {
                        input.take(len);
                    }
                }
                Frame::Overlong { whole: true } => {
                    self.deadline.moved();
                    if matches!(self.state, State::Challenged) {
                        self.state = State::Authorization(None);
                    }
                    self.refuse(Phrase::TooLong);
                }
                Frame::Overlong { whole: false } => {}
                Frame::More if !self.output.is_empty() => return self.write(now),
                Frame::More if input.is_closed() => return Err(self.fail(Error::Closed)),
                Frame::More => {
                    return match self.deadline.of(Wait::Read, now, self.config.timeouts.command) {
                        Some(until) => Ok(Step::Read { until: Some(until) }),
                        // RFC 1939 §3: without a word, and without the UPDATE state.
                        None => Err(self.fail(Error::TimedOut)),
                    };
                }
            }
        }
    }

    fn event<'i>(&mut self, input: &'i mut Input) -> Result<Event<'i>, Error> {
        let asked = self.ready.take().ok_or(Error::NoEvent)?;
        if asked.wants_answer() {
            self.owed = Some(asked);
        }
        Ok(match asked {
            Asked::Greeting => Event::Connected,
            Asked::StartTls => Event::StartTls,
            Asked::Secured => Event::Secured,
            Asked::Login(len) => {
                let user = match &mut self.state {
                    State::Authorization(user) => user.take().unwrap_or_default(),
                    _ => Box::default(),
                };
                let password = match Command::parse(without_end(input.take(len))) {
                    Ok(Command::Pass(password)) => password.secret(),
                    _ => return Err(Error::NoEvent),
                };
                Event::Login { user, password }
            }
            Asked::Apop(len) => {
                let timestamp = self.timestamp.clone().unwrap_or_default();
                match Command::parse(without_end(input.take(len))) {
                    Ok(Command::Apop(apop)) => Event::Apop {
                        user: apop.user,
                        proof: ApopProof { timestamp, digest: apop.digest },
                    },
                    _ => return Err(Error::NoEvent),
                }
            }
            Asked::Authenticate(len) => match Command::parse(without_end(input.take(len))) {
                Ok(Command::Auth(auth)) => Event::Authenticate {
                    mechanism: auth.mechanism(),
                    initial_response: auth.into_initial_response(),
                },
                _ => return Err(Error::NoEvent),
            },
            Asked::Response(len) => match exchange::decode_line(without_end(input.take(len))) {
                Ok(exchange::Line::Response(response)) => Event::AuthenticateResponse(response),
                _ => return Err(Error::NoEvent),
            },
            Asked::Size(message, _) => Event::WantSize(message),
            Asked::UniqueId(message, _) => Event::WantUniqueId(message),
            Asked::Retr(message) => Event::Retr(message),
            Asked::Top(message, lines) => Event::Top { message, lines },
            Asked::Piece => Event::WantMessage,
            Asked::Sent(message) => Event::EndOfMessage(message),
            Asked::Quit => match mem::replace(&mut self.state, State::Update) {
                State::Transaction(maildrop) => Event::Quit { deleted: maildrop.into_deleted() },
                _ => Event::Quit { deleted: Deleted::default() },
            },
        })
    }

    fn output(&mut self) -> &mut Output {
        &mut self.output
    }

    fn upgraded(&mut self) {
        if matches!(self.state, State::Securing) {
            self.state = State::Authorization(None);
            self.secured = true;
            self.language = Language::ENGLISH;
            self.lines = LineFinder::default();
            self.deadline.moved();
            self.ready = Some(Asked::Secured);
        }
    }
}
