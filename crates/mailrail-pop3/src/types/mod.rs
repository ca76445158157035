//! Nouns that commands and responses share.

mod credentials;
mod language;
mod message_number;
mod text;
mod timestamp;
mod unique_id;

pub use credentials::{Password, UserName};
pub use language::{LanguageRange, LanguageTag};
pub use message_number::MessageNumber;
pub use text::Text;
pub use timestamp::{ApopDigest, Timestamp};
pub use unique_id::UniqueId;
