//! `services`: where a domain's users submit and fetch their mail.

use super::{Failure, print, write_json};
use crate::lookup::{Error, Resolver};
use mailrail_mx::{Offer, Service};
use serde::Serialize;
use std::net::SocketAddr;

/// What `services --json` tells.
#[derive(Serialize)]
struct Report<'a> {
    domain: &'a str,
    services: Vec<Told<'a>>,
    /// Those that the domain says it does not have.
    absent: Vec<&'static str>,
}

#[derive(Serialize)]
struct Told<'a> {
    url: String,
    priority: u16,
    host: &'a str,
    port: u16,
    /// DNSSEC proves it, or the server is the domain's own; else a user should be asked whether it
    /// is right (RFC 6186 §6).
    trusted: bool,
}

/// Prints the servers in the order to try, as URLs that `--server` takes.
///
/// # Errors
///
/// Where there are none, or nobody can tell; exit status 2 where the domain is none.
pub async fn run(name: &str, resolver: Option<SocketAddr>, json: bool) -> Result<(), Failure> {
    // Of an address, the part behind its last `@`.
    let domain = name.rsplit_once('@').map_or(name, |(_, domain)| domain);
    let domain = domain.strip_suffix('.').unwrap_or(domain).to_lowercase();
    let found = match Resolver::new(resolver).services(&domain, &Service::ALL).await {
        Ok(found) => found,
        Err(Error::Domain(error)) => return Err(Failure::usage(format_args!("{domain}: {error}"))),
        Err(error) => return Err(Failure::about(domain, error)),
    };
    let services: Vec<_> = found.offers.iter().map(|offer| Told::new(offer, &domain)).collect();
    if json {
        let absent = found.absent.iter().map(|service| service.name()).collect();
        return write_json(&Report { domain: &domain, services, absent });
    }
    if services.is_empty() {
        return Err(Failure::about(domain, "it names no servers for its users"));
    }
    for told in services {
        let doubt = if told.trusted { "" } else { " (of another domain, and not proved)" };
        print(&format!("{}{doubt}", told.url))?;
    }
    Ok(())
}

impl<'a> Told<'a> {
    fn new(offer: &'a Offer, domain: &str) -> Self {
        let Offer { service, priority, host, port, authenticated, .. } = offer;
        Self {
            url: format!("{}://{host}:{port}", service.name()),
            priority: *priority,
            host,
            port: *port,
            trusted: *authenticated || offer.is_below(domain),
        }
    }
}
