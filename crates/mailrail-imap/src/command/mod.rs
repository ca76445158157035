//! Commands.
#[derive(Debug)]
#[non_exhaustive]
pub enum Command {}
