#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod client;
mod command;
mod config;
mod deadline;
mod error;
mod framing;
mod grammar;
mod response;
mod server;
mod types;

pub use client::{Client, Event as ClientEvent, Request};
pub use command::{Auth, Command};
pub use config::{Config, Limits, Timeouts};
pub use error::{Error, Misuse, SyntaxError};
pub use response::{
    Capabilities, DropListing, Expire, LoginDelay, Response, ResponseCode, ScanListing, Status,
    UniqueIdListing,
};
pub use server::{Deleted, Event as ServerEvent, Server};
pub use types::{MessageNumber, Password, Text, UniqueId, UserName};
