//! The server's side.

mod command;
mod event;
mod maildrop;
mod sending;
mod state;

pub use event::Event;
pub use maildrop::Deleted;

use crate::{
    Capabilities, Command, Config, DropListing, Error, Misuse, Response, ResponseCode, ScanListing,
    Text, UniqueId, UniqueIdListing,
    deadline::{Deadline, Wait},
    framing::{Frame, next_line, without_end},
    types::own,
};
use alloc::{boxed::Box, sync::Arc};
use bytes::Bytes;
use core::{fmt::Write as _, mem};
use maildrop::Maildrop;
use mailrail_sasl::exchange;
use mailrail_wire::{Connection, Input, LineFinder, Output, Step, Time, Upgrade};
use sending::Sending;
use state::{Asked, For, State};

/// A POP3 server for one client.
///
/// It holds of the maildrop how much is in it and which messages are marked as deleted: a snapshot,
/// taken at login. Sizes, unique-ids and messages it asks for, one at a time, as they can be sent.
///
/// Messages must be given as they are sent, with CR LF at each line's end
/// ([`LineEnds`](mailrail_wire::LineEnds) makes them so), and their sizes counted like that; the
/// dots are the server's. Where it goes wrong in the middle of a message, close the connection: the
/// client must not take what it has for all.
///
/// A connection that ends in any other way than by an answered [`Event::Quit`] deletes nothing.
#[derive(Debug)]
pub struct Server {
    config: Config,
    offer: Arc<Capabilities>,
    state: State,
    output: Output,
    lines: LineFinder,
    ready: Option<Asked>,
    owed: Option<Asked>,
    task: Option<Task>,
    deadline: Deadline,
    errors: u32,
    secured: bool,
    /// It ends once what is being answered is answered.
    leaving: bool,
    /// What ends it, once the last words are written.
    failed: Option<Error>,
}

/// An answer of many lines, on its way out.
#[derive(Debug)]
enum Task {
    /// The next message to be listed is this one or a later one.
    Sizes(u32),
    UniqueIds(u32),
    Message(Box<Sending>),
}

impl Server {
    /// A server on a new connection in plaintext, which offers what `offer` says as far as it is
    /// allowed; many servers can share one.
    #[must_use]
    pub fn new(offer: impl Into<Arc<Capabilities>>, config: Config) -> Self {
        Self {
            config,
            offer: offer.into(),
            state: State::Connecting,
            output: Output::default(),
            lines: LineFinder::default(),
            ready: Some(Asked::Greeting),
            owed: None,
            task: None,
            deadline: Deadline::default(),
            errors: 0,
            secured: false,
            leaving: false,
            failed: None,
        }
    }

    /// A server on a new connection that is TLS from the first byte (RFC 8314 §3.2).
    #[must_use]
    pub fn over_tls(offer: impl Into<Arc<Capabilities>>, config: Config) -> Self {
        Self { secured: true, ..Self::new(offer, config) }
    }

    /// Whether TLS is in place.
    #[must_use]
    pub const fn is_secured(&self) -> bool {
        self.secured
    }

    /// Says yes to [`Event::Connected`], [`Event::StartTls`], [`Event::Retr`], [`Event::Top`] or
    /// [`Event::Quit`].
    ///
    /// # Errors
    ///
    /// [`Misuse::NotAsked`] where none of them is to be answered.
    pub fn ok(&mut self, text: Text<'_>) -> Result<(), Misuse> {
        match self.owed {
            Some(Asked::Greeting) => self.state = State::Authorization(None),
            Some(Asked::StartTls) => self.state = State::Securing,
            Some(Asked::Retr(message)) => {
                self.task = Some(Task::Message(Box::new(Sending::new(message, None))));
            }
            Some(Asked::Top(message, lines)) => {
                self.task = Some(Task::Message(Box::new(Sending::new(message, Some(lines)))));
            }
            Some(Asked::Quit) => self.state = State::Over,
            _ => return Err(Misuse::NotAsked),
        }
        self.answered();
        Response::ok(text).encode(&mut self.output);
        Ok(())
    }

    /// Says no to the last event, with a code where programs should know why; the code is left out
    /// where RESP-CODES is not offered.
    ///
    /// It ends the connection after [`Event::Connected`] and [`Event::Quit`]. In the middle of a
    /// listing no refusal can be said: the message is left out of it.
    ///
    /// # Errors
    ///
    /// [`Misuse::NotAsked`] where no event is to be answered, or only by a piece of a message.
    pub fn err(&mut self, code: Option<ResponseCode<'_>>, text: Text<'_>) -> Result<(), Misuse> {
        match self.owed {
            None | Some(Asked::Piece) => return Err(Misuse::NotAsked),
            Some(Asked::Size(_, For::Listing) | Asked::UniqueId(_, For::Listing)) => {
                self.answered();
                return Ok(());
            }
            Some(Asked::Greeting | Asked::Quit) => self.state = State::Over,
            Some(Asked::Login(_)) => self.error(),
            Some(Asked::Authenticate(_) | Asked::Response(_)) => {
                self.state = State::Authorization(None);
                self.error();
            }
            Some(_) => {}
        }
        self.answered();
        let code = code.filter(|_| self.offer.resp_codes);
        Response::err(code, text).encode(&mut self.output);
        Ok(())
    }

    /// Answers [`Event::Authenticate`] or [`Event::AuthenticateResponse`] with the mechanism's next
    /// challenge, which may be empty.
    ///
    /// # Errors
    ///
    /// [`Misuse::NotAsked`] where there is none to be answered.
    pub fn challenge(&mut self, challenge: &[u8]) -> Result<(), Misuse> {
        let Some(Asked::Authenticate(_) | Asked::Response(_)) = self.owed else {
            return Err(Misuse::NotAsked);
        };
        self.answered();
        self.state = State::Challenged;
        self.output.text(b"+ ");
        exchange::encode(challenge, &mut self.output);
        self.output.text(b"\r\n");
        Ok(())
    }

    /// Lets the client of [`Event::Login`], [`Event::Authenticate`] or
    /// [`Event::AuthenticateResponse`] in, to a maildrop with so much in it. Its messages have
    /// the numbers from 1 to [`messages`](DropListing::messages), until the end of the session.
    ///
    /// # Errors
    ///
    /// [`Misuse::NotAsked`] where there is no login to be answered.
    pub fn open(&mut self, maildrop: DropListing) -> Result<(), Misuse> {
        let Some(Asked::Login(_) | Asked::Authenticate(_) | Asked::Response(_)) = self.owed else {
            return Err(Misuse::NotAsked);
        };
        self.answered();
        self.state = State::Transaction(Box::new(Maildrop::new(maildrop)));
        self.say_what_is_left("maildrop has ");
        Ok(())
    }

    /// Answers [`Event::WantSize`]: in octets as sent, with CR LF for each line end and without
    /// dot-stuffing (RFC 1939 §11).
    ///
    /// # Errors
    ///
    /// [`Misuse::NotAsked`] where no size is wanted.
    pub fn size(&mut self, octets: u64) -> Result<(), Misuse> {
        let Some(Asked::Size(message, purpose)) = self.owed else { return Err(Misuse::NotAsked) };
        self.answered();
        match purpose {
            For::Dele => {
                if let State::Transaction(maildrop) = &mut self.state {
                    maildrop.delete(message, octets);
                }
                // Writing to an `Output` never fails.
                let _ = write!(self.output, "+OK message {message} deleted");
            }
            For::One | For::Listing => {
                self.output.text(if purpose == For::One { b"+OK " } else { b"" });
                ScanListing { message, octets }.encode(&mut self.output);
            }
        }
        self.output.text(b"\r\n");
        Ok(())
    }

    /// Answers [`Event::WantUniqueId`].
    ///
    /// # Errors
    ///
    /// [`Misuse::NotAsked`] where no unique-id is wanted.
    pub fn unique_id(&mut self, unique_id: UniqueId<'_>) -> Result<(), Misuse> {
        let Some(Asked::UniqueId(message, purpose)) = self.owed else {
            return Err(Misuse::NotAsked);
        };
        self.answered();
        self.output.text(if purpose == For::One { b"+OK " } else { b"" });
        UniqueIdListing { message, unique_id }.encode(&mut self.output);
        self.output.text(b"\r\n");
        Ok(())
    }

    /// Answers [`Event::WantMessage`] with the next octets of the message; where it is the last
    /// that TOP needs, what is too much is cut off.
    ///
    /// # Errors
    ///
    /// [`Misuse::NotAsked`] where none are wanted; [`Misuse::BareLineEnd`] where the message so
    /// far, with this piece, has a CR or LF of its own: nothing of the piece is sent then.
    pub fn message(&mut self, piece: Bytes) -> Result<(), Misuse> {
        let (Some(Asked::Piece), Some(Task::Message(sending))) = (self.owed, &mut self.task) else {
            return Err(Misuse::NotAsked);
        };
        if sending.piece(piece, &mut self.output)? {
            return self.end_message();
        }
        self.answered();
        Ok(())
    }

    /// Answers [`Event::WantMessage`]: there is no more. A CR LF is added where the last line has
    /// none.
    ///
    /// # Errors
    ///
    /// [`Misuse::NotAsked`] where no message is being sent.
    pub fn end_message(&mut self) -> Result<(), Misuse> {
        let Some(Asked::Piece) = self.owed else { return Err(Misuse::NotAsked) };
        let Some(Task::Message(sending)) = self.task.take() else { return Err(Misuse::NotAsked) };
        self.answered();
        self.ready = Some(Asked::Sent(sending.message));
        sending.end(&mut self.output);
        Ok(())
    }

    /// Ends the conversation at any time, as when the server shuts down: what is being answered,
    /// a message or a QUIT, is answered to its end, then comes -ERR with the code
    /// [`SYS/TEMP`](ResponseCode::SYS_TEMP) and [`Step::Close`]. Nothing is deleted but by a QUIT.
    pub const fn shut_down(&mut self) {
        self.leaving = true;
    }

    const fn answered(&mut self) {
        self.owed = None;
        self.deadline.moved();
    }

    /// Counts an error of the client's.
    fn error(&mut self) {
        self.errors = self.errors.saturating_add(1);
        if self.errors > self.config.limits.errors {
            self.failed = Some(Error::TooManyErrors);
        }
    }

    /// Answers a command that is the client's fault.
    fn refuse(&mut self, text: &'static str) {
        Response::err(None, own(text)).encode(&mut self.output);
        self.error();
    }

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
                    let code = self.offer.resp_codes.then_some(ResponseCode::SYS_TEMP);
                    Response::err(code, own("shutting down")).encode(&mut self.output);
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
                    self.refuse("the line is too long");
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
            self.lines = LineFinder::default();
            self.deadline.moved();
            self.ready = Some(Asked::Secured);
        }
    }
}
