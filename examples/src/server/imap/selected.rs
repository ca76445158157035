//! A mailbox that a session has selected: what the client was told of it, and what is still to be
//! told.

use crate::store::{Changes, Error, Flags, MailboxId, Message, Snapshot, Store};
use mailrail_imap::{
    Misuse, Server,
    response::{Fetch, FetchItem},
    server::{self, View},
    types::{Atom, Flag},
};
use mailrail_wire::Connection;
use std::{
    collections::{BTreeMap, BTreeSet},
    future::pending,
    mem::take,
    num::NonZeroU32,
    ops::Range,
    time::Duration,
};
use tokio::{sync::watch::Receiver, time::sleep};

/// How long to wait for room, where the client of an IDLE does not read as fast as there is news.
const ROOM: Duration = Duration::from_millis(20);
/// Of the output, in bytes, as much as is filled with EXPUNGE at a time.
const OUTPUT: usize = 64 * 1024;
/// The longest EXPUNGE response, in bytes.
const EXPUNGE: usize = 24;

const SYSTEM: [(&str, Flag<'static>); 5] = [
    ("\\Answered", Flag::Answered),
    ("\\Flagged", Flag::Flagged),
    ("\\Deleted", Flag::Deleted),
    ("\\Seen", Flag::Seen),
    ("\\Draft", Flag::Draft),
];

/// The selected mailbox.
pub(super) struct Selected {
    pub(super) id: MailboxId,
    pub(super) view: View,
    read_only: bool,
    /// None where the mailbox is gone.
    watch: Option<Receiver<u64>>,
    /// There was a change that is not yet looked at.
    stale: bool,
    /// Changes up to here are known.
    modseq: u64,
    /// Messages from here on are not known.
    uidnext: u32,
    /// UIDs that are `\Recent` in this session.
    recent: Vec<Range<u32>>,
    /// The keywords that the client was told of, or is about to be.
    keywords: BTreeSet<Box<str>>,
    /// Changes that the client has made itself, and knows of.
    own: Vec<u64>,
    untold: Untold,
}

/// What the client does not know yet.
#[derive(Default)]
struct Untold {
    keywords: bool,
    /// Messages with other flags.
    changed: BTreeMap<u32, Message>,
    gone: BTreeSet<u32>,
    arrived: BTreeSet<u32>,
}

impl Selected {
    /// Opens a mailbox, and gives with it what SELECT and EXAMINE tell.
    pub(super) async fn open(
        store: &Store,
        account: &str,
        name: &str,
        read_only: bool,
    ) -> Result<(Self, server::Selected<'static>), Error> {
        let id = store.mailbox(account, name).await?.id;
        // Watched first, so that nothing falls between.
        let watch = store.watch(id);
        let Snapshot { state, messages, .. } = if read_only {
            store.examine(account, name).await?
        } else {
            store.select(account, name).await?
        };
        if state.id != id {
            // It was deleted meanwhile, and another one made.
            return Err(Error::NoMailbox);
        }
        let mut selected = Self {
            id,
            view: View::new(messages.iter().map(|message| message.uid)),
            read_only,
            watch: Some(watch),
            stale: false,
            modseq: state.modseq,
            uidnext: state.uidnext,
            recent: Vec::new(),
            keywords: BTreeSet::new(),
            own: Vec::new(),
            untold: Untold::default(),
        };
        selected.note_recent(state.first_recent, state.uidnext);
        messages.iter().for_each(|message| selected.note_keywords(&message.flags));
        selected.untold.keywords = false;
        let unseen = messages.iter().position(|message| !message.flags.contains("\\Seen"));
        let unseen = unseen.and_then(|at| u32::try_from(at).ok()?.checked_add(1));
        let told = server::Selected {
            flags: selected.flags(),
            permanent_flags: selected.flags(),
            new_keywords: true,
            exists: selected.view.len(),
            recent: selected.recent(),
            unseen: unseen.and_then(NonZeroU32::new),
            uid_next: nonzero(state.uidnext),
            uid_validity: nonzero(state.uidvalidity),
            read_only,
        };
        Ok((selected, told))
    }

    /// A message's sequence number.
    pub(super) fn sequence(&self, uid: u32) -> Option<NonZeroU32> {
        self.view.sequence(uid).and_then(NonZeroU32::new)
    }

    /// A message's flags as this session sees them.
    pub(super) fn flags_of(&self, message: &Message) -> Vec<Flag<'static>> {
        let mut flags: Vec<_> = message.flags.iter().filter_map(flag).collect();
        if self.is_recent(message.uid) {
            flags.push(Flag::Recent);
        }
        flags
    }

    /// Whether the message came since the last session that could have known of it.
    pub(super) fn is_recent(&self, uid: u32) -> bool {
        self.recent.iter().any(|range| range.contains(&uid))
    }

    /// Takes note of what the client has changed itself: it need not be told as news.
    pub(super) fn changed(&mut self, modseq: u64, messages: &[Message]) {
        self.own.push(modseq);
        for message in messages {
            self.note_keywords(&message.flags);
            // Somebody else may have changed it before.
            if let Some(untold) = self.untold.changed.get_mut(&message.uid) {
                *untold = message.clone();
            }
        }
    }

    /// Returns when there may be something to tell.
    pub(super) async fn news(&mut self) {
        if self.has_news() {
            return sleep(ROOM).await;
        }
        match &mut self.watch {
            Some(watch) => {
                // An error says that the mailbox is gone, which is news, too.
                let _ = watch.changed().await;
                self.stale = true;
            }
            None => pending().await,
        }
    }

    fn has_news(&self) -> bool {
        let Untold { keywords, changed, gone, arrived } = &self.untold;
        *keywords || !changed.is_empty() || !gone.is_empty() || !arrived.is_empty()
    }

    /// Looks for what is new in the store.
    pub(super) async fn sync(&mut self, store: &Store) {
        let Some(watch) = &mut self.watch else { return };
        self.stale |= watch.has_changed().unwrap_or(true);
        if !self.stale {
            return;
        }
        watch.borrow_and_update();
        let learnt = match store.changes(self.id, self.modseq).await {
            Ok(changes) => self.learn(changes, store).await,
            Err(error) => Err(error),
        };
        match learnt {
            Ok(()) => self.stale = false,
            Err(Error::NoMailbox) => {
                // RFC 2180 §3: to a session that has it open, all its messages are expunged.
                self.watch = None;
                self.untold = Untold::default();
                self.untold.gone.extend(self.view.uids());
            }
            // It stays stale, and is asked for again.
            Err(error) => tracing::error!(%error, "imap: news"),
        }
    }

    async fn learn(&mut self, changes: Changes, store: &Store) -> Result<(), Error> {
        let Changes { state, messages, expunged, .. } = changes;
        if state.uidnext > self.uidnext {
            let first = if self.read_only {
                state.first_recent
            } else {
                store.claim_recent(&state).await?
            };
            self.note_recent(first.max(self.uidnext), state.uidnext);
        }
        for message in messages {
            self.note_keywords(&message.flags);
            if message.uid >= self.uidnext {
                self.untold.arrived.insert(message.uid);
            } else if !self.own.contains(&message.modseq) {
                self.untold.changed.insert(message.uid, message);
            }
        }
        for uid in expunged {
            self.untold.changed.remove(&uid);
            if !self.untold.arrived.remove(&uid) && self.view.sequence(uid).is_some() {
                self.untold.gone.insert(uid);
            }
        }
        self.own.clear();
        (self.modseq, self.uidnext) = (state.modseq, state.uidnext);
        Ok(())
    }

    /// Tells what is new, as far as the protocol allows it now and there is room for it; whether
    /// nothing is left that could be told.
    pub(super) fn tell(&mut self, imap: &mut Server) -> Result<bool, Misuse> {
        if self.untold.keywords && imap.has_room() {
            imap.flags(self.flags())?;
            self.untold.keywords = false;
        }
        while imap.has_room()
            && let Some((uid, message)) = self.untold.changed.pop_first()
        {
            if let Some(seq) = self.sequence(uid) {
                let items = vec![FetchItem::Flags(self.flags_of(&message))];
                imap.fetch(Fetch { seq, items, literal: None })?;
            }
        }
        while imap.may_expunge() && !self.untold.gone.is_empty() {
            // What is taken out of the view has to be told at once: other numbers hold from then on.
            let room = OUTPUT.saturating_sub(imap.output().len()) / EXPUNGE;
            let mut batch: Vec<_> =
                std::iter::from_fn(|| self.untold.gone.pop_last()).take(room).collect();
            if batch.is_empty() {
                break;
            }
            batch.reverse();
            for sequence in self.view.expunge(batch) {
                imap.expunge(sequence)?;
            }
        }
        if !self.untold.arrived.is_empty() && imap.has_room() {
            imap.exists(self.view.arrive(take(&mut self.untold.arrived)))?;
            if imap.has_room() {
                imap.recent(self.recent())?;
            }
        }
        let Untold { keywords, changed, gone, arrived } = &self.untold;
        let gone = gone.is_empty() || !imap.may_expunge();
        Ok(!keywords && changed.is_empty() && gone && arrived.is_empty())
    }

    fn note_recent(&mut self, first: u32, behind: u32) {
        match self.recent.last_mut() {
            _ if first >= behind => {}
            Some(last) if last.end == first => last.end = behind,
            _ => self.recent.push(first..behind),
        }
    }

    /// How many messages that the client knows of are `\Recent`.
    fn recent(&self) -> u32 {
        let below = |uid| self.view.uids().partition_point(|known| *known < uid);
        let count: usize =
            self.recent.iter().map(|range| below(range.end) - below(range.start)).sum();
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    fn note_keywords(&mut self, flags: &Flags) {
        for name in flags.iter().filter(|name| !name.starts_with('\\')) {
            if !self.keywords.contains(name) {
                self.keywords.insert(name.into());
                self.untold.keywords = true;
            }
        }
    }

    /// The flags that the mailbox knows.
    fn flags(&self) -> Vec<Flag<'static>> {
        let system = SYSTEM.into_iter().map(|(_, flag)| flag);
        system.chain(self.keywords.iter().filter_map(|name| flag(name))).collect()
    }
}

/// The flag of that name.
fn flag(name: &str) -> Option<Flag<'static>> {
    let system = SYSTEM.into_iter().find(|(known, _)| *known == name);
    system.map(|(_, flag)| flag).or_else(|| Atom::new(name.to_owned()).ok().map(Flag::Keyword))
}

/// The store counts from 1.
fn nonzero(n: u32) -> NonZeroU32 {
    NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN)
}
