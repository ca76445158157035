//! What a client asks of reports about a message's delivery (RFC 3461).

use super::{Mailbox, Text, write_xtext};
use crate::{
    SyntaxError,
    grammar::{self, key, whole},
};
use alloc::{
    borrow::Cow,
    string::{String, ToString as _},
};
use core::fmt::{self, Write as _};

/// The longest ENVID value, as written (RFC 3461 §4.4).
const ENVELOPE_ID: usize = 100;
/// The longest ORCPT value, as written (RFC 3461 §4.2).
const ORIGINAL_RECIPIENT: usize = 500;

/// RET: what of the message a report of failure takes along (RFC 3461 §4.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the RFC has these two")]
pub enum Ret {
    /// `FULL`: all of it.
    Full,
    /// `HDRS`: its header.
    Headers,
}

impl Ret {
    pub(crate) fn parse(value: &[u8]) -> Option<Self> {
        const FULL: u64 = key(b"FULL");
        const HDRS: u64 = key(b"HDRS");
        match key(value) {
            FULL => Some(Self::Full),
            HDRS => Some(Self::Headers),
            _ => None,
        }
    }

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Full => "FULL",
            Self::Headers => "HDRS",
        }
    }
}

/// NOTIFY: when a report about a recipient is wanted (RFC 3461 §4.1).
///
/// ```
/// use mailrail_smtp::Notify;
///
/// let notify = Notify { success: true, failure: true, ..Notify::NEVER };
/// assert_eq!(notify.to_string(), "SUCCESS,FAILURE");
/// assert_eq!(Notify::NEVER.to_string(), "NEVER");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "the RFC has these three")]
pub struct Notify {
    /// `SUCCESS`: when the message is delivered.
    pub success: bool,
    /// `FAILURE`: when it is given up.
    pub failure: bool,
    /// `DELAY`: when it takes long.
    pub delay: bool,
}

impl Notify {
    /// No report in any case.
    pub const NEVER: Self = Self { success: false, failure: false, delay: false };

    /// ```text
    /// notify-esmtp-value = "NEVER" / 1#notify-list-element
    /// ```
    pub(crate) fn parse(value: &[u8]) -> Option<Self> {
        const NEVER: u64 = key(b"NEVER");
        const SUCCESS: u64 = key(b"SUCCESS");
        const FAILURE: u64 = key(b"FAILURE");
        const DELAY: u64 = key(b"DELAY");
        let mut notify = Self::NEVER;
        if key(value) == NEVER {
            return Some(notify);
        }
        let mut rest = Some(value);
        while let Some(text) = rest {
            // The words have seven letters or five.
            let word;
            (word, rest) = match (text.split_at_checked(7), text.split_at_checked(5)) {
                (Some((word, [b',', after @ ..])), _) | (_, Some((word, [b',', after @ ..]))) => {
                    (word, Some(after))
                }
                _ => (text, None),
            };
            let slot = match key(word) {
                SUCCESS => &mut notify.success,
                FAILURE => &mut notify.failure,
                DELAY => &mut notify.delay,
                _ => return None,
            };
            *slot = true;
        }
        Some(notify)
    }
}

/// The value of NOTIFY.
impl fmt::Display for Notify {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = [(self.success, "SUCCESS"), (self.failure, "FAILURE"), (self.delay, "DELAY")];
        let mut asked = all.iter().filter(|(asked, _)| *asked);
        let Some((_, first)) = asked.next() else { return f.write_str("NEVER") };
        f.write_str(first)?;
        asked.try_for_each(|(_, word)| write!(f, ",{word}"))
    }
}

/// ENVID: what the sender calls this sending of the message (RFC 3461 §4.4): printable ASCII text
/// of 100 characters at most as it is written, where some take three.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EnvelopeId<'a>(Text<'a>);

impl<'a> EnvelopeId<'a> {
    /// An identifier of that very text.
    ///
    /// # Errors
    ///
    /// Where it is empty or too long, or holds anything but printable ASCII characters and spaces.
    pub fn new(text: impl Into<Cow<'a, str>>) -> Result<Self, SyntaxError> {
        let text = text.into();
        let is_printable = |byte: u8| matches!(byte, b' '..=b'~');
        if let Some(offset) = text.bytes().position(|byte| !is_printable(byte)) {
            return Err(SyntaxError { offset, expected: "a printable character" });
        }
        let written = text.bytes().map(|byte| if needs_no_hex(byte) { 1 } else { 3 }).sum();
        if text.is_empty() {
            return Err(SyntaxError { offset: 0, expected: "a printable character" });
        }
        if ENVELOPE_ID < written {
            return Err(SyntaxError { offset: text.len(), expected: "at most 100 characters" });
        }
        Ok(Self(text.into()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The same, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> EnvelopeId<'static> {
        EnvelopeId(self.0.into_owned())
    }

    /// Reads a value, in `xtext`.
    pub(crate) fn parse(value: &'a [u8]) -> Option<Self> {
        let text = grammar::xtext(value)?;
        let is_printable = |byte: &u8| matches!(byte, b' '..=b'~');
        // What was not encoded is printable.
        let fits = !value.is_empty()
            && value.len() <= ENVELOPE_ID
            && (!text.is_owned() || text.as_bytes().iter().all(is_printable));
        fits.then_some(Self(text))
    }
}

/// The value of ENVID.
impl fmt::Display for EnvelopeId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_xtext(self.as_str(), f)
    }
}

const fn needs_no_hex(byte: u8) -> bool {
    matches!(byte, b'!'..=b'~') && !matches!(byte, b'+' | b'=')
}

/// ORCPT: whom the sender meant, before any forwarding (RFC 3461 §4.2, RFC 6533 §3). It is told in
/// reports.
///
/// ```
/// use mailrail_smtp::{Mailbox, OriginalRecipient};
///
/// let bob: Mailbox<'_> = "bob+lists@south.test".parse()?;
/// let original = OriginalRecipient::of(&bob)?;
/// assert_eq!((original.address_type(), original.address()), ("rfc822", "bob+lists@south.test"));
/// assert_eq!(original.to_string(), "rfc822;bob+2Blists@south.test");
/// # Ok::<_, mailrail_smtp::SyntaxError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OriginalRecipient<'a> {
    address_type: Text<'a>,
    address: Text<'a>,
}

impl<'a> OriginalRecipient<'a> {
    /// A recipient by an address of that type, such as `rfc822`, or `utf-8` where it holds more
    /// than ASCII.
    ///
    /// # Errors
    ///
    /// Where the type is no atom, the address is empty, not printable, or not ASCII without being
    /// of type `utf-8`, or both together are longer than 500 bytes as written.
    pub fn new(
        address_type: impl Into<Cow<'a, str>>,
        address: impl Into<Cow<'a, str>>,
    ) -> Result<Self, SyntaxError> {
        let (address_type, address) = (address_type.into(), address.into());
        whole(address_type.as_bytes(), grammar::atom)?;
        let fits =
            |char: char| grammar::is_printable(char) && (is_utf8(&address_type) || char.is_ascii());
        if address.is_empty() || !address.chars().all(fits) {
            return Err(SyntaxError { offset: 0, expected: "a printable address" });
        }
        let original = Self { address_type: address_type.into(), address: address.into() };
        let mut length = Length(0);
        // Counting never fails.
        let _ = write!(length, "{original}");
        if length.0 > ORIGINAL_RECIPIENT {
            return Err(SyntaxError { offset: 0, expected: "at most 500 bytes" });
        }
        Ok(original)
    }

    /// Whose mailbox it is, as `rfc822` or, where it takes more than ASCII, as `utf-8`.
    ///
    /// # Errors
    ///
    /// Where it is too long.
    pub fn of(mailbox: &Mailbox<'_>) -> Result<OriginalRecipient<'static>, SyntaxError> {
        let address_type = if mailbox.is_ascii() { "rfc822" } else { "utf-8" };
        OriginalRecipient::new(address_type, mailbox.to_string())
    }

    /// What kind of address it is; compare it without regard to case.
    #[must_use]
    pub fn address_type(&self) -> &str {
        self.address_type.as_str()
    }

    /// The address, decoded.
    #[must_use]
    pub fn address(&self) -> &str {
        self.address.as_str()
    }

    /// The same, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> OriginalRecipient<'static> {
        OriginalRecipient {
            address_type: self.address_type.into_owned(),
            address: self.address.into_owned(),
        }
    }

    /// ```text
    /// original-recipient-address = addr-type ";" xtext
    /// addr-type                  = atom
    /// ```
    /// or, behind `utf-8`, `utf-8-addr-xtext / utf-8-addr-unitext`.
    pub(crate) fn parse(value: &'a [u8]) -> Option<Self> {
        if value.len() > ORIGINAL_RECIPIENT {
            return None;
        }
        let (rest, address_type) = grammar::atom(value).ok()?;
        let address = rest.strip_prefix(b";")?;
        if key(address_type) == const { key(b"utf-8") } {
            let address = unicode(core::str::from_utf8(address).ok()?)?;
            return Self::new(core::str::from_utf8(address_type).ok()?, address).ok();
        }
        let address = grammar::xtext(address).filter(|address| !address.as_bytes().is_empty())?;
        let is_printable = |byte: &u8| matches!(byte, b' '..=b'~');
        // What was not encoded is printable.
        let is_decoded = address.is_owned();
        let fits = !is_decoded || address.as_bytes().iter().all(is_printable);
        fits.then_some(Self { address_type: Text::read(address_type), address })
    }
}

fn is_utf8(address_type: &str) -> bool {
    address_type.eq_ignore_ascii_case("utf-8")
}

/// The value of ORCPT, in ASCII in any case.
impl fmt::Display for OriginalRecipient<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{};", self.address_type)?;
        if !is_utf8(self.address_type()) {
            return write_xtext(self.address(), f);
        }
        self.address().chars().try_for_each(|char| match char {
            '+' | '=' | '\\' | ' ' | '\u{7f}'.. => write!(f, "\\x{{{:02X}}}", u32::from(char)),
            _ => f.write_char(char),
        })
    }
}

/// ```text
/// utf-8-addr-xtext    = 1*(QCHAR / EmbeddedUnicodeChar)
/// utf-8-addr-unitext  = 1*(QUCHAR / EmbeddedUnicodeChar)
/// EmbeddedUnicodeChar = %x5C.78 "{" HEXPOINT "}"
/// ```
/// (RFC 6533 §3).
fn unicode(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('\\') {
        return (!text.contains(['+', '='])).then_some(Cow::Borrowed(text));
    }
    let mut decoded = String::new();
    for (at, piece) in text.split('\\').enumerate() {
        let rest = if at == 0 {
            piece
        } else {
            let (hex, rest) = piece.strip_prefix("x{")?.split_once('}')?;
            let fits =
                matches!(hex.len(), 2..=6) && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
            let point = u32::from_str_radix(hex, 16).ok().filter(|_| fits)?;
            decoded.push(char::from_u32(point)?);
            rest
        };
        if rest.contains(['+', '=']) {
            return None;
        }
        decoded.push_str(rest);
    }
    Some(Cow::Owned(decoded))
}

/// Counts what is written.
struct Length(usize);

impl fmt::Write for Length {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 = self.0.saturating_add(text.len());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notify() {
        for text in ["NEVER", "SUCCESS", "FAILURE,DELAY", "SUCCESS,FAILURE,DELAY"] {
            assert_eq!(Notify::parse(text.as_bytes()).unwrap().to_string(), text);
        }
        for text in ["", "NEVER,DELAY", "DELAY,", ",DELAY", "delay success", "DELAYED"] {
            assert_eq!(Notify::parse(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn original_recipients() {
        for (text, address) in [
            ("rfc822;Dana@Ivory.EDU", "Dana@Ivory.EDU"),
            ("rfc822;a+2Bb+3D@c", "a+b=@c"),
            ("utf-8;a\\x{2B}b@c", "a+b@c"),
            ("utf-8;\\x{E4}\\x{1F600}@c", "ä\u{1F600}@c"),
        ] {
            let original = OriginalRecipient::parse(text.as_bytes()).unwrap();
            assert_eq!(original.address(), address);
            assert_eq!(original.to_string(), text);
        }
        assert_eq!(OriginalRecipient::parse("UTF-8;ä@c".as_bytes()).unwrap().address(), "ä@c");
        let long = alloc::format!("rfc822;{}", "a".repeat(500));
        for text in [
            "rfc822",
            "rfc822;",
            ";a",
            "a b;c",
            "rfc822;a+0D+0A",
            "rfc822;+C3+A4",
            "utf-8;\\x{0D}",
            "utf-8;\\x{}",
            "utf-8;\\x{110000}",
            "utf-8;\\xE4",
            "utf-8;a+b",
            &long,
        ] {
            assert_eq!(OriginalRecipient::parse(text.as_bytes()), None, "{text}");
        }
        assert!(OriginalRecipient::new("rfc822", "ä@b").is_err());
    }

    #[test]
    fn envelope_identifiers() {
        assert_eq!(EnvelopeId::parse(b"QQ+2B314159").unwrap().as_str(), "QQ+314159");
        assert_eq!(EnvelopeId::new("a b=").unwrap().to_string(), "a+20b+3D");
        assert!(EnvelopeId::new("a\n").is_err() && EnvelopeId::new("ä").is_err());
        // An empty value cannot be said.
        assert!(EnvelopeId::new("").is_err() && EnvelopeId::parse(b"").is_none());
        assert!(EnvelopeId::new("a".repeat(100)).is_ok());
        assert!(
            EnvelopeId::new("a".repeat(101)).is_err() && EnvelopeId::new("+".repeat(34)).is_err()
        );
    }
}
