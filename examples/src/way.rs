//! How securely mail goes to a domain: what TLS must prove at each of its hosts, and what came of
//! it.

use crate::{
    deliver::Courier,
    lookup,
    policy::Standing,
    tls::{Witness, dane_client},
    tls_reports::{Failed, TlsReports},
};
use mailrail_mx::{
    AppliedPolicy, Demand, Exchanger, Exchanges, Mode, Refused, StsPolicy, TlsFailure,
    TlsRequirement, to_ascii,
};
use mailrail_smtp::{
    delivery::{Answer, Exchanger as Host},
    submission::TlsPolicy,
};
use rustls::{CertificateError, ClientConfig};
use std::{fmt, io, net::IpAddr, sync::Arc};

/// Where a domain's mail goes, and what TLS must prove there.
pub(crate) struct Way {
    /// In ASCII.
    domain: String,
    found: Exchanges,
    policy: Option<StsPolicy>,
    requirement: TlsRequirement,
    /// None where the domain wants none, or nobody counts.
    reports: Option<TlsReports>,
}

impl fmt::Debug for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Way").field("domain", &self.domain).finish_non_exhaustive()
    }
}

/// How TLS is put in place so that it proves what it must.
pub(crate) struct Proof {
    pub(crate) config: Arc<ClientConfig>,
    /// Whom the server is asked to be.
    pub(crate) name: String,
    /// Sees what is wrong with a certificate, though it does no harm.
    pub(crate) witness: Option<Witness>,
}

/// What became of TLS in a conversation.
#[derive(Debug)]
pub(crate) enum Came<'a> {
    /// It is in place, and proves what it must.
    Secured,
    /// It is in place, and what is wrong with it has no consequence.
    Tolerated(rustls::Error),
    /// It is not offered.
    NotOffered,
    /// It could not be put in place.
    Broken(&'a io::Error),
}

impl Way {
    /// Looks the way to `domain` up.
    ///
    /// # Errors
    ///
    /// What the lookup comes to, where there is none.
    pub(crate) async fn find(
        courier: &Courier,
        domain: &str,
        requirement: TlsRequirement,
    ) -> Result<Self, Answer> {
        let mut found = match courier.resolver.exchanges(domain).await {
            Ok(found) if found.null_mx => return Err(Answer::NullMx),
            Ok(found) => found,
            Err(lookup::Error::Domain(error)) => return Err(Answer::NotADomain(error.to_string())),
            Err(lookup::Error::Lookup(mailrail_mx::Error::NoSuchDomain)) => {
                return Err(Answer::NoSuchDomain);
            }
            Err(lookup::Error::Lookup(mailrail_mx::Error::NoAddress)) => {
                return Err(Answer::NoAddress);
            }
            Err(error) => return Err(Answer::NotNow(error.to_string())),
        };
        let is_own = courier.own.as_ref().is_some_and(|own| found.keep_preferred_to(own.as_str()));
        if is_own && found.exchangers.is_empty() {
            return Err(Answer::Loop);
        }
        if found.usable().next().is_none() && found.is_temporary() {
            return Err(Answer::NotNow("no exchanger has an address".into()));
        }
        let Standing { policy, failed } = match &courier.policies {
            Some(policies) => policies.policy(domain, found.sts.as_ref()).await,
            None => Standing::default(),
        };
        let domain = to_ascii(domain).map_err(|error| Answer::NotADomain(error.to_string()))?;
        // Of what is not to be proved nothing is counted.
        let is_counted = found.tls_report.is_some() && requirement != TlsRequirement::Waived;
        let reports = courier.reports.clone().filter(|_| is_counted);
        let way = Self { domain, found, policy, requirement, reports };
        if let Some(failed) = failed {
            way.count(&AppliedPolicy::sts_unknown(&way.domain), Err(failed));
        }
        Ok(way)
    }

    fn demand<'a>(&self, host: &'a Exchanger) -> Demand<'a> {
        self.found.demand(host, self.policy.as_ref(), self.requirement)
    }

    /// The hosts to try, with the TLS that each of them needs.
    pub(crate) fn hosts(&self) -> Answer {
        let (mut hosts, mut refused) = (Vec::new(), Vec::new());
        for exchanger in self.found.usable() {
            let mut host = Host::new(exchanger.host.clone(), exchanger.addresses.clone());
            match self.demand(exchanger) {
                Demand::Refused(why) => {
                    self.count_refused(exchanger, &why);
                    refused.push((exchanger, why));
                    continue;
                }
                // Where it is only tested, what fails has no consequence.
                Demand::Opportunistic | Demand::WebPki { is_enforced: false, .. } => {}
                _ => host.tls = TlsPolicy::Required,
            }
            hosts.push(host);
        }
        // What can't be looked up for now may be known later; what has no proof has none then.
        let is_final = self.requirement == TlsRequirement::Required
            && refused.iter().all(|(_, why)| !matches!(why, Refused::TlsaUnknown(_)));
        match refused.last() {
            Some((exchanger, why)) if hosts.is_empty() => {
                let why = format!("{}: {why}", exchanger.host);
                if is_final { Answer::Insecure(why) } else { Answer::NotNow(why) }
            }
            _ => Answer::Found(hosts),
        }
    }

    /// How TLS is put in place with one of the hosts, as its [`Demand`] says.
    ///
    /// # Errors
    ///
    /// Why it can't be.
    pub(crate) fn proof(&self, host: &str, courier: &Courier) -> Result<Proof, String> {
        let exchanger = self.found.exchangers.iter().find(|exchanger| exchanger.host == host);
        let exchanger = exchanger.ok_or("it is not one of the domain's exchangers")?;
        let as_text = |error: crate::tls::Error| error.to_string();
        let mut proof = Proof::unchecked(host, courier);
        match self.demand(exchanger) {
            Demand::Dane(records) => {
                proof.config = dane_client(records.clone()).map_err(as_text)?;
                proof.name = records.base().to_owned();
            }
            Demand::WebPki { is_enforced: true, .. } => proof.config = courier.authorities.client(),
            Demand::WebPki { is_enforced: false, .. } => {
                let (config, witness) = courier.authorities.witness().map_err(as_text)?;
                (proof.config, proof.witness) = (config, Some(witness));
            }
            Demand::Refused(why) => return Err(why.to_string()),
            _ => {}
        }
        Ok(proof)
    }

    /// Counts what became of TLS with one of the hosts, for the domain's report.
    pub(crate) fn came(&self, host: &str, address: IpAddr, came: Came<'_>) {
        let Some(exchanger) = self.found.exchangers.iter().find(|it| it.host == host) else {
            return;
        };
        let policy = self.found.applied_policy(&self.domain, exchanger, self.policy.as_ref());
        let is_dane = matches!(self.demand(exchanger), Demand::Dane(_));
        let (failure, why) = match came {
            Came::Secured if self.is_outside(host) && !is_dane => {
                (TlsFailure::ValidationFailure, Refused::NotInPolicy.to_string())
            }
            Came::Secured => return self.count(&policy, Ok(())),
            Came::Tolerated(error) => (failure(&error, is_dane), error.to_string()),
            Came::NotOffered => {
                (TlsFailure::StarttlsNotSupported, "STARTTLS is not offered".to_owned())
            }
            Came::Broken(error) => {
                let inner = error.get_ref().and_then(|error| error.downcast_ref());
                let kind = inner.map_or(TlsFailure::ValidationFailure, |it| failure(it, is_dane));
                (kind, error.to_string())
            }
        };
        let at = Some((host.to_owned(), Some(address)));
        self.count(&policy, Err(Failed { failure, why, at }));
    }

    /// Whether a policy that is only tested does not have the host.
    fn is_outside(&self, host: &str) -> bool {
        let tested = self.policy.as_ref().filter(|policy| policy.mode == Mode::Testing);
        tested.is_some_and(|policy| !policy.matches(host))
    }

    fn count_refused(&self, exchanger: &Exchanger, why: &Refused) {
        let failure = match why {
            Refused::TlsaUnknown(_) => TlsFailure::DnssecInvalid,
            Refused::NotInPolicy => TlsFailure::ValidationFailure,
            // That is this message's demand, and no policy of the domain's.
            _ => return,
        };
        let policy = self.found.applied_policy(&self.domain, exchanger, self.policy.as_ref());
        let at = Some((exchanger.host.clone(), None));
        self.count(&policy, Err(Failed { failure, why: why.to_string(), at }));
    }

    fn count(&self, policy: &AppliedPolicy, came: Result<(), Failed>) {
        if let Some(reports) = &self.reports {
            reports.count(&self.domain, policy, came);
        }
    }
}

impl Proof {
    /// Whoever the server is: TLS is better than none (RFC 7435).
    pub(crate) fn unchecked(host: &str, courier: &Courier) -> Self {
        Self { config: Arc::clone(&courier.tls), name: host.to_owned(), witness: None }
    }

    /// A host that is named by its address has to prove that.
    pub(crate) fn of_address(address: IpAddr, courier: &Courier) -> Self {
        let config = courier.authorities.client();
        Self { config, name: address.to_string(), witness: None }
    }
}

/// What is wrong, in the words of a report (RFC 8460 §4.3).
fn failure(error: &rustls::Error, is_dane: bool) -> TlsFailure {
    use CertificateError::{Expired, ExpiredContext, NotValidForName, NotValidForNameContext};
    match error {
        rustls::Error::InvalidCertificate(NotValidForName | NotValidForNameContext { .. }) => {
            TlsFailure::CertificateHostMismatch
        }
        rustls::Error::InvalidCertificate(Expired | ExpiredContext { .. }) => {
            TlsFailure::CertificateExpired
        }
        rustls::Error::InvalidCertificate(_) => TlsFailure::CertificateNotTrusted,
        // No record matches.
        rustls::Error::General(_) if is_dane => TlsFailure::TlsaInvalid,
        _ => TlsFailure::ValidationFailure,
    }
}
