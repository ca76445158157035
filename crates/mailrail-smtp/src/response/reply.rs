//! Replies.

use super::{EnhancedStatusCode, ReplyCode};
use crate::{Error, SyntaxError, framing::ReplyFinder};
use alloc::{borrow::Cow, string::String, vec::Vec};
use core::fmt;
use mailrail_wire::Output;

/// How much text goes on one line: with both codes and the CR LF no line is longer than the 512
/// bytes of RFC 5321 §4.5.3.1.5.
const LINE: usize = 490;

/// A server's answer: a code, an enhanced code, and a text of one line or more (RFC 5321 §4.2).
///
/// ```
/// use mailrail_smtp::{EnhancedStatusCode, Reply, ReplyCode};
///
/// let reply = Reply::parse(b"550 5.1.1 No such user here\r\n")?;
/// assert_eq!(reply.code(), ReplyCode::MAILBOX_UNAVAILABLE);
/// assert_eq!(reply.enhanced(), Some(EnhancedStatusCode::NO_SUCH_MAILBOX));
/// assert_eq!(reply.lines().collect::<Vec<_>>(), [b"No such user here"]);
///
/// let same = Reply::new(ReplyCode::MAILBOX_UNAVAILABLE, "No such user here")
///     .with_enhanced(EnhancedStatusCode::NO_SUCH_MAILBOX);
/// assert_eq!(reply, same);
/// # Ok::<_, mailrail_smtp::SyntaxError>(())
/// ```
///
/// Shown with `{}`, it is one line without control characters, fit for a log or a terminal.
#[derive(Clone)]
pub struct Reply<'a> {
    code: ReplyCode,
    enhanced: Option<EnhancedStatusCode>,
    text: Text<'a>,
}

#[derive(Clone)]
enum Text<'a> {
    /// Lines with their codes and CR LF, as received.
    Received(&'a [u8]),
    /// Lines with an LF between each two.
    Given(Cow<'a, [u8]>),
}

impl<'a> Reply<'a> {
    /// A reply of that text. A line break in it begins a further line of the reply; any other
    /// control character is sent as a space, and a line too long is cut in several.
    #[must_use]
    pub fn new(code: ReplyCode, text: impl Into<Cow<'a, str>>) -> Self {
        let text = match text.into() {
            Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
            Cow::Owned(text) => Cow::Owned(text.into_bytes()),
        };
        Self { code, enhanced: None, text: Text::Given(text) }
    }

    /// The same with an enhanced code, which goes before each line's text. A server that does not
    /// offer ENHANCEDSTATUSCODES leaves it out.
    #[must_use]
    pub const fn with_enhanced(mut self, code: EnhancedStatusCode) -> Self {
        self.enhanced = Some(code);
        self
    }

    /// Reads a whole reply, with its CR LF.
    ///
    /// # Errors
    ///
    /// Where `reply` is anything else, or more.
    #[inline]
    pub fn parse(reply: &'a [u8]) -> Result<Self, SyntaxError> {
        let expected = "a reply";
        match ReplyFinder::default().find(reply, usize::MAX) {
            Ok(Some(len)) if len == reply.len() => Ok(Self::received(reply)),
            Ok(Some(offset)) => Err(SyntaxError { offset, expected: "the end" }),
            Ok(None) => Err(SyntaxError { offset: reply.len(), expected: "more" }),
            Err(Error::NotAReply | _) => Err(SyntaxError { offset: 0, expected }),
        }
    }

    /// A reply that [`ReplyFinder`] has found.
    #[inline]
    pub(crate) fn received(reply: &'a [u8]) -> Self {
        let (code, text) = match reply {
            [a, b, c, text @ ..] => {
                let digit = |byte: &u8| u16::from(byte & 15);
                (digit(a) * 100 + digit(b) * 10 + digit(c), text.get(1..).unwrap_or_default())
            }
            _ => (0, reply),
        };
        let code = ReplyCode::new(code).unwrap_or(ReplyCode::TRANSACTION_FAILED);
        let enhanced = match EnhancedStatusCode::split(text) {
            Some((enhanced, _)) if enhanced.fits(code) => Some(enhanced),
            _ => None,
        };
        Self { code, enhanced, text: Text::Received(reply) }
    }

    /// The code.
    #[must_use]
    pub const fn code(&self) -> ReplyCode {
        self.code
    }

    /// The enhanced code: that of the first line, where it is of the code's class.
    #[must_use]
    pub const fn enhanced(&self) -> Option<EnhancedStatusCode> {
        self.enhanced
    }

    /// Whether it is 2yz or 3yz: done, or so far so good.
    #[must_use]
    pub const fn is_positive(&self) -> bool {
        self.code.is_positive()
    }

    /// The text of each line, without codes and line ends. It may hold any other bytes.
    pub fn lines(&self) -> impl Iterator<Item = &[u8]> {
        let (lines, received) = match &self.text {
            Text::Received(lines) => (lines.strip_suffix(b"\n").unwrap_or(lines), true),
            Text::Given(lines) => (&lines[..], false),
        };
        lines.split(|&byte| byte == b'\n').map(move |line| {
            if !received {
                return line;
            }
            let line = line.strip_suffix(b"\r").unwrap_or(line).get(4..).unwrap_or_default();
            match EnhancedStatusCode::split(line) {
                Some((_, text)) if self.enhanced.is_some() => text,
                _ => line,
            }
        })
    }

    /// The same, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Reply<'static> {
        let lines = match self.text {
            Text::Given(lines) => lines.into_owned(),
            Text::Received(_) => self.lines().collect::<Vec<_>>().join(&b'\n'),
        };
        Reply { code: self.code, enhanced: self.enhanced, text: Text::Given(Cow::Owned(lines)) }
    }

    /// Writes it.
    pub fn encode(&self, out: &mut Output) {
        self.encode_with(self.enhanced, out);
    }

    pub(crate) fn encode_with(&self, enhanced: Option<EnhancedStatusCode>, out: &mut Output) {
        let mut lines = self.lines().flat_map(cut).peekable();
        while let Some(line) = lines.next() {
            encode_line(self.code, enhanced, line, lines.peek().is_none(), out);
        }
    }
}

/// Writes one line of a reply.
pub(crate) fn encode_line(
    code: ReplyCode,
    enhanced: Option<EnhancedStatusCode>,
    text: &[u8],
    last: bool,
    out: &mut Output,
) {
    use fmt::Write as _;
    // Writing to an `Output` never fails.
    let _ = write!(out, "{code}{}", if last { ' ' } else { '-' });
    if let Some(enhanced) = enhanced {
        let _ = write!(out, "{enhanced} ");
    }
    for (at, piece) in text.split(|&byte| is_control(byte)).enumerate() {
        if at > 0 {
            out.text(b" ");
        }
        out.text(piece);
    }
    out.text(b"\r\n");
}

const fn is_control(byte: u8) -> bool {
    matches!(byte, 0..=8 | 10..=31 | 127)
}

/// Cuts a line in pieces of [`LINE`] bytes at most, not within a character.
fn cut(mut line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut done = false;
    core::iter::from_fn(move || {
        if done {
            return None;
        }
        let is_start = |&at: &usize| line.get(at).is_none_or(|byte| byte & 0xC0 != 0x80);
        let len = (LINE - 3..=LINE).rev().find(is_start).unwrap_or(LINE);
        let Some((piece, rest)) = line.split_at_checked(len) else {
            done = true;
            return Some(line);
        };
        line = rest;
        done = rest.is_empty();
        Some(piece)
    })
}

/// Equal are replies that say the same, received or not.
impl PartialEq for Reply<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.code == other.code && self.enhanced == other.enhanced && self.lines().eq(other.lines())
    }
}

impl Eq for Reply<'_> {}

impl fmt::Display for Reply<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write as _;
        self.code.fmt(f)?;
        self.enhanced.iter().try_for_each(|enhanced| write!(f, " {enhanced}"))?;
        for line in self.lines() {
            f.write_char(' ')?;
            for char in String::from_utf8_lossy(line).chars() {
                f.write_char(if char.is_control() { '\u{FFFD}' } else { char })?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Reply<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reply({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{string::ToString as _, vec::Vec};
    use bytes::Buf as _;

    fn written(reply: &Reply<'_>) -> Vec<u8> {
        let mut out = Output::default();
        reply.encode(&mut out);
        out.copy_to_bytes(out.remaining()).to_vec()
    }

    #[test]
    fn what_is_received() {
        let reply = Reply::parse(b"551-5.7.1 Not here\r\n551-\r\n551 5.7.1 \xFF\x1B\r\n").unwrap();
        assert_eq!(reply.lines().collect::<Vec<_>>(), [&b"Not here"[..], b"", b"\xFF\x1B"]);
        assert_eq!(reply.to_string(), "551 5.7.1 Not here  \u{FFFD}\u{FFFD}");
        assert_eq!(reply.clone().into_owned(), reply);
        assert_eq!(Reply::parse(b"250\r\n"), Ok(Reply::new(ReplyCode::OK, "")));
        assert_eq!(Reply::parse(b"250 5.0.0 a\r\n"), Ok(Reply::new(ReplyCode::OK, "5.0.0 a")));
        assert_eq!(Reply::parse(b"250 2.0 a\r\n"), Ok(Reply::new(ReplyCode::OK, "2.0 a")));
        assert_eq!(Reply::parse(b"250 2.0000.0 a\r\n").unwrap().enhanced(), None);
        for text in [&b"250 a"[..], b"250 a\r\n250 b\r\n", b"250-a\r\n", b"999 a\r\n", b""] {
            assert!(Reply::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn no_text_begins_another_reply() {
        let reply = Reply::new(ReplyCode::OK, "a\r\n354 b\rc\0\n");
        assert_eq!(written(&reply), b"250-a \r\n250-354 b c \r\n250 \r\n");
    }

    #[test]
    fn long_lines_are_cut() {
        let reply =
            Reply::new(ReplyCode::OK, "ä".repeat(600)).with_enhanced(EnhancedStatusCode::OK);
        let wire = written(&reply);
        let text = core::str::from_utf8(&wire).unwrap();
        assert!(text.lines().count() == 3 && text.lines().all(|line| line.len() <= 510));
        assert!(Reply::parse(&wire).is_ok());
    }
}
