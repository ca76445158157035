//! The client's side.

mod event;
mod state;

pub use event::{Event, Request};

use crate::{
    Capabilities, Config, DropListing, Error, MessageNumber, Misuse, Password, Response,
    ScanListing, Status, UniqueIdListing, UserName,
    deadline::{Deadline, Wait},
    framing::{Frame, next_line, without_end},
};
use alloc::{boxed::Box, collections::VecDeque};
use core::mem;
use mailrail_wire::{
    Connection, Input, LineFinder, Output, Secret, Step, Time, Unstuffed, Unstuffer, Upgrade,
};
use state::{Credentials, Queued, Reading, State};

/// A deadline moves each time that many octets of a message have come.
const BULK_UNIT: usize = 1_024;

/// A POP3 client: commands are methods, answers are events.
///
/// Commands can be given at any time, even before the greeting: they wait in line, and are sent
/// ahead of the answers where the server has said in its capabilities that it can take that
/// (PIPELINING, RFC 2449 §6.6). Answers come in the order of the commands.
///
/// When nothing is to be done it asks to read, without a deadline: give it the next command then.
#[derive(Debug)]
pub struct Client {
    config: Config,
    state: State,
    output: Output,
    queue: VecDeque<Queued>,
    /// What was sent and not yet answered in full.
    flying: VecDeque<Request>,
    /// To be sent once USER is accepted.
    password: Option<Secret<Box<str>>>,
    reading: Reading,
    ready: Option<Ready>,
    lines: LineFinder,
    deadline: Deadline,
    /// The octets of a message since the deadline moved.
    bulk: usize,
    secured: bool,
    pipelining: bool,
    /// STLS or QUIT was given, or all is over: no command may be given.
    last: Option<Misuse>,
    failed: Option<Error>,
}

/// An event and how many bytes of the input it takes.
#[derive(Debug)]
enum Ready {
    Greeting(usize),
    Refused(usize),
    Ok(usize, Request),
    Err(usize, Request),
    Capabilities(Box<Capabilities>),
    Stat(usize, DropListing),
    Scan(usize, Request, ScanListing),
    UniqueId(usize, Request),
    Malformed(usize, Request),
    Message { skip: usize, len: usize, request: Request },
    End(usize, Request),
    Secured,
}

impl Client {
    /// A client on a new connection in plaintext.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            config,
            state: State::Greeting,
            output: Output::default(),
            queue: VecDeque::new(),
            flying: VecDeque::new(),
            password: None,
            reading: Reading::Status,
            ready: None,
            lines: LineFinder::default(),
            deadline: Deadline::default(),
            bulk: 0,
            secured: false,
            pipelining: false,
            last: None,
            failed: None,
        }
    }

    /// A client on a new connection that is TLS from the first byte (RFC 8314 §3.2).
    #[must_use]
    pub fn over_tls(config: Config) -> Self {
        Self { secured: true, ..Self::new(config) }
    }

    /// Whether TLS is in place.
    #[must_use]
    pub const fn is_secured(&self) -> bool {
        self.secured
    }

    /// Asks what the server can do (RFC 2449 §5): [`Event::Capabilities`].
    ///
    /// # Errors
    ///
    /// [`Misuse::Over`] behind QUIT, [`Misuse::Securing`] behind STLS.
    pub fn capa(&mut self) -> Result<(), Misuse> {
        self.request(Request::Capa)
    }

    /// Begins TLS (RFC 2595 §4): [`Event::Secured`], or [`Event::Err`] where the server won't. Give
    /// no other command before.
    ///
    /// # Errors
    ///
    /// As [`capa`](Self::capa), and [`Misuse::Secured`].
    pub fn stls(&mut self) -> Result<(), Misuse> {
        if self.secured {
            return Err(Misuse::Secured);
        }
        self.request(Request::Stls)?;
        self.last = Some(Misuse::Securing);
        Ok(())
    }

    /// Logs in with USER and PASS (RFC 1939 §7): [`Event::Ok`] once the maildrop is open, or
    /// [`Event::Err`] to whichever was refused. The password is sent once the name is accepted.
    ///
    /// # Errors
    ///
    /// As [`capa`](Self::capa), and [`Misuse::Plaintext`] where TLS is not in place and
    /// [`Config::allow_plaintext_auth`] is off.
    pub fn login(&mut self, user: UserName<'_>, password: Password<'_>) -> Result<(), Misuse> {
        self.check()?;
        if !self.secured && !self.config.allow_plaintext_auth {
            return Err(Misuse::Plaintext);
        }
        let password = password.secret().map(Box::from);
        let credentials = Credentials { user: user.as_str().into(), password };
        self.queue.push_back(Queued::Login(Box::new(credentials)));
        Ok(())
    }

    /// Asks how much is there (RFC 1939 §5): [`Event::Stat`].
    ///
    /// # Errors
    ///
    /// As [`capa`](Self::capa).
    pub fn stat(&mut self) -> Result<(), Misuse> {
        self.request(Request::Stat)
    }

    /// Asks for the size of a message, or of each (RFC 1939 §5): [`Event::Scan`].
    ///
    /// # Errors
    ///
    /// As [`capa`](Self::capa).
    pub fn list(&mut self, message: Option<MessageNumber>) -> Result<(), Misuse> {
        self.request(Request::List(message))
    }

    /// Asks for the unique-id of a message, or of each (RFC 1939 §7): [`Event::UniqueId`].
    ///
    /// # Errors
    ///
    /// As [`capa`](Self::capa).
    pub fn uidl(&mut self, message: Option<MessageNumber>) -> Result<(), Misuse> {
        self.request(Request::Uidl(message))
    }

    /// Asks for a message (RFC 1939 §5): [`Event::Message`].
    ///
    /// # Errors
    ///
    /// As [`capa`](Self::capa).
    pub fn retr(&mut self, message: MessageNumber) -> Result<(), Misuse> {
        self.request(Request::Retr(message))
    }

    /// Asks for a message's header and the first `lines` lines of its body (RFC 1939 §7):
    /// [`Event::Message`].
    ///
    /// # Errors
    ///
    /// As [`capa`](Self::capa).
    pub fn top(&mut self, message: MessageNumber, lines: u32) -> Result<(), Misuse> {
        self.request(Request::Top { message, lines })
    }

    /// Marks a message as deleted (RFC 1939 §5); it is there until QUIT is answered with
    /// [`Event::Ok`].
    ///
    /// # Errors
    ///
    /// As [`capa`](Self::capa).
    pub fn dele(&mut self, message: MessageNumber) -> Result<(), Misuse> {
        self.request(Request::Dele(message))
    }

    /// Unmarks all that is marked as deleted (RFC 1939 §5).
    ///
    /// # Errors
    ///
    /// As [`capa`](Self::capa).
    pub fn rset(&mut self) -> Result<(), Misuse> {
        self.request(Request::Rset)
    }

    /// Does nothing, but is answered (RFC 1939 §5); a login must be there.
    ///
    /// # Errors
    ///
    /// As [`capa`](Self::capa).
    pub fn noop(&mut self) -> Result<(), Misuse> {
        self.request(Request::Noop)
    }

    /// Ends the session, and has the server delete what is marked (RFC 1939 §6). [`Step::Close`]
    /// follows the answer.
    ///
    /// # Errors
    ///
    /// As [`capa`](Self::capa).
    pub fn quit(&mut self) -> Result<(), Misuse> {
        self.request(Request::Quit)?;
        self.last = Some(Misuse::Over);
        Ok(())
    }

    fn check(&self) -> Result<(), Misuse> {
        self.last.map_or(Ok(()), Err)
    }

    fn request(&mut self, request: Request) -> Result<(), Misuse> {
        self.check()?;
        self.queue.push_back(Queued::Request(request));
        Ok(())
    }

    /// Sends what may be sent now.
    fn send(&mut self) {
        while let Some(next) = self.queue.front() {
            let may = match self.flying.back() {
                None => true,
                Some(before) => {
                    self.pipelining
                        && self.flying.len() < self.config.limits.pipelined
                        && !before.stops_the_line()
                        && !matches!(next, Queued::Request(Request::Stls))
                }
            };
            if !may {
                return;
            }
            if self.flying.is_empty() {
                self.deadline.moved();
            }
            match self.queue.pop_front() {
                Some(Queued::Request(request)) => {
                    if let Some(command) = request.command() {
                        command.encode(&mut self.output);
                    }
                    self.flying.push_back(request);
                }
                Some(Queued::Login(credentials)) => {
                    let Credentials { user, password } = *credentials;
                    self.output.text(b"USER ");
                    self.output.text(user.as_bytes());
                    self.output.text(b"\r\n");
                    self.password = Some(password);
                    self.flying.push_back(Request::Login);
                }
                None => return,
            }
        }
        if self.queue.is_empty() {
            self.queue = VecDeque::new();
        }
    }

    /// Makes what it can of the input; tells whether that was anything.
    fn receive(&mut self, input: &mut Input) -> Result<bool, Error> {
        let request = self.flying.front().copied();
        if let (Reading::Message(unstuffer), Some(request)) = (&mut self.reading, request) {
            let ready = loop {
                match unstuffer.next(input.bytes()) {
                    Unstuffed::Text { skip, len: 0 } => {
                        input.take(skip);
                    }
                    Unstuffed::Text { skip, len } => break Ready::Message { skip, len, request },
                    Unstuffed::End(len) => break Ready::End(len, request),
                    Unstuffed::More => return Ok(false),
                }
            };
            if let Ready::End(..) = ready {
                self.answered();
            }
            self.ready = Some(ready);
            return Ok(true);
        }
        if request.is_none() && self.state != State::Greeting {
            return if input.is_empty() { Ok(false) } else { Err(Error::Unsolicited) };
        }
        let limit = self.config.limits.line;
        let len = match next_line(&mut self.lines, input, limit) {
            Frame::Line(len) => len,
            Frame::Overlong { .. } => return Err(Error::LineTooLong { limit }),
            Frame::More => return Ok(false),
        };
        self.deadline.moved();
        let line = without_end(input.bytes().get(..len).unwrap_or_default());
        self.ready = match (&mut self.reading, request) {
            (Reading::Capabilities(capabilities, _), Some(_)) if line == b"." => {
                let capabilities = mem::take(capabilities);
                self.pipelining = capabilities.pipelining;
                self.answered();
                input.take(len);
                Some(Ready::Capabilities(capabilities))
            }
            (Reading::Capabilities(capabilities, count), Some(_)) => {
                *count += 1;
                if *count > self.config.limits.capabilities {
                    return Err(Error::TooManyCapabilities);
                }
                capabilities.read_line(line);
                input.take(len);
                None
            }
            (Reading::Listing, Some(request)) if line == b"." => {
                self.answered();
                Some(Ready::End(len, request))
            }
            (Reading::Listing, Some(request)) => Some(entry(line, len, request)),
            (_, request) => {
                let response = Response::parse(line).map_err(Error::Response)?;
                let ready = self.status(&response, len, request);
                if ready.is_none() {
                    input.take(len);
                }
                ready
            }
        };
        Ok(true)
    }

    /// The first command in flight is answered in full.
    fn answered(&mut self) {
        self.flying.pop_front();
        self.reading = Reading::Status;
        self.deadline.moved();
        if self.flying.is_empty() {
            self.flying = VecDeque::new();
        }
    }

    /// Goes on behind the line that begins an answer.
    fn status(
        &mut self,
        response: &Response<'_>,
        len: usize,
        request: Option<Request>,
    ) -> Option<Ready> {
        let Some(request) = request else {
            return Some(match response.status() {
                Status::Ok => {
                    self.state = State::Talking;
                    Ready::Greeting(len)
                }
                Status::Err => {
                    self.end();
                    Ready::Refused(len)
                }
            });
        };
        if response.status() == Status::Err {
            self.password = None;
            self.answered();
            match request {
                Request::Stls => self.last = None,
                Request::Quit => self.end(),
                _ => {}
            }
            return Some(Ready::Err(len, request));
        }
        match request {
            Request::Capa => {
                self.reading = Reading::Capabilities(Box::default(), 0);
                return None;
            }
            Request::Stls => {
                self.answered();
                self.state = State::Securing;
                return None;
            }
            Request::Login => {
                if let Some(password) = self.password.take() {
                    self.output.text(b"PASS ");
                    self.output.text(password.expose().as_bytes());
                    self.output.text(b"\r\n");
                    return None;
                }
            }
            Request::List(None) | Request::Uidl(None) => {
                self.reading = Reading::Listing;
                return Some(Ready::Ok(len, request));
            }
            Request::Retr(_) | Request::Top { .. } => {
                self.reading = Reading::Message(Unstuffer::unchecked());
                self.bulk = 0;
                return Some(Ready::Ok(len, request));
            }
            Request::Stat => {
                self.answered();
                return Some(match DropListing::parse(response.text()) {
                    Ok(listing) => Ready::Stat(len, listing),
                    Err(_) => Ready::Malformed(len, request),
                });
            }
            Request::List(Some(_)) | Request::Uidl(Some(_)) => {
                self.answered();
                return Some(entry(response.text(), len, request));
            }
            Request::Quit => self.end(),
            Request::Dele(_) | Request::Rset | Request::Noop => {}
        }
        self.answered();
        Some(Ready::Ok(len, request))
    }

    fn end(&mut self) {
        self.state = State::Over;
        self.last = Some(Misuse::Over);
        self.queue = VecDeque::new();
    }

    fn fail(&mut self, error: Error) -> Error {
        self.password = None;
        self.queue = VecDeque::new();
        self.last = Some(Misuse::Over);
        self.failed = Some(error.clone());
        error
    }
}

/// What a line of a listing is.
fn entry(text: &[u8], len: usize, request: Request) -> Ready {
    match request {
        Request::Uidl(_) if UniqueIdListing::parse(text).is_ok() => Ready::UniqueId(len, request),
        Request::Uidl(_) => Ready::Malformed(len, request),
        _ => match ScanListing::parse(text) {
            Ok(listing) => Ready::Scan(len, request, listing),
            Err(_) => Ready::Malformed(len, request),
        },
    }
}

/// The text of an entry, which in an answer of one line stands behind the status.
fn entry_text(line: &[u8], request: Request) -> &[u8] {
    match request {
        Request::List(None) | Request::Uidl(None) => line,
        _ => Response::parse(line).map_or(line, |response| match response.code() {
            // No code was meant by a server that can't even say what was asked for.
            Some(_) => line,
            None => response.text(),
        }),
    }
}

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
                State::Greeting | State::Talking => {}
            }
            match self.receive(input) {
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
                Event::Greeting { text: response(without_end(input.take(len)))?.text() }
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
            Ready::Capabilities(capabilities) => Event::Capabilities(*capabilities),
            Ready::Stat(len, listing) => {
                input.take(len);
                Event::Stat(listing)
            }
            Ready::Scan(len, request, listing) => {
                input.take(len);
                Event::Scan { request, listing }
            }
            Ready::UniqueId(len, request) => {
                let text = entry_text(without_end(input.take(len)), request);
                let listing = UniqueIdListing::parse(text).map_err(Error::Response)?;
                Event::UniqueId { request, listing }
            }
            Ready::Malformed(len, request) => Event::Malformed {
                request,
                line: entry_text(without_end(input.take(len)), request),
            },
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
            self.last = None;
            self.lines = LineFinder::default();
            self.deadline.moved();
            self.ready = Some(Ready::Secured);
        }
    }
}
