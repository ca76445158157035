//! The readers of messages, each doing the same three tasks.

use mailrail_message::Message;
use std::hint::black_box;
use std::sync::LazyLock;

/// One library.
#[derive(Debug, Clone, Copy)]
pub struct Reader {
    /// What it is called in the rows.
    pub name: &'static str,
    /// Finds the parts; gives how many.
    pub structure: fn(&[u8]) -> usize,
    /// The same, and reads From, To, Cc, Subject, Date and Message-ID as types; gives how many addresses.
    pub fields: fn(&[u8]) -> usize,
    /// The same, and decodes every part; gives how many bytes.
    pub decoded: fn(&[u8]) -> usize,
}

/// The one measured.
pub const MAILRAIL: Reader = Reader {
    name: "mailrail",
    structure: |raw| black_box(Message::parse(raw)).parts().count(),
    fields: |raw| mailrail_fields(&Message::parse(raw)),
    decoded: |raw| {
        let message = Message::parse(raw);
        let mut bytes = mailrail_fields(&message);
        for part in message.parts().filter(|part| part.kind() == mailrail_message::PartKind::Leaf) {
            bytes += match part.text() {
                Some(text) => black_box(text).len(),
                None => black_box(part.decoded()).len(),
            };
        }
        bytes
    },
};

fn mailrail_fields(message: &Message<'_>) -> usize {
    let headers = message.headers();
    black_box((headers.subject(), headers.date(), headers.message_id()));
    [headers.from(), headers.to(), headers.cc()]
        .iter()
        .flatten()
        .flat_map(|address| address.mailboxes())
        .map(|mailbox| {
            black_box((mailbox.name(), mailbox.address()));
            1
        })
        .sum()
}

static PEER: LazyLock<mail_parser::MessageParser> = LazyLock::new(mail_parser::MessageParser::new);

/// mail-parser 1.0.1, the fastest peer.
pub const MAIL_PARSER: Reader = Reader {
    name: "mail-parser",
    structure: |raw| {
        let message = PEER.parse(raw);
        black_box(message).map_or(0, |message| message.parts().len())
    },
    fields: |raw| PEER.parse(raw).map_or(0, |message| mail_parser_fields(&message)),
    decoded: |raw| {
        let Some(message) = PEER.parse(raw) else { return 0 };
        let mut bytes = mail_parser_fields(&message);
        for part in message.parts().filter(|part| !part.is_multipart() && !part.is_message()) {
            bytes += match part.text() {
                Some(text) => black_box(text).len(),
                None => black_box(part.decoded()).len(),
            };
        }
        bytes
    },
};

fn mail_parser_fields(message: &mail_parser::Message<'_>) -> usize {
    black_box((message.subject(), message.date(), message.message_id()));
    [message.from(), message.to(), message.cc()]
        .into_iter()
        .flatten()
        .flat_map(|list| list.mailboxes())
        .map(|mailbox| {
            black_box((mailbox.name(), mailbox.address()));
            1
        })
        .sum()
}

/// mailparse 0.18.
pub const MAILPARSE: Reader = Reader {
    name: "mailparse",
    structure: |raw| black_box(mailparse::parse_mail(raw)).map_or(0, |mail| mail.parts().count()),
    fields: |raw| mailparse::parse_mail(raw).map_or(0, |mail| mailparse_fields(&mail)),
    decoded: |raw| {
        let Ok(mail) = mailparse::parse_mail(raw) else { return 0 };
        let mut bytes = mailparse_fields(&mail);
        for part in mail.parts().filter(|part| part.subparts.is_empty()) {
            bytes += match part.ctype.mimetype.starts_with("text/") {
                true => black_box(part.get_body()).map_or(0, |text| text.len()),
                false => black_box(part.get_body_raw()).map_or(0, |body| body.len()),
            };
        }
        bytes
    },
};

fn mailparse_fields(mail: &mailparse::ParsedMail<'_>) -> usize {
    use mailparse::MailHeaderMap;

    let value = |name| mail.headers.get_first_value(name).unwrap_or_default();
    let date = mailparse::dateparse(&value("Date")).ok();
    black_box((value("Subject"), date, mailparse::msgidparse(&value("Message-ID")).ok()));
    ["From", "To", "Cc"]
        .iter()
        .filter_map(|name| mailparse::addrparse_header(mail.headers.get_first_header(name)?).ok())
        .map(|list| black_box(list).count_addrs())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::samples;

    #[test]
    fn all_readers_do_the_same_work() {
        for sample in samples() {
            let ours = (MAILRAIL.structure)(&sample.raw);
            let theirs = (MAIL_PARSER.structure)(&sample.raw);
            assert_eq!(ours, theirs, "{}", sample.name);
            for peer in [MAIL_PARSER, MAILPARSE] {
                assert_eq!(
                    (MAILRAIL.fields)(&sample.raw),
                    (peer.fields)(&sample.raw),
                    "{}",
                    sample.name
                );
            }
            let (ours, theirs) =
                ((MAILRAIL.decoded)(&sample.raw), (MAIL_PARSER.decoded)(&sample.raw));
            assert!(ours.abs_diff(theirs) < 16 + ours / 100, "{}: {ours}, {theirs}", sample.name);
        }
    }
}
