//! What messages are known by where unique-ids are missing or no good.

use crate::sides::{Mail, Store, download, message, offer, run, session};
use mailrail_pop3::{Capabilities, Config, download::Policy};

fn go(store: &mut Store, mail: &mut Mail, offer: &Capabilities, policy: Policy) {
    let talk = download(policy, &Config::default());
    let (_, ended) = session(store, mail, talk, offer.clone(), usize::MAX);
    assert_eq!((ended, mail.done), (Ok(()), true));
}

#[test]
fn headers_stand_in_and_it_is_said() {
    let mut offer = offer();
    offer.uidl = false;
    for has_top in [true, false] {
        offer.top = has_top;
        let (mut store, mut mail) = (Store::new(1..=3), Mail::default());
        go(&mut store, &mut mail, &offer, Policy::KeepAndForget);
        assert!(mail.kept.iter().all(|(key, _)| key.starts_with("sha256-")));
        store.messages.remove(0);
        store.messages.push(("x".to_owned(), message(4)));
        go(&mut store, &mut mail, &offer, Policy::KeepAndForget);
        assert_eq!((mail.kept.len(), mail.seen.len()), (4, 3));
        // Without TOP all is fetched to see what is new, but kept once.
        let again = if has_top { 1 } else { 3 };
        let told = format!("{again} fetched, 0 deleted");
        assert_eq!(mail.told, ["no unique-ids", "3 fetched, 0 deleted", "no unique-ids", &told]);
    }
}

#[test]
fn a_header_that_is_locked_is_asked_for_with_its_message() {
    let mut offer = offer();
    offer.uidl = false;
    let (mut store, mut mail) = (Store::new(1..=3), Mail::default());
    store.locked = vec![2];
    go(&mut store, &mut mail, &offer, Policy::Delete);
    assert_eq!(mail.told, ["no unique-ids", "refused Retr 2", "2 fetched, 2 deleted"]);
    store.locked.clear();
    go(&mut store, &mut mail, &offer, Policy::Delete);
    assert_eq!(mail.kept.len(), 3);
    assert!(store.messages.is_empty());
}

#[test]
fn ids_that_are_none_and_ids_like_paths() {
    let (mut store, mut mail) = (Store::new(1..=7), Mail::default());
    for (n, id) in
        [(0, "../../etc/passwd"), (1, "a b"), (3, ""), (4, &"x".repeat(71)), (6, "a\u{7f}")]
    {
        store.messages[n].0 = id.to_owned();
    }
    run(&mut store, &mut mail, Policy::KeepAndForget);
    let order: Vec<_> = mail.kept.iter().map(|(_, text)| text.clone()).collect();
    assert_eq!(order, (1..=7).map(message).collect::<Vec<_>>());
    let ids: Vec<_> = mail.kept.iter().map(|(key, _)| key.get(..4).unwrap()).collect();
    assert_eq!(ids, ["../.", "sha2", "id-3", "sha2", "sha2", "id-6", "sha2"]);
    run(&mut store, &mut mail, Policy::Delete);
    assert_eq!(mail.told, ["7 fetched, 0 deleted", "0 fetched, 7 deleted"]);
}

#[test]
fn copies_of_one_id_are_one_message() {
    let (mut store, mut mail) = (Store::new([1, 1, 2, 1]), Mail::default());
    run(&mut store, &mut mail, Policy::Delete);
    assert_eq!((mail.kept.len(), store.messages.len()), (2, 0));
}
