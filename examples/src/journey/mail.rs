//! The message of the journey, and whether it has arrived as it was sent.

use super::Stop;
use crate::store::Date;
use bytes::Bytes;
use mailrail_message::{Attachment, Builder, DateTime, Field, Mailbox, Message, MessageId};
use mailrail_wire::LineEnds;
use std::{fmt, path::Path};

/// A message on its way.
#[derive(Debug, Clone)]
pub(super) struct Mail {
    /// What is sent, and has to arrive.
    pub(super) bytes: Bytes,
    /// What was done to a file before it was sent; nothing to most.
    pub(super) note: Option<&'static str>,
}

impl Mail {
    /// A message with what goes wrong first where a hop is careless: lines that begin with dots,
    /// several scripts, HTML, and an attachment of all bytes there are.
    pub(super) fn compose(from: &str, to: &str, random: [u8; 32]) -> Result<Self, Stop> {
        let hop = |why: &dyn fmt::Display| Stop::new("composed", why);
        let [id, boundary] = [0, 16].map(|at| {
            let mut half = [0; 16];
            half.iter_mut().zip(random.iter().skip(at)).for_each(|(to, from)| *to = *from);
            half
        });
        let now = Date::now();
        let date = DateTime::from_unix(now.seconds, now.offset)
            .ok_or_else(|| hop(&"the clock shows no year between 1 and 9999"))?;
        let text = "Dear Bob,\r\n\r\n.this line begins with a dot,\r\n..this one with two, and the \
                    next is one alone:\r\n.\r\nGrüße, 挨拶, שלום 👋\r\n\r\nAlice\r\n";
        let html = "<p>Dear Bob,</p>\r\n<p>.dots &amp; <b>Grüße</b> 👋</p>\r\n<p>Alice</p>\r\n";
        let every_byte: Vec<u8> = (0..=u8::MAX).cycle().take(40_000).collect();
        let attachment =
            Attachment::new("application/octet-stream", every_byte).with_name("every byte 🗂.bin");
        let alice = Mailbox::new(from).map_err(|e| hop(&e))?.with_name("Alice Ångström");
        let bob = Mailbox::new(to).map_err(|e| hop(&e))?.with_name("Bob");
        let domain = alice.domain().to_owned();
        let message = Builder::new()
            .from(alice)
            .to(bob)
            .subject("A whole journey: Grüße from the north ✉")
            .date(date)
            .message_id(MessageId::generate(id, &domain).map_err(|e| hop(&e))?)
            .text(text)
            .html(html)
            .attach(attachment)
            .build(boundary)
            .map_err(|e| hop(&e))?;
        Ok(Self { bytes: message.into_vec().into(), note: None })
    }

    /// The message in `file`. Where its lines do not all end in CR LF, they are made to, as every
    /// sender has to (RFC 5321 §2.3.8, §4.1.1.4).
    pub(super) fn read(file: &Path) -> Result<Self, Stop> {
        let hop = |why: &dyn fmt::Display| Stop::new("read", format!("{}: {why}", file.display()));
        let read = Bytes::from(std::fs::read(file).map_err(|e| hop(&e))?);
        let (mut ends, mut bytes) = (LineEnds::default(), Vec::with_capacity(read.len() + 2));
        ends.complete(read.clone(), |piece| bytes.extend_from_slice(&piece));
        ends.finish(|piece| bytes.extend_from_slice(&piece));
        if !bytes.ends_with(b"\r\n") {
            bytes.extend_from_slice(b"\r\n");
        }
        let note = (bytes != read).then_some("its line ends were made CR LF");
        Ok(Self { bytes: bytes.into(), note })
    }

    /// Compares what arrived with what was sent; tells the trace fields that were put before it.
    pub(super) fn compare(&self, arrived: &[u8]) -> Result<Vec<String>, Difference> {
        let (trace, sent) = (trace(arrived), trace(&self.bytes));
        // The message may begin with trace fields of its own.
        let added = trace.get(..trace.len().saturating_sub(sent.len())).unwrap_or_default();
        let len = added.iter().map(|(_, len)| len).sum();
        let message = arrived.get(len..).unwrap_or_default();
        if message != self.bytes {
            let same = message.iter().zip(&self.bytes).take_while(|(a, b)| a == b).count();
            return Err(Difference { at: same, sent: self.bytes.len(), arrived: message.len() });
        }
        Ok(added.iter().map(|(field, _)| field.clone()).collect())
    }
}

/// The trace fields that a message begins with (RFC 5321 §4.4), and how many bytes each has.
fn trace(message: &[u8]) -> Vec<(String, usize)> {
    let message = Message::parse(message);
    let fields = message.headers().iter();
    let trace = fields.take_while(|f| f.is_named("Return-Path") || f.is_named("Received"));
    let text = |field: Field<'_>| {
        let value = String::from_utf8_lossy(&field.unfolded()).into_owned();
        (format!("{}: {value}", field.name()), field.raw().len())
    };
    trace.map(text).collect()
}

/// Where a message that arrived is not the one that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Difference {
    at: usize,
    sent: usize,
    arrived: usize,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, sent, arrived } = self;
        write!(f, "differs at byte {at}: {sent} bytes were sent, {arrived} arrived")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(bytes: &'static str) -> Mail {
        Mail { bytes: bytes.into(), note: None }
    }

    #[test]
    fn trace_fields_are_no_difference() {
        let mail = mail("Received: old\r\nSubject: x\r\n\r\ny\r\n");
        let arrived = "Return-Path: <a@b>\r\nReceived: from a\r\n by b\r\nReceived: old\r\n\
                       Subject: x\r\n\r\ny\r\n";
        assert_eq!(mail.compare(arrived.as_bytes()).unwrap().len(), 2);
        assert_eq!(mail.compare(&mail.bytes).unwrap().len(), 0);
    }

    #[test]
    fn each_byte_counts() {
        let mail = mail("Subject: x\r\n\r\n.y\r\n");
        for arrived in [
            "Subject: x\r\n\r\ny\r\n",
            "Subject: x\r\n\r\n..y\r\n",
            "Subject: x\r\n\r\n.y\r\n\r\n",
            "Received: a\r\nSubject: x\r\n\r\n.z\r\n",
            "X-Other: a\r\nSubject: x\r\n\r\n.y\r\n",
            "",
        ] {
            assert!(mail.compare(arrived.as_bytes()).is_err(), "{arrived:?}");
        }
        let cut = mail.compare(b"Received: a\r\nSubject: x\r\n\r\n").unwrap_err();
        assert_eq!(cut.to_string(), "differs at byte 14: 18 bytes were sent, 14 arrived");
    }
}
