//! `deliver`: a message straight to the exchangers of its recipients.

use super::{
    Failure, print,
    submit::{envelope, open, tap},
};
use crate::{
    cli::{
        MtaSts,
        client::{Connect, Ready},
    },
    deliver::{Courier, Errand},
    lookup::Resolver,
    pool::Pool,
    submit::own_name,
    tls::{self, Authorities},
};
use core::time::Duration;
use mailrail_smtp::{
    Delivery,
    delivery::{Action, Recipient, Schedule, State},
};
use mailrail_wire::Time;
use std::{net::SocketAddr, sync::Arc};

/// Looks up each recipient's exchangers and delivers to them, a domain at a time, in one round.
///
/// # Errors
///
/// Where the message cannot be read, and where a recipient does not get it.
pub async fn run(
    connect: &Connect,
    resolver: Option<SocketAddr>,
    port: u16,
    sts: &MtaSts,
    ready: &Ready,
) -> Result<(), Failure> {
    let message = open(ready)?;
    let mut envelope = envelope(&ready.from, &ready.to, &message.kind())?;
    envelope.mail.require_tls = ready.require_tls;
    let authorities = Authorities::new(connect.ca.as_deref())?;
    let courier = Courier {
        resolver: Resolver::new(resolver).with_security(port, sts.mta_sts, false),
        port,
        hello: own_name(),
        own: None,
        tls: tls::unchecked_client()?,
        policies: sts.policies(&authorities),
        authorities,
        reports: None,
        pool: Pool::default(),
        tap: connect.transcript.then(|| Arc::new(tap) as _),
    };
    let now = Time::default();
    let mut schedule = Schedule::default();
    schedule.give_up = Duration::ZERO;
    let state = State::new(envelope, now);
    let pool = courier.pool.clone();
    let errand = Errand::new(Arc::new(courier), &state, &message).await?;
    let mut delivery = Delivery::new(state, schedule);
    loop {
        match delivery.next(now) {
            Action::LookUp { domain } => {
                let answer = errand.look_up(&domain).await;
                delivery.found(&domain, answer, now);
            }
            Action::Try(attempt) => {
                let envelope = delivery.envelope(&attempt, now);
                let (outcomes, promises) = errand.attempt(&attempt, envelope, &message).await;
                delivery.tried(&attempt, outcomes, promises, now);
            }
            // The sender looks on.
            Action::Report(_) => {}
            Action::Wait { .. } | Action::Done => break,
        }
    }
    pool.close().await;
    let recipients = &delivery.state().recipients;
    let mut refused = Vec::new();
    for (address, recipient) in ready.to.iter().zip(recipients) {
        let line = format!("{address}: {}", why(recipient));
        if has_it(recipient) {
            print(&line)?;
        } else {
            refused.push(line);
        }
    }
    if refused.is_empty() { Ok(()) } else { Err(Failure::each(refused)) }
}

fn has_it(recipient: &Recipient) -> bool {
    recipient.last.as_ref().is_some_and(|last| last.status.class() == 2)
}

fn why(recipient: &Recipient) -> &str {
    recipient.last.as_ref().map_or("not tried", |last| &last.text)
}
