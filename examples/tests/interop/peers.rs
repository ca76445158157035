//! The peers themselves: each starts, does its work for a client that is not ours, and stops.

use crate::support::{
    Result,
    dovecot::Dovecot,
    folder::Folder,
    nsd::Nsd,
    postfix::Postfix,
    program::{Server, run},
    suite::{ROOT, Suite},
};

const BOB: (&str, &str) = ("bob@south.test", "secret");

pub(crate) fn add(suite: &mut Suite) {
    suite.test("peers::server", &["sh"], server);
    suite.test("peers::dovecot", &["dovecot", "curl", ROOT], dovecot);
    suite.test("peers::postfix", &["postfix", "dovecot", "curl", "swaks", ROOT], postfix);
    suite.test("peers::nsd", &["nsd", "python3"], nsd);
}

/// A server as ours are, as far as its start and end go.
fn server() -> Result {
    // Its end may be asked for as soon as it is ready.
    let script = "sleep 60 & trap \"kill $!; exit 0\" TERM
echo listening imap 127.0.0.1:7; echo ready; wait";
    let mut server = Server::start("/bin/sh", &["-c", script])?;
    assert_eq!(server.addr("imap")?.port(), 7);
    assert!(server.addr("pop3").is_err());
    assert!(server.terminate()?.success());
    let failed = Server::start("/bin/sh", &["-c", "echo cannot bind >&2; exit 1"]).err();
    let said = failed.ok_or("it started")?.to_string();
    assert!(said.contains("cannot bind"), "{said}");
    Ok(())
}

fn dovecot() -> Result {
    let dovecot = Dovecot::start(&[BOB])?;
    dovecot.deliver(BOB.0, b"Subject: one\n\nhello\n")?;
    for url in [
        format!("pop3s://localhost:{}/1", dovecot.pop3s),
        format!("imaps://localhost:{}/INBOX/;UID=1", dovecot.imaps),
    ] {
        let user = format!("{}:{}", BOB.0, BOB.1);
        let message = run("curl", &["-sS", "--cacert", &dovecot.ca, "-u", &user, &url])?.stdout;
        assert_eq!(String::from_utf8(message)?, "Subject: one\r\n\r\nhello\r\n", "{url}");
    }
    assert_eq!(dovecot.count(BOB.0)?, 1);
    Ok(())
}

fn postfix() -> Result {
    let dovecot = Dovecot::start(&[BOB])?;
    let postfix = Postfix::start(&["bob"], &dovecot, None)?;
    let folder = Folder::new("swaks")?;
    let body = folder.write("message", "Subject: one\n\nhello\n")?;
    let url = format!("smtp://localhost:{}", postfix.submission);
    let submit = |password: &str| {
        let user = format!("{}:{password}", BOB.0);
        let tls = ["-sS", "--ssl-reqd", "--cacert", &postfix.ca, "-u", &user, "-T", &body];
        run("curl", &[&tls[..], &["--mail-from", BOB.0, "--mail-rcpt", BOB.0, &url]].concat())
    };
    assert!(submit("wrong").is_err());
    submit(BOB.1)?;
    let (smtp, body) = (format!("127.0.0.1:{}", postfix.smtp), format!("@{body}"));
    run("swaks", &["--server", &smtp, "--from", "a@x.test", "--to", BOB.0, "--data", &body])?;
    let args = ["--server", &smtp, "--from", "a@x.test", "--to", "eve@south.test"];
    assert!(run("swaks", &args).is_err());
    let messages = postfix.messages("bob", 2)?;
    assert_eq!(messages.len(), 2);
    for message in messages {
        let message = String::from_utf8(message)?;
        assert!(message.contains("\n\nhello\n"), "{message}");
    }
    Ok(())
}

fn nsd() -> Result {
    let nsd = Nsd::start(&[("south.test", "@ MX 10 mx1\nmx1 A 127.0.0.1")])?;
    // A question for the MX of south.test, and how many answers and further records come back.
    let ask = "import socket, struct, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(5)
q = struct.pack('>6H', 7, 256, 1, 0, 0, 0) + b'\\5south\\4test\\0' + struct.pack('>2H', 15, 1)
s.sendto(q, ('127.0.0.1', int(sys.argv[1])))
print(struct.unpack('>6H', s.recv(4096)[:12])[3])";
    let answers = run("python3", &["-c", ask, &nsd.addr.port().to_string()])?.stdout;
    assert_eq!(String::from_utf8(answers)?.trim(), "1", "{}", nsd.log());
    Ok(())
}
