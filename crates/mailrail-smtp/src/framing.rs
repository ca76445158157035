//! Where the next reply ends. (Command lines end where [`LineFinder`] says.)

use crate::Error;
use mailrail_wire::{Found, LineFinder};

/// Finds where replies of one line or many end, looking at each byte once.
#[derive(Debug, Clone, Default)]
pub(crate) struct ReplyFinder {
    /// Where the line that is looked at begins.
    line: usize,
    lines: LineFinder,
}

impl ReplyFinder {
    /// The length of the reply that `bytes` begin with, once all of it is there.
    ///
    /// ```text
    /// Reply-line = *( Reply-code "-" [ textstring ] CRLF ) Reply-code [ SP textstring ] CRLF
    /// Reply-code = %x32-35 %x30-35 %x30-39
    /// ```
    /// (RFC 5321 §4.2). The code's second digit is not looked at, since 57z is seen; text may be
    /// of any bytes but CR and LF. All lines must have the same code.
    pub(crate) fn find(&mut self, bytes: &[u8], limit: usize) -> Result<Option<usize>, Error> {
        loop {
            let rest = bytes.get(self.line..).unwrap_or_default();
            let end = match self.lines.find(rest, limit.saturating_sub(self.line)) {
                Found::Line(len) => self.line + len,
                Found::More => return Ok(None),
                Found::Overlong(_) | Found::OverlongEnd(_) => {
                    return Err(Error::ReplyTooLong { limit });
                }
            };
            let line = bytes.get(self.line..end).unwrap_or_default();
            let text = line.strip_suffix(b"\r\n").unwrap_or(line);
            let code = text.get(..3).ok_or(Error::NotAReply)?;
            let is_code = matches!(code, [b'2'..=b'5', b'0'..=b'9', b'0'..=b'9']);
            if !is_code
                || bytes.get(..3) != Some(code)
                || memchr::memchr2(b'\r', b'\n', text).is_some()
            {
                return Err(Error::NotAReply);
            }
            match text.get(3) {
                // Another line must follow, and there is no room for it.
                Some(b'-') if end >= limit => return Err(Error::ReplyTooLong { limit }),
                Some(b'-') => self.line = end,
                Some(b' ') | None => {
                    self.line = 0;
                    return Ok(Some(end));
                }
                Some(_) => return Err(Error::NotAReply),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(bytes: &[u8]) -> Result<Option<usize>, Error> {
        let whole = ReplyFinder::default().find(bytes, 100);
        let mut finder = ReplyFinder::default();
        for len in 0..bytes.len() {
            match finder.find(&bytes[..len], 100) {
                Ok(None) => {}
                early => {
                    assert_eq!(early, whole);
                    return whole;
                }
            }
        }
        assert_eq!(finder.find(bytes, 100), whole);
        whole
    }

    #[test]
    fn replies() {
        assert_eq!(find(b"250\r\n"), Ok(Some(5)));
        assert_eq!(find(b"250 \r\n"), Ok(Some(6)));
        assert_eq!(find(b"250-a\r\n250-\r\n250 \xFF\r\n354 "), Ok(Some(20)));
        assert_eq!(find(b"250-a\r\n250 b\r"), Ok(None));
        for bytes in [
            &b"25\r\n"[..],
            b"\r\n",
            b"650 a\r\n",
            b"2x0 a\r\n",
            b"250_a\r\n",
            b"2500\r\n",
            b"250-a\r\n251 b\r\n",
            b"250 a\n250 b\r\n",
            b"250 a\rb\r\n",
        ] {
            assert_eq!(find(bytes), Err(Error::NotAReply), "{bytes:?}");
        }
    }

    #[test]
    fn endless_replies() {
        assert_eq!(find(&[b'2'; 100]), Err(Error::ReplyTooLong { limit: 100 }));
        assert_eq!(find(&b"250-a\r\n".repeat(15)), Err(Error::ReplyTooLong { limit: 100 }));
        assert_eq!(find(&b"250-abcd\r\n".repeat(10)), Err(Error::ReplyTooLong { limit: 100 }));
    }
}
