//! Several name servers: which one is asked when another one fails, is lame, slow or not there.

use crate::common::{
    Answers, Zone, a, answer, asked_name, at_once, mx, name, record, run_servers, shown,
};
use core::time::Duration;
use hickory_proto::{
    op::ResponseCode,
    rr::{RData, RecordType, rdata::NS},
};
use mailrail_mx::{Config, Error, Event, Lookup};
use mailrail_wire::{Connection, Input, Step, Time};

fn zone() -> Zone {
    Zone::new(vec![mx("example.test", 10, "mail.test"), a("mail.test", "192.0.2.1")])
}

fn new(servers: usize) -> Lookup {
    let mut config = Config::default();
    config.servers = servers;
    Lookup::new("example.test", [5; 16], config).unwrap()
}

const MS: Duration = Duration::from_millis(1);

/// What the first server does, how long it takes then, and which ones are asked.
#[test]
fn the_next_one_is_asked() {
    type Broken<'a> = &'a dyn Fn(&[u8]) -> Option<Answers>;
    let failing = |code| {
        move |question: &[u8]| {
            let mut message = answer(question);
            message.metadata.response_code = code;
            Some(at_once(&message))
        }
    };
    let silent = |_: &[u8]| Some(Vec::new());
    let closed = |_: &[u8]| None;
    let lame = |question: &[u8]| {
        let mut message = answer(question);
        message.add_authority(record("test", RData::NS(NS(name("ns.test")))));
        Some(at_once(&message))
    };
    let garbled = |question: &[u8]| {
        let mut message = answer(question).to_vec().unwrap();
        message[7] = 9;
        Some(vec![(MS, message)])
    };
    let servfail = failing(ResponseCode::ServFail);
    let refused = failing(ResponseCode::Refused);
    let firsts: [(&str, Broken<'_>, u32); 6] = [
        ("silent", &silent, 3_002),
        ("closed", &closed, 2),
        ("lame", &lame, 3),
        ("garbled", &garbled, 3),
        ("SERVFAIL", &servfail, 3),
        ("REFUSED", &refused, 3),
    ];
    let zone = zone();
    for (what, first, took) in firsts {
        let (found, trace) = run_servers(&mut new(3), 99, |asked| match asked.server {
            0 => first(asked.question),
            _ => Some(at_once(&zone.answer(asked.question, asked.tcp))),
        });
        assert_eq!(shown(&found.unwrap()), ["10 mail.test 192.0.2.1"], "{what}");
        assert_eq!((trace.servers, trace.took), (vec![1], took * MS), "{what}");
    }
}

#[test]
fn all_of_them_in_turn_and_no_longer_than_allowed() {
    let mut asked_of = Vec::new();
    let (found, trace) = run_servers(&mut new(3), 99, |asked| {
        asked_of.push(asked.server);
        Some(Vec::new())
    });
    assert_eq!(found, Err(Error::TimedOut));
    assert_eq!((asked_of, trace.took), (vec![0, 1, 2, 0], Duration::from_secs(12)));

    let (found, trace) = run_servers(&mut new(3), 99, |_| None);
    assert_eq!(found, Err(Error::Unreachable));
    assert_eq!((trace.servers, trace.took), (vec![1, 2], Duration::ZERO));

    // One that has failed is not asked again, one that was only slow is.
    let mut asked_of = Vec::new();
    let (found, _) = run_servers(&mut new(3), 99, |asked| {
        asked_of.push(asked.server);
        let mut message = answer(asked.question);
        message.metadata.response_code = ResponseCode::ServFail;
        Some(if asked.server == 1 { Vec::new() } else { at_once(&message) })
    });
    assert_eq!(found, Err(Error::TimedOut));
    assert_eq!(asked_of, [0, 1, 2, 1]);
}

/// A question that one server can't answer goes to the next; the others are not asked twice.
#[test]
fn only_what_failed_is_asked_of_the_next() {
    let zone = zone();
    let (found, trace) = run_servers(&mut new(2), 99, |asked| {
        let mut message = zone.answer(asked.question, asked.tcp);
        if asked.server == 0 && asked.kind() == RecordType::AAAA {
            message.metadata.response_code = ResponseCode::ServFail;
        }
        Some(at_once(&message))
    });
    assert_eq!(shown(&found.unwrap()), ["10 mail.test 192.0.2.1"]);
    let kinds = trace.asked.iter().map(|(_, kind, _)| *kind).collect::<Vec<_>>();
    let address = [RecordType::A, RecordType::AAAA, RecordType::AAAA];
    assert_eq!(kinds, [&[RecordType::MX], &address[..]].concat());
    assert_eq!(trace.servers, [1]);
}

/// TCP with one server, UDP again with the next.
#[test]
fn each_begins_over_udp() {
    let zone = zone();
    zone.udp_max.set(Some(60));
    let (found, trace) = run_servers(&mut new(2), 99, |asked| match (asked.server, asked.tcp) {
        (0, true) => None,
        _ => Some(at_once(&zone.answer(asked.question, asked.tcp))),
    });
    assert_eq!(shown(&found.unwrap()), ["10 mail.test 192.0.2.1"]);
    let transports = trace.asked.iter().map(|(.., tcp)| *tcp).collect::<Vec<_>>();
    assert_eq!(transports, [false, true, false, true, true, true]);
}

#[test]
fn side_by_side_within_a_limit() {
    let records = (0..20_u16).flat_map(|n| {
        let host = format!("mx{n}.test");
        [mx("example.test", n, &host), a(&host, "192.0.2.1")]
    });
    let zone = Zone::new(records.collect());
    for (limit, took) in [(1, 41), (16, 4), (100, 2)] {
        let mut config = Config::default();
        config.limits.questions = limit;
        let mut lookup = Lookup::new("example.test", [5; 16], config).unwrap();
        let (found, trace) = run_servers(&mut lookup, 99, |asked| {
            Some(at_once(&zone.answer(asked.question, asked.tcp)))
        });
        assert_eq!(found.unwrap().exchangers.len(), 20);
        assert_eq!((trace.at_once, trace.asked.len()), (limit.min(40), 41));
        assert_eq!(trace.took, took * MS, "{limit}");
    }
}

/// An answer whose letters are not those of the question was forged, or changed by the server: TCP
/// tells.
#[test]
fn letters_must_be_those_of_the_question() {
    let zone = zone();
    let mut seen = Vec::new();
    let (found, trace) = run_servers(&mut new(1), 99, |asked| {
        let mut bytes = zone.answer(asked.question, asked.tcp).to_vec().unwrap();
        seen.push(asked.question[12..25].to_vec());
        bytes[12..25].make_ascii_lowercase();
        Some(vec![(MS, bytes)])
    });
    assert_eq!(shown(&found.unwrap()), ["10 mail.test 192.0.2.1"]);
    assert_eq!(trace.connects, 1);
    assert!(seen[0] != seen[0].to_ascii_lowercase() && seen[0] == seen[1]);

    let mut config = Config::default();
    config.mixed_case = false;
    let mut lookup = Lookup::new("Example.test", [5; 16], config).unwrap();
    let (_, trace) = run_servers(&mut lookup, 99, |asked| {
        assert_eq!(
            asked_name(asked.question).len(),
            if asked.kind() == RecordType::MX { 13 } else { 10 }
        );
        Some(at_once(&zone.answer(asked.question, asked.tcp)))
    });
    assert_eq!(trace.connects, 0);
}

/// A caller with one socket for all servers says where each datagram comes from.
#[test]
fn answers_from_elsewhere_are_dropped() {
    let zone = zone();
    let (mut lookup, mut input, mut now) = (new(2), Input::default(), Time::default());
    let mut question = Vec::new();
    let mut first = None;
    loop {
        match lookup.poll(now, &mut input).unwrap() {
            Step::Write { .. } => {
                let output = lookup.output();
                question = bytes::Buf::copy_to_bytes(output, output.len()).to_vec();
            }
            Step::Event => match lookup.event(&mut input).unwrap() {
                Event::Server(1) => {}
                event => panic!("{event:?}"),
            },
            Step::Read { until } if first.is_none() => {
                // The right answer from the wrong place, and from a server not asked yet.
                let answer = zone.answer(&question, false).to_vec().unwrap();
                for from in [None, Some(1), Some(77)] {
                    input.extend(&answer);
                    lookup.received_from(from);
                    assert!(matches!(lookup.poll(now, &mut input), Ok(Step::Read { .. })));
                    assert!(input.is_empty());
                }
                first = Some(answer);
                now = until.unwrap();
            }
            Step::Read { .. } => {
                // The first server was late: its answer counts still.
                input.extend(&first.take().unwrap());
                lookup.received_from(Some(0));
                assert!(matches!(lookup.poll(now, &mut input), Ok(Step::Write { .. })));
                let next = bytes::Buf::chunk(lookup.output());
                assert_eq!(asked_name(next), "mail.test.");
                return;
            }
            step => panic!("not expected: {step:?}"),
        }
    }
}
