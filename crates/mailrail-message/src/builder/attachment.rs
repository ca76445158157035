//! A file, or a message that is passed on, as a part of a message.

use alloc::borrow::Cow;

use super::body_type::BodyType;
use super::content::{Content, Source};
use crate::header::message_id::MessageId;

/// A file that goes with a message. Its bytes arrive as they are.
#[derive(Debug, Clone)]
pub struct Attachment<'a> {
    pub(super) content_type: Cow<'a, str>,
    pub(super) name: Option<Cow<'a, str>>,
    pub(super) description: Option<Cow<'a, str>>,
    pub(super) content: Content,
    pub(super) content_id: Option<MessageId<'a>>,
    /// What is known of a streamed message before it comes.
    pub(super) declared: BodyType,
}

impl<'a> Attachment<'a> {
    /// A file of this content type, such as `image/png`, parameters allowed.
    ///
    /// A message/rfc822 or message/global is passed on as [`message`](Self::message) does it. No multipart and no other
    /// message can be attached: these may not be encoded (RFC 2046 §5.1, §5.2).
    pub fn new(content_type: impl Into<Cow<'a, str>>, content: impl Into<Content>) -> Self {
        Self {
            content_type: content_type.into(),
            name: None,
            description: None,
            content: content.into(),
            content_id: None,
            declared: BodyType::EightBitMime,
        }
    }

    /// A whole message that is passed on, untouched: message/rfc822, or message/global where its header holds UTF-8
    /// (RFC 6532 §3.7).
    ///
    /// A message/rfc822 may not be encoded (RFC 2046 §5.2.1): what it needs of the way, the whole message then needs, see
    /// [`Pieces::body_type`](crate::Pieces::body_type). One that is streamed counts as 8bit, see [`declare`](Self::declare).
    pub fn message(content: impl Into<Content>) -> Self {
        let content = content.into();
        let content_type = message_type(&content);
        Self::new(content_type, content)
    }

    /// Says what a streamed message holds; bytes of it that need more are an error then.
    #[must_use]
    pub fn declare(self, body_type: BodyType) -> Self {
        Self { declared: body_type, ..self }
    }

    /// The name that the recipient sees, in any script.
    #[must_use]
    pub fn with_name(self, name: impl Into<Cow<'a, str>>) -> Self {
        Self { name: Some(name.into()), ..self }
    }

    /// A few words about it, in any script: `Content-Description` (RFC 2045 §8).
    #[must_use]
    pub fn with_description(self, description: impl Into<Cow<'a, str>>) -> Self {
        Self { description: Some(description.into()), ..self }
    }

    /// The identifier by which HTML shows it, as `cid:` and the identifier (RFC 2392).
    #[must_use]
    pub fn with_content_id(self, id: MessageId<'a>) -> Self {
        Self { content_id: Some(id), ..self }
    }
}

/// The content type of a message that is passed on. Nothing is known of a streamed one.
pub(super) fn message_type(content: &Content) -> &'static str {
    match &content.0 {
        Source::Whole(bytes) if !header(bytes).is_ascii() => "message/global",
        _ => "message/rfc822",
    }
}

/// The header block of a message: all before the first empty line.
pub(super) fn header(message: &[u8]) -> &[u8] {
    let end = match (
        memchr::memmem::find(message, b"\r\n\r\n"),
        memchr::memmem::find(message, b"\n\n"),
    ) {
        (Some(a), Some(b)) => a.min(b),
        (a, b) => a.or(b).unwrap_or(message.len()),
    };
    crate::scan::slice(message, 0..end)
}
