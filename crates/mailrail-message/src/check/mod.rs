//! The faults of a message's values and bodies, which reading its structure does not meet.

mod address;
mod body;
mod date;
mod parameter;
mod value;

use alloc::vec::Vec;

use memchr::memmem;

use crate::defect::{Defect, DefectKind};
use crate::header::Headers;
use crate::message::Message;
use crate::part::Part;
use crate::scan::{LineEnds, is_line_end};

/// Fields of which a message has at most one, and which a builder has methods for (RFC 5322 §3.6, RFC 2045 §4).
pub(crate) const ONCE_A_MESSAGE: [&str; 12] = [
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
];

/// Further ones of which there is at most one (RFC 2045 §3, RFC 2183 §2, RFC 2369 §3.7, RFC 2919 §2, RFC 5321 §4.4,
/// RFC 8098 §2.1, RFC 8689 §3).
const ONCE: [&str; 17] = [
    "Content-Type",
    "Content-Transfer-Encoding",
    "Content-ID",
    "Content-Disposition",
    "Content-Description",
    "Content-Location",
    "Return-Path",
    "List-ID",
    "List-Help",
    "List-Unsubscribe",
    "List-Subscribe",
    "List-Post",
    "List-Owner",
    "List-Archive",
    "Disposition-Notification-To",
    "Disposition-Notification-Options",
    "TLS-Required",
];

/// The longest line (RFC 5322 §2.1.1).
const LONGEST_LINE: usize = 998;

impl Message<'_> {
    /// All faults in the order of their places: those of [`defects`](Self::defects), and those of values and
    /// bodies, which are read for it. No more than [`Limits::defects`](crate::Limits::defects).
    pub fn check(&self) -> Vec<Defect> {
        let mut found: Vec<Defect> = self.defects().to_vec();
        let line_ends = self.parts().find_map(Part::doubled_carriage_return);
        let values = self.parts().flat_map(|part| {
            let headers = part.headers();
            let line = long_line(part.raw_header(), part.header_range().start);
            let fields = headers.iter().flat_map(value::faults);
            repeated(headers).chain(line).chain(fields).chain(body::faults(part))
        });
        let values = line_ends.into_iter().chain(values);
        found.extend(values.take(self.limits.defects.saturating_sub(found.len())));
        found.sort();
        found
    }
}

impl Part<'_> {
    fn doubled_carriage_return(self) -> Option<Defect> {
        let (_, ends) = self.surroundings();
        let at = memmem::find(self.raw_header(), b"\r\r\n").filter(|_| ends == LineEnds::Lf)?;
        let offset = self.header_range().start + at;
        Some(Defect { offset, kind: DefectKind::DoubledCarriageReturn })
    }
}

fn repeated(headers: Headers<'_>) -> impl Iterator<Item = Defect> {
    ONCE_A_MESSAGE.into_iter().chain(ONCE).filter_map(move |name| {
        let again = headers.iter().filter(|field| field.is_named(name)).nth(1)?;
        Some(Defect { offset: again.range().start, kind: DefectKind::RepeatedField })
    })
}

/// The first line that is too long.
fn long_line(text: &[u8], start: usize) -> Option<Defect> {
    let mut at = 0;
    let too_long = text.split(|byte| is_line_end(*byte)).find_map(|line| {
        let place = at;
        at += line.len() + 1;
        (line.len() > LONGEST_LINE).then_some(place)
    })?;
    Some(Defect { offset: start + too_long, kind: DefectKind::LineTooLong })
}
