//! What a lookup finds, and in which order it is tried.

use crate::{Error, domain, draw::Draw, question::data_at};
use alloc::{string::String, vec::Vec};
use core::net::IpAddr;
use hickory_proto::rr::{Name, RData, Record};

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
    /// server has proved it. Worth what the way to that name server is worth.
    pub authenticated: bool,
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
    /// Its addresses, those of A records first.
    pub addresses: Vec<IpAddr>,
    /// Each answer that its addresses come from bore the AD bit. False where some came along in
    /// the additional section, which that bit does not speak for.
    pub authenticated: bool,
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
        let mut host = name.to_ascii();
        host.truncate(host.trim_end_matches('.').len());
        let fault = if name.is_root() {
            Some(Fault::Empty)
        } else if domain::is_address(&host) {
            Some(Fault::AddressLiteral)
        } else {
            None
        };
        let exchanger =
            Exchanger { preference, host, addresses: Vec::new(), authenticated: true, fault };
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

/// Reads the MX records at `name` and puts them in the order to try, each host once, `limit` of
/// them at most.
pub(crate) fn named(records: &[Record], name: &Name, limit: usize, draw: &mut Draw) -> Named {
    let mut found = data_at(records, name)
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

#[cfg(test)]
mod tests {
    use super::*;
    use hickory_proto::rr::rdata::{A, MX};

    fn mx(preference: u16, host: &str) -> Record {
        let owner = Name::from_ascii("example.com.").unwrap();
        let host = Name::from_ascii(host).unwrap();
        Record::from_rdata(owner, 60, RData::MX(MX::new(preference, host)))
    }

    fn order(records: &[Record], limit: usize, random: u8) -> (Vec<String>, usize) {
        let name = Name::from_ascii("EXAMPLE.com.").unwrap();
        match named(records, &name, limit, &mut Draw::new([random; 16])) {
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
    fn null_only_where_alone() {
        let name = Name::from_ascii("example.com.").unwrap();
        let mut draw = Draw::new([0; 16]);
        assert!(matches!(named(&[mx(0, ".")], &name, 9, &mut draw), Named::NullMx));
        assert!(matches!(named(&[], &name, 9, &mut draw), Named::None));
        let a = Record::from_rdata(name.clone(), 60, RData::A(A::new(192, 0, 2, 1)));
        assert!(matches!(named(&[a], &name, 9, &mut draw), Named::None));
        let Named::Hosts { hosts, .. } =
            named(&[mx(0, "."), mx(1, "a.test."), mx(2, "192.0.2.1.")], &name, 9, &mut draw)
        else {
            panic!("no hosts");
        };
        let faults = hosts.into_iter().map(|host| host.exchanger.fault).collect::<Vec<_>>();
        assert_eq!(faults, [Some(Fault::Empty), None, Some(Fault::AddressLiteral)]);
    }
}
