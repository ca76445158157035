//! A finished message, given out piece by piece.

use alloc::vec::Vec;

use bytes::Bytes;

use super::body_type::BodyType;
use super::stream::{BuildStep, BuildStream};

/// A message that was built, as an iterator over the pieces of its bytes.
///
/// Attachments are encoded when their turn comes, about 20 KiB at a time, so the whole never stands in memory.
#[derive(Clone)]
pub struct Pieces {
    /// None of its contents is streamed.
    stream: BuildStream,
}

impl core::fmt::Debug for Pieces {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Pieces").field("size", &self.size()).finish()
    }
}

impl Pieces {
    pub(super) const fn new(stream: BuildStream) -> Self {
        Self { stream }
    }

    /// How many bytes are still to come: at first the size of the message, for SMTP's SIZE or IMAP's APPEND.
    pub const fn size(&self) -> u64 {
        match self.stream.size() {
            Some(size) => size,
            None => 0,
        }
    }

    /// What the way of the message must carry: SMTP's BODY. More than [`Builder::way`](crate::Builder::way) allowed only where a
    /// message is passed on that needs it.
    pub const fn body_type(&self) -> BodyType {
        self.stream.body_type()
    }

    /// Whether its header holds UTF-8, which needs SMTPUTF8 on the way (RFC 6531, RFC 6532).
    pub const fn is_utf8(&self) -> bool {
        self.stream.is_utf8()
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
        match self.stream.poll() {
            BuildStep::Piece(piece) => Some(piece),
            BuildStep::Want { .. } | BuildStep::End => None,
        }
    }
}
