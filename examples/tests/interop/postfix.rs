//! Our client and our server's relay against Postfix: submission, and delivery by MX.

use crate::support::{
    Result,
    dovecot::Dovecot,
    folder::Folder,
    house::{self, House, PASSWORD},
    maildrop::{BOB, fetch, fetched, message, stored, summary},
    nsd::Nsd,
    postfix::Postfix,
    program::{PATIENCE, run},
    suite::{ROOT, SWAKS_TLS, Suite},
};
use std::{
    io::{ErrorKind, Write},
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

const SERVER: &str = env!("CARGO_BIN_EXE_mailrail-server");
const CLIENT: &str = env!("CARGO_BIN_EXE_mailrail-client");
const ALICE: &str = "alice@north.test";
const CAROL: &str = "carol@south.test";
const NOBODY: &str = "nobody@south.test";

pub(crate) fn add(suite: &mut Suite) {
    let needs = ["postfix", "dovecot", ROOT];
    suite.test("postfix::submit", &needs, submit);
    suite.test("postfix::deliver", &[&needs[..], &["nsd"]].concat(), deliver);
    suite.test("postfix::final_refusal", &[&needs[..], &["nsd"]].concat(), final_refusal);
    suite.test("postfix::postfix_and_server", &needs, to_server);
    suite.test("postfix::relay", &[&needs[..], &["nsd", "swaks", SWAKS_TLS]].concat(), relay);
}

/// One with two mailboxes, and who knows their passwords.
fn postfix() -> Result<(Postfix, Dovecot)> {
    let dovecot = Dovecot::start(&[(BOB, PASSWORD)])?;
    Ok((Postfix::start(&["bob", "carol"], &dovecot, None)?, dovecot))
}

/// A message to which Postfix has no field to add.
fn whole(name: &str, len: usize) -> Vec<u8> {
    let mut whole = format!(
        "From: <{ALICE}>\r\nTo: <{BOB}>\r\nDate: Mon, 23 Nov 2026 12:00:00 +0000\r\n\
         Message-ID: <{name}@north.test>\r\n"
    )
    .into_bytes();
    whole.extend(message(name, len));
    whole
}

/// Runs our client with the message on its standard input: its exit status, and what it said.
fn client(args: &[&str], message: &[u8]) -> Result<(Option<i32>, String)> {
    let output = house::run(CLIENT, args, message)?;
    let told = String::from_utf8(output.stdout)?;
    assert!(told.lines().all(|line| line.contains(": 250 2.0.0 Ok")), "{told}");
    Ok((output.status.code(), String::from_utf8(output.stderr)?))
}

fn done() -> (Option<i32>, String) {
    (Some(0), String::new())
}

/// That it failed, with a line for each of these: how it starts.
fn failed((status, said): (Option<i32>, String), lines: &[&str]) {
    let all = said.lines().zip(lines).all(|(line, start)| line.starts_with(start));
    let count = said.lines().count();
    assert!(status == Some(1) && all && count == lines.len(), "{status:?}: {said}, not {lines:?}");
}

/// That a user's mail is these messages, behind the fields that Postfix puts in front, and that
/// those say by which protocol each came.
fn check(postfix: &Postfix, user: &str, sent: &[&[u8]], with: &str) -> Result {
    let arrived = postfix.messages(user, sent.len())?;
    assert_eq!(arrived.len(), sent.len(), "{user}");
    for sent in sent {
        let sent = stored(sent);
        let found = arrived.iter().find(|arrived| arrived.ends_with(&sent));
        let head = found.ok_or_else(|| format!("{user} has not got it\n{}", postfix.log()))?;
        let head = String::from_utf8_lossy(&head[..head.len() - sent.len()]);
        assert!(head.contains(&format!(" with {with} id ")), "{head}");
        assert!(head.contains(&format!("Return-Path: <{ALICE}>\n")), "{head}");
        assert!(!head.contains("\n\n"), "{head}");
    }
    Ok(())
}

fn submit() -> Result {
    let (postfix, _dovecot) = postfix()?;
    let url = |password: &str, port: u16, more: &str| {
        format!("submission://bob%40south.test:{password}@localhost:{port}{more}")
    };
    let submit = |url: &str, to: &[&str], message: &[u8]| {
        let args = ["submit", "--server", url, "--ca", &postfix.ca, "--from", ALICE, "-"];
        client(&[&args[..], &["--to"], to].concat(), message)
    };
    let right = url(PASSWORD, postfix.submission, "");
    let messages = [whole("one", 0), whole("large", 3 << 20), whole("two", 5_000)];
    assert_eq!(submit(&right, &[BOB, CAROL], &messages[0])?, done());
    // The ends of lines in files are LF, too.
    assert_eq!(submit(&right, &[BOB], &stored(&messages[1]))?, done());
    // Whoever is not refused gets it.
    let some = submit(&right, &[NOBODY, BOB, "eve@south.test", CAROL], &messages[2])?;
    failed(some, &["nobody@south.test: 550 5.1.1 ", "eve@south.test: 550 5.1.1 "]);
    failed(submit(&right, &[NOBODY], &messages[2])?, &["nobody@south.test: 550 5.1.1 "]);

    let at = format!("localhost:{}: ", postfix.submission);
    let wrong = submit(&url("x", postfix.submission, ""), &[BOB], &messages[0])?;
    failed(wrong, &[&format!("{at}535 5.7.8 ")]);
    // It tells no mechanism before TLS, and its other port none at all.
    let none = "the server offers no way to log in";
    let open = submit(&url(PASSWORD, postfix.submission, "?tls=none"), &[BOB], &messages[0])?;
    failed(open, &[&format!("{at}{none}")]);
    let other = submit(&url(PASSWORD, postfix.smtp, ""), &[BOB], &messages[0])?;
    failed(other, &[&format!("localhost:{}: {none}", postfix.smtp)]);
    let args = ["submit", "--server", &right, "--from", ALICE, "--to", BOB, "-"];
    failed(client(&args, &messages[0])?, &[&format!("{at}invalid peer certificate: ")]);
    // Larger than Postfix says it takes.
    let huge = submit(&right, &[BOB], &whole("huge", 11 << 20))?;
    failed(huge, &[&format!("{at}the message has ")]);

    let all: Vec<_> = messages.iter().map(Vec::as_slice).collect();
    check(&postfix, "bob", &all, "ESMTPSA")?;
    check(&postfix, "carol", &[all[0], all[2]], "ESMTPSA")
}

fn deliver() -> Result {
    let (postfix, _dovecot) = postfix()?;
    let port = postfix.smtp;
    // The best exchanger has no address, the next refuses connections, and the third has no time.
    let busy = TcpListener::bind(("127.0.0.2", port))?;
    let calls = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&calls);
    thread::spawn(move || {
        while let Ok((mut caller, _)) = busy.accept() {
            counter.fetch_add(1, Ordering::Relaxed);
            let _ = caller.write_all(b"421 4.3.2 busy\r\n");
        }
    });
    let south = "@ MX 40 last\n@ MX 10 nothing\n@ MX 30 busy\n@ MX 20 closed\nnothing TXT x\n\
                 last A 127.0.0.1\nbusy A 127.0.0.2\nclosed A 127.0.0.3";
    let nsd = Nsd::start(&[("south.test", south), ("null.test", "@ MX 0 ."), ("bad.test", "")])?;
    let (resolver, port) = (nsd.addr.to_string(), port.to_string());
    let deliver = |to: &[&str], message: &[u8]| {
        let args = ["deliver", "--resolver", &resolver, "--port", &port, "--from", ALICE, "-"];
        client(&[&args[..], &["--to"], to].concat(), message)
    };
    let messages = [whole("one", 0), whole("two", 100_000)];
    assert_eq!(deliver(&[BOB, CAROL], &messages[0])?, done(), "{}", nsd.log());
    assert_eq!(calls.load(Ordering::Relaxed), 1);
    // Each domain by itself.
    let some = deliver(&["x@null.test", NOBODY, BOB, "x@no.bad.test"], &messages[1])?;
    let no_domain = "x@no.bad.test: no.bad.test: no such domain";
    let lines =
        ["x@null.test: null.test takes no mail", "nobody@south.test: 550 5.1.1 ", no_domain];
    failed(some, &lines);
    assert_eq!(calls.load(Ordering::Relaxed), 2);
    let all: Vec<_> = messages.iter().map(Vec::as_slice).collect();
    check(&postfix, "bob", &all, "ESMTPS")?;
    check(&postfix, "carol", &all[..1], "ESMTPS")
}

/// After a 5yz no other exchanger is asked.
fn final_refusal() -> Result {
    let (postfix, _dovecot) = postfix()?;
    let next = TcpListener::bind(("127.0.0.2", postfix.smtp))?;
    next.set_nonblocking(true)?;
    let nsd = Nsd::start(&[(
        "south.test",
        "@ MX 10 first\n@ MX 20 next\nfirst A 127.0.0.1\nnext A 127.0.0.2",
    )])?;
    let (resolver, port) = (nsd.addr.to_string(), postfix.smtp.to_string());
    let args = ["deliver", "--resolver", &resolver, "--port", &port, "--from", ALICE, "-", "--to"];
    let nobody = client(&[&args[..], &[NOBODY]].concat(), &whole("one", 0))?;
    failed(nobody, &["nobody@south.test: 550 5.1.1 "]);
    let message = whole("one", 0);
    let some = client(&[&args[..], &[BOB, NOBODY]].concat(), &message)?;
    failed(some, &["nobody@south.test: 550 5.1.1 "]);
    let asked = next.accept().map(drop).map_err(|error| error.kind());
    assert_eq!(asked, Err(ErrorKind::WouldBlock));
    check(&postfix, "bob", &[&message], "ESMTPS")
}

/// What is submitted to our server for elsewhere goes there, and what is refused comes back.
fn relay() -> Result {
    let (postfix, _dovecot) = postfix()?;
    let nsd = Nsd::start(&[("south.test", "@ MX 10 mx\nmx A 127.0.0.1")])?;
    let (resolver, port) = (nsd.addr.to_string(), postfix.smtp.to_string());
    let listen = ["--submission", "127.0.0.1:0", "--pop3", "127.0.0.1:0"];
    let relay = ["--resolver", &resolver, "--relay-port", &port];
    let mut house = House::new(SERVER, "north.test", &[ALICE], &[&listen[..], &relay].concat())?;
    let ca = house.certify()?;
    house.start()?;
    let folder = Folder::new("relayed")?;
    let text = format!(
        "From: <{ALICE}>\nTo: <{BOB}>\nDate: Mon, 23 Nov 2026 12:00:00 +0000\n\
         Message-ID: <relayed@north.test>\nSubject: one\n\n.\n..dots\ngr\u{fc}\u{df}\nend\n"
    );
    let data = format!("@{}", folder.write("message", &text)?);
    let submission = house.addr("submission")?.port().to_string();
    let login = ["--tls", "-a", "PLAIN", "-au", ALICE, "-ap", PASSWORD, "--data", &data];
    let to = [BOB, CAROL, NOBODY].join(",");
    let mail = ["--server", "localhost", "--port", &submission, "--from", ALICE, "--to", &to];
    run("swaks", &[&mail[..], &login].concat())?;
    for user in ["bob", "carol"] {
        let arrived = postfix.messages(user, 1)?;
        let arrived = String::from_utf8(arrived.concat())?;
        assert!(arrived.trim_end().ends_with(text.trim_end()), "{arrived}");
        assert!(arrived.contains(&format!("Return-Path: <{ALICE}>\n")), "{arrived}");
        assert_eq!(arrived.matches("\nReceived: ").count(), 2, "{arrived}");
    }
    // Who sent it is told of the one who did not get it.
    let pop3 = house.addr("pop3")?.port();
    let url = format!("pop3://alice%40north.test:{PASSWORD}@localhost:{pop3}");
    let start = Instant::now();
    let reports = loop {
        summary(&fetch(CLIENT, &url, &folder, &["--ca", &ca])?)?;
        let reports = fetched(&folder)?;
        if !reports.is_empty() || start.elapsed() > PATIENCE {
            break reports;
        }
        thread::sleep(Duration::from_millis(50));
    };
    let report = String::from_utf8_lossy(reports.first().ok_or("no report")?);
    assert!(report.contains(NOBODY) && report.contains("550 5.1.1"), "{report}");
    assert!(!report.contains(CAROL), "{report}");
    assert_eq!(house.queue()?, [""; 0]);
    Ok(())
}

/// Postfix brings our server what it took for its domain, and a report of what it refused.
fn to_server() -> Result {
    let listen = ["--smtp", "127.0.0.1:0"];
    let mut house = House::new(SERVER, "north.test", &[ALICE, "amy@north.test"], &listen)?;
    house.certify()?;
    house.start()?;
    let dovecot = Dovecot::start(&[(BOB, PASSWORD)])?;
    let postfix = Postfix::start(&["bob"], &dovecot, Some(house.addr("smtp")?.port()))?;
    let url = format!("submission://bob%40south.test:{PASSWORD}@localhost:{}", postfix.submission);
    let args = ["submit", "--server", &url, "--ca", &postfix.ca, "-", "--from"];
    let both = [&args[..], &[BOB, "--to", ALICE, "amy@north.test"]].concat();
    let messages = [whole("one", 0), whole("large", 3 << 20)];
    for message in &messages {
        assert_eq!(client(&both, message)?, done());
    }
    let nobody = [&args[..], &[ALICE, "--to", "nobody@north.test"]].concat();
    assert_eq!(client(&nobody, &messages[0])?, done());
    // All is acknowledged: a report and two messages, each once for the two who get it.
    let start = Instant::now();
    while postfix.log().matches(" status=sent (250 2.0.0 ").count() < 5 {
        assert!(start.elapsed() < PATIENCE, "{}", postfix.log());
        thread::sleep(Duration::from_millis(50));
    }
    let is = |arrived: &str, message: &[u8]| {
        let message: String = message.iter().copied().map(char::from).collect();
        arrived.ends_with(&message) && arrived.contains("\tby north.test with ESMTPS id")
    };
    let mut amy = house.inbox("amy@north.test")?;
    let alice = house.inbox(ALICE)?;
    assert_eq!((amy.len(), alice.len()), (2, 3));
    amy.sort_by_key(String::len);
    assert!(amy.iter().zip(&messages).all(|(arrived, message)| is(arrived, message)));
    for message in &messages {
        assert_eq!(alice.iter().filter(|arrived| is(arrived, message)).count(), 1);
    }
    let report = alice.iter().find(|arrived| arrived.starts_with("Return-Path: <>\r\n"));
    let report = report.ok_or("no report")?;
    assert!(report.contains("nobody@north.test") && report.contains("550 5.1.1"), "{report}");
    Ok(())
}
