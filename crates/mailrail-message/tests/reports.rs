//! Reports as they are built, and what is read of them.
#![cfg(test)]

use mailrail_message::report::{DispositionType, ReportContent};
use mailrail_message::{
    Arf, BodyType, Builder, DateTime, Dsn, DsnAction, DsnRecipient, Error, Mailbox, Mdn, Message,
    MessageId, Returned,
};
use proptest::prelude::*;

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

#[test]
fn a_disposition_notification_is_read_again() {
    let mut mdn = Mdn::new("bob@south.test", DispositionType::Deleted);
    mdn.reporting_ua = Some(("south.test".into(), "mailrail 0.1".into()));
    mdn.original_recipient = Some(("rfc822".into(), "info@south.test".into()));
    mdn.original_message_id = Some(MessageId::new("1@north.test").unwrap());
    mdn.is_automatic_action = true;
    mdn.modifiers = vec!["error".into(), "x-more".into()];
    mdn.errors = vec!["out\r\nof space".into()];
    mdn.returned = Returned::headers(ASCII);
    let built = base().report(mdn.clone()).into_vec([0; 16]).unwrap();
    let message = Message::parse(&built);
    assert_eq!(shown(&message)[2], "2 message/disposition-notification 7bit");
    let report = message.report().unwrap();
    assert_eq!(report.report_type.as_deref(), Some("disposition-notification"));
    let ReportContent::DispositionNotification(read) = report.content else { panic!("{report:?}") };
    assert_eq!(read.reporting_ua.as_deref(), Some("south.test"));
    assert_eq!(read.ua_product.as_deref(), Some("mailrail 0.1"));
    assert_eq!(read.original_message_id.as_deref(), Some("1@north.test"));
    assert_eq!(read.errors, ["out of space"]);
    let disposition = read.disposition.unwrap();
    assert!(disposition.is_automatic_action && !disposition.is_sent_automatically);
    assert_eq!(disposition.kind, DispositionType::Deleted);
    assert_eq!(disposition.modifiers, ["error", "x-more"]);
    for bad in ["error\r\nX: y", "error\0"] {
        mdn.modifiers = vec![bad.into()];
        assert!(base().report(mdn.clone()).into_vec([0; 16]).is_err());
    }
}

#[test]
fn a_feedback_report_is_read_again() {
    let mut arf = Arf::new("abuse", "mailrail/0.1", Returned::message(ASCII));
    arf.original_mail_from = Some("".into());
    arf.arrival_date = DateTime::from_unix(0, 0);
    arf.source_ip = Some("2001:db8::1".parse().unwrap());
    arf.incidents = Some(3);
    arf.original_rcpt_to = vec!["bob@south.test".into(), "carol@south.test".into()];
    arf.reported_domains = vec!["north.test".into()];
    arf.authentication_results = vec!["south.test;\r\n spf=fail".into()];
    let built = base().report(arf.clone()).into_vec([0; 16]).unwrap();
    let message = Message::parse(&built);
    assert_eq!(
        shown(&message)[2..],
        ["2 message/feedback-report 7bit", "3 message/rfc822 7bit", "3.1 text/plain 7bit"]
    );
    let ReportContent::FeedbackReport(read) = message.report().unwrap().content else { panic!() };
    assert_eq!(read.feedback_type.as_deref(), Some("abuse"));
    assert_eq!(read.version.as_deref(), Some("1"));
    assert_eq!(read.original_mail_from.as_deref(), Some(""));
    assert_eq!((read.arrival_date, read.source_ip), (arf.arrival_date, arf.source_ip));
    assert_eq!(read.incidents, 3);
    assert_eq!(read.original_rcpt_to, ["bob@south.test", "carol@south.test"]);
    assert_eq!(read.reported_domains, ["north.test"]);
    arf.reported_domains = vec!["n\u{f6}rth.test".into()];
    let refused = base().report(arf.clone()).into_vec([0; 16]);
    assert_eq!(refused, Err(Error::NotAscii("a feedback report")));
    arf.returned = Returned::Nothing;
    assert_eq!(base().report(arf).into_vec([0; 16]), Err(Error::MissingReturned));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn any_delivery_report_is_refused_or_read_again(
        recipients in proptest::collection::vec((
            "\\PC{1,20}@[a-z\u{e4}]{1,8}\\.test",
            proptest::sample::select(vec![
                DsnAction::Failed, DsnAction::Delayed, DsnAction::Delivered, DsnAction::Relayed, DsnAction::Expanded,
            ]),
            (proptest::sample::select(vec![2, 4, 5]), 0..1000_u16, 0..1000_u16),
            proptest::option::of("(\\PC|\r\n|\0){0,600}"),
            proptest::option::of(0..2_000_000_000_i64),
        ), 1..4),
        id in proptest::option::of("[!-~]{1,100}"),
        original in proptest::collection::vec(any::<u8>(), 0..200),
        way in proptest::sample::select(vec![BodyType::SevenBit, BodyType::EightBitMime, BodyType::BinaryMime]),
    ) {
        let told = recipients.iter().map(|(address, action, (class, subject, detail), said, date)| {
            let mut told = DsnRecipient::new(address, *action, format!("{class}.{subject}.{detail}"));
            told.diagnostic_code = said.as_ref().map(|said| ("smtp".into(), said.into()));
            told.last_attempt_date = date.and_then(|date| DateTime::from_unix(date, 0));
            told.will_retry_until = told.last_attempt_date;
            told.remote_mta = Some("mx.south.test".into());
            told.original_recipient = Some(("rfc822".into(), "info@north.test".into()));
            told.final_log_id = Some("log 7".into());
            told.localized_diagnostics = vec![("de".into(), "Unbekannt".into()), ("ja".into(), "\u{4e0d}\u{660e}".into())];
            told.extensions = vec![("X-Try".into(), "3 of 5".into())];
            told
        });
        let mut dsn = Dsn::new("mx.north.test", told.collect());
        dsn.original_envelope_id = id.as_ref().map(Into::into);
        dsn.dsn_gateway = Some("gate.test".into());
        dsn.received_from_mta = Some("client.test".into());
        dsn.arrival_date = DateTime::from_unix(7, 0);
        dsn.extensions = vec![("X-Queue".into(), "slow".into())];
        dsn.returned = Returned::message([b"Subject: x\r\n\r\n", &original[..]].concat());
        let built = match base().report(dsn).way(way).into_vec([3; 16]) {
            Ok(built) => built,
            Err(error) => {
                prop_assert_eq!(error, Error::ForbiddenByte("Final-Recipient"));
                return Ok(());
            }
        };
        let message = Message::parse(&built);
        let report = message.report().unwrap();
        prop_assert_eq!(&*report.original_header().unwrap(), b"Subject: x\r\n\r\n");
        let ReportContent::DeliveryStatus(read) = report.content else { panic!("no status") };
        prop_assert_eq!(read.reporting_mta.unwrap().value, "mx.north.test");
        prop_assert_eq!(read.original_envelope_id, id);
        prop_assert_eq!(read.dsn_gateway.unwrap().value, "gate.test");
        prop_assert_eq!(read.received_from_mta.unwrap().value, "client.test");
        prop_assert_eq!(read.arrival_date, DateTime::from_unix(7, 0));
        prop_assert!(read.fields.iter().any(|field| field.name == "X-Queue" && field.value == "slow"));
        prop_assert_eq!(read.recipients.len(), recipients.len());
        for (read, (_, action, (class, subject, detail), said, date)) in read.recipients.iter().zip(&recipients) {
            let status = read.status.unwrap();
            prop_assert_eq!(read.action, Some(*action));
            prop_assert_eq!((status.class, status.subject, status.detail), (*class, *subject, *detail));
            prop_assert_eq!(read.last_attempt_date, date.and_then(|date| DateTime::from_unix(date, 0)));
            prop_assert_eq!(read.will_retry_until, read.last_attempt_date);
            prop_assert_eq!(&read.remote_mta.as_ref().unwrap().value, "mx.south.test");
            prop_assert_eq!(&read.original_recipient.as_ref().unwrap().value, "info@north.test");
            prop_assert_eq!(read.final_log_id.as_deref(), Some("log 7"));
            let localized: Vec<_> = read.localized_diagnostics.iter().map(|said| (&*said.kind, &*said.value)).collect();
            prop_assert_eq!(localized, [("de", "Unbekannt"), ("ja", "\u{4e0d}\u{660e}")]);
            prop_assert!(read.fields.iter().any(|field| field.name == "X-Try" && field.value == "3 of 5"));
            // What stands in parentheses first is read as a comment.
            if said.as_ref().is_some_and(|said| said.starts_with(|letter: char| letter.is_alphanumeric())) {
                prop_assert!(read.diagnostic_code.is_some());
            }
        }
    }

    #[test]
    fn any_disposition_notification_is_refused_or_read_again(
        address in "[a-z\u{e4}]{1,20}@[a-z]{1,8}\\.test",
        ua in proptest::option::of(("[a-z.]{1,20}", "[a-z0-9/]{1,20}( [a-z]{1,9})?")),
        kind in prop_oneof![
            Just(DispositionType::Displayed), Just(DispositionType::Deleted), Just(DispositionType::Dispatched),
            Just(DispositionType::Processed), "x-[a-z]{1,9}".prop_map(DispositionType::Other),
        ],
        (by_program, unasked) in any::<(bool, bool)>(),
        modifiers in proptest::collection::vec("[a-z-]{1,9}", 0..3),
        errors in proptest::collection::vec("[!-~]{1,190}( [!-~]{1,190}){0,3}", 0..3),
        extensions in proptest::collection::vec(("X-[A-Za-z0-9-]{1,20}|Failure|Warning", "[!-~]{1,60}( [!-~]{1,60}){0,3}"), 0..3),
    ) {
        let mut mdn = Mdn::new(&*address, kind.clone());
        mdn.reporting_ua = ua.as_ref().map(|(name, product)| (name.into(), product.into()));
        mdn.original_message_id = Some(MessageId::new("1@north.test").unwrap());
        (mdn.is_automatic_action, mdn.is_sent_automatically) = (by_program, unasked);
        mdn.modifiers = modifiers.iter().map(Into::into).collect();
        mdn.errors = errors.iter().map(Into::into).collect();
        mdn.extensions = extensions.iter().map(|(name, text)| (name.into(), text.into())).collect();
        let built = base().report(mdn).into_vec([3; 16]).unwrap();
        let message = Message::parse(&built);
        let ReportContent::DispositionNotification(read) = message.report().unwrap().content else { panic!("no notification") };
        prop_assert_eq!(read.final_recipient.unwrap().value, address);
        prop_assert_eq!(read.reporting_ua.zip(read.ua_product), ua);
        prop_assert_eq!(read.original_message_id.as_deref(), Some("1@north.test"));
        let disposition = read.disposition.unwrap();
        prop_assert_eq!(disposition.kind, kind);
        prop_assert_eq!((disposition.is_automatic_action, disposition.is_sent_automatically), (by_program, unasked));
        prop_assert_eq!(disposition.modifiers, modifiers);
        // An encoded word in it is decoded.
        let is_plain = |text: &&String| !text.contains("=?");
        prop_assert!(errors.iter().filter(is_plain).all(|error| read.errors.contains(error)));
        for (name, text) in extensions.iter().filter(|(_, text)| is_plain(&text)) {
            prop_assert!(read.fields.iter().any(|field| field.name == *name && field.value == *text));
        }
        let told = |name: &str| extensions.iter().filter(|(own, _)| own == name).count();
        prop_assert_eq!((read.failures.len(), read.warnings.len()), (told("Failure"), told("Warning")));
    }

    #[test]
    fn any_feedback_report_is_read_again(
        kind in "abuse|fraud|virus|not-spam|x-[a-z]{1,9}",
        path in proptest::option::of("|[a-z]{1,9}@[a-z]{1,9}\\.test"),
        date in proptest::option::of(0..2_000_000_000_i64),
        address in proptest::option::of(any::<core::net::IpAddr>()),
        incidents in proptest::option::of(any::<u32>()),
        recipients in proptest::collection::vec("[a-z]{1,9}@[a-z]{1,9}\\.test", 0..3),
        (domains, uris) in (
            proptest::collection::vec("[a-z]{1,60}\\.test", 0..3),
            proptest::collection::vec("https://[a-z]{1,9}\\.test/[a-z0-9=&]{0,200}", 0..3),
        ),
        extension in "[a-z]{1,60}( [a-z]{1,60}){0,3}",
    ) {
        let mut arf = Arf::new(kind.clone(), "mailrail/0.1", Returned::message(ASCII));
        arf.original_mail_from = path.clone().map(Into::into);
        arf.arrival_date = date.and_then(|date| DateTime::from_unix(date, 0));
        (arf.source_ip, arf.incidents) = (address, incidents);
        arf.original_envelope_id = Some("id7".into());
        arf.reporting_mta = Some("mx.south.test".into());
        arf.original_rcpt_to = recipients.iter().cloned().map(Into::into).collect();
        arf.reported_domains = domains.iter().cloned().map(Into::into).collect();
        arf.reported_uris = uris.iter().cloned().map(Into::into).collect();
        arf.extensions = vec![("X-More".into(), extension.clone().into())];
        let built = base().report(arf.clone()).into_vec([3; 16]).unwrap();
        let message = Message::parse(&built);
        let ReportContent::FeedbackReport(read) = message.report().unwrap().content else { panic!("no report") };
        prop_assert_eq!(read.feedback_type, Some(kind));
        prop_assert_eq!(read.original_mail_from, path);
        prop_assert_eq!((read.arrival_date, read.source_ip), (arf.arrival_date, address));
        prop_assert_eq!(read.incidents, incidents.unwrap_or(1));
        prop_assert_eq!(read.original_envelope_id.as_deref(), Some("id7"));
        prop_assert_eq!(read.reporting_mta.unwrap().value, "mx.south.test");
        prop_assert_eq!((read.original_rcpt_to, read.reported_domains, read.reported_uris), (recipients, domains, uris));
        prop_assert!(read.fields.iter().any(|field| field.name == "X-More" && field.value == extension));
    }
}
