//! Messages built from values.

mod entity;
pub(crate) mod fold;
mod phrase;
mod pieces;

use alloc::borrow::Cow;
use alloc::format;
use alloc::vec::Vec;

use bytes::Bytes;

use crate::error::Error;
use crate::header::address::{Address, Mailbox};
use crate::header::date::DateTime;
use crate::header::message_id::MessageId;
use entity::{Entity, Writer};
use fold::Fold;
use phrase::phrase_words;
pub use pieces::Pieces;

/// A file that goes with a message.
#[derive(Clone)]
pub struct Attachment<'a> {
    content_type: Cow<'a, str>,
    name: Option<Cow<'a, str>>,
    content: Bytes,
    content_id: Option<MessageId<'a>>,
}

impl core::fmt::Debug for Attachment<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Attachment")
            .field("content_type", &self.content_type)
            .field("name", &self.name)
            .field("bytes", &self.content.len())
            .finish()
    }
}

impl<'a> Attachment<'a> {
    /// A file of this content type, such as `image/png`, parameters allowed. It is sent byte for byte.
    pub fn new(content_type: impl Into<Cow<'a, str>>, content: impl Into<Bytes>) -> Self {
        Self {
            content_type: content_type.into(),
            name: None,
            content: content.into(),
            content_id: None,
        }
    }

    /// The name that the recipient sees, in any script.
    #[must_use]
    pub fn with_name(self, name: impl Into<Cow<'a, str>>) -> Self {
        Self { name: Some(name.into()), ..self }
    }

    /// The identifier by which HTML shows it, as `cid:` and the identifier (RFC 2392).
    #[must_use]
    pub fn with_content_id(self, id: MessageId<'a>) -> Self {
        Self { content_id: Some(id), ..self }
    }
}

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
///     .build([7; 16])?
///     .into_vec();
/// assert_eq!(Message::parse(&bytes).headers().subject().as_deref(), Some("Gr\u{fc}\u{df}e"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Builder<'a> {
    from: Vec<Address<'a>>,
    sender: Option<Mailbox<'a>>,
    reply_to: Vec<Address<'a>>,
    to: Vec<Address<'a>>,
    cc: Vec<Address<'a>>,
    bcc: Vec<Address<'a>>,
    writes_bcc: bool,
    subject: Option<Cow<'a, str>>,
    date: Option<DateTime>,
    message_id: Option<MessageId<'a>>,
    in_reply_to: Vec<MessageId<'a>>,
    references: Vec<MessageId<'a>>,
    fields: Vec<Extra<'a>>,
    text: Option<Cow<'a, str>>,
    html: Option<Cow<'a, str>>,
    files: Vec<Attachment<'a>>,
    inline: Vec<Attachment<'a>>,
}

#[derive(Debug, Clone)]
struct Extra<'a> {
    name: Cow<'a, str>,
    value: Cow<'a, str>,
    is_structured: bool,
}

impl<'a> Builder<'a> {
    /// A message without anything.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an author.
    #[must_use]
    pub fn from(mut self, address: impl Into<Address<'a>>) -> Self {
        self.from.push(address.into());
        self
    }

    /// Sets who sends it for the authors; needed where there are several.
    #[must_use]
    pub fn sender(mut self, mailbox: Mailbox<'a>) -> Self {
        self.sender = Some(mailbox);
        self
    }

    /// Adds an address for answers.
    #[must_use]
    pub fn reply_to(mut self, address: impl Into<Address<'a>>) -> Self {
        self.reply_to.push(address.into());
        self
    }

    /// Adds a main recipient.
    #[must_use]
    pub fn to(mut self, address: impl Into<Address<'a>>) -> Self {
        self.to.push(address.into());
        self
    }

    /// Adds a further recipient.
    #[must_use]
    pub fn cc(mut self, address: impl Into<Address<'a>>) -> Self {
        self.cc.push(address.into());
        self
    }

    /// Adds a recipient that the others do not see. It is written only after [`write_bcc`](Self::write_bcc).
    #[must_use]
    pub fn bcc(mut self, address: impl Into<Address<'a>>) -> Self {
        self.bcc.push(address.into());
        self
    }

    /// Has `Bcc` written: for a draft or the sender's own copy, never for what is sent (RFC 5322 §3.6.3).
    #[must_use]
    pub fn write_bcc(mut self) -> Self {
        self.writes_bcc = true;
        self
    }

    /// Sets the subject, in any script.
    #[must_use]
    pub fn subject(mut self, subject: impl Into<Cow<'a, str>>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// Sets when the message was finished.
    #[must_use]
    pub fn date(mut self, date: DateTime) -> Self {
        self.date = Some(date);
        self
    }

    /// Sets the message's identifier. Without one, the server that takes it may add one (RFC 6409 §8.3).
    #[must_use]
    pub fn message_id(mut self, id: MessageId<'a>) -> Self {
        self.message_id = Some(id);
        self
    }

    /// Adds a message that this one answers.
    #[must_use]
    pub fn in_reply_to(mut self, id: MessageId<'a>) -> Self {
        self.in_reply_to.push(id);
        self
    }

    /// Adds a message of the thread, oldest first.
    #[must_use]
    pub fn reference(mut self, id: MessageId<'a>) -> Self {
        self.references.push(id);
        self
    }

    /// Adds another field of free text in any script, such as `Comments`.
    #[must_use]
    pub fn field(mut self, name: impl Into<Cow<'a, str>>, text: impl Into<Cow<'a, str>>) -> Self {
        self.fields.push(Extra { name: name.into(), value: text.into(), is_structured: false });
        self
    }

    /// Adds another field with a grammar of its own, such as `List-Id`: printable ASCII, folded at spaces and else as it is.
    #[must_use]
    pub fn structured_field(
        mut self,
        name: impl Into<Cow<'a, str>>,
        value: impl Into<Cow<'a, str>>,
    ) -> Self {
        self.fields.push(Extra { name: name.into(), value: value.into(), is_structured: true });
        self
    }

    /// Sets the text to read.
    #[must_use]
    pub fn text(mut self, text: impl Into<Cow<'a, str>>) -> Self {
        self.text = Some(text.into());
        self
    }

    /// Sets the same text as HTML.
    #[must_use]
    pub fn html(mut self, html: impl Into<Cow<'a, str>>) -> Self {
        self.html = Some(html.into());
        self
    }

    /// Adds a file.
    #[must_use]
    pub fn attach(mut self, file: Attachment<'a>) -> Self {
        self.files.push(file);
        self
    }

    /// Adds a picture that the HTML shows by its content identifier.
    #[must_use]
    pub fn inline(mut self, file: Attachment<'a>) -> Self {
        self.inline.push(file);
        self
    }

    /// Builds the message. The random bytes make its boundaries; no two messages should have the same.
    ///
    /// # Errors
    /// If it lacks what a message must have, or a value cannot stand in one: see [`Error`].
    pub fn build(self, random: [u8; 16]) -> Result<Pieces, Error> {
        let mut header = self.header()?;
        header.extend_from_slice(b"MIME-Version: 1.0\r\n");
        let mut writer = Writer::new(header, random);
        let body =
            Entity::arrange(self.text.as_deref(), self.html.as_deref(), &self.inline, &self.files);
        writer.entity(&body)?;
        Ok(Pieces::new(writer.finish()))
    }

    fn header(&self) -> Result<Vec<u8>, Error> {
        let date = self.date.ok_or(Error::MissingDate)?;
        let authors: usize = self.from.iter().map(|address| address.mailboxes().len()).sum();
        if self.from.is_empty() {
            return Err(Error::MissingFrom);
        }
        if authors > 1 && self.sender.is_none() {
            return Err(Error::MissingSender);
        }
        let mut header = Vec::new();
        let mut line = Fold::begin("Date");
        line.word(&format!("{}", date.rfc5322()));
        header.extend(line.finish("Date")?);
        let sender: Vec<Address<'_>> = self.sender.iter().cloned().map(Address::Mailbox).collect();
        let bcc = if self.writes_bcc { self.bcc.as_slice() } else { &[] };
        for (name, addresses) in [
            ("From", self.from.as_slice()),
            ("Sender", &sender),
            ("Reply-To", &self.reply_to),
            ("To", &self.to),
            ("Cc", &self.cc),
            ("Bcc", bcc),
        ] {
            header.extend(address_field(name, addresses)?);
        }
        let id = self.message_id.as_slice();
        for (name, ids) in [
            ("Message-ID", id),
            ("In-Reply-To", &self.in_reply_to),
            ("References", &self.references),
        ] {
            header.extend(id_field(name, ids)?);
        }
        if let Some(subject) = &self.subject {
            check("Subject", subject)?;
            let mut line = Fold::begin("Subject");
            line.text(subject);
            header.extend(line.finish("Subject")?);
        }
        for extra in &self.fields {
            header.extend(extra.encode()?);
        }
        Ok(header)
    }
}

/// Fields that the builder writes from other values, or must not write.
const RESERVED: [&str; 12] = [
    "Date",
    "From",
    "Sender",
    "Reply-To",
    "To",
    "Cc",
    "Bcc",
    "Message-ID",
    "In-Reply-To",
    "References",
    "Subject",
    "MIME-Version",
];

impl Extra<'_> {
    fn encode(&self) -> Result<Vec<u8>, Error> {
        const FIELD: &str = "an added field";
        let name = &*self.name;
        let is_name = name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':');
        if name.is_empty() || name.len() > 70 || !is_name {
            return Err(Error::InvalidFieldName);
        }
        let is_content = name.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("Content-"));
        if is_content || RESERVED.iter().any(|reserved| reserved.eq_ignore_ascii_case(name)) {
            return Err(Error::ReservedField);
        }
        check(FIELD, &self.value)?;
        let mut line = Fold::begin(name);
        if !self.is_structured {
            line.text(&self.value);
            return line.finish(FIELD);
        }
        if !self.value.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            return Err(Error::NotAscii(FIELD));
        }
        for word in self.value.split(' ').filter(|word| !word.is_empty()) {
            line.word(word);
        }
        line.finish(FIELD)
    }
}

/// That a value cannot start a line of its own.
fn check(field: &'static str, value: &str) -> Result<(), Error> {
    if value.contains(['\r', '\n', '\0']) {
        return Err(Error::ForbiddenByte(field));
    }
    Ok(())
}

fn address_field(name: &'static str, addresses: &[Address<'_>]) -> Result<Vec<u8>, Error> {
    if addresses.is_empty() {
        return Ok(Vec::new());
    }
    let mut line = Fold::begin(name);
    for (at, address) in addresses.iter().enumerate() {
        if at > 0 {
            line.glue(",");
        }
        match address {
            Address::Mailbox(mailbox) => write_mailbox(&mut line, name, mailbox)?,
            Address::Group(group) => {
                check(name, &group.name)?;
                line.phrase(&group.name);
                // White space must follow an encoded word in a phrase (RFC 2047 §5 (3)).
                match group.name.is_ascii() {
                    true => line.glue(":"),
                    false => line.word(":"),
                }
                for (at, mailbox) in group.members.iter().enumerate() {
                    if at > 0 {
                        line.glue(",");
                    }
                    write_mailbox(&mut line, name, mailbox)?;
                }
                line.glue(";");
            }
        }
    }
    line.finish(name)
}

fn write_mailbox(line: &mut Fold, field: &'static str, mailbox: &Mailbox<'_>) -> Result<(), Error> {
    let address = mailbox.address();
    check(field, &address)?;
    if !mailbox.is_valid() {
        return Err(Error::InvalidAddress(field));
    }
    match mailbox.name().filter(|name| !name.is_empty()) {
        Some(name) => {
            check(field, name)?;
            line.phrase(name);
            line.word(&format!("<{address}>"));
        }
        None => line.word(&address),
    }
    Ok(())
}

impl Fold {
    /// A display name.
    fn phrase(&mut self, name: &str) {
        for word in phrase_words(name, self.column()) {
            self.word(&word);
        }
    }
}

fn id_field(name: &'static str, ids: &[MessageId<'_>]) -> Result<Vec<u8>, Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut line = Fold::begin(name);
    for id in ids {
        if !id.is_valid() {
            return Err(Error::InvalidMessageId(name));
        }
        line.word(&format!("{id}"));
    }
    line.finish(name)
}
