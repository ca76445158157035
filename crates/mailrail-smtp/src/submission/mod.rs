//! The client's whole dialogue.

mod drive;
mod envelope;
mod event;
mod outcome;
mod transaction;

pub use envelope::Envelope;
pub use event::Event;
pub use mailrail_wire::TlsPolicy;
pub use outcome::{Outcome, Reason};

use crate::{Client, Config, Extensions, Host, Misuse, command::Body, delivery::Promises};
use alloc::{boxed::Box, string::ToString as _, vec::Vec};
use bytes::Bytes;
use core::{fmt, time::Duration};
use mailrail_sasl::{Authenticator, Channel, ClientMechanism};
use mailrail_wire::{Connection as _, Time};
use transaction::Transaction;

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
    /// What it calls itself; none once the server takes messages.
    host: Option<Box<Host<'static>>>,
    tls: TlsPolicy,
    login: Option<Box<Login>>,
    allow_plaintext: bool,
    lmtp: bool,
    converts: bool,
    state: State,
    /// The message given, up to its outcome.
    message: Option<Box<Transaction>>,
    /// Whether the last message was begun and not sent: RSET goes before the next.
    is_left_open: bool,
    /// What the server that the last message went to does about it.
    promises: Promises,
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
/// Hello ─► (Securing ─► Hello) ─► LoggingIn ─► Ready ⇄ (Converting ─►) Sending
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
    /// The caller is to convert the message, or not.
    Converting,
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
    WantConversion(Body),
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
            host: Some(Box::new(host.into())),
            tls,
            login: None,
            allow_plaintext,
            lmtp,
            converts: false,
            state: State::Hello,
            message: None,
            is_left_open: false,
            promises: Promises::default(),
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

    /// Has it ask for a conversion ([`Event::WantConversion`]) of a message that the server does not
    /// take as it is. Otherwise such a message is [`Unfit`](crate::Unfit) at once.
    #[must_use]
    pub const fn with_conversion(mut self) -> Self {
        self.converts = true;
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

    /// What the server that the last message went to does about it, so that whoever relays need not.
    #[must_use]
    pub const fn promises(&self) -> Promises {
        self.promises
    }

    /// Whether TLS is in place.
    #[must_use]
    pub const fn is_secured(&self) -> bool {
        self.client.is_secured()
    }

    /// Whether the server takes messages and has none at hand: another can be given, at once or after
    /// a while.
    #[must_use]
    pub const fn is_ready(&self) -> bool {
        matches!(self.state, State::Ready) && self.message.is_none()
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

    /// Answers [`Event::WantConversion`]: the message has that many bytes now, and the pieces given at
    /// [`Event::WantMessage`] are those of the converted one.
    ///
    /// # Errors
    ///
    /// [`Misuse::OutOfTurn`].
    pub fn converted(&mut self, size: u64) -> Result<(), Misuse> {
        self.answer_conversion("converted", Some(size))
    }

    /// Answers [`Event::WantConversion`]: it can't be converted, and is refused.
    ///
    /// # Errors
    ///
    /// [`Misuse::OutOfTurn`].
    pub fn not_converted(&mut self) -> Result<(), Misuse> {
        self.answer_conversion("not_converted", None)
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
}
