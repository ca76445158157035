//! Loss, delay, forgery, cut answers, garbage: the lookup ends in time, with a typed error.

use crate::common::{Answers, Zone, a, aaaa, answer, at_once, mx, run, shown};
use core::time::Duration;
use hickory_proto::op::{Message, MessageType, ResponseCode};
use mailrail_mx::{Config, Error, Exchanges, InvalidDomain, Lookup};
use mailrail_wire::{Connection, Input, Step, Time, Upgrade};
use proptest::prelude::*;

fn zone() -> Zone {
    Zone::new(vec![
        mx("example.test", 10, "mail.test"),
        a("mail.test", "192.0.2.1"),
        aaaa("mail.test", "2001:db8::1"),
    ])
}

fn new() -> Lookup {
    Lookup::new("example.test", [9; 16], Config::default()).unwrap()
}

fn is_right(found: Result<Exchanges, Error>) {
    assert_eq!(shown(&found.unwrap()), ["10 mail.test 192.0.2.1 2001:db8::1"]);
}

const MS: Duration = Duration::from_millis(1);

#[test]
fn nothing_is_asked_for_an_invalid_domain() {
    let error = |domain| Lookup::new(domain, [0; 16], Config::default()).unwrap_err();
    assert_eq!(error("[192.0.2.1]"), InvalidDomain::AddressLiteral);
    assert_eq!(error("\u{e000}.test"), InvalidDomain::International);
    assert_eq!(error("a..test"), InvalidDomain::Label);
}

/// The question, octet for octet (RFC 1035 §4, RFC 6891 §6.1.2).
#[test]
fn the_question_on_the_wire() {
    let mut input = Input::default();
    let mut config = Config::default();
    config.mixed_case = false;
    let mut lookup = Lookup::new("mx.example.", [9; 16], config).unwrap();
    assert!(matches!(lookup.poll(Time::default(), &mut input), Ok(Step::Write { .. })));
    let sent = bytes::Buf::chunk(lookup.output()).to_vec();
    let expected = b"\x01\x20\0\x01\0\0\0\0\0\x01\x02mx\x07example\0\0\x0f\0\x01\
        \0\0\x29\x04\xd0\0\0\0\0\0\0";
    assert_eq!(&sent[2..], expected);
    // Asking again before writing changes nothing.
    assert!(matches!(lookup.poll(Time::default(), &mut input), Ok(Step::Write { .. })));
    assert_eq!(bytes::Buf::chunk(lookup.output()), sent);
    assert_eq!(lookup.event(&mut input), Err(Error::NoEvent));
}

/// An answer as octets: compressed names, two exchangers, an address along with them.
#[test]
fn an_answer_on_the_wire() {
    let literal = b"\x81\xa0\0\x01\0\x02\0\0\0\x02\x07EXAMPLE\x04test\0\0\x0f\0\x01\
        \xc0\x0c\0\x0f\0\x01\0\0\0\x3c\0\x07\0\x0a\x02m1\xc0\x14\
        \xc0\x0c\0\x0f\0\x01\0\0\0\x3c\0\x04\0\x05\xc0\x0c\
        \xc0\x2c\0\x01\0\x01\0\0\0\x3c\0\x04\xc0\0\x02\x01\
        \0\0\x29\x04\xd0\0\0\0\0\0\0";
    let (found, trace) = run(&mut new(), 1, |question, tcp| {
        if Message::from_vec(question).unwrap().queries[0].query_type().to_string() != "MX" {
            return at_once(&Zone::default().answer(question, tcp));
        }
        vec![(MS, [&question[..2], literal].concat())]
    });
    let found = found.unwrap();
    assert!(found.authenticated);
    assert_eq!(
        shown(&found),
        [
            "5 example.test (its addresses are not known: no exchanger and no address)",
            "10 m1.test 192.0.2.1"
        ]
    );
    assert_eq!(trace.asked.len(), 4);
}

#[test]
fn a_lost_question_is_asked_again() {
    let (mut n, zone) = (0, zone());
    let mut ids = Vec::new();
    let (found, trace) = run(&mut new(), 1, |question, tcp| {
        n += 1;
        ids.push(question[..2].to_vec());
        if n % 2 == 0 { at_once(&zone.answer(question, tcp)) } else { Vec::new() }
    });
    is_right(found);
    assert_eq!(trace.asked.len(), 6);
    // The id stays with the question, and is another one for the next. Those for the addresses go
    // out together, and one of them is lost.
    assert!(ids[0] == ids[1] && ids[1] != ids[2] && ids[2] != ids[3]);
    assert!(ids[4] == ids[2] && ids[5] == ids[2]);
    assert_eq!(trace.took, Duration::from_millis(9_002));
}

#[test]
fn a_late_answer_counts() {
    let zone = zone();
    let (found, _) = run(&mut new(), 1, |question, tcp| {
        vec![(Duration::from_millis(6_100), zone.answer(question, tcp).to_vec().unwrap())]
    });
    is_right(found);
}

#[test]
fn silence_ends_in_time() {
    let (found, trace) = run(&mut new(), 1, |_, _| Vec::new());
    let error = found.unwrap_err();
    assert_eq!((error.is_temporary(), error), (true, Error::TimedOut));
    assert_eq!((trace.asked.len(), trace.took), (4, Duration::from_secs(12)));
}

#[test]
fn what_is_known_when_time_is_over_is_told() {
    let zone = Zone::new(
        (0..9)
            .map(|n| mx("example.test", n, &format!("mx{n}.test")))
            .chain([a("mx0.test", "192.0.2.1"), aaaa("mx0.test", "2001:db8::1")])
            .collect(),
    );
    let mut config = Config::default();
    config.timeouts.total = Duration::from_secs(10);
    let mut lookup = Lookup::new("example.test", [9; 16], config).unwrap();
    let (found, trace) = run(&mut lookup, 1, |question, tcp| {
        let name = crate::common::asked_name(question);
        let known = name == "example.test." || name == "mx0.test.";
        if known { at_once(&zone.answer(question, tcp)) } else { Vec::new() }
    });
    let found = found.unwrap();
    assert_eq!(shown(&found)[0], "0 mx0.test 192.0.2.1 2001:db8::1");
    assert_eq!(
        shown(&found)[8].split_once(' ').unwrap().1,
        "mx8.test (its addresses are not known: no answer within the time allowed)"
    );
    assert!(found.is_temporary() && trace.holds == Duration::ZERO);
    assert_eq!(trace.took, Duration::from_secs(10));
}

#[test]
fn foreign_answers_are_dropped() {
    let zone = zone();
    let (found, trace) = run(&mut new(), 1, |question, tcp| {
        let right = zone.answer(question, tcp);
        let forged = |change: &dyn Fn(&mut Message)| {
            let mut message = right.clone();
            message.answers.clear();
            message.add_answer(mx("example.test", 0, "evil.test"));
            change(&mut message);
            (MS, message.to_vec().unwrap())
        };
        let mut garbage = right.to_vec().unwrap();
        garbage.truncate(11);
        vec![
            forged(&|message| message.metadata.id ^= 1),
            forged(&|message| message.metadata.message_type = MessageType::Query),
            forged(&|message| {
                message.queries[0].set_name(crate::common::name("other.test"));
            }),
            forged(&|message| {
                message.queries[0].set_query_type(hickory_proto::rr::RecordType::TXT);
            }),
            forged(&|message| message.queries.clear()),
            forged(&|message| message.queries.push(message.queries[0].clone())),
            (MS, Vec::new()),
            (MS, garbage),
            (MS, vec![0xff; 1_400]),
            (2 * MS, right.to_vec().unwrap()),
            (2 * MS, right.to_vec().unwrap()),
        ]
    });
    is_right(found);
    assert_eq!(trace.asked.len(), 3);
}

#[test]
fn garbage_behind_our_question() {
    for tail in [&b"\xc0\x0c\0\x0f\0\x01\0\0\0\x3c\0\x04\0\x05\xc0\xff"[..], b"\xff", b""] {
        let (found, _) = run(&mut new(), 1, |question, _| {
            let mut message = answer(question).to_vec().unwrap();
            message[7] = 1; // an answer is announced
            message.extend(tail);
            vec![(MS, message)]
        });
        let error = found.unwrap_err();
        assert_eq!((error.is_temporary(), error), (true, Error::Malformed));
    }
}

#[test]
fn compression_loops() {
    // Names that point to themselves, to each other, and forwards.
    for owner in [&b"\xc0\x1e"[..], b"\x01a\xc0\x1e", b"\xc0\x20\xc0\x1e", b"\xc0\xff"] {
        let (found, _) = run(&mut new(), 1, |question, _| {
            let mut message = answer(question).to_vec().unwrap();
            assert_eq!(message.len(), 30);
            message[7] = 1;
            message.extend(owner);
            message.extend(b"\0\x0f\0\x01\0\0\0\x3c\0\x04\0\x05\xc0\x0c");
            vec![(MS, message)]
        });
        assert_eq!(found, Err(Error::Malformed));
    }
}

#[test]
fn announced_counts_are_not_believed() {
    let (found, _) = run(&mut new(), 1, |question, _| {
        let mut message = answer(question).to_vec().unwrap();
        message[6..12].fill(0xff);
        vec![(MS, message)]
    });
    assert_eq!(found, Err(Error::Malformed));
}

#[test]
fn a_cut_answer_comes_over_tcp() {
    let mut zone = zone();
    zone.records.extend((0..50).map(|n| mx("example.test", 20, &format!("other{n}.test"))));
    zone.udp_max.set(Some(512));
    for piece in [1, 2, 3, 500, 70_000] {
        let (found, trace) =
            run(&mut new(), piece, |question, tcp| at_once(&zone.answer(question, tcp)));
        assert_eq!(shown(&found.unwrap())[0], "10 mail.test 192.0.2.1 2001:db8::1");
        assert_eq!(trace.connects, 1);
        assert!(!trace.asked[0].2 && trace.asked[1..].iter().all(|(.., tcp)| *tcp));
    }
}

#[test]
fn a_server_that_closes_after_each_answer() {
    let zone = zone();
    zone.udp_max.set(Some(50));
    let (found, trace) = run(&mut new(), 9, |question, tcp| {
        let mut answers = at_once(&zone.answer(question, tcp));
        if tcp {
            answers.push((2 * MS, Vec::new()));
        }
        answers
    });
    is_right(found);
    assert_eq!(trace.connects, 2);
}

/// A close that comes with the answer costs no question and no try.
#[test]
fn a_server_that_closes_with_each_answer() {
    let mut config = Config::default();
    config.limits.tries = 1;
    let zone = zone();
    zone.udp_max.set(Some(50));
    let mut lookup = Lookup::new("example.test", [9; 16], config).unwrap();
    let (mut now, mut input, mut coming, mut connects) =
        (Time::default(), Input::default(), None, 0);
    let found = loop {
        match lookup.poll(now, &mut input).unwrap() {
            Step::Write { .. } => {
                let output = lookup.output();
                let sent = bytes::Buf::copy_to_bytes(output, output.len());
                let tcp = connects > 0;
                let question = if tcp { &sent[2..] } else { &sent[..] };
                coming = Some(zone.answer(question, tcp).to_vec().unwrap());
            }
            Step::Read { until } => match coming.take() {
                Some(bytes) if connects > 0 => {
                    input.extend(&u16::try_from(bytes.len()).unwrap().to_be_bytes());
                    input.extend(&bytes);
                    input.received(0);
                }
                Some(bytes) => input.extend(&bytes),
                None => now = until.unwrap(),
            },
            Step::Upgrade(Upgrade::Tcp) => {
                input = Input::default();
                connects += 1;
                lookup.upgraded();
            }
            Step::Event => break lookup.event(&mut input),
            step => panic!("not expected: {step:?}"),
        }
    };
    let mailrail_mx::Event::Exchanges(found) = found.unwrap() else { panic!("no exchanges") };
    is_right(Ok(found));
    assert_eq!((connects, now), (3, Time::default()));
}

#[test]
fn a_server_that_only_closes() {
    let zone = zone();
    zone.udp_max.set(Some(50));
    let (found, trace) = run(&mut new(), 9, |question, tcp| {
        if tcp { vec![(MS, Vec::new())] } else { at_once(&zone.answer(question, tcp)) }
    });
    assert_eq!(found, Err(Error::TimedOut));
    assert_eq!(trace.connects, 4);
}

#[test]
fn foreign_and_long_frames_over_tcp() {
    let zone = zone();
    zone.udp_max.set(Some(50));
    let (found, trace) = run(&mut new(), 4_096, |question, tcp| {
        let mut answers: Answers = Vec::new();
        if tcp {
            answers.push((MS, vec![0; 65_535]));
            answers.push((MS, vec![7]));
        }
        answers.extend(at_once(&zone.answer(question, tcp)));
        answers
    });
    is_right(found);
    assert!(trace.held <= 160 * 1024, "{}", trace.held);
}

#[test]
fn an_answer_cut_over_tcp_as_well() {
    let (found, _) = run(&mut new(), 9, |question, _| {
        let mut message = answer(question);
        message.metadata.truncation = true;
        at_once(&message)
    });
    assert_eq!(found, Err(Error::Malformed));
}

#[test]
fn a_server_without_edns() {
    let zone = zone();
    for code in [ResponseCode::FormErr, ResponseCode::NotImp] {
        let (found, trace) = run(&mut new(), 9, |question, tcp| {
            let mut message = zone.answer(question, tcp);
            if Message::from_vec(question).unwrap().edns.is_some() {
                message = answer(question);
                message.metadata.response_code = code;
                if code == ResponseCode::FormErr {
                    message.queries.clear();
                }
            }
            at_once(&message)
        });
        is_right(found);
        assert_eq!(trace.asked.len(), 4);
    }
    // One that says so for ever is a failure.
    let (found, trace) = run(&mut new(), 9, |question, _| {
        let mut message = answer(question);
        message.metadata.response_code = ResponseCode::FormErr;
        at_once(&message)
    });
    assert_eq!(found, Err(Error::ServerFailed { code: 1 }));
    assert_eq!(trace.asked.len(), 2);
}

/// BADVERS has its high bits in the OPT record: without them it would look like "no MX records".
#[test]
fn an_extended_code_is_no_empty_answer() {
    let (found, _) = run(&mut new(), 9, |question, _| {
        let mut message = answer(question).to_vec().unwrap();
        message[11] = 1;
        message.extend(b"\0\0\x29\x04\xd0\x02\0\0\0\0\0"); // code 32
        vec![(MS, message)]
    });
    assert_eq!(found, Err(Error::ServerFailed { code: 32 }));
}

#[test]
fn a_write_that_hangs_ends_in_time() {
    let (mut lookup, mut input) = (new(), Input::default());
    let mut now = Time::default();
    let error = loop {
        match lookup.poll(now, &mut input) {
            Ok(Step::Write { until: Some(until) }) => now = until,
            Ok(step) => panic!("not expected: {step:?}"),
            Err(error) => break error,
        }
    };
    assert_eq!(error, Error::TimedOut);
    assert!(now <= Time::from_start(Duration::from_secs(30)));
}

#[test]
fn an_upgrade_nobody_asked_for_does_nothing() {
    let (mut lookup, mut input) = (new(), Input::default());
    lookup.upgraded();
    let step = lookup.poll(Time::default(), &mut input);
    assert!(!matches!(step, Ok(Step::Upgrade(Upgrade::Tcp))));
    assert_eq!(bytes::Buf::chunk(lookup.output())[2..4], [1, 0x20]);
}

proptest! {
    /// Any bytes, over UDP and TCP, behind our id and question or not: an end in time, no panic.
    #[test]
    fn any_bytes_end(
        tails in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..80), 0_u8..3), 1..8),
        flips in prop::collection::vec((0_usize..60, any::<u8>()), 0..4),
        piece in 1_usize..40,
    ) {
        let mut tails = tails.into_iter().cycle();
        let zone = zone();
        let (_, trace) = run(&mut new(), piece, |question, tcp| {
            let (tail, how) = tails.next().unwrap_or_default();
            let mut bytes = match how {
                0 => Vec::new(),
                1 => answer(question).to_vec().unwrap_or_default(),
                _ => zone.answer(question, tcp).to_vec().unwrap_or_default(),
            };
            if how == 1 {
                bytes[7] = 2;
                bytes.extend(tail);
            } else if how == 0 {
                bytes = tail;
            } else {
                for (at, value) in &flips {
                    if let Some(byte) = bytes.get_mut(*at) {
                        *byte = *value;
                    }
                }
            }
            vec![(MS, bytes)]
        });
        prop_assert!(trace.took <= Duration::from_secs(30));
    }
}
