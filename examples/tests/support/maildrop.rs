//! Our server with an account's mail in it, and our client that fetches it.

use super::{Result, folder::Folder, program::Server};
use mailrail_examples::{
    store::{Envelope, Store},
    tls::SelfSigned,
};
use std::{
    fs,
    path::PathBuf,
    process::{Command, Output},
};

pub(crate) const BOB: &str = "bob@south.test";
pub(crate) const PASSWORD: &str = "s3cret";

/// A server whose account has the messages it was given.
pub(crate) struct Maildrop {
    folder: Folder,
    server: Option<Server>,
    args: Vec<String>,
    /// The file of the certificate, to trust it; its name is `localhost`.
    pub(crate) ca: String,
}

impl Maildrop {
    /// Starts one with these messages, and further arguments.
    pub(crate) fn start(program: &str, messages: &[Vec<u8>], args: &[&str]) -> Result<Self> {
        let folder = Folder::new("maildrop")?;
        let tls = SelfSigned::new(["localhost", "127.0.0.1"])?;
        let (ca, key) = (folder.write("cert", &tls.certificate)?, folder.write("key", &tls.key)?);
        let (data, user) = (folder.join("data"), format!("{BOB}:{PASSWORD}"));
        let all = [
            &["--domain", "south.test", "--user", &user, "--data", &data][..],
            &["--tls-cert", &ca, "--tls-key", &key],
            &["--pop3", "127.0.0.1:0", "--pop3s", "127.0.0.1:0"],
            args,
        ];
        let args = all.concat().iter().map(|&arg| arg.to_owned()).collect();
        let mut maildrop = Self { folder, server: None, args, ca };
        maildrop.restart(program, messages)?;
        Ok(maildrop)
    }

    /// Stops the server, puts these messages into the INBOX, and starts it again.
    pub(crate) fn restart(&mut self, program: &str, messages: &[Vec<u8>]) -> Result {
        self.stop()?;
        self.in_store(async |store| {
            store.add_accounts(vec![BOB.into()]).await?;
            for message in messages {
                let mut incoming = store.incoming()?;
                incoming.append(message).await?;
                let envelope = Envelope { local: vec![BOB.into()], ..Envelope::default() };
                store.accept(incoming.finish().await?, envelope).await?;
            }
            Ok(())
        })?;
        self.server = Some(Server::start(program, &self.args)?);
        Ok(())
    }

    fn stop(&mut self) -> Result {
        match self.server.take() {
            Some(mut server) => {
                let status = server.terminate()?;
                if status.success() { Ok(()) } else { Err(format!("{status}").into()) }
            }
            None => Ok(()),
        }
    }

    fn in_store<T>(&self, work: impl AsyncFnOnce(Store) -> Result<T>) -> Result<T> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async { work(Store::open(self.folder.join("data"), None).await?).await })
    }

    /// Stops the server, and tells what is in the INBOX.
    pub(crate) fn count(mut self) -> Result<usize> {
        self.stop()?;
        self.in_store(async |store| Ok(store.examine(BOB, "INBOX").await?.messages.len()))
    }

    pub(crate) fn server(&self) -> Result<&Server> {
        self.server.as_ref().ok_or_else(|| "it is stopped".into())
    }

    pub(crate) fn port(&self, service: &str) -> Result<u16> {
        Ok(self.server()?.addr(service)?.port())
    }

    /// A URL with the user and the password.
    pub(crate) fn url(&self, service: &str) -> Result<String> {
        let port = self.port(service)?;
        Ok(format!("{service}://bob%40south.test:{PASSWORD}@localhost:{port}"))
    }
}

/// A message that is hard to carry: dots at the starts of lines, bytes of 8 bits, long lines.
pub(crate) fn message(name: &str, len: usize) -> Vec<u8> {
    let mut text = format!("Subject: {name}\r\n\r\n.\r\n..\r\n.dot\r\n").into_bytes();
    text.extend_from_slice(b"gr\xfc\xdf dich \xc3\xa4\r\n");
    let mut line = 0_u32;
    while text.len() < len {
        text.extend_from_slice(format!(".{line} {}\r\n", "x".repeat(900)).as_bytes());
        line += 1;
    }
    text
}

/// As a Maildir keeps it.
pub(crate) fn stored(message: &[u8]) -> Vec<u8> {
    message.iter().copied().filter(|&byte| byte != b'\r').collect()
}

/// Runs our client's `pop3`, with a Maildir in `folder`.
pub(crate) fn fetch(program: &str, url: &str, folder: &Folder, args: &[&str]) -> Result<Output> {
    Ok(command(program, url, folder, args).output()?)
}

pub(crate) fn command(program: &str, url: &str, folder: &Folder, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(["pop3", "--server", url, "--maildir", &folder.join("Mail")]).args(args);
    command
}

/// The last line that it printed, where it was successful.
pub(crate) fn summary(output: &Output) -> Result<String> {
    let text = String::from_utf8(output.stdout.clone())?;
    let error = String::from_utf8_lossy(&output.stderr);
    let last = text.lines().last().filter(|_| output.status.success());
    last.map(str::to_owned).ok_or_else(|| format!("{}\n{text}\n{error}", output.status).into())
}

/// What is in the Maildir, in order.
pub(crate) fn fetched(folder: &Folder) -> Result<Vec<Vec<u8>>> {
    let new = PathBuf::from(folder.join("Mail")).join("new");
    let files = fs::read_dir(new)?.collect::<std::io::Result<Vec<_>>>()?;
    let mut messages =
        files.iter().map(|file| fs::read(file.path())).collect::<std::io::Result<Vec<_>>>()?;
    messages.sort();
    Ok(messages)
}
