#![cfg(test)]
//! The mail store: what it keeps, what it tells, and what a restart finds.
#![expect(
    clippy::std_instead_of_core,
    clippy::std_instead_of_alloc,
    reason = "a test has an operating system under it"
)]

use mailrail_examples::store::{
    Blob, Date, Envelope, Error, FlagChange, Flags, Incoming, NewMessage, PIECE, Progress, Store,
    SystemFlag,
};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::time::timeout;

/// A folder of its own for each test, removed at its end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("mailrail-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        Self(path)
    }

    fn path(&self) -> &Path {
        &self.0
    }

    fn bodies(&self) -> usize {
        fs::read_dir(self.0.join("blobs")).unwrap().count()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const ALICE: &str = "alice@north.test";
const BOB: &str = "bob@north.test";

async fn blob(store: &Store, bytes: &[u8]) -> Blob {
    let mut incoming: Incoming = store.incoming().unwrap();
    for piece in bytes.chunks(1_000) {
        incoming.append(piece).await.unwrap();
    }
    assert_eq!(incoming.len(), bytes.len() as u64);
    incoming.finish().await.unwrap()
}

fn to(local: &[&str], remote: &[&str]) -> Envelope {
    Envelope {
        sender: "carol@south.test".into(),
        local: local.iter().map(|&name| name.into()).collect(),
        prefix: b"Return-Path: <carol@south.test>\r\n".to_vec(),
        remote: remote.iter().map(|&name| name.into()).collect(),
    }
}

async fn read(store: &Store, account: &str, mailbox: &str, uid: u32) -> Vec<u8> {
    let id = store.mailbox(account, mailbox).await.unwrap().id;
    store.read_message(id, uid).await.unwrap().read_all(usize::MAX).await.unwrap()
}

#[tokio::test]
async fn what_was_accepted_is_there_after_a_restart() {
    let folder = Folder::new("restart");
    let store = Store::open(folder.path(), None).await.unwrap();
    let accepted = blob(&store, b"Subject: hello\r\n\r\n").await;
    store.accept(accepted, to(&[ALICE, BOB, ALICE], &["dan@east.test"])).await.unwrap();
    // Neither of these was acknowledged.
    let finished = blob(&store, b"lost").await;
    let mut arriving = store.incoming().unwrap();
    arriving.append(&vec![b'x'; PIECE]).await.unwrap();
    assert_eq!(folder.bodies(), 3);
    // As a crash would, leave them where they are.
    std::mem::forget((finished, arriving));
    let Err(Error::InUse) = Store::open(folder.path(), None).await else { panic!("not locked") };
    drop(store);

    let store = reopen(&folder).await;
    assert_eq!(folder.bodies(), 1);
    let wanted = b"Return-Path: <carol@south.test>\r\nSubject: hello\r\n\r\n";
    for account in [ALICE, BOB] {
        let inbox = store.examine(account, "inbox").await.unwrap();
        assert_eq!(inbox.messages.len(), 1);
        assert_eq!(inbox.messages[0].size, wanted.len() as u64);
        assert_eq!(read(&store, account, "INBOX", 1).await, wanted);
    }
    let due = store.due(Date::now().seconds, 10).await.unwrap();
    assert_eq!(due.len(), 1);
    assert_eq!((&*due[0].sender, &*due[0].recipient), ("carol@south.test", "dan@east.test"));
    let queued = store.read_queued(&due[0]).await.unwrap();
    assert_eq!(queued.read_all(99).await.unwrap(), b"Subject: hello\r\n\r\n");
}

#[tokio::test]
async fn messages_are_accepted_together() {
    let folder = Folder::new("together");
    let store = Store::open(folder.path(), None).await.unwrap();
    let both = async |second: &str| {
        let (one, two) = (blob(&store, b"one\r\n").await, blob(&store, b"two\r\n").await);
        let all = vec![(one, to(&[ALICE], &["dan@east.test"])), (two, to(&[second], &[]))];
        store.accept_all(all).await
    };
    both(BOB).await.unwrap();
    // What fails for the second one takes the first one along.
    let index = rusqlite::Connection::open(folder.path().join("mail.sqlite")).unwrap();
    let fails = format!(
        "CREATE TRIGGER fails BEFORE INSERT ON message
         WHEN NEW.mailbox = (SELECT id FROM mailbox WHERE account = '{BOB}')
         BEGIN SELECT RAISE(ABORT, 'it is full'); END"
    );
    index.execute_batch(&fails).unwrap();
    let refused = both(BOB).await.unwrap_err().to_string();
    assert!(refused.contains("it is full"), "{refused}");
    for account in [ALICE, BOB] {
        assert_eq!(store.examine(account, "INBOX").await.unwrap().messages.len(), 1);
    }
    assert_eq!(store.due(i64::MAX, 10).await.unwrap().len(), 1);
    assert_eq!(folder.bodies(), 2);
}

/// The old store's threads may still be ending.
async fn reopen(folder: &Folder) -> Store {
    Store::open(folder.path(), None).await.unwrap()
}

#[tokio::test]
async fn a_body_goes_with_its_last_row() {
    let folder = Folder::new("rows");
    let store = Store::open(folder.path(), None).await.unwrap();
    let bytes = blob(&store, b"x\r\n").await;
    store.accept(bytes, to(&[ALICE], &["dan@east.test"])).await.unwrap();
    store.create(ALICE, "Archive").await.unwrap();
    let inbox = store.mailbox(ALICE, "INBOX").await.unwrap().id;
    let copied = store.copy(inbox, vec![7, 1, 1], ALICE, "Archive").await.unwrap();
    assert_eq!(copied.uids, [(1, 1)]);
    let missing = store.copy(inbox, vec![1], ALICE, "Nowhere").await;
    assert!(matches!(missing, Err(Error::NoMailbox)), "{missing:?}");
    // A reader keeps the message whatever becomes of it.
    let reader = store.read_message(inbox, 1).await.unwrap();
    assert_eq!(store.remove(inbox, vec![1]).await.unwrap().uids, [1]);
    assert!(matches!(store.read_message(inbox, 1).await, Err(Error::NoMessage)));
    store.delete(ALICE, "Archive").await.unwrap();
    assert_eq!(folder.bodies(), 1);
    let due = store.due(i64::MAX, 10).await.unwrap();
    let report = (blob(&store, b"failed\r\n").await, to(&[BOB], &[]));
    let settled =
        Progress { settled: vec![due[0].id], report: Some(report), ..Progress::default() };
    store.advance(settled).await.unwrap();
    assert_eq!(folder.bodies(), 1);
    assert_eq!(store.next_due().await.unwrap(), None);
    assert!(read(&store, BOB, "INBOX", 1).await.ends_with(b"failed\r\n"));
    assert!(reader.read_all(99).await.unwrap().ends_with(b"x\r\n"));
}

#[tokio::test]
async fn a_size_is_that_of_the_bytes_and_how_they_end_is_known() {
    let folder = Folder::new("ends");
    let store = Store::open(folder.path(), None).await.unwrap();
    // One ends its CR LF in a piece of its own.
    let texts = ["", "a", "a\r\n", "a\r", "\n", "\r\n", &format!("{}\r\n", "a".repeat(999))];
    for text in texts {
        let message = blob(&store, text.as_bytes()).await;
        store.accept(message, Envelope { prefix: Vec::new(), ..to(&[ALICE], &[]) }).await.unwrap();
    }
    let inbox = store.mailbox(ALICE, "INBOX").await.unwrap().id;
    store.copy(inbox, vec![2], ALICE, "INBOX").await.unwrap();
    let messages = store.examine(ALICE, "INBOX").await.unwrap().messages;
    let ends: Vec<_> = messages.iter().map(|message| (message.size, message.lacks)).collect();
    assert_eq!(ends, [(0, 0), (1, 2), (3, 0), (2, 1), (1, 2), (2, 0), (1_001, 0), (1, 2)]);
}

#[tokio::test]
async fn a_job_that_fails_leaves_nothing() {
    let folder = Folder::new("fails");
    let store = Store::open(folder.path(), None).await.unwrap();
    let message =
        NewMessage { blob: blob(&store, b"x").await, flags: Flags::default(), date: Date::now() };
    let answer = store.append(ALICE, "Nowhere", vec![message]).await;
    assert!(matches!(answer, Err(Error::NoMailbox)), "{answer:?}");
    assert_eq!(folder.bodies(), 0);
}

#[tokio::test]
async fn a_large_message_is_read_in_any_range() {
    let folder = Folder::new("large");
    let store = Store::open(folder.path(), None).await.unwrap();
    let bytes: Vec<u8> =
        (0_u32..200_000).map(|n| n.to_le_bytes()[0] ^ n.to_le_bytes()[1]).collect();
    let body = blob(&store, &bytes).await;
    store.accept(body, to(&[ALICE], &[])).await.unwrap();
    let whole = [b"Return-Path: <carol@south.test>\r\n", &bytes[..]].concat();
    let inbox = store.mailbox(ALICE, "INBOX").await.unwrap().id;
    let reader = store.read_message(inbox, 1).await.unwrap();
    assert_eq!(reader.size(), whole.len() as u64);
    for (from, len) in [(0, whole.len()), (5, 40), (33, 70_000), (199_999, 99), (500_000, 1)] {
        let mut pieces = reader.range(from as u64, len as u64);
        let mut got = Vec::new();
        while let Some(piece) = pieces.next().await.unwrap() {
            assert!(!piece.is_empty() && piece.len() <= PIECE);
            got.extend_from_slice(&piece);
        }
        let from = from.min(whole.len());
        assert!(got == whole[from..(from + len).min(whole.len())], "{from} {len}");
    }
}

#[tokio::test]
async fn sessions_hear_of_changes() {
    let folder = Folder::new("changes");
    let store = Store::open(folder.path(), None).await.unwrap();
    store.add_accounts(vec![ALICE.into()]).await.unwrap();
    let inbox = store.mailbox(ALICE, "INBOX").await.unwrap();
    let mut watch = store.watch(inbox.id);
    for _ in 0..2 {
        let message = blob(&store, b"x\r\n").await;
        store.accept(message, to(&[ALICE], &[])).await.unwrap();
    }
    timeout(Duration::from_secs(5), watch.changed()).await.unwrap().unwrap();
    let changes = store.changes(inbox.id, inbox.modseq).await.unwrap();
    assert_eq!(changes.messages.iter().map(|m| m.uid).collect::<Vec<_>>(), [1, 2]);
    assert_eq!((changes.state.uidnext, &changes.expunged[..]), (3, &[][..]));

    // The first to select them has them as recent.
    let first = store.select(ALICE, "INBOX").await.unwrap();
    let second = store.select(ALICE, "INBOX").await.unwrap();
    assert_eq!((first.state.first_recent, second.state.first_recent), (1, 3));

    let seen: Flags = ["\\Seen", "$Label"].into_iter().collect();
    let known = changes.state.modseq;
    let stored =
        store.store_flags(inbox.id, vec![2, 9], FlagChange::Add, seen.clone()).await.unwrap();
    assert!(stored.modseq > known && stored.messages.len() == 1);
    let again = store.store_flags(inbox.id, vec![2], FlagChange::Add, seen).await.unwrap();
    assert_eq!(again.modseq, stored.modseq);
    let deleted = ["\\Deleted"].into_iter().collect();
    store.store_flags(inbox.id, vec![1], FlagChange::Replace, deleted).await.unwrap();
    let status = store.status(ALICE, "INBOX").await.unwrap();
    assert_eq!((status.messages, status.unseen, status.deleted, status.recent), (2, 1, 1, 0));
    assert_eq!(store.expunge(inbox.id, Some(vec![2])).await.unwrap().uids, [0_u32; 0]);
    assert_eq!(store.expunge(inbox.id, None).await.unwrap().uids, [1]);
    let changes = store.changes(inbox.id, known).await.unwrap();
    assert_eq!(changes.expunged, [1]);
    assert_eq!(changes.messages.len(), 1);
    assert!(changes.messages[0].flags.has(SystemFlag::Seen));
    assert!(changes.messages[0].flags.contains("$label"));

    let lock = store.lock_maildrop(inbox.id).unwrap();
    assert!(store.lock_maildrop(inbox.id).is_none());
    assert!(store.lock_maildrop(inbox.id).is_none());
    drop(lock);
    assert!(store.lock_maildrop(inbox.id).is_some());
}

#[tokio::test]
async fn mailboxes_are_made_renamed_and_deleted() {
    let folder = Folder::new("mailboxes");
    let store = Store::open(folder.path(), None).await.unwrap();
    store.add_accounts(vec![ALICE.into(), BOB.into()]).await.unwrap();
    let names = async || -> Vec<String> {
        store.list(ALICE).await.unwrap().into_iter().map(|mailbox| mailbox.name).collect()
    };
    store.create(ALICE, "Grüße/2026/März").await.unwrap();
    assert_eq!(names().await, ["Grüße", "Grüße/2026", "Grüße/2026/März", "INBOX"]);
    for name in ["inbox", "Grüße"] {
        assert!(matches!(store.create(ALICE, name).await, Err(Error::MailboxExists)));
    }
    for name in ["", "/a", "a/", "a//b", "a\nb"] {
        assert!(matches!(store.create(ALICE, name).await, Err(Error::MailboxName)), "{name:?}");
    }
    store.rename(ALICE, "Grüße", "Old/Cards").await.unwrap();
    let renamed = ["INBOX", "Old", "Old/Cards", "Old/Cards/2026", "Old/Cards/2026/März"];
    assert_eq!(names().await, renamed);
    assert!(matches!(store.rename(ALICE, "Old", "Old/x").await, Err(Error::MailboxName)));
    assert!(matches!(store.rename(ALICE, "Old", "inbox").await, Err(Error::MailboxExists)));
    assert!(matches!(store.rename(ALICE, "No", "x").await, Err(Error::NoMailbox)));
    assert!(matches!(store.delete(ALICE, "INBOX").await, Err(Error::MailboxName)));

    // A successor of the same name is another mailbox.
    let before = store.mailbox(ALICE, "Old").await.unwrap();
    let mut watch = store.watch(before.id);
    store.delete(ALICE, "Old").await.unwrap();
    assert!(watch.changed().await.is_err());
    store.create(ALICE, "Old").await.unwrap();
    assert!(store.mailbox(ALICE, "Old").await.unwrap().uidvalidity > before.uidvalidity);
    assert!(matches!(store.changes(before.id, 0).await, Err(Error::NoMailbox)));

    // Renaming INBOX moves its messages.
    let message = blob(&store, b"x\r\n").await;
    store.accept(message, to(&[ALICE], &[])).await.unwrap();
    store.rename(ALICE, "INBOX", "Moved").await.unwrap();
    assert_eq!(store.status(ALICE, "INBOX").await.unwrap().messages, 0);
    assert!(read(&store, ALICE, "Moved", 1).await.ends_with(b"x\r\n"));

    store.subscribe(ALICE, "Gone", true).await.unwrap();
    store.subscribe(ALICE, "inbox", true).await.unwrap();
    assert_eq!(store.subscriptions(ALICE).await.unwrap(), ["Gone", "INBOX"]);
    store.subscribe(ALICE, "Gone", false).await.unwrap();
    let list = store.list(ALICE).await.unwrap();
    assert_eq!(list.iter().filter(|mailbox| mailbox.subscribed).count(), 1);
    assert_eq!(store.list(BOB).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_are_all_kept() {
    let folder = Folder::new("many");
    let store = Store::open(folder.path(), None).await.unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..200 {
        let store = store.clone();
        tasks.spawn(async move {
            let message = blob(&store, format!("{n}\r\n").as_bytes()).await;
            store.accept(message, to(&[ALICE], &["dan@east.test"])).await.unwrap();
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    drop(store);
    let store = reopen(&folder).await;
    let inbox = store.examine(ALICE, "INBOX").await.unwrap();
    assert_eq!(
        inbox.messages.iter().map(|m| m.uid).collect::<Vec<_>>(),
        (1..=200).collect::<Vec<_>>()
    );
    let mut bodies = BTreeSet::new();
    for message in inbox.messages {
        bodies.insert(read(&store, ALICE, "INBOX", message.uid).await);
    }
    assert_eq!(bodies.len(), 200);
    assert_eq!(store.due(i64::MAX, 1_000).await.unwrap().len(), 200);
}

#[tokio::test]
async fn the_queue_waits_for_its_time() {
    let folder = Folder::new("queue");
    let store = Store::open(folder.path(), None).await.unwrap();
    let message = blob(&store, b"x\r\n").await;
    store.accept(message, to(&[], &["dan@east.test", "eve@east.test"])).await.unwrap();
    timeout(Duration::from_secs(5), store.queue_changed()).await.unwrap();
    let due = store.due(Date::now().seconds, 10).await.unwrap();
    assert_eq!(due.iter().map(|q| q.message).collect::<BTreeSet<_>>().len(), 1);
    let later = Date::now().seconds + 1_000;
    let waiting = vec![(due[0].id, later, "451 not now".to_owned())];
    let settled = vec![due[1].id];
    store.advance(Progress { waiting, settled, report: None }).await.unwrap();
    assert_eq!(store.due(later - 1, 10).await.unwrap(), []);
    assert_eq!(store.next_due().await.unwrap(), Some(later));
    let due = store.due(later, 10).await.unwrap();
    assert_eq!(due[0].state, "451 not now");
    assert_eq!(folder.bodies(), 1);
}
