//! The relay queue: messages on their way to other servers.

use super::{Blob, Date, Envelope, Error, Reader, Result, Store, arrival, writer::Effects};
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::sync::Arc;

/// Names a recipient's place in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct QueueId(i64);

/// One recipient of a message that waits to be sent on.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Queued {
    /// Its place in the queue.
    pub id: QueueId,
    /// The message: the same number for each recipient of the same message.
    pub message: i64,
    /// The reverse-path; empty for none.
    pub sender: String,
    /// The address to send it to.
    pub recipient: String,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried next, in seconds since 1970.
    pub next_attempt: i64,
    /// What went wrong the last time.
    pub last_error: Option<String>,
    /// When it was queued, in seconds since 1970.
    pub created: i64,
}

const QUEUED: &str = "id, blob, sender, recipient, attempts, next_attempt, last_error, created";

impl Queued {
    /// From the columns of [`QUEUED`].
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: QueueId(row.get(0)?),
            message: row.get(1)?,
            sender: row.get(2)?,
            recipient: row.get(3)?,
            attempts: row.get(4)?,
            next_attempt: row.get(5)?,
            last_error: row.get(6)?,
            created: row.get(7)?,
        })
    }
}

/// Queues a message for its remote recipients.
pub(super) fn add(
    db: &Connection,
    effects: &mut Effects,
    blob: i64,
    envelope: &Envelope,
) -> Result<()> {
    let now = Date::now().seconds;
    for recipient in &envelope.remote {
        db.prepare_cached(
            "INSERT INTO queue (blob, sender, recipient, next_attempt, created)
             VALUES (?1, ?2, ?3, ?4, ?4)",
        )?
        .execute(params![blob, envelope.sender, recipient, now])?;
        effects.queue = true;
    }
    Ok(())
}

impl Store {
    /// The recipients whose time has come at `now` (seconds since 1970), the longest waiting first,
    /// at most `limit` of them. They stay in the queue: a crash while one is tried forgets nobody.
    ///
    /// # Errors
    ///
    /// Those of the index.
    pub async fn due(&self, now: i64, limit: u32) -> Result<Vec<Queued>> {
        self.read(move |db| {
            let mut due = db.prepare_cached(&format!(
                "SELECT {QUEUED} FROM queue WHERE next_attempt <= ?
                 ORDER BY next_attempt, id LIMIT ?"
            ))?;
            let due = due.query_map(params![now, limit], Queued::from_row)?;
            Ok(due.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    /// When the next recipient's time comes, in seconds since 1970; none where the queue is empty.
    ///
    /// # Errors
    ///
    /// Those of the index.
    pub async fn next_due(&self) -> Result<Option<i64>> {
        self.read(|db| {
            let next = db.prepare_cached("SELECT min(next_attempt) FROM queue")?;
            let mut next = next;
            Ok(next.query_row([], |row| row.get(0))?)
        })
        .await
    }

    /// Returns when something was queued since the last call: for the one task that relays.
    pub async fn queue_changed(&self) {
        self.0.shared.queue.notified().await;
    }

    /// Opens a queued message to read it.
    ///
    /// # Errors
    ///
    /// [`Error::NoMessage`] where all its recipients have left the queue.
    pub async fn read_queued(&self, queued: &Queued) -> Result<Reader> {
        let (blobs, blob) = (Arc::clone(&self.0.blobs), queued.message);
        self.read(move |db| {
            let (name, size): (String, u64) = db
                .prepare_cached("SELECT name, size FROM blob WHERE id = ?")?
                .query_row([blob], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?
                .ok_or(Error::NoMessage)?;
            Reader::open(&blobs, &name, size, Vec::new())
        })
        .await
    }

    /// Says that recipients could not be reached for now, and when they are tried again (seconds
    /// since 1970).
    ///
    /// # Errors
    ///
    /// Those of the index.
    pub async fn retry(&self, ids: Vec<QueueId>, next_attempt: i64, error: String) -> Result<()> {
        self.write(move |db, effects| {
            for id in ids {
                db.prepare_cached(
                    "UPDATE queue SET attempts = attempts + 1, next_attempt = ?, last_error = ?
                     WHERE id = ?",
                )?
                .execute(params![next_attempt, error, id.0])?;
            }
            effects.queue = true;
            Ok(())
        })
        .await
    }

    /// Takes recipients out of the queue: they have the message, or never will. A report about
    /// those who will not is accepted in the same moment, so that it is made exactly once.
    ///
    /// # Errors
    ///
    /// Those of the disk; the recipients are still in the queue then.
    pub async fn settle(&self, ids: Vec<QueueId>, report: Option<(Blob, Envelope)>) -> Result<()> {
        self.write(move |db, effects| {
            for id in ids {
                let blob = db
                    .prepare_cached("DELETE FROM queue WHERE id = ? RETURNING blob")?
                    .query_row([id.0], |row| row.get(0))
                    .optional()?;
                if let Some(blob) = blob {
                    arrival::unname_blob(db, effects, blob)?;
                }
            }
            match report {
                Some((blob, envelope)) => arrival::accept(db, effects, blob, &envelope),
                None => Ok(()),
            }
        })
        .await
    }
}
