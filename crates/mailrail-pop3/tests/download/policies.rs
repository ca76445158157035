//! What stays on the server, and what is remembered.

use crate::sides::{DAY, Mail, Store, download, offer, run, session};
use core::time::Duration;
use mailrail_pop3::{Config, download::Policy};

fn keys(mail: &Mail) -> Vec<&str> {
    mail.seen.keys().map(String::as_str).collect()
}

#[test]
fn keep_remembers_all() {
    let (mut store, mut mail) = (Store::new(1..=3), Mail::default());
    run(&mut store, &mut mail, Policy::Keep);
    mail.has_once(&store);
    store = Store::new([2, 4]);
    run(&mut store, &mut mail, Policy::Keep);
    assert_eq!(keys(&mail), ["id-1", "id-2", "id-3", "id-4"]);
    assert_eq!((store.messages.len(), mail.kept.len()), (2, 4));
    assert_eq!(mail.told, ["3 fetched, 0 deleted", "1 fetched, 0 deleted"]);
}

#[test]
fn what_is_gone_can_be_forgotten() {
    let (mut store, mut mail) = (Store::new(1..=3), Mail::default());
    run(&mut store, &mut mail, Policy::KeepAndForget);
    store = Store::new([2, 4]);
    run(&mut store, &mut mail, Policy::KeepAndForget);
    assert_eq!(keys(&mail), ["id-2", "id-4"]);
}

#[test]
fn delete_deletes_and_forgets() {
    let (mut store, mut mail) = (Store::new(1..=3), Mail::default());
    run(&mut store, &mut mail, Policy::Keep);
    store = Store::new([2, 3, 4]);
    run(&mut store, &mut mail, Policy::Delete);
    assert!(store.messages.is_empty() && mail.seen.is_empty());
    // A server that numbers its messages anew uses the same ids again.
    store = Store::new([2]);
    run(&mut store, &mut mail, Policy::Delete);
    assert_eq!(mail.kept.len(), 5);
    run(&mut store, &mut mail, Policy::Delete);
    assert_eq!(
        mail.told[1..],
        ["1 fetched, 3 deleted", "1 fetched, 1 deleted", "0 fetched, 0 deleted"]
    );
}

#[test]
fn delete_after_days() {
    let mut mail = Mail::default();
    let policy = Policy::DeleteAfter(DAY * 3);
    for (today, there, left) in
        [(0, &[1][..], 1), (1, &[1, 2], 2), (2, &[1, 2], 2), (3, &[1, 2, 3], 2), (4, &[2, 3], 1)]
    {
        mail.today = today;
        let mut store = Store::new(there.iter().copied());
        run(&mut store, &mut mail, policy);
        assert_eq!(store.messages.len(), left, "{today}");
    }
    assert_eq!((keys(&mail), mail.kept.len()), (vec!["id-3"], 3));
    let (mut store, mut mail) = (Store::new([1]), Mail::default());
    run(&mut store, &mut mail, Policy::DeleteAfter(Duration::ZERO));
    assert!(store.messages.is_empty());
}

#[test]
fn what_is_refused_is_left_and_nothing_is_forgotten() {
    let (mut store, mut mail) = (Store::new(1..=3), Mail::default());
    mail.seen.insert("id-9".to_owned(), 0);
    store.locked = vec![2];
    run(&mut store, &mut mail, Policy::Delete);
    assert_eq!(mail.told, ["refused Retr 2", "2 fetched, 2 deleted"]);
    assert_eq!((store.messages.len(), keys(&mail)), (1, vec!["id-1", "id-3", "id-9"]));
    store.locked.clear();
    run(&mut store, &mut mail, Policy::Delete);
    assert!(store.messages.is_empty() && mail.seen.is_empty() && mail.kept.len() == 3);
}

#[test]
fn in_batches_and_in_order() {
    for batch in [1, 2, 7, 100] {
        let (mut store, mut mail) = (Store::new(1..=50), Mail::default());
        // Every third one is known.
        mail.seen = (1..=50).step_by(3).map(|n| (format!("id-{n}"), 0)).collect();
        let mut config = Config::default();
        config.limits.batch = batch;
        let talk = download(Policy::Delete, &config);
        let (_, ended) = session(&mut store, &mut mail, talk, offer(), usize::MAX);
        assert_eq!((ended, mail.done), (Ok(()), true));
        let fetched: Vec<_> = mail.kept.iter().map(|(key, _)| key.clone()).collect();
        let wanted: Vec<_> = (1..=50).filter(|n| n % 3 != 1).map(|n| format!("id-{n}")).collect();
        assert_eq!(fetched, wanted, "{batch}");
        assert_eq!(mail.told, ["33 fetched, 50 deleted"]);
        assert!(store.messages.is_empty());
    }
}

#[test]
fn too_large_is_told_and_left() {
    let (mut store, mut mail) = (Store::new(1..=5), Mail::default());
    store.messages[2].1.extend_from_slice(&b"x\r\n".repeat(1_000));
    let mut config = Config::default();
    config.limits.message = 1_000;
    let talk = download(Policy::Delete, &config);
    let (_, ended) = session(&mut store, &mut mail, talk, offer(), usize::MAX);
    assert_eq!(ended, Ok(()));
    let octets = store.messages[0].1.len();
    assert_eq!(mail.told, [format!("message 3 has {octets}"), "4 fetched, 4 deleted".to_owned()]);
}
