//! The lookup against a simulated name server.
#![cfg(test)]

extern crate alloc;

mod answers;
mod common;
mod security;
mod servers;
mod transport;
mod weather;
