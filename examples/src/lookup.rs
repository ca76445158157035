//! Which name servers are asked for a domain's mail exchangers, and what they said, as long as it
//! holds.

use crate::drive::{self, Clock, datagram::DnsSocket, tokio::Link};
use mailrail_mx::{
    Cache, Cached, Config, Discovery, Dnssec, Event, Exchanges, InvalidDomain, Lookup, Service,
    Services, discovery,
};
use mailrail_wire::Connection;
use std::{
    fmt, io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{sync::Notify, time::timeout};

const PORT: u16 = 53;
/// How many of the system's name servers are asked.
const SERVERS_MAX: usize = 3;
/// How many domains are remembered.
const CACHE_MAX: usize = 10_000;

/// The name servers to ask, and what they said. A clone shares that.
#[derive(Debug, Clone)]
pub struct Resolver {
    servers: Vec<SocketAddr>,
    config: Config,
    known: Arc<Known>,
}

/// What is known, by all who ask.
struct Known {
    cache: Mutex<Cache>,
    /// Somebody who was told to ask has.
    answered: Notify,
    clock: Clock,
}

impl fmt::Debug for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Known").finish_non_exhaustive()
    }
}

impl Known {
    fn cache(&self) -> MutexGuard<'_, Cache> {
        // What a panic leaves behind is a whole cache.
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whoever was told to look a domain up; says so where it is given up before its end, so that the
/// others do not wait for it.
struct Turn<'a> {
    known: &'a Known,
    domain: &'a str,
    result: Result<Exchanges, mailrail_mx::Error>,
    holds: Duration,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let result = std::mem::replace(&mut self.result, Err(mailrail_mx::Error::TimedOut));
        let now = self.known.clock.now();
        self.known.cache().answered(self.domain, result, self.holds, now);
        self.known.answered.notify_waiters();
    }
}

/// Why nothing was found.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is nothing to ask for.
    #[error(transparent)]
    Domain(#[from] InvalidDomain),
    /// What the lookup came to.
    #[error(transparent)]
    Lookup(mailrail_mx::Error),
    /// The name servers were not asked.
    #[error("the name server: {0}")]
    Io(#[from] io::Error),
}

impl Resolver {
    /// The one named, or the system's. What they say of authenticity counts only where the way to
    /// them is one to trust: loopback, or the caller's own word.
    #[must_use]
    pub fn new(named: Option<SocketAddr>) -> Self {
        let servers = match named {
            Some(server) => vec![server],
            None => servers(&std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default()),
        };
        let is_trusted = named.is_some() || servers.iter().all(|server| server.ip().is_loopback());
        let mut config = Config::default();
        config.servers = servers.len();
        config.dnssec = if is_trusted { Dnssec::AdBit } else { Dnssec::Untrusted };
        let (cache, answered) = (Mutex::new(Cache::new(CACHE_MAX)), Notify::new());
        Self { servers, config, known: Arc::new(Known { cache, answered, clock: Clock::start() }) }
    }

    /// Has it ask for what TLS must prove, too: TLSA records of that port, the domain's MTA-STS
    /// record where `sts` says so, and where its TLS reports go where `reports` does.
    #[must_use]
    pub fn with_security(mut self, port: u16, sts: bool, reports: bool) -> Self {
        (self.config.dane, self.config.port) = (true, port);
        (self.config.sts, self.config.tls_report) = (sts, reports);
        self
    }

    /// A domain's exchangers, in an order that is drawn anew among equals each time.
    ///
    /// # Errors
    ///
    /// Where there are none, or nobody can tell.
    pub async fn exchanges(&self, domain: &str) -> Result<Exchanges, Error> {
        let Known { answered, clock, .. } = &*self.known;
        loop {
            // From here on, no answer is missed.
            let answered = answered.notified();
            let cached = self.known.cache().ask(domain, clock.now());
            match cached {
                Cached::Known(known) => {
                    let mut known = known.map_err(Error::Lookup)?;
                    known.shuffle(random()?);
                    return Ok(known);
                }
                // Without an answer, it is this one's turn after a while.
                Cached::Asked => drop(timeout(Cache::PATIENCE, answered).await),
                _ => break,
            }
        }
        let result = Err(mailrail_mx::Error::TimedOut);
        let mut turn = Turn { known: &self.known, domain, result, holds: Duration::ZERO };
        let (result, holds) = self.ask(domain).await?;
        (turn.result, turn.holds) = (result.clone(), holds);
        result.map_err(Error::Lookup)
    }

    /// Asks, and tells how long what it comes to holds.
    async fn ask(
        &self,
        domain: &str,
    ) -> Result<(Result<Exchanges, mailrail_mx::Error>, Duration), Error> {
        let (result, lookup) =
            self.drive(Lookup::new(domain, random()?, self.config.clone())?).await?;
        Ok((result, lookup.holds()))
    }

    /// What a domain offers its users, those services first that are named first.
    ///
    /// # Errors
    ///
    /// Where nobody can tell.
    pub async fn services(&self, domain: &str, services: &[Service]) -> Result<Services, Error> {
        let discovery = Discovery::new(domain, services, random()?, self.config.clone())?;
        self.drive(discovery).await?.0.map_err(Error::Lookup)
    }

    /// Drives a machine that asks to its end.
    async fn drive<M: Asks>(
        &self,
        machine: M,
    ) -> Result<(Result<M::Found, mailrail_mx::Error>, M), Error> {
        let socket = async |at: usize| match self.servers.get(at) {
            Some(server) => Ok(DnsSocket::connect(*server).await),
            None => Err(io::Error::from(io::ErrorKind::NotFound)),
        };
        let mut link = Link::new(machine, socket(0).await?, Clock::start());
        let result = loop {
            let heard = match link.next_event().await {
                Ok(Some((event, _))) => M::hear(event),
                Ok(None) => Heard::Nothing,
                Err(drive::Error::Connection(error)) => break Err(error),
                Err(drive::Error::Io(error)) => {
                    tracing::debug!(%error, "a name server");
                    Heard::Unreachable
                }
                Err(error) => return Err(io::Error::other(error).into()),
            };
            match heard {
                Heard::Found(found) => break Ok(found),
                Heard::Server(at) => link.move_to(socket(at).await?),
                Heard::Unreachable => link.conn().cannot_reach(),
                Heard::Nothing => {
                    return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
                }
            }
        };
        Ok((result, link.into_conn()))
    }
}

/// A machine that asks name servers.
trait Asks: Connection<Error = mailrail_mx::Error> {
    type Found;

    fn hear(event: Self::Event<'_>) -> Heard<Self::Found>;
    fn cannot_reach(&mut self);
}

/// What such a machine's event says, or its socket.
enum Heard<F> {
    Found(F),
    /// That server is to be asked.
    Server(usize),
    /// The present one can't be reached.
    Unreachable,
    /// Nothing that was asked for.
    Nothing,
}

impl Asks for Lookup {
    type Found = Exchanges;

    fn hear(event: Event) -> Heard<Exchanges> {
        match event {
            Event::Exchanges(found) => Heard::Found(found),
            Event::Server(at) => Heard::Server(at),
            _ => Heard::Nothing,
        }
    }

    fn cannot_reach(&mut self) {
        self.unreachable();
    }
}

impl Asks for Discovery {
    type Found = Services;

    fn hear(event: discovery::Event) -> Heard<Services> {
        match event {
            discovery::Event::Services(found) => Heard::Found(found),
            discovery::Event::Server(at) => Heard::Server(at),
            _ => Heard::Nothing,
        }
    }

    fn cannot_reach(&mut self) {
        self.unreachable();
    }
}

fn random() -> io::Result<[u8; 16]> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(io::Error::other)?;
    Ok(random)
}

/// The name servers that the system's configuration names, or the one that it stands for.
fn servers(text: &str) -> Vec<SocketAddr> {
    let servers: Vec<SocketAddr> = text
        .lines()
        .filter_map(|line| {
            let mut words = line.split_ascii_whitespace();
            let (word, server) = (words.next()?, words.next()?);
            (word == "nameserver").then(|| server.parse::<IpAddr>().ok()).flatten()
        })
        .map(|server| (server, PORT).into())
        .take(SERVERS_MAX)
        .collect();
    if servers.is_empty() { vec![(Ipv4Addr::LOCALHOST, PORT).into()] } else { servers }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_name_servers() {
        let text = "# nameserver 192.0.2.9\nsearch x\n nameserver\t192.0.2.1 \nnameserver ::1\n\
                    nameserver fe80::1%eth0\nnameserver 192.0.2.2\nnameserver 192.0.2.3\n";
        let found: Vec<_> = servers(text).iter().map(ToString::to_string).collect();
        assert_eq!(found, ["192.0.2.1:53", "[::1]:53", "192.0.2.2:53"]);
        assert_eq!(servers("options x\n")[0].to_string(), "127.0.0.1:53");
    }
}
