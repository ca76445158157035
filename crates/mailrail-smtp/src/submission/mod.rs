//! The client's whole dialogue.

mod envelope;
mod outcome;
mod transaction;

pub use envelope::Envelope;
pub use outcome::{Outcome, Reason};

use crate::{
    Client, Config, Error, Extensions, Host, Misuse, Reply, ReplyCode,
    client::{Event as Heard, Verb},
};
use alloc::{boxed::Box, string::ToString as _, vec::Vec};
use bytes::Bytes;
use core::{fmt, iter, time::Duration};
use mailrail_sasl::{Authenticator, Channel, ClientMechanism};
use mailrail_wire::{Connection, Input, Output, Step, Time};
use transaction::Transaction;

/// What TLS is wanted for a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "there is no fifth way")]
pub enum TlsPolicy {
    /// None, whatever is offered.
    None,
    /// STARTTLS where it is offered, and plaintext where it is not (RFC 7435).
    Opportunistic,
    /// STARTTLS, or nothing is sent.
    Required,
    /// TLS is in place from the first byte (RFC 8314 §3.3).
    Implicit,
}

/// What happened, or what is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// TLS is in place. Where the login is to be bound to it, now is the time to
    /// [`bind`](Submission::bind); otherwise nothing is to be done.
    Secured,
    /// The server takes messages, and [`Submission::extensions`] tells which. Where none was given
    /// yet, [`send`](Submission::send) or [`quit`](Submission::quit) goes on.
    Ready,
    /// The next piece of the message is due: answer with [`Submission::message`] or
    /// [`Submission::end_message`].
    WantMessage,
    /// What became of the message, for each recipient in the envelope's order. Go on with
    /// [`send`](Submission::send) or [`quit`](Submission::quit).
    Outcome(Vec<Outcome>),
}

/// A client that has the whole dialogue: it is given envelopes and messages, and tells what became
/// of each message for each of its recipients.
///
/// It says EHLO, or HELO where that is refused; puts TLS in place as its [`TlsPolicy`] says; logs in
/// by the best mechanism that the server offers; and sends messages one after the other,
/// with the parameters that each needs. A refused recipient does not keep the others from theirs.
/// It serves submission (RFC 6409) and relaying, and with [`Config::lmtp`] local delivery (RFC 2033),
/// where each recipient has a reply of its own to the message. The message goes by BDAT where that
/// is offered along with PIPELINING.
///
/// Whatever happens, each message given has exactly one outcome for each recipient: by
/// [`Event::Outcome`], or, where the transport failed, by [`abandon`](Self::abandon). What goes
/// wrong before the first message is its outcome too; then the connection is closed.
///
/// ```
/// use bytes::{Buf, Bytes};
/// use mailrail_smtp::{Config, Domain, Mailbox};
/// use mailrail_smtp::submission::{Envelope, Event, Submission, TlsPolicy};
/// use mailrail_wire::{Connection, Input, Step, Time};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let (alice, bob): (Mailbox, Mailbox) = ("alice@north.test".parse()?, "bob@south.test".parse()?);
/// let host: Domain = "north.test".parse()?;
/// let mut submission = Submission::new(host, TlsPolicy::None, Config::default());
/// submission.send(Envelope::new(alice.into()).to(bob))?;
/// let mut message = Some(Bytes::from("Subject: lunch\r\n\r\nAt noon?\r\n"));
///
/// // As if each write had met with the server's next reply.
/// let mut replies = ["220 hi", "250 hi", "250 ok", "250 ok", "354 go", "250 taken", "221 bye"].into_iter();
/// let (mut input, mut outcomes) = (Input::default(), Vec::new());
/// loop {
///     match submission.poll(Time::default(), &mut input)? {
///         Step::Event => match submission.event(&mut input)? {
///             Event::WantMessage => match message.take() {
///                 Some(piece) => submission.message(piece)?,
///                 None => submission.end_message()?,
///             },
///             Event::Outcome(each) => {
///                 outcomes = each;
///                 submission.quit()?;
///             }
///             _ => {}
///         },
///         Step::Write { .. } => {
///             let len = submission.output().len();
///             submission.output().advance(len);
///         }
///         Step::Read { .. } => {
///             input.extend(replies.next().ok_or("no reply left")?.as_bytes());
///             input.extend(b"\r\n");
///         }
///         _ => break,
///     }
/// }
/// assert!(outcomes.len() == 1 && outcomes[0].is_accepted());
/// # Ok(())
/// # }
/// ```
pub struct Submission {
    client: Client,
    host: Host<'static>,
    tls: TlsPolicy,
    login: Option<Box<Login>>,
    allow_plaintext: bool,
    lmtp: bool,
    state: State,
    /// The message given, up to its outcome.
    message: Option<Box<Transaction>>,
    /// Whether the last message was begun and not sent: RSET goes before the next.
    is_left_open: bool,
    /// Whether the last message went to a server that reports.
    has_dsn: bool,
    /// How long the server may take for its goodbye, and until when that is.
    last_words: Duration,
    goodbye: Option<Time>,
    ready: Option<Ready>,
}

/// How it logs in.
#[derive(Debug)]
struct Login {
    authenticator: Authenticator,
    /// What the caller knows of the TLS connection.
    channel: Option<Channel>,
    /// The one chosen.
    mechanism: Option<Box<dyn ClientMechanism>>,
}

/// ```text
/// Hello ─► (Securing ─► Hello) ─► LoggingIn ─► Ready ⇄ Sending
///   └────────────┴──────────────────┴───────────┴─ quit, or a refusal ─► Leaving
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Up to the reply to EHLO or HELO.
    Hello,
    /// STARTTLS was agreed on, and has not succeeded yet.
    Securing,
    LoggingIn,
    Ready,
    Sending,
    /// All is said but QUIT: what happens now changes nothing.
    Leaving,
    /// The connection is of no more use.
    Lost,
}

/// What `event` will tell.
#[derive(Debug, Clone, Copy)]
enum Ready {
    Secured,
    Entered,
    WantMessage,
    Outcome,
}

impl Submission {
    /// A submission by `host`, as it calls itself in EHLO, over a connection that was just opened.
    ///
    /// With [`Config::lmtp`] it speaks LMTP. [`Config::allow_plaintext_auth`] lets it send a password without TLS; no policy implies that.
    #[must_use]
    pub fn new(host: impl Into<Host<'static>>, tls: TlsPolicy, config: Config) -> Self {
        let (allow_plaintext, lmtp) = (config.allow_plaintext_auth, config.lmtp);
        let last_words = config.timeouts.last_words;
        let client = match tls {
            TlsPolicy::Implicit => Client::over_tls(config),
            TlsPolicy::None | TlsPolicy::Opportunistic | TlsPolicy::Required => Client::new(config),
        };
        Self {
            client,
            host: host.into(),
            tls,
            login: None,
            allow_plaintext,
            lmtp,
            state: State::Hello,
            message: None,
            is_left_open: false,
            has_dsn: false,
            last_words,
            goodbye: None,
            ready: None,
        }
    }

    /// Has it log in first, by the best mechanism that the server offers.
    /// [`Config::allow_plaintext_auth`] goes for the authenticator too.
    #[must_use]
    pub fn with_login(mut self, authenticator: Authenticator) -> Self {
        let authenticator =
            if self.allow_plaintext { authenticator.allow_plaintext() } else { authenticator };
        let login = Login { authenticator, channel: None, mechanism: None };
        self.login = Some(Box::new(login));
        self
    }

    /// Tells what the TLS connection is called at both ends, so that the login is bound to it and
    /// nobody in between can pass it on: call it at [`Event::Secured`], or, where TLS is implicit,
    /// before the first poll.
    pub fn bind(&mut self, channel: Channel) {
        if let Some(login) = &mut self.login {
            login.channel = Some(channel);
        }
    }

    /// What the server offers; none before it was said, and where the server knows HELO alone.
    #[must_use]
    pub fn extensions(&self) -> Option<&Extensions> {
        self.client.extensions()
    }

    /// Whether the last message went to a server that reports what becomes of it, so that whoever
    /// relays need not (DSN, RFC 3461 §5.2.2).
    #[must_use]
    pub const fn has_dsn(&self) -> bool {
        self.has_dsn
    }

    /// Whether TLS is in place.
    #[must_use]
    pub const fn is_secured(&self) -> bool {
        self.client.is_secured()
    }

    /// Gives the next message. It can be given at any time before the first poll, and after each
    /// outcome.
    ///
    /// # Errors
    ///
    /// [`Misuse::OutOfTurn`] where another message has no outcome yet, where there are no
    /// recipients, and once the connection is being closed.
    pub fn send(&mut self, envelope: Envelope) -> Result<(), Misuse> {
        let is_free = self.message.is_none() && !self.is_over();
        if !is_free || envelope.recipients.is_empty() {
            return Err(Misuse::OutOfTurn { call: "send" });
        }
        self.message = Some(Box::new(Transaction::new(envelope)));
        Ok(())
    }

    /// Answers [`Event::WantMessage`], as [`Client::message`] does.
    ///
    /// # Errors
    ///
    /// Those of [`Client::message`].
    pub fn message(&mut self, piece: Bytes) -> Result<(), Misuse> {
        self.client.message(piece)
    }

    /// Answers [`Event::WantMessage`] with the rest of the message.
    ///
    /// # Errors
    ///
    /// Those of [`Client::last_message`].
    pub fn last_message(&mut self, piece: Bytes) -> Result<(), Misuse> {
        self.client.last_message(piece)?;
        self.whole();
        Ok(())
    }

    /// Answers [`Event::WantMessage`]: that was the whole message.
    ///
    /// # Errors
    ///
    /// Those of [`Client::end_message`].
    pub fn end_message(&mut self) -> Result<(), Misuse> {
        self.client.end_message()?;
        self.whole();
        Ok(())
    }

    fn whole(&mut self) {
        if let Some(message) = &mut self.message {
            message.is_whole = true;
        }
    }

    /// Says goodbye. Where the server is silent then, the connection is closed all the same, after
    /// [`Timeouts::last_words`](crate::Timeouts::last_words).
    ///
    /// # Errors
    ///
    /// [`Misuse::OutOfTurn`] where a message has no outcome yet.
    pub fn quit(&mut self) -> Result<(), Misuse> {
        if self.message.is_some() || matches!(self.state, State::Securing | State::LoggingIn) {
            return Err(Misuse::OutOfTurn { call: "quit" });
        }
        if !self.is_over() {
            self.client.quit()?;
            self.state = State::Leaving;
        }
        Ok(())
    }

    /// Says that the transport failed, or that the message can't be read to its end: the connection
    /// is closed without another word, and what became of the message is told, if one was given and
    /// had no outcome yet. `why` is for people to read.
    pub fn abandon(&mut self, why: impl fmt::Display) -> Option<Vec<Outcome>> {
        let securing = self.state == State::Securing;
        let why = why.to_string();
        self.settle_rest(if securing { Reason::Tls(why) } else { Reason::Broken(why) });
        self.ready = None;
        self.state = State::Lost;
        self.message.take().map(|message| message.into_outcomes())
    }

    const fn may_say_helo(&self) -> bool {
        !self.lmtp && !self.client.is_secured()
    }

    const fn is_over(&self) -> bool {
        matches!(self.state, State::Leaving | State::Lost)
    }

    /// All that have no outcome: they are to be tried again, unless the server may have it all.
    fn settle_rest(&mut self, reason: Reason) {
        let is_sent = self.client.output().is_empty();
        if let Some(message) = &mut self.message {
            let is_unknown = message.is_whole && is_sent;
            message.settle(&if is_unknown {
                Outcome::Unknown(reason)
            } else {
                Outcome::Deferred(reason)
            });
        }
    }

    fn hear(&mut self, event: Heard<'_>) -> Result<(), Misuse> {
        match event {
            Heard::Reply { command, reply } => self.reply(command, reply),
            Heard::Closing(reply) => {
                self.leave(Outcome::Deferred(Reason::Host(reply.into_owned())));
                Ok(())
            }
            Heard::Challenge(challenge) => {
                let login = self.login.as_mut();
                let mechanism = login.and_then(|login| login.mechanism.as_mut());
                match mechanism.map(|mechanism| mechanism.step(challenge.expose())) {
                    Some(Ok(response)) => self.client.authenticate_response(response.expose()),
                    _ => self.client.cancel_authentication(),
                }
            }
            Heard::WantMessage => {
                self.ready = Some(Ready::WantMessage);
                Ok(())
            }
            Heard::NoRecipients => {
                self.not_sent();
                Ok(())
            }
            Heard::Secured => {
                self.state = State::Hello;
                self.ready = Some(Ready::Secured);
                self.client.ehlo(self.host.clone())
            }
        }
    }

    fn reply(&mut self, command: Verb, reply: Reply<'_>) -> Result<(), Misuse> {
        let done = reply.code().is_completion();
        match command {
            Verb::Greeting if done => self.client.ehlo(self.host.clone()),
            Verb::Ehlo | Verb::Helo if done => self.secure(),
            // A server of RFC 821's days. After TLS, and in LMTP, it is none.
            Verb::Ehlo if reply.code().is_permanent() && self.may_say_helo() => {
                self.client.helo(self.host.clone())
            }
            // Any other code is no agreement.
            Verb::StartTls if reply.code() == ReplyCode::READY => {
                self.state = State::Securing;
                Ok(())
            }
            Verb::StartTls if self.tls == TlsPolicy::Opportunistic => self.log_in(),
            Verb::Auth => self.logged_in(reply),
            Verb::Greeting | Verb::Ehlo | Verb::Helo | Verb::StartTls => {
                self.give_up(Outcome::refusal(reply.into_owned(), Reason::Host))
            }
            Verb::Quit => Ok(()),
            _ => self.transact(command, reply),
        }
    }

    /// After EHLO.
    fn secure(&mut self) -> Result<(), Misuse> {
        let offered = self.extensions().is_some_and(|offered| offered.starttls);
        match self.tls {
            _ if self.client.is_secured() => self.log_in(),
            TlsPolicy::Opportunistic | TlsPolicy::Required if offered => self.client.starttls(),
            TlsPolicy::Required => self.give_up(Outcome::Refused(Reason::Insecure)),
            TlsPolicy::None | TlsPolicy::Opportunistic | TlsPolicy::Implicit => self.log_in(),
        }
    }

    fn log_in(&mut self) -> Result<(), Misuse> {
        let is_secured = self.client.is_secured();
        let Some(login) = &mut self.login else { return self.enter() };
        let channel = match login.channel.take() {
            Some(channel) if is_secured => channel,
            None if is_secured => Channel::tls(),
            _ => Channel::plaintext(),
        };
        let offered = self.client.extensions().into_iter().flat_map(Extensions::mechanisms);
        let chosen = login.authenticator.choose(offered, &channel).and_then(|mut mechanism| {
            let response = mechanism.initial_response()?;
            Ok((mechanism.name(), response, mechanism))
        });
        let (name, response, mechanism) = match chosen {
            Ok(chosen) => chosen,
            Err(mailrail_sasl::Error::NotSecure) => {
                return self.give_up(Outcome::Refused(Reason::Insecure));
            }
            Err(error) => return self.give_up(Outcome::Refused(Reason::NoMechanism(error))),
        };
        login.mechanism = Some(mechanism);
        self.state = State::LoggingIn;
        let response = response.as_ref().map(|response| &response.expose()[..]);
        self.client.authenticate(name, response)
    }

    fn logged_in(&mut self, reply: Reply<'_>) -> Result<(), Misuse> {
        let mechanism = self.login.take().and_then(|login| login.mechanism);
        let is_proved = mechanism.is_some_and(|mechanism| mechanism.is_complete());
        match reply.code().is_completion() {
            true if is_proved => self.enter(),
            true => self.give_up(Outcome::Refused(Reason::Unproved)),
            false => self.give_up(Outcome::refusal(reply.into_owned(), Reason::Host)),
        }
    }

    /// The server takes messages.
    fn enter(&mut self) -> Result<(), Misuse> {
        self.state = State::Ready;
        self.ready = Some(Ready::Entered);
        Ok(())
    }

    /// Settles what is not settled, and leaves with a goodbye.
    fn give_up(&mut self, outcome: Outcome) -> Result<(), Misuse> {
        self.leave(outcome);
        self.client.quit()
    }

    /// Settles what is not settled: the connection is over.
    fn leave(&mut self, outcome: Outcome) {
        self.state = State::Leaving;
        if let Some(message) = &mut self.message {
            message.settle(&outcome);
            self.ready = Some(Ready::Outcome);
        }
    }

    /// A server that is silent at the end is not waited for as long as one that works.
    fn leave_by(&mut self, now: Time, step: Step) -> Step {
        let by = *self.goodbye.get_or_insert(now + self.last_words);
        match step {
            Step::Read { .. } | Step::Write { .. } if by <= now => self.close(),
            Step::Read { until } => Step::Read { until: until.min(Some(by)) },
            Step::Write { until } => Step::Write { until: until.min(Some(by)) },
            step => step,
        }
    }

    /// What is not written yet is of no use to anybody.
    fn close(&mut self) -> Step {
        *self.client.output() = Output::default();
        Step::Close
    }

    /// Turns what ends the conversation into an outcome first.
    fn failed(&mut self, error: &dyn fmt::Display) {
        self.settle_rest(Reason::Broken(error.to_string()));
        self.state = State::Lost;
        self.ready = self.message.as_ref().map(|_| Ready::Outcome);
    }
}

impl Connection for Submission {
    type Event<'i> = Event;
    type Error = Error;

    fn poll(&mut self, now: Time, input: &mut Input) -> Result<Step, Error> {
        // Each turn uses up a reply.
        for () in iter::repeat(()) {
            if self.ready.is_some() {
                break;
            }
            let heard = if self.state == State::Ready && self.message.is_some() {
                self.begin()
            } else {
                match (self.client.poll(now, input), self.state) {
                    // How the server takes the goodbye is all one.
                    (Err(_), State::Leaving) | (Ok(_), State::Lost) => return Ok(self.close()),
                    (Err(error), State::Lost) => return Err(error),
                    (Ok(Step::Event), _) => {
                        let event = self.client.event(input)?;
                        self.hear(event)
                    }
                    (Err(error), _) => {
                        self.failed(&error);
                        Ok(())
                    }
                    (step, State::Leaving) => return Ok(self.leave_by(now, step?)),
                    (step, _) => return step,
                }
            };
            if let Err(misuse) = heard {
                self.failed(&misuse);
            }
        }
        Ok(Step::Event)
    }

    fn event(&mut self, _: &mut Input) -> Result<Event, Error> {
        Ok(match self.ready.take().ok_or(Error::NoEvent)? {
            Ready::Secured => Event::Secured,
            Ready::Entered => Event::Ready,
            Ready::WantMessage => Event::WantMessage,
            Ready::Outcome => {
                let message = self.message.take();
                Event::Outcome(message.map(|message| message.into_outcomes()).unwrap_or_default())
            }
        })
    }

    fn output(&mut self) -> &mut Output {
        self.client.output()
    }

    fn upgraded(&mut self) {
        self.client.upgraded();
    }
}

impl fmt::Debug for Submission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Submission").field("state", &self.state).finish_non_exhaustive()
    }
}
