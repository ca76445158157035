//! Both sides of a session: a server with mail, and somebody who keeps what is fetched.

use alloc::collections::BTreeMap;
use bytes::{Buf, Bytes};
use core::time::Duration;
use mailrail_pop3::{
    Capabilities, Config, Download, DropListing, Error, MessageNumber, Misuse, Server, Text,
    UniqueId,
    client::Request,
    download::{Event, Fate, Policy, TlsPolicy},
    server,
};
use mailrail_sasl::{Authenticator, Credentials, Nonce};
use mailrail_wire::{Connection, Input, Step, Time};

pub(crate) const DAY: Duration = Duration::from_secs(86_400);

/// A server's mail: unique-ids and messages.
#[derive(Debug, Clone, Default)]
pub(crate) struct Store {
    pub(crate) messages: Vec<(String, Vec<u8>)>,
    sending: Option<(usize, usize)>,
    /// Messages that RETR, TOP or DELE does not get.
    pub(crate) locked: Vec<u32>,
}

impl Store {
    pub(crate) fn new(ids: impl IntoIterator<Item = u32>) -> Self {
        let messages = ids.into_iter().map(|n| (format!("id-{n}"), message(n))).collect();
        Self { messages, ..Self::default() }
    }

    pub(crate) fn answer(&mut self, event: server::Event<'_>, server: &mut Server) {
        use server::Event as E;
        let get = |message: MessageNumber| self.messages.get(message.index()).unwrap();
        let is_locked = |message: &MessageNumber| self.locked.contains(&message.value());
        let done = match event {
            E::Login { .. } | E::Apop { .. } | E::Authenticate { .. } => {
                let octets = self.messages.iter().map(|(_, text)| text.len() as u64).sum();
                let messages = u32::try_from(self.messages.len()).unwrap();
                server.open(DropListing { messages, octets })
            }
            E::WantSize(message) => server.size(get(message).1.len() as u64),
            E::WantUniqueId(message) => match UniqueId::parse(get(message).0.as_bytes()) {
                Ok(id) => server.unique_id(id),
                Err(_) => server.err(None, Text::NONE),
            },
            E::Retr(message) | E::Top { message, .. } if is_locked(&message) => {
                server.err(None, Text::new("locked").unwrap())
            }
            E::Retr(message) | E::Top { message, .. } => {
                self.sending = Some((message.index(), 0));
                server.ok(Text::NONE)
            }
            E::WantMessage => {
                let (message, at) = self.sending.as_mut().unwrap();
                let rest = &self.messages[*message].1[*at..];
                let piece = &rest[..rest.len().min(100)];
                *at += piece.len();
                match piece {
                    [] => server.end_message(),
                    piece => server.message(Bytes::copy_from_slice(piece)),
                }
            }
            E::Quit { deleted } => {
                let mut number = 0;
                self.messages.retain(|_| {
                    number += 1;
                    !deleted.contains(MessageNumber::new(number).unwrap())
                });
                server.ok(Text::new("bye").unwrap())
            }
            E::EndOfMessage(_) | E::Secured => Ok(()),
            _ => server.ok(Text::NONE),
        };
        assert_eq!(done, Ok(()));
    }
}

pub(crate) fn message(n: u32) -> Vec<u8> {
    format!("Received: by s; {n}\r\nMessage-ID: <{n}@s>\r\n\r\n.{n}\r\n").into_bytes()
}

/// Somebody who keeps mail.
#[derive(Debug, Clone, Default)]
pub(crate) struct Mail {
    /// What was kept, in order, with its key.
    pub(crate) kept: Vec<(String, Vec<u8>)>,
    /// The keys that are known, and the day on which each was first seen.
    pub(crate) seen: BTreeMap<String, u32>,
    pub(crate) today: u32,
    /// What this session has told of keys.
    listed: BTreeMap<String, Fate>,
    coming: Vec<u8>,
    /// What else happened.
    pub(crate) told: Vec<String>,
    pub(crate) done: bool,
}

impl Mail {
    pub(crate) fn answer(&mut self, event: Event<'_>, download: &mut Download) {
        let mut answer = None;
        match event {
            Event::Listed { key, .. } => {
                answer = Some((key.to_string(), self.seen.get(key.as_str()).copied()));
            }
            Event::Begin { .. } => self.coming.clear(),
            Event::Octets(octets) => {
                assert!(!octets.is_empty());
                self.coming.extend_from_slice(octets);
            }
            Event::End { key, octets, .. } => {
                assert_eq!(octets, self.coming.len() as u64);
                if !self.seen.contains_key(key.as_str()) {
                    self.kept.push((key.to_string(), self.coming.clone()));
                }
                assert_eq!(download.fetch(), Err(Misuse::NotAsked));
                let first = *self.seen.entry(key.to_string()).or_insert(self.today);
                answer = Some((key.to_string(), Some(first)));
            }
            Event::Refused { request, .. } => {
                let request = match request {
                    Some(Request::Retr(message)) => format!("Retr {message}"),
                    Some(Request::Dele(message)) => format!("Dele {message}"),
                    request => format!("{request:?}"),
                };
                self.told.push(format!("refused {request}"));
            }
            Event::TooLarge { message, octets } => {
                self.told.push(format!("message {message} has {octets}"));
            }
            Event::NoUniqueIds => self.told.push("no unique-ids".to_owned()),
            Event::Opened { .. } => {
                self.listed.clear();
                self.done = false;
            }
            Event::Done { fetched, deleted, forget } => {
                self.done = true;
                self.told.push(format!("{fetched} fetched, {deleted} deleted"));
                if forget {
                    let listed = &self.listed;
                    self.seen.retain(|key, _| listed.get(key) == Some(&Fate::Kept));
                }
            }
            event => panic!("{event:?}"),
        }
        match answer {
            None => {}
            Some((_, None)) => download.fetch().unwrap(),
            Some((key, Some(first))) => {
                let fate = download.held(DAY * (self.today - first)).unwrap();
                self.listed.insert(key, fate);
            }
        }
    }

    /// Each message was kept once, as the server had it.
    pub(crate) fn has_once(&self, store: &Store) {
        let mut kept = self.kept.clone();
        kept.sort();
        let mut wanted = store.messages.clone();
        wanted.sort();
        assert_eq!(kept, wanted);
    }
}

pub(crate) fn offer() -> Capabilities {
    Capabilities::all()
}

pub(crate) fn login(user: &str, password: &str) -> Authenticator {
    let credentials = Credentials::password(user, password).unwrap();
    Authenticator::new(credentials, Nonce::from_random(&[7; 18]))
}

pub(crate) fn download(policy: Policy, config: &Config) -> Download {
    Download::new(TlsPolicy::Implicit, policy, config.clone()).with_login(login("bob", "x"))
}

/// Runs a session in which `budget` bytes cross the line, both ways together, before it breaks.
/// Tells how many crossed, and how it ended.
pub(crate) fn session(
    store: &mut Store,
    mail: &mut Mail,
    mut download: Download,
    offer: Capabilities,
    budget: usize,
) -> (usize, Result<(), Error>) {
    let mut server = Server::over_tls(offer, Config::default());
    let (mut to_client, mut to_server) = (Input::default(), Input::default());
    let now = Time::default();
    let mut left = budget;
    loop {
        // The server first, as far as it gets.
        loop {
            match server.poll(now, &mut to_server) {
                Ok(Step::Event) => {
                    let event = server.event(&mut to_server).unwrap();
                    store.answer(event, &mut server);
                }
                Ok(Step::Write { .. }) if left > 0 => {
                    let n = server.output().chunk().len().min(left);
                    to_client.extend(&server.output().chunk()[..n]);
                    server.output().advance(n);
                    left -= n;
                }
                Ok(Step::Close) => {
                    to_client.received(0);
                    break;
                }
                _ => break,
            }
        }
        let mut moved = false;
        loop {
            match download.poll(now, &mut to_client) {
                Ok(Step::Event) => {
                    let event = download.event(&mut to_client).unwrap();
                    mail.answer(event, &mut download);
                    moved = true;
                }
                Ok(Step::Write { .. }) if left > 0 => {
                    let n = download.output().chunk().len().min(left);
                    to_server.extend(&download.output().chunk()[..n]);
                    download.output().advance(n);
                    left -= n;
                    moved = true;
                }
                Ok(Step::Close) => return (budget - left, Ok(())),
                Ok(_) if left == 0 && !to_client.is_closed() => {
                    // Cut: what is under way is lost.
                    to_client.received(0);
                    to_server.received(0);
                }
                Ok(Step::Read { .. }) => break,
                Ok(step) if left == 0 => {
                    // It can't write what it would.
                    assert!(matches!(step, Step::Write { .. }), "{step:?}");
                    return (budget, Err(Error::Closed));
                }
                Ok(step) => panic!("{step:?}"),
                Err(error) => return (budget - left, Err(error)),
            }
        }
        assert!(moved || left == 0, "both wait");
    }
}

/// Runs a whole session, which ends well.
pub(crate) fn run(store: &mut Store, mail: &mut Mail, policy: Policy) {
    let download = download(policy, &Config::default());
    let (_, ended) = session(store, mail, download, offer(), usize::MAX);
    assert_eq!((ended, mail.done), (Ok(()), true));
}
