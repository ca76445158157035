//! The streaming reader finds what the reader of whole messages finds, however the message is cut.
#![cfg(test)]

use core::ops::Range;
use mailrail_message::{
    Defect, Limits, Message, MessageEvent, MessageStream, PartKind, TransferEncoding,
};
use proptest::prelude::*;

#[derive(Debug, Default, PartialEq, Eq)]
struct Seen {
    start: usize,
    fields: Vec<(String, Range<usize>)>,
    kind: String,
    path: String,
    content_type: String,
    body: Range<usize>,
    data: Vec<u8>,
}

fn seen_whole(message: &Message<'_>) -> (Vec<Seen>, Vec<Defect>) {
    let parts = message.parts().map(|part| Seen {
        start: part.header_range().start,
        fields: part.headers().iter().map(|field| (field.name().into(), field.range())).collect(),
        kind: format!("{:?}", part.kind()),
        path: part.path().to_string(),
        content_type: part.content_type().to_string(),
        body: part.body_range(),
        data: match part.kind() {
            // Without a begin line only the whole text tells that there is none.
            PartKind::Leaf if part.encoding() != TransferEncoding::Uuencode => {
                part.decoded().into_owned()
            }
            _ => Vec::new(),
        },
    });
    let mut defects = message.defects().to_vec();
    defects.sort();
    (parts.collect(), defects)
}

#[derive(Default)]
struct Reader {
    parts: Vec<Seen>,
    defects: Vec<Defect>,
    open: Vec<usize>,
}

impl Reader {
    fn event(&mut self, event: MessageEvent<'_>) {
        let last = self.open.last().copied();
        match event {
            MessageEvent::PartBegins { index, start } => {
                assert_eq!(index, self.parts.len());
                self.open.push(index);
                self.parts.push(Seen { start, ..Seen::default() });
            }
            MessageEvent::Field(field) => {
                self.parts[last.unwrap()].fields.push((field.name().into(), field.range()));
            }
            MessageEvent::Body(head) => {
                let part = &mut self.parts[last.unwrap()];
                part.kind = format!("{:?}", head.kind());
                part.path = head.path().to_string();
                part.content_type = head.content_type().to_string();
                part.body.start = head.start();
            }
            MessageEvent::Data(bytes) => {
                assert!(!bytes.is_empty());
                self.parts[last.unwrap()].data.extend_from_slice(bytes);
            }
            MessageEvent::PartEnds { index, body } => {
                assert_eq!(self.open.pop(), Some(index));
                assert_eq!(self.parts[index].body.start, body.start);
                self.parts[index].body = body;
            }
            MessageEvent::Defect(defect) => self.defects.push(defect),
            other => panic!("{other:?}"),
        }
    }
}

/// Reads a message in chunks, each as long as the next of `sizes` says, over and over.
fn seen_streamed(raw: &[u8], limits: &Limits, sizes: &[usize]) -> (Vec<Seen>, Vec<Defect>) {
    let (mut stream, mut reader) = (MessageStream::new(limits), Reader::default());
    let mut sizes = sizes.iter().copied().cycle();
    let mut rest = raw;
    while !rest.is_empty() {
        let (mut chunk, after) = rest.split_at(sizes.next().unwrap().min(rest.len()));
        rest = after;
        while let Some(event) = stream.event(&mut chunk) {
            reader.event(event);
        }
        assert!(chunk.is_empty() && !stream.is_done());
    }
    stream.end();
    while let Some(event) = stream.event(&mut &b"too late"[..]) {
        reader.event(event);
    }
    assert!(stream.is_done() && reader.open.is_empty());
    reader.defects.sort();
    (reader.parts, reader.defects)
}

fn assert_same(raw: &[u8], limits: &Limits, sizes: &[usize]) {
    let message = Message::parse_with(raw, limits);
    let (parts, defects) = seen_whole(&message);
    let (mut streamed, streamed_defects) = seen_streamed(raw, limits, sizes);
    for (part, other) in message.parts().zip(&mut streamed) {
        if part.encoding() == TransferEncoding::Uuencode {
            other.data.clear();
        }
    }
    let text = raw.escape_ascii();
    assert_eq!(streamed, parts, "{text}");
    assert_eq!(streamed_defects, defects, "{text}");
}

fn small_limits() -> impl Strategy<Value = Limits> {
    (0..4_usize, 1..8_usize, 0..200_usize, 0..100_usize, 0..8_usize, 1..40_usize).prop_map(
        |(depth, parts, header_bytes, field_bytes, fields, boundary)| {
            let mut limits = Limits::default();
            (limits.depth, limits.parts, limits.header_bytes) = (depth, parts, header_bytes);
            (limits.field_bytes, limits.fields, limits.boundary) = (field_bytes, fields, boundary);
            limits
        },
    )
}

/// Lines that mean something in a message, in any order.
fn soup() -> impl Strategy<Value = Vec<u8>> {
    let line = prop_oneof![
        8 => proptest::sample::select(vec![
            "--a", "--a--", "--ab", "--ab--", "--a ", "--a-", "-", "--", "", "text", " more", "\t", "::", "A: b",
            "A : b", "From x", "Content-Type: multipart/mixed; boundary=a", "Content-type: multipart/digest;",
            " boundary=\"ab\"", "Content-Type: message/rfc822", "Content-Type: image/png; x=", "Content-Type: ?",
            "Content-Transfer-Encoding: base64", "Content-Transfer-Encoding: quoted-printable",
            "Content-Transfer-Encoding: x-uuencode", "YWJj", "YW=", "caf=C3=A9=", "trailing  ", "begin 644 x",
        ])
        .prop_map(String::from),
        1 => (any::<char>(), 0..1200_usize).prop_map(|(letter, count)| letter.to_string().repeat(count)),
        1 => (0..1200_usize).prop_map(|count| format!("A: {}", "b".repeat(count))),
        1 => (0..300_usize).prop_map(|count| format!("--a{}", " ".repeat(count))),
    ];
    let end = |cr: u32| prop_oneof![8 => Just("\r\n"), 2 => Just("\n"), cr => Just("\r"), 1 => Just("\r\r\n"), 1 => Just("")];
    (0..4_u32)
        .prop_flat_map(move |cr| proptest::collection::vec((line.clone(), end(cr * cr)), 0..40))
        .prop_map(|lines| {
            lines.iter().flat_map(|(line, end)| [&**line, *end]).collect::<String>().into_bytes()
        })
}

fn sizes() -> impl Strategy<Value = Vec<usize>> {
    prop_oneof![
        Just(vec![1]),
        Just(vec![usize::MAX]),
        proptest::collection::vec(1..20_usize, 1..10),
        proptest::collection::vec(1..2000_usize, 1..10),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn both_readers_find_the_same(raw in soup(), sizes in sizes()) {
        assert_same(&raw, &Limits::default(), &sizes);
    }

    #[test]
    fn both_readers_keep_the_same_limits(raw in soup(), sizes in sizes(), limits in small_limits()) {
        assert_same(&raw, &limits, &sizes);
    }

    #[test]
    fn any_bytes_are_read_the_same(raw in proptest::collection::vec(any::<u8>(), 0..300), sizes in sizes()) {
        assert_same(&raw, &Limits::default(), &sizes);
    }
}

const NESTED: &[u8] = b"Subject: all\r\nContent-Type: multipart/mixed;\r\n boundary=a\r\n\r\npreamble\r\n\
    --a\r\nContent-Transfer-Encoding: base64\r\n\r\nb25lIGFuZA==\r\n\r\n\
    --a\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\nContent-Type: multipart/digest; boundary=aa\r\n\r\n\
    --aa\r\n\r\nSubject: x\r\n\r\n--a b\r\n--\r\n--aa \r\nContent-Type: text/plain\r\n\r\ncaf=C3=A9=\r\n--aa--\r\n\
    epilogue\r\n--aa--\r\n--a--\r\nend\r\n";

#[test]
fn one_message_at_every_pair_of_cuts() {
    let (whole, defects) = seen_whole(&Message::parse(NESTED));
    assert_eq!(whole.len(), 7);
    for first in 1..NESTED.len() {
        for second in [1, 2, 3, 5, NESTED.len()] {
            let streamed =
                seen_streamed(NESTED, &Limits::default(), &[first, second, NESTED.len()]);
            assert_eq!((&streamed.0, &streamed.1), (&whole, &defects), "{first} {second}");
        }
    }
}

#[test]
fn memory_stays_small() {
    let limits = Limits::default();
    let boundary = "b".repeat(limits.boundary - 2);
    let mut open = String::new();
    for level in 10..10 + limits.depth {
        let long = "x".repeat(limits.field_bytes);
        open += &format!(
            "X-Long: {long}\r\nContent-Type: multipart/mixed; boundary={boundary}{level}; y={long}\r\n\r\n--{boundary}{level}\r\n"
        );
    }
    open += "Content-Transfer-Encoding: quoted-printable\r\n\r\n";
    let mut stream = MessageStream::default();
    let mut most = 0;
    let mut feed = |mut chunk: &[u8]| {
        while let Some(event) = stream.event(&mut chunk) {
            drop(event);
            most = most.max(stream.memory());
        }
        most = most.max(stream.memory());
    };
    for chunk in open.as_bytes().chunks(1000) {
        feed(chunk);
    }
    let line = [b"=3D".repeat(24).as_slice(), b" \t -\r\n--bbb\r\n"].concat();
    for chunk in [line.repeat(2000), vec![b' '; 100_000], vec![b'-'; 100_000], vec![b'\n'; 100_000]]
    {
        for size in [1000, 100_000] {
            chunk.chunks(size).for_each(&mut feed);
        }
    }
    assert!(most > 10_000 && most < 56 * 1024, "{most}");
}
