#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod client;
pub mod command;
mod config;
pub mod delivery;
mod domains;
mod error;
mod framing;
mod grammar;
mod line_ends;
mod proxy;
pub mod response;
pub mod server;
pub mod submission;
pub mod types;

pub use client::Client;
pub use config::{Config, Limits, Timeouts};
pub use delivery::Delivery;
pub use error::{Error, Misuse, SyntaxError};
pub use framing::ReplyFinder;
pub use proxy::Proxied;
pub use response::{EnhancedStatusCode, Reply, ReplyCode};
pub use server::Server;
pub use submission::Submission;
pub use types::{
    AddressLiteral, ByMode, DeliverBy, Domain, EnvelopeId, Extension, Extensions, ForwardPath,
    FutureRelease, GeneralLiteral, Hold, HoldSeconds, Host, LocalPart, Mailbox, Notify,
    OriginalRecipient, Otherwise, Parameter, Priority, Protocol, Received, Ret, ReversePath,
    SessionLimits, Solicitation, Timestamp, Unfit, ValidSince,
};
