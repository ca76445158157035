//! A client takes any bytes of a server and any calls of its caller; where answers are cut changes
//! nothing.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mailrail_fuzz::{Drive, Pace, lines, say_next};
use mailrail_pop3::client::Event;
use mailrail_pop3::{
    Client, Config, Error, LanguageRange, MessageNumber, Misuse, Password, UserName,
};
use mailrail_wire::{Connection, Step};

/// What happened, what was read of messages, and what was written.
#[derive(Debug, Default, PartialEq)]
struct Seen {
    events: Vec<String>,
    text: Vec<u8>,
    written: Vec<u8>,
}

fn client(flags: u8) -> (Client, usize) {
    let mut config = Config::default();
    config.allow_plaintext_auth = flags & 1 != 0;
    if flags & 2 != 0 {
        (config.limits.line, config.limits.auth_line) = (40, 60);
        (config.limits.pipelined, config.limits.capabilities) = (2, 2);
    }
    let held = config.limits.line.max(config.limits.auth_line);
    let make = if flags & 4 == 0 { Client::new } else { Client::over_tls };
    (make(config), held)
}

/// Says one thing or another.
fn say(client: &mut Client, op: u8) -> Result<(), Misuse> {
    let message = MessageNumber::new(7).expect("a number");
    let user = UserName::parse(b"bob").expect("a name");
    match op % 24 {
        0 | 1 => client.capa(),
        19 => client.apop(user, Password::parse("x y".as_bytes()).expect("a password")),
        20 => client.utf8(),
        21 => client.languages(),
        22 => client.lang(LanguageRange::Any),
        2 => client.stls(),
        3 | 4 => client.login(user, Password::parse(b"x y").expect("a password")),
        5 => client.authenticate("PLAIN", Some(b"\0a\0b")),
        6 => client.authenticate("X-Y", None),
        7 => client.authenticate("X-Y", Some(&[b'x'; 600])),
        8 => client.authenticate_response(b"a"),
        9 => client.cancel_authentication(),
        10 => client.stat(),
        11 => client.list(None),
        12 => client.list(Some(message)),
        13 => client.uidl(None),
        14 => client.uidl(Some(message)),
        15 => client.retr(message),
        16 => client.top(message, 0),
        17 => client.dele(message),
        18 => client.rset().and_then(|()| client.noop()),
        _ => client.quit(),
    }
}

fn talk(flags: u8, ops: &[u8; 32], wire: &[u8], pace: Pace<'_>) -> Seen {
    let (mut client, held) = client(flags);
    let is_odd = pace.is_odd();
    let units = if is_odd { vec![wire] } else { lines(wire) };
    let (mut drive, mut seen) = (Drive::new(units, pace, held), Seen::default());
    drive.tells_reads = !is_odd;
    let mut ops = ops.iter().copied();
    loop {
        match drive.next(&mut client) {
            Ok(Step::Event) => {
                if is_odd {
                    let _ = ops.next().map(|op| say(&mut client, op));
                }
                match client.event(&mut drive.input).expect("an event is ready") {
                    Event::Message { octets, .. } => {
                        assert!(!octets.is_empty());
                        seen.text.extend_from_slice(octets);
                    }
                    event => {
                        seen.events.push(format!("{} {event:?}", seen.text.len()));
                        // A secret is not shown; how long it is counts.
                        if let Event::Challenge(challenge) = &event {
                            seen.events.push(challenge.expose().len().to_string());
                        }
                    }
                }
                assert_eq!(client.event(&mut drive.input), Err(Error::NoEvent));
            }
            // As many as the high bits say.
            Ok(step @ (Step::Answer | Step::Read { .. })) => {
                say_next(&mut ops, 0xA0, &mut seen.events, |op| say(&mut client, op));
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

fuzz_target!(|data: (u8, u8, [u8; 32], [u8; 4], &[u8])| {
    let (flags, seconds, ops, sizes, wire) = data;
    talk(flags, &ops, wire, Pace::Sizes(&sizes, u64::from(seconds)));
    assert_eq!(talk(flags, &ops, wire, Pace::Whole), talk(flags, &ops, wire, Pace::Bytes));
});
