//! Who logs in, and with what.

use crate::SyntaxError;
use mailrail_wire::Secret;

/// The longest command, CR LF included (RFC 2449 §4), less `USER ` or `PASS ` and CR LF.
const LEN_MAX: usize = 255 - 7;

/// The name of a mailbox, as USER gives it (RFC 1939 §7): 1 to 248 octets of UTF-8 (RFC 6856
/// §2.2; without it, ASCII) without spaces and control characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserName<'a>(&'a str);

impl<'a> UserName<'a> {
    /// Reads one.
    ///
    /// # Errors
    ///
    /// Where USER can't carry it.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, SyntaxError> {
        check(bytes, "a user name", |byte| byte == b' ').map(Self)
    }

    /// Whether every server takes it: not each knows UTF-8 (RFC 6856 §2.2).
    #[must_use]
    pub const fn is_ascii(&self) -> bool {
        self.0.is_ascii()
    }

    /// The name.
    #[must_use]
    pub const fn as_str(&self) -> &'a str {
        self.0
    }
}

/// A password, as PASS gives it (RFC 1939 §7): 1 to 248 octets of UTF-8, spaces among them, but no
/// control characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Password<'a>(Secret<&'a str>);

impl<'a> Password<'a> {
    /// Reads one.
    ///
    /// # Errors
    ///
    /// Where PASS can't carry it.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, SyntaxError> {
        check(bytes, "a password", |_| false).map(|password| Self(Secret::new(password)))
    }

    /// Whether every server takes it: not each knows UTF-8 (RFC 6856 §2.2).
    #[must_use]
    pub const fn is_ascii(&self) -> bool {
        self.0.expose().is_ascii()
    }

    /// The password.
    #[must_use]
    pub const fn secret(&self) -> Secret<&'a str> {
        self.0
    }
}

fn check<'a>(
    bytes: &'a [u8],
    expected: &'static str,
    is_bad: impl Fn(u8) -> bool,
) -> Result<&'a str, SyntaxError> {
    let wrong = |offset| SyntaxError { offset, expected };
    let text = core::str::from_utf8(bytes).map_err(|error| wrong(error.valid_up_to()))?;
    if let Some(offset) = bytes.iter().position(|&byte| byte.is_ascii_control() || is_bad(byte)) {
        return Err(wrong(offset));
    }
    if matches!(text.len(), 1..=LEN_MAX) { Ok(text) } else { Err(wrong(text.len().min(LEN_MAX))) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn names_and_passwords() {
        assert_eq!(UserName::parse(b"mrose").unwrap().as_str(), "mrose");
        assert_eq!(*Password::parse(b" a secret ").unwrap().secret().expose(), " a secret ");
        assert_eq!(format!("{:?}", Password::parse(b"x")), "Ok(Password(Secret(..)))");
        for bad in [&b""[..], b"a b", b"a\r\nDELE 1", b"\xff", b"a\0"] {
            assert!(UserName::parse(bad).is_err());
        }
        for bad in [&b""[..], b"a\r", b"\n", b"\xff", b"a\0", &[b'x'; 249]] {
            assert!(Password::parse(bad).is_err());
        }
    }
}
