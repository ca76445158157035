//! A client against a server, in memory, with every command.
#![cfg(test)]

use bytes::Bytes;
use core::time::Duration;
use mailrail_sasl::{
    ClientMechanism as _, PlainClient, PlainServer, Progress, Question, ServerMechanism as _,
};
use mailrail_smtp::{
    Client, Config, Domain, EnhancedStatusCode, Error, Extensions, Mailbox, Protocol, Reply,
    ReplyCode, ReversePath, Server,
    client::{self, Verb},
    command::{Body, Mail, Vrfy},
    server,
};
use mailrail_testing::Pair;
use mailrail_wire::Time;

fn host() -> Domain<'static> {
    "mx.test".parse().unwrap()
}

fn mailbox(text: &str) -> Mailbox<'static> {
    text.parse().unwrap()
}

fn offer() -> Extensions {
    let mut offer = Extensions::built_in();
    (offer.starttls, offer.size) = (true, Some(10_000_000));
    offer.add_mechanism("PLAIN").unwrap();
    offer
}

/// A mail server, as an embedder writes it.
#[derive(Debug, Default)]
struct Embedder {
    plain: PlainServer,
    from: Option<ReversePath<'static>>,
    text: Vec<u8>,
    stored: Vec<(Protocol, ReversePath<'static>, Vec<u8>)>,
    aborted: usize,
}

impl Embedder {
    fn on(&mut self, event: server::Event<'_>, server: &mut Server) {
        use server::Event;
        match event {
            Event::Connected | Event::Ehlo { .. } | Event::Helo { .. } => server.greet(&host()),
            Event::Secured => Ok(()),
            Event::Authenticate { mechanism, initial_response } => {
                assert!(mechanism.eq_ignore_ascii_case("PLAIN"));
                self.plain = PlainServer::default();
                let response = initial_response.as_ref().map(|response| &response.expose()[..]);
                self.authenticate(response, server)
            }
            Event::AuthenticateResponse(response) => {
                self.authenticate(Some(response.expose()), server)
            }
            Event::Mail(mail) => {
                self.from = Some(mail.reverse_path.into_owned());
                server.accept()
            }
            Event::Rcpt(rcpt) if rcpt.forward_path.to_string().contains("nobody") => {
                let refusal = Reply::new(ReplyCode::MAILBOX_UNAVAILABLE, "No such user");
                server.reply(&refusal.with_enhanced(EnhancedStatusCode::NO_SUCH_MAILBOX))
            }
            Event::Message(piece) => {
                self.text.extend_from_slice(piece);
                Ok(())
            }
            Event::Aborted(_) => {
                self.aborted += 1;
                self.text.clear();
                Ok(())
            }
            Event::EndOfMessage => {
                let text = core::mem::take(&mut self.text);
                self.stored.push((server.protocol(), self.from.take().unwrap(), text));
                server.accept()
            }
            _ => server.accept(),
        }
        .unwrap();
    }

    fn authenticate(
        &mut self,
        response: Option<&[u8]>,
        server: &mut Server,
    ) -> Result<(), mailrail_smtp::Misuse> {
        match self.plain.step(response) {
            Ok(Progress::Challenge(challenge)) => server.challenge(challenge.expose()),
            Ok(Progress::Question(Question::Password(claim))) if claim.has_password("sesame") => {
                server.accept()
            }
            _ => server.reply(
                &Reply::new(ReplyCode::CREDENTIALS_INVALID, "No")
                    .with_enhanced(EnhancedStatusCode::CREDENTIALS_INVALID),
            ),
        }
    }
}

/// Goes on until nothing moves; tells what the client saw.
fn settle(pair: &mut Pair<Client, Server>, embedder: &mut Embedder) -> Vec<(Verb, u16)> {
    let mut seen = Vec::new();
    pair.settle(
        |event, client| match event {
            client::Event::Reply { command, reply } => seen.push((command, reply.code().get())),
            client::Event::Challenge(challenge) => {
                let mut plain = PlainClient::new("alice", "sesame").unwrap();
                let response = plain.step(challenge.expose()).unwrap();
                client.authenticate_response(response.expose()).unwrap();
            }
            client::Event::WantMessage if client.is_secured() => client.end_message().unwrap(),
            _ => {}
        },
        |event, server| embedder.on(event, server),
    );
    seen
}

fn rcpt(recipient: u32) -> Verb {
    Verb::Rcpt { recipient }
}

#[test]
fn every_command() {
    for piece in [1, 7, 4_096] {
        let client = Client::new(Config::default());
        let mut pair =
            Pair::new(client, Server::new(offer(), Config::default())).in_pieces_of(piece);
        let embedder = &mut Embedder::default();
        assert_eq!(settle(&mut pair, embedder), [(Verb::Greeting, 220)]);

        pair.client().helo(host()).unwrap();
        assert_eq!(settle(&mut pair, embedder), [(Verb::Helo, 250)]);
        assert_eq!(pair.server().protocol(), Protocol::Smtp);
        pair.client().ehlo(host()).unwrap();
        assert_eq!(settle(&mut pair, embedder), [(Verb::Ehlo, 250)]);
        let offered = pair.client().extensions().unwrap();
        assert!(offered.starttls && offered.pipelining && !offered.has_mechanism("PLAIN"));

        pair.client().starttls().unwrap();
        assert_eq!(settle(&mut pair, embedder), [(Verb::StartTls, 220)]);
        assert!(pair.client().is_secured() && pair.server().is_secured());
        pair.client().ehlo(host()).unwrap();
        assert_eq!(settle(&mut pair, embedder), [(Verb::Ehlo, 250)]);
        let offered = pair.client().extensions().unwrap();
        assert!(!offered.starttls && offered.has_mechanism("PLAIN"));
        assert_eq!(offered.size, Some(10_000_000));

        pair.client().authenticate("PLAIN", Some(b"\0alice\0wrong")).unwrap();
        assert_eq!(settle(&mut pair, embedder), [(Verb::Auth, 535)]);
        pair.client().authenticate("PLAIN", None).unwrap();
        assert_eq!(settle(&mut pair, embedder), [(Verb::Auth, 235)]);
        assert_eq!(pair.server().protocol(), Protocol::Esmtpsa);

        pair.client().noop().unwrap();
        pair.client().vrfy(Vrfy::parse(b"bob").unwrap()).unwrap();
        assert_eq!(settle(&mut pair, embedder), [(Verb::Noop, 250), (Verb::Vrfy, 252)]);

        let mut mail = Mail::new(mailbox("alice@north.test").into());
        (mail.size, mail.body) = (Some(0), Some(Body::EightBitMime));
        pair.client().mail(mail).unwrap();
        pair.client().rset().unwrap();
        pair.client().mail(ReversePath::Null).unwrap();
        for name in ["bob", "nobody", "\"b o b\""] {
            pair.client().rcpt(mailbox(&format!("{name}@south.test"))).unwrap();
        }
        pair.client().data().unwrap();
        assert_eq!(
            settle(&mut pair, embedder),
            [
                (Verb::Mail, 250),
                (Verb::Rset, 250),
                (Verb::Mail, 250),
                (rcpt(0), 250),
                (rcpt(1), 550),
                (rcpt(2), 250),
                (Verb::Data, 354),
                (Verb::Message, 250),
            ]
        );
        assert_eq!(embedder.stored, [(Protocol::Esmtpsa, ReversePath::Null, Vec::new())]);

        pair.client().quit().unwrap();
        let ended = pair.run(
            |event, _| assert!(matches!(event, client::Event::Reply { command: Verb::Quit, .. })),
            |event, server| embedder.on(event, server),
        );
        assert_eq!((ended.client, ended.server), (Ok(()), Ok(())));
    }
}

/// Sends `text` in pieces; tells what became of it.
fn send(text: &[u8], piece: usize, offer: Extensions) -> (Embedder, u16) {
    let mut pair = Pair::new(Client::new(Config::default()), Server::new(offer, Config::default()));
    let (mut embedder, mut code) = (Embedder::default(), 0);
    let client = pair.client();
    client.ehlo(host()).unwrap();
    client.mail(mailbox("alice@north.test")).unwrap();
    client.rcpt(mailbox("bob@south.test")).unwrap();
    client.data().unwrap();
    let mut pieces = text.chunks(piece);
    let ended = pair.run(
        |event, client| match event {
            client::Event::WantMessage => match pieces.next() {
                Some(piece) => client.message(Bytes::copy_from_slice(piece)).unwrap(),
                None => client.end_message().and_then(|()| client.quit()).unwrap(),
            },
            client::Event::Reply { command: Verb::Message, reply } => code = reply.code().get(),
            _ => {}
        },
        |event, server| embedder.on(event, server),
    );
    assert_eq!((ended.client, ended.server), (Ok(()), Ok(())));
    (embedder, code)
}

#[test]
fn messages_arrive_as_they_were() {
    let long = b"A line\r\n.with dots\r\n..\r\n.\r\n\xFF\0 bytes\r\n".repeat(3_000);
    for text in [&b"a\r\n"[..], b".\r\n", b"\r\n", b"\r\n.\r\n\r\n", b"no end", b".", &long] {
        for piece in [1, 2, 3, 100, 100_000] {
            if text.len() / piece > 20_000 {
                continue;
            }
            let (embedder, code) = send(text, piece, Extensions::built_in());
            let mut whole = text.to_vec();
            if !whole.ends_with(b"\r\n") {
                whole.extend_from_slice(b"\r\n");
            }
            let stored = embedder.stored.first().map(|(_, _, text)| text);
            assert_eq!((code, stored), (250, Some(&whole)));
        }
    }
}

#[test]
fn a_message_too_large_is_refused_alone() {
    let mut offer = Extensions::built_in();
    offer.size = Some(1_000);
    let (embedder, code) = send(&b"0123456789\r\n".repeat(10_000), 5_000, offer);
    assert_eq!((code, embedder.aborted, embedder.stored.len()), (552, 1, 0));
    assert!(embedder.text.is_empty());
}

#[test]
fn silence_ends_both() {
    let mut pair =
        Pair::new(Client::new(Config::default()), Server::new(offer(), Config::default()));
    let mut closing = 0;
    let ended = pair.run(
        |event, client| match event {
            client::Event::Closing(reply) => closing = reply.code().get(),
            _ => assert!(client.extensions().is_none()),
        },
        |event, server| Embedder::default().on(event, server),
    );
    // A client that has nothing to say waits for nothing; it sees the 421 when it looks.
    assert_eq!(ended.server, Err(Error::TimedOut));
    assert_eq!((ended.client, closing), (Ok(()), 421));
    assert_eq!(pair.now(), Time::from_start(Duration::from_secs(300)));
}
