//! APOP's challenge and the answer to it.

use crate::{SyntaxError, types::credentials::Password};
use core::fmt;
use mailrail_wire::Secret;
use md5::{Digest as _, Md5};

/// The challenge of APOP, as a greeting carries it (RFC 1939 §7): a msg-id in angle brackets, of
/// printable ASCII, 5 to 128 octets long.
///
/// Each greeting has another one. What a client takes for one is checked this closely because a
/// server that may choose any octets can learn a password from the answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Timestamp<'a>(&'a str);

impl<'a> Timestamp<'a> {
    /// The longest there is, in octets.
    pub const LEN_MAX: usize = 128;

    /// Reads one, with its angle brackets.
    ///
    /// # Errors
    ///
    /// Where it is no msg-id, or too long.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, SyntaxError> {
        let expected = "a timestamp";
        let inner = bytes.strip_prefix(b"<").and_then(|rest| rest.strip_suffix(b">"));
        let inner = inner.ok_or(SyntaxError { offset: 0, expected })?;
        let is_bad = |&byte: &u8| !byte.is_ascii_graphic() || matches!(byte, b'<' | b'>');
        if let Some(at) = inner.iter().position(is_bad) {
            return Err(SyntaxError { offset: at + 1, expected });
        }
        let parts = core::str::from_utf8(inner).ok().and_then(|inner| inner.split_once('@'));
        match (parts, core::str::from_utf8(bytes)) {
            (Some((left, right)), Ok(text))
                if !left.is_empty() && !right.is_empty() && text.len() <= Self::LEN_MAX =>
            {
                Ok(Self(text))
            }
            _ => Err(SyntaxError { offset: 0, expected }),
        }
    }

    /// The one in a greeting's text, if there is one.
    #[must_use]
    pub fn find(text: &'a [u8]) -> Option<Self> {
        let from = text.iter().rposition(|&byte| byte == b'<')?;
        let rest = text.get(from..)?;
        let len = rest.iter().position(|&byte| byte == b'>')? + 1;
        Self::parse(rest.get(..len)?).ok()
    }

    /// The timestamp, with its angle brackets.
    #[must_use]
    pub const fn as_str(&self) -> &'a str {
        self.0
    }

    /// What proves to the server that the client knows the password.
    #[must_use]
    pub fn digest(&self, password: Password<'_>) -> ApopDigest {
        digest(self.0, password.secret().expose())
    }
}

fn digest(timestamp: &str, password: &str) -> ApopDigest {
    let digest = Md5::new().chain_update(timestamp).chain_update(password).finalize();
    ApopDigest(Secret::new(digest.into()))
}

/// The MD5 digest of a timestamp and a password (RFC 1939 §7). Who has seen it can try passwords
/// at leisure, so it is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApopDigest(Secret<[u8; 16]>);

impl ApopDigest {
    /// Reads it: 32 hexadecimal digits, lower case.
    ///
    /// # Errors
    ///
    /// Where it is anything else.
    pub fn parse(bytes: &[u8]) -> Result<Self, SyntaxError> {
        let wrong = |offset| SyntaxError { offset, expected: "a digest" };
        let digit = |at: usize| match bytes.get(at) {
            Some(&digit @ b'0'..=b'9') => Ok(digit - b'0'),
            Some(&digit @ b'a'..=b'f') => Ok(digit - b'a' + 10),
            _ => Err(wrong(at)),
        };
        if bytes.len() > 32 {
            return Err(wrong(32));
        }
        let mut value = [0; 16];
        for (at, byte) in value.iter_mut().enumerate() {
            *byte = digit(2 * at)? << 4 | digit(2 * at + 1)?;
        }
        Ok(Self(Secret::new(value)))
    }

    /// Writes the digits.
    pub(crate) fn write(&self, out: &mut impl fmt::Write) -> fmt::Result {
        self.0.expose().iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }

    /// Whether it is the digest of these; how long that takes does not tell how much is right.
    pub(crate) fn is_of(&self, timestamp: &str, password: &str) -> bool {
        let wanted = digest(timestamp, password);
        let pairs = self.0.expose().iter().zip(wanted.0.expose());
        pairs.fold(0, |different, (a, b)| different | (a ^ b)) == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{format, string::String};

    /// RFC 1939 §7.
    #[test]
    fn the_example_of_the_rfc() {
        let text = b"POP3 server ready <1896.697170952@dbc.mtview.ca.us>";
        let timestamp = Timestamp::find(text).unwrap();
        assert_eq!(timestamp.as_str(), "<1896.697170952@dbc.mtview.ca.us>");
        let digest = timestamp.digest(Password::parse(b"tanstaaf").unwrap());
        let mut digits = String::new();
        digest.write(&mut digits).unwrap();
        assert_eq!(digits, "c4c9334bac560ecc979e58001b3e22fb");
        assert_eq!(ApopDigest::parse(digits.as_bytes()), Ok(digest));
        assert!(digest.is_of(timestamp.as_str(), "tanstaaf"));
        assert!(!digest.is_of(timestamp.as_str(), "tanstaaft"));
        assert!(!format!("{digest:?}").contains("196"));
    }

    #[test]
    fn what_is_neither() {
        for text in [
            &b"ready"[..],
            b"<a@b",
            b"<ab>",
            b"<@b>",
            b"<a@>",
            b"<a b@c>",
            b"<a\xff@c>",
            b"<a\x01@c>",
            b"> <",
            &[&b"<a@"[..], &[b'x'; 200], b">"].concat(),
        ] {
            assert_eq!(Timestamp::find(text), None, "{text:?}");
        }
        assert_eq!(Timestamp::find(b"<no> <a@b> x").unwrap().as_str(), "<a@b>");
        for digits in ["", "0", &"0".repeat(31), &"0".repeat(33), &"A".repeat(32)] {
            assert!(ApopDigest::parse(digits.as_bytes()).is_err());
        }
    }
}
