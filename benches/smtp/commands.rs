//! Commands, whole and in pieces.

use super::{Reader, Row, each};
use mailrail_smtp::command::Command;
use mailrail_wire::{Found, Input, LineFinder};
use mailrs_smtp_proto::parse_command;
use smtp_proto::{Error, Request, request::receiver::RequestReceiver};
use std::hint::black_box;

/// What a segment of TCP holds.
const SEGMENT: usize = 1_460;
const TIMES: usize = 100;

const LINES: [(&str, &str); 9] = [
    ("EHLO", "EHLO mail-ej1-f41.north.example\r\n"),
    ("MAIL", "MAIL FROM:<alice.liddell@north.example>\r\n"),
    ("MAIL SIZE BODY", "MAIL FROM:<alice.liddell@north.example> SIZE=48213 BODY=8BITMIME\r\n"),
    (
        "MAIL of 5 parameters",
        "MAIL FROM:<alice.liddell@north.example> SIZE=48213 BODY=8BITMIME SMTPUTF8 RET=HDRS \
         ENVID=QQ314159\r\n",
    ),
    ("RCPT", "RCPT TO:<bob.the.builder@south.example>\r\n"),
    (
        "RCPT NOTIFY ORCPT",
        "RCPT TO:<bob.the.builder@south.example> NOTIFY=FAILURE,DELAY \
         ORCPT=rfc822;bob@south.example\r\n",
    ),
    ("AUTH PLAIN", "AUTH PLAIN AGFsaWNlQG5vcnRoLmV4YW1wbGUAYSBzZWNyZXQgb2YgdHdlbnR5\r\n"),
    ("DATA", "DATA\r\n"),
    ("BDAT", "BDAT 86400 LAST\r\n"),
];

/// A submission of one message to three recipients.
const MIX: [&str; 11] = [
    "EHLO [192.0.2.17]\r\n",
    "STARTTLS\r\n",
    "EHLO mail-ej1-f41.north.example\r\n",
    LINES[6].1,
    LINES[2].1,
    LINES[4].1,
    "RCPT TO:<carol@south.example>\r\n",
    LINES[5].1,
    "DATA\r\n",
    "RSET\r\n",
    "QUIT\r\n",
];

pub(super) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for (name, line) in LINES {
        rows.push(row(format!("{name} parsed"), &vec![line.into(); TIMES]));
    }
    let mix: Vec<Vec<u8>> = MIX.iter().cycle().take(TIMES * MIX.len()).map(|&l| l.into()).collect();
    rows.push(row("session mix parsed".to_owned(), &mix));
    rows.push(in_pieces(&mix));
    rows
}

fn row(name: String, lines: &[Vec<u8>]) -> Row {
    let mut readers = vec![
        each!("mailrail", lines, |line| Command::parse(line)),
        each!("smtp-proto", lines, |line| Request::parse(&mut line.iter())),
    ];
    // It has no BDAT.
    if !name.starts_with("BDAT") {
        // It takes text without its CR LF.
        readers.push(each!("mailrs", lines, |line| {
            let line = line.strip_suffix(b"\r\n").unwrap_or_default();
            parse_command(std::str::from_utf8(line).unwrap_or_default())
        }));
    }
    Row { name, units: lines.len(), is_bytes: false, wanted: Some(2.0), readers }
}

fn in_pieces(lines: &[Vec<u8>]) -> Row {
    let stream = lines.concat();
    let (ours, theirs) = (stream.clone(), stream);
    let readers = vec![
        Reader {
            name: "mailrail",
            run: Box::new(move || {
                let (mut input, mut lines, mut read) = (Input::default(), LineFinder::default(), 0);
                for piece in ours.chunks(SEGMENT) {
                    input.extend(piece);
                    while let Found::Line(len) = lines.find(input.bytes(), 4_096) {
                        let command = Command::parse(input.take(len));
                        read += usize::from(black_box(&command).is_ok());
                    }
                }
                read
            }),
        },
        Reader {
            name: "smtp-proto",
            run: Box::new(move || {
                let (mut receiver, mut read) = (RequestReceiver::default(), 0);
                for piece in theirs.chunks(SEGMENT) {
                    let mut bytes = piece.iter();
                    loop {
                        let request = receiver.ingest(&mut bytes);
                        match black_box(&request) {
                            Ok(_) => read += 1,
                            Err(Error::NeedsMoreData { .. }) => break,
                            Err(error) => panic!("{error:?}"),
                        }
                    }
                }
                read
            }),
        },
    ];
    let name = "session mix in pieces".to_owned();
    Row { name, units: lines.len(), is_bytes: false, wanted: Some(2.0), readers }
}
