#![cfg(test)]
//! Mail stores looked at by IMAP: our client at our server, our server line by line, and servers
//! that misbehave.
#![expect(clippy::std_instead_of_core, reason = "a test has an operating system under it")]

mod support;

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, ChildStdout, Command, Output, Stdio},
    sync::mpsc::channel,
    thread,
    time::Duration,
};
use support::maildrop::{BOB, Maildrop, PASSWORD, message};

const SERVER: &str = env!("CARGO_BIN_EXE_mailrail-server");
const CLIENT: &str = env!("CARGO_BIN_EXE_mailrail-client");
const LISTEN: [&str; 5] = ["--imap", "127.0.0.1:0", "--imaps", "127.0.0.1:0", "--allow-plaintext"];

fn start(messages: &[Vec<u8>], args: &[&str]) -> Maildrop {
    Maildrop::start(SERVER, messages, &[&LISTEN[..], args].concat()).unwrap()
}

fn client(url: &str, args: &[&str]) -> Command {
    let mut command = Command::new(CLIENT);
    command.args(["imap", "--server", url]).args(args).stdin(Stdio::null());
    command
}

fn said(output: Output) -> String {
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    String::from_utf8(output.stdout).unwrap()
}

fn error(output: Output) -> String {
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8(output.stderr).unwrap()
}

/// A conversation in plaintext, line by line.
struct Talk(BufReader<TcpStream>);

impl Talk {
    fn connect(maildrop: &Maildrop) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", maildrop.port("imap").unwrap())).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        Self(BufReader::new(stream))
    }

    /// One that is logged in and has INBOX open.
    fn open(maildrop: &Maildrop) -> Self {
        let mut talk = Self::connect(maildrop);
        assert!(talk.line().starts_with("* OK [CAPABILITY IMAP4rev1 "));
        talk.ask(&format!("LOGIN {BOB} {PASSWORD}"));
        talk.ask("SELECT INBOX");
        talk
    }

    fn send(&mut self, text: &str) {
        self.0.get_mut().write_all(text.as_bytes()).unwrap();
    }

    /// The next line; none at the end.
    fn next(&mut self) -> Option<String> {
        let mut line = String::new();
        let len = self.0.read_line(&mut line).unwrap();
        (len > 0).then(|| line.trim_end_matches("\r\n").to_owned())
    }

    fn line(&mut self) -> String {
        self.next().unwrap()
    }

    /// The answer to a command: its untagged lines and the tagged one, without the tag.
    fn answer(&mut self, command: &str) -> Vec<String> {
        self.send(&format!("t {command}\r\n"));
        let mut lines = Vec::new();
        loop {
            let line = self.line();
            if let Some(line) = line.strip_prefix("t ") {
                lines.push(line.to_owned());
                return lines;
            }
            lines.push(line);
        }
    }

    /// The same of one that is done.
    fn ask(&mut self, command: &str) -> Vec<String> {
        let mut lines = self.answer(command);
        let last = lines.pop().unwrap();
        assert!(last.starts_with("OK"), "{command}: {last}");
        lines
    }

    fn idle(&mut self) {
        self.send("i IDLE\r\n");
        assert!(self.line().starts_with("+ "));
    }

    fn done(&mut self) {
        self.send("DONE\r\n");
        assert!(self.line().starts_with("i OK"));
    }

    fn append(&mut self, message: &str) {
        let len = message.len();
        self.send(&format!("t APPEND INBOX {{{len}+}}\r\n{message}\r\n"));
        loop {
            let line = self.line();
            if line.starts_with("t ") {
                assert!(line.starts_with("t OK [APPENDUID "), "{line}");
                return;
            }
        }
    }
}

#[test]
fn our_client_looks_at_our_server() {
    let messages = [message("one", 0), message("large", 3 << 20), message("two", 5_000)];
    let maildrop = start(&messages, &[]);
    let (imap, imaps) = (maildrop.url("imap").unwrap(), maildrop.url("imaps").unwrap());
    let ca = ["--ca", &maildrop.ca];
    let run = |url: &str, args: &[&str]| client(url, args).args(ca).output().unwrap();
    // A certificate that nobody trusts.
    assert!(error(client(&imap, &["list"]).output().unwrap()).contains("certificate"));

    let mut talk = Talk::open(&maildrop);
    talk.ask("CREATE Entw&APw-rfe/x");
    for url in [&imap, &imaps, &format!("{imap}?tls=none")] {
        assert_eq!(said(run(url, &["list"])), "Entwürfe\nEntwürfe/x\nINBOX\n");
        // As it was sent, but for the trace field in front.
        let output = run(url, &["fetch", "2", "3:*"]);
        assert!(output.status.success());
        let [_, large, two] = &messages;
        assert!(output.stdout == [&large[..], two].concat());
    }
    let status = said(run(&imaps, &["status"]));
    let inbox = status.lines().last().unwrap();
    assert!(inbox.starts_with("INBOX messages=3 unseen=3 "), "{inbox}");
    assert_eq!(said(run(&imap, &["search", "SUBJECT", "large", "UNSEEN"])), "2\n");
    assert_eq!(said(run(&imap, &["search", "OR SUBJECT one SUBJECT two"])), "1\n3\n");
    assert!(error(run(&imap, &["fetch", "9"])).contains("no message"));
    assert!(error(run(&imap, &["--mailbox", "none", "fetch", "1"])).contains("[NONEXISTENT]"));
    let wrong = error(run(&imap.replace(PASSWORD, "x"), &["list"]));
    assert_eq!(wrong, "login: NO [AUTHENTICATIONFAILED] wrong name or password\n");
    let output = run(&imap, &["list", "--transcript"]);
    let transcript = String::from_utf8(output.stderr).unwrap();
    assert!(transcript.contains("C: A1 STARTTLS") && !transcript.contains(PASSWORD));
    assert_eq!(run(&imap, &["search", "NONSENSE"]).status.code(), Some(2));
    assert!(error(run(&imap, &["sync", "--maildir", "x"])).contains("not there yet"));
}

/// Our client that watches, ended with the test.
struct Watch(Child, BufReader<ChildStdout>);

impl Watch {
    fn start(url: &str, ca: &str) -> Self {
        let mut command = client(url, &["watch", "--ca", ca]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stderr.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "watching INBOX: 2 messages\n");
        let lines = BufReader::new(child.stdout.take().unwrap());
        Self(child, lines)
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.1.read_line(&mut line).unwrap();
        line
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_watch_sees_flags_deliveries_and_expunges() {
    let maildrop = start(&[message("one", 0), message("two", 0)], &["--smtp", "127.0.0.1:0"]);
    let mut talk = Talk::open(&maildrop);
    let urls = [maildrop.url("imap").unwrap(), maildrop.url("imaps").unwrap()];
    let mut watches = urls.map(|url| Watch::start(&url, &maildrop.ca));
    let mut see = |wanted: &str| watches.iter_mut().for_each(|it| assert_eq!(it.line(), wanted));
    talk.ask("STORE 2 +FLAGS (\\Deleted work)");
    see("2 FLAGS \\Deleted work\n");
    let smtp = ("127.0.0.1", maildrop.port("smtp").unwrap());
    let mut smtp = TcpStream::connect(smtp).unwrap();
    write!(smtp, "EHLO x.test\r\nMAIL FROM:<a@x.test>\r\nRCPT TO:<{BOB}>\r\nDATA\r\n").unwrap();
    let mut replies = BufReader::new(smtp.try_clone().unwrap()).lines();
    assert!(replies.any(|line| line.unwrap().starts_with("354 ")));
    smtp.write_all(b"Subject: three\r\n\r\n.\r\nQUIT\r\n").unwrap();
    assert!(replies.next().unwrap().unwrap().starts_with("250 "));
    see("3 EXISTS\n");
    talk.ask("EXPUNGE");
    see("2 EXPUNGE\n");
}

#[test]
fn numbers_hold_until_they_may_change() {
    let messages: Vec<_> = (1..=5).map(|n| message(&n.to_string(), 0)).collect();
    let maildrop = start(&messages, &[]);
    let (mut talk, mut other) = (Talk::open(&maildrop), Talk::open(&maildrop));
    other.ask("STORE 2,4 +FLAGS.SILENT (\\Deleted)");
    other.ask("STORE 1 +FLAGS.SILENT (Work)");
    assert_eq!(other.ask("EXPUNGE"), ["* 4 EXPUNGE", "* 2 EXPUNGE"]);
    // RFC 3501 §7.4.1: no EXPUNGE in the answers to these, and the numbers of before.
    let fetched = talk.answer("FETCH 2:5 (UID)");
    let wanted = ["* 3 FETCH (UID 3)", "* 5 FETCH (UID 5)"];
    assert_eq!(fetched[..2], wanted);
    assert!(fetched.iter().any(|line| line.starts_with("* 1 FETCH (FLAGS (Work")), "{fetched:?}");
    assert!(fetched.last().unwrap().starts_with("OK [EXPUNGEISSUED]"), "{fetched:?}");
    assert_eq!(talk.ask("SEARCH SUBJECT 5"), ["* SEARCH 5"]);
    let stored = talk.ask("STORE 5 +FLAGS (\\Seen)");
    assert!(stored.last().unwrap().starts_with("* 5 FETCH (FLAGS (\\Seen"), "{stored:?}");
    other.append("Subject: 6\r\n\r\n");
    assert_eq!(talk.ask("UID SEARCH ALL")[0], "* SEARCH 1 3 5");
    let news = talk.ask("NOOP");
    assert!(news.is_empty(), "UID SEARCH has told it: {news:?}");
    assert_eq!(talk.ask("SEARCH ALL"), ["* SEARCH 1 2 3 4"]);
    assert_eq!(talk.ask("FETCH 4 UID"), ["* 4 FETCH (UID 6)"]);
    // What a client has changed itself is not told as news.
    assert!(talk.ask("STORE 1:4 +FLAGS.SILENT (\\Answered)").is_empty());
    assert!(talk.ask("NOOP").is_empty());
    assert_eq!(other.ask("NOOP").len(), 4);
}

#[test]
fn an_idle_is_told_at_once() {
    let maildrop = start(&[message("one", 0)], &[]);
    let (mut talk, mut other) = (Talk::open(&maildrop), Talk::open(&maildrop));
    talk.idle();
    other.ask("STORE 1 +FLAGS (\\Flagged)");
    assert!(talk.line().starts_with("* 1 FETCH (FLAGS (\\Flagged"));
    other.append("Subject: two\r\n\r\n");
    // Which of the two sees it as recent is a matter of chance.
    assert_eq!(talk.line(), "* 2 EXISTS");
    assert!(talk.line().ends_with(" RECENT"));
    other.ask("STORE 1 +FLAGS.SILENT (\\Deleted)");
    assert!(talk.line().starts_with("* 1 FETCH (FLAGS (\\Flagged \\Deleted"));
    other.ask("EXPUNGE");
    assert_eq!(talk.line(), "* 1 EXPUNGE");
    talk.done();
    // A mailbox that is deleted is empty to those who have it open.
    other.ask("CREATE box");
    other.ask("COPY 1 box");
    talk.ask("SELECT box");
    talk.idle();
    other.ask("DELETE box");
    assert_eq!(talk.line(), "* 1 EXPUNGE");
    talk.done();
    assert_eq!(talk.answer("SELECT box"), ["NO [NONEXISTENT] no such mailbox"]);
}

#[test]
fn much_news_is_told_as_there_is_room() {
    let maildrop = start(&[message("one", 0)], &[]);
    let (mut talk, mut other) = (Talk::open(&maildrop), Talk::open(&maildrop));
    for _ in 0..13 {
        other.ask("COPY 1:* INBOX");
    }
    assert_eq!(talk.ask("NOOP")[0], "* 8192 EXISTS");
    // More than the output takes at a time, in each of these answers.
    assert_eq!(talk.ask("FETCH 1:* (UID FLAGS)").len(), 8_192);
    assert_eq!(talk.ask("UID SEARCH ALL")[0].split(' ').count(), 8_194);
    other.ask("STORE 1:* +FLAGS.SILENT (\\Deleted)");
    assert_eq!(talk.ask("NOOP").len(), 8_192);
    other.ask("CREATE box");
    // Every other one, so that the COPYUID is as long as it can be.
    let set: Vec<_> = (1..=8_192).step_by(2).map(|n: u32| n.to_string()).collect();
    talk.idle();
    let moved = other.ask(&format!("MOVE {} box", set.join(",")));
    assert_eq!(moved.len(), 4_097);
    assert!(moved[0].starts_with("* OK [COPYUID ") && moved[0].ends_with(" 1:4096] moved"));
    assert_eq!([&*moved[1], &*moved[4_096]], ["* 8191 EXPUNGE", "* 1 EXPUNGE"]);
    let told: Vec<_> = (0..4_096).map(|_| talk.line()).collect();
    assert!(told == moved[1..]);
    talk.done();
    assert_eq!(other.ask("EXPUNGE").len(), 4_096);
    assert_eq!(talk.ask("NOOP").len(), 4_096);
    assert_eq!(talk.ask("SEARCH ALL"), ["* SEARCH"]);
}

#[test]
fn messages_come_and_go() {
    let maildrop = start(&[], &[]);
    let mut talk = Talk::open(&maildrop);
    // Line ends are completed.
    talk.append("Subject: one\nX: y\r\n\r\nbare\n");
    talk.append("Subject: two\r\n\r\n");
    let sizes = talk.ask("FETCH 1:2 (RFC822.SIZE)");
    assert_eq!(sizes, ["* 1 FETCH (RFC822.SIZE 28)", "* 2 FETCH (RFC822.SIZE 16)"]);
    assert_eq!(talk.ask("FETCH 1 BODY.PEEK[HEADER.FIELDS (X)]")[1..], ["X: y", "", ")"]);
    let text = talk.ask("FETCH 1 BODY[TEXT]");
    assert_eq!(text[0], "* 1 FETCH (FLAGS (\\Seen \\Recent) BODY[TEXT] {6}");
    let copied = talk.answer("COPY 1:2 nowhere");
    assert_eq!(copied, ["NO [TRYCREATE] no such mailbox"]);
    talk.ask("CREATE box/");
    let copied = talk.answer("COPY 1:2 box").pop().unwrap();
    assert!(copied.starts_with("OK [COPYUID ") && copied.contains(" 1:2 1:2]"), "{copied}");
    let moved = talk.ask("UID MOVE 1 box");
    assert!(moved[0].starts_with("* OK [COPYUID ") && moved[1] == "* 1 EXPUNGE", "{moved:?}");
    talk.ask("EXAMINE box");
    assert!(talk.ask("FETCH 3 BODY[]")[0].starts_with("* 3 FETCH (BODY[] {28}"));
    assert!(talk.answer("STORE 1 FLAGS ()").pop().unwrap().starts_with("NO [READ-ONLY]"));
    talk.ask("CLOSE");
    talk.ask("RENAME box INBOX/box");
    assert_eq!(talk.ask("LIST \"\" %"), ["* LIST (\\HasChildren) \"/\" INBOX"]);
    let status = talk.ask("STATUS INBOX/box (MESSAGES UNSEEN SIZE)");
    assert_eq!(status, ["* STATUS INBOX/box (MESSAGES 3 UNSEEN 1 SIZE 72)"]);
    talk.ask("SELECT INBOX");
    talk.ask("STORE 1 +FLAGS (\\Deleted)");
    talk.ask("CLOSE");
    assert_eq!(talk.ask("STATUS INBOX (MESSAGES)"), ["* STATUS INBOX (MESSAGES 0)"]);
    assert!(talk.answer("LOGOUT")[0].starts_with("* BYE"));
}

#[test]
fn the_end_is_said() {
    let mut maildrop = start(&[], &["--max-connections", "1"]);
    let mut talk = Talk::open(&maildrop);
    assert!(Talk::connect(&maildrop).line().starts_with("* BYE "));
    talk.idle();
    let ended = thread::spawn(move || (talk.line(), talk.next()));
    maildrop.restart(SERVER, &[]).unwrap();
    let (bye, end) = ended.join().unwrap();
    assert_eq!((&*bye, end), ("* BYE the server is shutting down", None));
    let mut talk = Talk::connect(&maildrop);
    talk.line();
    // Three wrong passwords are forgiven.
    for left in (0..4).rev() {
        assert!(talk.answer("LOGIN a b")[0].starts_with("NO [AUTHENTICATIONFAILED]"), "{left}");
    }
    assert!(talk.line().starts_with("* BYE "));
}

#[test]
fn a_header_is_found_wherever_it_ends() {
    let maildrop = start(&[], &[]);
    let mut talk = Talk::open(&maildrop);
    // The first read takes 8 KiB, a piece of a file has 64.
    let edges = (8_186..8_196).chain(65_530..65_540).chain([100_000, 2]);
    for (len, n) in edges.zip(1..) {
        let filler = |at: usize| if at % 80 == 79 { "\r\nX: " } else { "." };
        let mut header = String::new();
        let mut at = 0;
        while len > 9 && header.len() < len - 9 {
            header.push_str(filler(at));
            at += 1;
        }
        if len > 9 {
            header.replace_range(..2, "X:");
            header.push_str(&"y".repeat(len - 4 - header.len()));
            header.push_str("\r\n");
        }
        header.push_str("\r\n");
        talk.append(&format!("{header}text\r\n\r\nmore"));
        let got = talk.ask(&format!("FETCH {n} (BODY.PEEK[HEADER] BODY.PEEK[TEXT])")).join("\r\n");
        let wanted = format!(
            "* {n} FETCH (BODY[HEADER] {{{len}}}\r\n{header} BODY[TEXT] {{12}}\r\ntext\r\n\r\nmore)"
        );
        assert!(got == wanted, "{len}: {}", got.len());
    }
}

#[test]
fn a_running_command_is_finished_before_the_end() {
    let mut maildrop = start(&[], &[]);
    let mut talk = Talk::open(&maildrop);
    talk.send("t APPEND INBOX {18}\r\n");
    assert!(talk.line().starts_with("+ "));
    talk.send("Subject: ");
    let (tx, rx) = channel();
    let stopping = thread::spawn(move || {
        tx.send(()).unwrap();
        maildrop.restart(SERVER, &[]).unwrap();
        maildrop.count().unwrap()
    });
    rx.recv().unwrap();
    // Time for the signal to come.
    thread::sleep(Duration::from_millis(300));
    talk.send("last\r\n\r\nx\r\n");
    assert_eq!([talk.line(), talk.line()], ["* 1 EXISTS", "* 1 RECENT"]);
    assert!(talk.line().starts_with("t OK [APPENDUID "));
    assert_eq!(talk.line(), "* BYE the server is shutting down");
    assert_eq!(talk.next(), None);
    assert_eq!(stopping.join().unwrap(), 1);
}

/// The most memory that the process has had, in KiB.
fn peak(maildrop: &Maildrop) -> u64 {
    let status = format!("/proc/{}/status", maildrop.server().unwrap().id());
    let status = fs::read_to_string(status).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[test]
#[cfg(target_os = "linux")]
fn a_large_message_is_not_held_in_memory() {
    let maildrop = start(&[], &[]);
    let mut talk = Talk::open(&maildrop);
    talk.append("Subject: warm\r\n\r\n");
    talk.ask("FETCH 1 BODY[]");
    let before = peak(&maildrop);
    let large = message("large", 30 << 20);
    talk.send(&format!("t APPEND INBOX {{{}}}\r\n", large.len()));
    assert!(talk.line().starts_with("+ "));
    talk.0.get_mut().write_all(&large).unwrap();
    talk.send("\r\n");
    while !talk.line().starts_with("t OK [APPENDUID ") {}
    talk.send("t FETCH 2 (BODY.PEEK[] BODY.PEEK[HEADER])\r\n");
    assert_eq!(talk.line(), format!("* 2 FETCH (BODY[] {{{}}}", large.len()));
    let mut got = vec![0; large.len()];
    talk.0.read_exact(&mut got).unwrap();
    assert!(got == large);
    assert!(talk.line().starts_with(" BODY[HEADER] {"));
    let grown = peak(&maildrop) - before;
    assert!(grown < 8 * 1024, "{grown} KiB more");
}

/// Runs our client at a server that greets, and says the next thing at each line of the client;
/// gives what the client said, too.
fn at_a_server(says: &'static [&'static str], tls: &str, args: &[&str]) -> (Output, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = thread::spawn(move || {
        let mut stream = BufReader::new(listener.accept().unwrap().0);
        let mut said = String::new();
        for (n, say) in says.iter().enumerate() {
            if n > 0 {
                stream.read_line(&mut said).unwrap();
            }
            stream.get_mut().write_all(say.as_bytes()).unwrap();
        }
        // The client may have heard enough before the end.
        let _ = stream.read_to_string(&mut said);
        said
    });
    let url = format!("imap://bob:{PASSWORD}@localhost:{port}{tls}");
    let output = client(&url, args).output().unwrap();
    (output, server.join().unwrap())
}

/// The greeting and the login.
const BEGIN: [&str; 2] = [
    "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] ready\r\n",
    "A1 OK [CAPABILITY IMAP4rev1] in\r\n",
];

#[test]
fn a_server_does_not_command_the_terminal() {
    const NAMES: &str = "* LIST () NIL \"a\u{1b}[2Jb\"\r\n* LIST () NIL &AAoAGw-\r\nA2 OK done\r\n";
    const BYE: &str = "* BYE \u{1b}[2J\r\n";
    let (ended, _) = at_a_server(&[BEGIN[0], BEGIN[1], BYE], "?tls=none", &["list"]);
    assert_eq!(error(ended), "the server ends it: BYE \u{fffd}[2J\n");
    let (listed, _) =
        at_a_server(&[BEGIN[0], BEGIN[1], NAMES, "* BYE\r\nA3 OK\r\n"], "?tls=none", &["list"]);
    assert_eq!(said(listed), "a\u{fffd}[2Jb\n\u{fffd}\u{fffd}\n");
}

#[test]
fn what_does_not_end_is_ended() {
    const TWO: &str = "* 2 EXISTS\r\nA2 OK done\r\n";
    const ENDLESS: &str = "* 1 FETCH (BODY[] {9223372036854775807}\r\nSubject: x\r\n";
    const THREE: &str = "* 1 FETCH (BODY[] \"a\")\r\n* 2 FETCH (BODY[] {1}\r\nb UID 7)\r\n\
        * 2 FETCH (BODY[] \"c\")\r\n";
    const FOUND: &str = "* SEARCH 1 2 3 4 5\r\n";
    let at = |last: &'static [&'static str], args: &[&str]| {
        let (output, _) = at_a_server(last, "?tls=none", args);
        (String::from_utf8(output.stdout.clone()).unwrap(), error(output))
    };
    let (_, why) = at(&[BEGIN[0], BEGIN[1], TWO, ENDLESS], &["fetch", "1:*"]);
    assert_eq!(why, "the server sends a message that is too large\n");
    let (fetched, why) = at(&[BEGIN[0], BEGIN[1], TWO, THREE], &["fetch", "1:*"]);
    assert!(
        fetched.starts_with("ab") && why.contains("more than was asked for"),
        "{fetched} {why}"
    );
    let (found, why) = at(&[BEGIN[0], BEGIN[1], TWO, FOUND], &["search", "ALL"]);
    assert!(found == "1\n2\n" && why.contains("more messages than there are"), "{found} {why}");
}

#[test]
fn no_password_goes_out_where_tls_was_asked_for() {
    const READY: &str = "* OK ready\r\n";
    for (says, why) in [
        (&["* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready\r\n"][..], "no TLS"),
        (&[READY, "A1 NO not here\r\n"], "no TLS (?tls=none goes without): NO not here"),
        (&["* PREAUTH [CAPABILITY IMAP4rev1 STARTTLS] welcome\r\n"], "no TLS"),
        (&[READY, "A1 OK go\r\n* OK injected\r\n"], "plaintext"),
        (&["* BYE full\r\n"], "BYE"),
        (&["nonsense\r\n"], "greet"),
    ] {
        let (output, said) = at_a_server(says, "", &["list"]);
        let why_not = error(output);
        assert!(why_not.contains(why), "{says:?}: {why_not}");
        assert!(!said.contains("AUTHENTICATE") && !said.contains("LOGIN"), "{said}");
    }
}
