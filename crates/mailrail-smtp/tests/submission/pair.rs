//! A submission against this crate's own server, in memory.

use bytes::Bytes;
use mailrail_sasl::{Authenticator, Credentials, Nonce};
use mailrail_smtp::{
    Config, Domain, Extensions, Mailbox, Reply, ReplyCode, Server, Submission,
    command::Body,
    server,
    submission::{Envelope, Event, Outcome, TlsPolicy},
};
use mailrail_testing::Pair;

/// What both ends saw.
#[derive(Debug, Default)]
struct Seen {
    outcomes: Vec<String>,
    messages: Vec<Vec<u8>>,
}

fn show(outcomes: &[Outcome]) -> String {
    let word = |outcome: &Outcome| match outcome {
        Outcome::Accepted(_) => 'a',
        Outcome::Deferred(_) => 'd',
        Outcome::Refused(_) => 'r',
        Outcome::Unknown(_) => 'u',
    };
    outcomes.iter().map(word).collect()
}

fn answer(event: server::Event<'_>, server: &mut Server, text: &mut Vec<u8>, seen: &mut Seen) {
    use server::Event;
    let host: Domain<'_> = "mx.test".parse().unwrap();
    let refuse =
        |code, server: &mut Server| server.reply(&Reply::new(ReplyCode::new(code).unwrap(), "no"));
    match event {
        Event::Connected | Event::Ehlo { .. } | Event::Helo { .. } => server.greet(&host),
        Event::Secured | Event::Aborted(_) => Ok(()),
        Event::Message(piece) => {
            text.extend_from_slice(piece);
            Ok(())
        }
        Event::Rcpt(rcpt) => match rcpt.forward_path.mailbox().unwrap().local_part.as_str() {
            "eve" => refuse(550, server),
            "grey" => refuse(451, server),
            _ => server.accept(),
        },
        Event::EndOfMessage => {
            seen.messages.push(core::mem::take(text));
            // In LMTP, the last one's mailbox is full.
            while server.recipients_owed() > 1 {
                server.accept().unwrap();
            }
            if server.protocol().as_str().contains("LMTP") {
                refuse(452, server)
            } else {
                server.accept()
            }
        }
        _ => server.accept(),
    }
    .unwrap();
}

/// Two messages over one connection.
fn talk(submission: Submission, server: Server, to: &[&str], piece: usize) -> Seen {
    let mut envelope = Envelope::new("ann@north.test".parse::<Mailbox<'_>>().unwrap().into());
    envelope.mail.size = Some(16);
    envelope.mail.body = Some(Body::EightBitMime);
    envelope.extend(to.iter().map(|to| to.parse::<Mailbox<'_>>().unwrap()));
    let (mut seen, mut text) = (Seen::default(), Vec::new());
    let mut pair = Pair::new(submission, server).in_pieces_of(piece);
    pair.client().send(envelope.clone()).unwrap();
    let mut pieces = vec![".\r\n", "Subject: x\r\n\r\n"];
    let mut outcomes = Vec::new();
    let ended = pair.run(
        |event, submission| match event {
            Event::WantMessage => match pieces.pop() {
                Some(piece) if pieces.is_empty() => {
                    pieces = vec![".\r\n", "Subject: x\r\n\r\n"];
                    submission.last_message(Bytes::from(piece)).unwrap();
                }
                Some(piece) => submission.message(Bytes::from(piece)).unwrap(),
                None => panic!("it has no end"),
            },
            Event::Outcome(each) => {
                outcomes.push(show(&each));
                match outcomes.len() {
                    1 => submission.send(envelope.clone()).unwrap(),
                    _ => submission.quit().unwrap(),
                }
            }
            _ => {}
        },
        |event, server| answer(event, server, &mut text, &mut seen),
    );
    assert_eq!((ended.client, ended.server), (Ok(()), Ok(())));
    seen.outcomes = outcomes;
    seen
}

#[test]
fn by_every_way() {
    for offer in ["", "pipelining", "chunking", "pipelining chunking", "starttls pipelining"] {
        for lmtp in [false, true] {
            for piece in [1, 7, 4_096] {
                let mut config = Config::default();
                config.lmtp = lmtp;
                let mut extensions = Extensions::default();
                extensions.eight_bit_mime = true;
                extensions.pipelining = offer.contains("pipelining");
                extensions.chunking = offer.contains("chunking");
                extensions.starttls = offer.contains("starttls");
                let host: Domain<'static> = "client.test".parse().unwrap();
                let submission = Submission::new(host, TlsPolicy::Opportunistic, config.clone());
                let server = Server::new(extensions, config);
                let to = ["eve@s.test", "bob@s.test", "grey@s.test", "carol@s.test"];
                let seen = talk(submission, server, &to, piece);
                let outcomes = if lmtp { "radd" } else { "rada" };
                assert_eq!(seen.outcomes, [outcomes, outcomes], "{offer} {lmtp} {piece}");
                let message = b"Subject: x\r\n\r\n.\r\n".to_vec();
                assert_eq!(seen.messages, [message.clone(), message]);
            }
        }
    }
}

#[test]
fn nobody_is_accepted() {
    for offer in ["", "pipelining", "pipelining chunking"] {
        let mut extensions = Extensions::built_in();
        extensions.pipelining = offer.contains("pipelining");
        extensions.chunking = offer.contains("chunking");
        let host: Domain<'static> = "client.test".parse().unwrap();
        let submission = Submission::new(host, TlsPolicy::None, Config::default());
        let server = Server::new(extensions, Config::default());
        let seen = talk(submission, server, &["eve@s.test", "grey@s.test"], 4_096);
        assert_eq!(seen.outcomes, ["rd", "rd"], "{offer}");
        assert!(seen.messages.is_empty());
    }
}

#[test]
fn a_server_that_wants_a_login_before_anything() {
    let mut config = Config::default();
    config.require_auth = true;
    let mut extensions = Extensions::built_in();
    extensions.add_mechanism("ANONYMOUS").unwrap();
    let host: Domain<'static> = "client.test".parse().unwrap();
    let login = |credentials| Authenticator::new(credentials, Nonce::from_random(&[1; 18]));
    let submission = || Submission::new(host.clone(), TlsPolicy::None, Config::default());
    let server = || Server::new(extensions.clone(), config.clone());
    let anonymous = submission().with_login(login(Credentials::anonymous("sirhc")));
    assert_eq!(talk(anonymous, server(), &["bob@s.test"], 4_096).outcomes, ["a", "a"]);
    assert_eq!(talk(submission(), server(), &["bob@s.test"], 4_096).outcomes, ["r", "r"]);
}
