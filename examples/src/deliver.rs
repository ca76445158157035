//! Delivery to a domain's exchangers: the lookups and connections that a
//! [`Delivery`](mailrail_smtp::Delivery) asks for.

use crate::{
    dial,
    drive::{
        Clock, Tap,
        tokio::{Link, Stream, Tls},
    },
    lookup::{self, Resolver},
    outgoing, store,
};
use bytes::Bytes;
use mailrail_smtp::{
    Config, Domain, Host, Submission,
    delivery::{Answer, Attempt, Exchanger},
    submission::{Envelope, Event, Outcome},
};
use rustls::{ClientConfig, pki_types::ServerName};
use std::{fmt, io, net::SocketAddr, sync::Arc};

/// A message that can be read from its start as often as it takes.
pub trait Source: Sync {
    /// It, piece by piece.
    type Pieces: Pieces;

    /// Reads it from its start.
    ///
    /// # Errors
    ///
    /// Those of its file.
    fn pieces(&self) -> io::Result<Self::Pieces>;
}

/// A message, piece by piece.
pub trait Pieces: Send {
    /// The next piece; none at the end.
    fn next(&mut self) -> impl Future<Output = io::Result<Option<Bytes>>> + Send;
}

impl Source for store::Reader {
    type Pieces = store::Pieces;

    fn pieces(&self) -> io::Result<store::Pieces> {
        Ok(self.range(0, self.size()))
    }
}

impl Pieces for store::Pieces {
    async fn next(&mut self) -> io::Result<Option<Bytes>> {
        Self::next(self).await.map_err(io::Error::other)
    }
}

impl Source for outgoing::Outgoing {
    type Pieces = outgoing::Pieces;

    fn pieces(&self) -> io::Result<outgoing::Pieces> {
        self.pieces()
    }
}

impl Pieces for outgoing::Pieces {
    async fn next(&mut self) -> io::Result<Option<Bytes>> {
        self.next_piece()
    }
}

/// Makes a tap for each conversation.
pub type Taps = Arc<dyn Fn() -> Box<dyn Tap> + Send + Sync>;

/// How mail goes out.
#[derive(Clone)]
#[expect(clippy::exhaustive_structs, reason = "the caller fills it in")]
pub struct Courier {
    /// Whom to ask for exchangers.
    pub resolver: Resolver,
    /// Their port.
    pub port: u16,
    /// What this host calls itself.
    pub hello: Host<'static>,
    /// The name under which this host may be an exchanger itself; none for a client.
    pub own: Option<Domain<'static>>,
    /// TLS, without a check of who the peer is: better than none (RFC 7435).
    pub tls: Arc<ClientConfig>,
    /// Sees each conversation.
    pub tap: Option<Taps>,
}

impl fmt::Debug for Courier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Courier").field("resolver", &self.resolver).finish_non_exhaustive()
    }
}

impl Courier {
    /// Looks a domain's exchangers up.
    pub async fn look_up(&self, domain: &str) -> Answer {
        let mut found = match self.resolver.exchanges(domain).await {
            Ok(found) if found.null_mx => return Answer::NullMx,
            Ok(found) => found,
            Err(lookup::Error::Domain(error)) => return Answer::NotADomain(error.to_string()),
            Err(lookup::Error::Lookup(mailrail_mx::Error::NoSuchDomain)) => {
                return Answer::NoSuchDomain;
            }
            Err(lookup::Error::Lookup(mailrail_mx::Error::NoAddress)) => return Answer::NoAddress,
            Err(error) => return Answer::NotNow(error.to_string()),
        };
        let is_own = self.own.as_ref().is_some_and(|own| found.keep_preferred_to(own.as_str()));
        if is_own && found.exchangers.is_empty() {
            return Answer::Loop;
        }
        if found.usable().next().is_none() && found.is_temporary() {
            return Answer::NotNow("no exchanger has an address".into());
        }
        let exchanger = |host: mailrail_mx::Exchanger| Exchanger::new(host.host, host.addresses);
        Answer::Found(found.exchangers.into_iter().map(exchanger).collect())
    }

    /// Has one conversation; tells what became of each recipient, and whether the server reports.
    pub async fn attempt(
        &self,
        attempt: &Attempt,
        envelope: Envelope,
        message: &impl Source,
    ) -> (Vec<Outcome>, bool) {
        let all = envelope.recipients.len();
        let addr = SocketAddr::new(attempt.address, self.port);
        let why = |why: &dyn fmt::Display| {
            (vec![Outcome::broken(format_args!("{} ({addr}): {why}", attempt.host)); all], false)
        };
        let mut submission = Submission::new(self.hello.clone(), attempt.tls, Config::default());
        if let Err(misuse) = submission.send(envelope) {
            return why(&misuse);
        }
        let tcp = match dial::tcp([addr]).await {
            Ok(tcp) => tcp,
            Err(error) => return why(&error),
        };
        let name = ServerName::try_from(attempt.host.clone());
        let tls = name.map_or(Tls::Unavailable, |name| Tls::Client(Arc::clone(&self.tls), name));
        let mut link = Link::new(submission, Stream::new(tcp, tls), Clock::start());
        if let Some(tap) = &self.tap {
            link.tap(tap());
        }
        let outcomes = talk(&mut link, message).await;
        (outcomes, link.conn().has_dsn())
    }
}

/// Has the conversation to its end.
async fn talk(link: &mut Link<Submission, Stream>, message: &impl Source) -> Vec<Outcome> {
    let mut outcomes = None;
    let ended = converse(link, message, &mut outcomes).await;
    let why = match ended {
        Ok(()) => "the connection ended".to_owned(),
        Err(error) => error.to_string(),
    };
    outcomes.or_else(|| link.conn().abandon(why)).unwrap_or_default()
}

/// An error breaks off what was begun: the server must not take a half.
async fn converse(
    link: &mut Link<Submission, Stream>,
    message: &impl Source,
    outcomes: &mut Option<Vec<Outcome>>,
) -> io::Result<()> {
    let mut pieces = message.pieces()?;
    while let Some((event, submission)) = link.next_event().await.map_err(io::Error::other)? {
        match event {
            Event::WantMessage => match pieces.next().await? {
                Some(piece) => submission.message(piece),
                None => submission.end_message(),
            },
            Event::Outcome(each) => {
                *outcomes = Some(each);
                submission.quit()
            }
            _ => Ok(()),
        }
        .map_err(io::Error::other)?;
    }
    Ok(())
}
