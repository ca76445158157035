//! Bytes to send.

use alloc::{boxed::Box, collections::VecDeque};
use bytes::{Buf, Bytes, BytesMut};
use core::fmt;

/// A payload shorter than this is copied: a further piece to write costs more than the copy.
const COPY_BELOW: usize = 256;
/// A slice of a large payload costs no more than its place in the list, which is half as long as
/// this.
const COPY_SLICE_BELOW: usize = 64;

/// Bytes to send, in order: small ones are gathered, payloads of 256 bytes and more are kept by
/// reference.
///
/// Machines fill it; a driver reads it as a [`Buf`]. It holds no memory once all is written.
///
/// ```
/// use bytes::{Buf, Bytes};
/// use mailrail_wire::Output;
///
/// let mut output = Output::default();
/// output.text(b"BDAT 300\r\n");
/// output.payload(Bytes::from(vec![b'x'; 300]));
/// assert_eq!(output.remaining(), 310);
/// let written = output.chunk().len(); // as if a socket had taken the first piece
/// output.advance(written);
/// assert_eq!(output.chunk(), [b'x'; 300]);
/// ```
#[derive(Default)]
pub struct Output {
    /// The first piece, in place, so that one alone needs no memory; where it is empty, so is
    /// `parts`.
    front: Bytes,
    /// Pieces between `front` and `tail`; none is empty. Out of the way, since a machine that waits
    /// has none.
    parts: Option<Box<Parts>>,
    tail: BytesMut,
    len: usize,
}

type Parts = VecDeque<Bytes>;

impl Output {
    /// Adds a few bytes, copying them.
    pub fn text(&mut self, bytes: &[u8]) {
        self.len += bytes.len();
        self.tail.extend_from_slice(bytes);
    }

    /// Adds a payload, by reference where it has 256 bytes or more.
    pub fn payload(&mut self, bytes: Bytes) {
        self.payload_or_copy(bytes, COPY_BELOW);
    }

    /// Adds a part of what comes in several, by reference where it has 64 bytes or more.
    pub(crate) fn slice(&mut self, bytes: Bytes) {
        self.payload_or_copy(bytes, COPY_SLICE_BELOW);
    }

    fn payload_or_copy(&mut self, bytes: Bytes, copy_below: usize) {
        if bytes.len() < copy_below {
            return self.text(&bytes);
        }
        self.len += bytes.len();
        if !self.tail.is_empty() {
            let text = self.tail.split().freeze();
            self.push(text);
        }
        self.push(bytes);
    }

    fn push(&mut self, piece: Bytes) {
        if self.front.is_empty() {
            self.front = piece;
        } else {
            self.parts.get_or_insert_default().push_back(piece);
        }
    }

    /// Takes back what was added last, so that `len` bytes are left.
    pub(crate) fn truncate(&mut self, len: usize) {
        while let Some(excess) = self.len.checked_sub(len).filter(|&excess| excess > 0) {
            let last = match self.parts.as_mut().and_then(|parts| parts.back_mut()) {
                _ if !self.tail.is_empty() => {
                    let kept = self.tail.len().saturating_sub(excess);
                    self.len -= self.tail.len() - kept;
                    self.tail.truncate(kept);
                    continue;
                }
                Some(part) => part,
                None => &mut self.front,
            };
            let kept = last.len().saturating_sub(excess);
            self.len -= last.len() - kept;
            last.truncate(kept);
            if let Some(parts) = self.parts.as_mut().filter(|_| kept == 0) {
                parts.pop_back();
            }
        }
    }

    /// Whether all is written.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The bytes not yet written.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Writes once to a blocking sink, gathering what it can.
    ///
    /// # Errors
    ///
    /// Those of `sink`, and [`WriteZero`](std::io::ErrorKind::WriteZero) where it takes nothing;
    /// nothing is lost then, and the call can be made again.
    #[cfg(feature = "std")]
    pub fn write_to(&mut self, sink: &mut impl std::io::Write) -> std::io::Result<usize> {
        let mut slices = [std::io::IoSlice::new(&[]); 16];
        let used = self.chunks_vectored(&mut slices);
        let n = sink.write_vectored(slices.get(..used).unwrap_or_default())?;
        if n == 0 && !self.is_empty() {
            return Err(std::io::ErrorKind::WriteZero.into());
        }
        self.advance(n);
        Ok(n)
    }
}

/// Shows how much is left to write, never what.
impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Output").field("len", &self.len).finish_non_exhaustive()
    }
}

/// `write!` adds text; it never fails.
impl fmt::Write for Output {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.text(text.as_bytes());
        Ok(())
    }
}

impl Buf for Output {
    fn remaining(&self) -> usize {
        self.len
    }

    fn chunk(&self) -> &[u8] {
        if self.front.is_empty() { &self.tail } else { &self.front }
    }

    /// As [`Buf`] asks, it panics where `n` is more than what is left.
    fn advance(&mut self, mut n: usize) {
        assert!(n <= self.len, "advanced past the end of the output");
        self.len -= n;
        if self.len == 0 {
            self.front = Bytes::new();
            self.parts = None;
            // Mostly there was one piece, and this holds no memory.
            if self.tail.capacity() > 0 {
                self.tail = BytesMut::new();
            }
            return;
        }
        while !self.front.is_empty() {
            if n < self.front.len() {
                return self.front.advance(n);
            }
            n -= self.front.len();
            self.front = self.parts.as_mut().and_then(|it| it.pop_front()).unwrap_or_default();
        }
        self.tail.advance(n);
    }

    #[cfg(feature = "std")]
    fn chunks_vectored<'a>(&'a self, dst: &mut [std::io::IoSlice<'a>]) -> usize {
        let tail = (!self.tail.is_empty()).then_some(&*self.tail);
        let front = (!self.front.is_empty()).then_some(&self.front);
        let parts = self.parts.as_deref().into_iter().flatten();
        let chunks = front.into_iter().chain(parts).map(|part| &**part).chain(tail);
        dst.iter_mut().zip(chunks).map(|(slot, chunk)| *slot = std::io::IoSlice::new(chunk)).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use core::fmt::Write as _;
    use proptest::prelude::*;

    #[test]
    fn a_large_payload_is_not_copied() {
        let payload = Bytes::from(alloc::vec![b'x'; 1 << 20]);
        let at = payload.as_ptr();
        let mut output = Output::default();
        output.payload(payload);
        assert_eq!(output.chunk().as_ptr(), at);
    }

    #[test]
    fn what_is_written_is_text() -> fmt::Result {
        let mut output = Output::default();
        write!(output, "{} ok\r\n", 250)?;
        assert_eq!(output.chunk(), b"250 ok\r\n");
        assert_eq!(alloc::format!("{output:?}"), "Output { len: 8, .. }");
        Ok(())
    }

    #[test]
    fn holds_nothing_once_drained() {
        let mut output = Output::default();
        output.text(&[b'x'; 4_000]);
        output.advance(4_000);
        assert_eq!((output.tail.capacity(), output.parts), (0, None));
    }

    #[cfg(feature = "std")]
    #[test]
    fn a_sink_that_takes_nothing_is_an_error() {
        let mut output = Output::default();
        output.text(b"NOOP\r\n");
        let error = output.write_to(&mut &mut [0_u8; 0][..]).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::WriteZero);
        assert_eq!(output.len(), 6);
    }

    proptest! {
        /// What is taken back leaves what was added before it.
        #[test]
        fn takes_back_the_last(adds in prop::collection::vec((0_u8..3, 0_usize..600), 0..12), written in 0_usize..900, kept in 0_usize..5_000) {
            let (mut output, mut put, mut next) = (Output::default(), Vec::new(), 0_u8);
            for (how, len) in adds {
                let bytes: Vec<u8> = (0..len).map(|_| { next = next.wrapping_add(1); next }).collect();
                put.extend_from_slice(&bytes);
                match how {
                    0 => output.payload(bytes.into()),
                    1 => output.slice(bytes.into()),
                    _ => output.text(&bytes),
                }
            }
            let written = written.min(put.len());
            output.advance(written);
            put.drain(..written);
            output.truncate(kept);
            put.truncate(kept);
            output.text(b"more");
            output.payload(Bytes::from_static(&[b'x'; 300]));
            put.extend_from_slice(b"more");
            put.extend_from_slice(&[b'x'; 300]);
            prop_assert_eq!(output.len(), put.len());
            prop_assert_eq!(output.copy_to_bytes(put.len()), put);
        }

        /// Any mix of text, payloads and partial writes leaves the stream as it was given.
        #[test]
        fn keeps_the_stream(moves in prop::collection::vec((any::<bool>(), 0_usize..600, 0_usize..600), 0..40)) {
            let (mut output, mut put, mut got, mut next) = (Output::default(), Vec::new(), Vec::new(), 0_u8);
            for (by_reference, len, take) in moves {
                let bytes: Vec<u8> = (0..len).map(|_| { next = next.wrapping_add(1); next }).collect();
                put.extend_from_slice(&bytes);
                if by_reference { output.payload(bytes.into()) } else { output.text(&bytes) }
                let mut take = take.min(output.remaining());
                while take > 0 {
                    let n = output.chunk().len().min(take);
                    prop_assert!(n > 0);
                    got.extend_from_slice(&output.chunk()[..n]);
                    output.advance(n);
                    take -= n;
                }
                prop_assert_eq!(output.len(), put.len() - got.len());
            }
            got.extend_from_slice(&output.copy_to_bytes(output.remaining()));
            prop_assert_eq!(got, put);
            prop_assert!(output.is_empty());
        }
    }
}
