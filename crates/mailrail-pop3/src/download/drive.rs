//! How a download goes on: what is asked when, and what an answer leads to.

use super::{Download, Event, Key, Owed, Policy, Ready, State, TlsPolicy};
use crate::{
    Capabilities, Error, SyntaxError, UniqueIdListing,
    client::{Event as Heard, Peek, Request},
};
use alloc::{boxed::Box, collections::VecDeque};
use mailrail_wire::{Connection, Input, Output, Step, Time};

/// How many messages, or headers, are asked for ahead.
const AHEAD: usize = 4;
/// How many deletions are asked for ahead.
const DELETIONS_AHEAD: usize = 32;
/// A message may have so many octets beyond twice what LIST said: not all servers count alike.
const SLACK: u64 = 64 * 1024;

impl Download {
    /// Whether the client's event is one of the caller's too.
    fn is_for_caller(&self) -> bool {
        match (self.client.peek(), self.state) {
            (Some(Peek::Refused), _) => true,
            (Some(Peek::UniqueId(message)), State::Listing) => {
                self.resume.is_none() && (self.next..=self.count).contains(&message.value())
            }
            (Some(Peek::Octets | Peek::Begin | Peek::End), State::Fetching) => true,
            (Some(Peek::Err(request)), state) => match request {
                Request::Login
                | Request::Apop
                | Request::Auth
                | Request::Stat
                | Request::Retr(_)
                | Request::Dele(_) => true,
                Request::Stls => self.tls == TlsPolicy::Required,
                // What was said on the way out for another reason is no news.
                Request::Uidl(_) => self.has_uidl(),
                Request::Quit => state == State::Leaving && !self.lost,
                _ => false,
            },
            _ => false,
        }
    }

    /// Whether the server says that it has UIDL: where it is refused all the same, its messages
    /// have unique-ids, and other keys for them would fetch them twice.
    fn has_uidl(&self) -> bool {
        self.capabilities.as_deref().is_some_and(|offer| offer.uidl)
    }

    /// Ends the session early.
    fn leave_early(&mut self) {
        self.lost = true;
        self.quit();
    }

    fn quit(&mut self) {
        self.state = State::Leaving;
        // It is over already where the server said so.
        let _ = self.client.quit();
    }

    /// Gives the client the commands that are due.
    fn go_on(&mut self) {
        loop {
            let before = self.state;
            match before {
                State::Topping => self.ask_for_headers(),
                State::Fetching => self.ask_for_messages(),
                State::Deleting => self.ask_for_deletions(),
                _ => {}
            }
            if self.state == before || self.ready.is_some() {
                return;
            }
        }
    }

    fn ask_for_headers(&mut self) {
        while self.flying < AHEAD && !self.is_full() {
            let Some(message) = self.untold.pop() else { break };
            self.flying += usize::from(self.client.top(message, 0).is_ok());
        }
        if self.flying > 0 {
            return;
        }
        self.batch.make_contiguous().sort_unstable_by_key(|new| new.message);
        self.asked = 0;
        self.lines = 0;
        self.state = if self.batch.is_empty() { State::Fetching } else { State::Sizing };
        if self.state == State::Sizing {
            let _ = self.client.list(None);
        }
    }

    fn ask_for_messages(&mut self) {
        while self.asked < AHEAD
            && let Some(new) = self.batch.get(self.asked)
        {
            let message = new.message;
            if let Some(octets) = new.octets.filter(|&octets| octets > self.limits.message) {
                self.batch.remove(self.asked);
                self.ready = Some(Ready::TooLarge(message, octets));
                return;
            }
            self.asked += usize::from(self.client.retr(message).is_ok());
        }
        if self.batch.is_empty() {
            self.batch = VecDeque::new();
            self.state = State::Deleting;
        }
    }

    fn ask_for_deletions(&mut self) {
        while self.deletions < DELETIONS_AHEAD {
            let Some(message) = self.doomed.pop() else { break };
            self.deletions += usize::from(self.client.dele(message).is_ok());
        }
        if !self.doomed.is_empty() {
            return;
        }
        if !self.untold.is_empty() {
            self.state = State::Topping;
        } else if let Some(from) = self.resume.take() {
            self.list(from);
        } else {
            self.quit();
        }
    }

    /// Asks which messages there are, from that one on.
    fn list(&mut self, from: u32) {
        self.next = from;
        self.lines = 0;
        self.state = State::Listing;
        let _ = self.client.uidl(None);
    }

    /// Has all messages up to `last` that UIDL has said nothing of told by their headers.
    fn not_told(&mut self, last: u32) {
        self.untold.push(self.next, last);
        self.next = last.saturating_add(1);
    }

    /// What an event of the client's leads to that is not the caller's.
    fn hear(&mut self, event: Heard<'_>) -> Result<(), Error> {
        match event {
            Heard::Greeting { .. }
                if self.tls == TlsPolicy::Required && !self.client.is_secured() =>
            {
                // Asked without a look at what is offered: what comes in plaintext proves nothing.
                self.state = State::Securing;
                let _ = self.client.stls();
            }
            Heard::Greeting { .. } | Heard::Secured => {
                if let Heard::Secured = event {
                    self.ready = Some(Ready::Secured);
                }
                self.capabilities = None;
                self.state = State::Greeting;
                let _ = self.client.capa();
            }
            Heard::Capabilities(offer) => self.offered(offer)?,
            // RFC 1939 knows no CAPA.
            Heard::Err { request: Request::Capa, .. } if self.state == State::Greeting => {
                self.log_in()?;
            }
            Heard::Err { request: Request::Stls, .. } => self.log_in()?,
            Heard::Challenge(challenge) => {
                if let Some(login) = &mut self.login {
                    let _ = login.challenged(challenge.expose(), &mut self.client);
                }
            }
            Heard::Ok { request: Request::Login | Request::Apop | Request::Auth, .. } => {
                // The credentials are of no more use.
                self.login.take().map_or(Ok(()), |login| login.end())?;
                self.state = State::Opening;
                let differs = |offer: &Capabilities| {
                    offer.login_delay.is_some_and(|delay| delay.per_user)
                        || offer.expire.is_some_and(|expire| expire.per_user)
                };
                if self.capabilities.as_deref().is_some_and(differs) {
                    let _ = self.client.capa();
                }
                let _ = self.client.stat();
            }
            Heard::Stat(maildrop) => {
                if maildrop.messages > self.limits.messages {
                    return Err(Error::TooManyMessages);
                }
                self.count = maildrop.messages;
                self.ready = Some(Ready::Opened(maildrop));
                if self.count == 0 {
                    self.quit();
                } else {
                    self.list(1);
                }
            }
            Heard::Malformed { request: Request::Stat, .. } => {
                return Err(Error::Response(SyntaxError { offset: 0, expected: "a number" }));
            }
            Heard::Err { request: Request::Uidl(_), .. } => {
                self.ready = Some(Ready::NoUniqueIds);
                self.not_told(self.count);
                self.end_of_listing();
            }
            Heard::End { request: Request::Uidl(_) } => {
                if self.resume.is_none() {
                    self.not_told(self.count);
                }
                self.end_of_listing();
            }
            Heard::Scan { listing, .. } => {
                self.line()?;
                let at = self.batch.binary_search_by_key(&listing.message, |new| new.message);
                if let Some(new) = at.ok().and_then(|at| self.batch.get_mut(at)) {
                    new.octets = Some(listing.octets);
                }
            }
            Heard::UniqueId { .. } | Heard::Malformed { .. } => self.line()?,
            Heard::End { request: Request::List(_) }
            | Heard::Err { request: Request::List(_), .. } => {
                self.state = State::Fetching;
            }
            Heard::Ok { request: Request::Top { .. }, .. } => self.begin(),
            Heard::Message { octets, .. } => self.octets(octets)?,
            Heard::End { request: Request::Top { message, .. } } => {
                self.flying = self.flying.saturating_sub(1);
                if let Some(header) = self.header.take() {
                    self.ready = Some(Ready::Listed(message, header.finish()));
                }
            }
            Heard::Err { request: Request::Top { message, .. }, .. } => {
                self.flying = self.flying.saturating_sub(1);
                self.want(message, None);
            }
            Heard::Ok { request: Request::Dele(_), .. } => {
                self.deleted = self.deleted.saturating_add(1);
                self.deletions = self.deletions.saturating_sub(1);
            }
            Heard::Ok { request: Request::Quit, .. } if !self.lost => {
                self.ready = Some(Ready::Done);
            }
            _ => {}
        }
        Ok(())
    }

    fn offered(&mut self, offer: Capabilities) -> Result<(), Error> {
        let wants_tls = self.tls == TlsPolicy::Opportunistic && !self.client.is_secured();
        let begins_tls = wants_tls && offer.stls;
        let has_utf8 = offer.utf8.is_some();
        self.capabilities = Some(Box::new(offer));
        if self.state != State::Greeting {
            return Ok(());
        }
        if begins_tls {
            self.state = State::Securing;
            let _ = self.client.stls();
            return Ok(());
        }
        if has_utf8 {
            // Else messages with UTF-8 in their headers can't be had (RFC 6856 §2.1).
            let _ = self.client.utf8();
        }
        self.log_in()
    }

    fn log_in(&mut self) -> Result<(), Error> {
        self.state = State::LoggingIn;
        let login = self.login.as_mut().ok_or(Error::NoLogin)?;
        login.begin(&mut self.client, self.capabilities.as_deref(), self.allow_plaintext)
    }

    fn end_of_listing(&mut self) {
        self.state = State::Topping;
    }

    /// Counts a line of a listing.
    fn line(&mut self) -> Result<(), Error> {
        self.lines = self.lines.saturating_add(1);
        if self.lines > self.count { Err(Error::EndlessListing) } else { Ok(()) }
    }

    /// A message or header begins.
    fn begin(&mut self) {
        self.octets = 0;
        let has_key = self.state == State::Fetching
            && self.batch.front().is_some_and(|new| new.key.is_some());
        self.header = (!has_key).then(Box::default);
    }

    /// More of it has come.
    fn octets(&mut self, octets: &[u8]) -> Result<(), Error> {
        self.octets = self.octets.saturating_add(octets.len() as u64);
        let told = self.batch.front().and_then(|new| new.octets);
        let told = told.filter(|_| self.state == State::Fetching);
        let most = told.map_or(self.limits.message, |told| {
            told.saturating_mul(2).saturating_add(SLACK).min(self.limits.message)
        });
        if let Some(header) = &mut self.header {
            header.update(octets);
        }
        if self.octets > most { Err(Error::MessageTooLong) } else { Ok(()) }
    }

    /// The message that was coming is there, or refused.
    fn next_message(&mut self) -> Option<Box<str>> {
        self.asked = self.asked.saturating_sub(1);
        self.batch.pop_front().and_then(|new| new.key)
    }

    /// What the client's event is to the caller.
    fn tell<'i>(&mut self, event: Heard<'i>) -> Result<Event<'i>, Error> {
        Ok(match event {
            Heard::UniqueId { listing, .. } => {
                self.check(Self::line);
                let UniqueIdListing { message, unique_id } = listing;
                self.not_told(message.value().saturating_sub(1));
                self.next = message.value().saturating_add(1);
                self.owed = Some(Owed::Listed(message, unique_id.as_str().into()));
                Event::Listed { message, key: Key::unique_id(unique_id) }
            }
            Heard::Ok { request: Request::Retr(message), .. } => {
                self.begin();
                let octets = self.batch.front().and_then(|new| new.octets);
                Event::Begin { message, octets }
            }
            Heard::Message { octets, .. } => {
                self.check(|download| download.octets(octets));
                Event::Octets(octets)
            }
            Heard::End { request: Request::Retr(message) } => {
                let key = match (self.next_message(), self.header.take()) {
                    (Some(key), _) => key,
                    (None, header) => header.unwrap_or_default().finish(),
                };
                self.owed = Some(Owed::End(message));
                Event::End { message, key: Key::owned(key), octets: self.octets }
            }
            Heard::Err { request, code, text } => {
                match request {
                    Request::Retr(_) => drop(self.next_message()),
                    Request::Dele(_) => self.deletions = self.deletions.saturating_sub(1),
                    _ => self.leave_early(),
                }
                self.refused = true;
                Event::Refused { request: Some(request), code, text }
            }
            Heard::Refused { code, text } => Event::Refused { request: None, code, text },
            _ => return Err(Error::NoEvent),
        })
    }

    fn own_event(&mut self, ready: Ready) -> Event<'static> {
        match ready {
            Ready::Secured => Event::Secured,
            Ready::Opened(maildrop) => Event::Opened {
                maildrop,
                login_delay: self.capabilities.as_ref().and_then(|offer| offer.login_delay),
                expire: self.capabilities.as_ref().and_then(|offer| offer.expire),
            },
            Ready::NoUniqueIds => Event::NoUniqueIds,
            Ready::Listed(message, key) => {
                self.owed = Some(Owed::Listed(message, key.clone()));
                Event::Listed { message, key: Key::owned(key) }
            }
            Ready::TooLarge(message, octets) => Event::TooLarge { message, octets },
            Ready::Done => Event::Done {
                fetched: self.fetched,
                deleted: self.deleted,
                forget: self.policy != Policy::Keep && !self.refused,
            },
        }
    }

    /// Keeps what goes wrong with the event that is being told for the next poll.
    fn check(&mut self, check: impl FnOnce(&mut Self) -> Result<(), Error>) {
        if let Err(error) = check(self) {
            self.fail(error);
        }
    }

    fn fail(&mut self, error: Error) -> Error {
        self.failed.get_or_insert(error).clone()
    }
}

impl Connection for Download {
    type Event<'i> = Event<'i>;
    type Error = Error;

    fn poll(&mut self, now: Time, input: &mut Input) -> Result<Step, Error> {
        loop {
            if let Some(error) = &self.failed {
                return Err(error.clone());
            }
            if self.owed.is_some() {
                return Ok(Step::Answer);
            }
            if self.ready.is_none() {
                self.go_on();
            }
            if self.ready.is_some() {
                return Ok(Step::Event);
            }
            match self.client.poll(now, input) {
                Ok(Step::Event) if self.is_for_caller() => return Ok(Step::Event),
                Ok(Step::Event) => {
                    let event = self.client.event(input);
                    if let Err(error) = event.and_then(|event| self.hear(event)) {
                        return Err(self.fail(error));
                    }
                }
                Ok(step) => return Ok(step),
                Err(error) => return Err(self.fail(error)),
            }
        }
    }

    fn event<'i>(&mut self, input: &'i mut Input) -> Result<Event<'i>, Error> {
        if let Some(ready) = self.ready.take() {
            return Ok(self.own_event(ready));
        }
        if self.owed.is_some() || self.failed.is_some() || !self.is_for_caller() {
            return Err(Error::NoEvent);
        }
        let event = self.client.event(input)?;
        self.tell(event).map_err(|error| self.fail(error))
    }

    fn output(&mut self) -> &mut Output {
        self.client.output()
    }

    fn upgraded(&mut self) {
        self.client.upgraded();
    }
}
