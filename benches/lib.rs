//! What the benchmarks share: text to work on, and the peers.

pub mod heap;
pub mod mail;
pub mod readers;
pub mod side_by_side;
#[path = "smtp/mod.rs"]
pub mod smtp;
pub mod writers;

/// CR LF text of at least `len` bytes in lines of 72 bytes, as ordinary messages have them; every
/// `dotted`th line begins with a dot.
#[must_use]
pub fn text(len: usize, dotted: usize) -> Vec<u8> {
    let line = b"It was a bright cold day in April, and the clocks were striking. Mr S.\r\n";
    let mut text = Vec::with_capacity(len + line.len());
    let mut number = 0;
    while text.len() < len {
        number += 1;
        if number % dotted == 0 {
            text.push(b'.');
        }
        text.extend_from_slice(line);
    }
    text
}
