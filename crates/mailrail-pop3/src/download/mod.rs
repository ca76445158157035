//! The client's whole session.

mod drive;
mod event;
mod key;
mod login;
mod policy;
mod runs;

pub use event::Event;
pub use key::Key;
pub use mailrail_wire::TlsPolicy;
pub use policy::{Fate, Policy};

use crate::{Capabilities, Client, Config, DropListing, Error, MessageNumber, Misuse};
use alloc::{boxed::Box, collections::VecDeque};
use core::{fmt, time::Duration};
use key::HeaderKey;
use login::Login;
use mailrail_sasl::{Authenticator, Channel};
use runs::Runs;

/// A session that fetches what is new, in the maildrop's order, and deletes or keeps what is held.
///
/// It puts TLS in place as its [`TlsPolicy`] says, says UTF8 where that is offered, so that no message
/// is withheld (RFC 6856 §2.1), logs in, and asks which of the messages are known
/// ([`Event::Listed`]); what the caller has is asked for one at a time, so that the session holds
/// neither it nor the maildrop's list. The new ones come one after the other ([`Event::Begin`],
/// [`Event::Octets`], [`Event::End`]). Once the caller has each of them safely
/// ([`held`](Self::held)), and not before, it may be deleted on the server, as its [`Policy`] says.
///
/// Nothing is deleted before [`Event::Done`], and nothing at all where the session breaks off
/// before QUIT. So nothing is lost or comes twice, whenever that happens, if the caller does two
/// things: keep a message and its key together, both or neither, before it says
/// [`held`](Self::held); and forget a key only at [`Event::Done`]. Of several messages with one key
/// each is told by [`Event::Listed`] and fetched, until the first of them is held.
///
/// ```
/// use bytes::{Buf, Bytes};
/// use core::time::Duration;
/// use mailrail_pop3::download::{Download, Event, Policy, TlsPolicy};
/// use mailrail_pop3::Config;
/// use mailrail_sasl::{Authenticator, Credentials, Nonce};
/// use mailrail_wire::{Connection, Input, Step, Time};
/// use std::collections::HashMap;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let random = [7; 18]; // new for each session
/// let bob = Credentials::password("bob", "secret")?;
/// let mut session = Download::new(TlsPolicy::Implicit, Policy::Delete, Config::default())
///     .with_login(Authenticator::new(bob, Nonce::from_random(&random)));
/// // What was fetched in earlier sessions, by its keys.
/// let mut mail = HashMap::from([("old".to_owned(), b"x\r\n".to_vec())]);
/// let mut coming = Vec::new();
///
/// // As if each write had met with the server's next answer.
/// let mut answers = [
///     "+OK hi", "+OK\r\nPIPELINING\r\nUSER\r\n.", "+OK", "+OK", "+OK 2 20",
///     "+OK\r\n1 old\r\n2 new\r\n.", "+OK\r\n1 3\r\n2 17\r\n.",
///     "+OK\r\nA: b\r\n\r\n..hello\r\n.", "+OK", "+OK\r\n+OK bye",
/// ].into_iter();
/// let mut input = Input::default();
/// loop {
///     match session.poll(Time::default(), &mut input)? {
///         Step::Event => match session.event(&mut input)? {
///             Event::Listed { key, .. } if mail.contains_key(key.as_str()) => {
///                 session.held(Duration::from_secs(86_400))?;
///             }
///             Event::Listed { .. } => session.fetch()?,
///             Event::Begin { .. } => coming.clear(),
///             Event::Octets(octets) => coming.extend_from_slice(octets),
///             Event::End { key, .. } => {
///                 mail.insert(key.to_string(), coming.clone());
///                 session.held(Duration::ZERO)?;
///             }
///             Event::Done { fetched, deleted, .. } => assert_eq!((fetched, deleted), (1, 2)),
///             Event::Refused { request, .. } => panic!("{request:?}"),
///             _ => {}
///         },
///         Step::Write { .. } => {
///             let len = session.output().len();
///             session.output().advance(len);
///         }
///         Step::Read { .. } => {
///             input.extend(answers.next().ok_or("no answer left")?.as_bytes());
///             input.extend(b"\r\n");
///         }
///         _ => break,
///     }
/// }
/// assert_eq!(mail["new"], b"A: b\r\n\r\n.hello\r\n");
/// # Ok(())
/// # }
/// ```
pub struct Download {
    client: Client,
    tls: TlsPolicy,
    policy: Policy,
    login: Option<Box<Login>>,
    allow_plaintext: bool,
    limits: Bounds,
    state: State,
    ready: Option<Ready>,
    owed: Option<Owed>,
    /// What was said of the server before anybody logged in, and then behind that.
    capabilities: Option<Box<Capabilities>>,
    /// How many messages there are.
    count: u32,
    /// The first one not yet told by UIDL.
    next: u32,
    /// Where UIDL's answer is to be taken up again, because no more could be noted of it.
    resume: Option<u32>,
    /// Lines of the present listing.
    lines: u32,
    /// What UIDL has not told a unique-id of.
    untold: Runs,
    /// What is held, and still to be deleted.
    doomed: Runs,
    /// The new messages to be fetched next, the first one being that which is coming.
    batch: VecDeque<New>,
    /// How many of them were asked for.
    asked: usize,
    /// Headers that were asked for and are not there yet.
    flying: usize,
    /// The same of deletions.
    deletions: usize,
    /// Makes the key of what is coming.
    header: Option<Box<HeaderKey>>,
    /// The octets of what is coming, so far.
    octets: u64,
    fetched: u32,
    deleted: u32,
    /// Something of a message was refused.
    refused: bool,
    /// It leaves without having done its work.
    lost: bool,
    failed: Option<Error>,
}

/// A message that the caller wants.
#[derive(Debug)]
struct New {
    message: MessageNumber,
    /// None where it is known only once the message is there.
    key: Option<Box<str>>,
    /// As LIST says.
    octets: Option<u64>,
}

/// What of the limits counts here.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    message: u64,
    messages: u32,
    batch: usize,
}

/// ```text
/// Greeting ─► (Securing) ─► LoggingIn ─► Opening ─► Listing ─► Topping ─► Sizing ─► Fetching
///                                                      ▲          ▲                    │
///                                                      └──────────┴──── Deleting ◄─────┘
/// a refusal: Leaving                                                       └─► Leaving
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Up to the answer to CAPA.
    Greeting,
    /// Up to the answer to STLS.
    Securing,
    LoggingIn,
    /// Up to the answer to STAT.
    Opening,
    /// Within UIDL's answer.
    Listing,
    /// Headers come, of what has no unique-id.
    Topping,
    /// Within LIST's answer.
    Sizing,
    Fetching,
    Deleting,
    /// QUIT was said.
    Leaving,
}

/// An event that is not one of the client's.
#[derive(Debug)]
enum Ready {
    Secured,
    Opened(DropListing),
    NoUniqueIds,
    Listed(MessageNumber, Box<str>),
    TooLarge(MessageNumber, u64),
    Done,
}

/// The answer that is waited for.
#[derive(Debug)]
enum Owed {
    Listed(MessageNumber, Box<str>),
    End(MessageNumber),
}

impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download")
            .field("tls", &self.tls)
            .field("policy", &self.policy)
            .field("state", &self.state)
            .field("fetched", &self.fetched)
            .field("deleted", &self.deleted)
            .finish_non_exhaustive()
    }
}

impl Download {
    /// A session over a connection that was just opened. `config` is the [`Client`]'s:
    /// [`Config::allow_plaintext_auth`] lets it send a password without TLS, which no `tls` implies.
    #[must_use]
    pub fn new(tls: TlsPolicy, policy: Policy, config: Config) -> Self {
        let limits = Bounds {
            message: config.limits.message,
            messages: config.limits.messages,
            batch: config.limits.batch.max(1),
        };
        let allow_plaintext = config.allow_plaintext_auth;
        let client = match tls {
            TlsPolicy::Implicit => Client::over_tls(config),
            TlsPolicy::None | TlsPolicy::Opportunistic | TlsPolicy::Required => Client::new(config),
        };
        Self {
            client,
            tls,
            policy,
            login: None,
            allow_plaintext,
            limits,
            state: State::Greeting,
            ready: None,
            owed: None,
            capabilities: None,
            count: 0,
            next: 1,
            resume: None,
            lines: 0,
            untold: Runs::default(),
            doomed: Runs::default(),
            batch: VecDeque::new(),
            asked: 0,
            flying: 0,
            deletions: 0,
            header: None,
            octets: 0,
            fetched: 0,
            deleted: 0,
            refused: false,
            lost: false,
            failed: None,
        }
    }

    /// Has it log in by the best SASL mechanism that the server offers and the credentials fit; or,
    /// where there is none and they are a password, by APOP without TLS where the server offers
    /// that, and else by USER and PASS. [`Config::allow_plaintext_auth`] goes for the authenticator
    /// too. Without a login the session ends with [`Error::NoLogin`].
    #[must_use]
    pub fn with_login(mut self, authenticator: Authenticator) -> Self {
        self.login = Some(Box::new(Login::new(authenticator)));
        self
    }

    /// What the connection is bound by, so that nobody in between can pass the login on: give it at
    /// [`Event::Secured`], or, where TLS is implicit, before the first poll.
    pub fn bind(&mut self, channel: Channel) {
        if let Some(login) = &mut self.login {
            login.channel = Some(channel);
        }
    }

    /// Whether TLS is in place.
    #[must_use]
    pub const fn is_secured(&self) -> bool {
        self.client.is_secured()
    }

    /// What the server says that it can do; none where it has not, or knows no CAPA.
    #[must_use]
    pub fn capabilities(&self) -> Option<&Capabilities> {
        self.capabilities.as_deref()
    }

    /// Answers [`Event::Listed`]: the message is new, and wanted.
    ///
    /// # Errors
    ///
    /// [`Misuse::NotAsked`] where the last event was another one.
    pub fn fetch(&mut self) -> Result<(), Misuse> {
        match self.owed.take() {
            Some(Owed::Listed(message, key)) => {
                self.want(message, Some(key));
                self.listed();
                Ok(())
            }
            other => {
                self.owed = other;
                Err(Misuse::NotAsked)
            }
        }
    }

    /// Answers [`Event::Listed`] or [`Event::End`]: the caller holds the message safely, whatever
    /// happens now, and has seen it first so long ago (zero: now). Tells what becomes of it on the
    /// server.
    ///
    /// # Errors
    ///
    /// [`Misuse::NotAsked`] where the last event was another one.
    pub fn held(&mut self, first_seen: Duration) -> Result<Fate, Misuse> {
        let fate = self.policy.fate(first_seen);
        match self.owed.take().ok_or(Misuse::NotAsked)? {
            Owed::Listed(message, _) => {
                if fate == Fate::Deleted {
                    self.doomed.push(message.value(), message.value());
                }
                self.listed();
            }
            Owed::End(message) => {
                self.fetched = self.fetched.saturating_add(1);
                if fate == Fate::Deleted {
                    self.deletions += usize::from(self.client.dele(message).is_ok());
                }
            }
        }
        Ok(fate)
    }

    /// Answers [`Event::Listed`] or [`Event::End`]: the message is neither wanted nor held, and
    /// stays on the server.
    ///
    /// # Errors
    ///
    /// [`Misuse::NotAsked`] where the last event was another one.
    pub fn leave(&mut self) -> Result<(), Misuse> {
        match self.owed.take().ok_or(Misuse::NotAsked)? {
            Owed::Listed(..) => self.listed(),
            Owed::End(_) => {}
        }
        Ok(())
    }

    /// Notes a message to be fetched.
    fn want(&mut self, message: MessageNumber, key: Option<Box<str>>) {
        self.batch.push_back(New { message, key, octets: None });
    }

    /// [`Event::Listed`] is answered: stops to list where no more can be noted.
    fn listed(&mut self) {
        if self.state == State::Listing && self.next <= self.count && self.is_full() {
            self.resume = Some(self.next);
        }
    }

    fn is_full(&self) -> bool {
        self.batch.len() >= self.limits.batch
            || self.untold.ranges() >= self.limits.batch
            || self.doomed.ranges() >= self.limits.batch
    }
}
