#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod config;
mod domain;
mod draw;
mod error;
mod exchange;
mod lookup;
mod question;

pub use config::{Config, Limits, Timeouts};
pub use error::{Error, InvalidDomain};
pub use exchange::{Exchanger, Exchanges, Fault};
pub use lookup::{Event, Lookup};
