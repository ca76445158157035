//! The reader of chunks finds what the reader of whole messages finds, at any cuts and within any limits.

#![no_main]

use core::ops::Range;
use libfuzzer_sys::fuzz_target;
use mailrail_message::{
    Body, BodyPicker, Defect, Limits, Message, MessageEvent, MessageStream, PartKind, Picked,
    TransferEncoding,
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

/// The bodies that are picked, each by where its header starts: what is read, shown and attached.
type Bodies = [Vec<usize>; 3];

fn pick([text, html, attachments]: &mut Bodies, picked: Picked, start: usize) {
    match picked {
        Picked::Part { text: None, html: None } => attachments.push(start),
        Picked::Part { text: read, html: shown } => {
            for (list, place) in [(text, read), (html, shown)] {
                list.truncate(place.unwrap_or(list.len()));
                list.extend(place.map(|_| start));
            }
        }
        Picked::TextIsShown(places) => html.extend_from_slice(&text[places]),
        Picked::HtmlIsRead(places) => text.extend_from_slice(&html[places]),
        _ => {}
    }
}

fn bodies(body: &Body<'_>) -> Bodies {
    [&body.text, &body.html, &body.attachments]
        .map(|parts| parts.iter().map(|part| part.header_range().start).collect())
}

fn streamed(raw: &[u8], limits: &Limits, size: usize) -> (Vec<Seen>, Vec<Defect>, Bodies) {
    let (mut stream, mut parts, mut open, mut defects) =
        (MessageStream::new(limits), Vec::<Seen>::new(), Vec::<usize>::new(), Vec::new());
    let (mut picker, mut bodies, mut decoder) = (BodyPicker::default(), Bodies::default(), None);
    let mut text = String::new();
    let mut take = |event: MessageEvent<'_>| {
        let last = open.last().copied().unwrap_or_default();
        if let Some(picked) = picker.event(&event) {
            pick(&mut bodies, picked, parts[last].start);
        }
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
                decoder = head.text_decoder();
            }
            MessageEvent::Data(bytes) => {
                parts[last].data.extend_from_slice(bytes);
                decoder.iter_mut().for_each(|decoder| decoder.decode(bytes, &mut text));
            }
            MessageEvent::PartEnds { index, body } => {
                decoder.take().iter_mut().for_each(|decoder| decoder.finish(&mut text));
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
    (parts, defects, bodies)
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
    let (mut parts, mut defects, picked) = streamed(raw, &limits, usize::from(size) + 1);
    for (part, seen) in message.parts().zip(expected.iter_mut().zip(&mut parts)) {
        // Without a begin line only the whole text tells that there is none.
        if part.encoding() == TransferEncoding::Uuencode {
            seen.0.data.clear();
            seen.1.data.clear();
        }
    }
    assert_eq!(parts, expected);
    // Of a field that is cut short not all may be known.
    let longest = parts.iter().flat_map(|part| &part.fields).map(|(_, range)| range.len()).max();
    if longest.is_none_or(|longest| longest <= limits.field_bytes) {
        assert_eq!(picked, bodies(&message.body()));
    }
    let mut named = message.defects().to_vec();
    named.sort();
    defects.sort();
    assert_eq!(defects, named);
});
