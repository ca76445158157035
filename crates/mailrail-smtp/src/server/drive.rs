//! How a server goes from step to step.

use super::{
    BLOCK, Server,
    event::{Event, Refusal},
    replies::{self, Canned},
    state::{Due, Hello, Ready, Receiving, Session, State},
};
use crate::{
    Error, ReplyCode, SyntaxError,
    command::{Auth, Body, Command, Mail, Rcpt},
};
use alloc::format;
use mailrail_sasl::exchange;
use mailrail_wire::{Connection, Found, Input, LineFinder, Output, Step, Time, Unstuffed, Upgrade};

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
            // However it is answered, the transaction is over.
            Due::Message | Due::Rset => self.session.recipients = None,
            _ if !positive => {}
            Due::Ehlo | Due::Helo => {
                let hello = if due == Due::Ehlo { Hello::Ehlo } else { Hello::Helo };
                self.session.hello = Some(hello);
                self.session.recipients = None;
            }
            Due::StartTls => self.state = State::Securing,
            Due::Auth => self.session.authenticated = true,
            Due::Mail => self.session.recipients = Some(0),
            Due::Rcpt => {
                self.session.recipients = self.session.recipients.map(|n| n.saturating_add(1));
            }
            Due::Data => self.state = State::Receiving(Receiving::default()),
            Due::Greeting | Due::Quit => {}
        }
    }

    /// What there is to tell. What the client should not have said is answered on the way.
    fn look(&mut self, input: &mut Input) -> Option<Ready> {
        while self.failed.is_none() && self.output.len() < self.config.limits.output.max(1) {
            match &mut self.state {
                State::Commands => {
                    let limit = self.line_limit(input.bytes());
                    let too_long = &replies::LINE_TOO_LONG;
                    let Some(line) = self.next_line(input, limit, too_long)? else { continue };
                    let bytes = input.bytes().get(..line).unwrap_or_default();
                    match self.judge(bytes) {
                        Ok(()) => return Some(Ready::Command(line)),
                        Err(reply) => {
                            input.take(line);
                            self.answer(&reply);
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
                    if let ready @ Some(_) = self.look_at_message(input) {
                        return ready;
                    }
                    if let State::Receiving(_) = self.state {
                        return None;
                    }
                }
                _ => return None,
            }
        }
        None
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

    /// Whether the caller gets to see a command line; else what it is answered.
    fn judge(&self, line: &[u8]) -> Result<(), Canned> {
        let session = &self.session;
        let command = match Command::parse(line) {
            Ok(command) => command,
            Err(SyntaxError { offset: 0, .. }) => return Err(replies::UNKNOWN),
            Err(error) => return Err(Canned(501, [5, 5, 2], error.expected)),
        };
        match command {
            Command::Ehlo(_) | Command::Helo(_) | Command::Rset | Command::Quit => Ok(()),
            Command::Lhlo(_) => Err(replies::UNKNOWN),
            Command::Bdat(_) => Err(replies::NOT_IMPLEMENTED),
            Command::StartTls if !self.offer.starttls => Err(replies::NOT_IMPLEMENTED),
            Command::StartTls if session.secured => Err(replies::SECURED),
            Command::StartTls if session.hello.is_none() => Err(replies::EHLO_FIRST),
            Command::StartTls => Ok(()),
            Command::Auth(auth) => self.judge_auth(&auth),
            Command::Mail(mail) => self.judge_mail(&mail),
            Command::Rcpt(rcpt) => match session.recipients {
                None => Err(replies::MAIL_FIRST),
                Some(_) if !session.smtp_utf8 && !rcpt.forward_path.is_ascii() => {
                    Err(replies::NOT_ASCII)
                }
                Some(_) if rcpt.has_parameters() && !self.takes_rcpt(&rcpt) => {
                    Err(replies::PARAMETERS)
                }
                Some(n) if n >= self.config.limits.recipients => Err(replies::TOO_MANY_RECIPIENTS),
                Some(_) => Ok(()),
            },
            Command::Data => match session.recipients {
                None => Err(replies::MAIL_FIRST),
                Some(0) => Err(replies::NO_RECIPIENTS),
                Some(_) => Ok(()),
            },
            Command::Noop => Err(replies::NOOP),
            Command::Help => Err(replies::HELP),
            Command::Vrfy(_) => Err(replies::NOT_VERIFIED),
            Command::Expn(_) => Err(replies::NOT_IMPLEMENTED),
        }
    }

    fn judge_auth(&self, auth: &Auth<'_>) -> Result<(), Canned> {
        if self.offer.mechanisms().next().is_none() {
            Err(replies::NOT_IMPLEMENTED)
        } else if self.session.hello != Some(Hello::Ehlo) {
            Err(replies::EHLO_FIRST)
        } else if self.session.authenticated {
            Err(replies::AUTHENTICATED)
        } else if self.session.recipients.is_some() {
            Err(replies::AUTH_IN_MAIL)
        } else if !self.offer.has_mechanism(auth.mechanism()) || !self.may_use(auth.mechanism()) {
            Err(replies::NO_SUCH_MECHANISM)
        } else {
            Ok(())
        }
    }

    fn takes_rcpt(&self, rcpt: &Rcpt<'_>) -> bool {
        self.session.hello == Some(Hello::Ehlo) && self.offer.dsn && rcpt.others.is_empty()
    }

    fn judge_mail(&self, mail: &Mail<'_>) -> Result<(), Canned> {
        let is_known = match self.session.hello {
            None => return Err(replies::EHLO_FIRST),
            Some(Hello::Helo) => !mail.has_parameters(),
            Some(Hello::Ehlo) => {
                mail.others.is_empty()
                    && (mail.size.is_none() || self.offer.size.is_some())
                    && match mail.body {
                        None => true,
                        Some(Body::BinaryMime) => self.offer.binary_mime && self.offer.chunking,
                        Some(_) => self.offer.eight_bit_mime,
                    }
                    && (!mail.smtp_utf8 || self.offer.smtp_utf8)
                    && (mail.ret.is_none() && mail.envelope_id.is_none() || self.offer.dsn)
            }
        };
        if self.session.recipients.is_some() {
            Err(replies::NESTED_MAIL)
        } else if self.config.require_auth && !self.session.authenticated {
            Err(replies::AUTH_REQUIRED)
        } else if !is_known {
            Err(replies::PARAMETERS)
        } else if !mail.smtp_utf8 && !mail.reverse_path.is_ascii() {
            Err(replies::NOT_ASCII)
        } else if mail.size.is_some_and(|size| is_over(self.offer.size, size)) {
            Err(replies::TOO_LARGE)
        } else {
            Ok(())
        }
    }

    /// Answers what the caller does not see.
    fn answer(&mut self, reply: &Canned) {
        self.deadline = None;
        let is_error = matches!(reply.0, 500..=504 | 555);
        self.errors = self.errors.saturating_add(usize::from(is_error));
        if self.errors > self.config.limits.errors {
            self.fail(&replies::TOO_MANY_ERRORS, Error::TooManyErrors);
        } else if let Canned(501, enhanced, expected) = *reply {
            self.say_text(501, enhanced, &format!("Syntax error: expected {expected}"));
        } else {
            self.say(reply);
        }
    }

    /// Says the last words, and ends with that error.
    fn fail(&mut self, words: &Canned, error: Error) {
        self.say(words);
        self.deadline = None;
        self.failed = Some(error);
    }

    fn look_at_message(&mut self, input: &mut Input) -> Option<Ready> {
        loop {
            let State::Receiving(message) = &mut self.state else { return None };
            let (skip, len) = match message.text.next(input.bytes()) {
                Unstuffed::More => return None,
                Unstuffed::Text { skip, len } => (skip, len),
                Unstuffed::End(len) => {
                    input.take(len);
                    self.deadline = None;
                    let refused = message.refused;
                    self.state = State::Commands;
                    let reply = match refused {
                        None => return Some(Ready::EndOfMessage),
                        Some(Refusal::TooLarge) => replies::TOO_LARGE,
                        Some(Refusal::BareLineEnd) => replies::BARE_LINE_END,
                    };
                    self.session.recipients = None;
                    self.say(&reply);
                    return None;
                }
            };
            message.size = message.size.saturating_add(u64::try_from(len).unwrap_or(u64::MAX));
            message.progress = message.progress.saturating_add(skip + len);
            if message.progress >= BLOCK {
                message.progress = 0;
                self.deadline = None;
            }
            if message.refused.is_none() {
                message.refused = if message.text.has_bare_line_end() {
                    Some(Refusal::BareLineEnd)
                } else if is_over(self.offer.size, message.size) {
                    Some(Refusal::TooLarge)
                } else if len > 0 {
                    return Some(Ready::Message { skip, len });
                } else {
                    None
                };
                if let Some(refusal) = message.refused {
                    input.take(skip + len);
                    return Some(Ready::Aborted(refusal));
                }
            }
            input.take(skip + len);
        }
    }

    /// The command of a line that was judged, and what is due for it.
    fn tell(line: &[u8]) -> Option<(Event<'_>, Due)> {
        Some(match Command::parse(line).ok()? {
            Command::Ehlo(host) => (Event::Ehlo { host }, Due::Ehlo),
            Command::Helo(host) => (Event::Helo { host }, Due::Helo),
            Command::StartTls => (Event::StartTls, Due::StartTls),
            Command::Auth(auth) => {
                let mechanism = auth.mechanism();
                let initial_response = auth.into_initial_response();
                (Event::Authenticate { mechanism, initial_response }, Due::Auth)
            }
            Command::Mail(mail) => (Event::Mail(mail), Due::Mail),
            Command::Rcpt(rcpt) => (Event::Rcpt(rcpt), Due::Rcpt),
            Command::Data => (Event::Data, Due::Data),
            Command::Rset => (Event::Rset, Due::Rset),
            Command::Quit => (Event::Quit, Due::Quit),
            Command::Lhlo(_) | Command::Bdat(_) => return None,
            Command::Noop | Command::Help | Command::Vrfy(_) | Command::Expn(_) => return None,
        })
    }
}

/// Whether a message of that size passes the limit that SIZE tells.
fn is_over(limit: Option<u64>, size: u64) -> bool {
    limit.is_some_and(|limit| limit != 0 && size > limit)
}

impl Connection for Server {
    type Event<'i> = Event<'i>;
    type Error = Error;

    fn poll(&mut self, now: Time, input: &mut Input) -> Result<Step, Error> {
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
            (None, State::Receiving(_)) => timeouts.block,
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
            Ready::Connected => Event::Connected,
            Ready::Secured => Event::Secured,
            Ready::Command(len) => {
                let (event, due) = Self::tell(input.take(len)).ok_or(Error::NoEvent)?;
                self.state = State::Owed(due);
                if let Event::Mail(mail) = &event {
                    self.session.smtp_utf8 = mail.smtp_utf8;
                }
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
            Ready::EndOfMessage => {
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
