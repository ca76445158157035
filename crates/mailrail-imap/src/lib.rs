#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod config;
mod encode;
mod error;
mod framing;
mod grammar;

pub mod client;
pub mod command;
pub mod response;
pub mod server;
pub mod types;

pub use client::Client;
pub use command::Command;
pub use config::{Config, Limits, Timeouts};
pub use encode::{Encoded, Literals};
pub use error::{Error, Misuse, SyntaxError};
pub use response::Response;
pub use server::Server;
