//! A finished message, given out piece by piece.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use bytes::Bytes;

use crate::encoding::base64;

/// How many bytes of an attachment one piece holds, before they are encoded: whole lines.
const CHUNK: usize = base64::BYTES_A_LINE * 256;

#[derive(Debug, Clone)]
pub(super) enum Segment {
    /// To be written as it is.
    Plain(Bytes),
    /// To be written as base64.
    Base64(Bytes),
}

/// A message that was built, as an iterator over the pieces of its bytes.
///
/// Attachments are encoded when their turn comes, about 20 KiB at a time, so the whole never stands in memory.
#[derive(Clone)]
pub struct Pieces {
    segments: VecDeque<Segment>,
}

impl core::fmt::Debug for Pieces {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Pieces").field("size", &self.size()).finish()
    }
}

impl Pieces {
    pub(super) const fn new(segments: VecDeque<Segment>) -> Self {
        Self { segments }
    }

    /// How many bytes are still to come: at first the size of the message, for SMTP's SIZE or IMAP's APPEND.
    pub fn size(&self) -> u64 {
        let sizes = self.segments.iter().map(|segment| match segment {
            Segment::Plain(bytes) => bytes.len() as u64,
            Segment::Base64(bytes) => base64::encoded_len(bytes.len() as u64),
        });
        sizes.sum()
    }

    /// All that is still to come, in one piece.
    pub fn into_vec(self) -> Vec<u8> {
        let mut all = Vec::with_capacity(usize::try_from(self.size()).unwrap_or(0));
        for piece in self {
            all.extend_from_slice(&piece);
        }
        all
    }
}

impl Iterator for Pieces {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        match self.segments.pop_front()? {
            Segment::Plain(bytes) => Some(bytes),
            Segment::Base64(mut bytes) => {
                let chunk = bytes.split_to(bytes.len().min(CHUNK));
                if !bytes.is_empty() {
                    self.segments.push_front(Segment::Base64(bytes));
                }
                Some(base64::encode(&chunk).into())
            }
        }
    }
}
