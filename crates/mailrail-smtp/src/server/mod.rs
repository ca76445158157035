//! The server's side of SMTP.

mod drive;
mod event;
mod judge;
mod receive;
mod replies;
mod state;

pub use event::{Event, Refusal};

use crate::{
    Config, Domain, EnhancedStatusCode, Error, Extensions, Misuse, Protocol, Received, Reply,
    ReplyCode, response::encode_line,
};
use alloc::{borrow::Cow, string::ToString as _};
use bytes::Buf as _;
use mailrail_sasl::{exchange, may_offer};
use mailrail_wire::{LineFinder, Output, Time};
use replies::Canned;
use state::{Due, Hello, Ready, Session, State, Then};

/// A message's deadline moves on when that many bytes have come.
const BLOCK: usize = 1_024;

/// A server: commands are [`Event`]s, each is answered by a method.
///
/// The caller sees commands that are valid and in sequence alone, one at a time, and decides on
/// each; commands that are not, NOOP, HELP and VRFY (252) are answered here. Pipelined commands
/// (RFC 2920) are taken one by one, and their replies gather.
///
/// See the [crate's documentation](crate) for a whole dialogue.
#[derive(Debug)]
pub struct Server {
    offer: Extensions,
    config: Config,
    output: Output,
    state: State,
    ready: Option<Ready>,
    lines: LineFinder,
    session: Session,
    errors: u32,
    deadline: Option<Time>,
    failed: Option<Error>,
}

impl Server {
    /// A server for a connection that was just accepted. What of `offer` is not allowed at a time
    /// is left out then, such as STARTTLS under TLS.
    #[must_use]
    pub fn new(offer: Extensions, config: Config) -> Self {
        let (state, ready) = match config.proxy {
            true => (State::Proxied, None),
            false => (State::Owed(Due::Greeting), Some(Ready::Connected)),
        };
        Self {
            offer,
            config,
            output: Output::default(),
            state,
            ready,
            lines: LineFinder::default(),
            session: Session::default(),
            errors: 0,
            deadline: None,
            failed: None,
        }
    }

    /// A server for a connection that has TLS from its first byte (RFC 8314 §3.3). What a proxy
    /// in front says comes before that: read it by
    /// [`Proxied::parse`](crate::Proxied::parse).
    #[must_use]
    pub fn over_tls(offer: Extensions, mut config: Config) -> Self {
        config.proxy = false;
        let mut server = Self::new(offer, config);
        server.session.secured = true;
        server
    }

    /// Whether TLS is in place.
    #[must_use]
    pub const fn is_secured(&self) -> bool {
        self.session.secured
    }

    /// Whether AUTH has succeeded.
    #[must_use]
    pub const fn is_authenticated(&self) -> bool {
        self.session.authenticated
    }

    /// The word behind `with` in the `Received` field of a message that comes now (RFC 3848).
    #[must_use]
    pub const fn protocol(&self) -> Protocol {
        match self.session.hello {
            None | Some(Hello::Helo) => Protocol::Smtp,
            Some(Hello::Ehlo) => Protocol::of(
                self.config.lmtp,
                self.session.smtp_utf8,
                self.session.secured,
                self.session.authenticated,
            ),
        }
    }

    /// Who the client said it is, by EHLO, HELO or LHLO.
    #[must_use]
    pub fn client_host(&self) -> Option<&str> {
        self.session.host.as_deref()
    }

    /// The `Received` field of a message that comes now, to put before it; add what else you know
    /// to it. `date` is as in a message's header (RFC 5322 §3.3).
    #[must_use]
    pub fn received<'a>(&'a self, by: &'a Domain<'a>, date: &'a str) -> Received<'a> {
        Received::new(self.client_host().unwrap_or("unknown"), by, self.protocol(), date)
    }

    /// How many answers [`Event::EndOfMessage`] still waits for.
    #[must_use]
    pub const fn recipients_owed(&self) -> usize {
        self.session.owed
    }

    /// Answers `Connected`, `Ehlo`, `Helo` and `Xclient` as the host of that name: 220 or 250.
    ///
    /// # Errors
    ///
    /// [`Misuse::OutOfTurn`].
    pub fn greet(&mut self, host: &Domain<'_>) -> Result<(), Misuse> {
        let reply = match self.state {
            State::Owed(Due::Greeting | Due::Xclient) => {
                let protocol = if self.config.lmtp { "LMTP" } else { "ESMTP" };
                Reply::new(ReplyCode::READY, alloc::format!("{host} {protocol}"))
            }
            State::Owed(Due::Ehlo | Due::Helo) => Reply::new(ReplyCode::OK, host.to_string()),
            _ => return Err(Misuse::OutOfTurn { call: "greet" }),
        };
        self.reply(&reply)
    }

    /// Answers any other event with yes, in the words of the RFC.
    ///
    /// # Errors
    ///
    /// [`Misuse::OutOfTurn`].
    pub fn accept(&mut self) -> Result<(), Misuse> {
        let due = match self.state {
            State::Owed(Due::Bdat(bdat)) => {
                self.answered(Due::Bdat(bdat), ReplyCode::OK);
                return Ok(());
            }
            State::Owed(Due::Greeting | Due::Ehlo | Due::Helo | Due::Xclient | Due::Expn) => {
                return Err(Misuse::OutOfTurn { call: "accept" });
            }
            State::Owed(due) => due,
            _ => return Err(Misuse::OutOfTurn { call: "accept" }),
        };
        let reply = match due {
            Due::StartTls => replies::GO_AHEAD,
            Due::Auth => replies::LOGGED_IN,
            Due::Mail => replies::SENDER_OK,
            Due::Rcpt => replies::RECIPIENT_OK,
            Due::Data => replies::SEND,
            Due::Chunk | Due::Burl(false) => replies::CHUNK_OK,
            Due::Message | Due::Burl(true) => replies::MESSAGE_OK,
            Due::Vrfy => replies::NOT_VERIFIED,
            Due::Help => replies::HELP,
            Due::Quit => replies::GOODBYE,
            _ => replies::OK,
        };
        let code = self.say(&reply);
        self.answered(due, code);
        Ok(())
    }

    /// Answers any event. (`Bdat` is answered with a refusal or
    /// [`accept`](Self::accept).) A positive answer to `Ehlo` gets a line for each extension that is
    /// offered now, behind its first line; that should begin with the server's name (RFC 5321 §4.1.1.1), as that
    /// to `Connected` and `Helo`. A 421 ends the conversation.
    ///
    /// # Errors
    ///
    /// [`Misuse::OutOfTurn`] where nothing is to be answered, [`Misuse::UnfitReply`] where the
    /// event is answered with another positive or intermediate code.
    pub fn reply(&mut self, reply: &Reply<'_>) -> Result<(), Misuse> {
        let State::Owed(due) = self.state else {
            return Err(Misuse::OutOfTurn { call: "reply" });
        };
        let code = reply.code();
        if !due.takes(code) {
            return Err(Misuse::UnfitReply { code });
        }
        if due == Due::Auth && code.is_permanent() {
            self.session.failures = self.session.failures.saturating_add(1);
            if self.session.failures > self.config.limits.logins {
                self.state = State::Commands;
                self.fail(&replies::TOO_MANY_ATTEMPTS, Error::TooManyLogins);
                return Ok(());
            }
        }
        match due {
            Due::Bdat(bdat) if code != ReplyCode::UNAVAILABLE => {
                let mut output = Output::default();
                let enhanced = reply.enhanced().filter(|_| self.offer.enhanced_status_codes);
                for _ in 0..self.replies_to_chunk(bdat) {
                    reply.encode_with(enhanced, &mut output);
                }
                let said = Then::Said(output.copy_to_bytes(output.len()));
                self.session.fail_chunks();
                self.state = State::Skipping(bdat.size, said);
                return Ok(());
            }
            Due::Ehlo if code.is_completion() => self.say_ehlo(reply),
            // No enhanced code goes with these (RFC 2034 §4).
            Due::Greeting | Due::Ehlo | Due::Helo if code.is_completion() => {
                reply.encode_with(None, &mut self.output);
            }
            _ => self.encode(reply),
        }
        self.answered(due, code);
        Ok(())
    }

    /// Answers `Authenticate` and `AuthenticateResponse` with a challenge, which may be empty.
    ///
    /// # Errors
    ///
    /// [`Misuse::OutOfTurn`].
    pub fn challenge(&mut self, challenge: &[u8]) -> Result<(), Misuse> {
        let State::Owed(Due::Auth) = self.state else {
            return Err(Misuse::OutOfTurn { call: "challenge" });
        };
        self.output.text(b"334 ");
        exchange::encode(challenge, &mut self.output);
        self.output.text(b"\r\n");
        self.state = State::Responding;
        Ok(())
    }

    /// Ends the conversation at any time, as when the server shuts down: with a 421 such as
    /// `421 4.3.2`, and nothing after it. A message that was begun is not accepted.
    ///
    /// # Errors
    ///
    /// [`Misuse::UnfitReply`] for another code, [`Misuse::OutOfTurn`] where TLS is being put in
    /// place or the conversation has ended.
    pub fn shut_down(&mut self, reply: &Reply<'_>) -> Result<(), Misuse> {
        let code = reply.code();
        if code != ReplyCode::UNAVAILABLE {
            return Err(Misuse::UnfitReply { code });
        }
        if matches!(self.state, State::Securing | State::Closing) || self.failed.is_some() {
            return Err(Misuse::OutOfTurn { call: "shut_down" });
        }
        self.encode(reply);
        self.ready = None;
        self.deadline = None;
        self.state = State::Closing;
        Ok(())
    }

    fn encode(&mut self, reply: &Reply<'_>) {
        let enhanced = reply.enhanced().filter(|_| self.offer.enhanced_status_codes);
        reply.encode_with(enhanced, &mut self.output);
    }

    /// A positive answer to EHLO: its lines, and one for each extension that is offered now.
    fn say_ehlo(&mut self, reply: &Reply<'_>) {
        let may_use = |name: &str| self.may_use(name);
        let extensions = self.offer.lines(self.session.secured, may_use);
        let first = reply.lines().next().unwrap_or_default();
        let mut line = Cow::Borrowed(first);
        let mut output = Output::default();
        for next in extensions {
            encode_line(reply.code(), None, &line, false, &mut output);
            line = Cow::Owned(next.into_bytes());
        }
        encode_line(reply.code(), None, &line, true, &mut output);
        self.output.payload(output.copy_to_bytes(output.len()));
    }

    /// Whether a mechanism of that name may be used now.
    fn may_use(&self, mechanism: &str) -> bool {
        let (secured, config) = (self.session.secured, &self.config);
        (secured || !config.require_tls_for_auth)
            && may_offer(mechanism, secured, config.allow_plaintext_auth)
    }

    /// Says a reply of the machine's own.
    fn say(&mut self, &Canned(code, enhanced, text): &Canned) -> ReplyCode {
        self.say_text(code, enhanced, text)
    }

    fn say_text(&mut self, code: u16, enhanced: [u16; 3], text: &str) -> ReplyCode {
        let code = ReplyCode::new(code).unwrap_or(ReplyCode::TRANSACTION_FAILED);
        let [class, subject, detail] = enhanced;
        let class = u8::try_from(class).unwrap_or_default();
        let enhanced = EnhancedStatusCode::new(class, subject, detail)
            .filter(|_| self.offer.enhanced_status_codes);
        encode_line(code, enhanced, text.as_bytes(), true, &mut self.output);
        code
    }
}
