//! Our server with accounts and their mail, to be stopped, looked into and started again.

use super::{Result, folder::Folder, program::Server};
use mailrail_examples::{store::Store, tls::SelfSigned};
use std::{
    net::SocketAddr,
    process::{Command, Output, Stdio},
};

pub(crate) const PASSWORD: &str = "s3cret";

pub(crate) struct House {
    pub(crate) folder: Folder,
    pub(crate) server: Option<Server>,
    program: &'static str,
    args: Vec<String>,
}

impl House {
    /// One that is not started yet. `users` are whole addresses.
    pub(crate) fn new(
        program: &'static str,
        domain: &str,
        users: &[&str],
        args: &[&str],
    ) -> Result<Self> {
        let folder = Folder::new("house")?;
        let mut all = vec!["--data".into(), folder.join("data"), "--domain".into(), domain.into()];
        for user in users {
            all.extend(["--user".into(), format!("{user}:{PASSWORD}")]);
        }
        all.extend(args.iter().map(|&arg| arg.to_owned()));
        Ok(Self { folder, server: None, program, args: all })
    }

    pub(crate) fn started(mut self) -> Result<Self> {
        self.start()?;
        Ok(self)
    }

    /// Gives it a certificate for `localhost`; tells the file to trust it by.
    pub(crate) fn certify(&mut self) -> Result<String> {
        let tls = SelfSigned::new(["localhost"])?;
        let certificate = self.folder.write("cert.pem", &tls.certificate)?;
        let key = self.folder.write("key.pem", &tls.key)?;
        self.args.extend(["--tls-cert".into(), certificate.clone(), "--tls-key".into(), key]);
        Ok(certificate)
    }

    pub(crate) fn start(&mut self) -> Result {
        self.server = Some(Server::start(self.program, &self.args)?);
        Ok(())
    }

    /// SIGTERM; it must end well.
    pub(crate) fn stop(&mut self) -> Result {
        let Some(mut server) = self.server.take() else { return Ok(()) };
        let status = server.terminate()?;
        if status.success() { Ok(()) } else { Err(format!("{status}\n{}", server.log()).into()) }
    }

    pub(crate) fn addr(&self, service: &str) -> Result<SocketAddr> {
        self.server.as_ref().ok_or("it is stopped")?.addr(service)
    }

    /// Stops it, and tells what is in an account's INBOX, in order.
    pub(crate) fn inbox(&mut self, account: &str) -> Result<Vec<String>> {
        self.stop()?;
        self.in_store(async |store| {
            let inbox = store.examine(account, "INBOX").await?;
            let mut messages = Vec::new();
            for message in &inbox.messages {
                let reader = store.read_message(inbox.state.id, message.uid).await?;
                let bytes = reader.read_all(usize::MAX).await?;
                // Each byte as the character of that number, so that none is lost.
                messages.push(bytes.into_iter().map(char::from).collect());
            }
            Ok(messages)
        })
    }

    /// Stops it, and tells who waits in its queue.
    pub(crate) fn queue(&mut self) -> Result<Vec<String>> {
        self.stop()?;
        self.in_store(async |store| {
            let rows = store.due(i64::MAX, u32::MAX).await?;
            Ok(rows.into_iter().map(|row| row.recipient).collect())
        })
    }

    fn in_store<T>(&self, work: impl AsyncFnOnce(Store) -> Result<T>) -> Result<T> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async { work(Store::open(self.folder.join("data"), None).await?).await })
    }
}

/// Runs a program with that on its standard input.
pub(crate) fn run(program: &str, args: &[&str], input: &[u8]) -> Result<Output> {
    use std::io::Write;
    let mut child = Command::new(program)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let (mut stdin, input) = (child.stdin.take().ok_or("no standard input")?, input.to_vec());
    // A program that has read enough may close its end.
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output()?;
    writer.join().map_err(|_| "the writer failed")?;
    Ok(output)
}
