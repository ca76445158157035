//! Alice's program: it submits the message.

use super::{Stop, User};
use crate::{
    drive::tokio::{Link, Stream},
    outgoing::Kind,
    submit::authenticator,
};
use bytes::Bytes;
use mailrail_smtp::{
    Config, Domain, Mailbox, Submission,
    command::Body,
    submission::{Envelope, Event, Outcome, TlsPolicy},
};
use std::fmt;

/// How much of the message is handed over at a time.
const PIECE: usize = 64 * 1024;

/// Her program's side of the connection, which logs in over STARTTLS.
pub(super) fn machine(user: User) -> Result<Submission, Stop> {
    let stop = |why: &dyn fmt::Display| Stop::new("submitted", why);
    let host: Domain<'static> = "laptop.north.test".parse().map_err(|e| stop(&e))?;
    let login = authenticator(user.name, user.password).map_err(|e| stop(&e))?;
    Ok(Submission::new(host, TlsPolicy::Required, Config::default()).with_login(login))
}

/// Submits `message` from the user to `recipient`.
pub(super) async fn submit(
    user: User,
    recipient: &str,
    mut message: Bytes,
    mut link: Link<Submission, Stream>,
) -> Result<(), Stop> {
    let stop = |why: &dyn fmt::Display| Stop::new("submitted", why);
    let sender: Mailbox<'static> = user.name.parse().map_err(|e| stop(&e))?;
    let recipient: Mailbox<'static> = recipient.parse().map_err(|e| stop(&e))?;
    let mut envelope = Envelope::new(sender.into()).to(recipient);
    let mut kind = Kind::default();
    kind.look(&message);
    envelope.mail.size = Some(kind.size());
    envelope.mail.body = kind.has_eight_bit().then_some(Body::EightBitMime);
    link.conn().send(envelope).map_err(|e| stop(&e))?;
    let mut outcome = None;
    while let Some((event, smtp)) = link.next_event().await.map_err(|e| stop(&e))? {
        match event {
            Event::Secured => {
                let channel = link.socket().channel();
                link.conn().bind(channel);
                Ok(())
            }
            Event::WantMessage => {
                let piece = message.split_to(message.len().min(PIECE));
                if message.is_empty() { smtp.last_message(piece) } else { smtp.message(piece) }
            }
            Event::Outcome(outcomes) => {
                outcome = outcomes.into_iter().next();
                smtp.quit()
            }
            _ => Ok(()),
        }
        .map_err(|e| stop(&e))?;
    }
    match outcome {
        Some(Outcome::Accepted(_)) => Ok(()),
        Some(Outcome::Deferred(why) | Outcome::Refused(why) | Outcome::Unknown(why)) => {
            Err(stop(&why))
        }
        None => Err(stop(&"nothing came of it")),
    }
}
