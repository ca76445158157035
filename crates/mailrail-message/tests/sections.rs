//! Every section that IMAP can ask for, as bytes of the message.
#![cfg(test)]

use mailrail_message::{Message, Part, SectionPiece, SectionText};

/// Parts 1 and 2 are leaves, 3 is a message with parts, 4 a multipart whose second part is a message without parts, 5 to 8 are
/// encoded.
const MESSAGE: &str = "Subject: outer\r\nTo: a@b.test,\r\n c@d.test\r\nsubject: again\r\n\
    Content-Type: multipart/mixed; boundary=a\r\n\r\npreamble\r\n\
    --a\r\n\r\none\r\n\
    --a\r\nContent-Type: image/png\r\nX-Two: 2\r\n\r\ntwo\r\n\
    --a\r\nContent-Type: message/rfc822\r\n\r\nSubject: three\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
    --b\r\nX-Part: 3.1\r\n\r\nthree.one\r\n--b\r\n\r\nthree.two\r\n--b--\r\n\
    --a\r\nContent-Type: multipart/digest; boundary=c\r\n\r\n\
    --c\r\nContent-Type: text/plain\r\n\r\nfour.one\r\n--c\r\n\r\nSubject: four\r\nTo: x\r\n\r\nfour.two\r\n--c--\r\n\
    --a\r\nContent-Transfer-Encoding: base64\r\n\r\nZm\r\nl2ZQ==\r\n\
    --a\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\ns=69x=\r\n\r\n\
    --a\r\nContent-Transfer-Encoding: x-uuencode\r\n\r\nbegin 644 x\r\n#0V%T\r\n`\r\nend\r\n\
    --a\r\nContent-Transfer-Encoding: x-other\r\n\r\neight\r\n\
    --a\r\nContent-Transfer-Encoding: binary\r\nContent-Type: application/pdf\r\n\r\nnine\0\r\n--a--\r\nepilogue\r\n";

fn path(text: &str) -> Vec<u32> {
    text.split('.').filter(|number| !number.is_empty()).map(|n| n.parse().unwrap()).collect()
}

/// What stands in the brackets of `BODY[]`.
fn section(message: &Message<'_>, name: &str) -> Option<String> {
    let (name, list) = match name.split_once(" (") {
        Some((name, list)) => (name, list.strip_suffix(')').unwrap()),
        None => (name, ""),
    };
    let start = name.find(|letter: char| letter.is_ascii_uppercase()).unwrap_or(name.len());
    let names: Vec<&[u8]> = list.split(' ').map(str::as_bytes).collect();
    let (number, kind) = name.split_at(start);
    let text = match kind {
        "" => SectionText::Whole,
        "HEADER" => SectionText::Header,
        "HEADER.FIELDS" => SectionText::HeaderFields(&names),
        "HEADER.FIELDS.NOT" => SectionText::HeaderFieldsNot(&names),
        "TEXT" => SectionText::Text,
        "MIME" => SectionText::Mime,
        other => panic!("{other}"),
    };
    let section = message.section(&path(number), text)?;
    let bytes: Vec<&[u8]> = section.bytes(message.raw()).collect();
    assert_eq!(section.len(), bytes.iter().map(|piece| piece.len()).sum::<usize>());
    assert_eq!(section.is_empty(), section.pieces().is_empty());
    assert!(bytes.iter().all(|piece| !piece.is_empty()));
    for pair in section.pieces().windows(2) {
        if let [SectionPiece::Stored(first), SectionPiece::Stored(second)] = pair {
            assert!(first.end < second.start);
        }
    }
    Some(String::from_utf8(bytes.concat()).unwrap())
}

#[test]
fn every_section_is_found() {
    let message = Message::parse(MESSAGE.as_bytes());
    assert_eq!(message.defects(), []);
    let (header, rest) = MESSAGE.split_at(MESSAGE.find("preamble").unwrap());
    let three = "Subject: three\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n";
    let three_text = "--b\r\nX-Part: 3.1\r\n\r\nthree.one\r\n--b\r\n\r\nthree.two\r\n--b--";
    let four = "--c\r\nContent-Type: text/plain\r\n\r\nfour.one\r\n--c\r\n\r\nSubject: four\r\nTo: x\r\n\r\nfour.two\r\n--c--";
    for (name, text) in [
        ("", Some(MESSAGE)),
        ("HEADER", Some(header)),
        ("TEXT", Some(rest)),
        ("MIME", None),
        ("HEADER.FIELDS (SUBJECT)", Some("Subject: outer\r\nsubject: again\r\n\r\n")),
        ("HEADER.FIELDS (to From)", Some("To: a@b.test,\r\n c@d.test\r\n\r\n")),
        ("HEADER.FIELDS (none)", Some("\r\n")),
        (
            "HEADER.FIELDS.NOT (subject)",
            Some("To: a@b.test,\r\n c@d.test\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n"),
        ),
        ("HEADER.FIELDS.NOT (none)", Some(header)),
        ("1", Some("one")),
        ("1.MIME", Some("\r\n")),
        ("1.HEADER", None),
        ("1.TEXT", None),
        ("1.HEADER.FIELDS (x)", None),
        ("1.HEADER.FIELDS.NOT (x)", None),
        ("1.1", None),
        ("2", Some("two")),
        ("2.MIME", Some("Content-Type: image/png\r\nX-Two: 2\r\n\r\n")),
        ("2.HEADER", None),
        ("3", Some(&*format!("{three}{three_text}"))),
        ("3.MIME", Some("Content-Type: message/rfc822\r\n\r\n")),
        ("3.HEADER", Some(three)),
        ("3.TEXT", Some(three_text)),
        ("3.HEADER.FIELDS (subject x)", Some("Subject: three\r\n\r\n")),
        (
            "3.HEADER.FIELDS.NOT (subject)",
            Some("Content-Type: multipart/mixed; boundary=b\r\n\r\n"),
        ),
        ("3.1", Some("three.one")),
        ("3.1.MIME", Some("X-Part: 3.1\r\n\r\n")),
        ("3.1.HEADER", None),
        ("3.2", Some("three.two")),
        ("3.3", None),
        ("4", Some(four)),
        ("4.MIME", Some("Content-Type: multipart/digest; boundary=c\r\n\r\n")),
        ("4.HEADER", None),
        ("4.TEXT", None),
        ("4.1", Some("four.one")),
        ("4.2", Some("Subject: four\r\nTo: x\r\n\r\nfour.two")),
        ("4.2.MIME", Some("\r\n")),
        ("4.2.HEADER", Some("Subject: four\r\nTo: x\r\n\r\n")),
        ("4.2.TEXT", Some("four.two")),
        ("4.2.HEADER.FIELDS (to)", Some("To: x\r\n\r\n")),
        ("4.2.1", Some("four.two")),
        ("4.2.1.MIME", Some("Subject: four\r\nTo: x\r\n\r\n")),
        ("5", Some("Zm\r\nl2ZQ==")),
        ("10", None),
        ("0", None),
    ] {
        assert_eq!(section(&message, name).as_deref(), text, "BODY[{name}]");
    }
    // A message without parts is its part 1.
    let message = Message::parse(b"A: b\r\n\r\ntext");
    for (name, text) in [
        ("1", Some("text")),
        ("TEXT", Some("text")),
        ("1.MIME", Some("A: b\r\n\r\n")),
        ("1.TEXT", None),
        ("1.1", None),
        ("2", None),
    ] {
        assert_eq!(section(&message, name).as_deref(), text, "BODY[{name}]");
    }
    // A message that is no more than a message in it.
    let message = Message::parse(b"Content-Type: message/rfc822\r\n\r\nA: b\r\n\r\ntext");
    for (name, text) in [
        ("1", Some("A: b\r\n\r\ntext")),
        ("1.HEADER", Some("A: b\r\n\r\n")),
        ("1.TEXT", Some("text")),
        ("1.1", Some("text")),
    ] {
        assert_eq!(section(&message, name).as_deref(), text, "BODY[{name}]");
    }
    // Cut short in its header: the empty line is made up.
    let message = Message::parse(b"A: b\r\nC: d");
    assert_eq!(section(&message, "HEADER.FIELDS (c)").as_deref(), Some("C: d\r\n\r\n"));
    assert_eq!(section(&message, "HEADER").as_deref(), Some("A: b\r\nC: d"));
    assert_eq!(section(&message, "TEXT").as_deref(), Some(""));
}

#[test]
fn every_binary_section_is_found() {
    let message = Message::parse(MESSAGE.as_bytes());
    let four_two = "Subject: four\r\nTo: x\r\n\r\nfour.two";
    for (name, bytes, is_range) in [
        ("1", Some("one"), true),
        ("3.2", Some("three.two"), true),
        ("4.2", Some(four_two), true),
        ("4.2.1", Some("four.two"), true),
        ("5", Some("five"), false),
        ("6", Some("six"), false),
        ("7", Some("Cat"), false),
        // UNKNOWN-CTE
        ("8", None, false),
        ("9", Some("nine\0"), true),
    ] {
        let found = message.part(&path(name)).and_then(Part::binary);
        let read =
            found.as_ref().map(|found| String::from_utf8(found.bytes().into_owned()).unwrap());
        assert_eq!(read.as_deref(), bytes, "BINARY[{name}]");
        assert_eq!(
            found.as_ref().map(|found| found.size()),
            bytes.map(str::len),
            "BINARY.SIZE[{name}]"
        );
        let range = found.and_then(|found| found.range());
        assert_eq!(
            range.clone().map(|range| MESSAGE.get(range).unwrap()),
            bytes.filter(|_| is_range),
            "{name}"
        );
    }
    let code = b"Content-Transfer-Encoding: base64\r\n\r\n".iter().copied();
    let code: Vec<u8> = code.chain(b"AAECAwQF\r\n".repeat(10_000)).collect();
    let message = Message::parse(&code);
    assert_eq!(message.part(&[1]).unwrap().binary().unwrap().size(), 60_000);
}
