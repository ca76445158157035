//! The lines of a header block.

use crate::defect::DefectKind;
use crate::nest::Defects;
use crate::scan::{from, is_wsp, slice};

/// A field that says how a message is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Structural {
    ContentType,
    Encoding,
}

impl Structural {
    #[inline]
    pub(crate) fn of(name: &[u8]) -> Option<Self> {
        if !matches!(name.first(), Some(b'C' | b'c')) {
            return None;
        }
        match name.len() {
            12 if name.eq_ignore_ascii_case(b"Content-Type") => Some(Self::ContentType),
            25 if name.eq_ignore_ascii_case(b"Content-Transfer-Encoding") => Some(Self::Encoding),
            _ => None,
        }
    }
}

/// What a line of a header block is that is neither empty nor folded nor a delimiter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FirstLine {
    /// The first line of a field: the length of its name, and where its colon stands.
    Field { name: u16, colon: u16 },
    /// No field, but no body either.
    Skipped,
    /// The first line of the body, before which the empty line is missing.
    Body,
}

impl FirstLine {
    /// A line that starts with white space at the start of a header block.
    pub(crate) fn unfolded(defects: &mut Defects, at: usize) -> Self {
        defects.name(DefectKind::ContinuationWithoutField, at);
        Self::Skipped
    }

    /// Tells what a line is, and names what is wrong with it. `is_first`: in the message.
    #[inline]
    pub(crate) fn read(line: &[u8], is_first: bool, defects: &mut Defects, at: usize) -> Self {
        match field_name(line) {
            Some((0, _)) => {
                defects.name(DefectKind::MissingFieldName, at);
                Self::Skipped
            }
            Some((name, colon)) => {
                if name < colon {
                    defects.name(DefectKind::SpaceBeforeColon, at);
                }
                Self::Field { name, colon }
            }
            None if is_first && (line.starts_with(b"From ") || line.starts_with(b">From ")) => {
                defects.name(DefectKind::MailboxFromLine, at);
                Self::Skipped
            }
            None => {
                defects.name(DefectKind::MissingBlankLine, at);
                Self::Body
            }
        }
    }
}

/// How many bytes of a line are searched for the colon behind a field's name: what a line may have (RFC 5322 §2.1.1).
pub(crate) const LONGEST_NAME: usize = 998;

/// The length of the name of the field whose first line this is, and where its colon stands; `None` where the
/// line is no field.
///
/// ```abnf
/// field-name = 1*ftext
/// ftext      = %d33-57 / %d59-126
/// ```
/// Obsolete syntax has white space before the colon (RFC 5322 §4.5.8).
#[inline]
fn field_name(line: &[u8]) -> Option<(u16, u16)> {
    let line = slice(line, 0..line.len().min(LONGEST_NAME));
    let length = name_length(line)?;
    let space = from(line, length).iter().position(|byte| !is_wsp(*byte))?;
    let colon = length + space;
    crate::steps::count(colon);
    let is_field = line.get(colon) == Some(&b':');
    is_field.then_some((u16::try_from(length).ok()?, u16::try_from(colon).ok()?))
}

/// Where the first byte stands that no name has; eight are looked at in one go.
#[inline]
fn name_length(line: &[u8]) -> Option<usize> {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const COLON: u64 = 0x3a;
    const FIRST: u64 = 0x21;
    let (eights, rest) = line.as_chunks::<8>();
    let mut start = 0;
    for eight in eights {
        let bytes = u64::from_le_bytes(*eight);
        let colon = bytes ^ (ONES * COLON);
        // The highest bit of each byte that is a colon, below "!", or above "~". The lowest of them is right; those above
        // it may be the borrow or carry of another.
        let marks = (colon.wrapping_sub(ONES) & !colon)
            | (bytes.wrapping_sub(ONES * FIRST) & !bytes)
            | bytes.wrapping_add(ONES)
            | bytes;
        let marks = marks & (ONES << 7);
        if marks != 0 {
            return Some(start + (marks.trailing_zeros() / u8::BITS) as usize);
        }
        start += eight.len();
    }
    let is_foreign = |byte: &u8| !byte.is_ascii_graphic() || *byte == b':';
    rest.iter().position(is_foreign).map(|at| start + at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_end_at_what_they_cannot_hold() {
        for byte in 0..=u8::MAX {
            let is_in_name = byte.is_ascii_graphic() && byte != b':';
            for at in 0..20 {
                for after in [b'a', b'!', b'~', b':', b' ', 0, 0xff] {
                    let mut line = [b'a'; 20];
                    line[at..].fill(after);
                    line[at] = byte;
                    let slow = line.iter().position(|b| !b.is_ascii_graphic() || *b == b':');
                    assert_eq!(name_length(&line), slow, "{line:?}");
                    assert!(is_in_name || slow == Some(at));
                }
            }
        }
    }

    #[test]
    fn names_are_told_from_text() {
        assert_eq!(field_name(b"Subject: x"), Some((7, 7)));
        assert_eq!(field_name(b"Subject \t: x"), Some((7, 9)));
        assert_eq!(field_name(b": x"), Some((0, 0)));
        assert_eq!(field_name(b" : x"), Some((0, 1)));
        assert_eq!(field_name(b"two words: x"), None);
        assert_eq!(field_name(b"no colon"), None);
        assert_eq!(field_name("n\u{e4}me: x".as_bytes()), None);
        assert_eq!(field_name(&[b'a'; 998]), None);
        assert_eq!(field_name(&[&[b'a'; 997][..], b": x"].concat()), Some((997, 997)));
        assert_eq!(field_name(&[&[b'a'; 998][..], b": x"].concat()), None);
    }

    #[test]
    fn two_fields_are_structural() {
        assert_eq!(Structural::of(b"content-TYPE"), Some(Structural::ContentType));
        assert_eq!(Structural::of(b"Content-Transfer-Encoding"), Some(Structural::Encoding));
        assert_eq!(Structural::of(b"Content-Typo"), None);
        assert_eq!(Structural::of(b"Subject"), None);
    }
}
