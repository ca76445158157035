//! Any bytes as the value of each field; what was read and is valid reads the same when it is written.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mailrail_message::encoding::{base64, charset, encoded_word, quoted_printable, utf7, uuencode};
use mailrail_message::report::{DeliveryStatus, DispositionNotification, FeedbackReport};
use mailrail_message::{
    Address, AuthenticationResults, AutoSubmitted, ContentDisposition, ContentType, DateTime,
    ListId, ListUris, Mailbox, Message, MessageId, NotificationOption, Parameters, ReturnPath,
    Stamp, TransferEncoding, base_subject, flowed,
};

fn parameters(parameters: Parameters<'_>) {
    for parameter in parameters.decoded() {
        assert_eq!(parameters.get(parameter.name).as_deref(), Some(&*parameter.value));
    }
    assert!(parameters.decoded().len() <= parameters.raw().count());
}

fuzz_target!(|value: &[u8]| {
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
    drop((charset::decode(Some(label), text), encoded_word::decode(value)));
});
