//! Delivery to a domain's exchangers: the lookups and connections that a
//! [`Delivery`](mailrail_smtp::Delivery) asks for.

use crate::{
    convert, dial,
    drive::{
        self, Clock, Tap,
        tokio::{Link, Stream, Tls},
    },
    lookup::Resolver,
    memory::room_for,
    outgoing,
    policy::Policies,
    pool::{Key, Pool, say_goodbye},
    store,
    tls::{Authorities, Witness},
    tls_reports::TlsReports,
    way::{Came, Proof, Way},
};
use bytes::Bytes;
use mailrail_message::{Conversion, MessageEvent, MessageStream};
use mailrail_mx::TlsRequirement;
use mailrail_smtp::{
    Config, Domain, Host, Submission,
    command::Body,
    delivery::{Answer, Attempt, Promises, State},
    submission::{Envelope, Event, Outcome, Reason, TlsPolicy},
};
use rustls::{ClientConfig, pki_types::ServerName};
use std::{
    collections::HashMap,
    fmt, io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::task::spawn_blocking;

/// A message that can be read from its start as often as it takes.
pub trait Source: Sync {
    /// It, piece by piece.
    type Pieces: Pieces;

    /// Its bytes.
    fn size(&self) -> u64;

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

    fn size(&self) -> u64 {
        self.size()
    }

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

    fn size(&self) -> u64 {
        self.kind().size()
    }

    fn pieces(&self) -> io::Result<outgoing::Pieces> {
        self.pieces()
    }
}

impl Pieces for outgoing::Pieces {
    async fn next(&mut self) -> io::Result<Option<Bytes>> {
        Iterator::next(self).transpose()
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
    /// By whom certificates are proved where they must be.
    pub authorities: Authorities,
    /// Where domains' MTA-STS policies come from; none: they are not asked for.
    pub policies: Option<Policies>,
    /// Counts what becomes of TLS, for the domains that want to know; none: it is not counted.
    pub reports: Option<TlsReports>,
    /// Connections that may serve for the next message, too.
    pub pool: Pool,
    /// Sees each conversation.
    pub tap: Option<Taps>,
}

impl fmt::Debug for Courier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Courier").field("resolver", &self.resolver).finish_non_exhaustive()
    }
}

/// One message on its way out: its lookups, and its attempts, which go by what those told.
#[derive(Debug)]
pub struct Errand {
    courier: Arc<Courier>,
    requirement: TlsRequirement,
    /// The ways looked up, by domain in lower case.
    ways: Mutex<HashMap<String, Arc<Way>>>,
}

impl Errand {
    /// That of `message`, which is queued as `state` says.
    ///
    /// # Errors
    ///
    /// Those of the message's file.
    pub async fn new(
        courier: Arc<Courier>,
        state: &State,
        message: &impl Source,
    ) -> io::Result<Self> {
        let requirement = if state.mail.require_tls {
            TlsRequirement::new(state.needs_tls(), false)
        } else {
            TlsRequirement::new(false, waives_tls(message).await?)
        };
        Ok(Self { courier, requirement, ways: Mutex::default() })
    }

    fn ways(&self) -> MutexGuard<'_, HashMap<String, Arc<Way>>> {
        // What a panic leaves behind is a whole map.
        self.ways.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks a domain's exchangers up.
    pub async fn look_up(&self, domain: &str) -> Answer {
        match Way::find(&self.courier, domain, self.requirement).await {
            Ok(way) => {
                let hosts = way.hosts();
                self.ways().insert(domain.to_lowercase(), Arc::new(way));
                hosts
            }
            Err(answer) => answer,
        }
    }

    /// Has one conversation, over a connection that another message has made where there is one;
    /// tells what became of each recipient, and what the server promises.
    pub async fn attempt(
        &self,
        attempt: &Attempt,
        envelope: Envelope,
        message: &impl Source,
    ) -> (Vec<Outcome>, Promises) {
        let key = self.key(attempt, &envelope);
        if let Some(link) = key.as_ref().and_then(|key| self.courier.pool.take(key))
            && let Some(done) = self.go_on(link, key.clone(), envelope.clone(), message).await
        {
            return done;
        }
        self.connect(attempt, key, envelope, message).await
    }

    /// Sends the message over a connection that was kept; none where that was of no more use.
    async fn go_on(
        &self,
        mut link: Link<Submission, Stream>,
        key: Option<Key>,
        envelope: Envelope,
        message: &impl Source,
    ) -> Option<(Vec<Outcome>, Promises)> {
        link.conn().send(envelope).ok()?;
        let (outcomes, _) = talk(&mut link, message).await;
        let promises = link.conn().promises();
        self.keep(key, link);
        // Nothing of it was taken: the server has closed meanwhile, or takes no more over this one.
        let is_worn_out = |outcome: &Outcome| {
            use Reason::{Broken, Host, TooMany};
            matches!(outcome, Outcome::Deferred(Broken(_) | Host(_) | TooMany(_)))
        };
        (!outcomes.iter().all(is_worn_out)).then_some((outcomes, promises))
    }

    fn keep(&self, key: Option<Key>, mut link: Link<Submission, Stream>) {
        match key {
            Some(key) if link.conn().is_ready() => self.courier.pool.keep(key, link),
            _ => drop(tokio::spawn(say_goodbye(link))),
        }
    }

    /// What another message must have the same.
    fn key(&self, attempt: &Attempt, envelope: &Envelope) -> Option<Key> {
        let mailbox = envelope.recipients.first()?.forward_path.mailbox()?;
        Some(Key {
            domain: mailbox.host.to_string().to_lowercase(),
            host: attempt.host.clone(),
            addr: SocketAddr::new(attempt.address, self.courier.port),
            tls: attempt.tls,
            requirement: self.requirement,
        })
    }

    /// Has one conversation over a connection of its own.
    async fn connect(
        &self,
        attempt: &Attempt,
        key: Option<Key>,
        envelope: Envelope,
        message: &impl Source,
    ) -> (Vec<Outcome>, Promises) {
        let (all, courier) = (envelope.recipients.len(), &self.courier);
        let addr = SocketAddr::new(attempt.address, courier.port);
        let why = |why: &dyn fmt::Display| {
            let broken = Outcome::broken(format_args!("{} ({addr}): {why}", attempt.host));
            (vec![broken; all], Promises::default())
        };
        // TLS was tried before, and is not any more.
        let way = self.way(&envelope).filter(|_| attempt.tls != TlsPolicy::None);
        let proof = match &way {
            Some(way) => way.proof(&attempt.host, courier),
            None if attempt.tls == TlsPolicy::Required => {
                Ok(Proof::of_address(attempt.address, courier))
            }
            None => Ok(Proof::unchecked(&attempt.host, courier)),
        };
        let proof = match proof {
            Ok(proof) => proof,
            Err(error) => return why(&error),
        };
        let mut submission = Submission::new(courier.hello.clone(), attempt.tls, Config::default())
            .with_conversion();
        if let Err(misuse) = submission.send(envelope) {
            return why(&misuse);
        }
        let tcp = match dial::tcp([addr]).await {
            Ok(tcp) => tcp,
            Err(error) => return why(&error),
        };
        let name = ServerName::try_from(proof.name);
        let tls = name.map_or(Tls::Unavailable, |name| Tls::Client(proof.config, name));
        let mut link = Link::new(submission, Stream::new(tcp, tls), Clock::start());
        if let Some(tap) = &courier.tap {
            link.tap(tap());
        }
        let (outcomes, error) = talk(&mut link, message).await;
        if let Some(way) = way {
            let tolerated = proof.witness.and_then(Witness::take);
            let submission = link.conn();
            let came = match (tolerated, &error) {
                _ if !submission.is_secured() => match &error {
                    Some(error) if is_about_tls(&outcomes) => Some(Came::Broken(error)),
                    _ => submission.extensions().map(|_| Came::NotOffered),
                },
                (Some(error), _) => Some(Came::Tolerated(error)),
                (None, _) => Some(Came::Secured),
            };
            if let Some(came) = came {
                way.came(&attempt.host, attempt.address, came);
            }
        }
        let promises = link.conn().promises();
        self.keep(key, link);
        (outcomes, promises)
    }

    /// The way to the domain that all of an attempt's recipients are in; none where that is an
    /// address.
    fn way(&self, envelope: &Envelope) -> Option<Arc<Way>> {
        let mailbox = envelope.recipients.first()?.forward_path.mailbox()?;
        match &mailbox.host {
            Host::Domain(domain) => self.ways().get(&domain.as_str().to_lowercase()).cloned(),
            Host::Literal(_) => None,
        }
    }
}

/// Whether the message's header has `TLS-Required: No` (RFC 8689 §3).
async fn waives_tls(message: &impl Source) -> io::Result<bool> {
    let (mut pieces, mut stream) = (message.pieces()?, MessageStream::default());
    while let Some(piece) = pieces.next().await? {
        let mut rest = &*piece;
        while let Some(event) = stream.event(&mut rest) {
            match event {
                MessageEvent::Field(field) if field.is_tls_waiver() => return Ok(true),
                MessageEvent::Body(_) => return Ok(false),
                _ => {}
            }
        }
    }
    Ok(false)
}

/// Whether a conversation ended because TLS could not be put in place.
fn is_about_tls(outcomes: &[Outcome]) -> bool {
    outcomes.iter().filter_map(Outcome::reason).any(|reason| matches!(reason, Reason::Tls(_)))
}

/// Has the conversation up to the outcome, and tells why it broke off, where it did.
async fn talk(
    link: &mut Link<Submission, Stream>,
    message: &impl Source,
) -> (Vec<Outcome>, Option<io::Error>) {
    let mut outcomes = None;
    let error = converse(link, message, &mut outcomes).await.err();
    let outcomes = outcomes.or_else(|| match &error {
        Some(error) => link.conn().abandon(error),
        None => link.conn().abandon("the connection ended"),
    });
    (outcomes.unwrap_or_default(), error)
}

/// How a message is converted, which is found out with all of it in memory; none where it cannot be.
async fn plan(message: &impl Source, to: Body) -> io::Result<Option<Conversion>> {
    let Ok(_room) = room_for(message.size()).await else { return Ok(None) };
    let (mut pieces, mut whole) = (message.pieces()?, Vec::new());
    while let Some(piece) = pieces.next().await? {
        whole.extend_from_slice(&piece);
    }
    spawn_blocking(move || convert::plan(&whole, to)).await.map_err(io::Error::other)
}

/// An error breaks off what was begun: the server must not take a half.
async fn converse(
    link: &mut Link<Submission, Stream>,
    message: &impl Source,
    outcomes: &mut Option<Vec<Outcome>>,
) -> io::Result<()> {
    let (mut pieces, mut outgoing) = (message.pieces()?, convert::Pieces::default());
    let as_io = |error| match error {
        drive::Error::Io(error) => error,
        error => io::Error::other(error),
    };
    while let Some((event, submission)) = link.next_event().await.map_err(as_io)? {
        match event {
            Event::WantConversion { to } => {
                let plan = plan(message, to).await?;
                pieces = message.pieces()?;
                outgoing.convert(plan, submission)
            }
            Event::WantMessage => loop {
                if let Some(piece) = outgoing.next() {
                    break submission.message(piece);
                }
                let read = pieces.next().await?;
                let is_over = read.is_none();
                outgoing.read(read)?;
                if is_over {
                    break submission.end_message();
                }
            },
            Event::Outcome(each) => {
                *outcomes = Some(each);
                return Ok(());
            }
            _ => Ok(()),
        }
        .map_err(io::Error::other)?;
    }
    Ok(())
}
