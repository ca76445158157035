//! What a delivery asks for, and what it is told.

use super::{Exchanger, Report};
use crate::submission::TlsPolicy;
use alloc::{string::String, vec::Vec};
use core::net::IpAddr;
use mailrail_wire::Time;

/// What the caller does next.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a queue that forgets one must not compile")]
#[must_use]
pub enum Action {
    /// Look up the exchangers of that domain, and tell what was found by
    /// [`found`](super::Delivery::found).
    LookUp {
        /// The domain.
        domain: String,
    },
    /// Connect, send the message, and tell what became of it by [`tried`](super::Delivery::tried).
    Try(Attempt),
    /// Send a report to the sender, and store the [`State`](super::State) in the same step: it is asked for once.
    Report(Report),
    /// Nothing is to be done before that time, or, where it is none, before one of the lookups and
    /// attempts that run has ended.
    Wait {
        /// When to ask again.
        until: Option<Time>,
    },
    /// All recipients are settled: the message leaves the queue.
    Done,
}

/// One connection that is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attempt {
    /// The server's name, for TLS and for logs.
    pub host: String,
    /// Its address.
    pub address: IpAddr,
    /// Whether TLS is wanted. Where it is opportunistic and could not be put in place, the next
    /// attempt goes without.
    pub tls: TlsPolicy,
    /// Who is to be tried there, by their places in the [`State`](super::State).
    pub recipients: Vec<usize>,
    /// Which of the routes it is on.
    pub(super) route: usize,
}

/// What a server does about the messages that it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::exhaustive_structs, reason = "a new promise must be thought of")]
pub struct Promises {
    /// It reports what becomes of them, so that whoever relays to it need not (DSN, RFC 3461 §5.2.2).
    pub dsn: bool,
    /// It has an eye on when they are to be delivered (DELIVERBY, RFC 2852).
    pub deliver_by: bool,
}

/// What a lookup of a domain's exchangers has found.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the caller makes it")]
pub enum Answer {
    /// Hosts that take mail for it, in the order to try, those that have no address left out.
    Found(Vec<Exchanger>),
    /// It says that it takes no mail (RFC 7505).
    NullMx,
    /// There is no such domain.
    NoSuchDomain,
    /// No host that takes mail for it has an address.
    NoAddress,
    /// The best host is this one itself, which knows nothing of it (RFC 5321 §5.1).
    Loop,
    /// The message must go by TLS that proves where it goes (REQUIRETLS), and no host can be proved;
    /// why not. Final, with 5.7.10 (RFC 8689 §4.2.1).
    Insecure(String),
    /// No domain can have that name; why not.
    NotADomain(String),
    /// It is not known for now; why not.
    NotNow(String),
}
