//! The relay queue: messages on their way to other servers.

use super::{Blob, Date, Envelope, Error, Reader, Result, Store, arrival, writer::Effects};
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::sync::Arc;

/// Names a recipient's place in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct QueueId(i64);

/// A recipient that a message is to be sent on to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(clippy::exhaustive_structs, reason = "the caller fills it in")]
pub struct Remote {
    /// The address.
    pub recipient: String,
    /// What the relay keeps of it; the store does not look into it.
    pub state: String,
}

impl From<&str> for Remote {
    fn from(recipient: &str) -> Self {
        Self { recipient: recipient.to_owned(), state: String::new() }
    }
}

/// One recipient of a message that waits to be sent on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
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
    /// What the relay keeps of it.
    pub state: String,
    /// When it is looked at next, in seconds since 1970.
    pub next_attempt: i64,
    /// When it was queued, in seconds since 1970.
    pub created: i64,
}

/// What became of recipients in the queue.
#[derive(Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "the caller fills it in")]
pub struct Progress {
    /// They leave the queue.
    pub settled: Vec<QueueId>,
    /// They stay: when they are looked at next (seconds since 1970), and what is kept of them.
    pub waiting: Vec<(QueueId, i64, String)>,
    /// A report about some of them.
    pub report: Option<(Blob, Envelope)>,
}

const QUEUED: &str = "id, blob, sender, recipient, state, next_attempt, created";

impl Queued {
    /// From the columns of [`QUEUED`].
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: QueueId(row.get(0)?),
            message: row.get(1)?,
            sender: row.get(2)?,
            recipient: row.get(3)?,
            state: row.get(4)?,
            next_attempt: row.get(5)?,
            created: row.get(6)?,
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
    for remote in &envelope.remote {
        db.prepare_cached(
            "INSERT INTO queue (blob, sender, recipient, state, next_attempt, created)
             VALUES (?1, ?2, ?3, ?4, ?5, ?5)",
        )?
        .execute(params![blob, envelope.sender, remote.recipient, remote.state, now])?;
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

    /// Stores what became of recipients. A report is accepted in the same moment, so that it is
    /// made exactly once.
    ///
    /// # Errors
    ///
    /// Those of the disk; all is as it was then.
    pub async fn advance(&self, progress: Progress) -> Result<()> {
        self.write(move |db, effects| {
            for (id, next_attempt, state) in progress.waiting {
                db.prepare_cached("UPDATE queue SET next_attempt = ?, state = ? WHERE id = ?")?
                    .execute(params![next_attempt, state, id.0])?;
                effects.queue = true;
            }
            for id in progress.settled {
                let blob = db
                    .prepare_cached("DELETE FROM queue WHERE id = ? RETURNING blob")?
                    .query_row([id.0], |row| row.get(0))
                    .optional()?;
                if let Some(blob) = blob {
                    arrival::unname_blob(db, effects, blob)?;
                }
            }
            arrival::accept(db, effects, progress.report.into_iter().collect())
        })
        .await
    }
}
