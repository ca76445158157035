//! Sessions written down, each at every split of its bytes.

use crate::sides::login;
use core::time::Duration;
use mailrail_pop3::{
    Config, Download,
    download::{Event, Policy, TlsPolicy},
};
use mailrail_testing::{Role, Shown, Transcript, escaped};

fn act(download: &mut Download, words: &str) {
    match words.split_once(' ').unwrap_or((words, "")) {
        ("fetch", "") => download.fetch().unwrap(),
        ("leave", "") => download.leave().unwrap(),
        ("held", fate) => {
            let held = download.held(Duration::ZERO).unwrap();
            assert_eq!(format!("{held:?}"), fate);
        }
        _ => panic!("no such answer: {words}"),
    }
}

fn show(event: &Event<'_>) -> Shown {
    Shown::Text(match event {
        Event::Octets(octets) => return Shown::Bulk("octets", octets.to_vec()),
        Event::Opened { maildrop, login_delay, expire } => {
            let delay = login_delay.map_or(0, |delay| delay.seconds);
            let days = expire.and_then(|expire| expire.days);
            format!(
                "opened {} {} delay={delay} expire={days:?}",
                maildrop.messages, maildrop.octets
            )
        }
        Event::Secured => "secured".to_owned(),
        Event::NoUniqueIds => "no unique-ids".to_owned(),
        Event::Listed { message, key } => format!("listed {message} {key}"),
        Event::Begin { message, octets } => format!("begin {message} {octets:?}"),
        Event::End { message, key, octets } => format!("end {message} {key} {octets}"),
        Event::Refused { code, text, .. } => {
            let code = code.map_or("-", |code| code.as_str());
            format!("refused {code} \"{}\"", escaped(text))
        }
        Event::Done { fetched, deleted, forget } => format!("done {fetched} {deleted} {forget}"),
        event => panic!("no words for {event:?}"),
    })
}

fn run(text: &str, machine: impl FnMut() -> Download) {
    Transcript::parse(text).run_every_split(Role::Client, machine, act, show);
}

#[test]
fn over_stls_with_pipelining() {
    run(include_str!("transcripts/stls.txt"), || {
        Download::new(TlsPolicy::Required, Policy::Delete, Config::default())
            .with_login(login("bob", "secret"))
    });
}

#[test]
fn without_unique_ids() {
    run(include_str!("transcripts/no_uidl.txt"), || {
        let mut config = Config::default();
        config.allow_plaintext_auth = true;
        Download::new(TlsPolicy::Opportunistic, Policy::KeepAndForget, config)
            .with_login(login("bob", "secret"))
    });
}

#[test]
fn with_apop() {
    run(include_str!("transcripts/apop.txt"), || {
        Download::new(TlsPolicy::None, Policy::Keep, Config::default())
            .with_login(login("mrose", "tanstaaf"))
    });
}
