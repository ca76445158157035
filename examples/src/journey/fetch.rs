//! Bob's programs: one fetches by POP3, one by IMAP, and one idles.

use super::Stop;
use crate::drive::tokio::{Link, Stream};
use mailrail_imap::{
    Client as Imap,
    client::{Event as ImapEvent, Verb},
    command::StoreMode,
    response::{FetchItem, Status},
    types::{FetchAttribute, Flag, IString, Mailbox, Section, SequenceSet},
};
use mailrail_pop3::{
    Client as Pop3, MessageNumber, Password, UserName,
    client::{Event as Pop3Event, Request},
};
use std::fmt;
use tokio::{sync::mpsc, task::JoinHandle};

/// Who fetches.
#[derive(Debug, Clone, Copy)]
pub(super) struct User {
    pub(super) name: &'static str,
    pub(super) password: &'static str,
}

/// Fetches the first message by POP3 over STLS, and leaves it on the server.
pub(super) async fn pop3(user: User, mut link: Link<Pop3, Stream>) -> Result<Vec<u8>, Stop> {
    let stop = |why: &dyn fmt::Display| Stop::new("POP3", why);
    let first = MessageNumber::new(1).ok_or_else(|| stop(&"no number"))?;
    let mut message = Vec::new();
    while let Some((event, pop3)) = link.next_event().await.map_err(|e| stop(&e))? {
        match event {
            Pop3Event::Greeting { .. } => pop3.stls(),
            Pop3Event::Secured => {
                let name = UserName::parse(user.name.as_bytes()).map_err(|e| stop(&e))?;
                let password = Password::parse(user.password.as_bytes()).map_err(|e| stop(&e))?;
                pop3.login(name, password)
            }
            Pop3Event::Ok { request: Request::Login, .. } => pop3.retr(first),
            Pop3Event::Message { octets, .. } => {
                message.extend_from_slice(octets);
                Ok(())
            }
            Pop3Event::End { request: Request::Retr(_) } => pop3.quit(),
            Pop3Event::Err { text, .. } | Pop3Event::Refused { text, .. } => {
                return Err(stop(&String::from_utf8_lossy(text)));
            }
            _ => Ok(()),
        }
        .map_err(|e| stop(&e))?;
    }
    Ok(message)
}

/// Says what all IMAP dialogues begin with: STARTTLS, LOGIN, SELECT.
fn begin(event: &ImapEvent<'_>, user: User, imap: &mut Imap) -> Result<(), Stop> {
    let stop = |why: &dyn fmt::Display| Stop::new("IMAP", why);
    match event {
        ImapEvent::Greeting { .. } => imap.starttls().map(drop),
        ImapEvent::Secured => {
            let [name, password] =
                [user.name, user.password].map(|text| IString::new(text.as_bytes()));
            let (name, password) = (name.map_err(|e| stop(&e))?, password.map_err(|e| stop(&e))?);
            imap.login(name, password).map(drop)
        }
        ImapEvent::Completed { status: Status::No | Status::Bad, command, text, .. } => {
            return Err(stop(&format!("{command:?} was refused: {text}")));
        }
        ImapEvent::Completed { command: Verb::Login, .. } => {
            imap.select(Mailbox::inbox()).map(drop)
        }
        _ => Ok(()),
    }
    .map_err(|e| stop(&e))
}

/// Fetches the mailbox's messages by IMAP over STARTTLS, joined, and then sets `\Seen`.
pub(super) async fn imap(user: User, mut link: Link<Imap, Stream>) -> Result<Vec<u8>, Stop> {
    let stop = |why: &dyn fmt::Display| Stop::new("IMAP", why);
    let mut message = Vec::new();
    while let Some((event, imap)) = link.next_event().await.map_err(|e| stop(&e))? {
        begin(&event, user, imap)?;
        match event {
            ImapEvent::Completed { command: Verb::Select, .. } => {
                let whole = FetchAttribute::section(Section::whole(), None, true);
                imap.uid_fetch(SequenceSet::all(), [whole]).map(drop)
            }
            ImapEvent::Literal(octets) => {
                message.extend_from_slice(octets);
                Ok(())
            }
            ImapEvent::Completed { command: Verb::Fetch, .. } => {
                imap.uid_store(SequenceSet::all(), StoreMode::Add, true, [Flag::Seen]).map(drop)
            }
            ImapEvent::Completed { command: Verb::Store, .. } => imap.logout().map(drop),
            _ => Ok(()),
        }
        .map_err(|e| stop(&e))?;
    }
    Ok(message)
}

/// What an idling program was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum News {
    /// It idles from now on.
    Idling,
    /// There are that many messages.
    Exists(u32),
    /// A message has `\Seen`.
    Seen(u32),
}

/// A program that idles in INBOX; it ends when this is dropped.
#[derive(Debug)]
pub(super) struct Watch {
    news: mpsc::Receiver<Result<News, Stop>>,
    task: JoinHandle<()>,
}

impl Watch {
    pub(super) fn start(user: User, link: Link<Imap, Stream>) -> Self {
        let (tell, news) = mpsc::channel(16);
        let task = tokio::spawn(async move {
            if let Err(stop) = watch(user, link, &tell).await {
                // Nobody listens any more where this fails.
                let _ = tell.send(Err(stop)).await;
            }
        });
        Self { news, task }
    }

    /// Waits until `wanted` is told.
    pub(super) async fn until(&mut self, wanted: impl Fn(&News) -> bool) -> Result<News, Stop> {
        loop {
            match self.news.recv().await {
                Some(Ok(news)) if wanted(&news) => return Ok(news),
                Some(Ok(_)) => {}
                Some(Err(stop)) => return Err(stop),
                None => return Err(Stop::new("IMAP", "the server ended IDLE")),
            }
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn watch(
    user: User,
    mut link: Link<Imap, Stream>,
    tell: &mpsc::Sender<Result<News, Stop>>,
) -> Result<(), Stop> {
    let stop = |why: &dyn fmt::Display| Stop::new("IMAP IDLE", why);
    while let Some((event, imap)) = link.next_event().await.map_err(|e| stop(&e))? {
        begin(&event, user, imap)?;
        let news = match event {
            ImapEvent::Completed { command: Verb::Select, .. } => {
                imap.idle().map_err(|e| stop(&e))?;
                None
            }
            ImapEvent::Idling => Some(News::Idling),
            ImapEvent::Exists(n) => Some(News::Exists(n)),
            ImapEvent::Fetch(fetch) => fetch.items.iter().find_map(|item| match item {
                FetchItem::Flags(flags) if flags.contains(&Flag::Seen) => {
                    Some(News::Seen(fetch.seq.get()))
                }
                _ => None,
            }),
            _ => None,
        };
        if let Some(news) = news
            && tell.send(Ok(news)).await.is_err()
        {
            break;
        }
    }
    Ok(())
}
