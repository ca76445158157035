//! The encodings of bodies, header text and charsets, for use without a message.
//!
//! Decoders take anything: what is no valid code is passed over or kept as it is, as each says.

pub mod base64;
mod bits;
pub mod charset;
pub mod encoded_word;
pub(crate) mod percent;
pub mod quoted_printable;
pub(crate) mod quoted_text;
mod text;
pub mod utf7;
pub mod uuencode;

pub use text::TextDecoder;
