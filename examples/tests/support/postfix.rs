//! A Postfix of one's own: it takes mail for `south.test` on one port, and submission with AUTH over
//! STARTTLS on another.

use super::{
    Result,
    dovecot::Dovecot,
    folder::Folder,
    program::{PATIENCE, free_port, run, wait_for_ports},
};
use mailrail_examples::tls::SelfSigned;
use std::{
    fs, thread,
    time::{Duration, Instant},
};

/// Who the mail belongs to.
const NOBODY: &str = "65534";

pub(crate) struct Postfix {
    folder: Folder,
    /// Takes mail for `south.test` from anybody.
    pub(crate) smtp: u16,
    /// Takes mail for anywhere, after AUTH, which needs STARTTLS.
    pub(crate) submission: u16,
    /// The file of the certificate, to trust it; its name is `localhost`.
    pub(crate) ca: String,
}

impl Postfix {
    /// Starts one that keeps the mail of these local parts at `south.test`, and refuses others.
    /// Passwords are those of `dovecot`. Mail for elsewhere goes to `relay`, a port of 127.0.0.1,
    /// where there is one.
    pub(crate) fn start(users: &[&str], dovecot: &Dovecot, relay: Option<u16>) -> Result<Self> {
        let mut last = Err("not tried".into());
        // A port that was free may be taken a moment later.
        for _ in 0..3 {
            last = Self::try_start(users, dovecot.auth, relay);
            if last.is_ok() {
                break;
            }
        }
        last
    }

    fn try_start(users: &[&str], auth: u16, relay: Option<u16>) -> Result<Self> {
        let folder = Folder::new("postfix")?;
        let tls = SelfSigned::new(["localhost", "127.0.0.1"])?;
        let ca = folder.write("cert.pem", &tls.certificate)?;
        let key = folder.write("key.pem", &tls.key)?;
        let root = folder.path().display().to_string();
        for name in ["spool", "data", "mail"] {
            fs::create_dir(folder.join(name))?;
        }
        run("chown", &["postfix", &folder.join("data")])?;
        run("chown", &[NOBODY, &folder.join("mail")])?;
        let users: String =
            users.iter().map(|user| format!("{user}@south.test {user}/\n")).collect();
        folder.write("etc/users", &users)?;
        let relayhost = relay.map(|port| format!("[127.0.0.1]:{port}")).unwrap_or_default();
        folder.write(
            "etc/main.cf",
            &format!(
                "compatibility_level = 3.6
queue_directory = {root}/spool
data_directory = {root}/data
maillog_file = {root}/log
maillog_file_prefixes = {root}
myhostname = mx.south.test
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks =
alias_maps =
alias_database =
local_recipient_maps =
relayhost = {relayhost}
virtual_mailbox_domains = south.test
virtual_mailbox_base = {root}/mail
virtual_mailbox_maps = texthash:{root}/etc/users
virtual_uid_maps = static:{NOBODY}
virtual_gid_maps = static:{NOBODY}
smtpd_tls_security_level = may
smtpd_tls_cert_file = {ca}
smtpd_tls_key_file = {key}
smtp_tls_security_level = may
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:{auth}
smtpd_authorized_xclient_hosts = 127.0.0.1
smtpd_authorized_xforward_hosts = 127.0.0.1
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
smtpd_recipient_restrictions =
"
            ),
        )?;
        let (smtp, submission) = (free_port()?, free_port()?);
        folder.write(
            "etc/master.cf",
            &format!(
                "127.0.0.1:{smtp} inet n - n - - smtpd
127.0.0.1:{submission} inet n - n - - smtpd
  -o smtpd_sasl_auth_enable=yes -o smtpd_tls_security_level=encrypt -o smtpd_tls_auth_only=yes
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
local unix - n n - - local
virtual unix - n n - - virtual
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"
            ),
        )?;
        let postfix = Self { folder, smtp, submission, ca };
        postfix
            .control("start")
            .and_then(|()| wait_for_ports(&[smtp, submission], || Ok(())))
            .map_err(|error| format!("{error}\n{}", postfix.log()))?;
        Ok(postfix)
    }

    fn control(&self, what: &str) -> Result {
        run("postfix", &["-c", &self.folder.join("etc"), what]).map(drop)
    }

    /// What a user has got so far, waiting for `count` messages.
    pub(crate) fn messages(&self, user: &str, count: usize) -> Result<Vec<Vec<u8>>> {
        let new = self.folder.path().join("mail").join(user).join("new");
        let start = Instant::now();
        loop {
            let files: Vec<_> = fs::read_dir(&new)
                .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
                .unwrap_or_default();
            if files.len() >= count {
                return Ok(files.iter().map(fs::read).collect::<std::io::Result<_>>()?);
            }
            if start.elapsed() > PATIENCE {
                let log = self.log();
                return Err(format!("{} messages of {count}\n{log}", files.len()).into());
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    pub(crate) fn log(&self) -> String {
        self.folder.read("log").unwrap_or_default()
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        let _ = self.control("stop");
    }
}
