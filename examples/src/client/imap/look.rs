//! `list`, `status` and `search`.

use super::talk::Talk;
use crate::client::{Failure, print};
use mailrail_imap::{
    Command,
    client::Event,
    command::Search,
    response::{MailboxStatus, NameAttribute},
    types::{IString, ListPattern, Mailbox, StatusAttribute, StatusItem},
};
use std::fmt::Write as _;

/// What names a server may list, in bytes and in number: more is taken for an endless list.
const NAMES_BYTES: usize = 16 * 1024 * 1024;
const NAMES: usize = 200_000;

const COUNTS: [StatusAttribute; 5] = [
    StatusAttribute::Messages,
    StatusAttribute::Unseen,
    StatusAttribute::Recent,
    StatusAttribute::UidNext,
    StatusAttribute::UidValidity,
];

/// Prints the mailboxes' names.
pub(super) async fn list(talk: &mut Talk) -> Result<(), Failure> {
    for (mailbox, _) in mailboxes(talk).await? {
        print(&mailbox.name())?;
    }
    talk.end().await;
    Ok(())
}

/// Prints the names with their counts. A mailbox that cannot be selected has none.
pub(super) async fn status(talk: &mut Talk) -> Result<(), Failure> {
    for (mailbox, has_messages) in mailboxes(talk).await? {
        let mut line = mailbox.name().into_owned();
        if has_messages {
            let tag = talk.imap().status(mailbox.clone(), COUNTS)?;
            talk.finish(&mailbox.name(), tag, |event| {
                if let Event::MailboxStatus(status) = event
                    && status.mailbox == mailbox
                {
                    counts(&status, &mut line);
                }
                Ok(())
            })
            .await?;
        }
        print(&line)?;
    }
    talk.end().await;
    Ok(())
}

/// Adds the counts, always in the same order.
fn counts(status: &MailboxStatus<'_>, line: &mut String) {
    let mut counts: Vec<_> = status
        .items
        .iter()
        .filter_map(|item| {
            Some(match *item {
                StatusItem::Messages(n) => (0, "messages", n),
                StatusItem::Unseen(n) => (1, "unseen", n),
                StatusItem::Recent(n) => (2, "recent", n),
                StatusItem::UidNext(n) => (3, "uidnext", n.get()),
                StatusItem::UidValidity(n) => (4, "uidvalidity", n.get()),
                _ => return None,
            })
        })
        .collect();
    counts.sort_unstable();
    for (_, name, count) in counts {
        // Text is always taken.
        let _ = write!(line, " {name}={count}");
    }
}

/// The mailboxes there are, and whether each can be selected.
async fn mailboxes(talk: &mut Talk) -> Result<Vec<(Mailbox<'static>, bool)>, Failure> {
    let (mut found, mut bytes) = (Vec::new(), 0);
    let tag = talk.imap().list(Mailbox::from_name(""), ListPattern::from_name("*"))?;
    talk.finish("LIST", tag, |event| {
        let Event::List(list) = event else { return Ok(()) };
        bytes += list.mailbox.as_bytes().len();
        if found.len() >= NAMES || bytes > NAMES_BYTES {
            return Err(Failure::new("the server has more mailboxes than can be"));
        }
        let without = [NameAttribute::NoSelect, NameAttribute::NonExistent];
        let has_messages = !without.iter().any(|none| list.attributes.contains(none));
        found.push((list.mailbox.into_owned(), has_messages));
        Ok(())
    })
    .await?;
    Ok(found)
}

/// Reads a query in IMAP's words (RFC 3501 §6.4.4). Several arguments are a word each, so that the
/// shell's quotes do: `search SUBJECT "two words"`; a single one is all of the query.
pub(super) fn query(arguments: &[String]) -> Result<Search<'static>, Failure> {
    let wrong = |why: &dyn std::fmt::Display| Failure::usage(format_args!("QUERY: {why}"));
    let words = match arguments {
        [query] => query.clone(),
        words => words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" "),
    };
    if words.contains(char::is_control) {
        return Err(wrong(&"a control character"));
    }
    let line = format!("q UID SEARCH {words}\r\n");
    match Command::parse(line.as_bytes()) {
        Ok((_, Command::Search(search))) => Ok(search.into_owned()),
        Ok(_) => Err(wrong(&"not a search")),
        Err(error) => Err(wrong(&error.expected())),
    }
}

/// The word as a string, where it must be one.
fn quoted(word: &str) -> String {
    let special = |c: char| !c.is_ascii() || matches!(c, ' ' | '"' | '\\' | '%' | '{');
    if word.is_empty() || word.contains(special) && !word.starts_with('(') {
        return format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\""));
    }
    word.to_owned()
}

/// Prints the UIDs of the messages that fit.
pub(super) async fn search(
    talk: &mut Talk,
    mailbox: &str,
    search: Search<'static>,
) -> Result<(), Failure> {
    let tag = talk.imap().examine(Mailbox::from_name(mailbox))?;
    let (mut there, mut found) = (0, 0);
    talk.finish(mailbox, tag, |event| {
        if let Event::Exists(n) = event {
            there = n;
        }
        Ok(())
    })
    .await?;
    let charset = match search.charset {
        None => Some(IString::try_from("UTF-8")?),
        charset => charset,
    };
    let tag = talk.imap().uid_search(charset, search.keys)?;
    talk.finish("SEARCH", tag, |event| {
        match event {
            Event::Exists(n) => there = there.max(n),
            Event::Search(part) => {
                for uid in part.numbers {
                    found += 1;
                    if found > there {
                        return Err(Failure::new("the server finds more messages than there are"));
                    }
                    print(&uid.to_string())?;
                }
            }
            _ => {}
        }
        Ok(())
    })
    .await?;
    talk.end().await;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use mailrail_imap::types::SearchKey;

    fn keys(arguments: &[&str]) -> Option<Vec<SearchKey<'static>>> {
        let arguments: Vec<_> = arguments.iter().map(|&word| word.to_owned()).collect();
        query(&arguments).ok().map(|search| search.keys)
    }

    #[test]
    fn words_are_strings_where_they_must_be() {
        let two_words = keys(&["SUBJECT \"two words\" UNSEEN"]);
        assert_eq!(two_words.as_ref().map(Vec::len), Some(2));
        assert_eq!(keys(&["SUBJECT", "two words", "UNSEEN"]), two_words);
        assert!(
            keys(&["FROM", "Jürgen"]).is_some() && keys(&["OR", "(SEEN", "NEW)", "OLD"]).is_some()
        );
        for wrong in [&["NONSENSE"][..], &["SUBJECT"], &["ALL\r\nq LOGOUT"], &["SUBJECT", "a\r\nb"]]
        {
            assert_eq!(keys(wrong), None, "{wrong:?}");
        }
    }
}
