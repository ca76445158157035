//! What is written is read as the same, and any bytes are read or refused.
#![cfg(test)]

use bytes::Buf as _;
use mailrail_smtp::{
    ByMode, Client, Config, DeliverBy, Domain, EnhancedStatusCode, EnvelopeId, Extensions, Hold,
    HoldSeconds, Notify, OriginalRecipient, Otherwise, Priority, Reply, ReplyCode, Ret, Server,
    Solicitation, ValidSince,
    command::{Attributes, Auth, Bdat, Body, Burl, Command, Etrn, Help, Mail, Rcpt, Vrfy},
    server,
};
use mailrail_wire::{Connection as _, Input, Output, Secret, Step, Time};
use proptest::prelude::*;

fn written(encode: impl FnOnce(&mut Output)) -> Vec<u8> {
    let mut out = Output::default();
    encode(&mut out);
    out.copy_to_bytes(out.remaining()).to_vec()
}

const DOMAIN: &str = "[a-z0-9]{1,8}(-[a-z0-9]{1,4})?(\\.[A-Za-z0-9]{1,5}){0,3}";

fn host() -> impl Strategy<Value = String> {
    prop_oneof![
        DOMAIN,
        any::<[u8; 4]>().prop_map(|ip| format!("[{}]", core::net::Ipv4Addr::from(ip))),
        any::<[u8; 16]>().prop_map(|ip| format!("[IPv6:{}]", core::net::Ipv6Addr::from(ip))),
        "\\[[a-z0-9-]{0,3}x:[!-Z^-~]{1,9}\\]",
        "[a-zäß例]{1,5}(\\.[a-z广告]{1,4}){0,2}",
    ]
}

fn mailbox() -> impl Strategy<Value = mailrail_smtp::Mailbox<'static>> {
    let text = prop_oneof!["[a-zäß用0-9!#$%&'*+/=?^_`{|}~.-]{1,9}", "[ -~é]{0,12}"];
    (text, host()).prop_map(|(text, host)| mailrail_smtp::Mailbox {
        local_part: mailrail_smtp::LocalPart::new(text).unwrap(),
        host: host.parse().unwrap(),
    })
}

fn others() -> impl Strategy<Value = Vec<mailrail_smtp::Parameter<'static>>> {
    let parameter = "X[A-Z0-9-]{0,5}(=[!-<>-~]{1,9})?";
    prop::collection::vec(parameter.prop_map(|text| text.parse().unwrap()), 0..3)
}

fn mail() -> impl Strategy<Value = Command<'static>> {
    let bodies = vec![Body::SevenBit, Body::EightBitMime, Body::BinaryMime];
    let body = prop::option::of(prop::sample::select(bodies));
    let auth = prop::option::of("[ -~äß]{1,12}");
    let first = (prop::option::of(mailbox()), any::<Option<u64>>(), body, auth, others());
    (first, any::<(bool, bool)>(), prop::option::of("[ -~]{0,33}"), later()).prop_map(
        |((mailbox, size, body, auth, others), (utf8, tls), id, later)| {
            let path = mailbox.map_or(mailrail_smtp::ReversePath::Null, Into::into);
            let mut mail = Mail::new(path);
            (mail.size, mail.body, mail.auth, mail.others) =
                (size, body, auth.map(Into::into), others);
            (mail.smtp_utf8, mail.require_tls) = (utf8, tls);
            mail.envelope_id =
                id.filter(|id| !id.is_empty()).map(|id| EnvelopeId::new(id).unwrap());
            let (ret, by, hold, priority, solicit) = later;
            (mail.ret, mail.by, mail.hold) = (ret, by, hold);
            (mail.mt_priority, mail.solicit) = (priority, solicit);
            Command::Mail(mail)
        },
    )
}

type Later = (
    Option<Ret>,
    Option<DeliverBy>,
    Option<Hold<'static>>,
    Option<Priority>,
    Option<Solicitation<'static>>,
);

fn later() -> impl Strategy<Value = Later> {
    let until = "20[0-9]{2}-0[1-9]-[0-2][1-9]T0[0-9]:[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,3})?Z";
    let hold = prop_oneof![
        (1_u32..=999_999_999).prop_map(|seconds| Hold::For(HoldSeconds::new(seconds).unwrap())),
        until.prop_map(|until| Hold::Until(until.parse().unwrap())),
    ];
    let by = (1_i32..=999_999_999, any::<(bool, bool)>()).prop_map(|(seconds, (back, trace))| {
        let by = match back {
            true => DeliverBy::new(seconds, ByMode::Return),
            false => DeliverBy::new(-seconds, ByMode::Notify),
        };
        if trace { by.unwrap().with_trace() } else { by.unwrap() }
    });
    (
        prop::option::of(prop::sample::select(vec![Ret::Full, Ret::Headers])),
        prop::option::of(by),
        prop::option::of(hold),
        prop::option::of((-9_i8..=9).prop_map(|priority| Priority::new(priority).unwrap())),
        prop::option::of(
            "[a-z][a-z.:_-]{0,9}(,[a-z]{1,3}){0,2}".prop_map(|text| text.parse().unwrap()),
        ),
    )
}

fn rcpt() -> impl Strategy<Value = Command<'static>> {
    let original = prop_oneof![
        "[ -~]{1,99}".prop_map(|text| OriginalRecipient::new("rfc822", text).unwrap()),
        "[ -~ä用]{1,49}".prop_map(|text| OriginalRecipient::new("UTF-8", text).unwrap()),
    ];
    let since = (prop::option::of(any::<bool>())).prop_map(|otherwise| ValidSince {
        since: "2014-04-03T23:01:00Z".parse().unwrap(),
        otherwise: otherwise.map(|go| if go { Otherwise::Continue } else { Otherwise::Reject }),
    });
    let notify = any::<(bool, bool, bool)>().prop_map(|(success, failure, delay)| Notify {
        success,
        failure,
        delay,
    });
    (
        prop::option::of(mailbox()),
        others(),
        prop::option::of(notify),
        prop::option::of(original),
        prop::option::of(since),
    )
        .prop_map(|(mailbox, others, notify, original, since)| {
            let path = mailbox.map_or(mailrail_smtp::ForwardPath::Postmaster, Into::into);
            let mut rcpt = Rcpt::new(path);
            (rcpt.others, rcpt.notify) = (others, notify);
            (rcpt.original_recipient, rcpt.valid_since) = (original, since);
            Command::Rcpt(rcpt)
        })
}

fn attributes() -> impl Strategy<Value = Attributes<'static>> {
    prop::collection::vec(("[A-Z]{1,5}", "[ -~ä]{0,9}"), 1..4).prop_map(|all| {
        let mut attributes = Attributes::default();
        for (name, value) in all {
            attributes.add(name, value).unwrap();
        }
        attributes
    })
}

fn command() -> impl Strategy<Value = Command<'static>> {
    let auth = (any::<Option<Vec<u8>>>(), prop::sample::select(vec!["PLAIN", "X-2_A"]));
    prop_oneof![
        mail(),
        rcpt(),
        host().prop_map(|host| Command::Ehlo(host.parse().unwrap())),
        host().prop_map(|host| Command::Helo(host.parse().unwrap())),
        auth.prop_map(|(response, name)| {
            Command::Auth(Auth::new(name, response.map(Secret::new)).unwrap())
        }),
        "[!-~]([ -~]{0,9}[!-~])?"
            .prop_map(|text| Command::Vrfy(Vrfy::parse(text.as_bytes()).unwrap().into_owned())),
        "[!-~]{1,9}"
            .prop_map(|text| Command::Expn(Vrfy::parse(text.as_bytes()).unwrap().into_owned())),
        host().prop_map(|host| Command::Lhlo(host.parse().unwrap())),
        any::<(u64, bool)>().prop_map(|(size, last)| Command::Bdat(Bdat { size, last })),
        ("[a-z][a-z0-9+.-]{0,5}:[!-~]{0,9}", any::<bool>())
            .prop_map(|(url, last)| Command::Burl(Burl::new(url, last).unwrap())),
        "@?[a-z0-9]{1,8}(\\.[a-z]{1,5}){0,3}|#[!-~]{1,9}"
            .prop_map(|node| Command::Etrn(Etrn::parse(node.as_bytes()).unwrap().into_owned())),
        prop::option::of("[!-~]([ -~]{0,9}[!-~])?").prop_map(|subject| Command::Help(
            subject.map_or_else(Help::default, |text| Help::about(&text).unwrap().into_owned())
        )),
        (attributes(), any::<bool>()).prop_map(|(attributes, forward)| match forward {
            true => Command::Xforward(attributes),
            false => Command::Xclient(attributes),
        }),
        prop::sample::select(vec![
            Command::StartTls,
            Command::Data,
            Command::Rset,
            Command::Noop,
            Command::Quit,
        ]),
    ]
}

fn reply() -> impl Strategy<Value = Reply<'static>> {
    let enhanced = prop::option::of((0_u16..=999, 0_u16..=999));
    (200_u16..=599, enhanced, "[a-zäß\t ]{0,30}(\n[a-z \u{ff}]{0,30}){0,4}").prop_map(
        |(code, enhanced, text)| {
            let reply = Reply::new(ReplyCode::new(code).unwrap(), text);
            let class = u8::try_from(code / 100).unwrap();
            match enhanced.and_then(|(b, c)| EnhancedStatusCode::new(class, b, c)) {
                Some(enhanced) => reply.with_enhanced(enhanced),
                None => reply,
            }
        },
    )
}

/// Bytes that are a command or a reply in parts.
fn nearly() -> impl Strategy<Value = Vec<u8>> {
    let word = prop::sample::select(vec![
        "EHLO ",
        "MAIL FROM:",
        "RCPT TO:",
        "<a@b>",
        "<>",
        "<@a:b@c>",
        "\"",
        "\\",
        "[IPv6:::1]",
        " SIZE=",
        " BODY=8BITMIME",
        " AUTH=",
        "+3D",
        " SMTPUTF8",
        " RET=FULL ENVID=a+20b",
        " NOTIFY=SUCCESS,DELAY",
        " ORCPT=utf-8;\\x{E4}",
        " BY=-1;NT",
        " HOLDFOR=1",
        " RRVS=2014-04-03T23:01:00Z;C",
        "BDAT 3\r\n",
        "BDAT 2 LAST\r\n",
        "BDAT ",
        "BURL imap://a LAST\r\n",
        "XCLIENT ADDR=a\r\n",
        "ä",
        "AUTH PLAIN ",
        "DATA",
        "STARTTLS",
        "QUIT",
        "\r\n",
        "\r\n",
        "\r\n",
        "\n",
        "\r",
        ".",
        "=",
        "*",
        "250 ",
        "250-",
        "220 ",
        "354 ",
        "334 ",
        "421 ",
        "5.1.1 ",
        "PIPELINING",
        "a",
        "0",
        "AGEAYg==",
        "NOOP\r\n",
        "EHLO a\r\n",
        "MAIL FROM:<>\r\n",
        "RCPT TO:<a@b>\r\n",
        "DATA\r\n",
        "\r\n.\r\n",
        "250 OK\r\n",
        "220 a\r\n",
        "250-a\r\n250-STARTTLS\r\n250 PIPELINING\r\n",
    ]);
    let any = any::<Vec<u8>>();
    prop::collection::vec(
        prop_oneof![9 => word.prop_map(|word| word.as_bytes().to_vec()), 1 => any],
        0..30,
    )
    .prop_map(|words| words.concat())
}

proptest! {
    #[test]
    fn commands(command in command()) {
        let line = written(|out| command.encode(out));
        prop_assert_eq!(memchr::memchr_iter(b'\n', &line).count(), 1);
        prop_assert_eq!(Command::parse(&line), Ok(command));
    }

    #[test]
    fn replies(reply in reply()) {
        let lines = written(|out| reply.encode(out));
        prop_assert_eq!(&Reply::parse(&lines), &Ok(reply.clone()));
        prop_assert_eq!(Reply::parse(&lines).unwrap().into_owned(), reply);
    }

    #[test]
    fn any_line_is_read_or_refused(line in nearly()) {
        if let Ok(command) = Command::parse(&line) {
            let again = written(|out| command.encode(out));
            prop_assert_eq!(Command::parse(&again), Ok(command));
        }
        if let Ok(reply) = Reply::parse(&line) {
            let _ = (reply.to_string(), Extensions::from_reply(&reply));
            prop_assert_eq!(reply.clone().into_owned(), reply);
        }
    }

    /// Whatever comes, in whatever pieces, a server goes on or ends with an error.
    #[test]
    fn servers_take_any_bytes(bytes in nearly(), piece in 1_usize..40) {
        let mut offer = Extensions::built_in();
        (offer.starttls, offer.size, offer.chunking) = (true, Some(20), true);
        (offer.smtp_utf8, offer.dsn, offer.binary_mime) = (true, true, true);
        (offer.burl, offer.xclient) = (Some("imap".into()), Some("ADDR".into()));
        offer.add_mechanism("PLAIN").unwrap();
        let mut config = Config::default();
        (config.allow_plaintext_auth, config.limits.line) = (true, 60);
        let (mut server, mut input) = (Server::new(offer, config), Input::default());
        let host: Domain<'_> = "mx.test".parse().unwrap();
        let mut pieces = bytes.chunks(piece);
        for _ in 0..10_000 {
            match server.poll(Time::default(), &mut input) {
                Ok(Step::Event) => match server.event(&mut input).unwrap() {
                    server::Event::Message(_)
                    | server::Event::Aborted(_)
                    | server::Event::Secured => {}
                    server::Event::Authenticate { .. } => server.challenge(b"?").unwrap(),
                    _ => server.greet(&host).or_else(|_| server.accept()).unwrap(),
                },
                Ok(Step::Write { .. }) => server.output().advance(1),
                Ok(Step::Read { .. }) => match pieces.next() {
                    Some(piece) => input.extend(piece),
                    None => input.received(0),
                },
                Ok(Step::Upgrade(_)) => server.upgraded(),
                Ok(Step::Close) | Err(_) => return Ok(()),
                Ok(step) => prop_assert!(false, "{step:?}"),
            }
        }
        prop_assert!(false, "no end");
    }

    /// The same for a client, which says what it can.
    #[test]
    fn clients_take_any_bytes(bytes in nearly(), piece in 1_usize..40) {
        let (mut client, mut input) = (Client::new(Config::default()), Input::default());
        let host: Domain<'_> = "a".parse().unwrap();
        let mut pieces = bytes.chunks(piece);
        for turn in 0..10_000 {
            match client.poll(Time::default(), &mut input) {
                Ok(Step::Event) => drop(client.event(&mut input).unwrap()),
                Ok(Step::Write { .. }) => client.output().advance(1),
                Ok(Step::Read { .. }) => match pieces.next() {
                    Some(piece) => input.extend(piece),
                    None => input.received(0),
                },
                Ok(Step::Upgrade(_)) => client.upgraded(),
                Ok(Step::Answer) => {
                    let said = client.message("a\r\n".into())
                        .or_else(|_| client.authenticate_response(b"a"))
                        .or_else(|_| match turn % 5 {
                            0 | 3 => client.mail(mailrail_smtp::ReversePath::Null)
                                .and_then(|()| client.rcpt(mailrail_smtp::ForwardPath::Postmaster))
                                .and_then(|()| if turn % 5 == 0 { client.data() } else { client.bdat() }),
                            1 => client.authenticate("EXTERNAL", Some(b"")),
                            2 => client.starttls().or_else(|_| client.quit()),
                            _ => client.ehlo(host.clone()),
                        });
                    prop_assert_eq!(said, Ok(()));
                    if turn > 300 {
                        input.received(0);
                    }
                }
                Ok(Step::Close) | Err(_) => return Ok(()),
            }
        }
        prop_assert!(false, "no end");
    }
}
