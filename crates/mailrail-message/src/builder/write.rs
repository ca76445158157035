//! Writes a message from what the builder was given.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use super::Builder;
use super::body_type::BodyType;
use super::entity::{Body, Entity, Text};
use super::field::{check, write_addresses, write_ids};
use super::flow::flow;
use super::fold::Fold;
use super::pieces::Pieces;
use super::stream::{BuildStream, Segment};
use super::writer::Writer;
use crate::check::ONCE_A_MESSAGE;
use crate::encoding::base64;
use crate::error::Error;
use crate::header::address::Address;
use crate::header::list::write_uris;

/// How often other boundaries are tried. Nobody who does not know the random bytes brings it to a second.
const TRIES: usize = 4;

impl Builder<'_> {
    /// Builds the message. The random bytes make its boundaries; no two messages should have the same.
    ///
    /// # Errors
    /// If it lacks what a message must have, a value cannot stand in one, or a content is streamed: see [`Error`].
    pub fn build(&self, random: [u8; 16]) -> Result<Pieces, Error> {
        let stream = self.stream(random)?;
        match stream.is_streamed() {
            true => Err(Error::StreamedContent),
            false => Ok(Pieces::new(stream)),
        }
    }

    /// Builds the message to be read out while its streamed contents come in.
    ///
    /// # Errors
    /// If it lacks what a message must have, or a value cannot stand in one: see [`Error`].
    pub fn stream(&self, random: [u8; 16]) -> Result<BuildStream, Error> {
        let mut segments = VecDeque::new();
        let mut out = Vec::with_capacity(self.estimate(false));
        let (needs, is_utf8) = self.write(&mut out, Some(&mut segments), random)?;
        Ok(BuildStream::new(segments, needs, is_utf8))
    }

    /// Builds the message into one buffer.
    ///
    /// # Errors
    /// As [`build`](Self::build).
    pub fn into_vec(self, random: [u8; 16]) -> Result<Vec<u8>, Error> {
        let mut out = Vec::with_capacity(self.estimate(true));
        self.write(&mut out, None, random)?;
        Ok(out)
    }

    /// Writes the message at the end of a buffer.
    ///
    /// # Errors
    /// As [`build`](Self::build); the buffer is as it was then.
    pub fn write_to(&self, random: [u8; 16], out: &mut Vec<u8>) -> Result<(), Error> {
        let mut text = core::mem::take(out);
        let start = text.len();
        text.reserve(self.estimate(true));
        let written = self.write(&mut text, None, random);
        if written.is_err() {
            text.truncate(start);
        }
        *out = text;
        written.map(drop)
    }

    /// About how many bytes it has, so that the buffer mostly need not grow.
    fn estimate(&self, is_whole: bool) -> usize {
        let ids = self.in_reply_to.as_slice().len() + self.references.as_slice().len();
        let lists = [self.from.as_slice(), &self.reply_to, self.to.as_slice(), &self.cc];
        let addresses: usize = lists.iter().map(|list| list.len()).sum();
        let subject = self.subject.as_ref().map_or(0, |subject| subject.len());
        // A text's lines may end in LF, and some of it may have to be encoded.
        let texts: usize = [&self.text, &self.html]
            .into_iter()
            .flatten()
            .map(|text| 300 + text.len() + text.len() / 16)
            .sum();
        let files = self.files.iter().chain(&self.inline);
        let encoded = |size: Option<u64>| match size.filter(|_| is_whole) {
            Some(size) => usize::try_from(base64::encoded_len(size)).unwrap_or(0),
            None => 0,
        };
        let files: usize = files.map(|file| 400 + encoded(file.content.size())).sum();
        512 + 2 * subject + 80 * (addresses + ids) + texts + files
    }

    /// Writes header and body, with other boundaries where a part holds those that the random bytes give.
    fn write(
        &self,
        out: &mut Vec<u8>,
        mut segments: Option<&mut VecDeque<Segment>>,
        random: [u8; 16],
    ) -> Result<(BodyType, bool), Error> {
        let flowed = match &self.text {
            Some(text) if self.is_flowed => Some(flow(text)),
            _ => None,
        };
        let body = Body {
            text: match &flowed {
                Some((text, del_sp)) => {
                    let del_sp = del_sp.then_some(("delsp", "yes"));
                    let parameters = [Some(("format", "flowed")), del_sp];
                    Some(Text { parameters, ..Text::new("plain", text) })
                }
                None => self.text.as_deref().map(|text| Text::new("plain", text)),
            },
            html: self.html.as_deref().map(|html| Text::new("html", html)),
            calendar: match &self.calendar {
                Some(calendar) => {
                    let (method, object) = &**calendar;
                    check("a calendar", method)?;
                    let parameters = [Some(("method", &**method)), None];
                    Some(Text { parameters, ..Text::new("calendar", object) })
                }
                None => None,
            },
        };
        let report = match &self.report {
            Some(report) => Some(report.parts()?),
            None => None,
        };
        let body = Entity::arrange(body, &self.inline, &self.files, report);
        let start = out.len();
        let mut random = u128::from_be_bytes(random);
        for _ in 0..TRIES {
            self.header(out)?;
            out.extend_from_slice(b"MIME-Version: 1.0\r\n");
            let is_utf8 = !out.get(start..).unwrap_or_default().is_ascii();
            let mut writer = Writer::new(out, segments.as_deref_mut(), random, self.way, self.utf8);
            let written = writer.entity(&body);
            writer.flush();
            match written {
                Ok(()) => return Ok((writer.needs, is_utf8 || writer.is_utf8)),
                Err(Error::BoundaryInContent) => random = random.wrapping_mul(MULTIPLIER) ^ 1,
                Err(error) => return Err(error),
            }
            out.truncate(start);
            if let Some(segments) = &mut segments {
                segments.clear();
            }
        }
        Err(Error::BoundaryInContent)
    }

    fn header(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        let date = self.date.ok_or(Error::MissingDate)?;
        let from = self.from.as_slice();
        let authors: usize = from.iter().map(|address| address.mailboxes().len()).sum();
        if from.is_empty() {
            return Err(Error::MissingFrom);
        }
        if authors > 1 && self.sender.is_none() {
            return Err(Error::MissingSender);
        }
        let mut line = Fold::begin(out, "Date");
        line.date(&date);
        line.finish("Date")?;
        for (name, addresses) in [
            ("From", from),
            ("Sender", self.sender.as_deref().map_or(&[], core::slice::from_ref)),
            ("Reply-To", &self.reply_to),
            ("To", self.to.as_slice()),
            ("Cc", &self.cc),
            ("Bcc", if self.writes_bcc { &*self.bcc } else { &[] }),
        ] {
            self.address_field(out, name, addresses)?;
        }
        for (name, ids) in [
            ("Message-ID", self.message_id.as_slice()),
            ("In-Reply-To", self.in_reply_to.as_slice()),
            ("References", self.references.as_slice()),
        ] {
            if !ids.is_empty() {
                let mut line = Fold::begin(out, name);
                write_ids(&mut line, name, ids)?;
                line.finish(name)?;
            }
        }
        if let Some(subject) = &self.subject {
            check("Subject", subject)?;
            let mut line = Fold::begin(out, "Subject").utf8(self.utf8);
            line.text(subject);
            line.finish("Subject")?;
        }
        self.list_fields(out)?;
        if self.report.is_some() && !self.has_field("Auto-Submitted") {
            out.extend_from_slice(b"Auto-Submitted: auto-replied\r\n");
        }
        for (name, value) in &self.fields {
            check_name(name)?;
            value.write(out, name, self.utf8)?;
        }
        Ok(())
    }

    fn has_field(&self, name: &str) -> bool {
        self.fields.iter().any(|(found, _)| found.eq_ignore_ascii_case(name))
    }

    fn address_field(
        &self,
        out: &mut Vec<u8>,
        name: &'static str,
        addresses: &[Address<'_>],
    ) -> Result<(), Error> {
        if addresses.is_empty() {
            return Ok(());
        }
        let mut line = Fold::begin(out, name).utf8(self.utf8);
        write_addresses(&mut line, name, addresses)?;
        line.finish(name)
    }

    /// `List-Unsubscribe` (RFC 2369 §3.2) and `List-Unsubscribe-Post` (RFC 8058 §3.1).
    fn list_fields(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        const FIELD: &str = "List-Unsubscribe";
        let uris = self.unsubscribe.as_slice();
        let is_secure =
            |uri: &str| uri.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("https://"));
        if self.one_click && !uris.iter().any(|uri| is_secure(uri)) {
            return Err(Error::MissingOneClickUri);
        }
        if uris.is_empty() {
            return Ok(());
        }
        let mut line = Fold::begin(out, FIELD);
        write_uris(&mut line, FIELD, uris)?;
        line.finish(FIELD)?;
        if self.one_click {
            out.extend_from_slice(b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n");
        }
        Ok(())
    }
}

/// Odd, with its bits spread: another boundary has nothing of the one before it.
const MULTIPLIER: u128 = 0x2360_ed05_1fc6_5da4_4385_df64_9fcc_f645;

/// What the builder says of a part, which the whole message may be.
const OF_A_PART: [&str; 5] = [
    "Content-Type",
    "Content-Transfer-Encoding",
    "Content-Disposition",
    "Content-ID",
    "Content-Description",
];

/// Fields that the builder writes from other values are not written a second time.
fn check_name(name: &str) -> Result<(), Error> {
    let mut reserved = ONCE_A_MESSAGE.into_iter().chain(OF_A_PART);
    match reserved.any(|reserved| reserved.eq_ignore_ascii_case(name)) {
        true => Err(Error::ReservedField),
        false => Ok(()),
    }
}
