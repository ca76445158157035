//! An unbound of one's own: a resolver that asks an NSD, and checks its signatures.

use super::{
    Result,
    folder::Folder,
    nsd::Nsd,
    program::{find, free_port, terminate, wait_for_ports},
};
use std::{
    net::SocketAddr,
    process::{Child, Command, Stdio},
};

pub(crate) struct Unbound {
    child: Child,
    folder: Folder,
    pub(crate) addr: SocketAddr,
}

impl Unbound {
    /// Starts one that asks `nsd` for these zones, and knows the keys of those that are signed.
    pub(crate) fn start(nsd: &Nsd, zones: &[&str]) -> Result<Self> {
        let mut last = Err("not tried".into());
        // A port that was free may be taken a moment later.
        for _ in 0..3 {
            last = Self::try_start(nsd, zones);
            if last.is_ok() {
                break;
            }
        }
        last
    }

    fn try_start(nsd: &Nsd, zones: &[&str]) -> Result<Self> {
        let folder = Folder::new("unbound")?;
        let port = free_port()?;
        let root = folder.path().display();
        let mut config = format!(
            "server:
  interface: 127.0.0.1
  port: {port}
  do-ip6: no
  do-daemonize: no
  do-not-query-localhost: no
  local-zone: \"test.\" nodefault
  module-config: \"validator iterator\"
  username: \"\"
  chroot: \"\"
  directory: \"{root}\"
  pidfile: \"{root}/pid\"
  use-syslog: no
  logfile: \"{root}/log\"
  num-threads: 1
"
        );
        for key in &nsd.keys {
            let key = key.split(';').next().unwrap_or_default().trim().replace('\t', " ");
            config += &format!("  trust-anchor: \"{key}\"\n");
        }
        config += "remote-control:\n  control-enable: no\n";
        for zone in zones {
            let port = nsd.addr.port();
            config += &format!("stub-zone:\n  name: \"{zone}\"\n  stub-addr: 127.0.0.1@{port}\n");
        }
        let config = folder.write("unbound.conf", &config)?;
        let mut child = Command::new(find("unbound").ok_or("unbound is not installed")?)
            .args(["-d", "-c", &config])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let ended = || match child.try_wait()? {
            Some(status) => {
                let log = folder.read("log").unwrap_or_default();
                Err(format!("unbound: {status}\n{log}").into())
            }
            None => Ok(()),
        };
        let up = wait_for_ports(&[port], ended);
        let unbound = Self { child, folder, addr: ([127, 0, 0, 1], port).into() };
        up.map(|()| unbound)
    }

    pub(crate) fn log(&self) -> String {
        self.folder.read("log").unwrap_or_default()
    }
}

impl Drop for Unbound {
    fn drop(&mut self) {
        if terminate(&mut self.child).is_err() {
            let _ = self.child.kill();
        }
    }
}
