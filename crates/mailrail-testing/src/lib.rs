#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![expect(clippy::panic, reason = "a failed test is told by a panic")]

extern crate alloc;

mod pair;
mod text;
mod transcript;

pub use pair::{Ended, Pair};
pub use text::escaped;
pub use transcript::{Role, Shown, Transcript};
