//! The relay: sends queued messages on to other servers, and reports to senders where it cannot.

use super::{Context, report::report};
use crate::{
    deliver::Courier,
    dialogue::{Order, Outcome},
    shutdown::Shutdown,
    store::{self, Date, QueueId, Queued, Reader},
};
use mailrail_smtp::{Mailbox, ReversePath};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
    time::Duration,
};
use tokio::{
    task::JoinSet,
    time::{sleep, timeout},
};

/// How many conversations run at once.
const RUNNING_MAX: usize = 20;
/// How many recipients a conversation has at most: what every server takes (RFC 5321 §4.5.3.1.8).
const RECIPIENTS_MAX: usize = 100;
/// How many rows of the queue are looked at in a go.
const LOOK: u32 = 2_000;
/// How long to wait after the n-th try, in seconds; the last one goes for all that follow. RFC 5321
/// §4.5.4.1 asks for half an hour, and lets the first ones be shorter.
const DELAYS: [i64; 8] = [5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400];
/// How long a recipient is tried, in seconds: five days.
const GIVE_UP: i64 = 5 * 24 * 60 * 60;
/// How long to wait where the store fails.
const STORE_DELAY: Duration = Duration::from_secs(5);
/// How long running conversations have to finish once the server ends.
const GRACE: Duration = Duration::from_secs(10);

/// Recipients of one message at one host, that are tried together.
type Batch = Vec<Queued>;

/// Relays until `shutdown`; then lets conversations that run finish, ten seconds at most. What is
/// cut off stays in the queue.
pub(super) async fn run(context: Arc<Context>, courier: Courier, mut shutdown: Shutdown) {
    let courier = Arc::new(courier);
    let mut relay = Relay { context, running: JoinSet::new(), taken: HashSet::new() };
    loop {
        let wait = match relay.start_due(&courier).await {
            Ok(wait) => wait,
            Err(error) => {
                tracing::error!(%error, "the relay queue");
                Some(STORE_DELAY)
            }
        };
        let context = Arc::clone(&relay.context);
        tokio::select! {
            biased;
            () = shutdown.requested() => break,
            Some(ended) = relay.running.join_next() => relay.ended(ended),
            () = context.store.queue_changed() => {}
            () = sleep(wait.unwrap_or(Duration::MAX)) => {}
        }
    }
    let finish = async { while relay.running.join_next().await.is_some() {} };
    if timeout(GRACE, finish).await.is_err() {
        tracing::warn!("deliveries were cut off; they are tried again after the next start");
    }
}

struct Relay {
    context: Arc<Context>,
    running: JoinSet<Vec<QueueId>>,
    /// Recipients that are being tried.
    taken: HashSet<QueueId>,
}

impl Relay {
    /// Starts what is due, as far as there is room; tells when the next one is.
    async fn start_due(&mut self, courier: &Arc<Courier>) -> store::Result<Option<Duration>> {
        if self.running.len() >= RUNNING_MAX {
            return Ok(None);
        }
        let now = Date::now().seconds;
        let rows = self.context.store.due(i64::MAX, LOOK).await?;
        let waiting = rows.into_iter().filter(|row| !self.taken.contains(&row.id));
        let (due, later): (Vec<_>, Vec<_>) = waiting.partition(|row| row.next_attempt <= now);
        for batch in batches(due) {
            if self.running.len() >= RUNNING_MAX {
                // The next one that ends makes room.
                return Ok(None);
            }
            let (context, courier) = (Arc::clone(&self.context), Arc::clone(courier));
            self.taken.extend(batch.iter().map(|row| row.id));
            self.running.spawn(async move {
                let ids = batch.iter().map(|row| row.id).collect();
                if let Err(error) = relay(&context, &courier, batch).await {
                    tracing::error!(%error, "the relay queue");
                    // The rows are as they were: not again at once.
                    sleep(STORE_DELAY).await;
                }
                ids
            });
        }
        let next = later.first().map(|row| row.next_attempt - now);
        Ok(next.map(|seconds| Duration::from_secs(seconds.unsigned_abs())))
    }

    fn ended(&mut self, ended: Result<Vec<QueueId>, tokio::task::JoinError>) {
        match ended {
            Ok(ids) => {
                for id in ids {
                    self.taken.remove(&id);
                }
            }
            // Its rows stay taken until the next start: a message that brings the relay down is
            // not tried over and over.
            Err(error) => tracing::error!(%error, "a delivery"),
        }
    }
}

/// Puts together what goes over one connection, the longest waiting first.
fn batches(rows: Vec<Queued>) -> Vec<Batch> {
    let mut places = HashMap::new();
    let mut batches: Vec<Batch> = Vec::new();
    for row in rows {
        let host = row.recipient.rsplit_once('@').map_or("", |(_, host)| host);
        let key = (row.message, row.sender.clone(), host.to_ascii_lowercase());
        let place = places.get(&key).copied();
        match place.and_then(|place: usize| batches.get_mut(place)) {
            Some(batch) if batch.len() < RECIPIENTS_MAX => batch.push(row),
            _ => {
                places.insert(key, batches.len());
                batches.push(vec![row]);
            }
        }
    }
    batches
}

/// Tries a batch, and settles what became of it.
async fn relay(context: &Context, courier: &Courier, batch: Batch) -> store::Result<()> {
    let Some(first) = batch.first() else { return Ok(()) };
    let message = context.store.read_queued(first).await?;
    let outcomes = attempt(courier, &message, &batch).await?;
    let now = Date::now().seconds;
    let (mut delivered, mut failed) = (Vec::new(), Vec::new());
    let mut later: BTreeMap<i64, (Vec<QueueId>, String)> = BTreeMap::new();
    for (row, outcome) in batch.iter().zip(&outcomes) {
        match outcome {
            Outcome::Delivered => {
                tracing::info!(recipient = row.recipient, "relayed");
                delivered.push(row.id);
            }
            Outcome::Failed(reason) if reason.is_final() || now - row.created >= GIVE_UP => {
                tracing::info!(recipient = row.recipient, %reason, "given up");
                failed.push((row, reason));
            }
            Outcome::Failed(reason) => {
                let next = now + delay(row.attempts);
                tracing::info!(recipient = row.recipient, %reason, "not now");
                let (ids, why) = later.entry(next).or_default();
                ids.push(row.id);
                *why = reason.to_string();
            }
            Outcome::Pending => {}
        }
    }
    // First of all: nobody is to get it twice, whatever fails behind this.
    if !delivered.is_empty() {
        context.store.settle(delivered, None).await?;
    }
    for (next, (ids, why)) in later {
        context.store.retry(ids, next, why).await?;
    }
    if !failed.is_empty() {
        let report = report(context, &message, &failed).await?;
        let ids = failed.iter().map(|(row, _)| row.id).collect();
        context.store.settle(ids, report).await?;
    }
    Ok(())
}

fn delay(attempts: u32) -> i64 {
    let at = usize::try_from(attempts).unwrap_or(usize::MAX);
    DELAYS.get(at).or(DELAYS.last()).copied().unwrap_or(GIVE_UP)
}

/// What became of each recipient, in their order.
async fn attempt(
    courier: &Courier,
    message: &Reader,
    batch: &[Queued],
) -> store::Result<Vec<Outcome>> {
    let mailbox = |text: &str| text.parse::<Mailbox<'static>>().map_err(not_an_address);
    let mut recipients = Vec::new();
    for row in batch {
        recipients.push(mailbox(&row.recipient)?);
    }
    let reverse_path = match batch.first().map(|row| &*row.sender) {
        None | Some("") => ReversePath::Null,
        Some(sender) => ReversePath::Mailbox(mailbox(sender)?),
    };
    let Some(host) = recipients.first().map(|mailbox| mailbox.host.clone()) else {
        return Ok(Vec::new());
    };
    let (size, has_eight_bit) = (message.size(), has_eight_bit(message).await?);
    let order = Order { reverse_path, recipients, size, has_eight_bit };
    Ok(courier.deliver(&host, order, message).await)
}

/// Whether a message has bytes over 127, whatever was said of it.
async fn has_eight_bit(message: &Reader) -> store::Result<bool> {
    let mut pieces = message.range(0, message.size());
    while let Some(piece) = pieces.next().await? {
        if !piece.is_ascii() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The queue holds what was one; so this is a damaged index.
fn not_an_address(error: mailrail_smtp::SyntaxError) -> store::Error {
    store::Error::Io(std::io::Error::new(std::io::ErrorKind::InvalidData, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_to_four_hours() {
        let delays: Vec<_> = (0..20).map(delay).collect();
        assert!(delays.is_sorted() && delays[0] == 5 && delays[19] == 14_400);
        assert_eq!(delay(u32::MAX), 14_400);
    }
}
