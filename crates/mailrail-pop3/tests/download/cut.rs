//! The line breaks after every byte, and the session is started again: each message is there once.

use crate::sides::{Mail, Store, download, offer, session};
use mailrail_pop3::{Capabilities, Config, download::Policy};

/// Cuts a first session after each number of bytes, and each third of them a second one too.
fn at_every_byte(offer: &Capabilities, policy: Policy, known: &[u32], batch: usize) {
    let mut config = Config::default();
    config.limits.batch = batch;
    let begin = || {
        let store = Store::new(1..=5);
        let mut mail = Mail::default();
        for n in known {
            mail.kept.push((format!("id-{n}"), crate::sides::message(*n)));
            mail.seen.insert(format!("id-{n}"), 0);
        }
        (store, mail)
    };
    let (mut whole, mut mail) = begin();
    let talk = download(policy, &config);
    let (total, ended) = session(&mut whole, &mut mail, talk, offer.clone(), usize::MAX);
    assert_eq!(ended, Ok(()));
    let (all, _) = begin();
    let has_ids = offer.uidl;
    let check = |mail: &Mail| {
        let bodies = |messages: &[(String, Vec<u8>)]| {
            let mut bodies: Vec<_> = messages.iter().map(|(_, text)| text.clone()).collect();
            bodies.sort();
            bodies
        };
        assert_eq!(bodies(&mail.kept), bodies(&all.messages));
        if has_ids {
            mail.has_once(&all);
        }
    };
    check(&mail);
    for cut in 0..total {
        let (mut store, mut mail) = begin();
        let talk = download(policy, &config);
        let (_, ended) = session(&mut store, &mut mail, talk, offer.clone(), cut);
        assert!(ended.is_err() || mail.done, "{cut}");
        if cut % 3 == 0 {
            let talk = download(policy, &config);
            let _ = session(&mut store, &mut mail, talk, offer.clone(), total - cut);
        }
        let talk = download(policy, &config);
        let (_, ended) = session(&mut store, &mut mail, talk, offer.clone(), usize::MAX);
        assert_eq!(ended, Ok(()), "{cut}");
        check(&mail);
        assert_eq!(store.messages.len(), whole.messages.len(), "{cut}");
    }
}

#[test]
fn all_are_deleted() {
    at_every_byte(&offer(), Policy::Delete, &[], 1_000);
    at_every_byte(&offer(), Policy::Delete, &[2, 3], 2);
}

#[test]
fn all_are_kept() {
    at_every_byte(&offer(), Policy::KeepAndForget, &[], 1);
    at_every_byte(&offer(), Policy::Keep, &[1, 5], 1_000);
}

#[test]
fn without_pipelining() {
    let mut offer = offer();
    offer.pipelining = false;
    at_every_byte(&offer, Policy::Delete, &[4], 1_000);
}

#[test]
fn without_unique_ids() {
    let mut offer = offer();
    offer.uidl = false;
    at_every_byte(&offer, Policy::Delete, &[], 2);
    at_every_byte(&offer, Policy::KeepAndForget, &[], 1_000);
    offer.top = false;
    at_every_byte(&offer, Policy::Delete, &[], 1_000);
    at_every_byte(&offer, Policy::Keep, &[], 3);
}
