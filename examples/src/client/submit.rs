//! `send` and `submit`: a message, composed or as it is, to a server that is named.

use super::{Failure, compose, print, trust};
use crate::{
    cli::{
        Scheme, ServerUrl,
        client::{Compose, Connect, Ready},
    },
    dialogue::{Order, Outcome, Reason},
    drive::Tap,
    outgoing::Outgoing,
    submit::Submission,
    transcript::{Protocol, Side, Transcript},
};
use bytes::Bytes;
use mailrail_smtp::{Mailbox, ReversePath};
use std::io;

/// Composes a message and submits it; prints its Message-ID once somebody gets it.
///
/// # Errors
///
/// Those of [`compose::compose`], and where a recipient does not get it.
pub fn send(connect: &Connect, server: &ServerUrl, options: &Compose) -> Result<(), Failure> {
    let composed = compose::compose(options)?;
    let has_eight_bit = composed.pieces.clone().any(|piece| !piece.is_ascii());
    let order =
        order(&composed.reverse_path, &composed.recipients, composed.pieces.size(), has_eight_bit)?;
    let mut pieces = composed.pieces;
    let outcomes = hand_over(connect, server, order, || Ok(pieces.next()))?;
    if outcomes.contains(&Outcome::Delivered) {
        print(&composed.message_id.to_string())?;
    }
    tell(&composed.recipients, &outcomes)
}

/// Submits a message as it is, but for the ends of its lines. It is never held whole.
///
/// # Errors
///
/// Where it cannot be read, and where a recipient does not get it.
pub fn submit(connect: &Connect, server: &ServerUrl, ready: &Ready) -> Result<(), Failure> {
    let message = open(ready)?;
    let order = order(&ready.from, &ready.to, message.size(), message.has_eight_bit())?;
    let mut pieces = message.pieces()?;
    let outcomes = hand_over(connect, server, order, || pieces.next_piece())?;
    tell(&ready.to, &outcomes)
}

/// Opens the message of the command line.
pub(super) fn open(ready: &Ready) -> Result<Outgoing, Failure> {
    Outgoing::open(ready.file()).map_err(|error| Failure::about(ready.file().display(), error))
}

/// What is sent, and to whom; an address that is none is a wrong argument.
pub(super) fn order(
    from: &str,
    to: &[String],
    size: u64,
    has_eight_bit: bool,
) -> Result<Order, Failure> {
    let mailbox = |text: &String| {
        let mailbox = text.parse::<Mailbox<'static>>();
        mailbox.map_err(|error| Failure::usage(format_args!("{text}: {error}")))
    };
    let reverse_path = match from {
        "" => ReversePath::Null,
        from => ReversePath::Mailbox(mailbox(&from.to_owned())?),
    };
    let recipients = to.iter().map(mailbox).collect::<Result<_, _>>()?;
    Ok(Order { reverse_path, recipients, size, has_eight_bit })
}

/// Prints a conversation's lines.
pub(super) fn tap() -> Box<dyn Tap> {
    let print = |line: &str| drop(print(line));
    Box::new(Transcript::new(Protocol::Smtp, Side::Client, print))
}

/// Has the conversation over blocking sockets.
fn hand_over(
    connect: &Connect,
    server: &ServerUrl,
    order: Order,
    pieces: impl FnMut() -> io::Result<Option<Bytes>>,
) -> Result<Vec<Outcome>, Failure> {
    if server.scheme == Scheme::Lmtp {
        return Err(Failure::new("lmtp:// is not there yet"));
    }
    let submission = Submission {
        server,
        credentials: connect.credentials(server)?,
        trust: trust(connect)?,
        tap: connect.transcript.then(tap),
    };
    let at = format!("{}:{}", server.host, server.port);
    let outcomes = submission.send(order, pieces).map_err(|error| Failure::about(&at, error))?;
    // What has nothing to do with the recipients is said once.
    let common = |outcome: &Outcome| match outcome {
        Outcome::Failed(reason) => !matches!(reason, Reason::Refused(_)),
        _ => false,
    };
    match outcomes.first() {
        Some(Outcome::Failed(reason)) if outcomes.iter().all(common) => {
            Err(Failure::about(at, reason))
        }
        _ => Ok(outcomes),
    }
}

/// Fails where a recipient has not got the message, a line for each of them.
pub(super) fn tell(recipients: &[String], outcomes: &[Outcome]) -> Result<(), Failure> {
    let mut lines = recipients
        .iter()
        .zip(outcomes)
        .filter_map(|(recipient, outcome)| match outcome {
            Outcome::Delivered => None,
            Outcome::Pending => Some(format!("{recipient}: not tried")),
            Outcome::Failed(reason) => Some(format!("{recipient}: {reason}")),
        })
        .peekable();
    if lines.peek().is_none() { Ok(()) } else { Err(Failure::each(lines)) }
}
