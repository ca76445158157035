//! What is built from any values is refused, or read back as the same values.

#![no_main]

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use mailrail_message::report::{DispositionType, ReportContent};
use mailrail_message::{
    Address, Arf, Attachment, AuthenticationResult, AuthenticationResults, AutoSubmitted, BodyType,
    BuildStep, Builder, Content, DateTime, Dsn, DsnAction, DsnRecipient, Edit, FieldValue, Group,
    ListId, Mailbox, Mdn, Message, MessageId, NotificationOption, Received, Report, ReturnPath,
    Returned,
};

/// A display name, a local part, a domain.
type Person<'a> = (Option<&'a str>, &'a str, &'a str);

#[derive(Arbitrary, Debug)]
struct Values<'a> {
    from: Person<'a>,
    to: Vec<Person<'a>>,
    group: Option<(&'a str, Vec<Person<'a>>)>,
    subject: &'a str,
    field: Option<(&'a str, &'a str)>,
    structured: Option<(&'a str, &'a str)>,
    ids: Vec<&'a str>,
    date: (i64, i16),
    text: Option<&'a str>,
    html: Option<&'a str>,
    inline: Option<(&'a str, &'a [u8])>,
    files: Vec<(&'a str, Option<&'a str>, &'a [u8])>,
    calendar: Option<(&'a str, &'a str)>,
    forwarded: Option<&'a [u8]>,
    uri: Option<&'a str>,
    is_flowed: bool,
    is_utf8: bool,
    way: u8,
    random: [u8; 16],
    /// Cc, Bcc, Reply-To; the first is the sender too.
    people: Vec<Person<'a>>,
    /// Which type the value has, and two texts of it.
    typed: Option<(u8, &'a str, &'a str)>,
    /// Which kind of report, an address and a text of it, and what is sent back.
    report: Option<(u8, &'a str, &'a str, &'a [u8])>,
}

/// A field with a type of its own.
fn typed<'a>((kind, one, other): (u8, &'a str, &'a str)) -> FieldValue<'a> {
    match kind % 7 {
        0 => FieldValue::Phrases(vec![one.into(), other.into()]),
        1 => FieldValue::Uris(vec![one.into(), other.into()]),
        2 => ListId::new(one).with_phrase(other).into(),
        3 => AutoSubmitted::parse(one.as_bytes()).unwrap_or(AutoSubmitted::new(other)).into(),
        4 => {
            let mut results = AuthenticationResults::new(one);
            let result = AuthenticationResult::new("dkim", "fail").with_reason(other);
            results.results.push(result.with("header", "d", one));
            results.into()
        }
        5 => vec![NotificationOption::new("x", true, vec![one.into(), other.into()])].into(),
        _ => FieldValue::Raw(one.as_bytes().into()),
    }
}

fn report<'a>((kind, address, text, returned): (u8, &'a str, &'a str, &'a [u8])) -> Report<'a> {
    let returned = match kind & 4 {
        0 => Returned::message(returned.to_vec()),
        _ => Returned::headers(returned.to_vec()),
    };
    match kind % 3 {
        0 => {
            let mut told = DsnRecipient::new(address, DsnAction::Failed, "5.1.1");
            told.diagnostic_code = Some(("smtp".into(), text.into()));
            told.extensions = vec![("X-More".into(), text.into())];
            let mut dsn = Dsn::new("mx.north.test", vec![told]);
            dsn.returned = returned;
            dsn.into()
        }
        1 => {
            let mut mdn = Mdn::new(address, DispositionType::Displayed);
            mdn.errors = vec![text.into()];
            mdn.returned = returned;
            mdn.into()
        }
        _ => {
            let mut arf = Arf::new("abuse", "x", returned);
            arf.original_rcpt_to = vec![address.into()];
            arf.reported_uris = vec![text.into()];
            arf.into()
        }
    }
}

fn mailbox(parts: Person<'_>) -> Option<Mailbox<'static>> {
    let (name, local, domain) = parts;
    let quoted = local.replace('\\', "\\\\").replace('"', "\\\"");
    let text = format!("\"{quoted}\"@{domain}");
    let mailbox = Mailbox::new(&text).ok()?.into_owned();
    assert_eq!((mailbox.local_part(), mailbox.domain()), (local, domain));
    Some(match name.filter(|name| !name.is_empty()) {
        Some(name) => mailbox.with_name(name.to_owned()),
        None => mailbox,
    })
}

/// The text as it is read back: its lines end in CR LF, and a byte order mark is none of its letters.
fn canonical(text: &str) -> String {
    let mut lines = text.replace("\r\n", "\n").replace(['\r', '\n'], "\r\n");
    if !lines.is_empty() && !lines.ends_with("\r\n") {
        lines.push_str("\r\n");
    }
    lines.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(lines)
}

/// Adds the files and the message that is passed on.
fn attach<'a>(mut builder: Builder<'a>, values: &Values<'a>, is_streamed: bool) -> Builder<'a> {
    for (key, (kind, name, content)) in values.files.iter().enumerate() {
        let whole = Content::from(content.to_vec());
        let streamed = Content::streamed(key, Some(content.len() as u64));
        let mut file = Attachment::new(*kind, if is_streamed { streamed } else { whole });
        file = file.declare(BodyType::of(content));
        if let Some(name) = name {
            file = file.with_name(*name);
        }
        builder = builder.attach(file);
    }
    match values.forwarded {
        Some(message) => builder.forward(message.to_vec()),
        None => builder,
    }
}

/// The message with its files given in two pieces each; none where one of them is refused.
fn read_out(builder: &Builder<'_>, values: &Values<'_>) -> Option<Vec<u8>> {
    let mut stream = builder.stream(values.random).ok()?;
    let mut given = vec![0; values.files.len()];
    let mut bytes = Vec::new();
    loop {
        match stream.poll() {
            BuildStep::Piece(piece) => bytes.extend_from_slice(&piece),
            BuildStep::Want { key } => {
                let content = values.files[key].2;
                let (first, second) = content.split_at(content.len() / 2);
                given[key] += 1;
                match given[key] {
                    1 => stream.content(first.to_vec().into()).ok()?,
                    2 => stream.content(second.to_vec().into()).ok()?,
                    _ => stream.end_content().ok()?,
                }
            }
            BuildStep::End => return Some(bytes),
        }
    }
}

/// No value makes more than one field of a trace.
fn trace(values: &Values<'_>, date: DateTime) {
    let mut received = Received::new(values.subject, values.from.2, "ESMTP", date);
    received.address = values.text;
    received.recipient = values.html;
    let path = ReturnPath::new(values.text).encode();
    for field in [received.encode(), path].into_iter().flatten() {
        let message = Message::parse(&field);
        assert_eq!(message.headers().iter().len(), 1);
        assert_eq!(message.root().raw_body(), b"");
    }
}

fuzz_target!(|values: Values<'_>| {
    let Some(date) = DateTime::from_unix(values.date.0 % 250_000_000_000, values.date.1 % 1440)
    else {
        return;
    };
    trace(&values, date);
    let from =
        mailbox(values.from).or_else(|| Mailbox::new("a@b.test").ok()).expect("a valid address");
    let ids: Vec<_> = values.ids.iter().filter_map(|id| MessageId::new(id).ok()).collect();
    let mut to: Vec<Address<'_>> =
        values.to.iter().copied().filter_map(mailbox).map(Address::Mailbox).collect();
    to.extend(values.group.as_ref().map(|(name, members)| {
        let members = members.iter().copied().filter_map(mailbox).collect();
        Address::Group(Group::new(*name, members))
    }));
    let mut builder = Builder::new().from(from.clone()).date(date).subject(values.subject);
    builder = to.iter().cloned().fold(builder, Builder::to);
    builder = ids.iter().cloned().fold(builder, Builder::reference);
    if let Some((name, text)) = values.field {
        builder = builder.field(name, text);
    }
    if let Some((name, text)) = values.structured {
        builder = builder.structured_field(name, text);
    }
    if let Some(text) = values.text {
        builder = builder.text(text);
    }
    if let Some(html) = values.html {
        builder = builder.html(html);
    }
    if let Some((id, content)) = values.inline
        && let Ok(id) = MessageId::new(id)
    {
        let file = Attachment::new("image/png", content.to_vec()).with_content_id(id);
        builder = builder.inline(file);
    }
    if let Some((method, object)) = values.calendar {
        builder = builder.calendar(method, object);
    }
    if let Some(uri) = values.uri {
        builder = builder.list_unsubscribe(uri).one_click();
    }
    let people: Vec<_> = values.people.iter().copied().filter_map(mailbox).collect();
    for (at, person) in people.iter().enumerate() {
        builder = builder.cc(person.clone()).bcc(person.clone()).reply_to(person.clone());
        if at == 0 {
            builder = builder.sender(person.clone()).write_bcc();
        }
    }
    if let Some(value) = values.typed {
        builder = builder.field("X-Typed", typed(value));
    }
    if let Some(value) = values.report {
        builder = builder.report(report(value));
    }
    if values.is_flowed {
        builder = builder.flowed();
    }
    if values.is_utf8 {
        builder = builder.utf8();
    }
    builder = builder.way(match values.way % 3 {
        0 => BodyType::SevenBit,
        1 => BodyType::EightBitMime,
        _ => BodyType::BinaryMime,
    });
    let streamed = attach(builder.clone(), &values, true);
    let builder = attach(builder, &values, false);
    let Ok(pieces) = builder.build(values.random) else { return };
    let (size, needs) = (pieces.size(), pieces.body_type());
    let bytes = pieces.into_vec();
    assert_eq!(bytes.len() as u64, size);
    assert_eq!(builder.into_vec(values.random).as_ref(), Ok(&bytes));
    // A boundary that is in a streamed message is found only when it comes.
    if let Some(streamed) = read_out(&streamed, &values) {
        assert_eq!(streamed, bytes);
    }
    let edited = Message::parse(&bytes);
    let mut edit = Edit::new(&edited);
    let Ok(_) = edit.prepend("X-Added", "1") else { panic!("a good field") };
    edit.remove("x-added");
    assert_eq!(edit.finish().into_vec(), [b"X-Added: 1\r\n", &bytes[..]].concat());
    for line in
        bytes.split_inclusive(|byte| *byte == b'\n').filter(|_| needs < BodyType::BinaryMime)
    {
        let line = line.strip_suffix(b"\r\n").expect("lines end in CR LF");
        assert!(line.len() <= 998 && !line.contains(&b'\r') && !line.contains(&0));
    }
    let message = Message::parse(&bytes);
    let headers = message.headers();
    assert_eq!(headers.from(), [Address::Mailbox(from)]);
    assert_eq!(headers.to(), to);
    assert_eq!(headers.subject().as_deref(), Some(values.subject));
    assert_eq!(headers.references().collect::<Vec<_>>(), ids);
    assert_eq!(headers.date(), Some(date));
    let people: Vec<_> = people.into_iter().map(Address::Mailbox).collect();
    assert_eq!(headers.sender(), people[..people.len().min(1)]);
    for list in [headers.cc(), headers.bcc(), headers.reply_to()] {
        assert_eq!(list, people);
    }
    assert_eq!(headers.all("X-Typed").count(), usize::from(values.typed.is_some()));
    if let Some(value) = values.report {
        let content = message.report().expect("a report").content;
        assert!(match value.0 % 3 {
            0 =>
                matches!(content, ReportContent::DeliveryStatus(read) if read.recipients.len() == 1),
            1 =>
                matches!(content, ReportContent::DispositionNotification(read) if read.disposition.is_some()),
            _ => matches!(content, ReportContent::FeedbackReport(read) if read.version.is_some()),
        });
    }
    if let Some((name, text)) = values.field {
        assert_eq!(headers.field(name).expect("the field").text(), text);
    }
    let files = message
        .attachments()
        .filter(|part| part.content_id().is_none() && !part.content_type().is("text", "calendar"));
    let files: Vec<_> = files.map(|part| (part.filename(), part.decoded())).collect();
    if let Some(text) = values.text.filter(|_| !values.is_flowed) {
        assert_eq!(message.text().as_deref(), Some(&*canonical(text)));
    }
    if let Some(html) = values.html {
        assert_eq!(message.html().as_deref(), Some(&*canonical(html)));
    }
    if values.text.is_some() && values.report.is_none() {
        assert_eq!(files.len(), values.files.len() + usize::from(values.forwarded.is_some()));
        for ((_, name, content), (read_name, read)) in values.files.iter().zip(files) {
            assert_eq!((read_name.as_deref(), &*read), (*name, *content));
        }
    }
});
