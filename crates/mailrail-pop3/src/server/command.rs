//! What each command does in each state (RFC 1939 §4 to §7).

use super::{
    Server, Task,
    language::{Language, Phrase},
    maildrop::Absent,
    state::{Asked, For, State},
};
use crate::{
    Capabilities, Command, DropListing, LanguageRange, MessageNumber, Response, SyntaxError, Text,
};
use alloc::string::String;
use mailrail_sasl::{exchange, may_offer};

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
            self.refuse(Phrase::Unknown);
            return false;
        };
        match (&self.state, command) {
            (_, Command::Capa) => self.capa(),
            (_, Command::Quit) => self.ready = Some(Asked::Quit),
            (State::Authorization(_), Command::Stls) if self.secured => {
                self.refuse(Phrase::Secured);
            }
            (State::Authorization(_), Command::Stls) if self.utf8 => {
                self.refuse(Phrase::TlsAfterUtf8);
            }
            (State::Authorization(_), Command::Stls) if self.offer.stls => {
                self.ready = Some(Asked::StartTls);
            }
            (_, Command::Stls) => self.refuse(Phrase::NoTls),
            (_, Command::Lang(_)) if !self.has_lang() => self.refuse(Phrase::Unknown),
            (_, Command::Utf8) if self.offer.utf8.is_none() => self.refuse(Phrase::Unknown),
            (_, Command::Lang(range)) => self.lang(range),
            (State::Authorization(_), Command::Utf8) => {
                self.utf8 = true;
                self.say(Phrase::Utf8);
            }
            (State::Authorization(_), Command::Apop(_)) if self.timestamp.is_none() => {
                self.refuse(Phrase::NoApop);
            }
            (State::Authorization(_), Command::Apop(apop)) => {
                if self.is_spelt(apop.user.is_ascii()) {
                    self.ready = Some(Asked::Apop(len));
                    return true;
                }
            }
            (State::Authorization(_), Command::Auth(auth)) => {
                let mechanism = auth.mechanism();
                let is_offered = |offered: &String| offered.eq_ignore_ascii_case(mechanism);
                if !self.offer.sasl.iter().any(is_offered) {
                    self.refuse(Phrase::NoMechanism);
                } else if !self.may_use(mechanism) {
                    self.refuse(Phrase::Plaintext);
                } else {
                    self.ready = Some(Asked::Authenticate(len));
                    return true;
                }
            }
            (State::Authorization(_), Command::User(_) | Command::Pass(_)) if !self.offer.user => {
                self.refuse(Phrase::NoUser);
            }
            (State::Authorization(_), Command::User(_) | Command::Pass(_))
                if !self.takes_passwords() =>
            {
                self.refuse(Phrase::Plaintext);
            }
            (State::Authorization(_), Command::User(name)) => {
                if self.is_spelt(name.is_ascii()) {
                    // Whether there is such a user is told after PASS, and not even then.
                    self.state = State::Authorization(Some(name.as_str().into()));
                    self.say(Phrase::SendPassword);
                }
            }
            (State::Authorization(_), Command::Pass(password)) => {
                if !self.is_spelt(password.is_ascii()) {
                    return false;
                }
                if user.is_some() {
                    self.state = State::Authorization(user);
                    self.ready = Some(Asked::Login(len));
                    return true;
                }
                self.refuse(Phrase::UserFirst);
            }
            (State::Transaction(_), command) => self.transaction(command),
            _ => self.refuse(Phrase::NotLoggedIn),
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
            Ok(exchange::Line::Cancel) => self.refuse(Phrase::Cancelled),
            Err(_) => self.refuse(Phrase::NotBase64),
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
                let DropListing { messages, octets } = self.left();
                self.say(Phrase::Listing { messages, octets });
                self.task = Some(Task::Sizes(1));
            }
            Command::List(Some(message)) => self.ask(message, Asked::Size(message, For::One)),
            Command::Uidl(_) if !self.offer.uidl => self.refuse(Phrase::NoUniqueIds),
            Command::Uidl(None) => {
                Response::ok(Text::NONE).encode(&mut self.output);
                self.task = Some(Task::UniqueIds(1));
            }
            Command::Uidl(Some(message)) => self.ask(message, Asked::UniqueId(message, For::One)),
            Command::Retr(message) => self.ask(message, Asked::Retr(message)),
            Command::Top { .. } if !self.offer.top => self.refuse(Phrase::NoTop),
            Command::Top { message, lines } => self.ask(message, Asked::Top(message, lines)),
            Command::Dele(message) => self.ask(message, Asked::Size(message, For::Dele)),
            Command::Rset => {
                if let State::Transaction(maildrop) = &mut self.state {
                    maildrop.reset();
                }
                self.say_what_is_left();
            }
            Command::Noop => Response::ok(Text::NONE).encode(&mut self.output),
            // Those of the other states were sorted out before.
            _ => self.refuse(Phrase::LoggedIn),
        }
    }

    /// Asks the caller about a message, if it is there.
    fn ask(&mut self, message: MessageNumber, asked: Asked) {
        let State::Transaction(maildrop) = &self.state else { return };
        match maildrop.find(message) {
            Ok(()) => self.ready = Some(asked),
            Err(Absent::NoSuch) => {
                let all = maildrop.all().messages;
                self.say_no(Phrase::NoSuchMessage(all));
            }
            Err(Absent::Deleted) => self.say_no(Phrase::AlreadyDeleted(message.value())),
        }
    }

    fn has_lang(&self) -> bool {
        self.offer.lang && self.config.languages.is_some()
    }

    /// Whether a name or password is in the characters that are offered; refuses it where not.
    fn is_spelt(&mut self, is_ascii: bool) -> bool {
        let is_good = is_ascii || self.offer.utf8.is_some_and(|utf8| utf8.user);
        if !is_good {
            self.refuse(Phrase::NotAscii);
        }
        is_good
    }

    /// Changes the language, or lists those there are (RFC 6856 §3.2).
    fn lang(&mut self, range: Option<LanguageRange<'_>>) {
        let Some(languages) = self.config.languages.clone() else { return };
        let Some(range) = range else {
            self.say(Phrase::Languages);
            for listing in languages.iter().filter_map(Language::listing) {
                listing.encode(&mut self.output);
                self.output.text(b"\r\n");
            }
            return self.output.text(b".\r\n");
        };
        let Some(language) = languages.iter().find(|language| language.is_within(range)) else {
            return self.say_no(Phrase::NoLanguage);
        };
        self.language = *language;
        self.output.text(b"+OK ");
        self.output.text(language.tag.as_bytes());
        self.output.text(b" ");
        language.write(Phrase::Language, &mut self.output);
        self.output.text(b"\r\n");
    }

    /// What CAPA answers: of the offer, what is allowed.
    fn capa(&mut self) {
        let passwords = self.takes_passwords();
        let mut offer = Capabilities::clone(&self.offer);
        offer.user &= passwords;
        offer.stls &= !self.secured;
        offer.lang = self.has_lang();
        // RFC 2449 §6.5, §6.7: what is said behind a login is about this user.
        if let State::Transaction(_) = self.state {
            offer.login_delay.iter_mut().for_each(|delay| delay.per_user = false);
            offer.expire.iter_mut().for_each(|expire| expire.per_user = false);
        }
        offer.sasl.retain(|mechanism| self.may_use(mechanism));
        self.say(Phrase::Capabilities);
        offer.encode(&mut self.output);
        self.output.text(b".\r\n");
    }

    fn may_use(&self, mechanism: &str) -> bool {
        (self.secured || !self.config.require_tls_for_auth)
            && may_offer(mechanism, self.secured, self.config.allow_plaintext_auth)
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

    pub(super) fn say_what_is_left(&mut self) {
        let DropListing { messages, octets } = self.left();
        self.say(Phrase::Maildrop { messages, octets });
    }
}
