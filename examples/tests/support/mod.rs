//! What tests with whole programs share: starting them, finding peers, and throwaway instances of
//! the peers that are servers.
#![allow(dead_code, reason = "each test target uses a part of it")]
#![allow(
    clippy::std_instead_of_core,
    clippy::std_instead_of_alloc,
    reason = "a test has an operating system under it"
)]

pub(crate) mod courier;
pub(crate) mod dovecot;
pub(crate) mod folder;
pub(crate) mod house;
pub(crate) mod maildrop;
pub(crate) mod mta;
pub(crate) mod name_daemon;
pub(crate) mod names;
pub(crate) mod nsd;
pub(crate) mod postfix;
pub(crate) mod program;
pub(crate) mod south;
pub(crate) mod suite;
pub(crate) mod talk;
pub(crate) mod unbound;

/// What a test returns.
pub(crate) type Result<T = ()> = core::result::Result<T, Box<dyn core::error::Error + Send + Sync>>;
