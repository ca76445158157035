//! What the example programs are made of: sockets, TLS, storage and a command line around mailrail's
//! machines. Every protocol decision is made in the crates, none here.
#![forbid(unsafe_code)]
#![expect(
    clippy::std_instead_of_core,
    clippy::std_instead_of_alloc,
    reason = "programs have an operating system under them"
)]

pub mod drive;
pub mod store;
pub mod tls;
