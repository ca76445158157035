//! What IMAP sorts and threads messages by (RFC 5256, RFC 5957), and what its ENVELOPE holds.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use crate::encoding::charset::guess_cow;
use crate::grammar::{is_dot_atom, quoted};
use crate::header::Headers;
use crate::header::address::Mailbox;
use crate::header::address_list::RawAddress;
use crate::header::date::DateTime;
use crate::header::message_id::MessageId;
use crate::scan::{is_fws, trim_end};
use crate::subject::{BaseSubject, base_subject};

/// What IMAP's ENVELOPE tells (RFC 9051 §7.5.2): values as they are written, unfolded but not decoded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Envelope<'m> {
    /// `Date`
    pub date: Option<Cow<'m, [u8]>>,
    /// `Subject`
    pub subject: Option<Cow<'m, [u8]>>,
    /// `From`
    pub from: Vec<RawAddress<'m>>,
    /// `Sender`; the same as `from` where there is none.
    pub sender: Vec<RawAddress<'m>>,
    /// `Reply-To`; the same as `from` where there is none.
    pub reply_to: Vec<RawAddress<'m>>,
    /// `To`
    pub to: Vec<RawAddress<'m>>,
    /// `Cc`
    pub cc: Vec<RawAddress<'m>>,
    /// `Bcc`
    pub bcc: Vec<RawAddress<'m>>,
    /// `In-Reply-To`
    pub in_reply_to: Option<Cow<'m, [u8]>>,
    /// `Message-ID`
    pub message_id: Option<Cow<'m, [u8]>>,
}

/// What messages are sorted by (RFC 5256 §3, SORT). Texts are decoded, and compared by a collation of the caller's.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct SortKeys<'m> {
    /// The sent date in Unix seconds (§2.2); `None`: the date of arrival counts.
    pub date: Option<i64>,
    /// The base subject.
    pub subject: String,
    /// The local part of the first `From` address; empty without one.
    pub from: Cow<'m, str>,
    /// The same of `To`.
    pub to: Cow<'m, str>,
    /// The same of `Cc`.
    pub cc: Cow<'m, str>,
    /// The name of the first `From` address, or the address where it has none (RFC 5957 §3).
    pub display_from: Cow<'m, str>,
    /// The same of `To`.
    pub display_to: Cow<'m, str>,
}

/// What messages are threaded by (RFC 5256 §3, THREAD).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ThreadKeys<'m> {
    /// The identifier of the message.
    pub message_id: Option<MessageId<'m>>,
    /// The messages before it in its thread, oldest first: `References`, or the first identifier of `In-Reply-To`.
    pub references: Vec<MessageId<'m>>,
    /// The base subject.
    pub subject: BaseSubject,
    /// The sent date in Unix seconds; `None`: the date of arrival counts.
    pub date: Option<i64>,
}

impl<'m> Headers<'m> {
    /// What IMAP's ENVELOPE tells.
    pub fn envelope(&self) -> Envelope<'m> {
        let field = |name: &str| {
            self.field(name).map(|field| match field.unfolded() {
                Cow::Borrowed(value) => Cow::Borrowed(trim_end(value, is_fws)),
                Cow::Owned(mut value) => {
                    value.truncate(trim_end(&value, is_fws).len());
                    Cow::Owned(value)
                }
            })
        };
        let list = |name: &str| -> Vec<_> { self.raw_addresses(name).collect() };
        let from = list("From");
        // "if these are absent or empty, the server defaults them" (RFC 9051 §7.5.2).
        let or_from = |name: &str| match list(name) {
            list if list.is_empty() => from.clone(),
            list => list,
        };
        Envelope {
            date: field("Date"),
            subject: field("Subject"),
            sender: or_from("Sender"),
            reply_to: or_from("Reply-To"),
            to: list("To"),
            cc: list("Cc"),
            bcc: list("Bcc"),
            in_reply_to: field("In-Reply-To"),
            message_id: field("Message-ID"),
            from,
        }
    }

    /// What the message is sorted by.
    pub fn sort_keys(&self) -> SortKeys<'m> {
        let (from, display_from) = self.first(self.raw_addresses("From").next());
        let (to, display_to) = self.first(self.raw_addresses("To").next());
        let (cc, _) = self.first(self.raw_addresses("Cc").next());
        SortKeys {
            date: self.date().map(|date: DateTime| date.unix()),
            subject: base_subject(&self.subject().unwrap_or_default()).text,
            from,
            to,
            cc,
            display_from,
            display_to,
        }
    }

    /// The local part and the name to show of an item of an address list.
    fn first(&self, item: Option<RawAddress<'m>>) -> (Cow<'m, str>, Cow<'m, str>) {
        match item {
            Some(RawAddress::Mailbox(raw)) => {
                let mailbox = Mailbox::decode(raw, self.limits.of_values());
                let local: Cow<'m, str> = mailbox.clone().into_local();
                (local, mailbox.into_display())
            }
            // IMAP has the name of a group where an address has its local part.
            Some(RawAddress::GroupStart(name)) => {
                let name = guess_cow(name);
                (name.clone(), name)
            }
            _ => Default::default(),
        }
    }

    /// What the message is threaded by.
    pub fn thread_keys(&self) -> ThreadKeys<'m> {
        let is_valid = |id: &MessageId<'m>| id.as_str().contains('@');
        let mut references: Vec<_> = self.references().filter(is_valid).map(normal).collect();
        if references.is_empty() {
            references.extend(self.in_reply_to().find(is_valid).map(normal));
        }
        ThreadKeys {
            message_id: self.message_id().map(normal),
            references,
            subject: base_subject(&self.subject().unwrap_or_default()),
            date: self.date().map(|date| date.unix()),
        }
    }
}

/// An identifier whose quotes are gone where they mean nothing: `<"a"@b>` and `<a@b>` are the same (RFC 5256 §3).
fn normal(id: MessageId<'_>) -> MessageId<'_> {
    if !id.as_str().starts_with('"') {
        return id;
    }
    let plain = quoted(id.as_str().as_bytes()).and_then(|(rest, inner)| {
        let inner = crate::grammar::unescape(inner);
        is_dot_atom(&inner).then(|| [&*inner, rest].concat())
    });
    match plain {
        Some(plain) => MessageId::of_text(guess_cow(Cow::Owned(plain))),
        None => id,
    }
}

#[cfg(test)]
mod tests {
    use crate::Message;
    use alloc::vec::Vec;

    const HEADER: &[u8] = b"Date: Mon, 1 Jan 2001 00:01:33 +0100\r\n\
        From: =?utf-8?q?J=C3=B6rg?= <joerg@x.test>, b@x.test\r\nTo: Team: a@b.test;\r\nCc: c@d.test\r\n\
        Subject: Re: [x]\r\n dinner \r\nMessage-ID: <\"a.b\"@x.test>\r\nIn-Reply-To: <c@x.test> <d@x.test>\r\n\r\n";

    #[test]
    fn keys_for_sorting() {
        let message = Message::parse(HEADER);
        let keys = message.headers().sort_keys();
        assert_eq!(keys.date, Some(978_303_693));
        assert_eq!(
            (&*keys.subject, &*keys.from, &*keys.display_from),
            ("dinner", "joerg", "J\u{f6}rg")
        );
        assert_eq!((&*keys.to, &*keys.display_to, &*keys.cc), ("Team", "Team", "c"));
        let message = Message::parse(b"From: a@b.test\r\n\r\n");
        assert_eq!(message.headers().sort_keys().display_from, "a@b.test");
        assert_eq!(message.headers().sort_keys().to, "");
    }

    #[test]
    fn keys_for_threading() {
        let message = Message::parse(HEADER);
        let keys = message.headers().thread_keys();
        assert_eq!(keys.message_id.unwrap().as_str(), "a.b@x.test");
        let references: Vec<_> = keys.references.iter().map(|id| id.as_str()).collect();
        assert_eq!(references, ["c@x.test"]);
        assert!(keys.subject.is_reply_or_forward && keys.subject.text == "dinner");
        let message =
            Message::parse(b"References: <a@b> <\"c d\"@e> x\r\nIn-Reply-To: <f@g>\r\n\r\n");
        let keys = message.headers().thread_keys();
        let references: Vec<_> = keys.references.iter().map(|id| id.as_str()).collect();
        assert_eq!(references, ["a@b", "\"c d\"@e"]);
    }

    #[test]
    fn envelopes_default_to_the_author() {
        let message = Message::parse(HEADER);
        let envelope = message.headers().envelope();
        assert_eq!(envelope.subject.as_deref(), Some(&b"Re: [x] dinner"[..]));
        assert_eq!(envelope.from.len(), 2);
        assert_eq!((envelope.sender.len(), envelope.reply_to.len(), envelope.to.len()), (2, 2, 3));
        assert_eq!(envelope.in_reply_to.as_deref(), Some(&b"<c@x.test> <d@x.test>"[..]));
    }
}
