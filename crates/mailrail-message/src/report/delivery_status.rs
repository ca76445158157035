//! message/delivery-status (RFC 3464), also in its form for UTF-8 addresses (RFC 6533).

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::fields::{Group, ReportField, TypedValue, groups};
use crate::builder::report::dsn::DsnAction;
use crate::header::date::DateTime;

/// What became of a message on its way, for each recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeliveryStatus {
    /// `Original-Envelope-Id`: the ENVID that the sender gave (RFC 3461).
    pub original_envelope_id: Option<String>,
    /// `Reporting-MTA`: who reports. It must be there.
    pub reporting_mta: Option<TypedValue>,
    /// `DSN-Gateway`: who translated the report.
    pub dsn_gateway: Option<TypedValue>,
    /// `Received-From-MTA`: who had given the message to the reporter.
    pub received_from_mta: Option<TypedValue>,
    /// `Arrival-Date`: when the reporter took it.
    pub arrival_date: Option<DateTime>,
    /// All fields about the message as a whole, those above included.
    pub fields: Vec<ReportField>,
    /// What became of it, for each recipient that the report is about.
    pub recipients: Vec<RecipientStatus>,
}

/// What became of a message for one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecipientStatus {
    /// `Original-Recipient`: the address that the sender gave (RFC 3461's ORCPT).
    pub original_recipient: Option<TypedValue>,
    /// `Final-Recipient`: the address that it had when it came to the reporter. It must be there.
    pub final_recipient: Option<TypedValue>,
    /// `Action`: what the reporter did; `None` also where it is none that is known.
    pub action: Option<DsnAction>,
    /// `Status`: how that ended; `None` also where it is no status code.
    pub status: Option<StatusCode>,
    /// `Remote-MTA`: the server that said so.
    pub remote_mta: Option<TypedValue>,
    /// `Diagnostic-Code`: what it said, mostly of kind `smtp`.
    pub diagnostic_code: Option<TypedValue>,
    /// The same for people, in languages of theirs: the kind is the language, such as `de` (RFC 6533 §3).
    pub localized_diagnostics: Vec<TypedValue>,
    /// `Last-Attempt-Date`: when.
    pub last_attempt_date: Option<DateTime>,
    /// `Final-Log-ID`: the name of the delivery in the reporter's log.
    pub final_log_id: Option<String>,
    /// `Will-Retry-Until`: until when the reporter goes on trying.
    pub will_retry_until: Option<DateTime>,
    /// All fields about the recipient, those above included.
    pub fields: Vec<ReportField>,
}

/// A status code such as 5.1.1 (RFC 3463).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub struct StatusCode {
    /// 2 success, 4 failure for now, 5 failure for good.
    pub class: u8,
    /// What it is about: 1 the address, 2 the mailbox, 3 the server, 4 the network …
    pub subject: u16,
    /// What of that.
    pub detail: u16,
}

impl StatusCode {
    /// Reads `status-code = DIGIT "." 1*3DIGIT "." 1*3DIGIT`; what follows is ignored.
    fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.trim_start().splitn(3, '.');
        let class = match numbers.next()? {
            "2" => 2,
            "4" => 4,
            "5" => 5,
            _ => return None,
        };
        let number = |digits: &str| (digits.len() <= 3).then(|| digits.parse().ok())?;
        let subject = number(numbers.next()?)?;
        let last = numbers.next()?;
        let end = last.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(last.len());
        Some(Self { class, subject, detail: number(last.get(..end)?)? })
    }
}

impl fmt::Display for StatusCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

impl DeliveryStatus {
    /// Reads the decoded body of the part. Takes anything: what is missing or makes no sense is left out.
    ///
    /// ```abnf
    /// delivery-status-content = per-message-fields 1*( CRLF per-recipient-fields )
    /// ```
    /// Of fields that occur again the first one counts.
    pub fn parse(body: &[u8]) -> Self {
        let mut groups = groups(body).into_iter().peekable();
        // Some leave out the fields of the message, or the empty line behind them.
        let message = match groups.peek() {
            Some(group) if is_about_recipient(group) => group.clone(),
            _ => groups.next().unwrap_or_default(),
        };
        Self {
            original_envelope_id: message.text("Original-Envelope-Id"),
            reporting_mta: message.typed("Reporting-MTA"),
            dsn_gateway: message.typed("DSN-Gateway"),
            received_from_mta: message.typed("Received-From-MTA"),
            arrival_date: message.date("Arrival-Date"),
            fields: message.0,
            recipients: groups.map(RecipientStatus::of).collect(),
        }
    }
}

fn is_about_recipient(group: &Group) -> bool {
    ["Final-Recipient", "Original-Recipient", "Action"].iter().any(|name| group.get(name).is_some())
}

impl RecipientStatus {
    fn of(group: Group) -> Self {
        Self {
            original_recipient: group.address("Original-Recipient"),
            final_recipient: group.address("Final-Recipient"),
            action: group.get("Action").and_then(action),
            status: group.get("Status").and_then(StatusCode::parse),
            remote_mta: group.typed("Remote-MTA"),
            diagnostic_code: group.typed("Diagnostic-Code"),
            localized_diagnostics: group.typed_all("Localized-Diagnostic"),
            last_attempt_date: group.date("Last-Attempt-Date"),
            final_log_id: group.text("Final-Log-ID"),
            will_retry_until: group.date("Will-Retry-Until"),
            fields: group.0,
        }
    }
}

/// `action-value = "failed" / "delayed" / "delivered" / "relayed" / "expanded"`
fn action(text: &str) -> Option<DsnAction> {
    let word = text.split([' ', '\t', '(', ';']).next()?;
    [
        ("failed", DsnAction::Failed),
        ("delayed", DsnAction::Delayed),
        ("delivered", DsnAction::Delivered),
        ("relayed", DsnAction::Relayed),
        ("expanded", DsnAction::Expanded),
    ]
    .into_iter()
    .find_map(|(name, action)| name.eq_ignore_ascii_case(word).then_some(action))
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn status_codes() {
        for (text, code) in [
            ("5.1.1", "5.1.1"),
            (" 4.0.0 (unknown)", "4.0.0"),
            ("2.100.999;x", "2.100.999"),
            ("3.1.1", ""),
            ("5.1", ""),
            ("5.1.", ""),
            ("5.1.1000", ""),
            ("", ""),
        ] {
            let found = StatusCode::parse(text).map(|code| code.to_string());
            assert_eq!(found.unwrap_or_default(), code, "{text}");
        }
    }

    #[test]
    fn groups_may_be_missing() {
        let status = DeliveryStatus::parse(
            b"Final-Recipient: a@b.test\nAction: FAILED (x)\nStatus: 5.0.0\n",
        );
        assert_eq!(status.recipients.len(), 1);
        assert_eq!(status.recipients[0].action, Some(DsnAction::Failed));
        assert_eq!(status.reporting_mta, None);
        assert!(DeliveryStatus::parse(b"").recipients.is_empty());
        let status = DeliveryStatus::parse(b"Reporting-MTA: dns; x\n\nAction: gone\n");
        assert_eq!(status.recipients[0].action, None);
    }
}
