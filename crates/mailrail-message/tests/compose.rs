//! Messages built of everything there is, whole and streamed, and read again.
#![cfg(test)]

use bytes::Bytes;
use mailrail_message::{
    Address, Attachment, BodyType, BuildStep, Builder, Content, DateTime, Error, Field, FieldValue,
    Group, Mailbox, Message, MessageId, flowed,
};
use proptest::prelude::*;

fn base() -> Builder<'static> {
    Builder::new()
        .from(Mailbox::new("ann@north.test").unwrap())
        .date(DateTime::from_unix(0, 0).unwrap())
}

fn shown(message: &Message<'_>) -> Vec<String> {
    let show = |part: mailrail_message::Part<'_>| {
        format!("{} {} {}", part.path(), part.content_type(), part.encoding())
    };
    message.parts().map(show).collect()
}

fn canonical(text: &str) -> String {
    let mut lines = text.replace("\r\n", "\n").replace(['\r', '\n'], "\r\n");
    if !lines.is_empty() && !lines.ends_with("\r\n") {
        lines.push_str("\r\n");
    }
    lines
}

#[derive(Debug, Clone)]
struct Values {
    /// Cc, Bcc, Reply-To; the first is the sender too.
    people: Vec<Mailbox<'static>>,
    ids: Vec<MessageId<'static>>,
    subject: String,
    field: FieldValue<'static>,
    text: Option<String>,
    is_flowed: bool,
    html: Option<String>,
    calendar: Option<String>,
    picture: Option<Vec<u8>>,
    file: Option<(String, Vec<u8>)>,
    forwarded: Option<Vec<u8>>,
    way: BodyType,
    utf8: bool,
    random: [u8; 16],
}

fn field_value() -> impl Strategy<Value = FieldValue<'static>> {
    let mailbox =
        || Mailbox::new("\"b o\"@south.test").unwrap().with_name("B\u{f6}, x").into_owned();
    prop_oneof![
        "[^\\r\\n\\x00]{0,100}".prop_map(|text| FieldValue::Text(text.into())),
        "[!-~]{1,20}( [!-~]{1,100}){0,5}".prop_map(|value| FieldValue::Structured(value.into())),
        Just(FieldValue::Addresses(vec![
            mailbox().into(),
            Group::new("g", vec![mailbox()]).into()
        ])),
        (0..2_000_000_000_i64)
            .prop_map(|seconds| FieldValue::Date(DateTime::from_unix(seconds, 0).unwrap())),
        Just(FieldValue::MessageIds(vec![
            MessageId::new("a@b").unwrap(),
            MessageId::new("c@d").unwrap()
        ])),
        "( [a-z\u{e9}]{1,9}(\r\n\t[a-z]{1,9}){0,3}){0,3}"
            .prop_map(|raw| FieldValue::Raw(raw.into_bytes().into())),
    ]
}

/// A message to pass on, with whatever may stand in one.
fn message() -> impl Strategy<Value = Vec<u8>> {
    let line = prop_oneof![
        Just("Subject: x\r\n"),
        Just("\r\n"),
        Just("--=_1_05\r\n"),
        Just("caf\u{e9}\r\n"),
        Just("\n"),
        Just("\0x\r\n")
    ];
    (proptest::collection::vec(line, 0..8), any::<bool>()).prop_map(|(lines, is_long)| {
        let mut message = [b"From: a@b\r\n\r\n", lines.concat().as_bytes()].concat();
        if is_long {
            message.extend_from_slice(&[b'x'; 2000]);
        }
        message
    })
}

fn values() -> impl Strategy<Value = Values> {
    let contents = (
        proptest::option::of("(\\PC|\\r|\\n|\\t| |>){0,300}"),
        any::<bool>(),
        proptest::option::of("\\PC{0,100}"),
        proptest::option::of("(BEGIN:\\PC{0,30}\r\n){0,3}"),
        proptest::option::of(proptest::collection::vec(any::<u8>(), 0..300)),
        proptest::option::of((
            "[^\\r\\n\\x00]{0,80}",
            proptest::collection::vec(any::<u8>(), 0..40_000),
        )),
        proptest::option::of(message()),
    );
    let way = proptest::sample::select(vec![
        BodyType::SevenBit,
        BodyType::EightBitMime,
        BodyType::BinaryMime,
    ]);
    let name = || "[^\\r\\n\\x00]{1,60}";
    let mailbox = (name(), "[a-z]{1,9}(\\.[a-z]{1,9})?@[a-z]{1,9}\\.test")
        .prop_map(|(name, address)| Mailbox::new(&address).unwrap().into_owned().with_name(name));
    let id = "[a-z0-9.]{1,60}@[a-z]{1,9}"
        .prop_map(|id: String| MessageId::new(&id).unwrap().into_owned());
    let header =
        (proptest::collection::vec(mailbox, 0..4), proptest::collection::vec(id, 0..20), name());
    (header, field_value(), contents, way, any::<bool>(), any::<[u8; 16]>()).prop_map(
        |(
            (people, ids, subject),
            field,
            (text, is_flowed, html, calendar, picture, file, forwarded),
            way,
            utf8,
            random,
        )| Values {
            people,
            ids,
            subject,
            field,
            text,
            is_flowed,
            html,
            calendar,
            picture,
            file,
            forwarded,
            way,
            utf8,
            random,
        },
    )
}

impl Values {
    /// The builder, with the file streamed where `key` is given.
    fn builder(&self, key: Option<usize>) -> Builder<'_> {
        let mut builder =
            base().subject(&*self.subject).field("X-Value", self.field.clone()).way(self.way);
        for (at, mailbox) in self.people.iter().enumerate() {
            if at == 0 {
                builder = builder.sender(mailbox.clone()).write_bcc();
            }
            builder = builder.cc(mailbox.clone()).bcc(mailbox.clone()).reply_to(mailbox.clone());
        }
        for id in &self.ids {
            builder = builder.reference(id.clone()).in_reply_to(id.clone());
        }
        builder = builder
            .list_unsubscribe("https://north.test/u?x=1")
            .list_unsubscribe("mailto:u@north.test")
            .one_click();
        if self.utf8 {
            builder = builder.utf8();
        }
        if let Some(text) = &self.text {
            builder = builder.text(&**text);
        }
        if self.is_flowed {
            builder = builder.flowed();
        }
        if let Some(html) = &self.html {
            builder = builder.html(&**html);
        }
        if let Some(calendar) = &self.calendar {
            builder = builder.calendar("REQUEST", &**calendar);
        }
        if let Some(picture) = &self.picture {
            let id = MessageId::new("pic@north.test").unwrap();
            builder =
                builder.inline(Attachment::new("image/png", picture.clone()).with_content_id(id));
        }
        if let Some((name, content)) = &self.file {
            let size = u64::try_from(content.len()).unwrap();
            let content = match key {
                Some(key) => Content::streamed(key, Some(size)),
                None => content.clone().into(),
            };
            builder = builder.attach(
                Attachment::new("application/x-any", content)
                    .with_name(&**name)
                    .with_description("d\u{e9}j\u{e0} vu"),
            );
        }
        if let Some(forwarded) = &self.forwarded {
            builder = builder.forward(forwarded.clone());
        }
        builder
    }
}

/// Reads a message out, giving the content in chunks of this size.
fn streamed(builder: &Builder<'_>, random: [u8; 16], content: &[u8], chunk: usize) -> Vec<u8> {
    let mut stream = builder.stream(random).unwrap();
    let size = stream.size().unwrap();
    let mut content = Bytes::copy_from_slice(content);
    let mut bytes = Vec::new();
    loop {
        match stream.poll() {
            BuildStep::Piece(piece) => {
                assert!(!piece.is_empty());
                bytes.extend_from_slice(&piece);
                assert_eq!(stream.size(), Some(size - u64::try_from(bytes.len()).unwrap()));
            }
            BuildStep::Want { key } => {
                assert_eq!(key, 7);
                match content.is_empty() {
                    true => stream.end_content().unwrap(),
                    false => stream.content(content.split_to(content.len().min(chunk))).unwrap(),
                }
            }
            BuildStep::End => return bytes,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn everything_is_read_again(values in values(), chunk in 1..30_000_usize) {
        let builder = values.builder(None);
        let pieces = builder.build(values.random).unwrap();
        let (size, needs, is_utf8) = (pieces.size(), pieces.body_type(), pieces.is_utf8());
        let bytes = pieces.into_vec();
        prop_assert_eq!(u64::try_from(bytes.len()).unwrap(), size);
        prop_assert_eq!(&builder.clone().into_vec(values.random).unwrap(), &bytes);
        let mut appended = b"before".to_vec();
        builder.write_to(values.random, &mut appended).unwrap();
        prop_assert_eq!(&appended[6..], &bytes[..]);
        if let Some((_, content)) = &values.file {
            prop_assert_eq!(&streamed(&values.builder(Some(7)), values.random, content, chunk), &bytes);
            prop_assert_eq!(values.builder(Some(7)).into_vec(values.random), Err(Error::StreamedContent));
        }

        // It needs what it says, and no more than was allowed but for what is passed on.
        let header_needs = if is_utf8 { BodyType::EightBitMime } else { BodyType::SevenBit };
        let found = BodyType::of(&bytes);
        prop_assert!(found <= needs.max(header_needs), "{found} {needs} {}", bytes.escape_ascii());
        if values.forwarded.is_none() {
            prop_assert!(needs <= values.way);
        }
        let message = Message::parse(&bytes);
        let header = message.root().raw_header();
        prop_assert!(header.is_ascii() || is_utf8);
        let is_raw = matches!(values.field, FieldValue::Raw(_));
        prop_assert!(values.utf8 || is_raw || !is_utf8);
        for line in header.split(|byte| *byte == b'\n') {
            prop_assert!(line.len() <= 79 || !line[1..line.len() - 1].contains(&b' '), "{}", line.escape_ascii());
        }

        let headers = message.headers();
        prop_assert_eq!(headers.subject().unwrap(), &*values.subject);
        let people: Vec<_> = values.people.iter().cloned().map(Address::from).collect();
        prop_assert_eq!(&headers.cc(), &people);
        prop_assert_eq!(&headers.bcc(), &people);
        prop_assert_eq!(&headers.reply_to(), &people);
        let sender = headers.field("Sender").map(Field::addresses).unwrap_or_default();
        prop_assert_eq!(&sender[..], &people[..people.len().min(1)]);
        prop_assert_eq!(&headers.references().collect::<Vec<_>>(), &values.ids);
        prop_assert_eq!(&headers.in_reply_to().collect::<Vec<_>>(), &values.ids);
        let unsubscribe = headers.field("List-Unsubscribe").unwrap().unfolded().into_owned();
        prop_assert!(unsubscribe.starts_with(b"<https://north.test/u?x=1>"));
        let field = message.headers().field("X-Value").unwrap();
        match &values.field {
            FieldValue::Text(text) => prop_assert_eq!(field.text(), &**text),
            FieldValue::Structured(text) => {
                let read = String::from_utf8(field.unfolded().into_owned()).unwrap();
                prop_assert_eq!(read, text.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" "));
            }
            FieldValue::Addresses(list) => prop_assert_eq!(&field.addresses(), list),
            FieldValue::Date(date) => prop_assert_eq!(DateTime::parse(field.raw_value()), Ok(*date)),
            FieldValue::MessageIds(ids) => prop_assert_eq!(&field.message_ids().collect::<Vec<_>>(), ids),
            FieldValue::Raw(raw) => prop_assert_eq!(field.raw_value(), &**raw),
            _ => prop_assert!(false),
        }
        let parts: Vec<_> = message.parts().collect();
        let of = |main: &str, sub: &str| parts.iter().find(|part| part.content_type().is(main, sub)).copied();
        if let Some(text) = &values.text {
            let part = of("text", "plain").unwrap();
            let read = part.text().unwrap().into_owned();
            if values.is_flowed {
                let del_sp = part.content_type().parameters().get("delsp").is_some();
                let lines = flowed::unwrap(&read, del_sp);
                let plain = |text: &str| -> String { text.chars().filter(|letter| !matches!(letter, ' ' | '>')).collect() };
                prop_assert_eq!(plain(&lines), plain(&canonical(text)));
            } else {
                prop_assert_eq!(read, canonical(text));
            }
        }
        if let Some(html) = &values.html {
            prop_assert_eq!(of("text", "html").unwrap().text().unwrap(), canonical(html));
        }
        if let Some(calendar) = &values.calendar {
            let part = of("text", "calendar").unwrap();
            prop_assert_eq!(part.text().unwrap(), canonical(calendar));
            prop_assert_eq!(part.content_type().parameters().get("method").unwrap(), "REQUEST");
        }
        if let Some(picture) = &values.picture {
            let part = of("image", "png").unwrap();
            prop_assert_eq!(&*part.decoded(), &**picture);
            prop_assert_eq!(part.content_id(), MessageId::new("pic@north.test").ok());
        }
        if let Some((name, content)) = &values.file {
            let part = of("application", "x-any").unwrap();
            prop_assert!(*part.decoded() == **content);
            prop_assert_eq!(part.filename().unwrap(), &**name);
            prop_assert_eq!(part.headers().content_description().unwrap(), "d\u{e9}j\u{e0} vu");
        }
        if let Some(forwarded) = &values.forwarded {
            // Nothing of it can end the part early.
            let part = of("message", "rfc822").unwrap();
            prop_assert_eq!(part.raw_body().escape_ascii().to_string(), forwarded.escape_ascii().to_string());
        }
    }
}

#[test]
fn the_boundary_is_in_no_part() {
    let random = [0x2f; 16];
    let digits = "2f".repeat(16);
    let text = format!("--=_1_{digits}\r\n");
    let forwarded = format!("Subject: x\r\n\r\n{text}");
    let builder = base().text(&*text).forward(forwarded.clone());
    let bytes = builder.into_vec(random).unwrap();
    let message = Message::parse(&bytes);
    assert!(!message.root().content_type().parameters().get("boundary").unwrap().contains(&digits));
    assert_eq!(message.text().unwrap(), text);
    assert_eq!(message.part(&[2]).unwrap().raw_body(), forwarded.as_bytes());

    // A streamed message is searched while it comes, at every cut.
    for cut in 0..forwarded.len() {
        let streamed = Attachment::message(Content::streamed(7, None)).declare(BodyType::SevenBit);
        let mut stream = base().text("x").attach(streamed).stream(random).unwrap();
        assert_eq!(stream.size(), None);
        while let BuildStep::Piece(_) = stream.poll() {}
        let (first, second) = forwarded.split_at(cut);
        let mut results = Vec::new();
        for piece in [first, second].into_iter().filter(|piece| !piece.is_empty()) {
            results.push(stream.content(Bytes::copy_from_slice(piece.as_bytes())));
            while let BuildStep::Piece(_) = stream.poll() {}
        }
        assert!(results.contains(&Err(Error::BoundaryInContent)), "{cut}");
    }
}

#[test]
fn streamed_contents_are_held_to_what_was_said() {
    let start = |attachment: Attachment<'static>| {
        let mut stream = base().attach(attachment).stream([0; 16]).unwrap();
        assert_eq!(stream.content(Bytes::from_static(b"x")), Err(Error::NotWanted));
        while let BuildStep::Piece(_) = stream.poll() {}
        assert_eq!(stream.poll(), BuildStep::Want { key: 7 });
        stream
    };
    let file = || Attachment::new("image/png", Content::streamed(7, Some(3)));
    let mut stream = start(file());
    assert_eq!(stream.content(Bytes::from_static(b"abcd")), Err(Error::WrongSize));
    stream.content(Bytes::from_static(b"ab")).unwrap();
    assert_eq!(stream.poll(), BuildStep::Want { key: 7 });
    assert_eq!(stream.end_content(), Err(Error::WrongSize));
    stream.content(Bytes::from_static(b"c")).unwrap();
    assert_eq!(stream.poll(), BuildStep::Want { key: 7 });
    stream.end_content().unwrap();
    assert!(matches!(stream.poll(), BuildStep::Piece(_)));
    assert_eq!(stream.end_content(), Err(Error::NotWanted));

    let message = Attachment::message(Content::streamed(7, None));
    for (declared, good, bad) in [
        (BodyType::SevenBit, "a\r", "\u{e9}"),
        (BodyType::SevenBit, "a\r", "b"),
        (BodyType::EightBitMime, "\u{e9}\r\n", "\n"),
        (BodyType::EightBitMime, "\u{e9}\r\n", "\0"),
    ] {
        let mut stream = start(message.clone().declare(declared));
        stream.content(Bytes::from_static(good.as_bytes())).unwrap();
        while let BuildStep::Piece(_) = stream.poll() {}
        assert_eq!(stream.content(Bytes::from_static(bad.as_bytes())), Err(Error::WrongBodyType));
    }
    let mut stream = start(message.declare(BodyType::EightBitMime));
    assert_eq!(stream.body_type(), BodyType::EightBitMime);
    stream.content(Bytes::from_static(b"a\r")).unwrap();
    while let BuildStep::Piece(_) = stream.poll() {}
    assert_eq!(stream.end_content(), Err(Error::WrongBodyType));
}

#[test]
fn what_cannot_be_written_is_refused() {
    for bad in ["x\r\ny", "x\0", "x\n"] {
        for builder in [
            base().field("X", FieldValue::Text(bad.into())),
            base().field("X", FieldValue::Raw(bad.as_bytes().into())),
            base().list_unsubscribe(bad),
            base().calendar(bad, "x"),
            base().attach(Attachment::new("image/png", "x").with_description(bad)),
            base().field("X", vec![Address::from(Group::new(bad, vec![]))]),
        ] {
            assert!(matches!(builder.into_vec([0; 16]), Err(Error::ForbiddenByte(_))), "{bad:?}");
        }
    }
    let refused = |builder: Builder<'_>| builder.into_vec([0; 16]).unwrap_err();
    assert_eq!(refused(base().one_click()), Error::MissingOneClickUri);
    assert_eq!(
        refused(base().list_unsubscribe("mailto:x@y").one_click()),
        Error::MissingOneClickUri
    );
    for bad in ["https://x/ y", "https://x/>", "nothing", "https://\u{e9}"] {
        assert_eq!(refused(base().list_unsubscribe(bad)), Error::InvalidUri("List-Unsubscribe"));
    }
}

#[test]
fn eight_bits_are_labelled_on_every_level() {
    let forwarded = "Subject: x\r\n\r\nd\u{e9}j\u{e0}\r\n";
    let builder = base().text("caf\u{e9}").html("caf\u{e9}").forward(forwarded);
    for (way, expected) in [
        (
            BodyType::SevenBit,
            [
                " multipart/mixed 8bit",
                "1 multipart/alternative 7bit",
                "1.1 text/plain quoted-printable",
                "1.2 text/html quoted-printable",
                "2 message/rfc822 8bit",
            ],
        ),
        (
            BodyType::EightBitMime,
            [
                " multipart/mixed 8bit",
                "1 multipart/alternative 8bit",
                "1.1 text/plain 8bit",
                "1.2 text/html 8bit",
                "2 message/rfc822 8bit",
            ],
        ),
    ] {
        let whole = builder.clone().way(way).into_vec([0; 16]).unwrap();
        let pieces = builder.clone().way(way).build([0; 16]).unwrap();
        assert_eq!(pieces.body_type(), BodyType::EightBitMime);
        assert_eq!(pieces.into_vec(), whole);
        assert_eq!(shown(&Message::parse(&whole))[..5], expected);
    }
}
