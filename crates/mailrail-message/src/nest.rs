//! The parts that are open, and what is decided about each: the one grammar of structure that both readers share.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use crate::defect::{Defect, DefectKind};
use crate::grammar::{is_token, quoted_plainly};
use crate::header::content_transfer_encoding::TransferEncoding;
use crate::header::content_type::ContentType;
use crate::limits::Limits;
use crate::multipart::{Delimiter, boundary, delimiter_at};
use crate::part::PartKind;
use crate::path::PartPath;
use crate::scan::{LineEnds, from, is_fws, is_wsp, slice, trim_end, trim_start};

/// The defects found, up to their limit.
#[derive(Debug, Default)]
pub(crate) struct Defects {
    pub(crate) found: Vec<Defect>,
    left: usize,
    has_bare_line_feed: bool,
}

impl Defects {
    pub(crate) fn name(&mut self, kind: DefectKind, offset: usize) {
        if let Some(left) = self.left.checked_sub(1) {
            self.left = left;
            self.found.push(Defect { offset, kind });
        }
    }

    /// Names the first line of a header that ends in LF alone.
    pub(crate) fn bare_line_feed(&mut self, offset: usize) {
        if !self.has_bare_line_feed {
            self.has_bare_line_feed = true;
            self.name(DefectKind::BareLineFeed, offset);
        }
    }
}

/// A part whose end is not known yet.
#[derive(Debug)]
pub(crate) struct Open<'a> {
    pub(crate) part: u32,
    kind: PartKind,
    /// Its number among its parent's children, from 1.
    ordinal: u32,
    children: u32,
    /// Where its body starts.
    body: usize,
    is_digest: bool,
    /// Of a multipart whose parts are read.
    boundary: Option<Cow<'a, [u8]>>,
    progress: Progress,
}

/// What was seen of the delimiters of a multipart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    /// Further parts may follow.
    Waiting,
    /// The closing one.
    Closed,
    /// Further ones behind the closing one.
    Repeated,
}

/// What the header block of a part says about it.
#[derive(Debug)]
pub(crate) struct Verdict<'a> {
    pub(crate) kind: PartKind,
    boundary: Option<Cow<'a, [u8]>>,
    is_digest: bool,
}

impl Verdict<'_> {
    const LEAF: Self = Self { kind: PartKind::Leaf, boundary: None, is_digest: false };

    /// The same, owning its boundary.
    pub(crate) fn into_owned(self) -> Verdict<'static> {
        Verdict {
            kind: self.kind,
            boundary: self.boundary.map(|boundary| Cow::Owned(boundary.into_owned())),
            is_digest: self.is_digest,
        }
    }
}

/// The place of a part among the others.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) parent: Option<u32>,
    /// Its number among its parent's children, from 1.
    pub(crate) ordinal: u32,
}

/// A part whose end has been found.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Closed {
    pub(crate) part: u32,
    pub(crate) body: usize,
    pub(crate) end: usize,
}

/// The parts that are open, outermost first, and what has been found so far.
#[derive(Debug)]
pub(crate) struct Nest<'a> {
    pub(crate) limits: Limits,
    pub(crate) ends: LineEnds,
    pub(crate) defects: Defects,
    open: Vec<Open<'a>>,
    /// How many multiparts of them have a boundary.
    bounded: usize,
    parts: usize,
}

impl<'a> Nest<'a> {
    pub(crate) fn new(limits: &Limits) -> Self {
        let defects = Defects { left: limits.defects, ..Defects::default() };
        let ends = LineEnds::Lf;
        Self { limits: *limits, ends, defects, open: Vec::new(), bounded: 0, parts: 0 }
    }

    /// Says what ends lines, which is LF before.
    pub(crate) fn settle(&mut self, ends: LineEnds) {
        self.ends = ends;
        if ends == LineEnds::Any {
            self.defects.name(DefectKind::BareCarriageReturn, 0);
        }
    }

    /// Whether the part that begins now is one of a multipart/digest, which is a message where it does not
    /// say otherwise (RFC 2046 §5.1.5).
    pub(crate) fn is_in_digest(&self) -> bool {
        self.open.last().is_some_and(|open| open.is_digest)
    }

    /// What a part is whose header block starts at `start` and has these values of `Content-Type`, with its place, and
    /// of `Content-Transfer-Encoding`.
    pub(crate) fn judge<'v>(
        &mut self,
        start: usize,
        content_type: Option<(&'v [u8], usize)>,
        encoding: Option<&[u8]>,
    ) -> Verdict<'v> {
        if let Some((value, _)) = content_type
            && let Some((sub, boundary)) = plain_multipart(value)
            && self.limits.parameters > 0
            && self.open.len() < self.limits.depth
            && let Ok(boundary) = self.checked(Cow::Borrowed(trim_end(boundary, is_wsp)))
        {
            return self.multipart(start, boundary, sub.eq_ignore_ascii_case(b"digest"), encoding);
        }
        let found = match content_type {
            None if self.is_in_digest() => ContentType::MESSAGE,
            None => return Verdict::LEAF,
            Some((value, _)) if is_plainly_leaf(value) => return Verdict::LEAF,
            Some((value, at)) => match ContentType::parse_within(value, self.limits.of_values()) {
                Ok(found) => found,
                Err(_) => {
                    self.defects.name(DefectKind::InvalidContentType, at);
                    return Verdict::LEAF;
                }
            },
        };
        let is_multipart = found.is_multipart();
        if !is_multipart && !found.is_message() {
            return Verdict::LEAF;
        }
        let fault = if self.open.len() >= self.limits.depth {
            DefectKind::TooDeep
        } else if is_multipart {
            match self.boundary(&found) {
                Ok(boundary) => {
                    let is_digest = found.is("multipart", "digest");
                    return self.multipart(start, boundary, is_digest, encoding);
                }
                Err(fault) => fault,
            }
        } else if self.encoding(encoding) == TransferEncoding::Base64 {
            DefectKind::EncodedMessage
        } else if self.parts + 1 >= self.limits.parts {
            DefectKind::TooManyParts
        } else {
            if self.encoding(encoding) == TransferEncoding::QuotedPrintable {
                self.defects.name(DefectKind::EncodedMessage, start);
            }
            return Verdict { kind: PartKind::Message, ..Verdict::LEAF };
        };
        self.defects.name(fault, start);
        Verdict::LEAF
    }

    fn encoding<'v>(&self, value: Option<&'v [u8]>) -> TransferEncoding<'v> {
        value.map_or(TransferEncoding::SevenBit, |value| {
            TransferEncoding::parse_within(value, self.limits.of_values())
        })
    }

    /// A multipart, whose parts are read.
    fn multipart<'v>(
        &mut self,
        start: usize,
        boundary: Cow<'v, [u8]>,
        is_digest: bool,
        encoding: Option<&[u8]>,
    ) -> Verdict<'v> {
        let is_encoded = [TransferEncoding::Base64, TransferEncoding::QuotedPrintable];
        if is_encoded.contains(&self.encoding(encoding)) {
            self.defects.name(DefectKind::EncodedMultipart, start);
        }
        Verdict { kind: PartKind::Multipart, boundary: Some(boundary), is_digest }
    }

    fn boundary<'v>(&self, found: &ContentType<'v>) -> Result<Cow<'v, [u8]>, DefectKind> {
        self.checked(boundary(found))
    }

    fn checked<'v>(&self, boundary: Cow<'v, [u8]>) -> Result<Cow<'v, [u8]>, DefectKind> {
        match boundary.len() {
            0 => Err(DefectKind::MissingBoundary),
            length if length > self.limits.boundary => Err(DefectKind::BoundaryTooLong),
            _ => Ok(boundary),
        }
    }

    /// Opens a part whose body starts at `body`.
    pub(crate) fn open(&mut self, verdict: Verdict<'a>, body: usize) -> Place {
        let place = match self.open.last_mut() {
            Some(open) => {
                open.children += 1;
                Place { parent: Some(open.part), ordinal: open.children }
            }
            None => Place { parent: None, ordinal: 1 },
        };
        self.bounded += usize::from(verdict.boundary.is_some());
        self.open.push(Open {
            // The limit of parts lies below this.
            part: u32::try_from(self.parts).unwrap_or(u32::MAX),
            kind: verdict.kind,
            ordinal: place.ordinal,
            children: 0,
            body,
            is_digest: verdict.is_digest,
            boundary: verdict.boundary,
            progress: Progress::Waiting,
        });
        self.parts += 1;
        place
    }

    /// How many parts were opened.
    pub(crate) const fn parts(&self) -> usize {
        self.parts
    }

    /// The number of the innermost part, as [`Part::path`](crate::Part::path) tells it.
    pub(crate) fn path(&self) -> PartPath {
        if self.open.len() < 2 {
            return PartPath::default();
        }
        let above = core::iter::once(None).chain(self.open.iter().map(Some));
        let numbers = above.zip(&self.open).filter_map(|(above, part)| match above {
            Some(above) if above.kind == PartKind::Multipart => Some(part.ordinal),
            // The whole of a message: a multipart has no number of its own, anything else is number 1.
            _ => (part.kind != PartKind::Multipart).then_some(1),
        });
        PartPath(numbers.collect())
    }

    /// How many bytes of memory it holds apart from itself.
    pub(crate) fn memory(&self) -> usize {
        let boundaries = self.open.iter().filter_map(|open| open.boundary.as_ref());
        self.open.capacity() * size_of::<Open<'_>>()
            + self.defects.found.capacity() * size_of::<Defect>()
            + boundaries.map(|boundary| boundary.len()).sum::<usize>()
    }

    /// Whether a delimiter may follow.
    pub(crate) const fn is_bounded(&self) -> bool {
        self.bounded > 0
    }

    /// Whether no further part is read.
    pub(crate) fn is_full(&self) -> bool {
        self.parts >= self.limits.parts.min(u32::MAX as usize)
    }

    /// Names the limit of parts, and lets all that follows be raw bytes of the parts that are open.
    pub(crate) fn give_up(&mut self, at: usize) {
        self.defects.name(DefectKind::TooManyParts, at);
        self.bounded = 0;
        for open in &mut self.open {
            open.boundary = None;
        }
    }

    /// The delimiter that the line at `start` is: of the innermost multipart that waits for one, else of one that is closed.
    pub(crate) fn delimiter_at(&self, raw: &[u8], start: usize) -> Option<Delimiter> {
        let of = |progress: fn(Progress) -> bool| {
            let open =
                self.open.iter().enumerate().filter(move |(_, open)| progress(open.progress));
            let boundaries = open.filter_map(|(at, open)| Some((at, &**open.boundary.as_ref()?)));
            delimiter_at(raw, self.ends, start, boundaries)
        };
        of(|progress| progress == Progress::Waiting)
            .or_else(|| of(|progress| progress != Progress::Waiting))
    }

    /// Notes a delimiter once the parts inside its multipart are closed. Whether a part begins behind it.
    pub(crate) fn pass(&mut self, delimiter: &Delimiter) -> bool {
        let Some(open) = self.open.last_mut() else { return false };
        match open.progress {
            Progress::Waiting if !delimiter.is_close => return true,
            Progress::Waiting => {
                open.progress = Progress::Closed;
                if open.children == 0 {
                    self.defects.name(DefectKind::BoundaryNotFound, delimiter.start);
                }
            }
            Progress::Closed => {
                open.progress = Progress::Repeated;
                self.defects.name(DefectKind::RepeatedBoundary, delimiter.start);
            }
            Progress::Repeated => {}
        }
        false
    }

    /// Closes the innermost part if it stands deeper than `depth`, before the line at `line`, which a line end of
    /// `line_end` bytes stands before.
    ///
    /// The line end before a delimiter belongs to it, but not where a header block needs it: then the
    /// parts around, which are given the `end` of this one, hold it as well.
    pub(crate) fn close(
        &mut self,
        depth: usize,
        line: usize,
        line_end: usize,
        end: usize,
    ) -> Option<Closed> {
        if self.open.len() <= depth {
            return None;
        }
        let open = self.open.pop()?;
        if open.boundary.is_some() {
            self.bounded -= 1;
            if open.progress == Progress::Waiting {
                let kind = match open.children {
                    0 => DefectKind::BoundaryNotFound,
                    _ => DefectKind::MissingClosingBoundary,
                };
                self.defects.name(kind, line);
            }
        }
        let end = end.max(open.body).max(line.saturating_sub(line_end));
        Some(Closed { part: open.part, body: open.body, end })
    }
}

/// The subtype and the boundary of a multipart that is written as most are: the boundary comes first, and nothing in it
/// has to be changed.
fn plain_multipart(value: &[u8]) -> Option<(&[u8], &[u8])> {
    let value = trim_start(value, is_fws);
    let rest = strip_name(value, b"multipart/")?;
    let (sub, rest) = rest.split_at_checked(rest.iter().position(|byte| !is_token(*byte))?)?;
    let rest = strip_name(trim_start(rest.strip_prefix(b";")?, is_fws), b"boundary=")?;
    let boundary = match rest.first()? {
        b'"' => quoted_plainly(rest)?,
        b'(' => return None,
        _ => {
            let is_end = |byte: &u8| is_fws(*byte) || matches!(byte, b';' | b'\\');
            let length = rest.iter().position(is_end).unwrap_or(rest.len());
            crate::steps::count(length);
            // White space might stand in it.
            if !matches!(rest.get(length), None | Some(b';')) {
                return None;
            }
            slice(rest, 0..length)
        }
    };
    (!sub.is_empty()).then_some((sub, boundary))
}

/// What follows a name, whose case does not count.
fn strip_name<'v>(text: &'v [u8], name: &[u8]) -> Option<&'v [u8]> {
    let (start, rest) = text.split_at_checked(name.len())?;
    start.eq_ignore_ascii_case(name).then_some(rest)
}

/// Whether a content type needs no closer look: `type "/" subtype`, plainly written, and neither a multipart nor a message.
fn is_plainly_leaf(value: &[u8]) -> bool {
    let value = trim_start(value, is_fws);
    if matches!(value.first(), Some(b'm' | b'M')) {
        return false;
    }
    let main = value.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let rest = from(value, main);
    let sub = from(rest, 1).iter().take_while(|byte| is_token(**byte)).count();
    let is_whole = matches!(from(rest, 1 + sub).first(), None | Some(b';'));
    crate::steps::count(main + sub);
    main > 0 && rest.first() == Some(&b'/') && sub > 0 && is_whole
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::ValueLimits;

    /// What is read in one go is what is read token by token.
    #[test]
    fn plain_multiparts_are_read_alike() {
        let mut plain = 0;
        for written in [
            " multipart/mixed; boundary=\"a b\"",
            "Multipart/Digest;\r\n\tBOUNDARY=a-b; charset=x",
            "multipart/x;boundary=\"\"",
        ] {
            for at in 0..written.len() {
                for put in ["", " ", "\"", ";", "(", "x", "\\", "=", "\r\n ", "; boundary=c"] {
                    let (before, after) = written.split_at(at);
                    let text = [before, put, after].concat();
                    if let Some((sub, boundary)) = plain_multipart(text.as_bytes()) {
                        let found =
                            ContentType::parse_within(text.as_bytes(), ValueLimits::DEFAULT);
                        let found = found.unwrap();
                        assert!(
                            found.is("multipart", core::str::from_utf8(sub).unwrap()),
                            "{text}"
                        );
                        let slow = found.parameters().bytes("boundary");
                        assert_eq!(slow.as_deref(), Some(boundary), "{text}");
                        plain += 1;
                    }
                }
            }
        }
        assert!(plain > 200, "{plain}");
    }
}
