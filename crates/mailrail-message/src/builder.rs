//! Messages built from values.

pub(crate) mod attachment;
pub(crate) mod body_type;
pub(crate) mod content;
mod date;
mod entity;
mod few;
pub(crate) mod field;
mod flow;
pub(crate) mod fold;
mod phrase;
pub(crate) mod pieces;
pub(crate) mod report;
pub(crate) mod stream;
pub(crate) mod text;
mod write;
mod writer;

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::header::address::Address;
use crate::header::date::DateTime;
use crate::header::message_id::MessageId;
use attachment::Attachment;
use body_type::BodyType;
use content::Content;
use few::Few;
use field::FieldValue;
use report::Report;

/// What a message is built from. It picks structure, encodings and folds itself.
///
/// Only `From` and `Date` must be given. Lines are folded at 78 columns and never exceed 998 bytes; text lines end in
/// CRLF, the last one too. A name or text in any script is encoded as needed; a local part or domain that is not ASCII is written as
/// UTF-8, which needs SMTPUTF8 on the way (RFC 6532).
///
/// # Examples
/// ```
/// use mailrail_message::{Builder, DateTime, Mailbox, Message};
///
/// let bytes = Builder::new()
///     .from(Mailbox::new("ann@north.test")?.with_name("Ann Lee"))
///     .to(Mailbox::new("bob@south.test")?)
///     .subject("Gr\u{fc}\u{df}e")
///     .date(DateTime::from_unix(1_795_000_000, 60).unwrap())
///     .text("Hello Bob.\n")
///     .into_vec([7; 16])?;
/// assert_eq!(Message::parse(&bytes).headers().subject().as_deref(), Some("Gr\u{fc}\u{df}e"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Builder<'a> {
    from: Few<Address<'a>>,
    sender: Option<Box<Address<'a>>>,
    reply_to: Vec<Address<'a>>,
    to: Few<Address<'a>>,
    cc: Vec<Address<'a>>,
    bcc: Vec<Address<'a>>,
    writes_bcc: bool,
    subject: Option<Cow<'a, str>>,
    date: Option<DateTime>,
    message_id: Option<MessageId<'a>>,
    in_reply_to: Few<MessageId<'a>>,
    references: Few<MessageId<'a>>,
    unsubscribe: Few<Cow<'a, str>>,
    one_click: bool,
    fields: Vec<(Cow<'a, str>, FieldValue<'a>)>,
    text: Option<Cow<'a, str>>,
    is_flowed: bool,
    html: Option<Cow<'a, str>>,
    calendar: Option<Box<(Cow<'a, str>, Cow<'a, str>)>>,
    files: Vec<Attachment<'a>>,
    inline: Vec<Attachment<'a>>,
    report: Option<Box<Report<'a>>>,
    way: BodyType,
    utf8: bool,
}

impl<'a> Builder<'a> {
    /// A message without anything.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an author.
    #[must_use]
    #[inline]
    pub fn from(mut self, address: impl Into<Address<'a>>) -> Self {
        self.from.push(address.into());
        self
    }

    /// Sets who sends it for the authors; needed where there are several.
    #[must_use]
    #[inline]
    pub fn sender(mut self, address: impl Into<Address<'a>>) -> Self {
        self.sender = Some(Box::new(address.into()));
        self
    }

    /// Adds an address for answers.
    #[must_use]
    #[inline]
    pub fn reply_to(mut self, address: impl Into<Address<'a>>) -> Self {
        self.reply_to.push(address.into());
        self
    }

    /// Adds a main recipient.
    #[must_use]
    #[inline]
    pub fn to(mut self, address: impl Into<Address<'a>>) -> Self {
        self.to.push(address.into());
        self
    }

    /// Adds a further recipient.
    #[must_use]
    #[inline]
    pub fn cc(mut self, address: impl Into<Address<'a>>) -> Self {
        self.cc.push(address.into());
        self
    }

    /// Adds a recipient that the others do not see. It is written only after [`write_bcc`](Self::write_bcc).
    #[must_use]
    #[inline]
    pub fn bcc(mut self, address: impl Into<Address<'a>>) -> Self {
        self.bcc.push(address.into());
        self
    }

    /// Has `Bcc` written: for a draft or the sender's own copy, never for what is sent (RFC 5322 §3.6.3).
    #[must_use]
    #[inline]
    pub fn write_bcc(mut self) -> Self {
        self.writes_bcc = true;
        self
    }

    /// Sets the subject, in any script.
    #[must_use]
    #[inline]
    pub fn subject(mut self, subject: impl Into<Cow<'a, str>>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// Sets when the message was finished.
    #[must_use]
    #[inline]
    pub fn date(mut self, date: DateTime) -> Self {
        self.date = Some(date);
        self
    }

    /// Sets the message's identifier. Without one, the server that takes it may add one (RFC 6409 §8.3).
    #[must_use]
    #[inline]
    pub fn message_id(mut self, id: MessageId<'a>) -> Self {
        self.message_id = Some(id);
        self
    }

    /// Adds a message that this one answers.
    #[must_use]
    #[inline]
    pub fn in_reply_to(mut self, id: MessageId<'a>) -> Self {
        self.in_reply_to.push(id);
        self
    }

    /// Adds a message of the thread, oldest first.
    #[must_use]
    #[inline]
    pub fn reference(mut self, id: MessageId<'a>) -> Self {
        self.references.push(id);
        self
    }

    /// Adds a way to leave the list: an `https:` or `mailto:` URI, the preferred one first (RFC 2369 §3.2).
    #[must_use]
    #[inline]
    pub fn list_unsubscribe(mut self, uri: impl Into<Cow<'a, str>>) -> Self {
        self.unsubscribe.push(uri.into());
        self
    }

    /// Says that a POST to the `https:` URI of [`list_unsubscribe`](Self::list_unsubscribe) unsubscribes without a question
    /// (RFC 8058 §3.1). That needs a DKIM signature over both fields, which the caller makes.
    #[must_use]
    #[inline]
    pub fn one_click(mut self) -> Self {
        self.one_click = true;
        self
    }

    /// Adds another field: free text in any script where `value` is text, such as `Comments`; see [`FieldValue`] for more.
    #[must_use]
    #[inline]
    pub fn field(
        mut self,
        name: impl Into<Cow<'a, str>>,
        value: impl Into<FieldValue<'a>>,
    ) -> Self {
        self.fields.push((name.into(), value.into()));
        self
    }

    /// Adds another field with a grammar of its own that [`FieldValue`] has no type for: printable ASCII, folded at spaces and else as it is.
    #[must_use]
    #[inline]
    pub fn structured_field(
        self,
        name: impl Into<Cow<'a, str>>,
        value: impl Into<Cow<'a, str>>,
    ) -> Self {
        self.field(name, FieldValue::Structured(value.into()))
    }

    /// Sets the text to read.
    #[must_use]
    #[inline]
    pub fn text(mut self, text: impl Into<Cow<'a, str>>) -> Self {
        self.text = Some(text.into());
        self
    }

    /// Has the text written as `format=flowed` (RFC 3676): each of its lines is a paragraph, `>` at a line's start quote it. They
    /// are sent in lines of 72 characters, and readers wrap them to their own width.
    #[must_use]
    #[inline]
    pub fn flowed(mut self) -> Self {
        self.is_flowed = true;
        self
    }

    /// Sets the same text as HTML.
    #[must_use]
    #[inline]
    pub fn html(mut self, html: impl Into<Cow<'a, str>>) -> Self {
        self.html = Some(html.into());
        self
    }

    /// Sets the same as an iCalendar object, with its method, such as `REQUEST` (RFC 6047 §2.4).
    #[must_use]
    #[inline]
    pub fn calendar(
        mut self,
        method: impl Into<Cow<'a, str>>,
        object: impl Into<Cow<'a, str>>,
    ) -> Self {
        self.calendar = Some(Box::new((method.into(), object.into())));
        self
    }

    /// Adds a file.
    #[must_use]
    #[inline]
    pub fn attach(mut self, file: Attachment<'a>) -> Self {
        self.files.push(file);
        self
    }

    /// Adds a message that is passed on, untouched: [`Attachment::message`].
    #[must_use]
    #[inline]
    pub fn forward(self, message: impl Into<Content>) -> Self {
        self.attach(Attachment::message(message))
    }

    /// Adds a picture that the HTML shows by its content identifier.
    #[must_use]
    #[inline]
    pub fn inline(mut self, file: Attachment<'a>) -> Self {
        self.inline.push(file);
        self
    }

    /// Makes it a report (RFC 6522): the text is what people read of it. `Auto-Submitted` is written with it (RFC 3834 §5).
    #[must_use]
    #[inline]
    pub fn report(mut self, report: impl Into<Report<'a>>) -> Self {
        self.report = Some(Box::new(report.into()));
        self
    }

    /// Says what the way to all recipients carries; without it, seven bits. What cannot go so is encoded.
    #[must_use]
    #[inline]
    pub fn way(mut self, body_type: BodyType) -> Self {
        self.way = body_type;
        self
    }

    /// Says that the way to all recipients carries SMTPUTF8: text in header fields is written as UTF-8 (RFC 6532).
    #[must_use]
    #[inline]
    pub fn utf8(mut self) -> Self {
        self.utf8 = true;
        self
    }
}
