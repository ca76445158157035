//! UTF-7 (RFC 2152), and the modified form that IMAP has for mailbox names (RFC 3501 §5.1.3).

use alloc::string::String;
use alloc::vec::Vec;

use crate::scan::from;

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// `+` shifts; the digits are those of base64.
    Mail,
    /// `&` shifts; `,` stands for `/`.
    Mailbox,
}

impl Form {
    const fn shift(self) -> u8 {
        match self {
            Self::Mail => b'+',
            Self::Mailbox => b'&',
        }
    }

    const fn digit(self, byte: u8) -> Option<u32> {
        let digit = match (byte, self) {
            (b'A'..=b'Z', _) => byte - b'A',
            (b'a'..=b'z', _) => byte - b'a' + 26,
            (b'0'..=b'9', _) => byte - b'0' + 52,
            (b'+', _) => 62,
            (b'/', Self::Mail) | (b',', Self::Mailbox) => 63,
            _ => return None,
        };
        Some(digit as u32)
    }
}

/// Decodes UTF-7 as mail has it. What is no valid code becomes U+FFFD.
///
/// # Examples
/// ```
/// assert_eq!(mailrail_message::encoding::utf7::decode(b"Hi Mom -+Jjo--!"), "Hi Mom -\u{263a}-!");
/// ```
pub fn decode(text: &[u8]) -> String {
    decode_form(text, Form::Mail)
}

/// Decodes the modified UTF-7 of IMAP's mailbox names. What is no valid code becomes U+FFFD.
///
/// # Examples
/// ```
/// let name = mailrail_message::encoding::utf7::decode_modified(b"~peter/mail/&U,BTFw-/&ZeVnLIqe-");
/// assert_eq!(name, "~peter/mail/\u{53f0}\u{5317}/\u{65e5}\u{672c}\u{8a9e}");
/// ```
pub fn decode_modified(text: &[u8]) -> String {
    decode_form(text, Form::Mailbox)
}

fn decode_form(text: &[u8], form: Form) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte == form.shift() {
            if rest.first() == Some(&b'-') {
                out.push(char::from(byte));
                rest = from(rest, 1);
            } else {
                rest = shifted(rest, form, &mut out);
            }
        } else {
            out.push(if byte.is_ascii() { char::from(byte) } else { char::REPLACEMENT_CHARACTER });
        }
    }
    out
}

/// Decodes a run of digits, and gives what stands behind it; a `-` that ends it is dropped.
fn shifted<'a>(text: &'a [u8], form: Form, out: &mut String) -> &'a [u8] {
    let mut units: Vec<u16> = Vec::new();
    let (mut bits, mut have) = (0_u32, 0_u32);
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first()
        && let Some(digit) = form.digit(byte)
    {
        rest = after;
        bits = (bits << 6 | digit) & 0x3f_ffff;
        have += 6;
        if have >= 16 {
            have -= 16;
            units.push(u16::try_from(bits >> have & 0xffff).unwrap_or_default());
        }
    }
    out.extend(char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)));
    // Bits that are left over must be zero, and fewer than a digit has.
    if have >= 6 || bits & ((1 << have) - 1) != 0 || rest.len() == text.len() {
        out.push(char::REPLACEMENT_CHARACTER);
    }
    rest.strip_prefix(b"-").unwrap_or(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_rfc() {
        for (code, text) in [
            ("A+ImIDkQ.", "A\u{2262}\u{391}."),
            ("Hi Mom -+Jjo--!", "Hi Mom -\u{263a}-!"),
            ("+ZeVnLIqe-", "\u{65e5}\u{672c}\u{8a9e}"),
            ("Item 3 is +AKM-1.", "Item 3 is \u{a3}1."),
            ("1 +- 1", "1 + 1"),
            ("+2D3eCg-", "\u{1f60a}"),
            ("", ""),
        ] {
            assert_eq!(decode(code.as_bytes()), text, "{code}");
        }
        assert_eq!(decode_modified(b"a &- b&AOk-"), "a & b\u{e9}");
        assert_eq!(decode_modified(b"1+1"), "1+1");
    }

    #[test]
    fn what_is_wrong_is_marked() {
        for (code, text) in [
            (&b"+"[..], "\u{fffd}"),
            (b"+!", "\u{fffd}!"),
            (b"+AKMA", "\u{a3}\u{fffd}"),
            (b"+2D0-", "\u{fffd}"),
            (b"caf\xe9", "caf\u{fffd}"),
            (b"+AKN", "\u{a3}\u{fffd}"),
        ] {
            assert_eq!(decode(code), text, "{code:?}");
        }
    }
}
