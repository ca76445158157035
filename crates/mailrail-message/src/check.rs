//! The faults of a message's values, which reading its structure does not meet.

use alloc::vec::Vec;

use crate::defect::{Defect, DefectKind};
use crate::encoding::encoded_word::Fault;
use crate::encoding::{base64, charset, encoded_word, quoted_printable};
use crate::grammar;
use crate::header::content_transfer_encoding::TransferEncoding;
use crate::header::message_id::MessageId;
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
            repeated(headers).chain(headers.iter().flat_map(value)).chain(body(part))
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

/// The grammar of a field's value, as far as it is checked.
enum Syntax {
    Addresses,
    Date,
    MessageIds,
    ContentType,
    Disposition,
    /// Comments and quoted strings, and more that is not checked.
    Structured,
    Text,
}

const ADDRESSES: [&str; 12] = [
    "From",
    "Sender",
    "Reply-To",
    "To",
    "Cc",
    "Bcc",
    "Resent-From",
    "Resent-Sender",
    "Resent-To",
    "Resent-Cc",
    "Resent-Bcc",
    "Disposition-Notification-To",
];
const MESSAGE_IDS: [&str; 5] =
    ["Message-ID", "In-Reply-To", "References", "Content-ID", "Resent-Message-ID"];
const STRUCTURED: [&str; 11] = [
    "Received",
    "Return-Path",
    "MIME-Version",
    "Content-Transfer-Encoding",
    "Content-Language",
    "List-Unsubscribe",
    "List-Post",
    "List-Help",
    "Auto-Submitted",
    "Authentication-Results",
    "Keywords",
];

impl Syntax {
    fn of(field: Field<'_>) -> Self {
        let is_one_of = |names: &[&str]| names.iter().any(|name| field.is_named(name));
        match () {
            () if is_one_of(&ADDRESSES) => Self::Addresses,
            () if is_one_of(&["Date", "Resent-Date"]) => Self::Date,
            () if is_one_of(&MESSAGE_IDS) => Self::MessageIds,
            () if field.is_named("Content-Type") => Self::ContentType,
            () if field.is_named("Content-Disposition") => Self::Disposition,
            () if is_one_of(&STRUCTURED) => Self::Structured,
            () => Self::Text,
        }
    }
}

/// The faults of a field: one of its text, and one of its grammar.
fn value(field: Field<'_>) -> impl Iterator<Item = Defect> {
    let raw = field.raw_value();
    let (start, value_start) = (field.range().start, field.value_start());
    let text = if core::str::from_utf8(raw).is_err() {
        Some(Defect { offset: start, kind: DefectKind::UndeclaredCharset })
    } else {
        encoded_word::first_fault(raw, field.limits()).map(|(at, fault)| {
            let kind = match fault {
                Fault::Charset => DefectKind::UnknownCharset,
                Fault::Malformed => DefectKind::InvalidEncodedWord,
                Fault::TooMany => DefectKind::TooManyEncodedWords,
            };
            Defect { offset: value_start + at, kind }
        })
    };
    let syntax = Syntax::of(field);
    let tokens = || {
        let (at, fault) = grammar::first_fault(raw, field.limits())?;
        let kind = match fault {
            grammar::Fault::Unclosed => DefectKind::Unclosed,
            grammar::Fault::TooDeep => DefectKind::CommentTooDeep,
        };
        Some(Defect { offset: value_start + at, kind })
    };
    let shape = || match syntax {
        Syntax::Date => field.date().is_none().then_some((start, DefectKind::InvalidDate)),
        Syntax::Addresses => {
            let mut list = field.raw_addresses();
            list.by_ref().for_each(drop);
            list.junk().map(|at| (value_start + at, DefectKind::InvalidAddress))
        }
        Syntax::MessageIds => {
            let is_id = |id: MessageId<'_>| id.as_str().contains('@');
            let is_phrase = field.is_named("In-Reply-To");
            let mut ids = field.message_ids().peekable();
            let is_invalid = (ids.peek().is_none() && !is_phrase) || !ids.all(is_id);
            is_invalid.then_some((start, DefectKind::InvalidMessageId))
        }
        Syntax::ContentType => {
            let parameters = field.content_type().ok()?.parameters();
            let at = raw.len() - parameters.len() + parameters.overflow()?;
            Some((value_start + at, DefectKind::TooManyParameters))
        }
        Syntax::Disposition => match field.content_disposition() {
            Ok(disposition) => {
                let parameters = disposition.parameters();
                let at = raw.len() - parameters.len() + parameters.overflow()?;
                Some((value_start + at, DefectKind::TooManyParameters))
            }
            Err(error) => Some((value_start + error.offset, DefectKind::InvalidValue)),
        },
        Syntax::Structured | Syntax::Text => None,
    };
    let syntax = match syntax {
        Syntax::Text => None,
        _ => tokens().or_else(|| shape().map(|(offset, kind)| Defect { offset, kind })),
    };
    text.into_iter().chain(syntax)
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
