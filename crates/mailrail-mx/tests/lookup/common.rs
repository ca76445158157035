//! A name server in memory, with a simulated clock.

use alloc::collections::VecDeque;
use bytes::Buf;
use core::{cell::Cell, time::Duration};
use hickory_proto::{
    op::{Message, MessageType, ResponseCode},
    rr::{
        Name, RData, Record, RecordType,
        rdata::{A, AAAA, CNAME, MX, SOA},
    },
};
use mailrail_mx::{Error, Event, Exchanges, Lookup};
use mailrail_wire::{Connection, Input, Step, Time, Upgrade};

/// What a name server sends, and how long after the question; no bytes over TCP: it closes.
pub(crate) type Answers = Vec<(Duration, Vec<u8>)>;

/// What happened on the way.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    /// The questions, in order.
    pub(crate) asked: Vec<(String, RecordType, bool)>,
    /// How long it took.
    pub(crate) took: Duration,
    /// How often TCP was asked for.
    pub(crate) connects: usize,
    /// The most that the input ever held.
    pub(crate) held: usize,
}

/// Runs a lookup against `server`, which is given each question and whether it came over TCP. Over
/// TCP the bytes arrive in pieces of `piece`.
pub(crate) fn run(
    lookup: &mut Lookup,
    piece: usize,
    mut server: impl FnMut(&[u8], bool) -> Answers,
) -> (Result<Exchanges, Error>, Trace) {
    let (mut input, mut now, mut tcp) = (Input::default(), Duration::ZERO, false);
    let (mut trace, mut coming) = (Trace::default(), VecDeque::<(Duration, Vec<u8>)>::new());
    let result = loop {
        trace.held = trace.held.max(input.capacity());
        let step = match lookup.poll(Time::from_start(now), &mut input) {
            Ok(step) => step,
            Err(error) => {
                assert_eq!(lookup.poll(Time::from_start(now), &mut input), Err(error.clone()));
                break Err(error);
            }
        };
        match step {
            Step::Write { until } => {
                assert!(until.unwrap() > Time::from_start(now));
                let chunk = lookup.output().chunk().to_vec();
                lookup.output().advance(chunk.len());
                assert!(lookup.output().is_empty(), "a datagram is one chunk");
                let question = if tcp {
                    let (len, question) = chunk.split_first_chunk().unwrap();
                    assert_eq!(usize::from(u16::from_be_bytes(*len)), question.len());
                    question
                } else {
                    &chunk[..]
                };
                let asked = Message::from_vec(question).unwrap().queries[0].clone();
                trace.asked.push((asked.name().to_ascii(), asked.query_type(), tcp));
                for (after, bytes) in server(question, tcp) {
                    if !tcp || bytes.is_empty() {
                        coming.push_back((now + after, bytes));
                        continue;
                    }
                    let mut whole = u16::try_from(bytes.len()).unwrap().to_be_bytes().to_vec();
                    whole.extend(bytes);
                    coming.extend(whole.chunks(piece).map(|bytes| (now + after, bytes.to_vec())));
                }
                coming.make_contiguous().sort_by_key(|(at, _)| *at);
            }
            Step::Read { until } => {
                let until = until.unwrap().saturating_since(Time::default());
                assert!(until > now);
                match coming.front() {
                    Some((at, _)) if *at < until => {
                        let (at, bytes) = coming.pop_front().unwrap();
                        now = now.max(at);
                        input.extend(&bytes);
                        if bytes.is_empty() {
                            input.received(0);
                        }
                    }
                    _ => now = until,
                }
            }
            Step::Upgrade(Upgrade::Tcp) => {
                (tcp, input) = (true, Input::default());
                coming.clear();
                trace.connects += 1;
                lookup.upgraded();
            }
            Step::Event => {
                let Ok(Event::Exchanges(found)) = lookup.event(&mut input) else {
                    panic!("no exchanges");
                };
                assert_eq!(lookup.event(&mut input), Err(Error::NoEvent));
                assert_eq!(lookup.poll(Time::from_start(now), &mut input), Ok(Step::Close));
                break Ok(found);
            }
            step => panic!("not expected: {step:?}"),
        }
    };
    trace.took = now;
    (result, trace)
}

pub(crate) fn name(text: &str) -> Name {
    let mut name = Name::from_ascii(text).unwrap();
    name.set_fqdn(true);
    name
}

pub(crate) fn record(owner: &str, data: RData) -> Record {
    Record::from_rdata(name(owner), 60, data)
}

pub(crate) fn mx(owner: &str, preference: u16, host: &str) -> Record {
    record(owner, RData::MX(MX::new(preference, name(host))))
}

pub(crate) fn a(owner: &str, address: &str) -> Record {
    record(owner, RData::A(A(address.parse().unwrap())))
}

pub(crate) fn aaaa(owner: &str, address: &str) -> Record {
    record(owner, RData::AAAA(AAAA(address.parse().unwrap())))
}

pub(crate) fn cname(owner: &str, target: &str) -> Record {
    record(owner, RData::CNAME(CNAME(name(target))))
}

pub(crate) fn soa(owner: &str) -> Record {
    record(owner, RData::SOA(SOA::new(name("ns.test"), name("host.test"), 1, 2, 3, 4, 5)))
}

/// An empty answer to `question`.
pub(crate) fn answer(question: &[u8]) -> Message {
    let mut message = Message::from_vec(question).unwrap();
    message.metadata.message_type = MessageType::Response;
    message.metadata.recursion_available = true;
    message.metadata.authentic_data = false;
    message.edns = None;
    message
}

/// Records that a recursive name server knows; of all others it says that they do not exist.
#[derive(Debug, Default)]
pub(crate) struct Zone {
    pub(crate) records: Vec<Record>,
    /// These names do not exist.
    pub(crate) missing: Vec<&'static str>,
    /// Put along with every answer to a question for MX records.
    pub(crate) additional: Vec<Record>,
    pub(crate) authentic: bool,
    /// The answer is cut over UDP where it is longer than this.
    pub(crate) udp_max: Cell<Option<usize>>,
}

impl Zone {
    pub(crate) fn new(records: Vec<Record>) -> Self {
        Self { records, ..Self::default() }
    }

    pub(crate) fn answer(&self, question: &[u8], tcp: bool) -> Message {
        let mut message = answer(question);
        message.metadata.authentic_data = self.authentic;
        let asked = message.queries[0].clone();
        let mut owner = asked.name().clone();
        for _ in 0..20 {
            let at = |record: &&Record| record.name == owner;
            for found in self.records.iter().filter(at) {
                if found.record_type() == asked.query_type() {
                    message.add_answer(found.clone());
                }
            }
            let alias = self.records.iter().filter(at).find_map(|found| match &found.data {
                RData::CNAME(target) => Some((found.clone(), target.0.clone())),
                _ => None,
            });
            let Some((found, target)) = alias else { break };
            message.add_answer(found);
            owner = target;
        }
        if self.missing.iter().any(|missing| name(missing) == owner) {
            message.metadata.response_code = ResponseCode::NXDomain;
        }
        if !message.answers.iter().any(|found| found.record_type() == asked.query_type()) {
            message.add_authority(soa("test"));
        } else if asked.query_type() == RecordType::MX {
            message.add_additionals(self.additional.clone());
        }
        let len = message.to_vec().unwrap().len();
        if !tcp && self.udp_max.get().is_some_and(|max| len > max) {
            message.answers.clear();
            message.authorities.clear();
            message.additionals.clear();
            message.metadata.truncation = true;
        }
        message
    }

    /// Looks `domain` up here.
    pub(crate) fn lookup(&self, domain: &str) -> (Result<Exchanges, Error>, Trace) {
        let mut lookup = Lookup::new(domain, [3; 16], mailrail_mx::Config::default()).unwrap();
        run(&mut lookup, 1_000, |question, tcp| at_once(&self.answer(question, tcp)))
    }
}

/// `message`, after a millisecond.
pub(crate) fn at_once(message: &Message) -> Answers {
    vec![(Duration::from_millis(1), message.to_vec().unwrap())]
}

/// `preference host addresses (fault)` of each, a line each.
pub(crate) fn shown(exchanges: &Exchanges) -> Vec<String> {
    exchanges
        .exchangers
        .iter()
        .map(|host| {
            let mut text = format!("{} {}", host.preference, host.host);
            for address in &host.addresses {
                text += &format!(" {address}");
            }
            if let Some(fault) = &host.fault {
                text += &format!(" ({fault})");
            }
            text
        })
        .collect()
}
