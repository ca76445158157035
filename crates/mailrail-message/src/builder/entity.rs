//! The MIME structure of a message that is built: which parts it has, in which order and nesting.

use alloc::vec::Vec;

use bytes::Bytes;

use super::attachment::Attachment;
use super::report::Returned;

/// A part that is to be written.
pub(super) enum Entity<'e, 'a> {
    Text(Text<'e>),
    File {
        file: &'e Attachment<'a>,
        is_inline: bool,
    },
    /// Lines of a report.
    Lines {
        content_type: &'static str,
        bytes: Bytes,
    },
    /// What a report is about.
    Returned(&'e Returned),
    Multipart {
        subtype: &'static str,
        parameter: Option<(&'static str, &'static str)>,
        parts: Vec<Self>,
    },
}

pub(super) struct Text<'e> {
    pub(super) subtype: &'static str,
    pub(super) text: &'e str,
    pub(super) parameters: [Option<(&'static str, &'e str)>; 2],
}

impl<'e> Text<'e> {
    pub(super) const fn new(subtype: &'static str, text: &'e str) -> Self {
        Self { subtype, text, parameters: [None; 2] }
    }
}

/// What a message says, each way of saying it.
#[derive(Default)]
pub(super) struct Body<'e> {
    pub(super) text: Option<Text<'e>>,
    pub(super) html: Option<Text<'e>>,
    pub(super) calendar: Option<Text<'e>>,
}

impl<'e, 'a> Entity<'e, 'a> {
    fn multipart(subtype: &'static str, parts: Vec<Self>) -> Self {
        Self::Multipart { subtype, parameter: None, parts }
    }

    /// The parts in the order and the nesting that mail clients expect:
    /// mixed(alternative(text, related(html, pictures), calendar), files), without what is not needed. Of a report,
    /// the first part is the body, and its other parts follow (RFC 6522 §3).
    pub(super) fn arrange(
        body: Body<'e>,
        inline: &'e [Attachment<'a>],
        files: &'e [Attachment<'a>],
        report: Option<(&'static str, Vec<Self>)>,
    ) -> Self {
        let pictures = || inline.iter().map(|file| Self::File { file, is_inline: true });
        let has_html = body.html.is_some();
        let html = body.html.map(|html| match inline.is_empty() {
            true => Self::Text(html),
            // RFC 2387 §3.1
            false => Self::Multipart {
                subtype: "related",
                parameter: Some(("type", "text/html")),
                parts: core::iter::once(Self::Text(html)).chain(pictures()).collect(),
            },
        });
        let text = body.text.map(Self::Text);
        let calendar = body.calendar.map(Self::Text);
        // The last way is the richest one; a client takes the last that it understands (RFC 2046 §5.1.4).
        let body = match (text, html, calendar) {
            (Some(only), None, None) | (None, Some(only), None) | (None, None, Some(only)) => {
                Some(only)
            }
            (None, None, None) => None,
            (text, html, calendar) => {
                let ways = [text, html, calendar].into_iter().flatten().collect();
                Some(Self::multipart("alternative", ways))
            }
        };
        let body = match report {
            Some((kind, parts)) => {
                let first = body.unwrap_or(Self::Text(Text::new("plain", "")));
                Some(Self::Multipart {
                    subtype: "report",
                    parameter: Some(("report-type", kind)),
                    parts: core::iter::once(first).chain(parts).collect(),
                })
            }
            None => body,
        };
        // Pictures that no HTML shows are files.
        let lone = if has_html { &[] } else { inline };
        if lone.is_empty() && files.is_empty() {
            return body.unwrap_or(Self::Text(Text::new("plain", "")));
        }
        let lone = lone.iter().map(|file| Self::File { file, is_inline: true });
        let files = files.iter().map(|file| Self::File { file, is_inline: false });
        Self::multipart("mixed", body.into_iter().chain(lone).chain(files).collect())
    }
}
