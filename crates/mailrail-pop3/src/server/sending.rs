//! A message on its way out, whole or only its top.

use crate::MessageNumber;
use bytes::Bytes;
use mailrail_wire::{BareLineEnd, Output, Stuffer};
use memchr::memchr_iter;

/// A message that is being sent.
#[derive(Debug)]
pub(super) struct Sending {
    pub(super) message: MessageNumber,
    stuffer: Stuffer,
    top: Option<Top>,
}

impl Sending {
    /// All of it, or with `lines` the header, the blank line and that many lines of the body.
    pub(super) fn new(message: MessageNumber, lines: Option<u32>) -> Self {
        let top = lines.map(|lines| Top { lines, in_header: true, line: 0, cr: false });
        Self { message, stuffer: Stuffer::default(), top }
    }

    /// Sends a piece; tells whether no more is needed.
    pub(super) fn piece(
        &mut self,
        mut piece: Bytes,
        output: &mut Output,
    ) -> Result<bool, BareLineEnd> {
        let Some(mut top) = self.top else {
            return self.stuffer.stuff(piece, output).map(|()| false);
        };
        let end = top.end(&piece);
        piece.truncate(end.unwrap_or(piece.len()));
        self.stuffer.stuff(piece, output)?;
        self.top = Some(top);
        Ok(end.is_some())
    }

    pub(super) fn end(self, output: &mut Output) {
        self.stuffer.end(output);
    }
}

/// Where TOP stands in a message that comes in pieces.
#[derive(Debug, Clone, Copy)]
struct Top {
    /// Lines of the body still to be sent.
    lines: u32,
    in_header: bool,
    /// Octets of the present line in earlier pieces.
    line: usize,
    /// The earlier pieces end with a CR.
    cr: bool,
}

impl Top {
    /// Where in `piece` the top ends, if it does.
    fn end(&mut self, piece: &[u8]) -> Option<usize> {
        let mut start = 0;
        for at in memchr_iter(b'\n', piece) {
            let cr = match at.checked_sub(1) {
                Some(before) => piece.get(before) == Some(&b'\r'),
                None => self.cr,
            };
            if !cr {
                continue;
            }
            let len = self.line + at + 1 - start;
            (self.line, start) = (0, at + 1);
            if self.in_header {
                self.in_header = len > 2;
            } else {
                self.lines = self.lines.saturating_sub(1);
            }
            if !self.in_header && self.lines == 0 {
                return Some(start);
            }
        }
        self.line += piece.len() - start;
        self.cr = match piece.last() {
            Some(last) => *last == b'\r',
            None => self.cr,
        };
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use bytes::Buf as _;

    /// What TOP sends of `message` in pieces of `size`.
    fn top(message: &str, lines: u32, size: usize) -> Vec<u8> {
        let (mut output, number) = (Output::default(), MessageNumber::new(1).unwrap());
        let mut sending = Sending::new(number, Some(lines));
        for piece in message.as_bytes().chunks(size) {
            if sending.piece(Bytes::copy_from_slice(piece), &mut output).unwrap() {
                break;
            }
        }
        sending.end(&mut output);
        output.copy_to_bytes(output.remaining()).to_vec()
    }

    #[test]
    fn header_blank_line_and_so_many_lines() {
        let message = "A: b\r\n c\r\n\r\none\r\n.two\r\n\r\nfour";
        for size in 1..=message.len() {
            for (lines, expected) in [
                (0, "A: b\r\n c\r\n\r\n.\r\n"),
                (1, "A: b\r\n c\r\n\r\none\r\n.\r\n"),
                (2, "A: b\r\n c\r\n\r\none\r\n..two\r\n.\r\n"),
                (3, "A: b\r\n c\r\n\r\none\r\n..two\r\n\r\n.\r\n"),
                (4, "A: b\r\n c\r\n\r\none\r\n..two\r\n\r\nfour\r\n.\r\n"),
                (u32::MAX, "A: b\r\n c\r\n\r\none\r\n..two\r\n\r\nfour\r\n.\r\n"),
            ] {
                assert_eq!(top(message, lines, size), expected.as_bytes(), "{lines} {size}");
            }
            assert_eq!(top("A: b\r\n", 1, size), b"A: b\r\n.\r\n");
            assert_eq!(top("\r\nx\r\ny\r\n", 1, size), b"\r\nx\r\n.\r\n");
        }
        assert_eq!(top("", 1, 1), b".\r\n");
    }

    #[test]
    fn a_refused_piece_changes_nothing() {
        let (mut output, number) = (Output::default(), MessageNumber::new(1).unwrap());
        let mut sending = Sending::new(number, Some(1));
        assert!(sending.piece(Bytes::from("\r\na\nb"), &mut output).is_err());
        assert!(output.is_empty());
        assert_eq!(sending.piece(Bytes::from("\r\na\r\nb"), &mut output), Ok(true));
        sending.end(&mut output);
        assert_eq!(output.chunk(), b"\r\na\r\n.\r\n");
    }
}
