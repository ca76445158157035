//! How a submission goes from step to step.

use super::{Event, Outcome, Ready, Reason, State, Submission, TlsPolicy};
use crate::{
    Client, Error, Extensions, Host, Misuse, Reply, ReplyCode,
    client::{Event as Heard, Verb},
};
use alloc::string::ToString as _;
use core::{fmt, iter};
use mailrail_sasl::Channel;
use mailrail_wire::{Connection, Input, Output, Step, Time};

impl Submission {
    fn hear(&mut self, event: Heard<'_>) -> Result<(), Misuse> {
        match event {
            Heard::Reply { command, reply } => self.reply(command, reply),
            Heard::Closing(reply) => {
                self.leave(Outcome::Deferred(Reason::Host(reply.into_owned())));
                Ok(())
            }
            Heard::Challenge(challenge) => {
                let login = self.login.as_mut();
                let mechanism = login.and_then(|login| login.mechanism.as_mut());
                match mechanism.map(|mechanism| mechanism.step(challenge.expose())) {
                    Some(Ok(response)) => self.client.authenticate_response(response.expose()),
                    _ => self.client.cancel_authentication(),
                }
            }
            Heard::WantMessage => {
                self.ready = Some(Ready::WantMessage);
                Ok(())
            }
            Heard::NoRecipients => {
                self.not_sent();
                Ok(())
            }
            Heard::Secured => {
                self.state = State::Hello;
                self.ready = Some(Ready::Secured);
                self.hello(Client::ehlo)
            }
        }
    }

    fn reply(&mut self, command: Verb, reply: Reply<'_>) -> Result<(), Misuse> {
        let done = reply.code().is_completion();
        match command {
            Verb::Greeting if done => self.hello(Client::ehlo),
            Verb::Ehlo | Verb::Helo if done => self.secure(),
            // A server of RFC 821's days. After TLS, and in LMTP, it is none.
            Verb::Ehlo if reply.code().is_permanent() && self.may_say_helo() => {
                self.hello(Client::helo)
            }
            // Any other code is no agreement.
            Verb::StartTls if reply.code() == ReplyCode::READY => {
                self.state = State::Securing;
                Ok(())
            }
            Verb::StartTls if self.tls == TlsPolicy::Opportunistic => self.log_in(),
            Verb::Auth => self.logged_in(reply),
            Verb::Greeting | Verb::Ehlo | Verb::Helo | Verb::StartTls => {
                self.give_up(Outcome::refusal(reply.into_owned(), Reason::Host))
            }
            Verb::Quit => Ok(()),
            _ => self.transact(command, reply),
        }
    }

    fn hello(
        &mut self,
        say: fn(&mut Client, Host<'static>) -> Result<(), Misuse>,
    ) -> Result<(), Misuse> {
        match &self.host {
            Some(host) => say(&mut self.client, Host::clone(host)),
            None => Ok(()),
        }
    }

    /// After EHLO.
    fn secure(&mut self) -> Result<(), Misuse> {
        let offered = self.extensions().is_some_and(|offered| offered.starttls);
        match self.tls {
            _ if self.client.is_secured() => self.log_in(),
            TlsPolicy::Opportunistic | TlsPolicy::Required if offered => self.client.starttls(),
            TlsPolicy::Required => self.give_up(Outcome::Refused(Reason::Insecure)),
            TlsPolicy::None | TlsPolicy::Opportunistic | TlsPolicy::Implicit => self.log_in(),
        }
    }

    fn log_in(&mut self) -> Result<(), Misuse> {
        let is_secured = self.client.is_secured();
        let Some(login) = &mut self.login else { return self.enter() };
        let channel = match login.channel.take() {
            Some(channel) if is_secured => channel,
            None if is_secured => Channel::tls(),
            _ => Channel::plaintext(),
        };
        let offered = self.client.extensions().into_iter().flat_map(Extensions::mechanisms);
        let chosen = login.authenticator.choose(offered, &channel).and_then(|mut mechanism| {
            let response = mechanism.initial_response()?;
            Ok((mechanism.name(), response, mechanism))
        });
        let (name, response, mechanism) = match chosen {
            Ok(chosen) => chosen,
            Err(mailrail_sasl::Error::NotSecure) => {
                return self.give_up(Outcome::Refused(Reason::Insecure));
            }
            Err(error) => return self.give_up(Outcome::Refused(Reason::NoMechanism(error))),
        };
        login.mechanism = Some(mechanism);
        self.state = State::LoggingIn;
        let response = response.as_ref().map(|response| &response.expose()[..]);
        self.client.authenticate(name, response)
    }

    fn logged_in(&mut self, reply: Reply<'_>) -> Result<(), Misuse> {
        let mechanism = self.login.take().and_then(|login| login.mechanism);
        let is_proved = mechanism.is_some_and(|mechanism| mechanism.is_complete());
        match reply.code().is_completion() {
            true if is_proved => self.enter(),
            true => self.give_up(Outcome::Refused(Reason::Unproved)),
            false => self.give_up(Outcome::refusal(reply.into_owned(), Reason::Host)),
        }
    }

    /// The server takes messages.
    fn enter(&mut self) -> Result<(), Misuse> {
        self.state = State::Ready;
        self.ready = Some(Ready::Entered);
        self.host = None;
        Ok(())
    }

    /// Settles what is not settled, and leaves with a goodbye.
    fn give_up(&mut self, outcome: Outcome) -> Result<(), Misuse> {
        self.leave(outcome);
        self.client.quit()
    }

    /// Settles what is not settled: the connection is over.
    fn leave(&mut self, outcome: Outcome) {
        self.state = State::Leaving;
        if let Some(message) = &mut self.message {
            message.settle(&outcome);
            self.ready = Some(Ready::Outcome);
        }
    }

    /// A server that is silent at the end is not waited for as long as one that works.
    fn leave_by(&mut self, now: Time, step: Step) -> Step {
        let by = *self.goodbye.get_or_insert(now + self.last_words);
        match step {
            Step::Read { .. } | Step::Write { .. } if by <= now => self.close(),
            Step::Read { until } => Step::Read { until: until.min(Some(by)) },
            Step::Write { until } => Step::Write { until: until.min(Some(by)) },
            step => step,
        }
    }

    /// What is not written yet is of no use to anybody.
    fn close(&mut self) -> Step {
        *self.client.output() = Output::default();
        Step::Close
    }

    /// Turns what ends the conversation into an outcome first.
    fn failed(&mut self, error: &dyn fmt::Display) {
        self.settle_rest(Reason::Broken(error.to_string()));
        self.state = State::Lost;
        self.ready = self.message.as_ref().map(|_| Ready::Outcome);
    }
}

impl Connection for Submission {
    type Event<'i> = Event;
    type Error = Error;

    fn poll(&mut self, now: Time, input: &mut Input) -> Result<Step, Error> {
        // Each turn uses up a reply.
        for () in iter::repeat(()) {
            if self.ready.is_some() {
                break;
            }
            let heard = if self.state == State::Converting {
                return Ok(Step::Answer);
            } else if self.state == State::Ready && self.message.is_some() {
                self.begin()
            } else {
                match (self.client.poll(now, input), self.state) {
                    // How the server takes the goodbye is all one.
                    (Err(_), State::Leaving) | (Ok(_), State::Lost) => return Ok(self.close()),
                    (Err(error), State::Lost) => return Err(error),
                    (Ok(Step::Event), _) => {
                        let event = self.client.event(input)?;
                        self.hear(event)
                    }
                    (Err(error), _) => {
                        self.failed(&error);
                        Ok(())
                    }
                    (step, State::Leaving) => return Ok(self.leave_by(now, step?)),
                    (step, _) => return step,
                }
            };
            if let Err(misuse) = heard {
                self.failed(&misuse);
            }
        }
        Ok(Step::Event)
    }

    fn event(&mut self, _: &mut Input) -> Result<Event, Error> {
        Ok(match self.ready.take().ok_or(Error::NoEvent)? {
            Ready::Secured => Event::Secured,
            Ready::Entered => Event::Ready,
            Ready::WantConversion(to) => Event::WantConversion { to },
            Ready::WantMessage => Event::WantMessage,
            Ready::Outcome => {
                let message = self.message.take();
                Event::Outcome(message.map(|message| message.into_outcomes()).unwrap_or_default())
            }
        })
    }

    fn output(&mut self) -> &mut Output {
        self.client.output()
    }

    fn upgraded(&mut self) {
        self.client.upgraded();
    }
}

impl fmt::Debug for Submission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Submission").field("state", &self.state).finish_non_exhaustive()
    }
}
