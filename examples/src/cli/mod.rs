//! The command lines of the programs.

pub mod client;
pub mod journey;
pub mod server;
mod url;

pub use url::{Scheme, ServerUrl, UrlError};
