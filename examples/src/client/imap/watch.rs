//! `watch`: what changes in a mailbox, as it comes.

use super::talk::{Talk, refused};
use crate::client::{Failure, print};
use mailrail_imap::{
    Misuse,
    client::{Event, Verb},
    response::{Fetch, FetchItem, Status},
    types::Mailbox,
};
use std::io::{self, Write};

/// Prints a line for each change: `3 EXISTS` (so many messages there are now), `2 EXPUNGE` (that
/// one is gone), `1 FLAGS \Seen \Answered` (that one has these flags now). Ends with the connection.
pub(super) async fn watch(talk: &mut Talk, mailbox: &str) -> Result<(), Failure> {
    let mut there = 0;
    let tag = talk.imap().examine(Mailbox::from_name(mailbox))?;
    talk.finish(mailbox, tag, |event| {
        if let Event::Exists(n) = event {
            there = n;
        }
        Ok(())
    })
    .await?;
    talk.imap().idle().map_err(|error| match error {
        Misuse::NotOffered => Failure::new("the server offers no IDLE"),
        error => error.into(),
    })?;
    // Whether the IDLE under way, or the next one, is already asked for.
    let (mut begun, mut asked) = (false, true);
    loop {
        let (event, imap) = talk.next().await?;
        match event {
            Event::Idling => {
                asked = false;
                if !begun {
                    begun = true;
                    writeln!(io::stderr(), "watching {mailbox}: {there} messages")?;
                }
            }
            Event::WantDone => {
                imap.done()?;
                imap.idle()?;
                asked = true;
            }
            Event::Completed { command: Verb::Idle, status, code, text, .. } => {
                if status != Status::Ok {
                    return Err(refused("IDLE", status, code, &text));
                }
                if !asked {
                    // The server has ended it by itself.
                    imap.idle()?;
                    asked = true;
                }
            }
            // Some servers say it again where nothing has changed.
            Event::Exists(n) if n != there => {
                there = n;
                print(&format!("{n} EXISTS"))?;
            }
            Event::Expunge(n) => {
                there = there.saturating_sub(1);
                print(&format!("{n} EXPUNGE"))?;
            }
            Event::Fetch(fetch) => {
                if let Some(line) = flags(&fetch) {
                    print(&line)?;
                }
            }
            _ => {}
        }
    }
}

fn flags(fetch: &Fetch<'_>) -> Option<String> {
    let flags = fetch.items.iter().find_map(|item| match item {
        FetchItem::Flags(flags) => Some(flags),
        _ => None,
    })?;
    let words: String = flags.iter().map(|flag| format!(" {flag}")).collect();
    Some(format!("{} FLAGS{words}", fetch.seq))
}
