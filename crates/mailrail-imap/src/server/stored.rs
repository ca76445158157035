//! ENVELOPE and BODYSTRUCTURE of a stored message.

use crate::{
    grammar::NESTING,
    types::{
        Address, BodyExtension, BodyPart, BodyPartKind, BodyStructure, Disposition, Envelope,
        IString, Multipart, NString, Parameter,
    },
};
use alloc::{borrow::Cow, boxed::Box, vec::Vec};
use mailrail_message::{ContentType, Headers, Message, Parameters, Part, RawAddress};

impl<'m> Envelope<'m> {
    /// What the header of a message says (RFC 3501 §7.4.2). The header alone is enough.
    ///
    /// ```
    /// use mailrail_imap::types::Envelope;
    /// use mailrail_message::Message;
    ///
    /// let message = Message::parse(b"From: Ann <ann@north.test>\r\n\r\n");
    /// let envelope = Envelope::of(message.headers());
    /// assert_eq!(envelope.sender[0].host.as_ref().unwrap().as_bytes(), b"north.test");
    /// ```
    #[must_use]
    pub fn of(headers: Headers<'m>) -> Self {
        let found = headers.envelope();
        let text = |value: Option<Cow<'m, [u8]>>| value.map(string);
        Self {
            date: text(found.date),
            subject: text(found.subject),
            from: addresses(found.from),
            sender: addresses(found.sender),
            reply_to: addresses(found.reply_to),
            to: addresses(found.to),
            cc: addresses(found.cc),
            bcc: addresses(found.bcc),
            in_reply_to: text(found.in_reply_to),
            message_id: text(found.message_id),
        }
    }
}

/// Bytes of a message as a string: without NUL, which no string can hold.
fn string<'m>(bytes: impl Into<Cow<'m, [u8]>>) -> IString<'m> {
    let bytes = bytes.into();
    if memchr::memchr(0, &bytes).is_some() {
        let rest: Vec<u8> = bytes.iter().copied().filter(|b| *b != 0).collect();
        return IString::new(rest).unwrap_or_default();
    }
    IString::new(bytes).unwrap_or_default()
}

/// The value of the first field of that name, unfolded.
fn field<'m>(headers: Headers<'m>, name: &str) -> NString<'m> {
    let value = match headers.field(name)?.unfolded() {
        Cow::Borrowed(value) => Cow::Borrowed(value.trim_ascii_end()),
        Cow::Owned(value) => Cow::Owned(value.trim_ascii_end().to_vec()),
    };
    Some(string(value))
}

fn addresses(list: Vec<RawAddress<'_>>) -> Vec<Address<'_>> {
    let address = |item| match item {
        RawAddress::Mailbox(mailbox) => Some(Address {
            name: mailbox.name.map(string),
            adl: mailbox.route.map(string),
            mailbox: Some(string(mailbox.local)),
            host: Some(string(mailbox.host)),
        }),
        RawAddress::GroupStart(name) => {
            Some(Address { mailbox: Some(string(name)), ..Address::default() })
        }
        RawAddress::GroupEnd => Some(Address::default()),
        _ => None,
    };
    list.into_iter().filter_map(address).collect()
}

impl<'m> BodyStructure<'m> {
    /// How a message is built (RFC 3501 §7.4.2): BODYSTRUCTURE, or BODY without `extension`.
    ///
    /// What the parser could not look into, such as a multipart without a boundary, is told as
    /// APPLICATION/OCTET-STREAM, since readers go by the media type.
    ///
    /// ```
    /// use mailrail_imap::types::BodyStructure;
    /// use mailrail_message::Message;
    ///
    /// let message = Message::parse(b"Subject: x\r\n\r\nHello.\r\n");
    /// let BodyStructure::Part(part) = BodyStructure::of(&message, false) else { unreachable!() };
    /// assert_eq!((part.media_type.as_bytes(), part.octets), (&b"text"[..], 8));
    /// ```
    #[must_use]
    pub fn of(message: &'m Message<'m>, extension: bool) -> Self {
        structure(message.root(), extension, NESTING)
    }
}

fn structure(part: Part<'_>, extended: bool, depth: usize) -> BodyStructure<'_> {
    let (headers, content_type) = (part.headers(), part.content_type());
    let extension = || extended.then(|| extension(part));
    let depth = depth.saturating_sub(1);
    if part.is_multipart() && depth > 0 {
        return BodyStructure::Multipart(Box::new(Multipart {
            parts: part.children().map(|child| structure(child, extended, depth)).collect(),
            media_subtype: string(content_type.subtype().as_bytes()),
            parameters: parameters(content_type.parameters()),
            extension: extension(),
        }));
    }
    let kind = match part.message() {
        Some(inner) if depth > 0 => BodyPartKind::Message {
            envelope: Box::new(Envelope::of(inner.headers())),
            body: structure(inner, extended, depth),
            lines: as_u64(part.body_lines()),
        },
        None if content_type.is_text() => BodyPartKind::Text { lines: as_u64(part.body_lines()) },
        _ => BodyPartKind::Basic,
    };
    let (media_type, media_subtype) = media(content_type, &kind);
    let mut parameters = parameters(content_type.parameters());
    if parameters.is_empty() && headers.field("Content-Type").is_none() && content_type.is_text() {
        // What RFC 2045 §5.2 says of a text that says nothing.
        parameters.push((string(&b"charset"[..]), string(&b"us-ascii"[..])));
    }
    let encoding = match part.encoding().as_str() {
        "" => "7bit",
        encoding => encoding,
    };
    BodyStructure::Part(Box::new(BodyPart {
        media_type: string(media_type.as_bytes()),
        media_subtype: string(media_subtype.as_bytes()),
        parameters,
        id: field(headers, "Content-ID"),
        description: field(headers, "Content-Description"),
        encoding: string(encoding.as_bytes()),
        octets: as_u64(part.body_range().len()),
        kind,
        md5: field(headers, "Content-MD5"),
        extension: extension(),
    }))
}

/// The media type of a part that is told to be of that kind.
fn media<'m>(content_type: ContentType<'m>, kind: &BodyPartKind<'_>) -> (&'m str, &'m str) {
    let has_more = content_type.is_multipart() || content_type.is_message();
    match kind {
        BodyPartKind::Basic if has_more => ("application", "octet-stream"),
        _ => (content_type.main_type(), content_type.subtype()),
    }
}

fn extension(part: Part<'_>) -> BodyExtension<'_> {
    let headers = part.headers();
    let language = headers.field("Content-Language").map(|field| field.unfolded());
    let words = language.as_deref().unwrap_or_default().split(|b| *b == b',');
    let words = words.map(<[u8]>::trim_ascii).filter(|word| !word.is_empty());
    BodyExtension {
        disposition: part.disposition().map(|disposition| Disposition {
            kind: string(disposition.kind().as_bytes()),
            parameters: parameters(disposition.parameters()),
        }),
        language: words.map(|word| string(word.to_vec())).collect(),
        location: field(headers, "Content-Location"),
    }
}

fn parameters(parameters: Parameters<'_>) -> Vec<Parameter<'_>> {
    let pair = |(name, value): (&'_ str, _)| (string(name.as_bytes().to_vec()), string(value));
    parameters.raw().map(|raw| pair((raw.name, raw.value))).collect()
}

fn as_u64(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;
    use bytes::Buf;
    use mailrail_wire::Output;

    fn envelope(message: &str) -> String {
        let message = Message::parse(message.as_bytes());
        let mut out = Output::default();
        Envelope::of(message.headers()).encode(&mut out);
        text(out)
    }

    fn body(message: &str, extension: bool) -> String {
        let message = Message::parse(message.as_bytes());
        let mut out = Output::default();
        let structure = BodyStructure::of(&message, extension);
        structure.encode(&mut out);
        let wire = text(out);
        let (rest, parsed) = BodyStructure::parse(wire.as_bytes()).unwrap();
        assert!(rest.is_empty());
        assert_eq!(parsed, structure);
        wire
    }

    fn text(mut out: Output) -> String {
        String::from_utf8(out.copy_to_bytes(out.remaining()).to_vec()).unwrap()
    }

    #[test]
    fn the_envelope_of_the_rfc() {
        // The header that RFC 3501 §8 shows, and its envelope.
        let header = "Date: Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\r\n\
            From: Terry Gray <gray@cac.washington.edu>\r\n\
            Subject: IMAP4rev1 WG mtg summary and minutes\r\n\
            To: imap@cac.washington.edu\r\n\
            cc: minutes@CNRI.Reston.VA.US, John Klensin <KLENSIN@MIT.EDU>\r\n\
            Message-Id: <B27397-0100000@cac.washington.edu>\r\n\
            MIME-Version: 1.0\r\n\
            Content-Type: TEXT/PLAIN; CHARSET=US-ASCII\r\n\r\n";
        assert_eq!(
            envelope(header),
            "(\"Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\" \"IMAP4rev1 WG mtg summary and minutes\" \
             ((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) \
             ((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) \
             ((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) ((NIL NIL \"imap\" \"cac.washington.edu\")) \
             ((NIL NIL \"minutes\" \"CNRI.Reston.VA.US\")(\"John Klensin\" NIL \"KLENSIN\" \"MIT.EDU\")) \
             NIL NIL \"<B27397-0100000@cac.washington.edu>\")"
        );
        assert_eq!(
            body(header, false),
            "(\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\") NIL NIL \"7bit\" 0 0)"
        );
    }

    #[test]
    fn groups_folds_and_what_is_missing() {
        assert_eq!(
            envelope(
                "Subject: a\r\n b\r\nSender: s@x.test\r\nReply-To:\r\nTo: Team: a@b.test;, \"q\\\"q\" <c>\r\n\r\n"
            ),
            "(NIL \"a b\" NIL ((NIL NIL \"s\" \"x.test\")) NIL \
             ((NIL NIL \"Team\" NIL)(NIL NIL \"a\" \"b.test\")(NIL NIL NIL NIL)(\"q\\\"q\" NIL \"c\" \"\")) \
             NIL NIL NIL NIL)"
        );
        assert_eq!(
            envelope("Subject: a\0b\r\n\r\n"),
            "(NIL \"ab\" NIL NIL NIL NIL NIL NIL NIL NIL)"
        );
    }

    #[test]
    fn structures() {
        assert_eq!(
            body("A: b\r\n\r\nx\r\ny", true),
            "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 4 2 NIL NIL NIL NIL)"
        );
        let message = "Content-Type: multipart/mixed; boundary=x\r\n\r\n\
            --x\r\nContent-Type: image/png; name=\"a b\"\r\nContent-ID: <1@x>\r\nContent-Transfer-Encoding: base64\r\n\
            Content-Disposition: attachment; filename=a\r\nContent-Language: de, en\r\n\r\nAAAA\r\n\
            --x\r\nContent-Type: message/rfc822\r\n\r\nSubject: in\r\nContent-Type: text/html\r\n\r\nhi\r\n--x--\r\n";
        assert_eq!(
            body(message, true),
            "((\"image\" \"png\" (\"name\" \"a b\") \"<1@x>\" NIL \"base64\" 4 NIL \
             (\"attachment\" (\"filename\" \"a\")) (\"de\" \"en\") NIL)\
             (\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 42 \
             (NIL \"in\" NIL NIL NIL NIL NIL NIL NIL NIL) \
             (\"text\" \"html\" NIL NIL NIL \"7bit\" 2 1 NIL NIL NIL NIL) 4 NIL NIL NIL NIL) \
             \"mixed\" (\"boundary\" \"x\") NIL NIL NIL)"
        );
    }

    #[test]
    fn what_cannot_be_looked_into_is_opaque() {
        for header in ["multipart/mixed", "message/rfc822\r\nContent-Transfer-Encoding: base64"] {
            let wire = body(&alloc::format!("Content-Type: {header}\r\n\r\nx"), false);
            assert!(wire.starts_with("(\"application\" \"octet-stream\" NIL NIL NIL"), "{wire}");
        }
    }

    #[test]
    fn nesting_has_an_end() {
        let deep = "Content-Type: message/rfc822\r\n\r\n".repeat(10_000);
        assert!(body(&deep, true).len() < 100_000);
    }
}
