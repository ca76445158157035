//! Starting and stopping programs.

use super::{Result, folder::Folder};
use std::{
    collections::HashMap,
    ffi::OsStr,
    fs::File,
    io::{BufRead, BufReader},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::mpsc::{RecvTimeoutError, channel},
    thread,
    time::{Duration, Instant},
};

/// How long a program has to start, and to stop.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Where a program is: in PATH, or where servers are kept.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let servers = ["/usr/sbin", "/usr/local/sbin", "/sbin"].map(PathBuf::from);
    std::env::split_paths(&path)
        .chain(servers)
        .map(|folder| folder.join(program))
        .find(|path| path.is_file())
}

/// Runs a program to its end; an error where it fails, with what it said.
pub(crate) fn run(program: &str, args: &[impl AsRef<OsStr>]) -> Result<Output> {
    run_in(Path::new("."), program, args)
}

/// As `run`, in a folder.
pub(crate) fn run_in(folder: &Path, program: &str, args: &[impl AsRef<OsStr>]) -> Result<Output> {
    let path = find(program).ok_or_else(|| format!("{program} is not installed"))?;
    let command = &mut Command::new(path);
    let output = command.args(args).current_dir(folder).stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(output);
    }
    Err(format!(
        "{program}: {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
    .into())
}

/// A port of 127.0.0.1 that is free now.
pub(crate) fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// Waits until something listens at each of the ports.
pub(crate) fn wait_for_ports(ports: &[u16], mut alive: impl FnMut() -> Result) -> Result {
    let start = Instant::now();
    for &port in ports {
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            alive()?;
            if start.elapsed() > PATIENCE {
                return Err(format!("nothing listens at port {port}").into());
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
    Ok(())
}

/// Waits for a program to end by itself.
pub(crate) fn wait(child: &mut Child) -> Result<ExitStatus> {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if start.elapsed() > PATIENCE {
            child.kill()?;
            child.wait()?;
            return Err("it did not end".into());
        }
        thread::sleep(Duration::from_millis(10));
    }
}

/// Asks a program to end, as a service manager does, and waits for it.
pub(crate) fn terminate(child: &mut Child) -> Result<ExitStatus> {
    if let Some(status) = child.try_wait()? {
        return Ok(status);
    }
    run("kill", &["-TERM", &child.id().to_string()])?;
    wait(child)
}

/// One of our servers, which says on standard output where it listens; killed at its end.
pub(crate) struct Server {
    child: Child,
    listening: HashMap<String, SocketAddr>,
    errors: Folder,
}

impl Server {
    /// Starts `program` and waits until it is ready.
    pub(crate) fn start(program: &str, args: &[impl AsRef<OsStr>]) -> Result<Self> {
        let errors = Folder::new("log")?;
        let child = Command::new(program)
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(errors.join("stderr"))?)
            .spawn()?;
        let mut server = Self { child, listening: HashMap::new(), errors };
        match server.wait_until_ready() {
            Ok(()) => Ok(server),
            Err(error) => Err(format!("{program}: {error}\n{}", server.log()).into()),
        }
    }

    fn wait_until_ready(&mut self) -> Result {
        let stdout = self.child.stdout.take().ok_or("no standard output")?;
        let (tx, rx) = channel();
        // Reads on to the end, so that the program never waits for somebody to read.
        thread::spawn(move || {
            BufReader::new(stdout).lines().map_while(|line| line.ok()).for_each(|line| {
                let _ = tx.send(line);
            });
        });
        loop {
            let line = match rx.recv_timeout(PATIENCE) {
                Ok(line) => line,
                Err(RecvTimeoutError::Timeout) => return Err("it is not ready".into()),
                Err(RecvTimeoutError::Disconnected) => return Err("it ended".into()),
            };
            match line.split(' ').collect::<Vec<_>>()[..] {
                ["ready"] => return Ok(()),
                ["listening", service, addr] => {
                    self.listening.insert(service.into(), addr.parse()?);
                }
                _ => {}
            }
        }
    }

    /// Where it listens for `service`.
    pub(crate) fn addr(&self, service: &str) -> Result<SocketAddr> {
        let addr = self.listening.get(service).copied();
        addr.ok_or_else(|| format!("it does not listen for {service}").into())
    }

    /// Its process's number.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it wrote to standard error.
    pub(crate) fn log(&self) -> String {
        self.errors.read("stderr").unwrap_or_default()
    }

    /// SIGTERM, and its exit status.
    pub(crate) fn terminate(&mut self) -> Result<ExitStatus> {
        terminate(&mut self.child)
    }

    /// SIGKILL, at this very moment.
    pub(crate) fn kill(&mut self) -> Result {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}
