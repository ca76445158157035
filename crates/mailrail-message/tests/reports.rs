//! Reports as they are built, and what is read of them.
#![cfg(test)]

use mailrail_message::{
    BodyType, Builder, DateTime, Dsn, DsnAction, DsnRecipient, Mailbox, Message, Returned,
};

fn base() -> Builder<'static> {
    Builder::new()
        .from(Mailbox::new("postmaster@north.test").unwrap())
        .to(Mailbox::new("ann@north.test").unwrap())
        .subject("What became of your message")
        .date(DateTime::from_unix(0, 0).unwrap())
        .text("It came back.\n")
}

fn shown(message: &Message<'_>) -> Vec<String> {
    message
        .parts()
        .map(|part| format!("{} {} {}", part.path(), part.content_type(), part.encoding()))
        .collect()
}

const ASCII: &str = "From: Ann <ann@north.test>\r\nSubject: hello\r\n\r\nBody \r\n";
const UTF8: &str = "From: \u{e4}nn@north.test\r\nSubject: h\u{e9}llo\r\n\r\nBody\r\n";

#[test]
fn a_delivery_report_has_three_parts() {
    let recipient = DsnRecipient::new("bob@south.test", DsnAction::Failed, "5.1.1");
    let mut dsn = Dsn::new("mx.north.test", vec![recipient]);
    dsn.returned = Returned::headers(ASCII);
    let built = base().report(dsn.clone()).into_vec([0; 16]).unwrap();
    let message = Message::parse(&built);
    assert_eq!(
        shown(&message),
        [
            " multipart/report 7bit",
            "1 text/plain 7bit",
            "2 message/delivery-status 7bit",
            "3 text/rfc822-headers 7bit"
        ]
    );
    let root = message.root().content_type();
    assert_eq!(root.parameters().get("report-type").as_deref(), Some("delivery-status"));
    assert_eq!(message.headers().field("Auto-Submitted").unwrap().text(), "auto-replied");
    assert_eq!(
        &*message.part(&[2]).unwrap().decoded(),
        b"Reporting-MTA: dns; mx.north.test\r\n\r\nFinal-Recipient: rfc822; bob@south.test\r\n\
          Action: failed\r\nStatus: 5.1.1\r\n"
    );
    let returned = message.part(&[3]).unwrap();
    assert_eq!(&*returned.decoded(), b"From: Ann <ann@north.test>\r\nSubject: hello\r\n");

    dsn.returned = Returned::message(ASCII);
    let built = base().report(dsn).into_vec([0; 16]).unwrap();
    let message = Message::parse(&built);
    assert_eq!(shown(&message)[3], "3 message/rfc822 7bit");
    assert_eq!(message.part(&[3]).unwrap().raw_body(), ASCII.as_bytes());
}

#[test]
fn utf8_goes_into_the_global_types() {
    let mut recipient = DsnRecipient::new("b\u{f6}b@south.test", DsnAction::Failed, "5.1.1");
    recipient.diagnostic_code = Some(("smtp".into(), "550 wer ist b\u{f6}b?".into()));
    let mut dsn = Dsn::new("mx.north.test", vec![recipient]);
    for (way, returned, expected) in [
        (
            BodyType::EightBitMime,
            Returned::message(UTF8),
            ["2 message/global-delivery-status 8bit", "3 message/global 8bit"],
        ),
        (
            BodyType::SevenBit,
            Returned::message(UTF8),
            ["2 message/global-delivery-status quoted-printable", "3 message/global base64"],
        ),
        (
            BodyType::SevenBit,
            Returned::headers(UTF8),
            [
                "2 message/global-delivery-status quoted-printable",
                "3 message/global-headers quoted-printable",
            ],
        ),
    ] {
        dsn.returned = returned;
        let built = base().report(dsn.clone()).way(way).build([0; 16]).unwrap();
        assert_eq!(built.body_type(), way);
        let built = built.into_vec();
        assert_eq!(built.is_ascii(), way == BodyType::SevenBit);
        let message = Message::parse(&built);
        let shown = shown(&message);
        assert_eq!(shown[2], expected[0]);
        assert_eq!(shown[3], expected[1]);
        let fields = message.part(&[2]).unwrap().decoded().into_owned();
        let fields = String::from_utf8(fields).unwrap();
        assert!(fields.contains("Final-Recipient: utf-8; b\u{f6}b@south.test\r\n"), "{fields}");
        assert!(fields.contains("Diagnostic-Code: smtp; 550 wer ist b\u{f6}b?\r\n"), "{fields}");
    }
}
