//! A message's whole way through two mail servers.

fn main() {}
