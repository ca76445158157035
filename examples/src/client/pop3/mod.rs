//! `pop3`: fetches new mail into a Maildir.

mod fetch;
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
use mailrail_pop3::{
    Config,
    download::{Download, Policy, TlsPolicy},
};
use mailrail_sasl::{Authenticator, Credentials, Nonce};
use seen::Seen;
use std::{io, path::Path, time::Duration};

/// How long the server may take for the next line of an answer, or for 1,024 bytes of a message.
const PATIENCE: Duration = Duration::from_secs(60);
/// How many messages a maildrop may hold; it bounds the memory that a server can have us take.
const MESSAGES_MAX: u32 = 100_000;
/// The largest message that is fetched, in octets.
const OCTETS_MAX: u64 = 1 << 30;

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
    let mut random = [0; 18];
    getrandom::fill(&mut random).map_err(io::Error::other)?;
    let credentials = Credentials::password(&user, password.expose())?;
    let session = Download::new(tls_policy(url), policy(keep), config(url))
        .with_login(Authenticator::new(credentials, Nonce::from_random(&random)));
    let mut link = connect_to(connect, url, session).await?;
    let account = format!("{user}@{}", url.host.to_lowercase());
    fetch::fetch(&mut link, &maildir, &account).await
}

const fn tls_policy(url: &ServerUrl) -> TlsPolicy {
    match (url.without_tls, url.scheme.has_implicit_tls()) {
        (true, _) => TlsPolicy::None,
        (false, true) => TlsPolicy::Implicit,
        (false, false) => TlsPolicy::Required,
    }
}

const fn policy(keep: bool) -> Policy {
    if keep { Policy::KeepAndForget } else { Policy::Delete }
}

fn config(url: &ServerUrl) -> Config {
    let mut config = Config::default();
    config.allow_plaintext_auth = url.without_tls;
    config.timeouts.answer = PATIENCE;
    config.timeouts.write = PATIENCE;
    config.limits.messages = MESSAGES_MAX;
    config.limits.message = OCTETS_MAX;
    config
}

async fn connect_to(
    connect: &Connect,
    url: &ServerUrl,
    session: Download,
) -> Result<Link<Download, Stream>, Failure> {
    let stream = dial(url, trust(connect)?)
        .await
        .map_err(|error| Failure::about(format_args!("{}:{}", url.host, url.port), error))?;
    let mut link = Link::new(session, stream, Clock::start());
    if link.conn().is_secured() {
        let channel = link.socket().channel();
        link.conn().bind(channel);
    }
    if connect.transcript {
        let print = |line: &str| drop(print(line));
        link.tap(Box::new(Transcript::new(Protocol::Pop3, Side::Client, print)));
    }
    Ok(link)
}
