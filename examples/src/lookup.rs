//! Which name server is asked for a domain's mail exchangers, and what it says.

use crate::drive::{self, Clock, datagram::DnsSocket, tokio::Link};
use mailrail_mx::{Config, Event, Exchanges, InvalidDomain, Lookup};
use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

const PORT: u16 = 53;
/// How many of the system's name servers are asked.
const SERVERS_MAX: usize = 3;

/// The name servers to ask: the first one that can tell.
#[derive(Debug, Clone)]
pub struct Resolver {
    servers: Vec<SocketAddr>,
    named: bool,
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
    /// The name server was not reached.
    #[error("the name server: {0}")]
    Io(#[from] io::Error),
}

impl Error {
    /// Whether another name server, or another time, may tell more.
    fn is_temporary(&self) -> bool {
        match self {
            Self::Domain(_) => false,
            Self::Lookup(error) => error.is_temporary(),
            Self::Io(_) => true,
        }
    }
}

impl Resolver {
    /// The one named, or the system's.
    #[must_use]
    pub fn new(named: Option<SocketAddr>) -> Self {
        match named {
            Some(server) => Self { servers: vec![server], named: true },
            None => {
                let text = std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
                Self { servers: servers(&text), named: false }
            }
        }
    }

    /// Asks for a domain's exchangers. What they say of authenticity counts only where the way to
    /// the name server is one to trust: loopback, or the caller's own word.
    ///
    /// # Errors
    ///
    /// Where there are none, or nobody can tell.
    pub async fn exchanges(&self, domain: &str) -> Result<Exchanges, Error> {
        let mut last = Error::Io(io::ErrorKind::NotFound.into());
        for &server in &self.servers {
            match ask(server, domain).await {
                Ok(mut found) => {
                    found.authenticated &= self.named || server.ip().is_loopback();
                    return Ok(found);
                }
                Err(error) if error.is_temporary() => last = error,
                Err(error) => return Err(error),
            }
        }
        Err(last)
    }
}

async fn ask(server: SocketAddr, domain: &str) -> Result<Exchanges, Error> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(io::Error::other)?;
    let lookup = Lookup::new(domain, random, Config::default())?;
    let mut link = Link::new(lookup, DnsSocket::connect(server).await?, Clock::start());
    match link.next_event().await {
        Ok(Some((Event::Exchanges(found), _))) => Ok(found),
        Ok(_) => Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
        Err(drive::Error::Connection(error)) => Err(Error::Lookup(error)),
        Err(drive::Error::Io(error)) => Err(error.into()),
        Err(error) => Err(io::Error::other(error).into()),
    }
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
