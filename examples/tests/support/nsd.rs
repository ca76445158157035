//! An NSD of one's own: a name server for given zones, over UDP and TCP, signed where that is asked
//! for.

use super::{
    Result,
    folder::Folder,
    program::{find, free_port, run_in, terminate, wait_for_ports},
};
use std::{
    net::SocketAddr,
    process::{Child, Command, Stdio},
};

pub(crate) struct Nsd {
    child: Child,
    folder: Folder,
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
        let mut last = Err("not tried".into());
        // A port that was free may be taken a moment later.
        for _ in 0..3 {
            last = Self::try_start(zones, signed);
            if last.is_ok() {
                break;
            }
        }
        last
    }

    fn try_start(zones: &[(&str, &str)], signed: &[&str]) -> Result<Self> {
        let folder = Folder::new("nsd")?;
        let port = free_port()?;
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
        let mut keys = Vec::new();
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
        let config = folder.write("nsd.conf", &config)?;
        let mut child = Command::new(find("nsd").ok_or("nsd is not installed")?)
            .args(["-d", "-c", &config])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let ended = || match child.try_wait()? {
            Some(status) => {
                let log = folder.read("log").unwrap_or_default();
                Err(format!("nsd: {status}\n{log}").into())
            }
            None => Ok(()),
        };
        let up = wait_for_ports(&[port], ended);
        let nsd = Self { child, folder, addr: ([127, 0, 0, 1], port).into(), keys };
        up.map(|()| nsd)
    }

    pub(crate) fn log(&self) -> String {
        self.folder.read("log").unwrap_or_default()
    }
}

impl Drop for Nsd {
    fn drop(&mut self) {
        if terminate(&mut self.child).is_err() {
            let _ = self.child.kill();
        }
    }
}
