//! Whether a message fits what a server offers.

use super::Extensions;
use crate::command::{Body, Mail, Rcpt};

/// Why a server would not take a message. No other try at the same server makes it fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unfit {
    /// It is larger than the server's SIZE: as if answered 552 5.3.4 (RFC 1870 §6.1).
    #[error("the message has {size} bytes, and the server takes {limit}")]
    TooLarge {
        /// Its size in bytes.
        size: u64,
        /// The server's limit in bytes.
        limit: u64,
    },
    /// It has bytes over 127, and the server offers no 8BITMIME. Without a conversion it can't be
    /// sent: 5.6.3 (RFC 6152 §3).
    #[error("the message has bytes over 127, and the server does not take them")]
    EightBit,
    /// It is binary, and the server does not offer both BINARYMIME and CHUNKING. Without a
    /// conversion it can't be sent: 5.6.3 (RFC 3030 §3).
    #[error("the message is binary, and the server does not take it so")]
    Binary,
    /// An address or a header field has characters beyond ASCII, and the server offers no SMTPUTF8:
    /// 5.6.7 (RFC 6531 §3.2).
    #[error("the message needs SMTPUTF8, and the server does not offer it")]
    Utf8,
}

impl Extensions {
    /// What of `mail` this server is told: all that it knows of, where the message fits; what only
    /// asks for reports, or tells who submitted the message, is left out where the server does not
    /// know of it. Of a server that knows HELO alone, ask the default, which offers nothing.
    ///
    /// ```
    /// use mailrail_smtp::{Extensions, ReversePath, Unfit, command::{Body, Mail}};
    ///
    /// let mut mail = Mail::new(ReversePath::Null);
    /// (mail.size, mail.body) = (Some(1_000), Some(Body::EightBitMime));
    /// let mut offered = Extensions::default();
    /// assert_eq!(offered.fit(mail.clone()), Err(Unfit::EightBit));
    /// offered.eight_bit_mime = true;
    /// assert_eq!(offered.fit(mail)?.size, None);
    /// # Ok::<_, Unfit>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Where the server would refuse it.
    pub fn fit<'a>(&self, mut mail: Mail<'a>) -> Result<Mail<'a>, Unfit> {
        match (self.size, mail.size) {
            (Some(limit), Some(size)) if limit != 0 && size > limit => {
                return Err(Unfit::TooLarge { size, limit });
            }
            (Some(_), _) => {}
            (None, _) => mail.size = None,
        }
        match mail.body {
            Some(Body::BinaryMime) if !(self.binary_mime && self.chunking) => {
                return Err(Unfit::Binary);
            }
            Some(Body::EightBitMime) if !self.eight_bit_mime => return Err(Unfit::EightBit),
            Some(Body::SevenBit) if !self.eight_bit_mime => mail.body = None,
            _ => {}
        }
        if mail.smtp_utf8 && !self.smtp_utf8 {
            return Err(Unfit::Utf8);
        }
        if self.mechanisms().next().is_none() {
            mail.auth = None;
        }
        if !self.dsn {
            (mail.ret, mail.envelope_id) = (None, None);
        }
        Ok(mail)
    }

    /// What of `rcpt` this server is told: its wishes for reports only where it knows of them.
    #[must_use]
    pub fn fit_recipient<'a>(&self, mut rcpt: Rcpt<'a>) -> Rcpt<'a> {
        if !self.dsn {
            (rcpt.notify, rcpt.original_recipient) = (None, None);
        }
        rcpt
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{EnvelopeId, Mailbox, Notify, Ret, ReversePath};
    use alloc::string::String;

    #[test]
    fn what_fits_is_told() {
        let all = "size 8bit binary chunking utf8 dsn auth";
        for (offer, said, told) in [
            ("", "SIZE=10 BODY=7BIT AUTH=<> RET=FULL ENVID=x", Ok("")),
            ("size", "SIZE=10", Ok(" SIZE=10")),
            ("size", "SIZE=101", Err(Unfit::TooLarge { size: 101, limit: 100 })),
            ("", "SIZE=101", Ok("")),
            ("8bit", "BODY=7BIT", Ok(" BODY=7BIT")),
            ("8bit", "BODY=8BITMIME", Ok(" BODY=8BITMIME")),
            ("size", "BODY=8BITMIME", Err(Unfit::EightBit)),
            ("binary chunking", "BODY=BINARYMIME", Ok(" BODY=BINARYMIME")),
            ("binary 8bit", "BODY=BINARYMIME", Err(Unfit::Binary)),
            ("chunking 8bit", "BODY=BINARYMIME", Err(Unfit::Binary)),
            ("utf8", "SMTPUTF8", Ok(" SMTPUTF8")),
            ("8bit", "SMTPUTF8", Err(Unfit::Utf8)),
            ("auth", "AUTH=<>", Ok(" AUTH=<>")),
            (all, "SIZE=1 AUTH=a@b RET=FULL ENVID=x", Ok(" SIZE=1 AUTH=a@b RET=FULL ENVID=x")),
        ] {
            let mut offered = Extensions::default();
            for word in offer.split_ascii_whitespace() {
                match word {
                    "size" => offered.size = Some(100),
                    "8bit" => offered.eight_bit_mime = true,
                    "binary" => offered.binary_mime = true,
                    "chunking" => offered.chunking = true,
                    "utf8" => offered.smtp_utf8 = true,
                    "dsn" => offered.dsn = true,
                    _ => offered.add_mechanism("PLAIN").unwrap(),
                }
            }
            let line = |words: &str| {
                let line = alloc::format!("MAIL FROM:<>{words}\r\n");
                match crate::command::Command::parse(line.as_bytes()) {
                    Ok(crate::command::Command::Mail(mail)) => mail.into_owned(),
                    other => panic!("{line} {other:?}"),
                }
            };
            let mail = line(&(String::from(" ") + said));
            assert_eq!(offered.fit(mail), told.map(line), "{offer}: {said}");
        }
        let mut mail = Mail::new(ReversePath::Null);
        mail.ret = Some(Ret::Full);
        mail.envelope_id = EnvelopeId::new("x").ok();
        assert_eq!(Extensions::default().fit(mail), Ok(Mail::new(ReversePath::Null)));
    }

    #[test]
    fn wishes_for_reports() {
        let mut rcpt = Rcpt::from("a@b".parse::<Mailbox<'_>>().unwrap());
        rcpt.notify = Some(Notify::NEVER);
        let mut offered = Extensions::default();
        assert_eq!(offered.fit_recipient(rcpt.clone()).notify, None);
        offered.dsn = true;
        assert_eq!(offered.fit_recipient(rcpt.clone()), rcpt);
    }
}
