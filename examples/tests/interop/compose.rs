//! What the builder writes is read the same by Python's `email`.

use super::support::{Result, folder::Folder, program::run, suite::Suite};
use mailrail_message::{
    Address, Arf, Attachment, AuthenticationResult, AuthenticationResults, AutoSubmitted, BodyType,
    BuildStep, Builder, Content, DateTime, Dsn, DsnAction, DsnRecipient, FieldValue, Group, ListId,
    Mailbox, Mdn, MessageId, NotificationOption, Returned, encoding::encoded_word,
    report::DispositionType,
};
use serde_json::{Value, json};
use std::{borrow::Cow, fmt::Write as _};

/// How many messages are compared.
const MESSAGES: u64 = 300;

pub(crate) fn add(suite: &mut Suite) {
    suite.test("python_reads_what_is_built", &["python3"], python_reads_what_is_built);
}

/// Values drawn one after the other, the same in every run.
struct Draw(u64);

impl Draw {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap_or(0) % below
    }

    fn chance(&mut self) -> bool {
        self.next(2) == 0
    }

    fn of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.next(all.len())]
    }

    /// Words of several scripts and of what means something in a header, with one space between them.
    fn words(&mut self, most: usize) -> String {
        const WORDS: &[&str] = &[
            "plain",
            "Grüße",
            "挨拶",
            "שלום",
            "👋",
            "a,b",
            "\"q\"",
            "(c)",
            "<x@y>",
            "back\\slash",
            "=3D",
            "a=?b",
            "?=",
            "naïve",
            "x;y=z",
            "[l]",
            "Re:",
            "don't",
            "e\u{301}",
            "longwordthatgoesonandonandonandonandonandonandonand",
            "щось",
            "'",
            "*",
            "%41",
            "utf-8''x",
            "--",
            ".",
            "\u{a0}",
            "&amp;",
        ];
        let count = 1 + self.next(most);
        (0..count).map(|_| self.of(WORDS)).collect::<Vec<_>>().join(" ")
    }

    /// A name that fits one encoded word, without odd spaces: in a phrase, Python keeps the white space between two encoded
    /// words, and makes one space of any other.
    fn name(&mut self) -> String {
        loop {
            let name = self.words(4).replace('\u{a0}', "x");
            if encoded_word::encode(&name).len() == 1 {
                return name;
            }
        }
    }

    fn text(&mut self) -> String {
        const LINES: &[&str] = &[
            "",
            "plain text",
            "From here",
            ".",
            "..",
            "trailing ",
            "tab\t",
            "Grüße, 挨拶",
            "a=b",
            "=",
            "--=_1_",
            ">quoted",
        ];
        let count = self.next(30);
        let mut text: String = (0..count).map(|_| self.of(LINES).to_owned() + "\r\n").collect();
        if self.next(8) == 0 {
            text += &("x".repeat(1200) + "\r\n");
        }
        text
    }

    /// Paragraphs, some of them quoted. White space at their ends would not be kept.
    fn paragraphs(&mut self) -> Vec<String> {
        let count = 1 + self.next(10);
        let mut paragraphs = Vec::new();
        for _ in 0..count {
            let quotes = [0, 0, 1, 3][self.next(4)];
            let words = match self.next(5) {
                0 => String::new(),
                1 => self.of(&["From here", "--", ".", " led by a space", "挨拶挨拶"]).to_owned(),
                _ => self.words(40).replace(['\u{a0}', '<'], "x"),
            };
            // What stands behind quote marks is led by no space, and no mark of its own.
            paragraphs.push(">".repeat(quotes) + words.trim_start_matches(['>', ' ']));
        }
        paragraphs
    }

    fn bytes(&mut self, most: usize) -> Vec<u8> {
        let count = self.next(most);
        (0..count).map(|_| u8::try_from(self.next(256)).unwrap_or(0)).collect()
    }

    fn mailbox(&mut self) -> Result<(Mailbox<'static>, Value)> {
        let address = self.of(&[
            "bob@south.test",
            "\"b o\"@south.test",
            "a.b+c@x.test",
            "\"(x)\"@y.test",
            "q@[192.0.2.1]",
        ]);
        let mailbox = Mailbox::new(address)?;
        Ok(match self.chance() {
            true => {
                let name = self.name();
                (mailbox.with_name(name.clone()), json!([name, address]))
            }
            false => (mailbox, json!(["", address])),
        })
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

fn leaf(kind: &str, content: impl Into<Value>) -> Value {
    json!({
        "type": kind, "name": null, "method": null, "content_id": null, "description": null, "content": content.into(),
    })
}

fn report(draw: &mut Draw, builder: Builder<'static>) -> (Builder<'static>, Value) {
    match draw.next(3) {
        0 => {
            let mut told = DsnRecipient::new("bob@south.test", DsnAction::Failed, "5.1.1");
            told.diagnostic_code =
                Some(("smtp".into(), "550-5.1.1 no\r\n550 5.1.1 such user".into()));
            told.localized_diagnostics = vec![("de".into(), "unbekannt".into())];
            told.extensions = vec![("X-Try".into(), "3 of 5".into())];
            let mut dsn = Dsn::new("mx.north.test", vec![told.clone(), told]);
            dsn.returned = Returned::message("Subject: returned\r\n\r\nx\r\n");
            let block = json!([
                ["Final-Recipient", "rfc822; bob@south.test"],
                ["Action", "failed"],
                ["Status", "5.1.1"],
                ["Diagnostic-Code", "smtp; 550-5.1.1 no 550 5.1.1 such user"],
                ["Localized-Diagnostic", "de; unbekannt"],
                ["X-Try", "3 of 5"],
            ]);
            let blocks = json!([[["Reporting-MTA", "dns; mx.north.test"]], block, block]);
            let leaves =
                [leaf("message/delivery-status", blocks), leaf("message/rfc822", "returned")];
            (builder.report(dsn), leaves.into_iter().collect())
        }
        1 => {
            let mut mdn = Mdn::new("bob@south.test", DispositionType::Displayed);
            mdn.errors = vec!["out of\r\nspace".into()];
            mdn.extensions = vec![("Warning".into(), "nearly full".into())];
            mdn.returned = Returned::headers("Subject: returned\r\n");
            let fields = json!([[
                ["Final-Recipient", "rfc822; bob@south.test"],
                ["Disposition", "manual-action/MDN-sent-manually; displayed"],
                ["Error", "out of space"],
                ["Warning", "nearly full"],
            ]]);
            let header = leaf("text/rfc822-headers", hex(b"Subject: returned\r\n"));
            (builder.report(mdn), json!([leaf("message/disposition-notification", fields), header]))
        }
        _ => {
            let mut arf = Arf::new(
                "abuse",
                "mailrail/0.1",
                Returned::message("Subject: returned\r\n\r\nx\r\n"),
            );
            arf.original_rcpt_to = vec!["bob@south.test".into()];
            arf.reported_uris = vec!["https://west.test/x".into()];
            arf.extensions = vec![("X-More".into(), "said".into())];
            let fields = json!([[
                ["Feedback-Type", "abuse"],
                ["User-Agent", "mailrail/0.1"],
                ["Version", "1"],
                ["Original-Rcpt-To", "<bob@south.test>"],
                ["Reported-URI", "https://west.test/x"],
                ["X-More", "said"],
            ]]);
            let leaves =
                [leaf("message/feedback-report", fields), leaf("message/rfc822", "returned")];
            (builder.report(arf), leaves.into_iter().collect())
        }
    }
}

/// Fields with types of their own.
fn typed(
    draw: &mut Draw,
    builder: Builder<'static>,
    utf8: bool,
) -> Result<(Builder<'static>, Value)> {
    let mut results = AuthenticationResults::new("mx.north.test");
    let mut read = "mx.north.test; none".to_owned();
    if draw.chance() {
        let reason = ["no key", "signed by (x), at; \\"][draw.next(2)];
        let result = AuthenticationResult::new("dkim", "fail").with_reason(reason);
        results.results.push(result.with("header", "i", "@north.test"));
        results.results.push(AuthenticationResult::new("spf", "pass").with("policy", "ip", "::1"));
        let reason = reason.replace('\\', "\\\\");
        read = format!(
            "mx.north.test; dkim=fail reason=\"{reason}\" header.i=@north.test; spf=pass policy.ip=\"::1\""
        );
    }
    let words: Vec<_> = (0..1 + draw.next(3))
        .map(|_| draw.of(&["plain words", "Grüße", "挨拶", "a"]).into())
        .collect();
    let keywords = words.iter().enumerate().map(|(at, word): (usize, &Cow<'_, str>)| {
        let comma = match at + 1 == words.len() {
            true => "",
            false if word.is_ascii() || utf8 => ", ",
            // White space stands behind an encoded word.
            false => " , ",
        };
        format!("{word}{comma}")
    });
    let keywords: String = keywords.collect();
    let options = vec![NotificationOption::new("x-any", true, vec!["a".into(), "b c".into()])];
    let builder = builder
        .field("Authentication-Results", results)
        .field("Keywords", FieldValue::Phrases(words))
        .field("List-ID", ListId::new("users.north.test").with_phrase("The users, all"))
        .field(
            "List-Post",
            FieldValue::Uris(vec!["mailto:a@b.test".into(), "https://b.test/".into()]),
        )
        .field("X-Auto", AutoSubmitted::new("auto-notified"))
        .field("Disposition-Notification-Options", options);
    let types = json!([
        read,
        keywords,
        "\"The users, all\" <users.north.test>",
        "<mailto:a@b.test>, <https://b.test/>",
        "auto-notified",
        "x-any=required, a, \"b c\"",
    ]);
    Ok((builder, types))
}

/// A message, and what is to be read of it.
fn message(draw: &mut Draw) -> Result<(Vec<u8>, Value)> {
    let (from, from_read) = draw.mailbox()?;
    let seconds = i64::try_from(draw.next(2_000_000_000))?;
    let offset = i16::try_from(draw.next(1700))? - 850;
    let id = MessageId::new("1.2@north.test")?;
    let (subject, comments) = (draw.words(20), draw.words(20));
    let mut builder = Builder::new()
        .from(from)
        .subject(subject.clone())
        .date(DateTime::from_unix(seconds, offset).ok_or("no date")?)
        .message_id(id.clone())
        .field("Comments", FieldValue::Text(comments.clone().into()));
    let mut to = Vec::new();
    for _ in 0..draw.next(4) {
        let (mailbox, read) = draw.mailbox()?;
        if draw.next(4) == 0 {
            let name = draw.name();
            to.push(json!([name, [read]]));
            builder = builder.to(Address::from(Group::new(name, vec![mailbox])));
        } else {
            to.push(read);
            builder = builder.to(mailbox);
        }
    }
    let mut lists = [const { Vec::new() }; 4];
    if draw.chance() {
        for list in &mut lists {
            let (mailbox, read) = draw.mailbox()?;
            list.push((mailbox, read));
        }
    }
    let [cc, bcc, reply_to, sender] = &lists;
    for ((cc, _), (bcc, _)) in cc.iter().zip(bcc) {
        builder = builder.cc(cc.clone()).bcc(bcc.clone()).write_bcc();
    }
    for ((reply_to, _), (sender, _)) in reply_to.iter().zip(sender) {
        builder = builder.reply_to(reply_to.clone()).sender(sender.clone());
    }
    let read =
        |list: &Vec<(Mailbox<'_>, Value)>| list.iter().map(|(_, read)| read.clone()).collect();
    let [cc, bcc, reply_to, sender]: [Value; 4] =
        [read(cc), read(bcc), read(reply_to), read(sender)];
    let ids: Vec<_> = (0..draw.next(30)).map(|number| format!("<{number}@north.test>")).collect();
    for id in &ids {
        let id = MessageId::new(id.trim_matches(['<', '>']))?.into_owned();
        builder = builder.reference(id.clone()).in_reply_to(id);
    }
    let way = [BodyType::SevenBit, BodyType::EightBitMime, BodyType::BinaryMime][draw.next(3)];
    builder = builder.way(way);
    let utf8 = draw.chance();
    if utf8 {
        builder = builder.utf8();
    }
    let (builder_with_types, types) = typed(draw, builder, utf8)?;
    builder = builder_with_types;
    builder = builder
        .field("X-Raw", FieldValue::Raw(b" as it\r\n\tis".as_slice().into()))
        .structured_field("X-Structured", "a; b=\"c d\" (e)");
    let (mut unsubscribe, mut post) = (Value::Null, Value::Null);
    if draw.chance() {
        builder = builder
            .list_unsubscribe("https://north.test/u")
            .list_unsubscribe("mailto:u@north.test")
            .one_click();
        unsubscribe = "<https://north.test/u>, <mailto:u@north.test>".into();
        post = "List-Unsubscribe=One-Click".into();
    }
    let (mut leaves, mut auto) = (Vec::new(), Value::Null);
    if draw.next(4) == 0 {
        let paragraphs = draw.paragraphs();
        leaves.push(leaf("text/plain", json!(paragraphs)));
        builder = builder.text(paragraphs.join("\n") + "\n").flowed();
    } else if draw.chance() {
        let text = draw.text();
        leaves.push(leaf("text/plain", hex(text.as_bytes())));
        builder = builder.text(text);
    }
    let has_html = draw.chance();
    if has_html {
        let html = draw.text();
        leaves.push(leaf("text/html", hex(html.as_bytes())));
        builder = builder.html(html);
        if draw.chance() {
            let bytes = draw.bytes(200);
            let mut read = leaf("image/png", hex(&bytes));
            read["content_id"] = id.to_string().into();
            leaves.push(read);
            builder = builder.inline(Attachment::new("image/png", bytes).with_content_id(id));
        }
    }
    if draw.next(4) == 0 {
        let object = draw.text();
        let mut read = leaf("text/calendar", hex(object.as_bytes()));
        read["method"] = "REQUEST".into();
        leaves.push(read);
        builder = builder.calendar("REQUEST", object);
    }
    if draw.next(5) == 0 {
        if leaves.is_empty() {
            leaves.push(leaf("text/plain", ""));
        }
        auto = "auto-replied".into();
        let (with_report, read) = report(draw, builder);
        builder = with_report;
        leaves.extend(read.as_array().into_iter().flatten().cloned());
    }
    let mut streamed = Vec::new();
    for _ in 0..draw.next(3) {
        // Python takes odd spaces, quotes and angle brackets from the ends of a file's name.
        let name = draw.words(12).replace(['\u{a0}', '"', '<'], "x");
        let (description, bytes) = (draw.words(12), draw.bytes(5000));
        let mut read = leaf("application/x-any", hex(&bytes));
        read["name"] = name.clone().into();
        read["description"] = description.clone().into();
        leaves.push(read);
        // What is streamed is given in pieces, when it is asked for.
        let content = match draw.chance() {
            true => {
                let size = draw.chance().then_some(u64::try_from(bytes.len())?);
                streamed.push(bytes);
                Content::streamed(streamed.len() - 1, size)
            }
            false => bytes.into(),
        };
        let file = Attachment::new("application/x-any; note=\"a b\"", content);
        builder = builder.attach(file.with_name(name).with_description(description));
    }
    if draw.next(4) == 0 {
        leaves.push(leaf("message/rfc822", "passed on"));
        builder = builder.forward("Subject: passed on\r\n\r\n--=_1_\r\nBody\r\n");
    }
    if leaves.is_empty() {
        leaves.push(leaf("text/plain", ""));
    }
    let mut random = [0; 16];
    random.fill_with(|| u8::try_from(draw.next(256)).unwrap_or(0));
    let expected = json!({
        "from": [from_read], "to": to, "subject": subject, "date": seconds, "message_id": "<1.2@north.test>",
        "comments": comments, "cc": cc, "bcc": bcc, "reply-to": reply_to, "sender": sender,
        "in_reply_to": ids, "references": ids, "unsubscribe": unsubscribe, "post": post, "auto": auto,
        "raw": "as it\tis", "structured": "a; b=\"c d\" (e)", "leaves": leaves, "defects": [], "types": types,
    });
    Ok((read_out(&builder, random, &streamed)?, expected))
}

/// The message, with its streamed contents given in pieces of 1000 bytes.
fn read_out(builder: &Builder<'_>, random: [u8; 16], contents: &[Vec<u8>]) -> Result<Vec<u8>> {
    let mut stream = builder.stream(random)?;
    let mut given: Vec<_> = contents.iter().map(|content| content.chunks(1000)).collect();
    let mut bytes = Vec::new();
    loop {
        match stream.poll() {
            BuildStep::Piece(piece) => bytes.extend_from_slice(&piece),
            BuildStep::Want { key } => match given[key].next() {
                Some(piece) => stream.content(piece.to_vec().into())?,
                None => stream.end_content()?,
            },
            BuildStep::End => return Ok(bytes),
        }
    }
}

fn python_reads_what_is_built() -> Result {
    let folder = Folder::new("compose")?;
    let mut draw = Draw(0x9e37_79b9_7f4a_7c15);
    let mut all = Vec::new();
    for number in 0..MESSAGES {
        let (bytes, expected) = message(&mut draw)?;
        std::fs::write(folder.path().join(format!("{number}.eml")), bytes)?;
        all.push(expected);
    }
    folder.write("expected.json", &serde_json::to_string(&all)?)?;
    let script = folder.write("compose.py", include_str!("compose.py"))?;
    let said = run("python3", &[script, folder.path().display().to_string()])?;
    assert_eq!(String::from_utf8_lossy(&said.stdout), "0 differences\n");
    Ok(())
}
