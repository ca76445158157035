//! The schedule of a queued message: who is tried where next, and when.

mod action;
mod deadline;
mod report;
mod route;
mod schedule;
mod state;

pub use action::{Action, Answer, Attempt, Promises};
pub use report::{Report, ReportAction, Reported};
pub use route::Exchanger;
pub use schedule::Schedule;
pub use state::{Diagnosis, Recipient, Stage, State};

use crate::{
    DeliverBy, EnhancedStatusCode, Host, ReplyCode,
    submission::{Envelope, Outcome, Reason, TlsPolicy},
};
use alloc::{
    collections::{BTreeMap, BTreeSet},
    string::{String, ToString as _},
    vec::Vec,
};
use mailrail_wire::Time;
use route::{Round, Route, Trying};

/// The schedule of a queued message, without I/O, clock or storage.
///
/// Ask [`next`](Self::next) what to do, do it, tell what came of it, and ask again. Lookups and
/// attempts may run side by side; each is told once. What must survive a restart is the
/// [`State`], to be stored after each `found` and `tried` and with each report; what ran when the
/// program ended runs again then. [`Time`]s are stored too, so let them count from a fixed point:
/// the start of 1970, where HOLDUNTIL is taken.
///
/// - All recipients of a domain are tried together, at its exchangers in their order, until they are
///   accepted or refused for good. What is deferred there is tried at the next exchanger, unless the
///   outcome is unknown; what all defer waits for the next round, as the [`Schedule`] says.
/// - TLS is used where it is offered, and in any case where an [`Exchanger`] or the message
///   (REQUIRETLS, RFC 8689) asks for it. Where all hosts fail such a message for want of TLS, or of
///   REQUIRETLS, it is given up at once (§4.2.1), unless it has no sender.
/// - A refusal before MAIL, or a connection that breaks, says nothing about the message: it is
///   tried at the next exchanger, and later. A message that does not fit what a server offers is tried
///   at the next one, and is lost where it fits none.
/// - Whoever is neither accepted nor refused at the schedule's end is given up.
/// - A message that its sender holds back (FUTURERELEASE, RFC 4865) is not tried before its time, and
///   that is when the schedule begins. One that is to be delivered by a time (DELIVERBY, RFC 2852) is
///   returned then, or its sender is told that it is late; the next server is told what is left.
/// - The sender is told of failures, of a long delay, and that a message went where nothing is
///   reported from, as each recipient's NOTIFY wants it (RFC 3461 §4.1), unless the message has no
///   sender.
///
/// ```
/// use mailrail_smtp::delivery::{Action, Answer, Delivery, Exchanger, Promises, Schedule, State};
/// use mailrail_smtp::submission::{Envelope, Outcome};
/// use mailrail_smtp::{Mailbox, Reply, ReplyCode};
/// use mailrail_wire::Time;
/// use core::time::Duration;
///
/// let (alice, bob): (Mailbox, Mailbox) = ("alice@north.test".parse()?, "bob@south.test".parse()?);
/// let mut now = Time::default();
/// let state = State::new(Envelope::new(alice.into()).to(bob), now);
/// let mut delivery = Delivery::new(state, Schedule::default());
///
/// assert_eq!(delivery.next(now), Action::LookUp { domain: "south.test".into() });
/// let mx = Exchanger::new("mx.south.test".into(), vec!["192.0.2.1".parse().unwrap()]);
/// delivery.found("south.test", Answer::Found(vec![mx.clone()]), now);
/// let Action::Try(attempt) = delivery.next(now) else { panic!() };
/// assert_eq!(attempt.host, "mx.south.test");
/// let outcome = Outcome::broken("connection refused"); // as a connection would tell
/// delivery.tried(&attempt, vec![outcome], Promises::default(), now);
/// let Action::Wait { until: Some(until) } = delivery.next(now) else { panic!() };
/// assert_eq!(until, now + Duration::from_secs(30 * 60));
///
/// now = until;
/// assert_eq!(delivery.next(now), Action::LookUp { domain: "south.test".into() });
/// delivery.found("south.test", Answer::Found(vec![mx]), now);
/// let Action::Try(attempt) = delivery.next(now) else { panic!() };
/// let taken = Outcome::Accepted(Reply::new(ReplyCode::OK, "taken"));
/// delivery.tried(&attempt, vec![taken], Promises::default(), now);
/// assert_eq!(delivery.next(now), Action::Done);
/// # Ok::<_, mailrail_smtp::SyntaxError>(())
/// ```
#[derive(Debug)]
pub struct Delivery {
    state: State,
    schedule: Schedule,
    routes: Vec<Route>,
    /// Their places, by host in lower case.
    places: BTreeMap<String, usize>,
    /// How many lookups and attempts run.
    running: usize,
}

impl Delivery {
    /// A message that was just queued, or one as it was stored.
    #[must_use]
    pub fn new(state: State, schedule: Schedule) -> Self {
        let mut delivery =
            Self { state, schedule, routes: Vec::new(), places: BTreeMap::new(), running: 0 };
        for (at, recipient) in delivery.state.recipients.iter().enumerate() {
            // A postmaster without a domain is this very host's: nobody relays to him.
            let Some(mailbox) = recipient.rcpt.forward_path.mailbox() else { continue };
            let key = mailbox.host.to_string().to_ascii_lowercase();
            let place = *delivery.places.entry(key).or_insert_with(|| {
                let host = mailbox.host.clone();
                delivery.routes.push(Route { host, members: Vec::new(), round: Round::Idle });
                delivery.routes.len() - 1
            });
            if let Some(route) = delivery.routes.get_mut(place) {
                route.members.push(at);
            }
        }
        let is_told = delivery.state.is_told();
        for recipient in &mut delivery.state.recipients {
            if recipient.rcpt.forward_path.mailbox().is_none() && recipient.stage == Stage::Waiting
            {
                recipient.last = Some(Diagnosis {
                    at: delivery.state.created,
                    host: None,
                    status: EnhancedStatusCode::BAD_DESTINATION,
                    text: "no domain to deliver to".into(),
                    is_reply: false,
                });
                recipient.end(ReportAction::Failed, is_told);
            }
        }
        delivery
    }

    /// What to store.
    #[must_use]
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// What to store, where the delivery is of no more use.
    #[must_use]
    pub fn into_state(self) -> State {
        self.state
    }

    /// What to do next. What it asks for is asked for once.
    pub fn next(&mut self, now: Time) -> Action {
        if self.state.returned_at().is_some_and(|at| at <= now) {
            self.expire(now);
        }
        for at in 0..self.routes.len() {
            if let Some(action) = self.next_on(at, now) {
                return action;
            }
        }
        if 0 < self.running {
            return Action::Wait { until: None };
        }
        if let Some(report) = self.report_due(now) {
            return Action::Report(report);
        }
        let waiting = |it: &&Recipient| it.stage == Stage::Waiting;
        let next = self.state.recipients.iter().filter(waiting).map(|it| it.next_attempt).min();
        let Some(next) = next else { return Action::Done };
        let others = [self.warning(), self.state.late_at(), self.state.returned_at()];
        Action::Wait { until: others.into_iter().flatten().chain([next]).min() }
    }

    /// What the sender is to be told now.
    fn report_due(&mut self, now: Time) -> Option<Report> {
        for (action, stage) in
            [(ReportAction::Failed, Stage::Failed), (ReportAction::Relayed, Stage::Relayed)]
        {
            let due = |it: &Recipient| it.stage == stage;
            let report = self.state.report(action, None, due, |it| it.stage = Stage::Settled);
            if report.is_some() {
                return report;
            }
        }
        let until = Some(self.end());
        if self.state.late_at().is_some_and(|at| at <= now) {
            let due = Recipient::may_be_told_late;
            return self.state.report(ReportAction::Delayed, until, due, |it| {
                (it.is_late, it.is_warned) = (true, true);
                it.last = Some(it.too_late(EnhancedStatusCode::LATE, now));
            });
        }
        self.warning().filter(|&at| at <= now)?;
        let due = Recipient::may_be_warned;
        self.state.report(ReportAction::Delayed, until, due, |it| it.is_warned = true)
    }

    /// The envelope of that attempt, if it is made now.
    #[must_use]
    pub fn envelope(&self, attempt: &Attempt, now: Time) -> Envelope {
        let rcpt = |&at: &usize| self.state.recipients.get(at).map(|it| it.rcpt.clone());
        let mut mail = self.state.mail.clone();
        // It was held here, and is not held again.
        mail.hold = None;
        mail.by = self.state.remaining(now);
        Envelope { mail, recipients: attempt.recipients.iter().filter_map(rcpt).collect() }
    }

    /// Tells what [`Action::LookUp`] has found.
    pub fn found(&mut self, domain: &str, answer: Answer, now: Time) {
        let Some(&place) = self.places.get(&domain.to_ascii_lowercase()) else { return };
        let Some(route) = self.routes.get_mut(place) else { return };
        let Round::LookingUp = route.round else { return };
        self.running = self.running.saturating_sub(1);
        route.round = Round::Idle;
        let due = self.due(place, now);
        match answer {
            Answer::Found(exchangers) if exchangers.iter().any(|it| !it.addresses.is_empty()) => {
                self.start(place, exchangers, due);
            }
            refusal => {
                let (status, text, is_final) = refusal.refusal(domain);
                let why = Diagnosis { at: now, host: None, status, text, is_reply: false };
                for at in due {
                    if is_final {
                        self.end_one(at, Some(why.clone()), ReportAction::Failed);
                    } else {
                        self.postpone(at, Some(why.clone()), now);
                    }
                }
            }
        }
    }

    /// Tells what came of [`Action::Try`]: what [`Submission`](crate::Submission) told, in the order
    /// of the attempt's recipients, and what the server [promises](crate::Submission::promises).
    /// Whoever has no outcome counts as not tried.
    pub fn tried(
        &mut self,
        attempt: &Attempt,
        outcomes: Vec<Outcome>,
        promises: Promises,
        now: Time,
    ) {
        let Some(route) = self.routes.get_mut(attempt.route) else { return };
        let Round::Trying(trying) = &mut route.round else { return };
        if !trying.is_running {
            return;
        }
        trying.is_running = false;
        self.running = self.running.saturating_sub(1);
        let reasons = || outcomes.iter().filter_map(Outcome::reason);
        if trying.tls == TlsPolicy::Opportunistic
            && reasons().any(|reason| matches!(reason, Reason::Tls(_)))
        {
            trying.tls = TlsPolicy::None;
            trying.here.extend_from_slice(&attempt.recipients);
            return;
        }
        let needs_tls = self.state.needs_tls();
        let is_insecure =
            |outcome: &Outcome| needs_tls && outcome.reason().is_some_and(Reason::is_want_of_tls);
        let is_unfit = |it: &Outcome| matches!(it, Outcome::Refused(Reason::Unfit(_)));
        let is_unreached = |reason: &Reason| matches!(reason, Reason::Broken(_) | Reason::Tls(_));
        trying.is_reached |= outcomes.is_empty()
            || !(outcomes.iter().all(|it| it.reason().is_some_and(is_unreached)));
        // That host is of no use now; else it may take those who were too many.
        let is_of_use = outcomes.iter().any(Outcome::is_accepted);
        let is_refused = reasons().any(|reason| !reason.is_about_message());
        let (mut next, mut again, mut later) = (Vec::new(), Vec::new(), Vec::new());
        let mut unfit = BTreeSet::new();
        let mut outcomes = outcomes.into_iter();
        for &at in &attempt.recipients {
            let outcome = outcomes.next().unwrap_or_else(|| Outcome::broken("not tried"));
            let mut why = Diagnosis::of(&outcome, &attempt.host, now);
            if is_insecure(&outcome) {
                why.status = insecure_status(outcome.reason());
            }
            if let Some(recipient) = self.state.recipients.get_mut(at) {
                recipient.last = Some(why.clone());
            }
            match outcome {
                Outcome::Accepted(_) => self.relayed(at, promises, now),
                // Another host may do better, or offer what it takes (RFC 2852 §6).
                ref outcome if is_insecure(outcome) || is_unfit(outcome) => {
                    unfit.insert(at);
                    next.push(at);
                }
                Outcome::Refused(reason) if reason.is_about_message() => {
                    self.end_one(at, Some(why), ReportAction::Failed);
                }
                // At once at another host, it might arrive twice.
                Outcome::Unknown(_) => later.push(at),
                Outcome::Deferred(ref reason) if is_of_use && is_too_many(reason) => again.push(at),
                Outcome::Deferred(_) | Outcome::Refused(_) => next.push(at),
            }
        }
        for at in later {
            self.postpone(at, None, now);
        }
        let Some(route) = self.routes.get_mut(attempt.route) else { return };
        let Round::Trying(trying) = &mut route.round else { return };
        trying.hopeful.extend(next.iter().filter(|at| !unfit.contains(at)));
        trying.unfit.extend(unfit);
        trying.next.append(&mut next);
        trying.here.append(&mut again);
        if is_refused && !is_of_use {
            trying.next.append(&mut trying.here);
        }
        if trying.here.is_empty() {
            trying.advance();
        }
    }

    /// What is next for the recipients of one domain.
    fn next_on(&mut self, place: usize, now: Time) -> Option<Action> {
        self.end_round(place, now)?;
        let route = self.routes.get(place)?;
        if let Round::Idle = route.round {
            let due = self.due(place, now);
            if due.is_empty() {
                return None;
            }
            match &route.host {
                Host::Domain(domain) => {
                    let domain = domain.as_str().to_ascii_lowercase();
                    self.routes.get_mut(place)?.round = Round::LookingUp;
                    self.running += 1;
                    return Some(Action::LookUp { domain });
                }
                Host::Literal(literal) => match route::literal(literal) {
                    Some(exchanger) => self.start(place, [exchanger].into(), due),
                    None => {
                        let (status, text, _) = Answer::NoAddress.refusal(&route.host.to_string());
                        let why = Diagnosis { at: now, host: None, status, text, is_reply: false };
                        for at in due {
                            self.end_one(at, Some(why.clone()), ReportAction::Failed);
                        }
                        return None;
                    }
                },
            }
        }
        let most = self.schedule.recipients.max(1);
        let Round::Trying(trying) = &mut self.routes.get_mut(place)?.round else { return None };
        let stop = trying.stops.front().filter(|_| !trying.is_running)?;
        let recipients: Vec<usize> = trying.here.drain(..trying.here.len().min(most)).collect();
        let (host, address, tls) = (stop.name.clone(), stop.address, trying.tls);
        trying.is_running = true;
        self.running += 1;
        Some(Action::Try(Attempt { host, address, tls, recipients, route: place }))
    }

    /// Ends a round that has nobody or nowhere left to try.
    fn end_round(&mut self, place: usize, now: Time) -> Option<()> {
        let route = self.routes.get_mut(place)?;
        if let Round::Trying(trying) = &mut route.round
            && !trying.is_running
            && (trying.stops.is_empty() || trying.here.is_empty())
        {
            let left = core::mem::take(&mut trying.here);
            let lost = &core::mem::take(&mut trying.unfit) - &core::mem::take(&mut trying.hopeful);
            route.round = Round::Idle;
            for at in left {
                if lost.contains(&at) {
                    self.end_one(at, None, ReportAction::Failed);
                } else {
                    self.postpone(at, None, now);
                }
            }
        }
        Some(())
    }

    fn start(&mut self, place: usize, exchangers: Vec<Exchanger>, due: Vec<usize>) {
        let needs_tls = self.state.needs_tls();
        let most = self.schedule.addresses;
        if let Some(route) = self.routes.get_mut(place) {
            route.round = Round::Trying(Trying::new(exchangers, most, due, needs_tls));
        }
    }

    /// Who of a route is to be tried now.
    fn due(&self, place: usize, now: Time) -> Vec<usize> {
        let is_due = |it: &Recipient| it.stage == Stage::Waiting && it.next_attempt <= now;
        let members = self.routes.get(place).into_iter().flat_map(|route| &route.members);
        members.copied().filter(|&at| self.state.recipients.get(at).is_some_and(is_due)).collect()
    }

    /// When tries end.
    fn end(&self) -> Time {
        self.state.released() + self.schedule.give_up
    }

    /// When the sender is to be told of a delay, where one is.
    fn warning(&self) -> Option<Time> {
        let at = self.state.released() + self.schedule.delay_warning?;
        let is_due = self.state.is_told() && at < self.end();
        (is_due && self.state.recipients.iter().any(Recipient::may_be_warned)).then_some(at)
    }

    /// A round was in vain for one recipient: another follows, or none.
    fn postpone(&mut self, at: usize, why: Option<Diagnosis>, now: Time) {
        let (end, is_told) = (self.end(), self.state.is_told());
        let Some(recipient) = self.state.recipients.get_mut(at) else { return };
        recipient.last = why.or_else(|| recipient.last.take());
        recipient.attempts = recipient.attempts.saturating_add(1);
        if end <= now {
            recipient.end(ReportAction::Failed, is_told);
        } else {
            recipient.next_attempt = (now + self.schedule.interval(recipient.attempts)).min(end);
        }
    }

    fn end_one(&mut self, at: usize, why: Option<Diagnosis>, action: ReportAction) {
        let is_told = self.state.is_told();
        if let Some(recipient) = self.state.recipients.get_mut(at) {
            recipient.last = why.or_else(|| recipient.last.take());
            recipient.end(action, is_told);
        }
    }

    fn relayed(&mut self, at: usize, promises: Promises, now: Time) {
        let is_told = self.state.is_told();
        // Of the time by which it is to be delivered nobody thinks any more from here on, or the
        // sender wants to know its way (RFC 2852 §4.1.4).
        let is_in_time = self.state.deliver_by().is_some_and(|by| now < by);
        let has_trace = self.state.mail.by.is_some_and(DeliverBy::has_trace);
        let is_traced = has_trace || is_in_time && !promises.deliver_by;
        let Some(recipient) = self.state.recipients.get_mut(at) else { return };
        if is_told && is_traced && recipient.may_be_told_relayed() {
            recipient.stage = Stage::Relayed;
        } else {
            recipient.end(ReportAction::Relayed, is_told && !promises.dsn);
        }
    }

    /// The time is over by which it was to be delivered: what is not on its way now is returned.
    fn expire(&mut self, now: Time) {
        let is_told = self.state.is_told();
        for route in &mut self.routes {
            match &mut route.round {
                Round::Idle => {}
                Round::Trying(trying) if !trying.is_running => route.round = Round::Idle,
                // What comes of it is told first.
                Round::LookingUp | Round::Trying(_) => continue,
            }
            for &at in &route.members {
                let Some(recipient) = self.state.recipients.get_mut(at) else { continue };
                if recipient.stage == Stage::Waiting {
                    recipient.last = Some(recipient.too_late(EnhancedStatusCode::EXPIRED, now));
                    recipient.end(ReportAction::Failed, is_told);
                }
            }
        }
    }
}

/// 452 4.5.3 to RCPT, or the server's limit: those left over can be sent to at once (RFC 5321
/// §4.5.3.1.10).
fn is_too_many(reason: &Reason) -> bool {
    match reason {
        Reason::TooMany(_) => true,
        Reason::Reply(reply) => match reply.enhanced() {
            Some(code) => (code.subject(), code.detail()) == (5, 3),
            None => reply.code() == ReplyCode::INSUFFICIENT_STORAGE,
        },
        _ => false,
    }
}

/// Why a message that must go by TLS did not: 5.7.30 where the host knows no REQUIRETLS, else 5.7.10
/// (RFC 8689 §4.2.1).
fn insecure_status(reason: Option<&Reason>) -> EnhancedStatusCode {
    let detail = if matches!(reason, Some(Reason::Unfit(_))) { 30 } else { 10 };
    EnhancedStatusCode::new(5, 7, detail).unwrap_or(EnhancedStatusCode::SYSTEM_FAILURE)
}

impl Diagnosis {
    fn of(outcome: &Outcome, host: &str, at: Time) -> Self {
        let text = match (outcome, outcome.reason()) {
            (Outcome::Accepted(reply), _) => reply.to_string(),
            (_, Some(reason)) => reason.to_string(),
            (_, None) => String::new(),
        };
        let is_reply = outcome.reply().is_some();
        Self { at, host: Some(host.into()), status: outcome.status(), text, is_reply }
    }
}
