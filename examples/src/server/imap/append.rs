//! APPEND: messages that come from a client.

use super::{Broken, Session, code, refuse};
use crate::store::{Date, Error, Flags, Incoming, NewMessage, Result as StoreResult, Store};
use bytes::Bytes;
use mailrail_imap::{
    Misuse, Server,
    command::Append,
    response::{Code, ResponseCode},
    types::{SequenceSet, Text},
};
use mailrail_wire::LineEnds;
use std::num::NonZeroU32;

/// A message on its way into the store.
///
/// Its line ends are completed, since POP3 could not carry bare ones: so a message can be some bytes
/// longer than what was sent.
pub(super) struct Appending {
    mailbox: String,
    flags: Flags,
    date: Date,
    incoming: Incoming,
    ends: LineEnds,
}

impl Session<'_> {
    pub(super) async fn append(
        &mut self,
        append: Append<'_>,
        imap: &mut Server,
    ) -> Result<(), Broken> {
        let store = &self.context.store;
        let mailbox = append.mailbox.name().into_owned();
        let found = store.mailbox(&self.account, &mailbox).await;
        let incoming = match found.and_then(|_| store.incoming()) {
            Ok(incoming) => incoming,
            Err(error) => return Ok(refuse_target(&error, imap)?),
        };
        let names: Vec<String> = append.flags.iter().map(ToString::to_string).collect();
        let date = append.date.map(|it| Date { seconds: it.unix(), offset: it.zone() });
        self.appending = Some(Box::new(Appending {
            mailbox,
            flags: names.iter().map(String::as_str).collect(),
            date: date.unwrap_or_else(Date::now),
            incoming,
            ends: LineEnds::default(),
        }));
        Ok(imap.accept_message()?)
    }

    pub(super) async fn append_data(
        &mut self,
        octets: &[u8],
        imap: &mut Server,
    ) -> Result<(), Broken> {
        let Some(appending) = &mut self.appending else { return Ok(()) };
        if let Err(error) = appending.take(octets).await {
            self.appending = None;
            refuse(&error, imap)?;
        }
        Ok(())
    }

    pub(super) async fn append_end(&mut self, imap: &mut Server) -> Result<(), Broken> {
        let Some(appending) = self.appending.take() else { return Err(Misuse::NotNow.into()) };
        match appending.finish(&self.context.store, &self.account).await {
            Ok((uid_validity, uids)) => {
                let appended = append_uid(uid_validity, &uids);
                Ok(self.finish(appended, imap).await?)
            }
            Err(error) => Ok(refuse_target(&error, imap)?),
        }
    }
}

impl Appending {
    async fn take(&mut self, octets: &[u8]) -> StoreResult<()> {
        let mut slices = Vec::new();
        self.ends.complete(Bytes::copy_from_slice(octets), |slice| slices.push(slice));
        for slice in slices {
            self.incoming.append(&slice).await?;
        }
        Ok(())
    }

    /// Ends the message; once this has returned, it is on the disk.
    async fn finish(mut self, store: &Store, account: &str) -> StoreResult<(u32, Vec<u32>)> {
        let mut rest = Vec::new();
        self.ends.finish(|slice| rest.extend_from_slice(&slice));
        self.incoming.append(&rest).await?;
        let blob = self.incoming.finish().await?;
        let message = NewMessage { blob, flags: self.flags, date: self.date };
        store.append(account, &self.mailbox, vec![message]).await
    }
}

fn append_uid(uid_validity: u32, uids: &[u32]) -> Option<ResponseCode<'static>> {
    let uids = SequenceSet::from_numbers(uids.iter().copied().filter_map(NonZeroU32::new))?;
    Some(ResponseCode::AppendUid { uid_validity: NonZeroU32::new(uid_validity)?, uids })
}

/// Answers NO where the mailbox that messages are to be put into may be what is missing.
pub(super) fn refuse_target(error: &Error, imap: &mut Server) -> Result<(), Misuse> {
    match error {
        Error::NoMailbox => {
            imap.no(code(Code::TryCreate), Text::new("no such mailbox").unwrap_or_default())
        }
        error => refuse(error, imap),
    }
}
