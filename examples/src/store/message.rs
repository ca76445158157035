//! Messages in their mailboxes: how they change and go.

use super::{
    Date, Error, Flags, MailboxId, MailboxState, Reader, Result, Store, SystemFlag,
    arrival::unname_blob, writer::Effects,
};
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::{collections::BTreeSet, ops::RangeInclusive};

/// What is known of a message without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Message {
    /// Its UID.
    pub uid: u32,
    /// Its bytes.
    pub size: u64,
    /// How many bytes its last line lacks of its CR LF: sent as lines, as POP3 does it, it has so
    /// many more.
    pub lacks: u8,
    /// When it arrived, or what APPEND said.
    pub date: Date,
    /// Its flags.
    pub flags: Flags,
    /// The mailbox's change counter when it last changed.
    pub modseq: u64,
}

/// A mailbox at one moment.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Snapshot {
    /// Its counters.
    pub state: MailboxState,
    /// Its messages, in the order of their UIDs.
    pub messages: Vec<Message>,
}

/// What changed in a mailbox.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Changes {
    /// The counters now.
    pub state: MailboxState,
    /// Messages that are new or whose flags changed, in the order of their UIDs: new ones are those
    /// from the UIDNEXT on that was known before.
    pub messages: Vec<Message>,
    /// UIDs of messages that have gone, in order. Some may have come and gone unseen.
    pub expunged: Vec<u32>,
}

/// How STORE changes flags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the three ways of RFC 3501")]
pub enum FlagChange {
    /// FLAGS
    Replace,
    /// +FLAGS
    Add,
    /// -FLAGS
    Remove,
}

/// What STORE did.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Stored {
    /// The mailbox's change counter now.
    pub modseq: u64,
    /// The messages asked for that are there, changed or not, as they are now.
    pub messages: Vec<Message>,
}

/// What COPY or MOVE did.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Copied {
    /// The target's UIDVALIDITY.
    pub uidvalidity: u32,
    /// The UID of each message, and that of its copy, in order. Messages that have gone are missing.
    pub uids: Vec<(u32, u32)>,
}

/// What EXPUNGE did.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Expunged {
    /// The mailbox's change counter now.
    pub modseq: u64,
    /// The UIDs that have gone, in order.
    pub uids: Vec<u32>,
}

const MESSAGE: &str = "uid, size, lacks, date, offset, system, keywords, modseq";

impl Message {
    /// From the columns of [`MESSAGE`].
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            uid: row.get(0)?,
            size: row.get(1)?,
            lacks: row.get(2)?,
            date: Date { seconds: row.get(3)?, offset: row.get(4)? },
            flags: Flags::from_columns(row.get(5)?, row.get_ref(6)?.as_str()?),
            modseq: row.get(7)?,
        })
    }

    fn find(db: &Connection, mailbox: MailboxId, uid: u32) -> Result<Option<Self>> {
        let message = format!("SELECT {MESSAGE} FROM message WHERE mailbox = ? AND uid = ?");
        Ok(db
            .prepare_cached(&message)?
            .query_row(params![mailbox.0, uid], Self::from_row)
            .optional()?)
    }
}

/// The messages that changed after `since`, in the order of their UIDs.
pub(super) fn list(db: &Connection, mailbox: MailboxId, since: u64) -> Result<Vec<Message>> {
    // Without the plus sign a full list would be made through the wrong index.
    let all = if since == 0 { "+" } else { "" };
    let list =
        format!("SELECT {MESSAGE} FROM message WHERE mailbox = ? AND {all}modseq > ? ORDER BY uid");
    let mut list = db.prepare_cached(&list)?;
    let list = list.query_map(params![mailbox.0, since], Message::from_row)?;
    Ok(list.collect::<rusqlite::Result<_>>()?)
}

/// Moves the mailbox's change counter on.
fn change(db: &Connection, effects: &mut Effects, mailbox: MailboxId) -> Result<u64> {
    effects.changed.insert(mailbox.0);
    db.prepare_cached("UPDATE mailbox SET modseq = modseq + 1 WHERE id = ? RETURNING modseq")?
        .query_row([mailbox.0], |row| row.get(0))
        .optional()?
        .ok_or(Error::NoMailbox)
}

/// What a row of a message holds besides its place.
pub(super) struct NewRow<'a> {
    pub(super) blob: i64,
    pub(super) prefix: &'a [u8],
    pub(super) size: u64,
    pub(super) lacks: u8,
    pub(super) date: Date,
    pub(super) flags: &'a Flags,
}

/// Puts a message into a mailbox, and tells its UIDVALIDITY and its UID.
pub(super) fn add(
    db: &Connection,
    effects: &mut Effects,
    mailbox: MailboxId,
    new: &NewRow<'_>,
) -> Result<(u32, u32)> {
    effects.changed.insert(mailbox.0);
    let (uidvalidity, uid, modseq): (u32, u32, u64) = db
        .prepare_cached(
            "UPDATE mailbox SET uidnext = uidnext + 1, modseq = modseq + 1 WHERE id = ?
             RETURNING uidvalidity, uidnext - 1, modseq",
        )?
        .query_row([mailbox.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?
        .ok_or(Error::NoMailbox)?;
    let (system, keywords) = new.flags.to_columns();
    db.prepare_cached(
        "INSERT INTO message
         (mailbox, uid, blob, prefix, size, lacks, date, offset, system, keywords, modseq)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?
    .execute(params![
        mailbox.0,
        uid,
        new.blob,
        new.prefix,
        new.size,
        new.lacks,
        new.date.seconds,
        new.date.offset,
        system,
        keywords,
        modseq
    ])?;
    Ok((uidvalidity, uid))
}

/// Removes a message without a trace in the expunge log; false where it has gone already.
pub(super) fn remove(
    db: &Connection,
    effects: &mut Effects,
    mailbox: MailboxId,
    uid: u32,
) -> Result<bool> {
    let blob = db
        .prepare_cached("DELETE FROM message WHERE mailbox = ? AND uid = ? RETURNING blob")?
        .query_row(params![mailbox.0, uid], |row| row.get(0))
        .optional()?;
    let Some(blob) = blob else { return Ok(false) };
    unname_blob(db, effects, blob)?;
    Ok(true)
}

fn expunge(
    db: &Connection,
    effects: &mut Effects,
    mailbox: MailboxId,
    mut uids: Vec<u32>,
) -> Result<Expunged> {
    let mut modseq = MailboxState::find(db, mailbox)?.modseq;
    let mut gone = Vec::new();
    uids.sort_unstable();
    for uid in uids {
        if remove(db, effects, mailbox, uid)? {
            if gone.is_empty() {
                modseq = change(db, effects, mailbox)?;
            }
            db.prepare_cached("INSERT INTO expunged (mailbox, uid, modseq) VALUES (?, ?, ?)")?
                .execute(params![mailbox.0, uid, modseq])?;
            gone.push(uid);
        }
    }
    Ok(Expunged { modseq, uids: gone })
}

/// Copies or moves.
pub(super) fn transfer(
    db: &Connection,
    effects: &mut Effects,
    from: MailboxId,
    uids: &[u32],
    to: MailboxId,
    away: bool,
) -> Result<Copied> {
    let uidvalidity = MailboxState::find(db, to)?.uidvalidity;
    let mut copied = Vec::new();
    // A set, so that each message goes once, and in the order of the UIDs.
    let uids: BTreeSet<u32> = uids.iter().copied().collect();
    for uid in uids {
        let Some(message) = Message::find(db, from, uid)? else { continue };
        let (blob, prefix): (i64, Vec<u8>) = db
            .prepare_cached("SELECT blob, prefix FROM message WHERE mailbox = ? AND uid = ?")?
            .query_row(params![from.0, uid], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let new = NewRow {
            blob,
            prefix: &prefix,
            size: message.size,
            lacks: message.lacks,
            date: message.date,
            flags: &message.flags,
        };
        copied.push((uid, add(db, effects, to, &new)?.1));
    }
    if away {
        expunge(db, effects, from, copied.iter().map(|&(uid, _)| uid).collect())?;
    }
    Ok(Copied { uidvalidity, uids: copied })
}

fn store_flags(
    db: &Connection,
    effects: &mut Effects,
    mailbox: MailboxId,
    uids: &[u32],
    how: FlagChange,
    flags: &Flags,
) -> Result<Stored> {
    let mut modseq = MailboxState::find(db, mailbox)?.modseq;
    let (mut messages, mut moved_on) = (Vec::new(), false);
    for &uid in uids {
        let Some(mut message) = Message::find(db, mailbox, uid)? else { continue };
        let mut now = message.flags.clone();
        match how {
            FlagChange::Replace => now = flags.clone(),
            FlagChange::Add => flags.iter().for_each(|flag| now.insert(flag)),
            FlagChange::Remove => flags.iter().for_each(|flag| now.remove(flag)),
        }
        if now != message.flags {
            if !moved_on {
                modseq = change(db, effects, mailbox)?;
                moved_on = true;
            }
            let (system, keywords) = now.to_columns();
            db.prepare_cached(
                "UPDATE message SET system = ?, keywords = ?, modseq = ?
                 WHERE mailbox = ? AND uid = ?",
            )?
            .execute(params![system, keywords, modseq, mailbox.0, uid])?;
            (message.flags, message.modseq) = (now, modseq);
        }
        messages.push(message);
    }
    Ok(Stored { modseq, messages })
}

impl Store {
    /// The mailbox as it is: for EXAMINE, and for POP3.
    ///
    /// # Errors
    ///
    /// [`Error::NoMailbox`].
    pub async fn examine(&self, account: &str, name: &str) -> Result<Snapshot> {
        let (account, name) = (account.to_owned(), name.to_owned());
        self.read(move |db| {
            let state = MailboxState::named(db, &account, &name)?;
            Ok(Snapshot { state, messages: list(db, state.id, 0)? })
        })
        .await
    }

    /// The mailbox as it is: for SELECT. The caller's session is the one that its new messages are
    /// `\Recent` for: those from `state.first_recent` on.
    ///
    /// # Errors
    ///
    /// [`Error::NoMailbox`].
    pub async fn select(&self, account: &str, name: &str) -> Result<Snapshot> {
        let mut snapshot = self.examine(account, name).await?;
        let state = &mut snapshot.state;
        state.first_recent = self.claim_recent(state).await?;
        Ok(snapshot)
    }

    /// Makes the caller's session the one that the messages below `state.uidnext` are `\Recent`
    /// for, as far as they are for any, and tells the first of those.
    ///
    /// # Errors
    ///
    /// [`Error::NoMailbox`].
    pub async fn claim_recent(&self, state: &MailboxState) -> Result<u32> {
        let MailboxState { id, uidnext, first_recent, .. } = *state;
        if first_recent >= uidnext {
            return Ok(uidnext);
        }
        self.write(move |db, _| {
            // Another session may have been quicker.
            let first = MailboxState::find(db, id)?.first_recent;
            db.execute(
                "UPDATE mailbox SET first_recent = max(first_recent, ?) WHERE id = ?",
                params![uidnext, id.0],
            )?;
            Ok(first)
        })
        .await
    }

    /// The messages with these UIDs, as far as they are there, in the order of their UIDs.
    ///
    /// # Errors
    ///
    /// Those of the index.
    pub async fn messages(
        &self,
        mailbox: MailboxId,
        uids: RangeInclusive<u32>,
    ) -> Result<Vec<Message>> {
        self.read(move |db| {
            let list = format!(
                "SELECT {MESSAGE} FROM message WHERE mailbox = ? AND uid BETWEEN ? AND ? ORDER BY uid"
            );
            let mut list = db.prepare_cached(&list)?;
            let list =
                list.query_map(params![mailbox.0, uids.start(), uids.end()], Message::from_row)?;
            Ok(list.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    /// What changed in the mailbox after its change counter stood at `since`.
    ///
    /// # Errors
    ///
    /// [`Error::NoMailbox`] where it was deleted.
    pub async fn changes(&self, mailbox: MailboxId, since: u64) -> Result<Changes> {
        self.read(move |db| {
            let state = MailboxState::find(db, mailbox)?;
            let mut expunged = db.prepare_cached(
                "SELECT uid FROM expunged WHERE mailbox = ? AND modseq > ? ORDER BY uid",
            )?;
            let expunged = expunged.query_map(params![mailbox.0, since], |row| row.get(0))?;
            let expunged = expunged.collect::<rusqlite::Result<_>>()?;
            Ok(Changes { state, messages: list(db, mailbox, since)?, expunged })
        })
        .await
    }

    /// Changes the flags of those of `uids` that are there.
    ///
    /// # Errors
    ///
    /// [`Error::NoMailbox`].
    pub async fn store_flags(
        &self,
        mailbox: MailboxId,
        uids: Vec<u32>,
        how: FlagChange,
        flags: Flags,
    ) -> Result<Stored> {
        self.write(move |db, effects| store_flags(db, effects, mailbox, &uids, how, &flags)).await
    }

    /// Copies those of `uids` that are there, all or none, into the account's mailbox `to`.
    ///
    /// # Errors
    ///
    /// [`Error::NoMailbox`] where there is no `to`.
    pub async fn copy(
        &self,
        from: MailboxId,
        uids: Vec<u32>,
        account: &str,
        to: &str,
    ) -> Result<Copied> {
        self.transfer(from, uids, account, to, false).await
    }

    /// As [`copy`](Self::copy), and they are gone from where they were (RFC 6851).
    ///
    /// # Errors
    ///
    /// [`Error::NoMailbox`] where there is no `to`.
    pub async fn move_to(
        &self,
        from: MailboxId,
        uids: Vec<u32>,
        account: &str,
        to: &str,
    ) -> Result<Copied> {
        self.transfer(from, uids, account, to, true).await
    }

    async fn transfer(
        &self,
        from: MailboxId,
        uids: Vec<u32>,
        account: &str,
        to: &str,
        away: bool,
    ) -> Result<Copied> {
        let (account, to) = (account.to_owned(), to.to_owned());
        self.write(move |db, effects| {
            let to = MailboxState::named(db, &account, &to)?;
            transfer(db, effects, from, &uids, to.id, away)
        })
        .await
    }

    /// Removes the messages that are `\Deleted`: all of them, or those among `uids`
    /// (UID EXPUNGE, RFC 4315).
    ///
    /// # Errors
    ///
    /// [`Error::NoMailbox`].
    pub async fn expunge(&self, mailbox: MailboxId, uids: Option<Vec<u32>>) -> Result<Expunged> {
        self.write(move |db, effects| {
            let deleted = SystemFlag::Deleted as u8;
            let mut all = db.prepare_cached(
                "SELECT uid FROM message WHERE mailbox = ? AND system & ? <> 0 ORDER BY uid",
            )?;
            let all = all.query_map(params![mailbox.0, deleted], |row| row.get(0))?;
            let mut gone = all.collect::<rusqlite::Result<Vec<u32>>>()?;
            if let Some(uids) = uids {
                let uids: BTreeSet<_> = uids.into_iter().collect();
                gone.retain(|uid| uids.contains(uid));
            }
            expunge(db, effects, mailbox, gone)
        })
        .await
    }

    /// Removes those of `uids` that are there, whatever their flags: POP3's QUIT.
    ///
    /// # Errors
    ///
    /// [`Error::NoMailbox`].
    pub async fn remove(&self, mailbox: MailboxId, uids: Vec<u32>) -> Result<Expunged> {
        self.write(move |db, effects| expunge(db, effects, mailbox, uids)).await
    }

    /// Opens a message to read it.
    ///
    /// # Errors
    ///
    /// [`Error::NoMessage`] where it was expunged.
    pub async fn read_message(&self, mailbox: MailboxId, uid: u32) -> Result<Reader> {
        let blobs = std::sync::Arc::clone(&self.0.blobs);
        self.read(move |db| {
            let (name, size, prefix): (String, u64, Vec<u8>) = db
                .prepare_cached(
                    "SELECT name, blob.size, prefix FROM message JOIN blob ON blob.id = blob
                     WHERE mailbox = ? AND uid = ?",
                )?
                .query_row(params![mailbox.0, uid], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
                })
                .optional()?
                .ok_or(Error::NoMessage)?;
            Reader::open(&blobs, &name, size, prefix)
        })
        .await
    }
}

impl MailboxState {
    /// POP3's unique id of a message (RFC 1939 §7, UIDL).
    #[must_use]
    pub fn unique_id(&self, uid: u32) -> String {
        format!("{}.{uid}", self.uidvalidity)
    }
}
