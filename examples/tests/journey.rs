#![cfg(test)]
//! The journey as a program: its own message, and files that a careless hop would change.

mod support;

use std::process::{Command, Output};
use support::folder::Folder;

const JOURNEY: &str = env!("CARGO_BIN_EXE_journey");

fn journey(args: &[&str]) -> Output {
    Command::new(JOURNEY).args(args).output().unwrap()
}

fn told(output: &Output) -> String {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {errors}", output.status);
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn tells_each_hop() {
    let told = told(&journey(&[]));
    let hops = [
        "composed ",
        "watched ",
        "submitted ",
        "looked up ",
        "arrived ",
        "fetched     by POP3",
        "fetched     by IMAP",
        "seen ",
        "arrived as they were sent",
    ];
    // The relay may be quicker than the submitting client's goodbye: no order is asked of these.
    for hop in hops {
        assert!(told.contains(hop), "{hop}: {told}");
    }
    // The DNS answer is what the relay went by, and the trace fields are of both servers.
    assert!(told.contains("south.test MX? 10 mail.south.test"));
    assert!(told.contains("by mail.north.test with ESMTPSA"));
    assert!(told.contains("by mail.south.test with ESMTPS id"));
}

#[test]
fn a_transcript_has_every_protocol_and_no_secret() {
    let told = told(&journey(&["--transcript"]));
    for line in [
        "north.test submission  C: AUTH SCRAM-SHA-256-PLUS ***",
        "south.test smtp  C: MAIL FROM:<alice@north.test>",
        "south.test pop3  C: PASS ***",
        "south.test imap  C: A4 IDLE",
        "south.test imap  S: * 1 EXISTS",
        "-- TLS --",
    ] {
        assert!(told.contains(line), "{line}: {told}");
    }
    assert!(!told.contains("fetch me") && !told.contains("send me"));
}

#[test]
fn carries_any_file() {
    let folder = Folder::new("journey").unwrap();
    let head = "From: a@north.test\r\nSubject: x\r\n\r\n";
    let files: [(&str, Vec<u8>, usize); 7] = [
        ("dots", format!("{head}.\r\n..\r\n.x\r\n\r\n.\r\n").into(), 0),
        ("no-line-end", format!("{head}the end").into(), 2),
        ("eight-bit", [head.as_bytes(), &(128..=255).collect::<Vec<u8>>(), b"\r\n"].concat(), 0),
        ("unix", head.replace("\r\n", "\n").into(), 3),
        ("trace", format!("Received: from a by b\r\n{head}x\r\n").into(), 0),
        ("long-line", format!("{head}{}\r\n", "x".repeat(100_000)).into(), 0),
        ("nul", format!("{head}a\0b\r\n").into(), 0),
    ];
    for (name, bytes, completed) in files {
        let file = folder.join(name);
        std::fs::write(&file, &bytes).unwrap();
        let told = told(&journey(&["--message", &file]));
        let all = format!("All {} bytes arrived as they were sent", bytes.len() + completed);
        assert!(told.contains(&all), "{name}: {told}");
        assert_eq!(told.contains("its line ends were made CR LF"), completed > 0, "{name}");
    }
}

#[test]
fn a_file_that_is_not_there_ends_it() {
    let output = journey(&["--message", "/nowhere/at/all"]);
    assert_eq!(output.status.code(), Some(1));
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(errors.starts_with("journey: the journey ended at the hop \"read\""), "{errors}");
    assert_eq!(journey(&["--no-such-option"]).status.code(), Some(2));
}
