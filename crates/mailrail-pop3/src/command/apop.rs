//! APOP (RFC 1939 §7).

use crate::{ApopDigest, SyntaxError, UserName};
use core::fmt::{self, Write as _};
use mailrail_wire::Output;

/// Whose maildrop, and the proof that the client knows its password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "RFC 1939 §7 gives it these two")]
pub struct Apop<'a> {
    /// The name.
    pub user: UserName<'a>,
    /// What the password makes of the greeting's timestamp.
    pub digest: ApopDigest,
}

impl<'a> Apop<'a> {
    /// ```text
    /// apop-command = "APOP" SP name SP digest
    /// ```
    pub(super) fn parse_params(params: &'a [u8]) -> Result<Self, SyntaxError> {
        let a_space = |offset| SyntaxError { offset, expected: "a space" };
        let rest = params.strip_prefix(b" ").ok_or_else(|| a_space(0))?;
        let end = rest.iter().position(|&byte| byte == b' ').unwrap_or(rest.len());
        let (name, digest) = rest.split_at_checked(end).unwrap_or_default();
        let at = |from: usize| {
            move |error: SyntaxError| SyntaxError { offset: error.offset + from, ..error }
        };
        let user = UserName::parse(name).map_err(at(1))?;
        let digest = digest.strip_prefix(b" ").ok_or_else(|| a_space(end + 1))?;
        let digest = ApopDigest::parse(digest).map_err(at(end + 2))?;
        Ok(Self { user, digest })
    }

    pub(super) fn encode(&self, out: &mut Output) -> fmt::Result {
        write!(out, "APOP {} ", self.user.as_str())?;
        self.digest.write(out)
    }
}

#[cfg(test)]
mod tests {
    use crate::Command;
    use bytes::Buf as _;

    /// RFC 1939 §7.
    #[test]
    fn the_example_of_the_rfc() {
        let line = b"APOP mrose c4c9334bac560ecc979e58001b3e22fb";
        let command = Command::parse(line).unwrap();
        let mut out = mailrail_wire::Output::default();
        command.encode(&mut out);
        assert_eq!(out.chunk().strip_suffix(b"\r\n"), Some(&line[..]));
    }
}
