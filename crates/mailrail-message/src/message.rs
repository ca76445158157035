//! A message as a whole.

use core::ops::Deref;

use crate::defect::Defect;
use crate::header::Headers;
use crate::limits::Limits;
use crate::part::{Part, Parts};
use crate::structure::Index;

/// A message (RFC 5322, RFC 2045), indexed: where its header fields and its parts stand.
///
/// The bytes are borrowed, never copied. Values and bodies are decoded when they are asked for. Every offset counts from
/// the start of the message, so a part of it can be sent as a range of the bytes it is stored in.
///
/// # Examples
/// ```
/// use mailrail_message::Message;
///
/// let message = Message::parse(b"From: Ann <ann@north.test>\r\nSubject: =?utf-8?q?caf=C3=A9?=\r\n\r\nHello.\r\n");
/// assert_eq!(message.headers().subject().as_deref(), Some("caf\u{e9}"));
/// assert_eq!(message.text().as_deref(), Some("Hello.\r\n"));
/// assert!(message.defects().is_empty());
/// ```
#[derive(Debug, Clone)]
pub struct Message<'a> {
    pub(crate) raw: Raw<'a>,
    pub(crate) index: Index,
    pub(crate) limits: Limits,
}

/// Bytes that `Debug` does not print.
#[derive(Clone, Copy)]
pub(crate) struct Raw<'a>(pub(crate) &'a [u8]);

impl core::fmt::Debug for Raw<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

impl Deref for Raw<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.0
    }
}

impl<'a> Message<'a> {
    /// Indexes a message. Nothing that it may hold makes this fail: see [`defects`](Self::defects).
    ///
    /// Time is linear in the length.
    pub fn parse(raw: &'a [u8]) -> Self {
        Self::parse_with(raw, &Limits::default())
    }

    /// Indexes a message within limits of the caller's.
    pub fn parse_with(raw: &'a [u8], limits: &Limits) -> Self {
        Self { raw: Raw(raw), index: Index::read(raw, limits), limits: *limits }
    }

    /// The message as it was given.
    pub const fn raw(&self) -> &'a [u8] {
        self.raw.0
    }

    /// The faults of its structure, in the order they were met. [`check`](Self::check) finds those of its values too.
    pub fn defects(&self) -> &[Defect] {
        &self.index.defects
    }

    /// The outermost part: the message itself.
    pub const fn root(&self) -> Part<'_> {
        Part::new(self, 0)
    }

    /// The header block of the message.
    pub fn headers(&self) -> Headers<'_> {
        self.root().headers()
    }

    /// All parts in the order of the text: the root first, containers before what they hold, embedded messages included.
    pub fn parts(&self) -> Parts<'_> {
        Parts::new(self)
    }

    /// The part with a number, as IMAP counts (RFC 3501 §6.4.5); the message itself where `path` is empty.
    ///
    /// The parts of a multipart are numbered from 1. A message that is no multipart has one part, number 1, which is
    /// its body. A multipart that is the whole of an embedded message has no number of its own: its parts
    /// are numbered below the number of the message/rfc822 part.
    pub fn part(&self, path: &[u32]) -> Option<Part<'_>> {
        let mut part = self.root();
        for (level, number) in path.iter().enumerate() {
            // What the number counts within: a multipart, or a message, found by going into what was met last.
            let holder = match level {
                0 => part,
                _ => part.message().unwrap_or(part),
            };
            part = if holder.is_multipart() {
                holder.children().nth(usize::try_from(number.checked_sub(1)?).ok()?)?
            } else if *number == 1 && (level == 0 || part.is_message()) {
                holder
            } else {
                return None;
            };
        }
        Some(part)
    }
}
