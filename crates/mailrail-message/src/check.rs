//! The faults of a message's values, which reading its structure does not meet.

use alloc::vec::Vec;

use crate::defect::{Defect, DefectKind};
use crate::encoding::{base64, charset, encoded_word, quoted_printable};
use crate::header::content_transfer_encoding::TransferEncoding;
use crate::header::date::DateTime;
use crate::header::{Field, Headers};
use crate::message::Message;
use crate::part::{Part, PartKind};

/// Fields of which there is at most one (RFC 5322 §3.6, RFC 2045 §3).
const ONCE: [&str; 16] = [
    "Date",
    "From",
    "Sender",
    "Reply-To",
    "To",
    "Cc",
    "Bcc",
    "Message-ID",
    "In-Reply-To",
    "References",
    "Subject",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
    "Content-ID",
    "Content-Disposition",
];

impl Message<'_> {
    /// All faults in the order of their places: those of [`defects`](Self::defects), and those of values and
    /// bodies, which are read for it. No more than [`Limits::defects`](crate::Limits::defects) of its default.
    pub fn check(&self) -> Vec<Defect> {
        let mut found: Vec<Defect> = self.defects().to_vec();
        let values = self.parts().flat_map(|part| {
            let headers = part.headers();
            repeated(headers).chain(headers.iter().filter_map(value)).chain(body(part))
        });
        found.extend(values.take(crate::Limits::default().defects.saturating_sub(found.len())));
        found.sort();
        found
    }
}

fn repeated(headers: Headers<'_>) -> impl Iterator<Item = Defect> {
    ONCE.into_iter().filter_map(move |name| {
        let again = headers.iter().filter(|field| field.is_named(name)).nth(1)?;
        Some(Defect { offset: again.range().start, kind: DefectKind::RepeatedField })
    })
}

fn value(field: Field<'_>) -> Option<Defect> {
    let raw = field.raw_value();
    let kind = if core::str::from_utf8(raw).is_err() {
        DefectKind::UndeclaredCharset
    } else if field.is_named("Date") && DateTime::parse(raw).is_err() {
        DefectKind::InvalidDate
    } else if encoded_word::charsets(raw).any(|name| !charset::is_known(name)) {
        DefectKind::UnknownCharset
    } else {
        return None;
    };
    Some(Defect { offset: field.range().start, kind })
}

fn body(part: Part<'_>) -> Option<Defect> {
    if part.kind() != PartKind::Leaf {
        return None;
    }
    let start = part.body_range().start;
    let fault = match part.encoding() {
        TransferEncoding::Base64 => {
            base64::first_fault(part.raw_body()).map(|at| (start + at, DefectKind::InvalidBase64))
        }
        TransferEncoding::QuotedPrintable => quoted_printable::first_fault(part.raw_body())
            .map(|at| (start + at, DefectKind::InvalidQuotedPrintable)),
        TransferEncoding::Other(_) => {
            Some((part.header_range().start, DefectKind::UnknownTransferEncoding))
        }
        _ => None,
    };
    let label = || part.content_type().parameters().get("charset");
    let fault = fault.or_else(|| {
        let is_unknown = part.content_type().is_text()
            && label().is_some_and(|label| !charset::is_known(label.as_bytes()));
        is_unknown.then_some((part.header_range().start, DefectKind::UnknownCharset))
    });
    fault.map(|(offset, kind)| Defect { offset, kind })
}
