//! HELP (RFC 5321 §4.1.1.8).

use super::vrfy::any_text;
use crate::{
    SyntaxError,
    grammar::{class, many_wide, whole},
};
use alloc::borrow::Cow;
use mailrail_wire::Output;

/// What help is asked about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Help<'a>(Option<Cow<'a, str>>);

impl<'a> Help<'a> {
    /// About a subject, such as a command.
    ///
    /// # Errors
    ///
    /// Where it is empty, ends in a space, or holds a control character.
    pub fn about(subject: &'a str) -> Result<Self, SyntaxError> {
        whole(subject.as_bytes(), |text| many_wide(text, "a text", class::PRINTABLE))?;
        if subject.ends_with(' ') {
            return Err(SyntaxError { offset: subject.len() - 1, expected: "a text" });
        }
        Ok(Self(Some(Cow::Borrowed(subject))))
    }

    /// The subject; none asks for help in general.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        self.0.as_deref()
    }

    /// The same, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Help<'static> {
        Help(self.0.map(|subject| Cow::Owned(subject.into_owned())))
    }

    /// `help = "HELP" [ SP String ] CRLF`
    pub(super) fn parse_arguments(text: &'a [u8]) -> Result<Self, SyntaxError> {
        any_text(text).map(|subject| Self(subject.map(Cow::Borrowed)))
    }

    pub(super) fn encode(&self, out: &mut Output) {
        out.text(b"HELP");
        if let Some(subject) = self.subject() {
            out.text(b" ");
            out.text(subject.as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects() {
        assert_eq!(Help::parse_arguments(b""), Ok(Help::default()));
        assert_eq!(Help::parse_arguments(b" MAIL"), Help::about("MAIL"));
        assert!(
            Help::about("").is_err() && Help::about("a\n").is_err() && Help::about("a ").is_err()
        );
    }
}
