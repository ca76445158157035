//! What a lookup asks for, and what it may use: time, tries, records.

use core::time::Duration;

/// How a [`Lookup`](crate::Lookup) or a [`Discovery`](crate::Discovery) asks, and what it puts up
/// with.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// What passes these is cut off or ends the lookup; each says which.
    pub limits: Limits,
    /// How long it waits.
    pub timeouts: Timeouts,
    /// How many recursive name servers the caller has, 1 to 32; beyond that counts as the nearest.
    /// It begins with the first, and says [`Event::Server`](crate::Event::Server) where another
    /// one is to be asked: so a caller that rotates passes them in another order each time.
    pub servers: usize,
    /// The largest UDP answer asked for, in octets (EDNS(0), RFC 6891 §6.2.3); a longer one comes
    /// over TCP. 1232 fits where no datagram is fragmented. Below 512 it counts as 512.
    pub udp_payload: u16,
    /// Letters of the names asked for are in upper or lower case at random, and an answer that has
    /// them otherwise does not count: one more thing that a forger must guess. A name server that
    /// changes them is asked over TCP.
    pub mixed_case: bool,
    /// Whose word an answer's authenticity is.
    pub dnssec: Dnssec,
    /// Which addresses of an exchanger are asked for, and in which order they are told.
    pub families: Families,
    /// TLSA records are asked for where the exchanger and its addresses are authenticated
    /// (RFC 7672); what they say is in [`Exchanger::dane`](crate::Exchanger::dane).
    pub dane: bool,
    /// The port that the TLSA records asked for speak of (RFC 7672 §2.2.3).
    pub port: u16,
    /// The MTA-STS record is asked for (RFC 8461 §3.1).
    pub sts: bool,
    /// The record that says where TLS reports go is asked for (RFC 8460 §3).
    pub tls_report: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            timeouts: Timeouts::default(),
            servers: 1,
            udp_payload: 1232,
            mixed_case: true,
            dnssec: Dnssec::default(),
            families: Families::default(),
            dane: false,
            port: 25,
            sts: false,
            tls_report: false,
        }
    }
}

/// Who says which answers are authenticated (RFC 4035).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Dnssec {
    /// Nobody: none is.
    Untrusted,
    /// The name server, in the AD bit (RFC 4035 §3.2.3). That is worth what the way to it is worth:
    /// for a name server on this host, or behind a secured link.
    #[default]
    AdBit,
    /// The caller: each answer is asked for with its signatures and given to it whole, as
    /// [`Event::WantValidation`](crate::Event::WantValidation).
    Caller,
}

/// The address families of an exchanger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Families {
    /// Those of IPv4, then those of IPv6.
    #[default]
    V4First,
    /// Those of IPv6, then those of IPv4.
    V6First,
    /// In turn, beginning with IPv6 (as in RFC 8305 §4).
    Interleaved,
    /// Those of IPv4 alone; no others are asked for.
    V4Only,
    /// Those of IPv6 alone; no others are asked for.
    V6Only,
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
    /// The TLSA records kept of one exchanger; more of them count as a failure of the name server,
    /// since a part of them could be the part that does not match.
    pub tlsa: usize,
    /// The CNAMEs followed from one name. More of them end the lookup with
    /// [`Error::TooManyAliases`](crate::Error::TooManyAliases), or leave the exchanger without
    /// addresses.
    pub aliases: usize,
    /// How often one question is asked, the first time included and at whichever server, before
    /// [`Error::TimedOut`](crate::Error::TimedOut). 0 counts as 1.
    pub tries: u8,
    /// The questions that wait for their answer at the same time. 0 counts as 1.
    pub questions: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { exchangers: 32, addresses: 16, tlsa: 32, aliases: 8, tries: 4, questions: 16 }
    }
}

/// How long a lookup waits.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeouts {
    /// For the answer to a question; then it is asked again, of the next server where there are
    /// several.
    pub answer: Duration,
    /// For everything, from the first [`poll`](mailrail_wire::Connection::poll) on. Exchangers
    /// whose addresses are known by then are told; where there is none,
    /// [`Error::TimedOut`](crate::Error::TimedOut) is.
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { answer: Duration::from_secs(3), total: Duration::from_secs(30) }
    }
}
