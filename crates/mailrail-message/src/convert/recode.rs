//! A body that is decoded and encoded again while it goes by.

use alloc::vec::Vec;

use crate::builder::text::Coding;
use crate::encoding::{base64, quoted_printable};
use crate::header::content_transfer_encoding::TransferEncoding;
use crate::stream::decoder::Decoder;

#[derive(Clone)]
pub(super) struct Recode {
    decoder: Decoder,
    encoder: Encoder,
}

#[derive(Clone)]
enum Encoder {
    Base64(base64::Encoder),
    QuotedPrintable(quoted_printable::Encoder),
}

impl Recode {
    /// How many bytes of the body make up one piece.
    pub(super) const CHUNK: usize = base64::BYTES_A_LINE * 256;

    pub(super) fn new(from: TransferEncoding<'_>, to: Coding) -> Self {
        let encoder = match to {
            Coding::QuotedPrintable => {
                Encoder::QuotedPrintable(quoted_printable::Encoder::for_parts())
            }
            _ => Encoder::Base64(base64::Encoder::default()),
        };
        Self { decoder: Decoder::of_leaf(from), encoder }
    }

    /// How many bytes become of `body`.
    pub(super) fn size(&self, body: &[u8]) -> u64 {
        let (mut recode, mut size, mut out) = (self.clone(), 0, Vec::new());
        let mut chunks = body.chunks(Self::CHUNK).peekable();
        while let Some(chunk) = chunks.next() {
            out.clear();
            recode.encode(chunk, chunks.peek().is_none(), &mut out);
            size += out.len() as u64;
        }
        size
    }

    /// Appends what becomes of the next bytes of the body.
    pub(super) fn encode(&mut self, chunk: &[u8], is_last: bool, out: &mut Vec<u8>) {
        if matches!(self.decoder, Decoder::Plain) {
            self.encoder.encode(chunk, out);
        } else {
            let mut bytes = Vec::new();
            self.decoder.decode(chunk, &mut bytes);
            if is_last {
                self.decoder.finish(&mut bytes);
            }
            self.encoder.encode(&bytes, out);
        }
        if is_last {
            self.encoder.finish(out);
        }
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
