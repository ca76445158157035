//! What TLSA records demand of a mail exchanger's TLS: RFC 6698, RFC 7671, RFC 7672.

mod der;
mod matching;
mod tlsa;

pub use matching::{Mismatch, Proof};
pub use tlsa::{Matching, Selector, Tlsa, Usage};

use crate::Error;
use alloc::{string::String, vec::Vec};
use hickory_proto::rr::RData;

/// What an exchanger's TLSA records demand of TLS (RFC 7672 §2.2).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Dane {
    /// Nothing: they were not asked for, there are none, or they or what leads to them is not
    /// authenticated.
    #[default]
    None,
    /// There are authenticated records.
    Records(TlsaSet),
    /// Whether there are any could not be found out, though the way to them is authenticated. The
    /// exchanger must not be used: somebody may keep the answer from us (RFC 7672 §2.1.2).
    Failed(Error),
}

/// The authenticated TLSA records of an exchanger.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TlsaSet {
    /// The names of which the certificate must have one, where the record is of a trust anchor
    /// (RFC 7672 §3.2.2). The first is the TLSA base domain, to be sent as the server name (SNI,
    /// §8.1).
    pub names: Vec<String>,
    /// The records, usable ones and others.
    pub records: Vec<Tlsa>,
}

impl TlsaSet {
    pub(crate) fn new(names: Vec<String>, data: &[RData]) -> Self {
        let records = data.iter().filter_map(|data| match data {
            RData::TLSA(tlsa) => Some(Tlsa::from(tlsa)),
            _ => None,
        });
        Self { names, records: records.collect() }
    }

    /// The records of a host that the caller knows otherwise, as a relay that is configured
    /// (RFC 7672 §2.2.2).
    #[must_use]
    pub fn for_host(host: &str, records: Vec<Tlsa>) -> Self {
        Self { names: Vec::from([host.into()]), records }
    }

    /// The TLSA base domain: the exchanger's name, or the one that it is an alias of.
    #[must_use]
    pub fn base(&self) -> &str {
        self.names.first().map_or("", String::as_str)
    }

    /// Whether a record is usable, so that the server must be authenticated by one; where none is,
    /// TLS must be used, with whatever certificate (RFC 7672 §2.2).
    #[must_use]
    pub fn is_usable(&self) -> bool {
        self.records.iter().any(Tlsa::is_usable)
    }
}
