//! Where the recipients of one domain are tried, one address after the other.

use super::Answer;
use crate::{AddressLiteral, EnhancedStatusCode, Host, submission::TlsPolicy};
use alloc::{
    collections::{BTreeSet, VecDeque},
    string::{String, ToString as _},
    vec::Vec,
};
use core::net::IpAddr;

/// A host that takes mail for a domain, in [`Answer::Found`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Exchanger {
    /// Its name.
    pub name: String,
    /// Its addresses, in the order to try.
    pub addresses: Vec<IpAddr>,
    /// Whether TLS is wanted there: opportunistic, unless DANE (RFC 7672) or MTA-STS (RFC 8461) asks
    /// for it. What its certificate must prove then, whoever makes the connection knows by its name.
    pub tls: TlsPolicy,
}

impl Exchanger {
    /// With TLS where it is offered.
    #[must_use]
    pub const fn new(name: String, addresses: Vec<IpAddr>) -> Self {
        Self { name, addresses, tls: TlsPolicy::Opportunistic }
    }
}

/// The recipients of one domain or address.
#[derive(Debug)]
pub(super) struct Route {
    pub(super) host: Host<'static>,
    /// Who they are, by their places.
    pub(super) members: Vec<usize>,
    pub(super) round: Round,
}

/// Whether they are being tried.
#[derive(Debug)]
pub(super) enum Round {
    Idle,
    LookingUp,
    Trying(Trying),
}

/// A round of attempts.
#[derive(Debug)]
pub(super) struct Trying {
    /// Addresses yet to try; the first one is being tried.
    pub(super) stops: VecDeque<Stop>,
    /// Who is yet to be tried at the first stop.
    pub(super) here: Vec<usize>,
    /// Who was, and is to be tried at the next.
    pub(super) next: Vec<usize>,
    pub(super) is_running: bool,
    /// For whom a stop had not what the message takes: the same would happen later. And who was put
    /// off at one: they are not lost yet.
    pub(super) unfit: BTreeSet<usize>,
    pub(super) hopeful: BTreeSet<usize>,
    /// Whether the first stop's host has answered: its other addresses are the same host.
    pub(super) is_reached: bool,
    /// What TLS is still wanted at the first stop.
    pub(super) tls: TlsPolicy,
    /// Whether the message must not go without.
    needs_tls: bool,
}

/// An address to try.
#[derive(Debug, Clone)]
pub(super) struct Stop {
    /// Whose it is, among the exchangers.
    exchanger: usize,
    pub(super) name: String,
    pub(super) address: IpAddr,
    tls: TlsPolicy,
}

impl Trying {
    pub(super) fn new(
        exchangers: Vec<Exchanger>,
        most: usize,
        here: Vec<usize>,
        needs_tls: bool,
    ) -> Self {
        let stops = exchangers.into_iter().enumerate().flat_map(|(exchanger, host)| {
            let Exchanger { name, addresses, tls } = host;
            let stop = move |address| Stop { exchanger, name: name.clone(), address, tls };
            addresses.into_iter().map(stop)
        });
        let mut trying = Self {
            stops: stops.take(most.max(1)).collect(),
            here,
            next: Vec::new(),
            is_running: false,
            unfit: BTreeSet::new(),
            hopeful: BTreeSet::new(),
            is_reached: false,
            tls: TlsPolicy::Opportunistic,
            needs_tls,
        };
        trying.begin();
        trying
    }

    /// Begins with the first stop.
    fn begin(&mut self) {
        self.is_reached = false;
        self.tls = match self.stops.front() {
            Some(stop) if !self.needs_tls => stop.tls,
            _ => TlsPolicy::Required,
        };
    }

    /// Goes on to the next stop, with all who are not settled.
    pub(super) fn advance(&mut self) {
        let left = self.stops.pop_front();
        while self.is_reached
            && self.stops.front().map(|stop| stop.exchanger) == left.as_ref().map(|it| it.exchanger)
        {
            if self.stops.pop_front().is_none() {
                break;
            }
        }
        self.begin();
        self.here.append(&mut self.next);
        self.here.sort_unstable();
    }
}

/// The one exchanger of a host that is named by its address; none where that is of an unknown kind.
pub(super) fn literal(literal: &AddressLiteral<'_>) -> Option<Exchanger> {
    let address = match literal {
        AddressLiteral::V4(address) => IpAddr::V4(*address),
        AddressLiteral::V6(address) => IpAddr::V6(*address),
        AddressLiteral::General(_) => return None,
    };
    Some(Exchanger::new(literal.to_string(), [address].into()))
}

impl Answer {
    /// Why nobody there can be tried: code and words, and whether that is final.
    pub(super) fn refusal(&self, domain: &str) -> (EnhancedStatusCode, String, bool) {
        let (class, subject, detail) = match self {
            Self::NullMx => (5, 1, 10),
            Self::NoSuchDomain | Self::NotADomain(_) => (5, 1, 2),
            Self::Loop => (5, 4, 6),
            Self::Found(_) | Self::NoAddress => (5, 4, 4),
            Self::NotNow(_) => (4, 4, 3),
            Self::Insecure(_) => (5, 7, 10),
        };
        let text = match self {
            Self::NullMx => [domain, " takes no mail"].concat(),
            Self::NoSuchDomain => [domain, ": no such domain"].concat(),
            Self::NotADomain(why) | Self::NotNow(why) | Self::Insecure(why) => {
                [domain, ": ", why].concat()
            }
            Self::Loop => ["mail for ", domain, " loops back to this server"].concat(),
            Self::Found(_) | Self::NoAddress => [domain, ": no exchanger has an address"].concat(),
        };
        let code = EnhancedStatusCode::new(class, subject, detail);
        (code.unwrap_or(EnhancedStatusCode::SYSTEM_FAILURE), text, class == 5)
    }
}
