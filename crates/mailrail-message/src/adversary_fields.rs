//! Values of fields, bodies of reports and texts made to be slow to read: the steps that reading them takes stay within a multiple
//! of their length.

use alloc::format;
use alloc::string::String;

use crate::Headers;
use crate::encoding::{encoded_word, utf7, uuencode};
use crate::report::{DeliveryStatus, DispositionNotification, FeedbackReport};
use crate::{
    Address, AuthenticationResults, AutoSubmitted, ContentDisposition, ContentType, DateTime,
    Limits, ListId, ListUris, Message, NotificationOption, ReturnPath, Stamp, TransferEncoding,
    base_subject, flowed,
};

/// So many bytes of each unit.
const LENGTH: usize = 12_000;

/// What a grammar of mail gives meaning to, on its own and next to others, over and over.
const UNITS: [&str; 64] = [
    "(",
    ")",
    "((",
    "(a)",
    "()",
    "(\\",
    "\"",
    "\"a\"",
    "\"\\",
    "\\",
    "<",
    ">",
    "<>",
    "<a@b>",
    "<a@b",
    "<a@b>,",
    "<\"",
    "<(",
    "<@a:",
    "[",
    "]",
    "a@[",
    "[fwd:",
    "[x]",
    "re:",
    "re[x]:",
    "(fwd)",
    " ",
    "\t",
    "\r\n ",
    "a",
    "a ",
    "a.",
    "a@b,",
    "a:",
    "a:b;",
    ",",
    ";",
    ":",
    "=",
    "a=b;",
    ";a=b",
    ";a*0=b",
    ";a*=u''%41",
    "%4",
    "=?",
    "=?u?q?",
    "=?u?q?a?= ",
    "?=",
    "1",
    "1 Jan ",
    "+01",
    "Mon, ",
    "1:",
    "-",
    "--",
    "> ",
    ">",
    " \r\n",
    "+",
    "+AOk-",
    "&AOk",
    "#0V%T\n",
    "\\x{1",
];

type Reader = (&'static str, u64, fn(&[u8]));

/// Everything that is read of a value, each on its own, and how many steps a byte may take.
const READERS: [Reader; 23] = [
    ("addresses", 8, |value| drop(Address::parse_list(value))),
    ("a date", 4, |value| {
        assert!(DateTime::parse(value).is_ok_and(|date| date.year() > 0) || !value.is_empty());
    }),
    ("identifiers", 8, |value| {
        let header = [b"References: ", value, b"\r\n\r\n"].concat();
        let message = Message::parse(&header);
        assert!(message.headers().references().count() <= value.len());
    }),
    ("a content type", 24, |value| {
        let value = [b"message/partial", value].concat();
        if let Ok(found) = ContentType::parse(&value) {
            drop(found.parameters().decoded());
            assert!(found.external_body().is_none());
            drop(found.partial());
        }
    }),
    ("a disposition", 16, |value| {
        let value = [b"attachment", value].concat();
        if let Ok(found) = ContentDisposition::parse(&value) {
            drop(found.parameters().decoded());
            drop(found.filename());
        }
    }),
    ("an encoding", 4, |value| {
        assert!(TransferEncoding::parse(value).as_str().len() <= value.len().max(16));
    }),
    ("a trace", 8, |value| drop(Stamp::parse(value))),
    ("a return path", 8, |value| drop(ReturnPath::parse(value))),
    ("results", 12, |value| drop(AuthenticationResults::parse(value))),
    ("a list's name", 8, |value| drop(ListId::parse(value))),
    ("a list's URIs", 8, |value| assert!(ListUris::parse(value).count() <= value.len())),
    ("what sent it", 16, |value| {
        let value = [b"no", value].concat();
        assert!(
            AutoSubmitted::parse(&value)
                .is_ok_and(|found| found.parameters().raw().count() <= value.len())
                || value.len() > 2
        );
    }),
    ("options", 8, |value| drop(NotificationOption::parse_list(value))),
    ("header text", 8, |value| drop(encoded_word::decode(value))),
    ("a base subject", 8, |value| drop(base_subject(core::str::from_utf8(value).unwrap()))),
    ("flowed text", 8, |value| drop(flowed::unwrap(core::str::from_utf8(value).unwrap(), true))),
    ("UTF-7", 2, |value| drop(utf7::decode(value))),
    ("modified UTF-7", 2, |value| drop(utf7::decode_modified(value))),
    ("uuencode", 8, |value| drop(uuencode::decode(value))),
    ("a delivery report", 24, |value| drop(DeliveryStatus::parse(value))),
    ("a notification", 24, |value| drop(DispositionNotification::parse(value))),
    ("a feedback report", 24, |value| drop(FeedbackReport::parse(value))),
    ("all fields", 900, all_fields),
];

/// The value under every name that is read or checked in a way of its own.
fn all_fields(value: &[u8]) {
    const NAMES: [&str; 12] = [
        "From",
        "Subject",
        "Date",
        "References",
        "Keywords",
        "Content-Type",
        "Content-Disposition",
        "Content-Language",
        "Content-Location",
        "MIME-Version",
        "Resent-To",
        "List-Unsubscribe",
    ];
    let value = &value[..value.len() / NAMES.len()];
    let folded =
        String::from_utf8(value.to_vec()).unwrap().replace("\r\n", "\n").replace('\n', "\r\n ");
    let header: String = NAMES.iter().map(|name| format!("{name}: {folded}\r\n")).collect();
    let mut limits = Limits::default();
    (limits.parameters, limits.comment_depth, limits.encoded_words) =
        (usize::MAX, usize::MAX, usize::MAX);
    limits.field_bytes = usize::MAX;
    let message = Message::parse_with(header.as_bytes(), &limits);
    let headers = message.headers();
    drop((
        headers.envelope(),
        headers.sort_keys(),
        headers.thread_keys(),
        headers.keywords(),
        headers.content_language(),
    ));
    drop((headers.content_location(), headers.mime_version(), headers.resent().count()));
    drop((headers.list_uris("List-Unsubscribe").count(), message.check()));
}

#[test]
fn every_value_is_read_in_linear_time() {
    for (name, most, read) in READERS {
        let mut dearest = 0;
        for unit in UNITS {
            for text in [unit.repeat(LENGTH / unit.len()), pairs(unit)] {
                let steps = crate::steps::of(|| read(text.as_bytes()));
                let length = text.len() as u64;
                assert!(steps <= most * length, "{name} of {unit:?}: {steps} of {length}");
                dearest = dearest.max(10 * steps / length.max(1));
            }
        }
        // The steps are counted at all.
        assert!(dearest > 0 || name == "a date", "{name}");
    }
}

/// One unit once, and then another: what is opened is not closed.
fn pairs(unit: &str) -> String {
    let others = ["(", "\"", "<", "a", "=?u?q?", ";a=b", " "];
    let other = others[unit.len() % others.len()];
    format!("{unit}{}", other.repeat(LENGTH / other.len()))
}

/// A million parameters, and many of other things, where no limit stops it.
#[test]
fn a_million_parameters() {
    let mut limits = Limits::default();
    (limits.parameters, limits.encoded_words) = (usize::MAX, usize::MAX);
    (limits.header_bytes, limits.comment_depth) = (usize::MAX, usize::MAX);
    limits.field_bytes = usize::MAX;
    type Read = fn(Headers<'_>) -> usize;
    let cases: [(&str, &str, usize, u64, Read); 7] = [
        ("Content-Type: a/b", ";a=b", 1_000_000, 24, |headers| {
            headers.content_type().map_or(0, |found| found.parameters().decoded().len())
        }),
        ("Subject: ", "=?u?q?a?= ", 50_000, 8, |headers| {
            headers.subject().map_or(0, |text| text.len())
        }),
        ("To: ", "a:b;", 50_000, 8, |headers| headers.raw_addresses("To").count()),
        ("To: ", "(", 50_000, 8, |headers| headers.raw_addresses("To").count()),
        ("References: ", "<a@b>", 50_000, 8, |headers| headers.references().count()),
        ("Received: ", "from a ", 50_000, 8, |headers| headers.received().count()),
        ("List-Post: <a:b>", ",<a>", 50_000, 8, |headers| headers.list_uris("List-Post").count()),
    ];
    for (head, unit, count, most, read) in cases {
        let text = format!("{head}{}\r\n\r\n", unit.repeat(count));
        let message = Message::parse_with(text.as_bytes(), &limits);
        let steps = crate::steps::of(|| assert!(read(message.headers()) <= 3 * count));
        let length = text.len() as u64;
        assert!(
            steps >= count as u64 && steps <= most * length,
            "{head}{unit}: {steps} of {length}"
        );
    }
}
