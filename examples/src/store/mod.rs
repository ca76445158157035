//! The mail store: an index in SQLite, and message bodies as files beside it.
//!
//! What a crash can do to it was thought through once, here:
//!
//! - A body is written to a file of its own while it arrives, and synced when it is whole. No row
//!   names the file yet, so a crash leaves an orphan, which the next start removes.
//! - One transaction then makes it visible for all its recipients, local and remote. The writer
//!   thread syncs the folder before it commits, and the commit syncs SQLite's log, so a row never
//!   names a file that could be gone. Only when that is done does the call return, and only then is
//!   the message acknowledged: all of it is there, or none of it.
//! - A body's file is removed after the commit that takes its last row away. A crash between the
//!   two leaves an orphan again.
//! - One process at a time: a lock on the folder keeps a second one's start from taking the first
//!   one's arriving files for orphans.
//!
//! All writes go through one thread, which commits those that wait together: a commit costs a sync
//! of the disk, whether it holds one message or a hundred.

mod arrival;
mod blob;
mod date;
mod flags;
mod mailbox;
mod message;
mod policy;
mod queue;
mod schema;
mod watch;
mod writer;

pub use arrival::{Envelope, NewMessage};
pub use blob::{Blob, Incoming, PIECE, Pieces, Reader};
pub use date::Date;
pub use flags::{Flags, SystemFlag};
pub use mailbox::{DELIMITER, Mailbox, MailboxId, MailboxState, Status};
pub use message::{Changes, Copied, Expunged, FlagChange, Message, Snapshot, Stored};
pub use policy::KeptPolicy;
pub use queue::{Progress, QueueId, Queued, Remote};
pub use watch::MaildropLock;

use rusqlite::Connection;
use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::{Notify, Semaphore, oneshot};
use writer::{Effects, Jobs};

/// How many reads run at once; others wait.
const READERS: usize = 8;

/// Why the store did not do it. Nothing was changed then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no mailbox of that name, or it was deleted meanwhile.
    #[error("no such mailbox")]
    NoMailbox,
    /// A mailbox of that name is there already.
    #[error("the mailbox exists")]
    MailboxExists,
    /// No mailbox can have that name, or not by that way: INBOX cannot be deleted.
    #[error("not a name for a mailbox")]
    MailboxName,
    /// The message was expunged.
    #[error("no such message")]
    NoMessage,
    /// Another process has the folder open.
    #[error("the mail store is in use by another process")]
    InUse,
    /// The version of the folder is one that this program does not know.
    #[error("the mail store was written by a newer version")]
    Version,
    /// A file.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The index.
    #[error(transparent)]
    Database(#[from] rusqlite::Error),
    /// The commit failed, so that it is not certain what of it a crash would leave.
    #[error("commit failed: {0}")]
    Commit(String),
    /// The store has stopped.
    #[error("the mail store has stopped")]
    Stopped,
}

/// What the store's calls return.
pub type Result<T> = std::result::Result<T, Error>;

/// The mail store. Clones share it.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("blobs", &self.0.blobs).finish_non_exhaustive()
    }
}

struct Inner {
    jobs: Jobs,
    readers: Readers,
    blobs: Arc<Path>,
    shared: Arc<Shared>,
    locks: watch::Locks,
}

/// What the writer thread tells the others.
#[derive(Default)]
struct Shared {
    watchers: watch::Watchers,
    queue: Notify,
}

struct Readers {
    file: PathBuf,
    idle: Mutex<Vec<Connection>>,
    permits: Semaphore,
}

impl Store {
    /// Opens the store in `dir`, which is made where it is missing, with its index in `dir` too or
    /// in `index`. Removes what a crash has left half done.
    ///
    /// # Errors
    ///
    /// [`Error::InUse`], and those of files and SQLite.
    pub async fn open(dir: impl Into<PathBuf>, index: Option<PathBuf>) -> Result<Self> {
        let dir = dir.into();
        blocking(move || Self::open_now(&dir, index)).await
    }

    fn open_now(dir: &Path, index: Option<PathBuf>) -> Result<Self> {
        let blobs: Arc<Path> = dir.join("blobs").into();
        std::fs::create_dir_all(&blobs)?;
        let lock = schema::lock(&dir.join("lock"))?;
        let file = index.unwrap_or_else(|| dir.join("mail.sqlite"));
        let db = schema::open(&file)?;
        schema::migrate(&db)?;
        blob::remove_orphans(&db, &blobs)?;
        let shared = Arc::new(Shared::default());
        let jobs = writer::start(db, lock, Arc::clone(&blobs), Arc::clone(&shared))?;
        let readers = Readers { file, idle: Mutex::default(), permits: Semaphore::new(READERS) };
        Ok(Self(Arc::new(Inner { jobs, readers, blobs, shared, locks: watch::Locks::default() })))
    }

    /// A place for a message that arrives. Nothing of it is visible, nor survives a crash, until it
    /// is finished and given to [`accept`](Self::accept) or [`append`](Self::append).
    ///
    /// # Errors
    ///
    /// Where the system gives no random name.
    pub fn incoming(&self) -> Result<Incoming> {
        Incoming::new(Arc::clone(&self.0.blobs))
    }

    /// Runs `job` in a transaction on the writer thread, and returns when that is committed.
    async fn write<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Connection, &mut Effects) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (tx, rx) = oneshot::channel();
        self.0.jobs.send(job, move |result| {
            let _ = tx.send(result);
        })?;
        rx.await.map_err(|_| Error::Stopped)?
    }

    /// Runs `read` off the runtime, on one state of the index.
    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let _permit = self.0.readers.permits.acquire().await.map_err(|_| Error::Stopped)?;
        let inner = Arc::clone(&self.0);
        blocking(move || {
            let readers = &inner.readers;
            let idle = guard(&readers.idle).pop();
            let mut db = idle.map_or_else(|| schema::open(&readers.file), Ok)?;
            let result = {
                let transaction = db.transaction()?;
                read(&transaction)?
            };
            guard(&readers.idle).push(db);
            Ok(result)
        })
        .await
    }
}

/// Runs `work` where it may wait for the disk.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|_| Error::Stopped)?
}

/// What a mutex guards here is whole after every statement, so a poisoned one is as good.
fn guard<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How long a connection waits for another one's lock.
const BUSY: Duration = Duration::from_secs(10);
