//! `Auto-Submitted` (RFC 3834 §5).

use crate::error::SyntaxError;
use crate::grammar::Cursor;
use crate::header::parameter::Parameters;
use crate::limits::ValueLimits;

/// Whether a person or a program sent a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AutoSubmitted<'a> {
    keyword: &'a str,
    parameters: Parameters<'a>,
}

impl<'a> AutoSubmitted<'a> {
    /// Reads the value of the field, within the default [`Limits`](crate::Limits).
    ///
    /// ```abnf
    /// auto-submitted = ( "no" / "auto-generated" / "auto-replied" / extension ) opt-parameter-list
    /// ```
    ///
    /// # Errors
    /// If there is no keyword.
    pub fn parse(value: &'a [u8]) -> Result<Self, SyntaxError> {
        Self::parse_within(value, ValueLimits::DEFAULT)
    }

    pub(crate) fn parse_within(value: &'a [u8], limits: ValueLimits) -> Result<Self, SyntaxError> {
        let mut cursor = Cursor::new(value, limits);
        cursor.gap();
        let keyword = cursor.token().ok_or_else(|| cursor.error("a keyword"))?;
        Ok(Self { keyword, parameters: Parameters::new(cursor.rest(), limits) })
    }

    /// The keyword, as it is written: `no`, `auto-generated`, `auto-replied`, `auto-notified` (RFC 5436) or another.
    pub const fn keyword(&self) -> &'a str {
        self.keyword
    }

    /// Whether a program sent it: every keyword but `no`. Nothing should answer such a message by itself.
    pub fn is_automatic(&self) -> bool {
        !self.keyword.eq_ignore_ascii_case("no")
    }

    /// Its parameters.
    pub const fn parameters(&self) -> Parameters<'a> {
        self.parameters
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords() {
        let auto =
            AutoSubmitted::parse(b" auto-replied (vacation); owner-email=\"a@b.test\"").unwrap();
        assert_eq!(auto.keyword(), "auto-replied");
        assert!(auto.is_automatic());
        assert_eq!(auto.parameters().get("owner-email").as_deref(), Some("a@b.test"));
        assert!(!AutoSubmitted::parse(b"No").unwrap().is_automatic());
        assert_eq!(AutoSubmitted::parse(b" ").unwrap_err().offset, 1);
    }
}
