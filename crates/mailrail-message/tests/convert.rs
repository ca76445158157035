//! Messages made fit for a way without 8BITMIME or BINARYMIME: every part decodes to what it was.
#![cfg(test)]

use mailrail_message::{
    Attachment, BodyType, Builder, ConvertError, Converted, DateTime, DefectKind, Limits, Mailbox,
    Message, PartKind,
};
use proptest::prelude::*;

fn convert(raw: &[u8], way: BodyType) -> Result<Vec<u8>, ConvertError> {
    let message = Message::parse(raw);
    let converted = message.convert(way)?;
    let size = converted.size();
    let (is_changed, whole) = (converted.is_changed(), converted.clone().into_vec());
    let pieces: Vec<_> = converted.collect();
    assert!(pieces.iter().all(|piece| !piece.is_empty()));
    assert_eq!(pieces.concat(), whole);
    assert_eq!(whole.len() as u64, size);
    assert_eq!(is_changed, whole != raw);
    assert!(BodyType::of(&whole) <= way);
    for length in [1, 7, 1_000] {
        let (mut conversion, mut sent) = (message.conversion(way)?, Vec::new());
        assert_eq!((conversion.size(), conversion.is_changed()), (size, is_changed));
        for mut chunk in raw.chunks(length) {
            while let Some(piece) = conversion.piece(&mut chunk) {
                assert!(!piece.is_empty());
                sent.extend_from_slice(&piece);
            }
        }
        assert!(sent == whole && conversion.is_done() && conversion.size() == 0, "{length}");
    }
    Ok(whole)
}

fn converted(raw: &str) -> String {
    String::from_utf8(convert(raw.as_bytes(), BodyType::SevenBit).unwrap()).unwrap()
}

/// What a reader finds in each part.
fn read(raw: &[u8]) -> Vec<(String, PartKind, String, Vec<u8>)> {
    let message = Message::parse(raw);
    let tell = |part: mailrail_message::Part<'_>| {
        let decoded = match part.kind() {
            PartKind::Leaf => part.decoded().into_owned(),
            _ => Vec::new(),
        };
        (part.path().to_string(), part.kind(), part.content_type().to_string(), decoded)
    };
    message.parts().map(tell).collect()
}

#[test]
fn only_what_must_change_changes() {
    let unchanged = "Subject: x\r\nContent-Transfer-Encoding: 8bit\r\n\r\nplain\r\n";
    assert_eq!(converted(unchanged), unchanged);
    assert_eq!(
        converted(
            "Subject:  x\r\ncontent-transfer-encoding : 8BIT (as it is)\r\nX: y\r\n\
             Content-Transfer-Encoding: binary\r\n\r\ncaf\u{e9}"
        ),
        "Subject:  x\r\nContent-Transfer-Encoding: quoted-printable\r\nX: y\r\n\
         MIME-Version: 1.0\r\n\r\ncaf=C3=A9"
    );
    assert_eq!(
        converted("\r\ncaf\u{e9}"),
        "Content-Transfer-Encoding: quoted-printable\r\nMIME-Version: 1.0\r\n\r\ncaf=C3=A9"
    );
    // The body starts where no field does: it must not become one.
    assert_eq!(
        converted("A: b\r\nGr\u{fc}n: x\r\n"),
        "A: b\r\nContent-Transfer-Encoding: quoted-printable\r\nMIME-Version: 1.0\r\n\r\n\
         Gr=C3=BCn: x\r\n"
    );
    assert_eq!(
        converted(
            "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\
             Content-Transfer-Encoding: binary\r\n\r\nis\u{e9}\r\nkept\r\n--b\r\n\r\nplain\r\n\
             --b \r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\
             \r\n<p>\u{e9}</p>\r\n--b\r\nContent-Type: image/png\r\n\
             Content-Transfer-Encoding: binary\r\n\r\n\0\r\n--b\r\n\
             Content-Transfer-Encoding: 8bit\r\n\r\nplain\r\n--b--\r\n\u{e9}\r\nkept"
        ),
        "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\
         Content-Transfer-Encoding: 7bit\r\n\r\nkept\r\n--b\r\n\r\nplain\r\n\
         --b \r\nContent-Type: text/html; charset=utf-8\r\n\
         Content-Transfer-Encoding: quoted-printable\r\n\
         \r\n<p>=C3=A9</p>\r\n--b\r\nContent-Type: image/png\r\n\
         Content-Transfer-Encoding: base64\r\n\r\nAA==\r\n\r\n--b\r\n\
         Content-Transfer-Encoding: 7bit\r\n\r\nplain\r\n--b--\r\nkept"
    );
}

#[test]
fn embedded_messages_are_converted_inside() {
    assert_eq!(
        converted(
            "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\
             Subject: in\r\n\r\n\u{e9}\r\n"
        ),
        "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 7bit\r\nMIME-Version: 1.0\r\n\
         \r\nSubject: in\r\nContent-Transfer-Encoding: quoted-printable\r\nMIME-Version: 1.0\r\n\
         \r\n=C3=A9\r\n"
    );
    // One with UTF-8 in its header can only be encoded whole.
    let global = "MIME-Version: 1.0\r\nContent-Type: message/global\r\n\
                  Content-Transfer-Encoding: 8bit\r\n\r\nSubject: \u{e9}\r\n\r\nx\r\n";
    assert_eq!(
        converted(global),
        "MIME-Version: 1.0\r\nContent-Type: message/global\r\n\
         Content-Transfer-Encoding: quoted-printable\r\n\r\nSubject: =C3=A9\r\n\r\nx\r\n"
    );
    assert_eq!(convert(global.as_bytes(), BodyType::EightBitMime).unwrap(), global.as_bytes());
}

#[test]
fn bodies_that_are_encoded_badly_are_encoded_well() {
    let multipart = |encoding: &str, body: &str| {
        format!(
            "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\
             Content-Transfer-Encoding: {encoding}\r\n\r\n{body}\r\n--b--\r\n"
        )
    };
    for (encoding, body, new, expected) in [
        ("base64", "Y\u{e9}Q==", "base64", "YQ==\r\n"),
        ("quoted-printable", "\u{e9}=3D", "quoted-printable", "=C3=A9=3D"),
        // What was hidden by the encoding must not pass for a delimiter.
        ("quoted-printable", "=2D-b\r\n\u{e9}", "quoted-printable", "=2D-b\r\n=C3=A9"),
        ("x-uue", "begin 644 \u{e9}\r\n#86)C\r\n`\r\nend", "base64", "YWJj\r\n"),
    ] {
        assert_eq!(converted(&multipart(encoding, body)), multipart(new, expected), "{encoding}");
    }
    // Neither does what a soft line break puts at the start of a line.
    for length in 60..90 {
        let raw = multipart(
            "8bit",
            &format!("\u{e9}{}--b\r\n{}--b--", "x".repeat(length), "y".repeat(length)),
        );
        assert_eq!(read(converted(&raw).as_bytes()), read(raw.as_bytes()), "{length}");
    }
}

#[test]
fn what_cannot_be_converted_is_refused() {
    use ConvertError::{InvalidLine, Protected, Unencodable, UnknownStructure, Utf8Header};
    let signed = "Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\n\u{e9}\r\n--b--\r\n";
    let cases: [(String, ConvertError); 12] = [
        ("Subject: \u{e9}\r\n\r\nx".into(), Utf8Header(9)),
        ("A: b\n\r\n\u{e9}".into(), InvalidLine(0)),
        (format!("A: {}\r\n\r\nx", "b".repeat(1000)), InvalidLine(0)),
        ("A: \0\r\n\r\nx".into(), InvalidLine(0)),
        (signed.into(), Protected(0)),
        (signed.replace("signed", "encrypted"), Protected(0)),
        (format!("Content-Type: message/rfc822\r\n\r\n{signed}"), Protected(32)),
        ("Content-Type: message/partial\r\n\r\n\u{e9}".into(), Unencodable(0)),
        ("Content-Type: multipart/mixed\r\n\r\n\u{e9}".into(), Unencodable(0)),
        ("Content-Transfer-Encoding: x-new\r\n\r\n\u{e9}".into(), Unencodable(0)),
        (
            "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
             A: b\r\n\r\n\u{e9}"
                .into(),
            Unencodable(0),
        ),
        (
            "Content-Type: multipart/mixed; boundary=b\r\n\r\n\u{e9}\r\n--a\r\n".into(),
            UnknownStructure(0),
        ),
    ];
    for (raw, expected) in cases {
        let found = convert(raw.as_bytes(), BodyType::SevenBit).unwrap_err();
        assert_eq!(
            core::mem::discriminant(&found),
            core::mem::discriminant(&expected),
            "{found:?} {raw:?}"
        );
        if !matches!(expected, UnknownStructure(_)) {
            assert_eq!(found, expected, "{raw:?}");
        }
    }
    // A signature over plain text stands in no one's way.
    let mixed = format!(
        "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n{}\r\n\
         --a\r\n\r\n\u{e9}\r\n--a--\r\n",
        signed.replace('\u{e9}', "e")
    );
    assert!(converted(&mixed).contains(&signed.replace('\u{e9}', "e")));
    let mut limits = Limits::default();
    limits.parts = 2;
    let message = Message::parse_with(mixed.as_bytes(), &limits);
    assert!(matches!(
        message.convert(BodyType::SevenBit),
        Err(UnknownStructure(_) | Unencodable(_))
    ));
}

#[test]
fn large_bodies_come_in_small_pieces() {
    let raw =
        ["Content-Type: text/plain\r\n\r\n", &"caf\u{e9} au lait\r\n".repeat(20_000)].concat();
    let message = Message::parse(raw.as_bytes());
    let pieces: Vec<_> =
        message.convert(BodyType::SevenBit).unwrap().map(|piece| piece.len()).collect();
    assert!(pieces.len() > 10 && pieces.iter().all(|length| *length < 64 * 1024));
}

/// Lines that mean something in a message, in any order, with bytes of any kind.
fn soup() -> impl Strategy<Value = Vec<u8>> {
    let line = proptest::sample::select(vec![
        "--a",
        "--a--",
        "--ab",
        "--ab--",
        "",
        "",
        "text",
        "caf\u{e9}",
        "\0",
        "=C3",
        "Content-Type: multipart/mixed; boundary=a",
        "Content-Type: multipart/digest; boundary=\"ab\"",
        "Content-Type: multipart/signed; boundary=ab",
        "Content-Type: message/rfc822",
        "Content-Type: message/global",
        "Content-Type: image/png",
        "Content-Transfer-Encoding: base64",
        "Content-Transfer-Encoding: quoted-printable",
        "Content-Transfer-Encoding: 8bit",
        "Content-Transfer-Encoding: binary",
        "MIME-Version: 1.0",
        "Subject: \u{e9}",
        "YQ==",
    ]);
    let end = prop_oneof![30 => Just("\r\n"), 1 => Just("\n"), 1 => Just("")];
    proptest::collection::vec((line, end), 0..40).prop_map(|lines| {
        lines.iter().flat_map(|(line, end)| [*line, *end]).collect::<String>().into_bytes()
    })
}

fn ways() -> impl Strategy<Value = BodyType> {
    proptest::sample::select(vec![BodyType::SevenBit, BodyType::EightBitMime, BodyType::BinaryMime])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_structure_keeps_its_parts(raw in soup(), way in ways()) {
        let Ok(bytes) = convert(&raw, way) else { return Ok(()) };
        let (before, after) = (read(&raw), read(&bytes));
        if before.iter().any(|(.., content_type, _)| content_type == "message/global") {
            // It may have become a leaf.
            return Ok(());
        }
        prop_assert_eq!(before, after, "{}", raw.escape_ascii());
    }

}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_built_for_another_way_is_converted(
        text in "(\\PC|\\r|\\n|\\t|--| ){0,300}",
        html in "\\PC{0,100}",
        file in proptest::collection::vec(any::<u8>(), 0..40_000),
        is_long in any::<bool>(),
        forwarded in "\\PC{0,60}",
        (from, way) in (ways(), ways()),
    ) {
        let text = if is_long { text.repeat(20) } else { text };
        let inner = format!("Subject: in\r\n\r\n{forwarded}\r\n");
        let raw = Builder::new()
            .from(Mailbox::new("a@b.test").unwrap())
            .date(DateTime::from_unix(0, 0).unwrap())
            .text(&*text)
            .html(&*html)
            .attach(Attachment::new("application/x-any", file).with_name("f"))
            .forward(inner)
            .way(from)
            .into_vec([7; 16])
            .unwrap();
        let bytes = convert(&raw, way).unwrap();
        prop_assert_eq!(read(&raw), read(&bytes));
        let mut faults = Message::parse(&bytes).check();
        // The message that is passed on does not say that it holds more than ASCII.
        faults.retain(|fault| fault.kind != DefectKind::UndeclaredEightBit);
        prop_assert_eq!(faults, []);
    }
}

#[test]
fn a_conversion_can_be_sent_elsewhere() {
    fn is_send<T: Send + Sync>() {}
    is_send::<Converted<'_>>();
}
