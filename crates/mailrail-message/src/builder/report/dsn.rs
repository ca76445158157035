//! Delivery status notifications (RFC 3464, with UTF-8 addresses RFC 6533).

use alloc::borrow::Cow;
use alloc::vec::Vec;

use super::{Fields, Returned};
use crate::error::Error;
use crate::header::date::DateTime;

/// What became of a message, for its sender: goes into [`Builder::report`](crate::Builder::report).
///
/// Where an address or a diagnostic holds UTF-8, the part is a message/global-delivery-status. The message itself must go out with an
/// empty reverse-path (RFC 3464 §2).
///
/// # Examples
/// ```
/// use mailrail_message::{Builder, DateTime, Dsn, DsnAction, DsnRecipient, Mailbox, Returned};
///
/// let mut bob = DsnRecipient::new("bob@south.test", DsnAction::Failed, "5.1.1");
/// bob.diagnostic_code = Some(("smtp".into(), "550 5.1.1 No such user".into()));
/// bob.remote_mta = Some("mx.south.test".into());
/// let mut dsn = Dsn::new("mx.north.test", vec![bob]);
/// dsn.returned = Returned::headers("Subject: hello\r\n");
/// let report = Builder::new()
///     .from(Mailbox::new("postmaster@north.test")?)
///     .to(Mailbox::new("ann@north.test")?)
///     .subject("Your message could not be delivered")
///     .date(DateTime::from_unix(1_795_000_000, 0).unwrap())
///     .text("bob@south.test does not exist.\n")
///     .report(dsn)
///     .into_vec([7; 16])?;
/// assert!(String::from_utf8(report)?.contains("\r\nFinal-Recipient: rfc822; bob@south.test\r\nAction: failed\r\n"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Dsn<'a> {
    /// The host name of the server that reports (§2.2.2).
    pub reporting_mta: Cow<'a, str>,
    /// `ENVID` of the message's MAIL command, its xtext decoded (§2.2.1).
    pub original_envelope_id: Option<Cow<'a, str>>,
    /// The host name of the gateway that turned a report of another mail system into this one (§2.2.3).
    pub dsn_gateway: Option<Cow<'a, str>>,
    /// The host name of the server that the message came from (§2.2.4).
    pub received_from_mta: Option<Cow<'a, str>>,
    /// When the message came to the reporting server (§2.2.5).
    pub arrival_date: Option<DateTime>,
    /// By when it was to be delivered, where its sender said so (RFC 2852 §5).
    pub deliver_by_date: Option<DateTime>,
    /// For how long it was to be held: `for;` and seconds, or `until;` and a date (RFC 4865 §5.1.2).
    pub future_release_request: Option<Cow<'a, str>>,
    /// Further fields about the message, name and text (§2.4).
    pub extensions: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// What became of it for each recipient: at least one.
    pub recipients: Vec<DsnRecipient<'a>>,
    /// What of the message is sent back: as `RET` of its MAIL command wants (RFC 3461 §4.3), and the header alone in reports that
    /// are not of a failure (RFC 3464 §2).
    pub returned: Returned,
}

impl<'a> Dsn<'a> {
    /// The report of a server of this host name about some recipients.
    pub fn new(reporting_mta: impl Into<Cow<'a, str>>, recipients: Vec<DsnRecipient<'a>>) -> Self {
        Self {
            reporting_mta: reporting_mta.into(),
            original_envelope_id: None,
            dsn_gateway: None,
            received_from_mta: None,
            arrival_date: None,
            deliver_by_date: None,
            future_release_request: None,
            extensions: Vec::new(),
            recipients,
            returned: Returned::Nothing,
        }
    }

    pub(super) fn fields(&self) -> Result<Vec<u8>, Error> {
        let mut fields = Fields::default();
        let id = self.original_envelope_id.as_deref();
        fields.optional("Original-Envelope-Id", "", id)?;
        fields.field("Reporting-MTA", "dns", &self.reporting_mta)?;
        fields.optional("DSN-Gateway", "dns", self.dsn_gateway.as_deref())?;
        fields.optional("Received-From-MTA", "dns", self.received_from_mta.as_deref())?;
        fields.date("Arrival-Date", self.arrival_date)?;
        fields.date("Deliver-By-Date", self.deliver_by_date)?;
        let hold = self.future_release_request.as_deref();
        fields.optional("Future-Release-Request", "", hold)?;
        fields.extensions(&self.extensions)?;
        if self.recipients.is_empty() {
            return Err(Error::MissingRecipient);
        }
        for recipient in &self.recipients {
            fields.next_block();
            recipient.write(&mut fields)?;
        }
        Ok(fields.finish())
    }
}

/// What became of a message for one recipient (RFC 3464 §2.3).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct DsnRecipient<'a> {
    /// `ORCPT` of its RCPT command, its xtext decoded: the address type, such as `rfc822`, and the address (§2.3.1).
    pub original_recipient: Option<(Cow<'a, str>, Cow<'a, str>)>,
    /// The address that it was about in the end, `local@domain` (§2.3.2).
    pub final_recipient: Cow<'a, str>,
    /// What was done (§2.3.3).
    pub action: DsnAction,
    /// The enhanced status code, such as `5.1.1` (§2.3.4, RFC 3463).
    pub status: Cow<'a, str>,
    /// The host name of the server that said so (§2.3.5).
    pub remote_mta: Option<Cow<'a, str>>,
    /// What that server said: the type, such as `smtp`, and its words, of one line or several (§2.3.6). Line ends and controls in them
    /// are written as spaces.
    pub diagnostic_code: Option<(Cow<'a, str>, Cow<'a, str>)>,
    /// The same for people, each with its language, such as `de` (RFC 6533 §3).
    pub localized_diagnostics: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// When it was tried last (§2.3.7).
    pub last_attempt_date: Option<DateTime>,
    /// The name of the last server's log entry (§2.3.8).
    pub final_log_id: Option<Cow<'a, str>>,
    /// How long it is still tried, where it is delayed (§2.3.9).
    pub will_retry_until: Option<DateTime>,
    /// Further fields, name and text (§2.4).
    pub extensions: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

impl<'a> DsnRecipient<'a> {
    /// What became of it, with an enhanced status code such as `5.1.1`.
    pub fn new(
        final_recipient: impl Into<Cow<'a, str>>,
        action: DsnAction,
        status: impl Into<Cow<'a, str>>,
    ) -> Self {
        Self {
            original_recipient: None,
            final_recipient: final_recipient.into(),
            action,
            status: status.into(),
            remote_mta: None,
            diagnostic_code: None,
            localized_diagnostics: Vec::new(),
            last_attempt_date: None,
            final_log_id: None,
            will_retry_until: None,
            extensions: Vec::new(),
        }
    }

    fn write(&self, fields: &mut Fields) -> Result<(), Error> {
        if let Some((kind, address)) = &self.original_recipient {
            fields.field("Original-Recipient", kind, address)?;
        }
        fields.address("Final-Recipient", &self.final_recipient)?;
        fields.field("Action", "", self.action.as_str())?;
        if !is_status(&self.status) {
            return Err(Error::InvalidStatus);
        }
        fields.field("Status", "", &self.status)?;
        fields.optional("Remote-MTA", "dns", self.remote_mta.as_deref())?;
        if let Some((kind, text)) = &self.diagnostic_code {
            fields.foreign("Diagnostic-Code", kind, text)?;
        }
        for (language, text) in &self.localized_diagnostics {
            fields.foreign("Localized-Diagnostic", language, text)?;
        }
        fields.date("Last-Attempt-Date", self.last_attempt_date)?;
        fields.optional("Final-Log-ID", "", self.final_log_id.as_deref())?;
        fields.date("Will-Retry-Until", self.will_retry_until)?;
        fields.extensions(&self.extensions)
    }
}

/// `status-code = DIGIT "." 1*3DIGIT "." 1*3DIGIT`, its class 2, 4 or 5 (RFC 3463 §2).
fn is_status(status: &str) -> bool {
    let mut parts = status.split('.');
    let class = parts.next().is_some_and(|class| matches!(class, "2" | "4" | "5"));
    let is_number = |part: Option<&str>| {
        part.is_some_and(|part| {
            matches!(part.len(), 1..=3) && part.bytes().all(|byte| byte.is_ascii_digit())
        })
    };
    class && is_number(parts.next()) && is_number(parts.next()) && parts.next().is_none()
}

/// What was done for a recipient (RFC 3464 §2.3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DsnAction {
    /// It is not delivered, and not tried again.
    Failed,
    /// It is not delivered yet, and still tried.
    Delayed,
    /// It is in the mailbox.
    Delivered,
    /// It went to a server that sends no such reports.
    Relayed,
    /// It went to several addresses in place of one.
    Expanded,
}

impl DsnAction {
    /// The word for it: `failed`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Delayed => "delayed",
            Self::Delivered => "delivered",
            Self::Relayed => "relayed",
            Self::Expanded => "expanded",
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use super::*;

    #[test]
    fn status_codes() {
        for good in ["2.0.0", "4.4.7", "5.123.999"] {
            assert!(is_status(good), "{good}");
        }
        for bad in ["", "5", "5.1", "3.0.0", "5.1.1.1", "5.1234.1", "5.1.x", "5..1", "5.1.1 "] {
            assert!(!is_status(bad), "{bad}");
        }
    }

    #[test]
    fn fields_stand_in_their_order() {
        let date = DateTime::from_unix(0, 0);
        let mut recipient = DsnRecipient::new("bob@south.test", DsnAction::Delayed, "4.4.1");
        recipient.original_recipient = Some(("rfc822".into(), "info@north.test".into()));
        recipient.remote_mta = Some("mx.south.test".into());
        recipient.diagnostic_code = Some(("smtp".into(), "450-4.4.1 not\r\n450 now\0".into()));
        recipient.last_attempt_date = date;
        recipient.final_log_id = Some("abc".into());
        recipient.will_retry_until = date;
        recipient.localized_diagnostics = alloc::vec![("de".into(), "nicht jetzt".into())];
        recipient.extensions = alloc::vec![("X-Try".into(), "3\r\nof 5".into())];
        let mut dsn = Dsn::new("mx.north.test", alloc::vec![recipient]);
        dsn.original_envelope_id = Some("id 7".into());
        dsn.received_from_mta = Some("client.test".into());
        dsn.arrival_date = date;
        dsn.deliver_by_date = date;
        dsn.future_release_request = Some("for;60".into());
        assert_eq!(
            String::from_utf8(dsn.fields().unwrap()).unwrap(),
            "Original-Envelope-Id: id 7\r\n\
             Reporting-MTA: dns; mx.north.test\r\n\
             Received-From-MTA: dns; client.test\r\n\
             Arrival-Date: Thu, 1 Jan 1970 00:00:00 +0000\r\n\
             Deliver-By-Date: Thu, 1 Jan 1970 00:00:00 +0000\r\n\
             Future-Release-Request: for;60\r\n\r\n\
             Original-Recipient: rfc822; info@north.test\r\n\
             Final-Recipient: rfc822; bob@south.test\r\n\
             Action: delayed\r\n\
             Status: 4.4.1\r\n\
             Remote-MTA: dns; mx.south.test\r\n\
             Diagnostic-Code: smtp; 450-4.4.1 not 450 now\r\n\
             Localized-Diagnostic: de; nicht jetzt\r\n\
             Last-Attempt-Date: Thu, 1 Jan 1970 00:00:00 +0000\r\n\
             Final-Log-ID: abc\r\n\
             Will-Retry-Until: Thu, 1 Jan 1970 00:00:00 +0000\r\n\
             X-Try: 3 of 5\r\n"
        );
        for (name, error) in [
            ("action", Error::ReservedField),
            ("X:y", Error::InvalidFieldName),
            ("X\r\nY", Error::InvalidFieldName),
            ("", Error::InvalidFieldName),
        ] {
            dsn.extensions = alloc::vec![(name.into(), "x".into())];
            assert_eq!(dsn.fields(), Err(error), "{name}");
        }
        dsn.extensions.clear();
        dsn.recipients[0].final_recipient = "bob\r\nAction: x".into();
        assert_eq!(dsn.fields(), Err(Error::ForbiddenByte("Final-Recipient")));
        dsn.recipients.clear();
        assert_eq!(dsn.fields(), Err(Error::MissingRecipient));
    }
}
