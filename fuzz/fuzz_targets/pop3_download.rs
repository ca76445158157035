//! A session takes any bytes of a server and any answers of its caller; where the bytes are cut
//! changes nothing, and nothing is deleted but what the caller has said that it holds.

#![no_main]

use core::time::Duration;
use libfuzzer_sys::fuzz_target;
use mailrail_fuzz::{Drive, Pace, lines};
use mailrail_pop3::download::{Download, Event, Policy, TlsPolicy};
use mailrail_pop3::{Config, Error};
use mailrail_sasl::{Authenticator, Credentials, Nonce};
use mailrail_wire::{Connection, Step};
use std::collections::BTreeSet;

/// What happened, what was read of messages, and what was written.
#[derive(Debug, Default, PartialEq)]
struct Seen {
    events: Vec<String>,
    text: Vec<u8>,
    written: Vec<u8>,
    held: BTreeSet<u32>,
}

fn session(flags: u8) -> (Download, usize) {
    let mut config = Config::default();
    config.allow_plaintext_auth = flags & 1 != 0;
    config.limits.messages = 300;
    if flags & 2 != 0 {
        (config.limits.line, config.limits.auth_line) = (60, 80);
        (config.limits.pipelined, config.limits.batch) = (2, 2);
        config.limits.message = 100;
    }
    let held = config.limits.line.max(config.limits.auth_line);
    let tls = match flags >> 2 & 3 {
        0 => TlsPolicy::None,
        1 => TlsPolicy::Opportunistic,
        2 => TlsPolicy::Required,
        _ => TlsPolicy::Implicit,
    };
    let policy = match flags >> 4 & 3 {
        0 => Policy::Keep,
        1 => Policy::KeepAndForget,
        2 => Policy::Delete,
        _ => Policy::DeleteAfter(Duration::from_secs(5)),
    };
    let bob = Credentials::password("bob", "x").expect("a password");
    let login = Authenticator::new(bob, Nonce::from_random(&[7; 18]));
    (Download::new(tls, policy, config).with_login(login), held)
}

/// Answers in one way or another; what does not fit changes nothing.
fn answer(session: &mut Download, op: u8, owed: u32, held: &mut BTreeSet<u32>) {
    let done = match op % 4 {
        0 => session.leave(),
        1 => session.fetch().or_else(|_| session.leave()),
        _ => {
            held.insert(owed);
            session.held(Duration::from_secs(u64::from(op % 8))).map(drop)
        }
    };
    assert_eq!(done, Ok(()));
}

fn talk(flags: u8, ops: &[u8; 16], wire: &[u8], pace: Pace<'_>) -> Seen {
    let (mut session, most) = session(flags);
    let units = if pace.is_odd() { vec![wire] } else { lines(wire) };
    let (mut drive, mut seen) = (Drive::new(units, pace, most), Seen::default());
    let (mut owed, mut turn) = (0, 0);
    loop {
        let step = drive.next(&mut session);
        // Whether there is more behind STLS already is a matter of where the bytes are cut.
        let is_tls = matches!(step, Ok(Step::Upgrade(_)) | Err(Error::PlaintextAfterStls));
        if is_tls && !pace.is_odd() {
            seen.events.push("TLS".to_owned());
            break;
        }
        match step {
            Ok(Step::Event) => {
                match session.event(&mut drive.input).expect("an event is ready") {
                    Event::Octets(octets) => {
                        assert!(!octets.is_empty());
                        seen.text.extend_from_slice(octets);
                    }
                    event => {
                        seen.events.push(format!("{} {event:?}", seen.text.len()));
                        if let Event::Listed { message, .. } | Event::End { message, .. } = event {
                            owed = message.value();
                        }
                    }
                }
                assert_eq!(session.event(&mut drive.input), Err(Error::NoEvent));
            }
            Ok(Step::Answer) => {
                answer(&mut session, ops[turn % ops.len()], owed, &mut seen.held);
                turn += 1;
            }
            Ok(Step::Upgrade(_)) => session.upgraded(),
            Ok(Step::Close) => break,
            Err(error) => {
                seen.events.push(error.to_string());
                break;
            }
            Ok(step) => panic!("{step:?}"),
        }
    }
    seen.written = drive.written;
    for line in seen.written.split(|&byte| byte == b'\n') {
        if let Some(number) = line.strip_prefix(b"DELE ") {
            let number = core::str::from_utf8(number).expect("ASCII").trim_end();
            assert!(seen.held.contains(&number.parse().expect("a number")), "not held");
        }
    }
    seen
}

fuzz_target!(|data: (u8, u8, [u8; 16], [u8; 4], &[u8])| {
    let (flags, seconds, ops, sizes, wire) = data;
    talk(flags, &ops, wire, Pace::Sizes(&sizes, u64::from(seconds)));
    let whole = talk(flags, &ops, wire, Pace::Whole);
    assert_eq!(whole, talk(flags, &ops, wire, Pace::Bytes));
});
