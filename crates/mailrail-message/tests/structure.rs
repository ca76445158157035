//! Part numbers, ranges and broken structure.
#![cfg(test)]

use mailrail_message::{DefectKind, Limits, Message, PartKind};

/// The message of RFC 3501 §6.4.5, each leaf's text naming itself.
fn rfc3501() -> String {
    let leaf = |kind: &str, text: &str| format!("Content-Type: {kind}\r\n\r\n{text}");
    let multi = |subtype: &str, boundary: &str, parts: &[String]| {
        let parts: String =
            parts.iter().map(|part| format!("--{boundary}\r\n{part}\r\n")).collect();
        format!(
            "Content-Type: multipart/{subtype}; boundary={boundary}\r\n\r\n{parts}--{boundary}--\r\n"
        )
    };
    let message =
        |inner: String| format!("Content-Type: message/rfc822\r\n\r\nSubject: inner\r\n{inner}");
    let binary = "application/octet-stream";
    let three = message(multi("mixed", "c", &[leaf("text/plain", "3.1"), leaf(binary, "3.2")]));
    let rich = multi(
        "alternative",
        "f",
        &[leaf("text/plain", "4.2.2.1"), leaf("text/richtext", "4.2.2.2")],
    );
    let deep = message(multi("mixed", "e", &[leaf("text/plain", "4.2.1"), rich]));
    let four = multi("mixed", "d", &[leaf("image/gif", "4.1"), deep]);
    let all = [leaf("text/plain", "1"), leaf(binary, "2"), three, four];
    format!("Subject: outer\r\n{}", multi("mixed", "a", &all))
}

#[test]
fn rfc3501_part_numbers() {
    let text = rfc3501();
    let message = Message::parse(text.as_bytes());
    assert_eq!(message.defects(), []);
    for path in ["1", "2", "3.1", "3.2", "4.1", "4.2.1", "4.2.2.1", "4.2.2.2"] {
        let numbers: Vec<u32> = path.split('.').map(|number| number.parse().unwrap()).collect();
        let part = message.part(&numbers).unwrap();
        assert_eq!(part.raw_body(), path.as_bytes());
        assert_eq!(part.path().to_string(), path);
        assert!(
            part.raw_header().starts_with(b"Content-Type: ")
                && part.raw_header().ends_with(b"\r\n\r\n")
        );
    }
    let four_two = message.part(&[4, 2]).unwrap();
    assert_eq!(four_two.kind(), PartKind::Message);
    let embedded = four_two.message().unwrap();
    assert_eq!(embedded.headers().subject().as_deref(), Some("inner"));
    assert_eq!(embedded.range(), four_two.body_range());
    assert_eq!(embedded.path().to_string(), "4.2");
    assert!(embedded.is_multipart() && embedded.is_whole_message());
    assert!(message.part(&[4, 2, 2]).unwrap().content_type().is("multipart", "alternative"));
    for missing in [&[0][..], &[5], &[1, 1], &[3, 3], &[4, 2, 2, 3]] {
        assert!(message.part(missing).is_none(), "{missing:?}");
    }
}

#[test]
fn a_message_that_is_no_multipart_is_its_part_1() {
    let message = Message::parse(b"Subject: x\r\n\r\nbody\r\n");
    assert_eq!(message.part(&[1]).unwrap().raw_body(), b"body\r\n");
    assert_eq!(message.part(&[]).unwrap().raw_header(), b"Subject: x\r\n\r\n");
    assert_eq!(message.root().path().to_string(), "");
    assert!(message.part(&[1, 1]).is_none() && message.part(&[2]).is_none());

    let message = Message::parse(b"Content-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\nbody");
    let inner = message.part(&[1, 1]).unwrap();
    assert_eq!((inner.raw_body(), inner.path().to_string()), (&b"body"[..], "1.1".into()));
    assert_eq!(message.part(&[1]).unwrap().message(), Some(inner));
}

fn kinds(message: &Message<'_>) -> Vec<DefectKind> {
    message.defects().iter().map(|defect| defect.kind).collect()
}

#[test]
fn header_blocks_without_their_end() {
    let message = Message::parse(b"Subject: x\r\nno field\r\n\r\nrest");
    assert_eq!(message.headers().subject().as_deref(), Some("x"));
    assert_eq!(message.root().raw_body(), b"no field\r\n\r\nrest");
    assert_eq!(message.defects()[0].to_string(), "no empty line behind the header at byte 12");
    assert_eq!(Message::parse(b"Subject: x").headers().subject().as_deref(), Some("x"));
    assert_eq!(Message::parse(b"").root().range(), 0..0);
    assert_eq!(Message::parse(b"\r\nbody").root().raw_body(), b"body");
    let message = Message::parse(b"From a@b Mon\r\nSubject: x\r\n\r\n");
    assert_eq!(kinds(&message), [DefectKind::MailboxFromLine]);
    assert_eq!(message.headers().subject().as_deref(), Some("x"));
    let message = Message::parse(b" odd\r\nSubject: x\r\n: y\r\n\r\n");
    assert_eq!(
        kinds(&message),
        [DefectKind::ContinuationWithoutField, DefectKind::MissingFieldName]
    );
    assert_eq!(message.headers().iter().len(), 1);
}

#[test]
fn lines_that_end_in_cr_alone() {
    let message = Message::parse(
        b"Subject: x\rContent-Type: multipart/mixed;\r boundary=a\r\r--a\r\rone\r--a--\r",
    );
    assert_eq!(message.part(&[1]).unwrap().raw_body(), b"one");
    assert_eq!(kinds(&message), [DefectKind::BareCarriageReturn]);
}

#[test]
fn boundaries_that_start_with_one_another() {
    let text = b"Content-Type: multipart/mixed; boundary=ab\n\n--ab\nContent-Type: multipart/mixed; boundary=abc\n\n\
        --abc\n\none\n--abcd\n--abc--\n--ab\n\ntwo\n--ab--";
    let message = Message::parse(text);
    assert_eq!(message.part(&[1, 1]).unwrap().raw_body(), b"one\n--abcd");
    assert_eq!(message.part(&[2]).unwrap().raw_body(), b"two");
    assert_eq!(kinds(&message), [DefectKind::BareLineFeed]);
}

#[test]
fn boundaries_that_are_missing() {
    let head = "Content-Type: multipart/mixed; boundary=a\r\n\r\n";
    let open = format!("{head}--a\r\n\r\none\r\n--a\r\n\r\ntwo\r\n");
    let message = Message::parse(open.as_bytes());
    assert_eq!(message.part(&[2]).unwrap().raw_body(), b"two\r\n");
    assert_eq!(kinds(&message), [DefectKind::MissingClosingBoundary]);

    let inner = format!(
        "{head}--a\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\none\r\n--a\r\n\r\ntwo\r\n--a--"
    );
    let message = Message::parse(inner.as_bytes());
    assert_eq!(message.part(&[1, 1]).unwrap().raw_body(), b"one");
    assert_eq!(message.part(&[2]).unwrap().raw_body(), b"two");
    assert_eq!(kinds(&message), [DefectKind::MissingClosingBoundary]);

    let none = format!("{head}text\r\n");
    let message = Message::parse(none.as_bytes());
    assert_eq!(
        (message.root().children().count(), kinds(&message)),
        (0, vec![DefectKind::BoundaryNotFound])
    );

    let message = Message::parse(b"Content-Type: multipart/mixed\r\n\r\n--a\r\n");
    assert_eq!(
        (message.root().kind(), kinds(&message)),
        (PartKind::Leaf, vec![DefectKind::MissingBoundary])
    );

    let repeated = format!("{head}--a\r\n\r\none\r\n--a--\r\n--a\r\n\r\ntwo\r\n--a--\r\n");
    let message = Message::parse(repeated.as_bytes());
    assert_eq!(message.root().children().count(), 1);
    assert_eq!(message.part(&[1]).unwrap().raw_body(), b"one");
}

#[test]
fn a_part_may_have_no_body_and_no_empty_line() {
    let text = b"Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n--a\r\nX: y\r\n--a\r\n\r\n--a--\r\n";
    let message = Message::parse(text);
    let bodies: Vec<_> = message.root().children().map(|part| part.raw_body()).collect();
    assert_eq!(bodies, [b"", b"", b""]);
    assert_eq!(message.part(&[2]).unwrap().raw_header(), b"X: y\r\n");
    assert_eq!(kinds(&message), [DefectKind::MissingBlankLine, DefectKind::MissingBlankLine]);
}

#[test]
fn an_embedded_message_without_a_body_is_whole() {
    let text = b"Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nContent-Type: message/rfc822\r\n\r\nX: y\r\n\r\n--a--";
    let message = Message::parse(text);
    let part = message.part(&[1]).unwrap();
    let embedded = part.message().unwrap();
    assert_eq!(embedded.raw_header(), b"X: y\r\n\r\n");
    assert_eq!((embedded.raw_body(), embedded.range()), (&b""[..], part.body_range()));
}

#[test]
fn limits_keep_the_rest_raw() {
    let mut limits = Limits::default();
    limits.depth = 1;
    let text = rfc3501();
    let message = Message::parse_with(text.as_bytes(), &limits);
    assert_eq!(message.part(&[4]).unwrap().kind(), PartKind::Leaf);
    assert!(kinds(&message).contains(&DefectKind::TooDeep));

    let mut limits = Limits::default();
    limits.parts = 3;
    let message = Message::parse_with(text.as_bytes(), &limits);
    assert_eq!(message.parts().count(), 3);
    assert_eq!(message.part(&[2]).unwrap().raw_body(), b"2");
    assert_eq!(kinds(&message), [DefectKind::TooManyParts]);

    let mut limits = Limits::default();
    limits.fields = 1;
    let message = Message::parse_with(b"A: 1\r\nB: 2\r\nC: 3\r\n\r\nx", &limits);
    assert_eq!((message.headers().iter().len(), message.root().raw_body()), (1, &b"x"[..]));
    assert_eq!(kinds(&message), [DefectKind::TooManyFields]);

    let mut limits = Limits::default();
    limits.header_bytes = 6;
    let message = Message::parse_with(b"A: 1\r\nB: 2\r\n\r\nx", &limits);
    assert_eq!((message.headers().iter().len(), message.root().raw_body()), (1, &b"x"[..]));
    assert_eq!(kinds(&message), [DefectKind::HeaderTooLong]);
}

#[test]
fn encoded_messages_are_leaves() {
    let text = b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\nU3ViamVjdDogeA==";
    let message = Message::parse(text);
    assert_eq!(message.root().kind(), PartKind::Leaf);
    assert_eq!(&*message.root().decoded(), b"Subject: x");
    assert_eq!(kinds(&message), [DefectKind::EncodedMessage]);
}

#[test]
fn lines_of_a_body() {
    assert_eq!(Message::parse(b"\r\na\r\nb\r\n").root().body_lines(), 2);
    assert_eq!(Message::parse(b"\r\na\r\nb").root().body_lines(), 2);
    assert_eq!(Message::parse(b"\r\n").root().body_lines(), 0);
}

#[test]
fn what_is_read_and_what_is_attached() {
    let text = b"Content-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\nContent-Type: multipart/alternative; boundary=a\r\n\r\n\
        --a\r\n\r\nplain\r\n--a\r\nContent-Type: multipart/related; boundary=r\r\n\r\n--r\r\nContent-Type: text/html\r\n\r\n<p>\r\n\
        --r\r\nContent-Type: image/png\r\nContent-ID: <pic@x>\r\n\r\nPNG\r\n--r--\r\n--a--\r\n\
        --m\r\nContent-Type: text/plain; name=log.txt\r\n\r\nlog\r\n\
        --m\r\nContent-Type: message/rfc822\r\n\r\nContent-Type: text/plain\r\n\r\ninner\r\n--m--\r\n";
    let message = Message::parse(text);
    assert_eq!(message.text().as_deref(), Some("plain"));
    assert_eq!(message.html().as_deref(), Some("<p>"));
    let files: Vec<_> = message.attachments().map(|part| part.path().to_string()).collect();
    assert_eq!(files, ["1.2.2", "2", "3"]);
    assert_eq!(message.part(&[1, 2, 2]).unwrap().content_id().unwrap().as_str(), "pic@x");
    assert_eq!(message.part(&[2]).unwrap().filename().as_deref(), Some("log.txt"));

    let message = Message::parse(b"Content-Type: message/rfc822\r\n\r\n\r\ninner");
    assert_eq!(message.text(), None);
}

#[test]
fn faults_of_values_are_found_by_check() {
    let text = b"Date: never\r\nSubject: =?x-no?q?a?=\r\nSubject: \xff\r\nContent-Transfer-Encoding: base64\r\n\r\nAA-=";
    let message = Message::parse(text);
    assert_eq!(message.defects(), []);
    let found: Vec<_> = message.check().iter().map(ToString::to_string).collect();
    assert_eq!(
        found,
        [
            "invalid date at byte 0",
            "unknown charset at byte 22",
            "field occurs more than once at byte 36",
            "field is neither ASCII nor UTF-8 at byte 36",
            "invalid base64 at byte 87",
        ]
    );
}

/// What stands around the parts of a multipart: its preamble and epilogue, and each part, with `|` between.
fn around(message: &Message<'_>, path: &[u32]) -> String {
    let part = message.part(path).unwrap();
    let text = |range: Option<core::ops::Range<usize>>| {
        range.map_or("-", |range| core::str::from_utf8(&message.raw()[range]).unwrap())
    };
    let parts: Vec<_> = part.children().map(|child| text(Some(child.range()))).collect();
    format!("{}|{}|{}", text(part.preamble_range()), parts.join("|"), text(part.epilogue_range()))
}

#[test]
fn preambles_and_epilogues() {
    let head = "Content-Type: multipart/mixed; boundary=a\r\n\r\n";
    for (body, found) in [
        ("pre\r\n--a\r\n\r\none\r\n--a--\r\nepi\r\n", "pre|\r\none|epi\r\n"),
        (
            "pre\r\namble\r\n\r\n--a \r\n\r\none\r\n--a\r\n\r\ntwo\r\n--a-- \r\n\r\nepi",
            "pre\r\namble\r\n|\r\none|\r\ntwo|\r\nepi",
        ),
        ("--a\r\n\r\none\r\n--a--", "|\r\none|"),
        ("\r\n--a\r\n\r\none\r\n--a--\r\n", "|\r\none|"),
        // Nothing closes it, or it is closed twice.
        ("pre\r\n--a\r\n\r\none\r\n", "pre|\r\none\r\n|-"),
        ("--a\r\n\r\none\r\n--a--\r\nx\r\n--a--\r\ny", "|\r\none|x\r\n--a--\r\ny"),
        // A part without a body, and none at all.
        ("--a\r\nX: y\r\n\r\n--a--\r\nepi", "|X: y\r\n\r\n|epi"),
        ("--a\r\n--a--\r\nepi", "||epi"),
        ("no delimiter", "no delimiter||-"),
        ("pre\r\n--a--\r\nepi", "pre\r\n--a--\r\nepi||-"),
        // A longer boundary is text.
        ("--ab\r\n--a\r\n\r\n--ab\r\n--a--\r\n--a", "--ab|\r\n--ab|--a"),
    ] {
        for end in ["\r\n", "\n", "\r"] {
            let text = (head.to_owned() + body).replace("\r\n", end);
            let message = Message::parse(text.as_bytes());
            let found = found.replace("\r\n", end);
            assert_eq!(around(&message, &[]), found, "{text:?}");
        }
    }
    let inner = format!(
        "{head}one\r\n--a\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\ntwo\r\n--b\r\n\r\nx\r\n--b--\r\nthree\r\n--a--\r\nfour"
    );
    let message = Message::parse(inner.as_bytes());
    assert_eq!(around(&message, &[1]), "two|\r\nx|three");
    assert!(around(&message, &[]).starts_with("one|") && around(&message, &[]).ends_with("|four"));
    assert_eq!(message.part(&[1, 1]).unwrap().preamble_range(), None);
    assert_eq!(message.part(&[1, 1]).unwrap().epilogue_range(), None);
    let closed = Message::parse(b"Content-Type: multipart/mixed; boundary=a\r\r\n\r\r\npre\r\r\n--a\r\r\n\r\r\none\r\r\n--a--\r\r\nepi");
    assert_eq!(around(&closed, &[]), "pre\r|\r\r\none\r|epi");
}
