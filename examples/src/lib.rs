//! What the example programs are made of: sockets, TLS, storage and a command line around mailrail's
//! machines. Every protocol decision is made in the crates, none here.
#![forbid(unsafe_code)]
#![expect(
    clippy::std_instead_of_core,
    clippy::std_instead_of_alloc,
    reason = "programs have an operating system under them"
)]

pub mod accounts;
pub mod channel;
pub mod cli;
pub mod client;
mod convert;
pub mod deliver;
pub mod dial;
pub mod drive;
pub mod journey;
pub mod lookup;
pub mod maildir;
mod memory;
pub mod outgoing;
pub mod policy;
pub mod pool;
pub mod progress;
pub mod server;
pub mod shutdown;
pub mod store;
pub mod submit;
pub mod terminal;
pub mod tls;
pub mod tls_reports;
pub mod transcript;
mod way;

/// Compiles the example of the project's README.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
