//! Bytes received.

use alloc::vec::Vec;

/// What `space` offers at least, and what it makes room for at a time.
const SPACE_MIN: usize = 4 * 1024;
const SPACE_NEW: usize = 8 * 1024;

/// Bytes received and not yet used.
///
/// The caller owns it, one for each connection. `Input::default()` holds no memory, and
/// [`release`](Self::release) gives it back, so an idle connection needs none. A machine reads
/// what lies here in place and lends pieces of it in its events; nothing is copied on the way.
///
/// It holds as much as the caller puts in before the machine uses it up: at most what the
/// machine's limits let it wait for (each machine's `limits.line`, doubled, and 16 KiB), as long
/// as the caller reads only when [`Step::Read`](crate::Step::Read) asks for it.
///
/// ```
/// use mailrail_wire::Input;
///
/// let mut input = Input::default();
/// let space = input.space(); // a socket's read puts its bytes here
/// space[..7].copy_from_slice(b"NOOP\r\nQ");
/// input.received(7);
/// assert_eq!(input.take(6), b"NOOP\r\n");
/// assert_eq!(input.bytes(), b"Q");
/// ```
#[derive(Debug, Default)]
pub struct Input {
    buf: Vec<u8>,
    start: usize,
    end: usize,
    closed: bool,
}

impl Input {
    /// Where the next read puts its bytes; never empty. It moves bytes only when space is short.
    #[inline]
    #[must_use]
    pub fn space(&mut self) -> &mut [u8] {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
            // What one long unit needed is not kept for the short ones after it.
            if self.buf.len() > 2 * SPACE_NEW {
                self.buf = Vec::new();
            }
        }
        if self.buf.len() - self.end < SPACE_MIN {
            self.buf.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
            if self.buf.len() - self.end < SPACE_MIN {
                let len = self.end + self.end.max(SPACE_NEW);
                self.buf.reserve_exact(len - self.buf.len());
                self.buf.resize(len, 0);
            }
        }
        self.buf.get_mut(self.end..).unwrap_or_default()
    }

    /// Says that the first `n` bytes of [`space`](Self::space) were filled; 0 says that the peer
    /// sends no more.
    #[inline]
    pub fn received(&mut self, n: usize) {
        self.closed |= n == 0;
        self.end = self.end.saturating_add(n).min(self.buf.len());
    }

    /// Adds bytes that already lie elsewhere, copying them; none say nothing about the peer.
    pub fn extend(&mut self, mut bytes: &[u8]) {
        if self.start == self.end && bytes.len() > 2 * SPACE_NEW {
            // Room for all of them at once, which needs no zeros first.
            self.buf.clear();
            self.buf.reserve_exact(bytes.len());
            self.buf.extend_from_slice(bytes);
            return (self.start, self.end) = (0, bytes.len());
        }
        while !bytes.is_empty() {
            let space = self.space();
            let n = space.len().min(bytes.len());
            let (now, later) = bytes.split_at(n);
            if let Some(space) = space.get_mut(..n) {
                space.copy_from_slice(now);
            }
            self.received(n);
            bytes = later;
        }
    }

    /// What was received and not yet used.
    #[inline]
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.buf.get(self.start..self.end).unwrap_or_default()
    }

    /// Uses up the first `n` bytes, or all where there are fewer, and lends them.
    #[inline]
    pub fn take(&mut self, n: usize) -> &[u8] {
        let from = self.start;
        self.start = from.saturating_add(n).min(self.end);
        self.buf.get(from..self.start).unwrap_or_default()
    }

    /// Uses up all bytes and lends them.
    #[inline]
    pub fn take_all(&mut self) -> &[u8] {
        self.take(usize::MAX)
    }

    /// Whether nothing received is left to use.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Whether the peer has said that it sends no more. Bytes may be left to use.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        self.closed
    }

    /// Gives the memory back where nothing is left to use, as before a long wait.
    pub fn release(&mut self) {
        if self.is_empty() {
            (self.buf, self.start, self.end) = (Vec::new(), 0, 0);
        }
    }

    /// The bytes of memory held, for accounting.
    #[must_use]
    pub const fn capacity(&self) -> usize {
        self.buf.capacity()
    }

    /// Reads once from a blocking source.
    ///
    /// # Errors
    ///
    /// Those of `source`; nothing is lost then, and the call can be made again.
    #[cfg(feature = "std")]
    pub fn read_from(&mut self, source: &mut impl std::io::Read) -> std::io::Result<usize> {
        let n = source.read(self.space())?;
        self.received(n);
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_long_unit_leaves_no_memory_behind() {
        let mut input = Input::default();
        assert_eq!(input.capacity(), 0);
        input.extend(&[b'x'; 200_000]);
        assert!(input.capacity() <= 2 * (200_000 + SPACE_NEW));
        input.take_all();
        assert!(!input.space().is_empty());
        assert_eq!(input.capacity(), SPACE_NEW);
        input.release();
        assert_eq!(input.capacity(), 0);
    }

    #[test]
    fn a_small_rest_is_moved_not_grown() {
        let mut input = Input::default();
        for _ in 0..1_000 {
            input.extend(&[b'x'; 1_000]);
            input.take(if input.bytes().len() > 3_000 { 2_000 } else { 900 });
        }
        assert!(input.capacity() <= 2 * SPACE_NEW, "{}", input.capacity());
    }

    #[test]
    fn too_much_is_cut_to_what_is_there() {
        let mut input = Input::default();
        input.received(5);
        assert!(input.is_empty() && !input.is_closed());
        input.extend(b"abc");
        assert_eq!(input.take(9), b"abc");
        assert_eq!(input.take(1), b"");
        input.received(0);
        assert!(input.is_closed());
    }

    #[cfg(feature = "std")]
    #[test]
    fn reads_from_a_blocking_source() -> std::io::Result<()> {
        let mut input = Input::default();
        let mut source: &[u8] = b"220 ready\r\n";
        assert_eq!(input.read_from(&mut source)?, 11);
        assert_eq!(input.bytes(), b"220 ready\r\n");
        assert_eq!(input.read_from(&mut source)?, 0);
        assert!(input.is_closed());
        Ok(())
    }

    proptest! {
        /// Whatever the order of reads and takes, the bytes come out as they went in.
        #[test]
        fn keeps_the_stream(moves in prop::collection::vec((0_usize..9_000, 0_usize..9_000), 0..40)) {
            let (mut input, mut next, mut seen) = (Input::default(), 0_u8, 0_u8);
            for (put, take) in moves {
                let bytes: Vec<u8> = (0..put).map(|_| { next = next.wrapping_add(1); next }).collect();
                input.extend(&bytes);
                let before = input.bytes().len();
                let taken = input.take(take).to_vec();
                prop_assert_eq!(taken.len(), take.min(before));
                for byte in taken {
                    seen = seen.wrapping_add(1);
                    prop_assert_eq!(byte, seen);
                }
                prop_assert_eq!(input.bytes().len(), before - take.min(before));
            }
        }
    }
}
