//! Where the next reply ends. (Command lines end where
//! [`LineFinder`](mailrail_wire::LineFinder) says.)

use crate::{Error, Reply};
use mailrail_wire::Input;
use memchr::memchr2;

/// Finds where replies of one line or many end, looking at each byte once.
///
/// [`Client`](crate::Client) has its own; this one is for whoever reads replies without it, such
/// as a proxy.
///
/// ```
/// use mailrail_smtp::{ReplyCode, ReplyFinder};
/// use mailrail_wire::Input;
///
/// let (mut input, mut replies) = (Input::default(), ReplyFinder::default());
/// input.extend(b"250-mx.south.test\r\n250 SIZE 1000\r\n354 Go");
/// let reply = replies.take(&mut input, 65_536)?.expect("it is whole");
/// assert_eq!((reply.code(), reply.lines().count()), (ReplyCode::OK, 2));
/// assert_eq!(replies.take(&mut input, 65_536), Ok(None));
/// # Ok::<_, mailrail_smtp::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct ReplyFinder {
    /// Where the line that is looked at begins.
    line: usize,
    /// Before which byte no line ends that is still looked for.
    scanned: usize,
    /// Whether a CR or LF stands alone in the line.
    is_bare: bool,
}

impl ReplyFinder {
    /// The length of the reply that `bytes` begin with, once all of it is there. Give it the same
    /// bytes and more after `None`, and what follows the reply after a length.
    ///
    /// ```text
    /// Reply-line = *( Reply-code "-" [ textstring ] CRLF ) Reply-code [ SP textstring ] CRLF
    /// Reply-code = %x32-35 %x30-35 %x30-39
    /// ```
    /// (RFC 5321 §4.2). The code's second digit is not looked at, since 57z is seen; text may be
    /// of any bytes but CR and LF. All lines must have the same code.
    ///
    /// # Errors
    ///
    /// [`Error::NotAReply`] where they are none, [`Error::ReplyTooLong`] where the reply has more
    /// than `limit` bytes, its CR LF included. Where its next reply would begin is not known then.
    #[inline]
    pub fn find(&mut self, bytes: &[u8], limit: usize) -> Result<Option<usize>, Error> {
        loop {
            let rest = bytes.get(self.scanned..).unwrap_or_default();
            let at = self.scanned + memchr2(b'\r', b'\n', rest).unwrap_or(rest.len());
            let end = match bytes.get(at..).unwrap_or_default() {
                [b'\r', b'\n', ..] if at + 2 <= limit => at + 2,
                [] | [b'\r'] if bytes.len() < limit => {
                    self.scanned = at;
                    return Ok(None);
                }
                [b'\r', b'\n', ..] | [] | [b'\r'] => return Err(Error::ReplyTooLong { limit }),
                [_, ..] => {
                    (self.is_bare, self.scanned) = (true, at + 1);
                    continue;
                }
            };
            let line = bytes.get(self.line..at).unwrap_or_default();
            let [a @ b'2'..=b'5', b @ b'0'..=b'9', c @ b'0'..=b'9', text @ ..] = line else {
                return Err(Error::NotAReply);
            };
            if self.is_bare || self.line > 0 && !bytes.starts_with(&[*a, *b, *c]) {
                return Err(Error::NotAReply);
            }
            match text {
                [] | [b' ', ..] => {
                    *self = Self::default();
                    return Ok(Some(end));
                }
                // Another line must follow, and there is no room for it.
                [b'-', ..] if end >= limit => return Err(Error::ReplyTooLong { limit }),
                [b'-', ..] => (self.line, self.scanned) = (end, end),
                _ => return Err(Error::NotAReply),
            }
        }
    }

    /// Takes the reply that the input begins with, once all of it is there.
    ///
    /// # Errors
    ///
    /// As [`find`](Self::find).
    #[inline]
    pub fn take<'i>(
        &mut self,
        input: &'i mut Input,
        limit: usize,
    ) -> Result<Option<Reply<'i>>, Error> {
        let len = self.find(input.bytes(), limit)?;
        Ok(len.map(|len| Reply::received(input.take(len))))
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
