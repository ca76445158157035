#![cfg(test)]
//! Mail fetched by POP3: our client from our server, and from servers that misbehave.
#![expect(
    clippy::std_instead_of_core,
    clippy::std_instead_of_alloc,
    reason = "a test has an operating system under it"
)]

mod support;

use std::{
    collections::BTreeSet,
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::{Output, Stdio},
    thread,
    time::Duration,
};
use support::{
    folder::Folder,
    maildrop::{Maildrop, PASSWORD, command, fetch, fetched, message, stored, summary},
};

const SERVER: &str = env!("CARGO_BIN_EXE_mailrail-server");
const CLIENT: &str = env!("CARGO_BIN_EXE_mailrail-client");

fn get(url: &str, folder: &Folder, args: &[&str]) -> Output {
    fetch(CLIENT, url, folder, args).unwrap()
}

fn error(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn kept_fetched_once_and_deleted() {
    let folder = Folder::new("pop3").unwrap();
    let mut messages = vec![message("one", 0), message("large", 3 << 20), message("two", 5_000)];
    let mut maildrop = Maildrop::start(SERVER, &messages, &[]).unwrap();
    let ca = maildrop.ca.clone();
    let wanted = |messages: &[Vec<u8>]| {
        let mut wanted: Vec<_> = messages.iter().map(|message| stored(message)).collect();
        wanted.sort();
        wanted
    };
    // A certificate that nobody trusts.
    let url = maildrop.url("pop3").unwrap();
    assert!(error(&get(&url, &folder, &["--keep"])).contains("certificate"));

    let output = get(&url, &folder, &["--keep", "--ca", &ca]);
    assert_eq!(summary(&output).unwrap(), "3 fetched, 0 fetched before, 0 deleted on the server");
    assert_eq!(String::from_utf8(output.stdout).unwrap().lines().count(), 4);
    assert!(fetched(&folder).unwrap() == wanted(&messages));

    messages.push(message("three", 0));
    maildrop.restart(SERVER, messages.get(3..).unwrap()).unwrap();
    let url = maildrop.url("pop3s").unwrap();
    let output = get(&url, &folder, &["--keep", "--insecure"]);
    assert_eq!(summary(&output).unwrap(), "1 fetched, 3 fetched before, 0 deleted on the server");
    let output = get(&url, &folder, &["--ca", &ca, "--transcript"]);
    assert_eq!(summary(&output).unwrap(), "0 fetched, 4 fetched before, 4 deleted on the server");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("C: AUTH SCRAM-SHA-256-PLUS ***") && !said.contains(PASSWORD), "{said}");
    let output = get(&url, &folder, &["--ca", &ca]);
    assert_eq!(summary(&output).unwrap(), "0 fetched, 0 fetched before, 0 deleted on the server");
    assert!(fetched(&folder).unwrap() == wanted(&messages));
    assert_eq!(fs::read_dir(folder.join("Mail/tmp")).unwrap().count(), 0);
    assert_eq!(maildrop.count().unwrap(), 0);
}

/// Kills the client again and again until it has ended by itself. Tells how many messages are left
/// on the server.
fn kill_until_done(args: &[&str]) -> usize {
    let folder = Folder::new("pop3-kill").unwrap();
    let messages: Vec<_> = (0..150).map(|n| message(&format!("{n}"), 20_000)).collect();
    let maildrop = Maildrop::start(SERVER, &messages, &["--allow-plaintext"]).unwrap();
    let url = format!("{}?tls=none", maildrop.url("pop3").unwrap());
    let mut killed = 0;
    for round in 0_u64.. {
        let mut command = command(CLIENT, &url, &folder, args);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        thread::sleep(Duration::from_millis(4 + 3 * round));
        child.kill().unwrap();
        match child.wait().unwrap().code() {
            // It has ended by itself, and all is fetched.
            Some(0) => break,
            // The server did not know yet that the one before is dead.
            Some(_) => {}
            None => killed += 1,
        }
        // The server sees the connection's end a moment later.
        thread::sleep(Duration::from_millis(20));
    }
    let wanted: BTreeSet<_> = messages.iter().map(|message| stored(message)).collect();
    let there = fetched(&folder).unwrap();
    assert_eq!((there.len(), there.into_iter().collect::<BTreeSet<_>>()), (150, wanted));
    assert!(killed > 1, "it was killed {killed} times");
    maildrop.count().unwrap()
}

#[test]
fn each_message_is_fetched_once_whenever_the_client_is_killed() {
    assert_eq!(kill_until_done(&[]), 0);
    assert_eq!(kill_until_done(&["--keep"]), 150);
}

/// A connection to the server, line by line.
struct Talk(BufReader<TcpStream>);

impl Talk {
    fn to(maildrop: &Maildrop) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", maildrop.port("pop3").unwrap())).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        Self(BufReader::new(stream))
    }

    fn read(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        line
    }

    fn ask(&mut self, command: &str) -> String {
        write!(self.0.get_mut(), "{command}\r\n").unwrap();
        self.read()
    }

    /// The text of a message.
    fn retr(&mut self, message: u32) -> Vec<u8> {
        let said = self.ask(&format!("RETR {message}"));
        assert!(said.starts_with("+OK"), "{said}");
        let mut text = Vec::new();
        loop {
            let mut line = Vec::new();
            self.0.read_until(b'\n', &mut line).unwrap();
            match &*line {
                b".\r\n" => return text,
                [b'.', line @ ..] => text.extend_from_slice(line),
                line => text.extend_from_slice(line),
            }
        }
    }

    fn log_in(&mut self) -> String {
        assert!(self.read().starts_with("+OK"));
        self.ask("USER bob@south.test");
        self.ask(&format!("PASS {PASSWORD}"))
    }
}

#[test]
fn a_maildrop_is_for_one_session_and_changes_at_quit() {
    let messages = [message("one", 0), message("two", 0)];
    let maildrop = Maildrop::start(SERVER, &messages, &["--allow-plaintext"]).unwrap();
    let mut dropped = Talk::to(&maildrop);
    assert!(dropped.log_in().starts_with("+OK"));
    assert!(dropped.ask("DELE 1").starts_with("+OK"));
    assert!(Talk::to(&maildrop).log_in().starts_with("-ERR [IN-USE]"));
    drop(dropped);
    let mut second = loop {
        // The server hears of the end a moment later.
        let mut talk = Talk::to(&maildrop);
        if talk.log_in().starts_with("+OK") {
            break talk;
        }
        thread::sleep(Duration::from_millis(10));
    };
    assert!(second.ask("STAT").starts_with("+OK 2 "));
    assert!(second.ask("DELE 2").starts_with("+OK"));
    assert!(second.ask("QUIT").starts_with("+OK"));
    assert_eq!(second.read(), "");
    let mut third = Talk::to(&maildrop);
    assert!(third.log_in().starts_with("+OK"));
    assert!(third.ask("STAT").starts_with("+OK 1 "));
    assert!(third.ask("DELE 1").starts_with("+OK"));
    // The server's end says so, and deletes nothing.
    let count = thread::spawn(move || maildrop.count().unwrap());
    assert!(third.read().starts_with("-ERR [SYS/TEMP]"));
    assert_eq!(third.read(), "");
    assert_eq!(count.join().unwrap(), 1);
}

#[test]
fn sizes_are_octets_as_sent() {
    let plain = message("whole", 0);
    let texts = [&b"Subject: a\r\n\r\nno end"[..], b"Subject: b\r\n\r\n.", b"Subject: c\r", &plain];
    let messages = texts.map(<[u8]>::to_vec);
    let maildrop = Maildrop::start(SERVER, &messages, &["--allow-plaintext"]).unwrap();
    let mut talk = Talk::to(&maildrop);
    assert!(talk.log_in().starts_with("+OK"));
    let mut all = 0;
    for (n, message) in (1..).zip(&messages) {
        let listed = talk.ask(&format!("LIST {n}"));
        let text = talk.retr(n);
        assert!(text.starts_with(message) && text.ends_with(b"\r\n"), "{n}");
        assert_eq!(listed, format!("+OK {n} {}\r\n", text.len()));
        all += text.len();
    }
    assert_eq!(talk.ask("STAT"), format!("+OK 4 {all}\r\n"));
}

#[test]
fn who_has_not_said_utf8_is_sent_no_utf8_header() {
    let international = "Subject: gr\u{fc}n\r\n\r\ntext\r\n".as_bytes().to_vec();
    let messages =
        [international, b"Subject: gr\xfcn\r\n\r\n\xfc\r\n".to_vec(), message("8 bits", 0)];
    let maildrop = Maildrop::start(SERVER, &messages, &["--allow-plaintext"]).unwrap();
    let mut talk = Talk::to(&maildrop);
    assert!(talk.log_in().starts_with("+OK"));
    assert!(talk.ask("RETR 1").starts_with("-ERR [UTF8] "));
    assert!(talk.ask("TOP 1 0").starts_with("-ERR [UTF8] "));
    for (n, message) in [(2, &messages[1]), (3, &messages[2])] {
        assert!(talk.retr(n) == *message);
    }
    drop(talk);
    let mut talk = loop {
        // The server hears of the end a moment later.
        let mut talk = Talk::to(&maildrop);
        assert!(talk.read().starts_with("+OK"));
        assert!(talk.ask("UTF8").starts_with("+OK"));
        talk.ask("USER bob@south.test");
        if talk.ask(&format!("PASS {PASSWORD}")).starts_with("+OK") {
            break talk;
        }
        thread::sleep(Duration::from_millis(10));
    };
    assert!(talk.retr(1) == messages[0]);
    // Our client says UTF8 by itself.
    assert!(talk.ask("QUIT").starts_with("+OK"));
    let folder = Folder::new("pop3-utf8").unwrap();
    let output = get(&format!("{}?tls=none", maildrop.url("pop3").unwrap()), &folder, &[]);
    assert_eq!(summary(&output).unwrap(), "3 fetched, 0 fetched before, 3 deleted on the server");
}

#[test]
fn passwords_and_connections_are_limited() {
    let maildrop = Maildrop::start(SERVER, &[], &["--max-connections", "1"]).unwrap();
    let mut talk = Talk::to(&maildrop);
    assert!(talk.log_in().starts_with("-ERR"));
    let mut over = Talk::to(&maildrop);
    assert!(over.read().starts_with("-ERR [SYS/TEMP] too many connections"));
    assert_eq!(over.read(), "");
    assert!(talk.ask("NOOP").starts_with("-ERR"));
}

/// A server of one connection, that answers each line as `answer` says, and what it was told.
fn stand_in(
    answer: impl Fn(&str) -> String + Send + 'static,
) -> (String, thread::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let serving = thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut stream = BufReader::new(stream);
        let (mut told, mut line) = (Vec::new(), String::new());
        let _ = stream.get_mut().write_all(b"+OK\r\n");
        while stream.read_line(&mut line).unwrap_or(0) > 0 {
            let said = answer(line.trim_end());
            told.push(std::mem::take(&mut line).trim_end().to_owned());
            if stream.get_mut().write_all(said.as_bytes()).is_err() {
                break;
            }
        }
        // What is left unread would reset the connection.
        let _ = stream.get_mut().shutdown(std::net::Shutdown::Write);
        let _ = stream.read_to_end(&mut Vec::new());
        told
    });
    (format!("pop3://bob:x@127.0.0.1:{port}?tls=none"), serving)
}

#[test]
fn ids_that_look_like_paths_stay_ids() {
    let folder = Folder::new("pop3-ids").unwrap();
    let (url, serving) = stand_in(|line| {
        match line {
            "CAPA" => "-ERR what?\r\n",
            "STAT" => "+OK 3 30\r\n",
            "LIST" => "+OK\r\n1 10\r\n2 10\r\n3 10\r\n.\r\n",
            "UIDL" => "+OK\r\n1 ../../../escaped\r\n2 /tmp/escaped\r\n3 a id\r\n.\r\n",
            "RETR 1" => "+OK\r\n..one\r\n.\r\n",
            "RETR 2" => "-ERR [SYS/TEMP] \x1b[2Jnot now\r\n",
            "TOP 3 0" => "+OK\r\nX: y\r\n\r\n.\r\n",
            "RETR 3" => "+OK\r\nthree\r\n.\r\n",
            _ => "+OK\r\n",
        }
        .to_owned()
    });
    let output = get(&url, &folder, &[]);
    assert_eq!(error(&output), "message 2: -ERR [SYS/TEMP] \u{fffd}[2Jnot now\n");
    assert_eq!(fetched(&folder).unwrap(), [b".one\n".to_vec(), b"three\n".to_vec()]);
    let told = serving.join().unwrap();
    assert!(told.contains(&"DELE 1".to_owned()) && !told.contains(&"DELE 2".to_owned()));
    let there: BTreeSet<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(there, BTreeSet::from(["Mail".to_owned()]));
    assert!(fs::read_dir(folder.join("Mail")).unwrap().all(|entry| {
        let name = entry.unwrap().file_name().into_string().unwrap();
        matches!(&*name, "tmp" | "new" | "cur") || name.starts_with(".pop3-")
    }));
}

#[test]
fn many_refusals_are_counted() {
    let folder = Folder::new("pop3-refusals").unwrap();
    let (url, serving) = stand_in(|line| {
        match line.split(' ').next() {
            Some("STAT") => "+OK 50 1\r\n",
            Some("USER" | "PASS" | "QUIT") => "+OK\r\n",
            _ => "-ERR no\r\n",
        }
        .to_owned()
    });
    let said = error(&get(&url, &folder, &[]));
    // The first line is the warning.
    assert_eq!((said.lines().count(), said.lines().last()), (22, Some("and 30 more")));
    assert!(serving.join().unwrap().iter().all(|line| !line.starts_with("DELE")));
}

#[test]
fn without_unique_ids_the_text_tells() {
    let folder = Folder::new("pop3-without").unwrap();
    for (args, wanted) in [
        (&["--keep"][..], "2 fetched, 1 fetched before, 0 deleted on the server"),
        (&["--keep"], "0 fetched, 3 fetched before, 0 deleted on the server"),
        (&[], "0 fetched, 3 fetched before, 3 deleted on the server"),
    ] {
        let (url, serving) = stand_in(|line| {
            match line {
                "CAPA" => "+OK\r\nPIPELINING\r\nUSER\r\n.\r\n",
                "STAT" => "+OK 3 30\r\n",
                "LIST" | "UIDL" | "TOP 1 0" | "TOP 2 0" | "TOP 3 0" => "-ERR no\r\n",
                "RETR 3" => "+OK\r\nthree\r\n.\r\n",
                line if line.starts_with("RETR") => "+OK\r\nsame\r\n.\r\n",
                _ => "+OK\r\n",
            }
            .to_owned()
        });
        let output = get(&url, &folder, args);
        assert_eq!(summary(&output).unwrap(), wanted);
        assert!(String::from_utf8_lossy(&output.stderr).contains("UIDL"));
        serving.join().unwrap();
    }
    assert_eq!(fetched(&folder).unwrap(), [b"same\n".to_vec(), b"three\n".to_vec()]);
}

#[test]
fn what_a_server_can_do_wrong_ends_the_command() {
    let endless = |line: &'static str, of: &'static str| {
        move |said: &str| match said {
            said if said == of => line.repeat(100_000),
            "CAPA" => "-ERR\r\n".to_owned(),
            "STAT" => "+OK 1 10\r\n".to_owned(),
            "LIST" => "+OK\r\n1 10\r\n.\r\n".to_owned(),
            "UIDL" => "+OK\r\n1 a\r\n.\r\n".to_owned(),
            "RETR 1" => "+OK\r\ncut".to_owned(),
            _ => "+OK\r\n".to_owned(),
        }
    };
    for (line, of, wanted) in [
        ("x\r\n", "CAPA", "an answer that can't be read"),
        ("+OK\r\nTOP\r\n", "CAPA", "too many capabilities"),
        ("+OK 4000000000 1\r\n", "STAT", "too many messages"),
        ("+OK\r\n1 10\r\n", "LIST", "more messages are listed than there are"),
        ("+OK\r\n1 a\r\n", "UIDL", "more messages are listed than there are"),
        ("+OK\r\nlonger\r\n", "RETR 1", "a message is longer than it should be"),
        ("-ERR [AUTH] no\r\n", "PASS x", "login: -ERR [AUTH] no"),
    ] {
        let folder = Folder::new("pop3-wrong").unwrap();
        let (url, serving) = stand_in(endless(line, of));
        let said = error(&get(&url, &folder, &[]));
        assert!(said.starts_with(wanted), "{of}: {said}");
        assert_eq!(said.lines().count(), 1, "{said}");
        let told = serving.join().unwrap();
        assert!(!told.contains(&"QUIT".to_owned()), "{told:?}");
        if let Ok(maildir) = fs::read_dir(folder.join("Mail/tmp")) {
            assert_eq!(maildir.count(), 0);
        }
    }
    // Without TLS nothing is told.
    let folder = Folder::new("pop3-wrong").unwrap();
    let (url, serving) = stand_in(|_| "-ERR no\r\n".to_owned());
    let said = error(&get(&url.replace("?tls=none", ""), &folder, &[]));
    assert_eq!(said, "no TLS (?tls=none goes without): -ERR no\n");
    assert_eq!(serving.join().unwrap(), ["STLS"]);
    let usage = get("pop3://127.0.0.1", &folder, &[]);
    assert_eq!(usage.status.code(), Some(2));
}
