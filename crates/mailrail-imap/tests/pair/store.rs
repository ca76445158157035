//! Mailboxes in memory, and a server's caller that serves them.

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use bytes::Bytes;
use core::{convert::Infallible, num::NonZeroU32};
use mailrail_imap::{
    Misuse, Server,
    command::{self, StoreMode},
    response::{
        Code, Fetch, FetchItem, List, MailboxStatus, Namespace, NamespaceDescription, ResponseCode,
    },
    server::{Event, Needs, Piece, Query, Searched, Selected, Stored, View},
    types::{
        Capabilities, DateTime, Delimiter, FetchAttribute, Flag, IString, Mailbox, SequenceSet,
        StatusAttribute, StatusItem, Text,
    },
};
use mailrail_message::Message;

#[derive(Debug, Clone)]
struct Kept {
    uid: u32,
    flags: Vec<Flag<'static>>,
    bytes: Vec<u8>,
    /// Its flags have changed, and the session was not told.
    news: bool,
}

impl Searched for &Kept {
    type Error = Infallible;

    fn has_flag(&mut self, flag: &Flag<'_>) -> Result<bool, Infallible> {
        Ok(self.flags.contains(flag))
    }

    fn internal_date(&mut self) -> Result<DateTime, Infallible> {
        Ok(DateTime::from_unix(0, 0).unwrap())
    }

    fn size(&mut self) -> Result<u64, Infallible> {
        Ok(self.bytes.len() as u64)
    }

    fn bytes(&mut self, _: Needs) -> Result<&[u8], Infallible> {
        Ok(&self.bytes)
    }
}

#[derive(Debug)]
enum Part {
    Fetch(Fetch<'static>),
    Literal(Bytes),
}

#[derive(Debug)]
pub(crate) struct Store {
    mailboxes: BTreeMap<String, Vec<Kept>>,
    subscribed: BTreeSet<String>,
    last_uid: u32,
    open: Option<String>,
    view: View,
    coming: Option<(String, Vec<Flag<'static>>, Vec<u8>)>,
    answer: VecDeque<Part>,
    /// How long the pieces of a literal are.
    piece: usize,
}

fn n(n: u32) -> NonZeroU32 {
    NonZeroU32::new(n).unwrap()
}

fn name(mailbox: &Mailbox<'_>) -> String {
    mailbox.name().into_owned()
}

impl Store {
    pub(crate) fn new(piece: usize) -> Self {
        Self {
            mailboxes: BTreeMap::from([("INBOX".to_owned(), Vec::new())]),
            subscribed: BTreeSet::new(),
            last_uid: 0,
            open: None,
            view: View::default(),
            coming: None,
            answer: VecDeque::new(),
            piece,
        }
    }

    pub(crate) fn deliver(&mut self, mailbox: &str, bytes: &[u8]) -> u32 {
        self.keep(mailbox, Vec::new(), bytes.to_vec())
    }

    fn keep(&mut self, mailbox: &str, flags: Vec<Flag<'static>>, bytes: Vec<u8>) -> u32 {
        self.last_uid += 1;
        let kept = Kept { uid: self.last_uid, flags, bytes, news: false };
        self.mailboxes.get_mut(mailbox).unwrap().push(kept);
        self.last_uid
    }

    pub(crate) fn flag(&mut self, mailbox: &str, uid: u32, flag: Flag<'static>) {
        let kept = self.mailboxes.get_mut(mailbox).unwrap();
        let kept = kept.iter_mut().find(|kept| kept.uid == uid).unwrap();
        kept.flags.push(flag);
        kept.news = true;
    }

    pub(crate) fn expunge(&mut self, mailbox: &str, uid: u32) {
        self.mailboxes.get_mut(mailbox).unwrap().retain(|kept| kept.uid != uid);
    }

    fn kept(&mut self) -> &mut Vec<Kept> {
        self.mailboxes.get_mut(self.open.as_ref().unwrap()).unwrap()
    }

    /// Tells the session what is new in its mailbox.
    pub(crate) fn tell(&mut self, server: &mut Server) {
        if self.open.is_none() {
            return;
        }
        let uids: Vec<u32> = self.kept().iter().map(|kept| kept.uid).collect();
        if server.may_expunge() {
            let gone: Vec<u32> =
                self.view.uids().iter().copied().filter(|uid| !uids.contains(uid)).collect();
            for number in self.view.expunge(gone) {
                server.expunge(number).unwrap();
            }
        }
        let before = self.view.len();
        if self.view.arrive(uids) > before {
            server.exists(self.view.len()).unwrap();
        }
        let view = self.view.clone();
        for kept in self.kept().iter_mut().filter(|kept| kept.news) {
            kept.news = false;
            let items = vec![FetchItem::Uid(n(kept.uid)), FetchItem::Flags(kept.flags.clone())];
            let seq = n(view.sequence(kept.uid).unwrap());
            server.fetch(Fetch { seq, items, literal: None }).unwrap();
        }
    }

    pub(crate) fn answer(&mut self, event: Event<'_>, server: &mut Server) {
        let shown = format!("{event:?}");
        assert_eq!(self.try_answer(event, server), Ok(()), "{shown}");
    }

    /// OK where the mailbox is there; `NO [TRYCREATE]` where not.
    fn or_try_create(&self, mailbox: &str, server: &mut Server) -> Option<Result<(), Misuse>> {
        if self.mailboxes.contains_key(mailbox) {
            return None;
        }
        let code = Some(ResponseCode::Plain(Code::TryCreate));
        Some(server.no(code, Text::new("no such mailbox").unwrap()))
    }

    fn try_answer(&mut self, event: Event<'_>, server: &mut Server) -> Result<(), Misuse> {
        match event {
            Event::Login { user, password } => {
                self.log_in(user.as_bytes(), password.expose().as_bytes(), server)
            }
            Event::Authenticate { initial_response: None, .. } => server.challenge(b""),
            Event::Authenticate { initial_response: Some(response), .. }
            | Event::AuthenticateResponse(response) => {
                let mut words = response.expose().split(|b| *b == 0).skip(1);
                let (user, password) = (words.next().unwrap(), words.next().unwrap());
                self.log_in(user, password, server)
            }
            Event::Secured | Event::Idle | Event::Done | Event::AppendAborted => Ok(()),
            Event::Enable(_) => {
                server.enabled(Capabilities::default())?;
                server.done()
            }
            Event::Id(_) => {
                let field = |text: &'static str| IString::try_from(text).unwrap();
                server.id(command::Id { fields: vec![(field("name"), Some(field("store")))] })?;
                server.done()
            }
            Event::Namespace => {
                let prefix = Mailbox::from_name("");
                let personal =
                    vec![NamespaceDescription { prefix, delimiter: Some(Delimiter::SLASH) }];
                server.namespace(Namespace { personal, ..Namespace::default() })?;
                server.done()
            }
            Event::List(list) => {
                self.list(&list, self.mailboxes.keys(), server)?;
                server.done()
            }
            Event::Lsub(list) => {
                self.list(&list, &self.subscribed, server)?;
                server.done()
            }
            Event::Status(status) => {
                let kept = &self.mailboxes[&name(&status.mailbox)];
                let count = |n: usize| u32::try_from(n).unwrap();
                let item = |attribute: &StatusAttribute| match attribute {
                    StatusAttribute::Messages => StatusItem::Messages(count(kept.len())),
                    StatusAttribute::UidNext => StatusItem::UidNext(n(self.last_uid + 1)),
                    StatusAttribute::Unseen => StatusItem::Unseen(count(
                        kept.iter().filter(|kept| !kept.flags.contains(&Flag::Seen)).count(),
                    )),
                    other => panic!("{other:?}"),
                };
                let items = status.attributes.iter().map(item).collect();
                server.status(MailboxStatus { mailbox: status.mailbox.clone(), items })?;
                server.done()
            }
            Event::Create(create) => {
                self.mailboxes.insert(name(&create.mailbox), Vec::new());
                server.done()
            }
            Event::Delete(mailbox) => {
                self.mailboxes.remove(&name(&mailbox)).unwrap();
                server.done()
            }
            Event::Rename(rename) => {
                let kept = self.mailboxes.remove(&name(&rename.from)).unwrap();
                self.mailboxes.insert(name(&rename.to), kept);
                server.done()
            }
            Event::Subscribe(mailbox) => {
                self.subscribed.insert(name(&mailbox));
                server.done()
            }
            Event::Unsubscribe(mailbox) => {
                self.subscribed.remove(&name(&mailbox));
                server.done()
            }
            Event::Select(mailbox) | Event::Examine(mailbox) => {
                self.open = Some(name(&mailbox));
                let uids: Vec<u32> = self.kept().iter().map(|kept| kept.uid).collect();
                self.view = View::new(uids);
                server.selected(Selected {
                    flags: vec![Flag::Seen, Flag::Deleted],
                    permanent_flags: vec![Flag::Seen, Flag::Deleted],
                    new_keywords: false,
                    exists: self.view.len(),
                    recent: 0,
                    unseen: None,
                    uid_next: n(self.last_uid + 1),
                    uid_validity: n(1),
                    read_only: false,
                })
            }
            Event::Append(append) => {
                let mailbox = name(&append.mailbox);
                if let Some(refused) = self.or_try_create(&mailbox, server) {
                    return refused;
                }
                let flags = append.flags.iter().cloned().map(Flag::into_owned).collect();
                self.coming = Some((mailbox, flags, Vec::new()));
                server.accept_message()
            }
            Event::AppendData(octets) => {
                self.coming.as_mut().unwrap().2.extend_from_slice(octets);
                Ok(())
            }
            Event::AppendEnd => {
                let (mailbox, flags, bytes) = self.coming.take().unwrap();
                let uid = self.keep(&mailbox, flags, bytes);
                self.tell(server);
                let code = ResponseCode::AppendUid { uid_validity: n(1), uids: n(uid).into() };
                server.ok(Some(code), Text::default())
            }
            Event::Close { .. } | Event::Unselect => {
                self.open = None;
                server.done()
            }
            Event::Noop | Event::Check => {
                self.tell(server);
                server.done()
            }
            Event::Expunge(expunge) => {
                let largest = self.view.largest_uid();
                self.kept().retain(|kept| {
                    let is_in =
                        expunge.uids.as_ref().is_none_or(|set| set.contains(kept.uid, largest));
                    !(is_in && kept.flags.contains(&Flag::Deleted))
                });
                self.tell(server);
                server.done()
            }
            Event::Search(search) => {
                let (query, view) = (Query::new(&search, &self.view), self.view.clone());
                for mut kept in self.kept().iter() {
                    let Ok(fits) = query.matches(kept.uid, &mut kept);
                    if fits {
                        let seq = view.sequence(kept.uid).unwrap();
                        server.search(&[n(if search.uid { kept.uid } else { seq })])?;
                    }
                }
                server.done()
            }
            Event::Fetch { fetch, sets_seen } => {
                for uid in self.uids(&fetch.set, fetch.uid) {
                    self.fetch(uid, &fetch.attributes, sets_seen);
                }
                self.go_on(server)
            }
            Event::WantResponse | Event::WantLiteral { .. } => self.go_on(server),
            Event::Store(store) => {
                for uid in self.uids(&store.set, store.uid) {
                    self.store(uid, &store);
                }
                if !store.silent {
                    for uid in self.uids(&store.set, store.uid) {
                        self.fetch(uid, &[FetchAttribute::Flags], false);
                    }
                }
                self.go_on(server)
            }
            Event::Copy(copy) => {
                if let Some(refused) = self.or_try_create(&name(&copy.mailbox), server) {
                    return refused;
                }
                let code = self.copy(&copy);
                server.ok(Some(code), Text::default())
            }
            Event::Move(copy) => {
                let code = self.copy(&copy);
                server.untagged_ok(Some(code), Text::new("moved").unwrap())?;
                let gone = self.uids(&copy.set, copy.uid);
                self.kept().retain(|kept| !gone.contains(&kept.uid));
                self.tell(server);
                server.done()
            }
            Event::Connected | Event::StartTls | Event::Logout => server.done(),
            other => panic!("{other:?}"),
        }
    }

    fn log_in(&self, user: &[u8], password: &[u8], server: &mut Server) -> Result<(), Misuse> {
        if (user, password) == (b"ann", b"sesame") {
            return server.done();
        }
        let code = ResponseCode::Plain(Code::AuthenticationFailed);
        server.no(Some(code), Text::new("who is that?").unwrap())
    }

    fn list<'s>(
        &self,
        list: &command::List<'_>,
        names: impl IntoIterator<Item = &'s String>,
        server: &mut Server,
    ) -> Result<(), Misuse> {
        let delimiter = Some(Delimiter::SLASH);
        for mailbox in names.into_iter().map(|name| Mailbox::from_name(name)) {
            if list.matches(&mailbox, delimiter) {
                server.list(List { attributes: Vec::new(), delimiter, mailbox })?;
            }
        }
        Ok(())
    }

    fn uids(&self, set: &SequenceSet, uid: bool) -> Vec<u32> {
        let numbers = self.view.resolve(set, uid).unwrap();
        self.view.messages(&numbers).map(|(_, uid)| uid).collect()
    }

    fn store(&mut self, uid: u32, store: &command::Store<'_>) {
        let flags: Vec<_> = store.flags.iter().cloned().map(Flag::into_owned).collect();
        let kept = self.kept().iter_mut().find(|kept| kept.uid == uid).unwrap();
        match store.mode {
            StoreMode::Replace => kept.flags = flags,
            StoreMode::Add => kept.flags.extend(flags),
            _ => kept.flags.retain(|flag| !flags.contains(flag)),
        }
    }

    fn copy(&mut self, copy: &command::Copy<'_>) -> ResponseCode<'static> {
        let mut copies = Vec::new();
        let source = self.uids(&copy.set, copy.uid);
        for uid in &source {
            let kept = self.kept().iter().find(|kept| kept.uid == *uid).unwrap().clone();
            copies.push(n(self.keep(&name(&copy.mailbox), kept.flags, kept.bytes)));
        }
        ResponseCode::CopyUid {
            uid_validity: n(1),
            source: SequenceSet::from_numbers(source.into_iter().map(n)).unwrap(),
            destination: SequenceSet::from_numbers(copies).unwrap(),
        }
    }

    /// Makes the answer about one message ready.
    fn fetch(&mut self, uid: u32, attributes: &[FetchAttribute<'_>], sets_seen: bool) {
        let (view, piece) = (self.view.clone(), self.piece);
        let kept = self.kept().iter_mut().find(|kept| kept.uid == uid).unwrap();
        let mut attributes = attributes.to_vec();
        if sets_seen && !kept.flags.contains(&Flag::Seen) {
            kept.flags.push(Flag::Seen);
            attributes.push(FetchAttribute::Flags);
        }
        let kept = kept.clone();
        let stored = Stored {
            uid: n(uid),
            flags: &kept.flags,
            internal_date: DateTime::from_unix(0, 0).unwrap(),
            size: kept.bytes.len() as u64,
            message: &Message::parse(&kept.bytes),
        };
        for segment in stored.fetch(n(view.sequence(uid).unwrap()), &attributes) {
            let segment = segment.into_owned();
            self.answer.push_back(Part::Fetch(segment.response));
            for octets in segment.octets.pieces() {
                let octets = match octets {
                    Piece::Stored(range) => {
                        let at = |n: u64| usize::try_from(n).unwrap();
                        let range = at(range.start)..at(range.end);
                        Bytes::copy_from_slice(&kept.bytes[range])
                    }
                    Piece::Text(text) => Bytes::from_static(text),
                };
                let pieces = octets.chunks(piece).map(Bytes::copy_from_slice);
                self.answer.extend(pieces.map(Part::Literal));
            }
        }
    }

    /// Gives the next part of an answer that does not fit into memory.
    fn go_on(&mut self, server: &mut Server) -> Result<(), Misuse> {
        match self.answer.pop_front() {
            Some(Part::Fetch(response)) => server.fetch(response),
            Some(Part::Literal(octets)) => server.literal(octets),
            None => server.done(),
        }
    }
}
