#![cfg(test)]
//! SMTP between our programs: what the server takes and refuses, and what the client says of it.

mod support;

use std::{process::Output, thread, time::Instant};
use support::{
    house::{PASSWORD, run},
    program::PATIENCE,
    south::{ANY, BOB, CLIENT, EIGHT_BIT, SEVEN_BIT, basic, house, plain},
    talk::{Talk, done, status},
};

fn submit(url: &str, to: &[&str], message: impl AsRef<[u8]>) -> Output {
    let start = ["submit", "--server", url, "--from", "ann@north.test", "-", "--to"];
    run(CLIENT, &[&start[..], to].concat(), message.as_ref()).unwrap()
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
            && received.contains("\tby south.test with ESMTP id")
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
    // Nobody logs in without TLS.
    let (code, error) = status(&send(&plain(&house, "submission", &user), &[]));
    assert!(code == Some(1) && error.contains("no mechanism in common"), "{error}");
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
    assert_eq!(inbox.len(), 3);
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

#[test]
fn eight_bits_are_not_forced_on_a_server() {
    let (addr, lines) = basic("nothing");
    let url = format!("smtp://{addr}?tls=none");
    let (code, error) = status(&submit(&url, &[BOB], "gr\u{fc}n\n"));
    assert!(code == Some(1) && error.contains("bytes over 127"), "{error}");
    assert!(!lines.lock().unwrap().iter().any(|(_, line)| line.starts_with("MAIL ")));
    // What can be said in seven bits is.
    assert_eq!(status(&submit(&url, &[BOB], EIGHT_BIT)), done());
    let lines = lines.lock().unwrap();
    assert!(lines.iter().any(|(_, line)| line == SEVEN_BIT), "{lines:?}");
    assert!(lines.iter().all(|(_, line)| line.is_ascii()), "{lines:?}");
}
