#![cfg(test)]
//! SMTP between our programs: what the server takes and refuses, what the client says of it, and
//! what the relay does with the rest.
#![expect(clippy::std_instead_of_core, reason = "a test has an operating system under it")]

mod support;

use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    process::Output,
    thread,
    time::{Duration, Instant},
};
use support::{
    house::{House, PASSWORD, run},
    names::{Entry, serve},
    program::PATIENCE,
};

const SERVER: &str = env!("CARGO_BIN_EXE_mailrail-server");
const CLIENT: &str = env!("CARGO_BIN_EXE_mailrail-client");
const ANY: &str = "127.0.0.1:0";
const BOB: &str = "bob@south.test";

fn house(args: &[&str]) -> House {
    House::new(SERVER, "south.test", &[BOB], args).unwrap()
}

/// A URL without TLS.
fn plain(house: &House, service: &str, user: &str) -> String {
    let addr = house.addr(service).unwrap();
    format!("{service}://{user}{addr}?tls=none")
}

fn submit(url: &str, to: &[&str], message: impl AsRef<[u8]>) -> Output {
    let start = ["submit", "--server", url, "--from", "ann@north.test", "-", "--to"];
    run(CLIENT, &[&start[..], to].concat(), message.as_ref()).unwrap()
}

fn status(output: &Output) -> (Option<i32>, String) {
    (output.status.code(), String::from_utf8(output.stderr.clone()).unwrap())
}

fn done() -> (Option<i32>, String) {
    (Some(0), String::new())
}

/// A conversation by hand.
struct Talk(BufReader<TcpStream>);

impl Talk {
    fn to(addr: SocketAddr) -> Self {
        let stream = TcpStream::connect(addr).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self(BufReader::new(stream))
    }

    fn write(&mut self, text: &str) {
        self.0.get_mut().write_all(text.as_bytes()).unwrap();
    }

    /// The last line of the next reply.
    fn reply(&mut self) -> String {
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).unwrap();
            if line.as_bytes().get(3) != Some(&b'-') {
                return line.trim_end().to_owned();
            }
        }
    }

    fn ask(&mut self, line: &str) -> String {
        self.write(&format!("{line}\r\n"));
        self.reply()
    }

    /// As far as the message.
    fn begin(&mut self) {
        assert!(self.reply().starts_with("220 "));
        for (line, code) in [
            ("EHLO client.test", "250"),
            ("MAIL FROM:<ann@north.test>", "250"),
            ("RCPT TO:<bob@south.test>", "250"),
            ("DATA", "354"),
        ] {
            let reply = self.ask(line);
            assert!(reply.starts_with(code), "{line}: {reply}");
        }
    }

    fn is_over(&mut self) -> bool {
        self.0.read(&mut [0]).unwrap() == 0
    }
}

#[test]
fn a_message_arrives_as_it_was() {
    let mut house = house(&["--smtp", ANY]).started().unwrap();
    let url = plain(&house, "smtp", "");
    let body = "Subject: dots\n\n.\n..\n.dot\nbare\r\n8 bit: \u{e4}\nno end";
    assert_eq!(status(&submit(&url, &[BOB, "postmaster@south.test"], body)), done());
    let file = house
        .folder
        .write("large.eml", &format!("Subject: large\r\n\r\n{}", ".x\r\n".repeat(400_000)));
    let arguments =
        ["submit", "--server", &url, "--from", "", "--to", "BOB@South.test", &file.unwrap()];
    assert_eq!(status(&run(CLIENT, &arguments, b"").unwrap()), done());
    let inbox = house.inbox(BOB).unwrap();
    // Named twice, and has it once.
    let [first, second] = &inbox[..] else { panic!("{} messages", inbox.len()) };
    let (trace, text) = first.split_at(first.find("Subject").unwrap());
    let (path, received) = trace.split_once("\r\n").unwrap();
    assert_eq!(path, "Return-Path: <ann@north.test>");
    assert!(
        received.starts_with("Received: from ")
            && received.contains(" by south.test with ESMTP id")
    );
    assert!(!received.contains("for <"), "no recipient learns of another");
    assert_eq!(
        text,
        "Subject: dots\r\n\r\n.\r\n..\r\n.dot\r\nbare\r\n8 bit: \u{c3}\u{a4}\r\nno end\r\n"
    );
    assert!(second.starts_with("Return-Path: <>\r\n"));
    assert!(second.contains("for <BOB@South.test>"));
    assert_eq!(second.matches("\r\n.x").count(), 400_000);
}

#[test]
fn each_recipient_is_told_apart() {
    let mut house = house(&["--smtp", ANY]).started().unwrap();
    let url = plain(&house, "smtp", "");
    let output = submit(&url, &["eve@south.test", BOB, "x@else.test"], "Subject: x\n\nx\n");
    let (code, error) = status(&output);
    let lines: Vec<_> = error.lines().collect();
    assert_eq!(
        (code, &lines[..]),
        (
            Some(1),
            &[
                "eve@south.test: 550 5.1.1 No such user here",
                "x@else.test: 550 5.7.1 Relaying denied"
            ][..]
        )
    );
    let (code, error) = status(&submit(&url, &["eve@south.test"], "x\n"));
    assert_eq!((code, error.as_str()), (Some(1), "eve@south.test: 550 5.1.1 No such user here\n"));
    assert_eq!(status(&submit(&url, &["nonsense@"], "x\n")).0, Some(2));
    assert_eq!(house.inbox(BOB).unwrap().len(), 1);
}

#[test]
fn local_delivery_answers_for_each_recipient() {
    let mut house = house(&["--lmtp", ANY, "--max-message-size", "1000"]).started().unwrap();
    let url = plain(&house, "lmtp", "");
    let output = submit(&url, &["eve@south.test", BOB], "Subject: x\n\nx\n");
    let told = String::from_utf8(output.stdout.clone()).unwrap();
    assert!(told.starts_with("bob@south.test: 250 2.0.0 Accepted as "), "{told}");
    assert_eq!(
        status(&output),
        (Some(1), "eve@south.test: 550 5.1.1 No such user here\n".to_owned())
    );
    let mut talk = Talk::to(house.addr("lmtp").unwrap());
    assert!(talk.reply().starts_with("220 "));
    for (line, code) in [
        ("EHLO client.test", "500"),
        ("LHLO client.test", "250"),
        ("MAIL FROM:<>", "250"),
        ("RCPT TO:<bob@south.test>", "250"),
        ("RCPT TO:<x@else.test>", "550"),
        ("RCPT TO:<postmaster@south.test>", "250"),
        ("DATA", "354"),
    ] {
        let reply = talk.ask(line);
        assert!(reply.starts_with(code), "{line}: {reply}");
    }
    assert!(talk.ask("x\r\n.").starts_with("250 "));
    assert!(talk.reply().starts_with("250 "));
    assert!(talk.ask("QUIT").starts_with("221 "));
    let inbox = house.inbox(BOB).unwrap();
    assert_eq!(inbox.len(), 2);
    assert!(inbox.iter().all(|message| message.contains(" with LMTP id")), "{inbox:?}");
}

#[test]
fn a_sender_hears_of_a_delivery_where_it_asks() {
    let mut house = house(&["--smtp", ANY]).started().unwrap();
    let mut talk = Talk::to(house.addr("smtp").unwrap());
    assert!(talk.reply().starts_with("220 "));
    for (line, code) in [
        ("EHLO client.test", "250"),
        ("MAIL FROM:<bob@south.test> RET=HDRS ENVID=QQ314159", "250"),
        ("RCPT TO:<bob@south.test> NOTIFY=SUCCESS ORCPT=rfc822;robert@north.test", "250"),
        ("BDAT 14\r\nSubject: x\r\n\r\n", "250"),
        ("BDAT 6 LAST\r\n.\r\nx", "250"),
        ("MAIL FROM:<bob@south.test>", "250"),
        ("RCPT TO:<bob@south.test> NOTIFY=NEVER", "250"),
        ("DATA", "354"),
        ("Subject: y\r\n\r\ny\r\n.", "250"),
    ] {
        let reply = talk.ask(line.strip_suffix("\r\n").unwrap_or(line));
        assert!(reply.starts_with(code), "{line}: {reply}");
    }
    let inbox = house.inbox(BOB).unwrap();
    let [message, report, other] = &inbox[..] else { panic!("{inbox:?}") };
    assert!(message.ends_with("Subject: x\r\n\r\n.\r\nx\r\n"), "{message}");
    assert!(other.ends_with("y\r\n"));
    assert!(report.starts_with("Return-Path: <>\r\n"));
    for line in [
        "Original-Envelope-Id: QQ314159",
        "Original-Recipient: rfc822; robert@north.test",
        "Final-Recipient: rfc822; bob@south.test",
        "Action: delivered",
        "Status: 2.0.0",
        "Content-Type: text/rfc822-headers",
    ] {
        assert!(report.contains(&format!("\r\n{line}\r\n")), "{line}: {report}");
    }
}

#[test]
fn what_is_too_large_is_refused_early_and_late() {
    let mut house = house(&["--smtp", ANY, "--max-message-size", "1000"]).started().unwrap();
    let url = plain(&house, "smtp", "");
    let (code, error) = status(&submit(&url, &[BOB], "x".repeat(1_001)));
    assert!(code == Some(1) && error.contains("1003 bytes") && error.contains("1000"), "{error}");
    assert_eq!(status(&submit(&url, &[BOB], "x".repeat(998))), done());
    let mut talk = Talk::to(house.addr("smtp").unwrap());
    talk.begin();
    talk.write(&format!("{}\r\n.\r\n", "x".repeat(2_000)));
    assert!(talk.reply().starts_with("552 5.3.4"));
    assert!(talk.ask("MAIL FROM:<> SIZE=1001").starts_with("552 5.3.4"));
    assert_eq!(house.inbox(BOB).unwrap().len(), 1);
}

#[test]
fn a_message_that_goes_round_is_stopped() {
    let mut house = house(&["--smtp", ANY]).started().unwrap();
    let url = plain(&house, "smtp", "");
    let message = |hops| format!("{}Subject: x\n\nx\n", "Received: from a by b\n".repeat(hops));
    assert_eq!(status(&submit(&url, &[BOB], message(100))), done());
    let (code, error) = status(&submit(&url, &[BOB], message(101)));
    assert!(code == Some(1) && error.starts_with("bob@south.test: 554 5.4.6"), "{error}");
    assert_eq!(house.inbox(BOB).unwrap().len(), 1);
}

#[test]
fn submission_is_for_those_who_log_in() {
    let args = ["--submission", ANY, "--submissions", ANY, "--resolver", "127.0.0.1:9"];
    let mut house = house(&args);
    let ca = house.certify().unwrap();
    let mut house = house.started().unwrap();
    let url = |service: &str, user: &str| {
        format!("{service}://{user}localhost:{}", house.addr(service).unwrap().port())
    };
    let user = format!("bob%40south.test:{PASSWORD}@");
    let send = |url: &str, more: &[&str]| {
        let start = ["send", "--server", url, "--from", BOB, "--to", BOB, "--subject", "x"];
        run(CLIENT, &[&start[..], more].concat(), b"").unwrap()
    };
    let trust = ["--ca", &ca];
    for service in ["submission", "submissions"] {
        let output = send(&url(service, &user), &trust);
        assert_eq!(status(&output), done(), "{service}");
        let id = String::from_utf8(output.stdout).unwrap();
        assert!(id.starts_with('<') && id.ends_with("@south.test>\n"), "{id}");
    }
    let (code, error) = status(&send(&url("submission", ""), &trust));
    assert!(code == Some(1) && error.contains("530 5.7.0"), "{error}");
    let (code, error) = status(&send(&url("submission", "bob%40south.test:wrong@"), &trust));
    assert!(code == Some(1) && error.contains("535 5.7.8") && !error.contains("wrong"), "{error}");
    let (code, error) = status(&send(&url("submission", &user), &[]));
    assert!(code == Some(1) && error.contains("certificate"), "{error}");
    // Without TLS, by what shows no password.
    let open = plain(&house, "submission", &user);
    let output = send(&open, &["--transcript"]);
    let transcript = String::from_utf8(output.stdout.clone()).unwrap();
    assert!(transcript.contains("C: AUTH SCRAM-SHA-256 ***"), "{transcript}");
    assert_eq!(status(&output), done());
    let output = send(&url("submission", &user), &["--ca", &ca, "--transcript"]);
    let transcript = String::from_utf8(output.stdout).unwrap();
    assert!(
        transcript.contains("C: STARTTLS") && transcript.contains("C: AUTH SCRAM-SHA-256-PLUS ***")
    );
    // A domain that means something else elsewhere.
    let (code, error) = status(
        &run(
            CLIENT,
            &[
                "submit",
                "--server",
                &url("submission", &user),
                "--ca",
                &ca,
                "--from",
                BOB,
                "--to",
                "bob@intranet",
                "-",
            ],
            b"x\n",
        )
        .unwrap(),
    );
    assert!(code == Some(1) && error.starts_with("bob@intranet: 550 5.1.2"), "{error}");
    let inbox = house.inbox(BOB).unwrap();
    assert_eq!(inbox.len(), 4);
    let secure = inbox.iter().filter(|message| message.contains(" with ESMTPSA ")).count();
    assert_eq!(secure, 3);
}

#[test]
fn starttls_is_required_where_it_is_not_waived() {
    let house = house(&["--smtp", ANY]).started().unwrap();
    let url = format!("smtp://{}", house.addr("smtp").unwrap());
    let (code, error) = status(&submit(&url, &[BOB], "x\n"));
    assert!(code == Some(1) && error.contains("does not offer STARTTLS"), "{error}");
    let (code, _) = status(&submit("smtp://127.0.0.1:1?tls=none", &[BOB], "x\n"));
    assert_eq!(code, Some(1));
}

#[test]
fn one_connection_too_many_is_told() {
    let house = house(&["--smtp", ANY, "--max-connections", "1"]).started().unwrap();
    let addr = house.addr("smtp").unwrap();
    let mut first = Talk::to(addr);
    assert!(first.reply().starts_with("220 south.test "));
    let mut second = Talk::to(addr);
    assert_eq!(second.reply(), "421 4.3.2 Too many connections");
    assert!(second.is_over());
    assert!(first.ask("QUIT").starts_with("221 "));
    assert!(first.is_over());
    let start = Instant::now();
    while !Talk::to(addr).reply().starts_with("220 ") {
        assert!(start.elapsed() < PATIENCE, "the first one's place stays taken");
    }
}

#[test]
fn the_end_waits_for_a_message_that_comes() {
    let mut house = house(&["--smtp", ANY]).started().unwrap();
    let addr = house.addr("smtp").unwrap();
    let (mut busy, mut idle) = (Talk::to(addr), Talk::to(addr));
    assert!(idle.reply().starts_with("220 "));
    busy.begin();
    busy.write("Subject: last\r\n");
    let end = thread::spawn(move || {
        house.stop().unwrap();
        house
    });
    assert_eq!(idle.reply(), "421 4.3.2 The server is shutting down");
    assert!(idle.is_over());
    assert!(!end.is_finished());
    busy.write("\r\nwords\r\n.\r\n");
    assert!(busy.reply().starts_with("250 "));
    assert!(busy.reply().starts_with("421 "));
    assert!(busy.is_over());
    let mut house = end.join().unwrap();
    assert!(house.inbox(BOB).unwrap()[0].ends_with("Subject: last\r\n\r\nwords\r\n"));
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
    let start = ["deliver", "--resolver", &resolver, "--port", &port, "--from", "ann@north.test"];
    let deliver = |to: &[&str]| {
        let to = [&start[..], &["-", "--to"], to].concat();
        status(&run(CLIENT, &to, b"Subject: x\n\nx\n").unwrap())
    };
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

/// A server that answers each connection's lines as it is told to; none: it hangs up.
fn answer_at(addr: &str, reply: fn(&str, usize) -> Option<&'static str>) -> SocketAddr {
    let listener = TcpListener::bind(addr).unwrap();
    let addr = listener.local_addr().unwrap();
    thread::spawn(move || {
        for (connection, stream) in listener.incoming().enumerate() {
            let mut talk = Talk(BufReader::new(stream.unwrap()));
            talk.write("220 fake\r\n");
            let mut line = String::new();
            while talk.0.read_line(&mut line).is_ok_and(|n| n > 0) {
                let Some(reply) = reply(line.trim_end(), connection) else { break };
                if !reply.is_empty() {
                    talk.write(&format!("{reply}\r\n"));
                }
                line.clear();
            }
        }
    });
    addr
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
    let arguments = [
        "deliver",
        "--resolver",
        &resolver,
        "--port",
        &port,
        "--from",
        "a@north.test",
        "-",
        "--to",
        BOB,
        "eve@south.test",
    ];
    let (code, error) = status(&run(CLIENT, &arguments, b"x\n").unwrap());
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
        ("x", 1) => Some(""),
        (_, 1) => Some("250 Ok"),
        _ => None,
    });
    let resolver = serve(ZONES).unwrap().to_string();
    let port = addr.port().to_string();
    let deliver = |message: &[u8]| {
        let arguments = [
            "deliver",
            "--resolver",
            &resolver,
            "--port",
            &port,
            "--from",
            "a@north.test",
            "-",
            "--to",
            "x@implicit.test",
        ];
        status(&run(CLIENT, &arguments, message).unwrap())
    };
    assert_eq!(deliver(b"x\n"), done());
}

#[test]
fn eight_bits_are_not_forced_on_a_server() {
    let addr = answer_at(ANY, |line, _| match line {
        line if line.starts_with("EHLO ") => Some("250 fake"),
        "QUIT" => Some("221 Bye"),
        _ => None,
    });
    let url = format!("smtp://{addr}?tls=none");
    let (code, error) = status(&submit(&url, &[BOB], "gr\u{fc}n\n"));
    assert!(code == Some(1) && error.contains("bytes over 127"), "{error}");
}

/// Waits for something that a server does in its own time.
fn within_patience<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(start.elapsed() < 2 * PATIENCE, "it did not happen");
        thread::sleep(Duration::from_millis(100));
    }
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
    // One that knows of no reports.
    let addr = answer_at(ANY, |line, _| match line {
        line if line.starts_with("EHLO ") => Some("250-fake\r\n250 8BITMIME"),
        line if line.starts_with("MAIL ") || line.starts_with("RCPT ") => {
            Some(if line.ends_with('>') { "250 2.1.0 Ok" } else { "555 No such parameter" })
        }
        "DATA" => Some("354 Go on"),
        "." => Some("250 2.6.0 Taken"),
        "QUIT" => Some("221 Bye"),
        _ => Some(""),
    });
    let (resolver, port) = (serve(ZONES).unwrap().to_string(), addr.port().to_string());
    let args = ["--submission", ANY, "--allow-plaintext", "--resolver", &resolver];
    let mut house = house(&[&args[..], &["--relay-port", &port]].concat()).started().unwrap();
    let mut talk = Talk::to(house.addr("submission").unwrap());
    assert!(talk.reply().starts_with("220 "));
    for (line, code) in [
        ("EHLO client.test", "250"),
        ("AUTH PLAIN AGJvYkBzb3V0aC50ZXN0AHMzY3JldA==", "235"),
        ("MAIL FROM:<bob@south.test> ENVID=7", "250"),
        ("RCPT TO:<x@implicit.test> NOTIFY=SUCCESS,FAILURE", "250"),
        ("RCPT TO:<y@implicit.test>", "250"),
        ("DATA", "354"),
        ("Subject: x\r\n\r\nx\r\n.", "250"),
    ] {
        let reply = talk.ask(line);
        assert!(reply.starts_with(code), "{line}: {reply}");
    }
    within_patience(|| {
        let log = house.server.as_ref().unwrap().log();
        (log.matches("relayed").count() == 2).then_some(())
    });
    let reports = within_patience(|| {
        let inbox = house.inbox(BOB).unwrap();
        house.start().unwrap();
        (!inbox.is_empty()).then_some(inbox)
    });
    let [report] = &reports[..] else { panic!("{reports:?}") };
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
