//! The faults of a body.

use alloc::vec::Vec;

use super::long_line;
use crate::defect::{Defect, DefectKind};
use crate::encoding::{base64, charset, quoted_printable, uuencode};
use crate::header::Field;
use crate::header::content_transfer_encoding::TransferEncoding;
use crate::part::{Part, PartKind};

pub(super) fn faults(part: Part<'_>) -> Vec<Defect> {
    let mut found = Vec::new();
    if part.kind() != PartKind::Leaf {
        return found;
    }
    let (raw, start) = (part.raw_body(), part.body_range().start);
    // What a field says has its place.
    let field = |name: &str| {
        let field = part.headers().field(name).map(Field::range);
        field.unwrap_or_else(|| part.header_range()).start
    };
    let encoding = part.encoding();
    let fault = match encoding {
        TransferEncoding::Base64 => {
            base64::first_fault(raw).map(|at| (at, DefectKind::InvalidBase64))
        }
        TransferEncoding::QuotedPrintable => {
            quoted_printable::first_fault(raw).map(|at| (at, DefectKind::InvalidQuotedPrintable))
        }
        TransferEncoding::Uuencode => {
            uuencode::first_fault(raw).map(|at| (at, DefectKind::InvalidUuencode))
        }
        TransferEncoding::SevenBit => {
            let at = raw.iter().position(|byte| !byte.is_ascii());
            at.map(|at| (at, DefectKind::UndeclaredEightBit))
        }
        _ => None,
    };
    found.extend(fault.map(|(at, kind)| Defect { offset: start + at, kind }));
    if let TransferEncoding::Other(_) = encoding {
        let offset = field("Content-Transfer-Encoding");
        found.push(Defect { offset, kind: DefectKind::UnknownTransferEncoding });
    }
    if encoding != TransferEncoding::Binary {
        found.extend(long_line(raw, start));
    }
    let content_type = part.content_type();
    if content_type.is_text() {
        let label = content_type.parameters().bytes("charset");
        if label.as_deref().is_some_and(|label| !charset::is_known(label)) {
            let offset = field("Content-Type");
            found.push(Defect { offset, kind: DefectKind::UnknownCharset });
        } else if charset::has_faults(label.as_deref(), &part.decoded()) {
            found.push(Defect { offset: start, kind: DefectKind::InvalidText });
        }
    }
    found
}
