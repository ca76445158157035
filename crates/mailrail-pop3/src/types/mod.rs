//! Nouns that commands and responses share.

mod credentials;
mod message_number;
mod text;
mod unique_id;

pub use credentials::{Password, UserName};
pub use message_number::MessageNumber;
pub use text::Text;
pub(crate) use text::own;
pub use unique_id::UniqueId;
