//! A message on its way out.

use crate::{Misuse, command::Bdat, line_ends::LineEndings};
use bytes::Bytes;
use mailrail_wire::{Output, Stuffer};

/// How it is sent.
#[derive(Debug)]
pub(super) enum Outgoing {
    /// By DATA: dots are stuffed.
    Text(Stuffer),
    /// By BDAT, a chunk a piece; with a look at the line ends, but where it is binary.
    Chunks(Option<LineEndings>),
}

impl Default for Outgoing {
    fn default() -> Self {
        Self::Text(Stuffer::default())
    }
}

impl Outgoing {
    pub(super) fn chunks(is_binary: bool) -> Self {
        Self::Chunks((!is_binary).then(LineEndings::default))
    }

    /// Sends a piece, which is not empty.
    pub(super) fn send(&mut self, piece: Bytes, out: &mut Output) -> Result<(), Misuse> {
        match self {
            Self::Text(text) => text.stuff(piece, out).map_err(|_| Misuse::BareLineEnd),
            Self::Chunks(endings) => {
                check(endings, &piece)?;
                chunk(piece, b"", false, out);
                Ok(())
            }
        }
    }

    /// Sends the last piece, which may be empty, and the end.
    pub(super) fn end(&mut self, piece: Bytes, out: &mut Output) -> Result<(), Misuse> {
        match self {
            Self::Text(text) => {
                text.stuff(piece, out).map_err(|_| Misuse::BareLineEnd)?;
                core::mem::take(text).end(out);
            }
            Self::Chunks(endings) => {
                check(endings, &piece)?;
                let missing = endings.as_ref().map_or(&b""[..], LineEndings::missing);
                chunk(piece, missing, true, out);
            }
        }
        Ok(())
    }
}

fn check(endings: &mut Option<LineEndings>, piece: &[u8]) -> Result<(), Misuse> {
    if let Some(endings) = endings {
        let mut next = endings.clone();
        if next.has_bare(piece) {
            return Err(Misuse::BareLineEnd);
        }
        *endings = next;
    }
    Ok(())
}

fn chunk(piece: Bytes, end: &[u8], last: bool, out: &mut Output) {
    let len = piece.len().saturating_add(end.len());
    let size = u64::try_from(len).unwrap_or(u64::MAX);
    Bdat { size, last }.encode(out);
    out.text(b"\r\n");
    out.payload(piece);
    out.text(end);
}
