//! The MIME structure of a message that is built: which parts it has, and how each is encoded.

use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use bytes::Bytes;
use memchr::memmem;

use super::Attachment;
use super::fold::Fold;
use super::pieces::Segment;
use crate::encoding::{base64, quoted_printable};
use crate::error::Error;
use crate::header::content_type::ContentType;

/// The longest line that goes out as it is (RFC 5322 §2.1.1).
const LONGEST_LINE: usize = 998;

/// A part that is to be written.
pub(super) enum Entity<'e, 'a> {
    Text { subtype: &'static str, text: &'e str },
    File { file: &'e Attachment<'a>, is_inline: bool },
    Multipart { subtype: &'static str, parts: Vec<Self> },
}

impl<'e, 'a> Entity<'e, 'a> {
    /// The parts in the order and the nesting that mail clients expect:
    /// mixed(alternative(text, related(html, pictures)), files), without what is not needed.
    pub(super) fn arrange(
        text: Option<&'e str>,
        html: Option<&'e str>,
        inline: &'e [Attachment<'a>],
        files: &'e [Attachment<'a>],
    ) -> Self {
        let text = text.map(|text| Self::Text { subtype: "plain", text });
        let html = html.map(|text| Self::Text { subtype: "html", text });
        let mut pictures: Vec<Self> =
            inline.iter().map(|file| Self::File { file, is_inline: true }).collect();
        let html = html.map(|html| match pictures.is_empty() {
            true => html,
            false => Self::Multipart {
                subtype: "related",
                parts: core::iter::once(html).chain(pictures.drain(..)).collect(),
            },
        });
        let body = match (text, html) {
            (Some(text), Some(html)) => {
                Some(Self::Multipart { subtype: "alternative", parts: alloc::vec![text, html] })
            }
            (text, html) => text.or(html),
        };
        // Pictures that no HTML shows are files.
        pictures.extend(files.iter().map(|file| Self::File { file, is_inline: false }));
        match (body, pictures.is_empty()) {
            (Some(body), true) => body,
            (None, true) => Self::Text { subtype: "plain", text: "" },
            (body, false) => Self::Multipart {
                subtype: "mixed",
                parts: body.into_iter().chain(pictures).collect(),
            },
        }
    }
}

pub(super) struct Writer {
    random: String,
    boundaries: u32,
    text: Vec<u8>,
    segments: VecDeque<Segment>,
}

impl Writer {
    pub(super) fn new(header: Vec<u8>, random: [u8; 16]) -> Self {
        let random = format!("{:032x}", u128::from_be_bytes(random));
        Self { random, boundaries: 0, text: header, segments: VecDeque::new() }
    }

    pub(super) fn finish(mut self) -> VecDeque<Segment> {
        self.flush();
        self.segments
    }

    fn flush(&mut self) {
        if !self.text.is_empty() {
            let text = core::mem::take(&mut self.text);
            self.segments.push_back(Segment::Plain(text.into()));
        }
    }

    fn base64(&mut self, bytes: Bytes) {
        self.text.extend_from_slice(b"Content-Transfer-Encoding: base64\r\n\r\n");
        if !bytes.is_empty() {
            self.flush();
            self.segments.push_back(Segment::Base64(bytes));
        }
    }

    fn field(&mut self, field: Fold) -> Result<(), Error> {
        self.text.extend_from_slice(&field.finish("a content field")?);
        Ok(())
    }

    pub(super) fn entity(&mut self, entity: &Entity<'_, '_>) -> Result<(), Error> {
        match entity {
            Entity::Text { subtype, text } => self.text_part(subtype, text),
            Entity::File { file, is_inline } => self.file(file, *is_inline),
            Entity::Multipart { subtype, parts } => self.multipart(subtype, parts),
        }
    }

    fn multipart(&mut self, subtype: &str, parts: &[Entity<'_, '_>]) -> Result<(), Error> {
        // "=_" occurs neither in quoted-printable nor in base64 (RFC 2045 §6.7), and text with the
        // random digits in it is never left as it is. So no part can hold the boundary.
        self.boundaries += 1;
        let boundary = format!("=_{}_{}", self.boundaries, self.random);
        let mut content_type = Fold::begin("Content-Type");
        content_type.word(&format!("multipart/{subtype}"));
        if subtype == "related" {
            // RFC 2387 §3.1
            content_type.parameter("type", "text/html");
        }
        content_type.parameter("boundary", &boundary);
        self.field(content_type)?;
        self.text.extend_from_slice(b"\r\n");
        for part in parts {
            self.text.extend_from_slice(format!("--{boundary}\r\n").as_bytes());
            self.entity(part)?;
            self.text.extend_from_slice(b"\r\n");
        }
        self.text.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
        Ok(())
    }

    fn text_part(&mut self, subtype: &str, text: &str) -> Result<(), Error> {
        let lines = canonical(text);
        let mut content_type = Fold::begin("Content-Type");
        content_type.word(&format!("text/{subtype}"));
        content_type.parameter("charset", if lines.is_ascii() { "us-ascii" } else { "utf-8" });
        self.field(content_type)?;
        if is_plain(&lines) && memmem::find(&lines, self.random.as_bytes()).is_none() {
            self.text.extend_from_slice(b"Content-Transfer-Encoding: 7bit\r\n\r\n");
            self.text.extend_from_slice(&lines);
        } else if quoted_printable::estimate(&lines) as u64
            > base64::encoded_len(lines.len() as u64)
        {
            self.base64(lines.into());
        } else {
            self.text.extend_from_slice(b"Content-Transfer-Encoding: quoted-printable\r\n\r\n");
            self.text.extend_from_slice(&quoted_printable::encode(&lines));
        }
        Ok(())
    }

    fn file(&mut self, file: &Attachment<'_>, is_inline: bool) -> Result<(), Error> {
        for value in [Some(&file.content_type), file.name.as_ref()].into_iter().flatten() {
            super::check("an attachment", value)?;
        }
        let found = ContentType::parse(file.content_type.as_bytes())
            .map_err(|_| Error::InvalidContentType)?;
        let is_composite = ["multipart", "message"]
            .iter()
            .any(|kind| found.main_type().eq_ignore_ascii_case(kind));
        if is_composite || !file.content_type.is_ascii() {
            return Err(Error::InvalidContentType);
        }
        let mut content_type = Fold::begin("Content-Type");
        content_type.word(&format!("{}/{}", found.main_type(), found.subtype()));
        for parameter in found.parameters().decoded() {
            super::check("an attachment", &parameter.value)?;
            content_type.parameter(parameter.name, &parameter.value);
        }
        self.field(content_type)?;
        let mut disposition = Fold::begin("Content-Disposition");
        disposition.word(if is_inline { "inline" } else { "attachment" });
        if let Some(name) = &file.name {
            disposition.parameter("filename", name);
        }
        self.field(disposition)?;
        if let Some(id) = &file.content_id {
            if !id.is_valid() {
                return Err(Error::InvalidMessageId("Content-ID"));
            }
            let mut content_id = Fold::begin("Content-ID");
            content_id.word(&format!("{id}"));
            self.field(content_id)?;
        }
        self.base64(file.content.clone());
        Ok(())
    }
}

/// Text in lines that end in CRLF, the last one too.
fn canonical(text: &str) -> Vec<u8> {
    let mut lines = Vec::with_capacity(text.len() + text.len() / 16 + 2);
    let mut rest = text.as_bytes();
    while !rest.is_empty() {
        let line = crate::scan::LineEnds::Any.line(rest, 0);
        lines.extend_from_slice(crate::scan::slice(rest, 0..line.end));
        lines.extend_from_slice(b"\r\n");
        rest = crate::scan::from(rest, line.next);
    }
    lines
}

/// Whether lines can go out as they are, over any server.
fn is_plain(lines: &[u8]) -> bool {
    let is_text = lines.iter().all(|byte| matches!(byte, b' '..=b'~' | b'\t' | b'\r' | b'\n'));
    is_text
        && lines
            .split(|byte| *byte == b'\n')
            .all(|line| line.len() <= LONGEST_LINE + 1 && !line.starts_with(b"From "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_canonical() {
        assert_eq!(canonical("a\nb\rc\r\nd"), b"a\r\nb\r\nc\r\nd\r\n");
        assert_eq!(canonical(""), b"");
        assert_eq!(canonical("\n"), b"\r\n");
    }

    #[test]
    fn text_that_could_be_changed_is_not_plain() {
        assert!(is_plain(b"a\r\nb\t.\r\n"));
        assert!(!is_plain(b"From here\r\n"));
        assert!(!is_plain(b"a\0\r\n"));
        assert!(!is_plain("\u{e9}\r\n".as_bytes()));
        assert!(is_plain(format!("{}\r\n", "a".repeat(998)).as_bytes()));
        assert!(!is_plain(format!("{}\r\n", "a".repeat(999)).as_bytes()));
    }
}
