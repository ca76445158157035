//! Any bytes as the value of each field; what was read and is valid reads the same when it is written.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mailrail_message::encoding::{
    TextDecoder, base64, charset, encoded_word, quoted_printable, utf7, uuencode,
};
use mailrail_message::report::{DeliveryStatus, DispositionNotification, FeedbackReport};
use mailrail_message::{
    Address, AuthenticationResults, AutoSubmitted, ContentDisposition, ContentType, DateTime,
    Limits, ListId, ListUris, Mailbox, Message, MessageId, NotificationOption, Parameters,
    ReturnPath, Stamp, TransferEncoding, base_subject, flowed,
};

fn parameters(parameters: Parameters<'_>) {
    for parameter in parameters.decoded() {
        assert_eq!(parameters.get(parameter.name).as_deref(), Some(&*parameter.value));
    }
    assert!(parameters.decoded().len() <= parameters.raw().count());
}

/// The value under every name that has a type of its own, folded where it has line ends; every other one under small limits.
fn header(value: &[u8]) {
    const NAMES: [&str; 30] = [
        "From",
        "Sender",
        "Reply-To",
        "To",
        "Cc",
        "Bcc",
        "Subject",
        "Date",
        "Message-ID",
        "In-Reply-To",
        "References",
        "Keywords",
        "Resent-To",
        "Resent-Date",
        "Return-Path",
        "Received",
        "MIME-Version",
        "Content-Type",
        "Content-Disposition",
        "Content-Transfer-Encoding",
        "Content-ID",
        "Content-Location",
        "Content-Language",
        "Content-Description",
        "List-ID",
        "List-Unsubscribe",
        "Auto-Submitted",
        "Authentication-Results",
        "Disposition-Notification-To",
        "Disposition-Notification-Options",
    ];
    let mut folded = Vec::new();
    for line in value.split(|byte| matches!(byte, b'\r' | b'\n')) {
        folded.extend_from_slice(b"\r\n ");
        folded.extend_from_slice(line);
    }
    let mut raw = b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n".to_vec();
    for name in NAMES {
        raw.extend([name.as_bytes(), b":", &folded, b"\r\n"].concat());
    }
    raw.extend_from_slice(b"\r\n");
    let mut limits = Limits::default();
    if value.len() % 2 == 1 {
        (limits.parameters, limits.comment_depth, limits.encoded_words) = (2, 1, 1);
    }
    let message = Message::parse_with(&raw, &limits);
    let headers = message.headers();
    assert_eq!(headers.iter().len(), NAMES.len() + 1);
    for list in [
        headers.from(),
        headers.sender(),
        headers.reply_to(),
        headers.to(),
        headers.cc(),
        headers.bcc(),
    ] {
        assert_eq!(list, headers.disposition_notification_to());
    }
    drop((headers.subject(), headers.date(), headers.message_id(), headers.keywords()));
    assert_eq!(headers.in_reply_to().collect::<Vec<_>>(), headers.references().collect::<Vec<_>>());
    assert_eq!(headers.content_id(), headers.message_id());
    assert_eq!(headers.resent().count(), 1);
    drop((headers.return_path(), headers.received().count(), headers.mime_version()));
    if limits == Limits::default() {
        assert_eq!(headers.content_type().is_some(), ContentType::parse(value).is_ok());
        let disposition = headers.content_disposition().map(|found| found.is_attachment());
        let direct = ContentDisposition::parse(value).ok();
        assert_eq!(disposition, direct.map(|found| found.is_attachment()));
    }
    assert!(headers.content_transfer_encoding().as_str().len() <= value.len().max(16));
    drop((headers.content_location(), headers.content_language(), headers.content_description()));
    drop((
        headers.list_id(),
        headers.list_uris("List-Unsubscribe").count(),
        headers.auto_submitted(),
    ));
    drop((headers.authentication_results().count(), headers.disposition_notification_options()));
    assert!(headers.one_click_unsubscribe().is_none_or(|uri| uri.len() >= 8));
    drop((headers.envelope(), headers.sort_keys(), headers.thread_keys()));
    for defect in message.check() {
        assert!(defect.offset <= raw.len());
    }
}

fuzz_target!(|value: &[u8]| {
    header(value);
    if let Ok(date) = DateTime::parse(value) {
        assert_eq!(DateTime::parse(date.rfc5322().to_string().as_bytes()), Ok(date));
        assert!(date.rfc3339().to_string().len() >= 25);
        // A leap second is the second behind it; elsewhere the moment is the same one.
        if let Some(again) = date.offset().and_then(|at| DateTime::from_unix(date.unix(), at)) {
            assert!(again == date || date.second() == 60);
        }
    }
    for address in Address::parse_list(value) {
        for mailbox in address.mailboxes() {
            if mailbox.is_valid() {
                let text = mailbox.address();
                let again = Mailbox::new(&text).expect("a valid address is read");
                assert_eq!(again.local_part(), mailbox.local_part());
                assert_eq!(again.domain(), mailbox.domain());
            }
        }
    }
    if let Ok(content_type) = ContentType::parse(value) {
        parameters(content_type.parameters());
        drop((content_type.partial(), content_type.external_body()));
        let text = content_type.to_string();
        let again = ContentType::parse(text.as_bytes()).expect("what was read reads again");
        assert!(again.is(content_type.main_type(), content_type.subtype()));
    }
    if let Ok(disposition) = ContentDisposition::parse(value) {
        parameters(disposition.parameters());
        assert_eq!(disposition.filename(), disposition.parameters().get("filename"));
    }
    drop((Stamp::parse(value), AuthenticationResults::parse(value), AutoSubmitted::parse(value)));
    drop((ListId::parse(value), NotificationOption::parse_list(value), ReturnPath::parse(value)));
    drop((DeliveryStatus::parse(value), DispositionNotification::parse(value)));
    drop((FeedbackReport::parse(value), uuencode::decode(value)));
    drop((utf7::decode(value), utf7::decode_modified(value)));
    assert!(ListUris::parse(value).count() <= value.len());
    let encoding = TransferEncoding::parse(value);
    assert_eq!(TransferEncoding::parse(encoding.as_str().as_bytes()), encoding);
    if let Ok(text) = core::str::from_utf8(value) {
        assert!(base_subject(text).text.len() <= text.len());
        assert!(flowed::paragraphs(text, true).count() <= text.len());
        if let Ok(mailbox) = Mailbox::parse(text) {
            assert!(mailbox.is_valid());
        }
        assert_eq!(encoded_word::decode(encoded_word::encode(text).join("\r\n ").as_bytes()), text);
        if let Ok(id) = MessageId::new(text) {
            let field = format!("Message-ID: {id}\r\n\r\n");
            assert_eq!(Message::parse(field.as_bytes()).headers().message_id(), Some(id));
        }
    }
    assert_eq!(base64::decode(&base64::encode(value)), value);
    assert_eq!(&*quoted_printable::decode(&quoted_printable::encode(value)), value);
    assert!(quoted_printable::decode(value).len() <= value.len());
    assert!(base64::decode(value).len() <= value.len());
    let (label, text) = value.split_at(value.len().min(12));
    drop(encoded_word::decode(value));
    let whole = charset::decode(Some(label), text);
    let (mut decoder, mut streamed) = (TextDecoder::new(Some(label)), String::new());
    text.chunks(3).for_each(|piece| decoder.decode(piece, &mut streamed));
    decoder.finish(&mut streamed);
    // What says no charset is guessed as it comes.
    assert!(streamed == whole || core::str::from_utf8(text).is_err());
});
