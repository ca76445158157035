#![cfg(test)]
//! A process that is killed at any moment: what it had acknowledged is there, once.
#![expect(
    clippy::std_instead_of_core,
    clippy::std_instead_of_alloc,
    reason = "a test has an operating system under it"
)]

use mailrail_examples::store::{Envelope, FlagChange, Flags, PIECE, Store};
use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

const FOLDER: &str = "MAILRAIL_CRASH_FOLDER";
const ROUND: &str = "MAILRAIL_CRASH_ROUND";
const BOB: &str = "bob@south.test";

fn message(id: &str) -> Vec<u8> {
    // Some are so large that they go to the disk in pieces.
    let large = id.ends_with('7');
    let filler = if large { "x".repeat(2 * PIECE) } else { String::new() };
    format!("Subject: {id}\r\n\r\n{filler}\r\n").into_bytes()
}

/// The process to be killed: eight writers that say on standard output what was acknowledged.
fn write(folder: String, round: &str) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let store = Store::open(folder, None).await.unwrap();
        let mut tasks = tokio::task::JoinSet::new();
        for task in 0..8 {
            let (store, round) = (store.clone(), round.to_owned());
            tasks.spawn(async move {
                for n in 0.. {
                    let id = format!("{round}-{task}-{n}");
                    let mut incoming = store.incoming().unwrap();
                    incoming.append(&message(&id)).await.unwrap();
                    let blob = incoming.finish().await.unwrap();
                    let envelope = Envelope {
                        local: vec![BOB.into()],
                        remote: vec![format!("{id}@east.test").as_str().into()],
                        ..Envelope::default()
                    };
                    store.accept(blob, envelope).await.unwrap();
                    println!("\nacknowledged {id}");
                    if n % 5 == 4 {
                        // Flags as well are acknowledged.
                        let inbox = store.mailbox(BOB, "INBOX").await.unwrap();
                        let (uid, seen) = (inbox.uidnext - 1, ["\\Seen"].into_iter().collect());
                        let change = FlagChange::Add;
                        store.store_flags(inbox.id, vec![uid], change, seen).await.unwrap();
                        println!("\nseen {uid}");
                    }
                }
            });
        }
        tasks.join_next().await.unwrap().unwrap();
    });
}

#[test]
fn what_was_acknowledged_is_there_once() {
    // This test starts itself: the process to be killed is this program, told where to write.
    if let (Ok(folder), Ok(round)) = (env::var(FOLDER), env::var(ROUND)) {
        return write(folder, &round);
    }
    let folder = env::temp_dir().join(format!("mailrail-crash-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (mut acknowledged, mut seen) = (BTreeSet::new(), BTreeSet::new());
    for round in 0..10_u64 {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "what_was_acknowledged_is_there_once", "--nocapture"])
            .env(FOLDER, &folder)
            .env(ROUND, round.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = child.stdout.take().unwrap();
        let reader = std::thread::spawn(move || {
            // A last line without its end was not said.
            let mut said = Vec::new();
            let mut lines = BufReader::new(stdout);
            loop {
                let mut line = String::new();
                lines.read_line(&mut line).unwrap();
                match line.strip_suffix('\n') {
                    Some(line) => said.push(line.to_owned()),
                    None => return said,
                }
            }
        });
        // A moment as good as any: it moves on through the work with each round.
        let start = Instant::now();
        while start.elapsed() < Duration::from_millis(60 + 37 * round) {
            std::thread::yield_now();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        for line in reader.join().unwrap() {
            match line.split_once(' ') {
                Some(("acknowledged", id)) => drop(acknowledged.insert(id.to_owned())),
                Some(("seen", uid)) => drop(seen.insert(uid.parse::<u32>().unwrap())),
                _ => {}
            }
        }
        runtime.block_on(check(&folder, &acknowledged, &seen));
    }
    assert!(acknowledged.len() > 20, "{} messages are too few", acknowledged.len());
    fs::remove_dir_all(&folder).unwrap();
}

async fn check(folder: &std::path::Path, acknowledged: &BTreeSet<String>, seen: &BTreeSet<u32>) {
    let store = Store::open(folder, None).await.unwrap();
    store.add_accounts(vec![BOB.into()]).await.unwrap();
    let inbox = store.examine(BOB, "INBOX").await.unwrap();
    let mut found = BTreeMap::<String, u32>::new();
    for stored in &inbox.messages {
        let reader = store.read_message(inbox.state.id, stored.uid).await.unwrap();
        let bytes = reader.read_all(usize::MAX).await.unwrap();
        let text = String::from_utf8(bytes.clone()).unwrap();
        let id = text.lines().next().unwrap().strip_prefix("Subject: ").unwrap().to_owned();
        assert!(bytes == message(&id) && stored.size == bytes.len() as u64, "{id} is not whole");
        *found.entry(id).or_default() += 1;
        let flags: Flags = ["\\Seen"].into_iter().collect();
        assert!(!seen.contains(&stored.uid) || stored.flags == flags, "{} is unseen", stored.uid);
    }
    assert!(found.values().all(|&count| count == 1), "{found:?}");
    assert_eq!(acknowledged.iter().find(|id| !found.contains_key(*id)), None);
    // A message is there for all its recipients or for none.
    let queued: BTreeSet<_> =
        store.due(i64::MAX, u32::MAX).await.unwrap().into_iter().map(|q| q.recipient).collect();
    let wanted: BTreeSet<_> = found.keys().map(|id| format!("{id}@east.test")).collect();
    assert_eq!(queued, wanted);
    // Nothing that was never acknowledged takes up room.
    assert_eq!(fs::read_dir(folder.join("blobs")).unwrap().count(), found.len());
}
