//! Where a stream is cut does not change its lines; no line passes the limit.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mailrail_wire::{Found, Input, LineFinder};

/// Each line's bytes, or none for one over the limit.
fn lines<'a>(pieces: impl Iterator<Item = &'a [u8]>, limit: usize) -> Vec<Option<Vec<u8>>> {
    let (mut input, mut finder, mut lines) = (Input::default(), LineFinder::default(), Vec::new());
    for piece in pieces {
        input.extend(piece);
        loop {
            match finder.find(input.bytes(), limit) {
                Found::Line(n) => {
                    assert!(n <= limit);
                    lines.push(Some(input.take(n).to_vec()));
                }
                Found::Overlong(n) => assert_eq!(input.take(n).len(), n),
                Found::OverlongEnd(n) => {
                    input.take(n);
                    lines.push(None);
                }
                Found::More => break,
            }
        }
        assert!(input.bytes().len() <= limit.max(1));
    }
    lines
}

fuzz_target!(|data: (u8, u8, &[u8])| {
    let (limit, piece, stream) = data;
    let limit = usize::from(limit).max(2);
    let whole = lines(core::iter::once(stream), limit);
    assert_eq!(whole, lines(stream.chunks(usize::from(piece).max(1)), limit));
});
