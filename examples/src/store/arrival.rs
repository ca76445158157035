//! How messages come: by delivery, for local and remote recipients at once, and by APPEND.

use super::{
    Blob, Date, Flags, MailboxState, Remote, Result, Store, mailbox,
    message::{NewRow, add},
    queue,
    writer::Effects,
};
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::BTreeSet;

/// Where a message that was taken goes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(clippy::exhaustive_structs, reason = "the caller fills it in")]
pub struct Envelope {
    /// The reverse-path, as failure reports need it; empty for none.
    pub sender: String,
    /// Accounts that get it in their INBOX, each once however often it is named.
    pub local: Vec<String>,
    /// What goes before the body in each INBOX, such as Return-Path; whole header lines or nothing.
    pub prefix: Vec<u8>,
    /// Whom the relay queue sends it to.
    pub remote: Vec<Remote>,
}

/// A message to put into a mailbox.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "the caller fills it in")]
pub struct NewMessage {
    /// Its bytes.
    pub blob: Blob,
    /// Its flags.
    pub flags: Flags,
    /// Its internal date.
    pub date: Date,
}

/// Gives the body's file a row.
pub(super) fn name_blob(db: &Connection, effects: &mut Effects, blob: &Blob) -> Result<i64> {
    effects.new_blob = true;
    db.prepare_cached("INSERT INTO blob (name, size) VALUES (?, ?)")?
        .execute(params![blob.name, blob.size])?;
    Ok(db.last_insert_rowid())
}

/// Lets the body go where no row names it any more.
pub(super) fn unname_blob(db: &Connection, effects: &mut Effects, blob: i64) -> Result<()> {
    let name = db
        .prepare_cached(
            "DELETE FROM blob WHERE id = ?1
             AND NOT EXISTS (SELECT 1 FROM message WHERE blob = ?1)
             AND NOT EXISTS (SELECT 1 FROM queue WHERE blob = ?1) RETURNING name",
        )?
        .query_row([blob], |row| row.get(0))
        .optional()?;
    effects.unnamed.extend(name);
    Ok(())
}

/// Puts messages where their envelopes say: all or none.
pub(super) fn accept(
    db: &Connection,
    effects: &mut Effects,
    mut messages: Vec<(Blob, Envelope)>,
) -> Result<()> {
    for (blob, envelope) in &messages {
        accept_one(db, effects, blob, envelope)?;
    }
    // The last thing that can fail is behind us: what fails before this takes the files with it.
    messages.iter_mut().for_each(|(blob, _)| blob.keep());
    Ok(())
}

fn accept_one(
    db: &Connection,
    effects: &mut Effects,
    blob: &Blob,
    envelope: &Envelope,
) -> Result<()> {
    let accounts: BTreeSet<_> = envelope.local.iter().collect();
    let id = name_blob(db, effects, blob)?;
    let new = NewRow {
        blob: id,
        prefix: &envelope.prefix,
        size: blob.size + envelope.prefix.len() as u64,
        lacks: blob.lacks(),
        date: Date::now(),
        flags: &Flags::default(),
    };
    for account in accounts {
        let inbox = mailbox::inbox(db, account)?;
        add(db, effects, inbox, &new)?;
    }
    queue::add(db, effects, id, envelope)
}

impl Store {
    /// Puts a message into the INBOX of each local recipient and into the relay queue for each
    /// remote one, all at once: when this returns, all of it is on the disk.
    ///
    /// # Errors
    ///
    /// Those of the disk; nobody has the message then.
    pub async fn accept(&self, blob: Blob, envelope: Envelope) -> Result<()> {
        self.accept_all(vec![(blob, envelope)]).await
    }

    /// The same for several messages, such as one and the report that it has arrived: all of them,
    /// or none.
    ///
    /// # Errors
    ///
    /// Those of the disk; nobody has any of them then.
    pub async fn accept_all(&self, messages: Vec<(Blob, Envelope)>) -> Result<()> {
        self.write(move |db, effects| accept(db, effects, messages)).await
    }

    /// Puts messages into one mailbox, all or none, and tells its UIDVALIDITY and their UIDs.
    ///
    /// # Errors
    ///
    /// [`NoMailbox`](super::Error::NoMailbox).
    pub async fn append(
        &self,
        account: &str,
        mailbox: &str,
        messages: Vec<NewMessage>,
    ) -> Result<(u32, Vec<u32>)> {
        let (account, name) = (account.to_owned(), mailbox.to_owned());
        self.write(move |db, effects| {
            let state = MailboxState::named(db, &account, &name)?;
            let mut messages = messages;
            let mut uids = Vec::new();
            for NewMessage { blob, flags, date } in &messages {
                let id = name_blob(db, effects, blob)?;
                let (size, lacks) = (blob.size, blob.lacks());
                let new = NewRow { blob: id, prefix: &[], size, lacks, date: *date, flags };
                uids.push(add(db, effects, state.id, &new)?.1);
            }
            messages.iter_mut().for_each(|message| message.blob.keep());
            Ok((state.uidvalidity, uids))
        })
        .await
    }
}
