//! How a client goes from step to step.

use super::{
    Client,
    event::{Event, Verb},
    outgoing::Outgoing,
    state::{Queue, Ready, Session, State, patience},
};
use crate::{Error, Extensions, Reply};
use alloc::{boxed::Box, collections::VecDeque};
use mailrail_sasl::exchange;
use mailrail_wire::{Connection, Input, Output, Step, Stuffer, Time, Upgrade};

impl Client {
    /// Answers a challenge, or gives AUTH up.
    pub(super) fn respond(&mut self, response: Option<&[u8]>) {
        match response {
            Some(response) => exchange::encode(response, &mut self.output),
            None => self.output.text(exchange::CANCEL),
        }
        self.output.text(b"\r\n");
    }

    pub(super) fn message_sent(&mut self) {
        self.state = State::Talking;
        self.session.recipients = None;
        self.queue.sent(Verb::Message);
    }

    /// What there is to tell.
    fn look(&mut self, input: &mut Input) -> Result<Option<Ready>, Error> {
        match &self.state {
            State::Talking if self.queue.are_chunks_due() && input.is_empty() => {
                self.queue.release_chunks();
                if self.session.accepted == 0 {
                    self.queue.message_answered(false);
                    return Ok(Some(Ready::NoRecipients));
                }
                let text = Outgoing::chunks(self.session.is_binary);
                self.state = State::Sending { text, asked: false };
                Ok(Some(Ready::WantMessage))
            }
            State::Talking | State::Challenged => self.look_for_reply(input),
            State::Sending { text: Outgoing::Chunks(_), asked } => {
                let asked = *asked;
                match self.look_for_reply(input)? {
                    None if !asked && input.is_empty() && self.may_send_chunk() => {
                        Ok(Some(Ready::WantMessage))
                    }
                    ready => Ok(ready),
                }
            }
            // While the message goes out, only a 421 is of interest, and why the server hung up.
            State::Sending { .. } if input.bytes().starts_with(b"421") => {
                self.look_for_reply(input)
            }
            State::Sending { .. }
                if input.is_closed() && matches!(input.bytes(), [b'4' | b'5', ..]) =>
            {
                self.output = Output::default();
                self.message_sent();
                self.look_for_reply(input)
            }
            State::Sending { asked: false, .. } if self.output.is_empty() => {
                Ok(Some(Ready::WantMessage))
            }
            _ => Ok(None),
        }
    }

    /// Whether a further chunk may be sent before those that were are answered.
    fn may_send_chunk(&self) -> bool {
        let unanswered = self.queue.unanswered();
        self.output.is_empty()
            && (unanswered == 0
                || self.is_pipelining() && unanswered < self.config.limits.pipelined)
    }

    fn is_pipelining(&self) -> bool {
        self.extensions().is_some_and(|offered| offered.pipelining)
    }

    fn look_for_reply(&mut self, input: &mut Input) -> Result<Option<Ready>, Error> {
        let len = loop {
            let Some(len) = self.replies.find(input.bytes(), self.config.limits.reply)? else {
                return Ok(None);
            };
            // The chunks behind one that was refused are refused too: that is no news.
            if input.bytes().starts_with(b"421") || !self.queue.ignored() {
                break len;
            }
            input.take(len);
            self.deadline = None;
        };
        let code = input.bytes().get(..3).unwrap_or_default();
        match (code, self.queue.front()) {
            (b"421", _) => Ok(Some(Ready::Closing(len))),
            // The caller owes the answer to a challenge: the server has none to give.
            (_, None) => Err(Error::Unsolicited),
            _ if matches!(self.state, State::Challenged) => Err(Error::Unsolicited),
            (b"334", Some(Verb::Auth)) => {
                let reply = input.take(len);
                let text = reply.get(4..).unwrap_or_default();
                let challenge = exchange::decode(text.strip_suffix(b"\r\n").unwrap_or_default());
                self.deadline = None;
                match (challenge, self.session.initial_response.take()) {
                    (Ok(challenge), None) => return Ok(Some(Ready::Challenge(challenge))),
                    (Ok(challenge), Some(response)) if challenge.expose().is_empty() => {
                        self.respond(Some(response.expose()));
                    }
                    _ => self.respond(None),
                }
                Ok(None)
            }
            (_, Some(next)) if is_out_of_step(next, code) => Err(Error::OutOfStep),
            _ => Ok(Some(Ready::Reply(len))),
        }
    }

    /// What a reply answers, where `next` is the next to be answered.
    fn answers(&mut self, next: Verb, reply: &Reply<'_>) -> Verb {
        match next {
            Verb::Message => match self.session.awaited.pop_front() {
                Some(recipient) => {
                    if self.session.awaited.is_empty() {
                        self.session.awaited = VecDeque::new();
                        self.queue.message_answered(true);
                        self.queue.answered();
                    }
                    return Verb::MessageFor { recipient };
                }
                None => self.queue.message_answered(reply.is_positive()),
            },
            Verb::Bdat if !reply.is_positive() => {
                self.queue.answered();
                self.queue.ignore_chunks(self.session.awaited.len().max(1));
                self.queue.message_answered(false);
                self.session.recipients = None;
                self.session.awaited = VecDeque::new();
                if let State::Sending { .. } = self.state {
                    self.state = State::Talking;
                }
                return Verb::Message;
            }
            _ => {}
        }
        self.queue.answered();
        next
    }

    /// What a reply changes.
    fn learn(&mut self, command: Verb, reply: &Reply<'_>) {
        match (command, reply.code().get()) {
            (Verb::Ehlo, 200..300) => {
                self.session.extensions = Some(Box::new(Extensions::from_reply(reply)));
            }
            (Verb::Ehlo | Verb::Helo, _) => self.session.extensions = None,
            (Verb::Xclient, 220) => self.session.extensions = None,
            (Verb::StartTls, 220) => self.state = State::Securing,
            (Verb::Auth, _) => self.session.initial_response = None,
            (Verb::Mail, _) => {
                self.session.accepted = 0;
                self.session.awaited = VecDeque::new();
            }
            (Verb::Rcpt { recipient }, 200..300) => {
                self.session.accepted += 1;
                if self.config.lmtp {
                    self.session.awaited.push_back(recipient);
                }
            }
            (Verb::Data, 354) if self.session.accepted > 0 => {
                self.state = State::Sending { text: Outgoing::default(), asked: false };
            }
            (Verb::Data, 354) => {
                Stuffer::default().end(&mut self.output);
                self.message_sent();
            }
            (Verb::Data, _) => self.queue.clear_first(),
            (Verb::Quit, _) => self.close(),
            _ => {}
        }
    }

    fn close(&mut self) {
        self.state = State::Closed;
        self.queue = Queue::default();
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
            State::Securing if !input.is_empty() => return Err(Error::PlaintextAfterStartTls),
            State::Securing => return Ok(Step::Upgrade(Upgrade::Tls)),
            _ if input.is_closed() => return Err(Error::Closed),
            // Bytes that no command asked for are the start of a reply to none.
            _ if self.queue.front().is_some() || input.is_empty() => {
                let pipelining = self.is_pipelining();
                let most = self.config.limits.pipelined.max(1);
                self.queue.release(pipelining, most, &mut self.output);
            }
            _ => {}
        }
        if self.queue.are_chunks_due() && input.is_empty() {
            self.ready = self.look(input)?;
            return Ok(Step::Event);
        }
        let patience = match (&self.state, self.queue.front()) {
            (State::Sending { text: Outgoing::Chunks(_), asked: false }, Some(verb))
                if self.output.is_empty() =>
            {
                Some(patience(&self.config, verb))
            }
            (State::Sending { .. }, _) if self.output.is_empty() => None,
            (State::Sending { .. }, _) => Some(self.config.timeouts.block),
            (State::Challenged, _) => None,
            (_, Some(verb)) => Some(patience(&self.config, verb)),
            (_, None) if input.is_empty() => None,
            (_, None) => Some(self.config.timeouts.command),
        };
        let Some(patience) = patience else {
            self.deadline = None;
            return Ok(Step::Answer);
        };
        let until = *self.deadline.get_or_insert(now + patience);
        if until <= now {
            return Err(Error::TimedOut);
        }
        let until = Some(until);
        Ok(if self.output.is_empty() { Step::Read { until } } else { Step::Write { until } })
    }
}

/// Whether a reply shows that the server has lost count of the commands, or the client has: what is
/// said next could become a part of a message.
fn is_out_of_step(next: Verb, code: &[u8]) -> bool {
    match (next, code.first()) {
        (Verb::Other, _) => false,
        (Verb::Data, Some(b'3')) => code != b"354",
        (Verb::Data, first) => first == Some(&b'2'),
        (_, first) => first == Some(&b'3'),
    }
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
        self.deadline = None;
        Ok(match ready {
            Ready::Secured => Event::Secured,
            Ready::NoRecipients => {
                self.session.recipients = None;
                Event::NoRecipients
            }
            Ready::WantMessage => {
                if let State::Sending { asked, .. } = &mut self.state {
                    *asked = true;
                }
                Event::WantMessage
            }
            Ready::Challenge(challenge) => {
                self.state = State::Challenged;
                Event::Challenge(challenge)
            }
            Ready::Closing(len) => {
                self.close();
                Event::Closing(Reply::received(input.take(len)))
            }
            Ready::Reply(len) => {
                let next = self.queue.front().ok_or(Error::NoEvent)?;
                let reply = Reply::received(input.take(len));
                let command = self.answers(next, &reply);
                self.learn(command, &reply);
                Event::Reply { command, reply }
            }
        })
    }

    fn output(&mut self) -> &mut Output {
        &mut self.output
    }

    fn upgraded(&mut self) {
        if let State::Securing = self.state {
            self.state = State::Talking;
            self.session = Session { secured: true, ..Session::default() };
            self.ready = Some(Ready::Secured);
        }
    }
}
