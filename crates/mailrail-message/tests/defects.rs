//! Each fault of a message is named with its place.
#![cfg(test)]

use mailrail_message::{DefectKind, Limits, Message};

use DefectKind::*;

/// The text without its marks, and where they stood.
fn marked(text: &str) -> (Vec<u8>, Vec<usize>) {
    let (mut raw, mut places) = (Vec::new(), Vec::new());
    for letter in text.chars() {
        match letter {
            '\u{2020}' => places.push(raw.len()),
            // Bytes that are no UTF-8.
            '\u{2021}' => raw.push(0xff),
            other => raw.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    (raw, places)
}

/// What differs from these kinds of faults at the marks of a text, a mark for each kind.
fn check(text: &str, kinds: &[DefectKind], limits: &Limits) -> Option<String> {
    let (raw, places) = marked(text);
    let message = Message::parse_with(&raw, limits);
    let found: Vec<_> = message.check().iter().map(|d| (d.offset, d.kind)).collect();
    assert_eq!(places.len(), kinds.len(), "{text}");
    let mut expected: Vec<_> = places.into_iter().zip(kinds.iter().copied()).collect();
    expected.sort();
    (found != expected).then(|| format!("{text:?}: {found:?} and not {expected:?}"))
}

const NONE: [&str; 0] = [];

#[test]
fn faults_of_the_structure() {
    let mut wrong: Vec<String> = Vec::new();
    for (text, kinds) in [
        ("A: b\u{2020}\nC: d\n\nx", &[BareLineFeed][..]),
        ("\u{2020}A: b\rC: d\r\rx", &[BareCarriageReturn]),
        ("A: b\u{2020}\r\r\n\r\r\nx", &[DoubledCarriageReturn]),
        ("\u{2020}From a@b Mon Jan 1\r\nA: b\r\n\r\n", &[MailboxFromLine]),
        ("\u{2020} folded\r\nA: b\r\n\r\n", &[ContinuationWithoutField]),
        ("A: b\r\n\u{2020}: c\r\n\r\n", &[MissingFieldName]),
        ("\u{2020}A : b\r\n\r\n", &[SpaceBeforeColon]),
        ("A: b\r\n\u{2020}text\r\n\r\n", &[MissingBlankLine]),
        ("\u{2020}Content-Type: text\r\n\r\n", &[InvalidContentType]),
        ("\u{2020}Content-Type: multipart/mixed\r\n\r\n", &[MissingBoundary]),
        ("Content-Type: multipart/mixed; boundary=a\r\n\r\nx\r\n\u{2020}", &[BoundaryNotFound]),
        (
            "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n\r\nx\r\n\u{2020}",
            &[MissingClosingBoundary],
        ),
        (
            "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n\r\nx\r\n--a--\r\n\u{2020}--a\r\n\r\ny\r\n--a--\r\n",
            &[RepeatedBoundary],
        ),
        (
            "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nX: y\r\n\u{2020}--a--\r\n",
            &[MissingBlankLine],
        ),
        (
            "\u{2020}Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\nQTogYg==",
            &[EncodedMessage],
        ),
        (
            "\u{2020}Content-Type: message/rfc822\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nA: b\r\n\r\n",
            &[EncodedMessage],
        ),
        (
            "\u{2020}Content-Type: multipart/mixed; boundary=a\r\nContent-Transfer-Encoding: base64\r\n\r\n--a\r\n\r\nx\r\n--a--\r\n",
            &[EncodedMultipart],
        ),
        ("A: b\r\nSubject: x\r\n\u{2020}subject: y\r\n\r\n", &[RepeatedField]),
    ] {
        wrong.extend(check(text, kinds, &Limits::default()));
    }
    assert_eq!(wrong, NONE);
}

#[test]
fn long_lines() {
    let mut wrong: Vec<String> = Vec::new();
    let (fine, long) = ("x".repeat(990), "x".repeat(999));
    for (text, kinds) in [
        (format!("A: {fine}\r\n\r\n{fine}\r\n"), &[][..]),
        (format!("A: b\r\n\u{2020}B: {long}\r\nC: {long}\r\n\r\n{fine}\r\n"), &[LineTooLong]),
        (format!("A: b\r\n\r\n{fine}\r\n\u{2020}{long}\r\n{long}"), &[LineTooLong]),
        (format!("Content-Transfer-Encoding: binary\r\n\r\n{long}"), &[]),
    ] {
        wrong.extend(check(&text, kinds, &Limits::default()));
    }
    assert_eq!(wrong, NONE);
}

#[test]
fn faults_of_values() {
    let mut wrong: Vec<String> = Vec::new();
    for (field, kinds) in [
        // Text
        ("Subject: \u{2020}=?x-none?q?a?=", &[UnknownCharset][..]),
        ("Subject: x \u{2020}=?utf-8?q?a", &[InvalidEncodedWord]),
        ("Subject: x \u{2020}=?utf-8?b?!?=", &[InvalidEncodedWord]),
        ("Subject: x\u{2020}=?utf-8?q?a?=", &[InvalidEncodedWord]),
        ("Subject: \u{2020}=?utf-8?q?=C3?= =?utf-8?q?=A9?=", &[InvalidEncodedWord]),
        ("Subject: \u{2020}=?utf-8?q?a b?=", &[InvalidEncodedWord]),
        ("\u{2020}Subject: a\u{2021}", &[UndeclaredCharset]),
        ("Subject: a\u{2020}\u{1}b", &[ControlCharacter]),
        ("Subject: a\u{2020}\rb", &[ControlCharacter]),
        ("Subject: a\r\n b\r\n\tc", &[]),
        // Addresses
        ("To: a@b, \u{2020}nobody, c@d", &[InvalidAddress]),
        ("To:\u{2020} ", &[InvalidAddress]),
        ("Bcc: ", &[]),
        ("To: A <a@b> \u{2020}x, c@d", &[InvalidAddress]),
        ("To: A <a@b\u{2020}", &[InvalidAddress]),
        ("To: a@b \u{2020}<c@d>", &[InvalidAddress]),
        ("To: x: a@b;, c@d", &[]),
        ("To: x: a@b; \u{2020}c@d", &[InvalidAddress]),
        ("To: a@b\u{2020}; c@d", &[InvalidAddress]),
        ("To: \u{2020}Ann a@b, c@d", &[InvalidAddress]),
        ("To: x@y, \u{2020}x: a@b, c@d", &[Unclosed]),
        ("To: \u{2020}\"A <a@b>", &[Unclosed]),
        ("To: a@b \u{2020}(x (y)", &[Unclosed]),
        ("To: \u{2020}\"=?utf-8?q?a?=\" <a@b>", &[MisplacedEncodedWord]),
        ("Disposition-Notification-To: \u{2020}me", &[InvalidAddress]),
        // Dates
        ("\u{2020}Date: never", &[InvalidDate]),
        ("\u{2020}Date: 2000-01-01 00:00:00Z", &[UnusualDate]),
        ("\u{2020}Resent-Date: 1 Jan 2000 00:00", &[UnusualDate]),
        ("Date: Sat, 1 Jan 2000 00:00:00 +0000 (x)", &[]),
        ("\u{2020}Date: Sun, 1 Jan 2000 00:00:00 +0000", &[UnusualDate]),
        ("\u{2020}Received: from a by b; soon", &[InvalidDate]),
        ("Received: from a by b; 1 Jan 2000 00:00:00 +0000", &[]),
        // Identifiers
        ("\u{2020}Message-ID: <a>", &[InvalidMessageId]),
        ("\u{2020}Message-ID: a@b", &[InvalidMessageId]),
        ("\u{2020}Content-ID: <a@b> <c@d>", &[InvalidMessageId]),
        ("\u{2020}References: a@b c@d", &[InvalidMessageId]),
        ("\u{2020}References: <a@b <c@d>", &[InvalidMessageId]),
        ("\u{2020}In-Reply-To: <>", &[InvalidMessageId]),
        ("In-Reply-To: your message", &[]),
        ("Message-ID: <a (x) @b>", &[]),
        // Parameters
        ("Content-Type: text/plain \u{2020}charset=utf-8", &[InvalidParameter]),
        ("Content-Type: text/plain; name=a \u{2020}b.txt", &[InvalidParameter]),
        ("Content-Type: text/plain; name=a;\u{2020}", &[InvalidParameter]),
        ("Content-Type: text/plain; name=\u{2020}", &[InvalidParameter]),
        ("Content-Type: text/plain; \u{2020}=x", &[InvalidParameter]),
        ("Content-Type: text/plain; name=\u{2020}\"=?utf-8?q?a?=\"", &[MisplacedEncodedWord]),
        ("Content-Type: text/plain; name*=utf-8'en'a%20b", &[]),
        ("Content-Type: text/plain; name*=\u{2020}a%20b", &[InvalidParameter]),
        ("Content-Type: text/plain; name*=\u{2020}utf-8''a%zz", &[InvalidParameter]),
        ("Content-Type: text/plain; name*=\u{2020}x-none''a", &[UnknownCharset]),
        ("Content-Type: text/plain; name*0=a; name*1=b", &[]),
        ("Content-Type: text/plain; name=a; name*0=a; name*=utf-8''a", &[]),
        ("Content-Type: text/plain; name=a; \u{2020}Name=b", &[InvalidParameter]),
        ("Content-Type: text/plain; name*0=a; \u{2020}name*01=b", &[InvalidParameter]),
        ("Content-Type: text/plain; name*0=a; \u{2020}name*2=b", &[InvalidParameter]),
        ("Content-Type: text/plain; \u{2020}name*x=b", &[InvalidParameter]),
        (
            "Content-Disposition: attachment; filename=\u{2020}\"=?utf-8?q?a?=\"",
            &[MisplacedEncodedWord],
        ),
        ("Content-Disposition: \u{2020}; filename=x", &[InvalidValue]),
        ("Content-Disposition:\u{2020} \"inline\"; filename=x", &[InvalidValue]),
        // Others
        ("MIME-Version:\u{2020} 2.0", &[InvalidValue]),
        ("MIME-Version: 1.0 (x)", &[]),
        ("\u{2020}Content-Transfer-Encoding: x-none", &[UnknownTransferEncoding]),
        ("Content-Transfer-Encoding: 8bit\u{2020};", &[InvalidValue]),
        ("Content-Language: de, \u{2020}, en", &[InvalidValue]),
        ("Content-Location:\u{2020} \"http://a.test\"", &[InvalidValue]),
        ("Return-Path: <a@b>", &[]),
        ("Return-Path:\u{2020} a@b", &[InvalidValue]),
        ("Return-Path:\u{2020} ", &[InvalidValue]),
        ("List-Unsubscribe: <mailto:a@b>, \u{2020}https://a.test", &[InvalidValue]),
        ("List-Post: NO (x)", &[]),
        ("List-Archive: <https://a.test/(x>, <https://a.test/> (x)", &[]),
        ("List-Archive: <https://a.test/(x> \u{2020}(x", &[Unclosed]),
        ("TLS-Required: No", &[]),
        ("TLS-Required:\u{2020} maybe", &[InvalidValue]),
        ("List-ID: \u{2020}", &[InvalidValue]),
        ("Auto-Submitted: \u{2020};", &[InvalidValue]),
        ("Authentication-Results: \u{2020};", &[InvalidValue]),
        ("Disposition-Notification-Options:\u{2020} x", &[InvalidValue]),
        ("Keywords: \u{2020}\"a, b", &[Unclosed]),
        ("X-Other: \u{2020}=?utf-8?q?a", &[InvalidEncodedWord]),
        ("X-Other: \"a (b", &[]),
    ] {
        let text = format!("A: b\r\n{field}\r\nZ: y\r\n\r\n");
        wrong.extend(check(&text, kinds, &Limits::default()));
    }
    assert_eq!(wrong, NONE);
}

#[test]
fn faults_of_bodies() {
    let mut wrong: Vec<String> = Vec::new();
    for (text, kinds) in [
        ("Content-Transfer-Encoding: base64\r\n\r\nAA\u{2020}-A", &[InvalidBase64][..]),
        (
            "Content-Transfer-Encoding: quoted-printable\r\n\r\na\u{2020}=zz",
            &[InvalidQuotedPrintable],
        ),
        ("Content-Transfer-Encoding: x-uuencode\r\n\r\nbegin 644 x\r\n#0V%T\r\n`\r\nend\r\n", &[]),
        ("Content-Transfer-Encoding: x-uuencode\r\n\r\n\u{2020}#0V%T\r\n", &[InvalidUuencode]),
        (
            "Content-Transfer-Encoding: x-uuencode\r\n\r\nbegin 644 x\r\n#0V%T\r\n\u{2020}",
            &[InvalidUuencode],
        ),
        (
            "Content-Transfer-Encoding: x-uuencode\r\n\r\nbegin 644 x\r\n\u{2020}~~\r\nend\r\n",
            &[InvalidUuencode],
        ),
        ("A: b\r\n\r\nabc\u{2020}\u{e9}", &[UndeclaredEightBit]),
        ("Content-Transfer-Encoding: 8bit\r\n\r\nabc\u{e9}", &[]),
        ("\u{2020}Content-Type: text/plain; charset=x-none\r\n\r\nabc", &[UnknownCharset]),
        (
            "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\u{2020}abc\u{2021}",
            &[InvalidText],
        ),
        ("Content-Type: text/plain; charset=utf-7\r\n\r\n\u{2020}a+!", &[InvalidText]),
    ] {
        wrong.extend(check(text, kinds, &Limits::default()));
    }
    assert_eq!(wrong, NONE);
}

#[test]
fn limits_are_named() {
    let mut wrong: Vec<String> = Vec::new();
    let multipart = "Content-Type: multipart/mixed; boundary=a\r\n\r\n";
    type Set = fn(&mut Limits);
    for (text, kind, set) in [
        (
            format!("{multipart}--a\r\n\u{2020}{}\r\n--a--\r\n", multipart.replace("=a", "=b")),
            TooDeep,
            (|limits| limits.depth = 1) as Set,
        ),
        (
            format!("{multipart}--a\r\n\r\nx\r\n--a\r\n\u{2020}\r\ny\r\n--a--\r\n"),
            TooManyParts,
            |limits| limits.parts = 2,
        ),
        ("A: b\r\n\u{2020}C: d\r\n\r\n".into(), HeaderTooLong, |limits| limits.header_bytes = 6),
        ("\u{2020}A: bcdef\r\n\r\n".into(), FieldTooLong, |limits| limits.field_bytes = 5),
        ("A: b\r\n\u{2020}C: d\r\n\r\n".into(), TooManyFields, |limits| limits.fields = 1),
        (format!("\u{2020}{}", multipart.replace("=a", "=abc")), BoundaryTooLong, |limits| {
            limits.boundary = 2;
        }),
        (
            "Content-Type: text/plain; a=b\u{2020}; c=d\r\n\r\n".into(),
            TooManyParameters,
            |limits| limits.parameters = 1,
        ),
        ("To: (a\u{2020}(b)) a@b\r\n\r\n".into(), CommentTooDeep, |limits| {
            limits.comment_depth = 1;
        }),
        (
            "Subject: =?utf-8?q?a?= \u{2020}=?utf-8?q?b?=\r\n\r\n".into(),
            TooManyEncodedWords,
            |limits| limits.encoded_words = 1,
        ),
    ] {
        let mut limits = Limits::default();
        set(&mut limits);
        wrong.extend(check(&text, &[kind], &limits));
    }
    assert_eq!(wrong, NONE);
    let mut limits = Limits::default();
    limits.defects = 2;
    let message = Message::parse_with(b": x\r\n: x\r\n: x\r\nDate: x\r\n\r\n", &limits);
    assert_eq!((message.defects().len(), message.check().len()), (2, 2));
}
