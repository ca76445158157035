//! What holds whatever the world does.

use crate::world::hours;
use alloc::collections::VecDeque;
use core::time::Duration;
use mailrail_smtp::{
    ByMode, DeliverBy, Delivery, Hold, HoldSeconds, Mailbox, Reply, ReplyCode,
    delivery::{
        Action, Answer, Attempt, Exchanger, Promises, ReportAction, Schedule, Stage, State,
    },
    submission::{Envelope, Outcome, Reason},
};
use mailrail_wire::Time;
use proptest::prelude::*;

fn answer(draw: u8) -> Answer {
    let hosts = |n: u8| {
        let host = |n: u8| {
            let addresses = vec![[192, 0, 2, n].into(), [192, 0, 3, n].into()];
            Exchanger::new(format!("mx{n}"), addresses)
        };
        Answer::Found((0..n).map(host).collect())
    };
    match draw % 16 {
        0 => Answer::NullMx,
        1 => Answer::NotNow("silence".into()),
        2 => hosts(0),
        n => hosts(n % 3 + 1),
    }
}

fn outcome(draw: u8) -> Outcome {
    let reply = |code, text: &'static str| Reply::new(ReplyCode::new(code).unwrap(), text);
    match draw % 12 {
        0 => Outcome::Accepted(reply(250, "yes")),
        1 => Outcome::Refused(Reason::Reply(reply(550, "no"))),
        2 => Outcome::Refused(Reason::Host(reply(554, "no service"))),
        3 => Outcome::Deferred(Reason::Host(reply(421, "bye"))),
        4 => Outcome::Unknown(Reason::Broken("silence".into())),
        5 => Outcome::Deferred(Reason::Tls("handshake".into())),
        6 => Outcome::Deferred(Reason::Reply(reply(452, "too many"))),
        7 => Outcome::broken("refused"),
        _ => Outcome::Deferred(Reason::Reply(reply(451, "later"))),
    }
}

/// What runs at the same time, until it is told.
enum Running {
    Lookup(String),
    Attempt(Attempt),
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Nobody is lost, nobody gets it twice after a server has taken it, whoever fails is reported
    /// once, and it ends when it is to be given up, wherever the program is stopped meanwhile.
    #[test]
    fn each_recipient_ends_once(
        domains in prop::collection::vec(0_u8..4, 1..12),
        draws in prop::collection::vec(any::<u8>(), 1..400),
        stops in prop::collection::vec(0_u8..10, 0..200),
        by in prop::option::of((1..500_000, any::<bool>())),
        held in prop::option::of(1_u32..100_000),
    ) {
        let mut draws = draws.iter().copied().cycle();
        let mut stops = stops.into_iter();
        let mut draw = move || draws.next().unwrap();
        let mut envelope = Envelope::new("ann@north.test".parse::<Mailbox<'_>>().unwrap().into());
        for (n, domain) in domains.iter().enumerate() {
            envelope = envelope.to(format!("r{n}@d{domain}.test").parse::<Mailbox<'_>>().unwrap());
        }
        envelope.mail.by = by.map(|(seconds, is_returned)| {
            let mode = if is_returned { ByMode::Return } else { ByMode::Notify };
            DeliverBy::new(seconds, mode).unwrap()
        });
        envelope.mail.hold = held.and_then(HoldSeconds::new).map(Hold::For);
        let held = Duration::from_secs(held.unwrap_or(0).into());
        let mut schedule = Schedule::default();
        schedule.recipients = 3;
        let mut now = Time::default();
        let mut delivery = Delivery::new(State::new(envelope, now), schedule.clone());
        let mut accepted = vec![0; domains.len()];
        let mut failed = vec![0; domains.len()];
        let mut running = VecDeque::new();
        loop {
            match delivery.next(now) {
                Action::LookUp { domain } => running.push_back(Running::Lookup(domain)),
                Action::Try(attempt) => running.push_back(Running::Attempt(attempt)),
                Action::Report(report) => {
                    prop_assert!(!report.recipients.is_empty());
                    for one in &report.recipients {
                        if report.action == ReportAction::Failed {
                            failed[one.recipient] += 1;
                        }
                    }
                }
                Action::Wait { until: None } => {
                    // Anything that takes a while.
                    now += Duration::from_secs(u64::from(draw()));
                    let at = usize::from(draw()) % running.len();
                    match running.swap_remove_back(at).unwrap() {
                        Running::Lookup(domain) => delivery.found(&domain, answer(draw()), now),
                        Running::Attempt(attempt) => {
                            let outcomes: Vec<_> =
                                attempt.recipients.iter().map(|_| outcome(draw())).collect();
                            for (&at, outcome) in attempt.recipients.iter().zip(&outcomes) {
                                prop_assert_eq!((accepted[at], failed[at]), (0, 0));
                                accepted[at] += usize::from(outcome.is_accepted());
                            }
                            // A message that had no TLS was sent to nobody.
                            let is_tls = |it: &Outcome| matches!(it.reason(), Some(Reason::Tls(_)));
                            if outcomes.iter().any(is_tls) {
                                for &at in &attempt.recipients {
                                    accepted[at] = 0;
                                }
                                let all = vec![outcome(5); attempt.recipients.len()];
                                delivery.tried(&attempt, all, Promises::default(), now);
                            } else {
                                let promises = Promises {
                                    dsn: draw() % 2 == 0,
                                    deliver_by: draw() % 2 == 0,
                                };
                                delivery.tried(&attempt, outcomes, promises, now);
                            }
                        }
                    }
                }
                Action::Wait { until: Some(until) } => {
                    prop_assert!(running.is_empty() && now < until);
                    now = until;
                }
                Action::Done => break,
            }
            if stops.next() == Some(0) {
                running.clear();
                delivery = Delivery::new(delivery.into_state(), schedule.clone());
            }
        }
        prop_assert!(now.saturating_since(Time::default()) <= held + schedule.give_up + hours(24));
        for (at, recipient) in delivery.state().recipients.iter().enumerate() {
            prop_assert_eq!(recipient.stage, Stage::Settled);
            prop_assert_eq!(accepted[at] + failed[at], 1, "recipient {}", at);
        }
    }
}
