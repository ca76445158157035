//! IMAP: an account's mailboxes.

mod append;
mod fetch;
mod mailboxes;
mod messages;
mod search;
mod selected;
mod source;
mod work;

use super::{
    Accepted, Context,
    login::{Login, Outcome, Request, mechanisms},
};
use crate::{drive::tokio::Stream, store::Error};
use append::Appending;
use mailrail_imap::{
    Config, Misuse, Server,
    response::{Code, Id, Namespace, NamespaceDescription, ResponseCode},
    server::Event,
    types::{Capabilities, Capability, Delimiter, IString, Mailbox, Text},
};
use mailrail_wire::Secret;
use selected::Selected;
use std::net::SocketAddr;
use work::Work;

/// What is offered besides TLS and SASL mechanisms.
const OFFER: [Capability; 11] = [
    Capability::Imap4Rev1,
    Capability::LiteralPlus,
    Capability::SaslIr,
    Capability::Enable,
    Capability::Idle,
    Capability::UidPlus,
    Capability::Move,
    Capability::Unselect,
    Capability::Namespace,
    Capability::Id,
    Capability::Children,
];

/// Talks IMAP over an accepted connection until its end.
pub async fn run(context: &Context, accepted: Accepted) {
    let Accepted { service, stream, peer, over_limit, mut shutdown } = accepted;
    let mut link = context.link(service, machine(context, &stream), stream);
    let mut session = Session::new(context, peer, over_limit);
    let mut stopping = false;
    loop {
        let is_idle = link.conn().is_idle();
        // None: it is about the session itself.
        let next = tokio::select! {
            biased;
            () = shutdown.requested(), if !stopping && !session.is_busy() => {
                stopping = true;
                None
            }
            () = session.news(), if is_idle && !stopping => None,
            next = link.next_event() => Some(next),
        };
        match next {
            None if stopping => {
                // Where TLS is being put in place, there is nobody to tell.
                let why = text("the server is shutting down");
                if link.conn().bye(None, why).is_err() {
                    return;
                }
            }
            None => {
                if let Err(error) = session.push(link.conn()).await {
                    return tracing::error!(%peer, %error, "imap");
                }
            }
            Some(Ok(Some((event, imap)))) => {
                // In the middle of a response there is no word for what went wrong: the end is one.
                if let Err(error) = session.answer(event, imap).await {
                    return tracing::error!(%peer, %error, "imap");
                }
                if let Some(request) = session.request.take() {
                    let (login, response) = request.begin(context, link.socket().channel());
                    session.login = login;
                    if let Err(error) = session.step(response, link.conn()) {
                        return tracing::error!(%peer, %error, "imap");
                    }
                }
            }
            Some(Ok(None)) => return,
            Some(Err(error)) => return tracing::debug!(%peer, %error, "imap"),
        }
    }
}

fn machine(context: &Context, stream: &Stream) -> Server {
    let mut offer: Capabilities = OFFER.into_iter().collect();
    if stream.has_tls() {
        offer.insert(Capability::StartTls);
    }
    for mechanism in mechanisms(context, stream) {
        // Those are names.
        let _ = offer.insert_auth(mechanism);
    }
    let mut config = Config::default();
    config.allow_plaintext_auth = context.allow_plaintext;
    config.require_tls_for_auth = !context.allow_plaintext;
    config.limits.append = context.max_message_size;
    if stream.is_secure() { Server::over_tls(offer, config) } else { Server::new(offer, config) }
}

/// Why a session ends in the middle.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error(transparent)]
    Store(#[from] Error),
    #[error(transparent)]
    Misuse(#[from] Misuse),
}

struct Session<'c> {
    context: &'c Context,
    peer: SocketAddr,
    over_limit: bool,
    request: Option<Request>,
    login: Option<Login>,
    /// Whose mailboxes; empty before the login.
    account: String,
    selected: Option<Box<Selected>>,
    appending: Option<Box<Appending>>,
    work: Option<Box<Work>>,
}

impl<'c> Session<'c> {
    fn new(context: &'c Context, peer: SocketAddr, over_limit: bool) -> Self {
        Self {
            context,
            peer,
            over_limit,
            request: None,
            login: None,
            account: String::new(),
            selected: None,
            appending: None,
            work: None,
        }
    }

    /// Whether a command is not yet answered to its end.
    const fn is_busy(&self) -> bool {
        self.work.is_some() || self.appending.is_some()
    }

    async fn answer(&mut self, event: Event<'_>, imap: &mut Server) -> Result<(), Broken> {
        match event {
            Event::Connected if self.over_limit => {
                imap.bye(code(Code::Unavailable), text("too many connections"))?;
            }
            Event::Connected => {
                imap.ok(None, text(&format!("{} IMAP4rev1 ready", self.context.hostname)))?;
            }
            Event::StartTls => imap.ok(None, text("begin TLS"))?,
            Event::Login { user, password } => {
                let accounts = &self.context.accounts;
                let password = std::str::from_utf8(password.expose().as_bytes());
                let account = password.ok().and_then(|it| accounts.log_in(&user.to_str(), it));
                self.let_in(account, imap)?;
            }
            Event::Authenticate { mechanism, initial_response } => {
                self.request = Some(Request::new(mechanism.as_str(), initial_response));
            }
            Event::AuthenticateResponse(response) => self.step(Some(response), imap)?,
            Event::Enable(_) => {
                // Nothing that is offered has to be turned on.
                imap.enabled(Capabilities::default())?;
                imap.done()?;
            }
            Event::Id(_) => {
                imap.id(id())?;
                imap.done()?;
            }
            Event::Namespace => {
                imap.namespace(namespace())?;
                imap.done()?;
            }
            Event::List(list) => self.list(&list, imap).await?,
            Event::Lsub(list) => self.lsub(&list, imap).await?,
            Event::Status(status) => self.status(status, imap).await?,
            Event::Create(create) => self.create(&create.mailbox, imap).await?,
            Event::Delete(mailbox) => self.delete(&mailbox, imap).await?,
            Event::Rename(rename) => self.rename(&rename, imap).await?,
            Event::Subscribe(mailbox) => self.subscribe(&mailbox, true, imap).await?,
            Event::Unsubscribe(mailbox) => self.subscribe(&mailbox, false, imap).await?,
            Event::Select(mailbox) => self.select(&mailbox, false, imap).await?,
            Event::Examine(mailbox) => self.select(&mailbox, true, imap).await?,
            Event::Append(append) => self.append(append, imap).await?,
            Event::AppendData(octets) => self.append_data(octets, imap).await?,
            Event::AppendEnd => self.append_end(imap).await?,
            Event::AppendAborted => self.appending = None,
            Event::Noop | Event::Check => self.begin(work::Job::News, None, imap).await?,
            Event::Close { expunge } => self.close(expunge, imap).await?,
            Event::Unselect => {
                self.selected = None;
                imap.done()?;
            }
            Event::Expunge(expunge) => self.expunge(&expunge, imap).await?,
            Event::Search(search) => self.search(&search, imap).await?,
            Event::Fetch { fetch, sets_seen } => self.fetch(fetch, sets_seen, imap).await?,
            Event::Store(store) => self.store(store, imap).await?,
            Event::Copy(copy) => self.copy(&copy, imap).await?,
            Event::Move(copy) => self.move_to(&copy, imap).await?,
            Event::Idle => self.push(imap).await?,
            Event::WantResponse | Event::WantLiteral { .. } => self.go_on(imap).await?,
            Event::Logout => imap.done()?,
            // `Secured`, `Done`, and what a later version may tell.
            _ => {}
        }
        Ok(())
    }

    fn step(&mut self, response: Option<Secret<Vec<u8>>>, imap: &mut Server) -> Result<(), Misuse> {
        let accounts = &self.context.accounts;
        let outcome = self.login.as_mut().map(|login| login.step(response.as_ref(), accounts));
        let account = match outcome {
            Some(Outcome::Challenge(challenge)) => return imap.challenge(challenge.expose()),
            Some(Outcome::Account(account)) => Some(account),
            Some(Outcome::Refused) | None => None,
        };
        self.login = None;
        self.let_in(account, imap)
    }

    /// Lets an account in; none: whoever it is has shown the wrong password.
    fn let_in(&mut self, account: Option<String>, imap: &mut Server) -> Result<(), Misuse> {
        let peer = self.peer;
        if let Some(account) = account {
            tracing::debug!(%peer, account, "imap: logged in");
            self.account = account;
            return imap.ok(None, text("logged in"));
        }
        tracing::info!(%peer, "imap: wrong name or password");
        imap.no(code(Code::AuthenticationFailed), text("wrong name or password"))
    }

    /// Returns when there may be something to tell of the selected mailbox.
    async fn news(&mut self) {
        match &mut self.selected {
            Some(selected) => selected.news().await,
            None => std::future::pending().await,
        }
    }

    /// Tells what is new, as much as there is room for.
    async fn push(&mut self, imap: &mut Server) -> Result<(), Misuse> {
        let Some(selected) = &mut self.selected else { return Ok(()) };
        selected.sync(&self.context.store).await;
        selected.tell(imap).map(drop)
    }

    /// Answers OK to a command that needs no more, with what is new before it.
    async fn finish(
        &mut self,
        code: Option<ResponseCode<'_>>,
        imap: &mut Server,
    ) -> Result<(), Misuse> {
        self.push(imap).await?;
        imap.ok(code, Text::default())
    }
}

fn id() -> Id<'static> {
    let string = |text: &'static str| IString::try_from(text).unwrap_or_default();
    Id { fields: vec![(string("name"), Some(string("mailrail-server")))] }
}

fn namespace() -> Namespace<'static> {
    let personal =
        NamespaceDescription { prefix: Mailbox::from_name(""), delimiter: Some(Delimiter::SLASH) };
    Namespace { personal: vec![personal], ..Namespace::default() }
}

/// Answers NO to what the store refuses or cannot do.
fn refuse(error: &Error, imap: &mut Server) -> Result<(), Misuse> {
    let (code, why) = match error {
        Error::NoMailbox => (Code::NonExistent, "no such mailbox"),
        Error::MailboxExists => (Code::AlreadyExists, "the mailbox exists"),
        Error::MailboxName => (Code::Cannot, "no mailbox can have that name, or lose it"),
        Error::NoMessage => (Code::ExpungeIssued, "the message was removed meanwhile"),
        error => {
            tracing::error!(%error, "imap");
            (Code::Unavailable, "the mail store does not answer")
        }
    };
    imap.no(Some(ResponseCode::Plain(code)), text(why))
}

/// What cannot be said, as a very strange host name in a greeting, is left out.
fn text(text: &str) -> Text<'_> {
    Text::new(text).unwrap_or_default()
}

const fn code(code: Code) -> Option<ResponseCode<'static>> {
    Some(ResponseCode::Plain(code))
}
