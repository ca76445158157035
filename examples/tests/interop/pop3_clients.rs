//! POP3: programs that fetch mail, against our server; and our client against Courier.

use crate::support::{
    Result,
    courier::{COURIER, Courier},
    dovecot::Dovecot,
    folder::Folder,
    maildrop::{BOB, Maildrop, PASSWORD, fetch, fetched, message, stored, summary},
    program::run,
    suite::{ROOT, Suite},
};
use std::fs;

const SERVER: &str = env!("CARGO_BIN_EXE_mailrail-server");
const CLIENT: &str = env!("CARGO_BIN_EXE_mailrail-client");
/// Where `.ci/run` puts it.
const NODE_POP3: &str = "/usr/local/lib/mailrail-peers/node-pop3/node_modules/node-pop3";

pub(crate) fn add(suite: &mut Suite) {
    let needs = [COURIER, "unshare", "makeuserdb", "couriertcpd", "openssl", ROOT];
    suite.test("pop3::client_and_courier", &needs, courier);
    suite.test("pop3::apop_and_server", &["curl", "python3", "mpop"], apop_server);
    suite.test("pop3::apop_and_dovecot", &["dovecot", ROOT], apop_dovecot);
    suite.test("pop3::mpop_and_server", &["mpop"], mpop);
    suite.test("pop3::fetchmail_and_server", &["fetchmail"], fetchmail);
    suite.test("pop3::getmail_and_server", &["getmail"], getmail);
    let node_pop3 = format!("{NODE_POP3}/package.json");
    suite.test("pop3::node_pop3_and_server", &["node", &node_pop3], node);
}

fn messages() -> Vec<Vec<u8>> {
    vec![message("one", 0), message("large", 1 << 20), message("two", 5_000)]
}

fn courier() -> Result {
    let courier = Courier::start(BOB, PASSWORD)?;
    let mut wanted: Vec<_> = messages().iter().map(|message| stored(message)).collect();
    for message in &wanted {
        courier.deliver(message)?;
    }
    let folder = Folder::new("from-courier")?;
    let url = format!("pop3://bob%40south.test:{PASSWORD}@localhost:{}", courier.pop3);
    let get = |url: &str, args: &[&str]| -> Result<String> {
        let args = [&["--ca", &courier.ca][..], args].concat();
        summary(&fetch(CLIENT, url, &folder, &args)?)
            .map_err(|error| format!("{error}\n{}", courier.log()).into())
    };
    let said = get(&url, &["--keep"])?;
    assert_eq!(said, "3 fetched, 0 fetched before, 0 deleted on the server");
    wanted.sort();
    assert!(fetched(&folder)? == wanted);
    let late = stored(&message("three", 0));
    courier.deliver(&late)?;
    let said = get(&format!("{url}?tls=none"), &["--keep"])?;
    assert_eq!(said, "1 fetched, 3 fetched before, 0 deleted on the server");
    assert_eq!(courier.count()?, 4);
    assert_eq!(get(&url, &[])?, "0 fetched, 4 fetched before, 4 deleted on the server");
    assert_eq!((courier.count()?, fetched(&folder)?.len()), (0, 4));
    assert_eq!(get(&url, &[])?, "0 fetched, 0 fetched before, 0 deleted on the server");
    let refused = fetch(CLIENT, &url.replace(PASSWORD, "x"), &folder, &["--ca", &courier.ca])?;
    let said = String::from_utf8(refused.stderr)?;
    assert!(refused.status.code() == Some(1) && said.starts_with("login: -ERR"), "{said}");
    Ok(())
}

const POPLIB: &str = "
import poplib, sys
port, user, password = sys.argv[1:]
for secret in password, 'wrong':
    pop = poplib.POP3('localhost', int(port), timeout=30)
    try:
        pop.apop(user, secret)
        assert secret == password and pop.stat()[0] == 3
        pop.dele(2)
        pop.quit()
    except poplib.error_proto as error:
        assert secret == 'wrong' and b'[AUTH]' in error.args[0], error
";

/// Without TLS: the password is not shown.
fn apop_server() -> Result {
    let maildrop = Maildrop::start(SERVER, &messages(), &["--allow-cram-md5"])?;
    let port = maildrop.port("pop3")?;
    let (user, url) = (format!("{BOB}:{PASSWORD}"), format!("pop3://localhost:{port}/1"));
    let args = ["-sS", "--login-options", "AUTH=+APOP", "-u", &user, &url];
    let got = run("curl", &args)?.stdout;
    assert!(messages().first().is_some_and(|wanted| *wanted == got), "{}", got.len());
    let folder = Folder::new("apop")?;
    let root = folder.path().display();
    let rc = format!(
        "account a\nhost localhost\nport {port}\nuser {BOB}\npassword {PASSWORD}\ntls off
auth apop\nuidls_file {root}/uidls\nkeep on\nreceived_header off
delivery mda \"cat >> {root}/mail\"\n"
    );
    run("mpop", &["-C", &secret(&folder, "rc", &rc)?, "a"])?;
    assert!(bodies_are_in(&fs::read(folder.join("mail"))?));
    run("python3", &["-c", POPLIB, &port.to_string(), BOB, PASSWORD])?;
    assert_eq!(maildrop.count()?, 2);
    Ok(())
}

/// A server that has nothing else.
fn apop_dovecot() -> Result {
    let dovecot = Dovecot::with_mechanisms(&[(BOB, PASSWORD)], "apop")?;
    dovecot.deliver(BOB, &stored(&message("one", 0)))?;
    let folder = Folder::new("apop-dovecot")?;
    let url = format!("pop3://bob%40south.test:{PASSWORD}@localhost:{}?tls=none", dovecot.pop3);
    let output = fetch(CLIENT, &url, &folder, &["--transcript"])?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains(&format!("C: APOP {BOB} ***")), "{said}\n{}", dovecot.log());
    assert_eq!(summary(&output)?, "1 fetched, 0 fetched before, 1 deleted on the server");
    assert_eq!(fetched(&folder)?, [stored(&message("one", 0))]);
    let refused = fetch(CLIENT, &url.replace(PASSWORD, "x"), &folder, &[])?;
    assert!(String::from_utf8(refused.stderr)?.starts_with("login: -ERR [AUTH]"));
    Ok(())
}

/// A file that a program wants to be its user's alone.
fn secret(folder: &Folder, name: &str, text: &str) -> Result<String> {
    let path = folder.write(name, text)?;
    run("chmod", &["600", &path])?;
    Ok(path)
}

/// All that the messages hold, as the programs write them one after the other to a file.
fn bodies_are_in(file: &[u8]) -> bool {
    messages().iter().all(|message| {
        let message = stored(message);
        file.windows(message.len()).any(|part| part == message)
    })
}

fn mpop() -> Result {
    let maildrop = Maildrop::start(SERVER, &messages(), &[])?;
    let folder = Folder::new("mpop")?;
    for (service, keep, starttls) in [("pop3", "on", "on"), ("pop3s", "off", "off")] {
        let (port, ca, root) = (maildrop.port(service)?, &maildrop.ca, folder.path().display());
        let rc = format!(
            "account a\nhost localhost\nport {port}\nuser {BOB}\npassword {PASSWORD}
tls on\ntls_starttls {starttls}\ntls_trust_file {ca}\nuidls_file {root}/{service}.uidls
keep {keep}\nreceived_header off\ndelivery mda \"cat >> {root}/{service}.mail\"\n"
        );
        let rc = secret(&folder, &format!("{service}.rc"), &rc)?;
        let args = ["-C", &rc, "a"];
        run("mpop", &args)?;
        assert!(bodies_are_in(&fs::read(folder.join(&format!("{service}.mail")))?), "{service}");
        let said = run("mpop", &args)?.stdout;
        assert!(String::from_utf8(said)?.contains("no messages"), "{service}");
    }
    assert_eq!(maildrop.count()?, 0);
    Ok(())
}

fn fetchmail() -> Result {
    let maildrop = Maildrop::start(SERVER, &messages(), &[])?;
    let folder = Folder::new("fetchmail")?;
    for (service, keep, tls) in [("pop3", "keep", "sslproto TLS1.2+"), ("pop3s", "nokeep", "ssl")] {
        let (port, ca, root) = (maildrop.port(service)?, &maildrop.ca, folder.path().display());
        let rc = format!(
            "poll localhost service {port} protocol pop3 uidl
user \"{BOB}\" password \"{PASSWORD}\" {keep} {tls} sslcertck sslcertfile \"{ca}\"
no rewrite mda \"cat >> {root}/{service}.mail\"\n"
        );
        let rc = secret(&folder, &format!("{service}.rc"), &rc)?;
        let (ids, home) = (folder.join(&format!("{service}.ids")), format!("FETCHMAILHOME={root}"));
        let poll = [&home, "fetchmail", "--nosyslog", "--invisible", "-f", &rc, "-i", &ids];
        run("env", &poll)?;
        let mail = fs::read(folder.join(&format!("{service}.mail")))?;
        // It marks with a field which message is which, between header and body.
        for message in messages() {
            let body = stored(&message);
            let body = body.get(body.windows(2).position(|two| two == b"\n\n").unwrap_or(0)..);
            let body = body.unwrap_or_default();
            assert!(mail.windows(body.len()).any(|part| part == body), "{service}");
        }
        // Nothing new is its exit status 1.
        let again = run("env", &poll).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(again.contains("exit status: 1"), "{service}: {again}");
        assert_eq!(fs::read(folder.join(&format!("{service}.mail")))?.len(), mail.len());
    }
    assert_eq!(maildrop.count()?, 0);
    Ok(())
}

/// It knows no STLS.
fn getmail() -> Result {
    let maildrop = Maildrop::start(SERVER, &messages(), &[])?;
    let folder = Folder::new("getmail")?;
    let (port, ca, root) = (maildrop.port("pop3s")?, &maildrop.ca, folder.path().display());
    let all: usize = messages().iter().map(|message| stored(message).len()).sum();
    for delete in ["false", "true"] {
        let rc = format!(
            "[retriever]\ntype = SimplePOP3SSLRetriever\nserver = localhost\nport = {port}
username = {BOB}\npassword = {PASSWORD}\nca_certs = {ca}
[destination]\ntype = MDA_external\npath = /bin/sh
arguments = (\"-c\", \"cat >> {root}/mail\")\nallow_root_commands = true
[options]\ndelete = {delete}\nread_all = false\ndelivered_to = false\nreceived = false\n"
        );
        secret(&folder, "getmailrc", &rc)?;
        run("getmail", &[&format!("--getmaildir={root}"), "--quiet"])?;
        // What was fetched before is deleted the second time, and not fetched again.
        let mail = fs::read(folder.join("mail"))?;
        assert!(bodies_are_in(&mail) && mail.len() < all + 1_000, "{} {all}", mail.len());
    }
    assert_eq!(maildrop.count()?, 0);
    Ok(())
}

/// It gives messages as they come, with the dots stuffed.
const NODE: &str = "
const Pop3 = require(process.argv[1]).default ?? require(process.argv[1]);
const [, , port, ca, user, password, folder] = process.argv;
const fs = require('fs');
const session = () => new Pop3({
  user, password, host: 'localhost', port: Number(port), tls: true, timeout: 30000,
  tlsOptions: { ca: fs.readFileSync(ca) },
});
const check = (is, what) => { if (!is) throw new Error(what); };
(async () => {
  let pop = session();
  const list = await pop.LIST(), ids = await pop.UIDL();
  check(list.length === 3 && new Set(ids.map(([, id]) => id)).size === 3, 'listings');
  check((await pop.STAT()).startsWith('3 '), 'STAT');
  for (const [n, size] of list) {
    const wanted = fs.readFileSync(`${folder}/${n}`, 'utf8');
    check(Number(size) === fs.statSync(`${folder}/${n}`).size, `size ${n}`);
    const got = (await pop.RETR(Number(n))).replace(/(^|\\r\\n)\\./g, '$1');
    check(got === wanted || `${got}\\r\\n` === wanted, `message ${n}`);
    check((await pop.TOP(Number(n), 0)).startsWith('Subject: '), `TOP ${n}`);
  }
  await pop.command('NOOP');
  await pop.command('DELE', 1);
  await pop.command('RSET');
  await pop.command('DELE', 2);
  await pop.QUIT();
  pop = session();
  check((await pop.UIDL()).length === 2, 'deleted');
  check(await pop.RETR(9).then(() => false, () => true), 'RETR 9');
  await pop.QUIT();
})().catch((error) => { console.error(error); process.exit(1); });
";

fn node() -> Result {
    // ASCII: it takes messages for UTF-8.
    let messages: Vec<_> = ["one", "two", "three"]
        .map(|name| {
            format!("Subject: {name}\r\n\r\n.\r\n..\r\n.dot\r\n{}", "line\r\n".repeat(3_000))
        })
        .map(String::into_bytes)
        .into();
    let maildrop = Maildrop::start(SERVER, &messages, &[])?;
    let folder = Folder::new("node")?;
    for (message, n) in messages.iter().zip(1..) {
        fs::write(folder.join(&format!("{n}")), message)?;
    }
    let port = maildrop.port("pop3s")?.to_string();
    let folder = folder.path().display().to_string();
    run("node", &["-e", NODE, NODE_POP3, &port, &maildrop.ca, BOB, PASSWORD, &folder])?;
    assert_eq!(maildrop.count()?, 2);
    Ok(())
}
