//! What a lookup finds, and in which order it is tried.

use crate::{Dane, Error, Families, StsRecord, TlsReportRecord, domain, draw::Draw};
use alloc::{string::String, vec::Vec};
use core::{net::IpAddr, time::Duration};
use hickory_proto::rr::{Name, RData};

/// Where a domain's mail goes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Exchanges {
    /// The hosts in the order to try: by preference, those of equal preference in an order drawn
    /// from the caller's random bytes (RFC 5321 §5.1). Those that can't be used are among them,
    /// without addresses; [`usable`](Self::usable) leaves them out.
    pub exchangers: Vec<Exchanger>,
    /// How many further exchangers were left out, as there were more than
    /// [`Limits::exchangers`](crate::Limits::exchangers); the least preferred ones.
    pub left_out: usize,
    /// The domain has no MX record, and is itself its one exchanger (RFC 5321 §5.1). Where it is
    /// an alias, the exchanger is the name behind it.
    pub implicit: bool,
    /// The domain says that it takes no mail (RFC 7505): there are no exchangers, and the message
    /// is returned with 556 and 5.1.10.
    pub null_mx: bool,
    /// Each answer to the question for MX records bore the AD bit (RFC 4035 §3.2.3): the name
    /// server has proved it. Worth what the way to that name server is worth. Where
    /// [`Config::dnssec`](crate::Config::dnssec) says so, the caller has proved it.
    pub authenticated: bool,
    /// The domain's MTA-STS record (RFC 8461 §3.1), if it was asked for and there is one. That there
    /// is none says nothing about a policy kept from earlier.
    pub sts: Option<StsRecord>,
    /// Where reports on TLS go (RFC 8460 §3), if it was asked for and there is such a record.
    pub tls_report: Option<TlsReportRecord>,
    /// How long all this holds: no record in it has a shorter time to live, and where a part could
    /// not be found for now, it does not hold at all.
    pub holds: Duration,
}

impl Exchanges {
    /// The exchangers that have an address, in the order to try.
    pub fn usable(&self) -> impl Iterator<Item = &Exchanger> {
        self.exchangers.iter().filter(|exchanger| !exchanger.addresses.is_empty())
    }

    /// For a server that asks for a domain whose exchanger it may be itself, under the name
    /// `own`: leaves out itself and all that are not preferred to it, so that no message goes
    /// round in circles (RFC 5321 §5.1). Tells whether it was among them; where none is left
    /// then, the message is returned with 5.4.6.
    pub fn keep_preferred_to(&mut self, own: &str) -> bool {
        let own = own.trim_end_matches('.');
        let own = self.exchangers.iter().find(|host| host.host.eq_ignore_ascii_case(own));
        let Some(preference) = own.map(|own| own.preference) else { return false };
        self.exchangers.retain(|host| host.preference < preference);
        true
    }

    /// Puts those of equal preference in another order, as each message's should be
    /// (RFC 5321 §5.1): for exchangers that come from a [`Cache`](crate::Cache). `random` is as for
    /// [`Lookup::new`](crate::Lookup::new).
    pub fn shuffle(&mut self, random: [u8; 16]) {
        let mut draw = Draw::new(random);
        self.exchangers.sort_by_cached_key(|host| (host.preference, draw.next()));
    }

    /// Whether a later lookup may find an exchanger that this one could not use: where none is
    /// [`usable`](Self::usable), the message waits if so, and else is returned (RFC 5321 §5.1).
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        self.exchangers.iter().any(
            |host| matches!(&host.fault, Some(Fault::Unresolved(error)) if error.is_temporary()),
        )
    }
}

/// A host that takes mail for the domain.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Exchanger {
    /// The lower, the earlier it is tried; 0 where it is implicit.
    pub preference: u16,
    /// Its name: lower case, without the trailing dot; octets that no host name has are escaped
    /// (RFC 1035 §5.1). Empty for the root.
    pub host: String,
    /// Its addresses, in the order that [`Config::families`](crate::Config::families) asks for.
    pub addresses: Vec<IpAddr>,
    /// Each answer that its addresses come from bore the AD bit. False where some came along in
    /// the additional section, which that bit does not speak for.
    pub authenticated: bool,
    /// What its TLSA records demand of TLS.
    pub dane: Dane,
    /// What is wrong with it, where something is.
    pub fault: Option<Fault>,
}

/// What is wrong with an exchanger.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// Some or all of its addresses could not be found.
    #[error("its addresses are not known: {0}")]
    Unresolved(Error),
    /// It is an alias, which RFC 2181 §10.3 forbids; it is used all the same.
    #[error("it is an alias")]
    Alias,
    /// It is an address and not a name, which no MX record may hold (RFC 1035 §3.3.9).
    #[error("it is an address and not a name")]
    AddressLiteral,
    /// It is the root, which says "no mail" where it stands alone (RFC 7505 §3), and it does not.
    #[error("it is empty, and not the only exchanger")]
    Empty,
}

/// An exchanger and the name to ask its addresses of.
pub(crate) struct Candidate {
    pub(crate) name: Name,
    pub(crate) exchanger: Exchanger,
}

impl Candidate {
    pub(crate) fn new(preference: u16, name: &Name) -> Self {
        let name = name.to_lowercase();
        let host = domain::text(&name);
        let fault = if name.is_root() {
            Some(Fault::Empty)
        } else if domain::is_address(&host) {
            Some(Fault::AddressLiteral)
        } else {
            None
        };
        let exchanger =
            Exchanger { preference, host, authenticated: true, fault, ..Exchanger::default() };
        Self { name, exchanger }
    }
}

/// The exchangers that an answer names.
pub(crate) enum Named {
    /// There is no MX record.
    None,
    NullMx,
    Hosts {
        hosts: Vec<Candidate>,
        left_out: usize,
    },
}

/// Reads MX records and puts them in the order to try, each host once, `limit` of them at most.
pub(crate) fn named(records: &[RData], limit: usize, draw: &mut Draw) -> Named {
    let mut found = records
        .iter()
        .filter_map(|data| match data {
            RData::MX(mx) => Some((&mx.exchange, mx.preference)),
            _ => None,
        })
        .collect::<Vec<_>>();
    match found.as_slice() {
        [] => return Named::None,
        [(exchange, _)] if exchange.is_root() => return Named::NullMx,
        _ => {}
    }
    // A host that is named twice counts with its better preference.
    found.sort();
    found.dedup_by_key(|(exchange, _)| *exchange);
    let mut found = found
        .into_iter()
        .map(|(exchange, preference)| ((preference, draw.next()), exchange))
        .collect::<Vec<_>>();
    found.sort_by_key(|(order, _)| *order);
    let left_out = found.len().saturating_sub(limit);
    let hosts = found
        .into_iter()
        .take(limit)
        .map(|((preference, _), exchange)| Candidate::new(preference, exchange))
        .collect();
    Named::Hosts { hosts, left_out }
}

/// Puts addresses in the caller's order, `limit` of them at most.
pub(crate) fn in_order(mut all: Vec<IpAddr>, families: Families, limit: usize) -> Vec<IpAddr> {
    let is_first = |address: &IpAddr| match families {
        Families::V4First | Families::V4Only => address.is_ipv4(),
        _ => address.is_ipv6(),
    };
    all.sort_by_key(|address| !is_first(address));
    if families == Families::Interleaved {
        let second = all.split_off(all.partition_point(is_first));
        let (mut first, mut second) = (all.into_iter(), second.into_iter());
        all = Vec::new();
        while first.len() + second.len() > 0 {
            all.extend(first.next().into_iter().chain(second.next()));
        }
    }
    all.truncate(limit);
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use hickory_proto::rr::rdata::{A, MX};

    fn mx(preference: u16, host: &str) -> RData {
        RData::MX(MX::new(preference, Name::from_ascii(host).unwrap()))
    }

    fn order(records: &[RData], limit: usize, random: u8) -> (Vec<String>, usize) {
        match named(records, limit, &mut Draw::new([random; 16])) {
            Named::Hosts { hosts, left_out } => {
                (hosts.into_iter().map(|host| host.exchanger.host).collect(), left_out)
            }
            Named::None | Named::NullMx => panic!("no hosts"),
        }
    }

    #[test]
    fn best_first_and_each_once() {
        let records = [mx(20, "b.test."), mx(10, "A.test."), mx(5, "B.TEST."), mx(30, "a.test.")];
        assert_eq!(order(&records, 9, 0), (["b.test", "a.test"].map(String::from).to_vec(), 0));
        assert_eq!(order(&records, 1, 0), (["b.test"].map(String::from).to_vec(), 1));
    }

    #[test]
    fn equals_change_places() {
        let records =
            [mx(10, "a.test."), mx(10, "b.test."), mx(10, "c.test."), mx(20, "last.test.")];
        let mut first = [0; 3];
        for random in 0..=255 {
            let (hosts, _) = order(&records, 9, random);
            assert_eq!(hosts.last().unwrap(), "last.test");
            first[usize::from(hosts[0].as_bytes()[0] - b'a')] += 1;
        }
        assert!(first.iter().all(|&times| times > 50), "{first:?}");
        assert_eq!(order(&records, 9, 3), order(&records, 9, 3));
    }

    #[test]
    fn no_message_comes_back() {
        let exchanger = |preference, host: &str| Exchanger {
            preference,
            host: host.into(),
            ..Exchanger::default()
        };
        let all = Exchanges {
            exchangers: [(5, "a.test"), (10, "b.test"), (10, "own.test"), (20, "c.test")]
                .map(|(preference, host)| exchanger(preference, host))
                .into(),
            ..Exchanges::default()
        };
        let mut found = all.clone();
        assert!(!found.keep_preferred_to("else.test"));
        assert_eq!(found, all);
        assert!(found.keep_preferred_to("OWN.test."));
        assert_eq!(found.exchangers, [exchanger(5, "a.test")]);
        assert!(found.keep_preferred_to("a.test"));
        assert!(found.exchangers.is_empty());
    }

    #[test]
    fn equals_from_a_cache_change_places_too() {
        let host = |(preference, host): (u16, &str)| Exchanger {
            preference,
            host: host.into(),
            ..Exchanger::default()
        };
        let exchangers = [(5, "a"), (10, "b"), (10, "c"), (20, "d")].map(host).into();
        let mut found = Exchanges { exchangers, ..Exchanges::default() };
        let mut seconds = [0; 2];
        for random in 0..=255 {
            found.shuffle([random; 16]);
            let names = found.exchangers.iter().map(|host| &*host.host).collect::<Vec<_>>();
            assert_eq!((names[0], names[3]), ("a", "d"));
            seconds[usize::from(names[1] == "b")] += 1;
        }
        assert!(seconds.iter().all(|&times| times > 80), "{seconds:?}");
    }

    #[test]
    fn families() {
        let all = ["192.0.2.1", "2001:db8::1", "192.0.2.2", "2001:db8::2", "2001:db8::3"];
        let order = |families, limit| {
            let all = all.iter().map(|text| text.parse().unwrap()).collect();
            let last = |address: &IpAddr| match address {
                IpAddr::V4(v4) => i16::from(v4.octets()[3]),
                IpAddr::V6(v6) => -i16::from(v6.octets()[15]),
            };
            in_order(all, families, limit).iter().map(last).collect::<Vec<_>>()
        };
        assert_eq!(order(Families::V4First, 9), [1, 2, -1, -2, -3]);
        assert_eq!(order(Families::V6First, 9), [-1, -2, -3, 1, 2]);
        assert_eq!(order(Families::Interleaved, 9), [-1, 1, -2, 2, -3]);
        assert_eq!(order(Families::Interleaved, 3), [-1, 1, -2]);
    }

    #[test]
    fn null_only_where_alone() {
        let mut draw = Draw::new([0; 16]);
        assert!(matches!(named(&[mx(0, ".")], 9, &mut draw), Named::NullMx));
        assert!(matches!(named(&[], 9, &mut draw), Named::None));
        let a = RData::A(A::new(192, 0, 2, 1));
        assert!(matches!(named(&[a], 9, &mut draw), Named::None));
        let Named::Hosts { hosts, .. } =
            named(&[mx(0, "."), mx(1, "a.test."), mx(2, "192.0.2.1.")], 9, &mut draw)
        else {
            panic!("no hosts");
        };
        let faults = hosts.into_iter().map(|host| host.exchanger.fault).collect::<Vec<_>>();
        assert_eq!(faults, [Some(Fault::Empty), None, Some(Fault::AddressLiteral)]);
    }
}
