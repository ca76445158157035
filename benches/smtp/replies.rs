//! Replies, whole and in pieces.

use super::{Reader, Row, each};
use io_smtp::rfc5321::{SmtpEhloResponse, SmtpResponse};
use mailrail_smtp::{Extensions, Reply, ReplyFinder};
use mailrail_wire::Input;
use smtp_proto::{EhloResponse, Error, response::parser::ResponseReceiver};
use std::hint::black_box;

const SEGMENT: usize = 1_460;
const TIMES: usize = 100;

const REPLIES: [(&str, &str); 5] = [
    ("250", "250 OK\r\n"),
    ("250 2.1.5", "250 2.1.5 OK\r\n"),
    ("250 of Postfix", "250 2.0.0 Ok: queued as 4bXkQ21yJrz9sRw\r\n"),
    ("354", "354 End data with <CR><LF>.<CR><LF>\r\n"),
    (
        "550 5.1.1",
        "550 5.1.1 <bob.the.builder@south.example>: Recipient address rejected: User unknown in \
         local recipient table\r\n",
    ),
];

const EHLO: &str = "250-mx.south.example\r\n250-PIPELINING\r\n250-SIZE 52428800\r\n250-VRFY\r\n\
     250-ETRN\r\n250-STARTTLS\r\n250-AUTH PLAIN LOGIN SCRAM-SHA-256\r\n250-ENHANCEDSTATUSCODES\r\n\
     250-8BITMIME\r\n250-DSN\r\n250-SMTPUTF8\r\n250 CHUNKING\r\n";

pub(super) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for (name, reply) in REPLIES {
        rows.push(row(format!("{name} parsed"), &vec![reply.into(); TIMES]));
    }
    let lines = vec![EHLO.into(); TIMES];
    rows.push(row("EHLO reply parsed".to_owned(), &lines));
    rows.push(extensions(&lines));
    rows.push(in_pieces());
    rows
}

fn row(name: String, replies: &[Vec<u8>]) -> Row {
    let readers = vec![
        each!("mailrail", replies, |reply| Reply::parse(reply)),
        each!("smtp-proto", replies, |reply| {
            ResponseReceiver::default().parse(&mut reply.iter())
        }),
        each!("io-smtp", replies, |reply| SmtpResponse::parse(reply)),
    ];
    Row { name, units: replies.len(), is_bytes: false, wanted: Some(2.5), readers }
}

fn extensions(replies: &[Vec<u8>]) -> Row {
    let readers = vec![
        each!("mailrail", replies, |reply| {
            Reply::parse(reply).map(|reply| Extensions::from_reply(&reply))
        }),
        each!("smtp-proto", replies, |reply| EhloResponse::parse(&mut reply.iter())),
        each!("io-smtp", replies, |reply| SmtpEhloResponse::parse(reply)),
    ];
    let name = "EHLO reply's extensions".to_owned();
    Row { name, units: replies.len(), is_bytes: false, wanted: Some(2.5), readers }
}

/// io-smtp asks for whole replies.
fn in_pieces() -> Row {
    let replies = REPLIES.iter().cycle().take(TIMES * REPLIES.len());
    let (stream, units) =
        replies.fold((String::new(), 0), |(all, n), (_, reply)| (all + reply, n + 1));
    let (ours, theirs) = (stream.clone(), stream);
    let readers = vec![
        Reader {
            name: "mailrail",
            run: Box::new(move || {
                let (mut input, mut finder, mut read) =
                    (Input::default(), ReplyFinder::default(), 0);
                for piece in ours.as_bytes().chunks(SEGMENT) {
                    input.extend(piece);
                    while let Some(reply) = finder.take(&mut input, 65_536).expect("a reply") {
                        black_box(reply);
                        read += 1;
                    }
                }
                read
            }),
        },
        Reader {
            name: "smtp-proto",
            run: Box::new(move || {
                let (mut receiver, mut read) = (ResponseReceiver::default(), 0);
                for piece in theirs.as_bytes().chunks(SEGMENT) {
                    let mut bytes = piece.iter();
                    loop {
                        match receiver.parse(&mut bytes) {
                            Ok(response) => drop(black_box(response)),
                            Err(Error::NeedsMoreData { .. }) => break,
                            Err(error) => panic!("{error:?}"),
                        }
                        receiver.reset();
                        read += 1;
                    }
                }
                read
            }),
        },
    ];
    let name = "replies in pieces".to_owned();
    Row { name, units, is_bytes: false, wanted: Some(2.5), readers }
}
