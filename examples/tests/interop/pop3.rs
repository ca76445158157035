//! POP3: our client against Dovecot; curl, mutt and Python's poplib against our server.

use crate::support::{
    Result,
    dovecot::Dovecot,
    folder::Folder,
    maildrop::{BOB, Maildrop, PASSWORD, fetch, fetched, message, stored, summary},
    program::run,
    suite::{ROOT, Suite},
};
use std::fs;

const SERVER: &str = env!("CARGO_BIN_EXE_mailrail-server");
const CLIENT: &str = env!("CARGO_BIN_EXE_mailrail-client");

pub(crate) fn add(suite: &mut Suite) {
    suite.test("pop3::client_and_dovecot", &["dovecot", ROOT], dovecot);
    suite.test("pop3::curl_and_server", &["curl"], curl);
    suite.test("pop3::python_and_server", &["python3"], python);
    suite.test("pop3::mutt_and_server", &["mutt", "script"], mutt);
}

fn messages() -> Vec<Vec<u8>> {
    vec![message("one", 0), message("large", 3 << 20), message("two", 5_000)]
}

fn dovecot() -> Result {
    let dovecot = Dovecot::start(&[(BOB, PASSWORD)])?;
    let messages = messages();
    // With both kinds of line ends, as files have them.
    for (n, message) in messages.iter().enumerate() {
        let message = if n == 0 { message.clone() } else { stored(message) };
        dovecot.deliver(BOB, &message)?;
    }
    let url = |scheme: &str, port: u16| {
        format!("{scheme}://bob%40south.test:{PASSWORD}@localhost:{port}")
    };
    let (pop3, pop3s) = (url("pop3", dovecot.pop3), url("pop3s", dovecot.pop3s));
    let folder = Folder::new("from-dovecot")?;
    let get = |url: &str, args: &[&str]| {
        let args = [&["--ca", &dovecot.ca][..], args].concat();
        summary(&fetch(CLIENT, url, &folder, &args)?)
            .map_err(|error| format!("{error}\n{}", dovecot.log()))
            .map_err(Into::into)
    };
    let check = |summary: Result<String>, wanted: &str, left: usize| -> Result {
        assert_eq!(summary?, format!("{wanted} deleted on the server"));
        assert_eq!(dovecot.count(BOB)?, left);
        Ok(())
    };
    check(get(&pop3, &["--keep"]), "3 fetched, 0 fetched before, 0", 3)?;
    let mut wanted: Vec<_> = messages.iter().map(|message| stored(message)).collect();
    wanted.sort();
    assert!(fetched(&folder)? == wanted);
    check(get(&format!("{pop3}?tls=none"), &["--keep"]), "0 fetched, 3 fetched before, 0", 3)?;
    dovecot.deliver(BOB, &stored(&message("three", 0)))?;
    check(get(&pop3s, &[]), "1 fetched, 3 fetched before, 4", 0)?;
    check(get(&pop3s, &[]), "0 fetched, 0 fetched before, 0", 0)?;
    assert_eq!(fetched(&folder)?.len(), 4);

    let refused = fetch(CLIENT, &pop3s.replace(PASSWORD, "x"), &folder, &["--ca", &dovecot.ca])?;
    let said = String::from_utf8(refused.stderr)?;
    assert!(refused.status.code() == Some(1) && said.starts_with("login: -ERR [AUTH]"), "{said}");
    Ok(())
}

fn curl() -> Result {
    let messages = messages();
    let maildrop = Maildrop::start(SERVER, &messages, &[])?;
    let user = format!("{BOB}:{PASSWORD}");
    let options = ["-sS", "--ssl-reqd", "--cacert", &maildrop.ca];
    let curl = |user: &str, url: &str, args: &[&str]| {
        run("curl", &[&options[..], args, &["-u", user, url]].concat()).map(|done| done.stdout)
    };
    for service in ["pop3", "pop3s"] {
        let url = format!("{service}://localhost:{}/", maildrop.port(service)?);
        for (message, n) in messages.iter().zip(1..) {
            for args in [&[][..], &["--login-options", "AUTH=PLAIN"]] {
                let got = curl(&user, &format!("{url}{n}"), args)?;
                assert!(got == *message, "{service}: {n}: {} octets", got.len());
            }
        }
        let list = String::from_utf8(curl(&user, &url, &[])?)?;
        assert_eq!(list.lines().count(), 3, "{list}");
        assert!(list.starts_with(&format!("1 {}", messages[0].len())), "{list}");
        let ids = String::from_utf8(curl(&user, &url, &["-X", "UIDL"])?)?;
        assert_eq!(ids.lines().count(), 3, "{ids}");
        let top = curl(&user, &url, &["-X", "TOP 2 1"])?;
        assert_eq!(String::from_utf8(top)?, "Subject: large\r\n\r\n.\r\n");
        assert!(curl(&format!("{BOB}:x"), &url, &[]).is_err());
        assert!(curl(&user, &format!("{url}9"), &[]).is_err());
    }
    let url = format!("pop3s://localhost:{}/2", maildrop.port("pop3s")?);
    curl(&user, &url, &["-I", "-X", "DELE"])?;
    assert_eq!(maildrop.count()?, 2);
    Ok(())
}

const POPLIB: &str = "
import poplib, ssl, sys
pop3, pop3s, ca, user, password, folder = sys.argv[1:]
context = ssl.create_default_context(cafile=ca)
plain = poplib.POP3('localhost', int(pop3), timeout=30)
assert 'STLS' in plain.capa() and 'USER' not in plain.capa()
assert plain.capa()['UTF8'] == ['USER'] and 'LANG' in plain.capa()
assert plain.capa()['EXPIRE'] == ['NEVER'] and 'LOGIN-DELAY' not in plain.capa()
try:
    plain.user(user)
    raise SystemExit('a name without TLS')
except poplib.error_proto:
    pass
plain.stls(context)
assert 'STLS' not in plain.capa()
for pop in plain, poplib.POP3_SSL('localhost', int(pop3s), context=context, timeout=30):
    assert pop.utf8().startswith(b'+OK')
    assert pop._longcmd('LANG')[1] == [b'en English', b'i-default English']
    assert pop._shortcmd('LANG i-default').startswith(b'+OK i-default ')
    assert pop._shortcmd('LANG *').startswith(b'+OK en ')
    pop.user(user)
    pop.pass_(password)
    count, size = pop.stat()
    lines = pop.list()[1]
    assert count == len(lines) and size == sum(int(line.split()[1]) for line in lines)
    assert len(set(line.split()[1] for line in pop.uidl()[1])) == count
    for n in range(1, count + 1):
        text = b''.join(line + b'\\r\\n' for line in pop.retr(n)[1])
        assert text == open(f'{folder}/{n}', 'rb').read(), n
        assert int(pop.list(n).split()[2]) == len(text)
        assert pop.top(n, 0)[1] == text.split(b'\\r\\n')[:2]
    pop.noop()
    pop.dele(1)
    pop.rset()
    assert pop.stat() == (count, size)
    pop.quit()
pop = poplib.POP3_SSL('localhost', int(pop3s), context=context, timeout=30)
pop.user(user)
pop.pass_(password)
pop.dele(1)
pop.dele(3)
pop.quit()
";

fn python() -> Result {
    let messages = messages();
    let maildrop = Maildrop::start(SERVER, &messages, &[])?;
    let folder = Folder::new("python")?;
    for (message, n) in messages.iter().zip(1..) {
        fs::write(folder.join(&format!("{n}")), message)?;
    }
    let (pop3, pop3s) = (maildrop.port("pop3")?.to_string(), maildrop.port("pop3s")?.to_string());
    let folder = folder.path().display().to_string();
    let args = ["-c", POPLIB, &pop3, &pop3s, &maildrop.ca, BOB, PASSWORD, &folder];
    run("python3", &args)?;
    assert_eq!(maildrop.count()?, 1);
    Ok(())
}

/// mutt wants a terminal: `script` is one. It saves what it finds, which deletes it, and quits.
fn mutt() -> Result {
    for service in ["pop3", "pop3s"] {
        let messages = messages();
        let maildrop = Maildrop::start(SERVER, &messages, &[])?;
        let folder = Folder::new("mutt")?;
        let scheme = service.replace('3', "");
        let (port, out) = (maildrop.port(service)?, folder.join("out"));
        let rc = format!(
            "set ssl_starttls=yes ssl_force_tls=yes ssl_ca_certificates_file={ca}
set certificate_file={ca} header_cache='' message_cachedir='' confirmcreate=no confirmappend=no
set pop_user={BOB} pop_pass={PASSWORD} pop_authenticators='plain:user' pop_checkinterval=1
set mbox_type=Maildir delete=yes quit=yes move=no wait_key=no pop_delete=yes read_inc=0
push '<tag-pattern>~A<enter><tag-prefix><save-message><kill-line>{out}<enter><quit>'
",
            ca = maildrop.ca
        );
        let rc = folder.write("muttrc", &rc)?;
        let mutt = format!("TERM=xterm mutt -n -F {rc} -f {scheme}://{BOB}@localhost:{port}/");
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
