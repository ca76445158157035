//! A message that is read out while its attachments come in.

use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;

use bytes::Bytes;
use memchr::memmem;

use super::body_type::{BodyType, Lines};
use super::content::Source;
use super::text::Coding;
use crate::encoding::base64;
use crate::error::Error;

/// How many bytes of an attachment one piece holds, before they are encoded: whole lines.
const CHUNK: usize = base64::BYTES_A_LINE * 256;

/// What to do next with a message that is read out.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "a loop that forgets one does not compile")]
pub enum BuildStep {
    /// The next bytes of the message.
    Piece(Bytes),
    /// Give bytes of the content of this key, or say that it has ended.
    Want {
        /// The key that [`Content::streamed`](crate::Content::streamed) was given.
        key: usize,
    },
    /// The message is whole.
    End,
}

/// A message that was built and is read out in pieces; streamed contents are asked for when their turn comes.
///
/// Of an attachment it holds what was given last, and no piece is larger than that or 20 KiB.
///
/// # Examples
/// ```
/// use mailrail_message::{Attachment, BuildStep, Builder, Content, DateTime, Mailbox};
///
/// let mut file = std::iter::repeat_n(vec![7_u8; 1000], 100);
/// let film = Attachment::new("video/mp4", Content::streamed(0, Some(100_000))).with_name("film.mp4");
/// let mut message = Builder::new()
///     .from(Mailbox::new("ann@north.test")?)
///     .date(DateTime::from_unix(1_795_000_000, 60).unwrap())
///     .text("Look.\n")
///     .attach(film)
///     .stream([7; 16])?;
/// let size = message.size();
/// let mut sent = 0;
/// loop {
///     match message.poll() {
///         BuildStep::Piece(bytes) => sent += bytes.len() as u64,
///         BuildStep::Want { .. } => match file.next() {
///             Some(bytes) => message.content(bytes.into())?,
///             None => message.end_content()?,
///         },
///         BuildStep::End => break,
///     }
/// }
/// assert_eq!(size, Some(sent));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct BuildStream {
    segments: VecDeque<Segment>,
    left: Option<u64>,
    body_type: BodyType,
    is_utf8: bool,
}

#[derive(Clone)]
pub(super) enum Segment {
    /// To be written as it is.
    Plain(Bytes),
    /// To be encoded, or to come from the caller.
    Part(Part),
}

impl core::fmt::Debug for BuildStream {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("BuildStream").field("size", &self.left).finish_non_exhaustive()
    }
}

impl BuildStream {
    pub(super) fn new(segments: VecDeque<Segment>, body_type: BodyType, is_utf8: bool) -> Self {
        let left = segments.iter().map(Segment::size).sum();
        Self { segments, left, body_type, is_utf8 }
    }

    /// How many bytes are still to come: at first the size of the message, for SMTP's SIZE or IMAP's APPEND.
    /// `None` where a streamed content did not say its own.
    pub const fn size(&self) -> Option<u64> {
        self.left
    }

    /// What the way of the message must carry: SMTP's BODY.
    pub const fn body_type(&self) -> BodyType {
        self.body_type
    }

    /// Whether its header holds UTF-8, which needs SMTPUTF8 on the way (RFC 6531, RFC 6532).
    pub const fn is_utf8(&self) -> bool {
        self.is_utf8
    }

    pub(super) fn is_streamed(&self) -> bool {
        self.segments
            .iter()
            .any(|segment| matches!(segment, Segment::Part(part) if part.key.is_some()))
    }

    /// Says what to do next. Where it wants content, it says so until that is given.
    pub fn poll(&mut self) -> BuildStep {
        loop {
            let piece = match self.segments.front_mut() {
                None => return BuildStep::End,
                Some(Segment::Plain(bytes)) => core::mem::take(bytes),
                Some(Segment::Part(part)) => match (part.next(), part.key) {
                    (Some(piece), _) => return self.counted(piece),
                    (None, Some(key)) if !part.is_ended => return BuildStep::Want { key },
                    (None, _) => Bytes::new(),
                },
            };
            drop(self.segments.pop_front());
            if !piece.is_empty() {
                return self.counted(piece);
            }
        }
    }

    fn counted(&mut self, piece: Bytes) -> BuildStep {
        self.left = self.left.map(|left| left.saturating_sub(piece.len() as u64));
        BuildStep::Piece(piece)
    }

    fn wanted(&mut self) -> Result<&mut Part, Error> {
        match self.segments.front_mut() {
            Some(Segment::Part(part)) if part.is_wanting() => Ok(part),
            _ => Err(Error::NotWanted),
        }
    }

    /// Gives bytes of the content that [`BuildStep::Want`] asks for. They are kept by reference.
    ///
    /// # Errors
    /// If none is wanted now, if there are more than were announced, or if a message that is passed on holds
    /// what it was declared not to hold, or the boundary around it. Nothing is taken then.
    pub fn content(&mut self, bytes: Bytes) -> Result<(), Error> {
        self.wanted()?.give(bytes)
    }

    /// Says that the content which [`BuildStep::Want`] asks for has ended.
    ///
    /// # Errors
    /// If none is wanted now, or if there were fewer bytes than announced.
    pub fn end_content(&mut self) -> Result<(), Error> {
        self.wanted()?.end()
    }
}

impl Segment {
    fn size(&self) -> Option<u64> {
        match self {
            Self::Plain(bytes) => Some(bytes.len() as u64),
            Self::Part(part) => part.size,
        }
    }
}

#[derive(Clone)]
pub(super) struct Part {
    /// The caller's name for it, where it comes from there.
    key: Option<usize>,
    /// Its size as it is written.
    size: Option<u64>,
    /// How many bytes are still to be given.
    missing: Option<u64>,
    is_ended: bool,
    coding: Coding,
    given: Bytes,
    encoder: base64::Encoder,
    checks: Checks,
}

/// What is asked of bytes that are not encoded.
#[derive(Clone)]
struct Checks {
    lines: Lines,
    boundary: String,
    /// The last bytes that came, in which the boundary may have begun.
    tail: Vec<u8>,
}

impl Part {
    pub(super) fn new(source: &Source, coding: Coding, boundary: &str) -> Self {
        let written = |size: u64| match coding {
            Coding::Base64 => base64::encoded_len(size),
            _ => size,
        };
        let (key, size, given) = match source {
            Source::Whole(bytes) => (None, Some(bytes.len() as u64), bytes.clone()),
            Source::Streamed { key, size } => (Some(*key), *size, Bytes::new()),
        };
        let boundary = boundary.into();
        Self {
            key,
            size: size.map(written),
            missing: size,
            is_ended: key.is_none(),
            coding,
            given,
            encoder: base64::Encoder::default(),
            checks: Checks { lines: Lines::default(), boundary, tail: Vec::new() },
        }
    }

    const fn is_wanting(&self) -> bool {
        self.given.is_empty() && !self.is_ended
    }

    fn give(&mut self, bytes: Bytes) -> Result<(), Error> {
        let size = bytes.len() as u64;
        let missing = match self.missing {
            Some(missing) => Some(missing.checked_sub(size).ok_or(Error::WrongSize)?),
            None => None,
        };
        if let Coding::Identity(declared) = self.coding {
            self.checks.add(&bytes, declared)?;
        }
        self.missing = missing;
        self.given = bytes;
        Ok(())
    }

    fn end(&mut self) -> Result<(), Error> {
        if self.missing.is_some_and(|missing| missing > 0) {
            return Err(Error::WrongSize);
        }
        if let Coding::Identity(declared) = self.coding
            && self.checks.lines.finish() > declared
        {
            return Err(Error::WrongBodyType);
        }
        self.is_ended = true;
        Ok(())
    }

    fn next(&mut self) -> Option<Bytes> {
        if self.coding != Coding::Base64 {
            let piece = core::mem::take(&mut self.given);
            return (!piece.is_empty()).then_some(piece);
        }
        let mut out = Vec::new();
        while out.is_empty() && !self.given.is_empty() {
            self.encoder.encode(&self.given.split_to(self.given.len().min(CHUNK)), &mut out);
        }
        if self.is_ended && self.given.is_empty() {
            self.encoder.finish(&mut out);
        }
        (!out.is_empty()).then(|| out.into())
    }
}

impl Checks {
    fn add(&mut self, bytes: &[u8], declared: BodyType) -> Result<(), Error> {
        let mut lines = self.lines.clone();
        if lines.add(bytes) > declared {
            return Err(Error::WrongBodyType);
        }
        let wanted = self.boundary.as_bytes();
        let overlap = wanted.len().saturating_sub(1);
        let mut seam = self.tail.clone();
        seam.extend_from_slice(crate::scan::slice(bytes, 0..bytes.len().min(overlap)));
        if [&seam, bytes].iter().any(|place| memmem::find(place, wanted).is_some()) {
            return Err(Error::BoundaryInContent);
        }
        if bytes.len() >= overlap {
            self.tail = crate::scan::from(bytes, bytes.len() - overlap).to_vec();
        } else {
            self.tail = crate::scan::from(&seam, seam.len().saturating_sub(overlap)).to_vec();
        }
        self.lines = lines;
        Ok(())
    }
}
