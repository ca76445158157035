//! The server of south.test, where Bob has his mail.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use super::{house::House, talk::Talk};
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

pub(crate) const SERVER: &str = env!("CARGO_BIN_EXE_mailrail-server");
pub(crate) const CLIENT: &str = env!("CARGO_BIN_EXE_mailrail-client");
pub(crate) const ANY: &str = "127.0.0.1:0";
pub(crate) const BOB: &str = "bob@south.test";

pub(crate) fn house(args: &[&str]) -> House {
    House::new(SERVER, "south.test", &[BOB], args).unwrap()
}

/// A URL without TLS.
pub(crate) fn plain(house: &House, service: &str, user: &str) -> String {
    let addr = house.addr(service).unwrap();
    format!("{service}://{user}{addr}?tls=none")
}

/// Submits a message by hand, as Bob: MAIL and RCPT in these words.
pub(crate) fn submit_by_hand(house: &House, mail: &str, recipients: &[&str], text: &str) {
    let mut talk = Talk::to(house.addr("submission").unwrap());
    assert!(talk.reply().starts_with("220 "));
    let recipients = recipients.iter().map(|rcpt| (format!("RCPT TO:{rcpt}"), "250"));
    let start = [
        ("EHLO client.test".to_owned(), "250"),
        ("AUTH PLAIN AGJvYkBzb3V0aC50ZXN0AHMzY3JldA==".to_owned(), "235"),
        (format!("MAIL FROM:<{BOB}>{mail}"), "250"),
    ];
    let end = [("DATA".to_owned(), "354"), (format!("{text}."), "250")];
    for (line, code) in start.into_iter().chain(recipients).chain(end) {
        let reply = talk.ask(&line);
        assert!(reply.starts_with(code), "{line}: {reply}");
    }
}

/// Lines, each with the number of the connection that it came by.
pub(crate) type Heard = Arc<Mutex<Vec<(usize, String)>>>;

/// A server that knows no extension, and the lines that it has got; it hangs up where that one comes
/// for the second time.
pub(crate) fn basic(hangs_up: &'static str) -> (SocketAddr, Heard) {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&lines);
    let mut is_data = false;
    let addr = super::talk::answer_at(ANY, move |line, connection| {
        let mut lines = heard.lock().unwrap();
        let is_again = line == hangs_up && lines.iter().filter(|(_, it)| it == line).count() == 1;
        lines.push((connection, line.to_owned()));
        match line {
            _ if is_again => None,
            "." => {
                is_data = false;
                Some("250 2.6.0 Taken")
            }
            _ if is_data => Some(""),
            "DATA" => {
                is_data = true;
                Some("354 Go on")
            }
            "QUIT" => Some("221 Bye"),
            line if line.starts_with("EHLO ") => Some("250 fake"),
            line if line.starts_with("MAIL ") || line.starts_with("RCPT ") => {
                Some(if line.ends_with('>') { "250 Ok" } else { "555 No such parameter" })
            }
            _ => Some("500 What?"),
        }
    });
    (addr, lines)
}

/// A message that some servers do not take as it is.
pub(crate) const EIGHT_BIT: &str = "Subject: x\r\nMIME-Version: 1.0\r\n\
    Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\
    gr\u{fc}\u{df} to you all, and a pleasant day\r\n";
/// A line of it for those servers.
pub(crate) const SEVEN_BIT: &str = "gr=C3=BC=C3=9F to you all, and a pleasant day";
