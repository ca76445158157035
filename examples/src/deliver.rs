//! Delivery to a domain: its exchangers are looked up and tried in their order (RFC 5321 §5.1).

use crate::{
    dial,
    dialogue::{Dialogue, Next, Order, Outcome, Reason, Security},
    drive::{
        Clock, Tap,
        tokio::{Link, Stream, Tls},
    },
    lookup::{self, Resolver},
    outgoing, store,
};
use bytes::Bytes;
use mailrail_smtp::{AddressLiteral, Client, Config, Domain, Host, Mailbox};
use rustls::{ClientConfig, pki_types::ServerName};
use std::{
    fmt, io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

/// How many addresses of a domain's exchangers are tried.
const TRIES_MAX: usize = 16;

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

/// An address to try.
struct Stop {
    /// Which exchanger's it is.
    exchanger: usize,
    name: String,
    address: IpAddr,
}

impl Courier {
    /// Delivers to recipients who are all at `host`, and tells what became of each, in their order.
    ///
    /// The next exchanger is tried after a refused connection, a timeout or a temporary refusal,
    /// for those whom it concerns; a permanent refusal is final.
    pub async fn deliver(
        &self,
        host: &Host<'_>,
        order: Order,
        message: &impl Source,
    ) -> Vec<Outcome> {
        let mut outcomes = vec![Outcome::Pending; order.recipients.len()];
        let stops = match self.stops(host).await {
            Ok(stops) => stops,
            Err(reason) => return vec![Outcome::Failed(reason); order.recipients.len()],
        };
        // The exchanger that was reached: its other addresses are the same host.
        let mut reached = None;
        for stop in stops.iter().take(TRIES_MAX) {
            if reached == Some(stop.exchanger) {
                continue;
            }
            let open: Vec<usize> =
                (0..outcomes.len()).filter(|&at| outcomes.get(at).is_some_and(is_open)).collect();
            if open.is_empty() {
                break;
            }
            let recipients: Vec<Mailbox<'static>> =
                open.iter().filter_map(|&at| order.recipients.get(at).cloned()).collect();
            let order = Order { recipients, ..order.clone() };
            let tried = self.attempt(stop, order, message).await;
            if !tried.iter().all(|outcome| matches!(outcome, Outcome::Failed(Reason::Broken(_)))) {
                reached = Some(stop.exchanger);
            }
            for (at, outcome) in open.into_iter().zip(tried) {
                if let Some(slot) = outcomes.get_mut(at) {
                    *slot = outcome;
                }
            }
        }
        outcomes
    }

    /// The addresses to try, in their order.
    async fn stops(&self, host: &Host<'_>) -> Result<Vec<Stop>, Reason> {
        let address = match host {
            Host::Domain(domain) => return self.look_up(domain.as_str()).await,
            Host::Literal(AddressLiteral::V4(address)) => IpAddr::V4(*address),
            Host::Literal(AddressLiteral::V6(address)) => IpAddr::V6(*address),
            Host::Literal(AddressLiteral::General(_)) => {
                let is_temporary = false;
                return Err(Reason::NoExchanger { domain: host.to_string(), is_temporary });
            }
        };
        Ok(vec![Stop { exchanger: 0, name: address.to_string(), address }])
    }

    async fn look_up(&self, domain: &str) -> Result<Vec<Stop>, Reason> {
        let named = || domain.to_owned();
        let mut found = match self.resolver.exchanges(domain).await {
            Ok(found) if found.null_mx => return Err(Reason::NullMx(named())),
            Ok(found) => found,
            Err(lookup::Error::Domain(error)) => {
                return Err(Reason::Domain { domain: named(), error });
            }
            Err(lookup::Error::Lookup(error)) => {
                return Err(Reason::Lookup { domain: named(), error });
            }
            Err(error) => return Err(Reason::Broken(format!("{domain}: {error}"))),
        };
        let is_own = self.own.as_ref().is_some_and(|own| found.keep_preferred_to(own.as_str()));
        if is_own && found.exchangers.is_empty() {
            return Err(Reason::Loop(named()));
        }
        let is_temporary = found.is_temporary();
        let stops: Vec<_> = found
            .exchangers
            .into_iter()
            .enumerate()
            .flat_map(|(exchanger, host)| {
                let stop = move |address| Stop { exchanger, name: host.host.clone(), address };
                host.addresses.into_iter().map(stop)
            })
            .collect();
        if stops.is_empty() {
            return Err(Reason::NoExchanger { domain: named(), is_temporary });
        }
        Ok(stops)
    }

    /// One conversation, or two: where a server offers STARTTLS and cannot do it, the second one
    /// goes without.
    async fn attempt(&self, stop: &Stop, order: Order, message: &impl Source) -> Vec<Outcome> {
        let dialogue = self.converse(stop, order.clone(), message, Security::Opportunistic).await;
        if !dialogue.is_securing() {
            return dialogue.into_outcomes();
        }
        tracing::info!(host = stop.name, "STARTTLS failed; going on without it");
        self.converse(stop, order, message, Security::AsItIs).await.into_outcomes()
    }

    async fn converse(
        &self,
        stop: &Stop,
        order: Order,
        message: &impl Source,
        security: Security,
    ) -> Dialogue {
        let mut dialogue = Dialogue::new(order, self.hello.clone(), security);
        let addr = SocketAddr::new(stop.address, self.port);
        match dial::tcp([addr]).await {
            Ok(tcp) => {
                let name = ServerName::try_from(stop.name.clone());
                let tls =
                    name.map_or(Tls::Unavailable, |name| Tls::Client(Arc::clone(&self.tls), name));
                let smtp = Client::new(Config::default());
                let mut link = Link::new(smtp, Stream::new(tcp, tls), Clock::start());
                if let Some(tap) = &self.tap {
                    link.tap(tap());
                }
                talk(&mut link, &mut dialogue, message).await;
            }
            Err(error) => dialogue.broke(&format_args!("{} ({addr}): {error}", stop.name)),
        }
        dialogue
    }
}

/// Whether a recipient's next exchanger is to be tried.
const fn is_open(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Pending => true,
        Outcome::Delivered => false,
        Outcome::Failed(reason) => !reason.is_final(),
    }
}

/// Has the conversation to its end.
async fn talk(link: &mut Link<Client, Stream>, dialogue: &mut Dialogue, message: &impl Source) {
    let mut pieces = match message.pieces() {
        Ok(pieces) => pieces,
        Err(error) => return dialogue.broke(&error),
    };
    loop {
        let answered = match link.next_event().await {
            Ok(Some((event, smtp))) => match dialogue.answer(event, smtp) {
                Ok(Next::Piece) => match pieces.next().await {
                    Ok(Some(piece)) => smtp.message(piece),
                    Ok(None) => smtp.end_message(),
                    // What was begun can only be broken off: the server must not take a half.
                    Err(error) => return dialogue.broke(&error),
                },
                Ok(Next::Event) => Ok(()),
                Err(misuse) => Err(misuse),
            },
            Ok(None) => return,
            Err(error) => return dialogue.broke(&error),
        };
        if let Err(misuse) = answered {
            return dialogue.broke(&misuse);
        }
    }
}
