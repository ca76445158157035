//! `Received`, the trace that each server leaves (RFC 5321 §4.4).

use alloc::format;
use alloc::vec::Vec;

use crate::builder::fold::Fold;
use crate::error::Error;
use crate::header::date::DateTime;

/// What a server writes in front of a message that it took.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Received<'a> {
    /// What the client called itself in EHLO, HELO or LHLO: a domain or an address literal.
    pub from: &'a str,
    /// The client's address, such as `192.0.2.1`, or `IPv6:2001:db8::1`.
    pub address: Option<&'a str>,
    /// The domain that the client's address leads to.
    pub reverse: Option<&'a str>,
    /// The server itself.
    pub by: &'a str,
    /// The protocol: `SMTP`, `ESMTP`, `ESMTPS`, `ESMTPSA`, `LMTP` … (RFC 3848).
    pub with: &'a str,
    /// The name that the server's log gives the message.
    pub id: Option<&'a str>,
    /// The recipient, as `local@domain`. To be left out where there are several, since one would learn of another.
    pub recipient: Option<&'a str>,
    /// When.
    pub date: DateTime,
}

impl<'a> Received<'a> {
    /// What every such field has; the rest can be set then.
    pub const fn new(from: &'a str, by: &'a str, with: &'a str, date: DateTime) -> Self {
        Self { from, address: None, reverse: None, by, with, id: None, recipient: None, date }
    }

    /// The field with its line end, folded, to be put in front of the message.
    ///
    /// ```abnf
    /// Time-stamp-line = "Received:" FWS Stamp <CRLF>
    /// Stamp           = From-domain By-domain Opt-info [CFWS] ";" FWS date-time
    /// Extended-Domain = Domain / ( Domain FWS "(" TCP-info ")" ) / ( address-literal FWS "(" TCP-info ")" )
    /// ```
    ///
    /// # Errors
    /// If a value holds anything but printable ASCII (or, as RFC 6531 §3.7.3 allows, UTF-8) without white space, or one of
    /// `()<>;\"`, which could pass for another clause.
    pub fn encode(&self) -> Result<Vec<u8>, Error> {
        let mut field = Vec::new();
        let mut line = Fold::begin(&mut field, "Received");
        line.word("from");
        line.word(checked(self.from)?);
        let address = self.address.map(checked).transpose()?;
        match (self.reverse.map(checked).transpose()?, address) {
            (Some(name), Some(address)) => line.word(&format!("({name} [{address}])")),
            (None, Some(address)) => line.word(&format!("([{address}])")),
            (Some(name), None) => line.word(&format!("({name})")),
            (None, None) => {}
        }
        line.word("by");
        line.word(checked(self.by)?);
        line.word("with");
        line.word(checked(self.with)?);
        if let Some(id) = self.id {
            line.word("id");
            line.word(checked(id)?);
        }
        if let Some(recipient) = self.recipient {
            line.word("for");
            line.word(&format!("<{}>", checked(recipient)?));
        }
        line.glue(";");
        line.word(&format!("{}", self.date.rfc5322()));
        line.finish("Received")?;
        Ok(field)
    }
}

fn checked(value: &str) -> Result<&str, Error> {
    if value.contains(['\r', '\n', '\0']) {
        return Err(Error::ForbiddenByte("Received"));
    }
    let is_word = |letter: char| {
        !letter.is_whitespace() && !letter.is_control() && !"()<>;\\\"".contains(letter)
    };
    if value.is_empty() || !value.chars().all(is_word) {
        return Err(Error::NotAscii("Received"));
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_written_folded() {
        let date = DateTime::from_unix(880_127_706, -360).unwrap();
        let mut received = Received::new("client.test", "mx.south.test", "ESMTPS", date);
        received.address = Some("192.0.2.1");
        received.reverse = Some("host.client.test");
        received.id = Some("abc123");
        received.recipient = Some("bob@south.test");
        assert_eq!(
            core::str::from_utf8(&received.encode().unwrap()).unwrap(),
            "Received: from client.test (host.client.test [192.0.2.1]) by mx.south.test\r\n \
             with ESMTPS id abc123 for <bob@south.test>; Fri, 21 Nov 1997 09:55:06 -0600\r\n"
        );
    }

    #[test]
    fn nothing_can_be_slipped_in() {
        let date = DateTime::from_unix(0, 0).unwrap();
        for bad in ["a\r\nb", "a b", "a;b", "(a", "", "a\0"] {
            assert!(Received::new(bad, "b", "SMTP", date).encode().is_err(), "{bad:?}");
        }
    }
}
