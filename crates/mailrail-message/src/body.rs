//! Which parts are read as the text, which are shown as HTML, and which are attached.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use crate::choose::{Chooser, Facts, Picked};
use crate::message::Message;
use crate::part::{Children, Part};

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

impl<'m> Body<'m> {
    fn of(root: Part<'m>) -> Self {
        let (mut body, mut chooser) = (Self::default(), Chooser::default());
        // What stands inside one another is bounded by the limits, but not so that calls may be.
        let mut open: Vec<Children<'m>> = Vec::new();
        let mut next = Some(root);
        while let Some(part) = next {
            if part.is_multipart() {
                chooser.enter(part.content_type());
                open.push(part.children());
            } else {
                let facts = Facts {
                    kind: part.kind(),
                    content_type: part.content_type(),
                    is_attachment: part.disposition().is_some_and(|kind| kind.is_attachment()),
                    has_name: part.filename().is_some(),
                };
                body.add(part, &chooser.leaf(&facts));
            }
            next = None;
            while next.is_none()
                && let Some(children) = open.last_mut()
            {
                next = children.next();
                if next.is_none() {
                    open.pop();
                    chooser.leave().iter().for_each(|picked| body.add(part, picked));
                }
            }
        }
        body
    }

    fn add(&mut self, part: Part<'m>, picked: &Picked) {
        match picked {
            Picked::Part { text: None, html: None } => self.attachments.push(part),
            Picked::Part { text, html } => {
                for (place, list) in [(text, &mut self.text), (html, &mut self.html)] {
                    if let Some(place) = place {
                        list.truncate(*place);
                        list.push(part);
                    }
                }
            }
            Picked::TextIsShown(places) => {
                self.html.extend(self.text.get(places.clone()).unwrap_or_default());
            }
            Picked::HtmlIsRead(places) => {
                self.text.extend(self.html.get(places.clone()).unwrap_or_default());
            }
        }
    }
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

    use proptest::prelude::*;

    use super::*;
    use crate::{BodyPicker, MessageEvent, MessageStream};

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
            for size in [1, 7, raw.len()] {
                assert_eq!(streamed(raw.as_bytes(), size), paths_of(&body), "{structure}");
            }
        }
    }

    fn paths_of(body: &Body<'_>) -> [Vec<String>; 3] {
        [&body.text, &body.html, &body.attachments]
            .map(|parts| parts.iter().map(|part| part.path().to_string()).collect())
    }

    /// The same, of the message as it arrives.
    fn streamed(raw: &[u8], size: usize) -> [Vec<String>; 3] {
        let (mut stream, mut picker) = (MessageStream::default(), BodyPicker::default());
        let [mut text, mut html, mut attachments] = [const { Vec::<String>::new() }; 3];
        let mut take = |event: MessageEvent<'_>| {
            let path = match &event {
                MessageEvent::Body(head) => head.path().to_string(),
                _ => String::new(),
            };
            match picker.event(&event) {
                Some(Picked::Part { text: None, html: None }) => attachments.push(path),
                Some(Picked::Part { text: at, html: shown }) => {
                    for (list, place) in [(&mut text, at), (&mut html, shown)] {
                        list.truncate(place.unwrap_or(list.len()));
                        list.extend(place.map(|_| path.clone()));
                    }
                }
                Some(Picked::TextIsShown(places)) => html.extend_from_slice(&text[places]),
                Some(Picked::HtmlIsRead(places)) => text.extend_from_slice(&html[places]),
                None => {}
            }
        };
        for mut chunk in raw.chunks(size.max(1)) {
            while let Some(event) = stream.event(&mut chunk) {
                take(event);
            }
        }
        stream.end();
        while let Some(event) = stream.event(&mut &[][..]) {
            take(event);
        }
        [text, html, attachments]
    }

    fn structures() -> impl Strategy<Value = String> {
        let leaf = proptest::sample::select(vec![
            "plain", "html", "plain@", "plain=", "html=", "png", "calendar", "enriched", "message",
        ]);
        leaf.prop_map(String::from).prop_recursive(4, 24, 4, |inner| {
            let kind = proptest::sample::select(vec!["mixed", "alternative", "related", "signed"]);
            (kind, proptest::collection::vec(inner, 0..4))
                .prop_map(|(kind, parts)| format!("{kind}({})", parts.join(" ")))
        })
    }

    proptest! {
        #[test]
        fn what_arrives_is_chosen_as_the_whole_is(structure in structures(), size in 1..200_usize) {
            let raw = build(&structure);
            let message = Message::parse(raw.as_bytes());
            prop_assert_eq!(streamed(raw.as_bytes(), size), paths_of(&message.body()), "{}", structure);
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
