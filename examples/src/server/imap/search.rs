//! SEARCH: keys held against what is stored.

use super::{Broken, Session, fetch::date, refuse, selected::Selected, source, work::Job};
use crate::store::{self, Error, Message, Store};
use bytes::Bytes;
use mailrail_imap::{
    Misuse, Server,
    command::Search,
    server::{Needs, Query, Searched},
    types::{DateTime, Flag},
};
use std::{num::NonZeroU32, sync::Arc};

/// How many messages are looked up in the store at a time.
const BATCH: usize = 256;

impl Session<'_> {
    pub(super) async fn search(
        &mut self,
        search: &Search<'_>,
        imap: &mut Server,
    ) -> Result<(), Broken> {
        let Some(selected) = &self.selected else { return Err(Misuse::NotNow.into()) };
        let query = Arc::new(Query::new(search, &selected.view));
        match find(&query, search.uid, selected, &self.context.store).await {
            Ok(found) => self.begin(Job::Found(found, 0), None, imap).await,
            Err(error) => Ok(refuse(&error, imap)?),
        }
    }
}

/// The numbers of the messages that fit.
async fn find(
    query: &Arc<Query>,
    uid: bool,
    selected: &Selected,
    store: &Store,
) -> store::Result<Vec<NonZeroU32>> {
    let mut found = Vec::new();
    for uids in selected.view.uids().chunks(BATCH) {
        let Some((first, last)) = uids.first().zip(uids.last()) else { continue };
        for message in store.messages(selected.id, *first..=*last).await? {
            let number =
                if uid { NonZeroU32::new(message.uid) } else { selected.sequence(message.uid) };
            if matches(query, message, selected, store).await? {
                found.extend(number);
            }
        }
    }
    Ok(found)
}

/// Whether a message fits; as much of it is read as is needed. One that is gone does not fit.
async fn matches(
    query: &Arc<Query>,
    message: Message,
    selected: &Selected,
    store: &Store,
) -> store::Result<bool> {
    let uid = message.uid;
    let mut candidate = Candidate {
        recent: selected.is_recent(uid),
        message,
        header: Bytes::new(),
        whole: None,
        read: Needs::Nothing,
    };
    let mut tried = query.matches(uid, &mut candidate);
    while let Err(Unread(needs)) = tried {
        let reader = match store.read_message(selected.id, uid).await {
            Err(Error::NoMessage) => return Ok(false),
            reader => reader?,
        };
        candidate.read = needs;
        tried = if needs == Needs::Header {
            candidate.header = source::header(&reader).await?;
            query.matches(uid, &mut candidate)
        } else {
            candidate.whole = Some(source::whole(&reader).await?);
            let query = Arc::clone(query);
            let test = move || query.matches(uid, &mut candidate);
            let tried = tokio::task::spawn_blocking(test).await.map_err(|_| Error::Stopped)?;
            // With the whole message in memory, nothing is left to be read.
            return Ok(tried.unwrap_or(false));
        };
    }
    Ok(tried.unwrap_or(false))
}

/// A message that is searched.
struct Candidate {
    message: Message,
    recent: bool,
    read: Needs,
    header: Bytes,
    whole: Option<source::Whole>,
}

/// So much of the message must be read before it is known.
struct Unread(Needs);

impl Searched for Candidate {
    type Error = Unread;

    fn has_flag(&mut self, flag: &Flag<'_>) -> Result<bool, Unread> {
        Ok(match flag {
            Flag::Recent => self.recent,
            flag => self.message.flags.contains(&flag.to_string()),
        })
    }

    fn internal_date(&mut self) -> Result<DateTime, Unread> {
        date(&self.message).ok_or(Unread(Needs::Nothing))
    }

    fn size(&mut self) -> Result<u64, Unread> {
        Ok(self.message.size)
    }

    fn bytes(&mut self, needs: Needs) -> Result<&[u8], Unread> {
        match &self.whole {
            Some(whole) => Ok(&whole.bytes),
            None if self.read >= needs => Ok(&self.header),
            None => Err(Unread(needs)),
        }
    }
}
