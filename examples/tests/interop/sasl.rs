//! SASL mechanisms, one by one: other people's clients against our server, and our client against
//! Dovecot and Postfix.

use crate::support::{
    Result,
    dovecot::Dovecot,
    folder::Folder,
    house::{self, House, PASSWORD},
    maildrop::{BOB, fetch, message, stored},
    postfix::Postfix,
    program::run,
    suite::{ROOT, SWAKS_TLS, Suite},
};
use std::process::{Command, Stdio};

const SERVER: &str = env!("CARGO_BIN_EXE_mailrail-server");
const CLIENT: &str = env!("CARGO_BIN_EXE_mailrail-client");
const TEXT: &str = "From: bob@south.test\nTo: bob@south.test\nSubject: one\n\nhello\n";

pub(crate) fn add(suite: &mut Suite) {
    suite.test("sasl::gsasl_and_server", &["gsasl", "timeout"], gsasl);
    suite.test("sasl::msmtp_and_server", &["msmtp"], msmtp);
    suite.test("sasl::curl_and_server", &["curl"], curl);
    suite.test("sasl::swaks_and_server", &["swaks", SWAKS_TLS], swaks);
    suite.test("sasl::smtplib_and_server", &["python3"], smtplib);
    suite.test("sasl::client_and_dovecot", &["dovecot", ROOT], dovecot);
    suite.test("sasl::client_and_postfix", &["dovecot", "postfix", ROOT], postfix);
}

/// A server with Bob's account, and the file to trust it by.
fn server(args: &[&str]) -> Result<(House, String)> {
    let mut all = vec!["--allow-cram-md5"];
    for service in ["--submission", "--submissions", "--imap", "--imaps", "--pop3", "--pop3s"] {
        all.extend([service, "127.0.0.1:0"]);
    }
    all.extend(args);
    let mut house = House::new(SERVER, "south.test", &[BOB], &all)?;
    let ca = house.certify()?;
    Ok((house.started()?, ca))
}

fn port(house: &House, service: &str) -> Result<String> {
    Ok(house.addr(service)?.port().to_string())
}

/// Each mechanism with the password, and without.
fn gsasl() -> Result {
    let (house, ca) = server(&["--allow-plaintext"])?;
    let ca = format!("--x509-ca-file={ca}");
    let (imap, submission) = (port(&house, "imap")?, port(&house, "submission")?);
    // A client that knows a name for the connection does not do without it, but where it is told.
    let over_tls = ["--imap", "localhost", &imap, "--starttls", &ca];
    let unbound = ["--imap", "localhost", &imap, "--starttls", &ca, "--no-cb"];
    let in_the_open = ["--smtp", "localhost", &submission, "--no-starttls"];
    for (how, mechanisms) in [
        (&over_tls[..], &["SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS", "PLAIN"][..]),
        (&unbound, &["SCRAM-SHA-256", "SCRAM-SHA-1"]),
        (&in_the_open, &["SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5", "PLAIN", "LOGIN"]),
    ] {
        for mechanism in mechanisms {
            let log_in = |password: &str| {
                let by = ["--mechanism", mechanism, "-a", BOB, "-p", password];
                run("timeout", &[&["60", "gsasl"], how, &by[..]].concat())
            };
            log_in(PASSWORD).map_err(|error| format!("{mechanism}: {error}"))?;
            assert!(log_in("x").is_err(), "{how:?} {mechanism}");
        }
    }
    Ok(())
}

fn msmtp() -> Result {
    let (mut house, ca) = server(&[])?;
    let folder = Folder::new("msmtp")?;
    let port = port(&house, "submission")?;
    let mechanisms = ["scram-sha-256", "scram-sha-1", "cram-md5", "plain", "login", "on"];
    for mechanism in mechanisms {
        let send = |password: &str| {
            let config = format!(
                "account default\nhost localhost\nport {port}\nfrom {BOB}\ntls on\ntls_starttls on\n\
                 tls_trust_file {ca}\nauth {mechanism}\nuser {BOB}\npassword {password}\n"
            );
            let config = folder.write("msmtprc", &config)?;
            run("chmod", &["600", &config])?;
            house::run("msmtp", &["-C", &config, BOB], TEXT.as_bytes())
        };
        let sent = send(PASSWORD)?;
        let said = String::from_utf8_lossy(&sent.stderr);
        assert!(sent.status.success(), "{mechanism}: {said}");
        let refused = send("x")?;
        let said = String::from_utf8_lossy(&refused.stderr);
        assert!(!refused.status.success() && said.contains("uthentication"), "{mechanism}: {said}");
    }
    assert_eq!(house.inbox(BOB)?.len(), mechanisms.len());
    Ok(())
}

fn curl() -> Result {
    let (mut house, ca) = server(&[])?;
    let folder = Folder::new("curl-sasl")?;
    let text = folder.write("message", &TEXT.replace('\n', "\r\n"))?;
    let has_scram = String::from_utf8(run("curl", &["--version"])?.stdout)?.contains("gsasl");
    let scram = ["SCRAM-SHA-256", "SCRAM-SHA-1"].into_iter().filter(|_| has_scram);
    let mut count = 0;
    for mechanism in scram.chain(["PLAIN", "CRAM-MD5", "LOGIN"]) {
        let option = format!("AUTH={mechanism}");
        for service in ["submission", "imap", "pop3"] {
            // LOGIN is for SMTP alone.
            if (mechanism, service) == ("LOGIN", "imap")
                || (mechanism, service) == ("LOGIN", "pop3")
            {
                continue;
            }
            let scheme = if service == "submission" { "smtp" } else { service };
            let url = format!("{scheme}://localhost:{}", port(&house, service)?);
            let log_in = |password: &str| {
                let user = format!("{BOB}:{password}");
                let common = ["-sS", "--ssl-reqd", "--cacert", &ca, "--login-options", &option];
                let mail = ["--mail-from", BOB, "--mail-rcpt", BOB, "-T", &text];
                let mail = if service == "submission" { &mail[..] } else { &[] };
                run("curl", &[&common[..], &["-u", &user, "-m", "60"], mail, &[&url]].concat())
            };
            log_in(PASSWORD).map_err(|error| format!("{mechanism} {service}: {error}"))?;
            assert!(log_in("x").is_err(), "{mechanism} {service}");
            count += usize::from(service == "submission");
        }
    }
    assert_eq!(house.inbox(BOB)?.len(), count);
    Ok(())
}

fn swaks() -> Result {
    let (mut house, ca) = server(&[])?;
    let folder = Folder::new("swaks-sasl")?;
    let data = format!("@{}", folder.write("message", TEXT)?);
    let port = port(&house, "submission")?;
    let mechanisms = ["CRAM-MD5", "LOGIN", "PLAIN"];
    for mechanism in mechanisms {
        let log_in = |password: &str| {
            let mail = ["--server", "localhost", "--port", &port, "--from", BOB, "--to", BOB];
            let tls = ["--tls", "--tls-verify", "--tls-ca-path", &ca, "--data", &data];
            let login = ["--auth", mechanism, "--auth-user", BOB, "--auth-password", password];
            run("swaks", &[&["-n", "--timeout", "60"], &mail[..], &tls, &login].concat())
        };
        log_in(PASSWORD).map_err(|error| format!("{mechanism}: {error}"))?;
        let refused = log_in("x").err().ok_or("it was let in")?.to_string();
        assert!(refused.contains("<~* 535 5.7.8"), "{mechanism}: {refused}");
    }
    assert_eq!(house.inbox(BOB)?.len(), mechanisms.len());
    Ok(())
}

const SMTPLIB: &str = r"
import smtplib, ssl, sys
port, ca, user, password = sys.argv[1:]
context = ssl.create_default_context(cafile=ca)
for mechanism in 'cram_md5', 'login', 'plain':
    for with_initial in True, False:
        for given in password, 'x':
            s = smtplib.SMTP('localhost', int(port), timeout=60)
            s.starttls(context=context)
            s.ehlo()
            s.user, s.password = user, given
            by = getattr(s, 'auth_' + mechanism)
            try:
                code, _ = s.auth(mechanism.replace('_', '-'), by, initial_response_ok=with_initial)
            except smtplib.SMTPAuthenticationError as error:
                code = error.smtp_code
            assert code == (235 if given == password else 535), (mechanism, with_initial, code)
            s.quit()
";

fn smtplib() -> Result {
    let (house, ca) = server(&[])?;
    run("python3", &["-c", SMTPLIB, &port(&house, "submission")?, &ca, BOB, PASSWORD]).map(drop)
}

/// What the log of a login says.
fn used(log: &str, mechanism: &str) -> bool {
    log.contains(&format!("method={},", mechanism.to_uppercase()))
}

fn dovecot() -> Result {
    for (offered, wanted) in [
        ("plain login cram-md5 scram-sha-1 scram-sha-256", "scram-sha-256"),
        ("plain scram-sha-1", "scram-sha-1"),
        ("cram-md5 login plain", "plain"),
        ("login", "login"),
    ] {
        for service in ["imap", "imaps", "pop3", "pop3s"] {
            let dovecot = Dovecot::with_mechanisms(&[(BOB, PASSWORD)], offered)?;
            dovecot.deliver(BOB, &stored(&message("one", 0)))?;
            let port = match service {
                "imap" => dovecot.imap,
                "imaps" => dovecot.imaps,
                "pop3" => dovecot.pop3,
                _ => dovecot.pop3s,
            };
            let log_in = |password: &str| -> Result<bool> {
                let url = format!("{service}://bob%40south.test:{password}@localhost:{port}");
                let folder = Folder::new("sasl-mail")?;
                if service.starts_with("pop3") {
                    let done = fetch(CLIENT, &url, &folder, &["--keep", "--ca", &dovecot.ca])?;
                    return Ok(done.status.success());
                }
                let mut imap = Command::new(CLIENT);
                imap.args(["imap", "--server", &url, "--ca", &dovecot.ca, "list"]);
                Ok(imap.stdin(Stdio::null()).output()?.status.success())
            };
            assert!(log_in(PASSWORD)?, "{offered} {service}: {}", dovecot.log());
            let log = dovecot.log();
            assert!(used(&log, wanted), "{offered} {service}: {log}");
            assert!(!log_in("x")?, "{offered} {service}");
        }
    }
    Ok(())
}

fn postfix() -> Result {
    for (offered, wanted) in [
        ("plain login scram-sha-1 scram-sha-256", "SCRAM-SHA-256"),
        ("login plain scram-sha-1", "SCRAM-SHA-1"),
        ("login", "LOGIN"),
    ] {
        let dovecot = Dovecot::with_mechanisms(&[(BOB, PASSWORD)], offered)?;
        let postfix = Postfix::start(&["bob"], &dovecot, None)?;
        let submit = |password: &str| {
            let server = format!(
                "submission://bob%40south.test:{password}@localhost:{}",
                postfix.submission
            );
            let args = ["submit", "--server", &server, "--ca", &postfix.ca];
            let args = [&args[..], &["--from", BOB, "--to", BOB, "-"]].concat();
            house::run(CLIENT, &args, TEXT.as_bytes())
        };
        let done = submit(PASSWORD)?;
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{offered}: {said}");
        assert_eq!(postfix.messages("bob", 1)?.len(), 1);
        let log = postfix.log();
        assert!(log.contains(&format!("sasl_method={wanted},")), "{offered}: {log}");
        assert!(!submit("x")?.status.success(), "{offered}");
    }
    Ok(())
}
