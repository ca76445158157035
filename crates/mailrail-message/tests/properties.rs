//! What holds for any bytes, and for any message that is built.
#![cfg(test)]

use mailrail_message::encoding::{base64, encoded_word, quoted_printable};
use mailrail_message::{
    Address, Attachment, Builder, DateTime, Error, Group, Limits, Mailbox, Message, MessageId,
    Received, ReturnPath, Stamp,
};
use proptest::prelude::*;

/// Asks for everything that a message can tell.
fn read_all(message: &Message<'_>) {
    let length = message.raw().len();
    for part in message.parts() {
        let (header, body) = (part.header_range(), part.body_range());
        assert!(header.start <= header.end && header.end <= body.start);
        assert!(body.start <= body.end && body.end <= length);
        assert_eq!(part.raw_body().len(), body.len());
        if let Some(parent) = part.parent() {
            let within = parent.body_range();
            assert!(within.start <= header.start && body.end <= within.end);
            assert!(!part.path().is_root());
        }
        // The multipart of an embedded message shares the number of the part that holds it.
        let found = message.part(part.path().as_slice()).unwrap();
        assert!(found == part || found.message() == Some(part));
        for field in part.headers() {
            assert!(header.start <= field.range().start && field.range().end <= header.end);
            assert!(!field.name().is_empty());
            drop((field.text(), field.unfolded(), field.addresses(), field.raw_value()));
            assert!(field.raw_addresses().count() <= 2 * field.raw().len());
            assert!(field.message_ids().count() <= field.raw().len());
        }
        let headers = part.headers();
        // One piece a field, and what ends the block.
        assert_eq!(headers.select_not::<&str>(&[]).count(), headers.iter().len() + 1);
        drop((
            headers.date(),
            headers.mime_version(),
            headers.subject(),
            part.filename(),
            part.text(),
        ));
        drop((part.decoded(), part.content_type().parameters().decoded(), part.body_lines()));
    }
    drop((message.check(), message.text(), message.html(), message.attachments().count()));
}

/// Lines that mean something in a message, in any order.
fn soup() -> impl Strategy<Value = Vec<u8>> {
    let line = prop_oneof![
        Just("--a"),
        Just("--a--"),
        Just("--ab"),
        Just("--ab--"),
        Just(""),
        Just("text"),
        Just(" more"),
        Just("Content-Type: multipart/mixed; boundary=a"),
        Just("Content-Type: multipart/digest; boundary=\"ab\""),
        Just("Content-Type: message/rfc822"),
        Just("Content-Transfer-Encoding: base64"),
        Just("From: \"A\" <a@b> (c), d: e@f;"),
        Just("Subject: =?utf-8?q?=C3=A9?= =?utf-8?b?w6k=?="),
        Just("Content-Disposition: attachment; filename*0*=utf-8''%C3; filename*1=x"),
        Just("YQ=="),
        Just(":"),
        Just("-- "),
    ];
    let end = prop_oneof![8 => Just("\r\n"), 2 => Just("\n"), 1 => Just("\r")];
    proptest::collection::vec((line, end), 0..40).prop_map(|lines| {
        lines.iter().flat_map(|(line, end)| [*line, *end]).collect::<String>().into_bytes()
    })
}

fn mailbox() -> impl Strategy<Value = Mailbox<'static>> {
    let local = prop_oneof!["[a-z][a-z0-9.]{0,8}[a-z]", "[ -~]{1,12}", "[a-z\u{e9}\u{3042}]{1,6}"]
        .prop_filter("dots", |local| !local.contains(".."));
    (proptest::option::of("[^\\r\\n\\x00]{1,40}"), local, "[a-z]{1,8}\\.test").prop_filter_map(
        "invalid",
        |(name, local, domain)| {
            let quoted = local.replace('\\', "\\\\").replace('"', "\\\"");
            let mailbox = Mailbox::new(&format!("\"{quoted}\"@{domain}")).ok()?.into_owned();
            Some(match name {
                Some(name) => mailbox.with_name(name),
                None => mailbox,
            })
        },
    )
}

fn address() -> impl Strategy<Value = Address<'static>> {
    let group = ("[^\\r\\n\\x00]{1,20}", proptest::collection::vec(mailbox(), 0..3))
        .prop_map(|(name, members)| Address::Group(Group::new(name, members)));
    prop_oneof![4 => mailbox().prop_map(Address::Mailbox), 1 => group]
}

fn canonical(text: &str) -> String {
    let mut lines = text.replace("\r\n", "\n").replace(['\r', '\n'], "\r\n");
    if !lines.is_empty() && !lines.ends_with("\r\n") {
        lines.push_str("\r\n");
    }
    lines
}

fn assert_lines_are_short(bytes: &[u8]) {
    assert!(!bytes.is_empty() && bytes.ends_with(b"\r\n"));
    for line in bytes.split(|byte| *byte == b'\n') {
        assert!(line.len() <= 999);
        assert!(!line.strip_suffix(b"\r").unwrap_or(line).contains(&b'\r'));
    }
}

proptest! {
    // Failures are fixed, not kept: no regression files.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        read_all(&Message::parse(&bytes));
    }

    #[test]
    fn any_structure_is_read(bytes in soup()) {
        read_all(&Message::parse(&bytes));
        let mut limits = Limits::default();
        (limits.depth, limits.parts, limits.fields) = (2, 4, 5);
        read_all(&Message::parse_with(&bytes, &limits));
    }

    #[test]
    fn any_value_is_read(value in "[ -~\\t]{0,60}") {
        let text = format!("To: {value}\r\nDate: {value}\r\nContent-Type: text/plain; {value}\r\nMessage-ID: {value}\r\n\r\n");
        read_all(&Message::parse(text.as_bytes()));
    }

    #[test]
    fn encodings_keep_every_byte(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert_eq!(&base64::decode(&base64::encode(&bytes)), &bytes);
        prop_assert_eq!(base64::encode(&bytes).len() as u64, base64::encoded_len(bytes.len() as u64));
        let code = quoted_printable::encode(&bytes);
        prop_assert!(code.is_ascii());
        prop_assert_eq!(&*quoted_printable::decode(&code), &*bytes);
        prop_assert!(code.split(|byte| *byte == b'\n').all(|line| line.len() <= 77));
    }

    #[test]
    fn encoded_words_keep_every_letter(text in "\\PC{0,120}") {
        let words = encoded_word::encode(&text);
        prop_assert!(words.iter().all(|word| word.len() <= 75));
        let joined = words.join("\r\n ");
        prop_assert_eq!(encoded_word::decode(joined.as_bytes()), text);
    }

    #[test]
    fn dates_keep_their_moment(seconds in -62_135_000_000_i64..253_402_000_000, offset in -1439_i16..1440) {
        let Some(date) = DateTime::from_unix(seconds, offset) else { return Ok(()) };
        prop_assert_eq!(date.unix(), seconds);
        // RFC 5322 has four digits of year or more; years below 1000 are written with zeros in front.
        let written = date.rfc5322().to_string();
        prop_assert_eq!(DateTime::parse(written.as_bytes()), Ok(date));
    }

    #[test]
    fn trace_fields_are_read_again(
        (from, by) in ("[a-z0-9-]{1,20}\\.[a-z]{1,9}|\\[192\\.0\\.2\\.[1-9]\\]", "[a-z0-9.\u{e9}-]{1,60}"),
        with in "E?SMTPS?A?|LMTP|UTF8SMTP",
        address in proptest::option::of(any::<core::net::IpAddr>()),
        reverse in proptest::option::of("[a-z0-9]{1,20}\\.[a-z]{1,9}"),
        id in proptest::option::of("[A-Za-z0-9]{1,40}"),
        recipient in proptest::option::of("[a-z+=-]{1,15}(\\.[a-z]{1,9})?@[a-z]{1,9}\\.test"),
        seconds in 0..4_000_000_000_i64,
        offset in -1439_i16..1440,
    ) {
        let date = DateTime::from_unix(seconds, offset).unwrap();
        let written_address = address.map(|address| match address {
            core::net::IpAddr::V4(address) => address.to_string(),
            core::net::IpAddr::V6(address) => format!("IPv6:{address}"),
        });
        let mut received = Received::new(&from, &by, &with, date);
        received.address = written_address.as_deref();
        (received.reverse, received.id) = (reverse.as_deref(), id.as_deref());
        received.recipient = recipient.as_deref();
        let field = received.encode().unwrap();
        let message = Message::parse(&field);
        let stamp = Stamp::parse(message.headers().field("Received").unwrap().raw_value());
        prop_assert_eq!((stamp.from(), stamp.by(), stamp.with()), (Some(&*from), Some(&*by), Some(&*with)));
        prop_assert_eq!((stamp.id(), stamp.recipient()), (id.as_deref(), recipient.as_deref()));
        prop_assert_eq!(stamp.reverse(), reverse.as_deref());
        if address.is_some() {
            prop_assert_eq!(stamp.address(), address);
        }
        prop_assert_eq!(stamp.date, Some(date));

        let path = ReturnPath::new(recipient.as_deref());
        let field = path.encode().unwrap();
        let message = Message::parse(&field);
        prop_assert_eq!(ReturnPath::parse(message.headers().field("Return-Path").unwrap().raw_value()), Ok(path));
    }

    #[test]
    fn what_is_built_is_read(
        from in mailbox(),
        to in proptest::collection::vec(address(), 0..4),
        subject in "[^\\r\\n\\x00]{0,120}",
        comment in "[^\\r\\n\\x00]{0,60}",
        text in proptest::option::of("(\\PC|\\r|\\n|\\t){0,200}"),
        html in proptest::option::of("\\PC{0,100}"),
        files in proptest::collection::vec(
            (proptest::option::of("[^\\r\\n\\x00]{0,80}"), proptest::collection::vec(any::<u8>(), 0..200)), 0..3),
    ) {
        let id = MessageId::generate([9; 16], "north.test").unwrap();
        let mut builder = Builder::new()
            .from(from.clone())
            .subject(&*subject)
            .date(DateTime::from_unix(1_795_000_000, 60).unwrap())
            .message_id(id.clone())
            .in_reply_to(id.clone())
            .bcc(Mailbox::new("hidden@south.test").unwrap())
            .field("Comments", &*comment);
        for address in &to {
            builder = builder.to(address.clone());
        }
        if let Some(text) = &text {
            builder = builder.text(&**text);
        }
        if let Some(html) = &html {
            builder = builder.html(&**html);
        }
        for (name, content) in &files {
            let mut file = Attachment::new("application/x-any; note=\"\u{61}b c\"", content.clone());
            if let Some(name) = name {
                file = file.with_name(&**name);
            }
            builder = builder.attach(file);
        }
        let pieces = builder.build([5; 16]).unwrap();
        let size = pieces.size();
        let bytes = pieces.into_vec();
        prop_assert_eq!(bytes.len() as u64, size);
        assert_lines_are_short(&bytes);
        prop_assert!(!String::from_utf8_lossy(&bytes).contains("hidden@south.test"));
        let message = Message::parse(&bytes);
        prop_assert_eq!(message.check(), []);
        let headers = message.headers();
        prop_assert_eq!(headers.from(), [Address::Mailbox(from)]);
        prop_assert_eq!(headers.to(), to);
        prop_assert_eq!(headers.subject().unwrap(), subject);
        prop_assert_eq!(headers.field("comments").unwrap().text(), comment);
        prop_assert_eq!(headers.message_id(), Some(id.clone()));
        prop_assert_eq!(headers.in_reply_to().collect::<Vec<_>>(), [id]);
        let expected = text.or_else(|| (html.is_none() && files.is_empty()).then(String::new));
        prop_assert_eq!(message.text().map(|text| text.into_owned()), expected.map(|text| canonical(&text)));
        prop_assert_eq!(message.html().map(|html| html.into_owned()), html.map(|html| canonical(&html)));
        let read: Vec<_> = message
            .attachments()
            .map(|part| (part.filename().map(|name| name.into_owned()), part.decoded().into_owned()))
            .collect();
        prop_assert_eq!(read, files);
    }
}

#[test]
fn nothing_can_be_injected() {
    let base = || {
        Builder::new()
            .from(Mailbox::new("a@b.test").unwrap())
            .date(DateTime::from_unix(0, 0).unwrap())
    };
    for bad in ["x\r\nBcc: y@z.test", "x\ny", "x\ry", "x\0y"] {
        let named = || Mailbox::new("a@b.test").unwrap().with_name(bad);
        let builders = [
            base().subject(bad),
            base().to(named()),
            base().from(Group::new(bad, vec![])),
            base().sender(named()),
            base().field("Comments", bad),
            base().structured_field("List-Id", bad),
            base().attach(Attachment::new("text/plain", "x").with_name(bad)),
            base().attach(Attachment::new(bad, "x")),
        ];
        for builder in builders {
            assert!(matches!(builder.build([0; 16]), Err(Error::ForbiddenByte(_))), "{bad:?}");
        }
        assert_eq!(base().field(bad, "x").build([0; 16]).unwrap_err(), Error::InvalidFieldName);
    }
    for reserved in ["bcc", "From", "Content-Type", "content-id", "MIME-Version"] {
        assert_eq!(base().field(reserved, "x").build([0; 16]).unwrap_err(), Error::ReservedField);
    }
    assert_eq!(Builder::new().build([0; 16]).unwrap_err(), Error::MissingDate);
    let two = base().from(Mailbox::new("c@d.test").unwrap());
    assert_eq!(two.build([0; 16]).unwrap_err(), Error::MissingSender);
    // What was read from a broken message is checked before it is written.
    let broken = Message::parse(b"From: no address\r\nMessage-ID: <a b>\r\n\r\n");
    let from = broken.headers().from();
    assert_eq!(base().to(from[0].clone()).build([0; 16]).unwrap_err(), Error::InvalidAddress("To"));
    let reply = base().in_reply_to(
        Message::parse(b"Message-ID: <a,b>\r\n\r\n").headers().message_id().unwrap().into_owned(),
    );
    assert_eq!(reply.build([0; 16]).unwrap_err(), Error::InvalidMessageId("In-Reply-To"));
    let composite = base().attach(Attachment::new("message/partial", "x"));
    assert_eq!(composite.build([0; 16]).unwrap_err(), Error::InvalidContentType);
}

#[test]
fn bcc_is_written_when_asked_for() {
    let builder = Builder::new()
        .from(Mailbox::new("a@b.test").unwrap())
        .bcc(Mailbox::new("c@d.test").unwrap())
        .date(DateTime::from_unix(0, 0).unwrap());
    let with = builder.clone().write_bcc().build([0; 16]).unwrap().into_vec();
    assert_eq!(Message::parse(&with).headers().bcc()[0].mailboxes()[0].address(), "c@d.test");
    assert_eq!(Message::parse(&builder.build([0; 16]).unwrap().into_vec()).headers().bcc(), []);
}

#[test]
fn the_structure_is_what_clients_expect() {
    let id = MessageId::new("pic@x.test").unwrap();
    let bytes = Builder::new()
        .from(Mailbox::new("a@b.test").unwrap())
        .date(DateTime::from_unix(0, 0).unwrap())
        // Text that holds the boundary's digits must not be left as it is.
        .text("--=_1_00000000000000000000000000000000\nFrom here\n")
        .html("<img src=cid:pic@x.test>")
        .inline(Attachment::new("image/png", "PNG").with_content_id(id))
        .attach(Attachment::new("text/plain; charset=koi8-r", vec![0; 40_000]).with_name("log.txt"))
        .build([0; 16])
        .unwrap();
    assert!(bytes.clone().count() > 3);
    let bytes = bytes.into_vec();
    let message = Message::parse(&bytes);
    let parts: Vec<_> = message
        .parts()
        .map(|part| format!("{} {} {}", part.path(), part.content_type(), part.encoding()))
        .collect();
    assert_eq!(
        parts,
        [
            " multipart/mixed 7bit",
            "1 multipart/alternative 7bit",
            "1.1 text/plain quoted-printable",
            "1.2 multipart/related 7bit",
            "1.2.1 text/html 7bit",
            "1.2.2 image/png base64",
            "2 text/plain base64",
        ]
    );
    assert_eq!(message.defects(), []);
    assert_eq!(message.part(&[2]).unwrap().decoded().len(), 40_000);
    assert_eq!(
        message.part(&[2]).unwrap().content_type().parameters().get("charset").as_deref(),
        Some("koi8-r")
    );
}

/// Inputs on which a careless reader takes time with the square of their length: here each must end at once.
#[test]
fn hostile_messages_end() {
    let many = |piece: &str| piece.repeat(100_000 / piece.len());
    let mixed = "Content-Type: multipart/mixed; boundary=a\r\n\r\n";
    let nested = "--a\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n".repeat(2500);
    let all = [
        format!("To: {}\r\n\r\n", many("(")),
        format!("To: {}\r\n\r\n", many("\"\\")),
        format!("To: {}\r\n\r\n", many("<")),
        format!("To: {}\r\n\r\n", many("a:b@(")),
        format!("To: {}\r\n\r\n", many("<@,")),
        format!("Subject: {}\r\n\r\n", many("=?")),
        format!("Subject: {}\r\n\r\n", many("=?a?q?")),
        format!("Subject: {}?=\r\n\r\n", many("=?a ")),
        format!("References: {}\r\n\r\n", many("<\"")),
        format!("Content-Type: text/plain{}\r\n\r\n", many(";a=b")),
        format!("Content-Type: text/plain{}\r\n\r\n", many(";a*1*=%4")),
        format!("Content-Type: text/plain;a={}\r\n\r\n", many(" a")),
        format!("Content-Type: text/plain;a={}\r\n\r\n", many("\"\\")),
        format!("{mixed}{}", many("--a\r\n")),
        format!("{mixed}{}", many("--ab\r\n")),
        format!("{mixed}{}", many("-")),
        format!("{mixed}{}", many("--a ")),
        format!("{mixed}--a\r\n{nested}"),
        format!("Content-Transfer-Encoding: quoted-printable\r\n\r\n{}", many("=   ")),
        format!("\r{}", many("--")),
        many("a:\r\n"),
        many("\r"),
        many(" \r\n"),
    ];
    for text in &all {
        let message = Message::parse(text.as_bytes());
        assert!(message.defects().len() <= Limits::default().defects);
        for part in message.parts().take(100) {
            for field in part.headers().iter().take(100) {
                drop((field.text(), field.addresses(), field.message_ids().count()));
            }
            drop((part.content_type().parameters().decoded(), part.text(), part.headers().date()));
        }
        assert!(message.check().len() <= Limits::default().defects);
    }
}
