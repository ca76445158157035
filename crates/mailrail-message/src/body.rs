//! Which part is read as the text, which is shown as HTML, and what is attached.

use alloc::borrow::Cow;

use crate::message::Message;
use crate::part::{Part, Parts};

impl Message<'_> {
    /// The part to read as plain text: the first text/plain that is no attachment. Embedded messages are not searched.
    pub fn text_part(&self) -> Option<Part<'_>> {
        self.body_part("plain")
    }

    /// The part to show as HTML: the first text/html that is no attachment. Embedded messages are not searched.
    pub fn html_part(&self) -> Option<Part<'_>> {
        self.body_part("html")
    }

    /// The text of [`text_part`](Self::text_part), decoded.
    pub fn text(&self) -> Option<Cow<'_, str>> {
        self.text_part()?.text()
    }

    /// The text of [`html_part`](Self::html_part), decoded.
    pub fn html(&self) -> Option<Cow<'_, str>> {
        self.html_part()?.text()
    }

    /// What comes with the text: every other leaf and every embedded message, in their order. What stands inside
    /// an embedded message is not listed.
    ///
    /// Pictures that the HTML shows are among them; they have a [`content_id`](Part::content_id).
    pub fn attachments(&self) -> Attachments<'_> {
        Attachments { parts: self.parts(), text: self.text_part(), html: self.html_part() }
    }

    fn body_part(&self, subtype: &str) -> Option<Part<'_>> {
        self.parts().find(|part| {
            part.content_type().is("text", subtype) && is_body(*part) && !is_embedded(*part)
        })
    }
}

/// Whether a text is part of what is read, not a file beside it.
fn is_body(part: Part<'_>) -> bool {
    if part.kind() != crate::PartKind::Leaf
        || part.disposition().is_some_and(|kind| kind.is_attachment())
    {
        return false;
    }
    let Some(parent) = part.parent() else { return true };
    let is_first = parent.children().next() == Some(part);
    // A named text behind the first is a file; in a multipart/related all but the first are things that the first shows.
    is_first || (part.filename().is_none() && !parent.content_type().is("multipart", "related"))
}

/// Whether a part stands inside an embedded message.
fn is_embedded(part: Part<'_>) -> bool {
    core::iter::successors(part.parent(), |part| part.parent()).any(Part::is_message)
}

/// The attachments of a message. Made by [`Message::attachments`].
#[derive(Debug, Clone)]
pub struct Attachments<'m> {
    parts: Parts<'m>,
    text: Option<Part<'m>>,
    html: Option<Part<'m>>,
}

impl<'m> Iterator for Attachments<'m> {
    type Item = Part<'m>;

    fn next(&mut self) -> Option<Part<'m>> {
        let (text, html) = (self.text, self.html);
        self.parts.find(|part| {
            !part.is_multipart()
                && Some(*part) != text
                && Some(*part) != html
                && !is_embedded(*part)
        })
    }
}
