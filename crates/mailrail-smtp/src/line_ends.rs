//! Bare CR and LF in a message that comes or goes in chunks.

/// Looks for CR and LF that do not stand together, in a text that comes in pieces.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct LineEndings {
    /// The last byte so far; none before the first.
    last: Option<u8>,
    /// Whether the text so far ends in CR LF.
    is_ended: bool,
}

impl LineEndings {
    /// Whether a bare one stands in the text so far, `piece` included. A CR that the text ends
    /// with may still get its LF.
    pub(crate) fn has_bare(&mut self, piece: &[u8]) -> bool {
        let (Some(&first), Some(&last)) = (piece.first(), piece.last()) else { return false };
        let is_cut = (self.last == Some(b'\r')) != (first == b'\n');
        self.is_ended = piece.ends_with(b"\r\n") || piece == b"\n" && self.last == Some(b'\r');
        self.last = Some(last);
        let next = piece.get(1..).unwrap_or_default();
        // No early end: the loop becomes vector code, and a text that is refused is rare.
        is_cut
            || piece
                .iter()
                .zip(next)
                .fold(false, |bare, (&one, &two)| bare | ((one == b'\r') ^ (two == b'\n')))
    }

    /// Whether the text so far ends in a CR, which is bare where the text ends there.
    pub(crate) fn is_cut(&self) -> bool {
        self.last == Some(b'\r')
    }

    /// What is missing of the last line's end.
    pub(crate) fn missing(&self) -> &'static [u8] {
        match self.last {
            None => b"",
            _ if self.is_ended => b"",
            Some(b'\r') => b"\n",
            Some(_) => b"\r\n",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wherever_it_is_cut() {
        for (text, bare, missing) in [
            (&b""[..], false, &b""[..]),
            (b"a", false, b"\r\n"),
            (b"a\r\n", false, b""),
            (b"\r\n\r\n", false, b""),
            (b"a\r", false, b"\n"),
            (b"a\nb", true, b"\r\n"),
            (b"\n", true, b"\r\n"),
            (b"a\r\r\n", true, b""),
            (b"a\r\n\n", true, b"\r\n"),
        ] {
            for cut in 0..=text.len() {
                let (one, two) = text.split_at(cut);
                let mut endings = LineEndings::default();
                let found = endings.has_bare(one) | endings.has_bare(two);
                assert_eq!(found, bare, "{text:?} at {cut}");
                assert_eq!(endings.missing(), missing, "{text:?} at {cut}");
                assert_eq!(endings.is_cut(), text.ends_with(b"\r"));
            }
        }
    }
}
