//! What LANG tells (RFC 6856 §3.2).

use crate::{LanguageTag, SyntaxError};
use mailrail_wire::Output;

/// A language that a server can speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "RFC 6856 §3.2 gives it these two")]
pub struct LanguageListing<'a> {
    /// The language.
    pub tag: LanguageTag<'a>,
    /// What its speakers call it; may be empty.
    pub name: &'a str,
}

impl<'a> LanguageListing<'a> {
    /// Reads a line of LANG's answer, without CR LF.
    ///
    /// # Errors
    ///
    /// Where no tag stands there, or the rest is no UTF-8.
    pub fn parse(line: &'a [u8]) -> Result<Self, SyntaxError> {
        let len = line.iter().position(|&byte| byte == b' ').unwrap_or(line.len());
        let (tag, name) = line.split_at_checked(len).unwrap_or_default();
        let tag = LanguageTag::parse(tag)?;
        let name = core::str::from_utf8(name.strip_prefix(b" ").unwrap_or_default());
        let name = name.map_err(|error| SyntaxError {
            offset: len + 1 + error.valid_up_to(),
            expected: "UTF-8",
        })?;
        match name.bytes().position(|byte| byte.is_ascii_control()) {
            Some(at) => Err(SyntaxError { offset: len + 1 + at, expected: "no control character" }),
            None => Ok(Self { tag, name }),
        }
    }

    /// Writes the line, without CR LF. A name with a control character is left out.
    pub fn encode(&self, out: &mut Output) {
        out.text(self.tag.as_str().as_bytes());
        if !self.name.is_empty() && !self.name.bytes().any(|byte| byte.is_ascii_control()) {
            out.text(b" ");
            out.text(self.name.as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        let line = LanguageListing::parse(b"en-boont English Boontling dialect").unwrap();
        assert_eq!((line.tag.as_str(), line.name), ("en-boont", "English Boontling dialect"));
        assert_eq!(LanguageListing::parse(b"sv").unwrap().name, "");
        for (bad, offset) in [(&b""[..], 0), (b" x", 0), (b"sv \xff", 3), (b"sv a\rb", 4)] {
            assert_eq!(LanguageListing::parse(bad).unwrap_err().offset, offset, "{bad:?}");
        }
    }
}
