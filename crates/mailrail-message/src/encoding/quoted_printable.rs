//! Quoted-printable (RFC 2045 §6.7).

mod decode;
mod encode;

use alloc::vec::Vec;

pub use decode::{Decoder, decode, decode_into};
pub(crate) use decode::{STEP, decode_piece, first_fault};
pub(crate) use encode::estimate;
pub use encode::{Encoder, encode, encode_into};

/// What each byte is as a hexadecimal digit; over 15 where it is none.
#[expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "evaluated by the compiler; the counter stays below 16"
)]
static HEX_VALUES: [u8; 256] = {
    let mut table = [0xff; 256];
    let mut digit = 0;
    while digit < 16 {
        table[HEX_DIGITS[digit] as usize] = digit as u8;
        table[HEX_DIGITS[digit].to_ascii_lowercase() as usize] = digit as u8;
        digit += 1;
    }
    table
};

const HEX_DIGITS: &[u8; 16] = b"0123456789ABCDEF";

fn hex_value(byte: u8) -> u8 {
    HEX_VALUES.get(usize::from(byte)).copied().unwrap_or(0xff)
}

pub(crate) fn hex_pair(high: Option<u8>, low: Option<u8>) -> Option<u8> {
    let (high, low) = (hex_value(high?), hex_value(low?));
    ((high | low) < 16).then_some(high << 4 | low)
}

fn hex_digit(value: u8) -> u8 {
    HEX_DIGITS.get(usize::from(value & 15)).copied().unwrap_or(b'0')
}

pub(crate) fn push_escape(text: &mut Vec<u8>, mark: u8, byte: u8) {
    text.extend_from_slice(&[mark, hex_digit(byte >> 4), hex_digit(byte)]);
}
