//! `mx`: a domain's exchangers.

use super::{Failure, print, write_json};
use crate::lookup::{Error, Resolver};
use mailrail_mx::Exchanger;
use serde::Serialize;
use std::net::{IpAddr, SocketAddr};

/// What `mx --json` tells.
#[derive(Serialize)]
struct Report<'a> {
    domain: &'a str,
    exchanges: Vec<Exchange<'a>>,
    implicit: bool,
    null_mx: bool,
    authenticated: bool,
}

#[derive(Serialize)]
struct Exchange<'a> {
    preference: u16,
    host: &'a str,
    addresses: &'a [IpAddr],
}

/// Prints a domain's exchangers in the order to try.
///
/// # Errors
///
/// Where there are none, or nobody can tell; exit status 2 where the domain is none.
pub async fn run(domain: &str, resolver: Option<SocketAddr>, json: bool) -> Result<(), Failure> {
    let domain = domain.strip_suffix('.').unwrap_or(domain).to_lowercase();
    let found = match Resolver::new(resolver).exchanges(&domain).await {
        Ok(found) => found,
        Err(Error::Domain(error)) => return Err(Failure::usage(format_args!("{domain}: {error}"))),
        Err(error) => return Err(Failure::about(domain, error)),
    };
    if json {
        return write_json(&Report {
            domain: &domain,
            exchanges: found.exchangers.iter().map(Exchange::new).collect(),
            implicit: found.implicit,
            null_mx: found.null_mx,
            authenticated: found.authenticated,
        });
    }
    if found.null_mx {
        return print(&format!("{domain} takes no mail"));
    }
    for Exchanger { preference, host, addresses, .. } in &found.exchangers {
        let mut line = format!("{preference} {host}");
        for address in addresses {
            line += &format!(" {address}");
        }
        print(&line)?;
    }
    Ok(())
}

impl<'a> Exchange<'a> {
    fn new(found: &'a Exchanger) -> Self {
        Self { preference: found.preference, host: &found.host, addresses: &found.addresses }
    }
}
