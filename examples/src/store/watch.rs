//! Who wants to hear of a mailbox's changes, and who has a maildrop to itself.

use super::{MailboxId, Store, guard};
use std::{
    collections::{BTreeSet, HashMap, HashSet},
    fmt,
    sync::{Arc, Mutex},
};
use tokio::sync::watch::{Receiver, Sender, channel};

/// A counter a watched mailbox, which moves on with each commit that changed it.
#[derive(Default)]
pub(super) struct Watchers(Mutex<HashMap<i64, Sender<u64>>>);

impl Watchers {
    pub(super) fn tell(&self, changed: &BTreeSet<i64>, gone: &BTreeSet<i64>) {
        if changed.is_empty() && gone.is_empty() {
            return;
        }
        let mut watched = guard(&self.0);
        for id in gone {
            watched.remove(id);
        }
        for id in changed {
            if let Some(sender) = watched.get(id) {
                if sender.receiver_count() == 0 {
                    watched.remove(id);
                } else {
                    sender.send_modify(|count| *count = count.wrapping_add(1));
                }
            }
        }
    }
}

impl Store {
    /// Tells of each change of the mailbox from now on: `changed().await` returns after one, and
    /// fails where the mailbox is gone. [`changes`](Self::changes) then says what changed.
    ///
    /// Watch first and take a [`Snapshot`](super::Snapshot) after it, so that nothing falls between.
    #[must_use]
    pub fn watch(&self, mailbox: MailboxId) -> Receiver<u64> {
        let mut watched = guard(&self.0.shared.watchers.0);
        // Those whose watchers have gone are cleared when somebody else comes.
        if watched.len() > 1_000 {
            watched.retain(|_, sender| sender.receiver_count() > 0);
        }
        watched.entry(mailbox.0).or_insert_with(|| channel(0).0).subscribe()
    }

    /// Takes the mailbox for one POP3 session (RFC 1939 §3); none where another one has it.
    #[must_use]
    pub fn lock_maildrop(&self, mailbox: MailboxId) -> Option<MaildropLock> {
        let free = guard(&self.0.locks).insert(mailbox.0);
        free.then(|| MaildropLock { locks: Arc::clone(&self.0.locks), mailbox: mailbox.0 })
    }
}

pub(super) type Locks = Arc<Mutex<HashSet<i64>>>;

/// A maildrop held for one POP3 session, until it is dropped.
pub struct MaildropLock {
    locks: Locks,
    mailbox: i64,
}

impl fmt::Debug for MaildropLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MaildropLock").field(&self.mailbox).finish()
    }
}

impl Drop for MaildropLock {
    fn drop(&mut self) {
        guard(&self.locks).remove(&self.mailbox);
    }
}
