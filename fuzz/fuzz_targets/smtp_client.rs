//! A client takes any bytes of a server and any calls of its caller; where replies are cut changes
//! nothing.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mailrail_fuzz::{Drive, Pace, lines, say_next};
use mailrail_smtp::client::Event;
use mailrail_smtp::command::{Attributes, Body, Burl, Etrn, Help, Mail, Other, Rcpt, Vrfy};
use mailrail_smtp::{
    ByMode, Client, Config, DeliverBy, Domain, EnvelopeId, Error, ForwardPath, Mailbox, Misuse,
    Notify, OriginalRecipient, Ret, ReversePath,
};
use mailrail_wire::{Connection, Step};

#[derive(Debug, Default, PartialEq)]
struct Seen {
    events: Vec<String>,
    written: Vec<u8>,
}

fn client(flags: u8) -> (Client, usize) {
    let mut config = Config::default();
    config.allow_plaintext_auth = flags & 1 != 0;
    if flags & 2 != 0 {
        (config.limits.reply, config.limits.pipelined) = (60, 2);
    }
    config.lmtp = flags & 8 != 0;
    let held = config.limits.reply;
    let make = if flags & 4 == 0 { Client::new } else { Client::over_tls };
    (make(config), held)
}

fn attributes() -> Attributes<'static> {
    let mut attributes = Attributes::default();
    attributes.add("NAME", "a b+=").expect("an attribute");
    attributes
}

/// With some parameters or others.
fn mail(op: u8) -> Mail<'static> {
    let mut mail = Mail::new(ReversePath::Null);
    mail.size = Some(op.into());
    mail.body = [Some(Body::EightBitMime), Some(Body::BinaryMime), None][usize::from(op % 3)];
    (mail.smtp_utf8, mail.require_tls) = (op.is_multiple_of(5), op.is_multiple_of(7));
    if op.is_multiple_of(2) {
        mail.ret = Some(Ret::Headers);
        mail.envelope_id = EnvelopeId::new("a+b").ok();
        mail.by = DeliverBy::new(120, ByMode::Return).ok();
        mail.auth = Some("<>".into());
    }
    mail
}

fn rcpt(op: u8) -> Rcpt<'static> {
    let mailbox: Mailbox<'static> = "b@b.test".parse().expect("an address");
    let mut rcpt = Rcpt::from(mailbox);
    if op.is_multiple_of(2) {
        rcpt.notify = Some(Notify::NEVER);
        rcpt.original_recipient = OriginalRecipient::new("rfc822", "c+d@b.test").ok();
    }
    rcpt
}

/// Says one thing or another.
fn say(client: &mut Client, op: u8) -> Result<(), Misuse> {
    let host: Domain<'_> = "a.test".parse().expect("a domain");
    match op % 40 {
        0 | 1 => client.ehlo(host),
        2 => client.helo(host),
        3 => client.starttls(),
        4 => client.authenticate("PLAIN", Some(b"\0a\0b")),
        5 => client.authenticate("X-Y", None),
        6 => client.authenticate("X-Y", Some(&[b'x'; 600])),
        7 => client.authenticate_response(b"a"),
        8 => client.cancel_authentication(),
        9 | 10 => client.mail(ReversePath::Null),
        11 | 12 => client.rcpt(ForwardPath::Postmaster),
        13 => client.data(),
        14 => client.message("".into()),
        15 | 16 => client.message(".a\r\n.".into()),
        17 => client.message("\n".into()),
        18 => client.message(vec![b'.'; 300].into()),
        19 => client.end_message(),
        20 => client.rset(),
        21 => client.noop(),
        22 => client.vrfy(Vrfy::parse(b"a").expect("a user")),
        23 | 24 => client.bdat(),
        25 => client.last_message("a\r\n".into()),
        26 => client.burl(Burl::new("imap://a.test/b;urlauth=c", op < 128).expect("a URL")),
        27 => client.expn(Vrfy::parse(b"a").expect("a list").with_smtp_utf8()),
        28 => client.help(Help::about("a").expect("a subject")),
        29 => client.etrn(Etrn::parse(b"@a.test").expect("a node")),
        30 => client.xclient(attributes()),
        31 => client.xforward(attributes()),
        32 => client.other(Other::parse(b"XADR b").expect("a command")),
        33 | 34 => client.mail(mail(op)),
        35 | 36 => client.rcpt(rcpt(op)),
        37 => client.data(),
        _ => client.quit(),
    }
}

/// A reply each, so that it comes when it is waited for.
fn replies(wire: &[u8]) -> Vec<&[u8]> {
    let (mut replies, mut from, mut to) = (Vec::new(), 0, 0);
    for line in lines(wire) {
        to += line.len();
        if line.get(3) != Some(&b'-') {
            replies.push(&wire[from..to]);
            from = to;
        }
    }
    replies.push(&wire[from..]);
    replies
}

fn talk(flags: u8, ops: &[u8; 32], wire: &[u8], pace: Pace<'_>) -> Seen {
    let (mut client, held) = client(flags);
    let is_odd = pace.is_odd();
    let units = if is_odd { vec![wire] } else { replies(wire) };
    let (mut drive, mut seen) = (Drive::new(units, pace, held), Seen::default());
    let mut ops = ops.iter().copied();
    loop {
        match drive.next(&mut client) {
            Ok(Step::Event) => {
                if is_odd && wire.len() % 2 == 1 {
                    let _ = ops.next().map(|op| say(&mut client, op));
                }
                let event = client.event(&mut drive.input).expect("an event is ready");
                seen.events.push(format!("{event:?}"));
                // A secret is not shown; how long it is counts.
                if let Event::Challenge(challenge) = &event {
                    seen.events.push(challenge.expose().len().to_string());
                }
                assert_eq!(client.event(&mut drive.input), Err(Error::NoEvent));
            }
            Ok(Step::Answer) => {
                say_next(&mut ops, 0xC0, &mut seen.events, |op| say(&mut client, op));
                if ops.len() == 0 {
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
