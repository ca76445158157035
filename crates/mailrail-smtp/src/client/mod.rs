//! The client's side of SMTP.

mod event;
mod state;

pub use event::{Event, Verb};

use crate::{
    Config, Error, Extensions, Host, Misuse, Reply,
    command::{Auth, Command, Mail, Rcpt, Vrfy},
    framing::ReplyFinder,
};
use alloc::boxed::Box;
use bytes::Bytes;
use mailrail_sasl::{exchange, sends_password};
use mailrail_wire::{Connection, Input, Output, Secret, Step, Stuffer, Time, Upgrade};
use state::{Queue, Ready, Session, State, patience};

/// The longest AUTH command that takes an initial response along, in bytes (RFC 4954 §4).
const AUTH_COMMAND: usize = 512;

/// A client: commands are methods that queue, replies are [`Event`]s.
///
/// What may be pipelined is pipelined where the server offers it (RFC 2920), and waits for its turn
/// otherwise; the caller sees no difference. So a whole group, such as MAIL, all RCPT and DATA, can
/// be given at once. Behind DATA, STARTTLS, AUTH and QUIT nothing can be given before the reply.
///
/// Where the client has nothing to say and nothing to wait for, it asks for [`Step::Answer`].
/// See the [crate's documentation](crate) for a whole dialogue.
#[derive(Debug)]
pub struct Client {
    config: Config,
    output: Output,
    state: State,
    ready: Option<Ready>,
    replies: ReplyFinder,
    queue: Queue,
    session: Session,
    deadline: Option<Time>,
    failed: Option<Error>,
}

impl Client {
    /// A client for a connection that was just opened; it waits for the greeting.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            config,
            output: Output::default(),
            state: State::Talking,
            ready: None,
            replies: ReplyFinder::default(),
            queue: Queue::greeting(),
            session: Session::default(),
            deadline: None,
            failed: None,
        }
    }

    /// A client for a connection that has TLS from its first byte (RFC 8314 §3.3).
    #[must_use]
    pub fn over_tls(config: Config) -> Self {
        let mut client = Self::new(config);
        client.session.secured = true;
        client
    }

    /// What the server offered in its last positive reply to EHLO; none before that, and none
    /// where only HELO succeeded or TLS was put in place since.
    #[must_use]
    pub fn extensions(&self) -> Option<&Extensions> {
        self.session.extensions.as_deref()
    }

    /// Whether TLS is in place.
    #[must_use]
    pub const fn is_secured(&self) -> bool {
        self.session.secured
    }

    /// EHLO: says who the client is, asks what the server offers (RFC 5321 §4.1.1.1).
    ///
    /// # Errors
    ///
    /// [`Misuse::OutOfTurn`].
    pub fn ehlo<'a>(&mut self, host: impl Into<Host<'a>>) -> Result<(), Misuse> {
        self.command("ehlo", Verb::Ehlo, &Command::Ehlo(host.into()))?;
        self.session.recipients = None;
        Ok(())
    }

    /// HELO: for a server that refuses EHLO.
    ///
    /// # Errors
    ///
    /// [`Misuse::OutOfTurn`].
    pub fn helo<'a>(&mut self, host: impl Into<Host<'a>>) -> Result<(), Misuse> {
        self.command("helo", Verb::Helo, &Command::Helo(host.into()))?;
        self.session.recipients = None;
        Ok(())
    }

    /// STARTTLS (RFC 3207). Where the server agrees, the client asks for
    /// [`Step::Upgrade`], and [`Event::Secured`] follows.
    ///
    /// # Errors
    ///
    /// [`Misuse::OutOfTurn`], also where TLS is in place.
    pub fn starttls(&mut self) -> Result<(), Misuse> {
        if self.session.secured {
            return Err(Misuse::OutOfTurn { call: "starttls" });
        }
        self.command("starttls", Verb::StartTls, &Command::StartTls)
    }

    /// AUTH (RFC 4954), with the response of a mechanism in which the client speaks first. One
    /// that is too long for the command goes out at the server's first challenge.
    ///
    /// # Errors
    ///
    /// [`Misuse::PlaintextAuth`], [`Misuse::Syntax`] where no mechanism has that name, and
    /// [`Misuse::OutOfTurn`].
    pub fn authenticate(
        &mut self,
        mechanism: &str,
        initial_response: Option<&[u8]>,
    ) -> Result<(), Misuse> {
        let is_safe = self.session.secured || self.config.allow_plaintext_auth;
        if !is_safe && sends_password(mechanism) {
            return Err(Misuse::PlaintextAuth);
        }
        let response = initial_response.map(|response| Secret::new(response.to_vec()));
        let mut auth = Auth::new(mechanism, response)?;
        let mut kept = None;
        if auth.line_len() > AUTH_COMMAND {
            kept = auth.into_initial_response();
            auth = Auth::new(mechanism, None)?;
        }
        self.command("authenticate", Verb::Auth, &Command::Auth(auth))?;
        self.session.initial_response = kept.map(Box::new);
        Ok(())
    }

    /// Answers [`Event::Challenge`].
    ///
    /// # Errors
    ///
    /// [`Misuse::OutOfTurn`].
    pub fn authenticate_response(&mut self, response: &[u8]) -> Result<(), Misuse> {
        let State::Challenged = self.state else {
            return Err(Misuse::OutOfTurn { call: "authenticate_response" });
        };
        self.state = State::Talking;
        self.respond(Some(response));
        Ok(())
    }

    /// Answers [`Event::Challenge`]: gives AUTH up. The server's refusal follows.
    ///
    /// # Errors
    ///
    /// [`Misuse::OutOfTurn`].
    pub fn cancel_authentication(&mut self) -> Result<(), Misuse> {
        let State::Challenged = self.state else {
            return Err(Misuse::OutOfTurn { call: "cancel_authentication" });
        };
        self.state = State::Talking;
        self.respond(None);
        Ok(())
    }

    /// MAIL: begins a message. Give it a [`ReversePath`](crate::ReversePath), a
    /// [`Mailbox`](crate::Mailbox) or, for parameters, a [`Mail`].
    ///
    /// # Errors
    ///
    /// [`Misuse::OutOfTurn`].
    pub fn mail<'a>(&mut self, mail: impl Into<Mail<'a>>) -> Result<(), Misuse> {
        self.command("mail", Verb::Mail, &Command::Mail(mail.into()))?;
        self.session.recipients = Some(0);
        Ok(())
    }

    /// RCPT: names a recipient. Give it a [`ForwardPath`](crate::ForwardPath), a
    /// [`Mailbox`](crate::Mailbox) or, for parameters, a [`Rcpt`].
    ///
    /// # Errors
    ///
    /// [`Misuse::OutOfTurn`], also before MAIL.
    pub fn rcpt<'a>(&mut self, rcpt: impl Into<Rcpt<'a>>) -> Result<(), Misuse> {
        let Some(recipient) = self.session.recipients else {
            return Err(Misuse::OutOfTurn { call: "rcpt" });
        };
        self.command("rcpt", Verb::Rcpt { recipient }, &Command::Rcpt(rcpt.into()))?;
        self.session.recipients = Some(recipient.saturating_add(1));
        Ok(())
    }

    /// DATA: offers the message. Where the server wants it, [`Event::WantMessage`] follows.
    ///
    /// # Errors
    ///
    /// [`Misuse::OutOfTurn`], also before RCPT.
    pub fn data(&mut self) -> Result<(), Misuse> {
        if matches!(self.session.recipients, None | Some(0)) {
            return Err(Misuse::OutOfTurn { call: "data" });
        }
        self.command("data", Verb::Data, &Command::Data)
    }

    /// Answers [`Event::WantMessage`] with a further piece of the message, of any size; it is sent
    /// without being copied, with dots stuffed. [`Timeouts::block`](crate::Timeouts::block) is the
    /// time to write it in. An empty piece answers nothing.
    ///
    /// Every line must end in CR LF, ([`LineEnds`](mailrail_wire::LineEnds) helps), but for the
    /// last, whose line end is added. A message that was begun can't be taken back but by closing
    /// the connection.
    ///
    /// # Errors
    ///
    /// [`Misuse::OutOfTurn`]; [`Misuse::BareLineEnd`] where the piece makes a CR or LF stand
    /// alone (RFC 5321 §2.3.8).
    pub fn message(&mut self, piece: Bytes) -> Result<(), Misuse> {
        let State::Sending { text, asked: asked @ true } = &mut self.state else {
            return Err(Misuse::OutOfTurn { call: "message" });
        };
        let is_empty = piece.is_empty();
        text.stuff(piece, &mut self.output).map_err(|_| Misuse::BareLineEnd)?;
        *asked = is_empty;
        Ok(())
    }

    /// Answers [`Event::WantMessage`]: that was the whole message. Its reply follows, and the next
    /// message can be begun at once.
    ///
    /// # Errors
    ///
    /// [`Misuse::OutOfTurn`].
    pub fn end_message(&mut self) -> Result<(), Misuse> {
        let State::Sending { text, asked: true } = &mut self.state else {
            return Err(Misuse::OutOfTurn { call: "end_message" });
        };
        core::mem::take(text).end(&mut self.output);
        self.message_sent();
        Ok(())
    }

    /// RSET: drops the message that was begun.
    ///
    /// # Errors
    ///
    /// [`Misuse::OutOfTurn`].
    pub fn rset(&mut self) -> Result<(), Misuse> {
        self.command("rset", Verb::Rset, &Command::Rset)?;
        self.session.recipients = None;
        Ok(())
    }

    /// NOOP: asks for a reply.
    ///
    /// # Errors
    ///
    /// [`Misuse::OutOfTurn`].
    pub fn noop(&mut self) -> Result<(), Misuse> {
        self.command("noop", Verb::Noop, &Command::Noop)
    }

    /// VRFY: asks about a user or mailbox.
    ///
    /// # Errors
    ///
    /// [`Misuse::OutOfTurn`].
    pub fn vrfy(&mut self, user: Vrfy<'_>) -> Result<(), Misuse> {
        self.command("vrfy", Verb::Vrfy, &Command::Vrfy(user))
    }

    /// QUIT: says goodbye. Once that is answered, the client asks for [`Step::Close`].
    ///
    /// # Errors
    ///
    /// [`Misuse::OutOfTurn`].
    pub fn quit(&mut self) -> Result<(), Misuse> {
        self.command("quit", Verb::Quit, &Command::Quit)
    }

    fn command(
        &mut self,
        call: &'static str,
        verb: Verb,
        command: &Command<'_>,
    ) -> Result<(), Misuse> {
        if !matches!(self.state, State::Talking) || !self.queue.is_open() {
            return Err(Misuse::OutOfTurn { call });
        }
        self.queue.hold(verb, |out| command.encode(out));
        Ok(())
    }

    /// Answers a challenge, or gives AUTH up.
    fn respond(&mut self, response: Option<&[u8]>) {
        match response {
            Some(response) => exchange::encode(response, &mut self.output),
            None => self.output.text(exchange::CANCEL),
        }
        self.output.text(b"\r\n");
    }

    fn message_sent(&mut self) {
        self.state = State::Talking;
        self.session.recipients = None;
        self.queue.sent(Verb::Message);
    }

    /// What there is to tell.
    fn look(&mut self, input: &mut Input) -> Result<Option<Ready>, Error> {
        match self.state {
            State::Talking | State::Challenged => self.look_for_reply(input),
            // While the message goes out, only a 421 is of interest, and why the server hung up.
            State::Sending { .. } if input.bytes().starts_with(b"421") => {
                self.look_for_reply(input)
            }
            State::Sending { .. }
                if input.is_closed() && matches!(input.bytes(), [b'4' | b'5', ..]) =>
            {
                self.output = Output::default();
                self.message_sent();
                self.look_for_reply(input)
            }
            State::Sending { asked: false, .. } if self.output.is_empty() => {
                Ok(Some(Ready::WantMessage))
            }
            _ => Ok(None),
        }
    }

    fn look_for_reply(&mut self, input: &mut Input) -> Result<Option<Ready>, Error> {
        let Some(len) = self.replies.find(input.bytes(), self.config.limits.reply)? else {
            return Ok(None);
        };
        let code = input.bytes().get(..3).unwrap_or_default();
        match (code, self.queue.front()) {
            (b"421", _) => Ok(Some(Ready::Closing(len))),
            // The caller owes the answer to a challenge: the server has none to give.
            (_, None) => Err(Error::Unsolicited),
            _ if matches!(self.state, State::Challenged) => Err(Error::Unsolicited),
            (b"334", Some(Verb::Auth)) => {
                let reply = input.take(len);
                let text = reply.get(4..).unwrap_or_default();
                let challenge = exchange::decode(text.strip_suffix(b"\r\n").unwrap_or_default());
                self.deadline = None;
                match (challenge, self.session.initial_response.take()) {
                    (Ok(challenge), None) => return Ok(Some(Ready::Challenge(challenge))),
                    (Ok(challenge), Some(response)) if challenge.expose().is_empty() => {
                        self.respond(Some(response.expose()));
                    }
                    _ => self.respond(None),
                }
                Ok(None)
            }
            _ => Ok(Some(Ready::Reply(len))),
        }
    }

    /// What a reply changes.
    fn learn(&mut self, command: Verb, reply: &Reply<'_>) {
        match (command, reply.code().get()) {
            (Verb::Ehlo, 200..300) => {
                self.session.extensions = Some(Box::new(Extensions::from_reply(reply)));
            }
            (Verb::Ehlo | Verb::Helo, _) => self.session.extensions = None,
            (Verb::StartTls, 220) => self.state = State::Securing,
            (Verb::Auth, _) => self.session.initial_response = None,
            (Verb::Mail, _) => self.session.accepted = 0,
            (Verb::Rcpt { .. }, 200..300) => self.session.accepted += 1,
            (Verb::Data, 354) if self.session.accepted > 0 => {
                self.state = State::Sending { text: Stuffer::default(), asked: false };
            }
            (Verb::Data, 354) => {
                Stuffer::default().end(&mut self.output);
                self.message_sent();
            }
            (Verb::Quit, _) => self.close(),
            _ => {}
        }
    }

    fn close(&mut self) {
        self.state = State::Closed;
        self.queue = Queue::default();
        self.output = Output::default();
    }

    fn next_step(&mut self, now: Time, input: &mut Input) -> Result<Step, Error> {
        if self.ready.is_none() {
            self.ready = self.look(input)?;
        }
        if self.ready.is_some() {
            return Ok(Step::Event);
        }
        match self.state {
            State::Closed => return Ok(Step::Close),
            State::Securing if !input.is_empty() => return Err(Error::PlaintextAfterStartTls),
            State::Securing => return Ok(Step::Upgrade(Upgrade::Tls)),
            _ if input.is_closed() => return Err(Error::Closed),
            // Bytes that no command asked for are the start of a reply to none.
            _ if self.queue.front().is_some() || input.is_empty() => {
                let pipelining = self.extensions().is_some_and(|offered| offered.pipelining);
                let most = self.config.limits.pipelined.max(1);
                self.queue.release(pipelining, most, &mut self.output);
            }
            _ => {}
        }
        let patience = match (&self.state, self.queue.front()) {
            (State::Sending { .. }, _) if self.output.is_empty() => None,
            (State::Sending { .. }, _) => Some(self.config.timeouts.block),
            (State::Challenged, _) => None,
            (_, Some(verb)) => Some(patience(&self.config, verb)),
            (_, None) if input.is_empty() => None,
            (_, None) => Some(self.config.timeouts.command),
        };
        let Some(patience) = patience else {
            self.deadline = None;
            return Ok(Step::Answer);
        };
        let until = *self.deadline.get_or_insert(now + patience);
        if until <= now {
            return Err(Error::TimedOut);
        }
        let until = Some(until);
        Ok(if self.output.is_empty() { Step::Read { until } } else { Step::Write { until } })
    }
}

impl Connection for Client {
    type Event<'i> = Event<'i>;
    type Error = Error;

    fn poll(&mut self, now: Time, input: &mut Input) -> Result<Step, Error> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        self.next_step(now, input).inspect_err(|error| self.failed = Some(error.clone()))
    }

    fn event<'i>(&mut self, input: &'i mut Input) -> Result<Event<'i>, Error> {
        let ready = self.ready.take().ok_or(Error::NoEvent)?;
        self.deadline = None;
        Ok(match ready {
            Ready::Secured => Event::Secured,
            Ready::WantMessage => {
                if let State::Sending { asked, .. } = &mut self.state {
                    *asked = true;
                }
                Event::WantMessage
            }
            Ready::Challenge(challenge) => {
                self.state = State::Challenged;
                Event::Challenge(challenge)
            }
            Ready::Closing(len) => {
                self.close();
                Event::Closing(Reply::received(input.take(len)))
            }
            Ready::Reply(len) => {
                let command = self.queue.answered().ok_or(Error::NoEvent)?;
                let reply = Reply::received(input.take(len));
                self.learn(command, &reply);
                Event::Reply { command, reply }
            }
        })
    }

    fn output(&mut self) -> &mut Output {
        &mut self.output
    }

    fn upgraded(&mut self) {
        if let State::Securing = self.state {
            self.state = State::Talking;
            self.session = Session { secured: true, ..Session::default() };
            self.ready = Some(Ready::Secured);
        }
    }
}
