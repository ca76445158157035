//! `LOGIN`

use crate::{
    encode::{Encoded, Sink},
    grammar::{Parsed, arg},
    types::IString,
};
use mailrail_wire::Secret;
use nom::Parser;

/// Logs in with a password in plaintext (RFC 3501 §6.2.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login<'a> {
    /// Who.
    pub user: IString<'a>,
    /// The password.
    pub password: Secret<IString<'a>>,
}

impl<'a> Login<'a> {
    /// The same command, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Login<'static> {
        Login { user: self.user.into_owned(), password: self.password.map(IString::into_owned) }
    }

    /// `login = "LOGIN" SP userid SP password`
    pub(super) fn parse(i: &'a [u8]) -> Parsed<'a, Self> {
        let (i, user) = arg(IString::parse_astring).parse(i)?;
        let (i, password) = arg(IString::parse_astring).parse(i)?;
        Ok((i, Self { user, password: Secret::new(password) }))
    }

    pub(super) fn encode(&self, out: &mut Encoded) {
        out.text(b"LOGIN ");
        self.user.encode_astring(out);
        out.text(b" ");
        self.password.expose().encode_astring(out);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Command, both_ways};

    #[test]
    fn passwords_may_be_anything_and_are_not_shown() {
        both_ways("a001 LOGIN SMITH SESAME\r\n");
        both_ways("a001 LOGIN \"a b\" \"q\\\"\\\\\"\r\n");
        let command = both_ways("a001 LOGIN {5}\r\n\u{e4}\r\n! {6}\r\n\u{df}\u{df}\u{df}\r\n");
        assert!(!alloc::format!("{command:?}").contains("195, 159"));
        assert!(Command::parse(b"a LOGIN x\r\n").is_err());
        assert!(Command::parse(b"a LOGIN x y z\r\n").is_err());
    }
}
