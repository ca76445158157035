//! Whether a message fits what a server offers.

use super::{ByMode, Extensions, Otherwise};
use crate::{
    ReversePath,
    command::{Body, Mail, Rcpt},
};

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
    /// It must not go on without TLS, and the server does not offer REQUIRETLS: 5.7.30 (RFC 8689
    /// §4.2.1).
    #[error("the message needs REQUIRETLS, and the server does not offer it")]
    RequireTls,
    /// It must be returned where it is late, and the server offers no DELIVERBY, or takes longer
    /// (RFC 2852 §4.1.4.1).
    #[error("the message must be in time, and the server does not promise that")]
    DeliverBy,
    /// It is to be held, and the server does not hold messages, or not for so long (RFC 4865 §3).
    #[error("the message must be held, and the server does not do that")]
    Hold,
}

impl Extensions {
    /// What of `mail` this server is told: all that it knows of, where the message fits; what only
    /// asks for reports, or tells who submitted the message, is left out where the server does not
    /// know of it; so is REQUIRETLS where the message has no sender, lest a report be lost (RFC 8689
    /// §5). Of a server that knows HELO alone, ask the default, which offers nothing.
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
        if mail.require_tls && !self.require_tls {
            if mail.reverse_path != ReversePath::Null {
                return Err(Unfit::RequireTls);
            }
            mail.require_tls = false;
        }
        match (mail.by, self.deliver_by) {
            (Some(by), least)
                if by.mode() == ByMode::Return
                    && least.is_none_or(|least| by.seconds().unsigned_abs() < least) =>
            {
                return Err(Unfit::DeliverBy);
            }
            (_, None) => mail.by = None,
            _ => {}
        }
        match (&mail.hold, &self.future_release) {
            (Some(_), None) => return Err(Unfit::Hold),
            (Some(hold), Some(most)) if !most.takes(hold) => return Err(Unfit::Hold),
            _ => {}
        }
        if self.mt_priority.is_none() {
            mail.mt_priority = None;
        }
        if self.no_soliciting.is_none() {
            mail.solicit = None;
        }
        if self.mechanisms().next().is_none() {
            mail.auth = None;
        }
        if !self.dsn {
            (mail.ret, mail.envelope_id) = (None, None);
        }
        Ok(mail)
    }

    /// What of `rcpt` this server is told: its wishes for reports only where it knows of them. RRVS
    /// is left out only where the recipient may do without; else a server that does not know it
    /// refuses the recipient, as it must be (RFC 7293 §5.2.1).
    #[must_use]
    pub fn fit_recipient<'a>(&self, mut rcpt: Rcpt<'a>) -> Rcpt<'a> {
        if !self.dsn {
            (rcpt.notify, rcpt.original_recipient) = (None, None);
        }
        let may_drop = |otherwise| otherwise == Some(Otherwise::Continue);
        if rcpt.valid_since.as_ref().is_some_and(|since| may_drop(since.otherwise)) && !self.rrvs {
            rcpt.valid_since = None;
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
        let hold = "HOLDFOR=100";
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
            ("", "REQUIRETLS", Err(Unfit::RequireTls)),
            ("tls", "REQUIRETLS", Ok(" REQUIRETLS")),
            ("", "BY=9;N MT-PRIORITY=1 SOLICIT=a", Ok("")),
            ("", "BY=9;R", Err(Unfit::DeliverBy)),
            ("by", "BY=9;R", Err(Unfit::DeliverBy)),
            ("by", "BY=10;R", Ok(" BY=10;R")),
            ("by", "BY=-10;N", Ok(" BY=-10;N")),
            ("", hold, Err(Unfit::Hold)),
            ("hold", hold, Ok(" HOLDFOR=100")),
            ("hold", "HOLDFOR=101", Err(Unfit::Hold)),
            ("hold", "HOLDUNTIL=2030-01-01T00:00:00Z", Ok(" HOLDUNTIL=2030-01-01T00:00:00Z")),
            ("hold", "HOLDUNTIL=2030-01-01T00:00:01Z", Err(Unfit::Hold)),
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
                    "tls" => offered.require_tls = true,
                    "by" => offered.deliver_by = Some(10),
                    "hold" => {
                        let until = "2030-01-01T00:00:00Z".parse().unwrap();
                        let release = crate::FutureRelease { seconds: 100, until };
                        offered.future_release = Some(release.into());
                    }
                    _ => offered.add_mechanism("PLAIN").unwrap(),
                }
            }
            let line = |words: &str| {
                let line = alloc::format!("MAIL FROM:{words}\r\n");
                match crate::command::Command::parse(line.as_bytes()) {
                    Ok(crate::command::Command::Mail(mail)) => mail.into_owned(),
                    other => panic!("{line} {other:?}"),
                }
            };
            for from in ["<a@b>", "<>"] {
                let mail = line(&(String::from(from) + " " + said));
                // A report goes without REQUIRETLS, too.
                let told = match told {
                    Err(Unfit::RequireTls) if from == "<>" => Ok(""),
                    told => told,
                };
                let told = told.map(|words| line(&(String::from(from) + words)));
                assert_eq!(offered.fit(mail), told, "{offer}: {from} {said}");
            }
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
