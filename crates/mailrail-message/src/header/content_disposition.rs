//! `Content-Disposition` (RFC 2183).

use alloc::borrow::Cow;

use crate::error::SyntaxError;
use crate::grammar::{Cursor, begins_parameter};
use crate::header::parameter::Parameters;
use crate::limits::ValueLimits;
use crate::scan::from;

/// How a part is meant to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContentDisposition<'a> {
    kind: &'a str,
    parameters: Parameters<'a>,
}

impl<'a> ContentDisposition<'a> {
    /// Reads the value of the field, within the default [`Limits`](crate::Limits).
    ///
    /// ```abnf
    /// disposition := "Content-Disposition" ":" disposition-type *(";" disposition-parm)
    /// ```
    ///
    /// # Errors
    /// If there is no disposition type.
    pub fn parse(value: &'a [u8]) -> Result<Self, SyntaxError> {
        Self::parse_within(value, ValueLimits::DEFAULT)
    }

    pub(crate) fn parse_within(value: &'a [u8], limits: ValueLimits) -> Result<Self, SyntaxError> {
        let mut cursor = Cursor::new(value, limits);
        cursor.gap();
        let start = cursor.at();
        // Some write it in quotes, or leave it out.
        let is_quoted = cursor.eat(b'"');
        let mut kind = cursor.token().ok_or_else(|| cursor.error("a disposition type"))?;
        if is_quoted {
            cursor.eat(b'"');
        } else if begins_parameter(from(value, start)) {
            kind = "attachment";
            cursor.go_to(start);
        }
        Ok(Self { kind, parameters: Parameters::new(cursor.rest(), limits) })
    }

    /// The disposition, as it is written: `inline`, `attachment` or another. Case does not count.
    pub const fn kind(&self) -> &'a str {
        self.kind
    }

    /// Whether it is shown with the text.
    pub fn is_inline(&self) -> bool {
        self.kind.eq_ignore_ascii_case("inline")
    }

    /// Whether it is shown apart. Kinds that nobody knows count as this one (RFC 2183 §2.8).
    pub fn is_attachment(&self) -> bool {
        !self.is_inline()
    }

    /// Its parameters.
    pub const fn parameters(&self) -> Parameters<'a> {
        self.parameters
    }

    /// The name of the file. It is what the sender wrote: it may hold path separators.
    pub fn filename(&self) -> Option<Cow<'a, str>> {
        self.parameters.get("filename")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_and_names() {
        let attachment = ContentDisposition::parse(b" attachment; filename=\"a b.txt\"").unwrap();
        assert!(attachment.is_attachment());
        assert_eq!(attachment.filename().as_deref(), Some("a b.txt"));
        assert!(ContentDisposition::parse(b"INLINE").unwrap().is_inline());
        assert!(ContentDisposition::parse(b"x-other").unwrap().is_attachment());
        assert!(ContentDisposition::parse(b"; filename=x").is_err());
        for wrong in [&b"\"attachment\"; filename=x"[..], b"filename=x", b"filename=x; size=3"] {
            let attachment = ContentDisposition::parse(wrong).unwrap();
            assert_eq!(
                (attachment.kind(), attachment.filename().as_deref()),
                ("attachment", Some("x"))
            );
        }
    }
}
