//! The client's side.

mod connection;
mod drive;
mod event;
mod state;

pub use event::{Event, Request};

use crate::{
    Config, Error, LanguageRange, MessageNumber, Misuse, Password, Timestamp, UserName,
    deadline::Deadline,
};
use alloc::{boxed::Box, collections::VecDeque, vec::Vec};
pub(crate) use drive::Peek;
use drive::Ready;
use mailrail_sasl::{exchange, is_mechanism_name, saslprep, sends_password};
use mailrail_wire::{LineFinder, Output, Secret};
use state::{Credentials, Mechanism, Queued, Reading, State};

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
    /// To be sent once the server asks for it with an empty challenge.
    initial_response: Option<Secret<Vec<u8>>>,
    reading: Reading,
    ready: Option<Ready>,
    lines: LineFinder,
    deadline: Deadline,
    /// The octets of a message since the deadline moved.
    bulk: usize,
    secured: bool,
    pipelining: bool,
    /// The server takes names and passwords in UTF-8.
    utf8_user: bool,
    /// UTF8 was given.
    utf8: bool,
    /// That of the greeting, until TLS is begun or somebody has logged in.
    timestamp: Option<Box<str>>,
    /// STLS or QUIT was given, or all is over: no command may be given.
    last: Option<Misuse>,
    failed: Option<Error>,
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
            initial_response: None,
            reading: Reading::Status,
            ready: None,
            lines: LineFinder::default(),
            deadline: Deadline::default(),
            bulk: 0,
            secured: false,
            pipelining: false,
            utf8_user: false,
            utf8: false,
            timestamp: None,
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

    /// Begins TLS (RFC 2595 §4): [`Event::Secured`], or [`Event::Err`] where the server won't; no
    /// other command can be given before. The talk goes on in plaintext then, if the caller wants.
    ///
    /// # Errors
    ///
    /// As [`capa`](Self::capa), [`Misuse::Secured`], and [`Misuse::StlsAfterUtf8`].
    pub fn stls(&mut self) -> Result<(), Misuse> {
        if self.secured {
            return Err(Misuse::Secured);
        }
        if self.utf8 {
            return Err(Misuse::StlsAfterUtf8);
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
    /// As [`capa`](Self::capa); [`Misuse::Plaintext`] where TLS is not in place and
    /// [`Config::allow_plaintext_auth`] is off; [`Misuse::NotAscii`].
    pub fn login(&mut self, user: UserName<'_>, password: Password<'_>) -> Result<(), Misuse> {
        self.check()?;
        if !self.secured && !self.config.allow_plaintext_auth {
            return Err(Misuse::Plaintext);
        }
        if !(self.utf8_user || user.is_ascii() && password.is_ascii()) {
            return Err(Misuse::NotAscii);
        }
        let password = password.secret().map(Box::from);
        let credentials = Credentials { user: user.as_str().into(), password };
        self.queue.push_back(Queued::Login(Box::new(credentials)));
        Ok(())
    }

    /// Logs in with APOP (RFC 1939 §7): [`Event::Ok`] once the maildrop is open, or
    /// [`Event::Err`]. The password is not shown, but who listens can try passwords at leisure:
    /// over TLS, [`login`](Self::login) is better.
    ///
    /// # Errors
    ///
    /// As [`capa`](Self::capa), [`Misuse::NoTimestamp`], [`Misuse::NotAscii`], and
    /// [`Misuse::Prohibited`]: both are prepared first (SASLprep, RFC 4013, RFC 6856 §2.2).
    pub fn apop(&mut self, user: UserName<'_>, password: Password<'_>) -> Result<(), Misuse> {
        self.check()?;
        let timestamp = self.timestamp.as_deref().ok_or(Misuse::NoTimestamp)?;
        if !(self.utf8_user || user.is_ascii() && password.is_ascii()) {
            return Err(Misuse::NotAscii);
        }
        let timestamp = Timestamp::parse(timestamp.as_bytes()).map_err(|_| Misuse::NoTimestamp)?;
        let prepared = saslprep::stored(password.secret().into_exposed());
        let prepared = prepared.map_err(|_| Misuse::Prohibited)?;
        let password = Password::parse(prepared.as_bytes()).map_err(|_| Misuse::Prohibited)?;
        let digest = timestamp.digest(password);
        let user = saslprep::query(user.as_str()).map_err(|_| Misuse::Prohibited)?;
        UserName::parse(user.as_bytes()).map_err(|_| Misuse::Prohibited)?;
        self.queue.push_back(Queued::Apop(user.into(), digest));
        Ok(())
    }

    /// Takes UTF-8 from here on, in messages and in words for people (RFC 6856 §2.1):
    /// [`Event::Ok`] or [`Event::Err`]. For before the login, and over TLS where that is wanted:
    /// STLS can't follow it.
    ///
    /// # Errors
    ///
    /// As [`capa`](Self::capa).
    pub fn utf8(&mut self) -> Result<(), Misuse> {
        self.request(Request::Utf8)?;
        self.utf8 = true;
        Ok(())
    }

    /// Asks for words for people in another language (RFC 6856 §3.2): [`Event::Language`], or
    /// [`Event::Err`] where the server knows none that would do.
    ///
    /// # Errors
    ///
    /// As [`capa`](Self::capa).
    pub fn lang(&mut self, range: LanguageRange<'_>) -> Result<(), Misuse> {
        self.check()?;
        self.queue.push_back(Queued::Lang(range.as_str().into()));
        Ok(())
    }

    /// Asks which languages there are (RFC 6856 §3.2): [`Event::LanguageListing`].
    ///
    /// # Errors
    ///
    /// As [`capa`](Self::capa).
    pub fn languages(&mut self) -> Result<(), Misuse> {
        self.request(Request::Languages)
    }

    /// Logs in by a SASL mechanism (RFC 5034 §4): [`Event::Challenge`] as often as the mechanism
    /// has one, then [`Event::Ok`] once the maildrop is open, or [`Event::Err`]. An initial
    /// response that would make the command longer than 255 octets waits for the server's empty
    /// challenge. Ask for the capabilities before: a server that does not announce SASL must get
    /// none.
    ///
    /// # Errors
    ///
    /// As [`capa`](Self::capa); [`Misuse::Mechanism`]; and, for a mechanism that shows a password,
    /// [`Misuse::Plaintext`] where TLS is not in place and [`Config::allow_plaintext_auth`] is off.
    pub fn authenticate(
        &mut self,
        mechanism: &str,
        initial_response: Option<&[u8]>,
    ) -> Result<(), Misuse> {
        self.check()?;
        if !is_mechanism_name(mechanism.as_bytes()) {
            return Err(Misuse::Mechanism);
        }
        if sends_password(mechanism) && !self.secured && !self.config.allow_plaintext_auth {
            return Err(Misuse::Plaintext);
        }
        let initial_response = initial_response.map(|response| Secret::new(response.to_vec()));
        let mechanism = Mechanism { name: mechanism.into(), initial_response };
        self.queue.push_back(Queued::Auth(Box::new(mechanism)));
        Ok(())
    }

    /// Answers [`Event::Challenge`].
    ///
    /// # Errors
    ///
    /// [`Misuse::NotAsked`] where there is no challenge.
    pub fn authenticate_response(&mut self, response: &[u8]) -> Result<(), Misuse> {
        self.challenged()?;
        exchange::encode(response, &mut self.output);
        self.output.text(b"\r\n");
        Ok(())
    }

    /// Answers [`Event::Challenge`] by giving up; [`Event::Err`] follows.
    ///
    /// # Errors
    ///
    /// [`Misuse::NotAsked`] where there is no challenge.
    pub fn cancel_authentication(&mut self) -> Result<(), Misuse> {
        self.challenged()?;
        self.cancel();
        Ok(())
    }

    fn challenged(&mut self) -> Result<(), Misuse> {
        if self.state != State::Challenged {
            return Err(Misuse::NotAsked);
        }
        self.state = State::Talking;
        self.deadline.moved();
        Ok(())
    }

    fn cancel(&mut self) {
        self.output.text(exchange::CANCEL);
        self.output.text(b"\r\n");
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

    /// Ends the session, and has the server delete what is marked (RFC 1939 §6).
    /// [`Step::Close`](mailrail_wire::Step::Close) follows the answer.
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
}
