//! A client against a server, in memory, with every command.
#![cfg(test)]

use bytes::Bytes;
use core::time::Duration;
use mailrail_sasl::{
    ClientMechanism as _, PlainClient, PlainServer, Progress, Question, ServerMechanism as _,
};
use mailrail_smtp::{
    Client, Config, Domain, EnhancedStatusCode, Error, Extensions, Mailbox, Misuse, Protocol,
    Reply, ReplyCode, ReversePath, Server,
    client::{self, Verb},
    command::{Attributes, Body, Command, Etrn, Help, Mail, Other, Vrfy},
    server,
};
use mailrail_testing::Pair;
use mailrail_wire::{Connection as _, Input, Step, Time};

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
            Event::Connected | Event::Ehlo { .. } | Event::Helo { .. } | Event::Xclient(_) => {
                server.greet(&host())
            }
            Event::Expn(_) => server.reply(&Reply::new(ReplyCode::OK, "<a@b>\n<c@d>")),
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
                let accepted = server.accept();
                // In LMTP, the second recipient's mailbox is full.
                if server.recipients_owed() > 0 {
                    server.reply(&Reply::new(ReplyCode::INSUFFICIENT_STORAGE, "Full")).unwrap();
                }
                accepted
            }
            _ => server.accept(),
        }
        .unwrap();
    }

    fn authenticate(&mut self, response: Option<&[u8]>, server: &mut Server) -> Result<(), Misuse> {
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
fn send(text: &[u8], piece: usize, offer: Extensions, by_chunks: bool) -> (Embedder, u16) {
    let mut pair = Pair::new(Client::new(Config::default()), Server::new(offer, Config::default()));
    let (mut embedder, mut code) = (Embedder::default(), 0);
    let client = pair.client();
    client.ehlo(host()).unwrap();
    client.mail(mailbox("alice@north.test")).unwrap();
    client.rcpt(mailbox("bob@south.test")).unwrap();
    if by_chunks { client.bdat() } else { client.data() }.unwrap();
    let mut pieces = text.chunks(piece);
    let ended = pair.run(
        |event, client| match event {
            client::Event::WantMessage => match pieces.next() {
                Some(piece) => client.message(Bytes::copy_from_slice(piece)).unwrap(),
                None => client.end_message().unwrap(),
            },
            client::Event::Reply { command: Verb::Message, reply } => {
                code = reply.code().get();
                client.quit().unwrap();
            }
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
            for by_chunks in [false, true] {
                let mut offer = Extensions::built_in();
                offer.chunking = true;
                let (embedder, code) = send(text, piece, offer, by_chunks);
                let mut whole = text.to_vec();
                if !whole.ends_with(b"\r\n") {
                    whole.extend_from_slice(b"\r\n");
                }
                let stored = embedder.stored.first().map(|(_, _, text)| text);
                assert_eq!((code, stored), (250, Some(&whole)));
            }
        }
    }
}

#[test]
fn a_message_too_large_is_refused_alone() {
    let mut offer = Extensions::built_in();
    offer.size = Some(1_000);
    offer.chunking = true;
    for by_chunks in [false, true] {
        let text = b"0123456789\r\n".repeat(10_000);
        let (embedder, code) = send(&text, 900, offer.clone(), by_chunks);
        assert_eq!((code, embedder.aborted, embedder.stored.len()), (552, 1, 0));
        assert!(embedder.text.is_empty());
    }
}

/// What a server offers that offers all.
fn all() -> Extensions {
    let lines = "mx.test\nPIPELINING\n8BITMIME\nSIZE 1000\nENHANCEDSTATUSCODES\nCHUNKING\n\
        BINARYMIME\nSMTPUTF8\nDSN\nREQUIRETLS\nRRVS\nETRN\nVRFY\nEXPN\nHELP\nDELIVERBY 60\n\
        FUTURERELEASE 9 2030-01-01T00:00:00Z\nMT-PRIORITY\nNO-SOLICITING\nBURL imap\nXCLIENT ADDR\n\
        XFORWARD ADDR\nLIMITS RCPTMAX=2 MAILMAX=5 RCPTDOMAINMAX=1\nXLATE de\nAUTH PLAIN";
    let mut offer = Extensions::from_reply(&Reply::new(ReplyCode::OK, lines));
    assert_eq!((offer.others.len(), offer.limits.as_ref().unwrap().messages), (1, Some(5)));
    offer.add_verb("XLATE").unwrap();
    offer
}

#[test]
fn every_extension() {
    for (piece, lmtp) in [(1, false), (9, true), (4_096, false)] {
        let mut config = Config::default();
        config.lmtp = lmtp;
        let (client, server) = (Client::over_tls(config.clone()), Server::over_tls(all(), config));
        let mut pair = Pair::new(client, server).in_pieces_of(piece);
        let embedder = &mut Embedder::default();
        pair.client().ehlo(host()).unwrap();
        assert_eq!(settle(&mut pair, embedder), [(Verb::Greeting, 220), (Verb::Ehlo, 250)]);
        let mut offered = all();
        assert_ne!(pair.client().extensions(), Some(&offered));
        // The verbs it takes are not told.
        offered = Extensions::from_reply(&Reply::new(ReplyCode::OK, {
            let all = "mx.test\nPIPELINING\n8BITMIME\nSIZE 1000\nAUTH PLAIN\nENHANCEDSTATUSCODES";
            let mut lines = all.to_owned();
            for line in [
                "CHUNKING",
                "BINARYMIME",
                "SMTPUTF8",
                "DSN",
                "REQUIRETLS",
                "RRVS",
                "ETRN",
                "VRFY",
                "EXPN",
                "HELP",
                "DELIVERBY 60",
                "FUTURERELEASE 9 2030-01-01T00:00:00Z",
                "MT-PRIORITY",
                "NO-SOLICITING",
                "BURL imap",
                "XCLIENT ADDR",
                "XFORWARD ADDR",
                "LIMITS RCPTMAX=2 MAILMAX=5 RCPTDOMAINMAX=1",
                "XLATE de",
            ] {
                lines.push('\n');
                lines.push_str(line);
            }
            lines
        }));
        assert_eq!(pair.client().extensions(), Some(&offered));

        let client = pair.client();
        client.vrfy(Vrfy::parse("ö".as_bytes()).unwrap().with_smtp_utf8()).unwrap();
        client.expn(Vrfy::parse(b"all").unwrap()).unwrap();
        client.help(Help::about("MAIL").unwrap()).unwrap();
        client.etrn(Etrn::parse(b"@a.test").unwrap()).unwrap();
        let mut attributes = Attributes::default();
        attributes.add("ADDR", "192.0.2.1").unwrap();
        client.xforward(attributes.clone()).unwrap();
        client.other(Other::parse(b"XLATE de").unwrap()).unwrap();
        assert_eq!(
            settle(&mut pair, embedder),
            [
                (Verb::Vrfy, 252),
                (Verb::Expn, 250),
                (Verb::Help, 214),
                (Verb::Etrn, 250),
                (Verb::Xforward, 250),
                (Verb::Other, 250)
            ]
        );
        pair.client().xclient(attributes).unwrap();
        assert_eq!(settle(&mut pair, embedder), [(Verb::Xclient, 220)]);
        assert!(pair.client().extensions().is_none());
        pair.client().ehlo(host()).unwrap();
        assert_eq!(settle(&mut pair, embedder), [(Verb::Ehlo, 250)]);

        let line = "MAIL FROM:<ö@ü.test> SIZE=9 BODY=BINARYMIME SMTPUTF8 RET=FULL ENVID=a+20b \
            REQUIRETLS BY=60;RT HOLDFOR=9 MT-PRIORITY=-1 SOLICIT=a:b\r\n";
        let Ok(Command::Mail(mail)) = Command::parse(line.as_bytes()) else { panic!() };
        let line = "RCPT TO:<ä@x.test> NOTIFY=DELAY ORCPT=utf-8;\\x{E4}@y \
            RRVS=2014-04-03T23:01:00Z\r\n";
        let Ok(Command::Rcpt(bob)) = Command::parse(line.as_bytes()) else { panic!() };
        assert_eq!(pair.client().extensions().unwrap().fit(mail.clone()), Ok(mail.clone()));
        assert_eq!(pair.client().extensions().unwrap().fit_recipient(bob.clone()), bob);
        let client = pair.client();
        client.mail(mail).unwrap();
        client.rcpt(bob.clone()).unwrap();
        let elsewhere = client.rcpt(mailbox("a@elsewhere.test"));
        assert_eq!(elsewhere, Err(Misuse::PastLimit { limit: 1 }));
        client.rcpt(bob.clone()).unwrap();
        assert_eq!(client.rcpt(bob), Err(Misuse::PastLimit { limit: 2 }));
        assert!(client.data().is_err());
        client.bdat().unwrap();
        let mut expected = vec![(Verb::Mail, 250), (rcpt(0), 250), (rcpt(1), 250)];
        expected.push((Verb::Bdat, 250));
        expected.extend(match lmtp {
            true => vec![(message_for(0), 250), (message_for(1), 452)],
            false => vec![(Verb::Message, 250)],
        });
        let mut parts = 0;
        let mut seen = Vec::new();
        pair.settle(
            |event, client| match event {
                client::Event::Reply { command, reply } => {
                    seen.push((command, reply.code().get()));
                }
                client::Event::WantMessage if parts == 0 => {
                    parts = 1;
                    client.message(Bytes::from("\0\n")).unwrap();
                }
                client::Event::WantMessage => client.last_message(Bytes::from("\r.")).unwrap(),
                event => panic!("{event:?}"),
            },
            |event, server| embedder.on(event, server),
        );
        assert_eq!(seen, expected);
        let protocol = if lmtp { Protocol::Utf8Lmtps } else { Protocol::Utf8Smtps };
        let (with, from, text) = embedder.stored.pop().unwrap();
        assert_eq!((with, &text[..]), (protocol, &b"\0\n\r."[..]));
        assert_eq!(from.to_string(), "<ö@ü.test>");
    }
}

const fn message_for(recipient: u32) -> Verb {
    Verb::MessageFor { recipient }
}

#[test]
fn what_needs_an_extension_is_not_said_without() {
    let mut client = Client::new(Config::default());
    let beyond: Mailbox<'_> = "ä@b".parse().unwrap();
    assert_eq!(client.mail(beyond.clone()), Err(Misuse::NotAscii));
    client.mail(ReversePath::Null).unwrap();
    assert_eq!(client.rcpt(beyond), Err(Misuse::NotAscii));
    let mut mail = Mail::new(ReversePath::Null);
    mail.require_tls = true;
    assert_eq!(client.mail(mail), Err(Misuse::Insecure));
}

#[test]
fn the_trace_field_is_made() {
    let (mut server, mut input) = (Server::new(offer(), Config::default()), Input::default());
    input.extend(b"EHLO [192.0.2.7]\r\n");
    while server.poll(Time::default(), &mut input) == Ok(Step::Event) {
        let _ = server.event(&mut input).unwrap();
        server.greet(&host()).unwrap();
    }
    assert_eq!(server.client_host(), Some("[192.0.2.7]"));
    let (host, path) = (host(), "<bob@south.test>".parse().unwrap());
    let mut received = server.received(&host, "Mon, 23 Nov 2026 08:00:00 +0000");
    (received.id, received.recipient) = (Some("1"), Some(&path));
    assert_eq!(
        received.to_string(),
        "Received: from [192.0.2.7]\r\n\tby mx.test with ESMTP id 1\r\n\t\
         for <bob@south.test>;\r\n\tMon, 23 Nov 2026 08:00:00 +0000\r\n"
    );
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
