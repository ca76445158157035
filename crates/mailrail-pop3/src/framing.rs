//! Where the next line ends.

use mailrail_wire::{Found, Input, LineFinder};

/// The next unit of control.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Frame {
    /// A line of that many bytes, its CR LF included; it is still in the input.
    Line(usize),
    /// A line over the limit has passed by; all of it, where `whole`.
    Overlong { whole: bool },
    /// Nothing whole is there.
    More,
}

/// Finds the next line in `input`. Of a line over the limit nothing is kept.
pub(crate) fn next_line(finder: &mut LineFinder, input: &mut Input, limit: usize) -> Frame {
    match finder.find(input.bytes(), limit) {
        Found::Line(len) => Frame::Line(len),
        Found::Overlong(len) => {
            input.take(len);
            Frame::Overlong { whole: false }
        }
        Found::OverlongEnd(len) => {
            input.take(len);
            Frame::Overlong { whole: true }
        }
        Found::More => Frame::More,
    }
}

/// A line of an answer of many lines, without the dot that stuffing put before it.
pub(crate) fn unstuffed(line: &[u8]) -> &[u8] {
    line.strip_prefix(b".").unwrap_or(line)
}

/// The first `len` bytes without the CR LF at their end.
pub(crate) fn without_end(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r\n").unwrap_or(line)
}
