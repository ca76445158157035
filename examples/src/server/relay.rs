//! The relay: sends queued messages on to other servers, and reports to senders where it cannot.

use super::{
    Context,
    queue::{self, seconds, time},
    report::report,
};
use crate::{
    deliver::{Courier, Errand},
    shutdown::Shutdown,
    store::{self, Blob, Date, Envelope, Progress, QueueId, Queued, Reader},
};
use mailrail_smtp::{
    Delivery,
    command::Body,
    delivery::{Action, Answer, Attempt, Diagnosis, Promises, Schedule, Stage, State},
    submission::Outcome,
};
use mailrail_wire::Time;
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};
use tokio::{
    task::JoinSet,
    time::{sleep, timeout},
};

/// How many messages are relayed at once, and how many lookups and conversations one has.
const RUNNING_MAX: usize = 20;
const EACH_MAX: usize = 8;
/// How many rows of the queue are looked at in a go.
const LOOK: u32 = 2_000;
/// The first waits are shorter than RFC 5321 §4.5.4.1 asks for, as it allows where the reasons are
/// known to be short: greylisting, and servers that start again.
const SOON: [u64; 4] = [5, 30, 120, 600];
/// How long to wait where the store fails.
const STORE_DELAY: Duration = Duration::from_secs(5);
/// How long running conversations have to finish once the server ends.
const GRACE: Duration = Duration::from_secs(10);

/// Recipients of one message.
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
    let finish = async {
        while relay.running.join_next().await.is_some() {}
        courier.pool.close().await;
    };
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

/// Puts the rows of each message together, the longest waiting first.
fn batches(rows: Vec<Queued>) -> Vec<Batch> {
    let mut places = HashMap::new();
    let mut batches: Vec<Batch> = Vec::new();
    for row in rows {
        let place = *places.entry(row.message).or_insert(batches.len());
        match batches.get_mut(place) {
            Some(batch) => batch.push(row),
            None => batches.push(vec![row]),
        }
    }
    batches
}

fn schedule() -> Schedule {
    let mut schedule = Schedule::default();
    schedule.retries.splice(0..0, SOON.map(Duration::from_secs));
    schedule
}

fn now() -> Time {
    time(Date::now().seconds.unsigned_abs())
}

/// What a lookup or a conversation came to.
enum Done {
    Found(String, Answer),
    Tried(Attempt, Vec<Outcome>, Promises),
}

/// Does what is due for a message, and stores what became of it.
async fn relay(context: &Context, courier: &Arc<Courier>, batch: Batch) -> store::Result<()> {
    let (Some(first), Some(mut state)) = (batch.first(), queue::read(&batch)?) else {
        return Ok(());
    };
    let message = Arc::new(context.store.read_queued(first).await?);
    state.mail.size = Some(message.size());
    state.mail.body = has_eight_bit(&message).await?.then_some(Body::EightBitMime);
    let errand = Arc::new(Errand::new(Arc::clone(courier), &state, &*message).await?);
    let mut delivery = Delivery::new(state, schedule());
    let mut jobs = JoinSet::new();
    let mut seen = stages(delivery.state());
    loop {
        let action = delivery.next(now());
        log(&mut seen, delivery.state());
        let done = match action {
            Action::LookUp { domain } => {
                let errand = Arc::clone(&errand);
                jobs.spawn(async move {
                    let answer = errand.look_up(&domain).await;
                    Done::Found(domain, answer)
                });
                None
            }
            Action::Try(attempt) => {
                let envelope = delivery.envelope(&attempt, now());
                let (errand, message) = (Arc::clone(&errand), Arc::clone(&message));
                jobs.spawn(async move {
                    let (outcomes, promises) = errand.attempt(&attempt, envelope, &*message).await;
                    Done::Tried(attempt, outcomes, promises)
                });
                None
            }
            Action::Report(told) => {
                let made = report(context, &message, delivery.state(), &told).await?;
                store(context, &batch, delivery.state(), now(), made).await?;
                None
            }
            Action::Wait { until: None } => jobs.join_next().await,
            Action::Wait { until: Some(until) } => {
                return store(context, &batch, delivery.state(), until, None).await;
            }
            Action::Done => return store(context, &batch, delivery.state(), now(), None).await,
        };
        let done = match done {
            None if jobs.len() < EACH_MAX => continue,
            None => jobs.join_next().await,
            done => done,
        };
        match done.transpose().map_err(std::io::Error::other)? {
            Some(Done::Found(domain, answer)) => delivery.found(&domain, answer, now()),
            Some(Done::Tried(attempt, outcomes, promises)) => {
                delivery.tried(&attempt, outcomes, promises, now());
                // Nobody is to get it twice: nothing goes on before this is known.
                while let Err(error) = store(context, &batch, delivery.state(), now(), None).await {
                    tracing::error!(%error, "the relay queue");
                    sleep(STORE_DELAY).await;
                }
            }
            None => {}
        }
    }
}

/// Stores how far each recipient is, and a report about some; they are looked at next at `until`.
async fn store(
    context: &Context,
    batch: &[Queued],
    state: &State,
    until: Time,
    report: Option<(Blob, Envelope)>,
) -> store::Result<()> {
    let mut progress = Progress { report, ..Progress::default() };
    let until = i64::try_from(seconds(until)).unwrap_or(i64::MAX);
    for (at, row) in batch.iter().enumerate() {
        match queue::write(state, at)? {
            Some(text) => progress.waiting.push((row.id, until, text)),
            None => progress.settled.push(row.id),
        }
    }
    context.store.advance(progress).await
}

/// How far each recipient is, and after how many rounds.
fn stages(state: &State) -> Vec<(Stage, u32)> {
    state.recipients.iter().map(|it| (it.stage, it.attempts)).collect()
}

/// Logs what has changed.
fn log(seen: &mut Vec<(Stage, u32)>, state: &State) {
    let before = std::mem::replace(seen, stages(state));
    for ((recipient, before), after) in state.recipients.iter().zip(before).zip(&*seen) {
        let Some(Diagnosis { status, text, .. }) = &recipient.last else { continue };
        let path = recipient.rcpt.forward_path.to_string();
        let recipient = path.trim_matches(['<', '>']);
        match after {
            (Stage::Waiting, _) if before == *after => {}
            (Stage::Waiting, _) => tracing::info!(recipient, why = text, "not now"),
            _ if before.0 != Stage::Waiting => {}
            _ if status.class() == 2 => tracing::info!(recipient, reply = text, "relayed"),
            _ => tracing::info!(recipient, why = text, "given up"),
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_two_hours() {
        let waits: Vec<_> = schedule().retries.iter().map(Duration::as_secs).collect();
        assert!(waits.is_sorted() && waits[0] == 5 && waits.last() == Some(&7_200));
    }

    #[test]
    fn a_message_goes_at_once() {
        let row = |message| Queued { message, ..Queued::default() };
        let batches = batches([3, 1, 3, 2, 1].map(row).to_vec());
        let sizes: Vec<_> = batches.iter().map(|batch| (batch[0].message, batch.len())).collect();
        assert_eq!(sizes, [(3, 2), (1, 2), (2, 1)]);
    }
}
