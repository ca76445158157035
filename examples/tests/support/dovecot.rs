//! A Dovecot of one's own: POP3, IMAP, LMTP, and SASL for Postfix.

use super::{
    Result,
    folder::Folder,
    program::{find, free_port, run, terminate, wait_for_ports},
};
use mailrail_examples::tls::SelfSigned;
use std::{
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

/// Who the mail belongs to: Dovecot serves no mail as root.
const NOBODY: &str = "65534";

pub(crate) struct Dovecot {
    child: Child,
    folder: Folder,
    pub(crate) imap: u16,
    pub(crate) imaps: u16,
    pub(crate) pop3: u16,
    pub(crate) pop3s: u16,
    pub(crate) lmtp: u16,
    /// None listens there but where it was asked for.
    pub(crate) submission: u16,
    /// Where Postfix asks whether a password is right.
    pub(crate) auth: u16,
    /// The file of the certificate, to trust it; its name is `localhost`.
    pub(crate) ca: String,
}

impl Dovecot {
    /// Starts one with these accounts: address and password.
    pub(crate) fn start(users: &[(&str, &str)]) -> Result<Self> {
        Self::with_mechanisms(users, "plain login")
    }

    /// The same, with those SASL mechanisms.
    pub(crate) fn with_mechanisms(users: &[(&str, &str)], mechanisms: &str) -> Result<Self> {
        Self::try_thrice(users, mechanisms, None)
    }

    /// The same, that takes mail submitted and passes it on to that port.
    pub(crate) fn with_submission(users: &[(&str, &str)], relay: u16) -> Result<Self> {
        Self::try_thrice(users, "plain login", Some(relay))
    }

    fn try_thrice(users: &[(&str, &str)], mechanisms: &str, relay: Option<u16>) -> Result<Self> {
        let mut last = Err("not tried".into());
        // A port that was free may be taken a moment later.
        for _ in 0..3 {
            last = Self::try_start(users, mechanisms, relay);
            if last.is_ok() {
                break;
            }
        }
        last
    }

    fn try_start(users: &[(&str, &str)], mechanisms: &str, relay: Option<u16>) -> Result<Self> {
        let folder = Folder::new("dovecot")?;
        let tls = SelfSigned::new(["localhost", "127.0.0.1"])?;
        let ca = folder.write("cert.pem", &tls.certificate)?;
        let key = folder.write("key.pem", &tls.key)?;
        let users: String =
            users.iter().map(|(name, password)| format!("{name}:{{PLAIN}}{password}\n")).collect();
        let users = folder.write("users", &users)?;
        let mail = folder.join("mail");
        std::fs::create_dir(&mail)?;
        run("chown", &[NOBODY, &mail])?;
        let [imap, imaps, pop3, pop3s, lmtp, submission, auth] = ports()?;
        let mut listening = vec![imap, imaps, pop3, pop3s, lmtp, auth];
        let mut more = String::new();
        if let Some(relay) = relay {
            listening.push(submission);
            more = format!(
                "protocols = imap pop3 lmtp submission
hostname = localhost
submission_relay_host = 127.0.0.1
submission_relay_port = {relay}
service submission-login {{
  inet_listener submission {{
    port = {submission}
  }}
}}
"
            );
        }
        let root = folder.path().display();
        let config = format!(
            "base_dir = {root}/run
state_dir = {root}/state
log_path = {root}/log
protocols = imap pop3 lmtp
listen = 127.0.0.1
ssl = yes
ssl_cert = <{ca}
ssl_key = <{key}
disable_plaintext_auth = no
auth_mechanisms = {mechanisms}
mail_location = maildir:{mail}/%u
first_valid_uid = 1
protocol lmtp {{
  postmaster_address = postmaster@localhost
}}
passdb {{
  driver = passwd-file
  args = {users}
}}
userdb {{
  driver = static
  args = uid={NOBODY} gid={NOBODY} home={mail}/%u
}}
namespace inbox {{
  inbox = yes
  separator = /
}}
service imap-login {{
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service pop3-login {{
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = {pop3s}
    ssl = yes
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    port = {lmtp}
  }}
}}
service auth {{
  inet_listener auth {{
    port = {auth}
  }}
}}
{more}"
        );
        let config = folder.write("dovecot.conf", &config)?;
        let dovecot = find("dovecot").ok_or("dovecot is not installed")?;
        let mut child = Command::new(dovecot)
            .args(["-F", "-c", &config])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()?;
        let ended = || match child.try_wait()? {
            Some(status) => {
                let log = folder.read("log").unwrap_or_default();
                Err(format!("dovecot: {status}\n{log}").into())
            }
            None => Ok(()),
        };
        let up = wait_for_ports(&listening, ended);
        let dovecot = Self { child, folder, imap, imaps, pop3, pop3s, lmtp, submission, auth, ca };
        up.map(|()| dovecot)
    }

    /// Puts a message, as it is, into an account's INBOX.
    pub(crate) fn deliver(&self, user: &str, message: &[u8]) -> Result {
        let name = format!("{}.test", self.count(user)?);
        let new = self.folder.path().join("mail").join(user).join("new");
        std::fs::create_dir_all(&new)?;
        for folder in ["cur", "tmp"] {
            std::fs::create_dir_all(new.with_file_name(folder))?;
        }
        std::fs::write(new.join(name), message)?;
        run("chown", &["-R", NOBODY, &self.folder.join("mail")])?;
        // Dovecot looks for new files where the folder's time, in seconds, has changed.
        thread::sleep(Duration::from_millis(5));
        Ok(())
    }

    /// How many messages are in an account's INBOX.
    pub(crate) fn count(&self, user: &str) -> Result<usize> {
        let mut count = 0;
        for folder in ["new", "cur"] {
            let folder = self.folder.path().join("mail").join(user).join(folder);
            count += std::fs::read_dir(folder).map_or(0, Iterator::count);
        }
        Ok(count)
    }

    pub(crate) fn log(&self) -> String {
        self.folder.read("log").unwrap_or_default()
    }
}

fn ports<const N: usize>() -> Result<[u16; N]> {
    let mut ports = [0; N];
    for at in 0..N {
        // Asked for one after the other, the system could give the same port twice.
        loop {
            let port = free_port()?;
            if !ports.contains(&port) {
                ports[at] = port;
                break;
            }
        }
    }
    Ok(ports)
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        if terminate(&mut self.child).is_err() {
            let _ = self.child.kill();
        }
    }
}
