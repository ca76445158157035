//! No argument, text or plaintext byte becomes a command, a reply or a second message.
#![cfg(test)]

use bytes::{Buf as _, Bytes};
use mailrail_smtp::{
    Client, Config, Domain, EnvelopeId, Error, Extension, Extensions, ForwardPath, Host, LocalPart,
    Mailbox, Misuse, OriginalRecipient, Parameter, Reply, ReplyCode, ReversePath, Server,
    Solicitation, client,
    command::{Attributes, Auth, Burl, Command, Etrn, Help, Mail, Other, Vrfy},
    server,
};
use mailrail_wire::{Connection as _, Input, Step, Time};

const NOW: Time = Time::from_start(core::time::Duration::ZERO);

#[test]
fn no_argument_holds_a_line_break() {
    for bad in ["\r", "\n", "\r\n", "\0", "\u{7f}", "\u{85}", "\r\nRCPT TO:<evil@x>\r\n"] {
        for text in [
            format!("a{bad}@b.test"),
            format!("a@b{bad}.test"),
            format!("\"a{bad}\"@b"),
            format!("a@b{bad}"),
        ] {
            assert!(text.parse::<Mailbox<'_>>().is_err(), "{text:?}");
            let path = format!("<{text}>");
            assert!(path.parse::<ReversePath<'_>>().is_err(), "{path:?}");
            assert!(path.parse::<ForwardPath<'_>>().is_err(), "{path:?}");
        }
        assert!(format!("<>{bad}").parse::<ReversePath<'_>>().is_err());
        assert!(LocalPart::new(bad).is_err());
        assert!(format!("a{bad}").parse::<Domain<'_>>().is_err());
        assert!(format!("[a:{bad}]").parse::<Host<'_>>().is_err());
        assert!(format!("A=b{bad}").parse::<Parameter<'_>>().is_err());
        assert!(format!("A{bad}").parse::<Extension>().is_err());
        assert!(format!("A b{bad}").parse::<Extension>().is_err());
        let text = format!("a{bad}");
        assert!(Vrfy::parse(text.as_bytes()).is_err());
        assert!(Etrn::parse(text.as_bytes()).is_err());
        assert!(Other::parse(text.as_bytes()).is_err());
        assert!(Other::parse(format!("XADR {text}").as_bytes()).is_err());
        assert!(Help::about(&text).is_err() && Burl::new(&*text, true).is_err());
        assert!(Auth::new(&text, None).is_err());
        assert!(Attributes::default().add(&*text, "").is_err());
        assert!(Attributes::default().add("NAME", &*text).is_err());
        assert!(EnvelopeId::new(&*text).is_err() && text.parse::<Solicitation<'_>>().is_err());
        assert!(OriginalRecipient::new("rfc822", &*text).is_err());
        assert!(OriginalRecipient::new(&*text, "a@b.test").is_err());
        assert!(Extensions::default().add_mechanism(bad).is_err());
        let mut client = Client::over_tls(Config::default());
        let misuse = client.authenticate(&format!("PLAIN{bad}"), None);
        assert!(matches!(misuse, Err(Misuse::Syntax(_))), "{bad:?}");
    }
    for text in ["a b@c", "a@b c", "a@b SIZE=1", "<a@b>", "a@b>", "a", "\"a@b", "a\"@b"] {
        assert!(text.parse::<Mailbox<'_>>().is_err(), "{text:?}");
    }
}

/// Feeds bytes, and takes events until the machine wants more, failing or not.
fn client_after(client: &mut Client, input: &mut Input, bytes: &[u8]) -> Result<Step, Error> {
    input.extend(bytes);
    loop {
        match client.poll(NOW, input)? {
            Step::Event => drop(client.event(input)?),
            Step::Write { .. } => {
                let output = client.output();
                output.advance(output.remaining());
            }
            step => return Ok(step),
        }
    }
}

/// A client that has said STARTTLS.
fn client_at_starttls() -> (Client, Input) {
    let (mut client, mut input) = (Client::new(Config::default()), Input::default());
    let name: Domain<'_> = "a".parse().unwrap();
    client.ehlo(name).unwrap();
    assert!(matches!(client_after(&mut client, &mut input, b"220 a\r\n"), Ok(Step::Read { .. })));
    let offer = b"250-a\r\n250-PIPELINING\r\n250 STARTTLS\r\n";
    assert_eq!(client_after(&mut client, &mut input, offer), Ok(Step::Answer));
    client.starttls().unwrap();
    assert!(matches!(client_after(&mut client, &mut input, b""), Ok(Step::Read { .. })));
    (client, input)
}

/// The one text in a command that is of any kind.
#[test]
fn who_submitted_a_message_is_said_in_xtext() {
    let mut mail = Mail::new(ReversePath::Null);
    mail.auth = Some("a b\r\nRCPT TO:<evil@x>\0".into());
    let mut out = mailrail_wire::Output::default();
    Command::Mail(mail).encode(&mut out);
    assert_eq!(
        out.copy_to_bytes(out.remaining()),
        &b"MAIL FROM:<> AUTH=a+20b+0D+0ARCPT+20TO:<evil@x>+00\r\n"[..]
    );
}

#[test]
fn a_client_takes_nothing_across_starttls() {
    for behind in [&b"2"[..], b"250 a\r\n", b"\x16\x03\x01", b"421 a\r\n"] {
        let (mut client, mut input) = client_at_starttls();
        let bytes = [b"220 go\r\n", behind].concat();
        let end = client_after(&mut client, &mut input, &bytes);
        assert_eq!(end, Err(Error::PlaintextAfterStartTls), "{behind:?}");
        assert_eq!(client.poll(NOW, &mut input), end);
    }
    let (mut client, mut input) = client_at_starttls();
    assert!(client.extensions().is_some());
    assert_eq!(client.mail(ReversePath::Null), Err(Misuse::OutOfTurn { call: "mail" }));
    let step = client_after(&mut client, &mut input, b"220 go\r\n");
    assert_eq!(step, Ok(Step::Upgrade(mailrail_wire::Upgrade::Tls)));
    client.upgraded();
    assert!(client.is_secured() && client.extensions().is_none());
    assert_eq!(client.starttls(), Err(Misuse::OutOfTurn { call: "starttls" }));
}

#[test]
fn a_server_takes_nothing_across_starttls() {
    let mut offer = Extensions::built_in();
    offer.starttls = true;
    let (mut server, mut input) = (Server::new(offer, Config::default()), Input::default());
    let host: Domain<'_> = "mx.test".parse().unwrap();
    input.extend(b"EHLO a\r\nSTARTTLS\r\nMAIL FROM:<evil@x>\r\n");
    let end = loop {
        match server.poll(NOW, &mut input) {
            Ok(Step::Event) => match server.event(&mut input).unwrap() {
                server::Event::StartTls => server.accept().unwrap(),
                server::Event::Mail(_) => panic!("a command in plaintext behind STARTTLS"),
                _ => server.greet(&host).unwrap(),
            },
            Ok(Step::Write { .. }) => {
                let output = server.output();
                let said = output.copy_to_bytes(output.remaining());
                assert!(!said.ends_with(b"Go ahead\r\n"));
            }
            end => break end,
        }
    };
    assert_eq!(end, Err(Error::PlaintextAfterStartTls));
    assert_eq!(server.poll(NOW, &mut input), end);
}

#[test]
fn a_reply_to_nothing_ends_the_talk() {
    let (mut client, mut input) = (Client::new(Config::default()), Input::default());
    let end = client_after(&mut client, &mut input, b"220 a\r\n250 b\r\n");
    assert_eq!(end, Err(Error::Unsolicited));

    // Part of one already: nothing is sent behind it.
    let (mut client, mut input) = (Client::new(Config::default()), Input::default());
    let step = client_after(&mut client, &mut input, b"220 a\r\n250 b");
    assert!(matches!(step, Ok(Step::Read { until: Some(_) })));
    client.noop().unwrap();
    let step = client_after(&mut client, &mut input, b"");
    assert!(matches!(step, Ok(Step::Read { until: Some(_) })) && client.output().is_empty());
    assert_eq!(client_after(&mut client, &mut input, b"\r\n"), Err(Error::Unsolicited));
}

#[test]
fn replies_stay_one_reply() {
    let mut server = Server::new(Extensions::built_in(), Config::default());
    let mut input = Input::default();
    assert_eq!(server.poll(NOW, &mut input), Ok(Step::Event));
    assert_eq!(server.event(&mut input), Ok(server::Event::Connected));
    let text = "mx.test\r\n220 evil\r\n\0\x1B[31m";
    let misuse = Misuse::UnfitReply { code: ReplyCode::OK };
    assert_eq!(server.reply(&Reply::new(ReplyCode::OK, text)), Err(misuse));
    assert_eq!(server.reply(&Reply::new(ReplyCode::READY, text)), Ok(()));
    assert_eq!(server.output().chunk(), b"220-mx.test \r\n220-220 evil \r\n220   [31m\r\n");
}

#[test]
fn messages_have_no_bare_line_ends() {
    let (mut client, mut input) = (Client::new(Config::default()), Input::default());
    let name: Domain<'_> = "a".parse().unwrap();
    client.helo(name).unwrap();
    client.mail(ReversePath::Null).unwrap();
    client.rcpt("a@b".parse::<Mailbox<'_>>().unwrap()).unwrap();
    client.data().unwrap();
    for reply in ["220 a\r\n", "250 a\r\n", "250 a\r\n", "250 a\r\n"] {
        let _ = client_after(&mut client, &mut input, reply.as_bytes()).unwrap();
    }
    input.extend(b"354 a\r\n");
    assert_eq!(client.poll(NOW, &mut input), Ok(Step::Event));
    let _ = client.event(&mut input).unwrap();
    assert_eq!(client.poll(NOW, &mut input), Ok(Step::Event));
    assert_eq!(client.event(&mut input), Ok(client::Event::WantMessage));
    for text in ["\n.\r\n", "a\n.\n", "a\r.\r", "\r\n.\rb", "a\r\n\n"] {
        assert_eq!(client.message(Bytes::from(text)), Err(Misuse::BareLineEnd), "{text:?}");
    }
    client.message(Bytes::from("a\r\n.\r\nMAIL FROM:<evil@x>\r\n")).unwrap();
    assert_eq!(client.output().chunk(), b"a\r\n..\r\nMAIL FROM:<evil@x>\r\n");
}

#[test]
fn no_password_goes_out_in_plaintext() {
    let mut client = Client::new(Config::default());
    for mechanism in ["PLAIN", "plain", "LOGIN", "XOAUTH2", "OAUTHBEARER"] {
        assert_eq!(client.authenticate(mechanism, Some(b"x")), Err(Misuse::PlaintextAuth));
    }
    client.authenticate("SCRAM-SHA-256", Some(b"n,,n=user,r=nonce")).unwrap();
    assert!(!format!("{client:?}").contains("nonce"));
}
