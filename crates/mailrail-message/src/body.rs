//! Which parts are read as the text, which are shown as HTML, and which are attached.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use crate::message::Message;
use crate::part::{Children, Part, PartKind};

/// The parts of a message by what a mail client does with them. Made by [`Message::body`] and [`Part::body`].
///
/// Of a multipart/alternative, the last text and the last HTML are taken (RFC 2046 §5.1.4); of a multipart/related, only
/// what comes first can be text (RFC 2387); of all else, every text that has no name and is no attachment.
/// What stands in an embedded message is left to that message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Body<'m> {
    /// What to read as plain text, one behind the other. HTML stands among it where there is nothing else to read.
    pub text: Vec<Part<'m>>,
    /// What to show as HTML, one behind the other. Plain text stands among it where there is nothing else to show.
    pub html: Vec<Part<'m>>,
    /// Every other leaf, and every embedded message, in their order. Pictures that the HTML shows are among them; they have a
    /// [`content_id`](Part::content_id).
    pub attachments: Vec<Part<'m>>,
}

/// What a part of a message is, beside a multipart.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Plain,
    Html,
    Attachment,
}

/// A multipart that is being gone through.
struct Frame<'m> {
    children: Children<'m>,
    is_first: bool,
    is_alternative: bool,
    /// Whether it stands in an alternative, at any depth.
    is_in_alternative: bool,
    is_related: bool,
    /// How many texts there were before it.
    text: usize,
    html: usize,
    /// Inside of an alternative, what begins with text is not shown with the HTML, and the other way round.
    takes_text: bool,
    takes_html: bool,
}

impl<'m> Body<'m> {
    fn of(root: Part<'m>) -> Self {
        let mut body = Self::default();
        if !root.is_multipart() {
            match role(root, true, None) {
                Role::Attachment => body.attachments.push(root),
                _ => {
                    body.text.push(root);
                    body.html.push(root);
                }
            }
            return body;
        }
        // What stands inside one another is bounded by the limits, but not so that calls may be.
        let mut open = Vec::new();
        open.push(body.enter(root, None));
        while let Some(frame) = open.last_mut() {
            let Some(part) = frame.children.next() else {
                if let Some(frame) = open.pop() {
                    body.leave(&frame);
                }
                continue;
            };
            let is_first = core::mem::replace(&mut frame.is_first, false);
            if part.is_multipart() {
                let inner = body.enter(part, Some(frame));
                open.push(inner);
            } else {
                let role = role(part, is_first, Some(frame));
                body.add(part, role, frame);
            }
        }
        body
    }

    fn enter(&self, part: Part<'m>, outer: Option<&Frame<'m>>) -> Frame<'m> {
        let content_type = part.content_type();
        Frame {
            children: part.children(),
            is_first: true,
            is_alternative: content_type.is("multipart", "alternative"),
            is_in_alternative: outer
                .is_some_and(|outer| outer.is_alternative || outer.is_in_alternative),
            is_related: content_type.is("multipart", "related"),
            text: self.text.len(),
            html: self.html.len(),
            takes_text: outer.is_none_or(|outer| outer.takes_text),
            takes_html: outer.is_none_or(|outer| outer.takes_html),
        }
    }

    fn add(&mut self, part: Part<'m>, role: Role, frame: &mut Frame<'m>) {
        let list = match role {
            Role::Attachment => return self.attachments.push(part),
            Role::Plain if frame.is_alternative => &mut self.text,
            Role::Html if frame.is_alternative => &mut self.html,
            _ => {
                if frame.is_in_alternative && frame.takes_text && frame.takes_html {
                    frame.takes_text = role == Role::Plain;
                    frame.takes_html = role == Role::Html;
                }
                if frame.takes_text {
                    self.text.push(part);
                }
                if frame.takes_html {
                    self.html.push(part);
                }
                return;
            }
        };
        // A better one of the same kind.
        list.truncate(if role == Role::Plain { frame.text } else { frame.html });
        list.push(part);
    }

    /// What was found in an alternative of only one kind serves as the other kind too.
    fn leave(&mut self, frame: &Frame<'m>) {
        if !frame.is_alternative {
            return;
        }
        match (self.text.len() > frame.text, self.html.len() > frame.html) {
            (true, false) if frame.takes_html => {
                self.html.extend(self.text.get(frame.text..).unwrap_or_default());
            }
            (false, true) if frame.takes_text => {
                self.text.extend(self.html.get(frame.html..).unwrap_or_default());
            }
            _ => {}
        }
    }
}

fn role(part: Part<'_>, is_first: bool, frame: Option<&Frame<'_>>) -> Role {
    let content_type = part.content_type();
    let is_html = content_type.is("text", "html");
    let is_plain = content_type.is("text", "plain");
    if part.kind() != PartKind::Leaf || !content_type.is_text() {
        return Role::Attachment;
    }
    let is_alternative = frame.is_some_and(|frame| frame.is_alternative);
    let is_related = frame.is_some_and(|frame| frame.is_related);
    // Other text is read as plain text where it is the text (RFC 2046 §4.1.4), not beside it.
    let is_known = is_plain || is_html || (is_first && !is_alternative);
    let is_beside = !is_first && (is_related || (!is_alternative && part.filename().is_some()));
    if !is_known || is_beside || part.disposition().is_some_and(|kind| kind.is_attachment()) {
        return Role::Attachment;
    }
    if is_html { Role::Html } else { Role::Plain }
}

impl<'m> Part<'m> {
    /// What of it and what stands in it is read, shown and attached. Of use for the message inside a message/rfc822 part.
    pub fn body(self) -> Body<'m> {
        Body::of(self)
    }
}

impl Message<'_> {
    /// What is read, shown and attached.
    pub fn body(&self) -> Body<'_> {
        Body::of(self.root())
    }

    /// The first part to read as plain text.
    pub fn text_part(&self) -> Option<Part<'_>> {
        self.body().text.into_iter().find(|part| !is_html(*part))
    }

    /// The first part to show as HTML.
    pub fn html_part(&self) -> Option<Part<'_>> {
        self.body().html.into_iter().find(|part| is_html(*part))
    }

    /// The text to read: that of all parts to read as plain text, decoded, with soft line breaks undone (RFC 3676). `None`
    /// where there is only HTML, or nothing.
    pub fn text(&self) -> Option<Cow<'_, str>> {
        let body = self.body();
        join(body.text.into_iter().filter(|part| !is_html(*part)).filter_map(Part::unwrapped_text))
    }

    /// The HTML to show: that of all parts to show as HTML, decoded. `None` where there is none.
    pub fn html(&self) -> Option<Cow<'_, str>> {
        let body = self.body();
        join(body.html.into_iter().filter(|part| is_html(*part)).filter_map(Part::text))
    }

    /// What comes with the text: [`Body::attachments`].
    pub fn attachments(&self) -> Attachments<'_> {
        Attachments(self.body().attachments.into_iter())
    }
}

fn is_html(part: Part<'_>) -> bool {
    part.content_type().is("text", "html")
}

/// Texts one behind the other, each on lines of its own.
fn join<'m>(mut texts: impl Iterator<Item = Cow<'m, str>>) -> Option<Cow<'m, str>> {
    let mut all = texts.next()?;
    for text in texts {
        let joined = all.to_mut();
        if !joined.is_empty() && !joined.ends_with(['\r', '\n']) {
            joined.push_str("\r\n");
        }
        joined.push_str(&text);
    }
    Some(all)
}

/// The attachments of a message. Made by [`Message::attachments`].
#[derive(Debug, Clone)]
pub struct Attachments<'m>(alloc::vec::IntoIter<Part<'m>>);

impl<'m> Iterator for Attachments<'m> {
    type Item = Part<'m>;

    fn next(&mut self) -> Option<Part<'m>> {
        self.0.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl ExactSizeIterator for Attachments<'_> {}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::String;

    use super::*;

    /// A message whose structure is told in short: `mixed(plain png)`. `plain@` is an attachment, `plain=` has a name.
    fn build(structure: &str) -> String {
        let mut words = structure.replace('(', " ( ").replace(')', " ) ");
        words.push(' ');
        let mut words: Vec<&str> = words.split_whitespace().rev().collect();
        entity(&mut words, &mut 0)
    }

    fn entity(words: &mut Vec<&str>, number: &mut u32) -> String {
        let word = words.pop().unwrap();
        *number += 1;
        if words.last() == Some(&"(") {
            words.pop();
            let boundary = format!("b{number}");
            let mut text = format!("Content-Type: multipart/{word}; boundary={boundary}\r\n\r\n");
            while words.last() != Some(&")") {
                text += &format!("--{boundary}\r\n{}\r\n", entity(words, number));
            }
            words.pop();
            return text + &format!("--{boundary}--");
        }
        let (name, mark) = match word.strip_suffix('@') {
            Some(name) => (name, "Content-Disposition: attachment\r\n"),
            None => match word.strip_suffix('=') {
                Some(name) => (name, "Content-Disposition: inline; filename=x\r\n"),
                None => (word, ""),
            },
        };
        let kind = match name {
            "plain" | "html" | "calendar" | "enriched" => format!("text/{name}"),
            "message" => {
                return format!(
                    "Content-Type: message/rfc822\r\n{mark}\r\nSubject: x\r\n\r\nx{number}"
                );
            }
            _ => format!("image/{name}"),
        };
        format!("Content-Type: {kind}\r\n{mark}\r\nx{number}")
    }

    #[test]
    fn parts_are_chosen_as_mail_clients_do() {
        for (structure, text, html, attachments) in [
            ("plain", "", "", ""),
            ("png", "-", "-", "*"),
            ("plain@", "-", "-", "*"),
            ("enriched", "", "", ""),
            ("mixed(plain png)", "1", "1", "2"),
            ("mixed(plain plain)", "1 2", "1 2", ""),
            ("mixed(plain plain= plain@)", "1", "1", "2 3"),
            ("mixed(plain= png)", "1", "1", "2"),
            ("mixed(plain html)", "1 2", "1 2", ""),
            ("mixed(plain calendar enriched)", "1", "1", "2 3"),
            ("alternative(plain html)", "1", "2", ""),
            ("alternative(plain html html)", "1", "3", ""),
            ("alternative(plain html calendar)", "1", "2", "3"),
            ("alternative(html)", "1", "1", ""),
            ("alternative(plain)", "1", "1", ""),
            ("related(html png png)", "1", "1", "2 3"),
            ("related(html plain)", "1", "1", "2"),
            ("alternative(plain related(html png))", "1", "2.1", "2.2"),
            ("related(alternative(plain html) png)", "1.1", "1.2", "2"),
            (
                "mixed(alternative(plain related(html png)) png plain)",
                "1.1 3",
                "1.2.1 3",
                "1.2.2 2",
            ),
            ("mixed(alternative(plain html) alternative(plain html))", "1.1 2.1", "1.2 2.2", ""),
            ("alternative(mixed(plain png) html)", "1.1", "2", "1.2"),
            ("alternative(plain mixed(html png plain))", "1", "2.1 2.3", "2.2"),
            ("mixed(plain message)", "1", "1", "2"),
            ("signed(plain png)", "1", "1", "2"),
        ] {
            let raw = build(structure);
            let message = Message::parse(raw.as_bytes());
            let body = message.body();
            let paths = |parts: &[Part<'_>]| {
                let paths: Vec<_> = parts.iter().map(|part| part.path().to_string()).collect();
                match (paths.as_slice(), parts.first()) {
                    ([], _) if !message.root().is_multipart() => "-".into(),
                    ([_], Some(part)) if *part == message.root() => String::new(),
                    _ => paths.join(" "),
                }
            };
            let found = [paths(&body.text), paths(&body.html), paths(&body.attachments)];
            let attachments = match attachments {
                "*" => "",
                "" if !message.root().is_multipart() => "-",
                other => other,
            };
            assert_eq!(found, [text, html, attachments], "{structure}");
        }
    }

    #[test]
    fn texts_are_joined() {
        let raw = build("mixed(plain plain html)");
        let message = Message::parse(raw.as_bytes());
        assert_eq!(message.text().as_deref(), Some("x2\r\nx3"));
        assert_eq!(message.html().as_deref(), Some("x4"));
        assert_eq!(message.text_part().unwrap().path().to_string(), "1");
        assert_eq!(message.html_part().unwrap().path().to_string(), "3");
        assert_eq!(message.attachments().len(), 0);
        assert_eq!(Message::parse(build("html").as_bytes()).text(), None);
    }
}
