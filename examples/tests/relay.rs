#![cfg(test)]
//! What goes on to other servers: exchangers in their order, the relay queue, and what senders are
//! told of it.
#![expect(clippy::std_instead_of_core, reason = "a test has an operating system under it")]

mod support;

use serde_json::{Value, json};
use std::{
    collections::HashMap,
    net::{Ipv4Addr, TcpListener},
    time::Duration,
};
use support::{
    house::{House, PASSWORD, run},
    names::{Entry, serve},
    south::{ANY, BOB, CLIENT, EIGHT_BIT, SERVER, SEVEN_BIT, basic, house, plain, submit_by_hand},
    talk::{Talk, answer_at, done, status, within_patience},
};

/// Delivers a message, and tells how that ended.
fn deliver(resolver: &str, port: &str, more: &[&str], to: &[&str]) -> (Option<i32>, String) {
    let there = ["deliver", "--resolver", resolver, "--port", port, "--from", "ann@north.test"];
    let arguments = [&there[..], more, &["-", "--to"], to].concat();
    status(&run(CLIENT, &arguments, b"Subject: x\n\nx\n").unwrap())
}

/// Hosts that do not take connections at the port, and one that does.
const ZONES: &[Entry] = &[
    Entry::Mx("south.test", 10, "dead.south.test"),
    Entry::Mx("south.test", 20, "mx.south.test"),
    Entry::A("dead.south.test", Ipv4Addr::new(127, 0, 0, 2)),
    Entry::A("mx.south.test", Ipv4Addr::LOCALHOST),
    Entry::A("implicit.test", Ipv4Addr::LOCALHOST),
    Entry::Mx("null.test", 0, "."),
    Entry::Mx("north.test", 10, "mx.south.test"),
    Entry::Mx("loop.test", 10, "north.test"),
    Entry::A("north.test", Ipv4Addr::LOCALHOST),
];

#[test]
fn exchangers_are_shown_in_their_order() {
    let resolver = serve(ZONES).unwrap().to_string();
    let mx = |domain: &str, more: &[&str]| {
        run(CLIENT, &[&["mx", domain, "--resolver", &resolver], more].concat(), b"").unwrap()
    };
    let output = mx("South.test.", &["--json"]);
    assert_eq!(
        serde_json::from_slice::<Value>(&output.stdout).unwrap(),
        json!({"domain": "south.test", "implicit": false, "null_mx": false, "authenticated": true,
               "exchanges": [
                   {"preference": 10, "host": "dead.south.test", "addresses": ["127.0.0.2"]},
                   {"preference": 20, "host": "mx.south.test", "addresses": ["127.0.0.1"]}]})
    );
    let output = mx("null.test", &["--json"]);
    assert_eq!(
        serde_json::from_slice::<Value>(&output.stdout).unwrap(),
        json!({"domain": "null.test", "implicit": false, "null_mx": true, "authenticated": true,
               "exchanges": []})
    );
    assert_eq!(mx("implicit.test", &[]).stdout, b"0 implicit.test 127.0.0.1\n");
    assert_eq!(
        status(&mx("nowhere.test", &[])),
        (Some(1), "nowhere.test: no such domain\n".into())
    );
    assert_eq!(status(&mx("no domain", &[])).0, Some(2));
}

#[test]
fn delivery_tries_the_next_exchanger() {
    let mut house = house(&["--smtp", ANY, "--tls-self-signed"]).started().unwrap();
    let resolver = serve(ZONES).unwrap().to_string();
    let port = house.addr("smtp").unwrap().port().to_string();
    let deliver = |to: &[&str]| deliver(&resolver, &port, &[], to);
    assert_eq!(deliver(&[BOB]), done());
    let (code, error) = deliver(&["x@null.test", "eve@south.test", "y@nowhere.test", BOB]);
    let lines: Vec<_> = error.lines().collect();
    assert_eq!(
        (code, &lines[..]),
        (
            Some(1),
            &[
                "x@null.test: null.test takes no mail",
                "eve@south.test: 550 5.1.1 No such user here",
                "y@nowhere.test: nowhere.test: no such domain",
            ][..]
        )
    );
    let inbox = house.inbox(BOB).unwrap();
    assert_eq!(inbox.len(), 2);
    assert!(inbox.iter().all(|message| message.contains(" with ESMTPS ")), "STARTTLS was offered");
}

#[test]
fn a_temporary_refusal_goes_on_to_the_next_exchanger() {
    let mut house = house(&["--smtp", ANY]).started().unwrap();
    let resolver = serve(ZONES).unwrap().to_string();
    let port = house.addr("smtp").unwrap().port().to_string();
    answer_at(&format!("127.0.0.2:{port}"), |line, _| match line {
        "RCPT TO:<bob@south.test>" => Some("451 4.7.1 Come back later"),
        "RCPT TO:<eve@south.test>" => Some("550 5.7.1 Not from you"),
        line if line.starts_with("EHLO ") => Some("250-fake\r\n250 SIZE"),
        "DATA" => Some("503 5.5.1 No recipients"),
        "QUIT" => Some("221 Bye"),
        _ => Some("250 Ok"),
    });
    let (code, error) = deliver(&resolver, &port, &[], &[BOB, "eve@south.test"]);
    assert_eq!((code, &*error), (Some(1), "eve@south.test: 550 5.7.1 Not from you\n"));
    assert_eq!(house.inbox(BOB).unwrap().len(), 1);
}

#[test]
fn a_server_that_cannot_do_starttls_gets_mail_without() {
    let addr = answer_at(ANY, |line, connection| match (line, connection) {
        ("STARTTLS", 0) => Some("220 Go ahead"),
        // What comes next is no line of SMTP.
        (line, 0) if !line.is_ascii() || line.contains('\0') => None,
        (line, _) if line.starts_with("EHLO ") => Some("250-fake\r\n250 STARTTLS"),
        ("DATA", 1) => Some("354 Go on"),
        ("Subject: x" | "" | "x", 1) => Some(""),
        (_, 1) => Some("250 Ok"),
        _ => None,
    });
    let resolver = serve(ZONES).unwrap().to_string();
    let port = addr.port().to_string();
    assert_eq!(deliver(&resolver, &port, &[], &["x@implicit.test"]), done());
}

#[test]
fn what_waits_is_sent_after_a_restart_and_failures_are_reported() {
    const ALICE: &str = "alice@north.test";
    // A port for the exchanger that nobody listens at yet.
    let port = TcpListener::bind(ANY).unwrap().local_addr().unwrap().port();
    let (listen, port) = (format!("127.0.0.1:{port}"), port.to_string());
    let resolver = serve(ZONES).unwrap().to_string();
    let args =
        ["--submission", ANY, "--allow-plaintext", "--resolver", &resolver, "--relay-port", &port];
    let mut north = House::new(SERVER, "north.test", &[ALICE], &args).unwrap().started().unwrap();
    let url = plain(&north, "submission", &format!("alice%40north.test:{PASSWORD}@"));
    let to = [BOB, "eve@south.test", "x@null.test", "y@loop.test"];
    let output = run(
        CLIENT,
        &[&["submit", "--server", &url, "--from", ALICE, "-", "--to"][..], &to].concat(),
        "Subject: over there \u{e4}\n\nx\n".as_bytes(),
    );
    assert_eq!(status(&output.unwrap()), done());
    within_patience(|| {
        let log = north.server.as_ref().unwrap().log();
        (log.matches("not now").count() == 2 && log.matches("given up").count() == 2).then_some(())
    });
    assert_eq!(north.queue().unwrap(), [BOB, "eve@south.test"]);

    let mut south = house(&["--smtp", &listen, "--tls-self-signed"]).started().unwrap();
    north.start().unwrap();
    within_patience(|| {
        let log = north.server.as_ref().unwrap().log();
        (log.contains("relayed") && log.contains("given up")).then_some(())
    });
    assert_eq!(north.queue().unwrap(), [""; 0]);
    let inbox = south.inbox(BOB).unwrap();
    assert_eq!(inbox.len(), 1);
    assert!(inbox[0].starts_with("Return-Path: <alice@north.test>\r\n"));
    assert_eq!(inbox[0].matches("Received: ").count(), 2);
    // Who cannot be reached is told to the sender, once.
    let reports = north.inbox(ALICE).unwrap();
    for (who, why) in [
        ("eve@south.test", "550 5.1.1 No such user here"),
        ("x@null.test", "null.test takes no mail"),
        ("y@loop.test", "mail for loop.test loops back to this server"),
    ] {
        let about = |report: &&String| report.contains(who) && report.contains(why);
        assert_eq!(reports.iter().filter(about).count(), 1, "{who}: {reports:?}");
    }
    for report in &reports {
        assert!(report.starts_with("Return-Path: <>\r\n"));
        for line in ["Content-Type: message/delivery-status", "Action: failed", "Status: 5."] {
            assert!(report.contains(&format!("\r\n{line}")), "{line}: {report}");
        }
    }
}

#[test]
fn a_sender_hears_what_the_next_server_does_not_tell() {
    let (addr, _) = basic("nothing");
    let (resolver, port) = (serve(ZONES).unwrap().to_string(), addr.port().to_string());
    let args = ["--submission", ANY, "--allow-plaintext", "--resolver", &resolver];
    let mut house = house(&[&args[..], &["--relay-port", &port]].concat()).started().unwrap();
    let text = "Subject: x\r\n\r\nx\r\n";
    let to = ["<x@implicit.test> NOTIFY=SUCCESS,FAILURE", "<y@implicit.test>"];
    submit_by_hand(&house, " ENVID=7", &to, text);
    submit_by_hand(&house, " BY=600;N ENVID=8", &["<z@implicit.test>"], text);
    within_patience(|| {
        let log = house.server.as_ref().unwrap().log();
        (log.matches("relayed").count() == 3).then_some(())
    });
    let reports = within_patience(|| {
        let inbox = house.inbox(BOB).unwrap();
        house.start().unwrap();
        (inbox.len() == 2).then_some(inbox)
    });
    let about = |id: &str| reports.iter().find(|it| it.contains(&format!("Envelope-Id: {id}\r\n")));
    // RFC 2852 §4.1.4.2: nor does it know by when that is to be delivered.
    let late = about("8").unwrap();
    assert!(late.contains("\r\nDeliver-By-Date: ") && late.contains("\r\nAction: relayed\r\n"));
    let report = about("7").unwrap();
    for line in [
        "Original-Envelope-Id: 7",
        "Final-Recipient: rfc822; x@implicit.test",
        "Action: relayed",
        "Status: 2.6.0",
        "Remote-MTA: dns; implicit.test",
        "Diagnostic-Code: smtp; 250 2.6.0 Taken",
    ] {
        assert!(report.contains(&format!("\r\n{line}\r\n")), "{line}: {report}");
    }
    assert!(!report.contains("y@implicit.test"));
}

#[test]
fn messages_share_a_connection_for_as_long_as_it_lasts() {
    const AGAIN: &str = "<again@implicit.test>";
    let (addr, lines) = basic("RCPT TO:<again@implicit.test>");
    let (resolver, port) = (serve(ZONES).unwrap().to_string(), addr.port().to_string());
    let args = ["--submission", ANY, "--allow-plaintext", "--resolver", &resolver];
    let house = house(&[&args[..], &["--relay-port", &port]].concat()).started().unwrap();
    let all = [("a", "<a@implicit.test>"), ("b", "<b@implicit.test>"), ("c", AGAIN), ("d", AGAIN)];
    for (sent, (subject, to)) in all.into_iter().enumerate() {
        submit_by_hand(&house, "", &[to], &format!("Subject: {subject}\r\n\r\n"));
        within_patience(|| {
            let log = house.server.as_ref().unwrap().log();
            (log.matches("relayed").count() == sent + 1).then_some(())
        });
    }
    // The server hangs up within the last one, which goes over another connection then.
    let lines = lines.lock().unwrap();
    let subjects: Vec<_> =
        lines.iter().filter(|(_, line)| line.starts_with("Subject: ")).cloned().collect();
    let expected = [(0, "a"), (0, "b"), (0, "c"), (1, "d")];
    assert_eq!(subjects, expected.map(|(by, subject)| (by, format!("Subject: {subject}"))));
    assert!(!house.server.as_ref().unwrap().log().contains("not now"));
}

#[test]
fn what_a_server_does_not_take_is_converted() {
    let (addr, lines) = basic("nothing");
    let (resolver, port) = (serve(ZONES).unwrap().to_string(), addr.port().to_string());
    let args = ["--submission", ANY, "--allow-plaintext", "--resolver", &resolver];
    let mut house = house(&[&args[..], &["--relay-port", &port]].concat()).started().unwrap();
    submit_by_hand(&house, " BODY=8BITMIME", &["<x@implicit.test>"], EIGHT_BIT);
    // There is no way to say this in seven bits, since nobody knows what the bytes mean.
    submit_by_hand(&house, "", &["<y@implicit.test>"], "Subject: gr\u{fc}n\r\n\r\n");
    within_patience(|| {
        let log = house.server.as_ref().unwrap().log();
        (log.contains("relayed") && log.contains("given up")).then_some(())
    });
    {
        let lines = lines.lock().unwrap();
        assert!(lines.iter().all(|(_, line)| line.is_ascii()));
        assert_eq!(lines.iter().filter(|(_, line)| line == SEVEN_BIT).count(), 1, "{lines:?}");
    }
    let reports = house.inbox(BOB).unwrap();
    let [report] = &reports[..] else { panic!("{reports:?}") };
    assert!(report.contains("\r\nStatus: 5.6.3\r\n") && report.contains("y@implicit.test"));
}

/// RFC 8689: to an exchanger that DNSSEC names and whose certificate is proved; else it comes back,
/// and at once.
#[test]
fn what_requires_tls_goes_where_that_is_proved() {
    const ALICE: &str = "alice@north.test";
    const PROVED: &[Entry] =
        &[Entry::Mx("south.test", 10, "localhost"), Entry::A("localhost", Ipv4Addr::LOCALHOST)];
    let mut south = house(&["--smtp", ANY]);
    let proof = south.certify().unwrap();
    south.start().unwrap();
    let resolver = serve(PROVED).unwrap().to_string();
    let port = south.addr("smtp").unwrap().port().to_string();
    let args = ["--submission", ANY, "--resolver", &resolver, "--relay-port", &port];
    for (more, expected) in [(&[][..], "given up"), (&["--ca", &proof], "relayed")] {
        let mut north =
            House::new(SERVER, "north.test", &[ALICE], &[&args[..], more].concat()).unwrap();
        let ca = north.certify().unwrap();
        north.start().unwrap();
        let at = north.addr("submission").unwrap().port();
        let url = format!("submission://alice%40north.test:{PASSWORD}@localhost:{at}");
        let submit = ["submit", "--server", &url, "--ca", &ca, "--from", ALICE, "--to", BOB, "-"];
        let message = b"Subject: secret\n\nno one reads this\n";
        let output = run(CLIENT, &[&submit[..], &["--require-tls"]].concat(), message);
        assert_eq!(status(&output.unwrap()), done());
        within_patience(|| north.server.as_ref().unwrap().log().contains(expected).then_some(()));
        assert_eq!(north.queue().unwrap(), [""; 0]);
        let reports = north.inbox(ALICE).unwrap();
        if more.is_empty() {
            let [report] = &reports[..] else { panic!("{reports:?}") };
            for text in ["\r\nStatus: 5.7.10\r\n", "invalid peer certificate", "secret"] {
                assert!(report.contains(text), "{text}: {report}");
            }
            assert!(!report.contains("no one reads this"));
            // Others go there all the same.
            north.start().unwrap();
            let at = north.addr("submission").unwrap().port();
            let url = format!("submission://alice%40north.test:{PASSWORD}@localhost:{at}");
            let submit = ["submit", "--server", &url, "--ca", &ca, "--from", ALICE, "--to", BOB];
            let output = run(CLIENT, &[&submit[..], &["-"]].concat(), b"Subject: plain\n\nx\n");
            assert_eq!(status(&output.unwrap()), done());
            within_patience(|| {
                north.server.as_ref().unwrap().log().contains("relayed").then_some(())
            });
        } else {
            assert_eq!(reports, [""; 0]);
        }
    }
    let inbox = south.inbox(BOB).unwrap();
    let has = |subject: &str| inbox.iter().filter(|message| message.contains(subject)).count();
    assert_eq!((inbox.len(), has("Subject: plain"), has("Subject: secret")), (2, 1, 1));
}

/// A server that knows no TLS at all gets nothing of it from `deliver` either.
#[test]
fn what_requires_tls_is_not_delivered_without() {
    let mut house = house(&["--smtp", ANY]).started().unwrap();
    let resolver = serve(ZONES).unwrap().to_string();
    let port = house.addr("smtp").unwrap().port().to_string();
    let (code, error) = deliver(&resolver, &port, &["--require-tls"], &[BOB]);
    assert_eq!((code, &*error), (Some(1), "bob@south.test: the server does not offer STARTTLS\n"));
    assert_eq!(house.inbox(BOB).unwrap(), [""; 0]);
}

#[test]
fn a_report_that_cannot_be_delivered_is_dropped() {
    let resolver = serve(ZONES).unwrap().to_string();
    let args = ["--submission", ANY, "--allow-plaintext", "--resolver", &resolver];
    let mut house = house(&args).started().unwrap();
    let url = plain(&house, "submission", &format!("bob%40south.test:{PASSWORD}@"));
    let arguments = ["submit", "--server", &url, "--from", "", "--to", "x@null.test", "-"];
    assert_eq!(status(&run(CLIENT, &arguments, b"x\n").unwrap()), done());
    within_patience(|| house.server.as_ref().unwrap().log().contains("given up").then_some(()));
    assert_eq!(house.queue().unwrap(), [""; 0]);
    assert_eq!(house.inbox(BOB).unwrap(), [""; 0]);
}

/// However often the relay is killed, nobody is forgotten; and nobody gets twice but what was on its
/// way at that moment.
#[test]
fn a_relay_that_is_killed_forgets_nobody() {
    const ALICE: &str = "alice@north.test";
    const MESSAGES: usize = 60;
    const KILLS: usize = 5;
    let resolver = serve(ZONES).unwrap().to_string();
    let mut south = house(&["--smtp", ANY]).started().unwrap();
    let port = south.addr("smtp").unwrap().port().to_string();
    let args =
        ["--submission", ANY, "--allow-plaintext", "--resolver", &resolver, "--relay-port", &port];
    let mut north = House::new(SERVER, "north.test", &[ALICE], &args).unwrap().started().unwrap();
    let mut sent = 0;
    for kill in 0..=KILLS {
        let mut talk = Talk::to(north.addr("submission").unwrap());
        assert!(talk.reply().starts_with("220 "));
        assert!(talk.ask("EHLO client.test").starts_with("250"));
        let login = "AUTH PLAIN AGFsaWNlQG5vcnRoLnRlc3QAczNjcmV0";
        assert!(talk.ask(login).starts_with("235"));
        for _ in 0..MESSAGES / (KILLS + 1) {
            talk.write("MAIL FROM:<alice@north.test>\r\nRCPT TO:<bob@south.test>\r\nDATA\r\n");
            assert!((0..3).all(|_| !talk.reply().starts_with('5')));
            assert!(talk.ask(&format!("Subject: {sent}\r\n\r\nx\r\n.")).starts_with("250"));
            sent += 1;
        }
        if kill < KILLS {
            std::thread::sleep(Duration::from_millis(20 * kill as u64));
            north.server.take().unwrap().kill().unwrap();
            north.start().unwrap();
        }
    }
    within_patience(|| {
        std::thread::sleep(Duration::from_millis(500));
        let is_empty = north.queue().unwrap().is_empty();
        north.start().unwrap();
        is_empty.then_some(())
    });
    let mut seen: HashMap<String, usize> = HashMap::new();
    for message in south.inbox(BOB).unwrap() {
        let (_, subject) = message.split_once("Subject: ").unwrap();
        *seen.entry(subject.split_once("\r\n").unwrap().0.to_owned()).or_default() += 1;
    }
    assert_eq!(seen.len(), sent);
    assert!(seen.values().all(|&times| times <= KILLS + 1));
    let twice = seen.values().filter(|&&times| times > 1).count();
    assert!(twice < sent / 2, "{twice} came more than once");
}
