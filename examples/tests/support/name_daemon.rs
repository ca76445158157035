//! A name server that somebody else wrote, on a port of its own.

use super::{
    Result,
    folder::Folder,
    program::{find, free_port, terminate, wait_for_ports},
};
use std::{
    net::SocketAddr,
    process::{Child, Command, Stdio},
};

pub(crate) struct NameDaemon {
    child: Child,
    folder: Folder,
    pub(crate) addr: SocketAddr,
}

impl NameDaemon {
    /// Starts `program` with the configuration that `configure` makes for a folder and a port, and
    /// waits until it answers.
    pub(crate) fn start(
        program: &str,
        mut configure: impl FnMut(&Folder, u16) -> Result<String>,
    ) -> Result<Self> {
        let mut last = Err("not tried".into());
        // A port that was free may be taken a moment later.
        for _ in 0..3 {
            let folder = Folder::new(program)?;
            let port = free_port()?;
            let config = configure(&folder, port)?;
            let config = folder.write("daemon.conf", &config)?;
            last = Self::try_start(program, folder, port, &config);
            if last.is_ok() {
                break;
            }
        }
        last
    }

    fn try_start(program: &str, folder: Folder, port: u16, config: &str) -> Result<Self> {
        let path = find(program).ok_or_else(|| format!("{program} is not installed"))?;
        let mut child = Command::new(path)
            .args(["-d", "-c", config])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let ended = || match child.try_wait()? {
            Some(status) => {
                let log = folder.read("log").unwrap_or_default();
                Err(format!("{program}: {status}\n{log}").into())
            }
            None => Ok(()),
        };
        let up = wait_for_ports(&[port], ended);
        let daemon = Self { child, folder, addr: ([127, 0, 0, 1], port).into() };
        up.map(|()| daemon)
    }

    pub(crate) fn log(&self) -> String {
        self.folder.read("log").unwrap_or_default()
    }
}

impl Drop for NameDaemon {
    fn drop(&mut self) {
        if terminate(&mut self.child).is_err() {
            let _ = self.child.kill();
        }
    }
}
