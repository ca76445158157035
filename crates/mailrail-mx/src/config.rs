//! What a lookup may use: time, tries, records.

use core::time::Duration;

/// How a [`Lookup`](crate::Lookup) asks, and what it puts up with.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// What passes these is cut off or ends the lookup; each says which.
    pub limits: Limits,
    /// How long it waits.
    pub timeouts: Timeouts,
    /// The largest UDP answer asked for, in octets (EDNS(0), RFC 6891 §6.2.3); a longer one comes
    /// over TCP. 1232 fits where no datagram is fragmented. Below 512 it counts as 512.
    pub udp_payload: u16,
}

impl Default for Config {
    fn default() -> Self {
        Self { limits: Limits::default(), timeouts: Timeouts::default(), udp_payload: 1232 }
    }
}

/// Bounds on what a name server can make a lookup do.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The exchangers kept, best first (RFC 5321 §5.1 allows a limit, and asks for two at least).
    /// The others are left out and counted in [`Exchanges::left_out`](crate::Exchanges::left_out).
    pub exchangers: usize,
    /// The addresses kept of one exchanger; further ones are dropped.
    pub addresses: usize,
    /// The CNAMEs followed from one name. More of them end the lookup with
    /// [`Error::TooManyAliases`](crate::Error::TooManyAliases), or leave the exchanger without
    /// addresses.
    pub aliases: usize,
    /// How often one question is asked, the first time included, before
    /// [`Error::TimedOut`](crate::Error::TimedOut). 0 counts as 1.
    pub tries: u8,
}

impl Default for Limits {
    fn default() -> Self {
        Self { exchangers: 32, addresses: 16, aliases: 8, tries: 3 }
    }
}

/// How long a lookup waits.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeouts {
    /// For the answer to a question; then it is asked again.
    pub answer: Duration,
    /// For everything, from the first [`poll`](mailrail_wire::Connection::poll) on. Exchangers
    /// whose addresses are known by then are told; where there is none,
    /// [`Error::TimedOut`](crate::Error::TimedOut) is.
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { answer: Duration::from_secs(5), total: Duration::from_secs(30) }
    }
}
