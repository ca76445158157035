//! Any bytes are a message: its parts lie inside one another, and each answers every question.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mailrail_message::{Edit, Limits, Message, Part, SectionText};

fn walk(message: &Message<'_>) {
    let length = message.raw().len();
    for part in message.parts() {
        let (header, body) = (part.header_range(), part.body_range());
        assert!(header.start <= header.end && header.end <= body.start);
        assert!(body.start <= body.end && body.end <= length);
        if let Some(parent) = part.parent() {
            let within = parent.body_range();
            assert!(within.start <= header.start && body.end <= within.end);
            assert!(parent.children().any(|child| child == part) || parent.message() == Some(part));
        }
        // The multipart of an embedded message shares the number of the part that holds it.
        let found = message.part(part.path().as_slice()).expect("a part has a number");
        assert!(found == part || found.message() == Some(part));
        fields(part);
        let content_type = part.content_type();
        assert_eq!(content_type.parameters().get("boundary").is_none(), {
            let decoded = content_type.parameters().decoded();
            !decoded.iter().any(|parameter| parameter.name.eq_ignore_ascii_case("boundary"))
        });
        assert!(part.body_lines() <= body.len());
        assert!(part.decoded().len() <= body.len());
        drop((part.text(), part.filename(), part.content_id(), part.disposition()));
        drop((content_type.partial(), content_type.external_body()));
        if let Some(binary) = part.binary() {
            assert_eq!(binary.bytes(), part.decoded());
            assert_eq!(binary.size(), binary.bytes().len());
            assert!(binary.range().is_none_or(|range| range == body));
        }
        around(part);
        sections(message, part);
    }
    for defect in message.check() {
        assert!(defect.offset <= length);
    }
    drop((message.text(), message.html(), message.attachments().count()));
    drop((message.related().resolve("cid:a"), message.report()));
    edited(message);
}

/// Preamble, parts and epilogue stand one behind the other.
fn around(part: Part<'_>) {
    let body = part.body_range();
    let (preamble, epilogue) = (part.preamble_range(), part.epilogue_range());
    assert_eq!(preamble.is_some(), part.is_multipart());
    let mut end = body.start;
    let children = part.children().map(Part::range);
    for range in preamble.into_iter().chain(children).chain(epilogue) {
        assert!(end <= range.start && range.start <= range.end);
        end = range.end;
    }
    assert!(end <= body.end);
}

/// What IMAP asks for by a number is what the part says of itself.
fn sections(message: &Message<'_>, part: Part<'_>) {
    let raw = message.raw();
    let path = part.path();
    let bytes = |text| {
        let section = message.section(path.as_slice(), text)?;
        let bytes = section.bytes(raw).collect::<Vec<_>>().concat();
        assert_eq!(bytes.len(), section.len());
        Some(bytes)
    };
    let found = message.part(path.as_slice()).expect("a part has a number");
    let whole = if path.is_root() { raw } else { found.raw_body() };
    assert_eq!(bytes(SectionText::Whole).as_deref(), Some(whole));
    let mime = (!path.is_root()).then(|| found.raw_header());
    assert_eq!(bytes(SectionText::Mime).as_deref(), mime);
    let inner = if path.is_root() { Some(found) } else { found.message() };
    assert_eq!(bytes(SectionText::Header).as_deref(), inner.map(|inner| inner.raw_header()));
    assert_eq!(bytes(SectionText::Text).as_deref(), inner.map(|inner| inner.raw_body()));
    let none = bytes(SectionText::HeaderFields(&[]));
    assert_eq!(none.as_deref(), inner.map(|_| &b"\r\n"[..]));
    let all = bytes(SectionText::HeaderFieldsNot(&[]));
    assert_eq!(all.is_some(), inner.is_some());
}

/// No field of a name escapes, and nothing else goes.
fn edited(message: &Message<'_>) {
    let raw = message.raw();
    assert_eq!(Edit::new(message).finish().into_vec(), raw);
    let Some(name) = message.headers().iter().next().map(|field| field.name()) else { return };
    let mut edit = Edit::new(message);
    edit.remove(name);
    let rest = edit.finish().into_vec();
    assert!(rest.len() < raw.len());
    // What ends lines is told by the first one, which may be another one now.
    if raw
        .split(|byte| *byte == b'\n')
        .any(|line| line.strip_suffix(b"\r").unwrap_or(line).contains(&b'\r'))
    {
        return;
    }
    let body = message.root().raw_body();
    assert!(rest.ends_with(body));
    let header = Message::parse(&rest[..rest.len() - body.len()]);
    assert!(header.headers().field(name).is_none());
}

fn fields(part: Part<'_>) {
    let block = part.header_range();
    let mut end = block.start;
    for field in part.headers() {
        assert!(end <= field.range().start && field.range().end <= block.end);
        end = field.range().end;
        assert!(!field.name().is_empty() && !field.text().contains(['\r', '\n']));
        drop((field.addresses(), field.raw_addresses().count(), field.message_ids().count()));
    }
    let headers = part.headers();
    let all = headers.select_not::<&str>(&[]);
    assert_eq!(all.size(), all.map(<[u8]>::len).sum::<usize>());
    drop((headers.from(), headers.to(), headers.date(), headers.subject(), headers.mime_version()));
}

fuzz_target!(|data: (u8, &[u8])| {
    let (small, bytes) = data;
    walk(&Message::parse(bytes));
    let mut limits = Limits::default();
    limits.depth = usize::from(small % 4);
    limits.parts = usize::from(small / 4 % 8) + 1;
    limits.fields = usize::from(small / 32);
    limits.header_bytes = usize::from(small);
    let message = Message::parse_with(bytes, &limits);
    assert!(message.parts().count() <= limits.parts);
    walk(&message);
});
