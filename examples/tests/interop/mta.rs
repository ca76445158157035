//! Our client against Exim, OpenSMTPD, and Dovecot's LMTP and submission servers.

use crate::support::{
    Result,
    dovecot::Dovecot,
    folder::Folder,
    house::{self, House},
    maildrop::{PASSWORD, message},
    mta::{EXIM, Mta, OPENSMTPD},
    suite::{ROOM, ROOT, Suite},
};

const CLIENT: &str = env!("CARGO_BIN_EXE_mailrail-client");
const SERVER: &str = env!("CARGO_BIN_EXE_mailrail-server");
const ANN: &str = "ann@north.test";
const BOB: &str = "bob@south.test";
const CAROL: &str = "carol@south.test";
const SUBMISSION: &str = "/usr/lib/dovecot/submission";

pub(crate) fn add(suite: &mut Suite) {
    suite.test("mta::client_and_exim", &[EXIM, ROOM, ROOT], exim);
    suite.test("mta::client_and_opensmtpd", &[OPENSMTPD, ROOM, ROOT], opensmtpd);
    suite.test("mta::client_and_dovecot_lmtp", &["dovecot", ROOT], lmtp);
    let needs = ["dovecot", SUBMISSION, ROOT];
    suite.test("mta::client_and_dovecot_submission", &needs, submission);
}

/// What the client did: its exit status, and what it printed on either side.
struct Told {
    status: Option<i32>,
    out: String,
    err: String,
}

fn submit(url: &str, to: &[&str], message: &[u8], more: &[&str]) -> Result<Told> {
    let start = ["submit", "--server", url, "--from", ANN, "-", "--to"];
    let output = house::run(CLIENT, &[&start[..], to, more].concat(), message)?;
    let (out, err) = (String::from_utf8(output.stdout)?, String::from_utf8(output.stderr)?);
    Ok(Told { status: output.status.code(), out, err })
}

impl Told {
    /// That each of these got it, and each of those not, for what is told.
    fn is(&self, got: &[&str], refused: &[(&str, &str)]) -> Result {
        let all = |text: &str, starts: &[String]| {
            let lines: Vec<_> = text.lines().collect();
            lines.len() == starts.len()
                && lines.iter().zip(starts).all(|(line, start)| line.starts_with(start))
        };
        let got: Vec<_> = got.iter().map(|who| format!("{who}: 250 ")).collect();
        let lost: Vec<_> = refused.iter().map(|(who, why)| format!("{who}: {why}")).collect();
        let status = Some(i32::from(!refused.is_empty()));
        if all(&self.out, &got) && all(&self.err, &lost) && self.status == status {
            return Ok(());
        }
        Err(format!("{:?}\n{}\n{}", self.status, self.out, self.err).into())
    }
}

fn without_cr(message: &[u8]) -> Vec<u8> {
    message.iter().copied().filter(|&byte| byte != b'\r').collect()
}

fn body(message: &[u8]) -> Vec<u8> {
    let text = without_cr(message);
    let start = text.windows(2).position(|end| end == b"\n\n").map_or(0, |at| at + 2);
    text[start..].to_vec()
}

fn exim() -> Result {
    let exim = Mta::exim()?;
    let url = format!("smtp://127.0.0.1:{}?tls=none", exim.port);
    let sent = [message("one", 0), message("large", 500_000)];
    // By BDAT, and under STARTTLS.
    submit(&url, &[BOB, CAROL], &sent[0], &[])?.is(&[BOB, CAROL], &[])?;
    let starttls = format!("smtp://127.0.0.1:{}", exim.port);
    let told = submit(&starttls, &[BOB], &sent[1], &["--insecure"])?;
    assert_eq!((told.status, told.err.lines().count()), (Some(0), 1), "{}", told.err);
    let told = submit(&url, &["eve@south.test", BOB, "grey@south.test"], &sent[0], &[])?;
    let refused = [("eve@south.test", "550 no such"), ("grey@south.test", "451 come back")];
    told.is(&[BOB], &refused)?;
    submit(&url, &["eve@south.test"], &sent[0], &[])?.is(&[], &refused[..1])?;
    // Beyond ASCII, in an address and in the header.
    let utf8 = "Subject: gr\u{fc}n\r\n\r\nx\r\n";
    submit(&url, &["gr\u{fc}n@south.test"], utf8.as_bytes(), &[])?
        .is(&["gr\u{fc}n@south.test"], &[])?;
    let large = submit(&url, &[BOB], &message("too large", 1_100_000), &[])?;
    assert!(large.status == Some(1) && large.err.contains("takes 1048576"), "{}", large.err);
    let arrived = exim.messages(4)?;
    assert_eq!(arrived.len(), 4);
    for sent in &sent {
        let body = body(sent);
        assert!(arrived.iter().any(|kept| kept.ends_with(&body)), "it is not as it was sent");
    }
    Ok(())
}

fn opensmtpd() -> Result {
    let mta = Mta::opensmtpd()?;
    let url = format!("smtp://127.0.0.1:{}?tls=none", mta.port);
    let sent = [message("one", 0), message("large", 500_000)];
    for message in &sent {
        submit(&url, &[BOB, CAROL], message, &[])?.is(&[BOB, CAROL], &[])?;
    }
    let refused = [("eve@south.test", "524 5.2.4"), ("x@else.test", "550 Invalid recipient")];
    let told = submit(&url, &["eve@south.test", "x@else.test", BOB], &sent[0], &[])?;
    told.is(&[BOB], &refused)?;
    // It knows no SMTPUTF8.
    let told = submit(&url, &["gr\u{fc}n@south.test"], &sent[0], &[])?;
    assert!(told.status == Some(1) && told.err.contains("needs SMTPUTF8"), "{}", told.err);
    let arrived = mta.messages(5)?;
    assert_eq!(arrived.len(), 5);
    for (message, count) in sent.iter().zip([3, 2]) {
        // It adds fields to the header.
        let body = body(message);
        let same = arrived.iter().filter(|kept| without_cr(kept).ends_with(&body)).count();
        assert_eq!(same, count);
    }
    Ok(())
}

fn lmtp() -> Result {
    let dovecot = Dovecot::start(&[(BOB, PASSWORD), (CAROL, PASSWORD)])?;
    let url = format!("lmtp://127.0.0.1:{}?tls=none", dovecot.lmtp);
    submit(&url, &[BOB, CAROL], &message("one", 0), &[])?.is(&[BOB, CAROL], &[])?;
    submit(&url, &[CAROL], &message("large", 3 << 20), &[])?.is(&[CAROL], &[])?;
    assert_eq!((dovecot.count(BOB)?, dovecot.count(CAROL)?), (1, 2));
    Ok(())
}

/// Dovecot passes on what is submitted, here to our own server.
fn submission() -> Result {
    let smtp = ["--smtp", "127.0.0.1:0"];
    let mut house = House::new(SERVER, "south.test", &[BOB, CAROL], &smtp)?.started()?;
    let relay = house.addr("smtp")?.port();
    let dovecot = Dovecot::with_submission(&[(BOB, PASSWORD)], relay)?;
    let folder = Folder::new("submission")?;
    let password = folder.write("password", PASSWORD)?;
    let url = format!("submission://bob%40south.test@localhost:{}", dovecot.submission);
    let login = ["--ca", &dovecot.ca, "--password-file", &password];
    submit(&url, &[BOB, CAROL], &message("one", 100_000), &login)?.is(&[BOB, CAROL], &[])?;
    let told = submit(&url, &["eve@south.test", BOB], &message("two", 0), &login)?;
    told.is(&[BOB], &[("eve@south.test", "550 5.1.1")])?;
    let wrong = folder.write("wrong", "wrong")?;
    let login = ["--ca", &dovecot.ca, "--password-file", &wrong];
    let told = submit(&url, &[BOB], &message("three", 0), &login)?;
    assert!(told.status == Some(1) && told.err.contains("535"), "{}", told.err);
    assert_eq!((house.inbox(BOB)?.len(), house.inbox(CAROL)?.len()), (2, 1));
    Ok(())
}
