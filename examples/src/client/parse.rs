//! `parse`: takes a message apart.

use super::{
    Failure, read,
    report::{Party, Report},
    write_json,
};
use crate::terminal::printable;
use mailrail_message::Message;
use std::{
    io::{self, Write},
    path::Path,
};

/// Prints what the message in a file holds, as JSON or for people to read.
///
/// # Errors
///
/// Where the file cannot be read, or standard output takes no more. No message is an error.
pub fn run(file: &Path, json: bool) -> Result<(), Failure> {
    let bytes = read(file)?;
    let message = Message::parse(&bytes);
    let report = Report::new(&message);
    if json {
        return write_json(&report);
    }
    let mut out = io::BufWriter::new(io::stdout().lock());
    write(&report, &mut out)?;
    Ok(out.flush()?)
}

/// For people to read: who, when and what, then the text, the parts, and the faults.
fn write(report: &Report<'_>, out: &mut impl Write) -> io::Result<()> {
    for (name, parties) in [
        ("From", &report.from),
        ("Sender", &report.sender),
        ("Reply-To", &report.reply_to),
        ("To", &report.to),
        ("Cc", &report.cc),
        ("Bcc", &report.bcc),
    ] {
        let parties: Vec<String> = parties.iter().map(Party::to_string).collect();
        field(out, name, (!parties.is_empty()).then(|| parties.join(", ")).as_deref())?;
    }
    field(out, "Date", report.date.as_deref())?;
    field(out, "Subject", report.subject.as_deref())?;
    field(out, "Message-ID", report.message_id.as_deref())?;
    if let Some(text) = report.text.as_deref().or(report.html.as_deref()) {
        writeln!(out)?;
        for line in text.lines() {
            writeln!(out, "{}", printable(line.as_bytes()))?;
        }
    }
    writeln!(out, "\nParts:")?;
    for part in &report.parts {
        let path = if part.path.is_empty() { "-" } else { &part.path };
        let mut line = format!("  {path:<8} {}", part.r#type);
        if let Some(size) = part.size {
            line.push_str(&format!(", {}, {size} bytes", part.encoding));
        }
        for shown in [part.disposition, part.filename.as_deref()].into_iter().flatten() {
            line.push_str(", ");
            line.push_str(shown);
        }
        writeln!(out, "{}", printable(line.as_bytes()))?;
    }
    if !report.defects.is_empty() {
        writeln!(out, "\nDefects:")?;
    }
    for defect in &report.defects {
        writeln!(out, "  {defect}")?;
    }
    Ok(())
}

fn field(out: &mut impl Write, name: &str, value: Option<&str>) -> io::Result<()> {
    match value {
        Some(value) => writeln!(out, "{:<12}{}", format!("{name}:"), printable(value.as_bytes())),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_can_read_it() {
        let message = Message::parse(
            b"From: Ann <ann@north.test>\r\nTo: G: bob@south.test;\r\n\
              Subject: =?utf-8?q?=1B[2Jcaf=C3=A9?=\r\nDate: soon\r\n\
              Content-Type: multipart/mixed; boundary=a\r\n\r\n\
              --a\r\n\r\nHi\x1b[2J.\r\nBye.\r\n\
              --a\r\nContent-Type: image/png; name=\"a\x9b.png\"\r\n\
              Content-Transfer-Encoding: base64\r\n\r\nAAAA\r\n--a--\r\n",
        );
        let mut out = Vec::new();
        write(&Report::new(&message), &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(
            text,
            "From:       Ann <ann@north.test>\n\
             To:         G: bob@south.test;\n\
             Subject:    \u{fffd}[2Jcafé\n\
             \n\
             Hi\u{fffd}[2J.\n\
             Bye.\n\
             \n\
             Parts:\n  \
             -        multipart/mixed\n  \
             1        text/plain, 7bit, 13 bytes\n  \
             2        image/png, base64, 3 bytes, a›.png\n\
             \n\
             Defects:\n  \
             invalid date at byte 90\n  \
             field is neither ASCII nor UTF-8 at byte 174\n"
        );
    }
}
