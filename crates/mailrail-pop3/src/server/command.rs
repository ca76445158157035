//! What each command does in each state (RFC 1939 §4 to §7).

use super::{
    Server, Task,
    maildrop::Absent,
    state::{Asked, For, State},
};
use crate::{
    Capabilities, Command, DropListing, MessageNumber, Response, SyntaxError, Text, types::own,
};
use alloc::string::String;
use core::fmt::Write as _;
use mailrail_sasl::{exchange, sends_password};

impl Server {
    /// Carries out a command, or asks the caller; true where the line must stay in the input.
    pub(super) fn command(
        &mut self,
        command: Result<Command<'_>, SyntaxError>,
        len: usize,
    ) -> bool {
        // RFC 1939 §7: PASS follows USER at once.
        let user = match &mut self.state {
            State::Authorization(user) => user.take(),
            _ => None,
        };
        let Ok(command) = command else {
            self.refuse("unknown command or bad arguments");
            return false;
        };
        match (&self.state, command) {
            (_, Command::Capa) => self.capa(),
            (_, Command::Quit) => self.ready = Some(Asked::Quit),
            (State::Authorization(_), Command::Stls) if self.secured => {
                self.refuse("Command not permitted when TLS active");
            }
            (State::Authorization(_), Command::Stls) if self.offer.stls => {
                self.ready = Some(Asked::StartTls);
            }
            (_, Command::Stls) => self.refuse("no TLS here"),
            (State::Authorization(_), Command::Auth(auth)) => {
                let mechanism = auth.mechanism();
                let is_offered = |offered: &String| offered.eq_ignore_ascii_case(mechanism);
                if !self.offer.sasl.iter().any(is_offered) {
                    self.refuse("no such mechanism");
                } else if sends_password(mechanism) && !self.takes_passwords() {
                    self.refuse("a password is taken over TLS only");
                } else {
                    self.ready = Some(Asked::Authenticate(len));
                    return true;
                }
            }
            (State::Authorization(_), Command::User(_) | Command::Pass(_)) if !self.offer.user => {
                self.refuse("no login with a password");
            }
            (State::Authorization(_), Command::User(_) | Command::Pass(_))
                if !self.takes_passwords() =>
            {
                self.refuse("a password is taken over TLS only");
            }
            (State::Authorization(_), Command::User(name)) => {
                // Whether there is such a user is told after PASS, and not even then.
                self.state = State::Authorization(Some(name.as_str().into()));
                Response::ok(own("send PASS")).encode(&mut self.output);
            }
            (State::Authorization(_), Command::Pass(_)) => {
                if user.is_some() {
                    self.state = State::Authorization(user);
                    self.ready = Some(Asked::Login(len));
                    return true;
                }
                self.refuse("USER comes first");
            }
            (State::Transaction(_), Command::Auth(_) | Command::User(_) | Command::Pass(_)) => {
                self.refuse("already logged in");
            }
            (State::Transaction(_), command) => self.transaction(command),
            _ => self.refuse("log in first"),
        }
        false
    }

    /// Takes the line behind a challenge (RFC 5034 §4); true where it must stay in the input.
    pub(super) fn response(
        &mut self,
        line: Result<exchange::Line, mailrail_sasl::Error>,
        len: usize,
    ) -> bool {
        self.state = State::Authorization(None);
        match line {
            Ok(exchange::Line::Response(_)) => {
                self.ready = Some(Asked::Response(len));
                return true;
            }
            Ok(exchange::Line::Cancel) => self.refuse("cancelled"),
            Err(_) => self.refuse("not base64"),
        }
        false
    }

    /// Carries out a command of the TRANSACTION state.
    fn transaction(&mut self, command: Command<'_>) {
        match command {
            Command::Stat => {
                let left = self.left();
                self.output.text(b"+OK ");
                left.encode(&mut self.output);
                self.output.text(b"\r\n");
            }
            Command::List(None) => {
                self.say_what_is_left("");
                self.task = Some(Task::Sizes(1));
            }
            Command::List(Some(message)) => self.ask(message, Asked::Size(message, For::One)),
            Command::Uidl(_) if !self.offer.uidl => self.refuse("no UIDL here"),
            Command::Uidl(None) => {
                Response::ok(Text::NONE).encode(&mut self.output);
                self.task = Some(Task::UniqueIds(1));
            }
            Command::Uidl(Some(message)) => self.ask(message, Asked::UniqueId(message, For::One)),
            Command::Retr(message) => self.ask(message, Asked::Retr(message)),
            Command::Top { .. } if !self.offer.top => self.refuse("no TOP here"),
            Command::Top { message, lines } => self.ask(message, Asked::Top(message, lines)),
            Command::Dele(message) => self.ask(message, Asked::Size(message, For::Dele)),
            Command::Rset => {
                if let State::Transaction(maildrop) = &mut self.state {
                    maildrop.reset();
                }
                self.say_what_is_left("maildrop has ");
            }
            Command::Noop => Response::ok(Text::NONE).encode(&mut self.output),
            // Those of the other states were sorted out before.
            _ => self.refuse("already logged in"),
        }
    }

    /// Asks the caller about a message, if it is there.
    fn ask(&mut self, message: MessageNumber, asked: Asked) {
        let State::Transaction(maildrop) = &self.state else { return };
        // Writing to an `Output` never fails.
        let _ = match maildrop.find(message) {
            Ok(()) => {
                self.ready = Some(asked);
                Ok(())
            }
            Err(Absent::NoSuch) => {
                let all = maildrop.all().messages;
                write!(self.output, "-ERR no such message, only {all} messages in maildrop\r\n")
            }
            Err(Absent::Deleted) => {
                write!(self.output, "-ERR message {message} already deleted\r\n")
            }
        };
    }

    /// What CAPA answers: of the offer, what is allowed.
    fn capa(&mut self) {
        let passwords = self.takes_passwords();
        let mut offer = Capabilities::clone(&self.offer);
        offer.user &= passwords;
        offer.stls &= !self.secured;
        offer.sasl.retain(|mechanism| passwords || !sends_password(mechanism));
        Response::ok(own("Capability list follows")).encode(&mut self.output);
        offer.encode(&mut self.output);
        self.output.text(b".\r\n");
    }

    const fn takes_passwords(&self) -> bool {
        self.secured || self.config.allow_plaintext_auth
    }

    fn left(&self) -> DropListing {
        match &self.state {
            State::Transaction(maildrop) => maildrop.left(),
            _ => DropListing::default(),
        }
    }

    pub(super) fn say_what_is_left(&mut self, before: &'static str) {
        let DropListing { messages, octets } = self.left();
        // Writing to an `Output` never fails.
        let _ = write!(self.output, "+OK {before}{messages} messages ({octets} octets)\r\n");
    }
}
