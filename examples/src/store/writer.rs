//! The thread that writes.

use super::{Error, Result, Shared};
use rusqlite::Connection;
use std::{
    collections::BTreeSet,
    io,
    path::Path,
    sync::{
        Arc,
        mpsc::{Receiver, Sender, channel},
    },
    thread,
};

/// How many jobs one transaction takes at most.
const BATCH: usize = 256;

/// What is to be done once a job is committed.
#[derive(Default)]
pub(super) struct Effects {
    /// Mailboxes that changed, by their number.
    pub(super) changed: BTreeSet<i64>,
    /// Mailboxes that are gone.
    pub(super) gone: BTreeSet<i64>,
    /// Body files that no row names any more.
    pub(super) unnamed: Vec<String>,
    /// Whether rows name new body files, so that the folder must be synced before.
    pub(super) new_blob: bool,
    /// Whether the relay queue has something new.
    pub(super) queue: bool,
}

impl Effects {
    fn merge(&mut self, mut other: Self) {
        self.changed.append(&mut other.changed);
        self.gone.append(&mut other.gone);
        self.unnamed.append(&mut other.unnamed);
        self.new_blob |= other.new_blob;
        self.queue |= other.queue;
    }
}

/// Tells the caller, once it is known whether the transaction was committed.
type Done = Box<dyn FnOnce(std::result::Result<(), String>) + Send>;
type Job = Box<dyn FnOnce(&Connection, &mut Effects) -> Done + Send>;

/// Where jobs wait for the writer thread, which ends with the last of these.
pub(super) struct Jobs(Sender<Job>);

impl Jobs {
    /// Queues `job`; `done` hears of it when it is on the disk, or is not to be.
    pub(super) fn send<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Connection, &mut Effects) -> Result<T> + Send + 'static,
        done: impl FnOnce(Result<T>) + Send + 'static,
    ) -> Result<()> {
        let job: Job = Box::new(|db, effects| {
            let result = alone(db, effects, job);
            Box::new(|commit| done(commit.map_err(Error::Commit).and(result)))
        });
        self.0.send(job).map_err(|_| Error::Stopped)
    }
}

/// Runs `job` so that its failure undoes it, and nothing of the others in the same transaction.
fn alone<T>(
    db: &Connection,
    effects: &mut Effects,
    job: impl FnOnce(&Connection, &mut Effects) -> Result<T>,
) -> Result<T> {
    db.prepare_cached("SAVEPOINT job")?.execute([])?;
    let mut own = Effects::default();
    let result = job(db, &mut own);
    if result.is_ok() {
        effects.merge(own);
    } else {
        db.prepare_cached("ROLLBACK TO job")?.execute([])?;
    }
    db.prepare_cached("RELEASE job")?.execute([])?;
    result
}

/// Starts the thread, which holds `lock` for as long as it runs.
pub(super) fn start(
    db: Connection,
    lock: Connection,
    blobs: Arc<Path>,
    shared: Arc<Shared>,
) -> Result<Jobs> {
    let (tx, rx) = channel();
    thread::Builder::new().name("store".into()).spawn(move || {
        run(&db, &rx, &blobs, &shared);
        drop(lock);
    })?;
    Ok(Jobs(tx))
}

fn run(db: &Connection, jobs: &Receiver<Job>, blobs: &Path, shared: &Shared) {
    while let Ok(first) = jobs.recv() {
        if let Err(error) = db.execute_batch("BEGIN IMMEDIATE") {
            // The job is dropped, and with it goes the caller's answer.
            tracing::error!(%error, "no transaction begins");
            continue;
        }
        let mut effects = Effects::default();
        let mut done = vec![first(db, &mut effects)];
        // Those that came while the last commit waited for the disk share the next one.
        done.extend(jobs.try_iter().take(BATCH - 1).map(|job| job(db, &mut effects)));
        let committed = commit(db, blobs, &effects);
        if let Err(error) = &committed {
            tracing::error!(error, "a commit failed");
        } else {
            after(blobs, shared, effects);
        }
        for done in done {
            done(committed.clone());
        }
    }
}

fn commit(db: &Connection, blobs: &Path, effects: &Effects) -> std::result::Result<(), String> {
    let synced = if effects.new_blob { sync_folder(blobs) } else { Ok(()) };
    let done = synced
        .map_err(|error| error.to_string())
        .and_then(|()| db.execute_batch("COMMIT").map_err(|error| error.to_string()));
    if done.is_err() {
        let _ = db.execute_batch("ROLLBACK");
    }
    done
}

fn after(blobs: &Path, shared: &Shared, effects: Effects) {
    shared.watchers.tell(&effects.changed, &effects.gone);
    if effects.queue {
        shared.queue.notify_one();
    }
    for name in effects.unnamed {
        if let Err(error) = std::fs::remove_file(blobs.join(&name)) {
            tracing::warn!(name, %error, "a body's file stays");
        }
    }
}

/// Makes the names of new files last.
fn sync_folder(folder: &Path) -> io::Result<()> {
    // Elsewhere a folder cannot be opened, and its file system does not ask for it.
    if cfg!(unix) { std::fs::File::open(folder)?.sync_all() } else { Ok(()) }
}
