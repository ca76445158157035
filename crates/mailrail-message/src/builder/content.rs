//! What a part holds: bytes at hand, or bytes that the caller gives while the message is read out.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use bytes::Bytes;

/// The bytes of an attachment or of a message that is passed on.
#[derive(Clone)]
pub struct Content(pub(super) Source);

#[derive(Clone)]
pub(super) enum Source {
    Whole(Bytes),
    Streamed { key: usize, size: Option<u64> },
}

impl Content {
    /// Bytes that the caller gives piece by piece, when [`BuildStep::Want`](crate::BuildStep::Want) asks for them by this key.
    ///
    /// With their number the size of the message is known before it is read out; giving more or fewer is an error then.
    pub const fn streamed(key: usize, size: Option<u64>) -> Self {
        Self(Source::Streamed { key, size })
    }

    /// How many bytes it has, where that is known.
    pub fn size(&self) -> Option<u64> {
        match &self.0 {
            Source::Whole(bytes) => Some(bytes.len() as u64),
            Source::Streamed { size, .. } => *size,
        }
    }
}

impl core::fmt::Debug for Content {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let mut shown = f.debug_struct("Content");
        if let Source::Streamed { key, .. } = &self.0 {
            shown.field("key", key);
        }
        shown.field("size", &self.size()).finish()
    }
}

impl From<Bytes> for Content {
    fn from(bytes: Bytes) -> Self {
        Self(Source::Whole(bytes))
    }
}

impl From<Vec<u8>> for Content {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes::from(bytes).into()
    }
}

impl From<Box<[u8]>> for Content {
    fn from(bytes: Box<[u8]>) -> Self {
        Bytes::from(bytes).into()
    }
}

impl From<String> for Content {
    fn from(text: String) -> Self {
        Bytes::from(text).into()
    }
}

impl From<&'static [u8]> for Content {
    fn from(bytes: &'static [u8]) -> Self {
        Bytes::from_static(bytes).into()
    }
}

impl From<&'static str> for Content {
    fn from(text: &'static str) -> Self {
        text.as_bytes().into()
    }
}
