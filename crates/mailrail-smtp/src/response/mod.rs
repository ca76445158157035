//! What a server says.

mod code;
mod reply;

pub use code::{EnhancedStatusCode, ReplyCode};
pub use reply::Reply;
pub(crate) use reply::encode_line;
