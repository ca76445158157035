//! The transfer encodings, undone piece by piece.

use alloc::vec::Vec;

#[cfg(feature = "simd")]
use memchr::{memchr, memrchr};

use crate::encoding::{base64, quoted_printable, uuencode};
use crate::header::content_transfer_encoding::TransferEncoding;
#[cfg(feature = "simd")]
use crate::scan::slice;

/// What becomes of the bytes of a body.
#[derive(Debug, Clone, Default)]
pub(crate) enum Decoder {
    /// They stand between the parts of a multipart and mean nothing.
    #[default]
    Skip,
    /// They are what they are.
    Plain,
    Base64(base64::Decoder),
    QuotedPrintable(quoted_printable::Decoder),
    Uuencode(uuencode::Decoder),
}

impl Decoder {
    pub(crate) fn of_leaf(encoding: TransferEncoding<'_>) -> Self {
        match encoding {
            TransferEncoding::Base64 => Self::Base64(base64::Decoder::default()),
            TransferEncoding::QuotedPrintable => {
                Self::QuotedPrintable(quoted_printable::Decoder::default())
            }
            TransferEncoding::Uuencode => Self::Uuencode(uuencode::Decoder::default()),
            _ => Self::Plain,
        }
    }

    pub(crate) fn decode(&mut self, text: &[u8], bytes: &mut Vec<u8>) {
        match self {
            Self::Skip | Self::Plain => {}
            #[cfg(feature = "simd")]
            Self::Base64(decoder) => {
                // Whole lines are decoded many times as fast, which a piece that starts inside one hides.
                let first = memchr(b'\n', text).map_or(0, |end| end + 1);
                let last = memrchr(b'\n', text).map_or(0, |end| end + 1);
                for piece in [0..first, first..last, last..text.len()] {
                    decoder.decode(slice(text, piece), bytes);
                }
            }
            #[cfg(not(feature = "simd"))]
            Self::Base64(decoder) => decoder.decode(text, bytes),
            Self::QuotedPrintable(decoder) => decoder.decode(text, bytes),
            Self::Uuencode(decoder) => decoder.decode(text, bytes),
        }
    }

    /// How many bytes of memory it may hold.
    pub(crate) const fn memory(&self) -> usize {
        match self {
            Self::Skip | Self::Plain | Self::Base64(_) => 0,
            Self::QuotedPrintable(_) => 2 * 1024,
            Self::Uuencode(_) => 128,
        }
    }

    /// Nothing follows: gives what is left, and skips from now on.
    pub(crate) fn finish(&mut self, bytes: &mut Vec<u8>) {
        match core::mem::take(self) {
            Self::Skip | Self::Plain => {}
            Self::Base64(mut decoder) => decoder.finish(bytes),
            Self::QuotedPrintable(mut decoder) => decoder.finish(bytes),
            Self::Uuencode(mut decoder) => decoder.finish(bytes),
        }
    }
}
