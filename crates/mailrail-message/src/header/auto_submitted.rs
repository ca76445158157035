//! `Auto-Submitted` (RFC 3834 §5).

use crate::builder::field::check;
use crate::builder::fold::Fold;
use crate::error::{Error, SyntaxError};
use crate::grammar::{Cursor, is_token};
use crate::header::parameter::Parameters;
use crate::limits::ValueLimits;

/// Whether a person or a program sent a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AutoSubmitted<'a> {
    keyword: &'a str,
    parameters: Parameters<'a>,
}

impl<'a> AutoSubmitted<'a> {
    /// From the keyword: `no`, `auto-generated`, `auto-replied`, `auto-notified` or another.
    pub const fn new(keyword: &'a str) -> Self {
        Self { keyword, parameters: Parameters::NONE }
    }

    pub(crate) fn write(&self, line: &mut Fold<'_>) -> Result<(), Error> {
        const FIELD: &str = "Auto-Submitted";
        check(FIELD, self.keyword)?;
        if self.keyword.is_empty() || !self.keyword.bytes().all(is_token) {
            return Err(Error::InvalidValue(FIELD));
        }
        line.word(self.keyword);
        for parameter in self.parameters.decoded() {
            check(FIELD, &parameter.value)?;
            if parameter.name.contains('*') {
                return Err(Error::InvalidValue(FIELD));
            }
            line.parameter(parameter.name, &parameter.value);
        }
        Ok(())
    }

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
