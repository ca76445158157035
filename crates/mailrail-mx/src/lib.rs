#![doc = include_str!("../README.md")]
#![no_std]

extern crate alloc;

mod answer;
mod asker;
mod cache;
mod config;
mod dane;
mod demand;
pub mod discovery;
mod domain;
mod draw;
mod error;
mod exchange;
mod lookup;
mod question;
mod stage;
mod sts;
mod tag_list;
mod tls_report;

pub use asker::Validity;
pub use cache::{Cache, Cached};
pub use config::{Config, Dnssec, Families, Limits, Timeouts};
pub use dane::{Dane, Matching, Mismatch, Proof, Selector, Tlsa, TlsaSet, Usage};
pub use demand::{Demand, Refused, TlsRequirement};
pub use discovery::{Discovery, Offer, Service, Services};
pub use domain::to_ascii;
pub use error::{Error, InvalidDomain, Misuse};
pub use exchange::{Exchanger, Exchanges, Fault};
pub use lookup::{Event, Lookup};
pub use sts::{
    InvalidPolicy, Mode, POLICY_MAX, PolicyCache, Standing, StsPolicy, StsRecord, policy_url,
};
pub use tls_report::{AppliedPolicy, Heading, TlsFailure, TlsReport, TlsReportRecord};
