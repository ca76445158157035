//! A server takes any bytes and any answers of its caller; where the bytes are cut changes
//! nothing.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mailrail_fuzz::{Drive, Pace};
use mailrail_smtp::server::{Event, Refusal};
use mailrail_smtp::{Config, Domain, Error, Extensions, Misuse, Reply, ReplyCode, Server};
use mailrail_wire::{Connection, Step};

/// What happened, and what was written.
#[derive(Debug, Default, PartialEq)]
struct Seen {
    events: Vec<String>,
    text: Vec<u8>,
    written: Vec<u8>,
}

fn server(flags: u8) -> (Server, usize) {
    let mut offer = Extensions::built_in();
    offer.starttls = flags & 1 != 0;
    offer.enhanced_status_codes = flags & 2 != 0;
    for name in ["PLAIN", "X-Y"] {
        offer.add_mechanism(name).expect("a name");
    }
    let mut config = Config::default();
    config.allow_plaintext_auth = flags & 4 != 0;
    config.require_auth = flags & 8 != 0;
    if flags & 16 != 0 {
        offer.size = Some(40);
    }
    if flags & 32 != 0 {
        (config.limits.line, config.limits.auth_line) = (40, 60);
        (config.limits.output, config.limits.recipients, config.limits.errors) = (1, 2, 3);
    }
    let held = config.limits.line.max(config.limits.auth_line);
    let make = if flags & 64 == 0 { Server::new } else { Server::over_tls };
    (make(offer, config), held)
}

fn reply(code: u16, text: &str) -> Reply<'_> {
    Reply::new(ReplyCode::new(code).expect("a code"), text)
}

/// Answers in one way or another; what does not fit changes nothing.
fn answer(server: &mut Server, op: u8) -> Result<(), Misuse> {
    let said = match op % 16 {
        0 => server.reply(&reply(450, "Not\r\nnow")),
        1 => server.reply(&reply(554, "")),
        2 => server.reply(&reply(421, "4.3.2 Bye")),
        3 => server.shut_down(&reply(421, "Bye")),
        4 => server.reply(&reply(354, "Go on")),
        5 | 6 => server.challenge(b"?"),
        7 => server.shut_down(&reply(250, "Bye")),
        8 => server.reply(&reply(250, "a b\nc")),
        _ => Err(Misuse::BareLineEnd),
    };
    let host: Domain<'_> = "mx.test".parse().expect("a domain");
    said.or_else(|_| server.greet(&host)).or_else(|_| server.accept())
}

fn serve(flags: u8, ops: &[u8; 16], wire: &[u8], pace: Pace<'_>) -> Seen {
    let (mut server, held) = server(flags);
    let (mut drive, mut seen) = (Drive::new([wire], pace, held), Seen::default());
    for turn in 0.. {
        let op = ops[turn % ops.len()];
        if pace.is_odd() && op & 0x80 != 0 {
            // At any time, and whatever it changes.
            let _ = answer(&mut server, op);
        }
        let step = drive.next(&mut server);
        // Whether there is more behind STARTTLS already is a matter of where the bytes are cut.
        let is_tls = matches!(step, Ok(Step::Upgrade(_)) | Err(Error::PlaintextAfterStartTls));
        if is_tls && !pace.is_odd() {
            seen.events.push("TLS".to_owned());
            return seen;
        }
        match step {
            Ok(Step::Event) => match server.event(&mut drive.input).expect("an event is ready") {
                Event::Message(piece) => seen.text.extend_from_slice(piece),
                event => {
                    if let Event::Aborted(refusal) = &event {
                        assert!(flags & 16 != 0 || *refusal == Refusal::BareLineEnd);
                        // How much of it has come by then, is a matter of where it is cut.
                        seen.text.clear();
                    }
                    seen.events.push(format!("{:?} {event:?}", seen.text));
                    seen.text.clear();
                }
            },
            Ok(Step::Answer) => {
                assert_eq!(server.event(&mut drive.input), Err(Error::NoEvent));
                answer(&mut server, ops[seen.events.len() % ops.len()]).expect("an answer fits");
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
    assert!(seen.written.len() <= 1_000 * (wire.len() + 2), "too much is said");
    seen
}

fuzz_target!(|data: (u8, u8, [u8; 16], [u8; 4], &[u8])| {
    let (flags, seconds, ops, sizes, wire) = data;
    serve(flags, &ops, wire, Pace::Sizes(&sizes, u64::from(seconds)));
    assert_eq!(serve(flags, &ops, wire, Pace::Whole), serve(flags, &ops, wire, Pace::Bytes));
});
