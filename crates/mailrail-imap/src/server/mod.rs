//! The server.

mod octets;
mod query;
mod stored;
mod view;

pub use octets::{Needs, Octets, Piece};
pub use query::{Query, Searched};
pub use view::View;
