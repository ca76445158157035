//! A server takes any bytes and any answers of its caller; where the bytes are cut changes
//! nothing.

#![no_main]

use core::num::NonZeroU32;
use libfuzzer_sys::fuzz_target;
use mailrail_fuzz::{Drive, Pace};
use mailrail_imap::response::{
    Fetch, FetchItem, Id, List, MailboxStatus, Namespace, SectionLiteral, SectionName,
};
use mailrail_imap::server::{Event, Selected};
use mailrail_imap::types::{Capability, Flag, Mailbox, Section, Text};
use mailrail_imap::{Config, Error, Misuse, Server};
use mailrail_wire::{Connection, Step};

/// What happened, and what was written.
#[derive(Debug, Default, PartialEq)]
struct Seen {
    events: Vec<String>,
    message: Vec<u8>,
    written: Vec<u8>,
}

fn server(flags: u8) -> (Server, usize) {
    let mut offer: mailrail_imap::types::Capabilities = [
        Capability::Imap4Rev1,
        Capability::Idle,
        Capability::Enable,
        Capability::Id,
        Capability::Move,
        Capability::Namespace,
        Capability::StartTls,
        Capability::UidPlus,
        Capability::Unselect,
        Capability::LiteralPlus,
    ]
    .into_iter()
    .collect();
    if flags & 1 != 0 {
        offer.insert(Capability::SaslIr);
    }
    for name in ["PLAIN", "X-Y"] {
        offer.insert_auth(name).expect("a name");
    }
    let mut config = Config::default();
    config.allow_plaintext_auth = flags & 2 != 0;
    if flags & 4 != 0 {
        let limits = &mut config.limits;
        (limits.line, limits.literal, limits.errors, limits.output) = (60, 10, 3, 1);
        (limits.skip, limits.append) = (30, 20);
    }
    let held = config.limits.line;
    let server =
        if flags & 8 == 0 { Server::new(offer, config) } else { Server::over_tls(offer, config) };
    (server, held)
}

fn text() -> Text<'static> {
    Text::new("so it is").expect("a text")
}

fn number(n: u8) -> NonZeroU32 {
    NonZeroU32::new(n.into()).unwrap_or(NonZeroU32::MIN)
}

fn fetched(op: u8, len: Option<u64>) -> Fetch<'static> {
    let literal = len.map(|length| SectionLiteral {
        section: SectionName::Body(Section::whole()),
        origin: None,
        length,
    });
    let items = if op & 1 == 0 { vec![FetchItem::Flags(vec![Flag::Seen])] } else { Vec::new() };
    // An empty segment can only be the last, and a response of none has nothing to say.
    Fetch { seq: NonZeroU32::MIN, items, literal }
}

fn selected(op: u8) -> Selected<'static> {
    Selected {
        flags: vec![Flag::Seen, Flag::Deleted],
        permanent_flags: vec![Flag::Seen],
        new_keywords: true,
        exists: 3,
        recent: 0,
        unseen: Some(NonZeroU32::MIN),
        uid_next: number(op),
        uid_validity: NonZeroU32::MIN,
        read_only: op & 0x40 != 0,
    }
}

/// Says one thing or another, at whatever time.
fn say(server: &mut Server, op: u8) -> Result<(), Misuse> {
    match op % 28 {
        0 => server.no(None, text()),
        1 => server.bad(None, Text::default()),
        2 => server.bye(None, text()),
        3 => server.preauth(text()),
        4 | 5 => server.challenge(b"?"),
        6 => server.exists(u32::from(op)),
        7 => server.recent(u32::from(op)),
        8 => server.expunge(u32::from(op) % 3),
        9 => server.flags(vec![Flag::Seen]),
        10 => server.search(&[number(op), number(1)]),
        11 => server.search(&[]),
        12 => server.fetch(fetched(op, None)),
        13..=15 => server.fetch(fetched(op, Some(u64::from(op % 5)))),
        16 => server.literal(vec![b')'; usize::from(op % 4)].into()),
        17 => server.untagged_ok(None, text()),
        18 => {
            server.list(List { attributes: Vec::new(), delimiter: None, mailbox: Mailbox::inbox() })
        }
        19 => server.status(MailboxStatus { mailbox: Mailbox::inbox(), items: Vec::new() }),
        20 => server.namespace(Namespace {
            personal: Vec::new(),
            other_users: Vec::new(),
            shared: Vec::new(),
        }),
        21 => server.id(Id { fields: Vec::new() }),
        22 => server.enabled([Capability::Enable].into_iter().collect()),
        23 => server.untagged_no(None, text()),
        _ => Err(Misuse::NotNow),
    }
}

/// Ends what is to be answered.
fn end(server: &mut Server, op: u8) -> Result<(), Misuse> {
    server
        .literal(vec![b'x'; 1].into())
        .or_else(|_| server.done())
        .or_else(|_| server.selected(selected(op)))
        .or_else(|_| server.accept_message())
        .or_else(|_| server.fetch(fetched(1, None)))
}

fn serve(flags: u8, ops: &[u8; 32], wire: &[u8], pace: Pace<'_>) -> Seen {
    let (mut server, held) = server(flags);
    let (mut drive, mut seen) = (Drive::new([wire], pace, held), Seen::default());
    let (mut said, mut answers) = (0, 0);
    let is_odd = pace.is_odd();
    loop {
        let op = ops[seen.events.len() % ops.len()];
        if is_odd && op & 0x80 != 0 && said < 32 {
            // At any time, and whatever it changes.
            said += 1;
            let _ = say(&mut server, op);
        }
        match drive.next(&mut server) {
            Ok(Step::Event) => match server.event(&mut drive.input).expect("an event is ready") {
                // Whether there is more behind it already is a matter of where it is cut.
                Event::StartTls if !is_odd => {
                    seen.events.push("TLS".to_owned());
                    return Seen { written: Vec::new(), ..seen };
                }
                Event::AppendData(octets) => {
                    assert!(!octets.is_empty());
                    seen.message.extend_from_slice(octets);
                }
                event => {
                    seen.events.push(format!("{:?} {event:?}", seen.message));
                    seen.message.clear();
                }
            },
            Ok(Step::Answer) => {
                assert_eq!(server.event(&mut drive.input), Err(Error::NoEvent));
                let op = ops[answers % ops.len()];
                answers += 1;
                // An answer could go on for ever.
                if answers % 4 == 0 || answers > 64 || say(&mut server, op).is_err() {
                    end(&mut server, op).expect("an answer fits");
                }
            }
            Ok(Step::Upgrade(_)) => server.upgraded(),
            Ok(Step::Close) => break,
            Err(Error::PlaintextBehindStartTls) if !is_odd => {
                seen.events.push("TLS".to_owned());
                return Seen { written: Vec::new(), ..seen };
            }
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

fuzz_target!(|data: (u8, u16, [u8; 32], [u8; 4], &[u8])| {
    let (flags, seconds, ops, sizes, wire) = data;
    serve(flags, &ops, wire, Pace::Sizes(&sizes, u64::from(seconds)));
    assert_eq!(serve(flags, &ops, wire, Pace::Whole), serve(flags, &ops, wire, Pace::Bytes));
});
