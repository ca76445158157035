//! What is read of a message, beside what Python's email package reads of it (policy default).
//!
//! `email_policy.py` makes the messages and reads them; `email_policy.txt` names each difference and says who is right. A
//! difference that is not named there fails the test, and so does one that is named and no longer there.

use crate::support::{Result, program::run, suite::Suite};
use mailrail_message::{Address, Headers, Mailbox, Message, Part, PartKind};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::{collections::BTreeSet, fmt::Write};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop/email_policy.py");

pub(crate) fn add(suite: &mut Suite) {
    suite.test("email::python_reads_the_same", &["python3"], python_reads_the_same);
}

fn python_reads_the_same() -> Result {
    let output = run("python3", &[SCRIPT])?.stdout;
    let mut expected: BTreeSet<String> = explained(include_str!("email_policy.txt"));
    let mut unexplained = String::new();
    let (mut count, mut broken) = (0, 0);
    for line in String::from_utf8(output)?.lines() {
        let line: Value = serde_json::from_str(line)?;
        let name = line["name"].as_str().ok_or("no name")?;
        count += 1;
        broken += usize::from(line["broken"] == true);
        let raw = hex(line["raw"].as_str().ok_or("no message")?)?;
        let ours = reading(&Message::parse(&raw));
        for (field, theirs) in line["reading"].as_object().ok_or("no reading")? {
            if ours[field] != *theirs && !expected.remove(&format!("{field}: {name}")) {
                writeln!(
                    unexplained,
                    "{field}: {name}\n  ours   {}\n  theirs {theirs}",
                    ours[field]
                )?;
            }
        }
    }
    assert!(count >= 200 && broken >= 100, "{count} messages, {broken} of them broken");
    assert!(unexplained.is_empty(), "not explained:\n{unexplained}");
    assert!(expected.is_empty(), "no longer different: {expected:#?}");
    Ok(())
}

/// The differences that a list names, each as `field: message`. Lines that start with `=` say why.
fn explained(text: &str) -> BTreeSet<String> {
    let lines = text.lines().filter(|line| !line.starts_with('=') && !line.is_empty());
    let all = lines.filter_map(|line| line.split_once(": ")).flat_map(|(field, names)| {
        names.split_whitespace().map(move |name| format!("{field}: {name}"))
    });
    all.collect()
}

fn hex(text: &str) -> Result<Vec<u8>> {
    let digits: Vec<char> = text.chars().collect();
    let byte = |pair: &[char]| u8::from_str_radix(&String::from_iter(pair), 16);
    Ok(digits.chunks(2).map(byte).collect::<std::result::Result<_, _>>()?)
}

fn reading(message: &Message<'_>) -> Value {
    let headers = message.headers();
    let body = |part: Option<Part<'_>>| Some(part?.text()?.replace("\r\n", "\n"));
    json!({
        "names": headers.iter().map(|field| field.name()).collect::<Vec<_>>(),
        "subject": headers.subject().map(|subject| subject.trim().to_owned()),
        "date": headers.date().map(|date| date.unix()),
        "id": headers.message_id().map(|id| id.as_str().to_owned()),
        "from": addresses(headers, "From"),
        "to": addresses(headers, "To"),
        "cc": addresses(headers, "Cc"),
        "parts": message.parts().map(part).collect::<Vec<_>>(),
        "text": body(message.text_part()),
        "html": body(message.html_part()),
    })
}

fn addresses(headers: Headers<'_>, name: &str) -> Vec<Value> {
    let mailbox =
        |mailbox: &Mailbox<'_>| json!([mailbox.name().unwrap_or_default(), mailbox.address()]);
    let all = headers.all(name).flat_map(|field| field.addresses());
    all.map(|address| match address {
        Address::Group(group) => {
            json!([group.name, group.members.iter().map(mailbox).collect::<Vec<_>>()])
        }
        other => other.mailboxes().iter().map(mailbox).next().unwrap_or_default(),
    })
    .collect()
}

fn part(part: Part<'_>) -> Value {
    let content_type = part.content_type();
    let is_report = content_type.main_type().eq_ignore_ascii_case("message");
    let content = (part.kind() == PartKind::Leaf && !is_report).then(|| {
        let content = part.decoded();
        let digest: String =
            Sha256::digest(&*content).iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        format!("{digest} {}", content.len())
    });
    let disposition = part.disposition().map(|disposition| disposition.kind().to_lowercase());
    json!([
        content_type.to_string(),
        part.filename().unwrap_or_default(),
        disposition.unwrap_or_default(),
        content,
    ])
}
