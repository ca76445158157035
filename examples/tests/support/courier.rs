//! Courier's POP3 server, with a single account, in a world of its own: its paths are compiled in.

use super::{
    Result,
    folder::Folder,
    program::{free_port, run, wait_for_ports},
};
use mailrail_examples::tls::SelfSigned;
use std::process::{Child, Command, Stdio};

/// Where `.ci/run` puts it: Debian's package conflicts with Dovecot's.
const LIB: &str = "/usr/local/lib/mailrail-peers/courier-pop/usr/lib/courier/courier";
/// What must be there for it.
pub(crate) const COURIER: &str =
    "/usr/local/lib/mailrail-peers/courier-pop/usr/lib/courier/courier/courierpop3login";
/// Who the mail belongs to.
const NOBODY: &str = "65534";

/// `$1` folder, `$2` port, `$3` where Courier is.
const SCRIPT: &str = "set -e
mkdir -p /run/courier /etc/courier
mount -t tmpfs tmpfs /run/courier
mkdir /run/courier/authdaemon
mount --bind \"$1/etc\" /etc/courier
makeuserdb
/usr/lib/courier/courier-authlib/authdaemond &
export POP3_STARTTLS=YES COURIERTLS=/usr/bin/couriertls TLS_VERIFYPEER=NONE
export TLS_CERTFILE=\"$1/pem\" POP3AUTH='LOGIN CRAM-MD5' POP3AUTH_TLS='PLAIN LOGIN'
exec couriertcpd -address=127.0.0.1 -nodnslookup -noidentlookup \"$2\" \\
    \"$3/courierpop3login\" \"$3/courierpop3d\" Maildir";

pub(crate) struct Courier {
    child: Child,
    folder: Folder,
    pub(crate) pop3: u16,
    /// The file of the certificate, to trust it; its name is `localhost`.
    pub(crate) ca: String,
}

impl Courier {
    /// Starts one with this account.
    pub(crate) fn start(user: &str, password: &str) -> Result<Self> {
        let folder = Folder::new("courier")?;
        let tls = SelfSigned::new(["localhost"])?;
        let ca = folder.write("cert.pem", &tls.certificate)?;
        folder.write("pem", &format!("{}{}", tls.certificate, tls.key))?;
        let home = folder.join("home");
        for part in ["new", "cur", "tmp"] {
            std::fs::create_dir_all(format!("{home}/Maildir/{part}"))?;
        }
        run("chown", &["-R", NOBODY, &home])?;
        let hash = run("openssl", &["passwd", "-6", password])?.stdout;
        let hash = String::from_utf8(hash)?;
        let hash = hash.trim();
        let userdb = format!(
            "{user}\thome={home}|mail={home}/Maildir|uid={NOBODY}|gid={NOBODY}|systempw={hash}\n"
        );
        let userdb = folder.write("etc/userdb", &userdb)?;
        run("chmod", &["600", &userdb])?;
        run("chmod", &["700", &folder.join("etc")])?;
        folder.write(
            "etc/authdaemonrc",
            "authmodulelist=authuserdb\nauthmodulelistorig=authuserdb\ndaemons=1
authdaemonvar=/run/courier/authdaemon\n",
        )?;
        let port = free_port()?;
        let log = std::fs::File::create(folder.join("log"))?;
        let mut child = Command::new("unshare")
            .args(["--mount", "--pid", "--fork", "--kill-child", "sh", "-c", SCRIPT, "sh"])
            .args([&folder.path().display().to_string(), &port.to_string(), LIB])
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        let ended = || match child.try_wait()? {
            Some(status) => {
                let log = folder.read("log").unwrap_or_default();
                Err(format!("courier: {status}\n{log}").into())
            }
            None => Ok(()),
        };
        let up = wait_for_ports(&[port], ended);
        let courier = Self { child, folder, pop3: port, ca };
        up.map(|()| courier)
    }

    /// Puts a message, as it is, into the account.
    pub(crate) fn deliver(&self, message: &[u8]) -> Result {
        let name = self.folder.join(&format!("home/Maildir/new/{}.test", self.count()?));
        std::fs::write(&name, message)?;
        run("chown", &[NOBODY, &name])?;
        Ok(())
    }

    /// How many messages are there.
    pub(crate) fn count(&self) -> Result<usize> {
        let mut count = 0;
        for part in ["new", "cur"] {
            let folder = self.folder.join(&format!("home/Maildir/{part}"));
            count += std::fs::read_dir(folder)?.count();
        }
        Ok(count)
    }

    pub(crate) fn log(&self) -> String {
        self.folder.read("log").unwrap_or_default()
    }
}

impl Drop for Courier {
    fn drop(&mut self) {
        // All that it has started goes with it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
