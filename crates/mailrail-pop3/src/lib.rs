#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod client;
pub mod command;
mod config;
mod deadline;
pub mod download;
mod error;
mod framing;
mod grammar;
pub mod response;
pub mod server;
pub mod types;

pub use client::Client;
pub use command::Command;
pub use config::{Config, Limits, Timeouts};
pub use download::Download;
pub use error::{Error, Misuse, SyntaxError};
pub use response::{
    Capabilities, DropListing, Expire, LanguageListing, LoginDelay, Response, ResponseCode,
    ScanListing, Status, UniqueIdListing, Utf8,
};
pub use server::{Language, Server};
pub use types::{
    ApopDigest, LanguageRange, LanguageTag, MessageNumber, Password, Text, Timestamp, UniqueId,
    UserName,
};
