//! What a message holds, as `parse --json` tells it.

use mailrail_message::{Address, Headers, Mailbox, Message, MessageId, MessageIds, Part, PartKind};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::{borrow::Cow, collections::BTreeMap, fmt};

/// A message, taken apart.
#[derive(Debug, Serialize)]
#[non_exhaustive]
pub struct Report<'m> {
    /// The subject, decoded.
    pub subject: Option<Cow<'m, str>>,
    /// The date as RFC 3339 has it; none where it does not parse.
    pub date: Option<String>,
    /// The identifier without angle brackets.
    pub message_id: Option<String>,
    /// The authors.
    pub from: Vec<Party>,
    /// Who sent it for them.
    pub sender: Vec<Party>,
    /// Where answers go.
    pub reply_to: Vec<Party>,
    /// The main recipients.
    pub to: Vec<Party>,
    /// Further recipients.
    pub cc: Vec<Party>,
    /// Recipients that the others do not see.
    pub bcc: Vec<Party>,
    /// The messages that it answers.
    pub in_reply_to: Vec<String>,
    /// Its thread, oldest first.
    pub references: Vec<String>,
    /// All header fields in their order.
    pub headers: Vec<FieldReport<'m>>,
    /// All parts in their order: a container, then what it holds.
    pub parts: Vec<PartReport<'m>>,
    /// The text to read.
    pub text: Option<Cow<'m, str>>,
    /// The same as HTML.
    pub html: Option<Cow<'m, str>>,
    /// What is wrong with it, and where.
    pub defects: Vec<String>,
}

/// An address, or a named group of them.
#[derive(Debug, Serialize, PartialEq, Eq)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Party {
    /// One address.
    Mailbox {
        /// Whose it is.
        name: Option<String>,
        /// `local@domain`
        address: String,
    },
    /// A group.
    Group {
        /// Its name.
        group: String,
        /// Who is in it.
        members: Vec<Self>,
    },
}

/// A header field.
#[derive(Debug, Serialize)]
#[non_exhaustive]
pub struct FieldReport<'m> {
    /// Its name, as it is written.
    pub name: &'m str,
    /// Its unfolded bytes, each as the character of that number.
    pub raw: String,
    /// Its value, decoded.
    pub value: Cow<'m, str>,
}

/// A part of the message.
#[derive(Debug, Serialize)]
#[non_exhaustive]
pub struct PartReport<'m> {
    /// Its number, as IMAP counts; empty for the message itself.
    pub path: String,
    /// Its content type in lower case, without parameters.
    pub r#type: String,
    /// The parameters of the content type, decoded; their names in lower case.
    pub params: BTreeMap<String, Cow<'m, str>>,
    /// Whether it is shown with the text or apart.
    pub disposition: Option<&'static str>,
    /// The name of the file that it holds.
    pub filename: Option<Cow<'m, str>>,
    /// Its identifier without angle brackets.
    pub content_id: Option<String>,
    /// Its transfer encoding, in lower case.
    pub encoding: String,
    /// Bytes after the transfer decoding; none for a multipart.
    pub size: Option<usize>,
    /// The SHA-256 of those bytes in hexadecimal.
    pub sha256: Option<String>,
    /// The text of a text part, decoded.
    pub text: Option<Cow<'m, str>>,
}

impl<'m> Report<'m> {
    /// Takes a message apart.
    #[must_use]
    pub fn new(message: &'m Message<'m>) -> Self {
        let headers = message.headers();
        Self {
            subject: headers.subject(),
            date: headers.date().map(|date| date.rfc3339().to_string()),
            message_id: headers.message_id().map(id),
            from: parties(headers.from()),
            sender: parties(headers.sender()),
            reply_to: parties(headers.reply_to()),
            to: parties(headers.to()),
            cc: parties(headers.cc()),
            bcc: parties(headers.bcc()),
            in_reply_to: ids(headers.in_reply_to()),
            references: ids(headers.references()),
            headers: fields(headers),
            parts: message.parts().map(PartReport::new).collect(),
            text: message.text(),
            html: message.html(),
            defects: message.check().iter().map(ToString::to_string).collect(),
        }
    }
}

fn id(id: MessageId<'_>) -> String {
    id.as_str().to_owned()
}

fn ids(ids: MessageIds<'_>) -> Vec<String> {
    ids.map(id).collect()
}

fn fields<'m>(headers: Headers<'m>) -> Vec<FieldReport<'m>> {
    let fields = headers.iter().map(|field| FieldReport {
        name: field.name(),
        raw: field.unfolded().iter().map(|&byte| char::from(byte)).collect(),
        value: field.text(),
    });
    fields.collect()
}

fn parties(addresses: Vec<Address<'_>>) -> Vec<Party> {
    let party = |address| match address {
        Address::Mailbox(mailbox) => Some(Party::mailbox(&mailbox)),
        Address::Group(group) => Some(Party::Group {
            group: group.name.into_owned(),
            members: group.members.iter().map(Party::mailbox).collect(),
        }),
        _ => None,
    };
    addresses.into_iter().filter_map(party).collect()
}

impl Party {
    fn mailbox(mailbox: &Mailbox<'_>) -> Self {
        Self::Mailbox {
            name: mailbox.name().map(str::to_owned),
            address: mailbox.address().into_owned(),
        }
    }
}

impl fmt::Display for Party {
    /// For people to read: `Ann <ann@north.test>`, `Friends: bob@south.test;`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mailbox { name: Some(name), address } => write!(f, "{name} <{address}>"),
            Self::Mailbox { name: None, address } => f.write_str(address),
            Self::Group { group, members } => {
                let members: Vec<String> = members.iter().map(ToString::to_string).collect();
                write!(f, "{group}: {};", members.join(", "))
            }
        }
    }
}

impl<'m> PartReport<'m> {
    fn new(part: Part<'m>) -> Self {
        let content_type = part.content_type();
        let decoded = (part.kind() != PartKind::Multipart).then(|| part.decoded());
        Self {
            path: part.path().to_string(),
            r#type: content_type.to_string(),
            params: content_type
                .parameters()
                .decoded()
                .into_iter()
                .map(|parameter| (parameter.name.to_ascii_lowercase(), parameter.value))
                .collect(),
            disposition: part
                .disposition()
                .map(|kind| if kind.is_inline() { "inline" } else { "attachment" }),
            filename: part.filename(),
            content_id: part.content_id().map(id),
            encoding: part.encoding().as_str().to_ascii_lowercase(),
            size: decoded.as_ref().map(|bytes| bytes.len()),
            sha256: decoded.map(|bytes| hex(&Sha256::digest(&*bytes))),
            text: part.text(),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
