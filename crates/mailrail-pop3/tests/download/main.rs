//! A whole session of the client: what is fetched, kept and deleted, whatever goes wrong.
#![cfg(test)]

extern crate alloc;

mod cut;
mod hostile;
mod keys;
mod policies;
mod sides;
mod transcripts;
