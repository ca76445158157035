//! Response codes (RFC 2449 §8, RFC 3206).

use crate::SyntaxError;

/// What an answer is about, for programs. Compared without regard to case.
///
/// ```text
/// resp-code  = "[" resp-level *("/" resp-level) "]"
/// resp-level = 1*rchar
/// rchar      = %x21-2E / %x30-5C / %x5E-7F
/// ```
#[derive(Debug, Clone, Copy)]
pub struct ResponseCode<'a>(&'a str);

impl<'a> ResponseCode<'a> {
    /// The maildrop is used by another session (RFC 2449 §8.1.2).
    pub const IN_USE: ResponseCode<'static> = ResponseCode("IN-USE");
    /// The last login is too short ago (RFC 2449 §8.1.1).
    pub const LOGIN_DELAY: ResponseCode<'static> = ResponseCode("LOGIN-DELAY");
    /// The server's trouble, which may pass (RFC 3206 §4).
    pub const SYS_TEMP: ResponseCode<'static> = ResponseCode("SYS/TEMP");
    /// The server's trouble, which someone must mend (RFC 3206 §4).
    pub const SYS_PERM: ResponseCode<'static> = ResponseCode("SYS/PERM");
    /// The credentials are wrong (RFC 3206 §5). Only with it does a refused login say so.
    pub const AUTH: ResponseCode<'static> = ResponseCode("AUTH");

    /// The message can't be had without UTF8 (RFC 6856 §5).
    pub const UTF8: ResponseCode<'static> = ResponseCode("UTF8");

    /// The longest there is, in octets.
    pub const LEN_MAX: usize = 64;

    /// Reads a code without its brackets.
    ///
    /// # Errors
    ///
    /// Where it is none, or is longer than 64 octets.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, SyntaxError> {
        let expected = "a response code";
        if bytes.len() > Self::LEN_MAX {
            return Err(SyntaxError { offset: Self::LEN_MAX, expected });
        }
        let mut offset = 0;
        for level in bytes.split(|&byte| byte == b'/') {
            let bad = level.iter().position(|&byte| !byte.is_ascii_graphic() || byte == b']');
            if let Some(at) = bad.or_else(|| level.is_empty().then_some(0)) {
                return Err(SyntaxError { offset: offset + at, expected });
            }
            offset += level.len() + 1;
        }
        let code = core::str::from_utf8(bytes);
        code.map(Self).map_err(|_| SyntaxError { offset: 0, expected })
    }

    /// The code at the beginning of a text, and the rest of the text.
    pub(crate) fn split_off(text: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let inner = text.strip_prefix(b"[")?;
        let end = inner.iter().take(Self::LEN_MAX + 1).position(|&byte| byte == b']')?;
        let (code, rest) = inner.split_at_checked(end)?;
        Some((Self::parse(code).ok()?, rest.strip_prefix(b"]")?))
    }

    /// The code, without brackets.
    #[must_use]
    pub const fn as_str(&self) -> &'a str {
        self.0
    }

    /// Whether it is `general`, or one of the codes below it: `SYS/TEMP` is within `SYS`.
    #[must_use]
    pub fn is_within(&self, general: &str) -> bool {
        let (own, general) = (self.0.as_bytes(), general.as_bytes());
        own.get(..general.len()).is_some_and(|level| level.eq_ignore_ascii_case(general))
            && matches!(own.get(general.len()), None | Some(b'/'))
    }
}

impl PartialEq for ResponseCode<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(other.0)
    }
}

impl Eq for ResponseCode<'_> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels() {
        let code = ResponseCode::parse(b"sys/temp").unwrap();
        assert_eq!(code, ResponseCode::SYS_TEMP);
        assert!(code.is_within("SYS") && code.is_within("SYS/TEMP") && !code.is_within("SY"));
        for bad in [&b""[..], b"/", b"A/", b"/A", b"A B", b"A]", b"A\r\n", &[b'A'; 65]] {
            assert!(ResponseCode::parse(bad).is_err());
        }
        assert!(ResponseCode::split_off(b"[A").is_none());
        assert_eq!(ResponseCode::split_off(b"[A]b").unwrap().1, b"b");
    }
}
