//! message/feedback-report (RFC 5965).

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::IpAddr;

use super::fields::{ReportField, TypedValue, groups};
use crate::header::date::DateTime;

/// What a mailbox provider tells a sender: mostly that a recipient called a message spam.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FeedbackReport {
    /// `Feedback-Type`: `abuse`, `fraud`, `virus`, `not-spam`, `auth-failure` (RFC 6591) … Case does not count. It must be there.
    pub feedback_type: Option<String>,
    /// `User-Agent`: the program that wrote the report. It must be there.
    pub user_agent: Option<String>,
    /// `Version`: the version of the format, `1`. It must be there.
    pub version: Option<String>,
    /// `Original-Envelope-Id`: the ENVID that the sender gave (RFC 3461).
    pub original_envelope_id: Option<String>,
    /// `Original-Mail-From`, without angle brackets; empty for the null reverse path.
    pub original_mail_from: Option<String>,
    /// `Arrival-Date`, or the older `Received-Date`: when the message came.
    pub arrival_date: Option<DateTime>,
    /// `Reporting-MTA`: who reports.
    pub reporting_mta: Option<TypedValue>,
    /// `Source-IP`: where the message came from.
    pub source_ip: Option<IpAddr>,
    /// `Incidents`: how many messages the report is about; 1 where it does not say.
    pub incidents: u32,
    /// `Authentication-Results`, each to be read with [`AuthenticationResults::parse`](crate::AuthenticationResults::parse).
    pub authentication_results: Vec<String>,
    /// `Original-Rcpt-To`, without angle brackets.
    pub original_rcpt_to: Vec<String>,
    /// `Reported-Domain`: domains that the report is about.
    pub reported_domains: Vec<String>,
    /// `Reported-URI`: URIs that the report is about.
    pub reported_uris: Vec<String>,
    /// All fields, those above included.
    pub fields: Vec<ReportField>,
}

fn path(text: &str) -> String {
    let text = text.trim();
    let inner = text.strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
    inner.unwrap_or(text).to_string()
}

/// An address as RFC 5321 §4.1.3 has it, with or without its brackets.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.split([' ', '\t', '(']).next()?;
    let text = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let tag = text.get(..5).filter(|tag| tag.eq_ignore_ascii_case("IPv6:"));
    tag.map_or(text, |_| text.get(5..).unwrap_or_default()).parse().ok()
}

impl FeedbackReport {
    /// Reads the decoded body of the part. Takes anything: what is missing or makes no sense is left out.
    ///
    /// Of fields that occur again the first one counts, unless they may.
    pub fn parse(body: &[u8]) -> Self {
        let group = groups(body).into_iter().next().unwrap_or_default();
        let paths = |name| group.all(name).map(path).collect();
        Self {
            feedback_type: group.text("Feedback-Type"),
            user_agent: group.text("User-Agent"),
            version: group.text("Version"),
            original_envelope_id: group.text("Original-Envelope-Id"),
            original_mail_from: group.get("Original-Mail-From").map(path),
            arrival_date: group.date("Arrival-Date").or_else(|| group.date("Received-Date")),
            reporting_mta: group.typed("Reporting-MTA"),
            source_ip: group.get("Source-IP").and_then(address),
            incidents: group.get("Incidents").and_then(|text| text.parse().ok()).unwrap_or(1),
            authentication_results: group.texts("Authentication-Results"),
            original_rcpt_to: paths("Original-Rcpt-To"),
            reported_domains: group.texts("Reported-Domain"),
            reported_uris: group.texts("Reported-URI"),
            fields: group.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_every_form() {
        for (text, read) in [
            ("192.0.2.1", Some("192.0.2.1")),
            ("[192.0.2.1] (x)", Some("192.0.2.1")),
            ("IPv6:2001:db8::1", Some("2001:db8::1")),
            ("2001:db8::1", Some("2001:db8::1")),
            ("here", None),
        ] {
            assert_eq!(address(text).map(|ip| ip.to_string()).as_deref(), read, "{text}");
        }
        let report = FeedbackReport::parse(b"Original-Mail-From: <>\nIncidents: many\n");
        assert_eq!(report.original_mail_from.as_deref(), Some(""));
        assert_eq!(report.incidents, 1);
    }
}
