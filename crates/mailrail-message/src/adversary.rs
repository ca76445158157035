//! Messages made to be slow to read: the steps that reading them takes stay within a multiple of their length.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::{Limits, Message, MessageStream};

const LENGTH: usize = 1 << 17;

/// So many of a text that they fill the length.
fn filled(head: &str, text: &str) -> String {
    String::from(head) + &text.repeat(LENGTH / text.len())
}

const HEAD: &str = "Content-Type: multipart/mixed; boundary=aaaaaaaa\r\n\r\n";
const MULTIPART: &str =
    "Content-Type: multipart/mixed; boundary=aaaaaaaa\r\n\r\n--aaaaaaaa\r\n\r\n";

/// Multiparts inside one another, whose boundaries all start alike.
fn alike() -> String {
    let mut text = String::new();
    for level in 0..32 {
        let boundary = format!("{}{level}", "a".repeat(250));
        text +=
            &format!("Content-Type: multipart/mixed; boundary={boundary}\r\n\r\n--{boundary}\r\n");
    }
    text + "\r\n"
}

fn cases() -> Vec<(&'static str, String)> {
    let near = format!("--{}\r\n", "a".repeat(250));
    [
        ("parameters", filled("Content-Type: multipart/mixed", ";a=b")),
        ("parameter pieces", filled("Content-Type: multipart/mixed", ";boundary*1=b")),
        ("boundaries", filled("Content-Type: multipart/mixed", ";boundary=\"")),
        ("comments", filled("Content-Type: multipart/mixed;", "(")),
        ("comments ahead", filled("Content-Type: ", "(\\(")),
        ("folded comments", filled("Content-Type: text/plain", "\r\n (a)")),
        ("a long name", filled("", "a")),
        ("a long line", filled("A: ", "a")),
        ("folds", filled("A: b", "\r\n a")),
        ("empty folds", filled("A: b\r\n", " \r\n")),
        ("fields", filled("", "a:b\r\n")),
        ("content types", filled("", "Content-Type: multipart/mixed; boundary=a\r\n")),
        ("fields without names", filled("", ":\r\n")),
        ("carriage returns", filled("", "\r")),
        ("carriage returns in a line", filled("A:\r\n\r\n", "\r")),
        ("line feeds", filled(MULTIPART, "\n")),
        ("dashes", filled(MULTIPART, "-")),
        ("dashes in lines", filled(MULTIPART, "\n-")),
        ("candidates", filled(MULTIPART, "\n--")),
        ("candidates after CR", filled(&MULTIPART.replace("\r\n", "\r"), "\r--")),
        ("dashes after CR", filled(&MULTIPART.replace("\r\n", "\r"), "-")),
        ("near misses", filled(MULTIPART, "--aaaaaaaaa\r\n")),
        ("padding", filled(MULTIPART, "--aaaaaaaa                    x\r\n")),
        ("near misses of all", filled(&alike(), &near)),
        ("no lines after all", filled(&alike(), "--aaaaaaaa")),
        ("parts", filled(MULTIPART, "--aaaaaaaa\r\n\r\n")),
        ("parts without headers", filled(MULTIPART, "--aaaaaaaa\r\n")),
        ("closings", filled(MULTIPART, "--aaaaaaaa--\r\n")),
        (
            "multiparts in a row",
            filled(MULTIPART, &format!("--aaaaaaaa\r\n{}", HEAD.replace("aa", "b"))),
        ),
        ("multiparts inside", filled("", MULTIPART)),
        ("messages inside", filled("", "Content-Type: message/rfc822\r\n\r\n")),
        ("digests", filled("", "Content-Type: multipart/digest; boundary=a\r\n\r\n--a\r\n\r\n")),
        ("an open quote", filled("Content-Type: multipart/mixed; boundary=\"", "a\\")),
        ("boundaries too long", filled("Content-Type: multipart/mixed; boundary=", "a")),
    ]
    .into()
}

fn streamed(text: &[u8], size: usize) -> usize {
    let (mut stream, mut most) = (MessageStream::default(), 0);
    for mut chunk in text.chunks(size) {
        while stream.event(&mut chunk).is_some() {}
        most = most.max(stream.memory());
    }
    stream.end();
    while stream.event(&mut &[][..]).is_some() {}
    assert!(stream.is_done());
    most
}

#[test]
fn steps_are_linear() {
    for (name, text) in cases() {
        let length = text.len() as u64;
        let steps = crate::steps::of(|| Message::parse(text.as_bytes()).parts().count());
        assert!(steps > 0 && steps < 45 * length, "{name}: {steps} of {length}");
        // The limits stop most of what is dear here.
        let mut limits = Limits::default();
        (limits.parts, limits.fields, limits.field_bytes) = (usize::MAX, usize::MAX, usize::MAX);
        (limits.header_bytes, limits.defects) = (usize::MAX, usize::MAX);
        let steps =
            crate::steps::of(|| Message::parse_with(text.as_bytes(), &limits).parts().count());
        assert!(steps < 45 * length, "{name}, without limits: {steps} of {length}");
    }
}

#[test]
fn streamed_steps_are_linear_and_memory_is_bounded() {
    for (name, text) in cases() {
        for size in [1, 77, 65_536] {
            let text = match size {
                1 => &text.as_bytes()[..LENGTH / 8],
                _ => text.as_bytes(),
            };
            let mut most = 0;
            let steps = crate::steps::of(|| most = streamed(text, size));
            assert!(most < 64 * 1024, "{name} by {size}: {most} bytes");
            let length = text.len() as u64;
            assert!(steps < 60 * length, "{name} by {size}: {steps} of {length}");
        }
    }
}

#[test]
fn a_million_of_each() {
    for (head, text) in [
        ("Content-Type: multipart/mixed", ";a=b"),
        ("Content-Type: text/plain;", "("),
        (MULTIPART, "--aaaaaaaa\r\n\r\n"),
        (MULTIPART, "\r\n--aaaaaaa"),
    ] {
        let text = String::from(head) + &text.repeat(1_000_000);
        let length = text.len() as u64;
        let steps = crate::steps::of(|| Message::parse(text.as_bytes()).parts().count());
        assert!(steps < 8 * length, "{steps} of {length}");
        let steps = crate::steps::of(|| streamed(text.as_bytes(), 4096));
        assert!(steps < 8 * length, "{steps} of {length}, streamed");
    }
}

#[test]
fn looking_for_faults_is_linear() {
    for (name, text) in cases() {
        let length = text.len() as u64;
        let message = Message::parse(text.as_bytes());
        let steps = crate::steps::of(|| message.check());
        assert!(steps < 60 * length, "{name}: {steps} of {length}");
    }
}

/// Twice the length takes twice the steps.
#[test]
fn steps_grow_with_the_length() {
    for (name, text) in cases() {
        let half = &text.as_bytes()[..text.len() / 2];
        let [half, whole] = [half, text.as_bytes()]
            .map(|text| crate::steps::of(|| Message::parse(text).parts().count()));
        assert!(whole <= 3 * half, "{name}: {half}, {whole}");
    }
}
