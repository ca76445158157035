//! Mailboxes: their names and what is counted of them.

use super::{Error, Result, Store, message, writer::Effects};
use rusqlite::{Connection, OptionalExtension, Row, params};

/// What stands between the levels of a mailbox's name.
pub const DELIMITER: char = '/';

/// The name's longest form, in bytes.
const NAME_MAX: usize = 1_000;
const INBOX: &str = "INBOX";

/// Names a mailbox for as long as it exists, whatever it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MailboxId(pub(super) i64);

/// A mailbox in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mailbox {
    /// The mailbox.
    pub id: MailboxId,
    /// Its name, in Unicode, with [`DELIMITER`] between the levels.
    pub name: String,
    /// Whether the account has subscribed to the name.
    pub subscribed: bool,
}

/// A mailbox's counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct MailboxState {
    /// The mailbox.
    pub id: MailboxId,
    /// UIDs are those of earlier days as long as this number is (RFC 3501 §2.3.1.1).
    pub uidvalidity: u32,
    /// The UID that the next message gets, or a lower one.
    pub uidnext: u32,
    /// The change counter: moves on with each change (RFC 7162's HIGHESTMODSEQ).
    pub modseq: u64,
    /// Messages from this UID on are `\Recent`: no session has seen them yet.
    pub first_recent: u32,
}

/// What IMAP's STATUS tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// The counters.
    pub state: MailboxState,
    /// How many messages there are.
    pub messages: u32,
    /// How many of them are `\Recent`.
    pub recent: u32,
    /// How many are not `\Seen`.
    pub unseen: u32,
    /// How many are `\Deleted`.
    pub deleted: u32,
    /// Their bytes in all.
    pub size: u64,
}

pub(super) const STATE: &str = "id, uidvalidity, uidnext, modseq, first_recent";

impl MailboxState {
    /// From the columns of [`STATE`].
    pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: MailboxId(row.get(0)?),
            uidvalidity: row.get(1)?,
            uidnext: row.get(2)?,
            modseq: row.get(3)?,
            first_recent: row.get(4)?,
        })
    }

    pub(super) fn find(db: &Connection, id: MailboxId) -> Result<Self> {
        db.prepare_cached(&format!("SELECT {STATE} FROM mailbox WHERE id = ?"))?
            .query_row([id.0], Self::from_row)
            .optional()?
            .ok_or(Error::NoMailbox)
    }

    pub(super) fn named(db: &Connection, account: &str, name: &str) -> Result<Self> {
        db.prepare_cached(&format!("SELECT {STATE} FROM mailbox WHERE account = ? AND name = ?"))?
            .query_row([account, &canonical(name)?], Self::from_row)
            .optional()?
            .ok_or(Error::NoMailbox)
    }
}

/// The name as it is stored: INBOX is in capitals however it is written (RFC 3501 §5.1).
fn canonical(name: &str) -> Result<String> {
    let levels_named = name.split(DELIMITER).all(|level| !level.is_empty());
    if name.len() > NAME_MAX || !levels_named || name.contains(char::is_control) {
        return Err(Error::MailboxName);
    }
    Ok(match name.split_once(DELIMITER) {
        Some((first, rest)) if first.eq_ignore_ascii_case(INBOX) => {
            format!("{INBOX}{DELIMITER}{rest}")
        }
        None if name.eq_ignore_ascii_case(INBOX) => INBOX.into(),
        _ => name.into(),
    })
}

/// The mailbox of this name, made where it is missing.
fn make(db: &Connection, account: &str, name: &str) -> Result<MailboxId> {
    // Greater than any before, so that neither two mailboxes nor one and its successor of the same
    // name are taken for each other, and greater than those of a store that was here before.
    let uidvalidity: u32 = db
        .prepare_cached(
            "UPDATE counter SET uidvalidity = max(uidvalidity + 1, unixepoch())
             RETURNING uidvalidity",
        )?
        .query_row([], |row| row.get(0))?;
    db.prepare_cached("INSERT INTO mailbox (account, name, uidvalidity) VALUES (?, ?, ?)")?
        .execute(params![account, name, uidvalidity])?;
    Ok(MailboxId(db.last_insert_rowid()))
}

/// The account's INBOX, made where it is missing.
pub(super) fn inbox(db: &Connection, account: &str) -> Result<MailboxId> {
    match MailboxState::named(db, account, INBOX) {
        Ok(state) => Ok(state.id),
        Err(Error::NoMailbox) => make(db, account, INBOX),
        Err(error) => Err(error),
    }
}

/// Makes the mailbox and those above it.
fn create(db: &Connection, account: &str, name: &str) -> Result<MailboxId> {
    let name = canonical(name)?;
    match MailboxState::named(db, account, &name) {
        Ok(_) => return Err(Error::MailboxExists),
        Err(Error::NoMailbox) => {}
        Err(error) => return Err(error),
    }
    for (at, _) in name.match_indices(DELIMITER) {
        let above = name.get(..at).unwrap_or_default();
        match MailboxState::named(db, account, above) {
            Ok(_) => {}
            Err(Error::NoMailbox) => {
                make(db, account, above)?;
            }
            Err(error) => return Err(error),
        }
    }
    make(db, account, &name)
}

fn delete(db: &Connection, effects: &mut Effects, account: &str, name: &str) -> Result<()> {
    let state = MailboxState::named(db, account, name)?;
    if canonical(name)? == INBOX {
        return Err(Error::MailboxName);
    }
    for message in message::list(db, state.id, 0)? {
        message::remove(db, effects, state.id, message.uid)?;
    }
    db.execute("DELETE FROM expunged WHERE mailbox = ?", [state.id.0])?;
    db.execute("DELETE FROM mailbox WHERE id = ?", [state.id.0])?;
    effects.gone.insert(state.id.0);
    Ok(())
}

fn rename(
    db: &Connection,
    effects: &mut Effects,
    account: &str,
    from: &str,
    to: &str,
) -> Result<()> {
    let (from, to) = (canonical(from)?, canonical(to)?);
    let state = MailboxState::named(db, account, &from)?;
    if to.strip_prefix(&from).is_some_and(|rest| rest.starts_with(DELIMITER)) {
        return Err(Error::MailboxName);
    }
    let made = create(db, account, &to)?;
    if from == INBOX {
        // INBOX stays, empty; its messages go (RFC 3501 §6.3.5).
        let uids: Vec<_> =
            message::list(db, state.id, 0)?.into_iter().map(|message| message.uid).collect();
        message::transfer(db, effects, state.id, &uids, made, true)?;
        return Ok(());
    }
    // What is below goes along.
    let below = format!("{from}{DELIMITER}");
    let mut children = db.prepare("SELECT id, name FROM mailbox WHERE account = ?")?;
    let children = children
        .query_map([account], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)))?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    db.execute("DELETE FROM mailbox WHERE id = ?", [made.0])?;
    let mut rename = db.prepare("UPDATE mailbox SET name = ? WHERE id = ?")?;
    rename.execute(params![to, state.id.0])?;
    for (id, name) in children {
        if let Some(rest) = name.strip_prefix(&below) {
            let name = canonical(&format!("{to}{DELIMITER}{rest}"))?;
            match MailboxState::named(db, account, &name) {
                Err(Error::NoMailbox) => rename.execute(params![name, id])?,
                Ok(_) => return Err(Error::MailboxExists),
                Err(error) => return Err(error),
            };
        }
    }
    Ok(())
}

impl Store {
    /// Makes sure that each account has its INBOX.
    ///
    /// # Errors
    ///
    /// Those of the index.
    pub async fn add_accounts(&self, accounts: Vec<String>) -> Result<()> {
        self.write(move |db, _| accounts.iter().try_for_each(|name| inbox(db, name).map(drop)))
            .await
    }

    /// The account's mailboxes, in the order of their names.
    ///
    /// # Errors
    ///
    /// Those of the index.
    pub async fn list(&self, account: &str) -> Result<Vec<Mailbox>> {
        let account = account.to_owned();
        self.read(move |db| {
            let mut list = db.prepare_cached(
                "SELECT id, name, EXISTS (SELECT 1 FROM subscription AS s
                     WHERE s.account = mailbox.account AND s.name = mailbox.name)
                 FROM mailbox WHERE account = ? ORDER BY name",
            )?;
            let list = list.query_map([account], |row| {
                let id = MailboxId(row.get(0)?);
                Ok(Mailbox { id, name: row.get(1)?, subscribed: row.get(2)? })
            })?;
            Ok(list.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    /// The names that the account has subscribed to, in order; not all need exist
    /// (RFC 3501 §6.3.6).
    ///
    /// # Errors
    ///
    /// Those of the index.
    pub async fn subscriptions(&self, account: &str) -> Result<Vec<String>> {
        let account = account.to_owned();
        self.read(move |db| {
            let mut names =
                db.prepare_cached("SELECT name FROM subscription WHERE account = ? ORDER BY name")?;
            let names = names.query_map([account], |row| row.get(0))?;
            Ok(names.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    /// Makes a mailbox, and those above it that are missing.
    ///
    /// # Errors
    ///
    /// [`Error::MailboxExists`], [`Error::MailboxName`].
    pub async fn create(&self, account: &str, name: &str) -> Result<MailboxId> {
        let (account, name) = (account.to_owned(), name.to_owned());
        self.write(move |db, _| create(db, &account, &name)).await
    }

    /// Deletes a mailbox with its messages; those below it stay.
    ///
    /// # Errors
    ///
    /// [`Error::NoMailbox`]; [`Error::MailboxName`] for INBOX.
    pub async fn delete(&self, account: &str, name: &str) -> Result<()> {
        let (account, name) = (account.to_owned(), name.to_owned());
        self.write(move |db, effects| delete(db, effects, &account, &name)).await
    }

    /// Renames a mailbox and those below it. INBOX stays and its messages go to a new mailbox
    /// (RFC 3501 §6.3.5).
    ///
    /// # Errors
    ///
    /// [`Error::NoMailbox`], [`Error::MailboxExists`], [`Error::MailboxName`].
    pub async fn rename(&self, account: &str, from: &str, to: &str) -> Result<()> {
        let (account, from, to) = (account.to_owned(), from.to_owned(), to.to_owned());
        self.write(move |db, effects| rename(db, effects, &account, &from, &to)).await
    }

    /// Subscribes to a name, or no longer.
    ///
    /// # Errors
    ///
    /// [`Error::MailboxName`].
    pub async fn subscribe(&self, account: &str, name: &str, on: bool) -> Result<()> {
        let (account, name) = (account.to_owned(), canonical(name)?);
        self.write(move |db, _| {
            let change = if on {
                "INSERT OR IGNORE INTO subscription (account, name) VALUES (?, ?)"
            } else {
                "DELETE FROM subscription WHERE account = ? AND name = ?"
            };
            db.execute(change, [account, name])?;
            Ok(())
        })
        .await
    }

    /// The mailbox's counters, and its number for the calls that take one.
    ///
    /// # Errors
    ///
    /// [`Error::NoMailbox`].
    pub async fn mailbox(&self, account: &str, name: &str) -> Result<MailboxState> {
        let (account, name) = (account.to_owned(), name.to_owned());
        self.read(move |db| MailboxState::named(db, &account, &name)).await
    }

    /// What STATUS tells of the mailbox.
    ///
    /// # Errors
    ///
    /// [`Error::NoMailbox`].
    pub async fn status(&self, account: &str, name: &str) -> Result<Status> {
        let (account, name) = (account.to_owned(), name.to_owned());
        self.read(move |db| {
            let state = MailboxState::named(db, &account, &name)?;
            let mut count = db.prepare_cached(
                "SELECT count(*), coalesce(sum(uid >= ?2), 0),
                     coalesce(sum(system & 1 = 0), 0), coalesce(sum(system & 8 <> 0), 0),
                     coalesce(sum(size), 0)
                 FROM message WHERE mailbox = ?1",
            )?;
            Ok(count.query_row(params![state.id.0, state.first_recent], |row| {
                Ok(Status {
                    state,
                    messages: row.get(0)?,
                    recent: row.get(1)?,
                    unseen: row.get(2)?,
                    deleted: row.get(3)?,
                    size: row.get(4)?,
                })
            })?)
        })
        .await
    }
}
