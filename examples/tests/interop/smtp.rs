//! SMTP: curl, swaks, Python's smtplib, mutt, msmtp, nodemailer and Postfix's smtp-source against our
//! server.

use crate::support::{
    Result,
    folder::Folder,
    house::{House, PASSWORD},
    maildrop::message,
    program::{find, run},
    suite::{SWAKS_TLS, Suite},
};
use std::{collections::HashSet, fs};

const SERVER: &str = env!("CARGO_BIN_EXE_mailrail-server");
const ALICE: &str = "alice@south.test";
const BOB: &str = "bob@south.test";
const CAROL: &str = "carol@south.test";
const NOBODY: &str = "nobody@south.test";
const FAR: &str = "far@north.test";
const NODEMAILER: &str = "/usr/local/lib/mailrail-peers/nodemailer/node_modules/nodemailer";

pub(crate) fn add(suite: &mut Suite) {
    suite.test("smtp::curl_and_server", &["curl"], curl);
    suite.test("smtp::swaks_and_server", &["swaks", SWAKS_TLS], swaks);
    suite.test("smtp::python_and_server", &["python3"], python);
    suite.test("smtp::mutt_and_server", &["mutt", "timeout"], mutt);
    suite.test("smtp::smtp_source_and_server", &["smtp-source", "timeout"], smtp_source);
    let needs = ["smtp-source", "timeout"];
    suite.test("smtp::smtp_source_and_lmtp_server", &needs, smtp_source_lmtp);
    suite.test("smtp::msmtp_and_server", &["msmtp", "timeout"], msmtp);
    let package = format!("{NODEMAILER}/package.json");
    suite.test("smtp::nodemailer_and_server", &["node", &package], node);
}

/// A server with accounts, and the file to trust it by.
fn house() -> Result<(House, String)> {
    let mut listen = Vec::new();
    for service in ["--smtp", "--submission", "--submissions", "--lmtp"] {
        listen.extend([service, "127.0.0.1:0"]);
    }
    let mut house = House::new(SERVER, "south.test", &[ALICE, BOB, CAROL], &listen)?;
    let ca = house.certify()?;
    Ok((house.started()?, ca))
}

/// A stored message without the trace fields that our server put in front of it.
fn without_trace(stored: &str) -> Result<&str> {
    let mut rest = stored;
    for name in ["Return-Path: ", "Received: "] {
        rest = rest.strip_prefix(name).ok_or_else(|| format!("no {name}at {rest:.200}"))?;
        loop {
            rest = rest.split_once("\r\n").ok_or("the header does not end")?.1;
            if !rest.starts_with([' ', '\t']) {
                break;
            }
        }
    }
    Ok(rest)
}

/// What an account has got, without trace fields.
fn arrived(house: &mut House, account: &str) -> Result<Vec<Vec<u8>>> {
    let bytes = |text: &str| text.chars().map(u8::try_from).collect::<std::result::Result<_, _>>();
    house.inbox(account)?.iter().map(|stored| Ok(bytes(without_trace(stored)?)?)).collect()
}

/// That the run failed, and said so.
fn refused<T>(done: Result<T>, said: &str) -> Result {
    match done {
        Ok(_) => Err(format!("it was done, without {said}").into()),
        Err(error) if error.to_string().contains(said) => Ok(()),
        Err(error) => Err(format!("no {said} in: {error}").into()),
    }
}

fn curl() -> Result {
    let (mut house, ca) = house()?;
    let folder = Folder::new("curl-smtp")?;
    let messages = [message("one", 0), message("large", 3 << 20)];
    let tls = ["-sS", "--ssl-reqd", "--cacert", &ca];
    for (scheme, service) in [("smtp", "submission"), ("smtps", "submissions")] {
        let url = format!("{scheme}://localhost:{}", house.addr(service)?.port());
        let curl = |options: &[&str], password: &str, to: &[&str], file: &str| {
            let user = format!("{ALICE}:{password}");
            let to: Vec<_> = to.iter().flat_map(|to| ["--mail-rcpt", to]).collect();
            let mail = ["-u", &user, "--mail-from", ALICE, "-T", file, "-m", "60", &url];
            run("curl", &[options, &to, &mail].concat())
        };
        let file = folder.join("message");
        for message in &messages {
            fs::write(&file, message)?;
            curl(&tls, PASSWORD, &[BOB, CAROL], &file)?;
        }
        // curl tells the code that it was answered, or that it was not let in.
        refused(curl(&tls, "x", &[BOB], &file), "(67)")?;
        refused(curl(&tls, PASSWORD, &[BOB, NOBODY], &file), "550")?;
        if scheme == "smtp" {
            // Without TLS nobody can log in.
            refused(curl(&["-sS"], PASSWORD, &[BOB], &file), "530")?;
        }
        refused(curl(&["-sS", "--ssl-reqd"], PASSWORD, &[BOB], &file), "(60)")?;
    }
    for account in [BOB, CAROL] {
        let arrived = arrived(&mut house, account)?;
        assert!(arrived == [&messages[..], &messages].concat(), "{} messages", arrived.len());
    }
    Ok(())
}

fn swaks() -> Result {
    let (mut house, ca) = house()?;
    let folder = Folder::new("swaks-smtp")?;
    // What swaks takes as a text with lines; it ends them, and hides their dots.
    let text = "From: alice@south.test\nSubject: one\n\n.\n..\n.dot\ngr\u{fc}\u{df}\nend\n";
    let data = format!("@{}", folder.write("message", text)?);
    let swaks = |service: &str, to: &str, args: &[&str]| {
        let port = house.addr(service)?.port().to_string();
        let mail = ["-n", "--server", "localhost", "--port", &port, "--from", ALICE, "--to", to];
        run("swaks", &[&mail[..], &["--timeout", "60", "--data", &data], args].concat())
    };
    let login = |password| ["--auth", "PLAIN", "--auth-user", ALICE, "--auth-password", password];
    let (login, wrong) = (login(PASSWORD), login("x"));
    let verify = ["--tls-verify", "--tls-ca-path", &ca];
    let starttls = [&["--tls"], &verify[..]].concat();
    let implicit = [&["--tls-on-connect"], &verify[..]].concat();
    for (service, tls) in [("submission", starttls), ("submissions", implicit)] {
        swaks(service, BOB, &[&tls[..], &login].concat())?;
        // Its exit status says which command it was.
        refused(swaks(service, BOB, &[&tls[..], &wrong].concat()), "<~* 535 5.7.8")?;
        refused(swaks(service, NOBODY, &[&tls[..], &login].concat()), "<~* 550 5.1.1")?;
        refused(swaks(service, BOB, &tls), "<~* 530 5.7.0")?;
    }
    refused(swaks("submission", BOB, &login), "did not advertise authentication")?;
    refused(swaks("submission", BOB, &[]), "<** 530 5.7.0")?;
    swaks("smtp", BOB, &[])?;
    swaks("smtp", BOB, &["--tls"])?;
    swaks("smtp", BOB, &["--pipeline"])?;
    swaks("smtp", BOB, &["--protocol", "SMTP"])?;
    refused(swaks("smtp", NOBODY, &[]), "<** 550 5.1.1")?;
    refused(swaks("smtp", FAR, &[]), "<** 550 5.7.1")?;
    let arrived = arrived(&mut house, BOB)?;
    assert_eq!(arrived.len(), 6);
    for message in arrived {
        assert_eq!(String::from_utf8(message)?.trim_end(), text.replace('\n', "\r\n").trim_end());
    }
    Ok(())
}

const SMTPLIB: &str = r"
import smtplib, ssl, sys
smtp, submission, submissions, ca, user, password, file = sys.argv[1:]
context = ssl.create_default_context(cafile=ca)
text = open(file, 'rb').read()
bob, carol, nobody, far = 'bob@south.test', 'carol@south.test', 'nobody@south.test', 'far@north.test'
def fails(wanted, work, *args):
    try:
        work(*args)
    except wanted as error:
        return error
    raise SystemExit(f'{args}: done')
s = smtplib.SMTP('localhost', int(submission), timeout=60)
s.ehlo()
assert s.has_extn('starttls') and not s.has_extn('auth')
assert fails(smtplib.SMTPSenderRefused, s.sendmail, user, [bob], text).smtp_code == 530
s.starttls(context=context)
s.ehlo()
assert s.has_extn('auth') and not s.has_extn('starttls')
for name in 'size', '8bitmime', 'pipelining', 'enhancedstatuscodes':
    assert s.has_extn(name), name
for s in s, smtplib.SMTP_SSL('localhost', int(submissions), context=context, timeout=60):
    assert fails(smtplib.SMTPAuthenticationError, s.login, user, 'x').smtp_code == 535
    s.login(user, password)
    assert s.sendmail(user, [bob, carol], text, ['BODY=8BITMIME']) == {}
    some = s.sendmail(user, [bob, nobody, carol], text, ['BODY=8BITMIME'])
    assert list(some) == [nobody] and some[nobody][0] == 550, some
    assert some[nobody][1].startswith(b'5.1.1 '), some
    none = fails(smtplib.SMTPRecipientsRefused, s.sendmail, user, [nobody], text)
    assert list(none.recipients) == [nobody] and none.recipients[nobody][0] == 550
    assert fails(smtplib.SMTPSenderRefused, s.sendmail, 'not an address', [bob], text).smtp_code
    assert s.noop()[0] == 250
    assert s.docmd('WHAT')[0] == 500
    # Lost before its end: nobody gets it.
    s.mail(user)
    s.rcpt(bob)
    s.rset()
    assert s.docmd('RCPT', f'TO:<{bob}>')[0] == 503
    s.quit()
with smtplib.SMTP('localhost', int(smtp), timeout=60) as s:
    assert s.sendmail('far@north.test', [bob], text) == {}
    refused = fails(smtplib.SMTPRecipientsRefused, s.sendmail, user, [nobody, far], text)
    assert refused.recipients[nobody][1].startswith(b'5.1.1 '), refused
    assert refused.recipients[far][1].startswith(b'5.7.1 '), refused
    s.mail(user)
    s.rcpt(bob)
    s.putcmd('DATA')
    assert s.getreply()[0] == 354
    s.send(b'Subject: cut off\r\n\r\nhalf')
    s.close()
";

fn python() -> Result {
    let (mut house, ca) = house()?;
    let folder = Folder::new("smtplib")?;
    let message = message("one", 100_000);
    let file = folder.join("message");
    fs::write(&file, &message)?;
    let port = |service| house.addr(service).map(|addr| addr.port().to_string());
    let (smtp, submission) = (port("smtp")?, port("submission")?);
    let submissions = port("submissions")?;
    let args = ["-c", SMTPLIB, &smtp, &submission, &submissions, &ca, ALICE, PASSWORD, &file];
    run("python3", &args)?;
    for (account, count) in [(BOB, 5), (CAROL, 4)] {
        let arrived = arrived(&mut house, account)?;
        assert_eq!(arrived.len(), count);
        assert!(arrived.iter().all(|arrived| *arrived == message));
    }
    Ok(())
}

fn mutt() -> Result {
    let (mut house, ca) = house()?;
    let folder = Folder::new("mutt-smtp")?;
    let text = ".\n..\n.dot\ngr\u{fc}\u{df} dich \u{e4}\nFrom the start\n\nend\n";
    let body = folder.write("body", text)?;
    for (scheme, service) in [("smtp", "submission"), ("smtps", "submissions")] {
        let port = house.addr(service)?.port();
        let mutt = |password: &str, to: &str| -> Result {
            let rc = format!(
                "set smtp_url=smtp://localhost
set ssl_starttls=yes ssl_force_tls=yes ssl_ca_certificates_file={ca} certificate_file={ca}
set smtp_url={scheme}://alice%40south.test@localhost:{port}/ smtp_pass={password}
set smtp_authenticators=plain from={ALICE} use_envelope_from=yes copy=no record='' hostname=x.test
set charset=utf-8 send_charset=utf-8 allow_8bit=yes encode_from=no sleep_time=0
"
            );
            let rc = folder.write("muttrc", &rc)?;
            let line = format!("mutt -n -F {rc} -s 'From mutt' -c {CAROL} -- {to} < {body}");
            run("timeout", &["60", "sh", "-c", &line]).map(drop)
        };
        mutt(PASSWORD, BOB)?;
        assert!(mutt("x", BOB).is_err());
        refused(mutt(PASSWORD, NOBODY), "550")?;
    }
    for account in [BOB, CAROL] {
        let arrived = arrived(&mut house, account)?;
        assert_eq!(arrived.len(), 2, "{account}");
        for message in arrived {
            let message = String::from_utf8(message)?;
            let (head, body) = message.split_once("\r\n\r\n").ok_or("no body")?;
            assert!(head.contains("Subject: From mutt") && head.contains(": 8bit"), "{head}");
            assert_eq!(body, text.replace('\n', "\r\n"));
        }
    }
    Ok(())
}

/// Ten connections at once bring 500 messages; it fails where one is not acknowledged.
/// Fifty sessions, five thousand messages: all that are acknowledged are stored, each once.
fn smtp_source() -> Result {
    const SESSIONS: usize = 50;
    const MESSAGES: usize = 5_000;
    let (mut house, _) = house()?;
    let addr = house.addr("smtp")?.to_string();
    let (sessions, messages) = (SESSIONS.to_string(), MESSAGES.to_string());
    let load = ["-d", "-s", &sessions, "-m", &messages, "-l", "5000"];
    // It waits for as long as it takes.
    let program = find("smtp-source").ok_or("it is gone")?.display().to_string();
    let args = [&["120", &program], &load[..], &["-f", "a@x.test", "-t", BOB, &addr]];
    run("timeout", &args.concat())?;
    let arrived = arrived(&mut house, BOB)?;
    let id = |message: &Vec<u8>| {
        let text = String::from_utf8_lossy(message).to_ascii_lowercase();
        text.split("\r\n").find(|line| line.starts_with("message-id:")).map(str::to_owned)
    };
    let ids: HashSet<_> = arrived.iter().filter_map(id).collect();
    assert_eq!((arrived.len(), ids.len()), (MESSAGES, MESSAGES));
    let sizes: HashSet<_> = arrived.iter().map(|message| message.len() / 100).collect();
    assert!(sizes.len() <= 2, "{sizes:?}");
    Ok(())
}

/// The same by LMTP.
fn smtp_source_lmtp() -> Result {
    let (mut house, _) = house()?;
    let addr = house.addr("lmtp")?.to_string();
    let program = find("smtp-source").ok_or("it is gone")?.display().to_string();
    let load = ["-L", "-d", "-s", "10", "-m", "200", "-l", "1000", "-f", "a@x.test", "-t", BOB];
    run("timeout", &[&["60", &program], &load[..], &[&addr]].concat())?;
    assert_eq!(arrived(&mut house, BOB)?.len(), 200);
    Ok(())
}

const NODE_MAILER: &str = r"
const [folder, submission, submissions, ca, user, password] = process.argv.slice(1);
const fs = require('fs'), mailer = require(folder);
const bob = 'bob@south.test', carol = 'carol@south.test', nobody = 'nobody@south.test';
const fails = async (code, work) => {
  try { await work(); } catch (error) {
    if (error.responseCode !== code) throw error;
    return;
  }
  throw new Error(`${code}: done`);
};
(async () => {
  for (const [port, secure] of [[submission, false], [submissions, true]]) {
    const way = {
      host: 'localhost', port, secure, requireTLS: !secure, tls: { ca: fs.readFileSync(ca) },
      pool: true, maxConnections: 2, auth: { user, pass: password },
    };
    const transport = mailer.createTransport(way);
    const mail = (n, to, more) => ({
      from: user, to, subject: `number ${n} gr\u00fc\u00df`, text: '.\n..\n.dot\nend\n', ...more,
    });
    const many = Array.from({ length: 20 }, (_, n) => transport.sendMail(mail(n, [bob, carol])));
    for (const sent of await Promise.all(many)) {
      if (sent.accepted.length !== 2) throw new Error(JSON.stringify(sent));
    }
    const some = await transport.sendMail(mail('some', [bob, nobody]));
    if (some.rejected.join() !== nobody) throw new Error(JSON.stringify(some));
    await fails(550, () => transport.sendMail(mail('none', [nobody])));
    const dsn = { id: 'node', return: 'headers', notify: ['success'], recipient: user };
    await transport.sendMail(mail('told', [bob], { dsn }));
    transport.close();
    const wrong = mailer.createTransport({ ...way, pool: false, auth: { user, pass: 'x' } });
    await fails(535, () => wrong.sendMail(mail('wrong', [bob])));
  }
})().catch((error) => { console.error(error); process.exit(1); });
";

fn node() -> Result {
    let (mut house, ca) = house()?;
    let port = |service| house.addr(service).map(|addr| addr.port().to_string());
    let (submission, submissions) = (port("submission")?, port("submissions")?);
    let args = ["-e", NODE_MAILER, NODEMAILER, &submission, &submissions, &ca, ALICE, PASSWORD];
    run("node", &args)?;
    assert_eq!(arrived(&mut house, BOB)?.len(), 44);
    assert_eq!(arrived(&mut house, CAROL)?.len(), 40);
    // The reports that it asked for.
    let reports = house.inbox(ALICE)?;
    let is_told = |report: &String| {
        report.contains("\r\nOriginal-Envelope-Id: node\r\n")
            && report.contains("\r\nAction: delivered\r\n")
    };
    assert_eq!((reports.len(), reports.iter().filter(|it| is_told(it)).count()), (2, 2));
    Ok(())
}

fn msmtp() -> Result {
    let (mut house, ca) = house()?;
    let folder = Folder::new("msmtp")?;
    let text = "From: alice@south.test\nSubject: one\n\n.\n..\n.dot\ngr\u{fc}\u{df}\nend\n";
    let file = folder.write("message", text)?;
    let msmtp = |service: &str, more: &[&str], to: &[&str]| -> Result {
        let port = house.addr(service)?.port();
        let line = format!(
            "msmtp --host=localhost --port={port} --from={ALICE} --timeout=60 {} {} < {file}",
            more.join(" "),
            to.join(" ")
        );
        run("timeout", &["60", "sh", "-c", &line]).map(drop)
    };
    let trust = format!("--tls-trust-file={ca}");
    let user = format!("--user={ALICE}");
    let (right, wrong) =
        (format!("--passwordeval='echo {PASSWORD}'"), "--passwordeval='echo x'".to_owned());
    let starttls = ["--tls=on", &trust, "--auth=on", &user, &right];
    let implicit = ["--tls=on", "--tls-starttls=off", &trust, "--auth=on", &user, &right];
    msmtp("submission", &starttls, &[BOB, CAROL])?;
    msmtp("submissions", &implicit, &[BOB, CAROL])?;
    msmtp("lmtp", &["--protocol=lmtp", "--tls=off", "--auth=off"], &[BOB, CAROL])?;
    let refusal = ["--tls=on", &trust, "--auth=on", &user, &wrong];
    refused(msmtp("submission", &refusal, &[BOB]), "535")?;
    refused(msmtp("submission", &starttls, &[BOB, NOBODY]), "550 5.1.1")?;
    let told = ["--dsn-notify=success", "--dsn-return=headers"];
    msmtp("submission", &[&starttls[..], &told].concat(), &[BOB])?;
    for (account, count) in [(BOB, 4), (CAROL, 3)] {
        let arrived = arrived(&mut house, account)?;
        assert_eq!(arrived.len(), count);
        for message in arrived {
            let message = String::from_utf8(message)?;
            assert!(
                message.ends_with("\r\n.\r\n..\r\n.dot\r\ngr\u{fc}\u{df}\r\nend\r\n"),
                "{message}"
            );
        }
    }
    assert_eq!(house.inbox(ALICE)?.len(), 1);
    Ok(())
}
