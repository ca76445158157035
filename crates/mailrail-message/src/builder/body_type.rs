//! What the way of a message carries, and which way some bytes need.

use core::fmt;

use memchr::{memchr, memchr_iter, memrchr};

/// The longest line that goes out as it is (RFC 5322 §2.1.1).
pub(super) const LONGEST_LINE: usize = 998;

/// What a message's body may hold on its way: the `BODY` parameter of SMTP's MAIL. Each holds the ones before it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum BodyType {
    /// Lines of ASCII, 998 bytes long at most: every way carries it.
    #[default]
    SevenBit,
    /// The same lines with any bytes but NUL in them (RFC 6152).
    EightBitMime,
    /// Any bytes (RFC 3030).
    BinaryMime,
}

impl fmt::Display for BodyType {
    /// As SMTP names it: `7BIT`, `8BITMIME` or `BINARYMIME`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SevenBit => "7BIT",
            Self::EightBitMime => "8BITMIME",
            Self::BinaryMime => "BINARYMIME",
        })
    }
}

impl BodyType {
    /// The way that these bytes need to arrive as they are.
    pub fn of(bytes: &[u8]) -> Self {
        Shape::of(bytes).needs(bytes)
    }

    /// The name of the transfer encoding that changes nothing (RFC 2045 §6.2).
    pub(crate) const fn identity(self) -> &'static str {
        match self {
            Self::SevenBit => "7bit",
            Self::EightBitMime => "8bit",
            Self::BinaryMime => "binary",
        }
    }
}

/// What bytes are made of, found in one look at each.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    has_eight_bit: bool,
    has_nul: bool,
    /// Whether each CR has its LF, and each LF its CR.
    pub(super) is_paired: bool,
    /// Whether a line may begin with `From `.
    pub(super) has_from: bool,
}

impl Shape {
    pub(super) fn of(bytes: &[u8]) -> Self {
        // Without a branch, so that the compiler makes vectors of it.
        let last = bytes.last().copied();
        let mut is_plain = last.is_none_or(|byte| byte.cast_signed() > 0);
        let mut split = bytes.first() == Some(&b'\n') || last == Some(b'\r');
        let mut from = bytes.first() == Some(&b'F');
        for (byte, next) in bytes.iter().zip(bytes.get(1..).unwrap_or_default()) {
            is_plain &= byte.cast_signed() > 0;
            split |= (*byte == b'\r') ^ (*next == b'\n');
            from |= (*byte == b'\n') & (*next == b'F');
        }
        Self {
            has_eight_bit: !is_plain && !bytes.is_ascii(),
            has_nul: !is_plain && memchr(0, bytes).is_some(),
            is_paired: !split,
            has_from: from,
        }
    }

    /// The same with its line ends made right.
    pub(super) const fn paired(self) -> Self {
        // After a lone CR stood a line too.
        Self { is_paired: true, has_from: true, ..self }
    }

    pub(super) const fn is_ascii(self) -> bool {
        !self.has_eight_bit
    }

    /// The way that bytes of this shape need.
    pub(super) fn needs(self, bytes: &[u8]) -> BodyType {
        if self.has_nul || !self.is_paired || has_long_line(bytes) {
            BodyType::BinaryMime
        } else if self.has_eight_bit {
            BodyType::EightBitMime
        } else {
            BodyType::SevenBit
        }
    }
}

/// Whether a line is longer than may be, where each ends in CRLF.
fn has_long_line(mut bytes: &[u8]) -> bool {
    // From line end to line end, as far as a line may reach.
    while bytes.len() > LONGEST_LINE {
        let reach = bytes.get(..LONGEST_LINE + 2).unwrap_or(bytes);
        match memrchr(b'\n', reach).and_then(|end| bytes.get(end + 1..)) {
            Some(rest) => bytes = rest,
            None => return true,
        }
    }
    false
}

/// Bytes looked at one piece after the other.
#[derive(Debug, Clone, Default)]
pub(super) struct Lines {
    needs: BodyType,
    /// The length of the line that has not ended.
    length: usize,
    ends_in_cr: bool,
}

impl Lines {
    /// What is needed for the bytes so far; [`finish`](Self::finish) where no more come.
    pub(super) fn add(&mut self, bytes: &[u8]) -> BodyType {
        if self.needs == BodyType::BinaryMime || bytes.is_empty() {
            return self.needs;
        }
        if !bytes.is_ascii() {
            self.needs = self.needs.max(BodyType::EightBitMime);
        }
        // Each CR has an LF behind it and each LF a CR before it where there are as many pairs as either.
        let mut start = 0;
        let mut pairs = 0;
        let mut is_binary = memchr(0, bytes).is_some();
        for at in memchr_iter(b'\n', bytes) {
            let before = at.checked_sub(1).map_or(self.ends_in_cr, |before| {
                let is_cr = bytes.get(before) == Some(&b'\r');
                pairs += usize::from(is_cr);
                is_cr
            });
            // The CR counts as the line's, one too many.
            is_binary |= !before || self.length + (at - start) > LONGEST_LINE + 1;
            self.length = 0;
            start = at + 1;
        }
        self.length += bytes.len() - start;
        let is_split = self.ends_in_cr && bytes.first() != Some(&b'\n');
        self.ends_in_cr = bytes.last() == Some(&b'\r');
        let returns = memchr_iter(b'\r', bytes).count();
        is_binary |= is_split
            || returns != pairs + usize::from(self.ends_in_cr)
            || self.length > LONGEST_LINE + usize::from(self.ends_in_cr);
        if is_binary {
            self.needs = BodyType::BinaryMime;
        }
        self.needs
    }

    pub(super) const fn finish(&self) -> BodyType {
        if self.ends_in_cr { BodyType::BinaryMime } else { self.needs }
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn bytes_say_what_they_need() {
        let long = |length: usize| [&b"x".repeat(length)[..], b"\r\n"].concat();
        let cases: [(&[u8], BodyType); 12] = [
            (b"", BodyType::SevenBit),
            (b"a\r\nb", BodyType::SevenBit),
            (&long(998), BodyType::SevenBit),
            ("\u{e9}\r\n".as_bytes(), BodyType::EightBitMime),
            (b"\xff", BodyType::EightBitMime),
            (&long(999), BodyType::BinaryMime),
            (&[b'x'; 999], BodyType::BinaryMime),
            (b"a\nb", BodyType::BinaryMime),
            (b"\nb", BodyType::BinaryMime),
            (b"a\rb", BodyType::BinaryMime),
            (b"a\r", BodyType::BinaryMime),
            (b"a\0", BodyType::BinaryMime),
        ];
        for (bytes, expected) in cases {
            assert_eq!(BodyType::of(bytes), expected, "{:?}", bytes.escape_ascii().to_string());
            // At every split it is the same.
            for at in (0..=bytes.len()).step_by(1 + bytes.len() / 20) {
                let mut lines = Lines::default();
                lines.add(&bytes[..at]);
                lines.add(&bytes[at..]);
                assert_eq!(lines.finish(), expected, "{at}");
            }
        }
        let mut lines = Lines::default();
        let pieces = [&b"a\r"[..], b"\n", b"b\r", b"", b"\nc\r\n"];
        for piece in pieces {
            lines.add(piece);
        }
        assert_eq!(lines.finish(), BodyType::SevenBit);
    }
}
