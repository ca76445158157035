//! STORE, COPY, MOVE and EXPUNGE.

use super::{Broken, Session, append::refuse_target, code, refuse, text, work::Job};
use crate::store::{Copied, FlagChange, Flags, MailboxId};
use mailrail_imap::{
    Misuse, Server,
    command::{Copy, Expunge, Store, StoreMode},
    response::{Code, Fetch, FetchItem, ResponseCode},
    types::SequenceSet,
};
use std::num::NonZeroU32;

impl Session<'_> {
    pub(super) async fn store(
        &mut self,
        command: Store<'_>,
        imap: &mut Server,
    ) -> Result<(), Broken> {
        let Some((mailbox, uids)) = self.uids(&command.set, command.uid) else {
            return Err(Misuse::NotNow.into());
        };
        let how = match command.mode {
            StoreMode::Add => FlagChange::Add,
            StoreMode::Remove => FlagChange::Remove,
            _ => FlagChange::Replace,
        };
        let wanted = uids.len();
        let names: Vec<String> = command.flags.iter().map(ToString::to_string).collect();
        let flags: Flags = names.iter().map(String::as_str).collect();
        let stored = match self.context.store.store_flags(mailbox, uids, how, flags).await {
            Ok(stored) => stored,
            Err(error) => return Ok(refuse(&error, imap)?),
        };
        let Some(selected) = &mut self.selected else { return Err(Misuse::NotNow.into()) };
        selected.changed(stored.modseq, &stored.messages);
        let mut told = Vec::new();
        if !command.silent {
            for message in &stored.messages {
                let Some(seq) = selected.sequence(message.uid) else { continue };
                let mut items = vec![FetchItem::Flags(selected.flags_of(message))];
                if let Some(uid) = NonZeroU32::new(message.uid).filter(|_| command.uid) {
                    items.insert(0, FetchItem::Uid(uid));
                }
                told.push(Fetch { seq, items, literal: None });
            }
        }
        let missed = stored.messages.len() < wanted;
        let code = if missed { code(Code::ExpungeIssued) } else { None };
        self.begin(Job::Flags(told.into_iter()), code, imap).await
    }

    pub(super) async fn copy(&mut self, copy: &Copy<'_>, imap: &mut Server) -> Result<(), Broken> {
        let Some((mailbox, uids)) = self.uids(&copy.set, copy.uid) else {
            return Err(Misuse::NotNow.into());
        };
        let (store, to) = (&self.context.store, copy.mailbox.name());
        match store.copy(mailbox, uids, &self.account, &to).await {
            Ok(copied) => Ok(self.finish(copy_uid(&copied), imap).await?),
            Err(error) => Ok(refuse_target(&error, imap)?),
        }
    }

    pub(super) async fn move_to(
        &mut self,
        copy: &Copy<'_>,
        imap: &mut Server,
    ) -> Result<(), Broken> {
        let Some((mailbox, uids)) = self.uids(&copy.set, copy.uid) else {
            return Err(Misuse::NotNow.into());
        };
        let (store, to) = (&self.context.store, copy.mailbox.name());
        match store.move_to(mailbox, uids, &self.account, &to).await {
            Ok(copied) => {
                if let Some(code) = copy_uid(&copied) {
                    imap.untagged_ok(Some(code), text("moved"))?;
                }
                self.begin(Job::News, None, imap).await
            }
            Err(error) => Ok(refuse_target(&error, imap)?),
        }
    }

    pub(super) async fn expunge(
        &mut self,
        expunge: &Expunge,
        imap: &mut Server,
    ) -> Result<(), Broken> {
        let Some(selected) = &self.selected else { return Err(Misuse::NotNow.into()) };
        let mailbox = selected.id;
        let uids = match &expunge.uids {
            Some(set) => self.uids(set, true).map(|(_, uids)| uids),
            None => None,
        };
        match self.context.store.expunge(mailbox, uids).await {
            Ok(_) => self.begin(Job::News, None, imap).await,
            Err(error) => Ok(refuse(&error, imap)?),
        }
    }

    /// The selected mailbox, and the UIDs of messages in it.
    fn uids(&self, set: &SequenceSet, uid: bool) -> Option<(MailboxId, Vec<u32>)> {
        let selected = self.selected.as_ref()?;
        let numbers = selected.view.resolve(set, uid).unwrap_or_default();
        let uids = selected.view.messages(&numbers).map(|(_, uid)| uid).collect();
        Some((selected.id, uids))
    }
}

fn copy_uid(copied: &Copied) -> Option<ResponseCode<'static>> {
    let numbers = |uids: &mut dyn Iterator<Item = u32>| {
        SequenceSet::from_numbers(uids.filter_map(NonZeroU32::new))
    };
    Some(ResponseCode::CopyUid {
        uid_validity: NonZeroU32::new(copied.uidvalidity)?,
        source: numbers(&mut copied.uids.iter().map(|(from, _)| *from))?,
        destination: numbers(&mut copied.uids.iter().map(|(_, to)| *to))?,
    })
}
