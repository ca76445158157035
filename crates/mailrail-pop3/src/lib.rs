#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod client;
pub mod command;
mod config;
mod deadline;
mod error;
mod framing;
mod grammar;
pub mod response;
pub mod server;
pub mod types;

pub use client::Client;
pub use command::Command;
pub use config::{Config, Limits, Timeouts};
pub use error::{Error, Misuse, SyntaxError};
pub use response::{
    Capabilities, DropListing, Expire, LoginDelay, Response, ResponseCode, ScanListing, Status,
    UniqueIdListing,
};
pub use server::Server;
pub use types::{MessageNumber, Password, Text, UniqueId, UserName};
