//! The commands for the messages of the selected mailbox.

use super::{Client, Tag, state::State};
use crate::{
    Command, Misuse, command as commands,
    types::{FetchAttribute, Flag, IString, Mailbox, SearchKey, SequenceSet},
};
use alloc::vec::Vec;

impl Client {
    /// CHECK: asks the server to put its house in order (RFC 3501 §6.4.1).
    ///
    /// # Errors
    ///
    /// As [`capability`](Self::capability).
    pub fn check(&mut self) -> Result<Tag, Misuse> {
        self.command(Command::Check)
    }

    /// CLOSE: removes the messages with `\Deleted`, without telling which, and closes the
    /// selected mailbox (RFC 3501 §6.4.2).
    ///
    /// # Errors
    ///
    /// As [`capability`](Self::capability).
    pub fn close(&mut self) -> Result<Tag, Misuse> {
        self.command(Command::Close)
    }

    /// UNSELECT: closes the selected mailbox, and removes nothing (RFC 3691 §2).
    ///
    /// # Errors
    ///
    /// As [`capability`](Self::capability).
    pub fn unselect(&mut self) -> Result<Tag, Misuse> {
        self.command(Command::Unselect)
    }

    /// EXPUNGE: removes the messages with `\Deleted` (RFC 3501 §6.4.3): an
    /// [`Event::Expunge`](super::Event::Expunge) each.
    ///
    /// # Errors
    ///
    /// As [`capability`](Self::capability).
    pub fn expunge(&mut self) -> Result<Tag, Misuse> {
        self.command(Command::Expunge(commands::Expunge { uids: None }))
    }

    /// UID EXPUNGE: removes those of them that are in the set (UIDPLUS, RFC 4315 §2.1).
    ///
    /// # Errors
    ///
    /// As [`capability`](Self::capability).
    pub fn uid_expunge(&mut self, uids: SequenceSet) -> Result<Tag, Misuse> {
        self.command(Command::Expunge(commands::Expunge { uids: Some(uids) }))
    }

    /// SEARCH: asks which messages fit all keys (RFC 3501 §6.4.4):
    /// [`Event::Search`](super::Event::Search) with sequence numbers. `charset` is that of the
    /// keys' strings, US-ASCII where there is none.
    ///
    /// # Errors
    ///
    /// As [`capability`](Self::capability).
    pub fn search<'a>(
        &mut self,
        charset: Option<IString<'a>>,
        keys: impl Into<Vec<SearchKey<'a>>>,
    ) -> Result<Tag, Misuse> {
        self.search_by(false, charset, keys.into())
    }

    /// UID SEARCH: the same, with UIDs in the answer.
    ///
    /// # Errors
    ///
    /// As [`capability`](Self::capability).
    pub fn uid_search<'a>(
        &mut self,
        charset: Option<IString<'a>>,
        keys: impl Into<Vec<SearchKey<'a>>>,
    ) -> Result<Tag, Misuse> {
        self.search_by(true, charset, keys.into())
    }

    /// FETCH: asks for parts of messages (RFC 3501 §6.4.5): [`Event::Fetch`](super::Event::Fetch),
    /// and [`Event::Literal`](super::Event::Literal) where they are large. Servers may tell of
    /// other messages, too, and more than was asked for.
    ///
    /// # Errors
    ///
    /// As [`capability`](Self::capability).
    pub fn fetch<'a>(
        &mut self,
        set: SequenceSet,
        attributes: impl Into<Vec<FetchAttribute<'a>>>,
    ) -> Result<Tag, Misuse> {
        let attributes = attributes.into();
        self.command(Command::Fetch(commands::Fetch { uid: false, set, attributes }))
    }

    /// UID FETCH: the same, with UIDs in the set; the answers tell the UID, too.
    ///
    /// # Errors
    ///
    /// As [`capability`](Self::capability).
    pub fn uid_fetch<'a>(
        &mut self,
        uids: SequenceSet,
        attributes: impl Into<Vec<FetchAttribute<'a>>>,
    ) -> Result<Tag, Misuse> {
        let (set, attributes) = (uids, attributes.into());
        self.command(Command::Fetch(commands::Fetch { uid: true, set, attributes }))
    }

    /// STORE: changes flags of messages (RFC 3501 §6.4.6). Where it is not `silent`, an
    /// [`Event::Fetch`](super::Event::Fetch) tells the new flags of each.
    ///
    /// # Errors
    ///
    /// As [`capability`](Self::capability).
    pub fn store<'a>(
        &mut self,
        set: SequenceSet,
        mode: commands::StoreMode,
        silent: bool,
        flags: impl Into<Vec<Flag<'a>>>,
    ) -> Result<Tag, Misuse> {
        let flags = flags.into();
        self.command(Command::Store(commands::Store { uid: false, set, mode, silent, flags }))
    }

    /// UID STORE: the same, with UIDs in the set.
    ///
    /// # Errors
    ///
    /// As [`capability`](Self::capability).
    pub fn uid_store<'a>(
        &mut self,
        uids: SequenceSet,
        mode: commands::StoreMode,
        silent: bool,
        flags: impl Into<Vec<Flag<'a>>>,
    ) -> Result<Tag, Misuse> {
        let (set, flags) = (uids, flags.into());
        self.command(Command::Store(commands::Store { uid: true, set, mode, silent, flags }))
    }

    /// COPY: copies messages to a mailbox (RFC 3501 §6.4.7).
    ///
    /// # Errors
    ///
    /// As [`capability`](Self::capability).
    pub fn copy(&mut self, set: SequenceSet, mailbox: Mailbox<'_>) -> Result<Tag, Misuse> {
        self.command(Command::Copy(commands::Copy { uid: false, set, mailbox }))
    }

    /// UID COPY: the same, with UIDs in the set.
    ///
    /// # Errors
    ///
    /// As [`capability`](Self::capability).
    pub fn uid_copy(&mut self, uids: SequenceSet, mailbox: Mailbox<'_>) -> Result<Tag, Misuse> {
        self.command(Command::Copy(commands::Copy { uid: true, set: uids, mailbox }))
    }

    /// MOVE: moves messages to a mailbox (RFC 6851 §3.1). Where they went is told by a COPYUID, in
    /// [`Event::Status`](super::Event::Status) or in the answer; an
    /// [`Event::Expunge`](super::Event::Expunge) each tells that they are gone.
    ///
    /// # Errors
    ///
    /// As [`capability`](Self::capability).
    pub fn r#move(&mut self, set: SequenceSet, mailbox: Mailbox<'_>) -> Result<Tag, Misuse> {
        self.command(Command::Move(commands::Copy { uid: false, set, mailbox }))
    }

    /// UID MOVE: the same, with UIDs in the set.
    ///
    /// # Errors
    ///
    /// As [`capability`](Self::capability).
    pub fn uid_move(&mut self, uids: SequenceSet, mailbox: Mailbox<'_>) -> Result<Tag, Misuse> {
        self.command(Command::Move(commands::Copy { uid: true, set: uids, mailbox }))
    }

    /// IDLE: has the server tell news as they come (RFC 2177), from
    /// [`Event::Idling`](super::Event::Idling) to [`done`](Self::done).
    /// [`Event::WantDone`](super::Event::WantDone) asks for that when it has been up for long.
    ///
    /// # Errors
    ///
    /// As [`capability`](Self::capability).
    pub fn idle(&mut self) -> Result<Tag, Misuse> {
        self.command(Command::Idle)
    }

    /// Ends IDLE, be it sent yet or not; its answer follows. The next commands can be given at
    /// once, but for those with sequence numbers, which wait for the answer.
    ///
    /// # Errors
    ///
    /// [`Misuse::NotNow`] where there is no IDLE to end: the server may have ended it.
    pub fn done(&mut self) -> Result<(), Misuse> {
        match &mut self.state {
            State::IdleAsked { done: done @ false } => *done = true,
            State::Idling(_) => self.end_idle(),
            _ => self.queue.end_idle()?,
        }
        self.queue.open();
        Ok(())
    }

    fn search_by<'a>(
        &mut self,
        uid: bool,
        charset: Option<IString<'a>>,
        keys: Vec<SearchKey<'a>>,
    ) -> Result<Tag, Misuse> {
        self.command(Command::Search(commands::Search { uid, charset, keys }))
    }
}
