//! UTF-7 (RFC 2152), and the modified form that IMAP has for mailbox names (RFC 3501 §5.1.3).

use alloc::string::String;

use crate::steps;

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
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
    let mut decoder = Decoder::new(form);
    decoder.decode(text, &mut out);
    decoder.finish(&mut out);
    out
}

/// Decodes text that comes in pieces.
#[derive(Debug, Clone)]
pub(super) struct Decoder {
    form: Form,
    /// Behind the byte that shifts.
    is_shifted: bool,
    has_digit: bool,
    bits: u32,
    have: u32,
    /// The first half of a surrogate pair.
    high: Option<u16>,
}

impl Decoder {
    pub(super) const fn new(form: Form) -> Self {
        Self { form, is_shifted: false, has_digit: false, bits: 0, have: 0, high: None }
    }

    pub(super) fn decode(&mut self, text: &[u8], out: &mut String) {
        steps::count(text.len());
        for &byte in text {
            if self.is_shifted {
                if let Some(digit) = self.form.digit(byte) {
                    self.digit(digit, out);
                    continue;
                }
                match (byte, self.has_digit) {
                    (b'-', false) => out.push(char::from(self.form.shift())),
                    _ => self.end_run(out),
                }
                self.is_shifted = false;
                if byte == b'-' {
                    continue;
                }
            }
            if byte == self.form.shift() {
                *self = Self { is_shifted: true, ..Self::new(self.form) };
            } else {
                out.push(if byte.is_ascii() {
                    char::from(byte)
                } else {
                    char::REPLACEMENT_CHARACTER
                });
            }
        }
    }

    /// The text ends.
    pub(super) fn finish(&mut self, out: &mut String) {
        if core::mem::take(&mut self.is_shifted) {
            self.end_run(out);
        }
    }

    fn digit(&mut self, digit: u32, out: &mut String) {
        self.has_digit = true;
        self.bits = (self.bits << 6 | digit) & 0x3f_ffff;
        self.have += 6;
        if self.have >= 16 {
            self.have -= 16;
            self.unit(u16::try_from(self.bits >> self.have & 0xffff).unwrap_or_default(), out);
        }
    }

    fn unit(&mut self, unit: u16, out: &mut String) {
        let mut push = |units: &[u16]| {
            let letters = char::decode_utf16(units.iter().copied());
            out.extend(letters.map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER)));
        };
        match (self.high.take(), unit) {
            (Some(high), 0xdc00..=0xdfff) => push(&[high, unit]),
            (high, 0xd800..=0xdbff) => {
                push(high.as_slice());
                self.high = Some(unit);
            }
            (high, _) => {
                push(high.as_slice());
                push(&[unit]);
            }
        }
    }

    /// The digits end.
    fn end_run(&mut self, out: &mut String) {
        if self.high.take().is_some() {
            out.push(char::REPLACEMENT_CHARACTER);
        }
        // Bits that are left over must be zero, and fewer than a digit has.
        if self.have >= 6 || self.bits & ((1 << self.have) - 1) != 0 || !self.has_digit {
            out.push(char::REPLACEMENT_CHARACTER);
        }
    }
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
