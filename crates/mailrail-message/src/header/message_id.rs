//! Message identifiers: `Message-ID`, `In-Reply-To`, `References`, `Content-ID` (RFC 5322 §3.6.4, RFC 2045 §7).

use alloc::borrow::Cow;
use alloc::format;
use core::fmt;

use memchr::memchr2;

use crate::encoding::charset;
use crate::error::SyntaxError;
use crate::grammar::{Cursor, is_atext, without_comments};
use crate::limits::ValueLimits;
use crate::scan::is_fws;
use crate::steps;

/// A message identifier, without its angle brackets.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MessageId<'a>(Cow<'a, str>);

impl<'a> MessageId<'a> {
    /// An identifier to write.
    ///
    /// ```abnf
    /// msg-id = "<" id-left "@" id-right ">"   ; here without "<" and ">"
    /// ```
    ///
    /// # Errors
    /// If it is not two parts around an `@`, of printable ASCII without white space and angle brackets, 900 bytes at most.
    pub fn new(id: &'a str) -> Result<Self, SyntaxError> {
        let is_mark = |byte: u8| matches!(byte, b'.' | b'[' | b']' | b':');
        let mut at_signs = 0;
        let stray = id.bytes().position(|byte| {
            at_signs += usize::from(byte == b'@');
            !((is_atext(byte) && byte < 0x80) || is_mark(byte) || byte == b'@')
        });
        if let Some(at) = stray {
            return Err(SyntaxError::new(at, "a character of a message identifier"));
        }
        let is_pair = at_signs == 1 && !id.starts_with('@') && !id.ends_with('@');
        if is_pair && id.len() <= 900 {
            Ok(Self(Cow::Borrowed(id)))
        } else {
            Err(SyntaxError::new(id.len(), "two parts around an at sign"))
        }
    }

    /// An identifier that nobody else has, from 16 random bytes of the caller's and the caller's domain.
    ///
    /// # Errors
    /// If the domain cannot stand in an identifier.
    pub fn generate(random: [u8; 16], domain: &str) -> Result<MessageId<'static>, SyntaxError> {
        let id = format!("{:032x}@{domain}", u128::from_be_bytes(random));
        MessageId::new(&id).map(MessageId::into_owned)
    }

    /// The identifier without angle brackets.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) const fn of_text(text: Cow<'a, str>) -> Self {
        Self(text)
    }

    pub(crate) fn into_text(self) -> Cow<'a, str> {
        self.0
    }

    /// Whether it can be written as it is: one that was read may be anything.
    pub(crate) fn is_valid(&self) -> bool {
        MessageId::new(&self.0).is_ok()
    }

    /// The same, owning its text.
    pub fn into_owned(self) -> MessageId<'static> {
        MessageId(Cow::Owned(self.0.into_owned()))
    }
}

impl fmt::Display for MessageId<'_> {
    /// With its angle brackets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}>", self.0)
    }
}

/// The identifiers of a field, in their order. What is none (obsolete `In-Reply-To` fields hold phrases) is left out,
/// but a field without any angle bracket is taken word by word, as some mailers write it.
#[derive(Clone)]
pub struct MessageIds<'a> {
    cursor: Cursor<'a>,
    limits: ValueLimits,
    is_bare: bool,
}

impl fmt::Debug for MessageIds<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageIds").field("at", &self.cursor.at()).finish_non_exhaustive()
    }
}

impl<'a> MessageIds<'a> {
    pub(crate) fn new(value: &'a [u8], limits: ValueLimits) -> Self {
        let is_bare = memchr::memchr(b'<', value).is_none();
        Self { cursor: Cursor::new(value, limits), limits, is_bare }
    }

    fn bare(&mut self) -> Option<MessageId<'a>> {
        self.cursor.gap();
        let word = self.cursor.take_while(|byte| !is_fws(byte));
        (!word.is_empty()).then(|| MessageId(charset::guess_piece(word)))
    }
}

impl<'a> Iterator for MessageIds<'a> {
    type Item = MessageId<'a>;

    fn next(&mut self) -> Option<MessageId<'a>> {
        if self.is_bare {
            return self.bare();
        }
        loop {
            self.cursor.gap();
            let next = self.cursor.peek()?;
            if next == b'"' && self.cursor.quoted().is_some() {
                continue;
            }
            self.cursor.eat(next);
            if next != b'<' {
                continue;
            }
            // One that is not closed ends where the next begins.
            let inner = self.cursor.rest();
            let length = memchr2(b'>', b'<', inner).unwrap_or(inner.len());
            steps::count(length);
            let inner = inner.get(..length).unwrap_or_default();
            self.cursor.go_to(self.cursor.at() + length);
            self.cursor.take_while(|byte| byte == b'>');
            let id = without_comments(inner, self.limits);
            if !id.is_empty() {
                return Some(MessageId(charset::guess_cow(id)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::{String, ToString};
    use alloc::vec::Vec;

    use super::*;

    fn ids(value: &str) -> Vec<String> {
        MessageIds::new(value.as_bytes(), ValueLimits::DEFAULT)
            .map(|id| id.as_str().to_string())
            .collect()
    }

    #[test]
    fn lists() {
        assert_eq!(ids(" <a@b>\r\n <c@d>(x)<e@f>"), ["a@b", "c@d", "e@f"]);
        assert_eq!(ids("Your message of \"<x@y>\" <a@b>"), ["a@b"]);
        assert_eq!(
            ids("<1234   @   local(blah)  .machine .example>"),
            ["1234@local.machine.example"]
        );
        assert_eq!(ids("a@b c@d"), ["a@b", "c@d"]);
        assert_eq!(ids("<a@b <c@d>"), ["a@b", "c@d"]);
        assert_eq!(ids("<>"), Vec::<String>::new());
    }

    #[test]
    fn new_ones_are_checked() {
        assert_eq!(MessageId::new("a.b@c").unwrap().to_string(), "<a.b@c>");
        assert_eq!(MessageId::generate([1; 16], "x.test").unwrap().as_str().len(), 39);
        for bad in ["", "a", "@b", "a@", "a b@c", "a@b>", "a@b\r\n", "a@b@c"] {
            assert!(MessageId::new(bad).is_err(), "{bad}");
        }
    }
}
