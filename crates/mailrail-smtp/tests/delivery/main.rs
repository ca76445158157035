//! Queued messages under a simulated clock: what is tried where and when, and what is reported.
#![cfg(test)]

extern crate alloc;

mod properties;
mod world;

use core::time::Duration;
use mailrail_smtp::{
    Delivery, EnhancedStatusCode, Reply, ReplyCode,
    delivery::{Action, Promises, Schedule, State},
    submission::Outcome,
};
use mailrail_wire::Time;
use world::{read, run};

const SOUTH: &str = "domain south.test: mx1=192.0.2.1,192.0.2.2 mx2=192.0.2.3";

/// Runs a case; `log` is what must happen, a line each.
fn case(name: &str, text: &str, log: &[&str]) {
    for restarts in [false, true] {
        let (mut world, envelope) = read(text);
        assert_eq!(run(&mut world, envelope, restarts), log, "{name}, restarts: {restarts}");
    }
}

fn bob(text: &str) -> String {
    format!("from <ann@north.test>\nto <bob@south.test>\n{SOUTH}\n{text}")
}

#[test]
fn one_round() {
    let first = ["0:00 lookup south.test", "0:00 try mx1 192.0.2.1: bob"];
    let then = |rest: &[&'static str]| [&first[..], rest].concat();
    for (name, servers, rest) in [
        ("accepted", "at 192.0.2.1: ok", &[][..]),
        ("refused for good", "at 192.0.2.1: 550", &["0:00 failed bob: 5.0.0 550 so"]),
        (
            "the next address of a host that is not reached",
            "at 192.0.2.1: broken\nat 192.0.2.2: ok",
            &["0:00 try mx1 192.0.2.2: bob"],
        ),
        (
            "the next host after one that answers",
            "at 192.0.2.1: 451\nat 192.0.2.3: ok",
            &["0:00 try mx2 192.0.2.3: bob"],
        ),
        (
            "a host that does not serve says nothing of the message",
            "at 192.0.2.1: unwelcome\nat 192.0.2.3: ok",
            &["0:00 try mx2 192.0.2.3: bob"],
        ),
        (
            "nor does one that goes away",
            "at 192.0.2.1: busy\nat 192.0.2.3: 554",
            &["0:00 try mx2 192.0.2.3: bob", "0:00 failed bob: 5.0.0 554 so"],
        ),
        (
            "without TLS where it fails",
            "at 192.0.2.1: tls; ok",
            &["0:00 try mx1 192.0.2.1 tls=none: bob"],
        ),
        (
            "and on to the next address where it breaks without",
            "at 192.0.2.1: tls; broken\nat 192.0.2.2: ok",
            &["0:00 try mx1 192.0.2.1 tls=none: bob", "0:00 try mx1 192.0.2.2: bob"],
        ),
        (
            "one that offers what the message takes",
            "at 192.0.2.1: unfit\nat 192.0.2.3: ok",
            &["0:00 try mx2 192.0.2.3: bob"],
        ),
        (
            "none offers it",
            "at 192.0.2.1: unfit\nat 192.0.2.3: unfit",
            &[
                "0:00 try mx2 192.0.2.3: bob",
                "0:00 failed bob: 5.6.3 the message has bytes over 127, and the server does not \
                 take them",
            ],
        ),
        (
            "one that may offer it does not answer now",
            "at 192.0.2.1: unfit\nat 192.0.2.3: broken; ok",
            &[
                "0:00 try mx2 192.0.2.3: bob",
                "0:30 lookup south.test",
                "0:30 try mx1 192.0.2.1: bob",
                "0:30 try mx2 192.0.2.3: bob",
            ],
        ),
        (
            "what is unknown is tried later, and not elsewhere at once",
            "at 192.0.2.1: unknown; ok",
            &["0:30 lookup south.test", "0:30 try mx1 192.0.2.1: bob"],
        ),
    ] {
        case(name, &bob(servers), &then(rest));
    }
}

#[test]
fn some_messages_go_by_tls_alone() {
    let text = format!(
        "from <ann@north.test> REQUIRETLS\nto <bob@south.test>\n{SOUTH}\n\
         at 192.0.2.1: tls\nat 192.0.2.2: tls\nat 192.0.2.3: ok"
    );
    case(
        "never without",
        &text,
        &[
            "0:00 lookup south.test",
            "0:00 try mx1 192.0.2.1 tls=required: bob",
            "0:00 try mx1 192.0.2.2 tls=required: bob",
            "0:00 try mx2 192.0.2.3 tls=required: bob",
        ],
    );
    let text = "from <ann@north.test>\nto <bob@south.test>\n\
                domain south.test: mx1!=192.0.2.1 mx2=192.0.2.3\n\
                at 192.0.2.1: tls\nat 192.0.2.3: tls; ok";
    case(
        "to the exchanger that asks for it",
        text,
        &[
            "0:00 lookup south.test",
            "0:00 try mx1 192.0.2.1 tls=required: bob",
            "0:00 try mx2 192.0.2.3: bob",
            "0:00 try mx2 192.0.2.3 tls=none: bob",
        ],
    );
}

/// RFC 8689 §4.2.1: each host is tried, and where all fail for want of it, the sender hears at once.
#[test]
fn what_requires_tls_is_returned_where_no_host_has_it() {
    let lookup = "0:00 lookup south.test";
    let try_at = |address: &str, more: &str| {
        let host = if address == "192.0.2.3" { "mx2" } else { "mx1" };
        format!("0:00 try {host} {address} tls=required: {more}")
    };
    let [first, second, third] =
        ["192.0.2.1", "192.0.2.2", "192.0.2.3"].map(|at| try_at(at, "bob"));
    let failed = |why: &str| format!("0:00 failed bob: {why}");
    let tls = |name, servers: &str, rest: &[&str]| {
        let text = format!("from <ann@north.test> REQUIRETLS\nto <bob@south.test>\n{servers}");
        case(name, &text, &[&[lookup], rest].concat());
    };
    let no_offer = failed("5.7.30 the message needs REQUIRETLS, and the server does not offer it");
    tls(
        "the next host may do better",
        &format!("{SOUTH}\nat 192.0.2.1: no requiretls\nat 192.0.2.3: ok"),
        &[&first, &third],
    );
    tls(
        "none does",
        &format!("{SOUTH}\nat 192.0.2.1: no starttls\nat 192.0.2.3: no requiretls"),
        &[&first, &third, &no_offer],
    );
    tls(
        "no certificate is right",
        &format!("{SOUTH}\nat 192.0.2.1: tls\nat 192.0.2.2: tls\nat 192.0.2.3: tls"),
        &[&first, &second, &third, &failed("5.7.10 handshake failed")],
    );
    tls(
        "a host that is not reached may do better later",
        &format!("{SOUTH}\nat 192.0.2.1: no starttls\nat 192.0.2.3: broken; no requiretls"),
        &[
            &first,
            &third,
            "0:30 lookup south.test",
            &first.replace("0:00", "0:30"),
            &third.replace("0:00", "0:30"),
            &no_offer.replace("0:00", "0:30"),
        ],
    );
    tls(
        "nothing proves the hosts",
        "domain south.test: unproved",
        &[&failed("5.7.10 south.test: nothing proves it")],
    );
    let report = format!("from <> REQUIRETLS\nto <bob@south.test>\n{SOUTH}\nat 192.0.2.1: tls; ok");
    case(
        "a report goes as well as it can",
        &report,
        &[lookup, "0:00 try mx1 192.0.2.1: bob", "0:00 try mx1 192.0.2.1 tls=none: bob"],
    );
}

#[test]
fn recipients_part_ways() {
    let text = format!(
        "from <ann@north.test>\nto <a@south.test>\nto <b@SOUTH.test>\nto <c@south.test>\n\
         to <d@[192.0.2.9]>\nto <Postmaster>\n{SOUTH}\n\
         at 192.0.2.1: a=550, b=451, ok\nat 192.0.2.3: 452; ok\nat 192.0.2.9: ok"
    );
    case(
        "each has its own fate",
        &text,
        &[
            "0:00 lookup south.test",
            "0:00 try mx1 192.0.2.1: a,b,c",
            "0:00 try mx2 192.0.2.3: b",
            "0:00 try [192.0.2.9] 192.0.2.9: d",
            "0:00 failed a,Postmaster>: 5.0.0 550 so | 5.1.2 no domain to deliver to",
            "0:30 lookup south.test",
            "0:30 try mx1 192.0.2.1: b",
            "0:30 try mx2 192.0.2.3: b",
        ],
    );
    let text = format!(
        "from <ann@north.test>\nto <a@south.test>\nto <b@south.test>\nto <c@south.test>\n{SOUTH}\n\
         at 192.0.2.1: a=ok, 452; b=ok, many; c=ok, many"
    );
    case(
        "too many at a time are sent to at once",
        &text,
        &[
            "0:00 lookup south.test",
            "0:00 try mx1 192.0.2.1: a,b,c",
            "0:00 try mx1 192.0.2.1: b,c",
            "0:00 try mx1 192.0.2.1: c",
        ],
    );
}

#[test]
fn domains_without_exchangers() {
    for (answer, code, why) in [
        ("null", "5.1.10", "south.test takes no mail"),
        ("none", "5.1.2", "south.test: no such domain"),
        ("no address", "5.4.4", "south.test: no exchanger has an address"),
        ("loop", "5.4.6", "mail for south.test loops back to this server"),
        ("bad", "5.1.2", "south.test: too long"),
    ] {
        let text =
            format!("from <ann@north.test>\nto <bob@south.test>\ndomain south.test: {answer}");
        let report = format!("0:00 failed bob: {code} {why}");
        case(answer, &text, &["0:00 lookup south.test", &report]);
    }
    case(
        "a name server that is silent is asked again",
        "from <ann@north.test>\nto <bob@south.test>\n\
         domain south.test: silence; mx1=192.0.2.1\nat 192.0.2.1: ok",
        &["0:00 lookup south.test", "0:30 lookup south.test", "0:30 try mx1 192.0.2.1: bob"],
    );
}

/// The rounds of five days, two hours apart but for the first ones.
fn rounds() -> Vec<u64> {
    [0, 30, 60]
        .into_iter()
        .chain((0..).map(|n| 120 + 120 * n))
        .take_while(|&at| at < 7_200)
        .collect()
}

#[test]
fn days_pass() {
    let text = "from <ann@north.test>\nto <bob@south.test>\ndomain south.test: mx1=192.0.2.1\n\
                at 192.0.2.1: 451";
    let (mut world, envelope) = read(text);
    let log = run(&mut world, envelope, true);
    let tries = log.iter().filter(|line| line.contains(" try ")).count();
    assert_eq!(tries, rounds().len() + 1, "the last one is at the end");
    let reports: Vec<_> =
        log.iter().filter(|line| line.contains("ed bob")).map(String::as_str).collect();
    assert_eq!(reports, ["4:00 delayed bob: 4.0.0 451 so", "5d 0:00 failed bob: 4.0.0 451 so"]);
    assert_eq!(log.last().map(String::as_str), reports.last().copied());
}

#[test]
fn what_the_sender_wants_to_know() {
    let failed = "5d 0:00 failed bob: 4.0.0 451 so";
    let delayed = "4:00 delayed bob: 4.0.0 451 so";
    for (from, notify, reports) in [
        ("<ann@north.test>", "", &[delayed, failed][..]),
        ("<ann@north.test>", " NOTIFY=DELAY", &[delayed]),
        ("<ann@north.test>", " NOTIFY=FAILURE", &[failed]),
        ("<ann@north.test>", " NOTIFY=SUCCESS", &[]),
        ("<ann@north.test>", " NOTIFY=NEVER", &[]),
        ("<>", " NOTIFY=FAILURE,DELAY,SUCCESS", &[]),
    ] {
        let text = format!(
            "from {from}\nto <bob@south.test>{notify}\ndomain south.test: mx1=192.0.2.1\n\
             at 192.0.2.1: 451"
        );
        let (mut world, envelope) = read(&text);
        let mut log = run(&mut world, envelope, false);
        log.retain(|line| line.contains("ed bob"));
        assert_eq!(log, reports, "{from}{notify}");
    }
    for (notify, server, report) in [
        (" NOTIFY=SUCCESS", "ok", &["0:00 relayed bob: 2.0.0 250 taken"][..]),
        (" NOTIFY=SUCCESS", "dsn", &[]),
        (" NOTIFY=FAILURE,DELAY", "ok", &[]),
        ("", "ok", &[]),
    ] {
        let text = format!(
            "from <ann@north.test>\nto <bob@south.test>{notify}\n\
             domain south.test: mx1=192.0.2.1\nat 192.0.2.1: {server}"
        );
        let tried = ["0:00 lookup south.test", "0:00 try mx1 192.0.2.1: bob"];
        case(notify, &text, &[&tried[..], report].concat());
    }
}

/// FUTURERELEASE: nothing is done before its time, and what is late counts from then on.
#[test]
fn held_until_its_time() {
    for hold in ["HOLDFOR=5400", "HOLDUNTIL=1970-01-01T01:29:59.5Z"] {
        let text = format!(
            "from <ann@north.test> {hold}\nto <bob@south.test>\n\
             domain south.test: mx1=192.0.2.1\nat 192.0.2.1: 451"
        );
        let (mut world, envelope) = read(&text);
        let log = run(&mut world, envelope, true);
        assert_eq!(log[..2], ["1:30 lookup south.test", "1:30 try mx1 192.0.2.1: bob"], "{hold}");
        let reports: Vec<_> = log.iter().filter(|line| line.contains("ed bob")).collect();
        assert_eq!(reports, ["5:30 delayed bob: 4.0.0 451 so", "5d 1:30 failed bob: 4.0.0 451 so"]);
    }
    let past = "from <ann@north.test> HOLDUNTIL=1969-01-01T00:00:00Z\nto <bob@south.test>\n\
                domain south.test: mx1=192.0.2.1\nat 192.0.2.1: ok";
    case("a time that is past", past, &["0:00 lookup south.test", "0:00 try mx1 192.0.2.1: bob"]);
}

/// DELIVERBY (RFC 2852): what is said of time to the next server, and to the sender.
#[test]
fn in_time_or_not() {
    let first = "0:00 lookup south.test";
    for (mail, notify, server, log) in [
        // §4.1.2: it is refused before.
        (
            "BY=3600;R",
            "",
            "550",
            &["try mx1 192.0.2.1 by=3600;R: bob", "failed bob: 5.0.0 550 so"][..],
        ),
        // §4.1.3: no further attempts, and a failure.
        (
            "BY=3600;R",
            "",
            "451",
            &[
                "try mx1 192.0.2.1 by=3600;R: bob",
                "0:30 lookup south.test",
                "0:30 try mx1 192.0.2.1 by=1800;R: bob",
                "1:00 failed bob: 5.4.7 not delivered in time: 451 so",
            ],
        ),
        ("BY=1740;R", " NOTIFY=DELAY", "451", &["try mx1 192.0.2.1 by=1740;R: bob"]),
        // §4.1.3: a warning, and tries go on; the next server hears for how long it is late.
        (
            "BY=2700;N",
            "",
            "451; 451; ok",
            &[
                "try mx1 192.0.2.1 by=2700;N: bob",
                "0:30 lookup south.test",
                "0:30 try mx1 192.0.2.1 by=900;N: bob",
                "0:45 delayed bob: 4.4.7 not delivered in time: 451 so",
                "1:00 lookup south.test",
                "1:00 try mx1 192.0.2.1 by=-900;N: bob",
            ],
        ),
        (
            "BY=2700;N",
            " NOTIFY=FAILURE",
            "451; 451; ok",
            &[
                "try mx1 192.0.2.1 by=2700;N: bob",
                "0:30 lookup south.test",
                "0:30 try mx1 192.0.2.1 by=900;N: bob",
                "1:00 lookup south.test",
                "1:00 try mx1 192.0.2.1 by=-900;N: bob",
            ],
        ),
        // It was late when it came: the server before has told.
        ("BY=-60;N", "", "ok", &["try mx1 192.0.2.1 by=-60;N: bob"]),
        // §4.1.4.2: the next server does not know of times, and the sender hears of that.
        (
            "BY=3600;N",
            "",
            "dsn",
            &["try mx1 192.0.2.1 by=3600;N: bob", "relayed bob: 2.0.0 250 taken"],
        ),
        ("BY=3600;N", " NOTIFY=NEVER", "dsn", &["try mx1 192.0.2.1 by=3600;N: bob"]),
        ("BY=3600;N", "", "timely", &["try mx1 192.0.2.1 by=3600;N: bob"]),
        ("BY=3600;R", " NOTIFY=SUCCESS", "timely dsn", &["try mx1 192.0.2.1 by=3600;R: bob"]),
        // §4.1.4: its way is traced, though the next server reports.
        (
            "BY=3600;RT",
            "",
            "timely dsn",
            &["try mx1 192.0.2.1 by=3600;RT: bob", "relayed bob: 2.0.0 250 taken"],
        ),
    ] {
        let text = format!(
            "from <ann@north.test> {mail}\nto <bob@south.test>{notify}\n\
             domain south.test: mx1=192.0.2.1\nat 192.0.2.1: {server}"
        );
        let timed = |line: &&str| match line.starts_with(|it: char| it.is_ascii_digit()) {
            true => (*line).to_owned(),
            false => format!("0:00 {line}"),
        };
        let log: Vec<String> =
            [first.to_owned()].into_iter().chain(log.iter().map(timed)).collect();
        case(mail, &text, &log.iter().map(String::as_str).collect::<Vec<_>>());
    }
}

/// What is on its way when the time is over may arrive; nothing else is begun.
#[test]
fn what_runs_past_its_time() {
    let text = format!(
        "from <ann@north.test> BY=60;R\nto <a@south.test>\nto <b@north.test>\n{SOUTH}\n\
         domain north.test: mx3=192.0.2.4"
    );
    let (mut world, envelope) = read(&text);
    let mut delivery = Delivery::new(State::new(envelope, Time::default()), Schedule::default());
    let (mut attempts, start) = (Vec::new(), Time::default());
    loop {
        match delivery.next(start) {
            Action::LookUp { domain } if domain == "south.test" => {
                let answer = world.answer(&domain);
                delivery.found(&domain, answer, start);
            }
            Action::LookUp { .. } => {}
            Action::Try(attempt) => attempts.push(attempt),
            action => {
                assert_eq!(action, Action::Wait { until: None });
                break;
            }
        }
    }
    let late = start + Duration::from_secs(61);
    assert_eq!(delivery.envelope(&attempts[0], late).mail.by.unwrap().to_string(), "1;R");
    let taken = Outcome::Accepted(Reply::new(ReplyCode::OK, "taken"));
    delivery.tried(&attempts[0], vec![taken], Promises::default(), late);
    let answer = world.answer("north.test");
    assert_eq!(delivery.next(late), Action::Wait { until: None });
    delivery.found("north.test", answer, late);
    let Action::Report(report) = delivery.next(late) else { panic!("it is tried") };
    let told = &report.recipients[0];
    assert_eq!((report.recipients.len(), told.recipient), (1, 1));
    assert_eq!((told.status, &*told.text), (EnhancedStatusCode::EXPIRED, "not delivered in time"));
    assert_eq!(delivery.next(late), Action::Done);
}
