//! `Return-Path`, the reverse path that the last server writes (RFC 5321 §4.4).

use alloc::format;
use alloc::vec::Vec;

use crate::builder::fold::Fold;
use crate::error::Error;
use crate::header::address::Mailbox;

/// Where the envelope said that failures go.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReturnPath<'a> {
    /// The address; `None` for the null reverse path of a report.
    pub path: Option<&'a str>,
}

impl<'a> ReturnPath<'a> {
    /// From the reverse path of the envelope, `local@domain`.
    pub const fn new(path: Option<&'a str>) -> Self {
        Self { path }
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
        let address = match self.path {
            Some(path) => {
                Mailbox::new(path).map_err(|_| Error::InvalidAddress("Return-Path"))?.address()
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
