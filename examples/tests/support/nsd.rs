//! An NSD of one's own: a name server for given zones, over UDP and TCP, signed where that is asked
//! for.

use super::{Result, folder::Folder, name_daemon::NameDaemon, program::run_in};
use std::net::SocketAddr;

pub(crate) struct Nsd {
    daemon: NameDaemon,
    pub(crate) addr: SocketAddr,
    /// The public keys that the zones are signed with, a DNSKEY record each; none where they are not.
    pub(crate) keys: Vec<String>,
}

impl Nsd {
    /// Starts one for these zones: name and records, without the SOA and NS records.
    pub(crate) fn start(zones: &[(&str, &str)]) -> Result<Self> {
        Self::start_with(zones, &[])
    }

    /// As `start`, with these of the zones signed, by ldns's tools.
    pub(crate) fn start_with(zones: &[(&str, &str)], signed: &[&str]) -> Result<Self> {
        let mut keys = Vec::new();
        let daemon = NameDaemon::start("nsd", |folder, port| {
            keys.clear();
            configure(folder, port, zones, signed, &mut keys)
        })?;
        Ok(Self { addr: daemon.addr, daemon, keys })
    }

    pub(crate) fn log(&self) -> String {
        self.daemon.log()
    }
}

fn configure(
    folder: &Folder,
    port: u16,
    zones: &[(&str, &str)],
    signed: &[&str],
    keys: &mut Vec<String>,
) -> Result<String> {
    let root = folder.path().display();
    let mut config = format!(
        "server:
  ip-address: 127.0.0.1@{port}
  do-ip6: no
  username: \"\"
  chroot: \"\"
  database: \"\"
  zonesdir: \"{root}\"
  zonelistfile: \"{root}/zones\"
  xfrdfile: \"{root}/xfrd\"
  xfrdir: \"{root}\"
  pidfile: \"{root}/pid\"
  logfile: \"{root}/log\"
  server-count: 1
remote-control:
  control-enable: no
"
    );
    for (name, records) in zones {
        let zone = format!(
            "$ORIGIN {name}.\n$TTL 60\n@ SOA ns hostmaster 1 3600 600 86400 60\n@ NS ns\n\
             ns A 127.0.0.1\n{records}\n"
        );
        let file = format!("{name}.zone");
        folder.write(&file, &zone)?;
        let mut served = file.clone();
        if signed.contains(name) {
            let key = run_in(folder.path(), "ldns-keygen", &["-k", "-a", "13", name])?;
            let key = String::from_utf8(key.stdout)?.trim().to_owned();
            run_in(folder.path(), "ldns-signzone", &[&*file, &key])?;
            keys.push(folder.read(&format!("{key}.key"))?);
            served += ".signed";
        }
        config += &format!("zone:\n  name: \"{name}\"\n  zonefile: \"{served}\"\n");
    }
    Ok(config)
}
