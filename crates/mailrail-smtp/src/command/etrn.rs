//! ETRN (RFC 1985 §5).

use crate::{
    SyntaxError,
    grammar::{class, domain, many, whole},
};
use alloc::borrow::Cow;
use mailrail_wire::Output;

/// Which of the messages that wait the server is to send now.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Etrn<'a>(Cow<'a, str>);

impl<'a> Etrn<'a> {
    /// Reads the node: a domain; `@` and a domain, for it and all below it; or `#` and the name of
    /// a queue.
    ///
    /// # Errors
    ///
    /// Where `text` is anything else.
    pub fn parse(text: &'a [u8]) -> Result<Self, SyntaxError> {
        match text {
            [b'#', queue @ ..] => {
                whole(queue, |queue| many(queue, "a queue", class::GRAPHIC)).map(drop)
            }
            [b'@', node @ ..] => whole(node, domain).map(drop),
            _ => whole(text, domain).map(drop),
        }?;
        // Those are text.
        let text = core::str::from_utf8(text).unwrap_or_default();
        Ok(Self(Cow::Borrowed(text)))
    }

    /// The node, with its option character.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Etrn<'static> {
        Etrn(Cow::Owned(self.0.into_owned()))
    }

    /// `ETRN [<option character>]<node name><CR><LF>`
    pub(super) fn parse_arguments(text: &'a [u8]) -> Result<Self, SyntaxError> {
        match text.strip_prefix(b" ") {
            Some(node) => {
                Self::parse(node).map_err(|error| SyntaxError { offset: error.offset + 1, ..error })
            }
            None => Err(SyntaxError { offset: 0, expected: "a space and a node" }),
        }
    }

    pub(super) fn encode(&self, out: &mut Output) {
        out.text(b"ETRN ");
        out.text(self.0.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes() {
        for text in ["foo.com", "@foo.com", "#uucp"] {
            assert_eq!(Etrn::parse(text.as_bytes()).unwrap().as_str(), text);
        }
        for text in [&b""[..], b"@", b"#", b"a b", b"@a b", b"#a b", b"a..b", b"@@a", b"a\r\nQUIT"]
        {
            assert!(Etrn::parse(text).is_err(), "{text:?}");
        }
    }
}
