//! A lookup takes any messages of a name server: it ends in time, within its limits.

#![no_main]

use bytes::Buf;
use core::time::Duration;
use libfuzzer_sys::fuzz_target;
use mailrail_mx::{Config, Dane, Demand, Error, Event, Exchanges, Families, Lookup, StsPolicy};
use mailrail_wire::{Connection, Input, Step, Time, Upgrade};
use std::collections::VecDeque;

/// The end of the question in a message that a lookup has made: its labels, type and class.
fn question_end(question: &[u8]) -> usize {
    let mut at = 12;
    while question[at] != 0 {
        at += 1 + usize::from(question[at]);
    }
    at + 5
}

/// An answer that begins as the question does, with counts of the fuzzer's, if `raw` is not said.
fn answer(question: &[u8], mut bytes: &[u8], raw: bool) -> Vec<u8> {
    if raw || bytes.len() < 5 {
        return bytes.to_vec();
    }
    let (head, records) = bytes.split_at(5);
    bytes = records;
    let counts = [0, 1, 0, head[2], 0, head[3], 0, head[4]];
    let end = question_end(question);
    [&question[..2], &head[..2], &counts, &question[12..end], bytes].concat()
}

fn config(flags: u8) -> Config {
    let mut config = Config::default();
    if flags & 1 != 0 {
        let limits = &mut config.limits;
        (limits.exchangers, limits.addresses, limits.aliases, limits.tries) = (2, 1, 1, 1);
        (limits.tlsa, limits.questions) = (1, 2);
    }
    config.dane = flags & 4 != 0;
    (config.sts, config.tls_report) = (flags & 8 != 0, flags & 8 != 0);
    config.mixed_case = flags & 16 != 0;
    config.servers = 1 + usize::from(flags >> 6);
    if flags & 32 != 0 {
        config.families = Families::Interleaved;
    }
    config
}

/// Each answer is preceded by its length, over 128 where it is not made to fit the question.
fn look_up(flags: u8, random: [u8; 16], mut wire: &[u8], piece: usize) -> Result<Exchanges, Error> {
    let config = config(flags);
    let limits = config.limits.clone();
    let end = config.timeouts.total;
    let mut lookup = Lookup::new("Mail.test", random, config).expect("a domain");
    let (mut input, mut now, mut tcp) = (Input::default(), Duration::ZERO, false);
    let (mut coming, mut asked) = (VecDeque::<Vec<u8>>::new(), 0_usize);
    let names = 3 + 5 * limits.exchangers;
    // Each server can cut an answer, and not know EDNS; each answer can be the last over its
    // connection.
    let most = usize::from(limits.tries) * (limits.aliases + 4) * names * names + 8;
    // Messages, or their pieces; each question can be asked for the want of EDNS once more.
    for _ in 0..(wire.len() + 600 * (asked + 1)) * 3 + 100 * most {
        let step = lookup.poll(Time::from_start(now), &mut input);
        assert_eq!(step, lookup.poll(Time::from_start(now), &mut input), "asked twice");
        match step? {
            Step::Write { .. } => {
                let mut chunk = lookup.output().chunk().to_vec();
                lookup.output().advance(chunk.len());
                assert!(lookup.output().is_empty(), "a datagram is one chunk");
                if !tcp {
                    let len = u16::try_from(chunk.len()).expect("a question is short");
                    chunk.splice(..0, len.to_be_bytes());
                }
                let mut questions = &chunk[..];
                while let Some((len, behind)) = questions.split_first_chunk() {
                    let (question, behind) = behind.split_at(u16::from_be_bytes(*len).into());
                    questions = behind;
                    asked += 1;
                    assert!(asked <= most, "{asked} questions");
                    let Some((&len, rest)) = wire.split_first() else { continue };
                    let (bytes, rest) = rest.split_at(usize::from(len & 0x7F).min(rest.len()));
                    wire = rest;
                    let mut message = answer(question, bytes, len & 0x80 != 0);
                    if !tcp {
                        coming.push_back(message);
                        continue;
                    }
                    let len = u16::try_from(message.len()).expect("127 octets and a question");
                    message.splice(..0, len.to_be_bytes());
                    coming.extend(message.chunks(piece).map(<[u8]>::to_vec));
                }
            }
            Step::Read { until } => {
                let until = until.expect("never without end").saturating_since(Time::default());
                assert!(now < until && until <= end);
                match coming.pop_front() {
                    Some(bytes) if bytes.is_empty() => input.received(0),
                    Some(bytes) => input.extend(&bytes),
                    // It says nothing, or hangs up.
                    None if tcp && flags & 2 != 0 => input.received(0),
                    None => now = until,
                }
            }
            Step::Upgrade(Upgrade::Tcp) => {
                (tcp, input) = (true, Input::default());
                coming.clear();
                lookup.upgraded();
            }
            Step::Event => {
                let found = match lookup.event(&mut input)? {
                    Event::Exchanges(found) => found,
                    Event::Server(_) => {
                        (tcp, input) = (false, Input::default());
                        coming.clear();
                        if flags & 2 != 0 {
                            lookup.unreachable();
                        }
                        continue;
                    }
                    event => panic!("{event:?}"),
                };
                assert_eq!(lookup.event(&mut input), Err(Error::NoEvent));
                assert_eq!(lookup.poll(Time::from_start(now), &mut input), Ok(Step::Close));
                assert!(found.exchangers.len() <= limits.exchangers);
                assert!(
                    found.exchangers.iter().all(|host| host.addresses.len() <= limits.addresses)
                );
                assert!(!found.null_mx || found.exchangers.is_empty());
                let order = found.exchangers.iter().map(|host| host.preference);
                assert!(order.is_sorted());
                let policy = StsPolicy::parse(wire).ok();
                for host in &found.exchangers {
                    let demand = found.demand(host, policy.as_ref(), flags & 2 != 0);
                    let is_dane = matches!(demand, Demand::Dane(_));
                    assert!(!is_dane || found.authenticated);
                    if let Dane::Records(records) = &host.dane {
                        assert!(records.records.len() <= limits.tlsa && limits.tlsa > 0);
                        let _ = records.verify(&[wire, wire]);
                    }
                }
                return Ok(found);
            }
            step => panic!("{step:?}"),
        }
    }
    panic!("no end of it");
}

fuzz_target!(|data: (u8, [u8; 16], &[u8])| {
    let (flags, random, wire) = data;
    assert_eq!(look_up(flags, random, wire, 1), look_up(flags, random, wire, usize::MAX));
});
