//! What is done to a message's bytes while they go by.

use alloc::borrow::Cow;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::ops::Range;

use super::recode::Recode;
use crate::scan::{from, slice};

/// How a message is converted, without the message. Made by [`Message::conversion`](crate::Message::conversion).
///
/// The message is given again from its start, in chunks of any size and cut anywhere, so that it need not stay in memory while
/// it is sent.
///
/// # Examples
/// ```
/// use mailrail_message::{BodyType, Message};
///
/// let raw = "MIME-Version: 1.0\r\nContent-Transfer-Encoding: 8bit\r\n\r\ncaf\u{e9}\r\n".as_bytes();
/// let mut conversion = Message::parse(raw).conversion(BodyType::SevenBit)?;
/// let (size, mut sent) = (conversion.size(), Vec::new());
/// for mut chunk in raw.chunks(7) {
///     while let Some(piece) = conversion.piece(&mut chunk) {
///         sent.extend_from_slice(&piece);
///     }
/// }
/// assert!(conversion.is_done());
/// assert_eq!(sent.len() as u64, size);
/// assert!(sent.ends_with(b"\r\n\r\ncaf=C3=A9\r\n"));
/// # Ok::<(), mailrail_message::ConvertError>(())
/// ```
#[derive(Clone, Default)]
pub struct Conversion {
    /// In the order of the message.
    segments: VecDeque<Segment>,
    /// How many bytes of the message have gone by.
    at: usize,
    /// How many bytes are still to come.
    size: u64,
    is_changed: bool,
}

#[derive(Clone)]
enum Segment {
    Keep(Range<usize>),
    Add(Vec<u8>),
    Encode(Range<usize>, Recode),
}

impl core::fmt::Debug for Conversion {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Conversion")
            .field("is_changed", &self.is_changed)
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

impl Conversion {
    pub(super) fn keep(&mut self, range: Range<usize>) {
        self.size += range.len() as u64;
        match self.segments.back_mut() {
            Some(Segment::Keep(last)) if last.end == range.start => last.end = range.end,
            _ if range.is_empty() => {}
            _ => {
                self.is_changed |= range.start != 0;
                self.segments.push_back(Segment::Keep(range));
            }
        }
    }

    pub(super) fn add(&mut self, bytes: Vec<u8>) {
        if !bytes.is_empty() {
            self.is_changed = true;
            self.size += bytes.len() as u64;
            self.segments.push_back(Segment::Add(bytes));
        }
    }

    /// Has `body`, which starts at `start`, encoded.
    pub(super) fn encode(&mut self, start: usize, body: &[u8], recode: Recode) {
        self.is_changed = true;
        self.size += recode.size(body);
        self.segments.push_back(Segment::Encode(start..start + body.len(), recode));
    }

    /// All is planned of a message of so many bytes.
    pub(super) fn end(&mut self, length: usize) {
        let kept = match self.segments.back() {
            Some(Segment::Keep(range)) => range.end,
            _ => 0,
        };
        self.is_changed |= kept != length;
    }

    /// Whether it makes another message.
    pub const fn is_changed(&self) -> bool {
        self.is_changed
    }

    /// How many bytes are still to come: at first the size of the converted message, for SMTP's SIZE.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Whether the whole message has been given.
    pub fn is_done(&self) -> bool {
        self.segments.is_empty()
    }

    /// The next piece, never empty, and uses up some of `chunk`, which goes on where the last one ended; none where there is
    /// more in the next chunk, or nothing more at all.
    ///
    /// What stays as it was is lent; of what is encoded a piece has at most 60 KiB.
    pub fn piece<'c>(&mut self, chunk: &mut &'c [u8]) -> Option<Cow<'c, [u8]>> {
        loop {
            let piece = match self.segments.front_mut()? {
                Segment::Add(bytes) => Cow::Owned(core::mem::take(bytes)),
                Segment::Keep(range) => {
                    skip(&mut self.at, range.start, chunk)?;
                    let kept = take(&mut self.at, range.end, chunk);
                    if kept.is_empty() && self.at < range.end {
                        return None;
                    }
                    range.start = self.at;
                    Cow::Borrowed(kept)
                }
                Segment::Encode(range, recode) => {
                    skip(&mut self.at, range.start, chunk)?;
                    let most = range.end.min(self.at.saturating_add(Recode::CHUNK));
                    let body = take(&mut self.at, most, chunk);
                    if body.is_empty() && self.at < range.end {
                        return None;
                    }
                    range.start = self.at;
                    let mut encoded = Vec::new();
                    recode.encode(body, self.at == range.end, &mut encoded);
                    Cow::Owned(encoded)
                }
            };
            let is_over = match self.segments.front() {
                Some(Segment::Keep(range) | Segment::Encode(range, _)) => self.at == range.end,
                _ => true,
            };
            if is_over {
                self.segments.pop_front();
            }
            if !piece.is_empty() {
                self.size -= piece.len() as u64;
                return Some(piece);
            }
        }
    }
}

/// Leaves out what stands before `start`; none where there is more of it in the next chunk.
fn skip(at: &mut usize, start: usize, chunk: &mut &[u8]) -> Option<()> {
    take(at, start, chunk);
    (*at >= start).then_some(())
}

/// What the chunk has up to `end`.
fn take<'c>(at: &mut usize, end: usize, chunk: &mut &'c [u8]) -> &'c [u8] {
    let length = end.saturating_sub(*at).min(chunk.len());
    let taken = slice(chunk, 0..length);
    *chunk = from(chunk, length);
    *at += length;
    taken
}
