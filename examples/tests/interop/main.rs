//! Our programs and other people's, against each other. A test whose peer is not installed is
//! ignored, and says which one is missing.
#![allow(
    clippy::std_instead_of_core,
    clippy::std_instead_of_alloc,
    clippy::indexing_slicing,
    reason = "a test may fail"
)]

mod commands;
mod compose;
mod email;
mod imap;
mod mta;
mod mx;
mod peers;
mod pop3;
mod pop3_clients;
mod postfix;
mod sasl;
mod secure;
mod smtp;
#[path = "../support/mod.rs"]
mod support;

use support::suite::Suite;

fn main() {
    let mut suite = Suite::default();
    peers::add(&mut suite);
    pop3::add(&mut suite);
    email::add(&mut suite);
    pop3_clients::add(&mut suite);
    imap::add(&mut suite);
    compose::add(&mut suite);
    smtp::add(&mut suite);
    mx::add(&mut suite);
    postfix::add(&mut suite);
    mta::add(&mut suite);
    commands::add(&mut suite);
    sasl::add(&mut suite);
    secure::add(&mut suite);
    suite.run().exit();
}
