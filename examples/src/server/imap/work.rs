//! Answers that are too long to be given at once.

use super::{Broken, Session, fetch::Fetching, refuse};
use mailrail_imap::{
    Misuse, Server,
    response::{Fetch, List, ResponseCode},
    types::Text,
};
use std::{num::NonZeroU32, vec};

/// How many numbers of a SEARCH are given at a time.
const NUMBERS: usize = 1_000;

/// An answer under way.
pub(super) struct Work {
    job: Job,
    /// What its OK says.
    code: Option<ResponseCode<'static>>,
}

/// What is told before what is new.
pub(super) enum Job {
    /// Nothing: what is new is all.
    News,
    Lists(vec::IntoIter<List<'static>>),
    /// STORE
    Flags(vec::IntoIter<Fetch<'static>>),
    /// SEARCH: the numbers, and how many of them are told.
    Found(Vec<NonZeroU32>, usize),
    Fetch(Box<Fetching>),
}

impl Session<'_> {
    /// Begins an answer, and gives as much of it as there is room for.
    pub(super) async fn begin(
        &mut self,
        job: Job,
        code: Option<ResponseCode<'static>>,
        imap: &mut Server,
    ) -> Result<(), Broken> {
        self.work = Some(Box::new(Work { job, code }));
        self.go_on(imap).await
    }

    /// Goes on with the answer under way, and ends it where all is told.
    pub(super) async fn go_on(&mut self, imap: &mut Server) -> Result<(), Broken> {
        let Some(mut work) = self.work.take() else { return Err(Misuse::NotNow.into()) };
        match self.tell(&mut work, imap).await {
            Ok(true) => {}
            Ok(false) => {
                self.work = Some(work);
                return Ok(());
            }
            // Where a response is not whole, this is refused, and the connection is closed.
            Err(Broken::Store(error)) => return Ok(refuse(&error, imap)?),
            Err(error) => return Err(error),
        }
        if let Some(selected) = &mut self.selected {
            selected.sync(&self.context.store).await;
            let all = selected.tell(imap)?;
            // After LIST, what is new can wait as well.
            if !all && !matches!(work.job, Job::Lists(_)) {
                self.work = Some(work);
                return Ok(());
            }
        }
        Ok(imap.ok(work.code, Text::default())?)
    }

    /// Whether all is told.
    async fn tell(&mut self, work: &mut Work, imap: &mut Server) -> Result<bool, Broken> {
        match &mut work.job {
            Job::News => {}
            Job::Lists(lists) => {
                while imap.has_room() {
                    let Some(list) = lists.next() else { return Ok(true) };
                    imap.list(list)?;
                }
                return Ok(lists.len() == 0);
            }
            Job::Flags(messages) => {
                while imap.has_room() {
                    let Some(message) = messages.next() else { return Ok(true) };
                    imap.fetch(message)?;
                }
                return Ok(messages.len() == 0);
            }
            Job::Found(numbers, told) => {
                while let Some(rest) = numbers.get(*told..).filter(|rest| !rest.is_empty()) {
                    if !imap.has_room() {
                        return Ok(false);
                    }
                    let part = rest.get(..NUMBERS).unwrap_or(rest);
                    imap.search(part)?;
                    *told += part.len();
                }
            }
            Job::Fetch(fetching) => {
                let Some(selected) = &mut self.selected else {
                    return Err(Misuse::NotNow.into());
                };
                let store = &self.context.store;
                if !fetching.go_on(selected, store, imap).await? {
                    return Ok(false);
                }
                work.code = fetching.code();
            }
        }
        Ok(true)
    }
}
