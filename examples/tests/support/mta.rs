//! Exim and OpenSMTPD, each in a room of its own. Debian lets neither be installed beside Postfix,
//! so their files alone are there; the users and folders that they insist on are there only for them
//! (unshare).

use super::{
    Result,
    folder::Folder,
    program::{PATIENCE, find, free_port, terminate, wait_for_ports},
};
use std::{
    fs,
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

pub(crate) const EXIM: &str = "/usr/local/lib/mailrail-peers/exim4-daemon-light/usr/sbin/exim4";
pub(crate) const OPENSMTPD: &str = "/usr/local/lib/mailrail-peers/opensmtpd/usr/sbin/smtpd";
const HELPERS: &str = "/usr/local/lib/mailrail-peers/opensmtpd/usr/libexec";

/// One that takes mail for bob and carol at south.test, and relays nothing.
pub(crate) struct Mta {
    child: Child,
    folder: Folder,
    pub(crate) port: u16,
    /// Below which folder, and behind what end of their names, its messages are.
    kept: (&'static str, &'static str),
}

impl Mta {
    /// Exim: it keeps what it has taken in its queue. It offers STARTTLS, CHUNKING, DSN, SMTPUTF8;
    /// it refuses eve for good and grey for now.
    pub(crate) fn exim() -> Result<Self> {
        let (folder, port) = (Folder::new("exim")?, free_port()?);
        let root = folder.path().display().to_string();
        fs::create_dir(folder.join("spool"))?;
        let config = format!(
            "primary_hostname = mx.south.test
spool_directory = {root}/spool
log_file_path = {root}/spool/%slog
pid_file_path = {root}/spool/pid
exim_user = Debian-exim
exim_group = Debian-exim
daemon_smtp_ports = {port}
local_interfaces = 127.0.0.1
message_size_limit = 1M
acl_smtp_rcpt = rcpt
acl_smtp_data = taken
tls_advertise_hosts = *
chunking_advertise_hosts = *
dsn_advertise_hosts = *
smtputf8_advertise_hosts = *
host_lookup =
queue_only = true
keep_environment =
begin acl
rcpt:
  deny local_parts = eve
       message = no such user
  defer local_parts = grey
        message = come back later
  accept domains = south.test
  deny message = relaying denied
taken:
  accept
"
        );
        let config = folder.write("exim.conf", &config)?;
        let room = format!("chown Debian-exim {root}/spool\nexec {EXIM} -C {config} -bdf\n");
        Self::start(folder, port, &["Debian-exim"], &room, ("spool/input", "-D"))
    }

    /// OpenSMTPD: it pipelines nothing, and delivers to maildirs.
    pub(crate) fn opensmtpd() -> Result<Self> {
        let (folder, port) = (Folder::new("opensmtpd")?, free_port()?);
        let root = folder.path().display().to_string();
        fs::create_dir(folder.join("mail"))?;
        let config = format!(
            "table users {{ \"bob@south.test\" = \"opensmtpv\", \"carol@south.test\" = \"opensmtpv\" }}
smtp max-message-size 1M
listen on 127.0.0.1 port {port} hostname mx.south.test
action \"maildir\" maildir \"{root}/mail/%{{rcpt.user}}\" virtual <users>
match from any for domain \"south.test\" action \"maildir\"
"
        );
        let config = folder.write("smtpd.conf", &config)?;
        let room = format!(
            "chown opensmtpv {root}/mail
mount --bind {HELPERS} /usr/libexec
mount -t tmpfs none /var/spool
mount -t tmpfs none /var/lib
mount -t tmpfs none /run
mkdir -p /var/spool/smtpd /var/lib/opensmtpd/empty
chmod 711 /var/spool/smtpd
exec {OPENSMTPD} -d -f {config}
"
        );
        let users = ["opensmtpd", "opensmtpq", "opensmtpv"];
        Self::start(folder, port, &users, &room, ("mail", ""))
    }

    fn start(
        folder: Folder,
        port: u16,
        users: &[&str],
        room: &str,
        kept: (&'static str, &'static str),
    ) -> Result<Self> {
        let (mut passwd, mut group) =
            (fs::read_to_string("/etc/passwd")?, fs::read_to_string("/etc/group")?);
        for (name, id) in users.iter().zip(64_500..) {
            passwd += &format!("{name}:x:{id}:{id}::/var/lib/opensmtpd/empty:/bin/false\n");
            group += &format!("{name}:x:{id}:\n");
        }
        let (passwd, group) = (folder.write("passwd", &passwd)?, folder.write("group", &group)?);
        let script = format!(
            "set -e\nmount --bind {passwd} /etc/passwd\nmount --bind {group} /etc/group\n{room}"
        );
        let script = folder.write("room.sh", &script)?;
        // Others go through to what is theirs.
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(folder.path(), mode)?;
        let child = Command::new(find("unshare").ok_or("unshare is not installed")?)
            .args(["--mount", "sh", &script])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(folder.join("log"))?)
            .spawn()?;
        let mut mta = Self { child, folder, port, kept };
        let child = &mut mta.child;
        let up = wait_for_ports(&[port], || match child.try_wait()? {
            Some(status) => Err(format!("it ended: {status}").into()),
            None => Ok(()),
        });
        up.map_err(|error| format!("{error}\n{}", mta.folder.read("log").unwrap_or_default()))?;
        Ok(mta)
    }

    /// The messages that it has, or their bodies, waiting for `count` of them.
    pub(crate) fn messages(&self, count: usize) -> Result<Vec<Vec<u8>>> {
        let (below, end) = self.kept;
        let start = Instant::now();
        loop {
            let mut files = Vec::new();
            collect(&self.folder.path().join(below), &mut files)?;
            // What is still being written to a maildir is not there yet.
            let is_whole = |file: &PathBuf| file.parent().is_none_or(|it| !it.ends_with("tmp"));
            files.retain(|file| file.to_string_lossy().ends_with(end) && is_whole(file));
            if count <= files.len() {
                return Ok(files.iter().map(fs::read).collect::<std::io::Result<_>>()?);
            }
            if start.elapsed() > PATIENCE {
                return Err(format!("{} messages of {count}", files.len()).into());
            }
            thread::sleep(Duration::from_millis(50));
        }
    }
}

/// All files below a folder, which may come and go meanwhile.
fn collect(folder: &std::path::Path, files: &mut Vec<PathBuf>) -> Result {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
    for entry in entries.flatten() {
        if entry.path().is_dir() {
            collect(&entry.path(), files)?;
        } else {
            files.push(entry.path());
        }
    }
    Ok(())
}

impl Drop for Mta {
    fn drop(&mut self) {
        if terminate(&mut self.child).is_err() {
            let _ = self.child.kill();
        }
    }
}
