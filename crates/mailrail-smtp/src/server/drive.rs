//! How a server goes from step to step.

use super::{
    Server,
    event::Event,
    judge::Verdict,
    replies::{self, Canned},
    state::{Due, Hello, Ready, Session, State},
};
use crate::{Error, Proxied, ReplyCode, command::Command};
use alloc::{boxed::Box, format, string::ToString as _};
use mailrail_sasl::exchange;
use mailrail_wire::{Connection, Found, Input, LineFinder, Output, Step, Time, Upgrade};

impl Server {
    /// What follows from an answer.
    pub(super) fn answered(&mut self, due: Due, code: ReplyCode) {
        let positive = code.is_positive();
        if code == ReplyCode::UNAVAILABLE || due == Due::Quit || (due == Due::Greeting && !positive)
        {
            self.state = State::Closing;
            return;
        }
        self.state = State::Commands;
        match due {
            // However it is answered, the transaction is over, once all recipients know.
            Due::Message => {
                self.session.owed = self.session.owed.saturating_sub(1);
                if self.session.owed > 0 {
                    self.state = State::Owed(due);
                } else {
                    self.session.end_message();
                }
            }
            Due::Rset | Due::Burl(true) => self.session.end_message(),
            Due::Chunk | Due::Burl(false) if !positive => self.session.fail_chunks(),
            _ if !positive => {}
            Due::Ehlo | Due::Helo => {
                let hello = if due == Due::Ehlo { Hello::Ehlo } else { Hello::Helo };
                self.session.hello = Some(hello);
                self.session.end_message();
            }
            Due::Bdat(bdat) => self.receive_chunk(bdat),
            Due::Burl(false) => drop(self.session.chunks.get_or_insert_default()),
            Due::Xclient => {
                let secured = self.session.secured;
                self.session = Session { secured, ..Session::default() };
            }
            Due::StartTls => self.state = State::Securing,
            Due::Auth => self.session.authenticated = true,
            Due::Mail => {
                self.session.recipients = Some(0);
                self.session.messages = self.session.messages.saturating_add(1);
            }
            Due::Rcpt => {
                self.session.recipients = self.session.recipients.map(|n| n.saturating_add(1));
            }
            Due::Data => self.state = self.receiving(),
            _ => {}
        }
    }

    /// What there is to tell. What the client should not have said is answered on the way.
    fn look(&mut self, input: &mut Input) -> Option<Ready> {
        while self.failed.is_none() && self.output.len() < self.config.limits.output.max(1) {
            match &self.state {
                State::Proxied => return self.look_at_proxy(input),
                State::Commands => {
                    let limit = self.line_limit(input.bytes());
                    let too_long = &replies::LINE_TOO_LONG;
                    let Some(line) = self.next_line(input, limit, too_long)? else { continue };
                    let bytes = input.bytes().get(..line).unwrap_or_default();
                    let is_alone = input.bytes().len() == line || !self.config.strict_pipelining;
                    if !is_alone && !self.may_be_followed(bytes) {
                        self.fail(&replies::PIPELINED, Error::Pipelined);
                        return None;
                    }
                    match self.judge(bytes) {
                        Verdict::Tell => return Some(Ready::Command(line)),
                        Verdict::Say(reply) => {
                            input.take(line);
                            self.answer(&reply);
                        }
                        Verdict::Skip(bdat, reply) => {
                            input.take(line);
                            if let ready @ Some(_) = self.skip_chunk(bdat, reply) {
                                return ready;
                            }
                        }
                        Verdict::Lost => {
                            self.answer(&replies::BAD_CHUNK);
                            self.deadline = None;
                            self.failed.get_or_insert(Error::BadChunk);
                        }
                    }
                }
                State::Responding => {
                    let limit = self.config.limits.auth_line;
                    let too_long = &replies::AUTH_LINE_TOO_LONG;
                    let Some(line) = self.next_line(input, limit, too_long)? else { continue };
                    let line = input.take(line);
                    match exchange::decode_line(line.strip_suffix(b"\r\n").unwrap_or(line)) {
                        Ok(exchange::Line::Response(response)) => {
                            return Some(Ready::Response(response));
                        }
                        Ok(exchange::Line::Cancel) => {
                            self.state = State::Commands;
                            self.deadline = None;
                            self.say(&replies::CANCELLED);
                        }
                        Err(_) => {
                            self.state = State::Commands;
                            self.answer(&replies::NOT_BASE64);
                        }
                    }
                }
                State::Receiving(_) => {
                    let ready = self.look_at_message(input);
                    if ready.is_some() || matches!(self.state, State::Receiving(_)) {
                        return ready;
                    }
                }
                State::Chunk(_) => {
                    let ready = self.look_at_chunk(input);
                    if ready.is_some() || matches!(self.state, State::Chunk(_)) {
                        return ready;
                    }
                }
                State::Skipping(..) => {
                    self.skip(input);
                    if let State::Skipping(..) = self.state {
                        return None;
                    }
                }
                _ => return None,
            }
        }
        None
    }

    fn look_at_proxy(&mut self, input: &mut Input) -> Option<Ready> {
        match Proxied::parse(input.bytes()) {
            Ok(None) => None,
            Ok(Some((proxied, len))) => {
                input.take(len);
                self.state = State::Owed(Due::Greeting);
                Some(Ready::Proxied(Box::new(proxied)))
            }
            Err(_) => {
                self.failed = Some(Error::NotProxied);
                None
            }
        }
    }

    /// AUTH takes more than other commands.
    fn line_limit(&self, bytes: &[u8]) -> usize {
        let limits = &self.config.limits;
        match bytes.get(..5) {
            Some(verb) if verb.eq_ignore_ascii_case(b"AUTH ") => limits.line.max(limits.auth_line),
            _ => limits.line,
        }
    }

    /// The length of the next line, where it is whole; none of a line too long, which is skipped
    /// and answered.
    fn next_line(
        &mut self,
        input: &mut Input,
        limit: usize,
        too_long: &Canned,
    ) -> Option<Option<usize>> {
        loop {
            match self.lines.find(input.bytes(), limit) {
                Found::Line(len) => return Some(Some(len)),
                Found::More => return None,
                Found::Overlong(len) => {
                    input.take(len);
                }
                Found::OverlongEnd(len) => {
                    input.take(len);
                    self.state = State::Commands;
                    self.answer(too_long);
                    return Some(None);
                }
            }
        }
    }

    /// Answers what the caller does not see.
    pub(super) fn answer(&mut self, reply: &Canned) {
        self.deadline = None;
        let is_error = matches!(reply.0, 500..=504 | 555);
        self.errors = self.errors.saturating_add(u32::from(is_error));
        if self.errors > self.config.limits.errors {
            self.fail(&replies::TOO_MANY_ERRORS, Error::TooManyErrors);
        } else if let Canned(501, enhanced, expected) = *reply {
            self.say_text(501, enhanced, &format!("Syntax error: expected {expected}"));
        } else {
            self.say(reply);
        }
    }

    /// Says the last words, and ends with that error.
    pub(super) fn fail(&mut self, words: &Canned, error: Error) {
        self.say(words);
        self.deadline = None;
        self.failed = Some(error);
    }

    /// The command of a line that was judged, and what is due for it.
    fn tell<'i>(&mut self, line: &'i [u8]) -> Option<(Event<'i>, Due)> {
        let Ok(command) = Command::parse(line) else {
            return self.other(line).map(|other| (Event::Other(other), Due::Other));
        };
        Some(match command {
            Command::Ehlo(host) | Command::Lhlo(host) => {
                self.session.host = Some(host.to_string().into_boxed_str());
                (Event::Ehlo { host }, Due::Ehlo)
            }
            Command::Helo(host) => {
                self.session.host = Some(host.to_string().into_boxed_str());
                (Event::Helo { host }, Due::Helo)
            }
            Command::StartTls => (Event::StartTls, Due::StartTls),
            Command::Auth(auth) => {
                let mechanism = auth.mechanism();
                let initial_response = auth.into_initial_response();
                (Event::Authenticate { mechanism, initial_response }, Due::Auth)
            }
            Command::Mail(mail) => {
                (self.session.smtp_utf8, self.session.body) = (mail.smtp_utf8, mail.body);
                (Event::Mail(mail), Due::Mail)
            }
            Command::Rcpt(rcpt) => {
                if self.offer.limits.as_ref().is_some_and(|limits| limits.domains.is_some()) {
                    self.session.domains.add(&rcpt.forward_path);
                }
                (Event::Rcpt(rcpt), Due::Rcpt)
            }
            Command::Data => (Event::Data, Due::Data),
            Command::Bdat(bdat) => {
                (Event::Bdat { size: bdat.size, last: bdat.last }, Due::Bdat(bdat))
            }
            Command::Burl(burl) => {
                let due = Due::Burl(burl.is_last());
                (Event::Burl(burl), due)
            }
            Command::Rset => (Event::Rset, Due::Rset),
            Command::Vrfy(vrfy) => (Event::Vrfy(vrfy), Due::Vrfy),
            Command::Expn(expn) => (Event::Expn(expn), Due::Expn),
            Command::Help(help) => (Event::Help(help), Due::Help),
            Command::Etrn(etrn) => (Event::Etrn(etrn), Due::Etrn),
            Command::Xclient(attributes) => (Event::Xclient(attributes), Due::Xclient),
            Command::Xforward(attributes) => (Event::Xforward(attributes), Due::Xforward),
            Command::Quit => (Event::Quit, Due::Quit),
            Command::Noop | Command::Other(_) => return None,
        })
    }
}

impl Connection for Server {
    type Event<'i> = Event<'i>;
    type Error = Error;

    fn poll(&mut self, now: Time, input: &mut Input) -> Result<Step, Error> {
        let is_early = matches!(self.ready, Some(Ready::Connected)) && !input.is_empty();
        if is_early && self.config.strict_pipelining && self.failed.is_none() {
            self.ready = None;
            self.fail(&replies::TOO_EARLY, Error::Pipelined);
        }
        if self.ready.is_none() {
            self.ready = self.look(input);
        }
        if self.ready.is_some() {
            return Ok(Step::Event);
        }
        if matches!(self.state, State::Securing) && !input.is_empty() && self.failed.is_none() {
            // Nothing more is said to whoever put that there, not even the 220.
            self.output = Output::default();
            self.failed = Some(Error::PlaintextAfterStartTls);
        }
        let step = match self.state {
            State::Owed(_) => Some(Step::Answer),
            State::Securing => Some(Step::Upgrade(Upgrade::Tls)),
            State::Closing => Some(Step::Close),
            _ => None,
        };
        if self.failed.is_none() && self.output.is_empty() {
            if let Some(step) = step {
                self.deadline = None;
                return Ok(step);
            }
            if input.is_closed() {
                self.failed = Some(Error::Closed);
            }
        }
        let timeouts = &self.config.timeouts;
        let patience = match (&self.failed, &self.state) {
            (Some(_), _) | (None, State::Closing) => timeouts.last_words,
            (None, State::Receiving(_) | State::Chunk(_) | State::Skipping(..)) => timeouts.block,
            _ => timeouts.idle,
        };
        if matches!(self.state, State::Closing) && self.deadline.is_some_and(|until| until <= now) {
            self.output = Output::default();
            return Ok(Step::Close);
        }
        let mut until = *self.deadline.get_or_insert(now + patience);
        if until <= now && self.failed.is_none() {
            self.fail(&replies::TIMED_OUT, Error::TimedOut);
            until = now + self.config.timeouts.last_words;
            self.deadline = Some(until);
        }
        match &self.failed {
            Some(error) if self.output.is_empty() || until <= now => Err(error.clone()),
            None if self.output.is_empty() => Ok(Step::Read { until: Some(until) }),
            _ => Ok(Step::Write { until: Some(until) }),
        }
    }

    fn event<'i>(&mut self, input: &'i mut Input) -> Result<Event<'i>, Error> {
        let ready = self.ready.take().ok_or(Error::NoEvent)?;
        if !matches!(ready, Ready::Message { .. } | Ready::Aborted(_)) {
            self.deadline = None;
        }
        Ok(match ready {
            Ready::Proxied(proxied) => {
                self.ready = Some(Ready::Connected);
                Event::Proxied(*proxied)
            }
            Ready::Connected => Event::Connected,
            Ready::Secured => Event::Secured,
            Ready::Command(len) => {
                let (event, due) = self.tell(input.take(len)).ok_or(Error::NoEvent)?;
                self.state = State::Owed(due);
                event
            }
            Ready::Response(response) => {
                self.state = State::Owed(Due::Auth);
                Event::AuthenticateResponse(response)
            }
            Ready::Message { skip, len } => {
                Event::Message(input.take(skip + len).get(skip..).unwrap_or_default())
            }
            Ready::Aborted(refusal) => Event::Aborted(refusal),
            Ready::EndOfChunk => {
                self.state = State::Owed(Due::Chunk);
                Event::EndOfChunk
            }
            Ready::EndOfMessage => {
                self.session.owed = match self.session.recipients {
                    Some(recipients) if self.config.lmtp => recipients,
                    _ => 1,
                };
                self.state = State::Owed(Due::Message);
                Event::EndOfMessage
            }
        })
    }

    fn output(&mut self) -> &mut Output {
        &mut self.output
    }

    fn upgraded(&mut self) {
        if let State::Securing = self.state {
            self.state = State::Commands;
            self.lines = LineFinder::default();
            self.session = Session { secured: true, ..Session::default() };
            self.ready = Some(Ready::Secured);
        }
    }
}
