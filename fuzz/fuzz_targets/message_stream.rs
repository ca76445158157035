//! The reader of chunks finds what the reader of whole messages finds, at any cuts and within any limits.

#![no_main]

use core::ops::Range;
use libfuzzer_sys::fuzz_target;
use mailrail_message::{
    Defect, Limits, Message, MessageEvent, MessageStream, PartKind, TransferEncoding,
};

#[derive(Debug, PartialEq)]
struct Seen {
    start: usize,
    fields: Vec<(Vec<u8>, Range<usize>)>,
    kind: PartKind,
    path: Vec<u32>,
    body: Range<usize>,
    data: Vec<u8>,
}

fn whole(message: &Message<'_>) -> Vec<Seen> {
    let parts = message.parts().map(|part| Seen {
        start: part.header_range().start,
        fields: part.headers().iter().map(|field| (field.name().into(), field.range())).collect(),
        kind: part.kind(),
        path: part.path().as_slice().to_vec(),
        body: part.body_range(),
        data: match part.kind() {
            PartKind::Leaf => part.decoded().into_owned(),
            _ => Vec::new(),
        },
    });
    parts.collect()
}

fn streamed(raw: &[u8], limits: &Limits, size: usize) -> (Vec<Seen>, Vec<Defect>) {
    let (mut stream, mut parts, mut open, mut defects) =
        (MessageStream::new(limits), Vec::<Seen>::new(), Vec::<usize>::new(), Vec::new());
    let mut take = |event: MessageEvent<'_>| {
        let last = open.last().copied().unwrap_or_default();
        match event {
            MessageEvent::PartBegins { index, start } => {
                open.push(index);
                let (fields, path, data) = (Vec::new(), Vec::new(), Vec::new());
                parts.push(Seen { start, fields, kind: PartKind::Leaf, path, body: 0..0, data });
            }
            MessageEvent::Field(field) => {
                parts[last].fields.push((field.name().into(), field.range()));
                drop((field.text(), field.addresses()));
            }
            MessageEvent::Body(head) => {
                parts[last].kind = head.kind();
                parts[last].path = head.path().as_slice().to_vec();
            }
            MessageEvent::Data(bytes) => parts[last].data.extend_from_slice(bytes),
            MessageEvent::PartEnds { index, body } => {
                assert_eq!(open.pop(), Some(index));
                parts[index].body = body;
            }
            MessageEvent::Defect(defect) => defects.push(defect),
            _ => {}
        }
    };
    for mut chunk in raw.chunks(size) {
        while let Some(event) = stream.event(&mut chunk) {
            take(event);
        }
        assert!(stream.memory() < 64 * 1024);
    }
    stream.end();
    while let Some(event) = stream.event(&mut &[][..]) {
        take(event);
    }
    assert!(stream.is_done());
    (parts, defects)
}

fuzz_target!(|data: (u8, u8, &[u8])| {
    let (size, small, raw) = data;
    let mut limits = Limits::default();
    if small > 0 {
        limits.depth = usize::from(small % 4);
        limits.parts = usize::from(small / 4 % 8) + 1;
        limits.fields = usize::from(small / 32);
        limits.header_bytes = usize::from(small) * 2;
        limits.field_bytes = usize::from(small);
        limits.boundary = usize::from(small % 16) + 1;
    }
    let message = Message::parse_with(raw, &limits);
    let mut expected = whole(&message);
    let (mut parts, mut defects) = streamed(raw, &limits, usize::from(size) + 1);
    for (part, seen) in message.parts().zip(expected.iter_mut().zip(&mut parts)) {
        // Without a begin line only the whole text tells that there is none.
        if part.encoding() == TransferEncoding::Uuencode {
            seen.0.data.clear();
            seen.1.data.clear();
        }
    }
    assert_eq!(parts, expected);
    let mut named = message.defects().to_vec();
    named.sort();
    defects.sort();
    assert_eq!(defects, named);
});
