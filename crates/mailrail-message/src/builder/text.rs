//! Texts: their line ends, and the encoding that keeps them as they are.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use memchr::{memchr_iter, memmem};

use super::body_type::BodyType;
use crate::encoding::{base64, quoted_printable};

/// How a part is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    /// As it is; the way must carry this.
    Identity(BodyType),
    QuotedPrintable,
    Base64,
}

impl Coding {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Identity(body_type) => body_type.identity(),
            Self::QuotedPrintable => "quoted-printable",
            Self::Base64 => "base64",
        }
    }

    /// The encoding for lines of text: none where the way carries them and nobody is tempted to change them.
    pub(super) fn of_text(lines: &[u8], way: BodyType) -> Self {
        let needs = BodyType::of(lines);
        if needs <= way && !is_touchy(lines) {
            return Self::Identity(needs);
        }
        if quoted_printable::estimate(lines) as u64 > base64::encoded_len(lines.len() as u64) {
            Self::Base64
        } else {
            Self::QuotedPrintable
        }
    }
}

/// Whether mail servers like to change such lines: `From ` at a line's start, and controls.
fn is_touchy(lines: &[u8]) -> bool {
    let is_odd =
        |byte: &u8| (*byte < b' ' && !matches!(byte, b'\t' | b'\r' | b'\n')) || *byte == 0x7f;
    lines.iter().fold(false, |found, byte| found | is_odd(byte))
        || lines.starts_with(b"From ")
        || memmem::find(lines, b"\nFrom ").is_some()
}

/// Text in lines that end in CRLF, the last one too. Borrowed where it is so already.
pub(super) fn canonical(text: &str) -> Cow<'_, [u8]> {
    let bytes = text.as_bytes();
    let returns = memchr_iter(b'\r', bytes).count();
    let mut feeds = 0;
    let mut pairs = 0;
    for at in memchr_iter(b'\n', bytes) {
        feeds += 1;
        pairs += usize::from(at.checked_sub(1).and_then(|at| bytes.get(at)) == Some(&b'\r'));
    }
    let is_ended = bytes.is_empty() || bytes.ends_with(b"\r\n");
    if is_ended && returns == pairs && feeds == pairs {
        return Cow::Borrowed(bytes);
    }
    let mut lines = Vec::with_capacity(bytes.len() + returns + feeds - pairs + 2);
    let mut rest = bytes;
    while !rest.is_empty() {
        let line = crate::scan::LineEnds::Any.line(rest, 0);
        lines.extend_from_slice(crate::scan::slice(rest, 0..line.end));
        lines.extend_from_slice(b"\r\n");
        rest = crate::scan::from(rest, line.next);
    }
    Cow::Owned(lines)
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    #[test]
    fn lines_are_canonical() {
        assert_eq!(&*canonical("a\nb\rc\r\nd"), b"a\r\nb\r\nc\r\nd\r\n");
        assert_eq!(&*canonical(""), b"");
        assert_eq!(&*canonical("\n"), b"\r\n");
        assert_eq!(&*canonical("a\r\n\r"), b"a\r\n\r\n");
        assert!(matches!(canonical("a\r\n\r\nb\r\n"), Cow::Borrowed(_)));
    }

    #[test]
    fn text_that_could_be_changed_is_encoded() {
        let coding = |text: &str, way| Coding::of_text(text.as_bytes(), way);
        let (seven, eight) = (BodyType::SevenBit, BodyType::EightBitMime);
        assert_eq!(coding("a\r\nb\t.\r\n", seven), Coding::Identity(seven));
        assert_eq!(coding("a\r\nFrom here\r\n", eight), Coding::QuotedPrintable);
        assert_eq!(coding("\x01\r\n", eight), Coding::QuotedPrintable);
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
