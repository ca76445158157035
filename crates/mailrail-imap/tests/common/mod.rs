//! How the transcripts are acted and shown.
#![cfg(test)]

pub(crate) mod server;
