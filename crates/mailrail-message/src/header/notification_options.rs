//! `Disposition-Notification-Options` (RFC 8098 §2.2).

use alloc::borrow::Cow;
use alloc::vec::Vec;

use crate::builder::field::check;
use crate::builder::fold::Fold;
use crate::encoding::charset::guess_cow;
use crate::error::Error;
use crate::grammar::{Cursor, is_atext, is_token};
use crate::limits::ValueLimits;
use crate::scan::is_fws;

/// One wish of who asks for a disposition notification.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NotificationOption<'a> {
    /// What it is about, such as `signed-receipt-protocol`.
    pub attribute: &'a str,
    /// Whether no notification may be sent by who does not know it.
    pub is_required: bool,
    /// Its values.
    pub values: Vec<Cow<'a, str>>,
}

const FIELD: &str = "Disposition-Notification-Options";

impl<'a> NotificationOption<'a> {
    /// A wish and its values, of which there must be one at least.
    pub const fn new(attribute: &'a str, is_required: bool, values: Vec<Cow<'a, str>>) -> Self {
        Self { attribute, is_required, values }
    }

    pub(crate) fn write(&self, line: &mut Fold<'_>) -> Result<(), Error> {
        check(FIELD, self.attribute)?;
        // An atom, as a token is too: readers differ.
        let is_atom = |word: &str| {
            !word.is_empty() && word.bytes().all(|byte| is_token(byte) && is_atext(byte))
        };
        if !is_atom(self.attribute) || self.values.is_empty() {
            return Err(Error::InvalidValue(FIELD));
        }
        let importance = if self.is_required { "=required" } else { "=optional" };
        line.joined(&[self.attribute, importance]);
        for value in &self.values {
            line.glue(",");
            line.value(FIELD, "", value, is_atom(value))?;
        }
        Ok(())
    }

    /// Reads the value of the field, within the default [`Limits`](crate::Limits). What follows no grammar is left out.
    ///
    /// ```abnf
    /// disposition-notification-parameter-list = parameter *([FWS] ";" [FWS] parameter)
    /// parameter  = attribute [FWS] "=" [FWS] importance [FWS] "," [FWS] value *([FWS] "," [FWS] value)
    /// importance = "required" / "optional"
    /// ```
    pub fn parse_list(value: &'a [u8]) -> Vec<Self> {
        Self::parse_within(value, ValueLimits::DEFAULT)
    }

    pub(crate) fn parse_within(value: &'a [u8], limits: ValueLimits) -> Vec<Self> {
        let mut cursor = Cursor::new(value, limits);
        let mut options = Vec::new();
        let mut left = limits.parameters;
        while cursor.peek().is_some() && left > 0 {
            cursor.gap();
            if let Some(attribute) = cursor.token()
                && cursor.eat_spaced(b'=')
                && let Some(importance) = cursor.token()
            {
                let is_required = importance.eq_ignore_ascii_case("required");
                let mut values = Vec::new();
                while left > 0 && cursor.eat_spaced(b',') {
                    left -= 1;
                    let plain = |byte: u8| !is_fws(byte) && !matches!(byte, b',' | b';' | b'(');
                    let value =
                        cursor.quoted().unwrap_or_else(|| Cow::Borrowed(cursor.take_while(plain)));
                    values.push(guess_cow(value));
                }
                options.push(Self { attribute, is_required, values });
            }
            cursor.take_while(|byte| byte != b';');
            cursor.eat(b';');
            left = left.saturating_sub(1);
        }
        options
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read() {
        let all = NotificationOption::parse_list(
            b" signed-receipt-protocol=optional, pkcs7-signature; broken;\r\n signed-receipt-micalg = Required,sha1, \"m,d5\"",
        );
        assert_eq!(all.len(), 2);
        assert_eq!((all[0].attribute, all[0].is_required), ("signed-receipt-protocol", false));
        assert_eq!(all[0].values, ["pkcs7-signature"]);
        assert!(all[1].is_required);
        assert_eq!(all[1].values, ["sha1", "m,d5"]);
        assert!(NotificationOption::parse_list(b" ").is_empty());
    }
}
