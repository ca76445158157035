//! The examples of the RFCs, each with CRLF, LF and CR as its line ends.
#![cfg(test)]

use mailrail_message::{Address, DefectKind, Message, PartKind};

/// Calls a check with the text under each line end.
fn each(text: &str, check: impl Fn(&Message<'_>)) {
    for end in ["\r\n", "\n", "\r"] {
        let bytes = text.replace('\n', end);
        check(&Message::parse(bytes.as_bytes()));
    }
}

fn shown(list: &[Address<'_>]) -> String {
    let mailboxes = |list: &[mailrail_message::Mailbox<'_>]| {
        list.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    };
    let items = list.iter().map(|address| match address {
        Address::Group(group) => format!("{}: {};", group.name, mailboxes(&group.members)),
        other => mailboxes(other.mailboxes()),
    });
    items.collect::<Vec<_>>().join(" | ")
}

#[test]
fn rfc5322_a1_addresses() {
    each(include_str!("data/rfc5322-01.eml"), |message| {
        let headers = message.headers();
        assert_eq!(shown(&headers.from()), "John Doe <jdoe@machine.example>");
        assert_eq!(shown(&headers.to()), "Mary Smith <mary@example.net>");
        assert_eq!(headers.subject().as_deref(), Some("Saying Hello"));
        assert_eq!(headers.date().unwrap().unix(), 880_127_706);
        assert_eq!(headers.message_id().unwrap().as_str(), "1234@local.machine.example");
        assert!(message.text().unwrap().starts_with("This is a message just to say hello."));
    });
    each(include_str!("data/rfc5322-02.eml"), |message| {
        assert_eq!(shown(&message.headers().sender()), "Michael Jones <mjones@machine.example>");
    });
    each(include_str!("data/rfc5322-03.eml"), |message| {
        let headers = message.headers();
        assert_eq!(shown(&headers.from()), "Joe Q. Public <john.q.public@example.com>");
        assert_eq!(
            shown(&headers.to()),
            "Mary Smith <mary@x.test> | jdoe@example.org | Who? <one@y.test>"
        );
        assert_eq!(
            shown(&headers.cc()),
            "boss@nil.test | Giant; \"Big\" Box <sysservices@example.net>"
        );
    });
    each(include_str!("data/rfc5322-04.eml"), |message| {
        let headers = message.headers();
        assert_eq!(
            shown(&headers.to()),
            "A Group: Ed Jones <c@a.test>, joe@where.test, John <jdoe@one.test>;"
        );
        assert_eq!(shown(&headers.cc()), "Undisclosed recipients: ;");
    });
}

#[test]
fn rfc5322_a2_to_a4_replies_and_traces() {
    each(include_str!("data/rfc5322-06.eml"), |message| {
        let headers = message.headers();
        assert_eq!(shown(&headers.reply_to()), "Mary Smith: Personal Account <smith@home.example>");
        let ids: Vec<_> = headers.in_reply_to().map(|id| id.as_str().to_owned()).collect();
        assert_eq!(ids, ["1234@local.machine.example"]);
    });
    each(include_str!("data/rfc5322-07.eml"), |message| {
        let ids: Vec<_> = message.headers().references().map(|id| id.as_str().to_owned()).collect();
        assert_eq!(ids, ["1234@local.machine.example", "3456@example.net"]);
    });
    each(include_str!("data/rfc5322-09.eml"), |message| {
        let headers = message.headers();
        assert_eq!(shown(&headers.addresses("Resent-To")), "Jane Brown <j-brown@other.example>");
        assert_eq!(shown(&headers.to()), "Mary Smith <mary@example.net>");
    });
    each(include_str!("data/rfc5322-10.eml"), |message| {
        let headers = message.headers();
        assert_eq!(headers.all("received").count(), 2);
        let first = headers.field("Received").unwrap().text();
        assert_eq!(
            first,
            "from x.y.test   by example.net   via TCP   with ESMTP   id ABC12345   for <mary@example.net>;  21 Nov 1997 10:05:43 -0600"
        );
    });
}

#[test]
fn rfc5322_a5_a6_oddities() {
    each(include_str!("data/rfc5322-11.eml"), |message| {
        let headers = message.headers();
        assert_eq!(shown(&headers.from()), "Pete <pete@silly.test>");
        assert_eq!(
            shown(&headers.to()),
            "A Group: Chris Jones <c@public.example>, joe@example.org, John <jdoe@one.test>;"
        );
        assert_eq!(shown(&headers.cc()), "Hidden recipients: ;");
        assert_eq!(headers.date().unwrap().rfc3339().to_string(), "1969-02-13T23:32:00-03:30");
        assert_eq!(headers.message_id().unwrap().as_str(), "testabcd.1234@silly.test");
    });
    each(include_str!("data/rfc5322-12.eml"), |message| {
        let headers = message.headers();
        assert_eq!(shown(&headers.from()), "Joe Q. Public <john.q.public@example.com>");
        assert_eq!(shown(&headers.to()), "Mary Smith <mary@example.net> | jdoe@test.example");
    });
    each(include_str!("data/rfc5322-13.eml"), |message| {
        let date = message.headers().date().unwrap();
        assert_eq!(date.rfc5322().to_string(), "Fri, 21 Nov 1997 09:55:06 +0000");
    });
    each(include_str!("data/rfc5322-14.eml"), |message| {
        let headers = message.headers();
        assert_eq!(shown(&headers.from()), "John Doe <jdoe@machine.example>");
        assert_eq!(shown(&headers.to()), "Mary Smith <mary@example.net>");
        assert_eq!(headers.subject().as_deref(), Some("Saying Hello"));
        assert_eq!(headers.date().unwrap().unix(), 880_127_706);
        assert_eq!(headers.message_id().unwrap().as_str(), "1234@local.machine.example");
        assert!(message.defects().iter().any(|defect| defect.kind == DefectKind::SpaceBeforeColon));
    });
}

#[test]
fn rfc5322_2_2_3_folding() {
    for text in ["Subject: This is a test\n\n", "Subject: This\n is a test\n\n"] {
        each(text, |message| {
            assert_eq!(message.headers().subject().as_deref(), Some("This is a test"));
        });
    }
}

#[test]
fn rfc2045_4_and_5_comments() {
    for version in [
        "1.0",
        "1.0 (produced by MetaSend Vx.x)",
        "(produced by MetaSend Vx.x) 1.0",
        "1.(produced by MetaSend Vx.x)0",
    ] {
        each(&format!("MIME-Version: {version}\n\n"), |message| {
            assert_eq!(message.headers().mime_version().as_deref(), Some("1.0"), "{version}");
        });
    }
    for value in ["charset=us-ascii (Plain text)", "charset=\"us-ascii\"", "charset=us-ascii"] {
        each(&format!("Content-type: text/plain; {value}\n\n"), |message| {
            let content_type = message.root().content_type();
            assert_eq!(content_type.parameters().get("charset").as_deref(), Some("us-ascii"));
        });
    }
}

#[test]
fn rfc2045_6_4_charset_behind_base64() {
    let text = "Content-Type: text/plain; charset=ISO-8859-1\nContent-transfer-encoding: base64\n\nY2Fm6Q==\n";
    each(text, |message| assert_eq!(message.text().as_deref(), Some("caf\u{e9}")));
}

#[test]
fn rfc2046_5_1_1_boundaries() {
    for (value, boundary, is_valid) in [
        ("gc0p4Jq0M2Yt08j34c0p", "gc0p4Jq0M2Yt08j34c0p", true),
        // "Not valid", and read all the same.
        ("gc0pJq0M:08jU534c0p", "gc0pJq0M:08jU534c0p", false),
        ("\"gc0pJq0M:08jU534c0p\"", "gc0pJq0M:08jU534c0p", true),
    ] {
        let text = format!(
            "Content-Type: multipart/mixed; boundary={value}\n\n--{boundary}\n\nx\n--{boundary}--\n"
        );
        each(&text, |message| {
            assert_eq!(message.root().children().count(), 1, "{value}");
            let is_fault = |kind| kind == DefectKind::InvalidParameter;
            assert_eq!(message.check().iter().any(|defect| is_fault(defect.kind)), !is_valid);
        });
    }
}

#[test]
fn rfc2046_5_2_2_fragments() {
    const ID: &str = "oc=jpbe0M2Yt4s@thumper.bellcore.com";
    for (value, number, total) in [
        (format!("number=2; total=3;\n id=\"{ID}\""), 2, Some(3)),
        (format!("\n id=\"{ID}\";\n number=2"), 2, None),
        (format!("number=3; total=3;\n id=\"{ID}\""), 3, Some(3)),
    ] {
        each(&format!("Content-Type: Message/Partial; {value}\n\n"), |message| {
            let partial = message.root().content_type().partial().unwrap();
            assert_eq!(
                (partial.id.as_deref(), partial.number, partial.total),
                (Some(ID), Some(number), total)
            );
        });
    }
}

#[test]
fn rfc2049_a_complex_multipart() {
    each(include_str!("data/rfc2049-a.eml"), |message| {
        let parts: Vec<_> = message
            .parts()
            .map(|part| format!("{} {}", part.path(), part.content_type()))
            .collect();
        assert_eq!(
            parts,
            [
                " multipart/mixed",
                "1 text/plain",
                "2 text/plain",
                "3 multipart/parallel",
                "3.1 audio/basic",
                "3.2 image/jpeg",
                "4 text/enriched",
                "5 message/rfc822",
                "5.1 text/plain",
            ]
        );
        let first = message.part(&[1]).unwrap();
        assert!(first.header_range().len() <= 2 && first.headers().iter().len() == 0);
        assert!(first.text().unwrap().trim_end().ends_with("next part.]"));
        let embedded = message.part(&[5]).unwrap().message().unwrap();
        assert_eq!(embedded.headers().subject().as_deref(), Some("(subject in US-ASCII)"));
        assert_eq!(embedded.kind(), PartKind::Leaf);
        assert!(message.text_part() == Some(first));
    });
}

#[test]
fn rfc2046_5_1_1_simple_multipart() {
    let text = "MIME-Version: 1.0\nContent-type: multipart/mixed; boundary=\"simple boundary\"\n\n\
        This is the preamble.\n\n--simple boundary\n\nThis is implicitly typed plain US-ASCII text.\n\
        It does NOT end with a linebreak.\n--simple boundary\nContent-type: text/plain; charset=us-ascii\n\n\
        This is explicitly typed plain US-ASCII text.\nIt DOES end with a linebreak.\n\n--simple boundary--\n\n\
        This is the epilogue.  It is also to be ignored.\n";
    each(text, |message| {
        let bodies: Vec<_> =
            message.root().children().map(|part| part.text().unwrap().into_owned()).collect();
        assert!(bodies[0].ends_with("linebreak."));
        assert!(bodies[1].ends_with(['\r', '\n']));
        assert!(bodies[1].trim_end().ends_with("linebreak."));
        assert_eq!(bodies.len(), 2);
    });
}

#[test]
fn rfc2046_5_1_5_digest() {
    let text = "Content-Type: multipart/digest; boundary=x\n\n--x\n\nFrom: a@b.test\nSubject: one\n\nbody\n\
        --x\n\nSubject: two\n\n--x\nContent-Type: text/plain\n\ntext\n--x--\n";
    each(text, |message| {
        let subject = |path: &[u32]| {
            let embedded = message.part(path).unwrap().message()?;
            embedded.headers().subject().map(|subject| subject.into_owned())
        };
        assert_eq!(subject(&[1]).as_deref(), Some("one"));
        assert_eq!(subject(&[2]).as_deref(), Some("two"));
        assert_eq!(subject(&[3]), None);
        assert_eq!(message.part(&[1]).unwrap().content_type().to_string(), "message/rfc822");
    });
}

#[test]
fn rfc2047_8_headers() {
    let text = "From: =?US-ASCII?Q?Keith_Moore?= <moore@cs.utk.edu>\n\
        To: =?ISO-8859-1?Q?Keld_J=F8rn_Simonsen?= <keld@dkuug.dk>\n\
        CC: =?ISO-8859-1?Q?Andr=E9?= Pirard <PIRARD@vm1.ulg.ac.be>\n\
        Subject: =?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?=\n \
        =?ISO-8859-2?B?dSB1bmRlcnN0YW5kIHRoZSBleGFtcGxlLg==?=\n\n";
    each(text, |message| {
        let headers = message.headers();
        assert_eq!(shown(&headers.from()), "Keith Moore <moore@cs.utk.edu>");
        assert_eq!(shown(&headers.to()), "Keld J\u{f8}rn Simonsen <keld@dkuug.dk>");
        assert_eq!(shown(&headers.cc()), "Andr\u{e9} Pirard <PIRARD@vm1.ulg.ac.be>");
        assert_eq!(
            headers.subject().as_deref(),
            Some("If you can read this you understand the example.")
        );
    });
}

#[test]
fn rfc2047_8_display() {
    let cases = [
        ("(=?ISO-8859-1?Q?a?=)", "(a)"),
        ("(=?ISO-8859-1?Q?a?= b)", "(a b)"),
        ("(=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=)", "(ab)"),
        ("(=?ISO-8859-1?Q?a?=  =?ISO-8859-1?Q?b?=)", "(ab)"),
        ("(=?ISO-8859-1?Q?a?=\n    =?ISO-8859-1?Q?b?=)", "(ab)"),
        ("(=?ISO-8859-1?Q?a_b?=)", "(a b)"),
        ("(=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=)", "(a b)"),
    ];
    for (written, displayed) in cases {
        each(&format!("X: {written}\n\n"), |message| {
            assert_eq!(message.headers().field("x").unwrap().text(), displayed);
        });
    }
}

#[test]
fn rfc2231_parameters() {
    let cases = [
        (
            "message/external-body; access-type=URL;\n URL*0=\"ftp://\";\n URL*1=\"cs.utk.edu/pub/moore/bulk-mailer/bulk-mailer.tar\"",
            "url",
            "ftp://cs.utk.edu/pub/moore/bulk-mailer/bulk-mailer.tar",
        ),
        (
            "message/external-body; access-type=URL;\n URL=\"ftp://cs.utk.edu/pub/moore/bulk-mailer/bulk-mailer.tar\"",
            "url",
            "ftp://cs.utk.edu/pub/moore/bulk-mailer/bulk-mailer.tar",
        ),
        (
            "application/x-stuff;\n title*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A",
            "title",
            "This is ***fun***",
        ),
        (
            "application/x-stuff;\n title*0*=us-ascii'en'This%20is%20even%20more%20;\n title*1*=%2A%2A%2Afun%2A%2A%2A%20;\n title*2=\"isn't it!\"",
            "title",
            "This is even more ***fun*** isn't it!",
        ),
    ];
    for (written, name, value) in cases {
        each(&format!("Content-Type: {written}\n\n"), |message| {
            let content_type = message.root().content_type();
            assert_eq!(content_type.parameters().get(name).as_deref(), Some(value));
        });
    }
}
