//! mailrail-mx: a lookup in memory, from the question to the ordered hosts, without and with TLSA
//! records, beside hickory-proto's decoding of the same answers, which is what hickory-resolver does
//! with them first. Allocations are counted once, before the times.

use bytes::Buf;
use criterion::{Criterion, criterion_group, criterion_main};
use hickory_proto::{
    op::{Message, MessageType, OpCode, Query},
    rr::{
        Name, RData, Record, RecordType,
        rdata::{
            A, AAAA, MX, TLSA,
            tlsa::{CertUsage, Matching, Selector},
        },
    },
};
use mailrail_mx::{Config, Dane, Event, Exchanges, Lookup};
use mailrail_wire::{Connection, Input, Step, Time};
use std::{
    alloc::{GlobalAlloc, Layout, System},
    collections::VecDeque,
    hint::black_box,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

// SAFETY: all is passed on to the system's allocator; nothing but a number is kept.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Relaxed);
        // SAFETY: the caller keeps the contract, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(at, layout) }
    }
}

const HOSTS: u16 = 3;

fn name(text: &str) -> Name {
    Name::from_ascii(text).expect("a name")
}

/// The answers of a resolver to the lookup of a domain with three hosts: type, name, message.
fn answers() -> Vec<(RecordType, Name, Vec<u8>)> {
    let host = |n: u16| name(&format!("mx{n}.mail.example.com."));
    let domain = name("example.com.");
    let mx = |n| RData::MX(MX::new(10 * n, host(n)));
    let mut all = vec![(domain, (0..HOSTS).map(mx).collect::<Vec<_>>())];
    for n in 0..HOSTS {
        let last = u8::try_from(n).expect("few");
        all.push((host(n), vec![RData::A(A::new(192, 0, 2, last))]));
        all.push((host(n), vec![RData::AAAA(AAAA::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, n))]));
        let data = vec![last; 32];
        let tlsa = TLSA::new(CertUsage::DaneEe, Selector::Spki, Matching::Sha256, data);
        all.push((name(&format!("_25._tcp.{}", host(n))), vec![RData::TLSA(tlsa)]));
    }
    let message = |(owner, data): (Name, Vec<RData>)| {
        let kind = data[0].record_type();
        let mut message = Message::new(0, MessageType::Response, OpCode::Query);
        message.metadata.authentic_data = true;
        message.add_query(Query::query(owner.clone(), kind));
        for data in data {
            message.add_answer(Record::from_rdata(owner.clone(), 300, data));
        }
        (kind, owner, message.to_vec().expect("a message"))
    };
    all.into_iter().map(message).collect()
}

/// The answer to a question: the one prepared, with the question's id and letters.
fn answer(answers: &[(RecordType, Name, Vec<u8>)], question: &[u8]) -> Vec<u8> {
    let end = 12 + question[12..].iter().position(|&octet| octet == 0).expect("a root") + 5;
    let is_it = |answer: &&(RecordType, Name, Vec<u8>)| {
        answer.2.len() > end && answer.2[12..end].eq_ignore_ascii_case(&question[12..end])
    };
    let mut answer = answers.iter().find(is_it).expect("an answer").2.clone();
    answer[..2].copy_from_slice(&question[..2]);
    answer[12..end].copy_from_slice(&question[12..end]);
    answer
}

fn look_up(answers: &[(RecordType, Name, Vec<u8>)], dane: bool) -> Exchanges {
    let mut config = Config::default();
    config.dane = dane;
    let mut lookup = Lookup::new("example.com", [7; 16], config).expect("a domain");
    let (mut input, now, mut coming) = (Input::default(), Time::default(), VecDeque::new());
    loop {
        match lookup.poll(now, &mut input).expect("no error") {
            Step::Write { .. } => {
                let output = lookup.output();
                coming.push_back(answer(answers, output.chunk()));
                output.advance(output.remaining());
            }
            Step::Read { .. } => input.extend(&coming.pop_front().expect("an answer")),
            Step::Event => match lookup.event(&mut input).expect("an event") {
                Event::Exchanges(found) => return found,
                event => panic!("{event:?}"),
            },
            step => panic!("{step:?}"),
        }
    }
}

fn lookups(c: &mut Criterion) {
    let answers = answers();
    for dane in [false, true] {
        let what = if dane { "with TLSA" } else { "without TLSA" };
        let asked = |kind: RecordType| dane || kind != RecordType::TLSA;
        let decode = || {
            for (_, _, message) in answers.iter().filter(|(kind, ..)| asked(*kind)) {
                black_box(Message::from_vec(message).expect("a message"));
            }
        };
        let found = look_up(&answers, dane);
        let is_dane = |dane: &Dane| matches!(dane, Dane::Records(_));
        let is_right = |host: &mailrail_mx::Exchanger| {
            host.addresses.len() == 2 && is_dane(&host.dane) == dane
        };
        assert!(found.exchangers.len() == 3 && found.exchangers.iter().all(is_right));
        let count = |work: &dyn Fn()| {
            let before = ALLOCATIONS.load(Relaxed);
            work();
            ALLOCATIONS.load(Relaxed) - before
        };
        let messages = answers.iter().filter(|(kind, ..)| asked(*kind)).count();
        let lookup = count(&|| drop(black_box(look_up(&answers, dane))));
        // The name server in memory makes one for each answer, and a queue of them.
        let lookup = lookup - messages;
        println!(
            "{what}: {messages} answers; allocations: lookup {lookup}, decode {}",
            count(&decode)
        );
        let mut group = c.benchmark_group(what);
        group.bench_function("mailrail-mx lookup", |b| b.iter(|| look_up(&answers, dane)));
        group.bench_function("hickory-proto decode", |b| b.iter(decode));
        group.finish();
    }
}

criterion_group!(benches, lookups);
criterion_main!(benches);
