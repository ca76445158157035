//! Any bytes are a message: its parts lie inside one another, and each answers every question.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mailrail_message::{Limits, Message, Part};

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
    }
    for defect in message.check() {
        assert!(defect.offset <= length);
    }
    drop((message.text(), message.html(), message.attachments().count()));
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
