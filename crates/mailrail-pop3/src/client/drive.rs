//! How the client goes on: what is sent when, and what the input says.

use super::{
    Client, Request,
    state::{Credentials, Mechanism, Queued, Reading, State},
};
use crate::{
    ApopDigest, Capabilities, Command, DropListing, Error, LanguageListing, LanguageTag,
    MessageNumber, Misuse, Response, ScanListing, Status, Timestamp, UniqueIdListing, UserName,
    command::{Apop, Auth},
    framing::{Frame, next_line, unstuffed, without_end},
};
use alloc::{boxed::Box, collections::VecDeque, vec::Vec};
use core::mem;
use mailrail_sasl::exchange;
use mailrail_wire::{Input, Secret, Unstuffed, Unstuffer};

/// The longest command, CR LF included (RFC 2449 §4); only an initial response could pass it.
const COMMAND_MAX: usize = 255;

/// An event and how many bytes of the input it takes.
#[derive(Debug)]
pub(super) enum Ready {
    Greeting(usize),
    Refused(usize),
    Ok(usize, Request),
    Err(usize, Request),
    Challenge(Secret<Vec<u8>>),
    Capabilities(Box<Capabilities>),
    Stat(usize, DropListing),
    Scan(usize, Request, ScanListing),
    UniqueId(usize, Request, MessageNumber),
    Language(usize),
    LanguageListing(usize),
    Malformed(usize, Request),
    Message { skip: usize, len: usize, request: Request },
    End(usize, Request),
    Secured,
}

/// What the event that is ready is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Peek {
    Refused,
    Err(Request),
    UniqueId(MessageNumber),
    /// A message of RETR begins.
    Begin,
    /// Octets of one.
    Octets,
    /// Its end.
    End,
    Other,
}

impl Client {
    /// What the event that is ready is about; none where there is none.
    pub(crate) fn peek(&self) -> Option<Peek> {
        Some(match self.ready.as_ref()? {
            Ready::Refused(_) => Peek::Refused,
            Ready::Err(_, request) => Peek::Err(*request),
            Ready::UniqueId(_, _, message) => Peek::UniqueId(*message),
            Ready::Ok(_, Request::Retr(_)) => Peek::Begin,
            Ready::Message { request: Request::Retr(_), .. } => Peek::Octets,
            Ready::End(_, Request::Retr(_)) => Peek::End,
            _ => Peek::Other,
        })
    }

    /// Sends what may be sent now.
    pub(super) fn send(&mut self) {
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
                Some(Queued::Apop(user, digest)) => {
                    self.begin_apop(&user, digest);
                    self.flying.push_back(Request::Apop);
                }
                Some(Queued::Lang(range)) => {
                    self.output.text(b"LANG ");
                    self.output.text(range.as_bytes());
                    self.output.text(b"\r\n");
                    self.flying.push_back(Request::Lang);
                }
                Some(Queued::Auth(mechanism)) => {
                    let Mechanism { name, initial_response } = *mechanism;
                    self.begin_auth(&name, initial_response);
                    self.flying.push_back(Request::Auth);
                }
                None => return,
            }
            if self.queue.is_empty() {
                self.queue = VecDeque::new();
            }
        }
    }

    fn begin_apop(&mut self, user: &str, digest: ApopDigest) {
        let Ok(user) = UserName::parse(user.as_bytes()) else { return };
        Command::Apop(Apop { user, digest }).encode(&mut self.output);
    }

    fn begin_auth(&mut self, name: &str, initial_response: Option<Secret<Vec<u8>>>) {
        let Ok(mut auth) = Auth::new(name, initial_response) else { return };
        if auth.line_len() > COMMAND_MAX {
            self.initial_response = auth.take_initial_response();
        }
        auth.encode(&mut self.output);
        self.output.text(b"\r\n");
    }

    /// Takes a challenge of AUTH; tells whether it is the caller's to answer.
    fn challenge(&mut self, line: &[u8]) -> Option<Ready> {
        match (exchange::decode(line), self.initial_response.take()) {
            (Ok(challenge), None) => return Some(Ready::Challenge(challenge)),
            (Ok(challenge), Some(response)) if challenge.expose().is_empty() => {
                exchange::encode(response.expose(), &mut self.output);
                self.output.text(b"\r\n");
            }
            // RFC 5034 §4: not base64. Or a server that speaks before its turn.
            _ => self.cancel(),
        }
        None
    }

    /// Makes what it can of the input; tells whether that was anything.
    pub(super) fn receive(&mut self, input: &mut Input) -> Result<bool, Error> {
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
        let limit = match request {
            Some(Request::Auth) => self.config.limits.auth_line,
            _ => self.config.limits.line,
        };
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
                self.utf8_user = capabilities.utf8.is_some_and(|utf8| utf8.user);
                self.answered();
                input.take(len);
                Some(Ready::Capabilities(capabilities))
            }
            (Reading::Capabilities(capabilities, count), Some(_)) => {
                *count += 1;
                if *count > self.config.limits.capabilities {
                    return Err(Error::TooManyCapabilities);
                }
                capabilities.read_line(unstuffed(line));
                input.take(len);
                None
            }
            (Reading::Listing, Some(request)) if line == b"." => {
                self.answered();
                Some(Ready::End(len, request))
            }
            (Reading::Listing, Some(request)) => Some(entry(line, len, request)),
            (_, Some(Request::Auth)) if line.starts_with(b"+ ") => {
                let ready = self.challenge(line.get(2..).unwrap_or_default());
                input.take(len);
                ready
            }
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
                    let timestamp = Timestamp::find(response.text());
                    self.timestamp = timestamp.map(|timestamp| timestamp.as_str().into());
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
            self.initial_response = None;
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
                self.timestamp = None;
            }
            Request::List(None) | Request::Uidl(None) | Request::Languages => {
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
            Request::Lang => {
                self.answered();
                return Some(match language(response.text()) {
                    Some(_) => Ready::Language(len),
                    None => Ready::Malformed(len, request),
                });
            }
            Request::Quit => self.end(),
            Request::Apop | Request::Auth => self.timestamp = None,
            Request::Utf8 | Request::Dele(_) | Request::Rset | Request::Noop => {}
        }
        self.answered();
        Some(Ready::Ok(len, request))
    }

    fn end(&mut self) {
        self.state = State::Over;
        self.last = Some(Misuse::Over);
        self.queue = VecDeque::new();
    }

    pub(super) fn fail(&mut self, error: Error) -> Error {
        self.password = None;
        self.initial_response = None;
        self.queue = VecDeque::new();
        self.last = Some(Misuse::Over);
        self.failed = Some(error.clone());
        error
    }
}

/// What a line of a listing is.
fn entry(text: &[u8], len: usize, request: Request) -> Ready {
    match request {
        Request::Uidl(_) => match UniqueIdListing::parse(text) {
            Ok(listing) => Ready::UniqueId(len, request, listing.message),
            Err(_) => Ready::Malformed(len, request),
        },
        Request::Languages if LanguageListing::parse(text).is_ok() => Ready::LanguageListing(len),
        Request::Languages => Ready::Malformed(len, request),
        _ => match ScanListing::parse(text) {
            Ok(listing) => Ready::Scan(len, request, listing),
            Err(_) => Ready::Malformed(len, request),
        },
    }
}

/// The language that the answer to LANG begins with, and the words behind it.
pub(super) fn language(text: &[u8]) -> Option<(LanguageTag<'_>, &[u8])> {
    let end = text.iter().position(|&byte| byte == b' ').unwrap_or(text.len());
    let (tag, rest) = text.split_at_checked(end)?;
    Some((LanguageTag::parse(tag).ok()?, rest.strip_prefix(b" ").unwrap_or(rest)))
}
