//! `fetch`: messages as they are.

use super::talk::Talk;
use crate::{client::Failure, terminal::is_harmless};
use mailrail_imap::{
    client::Event,
    response::{FetchItem, SectionName},
    types::{FetchAttribute, Mailbox, Section, SequenceSet},
};
use std::io::{self, IsTerminal, Write};

/// The largest message that is taken, in bytes: a longer one is taken for an endless one.
const MESSAGE_MAX: u64 = 4 << 30;
/// How many responses may come besides one for each message.
const NEWS_MAX: u64 = 100_000;

/// Reads UIDs: `7`, `3:9,12`, `100:*`.
pub(super) fn uids(arguments: &[String]) -> Result<SequenceSet, Failure> {
    let uids = arguments.join(",");
    uids.parse().map_err(|error| Failure::usage(format_args!("{uids}: no UIDs: {error}")))
}

/// Writes the messages to standard output, one behind the other, as they come.
pub(super) async fn fetch(
    talk: &mut Talk,
    mailbox: &str,
    uids: SequenceSet,
) -> Result<(), Failure> {
    let (mut there, mut out) = (0_u32, Out::new());
    let tag = talk.imap().examine(Mailbox::from_name(mailbox))?;
    talk.finish(mailbox, tag, |event| {
        if let Event::Exists(n) = event {
            there = n;
        }
        Ok(())
    })
    .await?;
    let whole = FetchAttribute::section(Section::whole(), None, true);
    let tag = talk.imap().uid_fetch(uids, [whole])?;
    let (mut written, mut wanted, mut responses) = (0, false, 0_u64);
    let is_whole = |name: &SectionName<'_>| *name == SectionName::Body(Section::whole());
    talk.finish_at_leisure("FETCH", tag, |event| {
        responses += u64::from(!matches!(event, Event::Literal(_)));
        match event {
            Event::Exists(n) => there = there.max(n),
            Event::Literal(octets) if wanted => out.write(octets)?,
            Event::Fetch(fetch) => {
                if fetch.literal.as_ref().is_some_and(|it| it.length > MESSAGE_MAX) {
                    return Err(Failure::new("the server sends a message that is too large"));
                }
                wanted = fetch.literal.as_ref().is_some_and(|it| is_whole(&it.section));
                written += u32::from(wanted);
                for item in fetch.items {
                    // A server may quote what is short.
                    if let FetchItem::Section { section, content: Some(content), .. } = item
                        && is_whole(&section)
                    {
                        out.write(content.as_bytes())?;
                        written += 1;
                    }
                }
            }
            _ => {}
        }
        if written > there || responses > NEWS_MAX + 2 * u64::from(there) {
            return Err(Failure::new("the server sends more than was asked for"));
        }
        Ok(())
    })
    .await?;
    out.0.flush()?;
    talk.end().await;
    if written == 0 {
        return Err(Failure::new("no message has such a UID"));
    }
    Ok(())
}

/// Standard output, and whether it is a terminal, which no message may command.
struct Out(io::StdoutLock<'static>, bool);

impl Out {
    fn new() -> Self {
        let out = io::stdout();
        let is_terminal = out.is_terminal();
        Self(out.lock(), is_terminal)
    }

    fn write(&mut self, octets: &[u8]) -> io::Result<()> {
        if self.1 {
            return self.0.write_all(harmless(octets).as_bytes());
        }
        self.0.write_all(octets)
    }
}

/// Text for a terminal, with its lines.
fn harmless(octets: &[u8]) -> String {
    let shown = |c: char| match c {
        '\r' => None,
        c if c == '\n' || is_harmless(c) => Some(c),
        _ => Some(char::REPLACEMENT_CHARACTER),
    };
    String::from_utf8_lossy(octets).chars().filter_map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_sees_lines_and_no_commands() {
        assert_eq!(harmless(b"a\r\nb\x1b[2J\r\n"), "a\nb\u{fffd}[2J\n");
    }

    #[test]
    fn uids_are_a_set() {
        let set = |words: &[&str]| uids(&words.iter().map(|&it| it.to_owned()).collect::<Vec<_>>());
        assert_eq!(set(&["3:9", "12"]).unwrap().to_string(), "3:9,12");
        assert_eq!(set(&["0"]).unwrap_err().status(), 2);
    }
}
