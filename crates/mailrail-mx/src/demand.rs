//! What TLS must prove before a message goes to an exchanger: DANE, MTA-STS and REQUIRETLS put
//! together.

use crate::{Dane, Error, Exchanger, Exchanges, Mode, StsPolicy, TlsaSet};

/// What TLS must prove before a message goes to an exchanger.
///
/// Where it is not met, the next exchanger is tried, and then the message waits: none of these
/// failures is final, except for a message that demands TLS (RFC 8689 §4.2.1: 5.7.10 without TLS,
/// 5.7.30 where the server does not know REQUIRETLS).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Demand<'a> {
    /// Nothing: TLS where it is offered, with whatever certificate; else none (RFC 7435).
    Opportunistic,
    /// TLS, with whatever certificate: there are TLSA records, none of them usable (RFC 7672 §2.2).
    Encryption,
    /// TLS, with certificates that [`TlsaSet::verify`] finds right.
    Dane(&'a TlsaSet),
    /// TLS, with a certificate for `name` that leads to an authority trusted on the Web
    /// (RFC 8461 §4.2).
    WebPki {
        /// The exchanger's name.
        name: &'a str,
        /// It gets no mail otherwise. If not, it does, and what failed is only reported
        /// ([`Mode::Testing`]).
        is_enforced: bool,
    },
    /// It can't be met: the exchanger is left out.
    Refused(Refused),
}

/// What a message asks of TLS, whatever the domains that it goes to ask for (RFC 8689).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum TlsRequirement {
    /// Nothing of its own: what a domain asks for counts.
    #[default]
    Policy,
    /// TLS that proves where it goes: it came with REQUIRETLS (§4.2.1). Such a message goes only to
    /// a server that offers REQUIRETLS once TLS is in place.
    Required,
    /// No more than TLS where that works, whatever a domain asks for, so that a fault there can be
    /// reported to it: the header field `TLS-Required: No` (§4.2.2).
    Waived,
}

impl TlsRequirement {
    /// That of a message: whether it came with REQUIRETLS, and whether its header has
    /// `TLS-Required: No`, which counts only without the former (RFC 8689 §4.1).
    #[must_use]
    pub const fn new(requires_tls: bool, waives_tls: bool) -> Self {
        match (requires_tls, waives_tls) {
            (true, _) => Self::Required,
            (false, true) => Self::Waived,
            (false, false) => Self::Policy,
        }
    }
}

/// Why an exchanger is left out, whatever TLS could prove.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// Its TLSA records could not be looked up (RFC 7672 §2.1.2).
    #[error("its TLSA records are not known: {0}")]
    TlsaUnknown(Error),
    /// The domain's MTA-STS policy does not have it (RFC 8461 §4.1).
    #[error("it is not in the domain's MTA-STS policy")]
    NotInPolicy,
    /// The message demands TLS, and neither DNSSEC nor a policy says that the domain's mail goes
    /// here (RFC 8689 §4.2.1).
    #[error("nothing proves that it is the domain's exchanger")]
    Unproved,
}

impl Exchanges {
    /// What TLS must prove to `exchanger`, one of these, under the domain's MTA-STS policy, if there
    /// is one, and under what the message itself asks for.
    ///
    /// Usable TLSA records win over a policy, and so does a failure to look them up (RFC 8461 §2).
    #[must_use]
    pub fn demand<'a>(
        &self,
        exchanger: &'a Exchanger,
        policy: Option<&StsPolicy>,
        requirement: TlsRequirement,
    ) -> Demand<'a> {
        if requirement == TlsRequirement::Waived {
            return Demand::Opportunistic;
        }
        let mut demand = match &exchanger.dane {
            Dane::Failed(error) => return Demand::Refused(Refused::TlsaUnknown(error.clone())),
            Dane::Records(records) if records.is_usable() => return Demand::Dane(records),
            Dane::Records(_) => Demand::Encryption,
            Dane::None => Demand::Opportunistic,
        };
        let name = exchanger.host.as_str();
        let policy = policy.filter(|policy| policy.mode != Mode::None);
        let is_in_policy = policy.is_some_and(|policy| policy.matches(name));
        match policy.map(|policy| policy.mode) {
            Some(Mode::Enforce) if is_in_policy => {
                demand = Demand::WebPki { name, is_enforced: true };
            }
            Some(Mode::Enforce) => return Demand::Refused(Refused::NotInPolicy),
            Some(Mode::Testing) if is_in_policy && demand == Demand::Opportunistic => {
                demand = Demand::WebPki { name, is_enforced: false };
            }
            _ => {}
        }
        if requirement == TlsRequirement::Required {
            return if self.authenticated || self.implicit || is_in_policy {
                Demand::WebPki { name, is_enforced: true }
            } else {
                Demand::Refused(Refused::Unproved)
            };
        }
        demand
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Matching, Selector, Tlsa, Usage};
    use alloc::{format, vec};

    fn records(usage: Usage) -> TlsaSet {
        let (selector, matching) = (Selector::Spki, Matching::Sha256);
        let record = Tlsa { usage, selector, matching, data: vec![1; 32] };
        TlsaSet { names: vec!["mx.test".into()], records: vec![record] }
    }

    /// RFC 7672 §2.2, RFC 8461 §2 and §5, RFC 8689 §4.2, each combination.
    #[test]
    fn which_one_wins() {
        let policy = |mode: &str, mx: &str| {
            let text = format!("version: STSv1\nmode: {mode}\nmx: {mx}\nmax_age: 1");
            StsPolicy::parse(text.as_bytes()).unwrap()
        };
        let enforce = policy("enforce", "*.test");
        let other = policy("enforce", "other.example");
        let testing = policy("testing", "mx.test");
        let testing_other = policy("testing", "other.example");
        let none = policy("none", "other.example");
        let (usable, unusable) = (records(Usage::DaneEe), records(Usage::PkixEe));
        let failed = Refused::TlsaUnknown(Error::TimedOut);
        let (no, with) = (Dane::None, Dane::Records(usable.clone()));
        let (hollow, late) = (Dane::Records(unusable), Dane::Failed(Error::TimedOut));
        let web = |is_enforced| Demand::WebPki { name: "mx.test", is_enforced };
        let refused = Demand::Refused;
        use TlsRequirement::{Policy as Usual, Required as Must, Waived};
        // DANE, policy, MX authenticated, what the message asks for.
        for (dane, policy, is_authentic, requires, expected) in [
            (&no, None, false, Usual, Demand::Opportunistic),
            (&no, None, true, Usual, Demand::Opportunistic),
            (&no, Some(&enforce), false, Usual, web(true)),
            (&no, Some(&other), false, Usual, refused(Refused::NotInPolicy)),
            (&no, Some(&testing), false, Usual, web(false)),
            (&no, Some(&testing_other), false, Usual, Demand::Opportunistic),
            (&no, Some(&none), false, Usual, Demand::Opportunistic),
            (&with, None, true, Usual, Demand::Dane(&usable)),
            (&with, Some(&other), true, Usual, Demand::Dane(&usable)),
            (&with, Some(&enforce), true, Must, Demand::Dane(&usable)),
            (&hollow, None, true, Usual, Demand::Encryption),
            (&hollow, Some(&testing), true, Usual, Demand::Encryption),
            (&hollow, Some(&enforce), true, Usual, web(true)),
            (&hollow, None, true, Must, web(true)),
            (&late, None, true, Usual, refused(failed.clone())),
            (&late, Some(&enforce), true, Must, refused(failed)),
            (&no, None, false, Must, refused(Refused::Unproved)),
            (&no, None, true, Must, web(true)),
            (&no, Some(&testing), false, Must, web(true)),
            (&no, Some(&testing_other), false, Must, refused(Refused::Unproved)),
            (&no, Some(&none), false, Must, refused(Refused::Unproved)),
            (&no, Some(&other), true, Must, refused(Refused::NotInPolicy)),
            (&no, None, false, Waived, Demand::Opportunistic),
            (&no, Some(&other), false, Waived, Demand::Opportunistic),
            (&with, Some(&enforce), true, Waived, Demand::Opportunistic),
            (&late, None, true, Waived, Demand::Opportunistic),
        ] {
            let exchanger =
                Exchanger { host: "mx.test".into(), dane: dane.clone(), ..Exchanger::default() };
            let found = Exchanges { authenticated: is_authentic, ..Exchanges::default() };
            let demand = found.demand(&exchanger, policy, requires);
            assert_eq!(demand, expected, "{dane:?} {policy:?} {is_authentic} {requires:?}");
        }
        // Without MX records, the domain's own name is what is proved.
        let itself = Exchanger { host: "mx.test".into(), ..Exchanger::default() };
        let found = Exchanges { implicit: true, ..Exchanges::default() };
        assert_eq!(found.demand(&itself, None, Must), web(true));
    }
}
