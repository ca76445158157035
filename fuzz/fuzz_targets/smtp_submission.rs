//! Whatever bytes a server sends, each recipient of a message has one outcome, and where replies are
//! cut changes nothing.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mailrail_fuzz::{Drive, Pace};
use mailrail_sasl::{Authenticator, Credentials, Nonce};
use mailrail_smtp::submission::{Envelope, Event, TlsPolicy};
use mailrail_smtp::{Config, Domain, EnvelopeId, Mailbox, Notify, Ret, Submission, command::Body};
use mailrail_wire::{Connection, Step};

fn submission(flags: u8) -> (Submission, usize) {
    let mut config = Config::default();
    config.lmtp = flags & 1 != 0;
    config.allow_plaintext_auth = flags & 2 != 0;
    let held = config.limits.reply;
    let tls = match flags >> 6 {
        0 => TlsPolicy::None,
        1 => TlsPolicy::Opportunistic,
        2 => TlsPolicy::Required,
        _ => TlsPolicy::Implicit,
    };
    let host: Domain<'static> = "a.test".parse().expect("a domain");
    let submission = Submission::new(host, tls, config);
    if flags & 4 == 0 {
        return (submission, held);
    }
    let credentials = Credentials::password("a", "b").expect("credentials");
    let authenticator = Authenticator::new(credentials, Nonce::from_random(&[7; 18]));
    // Whatever a server asks for, it is done in no time.
    (submission.with_login(authenticator.with_iterations(1..=9)), held)
}

fn envelope(flags: u8) -> Envelope {
    let mailbox = |text: &str| text.parse::<Mailbox<'static>>().expect("an address");
    let mut envelope = Envelope::new(mailbox("a@a.test").into());
    envelope.mail.size = Some(100);
    if flags & 8 != 0 {
        envelope.mail.body = Some(Body::EightBitMime);
        envelope.mail.ret = Some(Ret::Full);
        envelope.mail.envelope_id = EnvelopeId::new("a+b").ok();
    }
    let recipients = ["b@b.test", "c@c.test", "d@b.test"];
    let many = usize::from(flags >> 4 & 3).max(1);
    envelope.extend(recipients.into_iter().take(many).map(mailbox));
    if flags & 8 != 0 {
        envelope.recipients.iter_mut().for_each(|rcpt| rcpt.notify = Some(Notify::NEVER));
    }
    envelope
}

/// Behind each CR LF that ends a reply.
fn replies(wire: &[u8]) -> Vec<&[u8]> {
    let (mut units, mut from, mut line) = (Vec::new(), 0, 0);
    let ends = wire.windows(2).enumerate().filter(|(_, two)| two == b"\r\n").map(|(at, _)| at + 2);
    for at in ends {
        let is_last = wire.get(line + 3) != Some(&b'-');
        line = at;
        if is_last {
            units.push(&wire[from..at]);
            from = at;
        }
    }
    units.push(&wire[from..]);
    units
}

fn talk(flags: u8, ops: [u8; 8], wire: &[u8], pace: Pace<'_>) -> (Vec<String>, Vec<u8>) {
    let (mut submission, held) = submission(flags);
    let units = if pace.is_odd() { vec![wire] } else { replies(wire) };
    let (mut drive, mut seen) = (Drive::new(units, pace, held), Vec::new());
    let (mut ops, mut messages) = (ops.into_iter(), 1_usize);
    let all = envelope(flags).recipients.len();
    submission.send(envelope(flags)).expect("the first message");
    loop {
        let step = match drive.next(&mut submission) {
            Ok(step) => step,
            Err(error) => {
                seen.push(error.to_string());
                break;
            }
        };
        match step {
            Step::Event => {
                let event = submission.event(&mut drive.input).expect("an event is ready");
                seen.push(format!("{event:?}"));
                match event {
                    Event::WantMessage => match ops.next().unwrap_or(0) % 4 {
                        0 => submission.end_message().expect("its end"),
                        1 => submission.last_message(".\r\n".into()).expect("its end"),
                        2 => submission.message(".\r\n".into()).expect("a piece"),
                        _ => {
                            let outcomes = submission.abandon("cut").expect("outcomes");
                            assert_eq!(outcomes.len(), all);
                            messages -= 1;
                            break;
                        }
                    },
                    Event::Outcome(outcomes) => {
                        assert_eq!(outcomes.len(), all);
                        messages -= 1;
                        if ops.next().is_some_and(|op| op % 2 == 0)
                            && submission.send(envelope(flags)).is_ok()
                        {
                            messages += 1;
                        } else {
                            // Where the connection is over already, there is nothing to quit.
                            let _ = submission.quit();
                        }
                    }
                    _ => {}
                }
            }
            Step::Upgrade(_) => submission.upgraded(),
            Step::Close => break,
            step => panic!("{step:?}"),
        }
    }
    assert_eq!(messages, 0, "a message without an outcome");
    (seen, drive.written)
}

fuzz_target!(|data: (u8, u8, [u8; 8], [u8; 4], &[u8])| {
    let (flags, seconds, ops, sizes, wire) = data;
    talk(flags, ops, wire, Pace::Sizes(&sizes, u64::from(seconds)));
    assert_eq!(talk(flags, ops, wire, Pace::Whole), talk(flags, ops, wire, Pace::Bytes));
});
