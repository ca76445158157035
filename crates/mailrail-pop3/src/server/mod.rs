//! The server's side.

mod apop;
mod command;
mod drive;
mod event;
mod language;
mod maildrop;
mod sending;
mod state;

pub use apop::ApopProof;
pub use event::Event;
pub use language::{Language, Phrase};
pub use maildrop::Deleted;

use crate::{
    Capabilities, Config, DropListing, Error, Misuse, Response, ResponseCode, ScanListing, Text,
    Timestamp, UniqueId, UniqueIdListing, deadline::Deadline,
};
use alloc::{boxed::Box, sync::Arc};
use bytes::Bytes;
use core::fmt::Write as _;
use maildrop::Maildrop;
use mailrail_sasl::exchange;
use mailrail_wire::{LineFinder, Output};
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
    /// How many logins were refused.
    refused: u32,
    /// That of the greeting, until somebody has logged in.
    timestamp: Option<Box<str>>,
    language: Language,
    secured: bool,
    /// UTF8 was said.
    utf8: bool,
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
            refused: 0,
            timestamp: None,
            language: Language::ENGLISH,
            secured: false,
            utf8: false,
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

    /// Whether the client takes UTF-8, in messages and in words (RFC 6856 §2.1).
    #[must_use]
    pub const fn is_utf8(&self) -> bool {
        self.utf8
    }

    /// The language that was chosen last, English at first: what the caller says to people should
    /// be in it (RFC 6856 §3.2).
    #[must_use]
    pub const fn language(&self) -> Language {
        self.language
    }

    /// Offers something else from here on, as when it depends on who has logged in (LOGIN-DELAY
    /// and EXPIRE may, RFC 2449 §6.5, §6.7). That they are `per_user` is left out by itself then.
    pub fn set_offer(&mut self, offer: impl Into<Arc<Capabilities>>) {
        self.offer = offer.into();
    }

    /// Greets a client that may log in with APOP (RFC 1939 §7): [`ok`](Self::ok) to
    /// [`Event::Connected`], with a timestamp that no other connection has ever been given. It
    /// stands behind `text`, and still holds once TLS is in place.
    ///
    /// # Errors
    ///
    /// [`Misuse::NotAsked`] where no client is to be greeted.
    pub fn ok_with_timestamp(
        &mut self,
        text: Text<'_>,
        timestamp: Timestamp<'_>,
    ) -> Result<(), Misuse> {
        let Some(Asked::Greeting) = self.owed else { return Err(Misuse::NotAsked) };
        self.answered();
        self.state = State::Authorization(None);
        self.timestamp = Some(timestamp.as_str().into());
        let between = if text.as_str().is_empty() { "" } else { " " };
        // Writing to an `Output` never fails.
        let _ = write!(self.output, "+OK {}{between}{}\r\n", text.as_str(), timestamp.as_str());
        Ok(())
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
            Some(asked) if asked.is_login() => {
                self.state = State::Authorization(None);
                if code.is_none_or(|code| code.is_within("AUTH")) {
                    self.refused = self.refused.saturating_add(1);
                    if self.refused > self.config.limits.logins {
                        self.failed = Some(Error::TooManyLogins);
                    }
                }
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

    /// Lets the client of [`Event::Login`], [`Event::Apop`], [`Event::Authenticate`] or
    /// [`Event::AuthenticateResponse`] in, to a maildrop with so much in it. Its messages have
    /// the numbers from 1 to [`messages`](DropListing::messages), until the end of the session.
    ///
    /// # Errors
    ///
    /// [`Misuse::NotAsked`] where there is no login to be answered.
    pub fn open(&mut self, maildrop: DropListing) -> Result<(), Misuse> {
        if !self.owed.is_some_and(Asked::is_login) {
            return Err(Misuse::NotAsked);
        }
        self.answered();
        self.timestamp = None;
        self.state = State::Transaction(Box::new(Maildrop::new(maildrop)));
        self.say_what_is_left();
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
                self.say(Phrase::Deleted(message.value()));
            }
            For::One | For::Listing => {
                self.output.text(if purpose == For::One { b"+OK " } else { b"" });
                ScanListing { message, octets }.encode(&mut self.output);
                self.output.text(b"\r\n");
            }
        }
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
    /// [`SYS/TEMP`](ResponseCode::SYS_TEMP) and [`Step::Close`](mailrail_wire::Step::Close).
    /// Nothing is deleted but by a QUIT.
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
    fn refuse(&mut self, phrase: Phrase) {
        self.say_no(phrase);
        self.error();
    }

    fn say(&mut self, phrase: Phrase) {
        self.output.text(b"+OK ");
        self.end_with(phrase);
    }

    fn say_no(&mut self, phrase: Phrase) {
        self.output.text(b"-ERR ");
        self.end_with(phrase);
    }

    fn end_with(&mut self, phrase: Phrase) {
        self.language.write(phrase, &mut self.output);
        self.output.text(b"\r\n");
    }
}
