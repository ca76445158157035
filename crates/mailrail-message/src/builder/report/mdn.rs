//! Message disposition notifications (RFC 8098, with UTF-8 addresses RFC 6533).

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use super::{Fields, Returned};
use crate::error::Error;
use crate::header::message_id::MessageId;
use crate::report::DispositionType;

/// What a recipient did with a message, for its sender: goes into [`Builder::report`](crate::Builder::report).
///
/// It is sent only where the message asks for it with `Disposition-Notification-To`, and with an empty reverse-path (RFC 8098 §2, §3).
///
/// # Examples
/// ```
/// use mailrail_message::{Builder, DateTime, Mailbox, Mdn, MessageId, report::DispositionType};
///
/// let mut mdn = Mdn::new("bob@south.test", DispositionType::Displayed);
/// mdn.original_message_id = Some(MessageId::new("1@north.test")?);
/// let report = Builder::new()
///     .from(Mailbox::new("bob@south.test")?)
///     .to(Mailbox::new("ann@north.test")?)
///     .subject("Read: hello")
///     .date(DateTime::from_unix(1_795_000_000, 0).unwrap())
///     .text("Your message was shown to Bob.\n")
///     .report(mdn)
///     .into_vec([7; 16])?;
/// assert!(String::from_utf8(report)?.contains("\r\nDisposition: manual-action/MDN-sent-manually; displayed\r\n"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Mdn<'a> {
    /// The name of the program that reports, and its product (§3.2.1).
    pub reporting_ua: Option<(Cow<'a, str>, Cow<'a, str>)>,
    /// The host name of the gateway that turned a report of another mail system into this one (§3.2.2).
    pub mdn_gateway: Option<Cow<'a, str>>,
    /// `Original-Recipient` of the message: the address type, such as `rfc822`, and the address (§3.2.3).
    pub original_recipient: Option<(Cow<'a, str>, Cow<'a, str>)>,
    /// The address that the message came to, `local@domain` (§3.2.4).
    pub final_recipient: Cow<'a, str>,
    /// The identifier of the message (§3.2.5).
    pub original_message_id: Option<MessageId<'a>>,
    /// Whether a program did it by itself, not a person (§3.2.6.1).
    pub is_automatic_action: bool,
    /// Whether the report is sent without asking the person (§3.2.6.1).
    pub is_sent_automatically: bool,
    /// What was done (§3.2.6.2).
    pub kind: DispositionType,
    /// More about that: `error`, or extensions of it (§3.2.6.3).
    pub modifiers: Vec<Cow<'a, str>>,
    /// What went wrong, where the modifier says so (§3.2.7). Line ends and controls are written as spaces.
    pub errors: Vec<Cow<'a, str>>,
    /// Further fields, name and text (§3.3); `Failure` and `Warning` of older standards too.
    pub extensions: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// What of the message is sent back.
    pub returned: Returned,
}

impl<'a> Mdn<'a> {
    /// The report of a person who did this, and who was asked before it is sent.
    pub fn new(final_recipient: impl Into<Cow<'a, str>>, kind: DispositionType) -> Self {
        Self {
            reporting_ua: None,
            mdn_gateway: None,
            original_recipient: None,
            final_recipient: final_recipient.into(),
            original_message_id: None,
            is_automatic_action: false,
            is_sent_automatically: false,
            kind,
            modifiers: Vec::new(),
            errors: Vec::new(),
            extensions: Vec::new(),
            returned: Returned::Nothing,
        }
    }

    pub(super) fn fields(&self) -> Result<Vec<u8>, Error> {
        let mut fields = Fields::default();
        match &self.reporting_ua {
            Some((name, product)) if !product.is_empty() => {
                fields.field("Reporting-UA", name, product)?;
            }
            Some((name, _)) => fields.field("Reporting-UA", "", name)?,
            None => {}
        }
        fields.optional("MDN-Gateway", "dns", self.mdn_gateway.as_deref())?;
        if let Some((kind, address)) = &self.original_recipient {
            fields.field("Original-Recipient", kind, address)?;
        }
        fields.address("Final-Recipient", &self.final_recipient)?;
        if let Some(id) = &self.original_message_id {
            if !id.is_valid() {
                return Err(Error::InvalidMessageId("Original-Message-ID"));
            }
            fields.field("Original-Message-ID", "", &alloc::format!("{id}"))?;
        }
        let action = if self.is_automatic_action { "automatic-action" } else { "manual-action" };
        let sending = match self.is_sent_automatically {
            true => "MDN-sent-automatically",
            false => "MDN-sent-manually",
        };
        let mut disposition = String::from(match &self.kind {
            DispositionType::Displayed => "displayed",
            DispositionType::Deleted => "deleted",
            DispositionType::Dispatched => "dispatched",
            DispositionType::Processed => "processed",
            DispositionType::Other(other) => other,
        });
        for (at, modifier) in self.modifiers.iter().enumerate() {
            disposition.push(if at == 0 { '/' } else { ',' });
            disposition.push_str(modifier);
        }
        fields.field("Disposition", &alloc::format!("{action}/{sending}"), &disposition)?;
        for error in &self.errors {
            fields.foreign("Error", "", error)?;
        }
        fields.extensions(&self.extensions)?;
        Ok(fields.finish())
    }
}
