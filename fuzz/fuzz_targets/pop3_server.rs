//! A server takes any bytes and any answers of its caller; where the bytes are cut changes
//! nothing.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mailrail_fuzz::{Drive, Pace};
use mailrail_pop3::server::Event;
use mailrail_pop3::{
    Capabilities, Config, DropListing, Error, Language, Misuse, ResponseCode, Server, Text,
    Timestamp, UniqueId, Utf8,
};
use mailrail_wire::{Connection, Step};

/// What happened, and what was written.
#[derive(Debug, Default, PartialEq)]
struct Seen {
    events: Vec<String>,
    written: Vec<u8>,
}

/// How many pieces the messages have, all together; else one could have no end.
const PIECES_MAX: u32 = 50;

fn server(flags: u8) -> (Server, usize) {
    let mut offer = Capabilities::all();
    offer.stls = flags & 1 != 0;
    offer.resp_codes = flags & 2 != 0;
    offer.sasl = ["PLAIN", "X-Y"].map(str::to_owned).into();
    let mut config = Config::default();
    config.allow_plaintext_auth = flags & 4 != 0;
    if flags & 32 != 0 {
        offer.utf8 = Some(Utf8 { user: flags & 64 != 0 });
        config.languages = Some([Language::ENGLISH].into());
    }
    if flags & 8 != 0 {
        (config.limits.line, config.limits.auth_line) = (40, 60);
        (config.limits.output, config.limits.errors) = (1, 3);
    }
    let held = config.limits.line.max(config.limits.auth_line);
    let make = if flags & 16 == 0 { Server::new } else { Server::over_tls };
    (make(offer, config), held)
}

fn piece(server: &mut Server, op: u8, pieces: &mut u32) -> Result<(), Misuse> {
    *pieces += 1;
    if *pieces > PIECES_MAX {
        return server.end_message();
    }
    match op % 8 {
        0 => server.message("".into()),
        1 | 2 => server.message("a: b\r\n\r\n.".into()),
        3 => server.message(".\r".into()),
        4 => server.message("\n.\r\n".into()),
        5 => server.message(vec![b'.'; 300].into()),
        _ => server.end_message(),
    }
}

/// Answers in one way or another; what does not fit changes nothing.
fn answer(server: &mut Server, op: u8, pieces: &mut u32) -> Result<(), Misuse> {
    let text = Text::new("so it is").expect("a text");
    let size = u64::from(op) * 1_000;
    let said = match op % 16 {
        0 | 1 => server.err(Some(ResponseCode::IN_USE), text),
        2 => server.err(None, Text::NONE),
        3 => {
            server.shut_down();
            Err(Misuse::NotAsked)
        }
        4 | 5 => server.challenge(b"?"),
        _ => Err(Misuse::NotAsked),
    };
    let timestamp = Timestamp::parse(b"<a@b>").expect("a timestamp");
    let said = if op & 0x40 == 0 {
        said
    } else {
        said.or_else(|_| server.ok_with_timestamp(text, timestamp))
    };
    said.or_else(|_| server.ok(text))
        .or_else(|_| server.open(DropListing { messages: u32::from(op % 7), octets: size }))
        .or_else(|_| server.size(size))
        .or_else(|_| server.unique_id(UniqueId::parse(b"../x").expect("an id")))
        .or_else(|_| piece(server, op, pieces))
        .or_else(|_| server.end_message())
}

fn serve(flags: u8, ops: &[u8; 16], wire: &[u8], pace: Pace<'_>) -> Seen {
    let (mut server, held) = server(flags);
    let (mut drive, mut seen) = (Drive::new([wire], pace, held), Seen::default());
    let mut pieces = 0;
    for turn in 0.. {
        let op = ops[turn % ops.len()];
        if pace.is_odd() && op & 0x80 != 0 {
            // At any time, and whatever it changes.
            let _ = answer(&mut server, op, &mut pieces);
        }
        let step = drive.next(&mut server);
        // Whether there is more behind STLS already is a matter of where the bytes are cut.
        let is_tls = matches!(step, Ok(Step::Upgrade(_)) | Err(Error::PlaintextAfterStls));
        if is_tls && !pace.is_odd() {
            seen.events.push("TLS".to_owned());
            return seen;
        }
        match step {
            Ok(Step::Event) => {
                let event = server.event(&mut drive.input).expect("an event is ready");
                seen.events.push(format!("{event:?}"));
                // A secret is not shown; how long it is counts.
                if let Event::Login { password, .. } = &event {
                    seen.events.push(password.expose().len().to_string());
                }
                if let Event::Quit { deleted } = &event {
                    assert_eq!(deleted.iter().count() as u32, deleted.len());
                }
            }
            Ok(Step::Answer) => {
                assert_eq!(server.event(&mut drive.input), Err(Error::NoEvent));
                let op = ops[seen.events.len() % ops.len()];
                answer(&mut server, op, &mut pieces).expect("an answer fits");
            }
            Ok(Step::Upgrade(_)) => server.upgraded(),
            Ok(Step::Close) => break,
            Err(error) => {
                seen.events.push(error.to_string());
                break;
            }
            Ok(step) => panic!("{step:?}"),
        }
    }
    seen.written = drive.written;
    assert!(seen.written.len() <= 1_000 * (wire.len() + 2) + 40_000, "too much is said");
    seen
}

fuzz_target!(|data: (u8, u8, [u8; 16], [u8; 4], &[u8])| {
    let (flags, seconds, ops, sizes, wire) = data;
    serve(flags, &ops, wire, Pace::Sizes(&sizes, u64::from(seconds)));
    assert_eq!(serve(flags, &ops, wire, Pace::Whole), serve(flags, &ops, wire, Pace::Bytes));
});
