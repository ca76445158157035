//! Which parts are read as the text, which are shown as HTML, and which are attached: decided part by part as they come.

use alloc::vec::Vec;
use core::ops::Range;

use crate::header::content_type::ContentType;
use crate::part::PartKind;
use crate::stream::MessageEvent;

/// What a [`BodyPicker`] says of a part, in terms of the lists of [`Body`](crate::Body).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Picked {
    /// A leaf or an embedded message, whose body begins now. Its places among what is read as plain text and among what is shown
    /// as HTML, from 0: it goes there, and what was told for this place and those behind it goes away, since it is a better
    /// alternative. An attachment has neither.
    Part {
        /// Its place in [`Body::text`](crate::Body::text).
        text: Option<usize>,
        /// Its place in [`Body::html`](crate::Body::html).
        html: Option<usize>,
    },
    /// A multipart/alternative ends that had no HTML: the parts at these places of the text are what is shown, too, behind
    /// what is shown so far.
    TextIsShown(Range<usize>),
    /// A multipart/alternative ends that had no plain text: the parts at these places of the HTML are what is read, too,
    /// behind what is read so far.
    HtmlIsRead(Range<usize>),
}

/// A multipart that is being gone through.
#[derive(Debug)]
struct Frame {
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

/// What the header of a part says that matters here.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts<'a> {
    pub(crate) kind: PartKind,
    pub(crate) content_type: ContentType<'a>,
    /// Its disposition says that it is shown apart.
    pub(crate) is_attachment: bool,
    pub(crate) has_name: bool,
}

/// What a part of a message is, beside a multipart.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Plain,
    Html,
    Attachment,
}

impl Facts<'_> {
    fn role(&self, is_first: bool, frame: Option<&Frame>) -> Role {
        let is_html = self.content_type.is("text", "html");
        let is_plain = self.content_type.is("text", "plain");
        if self.kind != PartKind::Leaf || !self.content_type.is_text() {
            return Role::Attachment;
        }
        let is_alternative = frame.is_some_and(|frame| frame.is_alternative);
        let is_related = frame.is_some_and(|frame| frame.is_related);
        // Other text is read as plain text where it is the text (RFC 2046 §4.1.4), not beside it.
        let is_known = is_plain || is_html || (is_first && !is_alternative);
        let is_beside = !is_first && (is_related || (!is_alternative && self.has_name));
        if !is_known || is_beside || self.is_attachment {
            return Role::Attachment;
        }
        if is_html { Role::Html } else { Role::Plain }
    }
}

/// The rules, whoever tells of the parts.
#[derive(Debug, Default)]
pub(crate) struct Chooser {
    open: Vec<Frame>,
    /// How many parts are read as text.
    text: usize,
    /// How many are shown as HTML.
    html: usize,
}

impl Chooser {
    /// A multipart begins.
    pub(crate) fn enter(&mut self, content_type: ContentType<'_>) {
        if let Some(outer) = self.open.last_mut() {
            outer.is_first = false;
        }
        let outer = self.open.last();
        let frame = Frame {
            is_first: true,
            is_alternative: content_type.is("multipart", "alternative"),
            is_in_alternative: outer
                .is_some_and(|outer| outer.is_alternative || outer.is_in_alternative),
            is_related: content_type.is("multipart", "related"),
            text: self.text,
            html: self.html,
            takes_text: outer.is_none_or(|outer| outer.takes_text),
            takes_html: outer.is_none_or(|outer| outer.takes_html),
        };
        self.open.push(frame);
    }

    /// Any other part.
    pub(crate) fn leaf(&mut self, facts: &Facts<'_>) -> Picked {
        let mut frame = self.open.last_mut();
        let is_first =
            frame.as_mut().is_none_or(|frame| core::mem::replace(&mut frame.is_first, false));
        let role = facts.role(is_first, frame.as_deref());
        let (text, html) = match (role, frame) {
            (Role::Attachment, _) => (None, None),
            (_, None) => (Some(0), Some(0)),
            // A better one of the same kind.
            (Role::Plain, Some(frame)) if frame.is_alternative => (Some(frame.text), None),
            (Role::Html, Some(frame)) if frame.is_alternative => (None, Some(frame.html)),
            (_, Some(frame)) => {
                if frame.is_in_alternative && frame.takes_text && frame.takes_html {
                    frame.takes_text = role == Role::Plain;
                    frame.takes_html = role == Role::Html;
                }
                (frame.takes_text.then_some(self.text), frame.takes_html.then_some(self.html))
            }
        };
        self.text = text.map_or(self.text, |place| place + 1);
        self.html = html.map_or(self.html, |place| place + 1);
        Picked::Part { text, html }
    }

    /// The multipart that began last ends. What was found in an alternative of only one kind serves as the other kind too.
    pub(crate) fn leave(&mut self) -> Option<Picked> {
        let frame = self.open.pop().filter(|frame| frame.is_alternative)?;
        let (text, html) = (frame.text..self.text, frame.html..self.html);
        match (text.is_empty(), html.is_empty()) {
            (false, true) if frame.takes_html => {
                self.html += text.len();
                Some(Picked::TextIsShown(text))
            }
            (true, false) if frame.takes_text => {
                self.text += html.len();
                Some(Picked::HtmlIsRead(html))
            }
            _ => None,
        }
    }
}

/// Picks the text to read and the HTML to show of a message while it arrives, as [`Message::body`](crate::Message::body) does of
/// a whole one. It is shown each event of a [`MessageStream`](crate::MessageStream), and keeps nothing of the message.
///
/// A mailer that follows RFC 2046 §5.1.4 puts the plain text in front of the HTML; where one of the same kind comes again in an
/// alternative, it takes the place of the one before. Of what stands in an embedded message nothing is picked. The soft line breaks
/// of `format=flowed` are left to [`flowed`](crate::flowed), which wants whole paragraphs.
///
/// # Examples
/// The text of a message, decoded as it arrives:
/// ```
/// use mailrail_message::{BodyPicker, MessageEvent, MessageStream, Picked};
///
/// let chunks = ["Content-Type: multipart/alternative; boundary=a\r\n\r\n--a\r\nContent-Type: text/plain; charset=utf-8\r\n",
///     "Content-Transfer-Encoding: base64\r\n\r\nY2Fm", "w6k=\r\n--a\r\nContent-Type: text/html\r\n\r\n<p>\r\n--a--\r\n"];
/// let (mut stream, mut picker) = (MessageStream::default(), BodyPicker::default());
/// let (mut texts, mut decoder) = (Vec::<String>::new(), None);
/// let mut take = |event: MessageEvent<'_>| {
///     let picked = picker.event(&event);
///     match event {
///         MessageEvent::Body(head) => {
///             if let Some(Picked::Part { text: Some(place), .. }) = picked {
///                 texts.truncate(place);
///                 texts.push(String::new());
///                 decoder = head.text_decoder();
///             }
///         }
///         MessageEvent::Data(bytes) => {
///             if let (Some(decoder), Some(text)) = (&mut decoder, texts.last_mut()) {
///                 decoder.decode(bytes, text);
///             }
///         }
///         MessageEvent::PartEnds { .. } => {
///             if let (Some(mut decoder), Some(text)) = (decoder.take(), texts.last_mut()) {
///                 decoder.finish(text);
///             }
///         }
///         _ => {}
///     }
/// };
/// for chunk in chunks {
///     let mut rest = chunk.as_bytes();
///     while let Some(event) = stream.event(&mut rest) {
///         take(event);
///     }
/// }
/// stream.end();
/// while let Some(event) = stream.event(&mut &[][..]) {
///     take(event);
/// }
/// assert_eq!(texts, ["caf\u{e9}"]);
/// ```
#[derive(Debug, Default)]
pub struct BodyPicker {
    chooser: Chooser,
    /// The parts that are open, outermost first; none of an embedded message.
    open: Vec<PartKind>,
    /// How many parts are open inside of an embedded message.
    embedded: usize,
    /// What the header that is read says: the first disposition, whether it is an attachment, and whether it names a file.
    disposition: Option<(bool, bool)>,
}

impl BodyPicker {
    /// Looks at the next event, and says what becomes of the part that it is about: at the [`Body`](MessageEvent::Body) of a leaf or
    /// an embedded message, and at the end of a multipart/alternative. `None` at all others.
    pub fn event(&mut self, event: &MessageEvent<'_>) -> Option<Picked> {
        if self.open.last() == Some(&PartKind::Message) {
            match event {
                MessageEvent::PartBegins { .. } => self.embedded += 1,
                MessageEvent::PartEnds { .. } if self.embedded > 0 => self.embedded -= 1,
                MessageEvent::PartEnds { .. } => drop(self.open.pop()),
                _ => {}
            }
            return None;
        }
        match event {
            MessageEvent::PartBegins { .. } => self.disposition = None,
            MessageEvent::Field(field) if field.is_named("Content-Disposition") => {
                let found = field.content_disposition().ok();
                self.disposition.get_or_insert_with(|| match found {
                    Some(found) => (found.is_attachment(), found.filename().is_some()),
                    None => (false, false),
                });
            }
            MessageEvent::Body(head) => {
                self.open.push(head.kind());
                let content_type = head.content_type();
                if head.kind() == PartKind::Multipart {
                    self.chooser.enter(content_type);
                    return None;
                }
                let (is_attachment, has_filename) = self.disposition.unwrap_or_default();
                let has_name = has_filename || content_type.parameters().get("name").is_some();
                let facts = Facts { kind: head.kind(), content_type, is_attachment, has_name };
                return Some(self.chooser.leaf(&facts));
            }
            MessageEvent::PartEnds { .. } if self.open.pop() == Some(PartKind::Multipart) => {
                return self.chooser.leave();
            }
            _ => {}
        }
        None
    }
}
