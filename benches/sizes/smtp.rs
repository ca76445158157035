//! SMTP: an idle connection is one that has authenticated.

use crate::talk::{BULK, Held, Pieces, Talk, blocks};
use mailrail_smtp::client::{Event as Heard, Verb};
use mailrail_smtp::server::Event as Asked;
use mailrail_smtp::submission::{Envelope, Event, TlsPolicy};
use mailrail_smtp::{Client, Config, Domain, Extensions, Mailbox, Server, Submission};

pub fn client() -> Held {
    let host: Domain<'_> = "client.example".parse().expect("a domain");
    let mut talk = Talk::new(|| Client::over_tls(Config::default()));
    let greeting: [&[u8]; 3] = [
        b"220 mx.example ESMTP\r\n",
        b"250-mx.example\r\n250-PIPELINING\r\n250-SIZE 52428800\r\n250-VRFY\r\n250-ETRN\r\n\
          250-AUTH PLAIN LOGIN SCRAM-SHA-256\r\n250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n\
          250-DSN\r\n250-SMTPUTF8\r\n250-CHUNKING\r\n250 LIMITS RCPTMAX=1000 MAILMAX=100\r\n",
        b"235 2.7.0 Authenticated\r\n",
    ];
    talk.say(greeting, |client, event| match event {
        Heard::Reply { command: Verb::Greeting, .. } => {
            client.ehlo(host.clone()).expect("its turn")
        }
        Heard::Reply { command: Verb::Ehlo, .. } => {
            client.authenticate("PLAIN", Some(b"\0alice\0secret")).expect("its turn");
        }
        event => assert!(matches!(event, Heard::Reply { .. })),
    });
    talk.is_idle();

    let mailbox: Mailbox<'_> = "bob@south.test".parse().expect("an address");
    talk.conn.mail(mailbox.clone()).expect("its turn");
    talk.conn.rcpt(mailbox).expect("its turn");
    talk.conn.data().expect("its turn");
    let mut pieces = Pieces::default();
    let replies: [&[u8]; 2] = [b"250 a\r\n250 b\r\n354 c\r\n", b"250 d\r\n"];
    let written = talk.say(replies, |client, event| {
        if event == Heard::WantMessage {
            match pieces.next() {
                Some(piece) => client.message(piece).expect("its turn"),
                None => client.end_message().expect("its turn"),
            }
        }
    });
    assert!(written > BULK);
    talk.has_passed();
    talk.held
}

pub fn server() -> Held {
    let host: Domain<'_> = "mx.example".parse().expect("a domain");
    let mut talk = Talk::new(|| {
        let mut offer = Extensions::built_in();
        (offer.size, offer.starttls) = (Some(50 * 1024 * 1024), true);
        offer.add_mechanism("PLAIN").expect("a name");
        offer.add_mechanism("SCRAM-SHA-256").expect("a name");
        Server::over_tls(offer, Config::default())
    });
    let mut size = 0;
    let mut answer = |server: &mut Server, event: Asked<'_>| match event {
        Asked::Connected | Asked::Ehlo { .. } => server.greet(&host).expect("its turn"),
        Asked::Message(piece) => size += piece.len(),
        _ => server.accept().expect("its turn"),
    };
    let login: [&[u8]; 2] = [b"EHLO client.example\r\n", b"AUTH PLAIN AGFsaWNlAHNlY3JldA==\r\n"];
    talk.say(login, &mut answer);
    talk.is_idle();

    let start: &[u8] = b"MAIL FROM:<alice@north.test>\r\nRCPT TO:<bob@south.test>\r\nDATA\r\n";
    talk.say([start].into_iter().chain(blocks()).chain([&b".\r\n"[..]]), &mut answer);
    assert_eq!(size, BULK);
    talk.has_passed();
    talk.held
}

pub fn submission() -> Held {
    let host: Domain<'static> = "client.example".parse().expect("a domain");
    let mut talk =
        Talk::new(|| Submission::new(host.clone(), TlsPolicy::Implicit, Config::default()));
    let greeting: [&[u8]; 2] = [
        b"220 mx.example ESMTP\r\n",
        b"250-mx.example\r\n250-PIPELINING\r\n250-SIZE 52428800\r\n250-VRFY\r\n250-ETRN\r\n\
          250-AUTH PLAIN LOGIN SCRAM-SHA-256\r\n250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n\
          250-DSN\r\n250-SMTPUTF8\r\n250 LIMITS RCPTMAX=1000 MAILMAX=100\r\n",
    ];
    talk.say(greeting, |_, event| assert!(matches!(event, Event::Ready)));
    talk.is_idle();

    let bob: Mailbox<'static> = "bob@south.test".parse().expect("an address");
    talk.conn.send(Envelope::new(bob.clone().into()).to(bob)).expect("its turn");
    let mut pieces = Pieces::default();
    let replies: [&[u8]; 2] = [b"250 a\r\n250 b\r\n354 c\r\n", b"250 d\r\n"];
    let written = talk.say(replies, |submission, event| match event {
        Event::WantMessage => match pieces.next() {
            Some(piece) => submission.message(piece).expect("its turn"),
            None => submission.end_message().expect("its turn"),
        },
        Event::Outcome(outcomes) => assert!(outcomes.iter().all(|it| it.is_accepted())),
        _ => {}
    });
    assert!(written > BULK);
    talk.has_passed();
    talk.held
}
