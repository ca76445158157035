//! A server takes any bytes and any answers of its caller; where the bytes are cut changes
//! nothing.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mailrail_fuzz::{Drive, Pace};
use mailrail_smtp::server::{Event, Refusal};
use mailrail_smtp::{
    Config, Domain, Error, Extensions, FutureRelease, Misuse, Reply, ReplyCode, Server,
    SessionLimits,
};
use mailrail_wire::{Connection, Step};

/// What happened, and what was written.
#[derive(Debug, Default, PartialEq)]
struct Seen {
    events: Vec<String>,
    text: Vec<u8>,
    written: Vec<u8>,
}

fn server(flags: u32, pace: Pace<'_>) -> (Server, usize) {
    let has = |bit: u32| flags >> bit & 1 != 0;
    let mut offer = Extensions::built_in();
    (offer.starttls, offer.enhanced_status_codes) = (has(0), has(1));
    for name in ["PLAIN", "X-Y"] {
        offer.add_mechanism(name).expect("a name");
    }
    (offer.chunking, offer.binary_mime, offer.smtp_utf8) = (has(7), has(8), has(9));
    if has(10) {
        (offer.dsn, offer.require_tls, offer.rrvs) = (true, true, true);
        (offer.deliver_by, offer.mt_priority) = (Some(30), Some("MIXER".into()));
        offer.no_soliciting = Some("net.example:ADV".into());
        let until = "2030-01-01T00:00:00Z".parse().expect("a time");
        offer.future_release = Some(Box::new(FutureRelease { seconds: 1_000, until }));
    }
    if has(11) {
        (offer.etrn, offer.vrfy, offer.expn, offer.help) = (true, true, true, true);
        offer.burl = Some("imap".into());
        offer.xclient = Some("NAME ADDR".into());
        offer.xforward = Some("NAME ADDR".into());
    }
    if has(12) {
        let mut limits = SessionLimits::default();
        (limits.recipients, limits.messages, limits.domains) = (Some(2), Some(1), Some(1));
        offer.limits = Some(Box::new(limits));
    }
    if has(13) {
        offer.add_parameter("X-P").expect("a keyword");
        offer.add_verb("XADR").expect("a verb");
    }
    let mut config = Config::default();
    (config.allow_plaintext_auth, config.require_auth) = (has(2), has(3));
    // Of two faults of a message, which one is told is a matter of where the bytes are cut.
    let (passes_bare, refuses_eight_bit) = (has(16), has(17) && (has(16) || pace.is_odd()));
    if has(4) && (passes_bare && !refuses_eight_bit || pace.is_odd()) {
        offer.size = Some(40);
    }
    if has(5) {
        (config.limits.line, config.limits.auth_line) = (40, 60);
        (config.limits.output, config.limits.recipients, config.limits.errors) = (1, 2, 3);
    }
    (config.lmtp, config.proxy, config.pass_bare_line_ends) = (has(14), has(15), passes_bare);
    (config.refuse_eight_bit, config.require_tls_for_auth) = (refuses_eight_bit, has(18));
    // What comes too early is a matter of where the bytes are cut.
    config.strict_pipelining = has(19) && pace.is_odd();
    // A PROXY header may be as long, whatever a line may be.
    let held = config.limits.line.max(config.limits.auth_line).max(1_040);
    let make = if has(6) { Server::over_tls } else { Server::new };
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
    said.or_else(|_| server.greet(&host))
        .or_else(|_| server.accept())
        // Who is on a list, and what helps, is nobody's words but the caller's.
        .or_else(|_| server.reply(&reply(550, "No")))
}

fn serve(flags: u32, ops: &[u8; 16], wire: &[u8], pace: Pace<'_>) -> Seen {
    let (mut server, held) = server(flags, pace);
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
                        let is_configured = match refusal {
                            Refusal::TooLarge => flags & 1 << 4 != 0,
                            Refusal::BareLineEnd => flags & 1 << 16 == 0,
                            Refusal::EightBit => flags & 1 << 17 != 0,
                            _ => false,
                        };
                        assert!(is_configured, "{refusal:?}");
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

fuzz_target!(|data: (u32, u8, [u8; 16], [u8; 4], &[u8])| {
    let (flags, seconds, ops, sizes, wire) = data;
    serve(flags, &ops, wire, Pace::Sizes(&sizes, u64::from(seconds)));
    assert_eq!(serve(flags, &ops, wire, Pace::Whole), serve(flags, &ops, wire, Pace::Bytes));
});
