//! Feedback reports, also known as the Abuse Reporting Format (RFC 5965).

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::net::IpAddr;

use super::{Fields, Returned};
use crate::error::Error;
use crate::header::date::DateTime;

/// What somebody has to say about a message to its sender's provider, mostly that it is spam: goes into
/// [`Builder::report`](crate::Builder::report).
///
/// # Examples
/// ```
/// use mailrail_message::{Arf, Builder, DateTime, Mailbox, Returned};
///
/// let mut arf = Arf::new("abuse", "mailrail/0.1", Returned::message("Subject: buy\r\n\r\nNow!\r\n"));
/// arf.source_ip = Some("192.0.2.1".parse()?);
/// let report = Builder::new()
///     .from(Mailbox::new("feedback@south.test")?)
///     .to(Mailbox::new("abuse@north.test")?)
///     .subject("FW: buy")
///     .date(DateTime::from_unix(1_795_000_000, 0).unwrap())
///     .text("A recipient called this message spam.\n")
///     .report(arf)
///     .into_vec([7; 16])?;
/// assert!(String::from_utf8(report)?.contains("\r\nFeedback-Type: abuse\r\nUser-Agent: mailrail/0.1\r\nVersion: 1\r\n"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Arf<'a> {
    /// `abuse`, `fraud`, `virus`, `not-spam`, `other` (§3.1, §7.3), or a later one.
    pub feedback_type: Cow<'a, str>,
    /// The name and version of the program that reports (§3.1).
    pub user_agent: Cow<'a, str>,
    /// `ENVID` of the message's MAIL command (§3.2).
    pub original_envelope_id: Option<Cow<'a, str>>,
    /// The reverse-path of the message, `local@domain`; empty where it had none (§3.2).
    pub original_mail_from: Option<Cow<'a, str>>,
    /// When the message came (§3.2).
    pub arrival_date: Option<DateTime>,
    /// The host name of the server that took it (§3.2).
    pub reporting_mta: Option<Cow<'a, str>>,
    /// Where it came from (§3.2).
    pub source_ip: Option<IpAddr>,
    /// How many messages this report stands for (§3.2).
    pub incidents: Option<u32>,
    /// Values of `Authentication-Results` fields (§3.3).
    pub authentication_results: Vec<Cow<'a, str>>,
    /// Its recipients, `local@domain` (§3.3).
    pub original_rcpt_to: Vec<Cow<'a, str>>,
    /// Domains that the report is about (§3.3).
    pub reported_domains: Vec<Cow<'a, str>>,
    /// URIs that the report is about (§3.3).
    pub reported_uris: Vec<Cow<'a, str>>,
    /// Further fields, name and text (§3.4).
    pub extensions: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// The message, or its header, which must be there (§2).
    pub returned: Returned,
}

impl<'a> Arf<'a> {
    /// A report of this type by this program, about this message.
    pub fn new(
        feedback_type: impl Into<Cow<'a, str>>,
        user_agent: impl Into<Cow<'a, str>>,
        returned: Returned,
    ) -> Self {
        Self {
            feedback_type: feedback_type.into(),
            user_agent: user_agent.into(),
            original_envelope_id: None,
            original_mail_from: None,
            arrival_date: None,
            reporting_mta: None,
            source_ip: None,
            incidents: None,
            authentication_results: Vec::new(),
            original_rcpt_to: Vec::new(),
            reported_domains: Vec::new(),
            reported_uris: Vec::new(),
            extensions: Vec::new(),
            returned,
        }
    }

    pub(super) fn fields(&self) -> Result<Vec<u8>, Error> {
        const REPORT: &str = "a feedback report";
        if matches!(self.returned, Returned::Nothing) {
            return Err(Error::MissingReturned);
        }
        let mut fields = Fields::default();
        fields.field("Feedback-Type", "", &self.feedback_type)?;
        fields.field("User-Agent", "", &self.user_agent)?;
        fields.field("Version", "", "1")?;
        fields.optional("Original-Envelope-Id", "", self.original_envelope_id.as_deref())?;
        if let Some(path) = &self.original_mail_from {
            fields.field("Original-Mail-From", "", &alloc::format!("<{path}>"))?;
        }
        fields.date("Arrival-Date", self.arrival_date)?;
        fields.optional("Reporting-MTA", "dns", self.reporting_mta.as_deref())?;
        if let Some(address) = self.source_ip {
            fields.field("Source-IP", "", &alloc::format!("{address}"))?;
        }
        if let Some(incidents) = self.incidents {
            fields.field("Incidents", "", &alloc::format!("{incidents}"))?;
        }
        for results in &self.authentication_results {
            fields.foreign("Authentication-Results", "", results)?;
        }
        for path in &self.original_rcpt_to {
            fields.field("Original-Rcpt-To", "", &alloc::format!("<{path}>"))?;
        }
        for domain in &self.reported_domains {
            fields.field("Reported-Domain", "", domain)?;
        }
        for uri in &self.reported_uris {
            fields.field("Reported-URI", "", uri)?;
        }
        fields.extensions(&self.extensions)?;
        let fields = fields.finish();
        // There is no form of it for UTF-8.
        if fields.is_ascii() { Ok(fields) } else { Err(Error::NotAscii(REPORT)) }
    }
}
