//! Alice's program: it submits the message.

use super::{Stop, User};
use crate::{
    dialogue::{Dialogue, Next, Order, Outcome, Security},
    drive::tokio::{Link, Stream},
};
use bytes::Bytes;
use mailrail_sasl::PlainClient;
use mailrail_smtp::{Client, Domain, Mailbox};
use std::fmt;

/// How much of the message is handed over at a time.
const PIECE: usize = 64 * 1024;

/// Submits `message` from the user to `recipient`, with AUTH PLAIN over STARTTLS.
pub(super) async fn submit(
    user: User,
    recipient: &str,
    mut message: Bytes,
    mut link: Link<Client, Stream>,
) -> Result<(), Stop> {
    let stop = |why: &dyn fmt::Display| Stop::new("submitted", why);
    let sender: Mailbox<'static> = user.name.parse().map_err(|e| stop(&e))?;
    let host: Domain<'static> = "laptop.north.test".parse().map_err(|e| stop(&e))?;
    let order = Order {
        reverse_path: sender.into(),
        recipients: vec![recipient.parse().map_err(|e| stop(&e))?],
        size: message.len() as u64,
        has_eight_bit: !message.is_ascii(),
    };
    let login = PlainClient::new(user.name, user.password).map_err(|e| stop(&e))?;
    let mut dialogue = Dialogue::new(order, host.into(), Security::Required).with_login(login);
    while let Some((event, smtp)) = link.next_event().await.map_err(|e| stop(&e))? {
        if dialogue.answer(event, smtp).map_err(|e| stop(&e))? == Next::Piece {
            let piece = message.split_to(message.len().min(PIECE));
            let given = if piece.is_empty() { smtp.end_message() } else { smtp.message(piece) };
            given.map_err(|e| stop(&e))?;
        }
    }
    match dialogue.into_outcomes().first() {
        Some(Outcome::Delivered) => Ok(()),
        Some(Outcome::Failed(reason)) => Err(stop(reason)),
        _ => Err(stop(&"nothing came of it")),
    }
}
