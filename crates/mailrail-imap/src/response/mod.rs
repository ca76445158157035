//! Responses.
#[derive(Debug)]
#[non_exhaustive]
pub enum Response {}
