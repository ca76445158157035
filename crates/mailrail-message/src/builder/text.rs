//! Texts: their line ends, and the encoding that keeps them as they are.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use memchr::{memchr2_iter, memmem};

use super::body_type::{BodyType, Shape};
use crate::encoding::{base64, quoted_printable};

/// How a part is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coding {
    /// As it is; the way must carry this.
    Identity(BodyType),
    QuotedPrintable,
    Base64,
}

impl Coding {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Identity(body_type) => body_type.identity(),
            Self::QuotedPrintable => "quoted-printable",
            Self::Base64 => "base64",
        }
    }

    /// The encoding for lines of this shape: none where the way carries them and nobody is tempted to change them.
    pub(super) fn of_text(lines: &[u8], shape: Shape, way: BodyType) -> Self {
        let needs = shape.needs(lines);
        // Mail servers like to change such lines.
        let is_touchy = shape.has_from
            && (lines.starts_with(b"From ") || memmem::find(lines, b"\nFrom ").is_some());
        if needs <= way && !is_touchy {
            return Self::Identity(needs);
        }
        Self::shorter(lines)
    }

    /// The encoding that makes less of text.
    pub(crate) fn shorter(text: &[u8]) -> Self {
        match quoted_printable::estimate(text) as u64 > base64::encoded_len(text.len() as u64) {
            true => Self::Base64,
            false => Self::QuotedPrintable,
        }
    }
}

/// Text in lines that end in CRLF, the last one too, and its shape. Borrowed where it is so already.
pub(super) fn canonical(text: &str) -> (Cow<'_, [u8]>, Shape) {
    let bytes = text.as_bytes();
    let shape = Shape::of(bytes);
    if shape.is_paired && (bytes.is_empty() || bytes.ends_with(b"\r\n")) {
        return (Cow::Borrowed(bytes), shape);
    }
    let ends = memchr2_iter(b'\r', b'\n', bytes).count();
    let mut lines = Vec::with_capacity(bytes.len() + ends + 2);
    let mut rest = bytes;
    while !rest.is_empty() {
        let line = crate::scan::LineEnds::Any.line(rest, 0);
        lines.extend_from_slice(crate::scan::slice(rest, 0..line.end));
        lines.extend_from_slice(b"\r\n");
        rest = crate::scan::from(rest, line.next);
    }
    (Cow::Owned(lines), shape.paired())
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    #[test]
    fn lines_are_canonical() {
        let lines = |text| canonical(text).0;
        assert_eq!(&*lines("a\nb\rc\r\nd"), b"a\r\nb\r\nc\r\nd\r\n");
        assert_eq!(&*lines(""), b"");
        assert_eq!(&*lines("\n"), b"\r\n");
        assert_eq!(&*lines("a\r\n\r"), b"a\r\n\r\n");
        assert!(matches!(lines("a\r\n\r\nb\r\n"), Cow::Borrowed(_)));
    }

    #[test]
    fn text_that_could_be_changed_is_encoded() {
        let coding =
            |text: &str, way| Coding::of_text(text.as_bytes(), Shape::of(text.as_bytes()), way);
        let (seven, eight) = (BodyType::SevenBit, BodyType::EightBitMime);
        assert_eq!(coding("a\r\nb\t.\r\n", seven), Coding::Identity(seven));
        assert_eq!(coding("a\r\nFrom here\r\n", eight), Coding::QuotedPrintable);
        assert_eq!(coding("\x01\r\n", seven), Coding::Identity(seven));
        assert_eq!(coding("\0\r\n", eight), Coding::QuotedPrintable);
        assert_eq!(coding("caf\u{e9}\r\n", seven), Coding::QuotedPrintable);
        assert_eq!(coding("caf\u{e9}\r\n", eight), Coding::Identity(eight));
        assert_eq!(coding("\u{3042}\u{3042}\r\n", seven), Coding::Base64);
        let line = |length| format!("{}\r\n", "a".repeat(length));
        assert_eq!(coding(&line(998), seven), Coding::Identity(seven));
        assert_eq!(coding(&line(999), eight), Coding::QuotedPrintable);
        assert_eq!(
            coding(&line(999), BodyType::BinaryMime),
            Coding::Identity(BodyType::BinaryMime)
        );
    }
}
