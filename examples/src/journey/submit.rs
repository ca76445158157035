//! Alice's program: it submits the message.

use super::Stop;
use crate::drive::tokio::{Link, Stream};
use bytes::Bytes;
use mailrail_sasl::{ClientMechanism as _, PlainClient};
use mailrail_smtp::{
    Client, Domain, Mailbox,
    client::{Event, Verb},
    command::{Body, Mail},
};
use std::fmt;

/// How much of the message is handed over at a time.
const PIECE: usize = 64 * 1024;

/// Who submits, and to whom.
#[derive(Debug, Clone, Copy)]
pub(super) struct Submission<'a> {
    pub(super) from: &'a str,
    pub(super) password: &'a str,
    pub(super) to: &'a str,
}

/// Submits `message` with AUTH PLAIN over STARTTLS; tells the server's last word on it.
pub(super) async fn submit(
    submission: Submission<'_>,
    mut message: Bytes,
    mut link: Link<Client, Stream>,
) -> Result<String, Stop> {
    let stop = |why: &dyn fmt::Display| Stop::new("submitted", why);
    let host: Domain<'_> = "laptop.north.test".parse().map_err(|e| stop(&e))?;
    let from: Mailbox<'_> = submission.from.parse().map_err(|e| stop(&e))?;
    let to: Mailbox<'_> = submission.to.parse().map_err(|e| stop(&e))?;
    let mut plain = PlainClient::new(submission.from, submission.password).map_err(|e| stop(&e))?;
    let mut accepted = None;
    while let Some((event, smtp)) = link.next_event().await.map_err(|e| stop(&e))? {
        match event {
            Event::Reply { reply, command } if !reply.is_positive() => {
                return Err(stop(&format!("{command:?}: {reply}")));
            }
            Event::Closing(reply) => return Err(stop(&reply)),
            Event::Reply { command: Verb::Greeting, .. } | Event::Secured => {
                smtp.ehlo(host.clone())
            }
            Event::Reply { command: Verb::Ehlo, .. } if !smtp.is_secured() => smtp.starttls(),
            Event::Reply { command: Verb::Ehlo, .. } => {
                let response = plain.initial_response().map_err(|e| stop(&e))?;
                smtp.authenticate(plain.name(), response.as_ref().map(|r| &r.expose()[..]))
            }
            Event::Reply { command: Verb::Auth, .. } => {
                let mut mail = Mail::new(from.clone().into());
                mail.body = (!message.is_ascii()).then_some(Body::EightBitMime);
                mail.size = u64::try_from(message.len()).ok();
                smtp.mail(mail).and_then(|()| smtp.rcpt(to.clone())).and_then(|()| smtp.data())
            }
            Event::WantMessage if message.is_empty() => smtp.end_message(),
            Event::WantMessage => smtp.message(message.split_to(message.len().min(PIECE))),
            Event::Reply { command: Verb::Message, reply } => {
                accepted = Some(reply.to_string());
                smtp.quit()
            }
            _ => Ok(()),
        }
        .map_err(|e| stop(&e))?;
    }
    accepted.ok_or_else(|| stop(&"the server closed the connection"))
}
