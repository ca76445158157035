//! How values become bytes: strings as atoms or quoted where possible, as literals where not.

use crate::grammar::{is_astring_char, is_text_char};
use alloc::{collections::VecDeque, vec::Vec};
use bytes::Bytes;
use core::fmt;
use mailrail_wire::Output;

/// How a client may send literals, by what the server offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Literals {
    /// Each waits for the server's continuation request (RFC 3501 §7.5).
    #[default]
    Synchronizing,
    /// LITERAL-: those of up to 4,096 octets do not wait (RFC 7888 §5).
    Minus,
    /// LITERAL+: none waits (RFC 7888 §4).
    Plus,
}

impl Literals {
    /// Whether a literal of `len` octets has to wait for a continuation request.
    #[must_use]
    pub const fn waits(self, len: u64) -> bool {
        match self {
            Self::Synchronizing => true,
            Self::Minus => len > 4_096,
            Self::Plus => false,
        }
    }
}

/// A command as bytes, in pieces: after each but the last, the client waits for the server's
/// continuation request before it sends the next (RFC 3501 §7.5).
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Encoded {
    literals: Literals,
    bytes: Vec<u8>,
    /// Where pieces but the last end.
    ends: VecDeque<usize>,
    taken: usize,
}

impl Encoded {
    pub(crate) fn new(literals: Literals) -> Self {
        Self { literals, ..Self::default() }
    }

    /// The next piece, to be sent at once; none where all are taken.
    pub fn next_piece(&mut self) -> Option<Bytes> {
        let end = self.ends.pop_front().unwrap_or(self.bytes.len());
        let piece = self.bytes.get(self.taken..end).filter(|piece| !piece.is_empty())?;
        let piece = if self.taken == 0 && end == self.bytes.len() {
            self.taken = 0;
            Bytes::from(core::mem::take(&mut self.bytes))
        } else {
            self.taken = end;
            Bytes::copy_from_slice(piece)
        };
        Some(piece)
    }

    /// Whether all pieces are taken.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        self.taken == self.bytes.len()
    }

    /// How many bytes are not yet taken.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.bytes.len() - self.taken
    }

    /// The same as [`is_done`](Self::is_done).
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.is_done()
    }
}

/// Shows how much there is, never what: it may hold a password.
impl fmt::Debug for Encoded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encoded").field("len", &self.len()).finish_non_exhaustive()
    }
}

/// Where encoders write.
pub(crate) trait Sink {
    fn text(&mut self, bytes: &[u8]);

    /// Announces a literal of `len` octets, that come next.
    fn announce(&mut self, len: u64);

    fn number(&mut self, n: u64) {
        let (mut digits, mut at, mut n) = ([0_u8; 20], 20, n);
        loop {
            at -= 1;
            if let Some(digit) = digits.get_mut(at) {
                *digit = b'0' | u8::try_from(n % 10).unwrap_or_default();
            }
            n /= 10;
            if n == 0 {
                break;
            }
        }
        self.text(digits.get(at..).unwrap_or_default());
    }

    /// `string = quoted / literal`. Quoted strings are 7-bit in RFC 3501.
    fn string(&mut self, bytes: &[u8]) {
        if !bytes.iter().all(|b| b.is_ascii() && is_text_char(*b)) {
            self.announce(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
            return self.text(bytes);
        }
        self.text(b"\"");
        for run in bytes.split_inclusive(|b| matches!(b, b'"' | b'\\')) {
            match run {
                [plain @ .., special @ (b'"' | b'\\')] => {
                    self.text(plain);
                    self.text(&[b'\\', *special]);
                }
                plain => self.text(plain),
            }
        }
        self.text(b"\"");
    }

    /// `astring = 1*ASTRING-CHAR / string`
    fn astring(&mut self, bytes: &[u8]) {
        // NIL as an atom is an astring all the same, but not every peer knows.
        let plain = !bytes.is_empty()
            && bytes.iter().all(|b| is_astring_char(*b))
            && !bytes.eq_ignore_ascii_case(b"NIL");
        if plain { self.text(bytes) } else { self.string(bytes) }
    }

    /// `"(" [item *(SP item)] ")"`
    fn list<T>(&mut self, items: impl IntoIterator<Item = T>, write: impl FnMut(&mut Self, T))
    where
        Self: Sized,
    {
        self.text(b"(");
        self.spaced(items, write);
        self.text(b")");
    }

    /// `[item *(SP item)]`
    fn spaced<T>(&mut self, items: impl IntoIterator<Item = T>, mut write: impl FnMut(&mut Self, T))
    where
        Self: Sized,
    {
        for (n, item) in items.into_iter().enumerate() {
            if n > 0 {
                self.text(b" ");
            }
            write(self, item);
        }
    }
}

/// A server's literals never wait.
impl Sink for Output {
    fn text(&mut self, bytes: &[u8]) {
        Self::text(self, bytes);
    }

    fn announce(&mut self, len: u64) {
        self.text(b"{");
        self.number(len);
        self.text(b"}\r\n");
    }
}

impl Sink for Encoded {
    fn text(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    fn announce(&mut self, len: u64) {
        let waits = self.literals.waits(len);
        self.text(b"{");
        self.number(len);
        self.text(if waits { b"}\r\n" } else { b"+}\r\n" });
        if waits {
            self.ends.push_back(self.bytes.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(literals: Literals, write: impl FnOnce(&mut Encoded)) -> Vec<Bytes> {
        let mut out = Encoded::new(literals);
        write(&mut out);
        core::iter::from_fn(|| out.next_piece()).collect()
    }

    #[test]
    fn strings_take_the_shortest_form() {
        let write = |out: &mut Encoded| {
            for text in [&b"INBOX"[..], b"", b"nil", b"a b", b"q\"\\", b"\xc3\xa4", b"\r\n"] {
                out.astring(text);
                out.text(b" ");
            }
            out.number(0);
            out.number(u64::MAX);
        };
        assert_eq!(
            pieces(Literals::Plus, write),
            [&b"INBOX \"\" \"nil\" \"a b\" \"q\\\"\\\\\" {2+}\r\n\xc3\xa4 {2+}\r\n\r\n 018446744073709551615"[..]]
        );
    }

    #[test]
    fn literals_wait_where_they_must() {
        let write = |out: &mut Encoded| {
            out.string(b"\n");
            out.text(b"x");
            out.announce(4_097);
        };
        let whole = &b"{1}\r\n"[..];
        assert_eq!(pieces(Literals::Synchronizing, write), [whole, b"\nx{4097}\r\n"]);
        assert_eq!(pieces(Literals::Minus, write), [&b"{1+}\r\n\nx{4097}\r\n"[..]]);
        assert_eq!(pieces(Literals::Plus, write), [&b"{1+}\r\n\nx{4097+}\r\n"[..]]);
        assert!(!Literals::Minus.waits(4_096));
    }
}
