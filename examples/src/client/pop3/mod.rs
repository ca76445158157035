//! `pop3`: fetches new mail into a Maildir.

mod fetch;
mod login;
mod seen;

use super::{Failure, print, trust};
use crate::{
    cli::{ServerUrl, client::Connect},
    dial::dial,
    drive::{
        Clock,
        tokio::{Link, Stream},
    },
    maildir::Maildir,
    transcript::{Protocol, Side, Transcript},
};
use mailrail_pop3::{Client, Config, ResponseCode, client::Event};
use seen::Seen;
use std::{fmt::Display, path::Path, time::Duration};

/// How long the server may take for the next line of an answer, or for 1,024 bytes of a message.
const PATIENCE: Duration = Duration::from_secs(60);

/// Fetches what is new on the server into the Maildir, and deletes on the server what is there,
/// unless it is to be kept.
///
/// # Errors
///
/// Where the server cannot be reached, refuses, or breaks off, and where the Maildir cannot be
/// written. Nothing is deleted then that is not in the Maildir.
pub async fn run(
    connect: &Connect,
    url: &ServerUrl,
    maildir: &Path,
    keep: bool,
) -> Result<(), Failure> {
    let Some((user, password)) = connect.credentials(url)? else {
        return Err(Failure::usage("--server names no user"));
    };
    let maildir =
        Maildir::open(maildir).map_err(|error| Failure::about(maildir.display(), error))?;
    let mut link = connect_to(connect, url).await?;
    login::log_in(&mut link, &user, password.expose(), !url.without_tls).await?;
    // From here on the server lets nobody else in, and so nobody else writes this file.
    let account = format!("{user}@{}", url.host.to_lowercase());
    let mut seen = Seen::open(&maildir, &account)
        .map_err(|error| Failure::about(maildir.path().display(), error))?;
    fetch::fetch(&mut link, &maildir, &mut seen, keep).await
}

async fn connect_to(connect: &Connect, url: &ServerUrl) -> Result<Link<Client, Stream>, Failure> {
    let mut config = Config::default();
    config.allow_plaintext_auth = url.without_tls;
    config.timeouts.answer = PATIENCE;
    config.timeouts.write = PATIENCE;
    let stream = dial(url, trust(connect)?)
        .await
        .map_err(|error| Failure::about(format_args!("{}:{}", url.host, url.port), error))?;
    let pop3 = if stream.is_secure() { Client::over_tls(config) } else { Client::new(config) };
    let mut link = Link::new(pop3, stream, Clock::start());
    if connect.transcript {
        let print = |line: &str| drop(print(line));
        link.tap(Box::new(Transcript::new(Protocol::Pop3, Side::Client, print)));
    }
    Ok(link)
}

/// What the server says next.
async fn next(link: &mut Link<Client, Stream>) -> Result<(Event<'_>, &mut Client), Failure> {
    link.next_event().await?.ok_or_else(|| Failure::new("the server closed the connection"))
}

/// A refusal, as the server put it.
fn refused(what: impl Display, code: Option<ResponseCode<'_>>, text: &[u8]) -> String {
    let code = code.map_or_else(String::new, |code| format!(" [{}]", code.as_str()));
    format!("{what}: -ERR{code} {}", String::from_utf8_lossy(text))
}
