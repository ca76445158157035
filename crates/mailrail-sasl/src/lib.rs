#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod error;
pub mod exchange;
mod mechanism;
mod plain;

pub use error::Error;
pub use mechanism::{
    ClientMechanism, Credentials, Progress, ServerMechanism, is_mechanism_name, sends_password,
};
pub use plain::{PlainClient, PlainServer};
