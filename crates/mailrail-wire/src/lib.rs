#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod connection;
mod dot;
mod input;
mod line;
mod line_end;
mod output;
mod secret;
mod time;
mod tls_policy;

pub use connection::{Connection, Step, Upgrade};
pub use dot::{Stuffed, Stuffer, Unstuffed, Unstuffer};
pub use input::Input;
pub use line::{Found, LineFinder};
pub use line_end::{BareLineEnd, LineEnds};
pub use output::Output;
pub use secret::Secret;
pub use time::Time;
pub use tls_policy::TlsPolicy;
