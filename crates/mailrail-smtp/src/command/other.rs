//! Commands that this crate does not know.

use crate::{
    SyntaxError,
    grammar::{byte, class, keyword, many_wide, whole},
    types::Text,
};
use alloc::borrow::Cow;
use mailrail_wire::Output;

/// A command of an extension that the embedder knows: a verb, and whatever printable text it goes
/// with. A server takes it where
/// [`Extensions::add_verb`](crate::Extensions::add_verb) names its verb; it must need no more than
/// one line and one reply.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Other<'a> {
    verb: Cow<'a, str>,
    arguments: Cow<'a, str>,
}

impl<'a> Other<'a> {
    /// Reads a line without its CR LF.
    ///
    /// # Errors
    ///
    /// Where it does not begin with a verb, or holds a control character.
    pub fn parse(text: &'a [u8]) -> Result<Self, SyntaxError> {
        whole(text, |text| {
            let (rest, verb) = keyword(text)?;
            let (rest, arguments) = match rest {
                [] => (rest, rest),
                _ => {
                    let (rest, ()) = byte(b' ', "a space")(rest)?;
                    many_wide(rest, "a text", class::PRINTABLE)?
                }
            };
            let (verb, arguments) = (Text::read(verb).into_cow(), Text::read(arguments).into_cow());
            Ok((rest, Self { verb, arguments }))
        })
    }

    /// The verb; compare it without regard to case.
    #[must_use]
    pub fn verb(&self) -> &str {
        &self.verb
    }

    /// What stands behind the verb and its space.
    #[must_use]
    pub fn arguments(&self) -> &str {
        &self.arguments
    }

    /// The same, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Other<'static> {
        Other {
            verb: Cow::Owned(self.verb.into_owned()),
            arguments: Cow::Owned(self.arguments.into_owned()),
        }
    }

    pub(super) fn encode(&self, out: &mut Output) {
        out.text(self.verb.as_bytes());
        if !self.arguments.is_empty() {
            out.text(b" ");
            out.text(self.arguments.as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        let other = Other::parse(b"XADR <a b>").unwrap();
        assert_eq!((other.verb(), other.arguments()), ("XADR", "<a b>"));
        for text in [&b""[..], b" A", b"A ", b"A\0", b"A b\r\n", b"A\tb", b"-A"] {
            assert!(Other::parse(text).is_err(), "{text:?}");
        }
    }
}
