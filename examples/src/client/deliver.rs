//! `deliver`: a message straight to the exchangers of its recipients.

use super::{
    Failure,
    submit::{open, order, tap, tell},
};
use crate::{
    cli::client::{Connect, Ready},
    deliver::Courier,
    dialogue::{Order, Outcome},
    lookup::Resolver,
    submit::own_name,
    tls,
};
use std::{net::SocketAddr, sync::Arc};

/// Looks up each recipient's exchangers and delivers to them, a domain at a time.
///
/// # Errors
///
/// Where the message cannot be read, and where a recipient does not get it.
pub async fn run(
    connect: &Connect,
    resolver: Option<SocketAddr>,
    port: u16,
    ready: &Ready,
) -> Result<(), Failure> {
    let message = open(ready)?;
    let all = order(&ready.from, &ready.to, message.size(), message.has_eight_bit())?;
    let courier = Courier {
        resolver: Resolver::new(resolver),
        port,
        hello: own_name(),
        own: None,
        tls: tls::unchecked_client()?,
        tap: connect.transcript.then(|| Arc::new(tap) as _),
    };
    let host = |at: usize| all.recipients.get(at).map(|mailbox| mailbox.host.to_string());
    let mut outcomes = vec![Outcome::Pending; all.recipients.len()];
    while let Some(first) = outcomes.iter().position(|outcome| *outcome == Outcome::Pending) {
        let here = host(first).unwrap_or_default();
        let is_here = |at: &usize| host(*at).is_some_and(|host| host.eq_ignore_ascii_case(&here));
        let places: Vec<usize> = (first..outcomes.len()).filter(is_here).collect();
        let recipients: Vec<_> =
            places.iter().filter_map(|&at| all.recipients.get(at).cloned()).collect();
        let Some(host) = recipients.first().map(|mailbox| mailbox.host.clone()) else { break };
        let order = Order { recipients, ..all.clone() };
        let delivered = courier.deliver(&host, order, &message).await;
        for (at, outcome) in places.into_iter().zip(delivered) {
            if let Some(slot) = outcomes.get_mut(at) {
                *slot = outcome;
            }
        }
    }
    tell(&ready.to, &outcomes)
}
