//! What the example programs are made of: sockets, TLS, storage and a command line around mailrail's
//! machines. Every protocol decision is made in the crates, none here.
#![forbid(unsafe_code)]
