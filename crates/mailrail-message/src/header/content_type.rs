//! `Content-Type` (RFC 2045 §5).

use core::fmt;

use crate::error::SyntaxError;
use crate::grammar::Cursor;
use crate::header::parameter::Parameters;
use crate::limits::ValueLimits;

/// What a body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContentType<'a> {
    main: &'a str,
    sub: &'a str,
    parameters: Parameters<'a>,
}

impl<'a> ContentType<'a> {
    /// What a part is that does not say (RFC 2045 §5.2).
    pub(crate) const TEXT: Self = Self { main: "text", sub: "plain", parameters: Parameters::NONE };
    /// What a part of a multipart/digest is that does not say (RFC 2046 §5.1.5).
    pub(crate) const MESSAGE: Self =
        Self { main: "message", sub: "rfc822", parameters: Parameters::NONE };

    /// Reads the value of the field, within the default [`Limits`](crate::Limits).
    ///
    /// ```abnf
    /// content := "Content-Type" ":" type "/" subtype *(";" parameter)
    /// ```
    ///
    /// # Errors
    /// If there is no type and subtype. Parameters never fail: what makes no sense is left out.
    pub fn parse(value: &'a [u8]) -> Result<Self, SyntaxError> {
        Self::parse_within(value, ValueLimits::DEFAULT)
    }

    pub(crate) fn parse_within(value: &'a [u8], limits: ValueLimits) -> Result<Self, SyntaxError> {
        let mut cursor = Cursor::new(value, limits);
        cursor.gap();
        let main = cursor.token().ok_or_else(|| cursor.error("a type"))?;
        if !cursor.eat_spaced(b'/') {
            return Err(cursor.error("a slash"));
        }
        let sub = cursor.token().ok_or_else(|| cursor.error("a subtype"))?;
        Ok(Self { main, sub, parameters: Parameters::new(cursor.rest(), limits) })
    }

    /// The type, as it is written: `text`. Case does not count.
    pub const fn main_type(&self) -> &'a str {
        self.main
    }

    /// The subtype, as it is written: `plain`. Case does not count.
    pub const fn subtype(&self) -> &'a str {
        self.sub
    }

    /// Its parameters.
    pub const fn parameters(&self) -> Parameters<'a> {
        self.parameters
    }

    /// Whether it is this type and subtype; case does not count.
    pub fn is(&self, main: &str, sub: &str) -> bool {
        self.main.eq_ignore_ascii_case(main) && self.sub.eq_ignore_ascii_case(sub)
    }

    /// Whether it is text of any subtype.
    pub fn is_text(&self) -> bool {
        self.main.eq_ignore_ascii_case("text")
    }

    /// Whether it is a multipart of any subtype.
    pub fn is_multipart(&self) -> bool {
        self.main.eq_ignore_ascii_case("multipart")
    }

    /// Whether it is an embedded message: message/rfc822, or message/global (RFC 6532 §3.7).
    pub fn is_message(&self) -> bool {
        self.is("message", "rfc822") || self.is("message", "global")
    }
}

impl fmt::Display for ContentType<'_> {
    /// Type and subtype in lower case, without parameters: `text/plain`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write;

        for byte in self.main.bytes().chain(*b"/").chain(self.sub.bytes()) {
            f.write_char(char::from(byte.to_ascii_lowercase()))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn types_are_read() {
        let content_type = ContentType::parse(b" Text/HTML (c); Charset=x").unwrap();
        assert!(content_type.is("text", "html") && content_type.is_text());
        assert_eq!((content_type.main_type(), content_type.subtype()), ("Text", "HTML"));
        assert_eq!(content_type.to_string(), "text/html");
        assert_eq!(content_type.parameters().get("charset").as_deref(), Some("x"));
    }

    #[test]
    fn a_missing_semicolon_does_no_harm() {
        let content_type = ContentType::parse(b"text/plain charset=x").unwrap();
        assert_eq!(content_type.parameters().get("charset").as_deref(), Some("x"));
    }

    #[test]
    fn what_is_no_type_says_where() {
        assert_eq!(ContentType::parse(b"text").unwrap_err().offset, 4);
        assert_eq!(ContentType::parse(b"").unwrap_err().offset, 0);
        assert_eq!(ContentType::parse(b"text/;").unwrap_err().offset, 5);
    }
}
