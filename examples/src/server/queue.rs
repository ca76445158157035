//! How a delivery's state is kept in the relay queue: a row for each recipient.

use crate::store::{self, Queued, Remote};
use bytes::Buf as _;
use core::time::Duration;
use mailrail_smtp::{
    EnhancedStatusCode, Reply,
    command::{Command, Mail, Rcpt},
    delivery::{Diagnosis, Recipient, Stage, State},
};
use mailrail_wire::{Output, Time};
use serde::{Deserialize, Serialize};
use std::io;

/// What a row says beside what its columns do. Times are in seconds since 1970.
#[derive(Debug, Serialize, Deserialize)]
struct Row {
    /// The MAIL command.
    mail: String,
    /// The RCPT command.
    rcpt: String,
    #[serde(default)]
    stage: Kept,
    #[serde(default)]
    attempts: u32,
    #[serde(default)]
    next_attempt: u64,
    #[serde(default)]
    is_warned: bool,
    #[serde(default)]
    is_late: bool,
    #[serde(default)]
    last: Option<Last>,
}

/// [`Stage`], but for those who leave the queue.
#[derive(Debug, Default, Clone, Copy, Serialize, Deserialize)]
enum Kept {
    #[default]
    Waiting,
    Relayed,
    Failed,
}

#[derive(Debug, Serialize, Deserialize)]
struct Last {
    at: u64,
    host: Option<String>,
    status: String,
    text: String,
    is_reply: bool,
}

/// A recipient that is queued.
pub(super) fn remote(mail: &Mail<'_>, rcpt: &Rcpt<'_>) -> store::Result<Remote> {
    let recipient = rcpt.forward_path.mailbox().map(ToString::to_string).unwrap_or_default();
    let row = Row {
        mail: line(&Command::Mail(mail.clone()))?,
        rcpt: line(&Command::Rcpt(rcpt.clone()))?,
        stage: Kept::Waiting,
        attempts: 0,
        next_attempt: 0,
        is_warned: false,
        is_late: false,
        last: None,
    };
    Ok(Remote { recipient, state: text(&row)? })
}

/// The state of a message with these rows, in their order; none where there are none.
pub(super) fn read(rows: &[Queued]) -> store::Result<Option<State>> {
    let mut state: Option<State> = None;
    for queued in rows {
        let row: Row = serde_json::from_str(&queued.state).map_err(damaged)?;
        let Ok(Command::Mail(mail)) = Command::parse(row.mail.as_bytes()) else {
            return Err(damaged("no MAIL command"));
        };
        let created = time(queued.created.unsigned_abs());
        let state = state.get_or_insert_with(|| State {
            mail: mail.into_owned(),
            created,
            recipients: Vec::new(),
        });
        let released = state.released();
        state.recipients.push(recipient(&row, released)?);
    }
    Ok(state)
}

fn recipient(row: &Row, released: Time) -> store::Result<Recipient> {
    let Ok(Command::Rcpt(rcpt)) = Command::parse(row.rcpt.as_bytes()) else {
        return Err(damaged("no RCPT command"));
    };
    let last = row.last.as_ref().map(|last| {
        Ok::<_, store::Error>(Diagnosis {
            at: time(last.at),
            host: last.host.clone(),
            status: code(&last.status).ok_or_else(|| damaged("no status code"))?,
            text: last.text.clone(),
            is_reply: last.is_reply,
        })
    });
    Ok(Recipient {
        rcpt: rcpt.into_owned(),
        stage: match row.stage {
            Kept::Waiting => Stage::Waiting,
            Kept::Relayed => Stage::Relayed,
            Kept::Failed => Stage::Failed,
        },
        attempts: row.attempts,
        next_attempt: time(row.next_attempt).max(released),
        is_warned: row.is_warned,
        is_late: row.is_late,
        last: last.transpose()?,
    })
}

/// What a row says of that recipient; none where it leaves the queue.
pub(super) fn write(state: &State, at: usize) -> store::Result<Option<String>> {
    let Some(recipient) = state.recipients.get(at) else { return Ok(None) };
    let stage = match recipient.stage {
        Stage::Waiting => Kept::Waiting,
        Stage::Relayed => Kept::Relayed,
        Stage::Failed => Kept::Failed,
        Stage::Settled => return Ok(None),
    };
    let last = recipient.last.as_ref().map(|last| Last {
        at: seconds(last.at),
        host: last.host.clone(),
        status: last.status.to_string(),
        text: last.text.clone(),
        is_reply: last.is_reply,
    });
    text(&Row {
        mail: line(&Command::Mail(state.mail.clone()))?,
        rcpt: line(&Command::Rcpt(recipient.rcpt.clone()))?,
        stage,
        attempts: recipient.attempts,
        next_attempt: seconds(recipient.next_attempt),
        is_warned: recipient.is_warned,
        is_late: recipient.is_late,
        last,
    })
    .map(Some)
}

/// That many seconds since 1970.
pub(super) fn time(seconds: u64) -> Time {
    Time::from_start(Duration::from_secs(seconds))
}

/// Seconds since 1970.
pub(super) fn seconds(time: Time) -> u64 {
    time.saturating_since(Time::default()).as_secs()
}

fn line(command: &Command<'_>) -> store::Result<String> {
    let mut out = Output::default();
    command.encode(&mut out);
    String::from_utf8(out.copy_to_bytes(out.remaining()).to_vec()).map_err(damaged)
}

/// As in a reply, where alone such a code is read.
fn code(text: &str) -> Option<EnhancedStatusCode> {
    let class = text.chars().next()?;
    Reply::parse(format!("{class}50 {text} x\r\n").as_bytes()).ok()?.enhanced()
}

fn text(row: &Row) -> store::Result<String> {
    serde_json::to_string(row).map_err(damaged)
}

/// The queue holds what was one; so this is a damaged index.
fn damaged(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> store::Error {
    store::Error::Io(io::Error::new(io::ErrorKind::InvalidData, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_kept() {
        let mail = |line: &str| match Command::parse(line.as_bytes()).unwrap() {
            Command::Mail(mail) => mail.into_owned(),
            other => panic!("{other:?}"),
        };
        let rcpt = |line: &str| match Command::parse(line.as_bytes()).unwrap() {
            Command::Rcpt(rcpt) => rcpt.into_owned(),
            other => panic!("{other:?}"),
        };
        let mail = mail("MAIL FROM:<ann@north.test> RET=HDRS ENVID=a+2Bb\r\n");
        let rcpt = rcpt("RCPT TO:<\"b b\"@south.test> NOTIFY=DELAY ORCPT=rfc822;c@d\r\n");
        let Remote { recipient, state } = remote(&mail, &rcpt).unwrap();
        assert_eq!(recipient, "\"b b\"@south.test");
        let mut row = Queued { state, created: 1_000, ..Queued::default() };
        let mut read_back = read(&[row.clone()]).unwrap().unwrap();
        let first = &read_back.recipients[0];
        assert_eq!((&read_back.mail, &first.rcpt), (&mail, &rcpt));
        assert_eq!((first.stage, first.next_attempt), (Stage::Waiting, time(1_000)));

        let one = &mut read_back.recipients[0];
        (one.stage, one.attempts, one.is_warned) = (Stage::Relayed, 3, true);
        one.next_attempt = time(2_000);
        one.last = Some(Diagnosis {
            at: time(1_500),
            host: Some("mx.test".into()),
            status: EnhancedStatusCode::new(4, 7, 1).unwrap(),
            text: "451 4.7.1 \u{e4}\"".into(),
            is_reply: true,
        });
        row.state = write(&read_back, 0).unwrap().unwrap();
        assert_eq!(read(&[row]).unwrap().unwrap(), read_back);
        read_back.recipients[0].stage = Stage::Settled;
        assert_eq!(write(&read_back, 0).unwrap(), None);
        let damaged = Queued { state: "{}".into(), ..Queued::default() };
        assert!(read(&[damaged]).is_err());
    }
}
