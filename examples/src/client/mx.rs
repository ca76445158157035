//! `mx`: a domain's exchangers, and what TLS must prove to them.

use super::{Failure, print, write_json};
use crate::{
    lookup::{Error, Resolver},
    policy::Policies,
    tls::Authorities,
};
use mailrail_mx::{Dane, Demand, Exchanger, Exchanges, StsPolicy, TlsRequirement};
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
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    security: Option<Security<'a>>,
}

#[derive(Serialize)]
struct Exchange<'a> {
    preference: u16,
    host: &'a str,
    addresses: &'a [IpAddr],
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    proof: Option<Proof>,
}

/// What TLS must prove to an exchanger.
#[derive(Serialize)]
struct Proof {
    /// In a word: opportunistic, encryption, dane, webpki, webpki-testing or refused.
    demand: &'static str,
    /// The TLSA records, in their presentation format.
    tlsa: Vec<String>,
    /// Why it is refused.
    why: Option<String>,
}

/// What the domain says of TLS.
#[derive(Serialize)]
struct Security<'a> {
    /// The MTA-STS policy's lines.
    mta_sts: Option<Vec<String>>,
    /// Where its TLS reports go.
    tls_reports: &'a [String],
}

/// How `mx` looks.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::exhaustive_structs, reason = "the command line fills it in")]
pub struct Options {
    /// The name server; none: the system's.
    pub resolver: Option<SocketAddr>,
    /// Whether JSON is printed.
    pub json: bool,
    /// Whether it tells what TLS must prove.
    pub tls: bool,
    /// The exchangers' port.
    pub port: u16,
    /// Where policies are fetched from; none: each domain's policy host.
    pub mta_sts_host: Option<SocketAddr>,
}

/// Prints a domain's exchangers in the order to try. Policies are of hosts that the system's
/// authorities or those in `ca` prove.
///
/// # Errors
///
/// Where there are none, or nobody can tell; exit status 2 where the domain is none.
pub async fn run(
    domain: &str,
    options: Options,
    ca: Option<&std::path::Path>,
) -> Result<(), Failure> {
    let domain = domain.strip_suffix('.').unwrap_or(domain).to_lowercase();
    let mut resolver = Resolver::new(options.resolver);
    if options.tls {
        resolver = resolver.with_security(options.port, true, true);
    }
    let found = match resolver.exchanges(&domain).await {
        Ok(found) => found,
        Err(Error::Domain(error)) => return Err(Failure::usage(format_args!("{domain}: {error}"))),
        Err(error) => return Err(Failure::about(domain, error)),
    };
    let mut policy = None;
    if options.tls {
        let policies = Policies::new(&Authorities::new(ca)?, options.mta_sts_host);
        policy = policies.policy(&domain, found.sts.as_ref()).await.policy;
    }
    let proof = |host| options.tls.then(|| Proof::new(&found, host, policy.as_ref()));
    let exchange = |host| Exchange::new(host, proof(host));
    if options.json {
        return write_json(&Report {
            domain: &domain,
            exchanges: found.exchangers.iter().map(exchange).collect(),
            implicit: found.implicit,
            null_mx: found.null_mx,
            authenticated: found.authenticated,
            security: options.tls.then(|| Security::new(&found, policy.as_ref())),
        });
    }
    if found.null_mx {
        return print(&format!("{domain} takes no mail"));
    }
    for host in &found.exchangers {
        let Exchange { preference, host, addresses, proof } = exchange(host);
        let mut line = format!("{preference} {host}");
        for address in addresses {
            line += &format!(" {address}");
        }
        print(&line)?;
        for line in proof.iter().flat_map(Proof::lines) {
            print(&format!("    {line}"))?;
        }
    }
    if options.tls {
        let security = Security::new(&found, policy.as_ref());
        for line in security.mta_sts.iter().flatten() {
            print(&format!("mta-sts: {line}"))?;
        }
        for uri in security.tls_reports {
            print(&format!("tls reports: {uri}"))?;
        }
    }
    Ok(())
}

impl<'a> Exchange<'a> {
    fn new(found: &'a Exchanger, proof: Option<Proof>) -> Self {
        let Exchanger { preference, host, addresses, .. } = found;
        Self { preference: *preference, host, addresses, proof }
    }
}

impl Proof {
    fn new(found: &Exchanges, host: &Exchanger, policy: Option<&StsPolicy>) -> Self {
        let (demand, why) = match found.demand(host, policy, TlsRequirement::Policy) {
            Demand::Encryption => ("encryption", None),
            Demand::Dane(_) => ("dane", None),
            Demand::WebPki { is_enforced: true, .. } => ("webpki", None),
            Demand::WebPki { is_enforced: false, .. } => ("webpki-testing", None),
            Demand::Refused(why) => ("refused", Some(why.to_string())),
            _ => ("opportunistic", None),
        };
        let tlsa = match &host.dane {
            Dane::Records(set) => set.records.iter().map(ToString::to_string).collect(),
            _ => Vec::new(),
        };
        Self { demand, tlsa, why }
    }

    fn lines(&self) -> Vec<String> {
        let why = self.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        let mut lines = vec![format!("tls {}{why}", self.demand)];
        lines.extend(self.tlsa.iter().map(|record| format!("tlsa {record}")));
        lines
    }
}

impl<'a> Security<'a> {
    fn new(found: &'a Exchanges, policy: Option<&StsPolicy>) -> Self {
        let tls_reports = found.tls_report.as_ref().map_or(&[][..], |record| &record.uris);
        Self { mta_sts: policy.map(StsPolicy::lines), tls_reports }
    }
}
