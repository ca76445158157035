//! Servers that are not as the RFC has them, or do not want the message now.
#![cfg(test)]

use bytes::{Buf as _, Bytes};
use core::time::Duration;
use mailrail_smtp::{
    Client, Config, Domain, Error, Mailbox, Misuse, ReversePath,
    client::{Event, Verb},
};
use mailrail_wire::{Connection as _, Input, Step, Time};

/// What a caller saw: each reply, and how it ended.
#[derive(Debug, PartialEq)]
struct Seen {
    replies: Vec<String>,
    end: Result<(), Error>,
    written: String,
}

/// How a message goes.
#[derive(Debug, Clone, Copy, PartialEq)]
enum By {
    Data,
    Bdat,
    LmtpData,
    LmtpBdat,
}

/// Sends a message to three recipients. The server says one thing after the other, whenever it is
/// waited for, in pieces of that many bytes; after the last it hangs up.
fn send(says: &[&str], piece: usize, by: By) -> Seen {
    let mut config = Config::default();
    config.lmtp = matches!(by, By::LmtpData | By::LmtpBdat);
    let (mut client, mut input) = (Client::new(config), Input::default());
    let mut caller = Caller::new(by);
    let mut says = says.iter().flat_map(|text| text.as_bytes().chunks(piece));
    let (mut replies, mut written) = (Vec::new(), Vec::new());
    let end = loop {
        match client.poll(Time::default(), &mut input) {
            Ok(Step::Event) => {
                let event = client.event(&mut input).unwrap();
                replies.push(caller.answer(event, &mut client));
            }
            Ok(Step::Write { .. }) => {
                let output = client.output();
                written.extend_from_slice(&output.copy_to_bytes(output.remaining()));
            }
            Ok(Step::Read { .. }) => match says.next() {
                Some(piece) => input.extend(piece),
                None => input.received(0),
            },
            Ok(Step::Close) => break Ok(()),
            Ok(step) => panic!("{step:?} after {replies:?}"),
            Err(error) => break Err(error),
        }
    };
    replies.retain(|reply| !reply.is_empty());
    Seen { replies, end, written: String::from_utf8(written).unwrap() }
}

/// Who sends it.
struct Caller {
    by: By,
    host: Domain<'static>,
    /// Whether all but the last piece is given.
    is_last: bool,
}

impl Caller {
    fn new(by: By) -> Self {
        Self { by, host: "north.test".parse().unwrap(), is_last: false }
    }

    fn begin(&self, client: &mut Client) -> Result<(), Misuse> {
        client.mail(ReversePath::Null)?;
        for name in ["a@x.test", "b@x.test", "c@x.test"] {
            client.rcpt(name.parse::<Mailbox<'_>>().unwrap())?;
        }
        match self.by {
            By::Data | By::LmtpData => client.data(),
            By::Bdat | By::LmtpBdat => client.bdat(),
        }
    }

    fn answer(&mut self, event: Event<'_>, client: &mut Client) -> String {
        match event {
            Event::Reply { command, reply } => {
                let (code, done) = (reply.code(), reply.code().is_completion());
                let next = match command {
                    Verb::Greeting if done => client.ehlo(self.host.clone()),
                    Verb::Ehlo if code.is_permanent() => client.helo(self.host.clone()),
                    Verb::Ehlo | Verb::Helo if done => self.begin(client),
                    Verb::Mail | Verb::Rcpt { .. } | Verb::Bdat => Ok(()),
                    Verb::Data if code.is_intermediate() => Ok(()),
                    Verb::MessageFor { recipient } if recipient < 2 => Ok(()),
                    Verb::Quit => Ok(()),
                    _ => client.quit(),
                };
                next.unwrap();
                match command {
                    Verb::Rcpt { recipient } => format!("rcpt {recipient} {code}"),
                    Verb::MessageFor { recipient } => format!("message for {recipient} {code}"),
                    _ => format!("{} {code}", format!("{command:?}").to_lowercase()),
                }
            }
            Event::Closing(reply) => format!("closing {}", reply.code()),
            Event::WantMessage => {
                let piece = Bytes::from("Hello\r\n");
                if matches!(self.by, By::Data | By::LmtpData) || self.is_last {
                    client.last_message(piece).unwrap();
                } else {
                    self.is_last = true;
                    client.message(piece).unwrap();
                }
                String::new()
            }
            event => panic!("{event:?}"),
        }
    }
}

const HELLO: &str = "250-x.test\r\n250 PIPELINING\r\n";
const CHUNKS: &str = "250-x.test\r\n250-CHUNKING\r\n250 PIPELINING\r\n";
const QUIT: &str = "221 Bye\r\n";

/// At every size of pieces.
#[track_caller]
fn check(says: &[&str], by: By, replies: &[&str], end: Result<(), Error>) {
    for piece in [1, 2, 7, 1_000] {
        let seen = send(says, piece, by);
        assert_eq!(
            (seen.replies, seen.end),
            (replies.iter().map(ToString::to_string).collect(), end.clone())
        );
    }
}

#[test]
fn greylisting() {
    check(
        &[
            "220 a\r\n",
            HELLO,
            "250 a\r\n",
            "450 4.7.1 Later\r\n",
            "450 Later\r\n",
            "450 Later\r\n",
            "554 No recipients\r\n",
            QUIT,
        ],
        By::Data,
        &[
            "greeting 220",
            "ehlo 250",
            "mail 250",
            "rcpt 0 450",
            "rcpt 1 450",
            "rcpt 2 450",
            "data 554",
            "quit 221",
        ],
        Ok(()),
    );
}

#[test]
fn one_recipient_of_many() {
    check(
        &[
            "220 a\r\n",
            HELLO,
            "250 a\r\n",
            "250 a\r\n",
            "550 5.1.1 Who?\r\n",
            "250 a\r\n",
            "354 a\r\n",
            "250 a\r\n",
            QUIT,
        ],
        By::Data,
        &[
            "greeting 220",
            "ehlo 250",
            "mail 250",
            "rcpt 0 250",
            "rcpt 1 550",
            "rcpt 2 250",
            "data 354",
            "message 250",
            "quit 221",
        ],
        Ok(()),
    );
    check(
        &[
            "220 a\r\n",
            HELLO,
            "250 a\r\n",
            "250 a\r\n",
            "250 a\r\n",
            "250 a\r\n",
            "354 a\r\n",
            "250 a\r\n",
            "552 5.2.2 Full\r\n",
            "250 a\r\n",
            QUIT,
        ],
        By::LmtpData,
        &[
            "greeting 220",
            "ehlo 250",
            "mail 250",
            "rcpt 0 250",
            "rcpt 1 250",
            "rcpt 2 250",
            "data 354",
            "message for 0 250",
            "message for 1 552",
            "message for 2 250",
            "quit 221",
        ],
        Ok(()),
    );
}

/// A server that closes in the place of each of its replies, and one that hangs up without a word:
/// the two are told apart.
#[test]
fn closing_at_each_stage() {
    const RECIPIENTS: [(&str, &str); 4] = [
        ("250 a\r\n", "mail 250"),
        ("250 a\r\n", "rcpt 0 250"),
        ("250 a\r\n", "rcpt 1 250"),
        ("250 a\r\n", "rcpt 2 250"),
    ];
    const LMTP: [(&str, &str); 3] = [
        ("250 a\r\n", "message for 0 250"),
        ("452 a\r\n", "message for 1 452"),
        ("250 a\r\n", "message for 2 250"),
    ];
    let data = [("354 a\r\n", "data 354")];
    let one = [("250 a\r\n", "message 250")];
    let chunk = [("250 a\r\n", "bdat 250")];
    for (by, hello, rest) in [
        (By::Data, HELLO, [&data[..], &one].concat()),
        (By::LmtpData, HELLO, [&data[..], &LMTP].concat()),
        // Each chunk waits for its reply.
        (By::Bdat, "250-x.test\r\n250 CHUNKING\r\n", [&chunk[..], &one].concat()),
        (By::Bdat, CHUNKS, [&chunk[..], &one].concat()),
        (By::LmtpBdat, CHUNKS, [&chunk[..], &LMTP].concat()),
    ] {
        let start = [("220 a\r\n", "greeting 220"), (hello, "ehlo 250")];
        let all = [&start[..], &RECIPIENTS, &rest, &[(QUIT, "quit 221")]].concat();
        let (says, replies): (Vec<_>, Vec<_>) = all.into_iter().unzip();
        check(&says, by, &replies, Ok(()));
        for stage in 0..says.len() {
            let (says, replies) = (&says[..stage], &replies[..stage]);
            check(says, by, replies, Err(Error::Closed));
            let says = [says, &["421-4.3.2 I am\r\n421 4.3.2 closing\r\n"]].concat();
            check(&says, by, &[replies, &["closing 421"]].concat(), Ok(()));
        }
    }
}

#[test]
fn helo_alone() {
    let rest = ["250 a\r\n", "250 a\r\n", "250 a\r\n", "250 a\r\n", "354 a\r\n", "250 a\r\n", QUIT];
    for refusal in ["500 What?\r\n", "502\r\n", "550-5.5.1 Never\r\n550 heard\r\n"] {
        let says = [&["220 a\r\n", refusal, "250 a\r\n"][..], &rest].concat();
        let seen = send(&says, 1, By::Data);
        assert_eq!(seen.end, Ok(()));
        assert_eq!(seen.replies.last().map(String::as_str), Some("quit 221"));
        assert!(seen.written.starts_with("EHLO north.test\r\nHELO north.test\r\nMAIL FROM:<>\r\n"));
    }
}

/// Whether the message is in the server's care nobody knows: that is neither yes nor no.
#[test]
fn no_word_on_the_message() {
    let says =
        ["220 a\r\n", HELLO, "250 a\r\n", "250 a\r\n", "250 a\r\n", "250 a\r\n", "354 a\r\n"];
    let seen = send(&says, 5, By::Data);
    assert!(seen.written.ends_with("DATA\r\nHello\r\n.\r\n"));
    assert_eq!(seen.end, Err(Error::Closed));
    assert!(!seen.replies.iter().any(|reply| reply.starts_with("message")));

    // Nor does it say anything for ten minutes.
    let (mut client, mut input) = (Client::new(Config::default()), Input::default());
    let mut says = says.iter();
    let (mut now, mut caller) = (Time::default(), Caller::new(By::Data));
    let error = loop {
        match client.poll(now, &mut input) {
            Ok(Step::Event) => {
                let event = client.event(&mut input).unwrap();
                caller.answer(event, &mut client);
            }
            Ok(Step::Write { .. }) => {
                let output = client.output();
                output.advance(output.remaining());
            }
            Ok(Step::Read { until: Some(until) }) => match says.next() {
                Some(text) => input.extend(text.as_bytes()),
                None => {
                    assert_eq!(until, now + Duration::from_secs(600));
                    now = until;
                }
            },
            Ok(step) => panic!("{step:?}"),
            Err(error) => break error,
        }
    };
    assert_eq!(error, Error::TimedOut);
}

/// A server that offers PIPELINING and answers in another order has lost count.
#[test]
fn replies_in_another_order() {
    let start = ["220 a\r\n", HELLO];
    for (rest, end) in [
        // 354 in the place of a recipient's reply, and one of theirs in its own.
        (&["250 a\r\n", "250 a\r\n", "250 a\r\n", "354 a\r\n", "250 a\r\n"][..], Error::OutOfStep),
        (&["354 a\r\n"][..], Error::OutOfStep),
        (&["250 a\r\n", "334 \r\n"][..], Error::OutOfStep),
        // One too many: a recipient's second reply stands where DATA's should.
        (&["250 a\r\n", "250 a\r\n", "250 a\r\n", "250 a\r\n", "250 a\r\n"][..], Error::OutOfStep),
    ] {
        let seen = send(&[&start[..], rest].concat(), 3, By::Data);
        assert_eq!(seen.end, Err(end), "{rest:?}");
        assert!(!seen.written.contains("Hello"), "{rest:?}");
    }
    // One too many at the end.
    let rest = ["250 a\r\n", "550 a\r\n", "550 a\r\n", "550 a\r\n", "554 a\r\n250 a\r\n", QUIT];
    let seen = send(&[&start[..], &rest].concat(), 1_000, By::Data);
    assert_eq!(seen.replies.last().map(String::as_str), Some("data 554"));
    assert_eq!(seen.end, Err(Error::Unsolicited));
}

#[test]
fn a_flood_of_text() {
    let line = format!("250-{}\r\n", "x".repeat(500));
    let flood = line.repeat(5 * 1_024 * 1_024 / line.len());
    let seen = send(&["220 a\r\n", &flood, "250 a\r\n"], 1_460, By::Data);
    assert_eq!(seen.end, Err(Error::ReplyTooLong { limit: 65_536 }));
}
