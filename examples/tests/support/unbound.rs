//! An unbound of one's own: a resolver that asks an NSD, and checks its signatures.

use super::{Result, name_daemon::NameDaemon, nsd::Nsd};
use std::net::SocketAddr;

pub(crate) struct Unbound {
    daemon: NameDaemon,
    pub(crate) addr: SocketAddr,
}

impl Unbound {
    /// Starts one that asks `nsd` for these zones, and knows the keys of those that are signed.
    pub(crate) fn start(nsd: &Nsd, zones: &[&str]) -> Result<Self> {
        let daemon = NameDaemon::start("unbound", |folder, port| {
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
            let port = nsd.addr.port();
            for zone in zones {
                config +=
                    &format!("stub-zone:\n  name: \"{zone}\"\n  stub-addr: 127.0.0.1@{port}\n");
            }
            Ok(config)
        })?;
        Ok(Self { addr: daemon.addr, daemon })
    }

    pub(crate) fn log(&self) -> String {
        self.daemon.log()
    }
}
