//! `Return-Path`, the reverse path that the last server writes (RFC 5321 §4.4).

use alloc::borrow::Cow;
use alloc::format;
use alloc::vec::Vec;

use crate::builder::fold::Fold;
use crate::error::{Error, SyntaxError};
use crate::header::address::Mailbox;
use crate::header::address_list::{RawAddress, RawAddresses};
use crate::limits::ValueLimits;

/// Where the envelope said that failures go.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReturnPath<'a> {
    /// The address, `local@domain`; `None` for the null reverse path of a report.
    pub path: Option<Cow<'a, str>>,
}

impl<'a> ReturnPath<'a> {
    /// From the reverse path of the envelope, `local@domain`.
    pub const fn new(path: Option<&'a str>) -> Self {
        match path {
            Some(path) => Self { path: Some(Cow::Borrowed(path)) },
            None => Self { path: None },
        }
    }

    /// Reads the value of a field, within the default [`Limits`](crate::Limits). A route before the address is left out.
    ///
    /// ```abnf
    /// return = "Return-Path:" path CRLF
    /// path   = angle-addr / ([CFWS] "<" [CFWS] ">" [CFWS])
    /// ```
    ///
    /// # Errors
    /// If it is neither an address nor `<>`.
    pub fn parse(value: &'a [u8]) -> Result<Self, SyntaxError> {
        Self::parse_within(value, ValueLimits::DEFAULT)
    }

    pub(crate) fn parse_within(value: &'a [u8], limits: ValueLimits) -> Result<Self, SyntaxError> {
        let mut list = RawAddresses::new(value, limits);
        let Some(RawAddress::Mailbox(raw)) = list.next() else {
            return Err(SyntaxError::new(0, "an address in angle brackets"));
        };
        if raw.local.is_empty() && raw.host.is_empty() {
            return Ok(Self { path: None });
        }
        Ok(Self { path: Some(Mailbox::decode(raw, limits).into_address()) })
    }

    /// The field with its line end, to be put in front of the message.
    ///
    /// ```abnf
    /// Return-path-line = "Return-Path:" FWS Reverse-path <CRLF>
    /// ```
    ///
    /// # Errors
    /// If it is no address.
    pub fn encode(&self) -> Result<Vec<u8>, Error> {
        let address = match &self.path {
            Some(path) => {
                Mailbox::new(path).map_err(|_| Error::InvalidAddress("Return-Path"))?.into_address()
            }
            None => Default::default(),
        };
        let mut field = Vec::new();
        let mut line = Fold::begin(&mut field, "Return-Path");
        line.word(&format!("<{address}>"));
        line.finish("Return-Path")?;
        Ok(field)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read() {
        for (text, path) in [
            (" <a@b.test>", Some("a@b.test")),
            ("<@x.test:a@b.test>", Some("a@b.test")),
            ("a@b.test", Some("a@b.test")),
            ("<\"a b\"@c.test> (x)", Some("\"a b\"@c.test")),
            ("< >", None),
        ] {
            assert_eq!(ReturnPath::parse(text.as_bytes()).unwrap().path.as_deref(), path);
        }
        assert!(ReturnPath::parse(b" ").is_err());
        assert!(ReturnPath::parse(b"a:;").is_err());
    }

    #[test]
    fn paths() {
        assert_eq!(
            ReturnPath::new(Some("a@b.test")).encode().unwrap(),
            b"Return-Path: <a@b.test>\r\n"
        );
        assert_eq!(ReturnPath::new(None).encode().unwrap(), b"Return-Path: <>\r\n");
        for bad in ["", "a", "a@b>\r\nX: y", "a@b, c@d", "a@b\r\n"] {
            assert!(ReturnPath::new(Some(bad)).encode().is_err(), "{bad:?}");
        }
    }
}
