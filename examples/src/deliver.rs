//! Delivery to a domain's exchangers: the lookups and connections that a
//! [`Delivery`](mailrail_smtp::Delivery) asks for.

use crate::{
    dial,
    drive::{
        Clock, Tap,
        tokio::{Link, Stream, Tls},
    },
    lookup::{self, Resolver},
    outgoing,
    policy::Policies,
    store,
    tls::dane_client,
};
use bytes::Bytes;
use mailrail_mx::{Demand, Exchanges, StsPolicy};
use mailrail_smtp::{
    Config, Domain, ForwardPath, Host, Submission,
    delivery::{Answer, Attempt, Exchanger, Promises},
    submission::{Envelope, Event, Outcome, TlsPolicy},
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
    /// Where domains' MTA-STS policies come from; none: they are not asked for.
    pub policies: Option<Policies>,
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
        let policy = self.policy(domain, &found).await;
        let (mut exchangers, mut refused) = (Vec::new(), None);
        for host in found.usable() {
            let mut exchanger = Exchanger::new(host.host.clone(), host.addresses.clone());
            match found.demand(host, policy.as_ref(), false) {
                Demand::Refused(why) => {
                    refused = Some(format!("{}: {why}", host.host));
                    continue;
                }
                // Where it is only tested, what fails has no consequence.
                Demand::Opportunistic | Demand::WebPki { is_enforced: false, .. } => {}
                _ => exchanger.tls = TlsPolicy::Required,
            }
            exchangers.push(exchanger);
        }
        match refused {
            Some(why) if exchangers.is_empty() => Answer::NotNow(why),
            _ => Answer::Found(exchangers),
        }
    }

    async fn policy(&self, domain: &str, found: &Exchanges) -> Option<StsPolicy> {
        let policies = self.policies.as_ref()?;
        policies.policy(domain, found.sts.as_ref()).await
    }

    /// What TLS is to prove to the host of an attempt that needs it, and the name to ask it for: as
    /// the lookup told, which is at hand still.
    async fn proof(
        &self,
        envelope: &Envelope,
        host: &str,
    ) -> Result<(Arc<ClientConfig>, String), String> {
        let unchecked = (Arc::clone(&self.tls), host.to_owned());
        let domain = envelope.recipients.first().and_then(|rcpt| match &rcpt.forward_path {
            ForwardPath::Mailbox(mailbox) => match &mailbox.host {
                Host::Domain(domain) => Some(domain.as_str()),
                Host::Literal(_) => None,
            },
            _ => None,
        });
        let Some(domain) = domain else { return Ok(unchecked) };
        let found = self.resolver.exchanges(domain).await.map_err(|error| error.to_string())?;
        let policy = self.policy(domain, &found).await;
        let exchanger = found.exchangers.iter().find(|exchanger| exchanger.host == host);
        let exchanger = exchanger.ok_or("it is not the domain's exchanger any more")?;
        match (found.demand(exchanger, policy.as_ref(), false), &self.policies) {
            (Demand::Dane(records), _) => {
                let config = dane_client(records.clone()).map_err(|error| error.to_string())?;
                Ok((config, records.base().to_owned()))
            }
            (Demand::WebPki { name, is_enforced: true }, Some(policies)) => {
                Ok((policies.client(), name.to_owned()))
            }
            (Demand::Refused(why), _) => Err(why.to_string()),
            _ => Ok(unchecked),
        }
    }

    /// Has one conversation; tells what became of each recipient, and what the server promises.
    pub async fn attempt(
        &self,
        attempt: &Attempt,
        envelope: Envelope,
        message: &impl Source,
    ) -> (Vec<Outcome>, Promises) {
        let all = envelope.recipients.len();
        let addr = SocketAddr::new(attempt.address, self.port);
        let why = |why: &dyn fmt::Display| {
            let broken = Outcome::broken(format_args!("{} ({addr}): {why}", attempt.host));
            (vec![broken; all], Promises::default())
        };
        let (tls, name) = match attempt.tls {
            TlsPolicy::Required => match self.proof(&envelope, &attempt.host).await {
                Ok(proof) => proof,
                Err(error) => return why(&error),
            },
            _ => (Arc::clone(&self.tls), attempt.host.clone()),
        };
        let mut submission = Submission::new(self.hello.clone(), attempt.tls, Config::default());
        if let Err(misuse) = submission.send(envelope) {
            return why(&misuse);
        }
        let tcp = match dial::tcp([addr]).await {
            Ok(tcp) => tcp,
            Err(error) => return why(&error),
        };
        let name = ServerName::try_from(name);
        let tls = name.map_or(Tls::Unavailable, |name| Tls::Client(tls, name));
        let mut link = Link::new(submission, Stream::new(tcp, tls), Clock::start());
        if let Some(tap) = &self.tap {
            link.tap(tap());
        }
        let outcomes = talk(&mut link, message).await;
        (outcomes, link.conn().promises())
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
