//! message/disposition-notification (RFC 8098), also in its form for UTF-8 addresses (RFC 6533).

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::fields::{ReportField, TypedValue, groups};

/// What a recipient, or the recipient's program, did with a message.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DispositionNotification {
    /// `Reporting-UA`: the name of the program that reports.
    pub reporting_ua: Option<String>,
    /// The product behind that name.
    pub ua_product: Option<String>,
    /// `MDN-Gateway`: who translated the report.
    pub mdn_gateway: Option<TypedValue>,
    /// `Original-Recipient`: the address that the sender gave (RFC 3461's ORCPT).
    pub original_recipient: Option<TypedValue>,
    /// `Final-Recipient`: the address that it was delivered to. It must be there.
    pub final_recipient: Option<TypedValue>,
    /// `Original-Message-ID`, without angle brackets.
    pub original_message_id: Option<String>,
    /// `Disposition`: what was done. It must be there.
    pub disposition: Option<Disposition>,
    /// `Failure`: why nothing could be done.
    pub failures: Vec<String>,
    /// `Error`: what went wrong.
    pub errors: Vec<String>,
    /// `Warning`: what was not quite right.
    pub warnings: Vec<String>,
    /// All fields, those above included.
    pub fields: Vec<ReportField>,
}

/// What was done with a message, and whether by a person.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Disposition {
    /// Whether a program did it by itself, not a person.
    pub is_automatic_action: bool,
    /// Whether the report was sent without asking the person.
    pub is_sent_automatically: bool,
    /// What was done.
    pub kind: DispositionType,
    /// More about that, such as `error`, as it is written.
    pub modifiers: Vec<String>,
}

/// What was done with a message.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DispositionType {
    /// It was shown to somebody; whether read, nobody knows.
    Displayed,
    /// It was deleted, perhaps unseen.
    Deleted,
    /// It was sent on.
    Dispatched,
    /// It was worked on without being shown.
    Processed,
    /// Something else, as it is written: `denied` and `failed` of RFC 2298 among them.
    Other(String),
}

impl Disposition {
    /// ```abnf
    /// disposition-field = "Disposition" ":" OWS disposition-mode OWS ";" OWS disposition-type
    ///                     [ OWS "/" OWS disposition-modifier *( OWS "," OWS disposition-modifier ) ] OWS
    /// disposition-mode  = action-mode OWS "/" OWS sending-mode
    /// ```
    fn parse(text: &str) -> Option<Self> {
        let (mode, kind) = text.split_once(';')?;
        let (action, sending) = mode.split_once('/').unwrap_or((mode, ""));
        let (kind, modifiers) = kind.split_once('/').unwrap_or((kind, ""));
        let kind = kind.trim();
        if kind.is_empty() {
            return None;
        }
        let known = [
            ("displayed", DispositionType::Displayed),
            ("deleted", DispositionType::Deleted),
            ("dispatched", DispositionType::Dispatched),
            ("processed", DispositionType::Processed),
        ];
        let known = known.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(kind));
        let modifiers = modifiers.split(',').map(str::trim).filter(|word| !word.is_empty());
        Some(Self {
            is_automatic_action: action.trim().eq_ignore_ascii_case("automatic-action"),
            is_sent_automatically: sending.trim().eq_ignore_ascii_case("MDN-sent-automatically"),
            kind: known.map_or_else(|| DispositionType::Other(kind.into()), |(_, kind)| kind),
            modifiers: modifiers.map(ToString::to_string).collect(),
        })
    }
}

impl DispositionNotification {
    /// Reads the decoded body of the part. Takes anything: what is missing or makes no sense is left out.
    ///
    /// Of fields that occur again the first one counts, unless they may.
    pub fn parse(body: &[u8]) -> Self {
        let group = groups(body).into_iter().next().unwrap_or_default();
        let (name, product) = match group.get("Reporting-UA").map(|text| text.split_once(';')) {
            Some(Some((name, product))) => (Some(name.trim()), Some(product.trim())),
            Some(None) => (group.get("Reporting-UA"), None),
            None => (None, None),
        };
        let id = group.get("Original-Message-ID").map(|id| {
            let id = id.strip_prefix('<').unwrap_or(id);
            id.strip_suffix('>').unwrap_or(id).to_string()
        });
        Self {
            reporting_ua: name.map(ToString::to_string),
            ua_product: product.filter(|product| !product.is_empty()).map(ToString::to_string),
            mdn_gateway: group.typed("MDN-Gateway"),
            original_recipient: group.address("Original-Recipient"),
            final_recipient: group.address("Final-Recipient"),
            original_message_id: id,
            disposition: group.get("Disposition").and_then(Disposition::parse),
            failures: group.texts("Failure"),
            errors: group.texts("Error"),
            warnings: group.texts("Warning"),
            fields: group.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dispositions() {
        let read = |text| Disposition::parse(text);
        let full =
            read("Automatic-Action / MDN-sent-automatically ;Processed/ error , x-late").unwrap();
        assert!(full.is_automatic_action && full.is_sent_automatically);
        assert_eq!(full.kind, DispositionType::Processed);
        assert_eq!(full.modifiers, ["error", "x-late"]);
        let other = read("manual-action; denied").unwrap();
        assert!(!other.is_automatic_action && !other.is_sent_automatically);
        assert_eq!(other.kind, DispositionType::Other("denied".into()));
        assert_eq!(read("manual-action/MDN-sent-manually"), None);
        assert_eq!(read("manual-action/MDN-sent-manually;"), None);
    }
}
