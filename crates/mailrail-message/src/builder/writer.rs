//! Writes parts: their header fields, their bodies, and the boundaries around them.

use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use memchr::memmem;

use super::attachment::{Attachment, message_type};
use super::body_type::{BodyType, Shape};
use super::content::{Content, Source};
use super::entity::{Entity, Text};
use super::field::{check, write_ids};
use super::fold::Fold;
use super::report::Returned;
use super::stream::{Part, Segment};
use super::text::{Coding, canonical};
use crate::encoding::{base64, quoted_printable};
use crate::error::Error;
use crate::header::content_type::ContentType;

/// What an error calls the fields of a part.
const CONTENT: &str = "a content field";
const ATTACHMENT: &str = "an attachment";

pub(super) struct Writer<'o> {
    out: &'o mut Vec<u8>,
    /// Given where bodies are not written to `out`, but when their turn comes.
    segments: Option<&'o mut VecDeque<Segment>>,
    random: u128,
    /// The random number's digits, once they are needed.
    digits: String,
    boundaries: u32,
    is_inside: bool,
    way: BodyType,
    utf8: bool,
    pub(super) needs: BodyType,
    /// Where the part that is being written starts in `out`.
    part: usize,
    /// Whether a part's header holds UTF-8.
    pub(super) is_utf8: bool,
}

impl<'o> Writer<'o> {
    pub(super) fn new(
        out: &'o mut Vec<u8>,
        segments: Option<&'o mut VecDeque<Segment>>,
        random: u128,
        way: BodyType,
        utf8: bool,
    ) -> Self {
        let needs = BodyType::SevenBit;
        let part = out.len();
        Self {
            out,
            segments,
            random,
            digits: String::new(),
            boundaries: 0,
            is_inside: false,
            way,
            utf8,
            needs,
            part,
            is_utf8: false,
        }
    }

    /// Moves what was written so far before what comes later.
    pub(super) fn flush(&mut self) {
        if let Some(segments) = &mut self.segments
            && !self.out.is_empty()
        {
            segments.push_back(Segment::Plain(core::mem::take(self.out).into()));
        }
    }

    fn field(&mut self, name: &str) -> Fold<'_> {
        Fold::begin(self.out, name).utf8(self.utf8)
    }

    fn text(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    /// Ends the header of a part.
    fn coding(&mut self, coding: Coding) {
        self.is_utf8 |= !self.out.get(self.part..).unwrap_or_default().is_ascii();
        self.text("Content-Transfer-Encoding: ");
        self.text(coding.name());
        self.text("\r\n\r\n");
    }

    pub(super) fn entity(&mut self, entity: &Entity<'_, '_>) -> Result<(), Error> {
        self.part = self.out.len();
        match entity {
            Entity::Text(text) => self.text_part(text),
            Entity::File { file, is_inline } => self.file(file, *is_inline),
            Entity::Lines { content_type, bytes } => {
                self.content_type(content_type);
                self.lines(bytes, Shape::of(bytes))
            }
            Entity::Returned(returned) => self.returned(returned),
            Entity::Multipart { subtype, parameter, parts } => {
                self.multipart(subtype, *parameter, parts)
            }
        }
    }

    fn multipart(
        &mut self,
        subtype: &str,
        parameter: Option<(&str, &str)>,
        parts: &[Entity<'_, '_>],
    ) -> Result<(), Error> {
        // "=_" occurs neither in quoted-printable nor in base64 (RFC 2045 §6.7), and what is not encoded is
        // searched for the random digits. So no part can hold the boundary. None of them is a prefix of another either.
        self.boundaries += 1;
        if self.digits.is_empty() {
            self.digits = format!("{:032x}", self.random);
        }
        let boundary = format!("=_{}_{}", self.boundaries, self.digits);
        let mut content_type = self.field("Content-Type");
        content_type.joined(&["multipart/", subtype]);
        if let Some((name, value)) = parameter {
            content_type.parameter(name, value);
        }
        content_type.parameter("boundary", &boundary);
        content_type.finish(CONTENT)?;
        self.is_inside = true;
        // A container is labelled with what its parts need (RFC 2045 §6.4), which is known once they are written.
        let place = (self.segments.as_ref().map_or(0, |segments| segments.len()), self.out.len());
        let outer = core::mem::take(&mut self.needs);
        self.text("\r\n");
        for part in parts {
            self.text("--");
            self.text(&boundary);
            self.text("\r\n");
            self.entity(part)?;
            self.text("\r\n");
        }
        self.text("--");
        self.text(&boundary);
        self.text("--\r\n");
        if self.needs > BodyType::SevenBit {
            self.label(place);
        }
        self.needs = self.needs.max(outer);
        Ok(())
    }

    /// Writes the transfer encoding of a container at a place that was passed already.
    fn label(&mut self, (segment, at): (usize, usize)) {
        let label = format!("Content-Transfer-Encoding: {}\r\n", self.needs.identity());
        let insert = |text: &mut Vec<u8>| {
            let rest = text.split_off(at.min(text.len()));
            text.extend_from_slice(label.as_bytes());
            text.extend_from_slice(&rest);
        };
        match self.segments.as_mut().and_then(|segments| segments.get_mut(segment)) {
            Some(Segment::Plain(bytes)) => {
                let mut text = Vec::from(core::mem::take(bytes));
                insert(&mut text);
                *bytes = text.into();
            }
            _ => insert(self.out),
        }
    }

    fn text_part(&mut self, text: &Text<'_>) -> Result<(), Error> {
        let (lines, shape) = canonical(text.text);
        let charset = if shape.is_ascii() { "us-ascii" } else { "utf-8" };
        let mut content_type = self.field("Content-Type");
        content_type.joined(&["text/", text.subtype]);
        content_type.parameter("charset", charset);
        for (name, value) in text.parameters.iter().flatten() {
            content_type.parameter(name, value);
        }
        content_type.finish(CONTENT)?;
        self.lines(&lines, shape)
    }

    /// The encoding and the body of a part that may be encoded as suits it.
    fn lines(&mut self, lines: &[u8], shape: Shape) -> Result<(), Error> {
        let coding = Coding::of_text(lines, shape, self.way);
        self.coding(coding);
        match coding {
            Coding::Identity(needs) => {
                self.check_boundary(lines)?;
                self.needs = self.needs.max(needs);
                self.out.extend_from_slice(lines);
            }
            Coding::QuotedPrintable => quoted_printable::encode_into(lines, self.out),
            Coding::Base64 => base64::encode_into(lines, self.out),
        }
        Ok(())
    }

    fn content_type(&mut self, content_type: &str) {
        self.text("Content-Type: ");
        self.text(content_type);
        self.text("\r\n");
    }

    /// The last part of a report, in the form for UTF-8 where its header has that (RFC 6533 §4).
    fn returned(&mut self, returned: &Returned) -> Result<(), Error> {
        match returned {
            Returned::Nothing => Ok(()),
            Returned::Headers(content) => match Returned::header_bytes(content) {
                Some(header) => {
                    self.content_type(match header.is_ascii() {
                        true => "text/rfc822-headers",
                        false => "message/global-headers",
                    });
                    self.lines(&header, Shape::of(&header))
                }
                None => {
                    self.content_type("text/rfc822-headers");
                    self.coding(Coding::Base64);
                    self.content(&content.0, Coding::Base64)
                }
            },
            Returned::Message(content) => {
                let content_type = message_type(content);
                self.content_type(content_type);
                let coding = self.coding_of(content, content_type, BodyType::EightBitMime);
                self.coding(coding);
                self.content(&content.0, coding)
            }
        }
    }

    fn check_boundary(&self, body: &[u8]) -> Result<(), Error> {
        match self.is_inside && memmem::find(body, self.digits.as_bytes()).is_some() {
            true => Err(Error::BoundaryInContent),
            false => Ok(()),
        }
    }

    fn file(&mut self, file: &Attachment<'_>, is_inline: bool) -> Result<(), Error> {
        let texts = [Some(&file.content_type), file.name.as_ref(), file.description.as_ref()];
        for value in texts.into_iter().flatten() {
            check(ATTACHMENT, value)?;
        }
        let found = ContentType::parse(file.content_type.as_bytes())
            .map_err(|_| Error::InvalidContentType)?;
        let is_composite = ["multipart", "message"]
            .iter()
            .any(|kind| found.main_type().eq_ignore_ascii_case(kind));
        if (is_composite && !found.is_message()) || !file.content_type.is_ascii() {
            return Err(Error::InvalidContentType);
        }
        let mut content_type = self.field("Content-Type");
        content_type.joined(&[found.main_type(), "/", found.subtype()]);
        for parameter in found.parameters().decoded() {
            check(ATTACHMENT, &parameter.value)?;
            content_type.parameter(parameter.name, &parameter.value);
        }
        content_type.finish(CONTENT)?;
        let mut disposition = self.field("Content-Disposition");
        disposition.word(if is_inline { "inline" } else { "attachment" });
        if let Some(name) = &file.name {
            disposition.parameter("filename", name);
        }
        disposition.finish(CONTENT)?;
        if let Some(description) = &file.description {
            let mut field = self.field("Content-Description");
            field.text(description);
            field.finish(CONTENT)?;
        }
        if let Some(id) = &file.content_id {
            let mut content_id = self.field("Content-ID");
            write_ids(&mut content_id, "Content-ID", core::slice::from_ref(id))?;
            content_id.finish(CONTENT)?;
        }
        let coding = self.coding_of(&file.content, &format!("{found}"), file.declared);
        self.coding(coding);
        self.content(&file.content.0, coding)
    }

    /// The encoding of a file: base64, unless the way carries any bytes. A message/rfc822 may not be encoded
    /// (RFC 2046 §5.2.1); a message/global may (RFC 6532 §3.7), and is where it must.
    fn coding_of(&self, content: &Content, content_type: &str, declared: BodyType) -> Coding {
        let is_message = matches!(content_type, "message/rfc822" | "message/global");
        let needs = match &content.0 {
            _ if !is_message => BodyType::BinaryMime,
            Source::Whole(bytes) => BodyType::of(bytes),
            Source::Streamed { .. } => declared,
        };
        match content_type == "message/rfc822" || needs <= self.way {
            true => Coding::Identity(needs),
            false => Coding::Base64,
        }
    }

    fn content(&mut self, source: &Source, coding: Coding) -> Result<(), Error> {
        if let Coding::Identity(needs) = coding {
            self.needs = self.needs.max(needs);
            if let Source::Whole(bytes) = source {
                self.check_boundary(bytes)?;
            }
        }
        let Some(segments) = &mut self.segments else {
            let Source::Whole(bytes) = source else { return Err(Error::StreamedContent) };
            match coding {
                Coding::Identity(_) => self.out.extend_from_slice(bytes),
                Coding::QuotedPrintable => quoted_printable::encode_into(bytes, self.out),
                Coding::Base64 => base64::encode_into(bytes, self.out),
            }
            return Ok(());
        };
        segments.push_back(Segment::Plain(core::mem::take(self.out).into()));
        match source {
            Source::Whole(bytes) if coding != Coding::Base64 => {
                segments.push_back(Segment::Plain(bytes.clone()));
            }
            _ => segments.push_back(Segment::Part(Part::new(source, coding, &self.digits))),
        }
        Ok(())
    }
}
