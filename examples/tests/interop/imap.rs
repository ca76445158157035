//! IMAP: our client against Dovecot; curl, mutt and Python's imaplib against our server.

use crate::support::{
    Result,
    dovecot::Dovecot,
    folder::Folder,
    maildrop::{BOB, Maildrop, PASSWORD, message, stored},
    program::run,
    suite::{ROOT, Suite},
};
use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Command, Output, Stdio},
};

const SERVER: &str = env!("CARGO_BIN_EXE_mailrail-server");
const CLIENT: &str = env!("CARGO_BIN_EXE_mailrail-client");
const LISTEN: [&str; 4] = ["--imap", "127.0.0.1:0", "--imaps", "127.0.0.1:0"];

pub(crate) fn add(suite: &mut Suite) {
    suite.test("imap::client_and_dovecot", &["dovecot", "curl", ROOT], dovecot);
    suite.test("imap::watch_and_dovecot", &["dovecot", "curl", ROOT], watch);
    suite.test("imap::curl_and_server", &["curl"], curl);
    suite.test("imap::python_and_server", &["python3"], python);
    suite.test("imap::mutt_and_server", &["mutt", "script"], mutt);
}

fn messages() -> Vec<Vec<u8>> {
    vec![message("one", 0), message("large", 3 << 20), message("two", 5_000)]
}

fn url(scheme: &str, port: u16) -> String {
    format!("{scheme}://bob%40south.test:{PASSWORD}@localhost:{port}")
}

fn client(url: &str, ca: &str, args: &[&str]) -> Command {
    let mut command = Command::new(CLIENT);
    command.args(["imap", "--server", url, "--ca", ca]).args(args).stdin(Stdio::null());
    command
}

fn said(output: Output) -> Result<Vec<u8>> {
    let error = String::from_utf8_lossy(&output.stderr);
    if output.status.success() {
        Ok(output.stdout)
    } else {
        Err(format!("{}: {error}", output.status).into())
    }
}

/// Has curl say IMAP commands to Dovecot.
fn change(dovecot: &Dovecot, mailbox: &str, command: &str) -> Result {
    let (user, url) = (format!("{BOB}:{PASSWORD}"), format!("imaps://localhost:{}", dovecot.imaps));
    let url = format!("{url}/{mailbox}");
    run("curl", &["-sS", "--cacert", &dovecot.ca, "-u", &user, "-X", command, &url]).map(drop)
}

fn dovecot() -> Result {
    let dovecot = Dovecot::start(&[(BOB, PASSWORD)])?;
    for message in messages() {
        dovecot.deliver(BOB, &stored(&message))?;
    }
    change(&dovecot, "", "CREATE Entw&APw-rfe/x")?;
    let (imap, imaps) = (url("imap", dovecot.imap), url("imaps", dovecot.imaps));
    for url in [&imap, &imaps, &format!("{imap}?tls=none")] {
        let ask = |args: &[&str]| -> Result<Vec<u8>> {
            said(client(url, &dovecot.ca, args).output()?)
                .map_err(|error| format!("{url}: {error}\n{}", dovecot.log()).into())
        };
        let listed = String::from_utf8(ask(&["list"])?)?;
        let mut names: Vec<_> = listed.lines().collect();
        names.sort_unstable();
        assert_eq!(names, ["Entwürfe", "Entwürfe/x", "INBOX"]);
        // Dovecot keeps them with LF, and sends them with CR LF.
        let fetched = ask(&["fetch", "1:3"])?;
        assert!(fetched == messages().concat(), "{} octets", fetched.len());
        assert!(ask(&["fetch", "2"])? == messages()[1]);
        assert_eq!(ask(&["search", "SUBJECT", "two"])?, b"3\n");
        assert_eq!(ask(&["search", "BODY", "dich ä", "UNSEEN"])?, b"1\n2\n3\n");
        let status = String::from_utf8(ask(&["status"])?)?;
        let inbox = status.lines().find(|line| line.starts_with("INBOX")).unwrap_or_default();
        assert!(inbox.starts_with("INBOX messages=3 unseen=3 "), "{status}");
    }
    let wrong = client(&imaps.replace(PASSWORD, "x"), &dovecot.ca, &["list"]).output()?;
    let wrong_said = String::from_utf8(wrong.stderr)?;
    assert!(wrong_said.starts_with("login: NO [AUTHENTICATIONFAILED]"), "{wrong_said}");
    Ok(())
}

fn watch() -> Result {
    let dovecot = Dovecot::start(&[(BOB, PASSWORD)])?;
    for message in messages() {
        dovecot.deliver(BOB, &stored(&message))?;
    }
    let url = url("imap", dovecot.imap);
    let mut child = client(&url, &dovecot.ca, &["watch"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let checked = (|| {
        let mut ready = String::new();
        let stderr = child.stderr.take().ok_or("no standard error")?;
        BufReader::new(stderr).read_line(&mut ready)?;
        assert_eq!(ready, "watching INBOX: 3 messages\n");
        let mut lines = BufReader::new(child.stdout.take().ok_or("no output")?).lines();
        let mut see = |wanted: &str| -> Result {
            let line = lines.next().ok_or("it ended")??;
            // Which of the two connections sees it as recent is a matter of chance.
            let line = line.trim_end_matches(" \\Recent");
            if line == wanted { Ok(()) } else { Err(format!("{line}, not {wanted}").into()) }
        };
        change(&dovecot, "INBOX", "STORE 2 FLAGS (\\Flagged \\Deleted)")?;
        see("2 FLAGS \\Flagged \\Deleted")?;
        change(&dovecot, "INBOX", "EXPUNGE")?;
        see("2 EXPUNGE")?;
        let folder = Folder::new("deliver")?;
        let file = folder.write("message", "Subject: four\r\n\r\nhello\r\n")?;
        let user = format!("{BOB}:{PASSWORD}");
        let inbox = format!("imaps://localhost:{}/INBOX", dovecot.imaps);
        run("curl", &["-sS", "--cacert", &dovecot.ca, "-u", &user, "-T", &file, &inbox])?;
        see("3 EXISTS")
    })();
    child.kill()?;
    child.wait()?;
    checked
}

fn curl() -> Result {
    let messages = messages();
    let maildrop = Maildrop::start(SERVER, &messages, &LISTEN)?;
    let user = format!("{BOB}:{PASSWORD}");
    let folder = Folder::new("curl-imap")?;
    let options = ["-sS", "--ssl-reqd", "--cacert", &maildrop.ca];
    let curl = |user: &str, url: &str, args: &[&str]| {
        run("curl", &[&options[..], args, &["-u", user, url]].concat()).map(|done| done.stdout)
    };
    let text = |bytes: Vec<u8>| String::from_utf8(bytes);
    for (service, there) in [("imap", 3), ("imaps", 4)] {
        let url = format!("{service}://localhost:{}/", maildrop.port(service)?);
        for (message, n) in messages.iter().zip(1..) {
            for args in [&[][..], &["--login-options", "AUTH=PLAIN"]] {
                let got = curl(&user, &format!("{url}INBOX/;UID={n}"), args)?;
                assert!(got == *message, "{service}: {n}: {} octets", got.len());
            }
        }
        let head = curl(&user, &format!("{url}INBOX/;UID=2/;SECTION=HEADER"), &[])?;
        assert_eq!(text(head)?, "Subject: large\r\n\r\n");
        let part = curl(&user, &format!("{url}INBOX/;UID=2/;SECTION=TEXT/;PARTIAL=3.4"), &[])?;
        assert_eq!(text(part)?, "..\r\n");
        let listed = text(curl(&user, &url, &[])?)?;
        assert!(listed.contains("\"/\" INBOX"), "{listed}");
        let found = curl(&user, &format!("{url}INBOX?SUBJECT%20large"), &[])?;
        assert_eq!(text(found)?, "* SEARCH 2\r\n");
        let file = folder.write("appended", "Subject: appended\r\n\r\nhello\r\n")?;
        curl(&user, &format!("{url}INBOX"), &["-T", &file])?;
        let appended = curl(&user, &format!("{url}INBOX/;UID={}", there + 1), &[])?;
        assert_eq!(text(appended)?, "Subject: appended\r\n\r\nhello\r\n");
        assert!(curl(&format!("{BOB}:x"), &url, &[]).is_err());
        assert!(curl(&user, &format!("{url}INBOX/;UID=99"), &[]).is_err());
    }
    assert_eq!(maildrop.count()?, 5);
    Ok(())
}

const IMAPLIB: &str = r#"
import imaplib, ssl, sys, threading
imap, imaps, ca, user, password, folder = sys.argv[1:]
context = ssl.create_default_context(cafile=ca)
plain = imaplib.IMAP4('localhost', int(imap), timeout=30)
try:
    plain.login(user, password)
    raise SystemExit('a password without TLS')
except imaplib.IMAP4.error as error:
    assert 'PRIVACYREQUIRED' in str(error), error
plain.starttls(context)
plain.login(user, password)
over_tls = imaplib.IMAP4_SSL('localhost', int(imaps), ssl_context=context, timeout=30)
over_tls.authenticate('PLAIN', lambda _: f'\0{user}\0{password}'.encode())
files = [open(f'{folder}/{n}', 'rb').read() for n in range(1, 4)]
def ok(answer):
    assert answer[0] == 'OK', answer
    return answer[1]
def flags(m, n):
    return set(imaplib.ParseFlags(ok(m.fetch(str(n), '(FLAGS)'))[0]))
for m in plain, over_tls:
    assert ok(m.select()) == [b'3'] and m.response('UIDVALIDITY')[1][0].isdigit()
    ok(m.create('box'))
    for n, text in enumerate(files, 1):
        assert ok(m.fetch(str(n), '(RFC822.SIZE BODY.PEEK[])'))[0][1] == text
        assert ok(m.uid('FETCH', str(n), '(BODY.PEEK[HEADER.FIELDS (SUBJECT)])'))[0][1] in text
        ok(m.append('box', '(\\Flagged work)', '"17-Jul-1996 02:44:25 -0700"', text))
    assert ok(m.search(None, 'SUBJECT', '"large"')) == [b'2']
    assert ok(m.uid('SEARCH', 'LARGER', '4000', 'NOT', 'SUBJECT', 'large')) == [b'3']
    assert flags(m, 1) - {b'\\Recent'} == set()
    ok(m.fetch('1', '(BODY[TEXT])'))
    assert b'\\Seen' in flags(m, 1)
    ok(m.store('1', '-FLAGS', '(\\Seen)'))
    ok(m.copy('1:2', 'box'))
    assert b'(MESSAGES 5)' in ok(m.status('box', '(MESSAGES)'))[0]
    assert ok(m.select('box')) == [b'5']
    assert b'17-Jul-1996 02:44:25 -0700' in ok(m.fetch('3', 'INTERNALDATE'))[0]
    assert {b'\\Flagged', b'work'} <= flags(m, 3)
    assert b'"TEXT" "PLAIN"' in ok(m.fetch('1', '(BODYSTRUCTURE ENVELOPE)'))[0].upper()
    ok(m.store('2:4', '+FLAGS.SILENT', '(\\Deleted)'))
    assert ok(m.expunge()) == [b'4', b'3', b'2']
    ok(m.uid('MOVE', '1', 'INBOX'))
    assert ok(m.select()) == [b'4']
    ok(m.store('4', '+FLAGS', '(\\Deleted)'))
    ok(m.close())
    ok(m.delete('box'))
    # A raw IDLE, and a change by the other connection.
    ok(m.select())
    other = over_tls if m is plain else plain
    ok(other.select())
    m.send(b'idle IDLE\r\n')
    assert m.readline().startswith(b'+ ')
    ok(other.store('2', '+FLAGS', '(\\Answered)'))
    line = m.readline()
    assert line.startswith(b'* 2 FETCH (FLAGS (') and b'\\Answered' in line, line
    m.send(b'DONE\r\n')
    assert m.readline().startswith(b'idle OK')
    ok(other.store('2', '-FLAGS', '(\\Answered)'))
    ok(other.close())
    ok(m.close())
plain.logout()
over_tls.logout()
"#;

fn python() -> Result {
    let messages = messages();
    let maildrop = Maildrop::start(SERVER, &messages, &LISTEN)?;
    let folder = Folder::new("imaplib")?;
    for (message, n) in messages.iter().zip(1..) {
        fs::write(folder.join(&format!("{n}")), message)?;
    }
    let (imap, imaps) = (maildrop.port("imap")?.to_string(), maildrop.port("imaps")?.to_string());
    let folder = folder.path().display().to_string();
    run("python3", &["-c", IMAPLIB, &imap, &imaps, &maildrop.ca, BOB, PASSWORD, &folder])?;
    assert_eq!(maildrop.count()?, 3);
    Ok(())
}

/// mutt wants a terminal: `script` is one. It flags a message, saves all of them, which deletes
/// them, and quits.
fn mutt() -> Result {
    for service in ["imap", "imaps"] {
        let messages = messages();
        let maildrop = Maildrop::start(SERVER, &messages, &LISTEN)?;
        let folder = Folder::new("mutt-imap")?;
        let (port, out) = (maildrop.port(service)?, folder.join("out"));
        let rc = format!(
            "set ssl_starttls=yes ssl_force_tls=yes ssl_ca_certificates_file={ca}
set certificate_file={ca} header_cache='' message_cachedir='' confirmcreate=no confirmappend=no
set imap_user={BOB} imap_pass={PASSWORD} imap_authenticators=plain
set mbox_type=Maildir delete=yes quit=yes move=no wait_key=no read_inc=0
push '<tag-pattern>~A<enter><tag-prefix><save-message><kill-line>{out}<enter><quit>'
",
            ca = maildrop.ca
        );
        let rc = folder.write("muttrc", &rc)?;
        let mutt =
            format!("TERM=xterm mutt -n -F {rc} -f {service}://{BOB}@localhost:{port}/INBOX");
        let said = run("timeout", &["60", "script", "-qefc", &mutt, "/dev/null"])?;
        let mut got = Vec::new();
        for part in ["new", "cur"] {
            let entries = fs::read_dir(format!("{out}/{part}"))
                .map_err(|error| format!("{error}\n{}", String::from_utf8_lossy(&said.stdout)))?;
            for entry in entries {
                got.push(fs::read(entry?.path())?);
            }
        }
        assert_eq!(got.len(), 3, "{service}");
        for message in &messages {
            // mutt adds fields of its own to the header.
            let body = stored(message);
            let body = body.get(body.windows(2).position(|two| two == b"\n\n").unwrap_or(0)..);
            assert!(got.iter().any(|got| got.ends_with(body.unwrap_or_default())));
        }
        assert_eq!(maildrop.count()?, 0);
    }
    Ok(())
}
