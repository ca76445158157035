//! A client takes any bytes of a server and any calls of its caller; where responses are cut
//! changes nothing.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mailrail_fuzz::{Drive, Pace, lines, say_next};
use mailrail_imap::client::Event;
use mailrail_imap::command::{Id, StoreMode};
use mailrail_imap::types::{
    Capability, FetchAttribute, Flag, IString, ListPattern, Mailbox, SearchKey, Section,
    SequenceSet, StatusAttribute,
};
use mailrail_imap::{Client, Config, Error, Misuse};
use mailrail_wire::{Connection, Step};

#[derive(Debug, Default, PartialEq)]
struct Seen {
    events: Vec<String>,
    octets: Vec<u8>,
    written: Vec<u8>,
}

fn client(flags: u8) -> (Client, usize) {
    let mut config = Config::default();
    config.allow_plaintext_auth = flags & 1 != 0;
    if flags & 2 != 0 {
        (config.limits.response, config.limits.pipelined, config.limits.output) = (80, 2, 1);
    }
    let held = config.limits.response;
    let make = if flags & 4 == 0 { Client::new } else { Client::over_tls };
    (make(config), held)
}

/// Says one thing or another.
fn say(client: &mut Client, op: u8) -> Result<(), Misuse> {
    let set = || "1:3,*".parse::<SequenceSet>().expect("a set");
    // Some strings can't be but literals.
    let string = |text: &'static str| IString::try_from(text).expect("a string");
    let other = || Mailbox::from_wire(&b"a\nb"[..]).expect("a name");
    let tag = match op % 40 {
        0 => client.capability(),
        1 => client.noop(),
        2 => client.id(Id { fields: Vec::new() }),
        3 => client.logout(),
        4 => client.starttls(),
        5 => client.login(string("a"), string("b\n")),
        6 | 7 => client.login(string("a"), string("b")),
        8 => client.authenticate("PLAIN", Some(b"\0a\0b")),
        9 => client.authenticate("X-Y", None),
        10 => return client.authenticate_response(b"a"),
        11 => return client.cancel_authentication(),
        12 => client.enable([Capability::Idle].into_iter().collect()),
        13 => client.namespace(),
        14 => client.list(Mailbox::inbox(), ListPattern::from_name("*")),
        15 => client.status(other(), [StatusAttribute::Messages]),
        16 => client.create(other()),
        17 => client.rename(Mailbox::inbox(), other()),
        18..=20 => client.select(Mailbox::inbox()),
        21 => client.examine(other()),
        22 | 23 => client.append(Mailbox::inbox(), [Flag::Seen], None, u64::from(op / 40)),
        24 => client.append(other(), [], None, 1 << 40),
        25 => return client.message(vec![b'}'; usize::from(op / 40)].into()),
        26 => return client.message("x".into()),
        27 => client.check(),
        28 => client.close(),
        29 => client.expunge(),
        30 => client.uid_expunge(set()),
        31 => client.search(Some(string("UTF-8")), [SearchKey::Subject(string("\u{e4}"))]),
        32 => client.uid_search(None, [SearchKey::All]),
        33 => client.fetch(set(), [FetchAttribute::section(Section::whole(), None, true)]),
        34 => client.uid_fetch(set(), [FetchAttribute::Flags]),
        35 => client.store(set(), StoreMode::Add, false, [Flag::Seen]),
        36 => client.copy(set(), other()),
        37 => client.uid_move(set(), Mailbox::inbox()),
        38 => client.idle(),
        _ => return client.done(),
    };
    tag.map(drop)
}

fn talk(flags: u8, ops: &[u8; 48], wire: &[u8], pace: Pace<'_>) -> Seen {
    let (mut client, held) = client(flags);
    let is_odd = pace.is_odd();
    let units = if is_odd { vec![wire] } else { lines(wire) };
    let (mut drive, mut seen) = (Drive::new(units, pace, held), Seen::default());
    drive.tells_reads = true;
    let mut ops = ops.iter().copied();
    loop {
        match drive.next(&mut client) {
            Ok(Step::Event) => {
                match client.event(&mut drive.input).expect("an event is ready") {
                    Event::Literal(octets) => {
                        assert!(!octets.is_empty());
                        seen.octets.extend_from_slice(octets);
                    }
                    // Where a response can't be read, its literals come so, too.
                    Event::Unknown(octets) => {
                        seen.octets.extend_from_slice(octets);
                    }
                    event => {
                        seen.events.push(format!("{:?} {event:?}", seen.octets));
                        seen.octets.clear();
                    }
                }
                assert_eq!(client.event(&mut drive.input), Err(Error::NoEvent));
                if is_odd && wire.len() % 2 == 1 {
                    let _ = ops.next().map(|op| say(&mut client, op));
                }
            }
            Ok(step @ (Step::Answer | Step::Read { .. })) => {
                say_next(&mut ops, 0xD0, &mut seen.events, |op| say(&mut client, op));
                if step == Step::Answer && ops.len() == 0 {
                    break;
                }
            }
            Ok(Step::Upgrade(_)) => client.upgraded(),
            Ok(Step::Close) => break,
            Err(error) => {
                seen.events.push(error.to_string());
                break;
            }
            Ok(step) => panic!("{step:?}"),
        }
    }
    seen.written = drive.written;
    seen
}

fuzz_target!(|data: (u8, u16, [u8; 48], [u8; 4], &[u8])| {
    let (flags, seconds, ops, sizes, wire) = data;
    talk(flags, &ops, wire, Pace::Sizes(&sizes, u64::from(seconds)));
    assert_eq!(talk(flags, &ops, wire, Pace::Whole), talk(flags, &ops, wire, Pace::Bytes));
});
