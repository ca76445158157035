//! Reports about other messages, read into types: multipart/report (RFC 6522) and what stands in it.

mod delivery_status;
mod disposition;
mod feedback;
mod fields;

use alloc::borrow::Cow;
use alloc::boxed::Box;

use crate::message::Message;
use crate::part::Part;

pub use delivery_status::{DeliveryStatus, RecipientStatus, StatusCode};
pub use disposition::{Disposition, DispositionNotification, DispositionType};
pub use feedback::FeedbackReport;
pub use fields::{ReportField, TypedValue};

/// A report (RFC 6522): for people, for programs, and what it is about. Made by [`Message::report`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MultipartReport<'m> {
    /// What the content type calls it, such as `delivery-status`. Case does not count; some leave it out.
    pub report_type: Option<Cow<'m, str>>,
    /// The part for people: text, or an alternative of texts.
    pub explanation: Option<Part<'m>>,
    /// The part for programs.
    pub content: ReportContent,
    /// The message that it is about, or its header alone.
    pub original: Option<Part<'m>>,
}

/// What a report tells programs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReportContent {
    /// message/delivery-status (RFC 3464), message/global-delivery-status (RFC 6533)
    DeliveryStatus(Box<DeliveryStatus>),
    /// message/disposition-notification (RFC 8098), message/global-disposition-notification (RFC 6533)
    DispositionNotification(Box<DispositionNotification>),
    /// message/feedback-report (RFC 5965)
    FeedbackReport(Box<FeedbackReport>),
    /// Something else, or nothing.
    Other,
}

impl ReportContent {
    /// Reads the part for programs; `None` where it is none that is known here.
    fn of(part: Part<'_>) -> Option<Self> {
        let content_type = part.content_type();
        let is = |subtype: &str| content_type.is("message", subtype);
        if is("delivery-status") || is("global-delivery-status") {
            let status = DeliveryStatus::parse(&part.decoded());
            return Some(Self::DeliveryStatus(Box::new(status)));
        }
        if is("disposition-notification") || is("global-disposition-notification") {
            let notification = DispositionNotification::parse(&part.decoded());
            return Some(Self::DispositionNotification(Box::new(notification)));
        }
        if is("feedback-report") {
            return Some(Self::FeedbackReport(Box::new(FeedbackReport::parse(&part.decoded()))));
        }
        None
    }
}

impl<'m> MultipartReport<'m> {
    /// The header block of the message that it is about, where it came with the report: as bytes for
    /// [`Message::parse`](crate::Message::parse).
    pub fn original_header(&self) -> Option<Cow<'m, [u8]>> {
        let original = self.original?;
        match original.message() {
            Some(inner) => Some(Cow::Borrowed(inner.raw_header())),
            None => Some(original.decoded()),
        }
    }
}

impl<'m> Part<'m> {
    /// Reads it as a report: a multipart/report, or the part for programs by itself. `None` where it is neither.
    pub fn report(self) -> Option<MultipartReport<'m>> {
        let content_type = self.content_type();
        if !content_type.is("multipart", "report") {
            let content = ReportContent::of(self)?;
            return Some(MultipartReport {
                report_type: None,
                explanation: None,
                content,
                original: None,
            });
        }
        let mut content = None;
        let mut report = MultipartReport {
            report_type: content_type.parameters().get("report-type"),
            explanation: None,
            content: ReportContent::Other,
            original: None,
        };
        for (number, part) in self.children().enumerate() {
            if content.is_none() {
                content = ReportContent::of(part);
                if content.is_some() {
                    continue;
                }
            }
            let part_type = part.content_type();
            if part.is_message()
                || part_type.is("text", "rfc822-headers")
                || part_type.is("message", "global-headers")
                || part_type.is("message", "rfc822")
            {
                report.original = report.original.or(Some(part));
            } else if number == 0 {
                report.explanation = Some(part);
            }
        }
        report.content = content.unwrap_or(ReportContent::Other);
        Some(report)
    }
}

impl Message<'_> {
    /// Reads it as a report: itself, or the first of its parts that is one, as when a list added its footer. `None`
    /// where it is none.
    pub fn report(&self) -> Option<MultipartReport<'_>> {
        let root = self.root();
        let is_report = |part: &Part<'_>| part.content_type().is("multipart", "report");
        root.report().or_else(|| root.children().find(is_report)?.report())
    }
}
