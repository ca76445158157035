//! A world to deliver to, under a clock that moves only when a delivery waits.

use alloc::collections::BTreeMap;
use core::time::Duration;
use mailrail_smtp::{
    Delivery, EnhancedStatusCode, Reply, ReplyCode, Unfit,
    command::Command,
    delivery::{Action, Answer, Attempt, Exchanger, Promises, Reported, Schedule, State},
    submission::{Envelope, Outcome, Reason, TlsPolicy},
};
use mailrail_wire::Time;

/// What domains and servers do, as a test writes it down.
#[derive(Debug, Default)]
pub(crate) struct World {
    /// What a lookup finds, one time after the other; the last one goes for all that follow.
    domains: BTreeMap<String, Vec<String>>,
    /// What a server at an address does, in the same way.
    servers: BTreeMap<String, Vec<String>>,
}

/// Reads a world and an envelope.
pub(crate) fn read(text: &str) -> (World, Envelope) {
    let (mut world, mut mail, mut recipients) = (World::default(), None, Vec::new());
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (word, rest) = line.split_once(' ').unwrap();
        let list = || {
            let (name, what) = rest.split_once(": ").unwrap();
            (name.to_owned(), what.split("; ").map(str::to_owned).collect())
        };
        match word {
            "from" => {
                let line = format!("MAIL FROM:{rest}\r\n");
                let Ok(Command::Mail(read)) = Command::parse(line.as_bytes()) else {
                    panic!("{line}")
                };
                mail = Some(read.into_owned());
            }
            "to" => {
                let line = format!("RCPT TO:{rest}\r\n");
                let Ok(Command::Rcpt(rcpt)) = Command::parse(line.as_bytes()) else {
                    panic!("{line}")
                };
                recipients.push(rcpt.into_owned());
            }
            "domain" => world.domains.extend([list()]),
            "at" => world.servers.extend([list()]),
            _ => panic!("{line}"),
        }
    }
    (world, Envelope { mail: mail.unwrap(), recipients })
}

/// The next of a list, or its last.
fn next(list: Option<&mut Vec<String>>) -> String {
    match list {
        None => panic!("nobody is there"),
        Some(list) if list.len() > 1 => list.remove(0),
        Some(list) => list[0].clone(),
    }
}

impl World {
    pub(crate) fn answer(&mut self, domain: &str) -> Answer {
        let text = next(self.domains.get_mut(domain));
        match text.as_str() {
            "null" => Answer::NullMx,
            "none" => Answer::NoSuchDomain,
            "no address" => Answer::NoAddress,
            "loop" => Answer::Loop,
            "silence" => Answer::NotNow("no answer".into()),
            "unproved" => Answer::Insecure("nothing proves it".into()),
            "bad" => Answer::NotADomain("too long".into()),
            hosts => Answer::Found(
                hosts
                    .split(' ')
                    .map(|host| {
                        let (name, addresses) = host.split_once('=').unwrap();
                        // `mx!=`: TLS is asked for there.
                        let plain = name.trim_end_matches('!');
                        let addresses = addresses.split(',').map(|it| it.parse().unwrap());
                        let mut host = Exchanger::new(plain.to_owned(), addresses.collect());
                        if plain != name {
                            host.tls = TlsPolicy::Required;
                        }
                        host
                    })
                    .collect(),
            ),
        }
    }

    /// What becomes of each recipient, and whether the server reports.
    fn attempt(&mut self, at: &Attempt, envelope: &Envelope) -> (Vec<Outcome>, Promises) {
        let text = next(self.servers.get_mut(&at.address.to_string()));
        let outcomes = envelope.recipients.iter().map(|rcpt| {
            let who = rcpt.forward_path.to_string();
            // `bob=what, what`: what bob gets, and all others.
            let own = text.split(", ").find_map(|part| {
                let (name, what) = part.split_once('=')?;
                who.starts_with(&format!("<{name}@")).then_some(what)
            });
            let common = || text.split(", ").find(|part| !part.contains('=')).unwrap();
            outcome(own.unwrap_or_else(common))
        });
        let promises = Promises { dsn: text.contains("dsn"), deliver_by: text.contains("timely") };
        (outcomes.collect(), promises)
    }
}

fn outcome(text: &str) -> Outcome {
    let host = |code, text: &'static str| Reason::Host(Reply::new(code, text));
    match text {
        "ok" | "dsn" | "timely" | "timely dsn" => {
            Outcome::Accepted(Reply::new(ReplyCode::OK, "taken"))
        }
        "broken" => Outcome::broken("connection refused"),
        "no starttls" => Outcome::Refused(Reason::Insecure),
        "no requiretls" => Outcome::Refused(Unfit::RequireTls.into()),
        "tls" => Outcome::Deferred(Reason::Tls("handshake failed".into())),
        "unknown" => Outcome::Unknown(Reason::Broken("no reply".into())),
        "busy" => Outcome::Deferred(host(ReplyCode::UNAVAILABLE, "busy")),
        "unwelcome" => Outcome::Refused(host(ReplyCode::TRANSACTION_FAILED, "no service")),
        "unfit" => Outcome::Refused(Unfit::EightBit.into()),
        "many" => Outcome::Deferred(Reason::TooMany(1)),
        code => {
            let code = ReplyCode::new(code.parse().unwrap()).unwrap();
            let reason = Reason::Reply(Reply::new(code, "so"));
            if code.is_permanent() { Outcome::Refused(reason) } else { Outcome::Deferred(reason) }
        }
    }
}

/// How long it is since the start.
fn clock(now: Time) -> String {
    let minutes = now.saturating_since(Time::default()).as_secs() / 60;
    match (minutes / 1_440, minutes / 60 % 24, minutes % 60) {
        (0, hours, minutes) => format!("{hours}:{minutes:02}"),
        (days, hours, minutes) => format!("{days}d {hours}:{minutes:02}"),
    }
}

fn names(state: &State, recipients: impl Iterator<Item = usize>) -> String {
    let name = |at: usize| {
        let path = state.recipients[at].rcpt.forward_path.to_string();
        path.trim_start_matches('<').split('@').next().unwrap().to_owned()
    };
    recipients.map(name).collect::<Vec<_>>().join(",")
}

fn told(reported: &Reported) -> String {
    let code = |code: EnhancedStatusCode| code.to_string();
    format!("{} {}", code(reported.status), reported.text)
}

/// Delivers until nothing is left to do, and tells what happened. With `restarts`, the program
/// ends after each step and goes on with what it had stored.
pub(crate) fn run(world: &mut World, envelope: Envelope, restarts: bool) -> Vec<String> {
    let (mut now, mut log) = (Time::default(), Vec::new());
    let mut delivery = Delivery::new(State::new(envelope, now), Schedule::default());
    for _ in 0..10_000 {
        let at = clock(now);
        match delivery.next(now) {
            Action::LookUp { domain } => {
                log.push(format!("{at} lookup {domain}"));
                let answer = world.answer(&domain);
                delivery.found(&domain, answer, now);
                continue;
            }
            Action::Try(attempt) => {
                let who = names(delivery.state(), attempt.recipients.iter().copied());
                let tls = format!("{:?}", attempt.tls).to_lowercase();
                let tls =
                    if tls == "opportunistic" { String::new() } else { format!(" tls={tls}") };
                let envelope = delivery.envelope(&attempt, now);
                assert_eq!(envelope.mail.hold, None);
                let by = envelope.mail.by.map(|by| format!(" by={by}")).unwrap_or_default();
                log.push(format!("{at} try {} {}{tls}{by}: {who}", attempt.host, attempt.address));
                let (outcomes, promises) = world.attempt(&attempt, &envelope);
                delivery.tried(&attempt, outcomes, promises, now);
                continue;
            }
            Action::Report(report) => {
                let who = names(delivery.state(), report.recipients.iter().map(|it| it.recipient));
                let why: Vec<_> = report.recipients.iter().map(told).collect();
                log.push(format!("{at} {} {who}: {}", report.action.as_str(), why.join(" | ")));
            }
            Action::Wait { until } => {
                let until = until.expect("nothing runs");
                assert!(now < until, "it waits for what is past");
                now = until;
            }
            Action::Done => return log,
        }
        if restarts {
            let mut state = delivery.into_state();
            state.recipients.retain(|it| it.stage != mailrail_smtp::delivery::Stage::Settled);
            delivery = Delivery::new(state, Schedule::default());
        }
    }
    panic!("it goes on and on");
}

/// A time, for tests that count themselves.
pub(crate) fn hours(hours: u64) -> Duration {
    Duration::from_secs(3_600 * hours)
}
