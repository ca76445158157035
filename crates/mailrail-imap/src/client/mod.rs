//! The client's side of IMAP.

mod drive;
mod event;
mod messages;
mod pipeline;
mod queue;
mod state;

pub use event::{Event, Tag, Verb};

use crate::{
    Command, Config, Error, Literals, Misuse, command as commands,
    command::encode_authenticate_line,
    framing::ResponseFinder,
    types::{
        Atom, Capabilities, Capability, DateTime, Flag, IString, ListPattern, Mailbox,
        StatusAttribute,
    },
};
use alloc::{boxed::Box, vec::Vec};
use bytes::Bytes;
use core::num::NonZeroUsize;
use mailrail_sasl::sends_password;
use mailrail_wire::{Output, Secret};
use queue::Queue;
use state::{Deadline, Reading, Ready, Session, State};

/// The longest literal that there can be (RFC 9051 §9, `number64`).
const LITERAL_MAX: u64 = i64::MAX.unsigned_abs();

/// A client: commands are methods that queue and return a [`Tag`], responses are [`Event`]s.
///
/// A command is sent once no command that is under way can change its meaning or its answer
/// (RFC 3501 §5.5): questions are pipelined, changes wait for each other; at most
/// [`Limits::pipelined`](crate::Limits::pipelined) are under way. Literals wait for the server
/// where it must be asked first, and not where it offers LITERAL+ or LITERAL- (RFC 7888).
///
/// # What can be given when
///
/// Every method that gives a command returns [`Misuse::NotNow`], and changes nothing,
/// - before the greeting;
/// - where the command is none of the present state: not logged in, logged in, or a mailbox
///   selected (RFC 3501 §3);
/// - behind STARTTLS, LOGIN, AUTHENTICATE, SELECT, EXAMINE, CLOSE, UNSELECT and LOGOUT that are not
///   answered, and behind IDLE before [`done`](Self::done);
/// - where it names messages by sequence numbers, while a command is not answered before whose
///   answer EXPUNGE may come, which makes other numbers of them: all commands but FETCH, STORE and
///   SEARCH without UID. UIDs can be named at any time.
///
/// It returns [`Misuse::NotOffered`] for a command of an extension where the server has told what
/// it can do, and it can't do that; [`Misuse::Argument`] for a list without a member, a message of
/// 2^63 octets or more, and `\Recent` where flags are set; [`Misuse::Closed`] at the end.
///
/// # Waiting
///
/// Where the client has nothing to say, it asks to read, without a deadline: a server may say
/// something at any time. Give it the next command then. While the message of an APPEND is being
/// written, it does not read.
///
/// See the [crate's documentation](crate) for a whole dialogue.
#[derive(Debug)]
pub struct Client {
    config: Config,
    output: Output,
    state: State,
    session: Session,
    secured: bool,
    capabilities: Option<Box<Capabilities>>,
    /// Whether the capabilities were told since the last LOGIN or AUTHENTICATE was sent.
    told: bool,
    queue: Queue,
    responses: ResponseFinder,
    reading: Reading,
    /// The length of an answer to an APPEND whose message is not yet sent to its end.
    early: Option<NonZeroUsize>,
    ready: Option<Ready>,
    deadline: Deadline,
    /// Octets of a literal since the deadline has moved.
    octets: usize,
    /// The server has said BYE, as asked.
    bye: bool,
    failed: Option<Error>,
}

impl Client {
    /// A client for a connection that was just opened; it waits for the greeting.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            config,
            output: Output::default(),
            state: State::Greeting,
            session: Session::NotAuthenticated,
            secured: false,
            capabilities: None,
            told: false,
            queue: Queue::default(),
            responses: ResponseFinder::default(),
            reading: Reading::New,
            early: None,
            ready: None,
            deadline: Deadline::default(),
            octets: 0,
            bye: false,
            failed: None,
        }
    }

    /// A client for a connection that has TLS from its first byte (RFC 8314 §3.2).
    #[must_use]
    pub fn over_tls(config: Config) -> Self {
        Self { secured: true, ..Self::new(config) }
    }

    /// Whether TLS is in place.
    #[must_use]
    pub const fn is_secured(&self) -> bool {
        self.secured
    }

    /// Whether the user is logged in.
    #[must_use]
    pub fn is_authenticated(&self) -> bool {
        self.session != Session::NotAuthenticated
    }

    /// Whether a mailbox is selected.
    #[must_use]
    pub fn is_selected(&self) -> bool {
        self.session == Session::Selected
    }

    /// What the server has said that it can do; none where it has not said so since the
    /// connection, TLS or the login, each of which can change it.
    #[must_use]
    pub fn capabilities(&self) -> Option<&Capabilities> {
        self.capabilities.as_deref()
    }

    /// CAPABILITY: asks what the server can do (RFC 3501 §6.1.1): [`Event::Capability`].
    ///
    /// # Errors
    ///
    /// As the [type's documentation](Self) tells; so it is with all commands.
    pub fn capability(&mut self) -> Result<Tag, Misuse> {
        self.command(Command::Capability)
    }

    /// NOOP: asks for nothing but news (RFC 3501 §6.1.2).
    ///
    /// # Errors
    ///
    /// As [`capability`](Self::capability).
    pub fn noop(&mut self) -> Result<Tag, Misuse> {
        self.command(Command::Noop)
    }

    /// ID: says what this program is, asks what the server is (RFC 2971): [`Event::Id`].
    ///
    /// # Errors
    ///
    /// As [`capability`](Self::capability).
    pub fn id(&mut self, id: commands::Id<'_>) -> Result<Tag, Misuse> {
        self.command(Command::Id(id))
    }

    /// LOGOUT: says goodbye (RFC 3501 §6.1.3). [`Event::Bye`] and the answer come, then the
    /// client asks for [`Step::Close`](mailrail_wire::Step::Close).
    ///
    /// # Errors
    ///
    /// As [`capability`](Self::capability).
    pub fn logout(&mut self) -> Result<Tag, Misuse> {
        self.command(Command::Logout)
    }

    /// STARTTLS (RFC 3501 §6.2.1). Where the server agrees, the client asks for
    /// [`Step::Upgrade`](mailrail_wire::Step::Upgrade), and [`Event::Secured`] follows. Not for a
    /// server that has greeted with PREAUTH: it can't be trusted, and TLS can't be had.
    ///
    /// # Errors
    ///
    /// As [`capability`](Self::capability); [`Misuse::NotNow`] also where TLS is in place.
    pub fn starttls(&mut self) -> Result<Tag, Misuse> {
        if self.secured {
            return Err(Misuse::NotNow);
        }
        self.command(Command::StartTls)
    }

    /// LOGIN: logs in with a password (RFC 3501 §6.2.3).
    ///
    /// # Errors
    ///
    /// As [`capability`](Self::capability); [`Misuse::NotOffered`] where the server says
    /// LOGINDISABLED; [`Misuse::PlaintextAuth`] without TLS.
    pub fn login(&mut self, user: IString<'_>, password: IString<'_>) -> Result<Tag, Misuse> {
        if !self.may_send_password() {
            return Err(Misuse::PlaintextAuth);
        }
        let password = Secret::new(password);
        self.command(Command::Login(commands::Login { user, password }))
    }

    /// AUTHENTICATE: logs in by a SASL mechanism (RFC 3501 §6.2.2), with the response of one in
    /// which the client speaks first; it goes out with the command where the server offers
    /// SASL-IR (RFC 4959), and at the server's first challenge otherwise.
    ///
    /// # Errors
    ///
    /// As [`capability`](Self::capability); [`Misuse::Argument`] where no mechanism has that name;
    /// [`Misuse::NotOffered`] where the server does not offer it; [`Misuse::PlaintextAuth`] where
    /// it shows a password, without TLS.
    pub fn authenticate(
        &mut self,
        mechanism: &str,
        initial_response: Option<&[u8]>,
    ) -> Result<Tag, Misuse> {
        if sends_password(mechanism) && !self.may_send_password() {
            return Err(Misuse::PlaintextAuth);
        }
        let mechanism = Atom::new(mechanism).map_err(|_| Misuse::Argument)?;
        let initial_response = initial_response.map(|bytes| Secret::new(bytes.to_vec()));
        self.command(Command::Authenticate(commands::Authenticate { mechanism, initial_response }))
    }

    /// Answers [`Event::Challenge`].
    ///
    /// # Errors
    ///
    /// [`Misuse::NotNow`] where there is none to answer.
    pub fn authenticate_response(&mut self, response: &[u8]) -> Result<(), Misuse> {
        self.answer_challenge(Some(response))
    }

    /// Answers [`Event::Challenge`]: gives AUTHENTICATE up. The server's refusal follows.
    ///
    /// # Errors
    ///
    /// [`Misuse::NotNow`] where there is none to answer.
    pub fn cancel_authentication(&mut self) -> Result<(), Misuse> {
        self.answer_challenge(None)
    }

    /// ENABLE: turns extensions on (RFC 5161 §3.1): [`Event::Enabled`].
    ///
    /// # Errors
    ///
    /// As [`capability`](Self::capability).
    pub fn enable(&mut self, capabilities: Capabilities) -> Result<Tag, Misuse> {
        self.command(Command::Enable(commands::Enable { capabilities }))
    }

    /// NAMESPACE: asks where mailboxes are (RFC 2342 §5): [`Event::Namespace`].
    ///
    /// # Errors
    ///
    /// As [`capability`](Self::capability).
    pub fn namespace(&mut self) -> Result<Tag, Misuse> {
        self.command(Command::Namespace)
    }

    /// LIST: asks for the names of mailboxes (RFC 3501 §6.3.8): an [`Event::List`] each.
    ///
    /// # Errors
    ///
    /// As [`capability`](Self::capability).
    pub fn list(
        &mut self,
        reference: Mailbox<'_>,
        pattern: ListPattern<'_>,
    ) -> Result<Tag, Misuse> {
        self.command(Command::List(commands::List { reference, pattern }))
    }

    /// LSUB: asks for the names that are subscribed to (RFC 3501 §6.3.9): an [`Event::Lsub`] each.
    ///
    /// # Errors
    ///
    /// As [`capability`](Self::capability).
    pub fn lsub(
        &mut self,
        reference: Mailbox<'_>,
        pattern: ListPattern<'_>,
    ) -> Result<Tag, Misuse> {
        self.command(Command::Lsub(commands::List { reference, pattern }))
    }

    /// STATUS: asks about a mailbox (RFC 3501 §6.3.10): [`Event::MailboxStatus`]. Not meant for
    /// the selected one, about which the server tells by itself.
    ///
    /// # Errors
    ///
    /// As [`capability`](Self::capability).
    pub fn status(
        &mut self,
        mailbox: Mailbox<'_>,
        attributes: impl Into<Vec<StatusAttribute>>,
    ) -> Result<Tag, Misuse> {
        self.command(Command::Status(commands::Status { mailbox, attributes: attributes.into() }))
    }

    /// CREATE: makes a mailbox (RFC 3501 §6.3.3).
    ///
    /// # Errors
    ///
    /// As [`capability`](Self::capability).
    pub fn create(&mut self, mailbox: Mailbox<'_>) -> Result<Tag, Misuse> {
        self.command(Command::Create(commands::Create { mailbox }))
    }

    /// DELETE: removes a mailbox and its messages (RFC 3501 §6.3.4).
    ///
    /// # Errors
    ///
    /// As [`capability`](Self::capability).
    pub fn delete(&mut self, mailbox: Mailbox<'_>) -> Result<Tag, Misuse> {
        self.command(Command::Delete(mailbox))
    }

    /// RENAME: gives a mailbox another name (RFC 3501 §6.3.5).
    ///
    /// # Errors
    ///
    /// As [`capability`](Self::capability).
    pub fn rename(&mut self, from: Mailbox<'_>, to: Mailbox<'_>) -> Result<Tag, Misuse> {
        self.command(Command::Rename(commands::Rename { from, to }))
    }

    /// SUBSCRIBE: adds a name to those of LSUB (RFC 3501 §6.3.6).
    ///
    /// # Errors
    ///
    /// As [`capability`](Self::capability).
    pub fn subscribe(&mut self, mailbox: Mailbox<'_>) -> Result<Tag, Misuse> {
        self.command(Command::Subscribe(mailbox))
    }

    /// UNSUBSCRIBE: takes a name out of those of LSUB (RFC 3501 §6.3.7).
    ///
    /// # Errors
    ///
    /// As [`capability`](Self::capability).
    pub fn unsubscribe(&mut self, mailbox: Mailbox<'_>) -> Result<Tag, Misuse> {
        self.command(Command::Unsubscribe(mailbox))
    }

    /// SELECT: opens a mailbox (RFC 3501 §6.3.1). [`Event::Exists`], [`Event::Flags`] and so on
    /// come before the answer. Where it is refused, no mailbox is selected any more.
    ///
    /// # Errors
    ///
    /// As [`capability`](Self::capability).
    pub fn select(&mut self, mailbox: Mailbox<'_>) -> Result<Tag, Misuse> {
        self.command(Command::Select(commands::Select { mailbox }))
    }

    /// EXAMINE: the same, and changes nothing in it (RFC 3501 §6.3.2).
    ///
    /// # Errors
    ///
    /// As [`capability`](Self::capability).
    pub fn examine(&mut self, mailbox: Mailbox<'_>) -> Result<Tag, Misuse> {
        self.command(Command::Examine(commands::Select { mailbox }))
    }

    /// APPEND: puts a message of `length` octets into a mailbox (RFC 3501 §6.3.11).
    /// [`Event::WantMessage`] asks for it, unless it is refused before.
    ///
    /// # Errors
    ///
    /// As [`capability`](Self::capability).
    pub fn append<'a>(
        &mut self,
        mailbox: Mailbox<'a>,
        flags: impl Into<Vec<Flag<'a>>>,
        date: Option<DateTime>,
        length: u64,
    ) -> Result<Tag, Misuse> {
        let flags = flags.into();
        self.command(Command::Append(commands::Append { mailbox, flags, date, length }))
    }

    /// Answers [`Event::WantMessage`] with a further piece of the message, of any size; it is sent
    /// without being copied. [`Timeouts::transfer`](crate::Timeouts::transfer) is the time to
    /// write it in. An empty piece answers nothing. The message ends with its announced length,
    /// and can't be taken back but by closing the connection.
    ///
    /// # Errors
    ///
    /// [`Misuse::NotNow`]; [`Misuse::LiteralLength`] where the piece is longer than what is left.
    pub fn message(&mut self, piece: Bytes) -> Result<(), Misuse> {
        let State::Sending { left, asked: asked @ true } = &mut self.state else {
            return Err(Misuse::NotNow);
        };
        let len = u64::try_from(piece.len()).unwrap_or(u64::MAX);
        let Some(rest) = left.checked_sub(len) else {
            return Err(Misuse::LiteralLength { left: *left });
        };
        *left = rest;
        *asked = len == 0;
        self.output.payload(piece);
        if rest == 0 {
            self.output.text(b"\r\n");
            self.state = State::Talking;
        }
        Ok(())
    }
    fn may_send_password(&self) -> bool {
        self.secured || self.config.allow_plaintext_auth
    }

    fn command(&mut self, command: Command<'_>) -> Result<Tag, Misuse> {
        if self.failed.is_some() || matches!(self.state, State::Closed) {
            return Err(Misuse::Closed);
        }
        let is_now = !matches!(self.state, State::Greeting | State::Securing)
            && self.queue.is_open()
            && self.session.allows(&command)
            && !(self.queue.is_renumbering() && pipeline::has_sequence_numbers(&command));
        if !is_now {
            return Err(Misuse::NotNow);
        }
        if !is_complete(&command) {
            return Err(Misuse::Argument);
        }
        if !self.offers(&command) {
            return Err(Misuse::NotOffered);
        }
        Ok(self.queue.hold(command.into_owned()))
    }

    /// Whether the server can do that, as far as it has told.
    fn offers(&self, command: &Command<'_>) -> bool {
        let Some(offered) = self.capabilities() else { return true };
        match command {
            Command::Authenticate(it) => offered.has_auth(it.mechanism.as_str()),
            Command::Enable(_) => has(offered, Capability::Enable),
            Command::Expunge(it) => it.uids.is_none() || has(offered, Capability::UidPlus),
            Command::Id(_) => has(offered, Capability::Id),
            Command::Idle => has(offered, Capability::Idle),
            Command::Login(_) => !has(offered, Capability::LoginDisabled),
            Command::Move(_) => has(offered, Capability::Move),
            Command::Namespace => has(offered, Capability::Namespace),
            Command::StartTls => has(offered, Capability::StartTls),
            Command::Unselect => has(offered, Capability::Unselect),
            _ => true,
        }
    }

    fn literals(&self) -> Literals {
        match self.capabilities() {
            Some(offered) if has(offered, Capability::LiteralPlus) => Literals::Plus,
            Some(offered) if has(offered, Capability::LiteralMinus) => Literals::Minus,
            _ => Literals::Synchronizing,
        }
    }

    fn answer_challenge(&mut self, response: Option<&[u8]>) -> Result<(), Misuse> {
        let State::Challenged = self.state else { return Err(Misuse::NotNow) };
        self.state = State::Authenticating { initial_response: None };
        encode_authenticate_line(response, &mut self.output);
        Ok(())
    }
}

/// Whether it is offered: by name, or as a part of IMAP4rev2 (RFC 9051, appendix E).
fn has(offered: &Capabilities, capability: Capability) -> bool {
    let built_in = matches!(
        capability,
        Capability::Enable
            | Capability::Idle
            | Capability::LiteralMinus
            | Capability::Move
            | Capability::Namespace
            | Capability::SaslIr
            | Capability::UidPlus
            | Capability::Unselect
    );
    offered.has(capability) || built_in && offered.has(Capability::Imap4Rev2)
}

/// Whether the command has all that its grammar asks for, and no more.
fn is_complete(command: &Command<'_>) -> bool {
    match command {
        Command::Append(it) => it.length <= LITERAL_MAX && !it.flags.contains(&Flag::Recent),
        Command::Enable(it) => !it.capabilities.is_empty(),
        Command::Fetch(it) => !it.attributes.is_empty(),
        Command::Status(it) => !it.attributes.is_empty(),
        Command::Store(it) => !it.flags.contains(&Flag::Recent),
        _ => true,
    }
}
