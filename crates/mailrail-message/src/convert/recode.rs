//! A body that is decoded and encoded again while it is read out.

use alloc::vec::Vec;

use crate::builder::text::Coding;
use crate::encoding::{base64, quoted_printable};
use crate::header::content_transfer_encoding::TransferEncoding;
use crate::scan::{from, slice};
use crate::stream::decoder::Decoder;

/// How many bytes of the body make up one piece.
const CHUNK: usize = base64::BYTES_A_LINE * 256;

#[derive(Clone)]
pub(super) struct Recode<'m> {
    body: &'m [u8],
    decoder: Decoder,
    encoder: Encoder,
}

#[derive(Clone)]
enum Encoder {
    Base64(base64::Encoder),
    QuotedPrintable(quoted_printable::Encoder),
}

impl<'m> Recode<'m> {
    pub(super) fn new(body: &'m [u8], from: TransferEncoding<'_>, to: Coding) -> Self {
        let encoder = match to {
            Coding::QuotedPrintable => {
                Encoder::QuotedPrintable(quoted_printable::Encoder::for_parts())
            }
            _ => Encoder::Base64(base64::Encoder::default()),
        };
        Self { body, decoder: Decoder::of_leaf(from), encoder }
    }

    /// How many bytes are still to come.
    pub(super) fn size(&self) -> u64 {
        let mut rest = self.clone();
        core::iter::from_fn(|| rest.next()).map(|piece| piece.len() as u64).sum()
    }

    /// The next piece, never empty.
    pub(super) fn next(&mut self) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        while out.is_empty() && !self.body.is_empty() {
            let length = self.body.len().min(CHUNK);
            let chunk = slice(self.body, 0..length);
            self.body = from(self.body, length);
            if matches!(self.decoder, Decoder::Plain) {
                self.encoder.encode(chunk, &mut out);
            } else {
                let mut bytes = Vec::new();
                self.decoder.decode(chunk, &mut bytes);
                if self.body.is_empty() {
                    self.decoder.finish(&mut bytes);
                }
                self.encoder.encode(&bytes, &mut out);
            }
            if self.body.is_empty() {
                self.encoder.finish(&mut out);
            }
        }
        (!out.is_empty()).then_some(out)
    }
}

impl Encoder {
    fn encode(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        match self {
            Self::Base64(encoder) => encoder.encode(bytes, out),
            Self::QuotedPrintable(encoder) => encoder.encode(bytes, out),
        }
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        match self {
            Self::Base64(encoder) => encoder.finish(out),
            Self::QuotedPrintable(encoder) => encoder.finish(out),
        }
    }
}
