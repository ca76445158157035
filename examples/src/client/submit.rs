//! `send` and `submit`: a message, composed or as it is, to a server that is named.

use super::{Failure, compose, print, trust};
use crate::{
    cli::{
        ServerUrl,
        client::{Compose, Connect, Ready},
    },
    drive::Tap,
    outgoing::{Kind, Outgoing},
    progress::Progress,
    submit::Sending,
    transcript::{Protocol, Side, Transcript},
};
use bytes::Bytes;
use mailrail_smtp::{
    Mailbox, ReversePath,
    command::Body,
    submission::{Envelope, Outcome, Reason},
};
use std::io;

/// Composes a message and submits it; prints its Message-ID once somebody gets it.
///
/// # Errors
///
/// Those of [`compose::compose`], and where a recipient does not get it.
pub fn send(connect: &Connect, server: &ServerUrl, options: &Compose) -> Result<(), Failure> {
    let composed = compose::compose(options)?;
    let mut kind = Kind::default();
    for piece in composed.pieces() {
        kind.look(&piece?);
    }
    let mut envelope = envelope(&composed.reverse_path, &composed.recipients, &kind)?;
    envelope.mail.require_tls = options.require_tls;
    let size = envelope.mail.size;
    let open = || {
        let mut progress = Progress::new("sent", size);
        let advance = move |piece: &io::Result<Bytes>| {
            progress.advance(piece.as_ref().map_or(0, Bytes::len));
        };
        Ok(composed.pieces().inspect(advance))
    };
    let outcomes = hand_over(connect, server, envelope, open)?;
    if outcomes.iter().any(Outcome::is_accepted) {
        print(&composed.message_id.to_string())?;
    }
    tell(&composed.recipients, &outcomes)
}

/// Submits a message as it is, but for the ends of its lines. It is never held whole. Prints who
/// gets it.
///
/// # Errors
///
/// Where it cannot be read, and where a recipient does not get it.
pub fn submit(connect: &Connect, server: &ServerUrl, ready: &Ready) -> Result<(), Failure> {
    let message = open(ready)?;
    let mut envelope = envelope(&ready.from, &ready.to, &message.kind())?;
    envelope.mail.require_tls = ready.require_tls;
    let outcomes = hand_over(connect, server, envelope, || message.pieces())?;
    for (recipient, outcome) in ready.to.iter().zip(&outcomes) {
        if let Outcome::Accepted(reply) = outcome {
            print(&format!("{recipient}: {reply}"))?;
        }
    }
    tell(&ready.to, &outcomes)
}

/// Opens the message of the command line.
pub(super) fn open(ready: &Ready) -> Result<Outgoing, Failure> {
    Outgoing::open(ready.file()).map_err(|error| Failure::about(ready.file().display(), error))
}

/// What is sent, and to whom; an address that is none is a wrong argument.
pub(super) fn envelope(from: &str, to: &[String], kind: &Kind) -> Result<Envelope, Failure> {
    let mailbox = |text: &str| {
        let mailbox = text.parse::<Mailbox<'static>>();
        mailbox.map_err(|error| Failure::usage(format_args!("{text}: {error}")))
    };
    let reverse_path = match from {
        "" => ReversePath::Null,
        from => ReversePath::Mailbox(mailbox(from)?),
    };
    let mut envelope = Envelope::new(reverse_path);
    envelope.mail.size = Some(kind.size());
    envelope.mail.body = kind.has_eight_bit().then_some(Body::EightBitMime);
    envelope.mail.smtp_utf8 = kind.has_utf8_header();
    for recipient in to {
        envelope = envelope.to(mailbox(recipient)?);
    }
    Ok(envelope)
}

/// Prints a conversation's lines.
pub(super) fn tap() -> Box<dyn Tap> {
    let print = |line: &str| drop(print(line));
    Box::new(Transcript::new(Protocol::Smtp, Side::Client, print))
}

/// Has the conversation over blocking sockets.
fn hand_over<P>(
    connect: &Connect,
    server: &ServerUrl,
    envelope: Envelope,
    open: impl FnMut() -> io::Result<P>,
) -> Result<Vec<Outcome>, Failure>
where
    P: Iterator<Item = io::Result<Bytes>>,
{
    let sending = Sending {
        server,
        credentials: connect.credentials(server)?,
        trust: trust(connect)?,
        tap: connect.transcript.then(tap),
    };
    let at = format!("{}:{}", server.host, server.port);
    let outcomes = sending.send(envelope, open).map_err(|error| Failure::about(&at, error))?;
    // What has nothing to do with the recipients is said once.
    let common = |outcome: &Outcome| match outcome.reason() {
        Some(reason) => !matches!(reason, Reason::Reply(_)),
        None => false,
    };
    match outcomes.first() {
        Some(first) if outcomes.iter().all(common) => Err(Failure::about(at, why(first))),
        _ => Ok(outcomes),
    }
}

fn why(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Accepted(reply) => reply.to_string(),
        Outcome::Deferred(reason) | Outcome::Refused(reason) => reason.to_string(),
        Outcome::Unknown(reason) => format!("it may have arrived or not: {reason}"),
    }
}

/// Fails where a recipient has not got the message, a line for each of them.
pub(super) fn tell(recipients: &[String], outcomes: &[Outcome]) -> Result<(), Failure> {
    let refused = recipients.iter().zip(outcomes).filter(|(_, outcome)| !outcome.is_accepted());
    let mut lines =
        refused.map(|(recipient, outcome)| format!("{recipient}: {}", why(outcome))).peekable();
    if lines.peek().is_none() { Ok(()) } else { Err(Failure::each(lines)) }
}
