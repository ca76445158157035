//! Mailboxes: their names, and what is counted of them.

use super::{Broken, Session, refuse, selected::Selected, work::Job};
use crate::store::{self, DELIMITER};
use mailrail_imap::{
    Server, command,
    response::{List, MailboxStatus, NameAttribute},
    types::{Delimiter, Mailbox, StatusAttribute, StatusItem},
};
use std::{collections::BTreeMap, num::NonZeroU32};

/// Names, and whether they stand for more than the names below them.
type Names = BTreeMap<String, bool>;

impl Session<'_> {
    pub(super) async fn list(
        &mut self,
        list: &command::List<'_>,
        imap: &mut Server,
    ) -> Result<(), Broken> {
        let mailboxes = match self.context.store.list(&self.account).await {
            Ok(mailboxes) => mailboxes,
            Err(error) => return Ok(refuse(&error, imap)?),
        };
        let names = with_parents(mailboxes.into_iter().map(|mailbox| mailbox.name));
        self.begin(Job::Lists(listed(list, &names, true).into_iter()), None, imap).await
    }

    pub(super) async fn lsub(
        &mut self,
        list: &command::List<'_>,
        imap: &mut Server,
    ) -> Result<(), Broken> {
        let names = match self.context.store.subscriptions(&self.account).await {
            Ok(names) => names,
            Err(error) => return Ok(refuse(&error, imap)?),
        };
        let mut names = with_parents(names.into_iter());
        // RFC 3501 §6.3.9: a name that is not subscribed to is told where `%` hides one that is.
        if !list.pattern.as_bytes().contains(&b'%') {
            names.retain(|_, subscribed| *subscribed);
        }
        self.begin(Job::Lists(listed(list, &names, false).into_iter()), None, imap).await
    }

    pub(super) async fn status(
        &mut self,
        status: command::Status<'_>,
        imap: &mut Server,
    ) -> Result<(), Broken> {
        let found = self.context.store.status(&self.account, &status.mailbox.name()).await;
        match found {
            Ok(found) => {
                let items = status.attributes.iter().filter_map(|it| item(*it, &found)).collect();
                imap.status(MailboxStatus { mailbox: status.mailbox, items })?;
                Ok(self.finish(None, imap).await?)
            }
            Err(error) => Ok(refuse(&error, imap)?),
        }
    }

    pub(super) async fn create(
        &mut self,
        mailbox: &Mailbox<'_>,
        imap: &mut Server,
    ) -> Result<(), Broken> {
        let name = mailbox.name();
        // RFC 3501 §6.3.3: a delimiter at the end only says that others will be made below it.
        let name = name.strip_suffix(DELIMITER).unwrap_or(&name);
        let done = self.context.store.create(&self.account, name).await.map(drop);
        self.end(done, imap).await
    }

    pub(super) async fn delete(
        &mut self,
        mailbox: &Mailbox<'_>,
        imap: &mut Server,
    ) -> Result<(), Broken> {
        let done = self.context.store.delete(&self.account, &mailbox.name()).await;
        self.end(done, imap).await
    }

    pub(super) async fn rename(
        &mut self,
        rename: &command::Rename<'_>,
        imap: &mut Server,
    ) -> Result<(), Broken> {
        let (from, to) = (rename.from.name(), rename.to.name());
        let done = self.context.store.rename(&self.account, &from, &to).await;
        self.end(done, imap).await
    }

    pub(super) async fn subscribe(
        &mut self,
        mailbox: &Mailbox<'_>,
        on: bool,
        imap: &mut Server,
    ) -> Result<(), Broken> {
        let done = self.context.store.subscribe(&self.account, &mailbox.name(), on).await;
        self.end(done, imap).await
    }

    pub(super) async fn select(
        &mut self,
        mailbox: &Mailbox<'_>,
        read_only: bool,
        imap: &mut Server,
    ) -> Result<(), Broken> {
        self.selected = None;
        let (store, name) = (&self.context.store, mailbox.name());
        match Selected::open(store, &self.account, &name, read_only).await {
            Ok((selected, told)) => {
                self.selected = Some(Box::new(selected));
                Ok(imap.selected(told)?)
            }
            Err(error) => Ok(refuse(&error, imap)?),
        }
    }

    pub(super) async fn close(&mut self, expunge: bool, imap: &mut Server) -> Result<(), Broken> {
        let selected = self.selected.take();
        if let Some(selected) = selected.filter(|_| expunge)
            && let Err(error) = self.context.store.expunge(selected.id, None).await
        {
            // No mailbox is selected all the same: there is no NO for that (RFC 3501 §6.4.2).
            tracing::error!(%error, "imap: close");
        }
        Ok(imap.done()?)
    }

    async fn end(&mut self, done: store::Result<()>, imap: &mut Server) -> Result<(), Broken> {
        match done {
            Ok(()) => Ok(self.finish(None, imap).await?),
            Err(error) => Ok(refuse(&error, imap)?),
        }
    }
}

/// The names, and those above them that are missing.
fn with_parents(names: impl Iterator<Item = String>) -> Names {
    let mut all = Names::new();
    for name in names {
        for (at, _) in name.match_indices(DELIMITER) {
            let above = name.get(..at).unwrap_or_default();
            if !all.contains_key(above) {
                all.insert(above.to_owned(), false);
            }
        }
        all.insert(name, true);
    }
    all
}

/// Those that fit the pattern.
fn listed(list: &command::List<'_>, names: &Names, children: bool) -> Vec<List<'static>> {
    let delimiter = Some(Delimiter::SLASH);
    if list.pattern.as_bytes().is_empty() {
        let attributes = vec![NameAttribute::NoSelect];
        return vec![List { attributes, delimiter, mailbox: Mailbox::from_name("") }];
    }
    let mut found = Vec::new();
    for (name, exists) in names {
        let mailbox = Mailbox::from_name(name);
        if !list.matches(&mailbox, delimiter) {
            continue;
        }
        let mut attributes = Vec::new();
        if !exists {
            attributes.push(NameAttribute::NoSelect);
        }
        if children {
            let below = format!("{name}{DELIMITER}");
            let next = names.range(below.clone()..).next();
            let has_some = next.is_some_and(|(next, _)| next.starts_with(&below));
            attributes.push(if has_some {
                NameAttribute::HasChildren
            } else {
                NameAttribute::HasNoChildren
            });
        }
        found.push(List { attributes, delimiter, mailbox });
    }
    found
}

fn item(attribute: StatusAttribute, status: &store::Status) -> Option<StatusItem> {
    Some(match attribute {
        StatusAttribute::Messages => StatusItem::Messages(status.messages),
        StatusAttribute::Recent => StatusItem::Recent(status.recent),
        StatusAttribute::UidNext => StatusItem::UidNext(NonZeroU32::new(status.state.uidnext)?),
        StatusAttribute::UidValidity => {
            StatusItem::UidValidity(NonZeroU32::new(status.state.uidvalidity)?)
        }
        StatusAttribute::Unseen => StatusItem::Unseen(status.unseen),
        StatusAttribute::Deleted => StatusItem::Deleted(status.deleted),
        StatusAttribute::Size => StatusItem::Size(status.size),
        // What a later version may ask for is not offered.
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use mailrail_imap::Command;

    fn names(command: &str, all: &[&str]) -> Vec<String> {
        let (_, command) = Command::parse(command.as_bytes()).unwrap();
        let (list, children) = match command {
            Command::List(list) => (list, true),
            Command::Lsub(list) => (list, false),
            _ => panic!("{command:?}"),
        };
        let names = with_parents(all.iter().map(|name| (*name).to_owned()));
        let listed = listed(&list, &names, children);
        let words = |list: &List<'_>| {
            let words: Vec<_> = list.attributes.iter().map(NameAttribute::as_str).collect();
            format!("{} {}", list.mailbox.name(), words.join(" "))
        };
        listed.iter().map(words).collect()
    }

    #[test]
    fn names_above_are_told() {
        let all = ["INBOX", "a b", "a/b/c", "Entwürfe"];
        assert_eq!(
            names("x LIST \"\" %\r\n", &all),
            [
                "Entwürfe HasNoChildren",
                "INBOX HasNoChildren",
                "a Noselect HasChildren",
                "a b HasNoChildren"
            ]
        );
        assert_eq!(names("x LIST a/ %\r\n", &all), ["a/b Noselect HasChildren"]);
        assert_eq!(names("x LIST \"\" Entw&APw-rfe\r\n", &all), ["Entwürfe HasNoChildren"]);
        assert_eq!(names("x LIST \"\" inbox\r\n", &all), ["INBOX HasNoChildren"]);
        assert_eq!(names("x LIST \"\" \"\"\r\n", &all), [" Noselect"]);
        assert_eq!(names("x LSUB \"\" %\r\n", &["a/b"]), ["a Noselect"]);
    }
}
