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

/// What a name server sends, and where it seems to come from: the caller says so where that is not
/// left to its socket.
#[derive(Debug, Clone)]
pub(crate) struct Coming {
    pub(crate) after: Duration,
    pub(crate) bytes: Vec<u8>,
    pub(crate) source: Option<Option<usize>>,
}

impl From<(Duration, Vec<u8>)> for Coming {
    fn from((after, bytes): (Duration, Vec<u8>)) -> Self {
        Self { after, bytes, source: None }
    }
}

/// A question on its way.
pub(crate) struct Asked<'a> {
    pub(crate) server: usize,
    pub(crate) tcp: bool,
    pub(crate) question: &'a [u8],
}

impl Asked<'_> {
    pub(crate) fn kind(&self) -> RecordType {
        Message::from_vec(self.question).unwrap().queries[0].query_type()
    }

    /// In lower case, with the trailing dot.
    pub(crate) fn name(&self) -> String {
        asked_name(self.question)
    }
}

/// The name in a question, in lower case, with the trailing dot.
pub(crate) fn asked_name(question: &[u8]) -> String {
    Message::from_vec(question).unwrap().queries[0].name().to_lowercase().to_ascii()
}

/// What happened on the way.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    /// The questions, in order.
    pub(crate) asked: Vec<(String, RecordType, bool)>,
    /// How long it took.
    pub(crate) took: Duration,
    /// How often TCP was asked for.
    pub(crate) connects: usize,
    /// The servers that were changed to.
    pub(crate) servers: Vec<usize>,
    /// The most questions that waited for an answer at once, over UDP.
    pub(crate) at_once: usize,
    /// The most that the input ever held.
    pub(crate) held: usize,
    /// How long the result holds.
    pub(crate) holds: Duration,
}

/// Runs a lookup against `server`, which is given each question and whether it came over TCP. Over
/// TCP the bytes arrive in pieces of `piece`.
pub(crate) fn run(
    lookup: &mut Lookup,
    piece: usize,
    mut server: impl FnMut(&[u8], bool) -> Answers,
) -> (Result<Exchanges, Error>, Trace) {
    run_servers(lookup, piece, |asked| Some(server(asked.question, asked.tcp)))
}

/// As `run`, with several servers; one that can't be reached gives none.
pub(crate) fn run_servers(
    lookup: &mut Lookup,
    piece: usize,
    mut server: impl FnMut(Asked<'_>) -> Option<Answers>,
) -> (Result<Exchanges, Error>, Trace) {
    run_from(lookup, piece, |asked| Some(server(asked)?.into_iter().map(Coming::from).collect()))
}

/// As `run_servers`, where answers may come from elsewhere.
pub(crate) fn run_from(
    lookup: &mut Lookup,
    piece: usize,
    mut server: impl FnMut(Asked<'_>) -> Option<Vec<Coming>>,
) -> (Result<Exchanges, Error>, Trace) {
    let (mut input, mut now, mut tcp) = (Input::default(), Duration::ZERO, false);
    // What is on its way: `after` is counted from the start.
    let (mut trace, mut coming) = (Trace::default(), VecDeque::<Coming>::new());
    let (mut at, mut open) = (0, 0);
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
                let mut chunk = lookup.output().chunk().to_vec();
                lookup.output().advance(chunk.len());
                assert!(lookup.output().is_empty(), "a datagram is one chunk");
                if !tcp {
                    let len = u16::try_from(chunk.len()).unwrap();
                    chunk.splice(..0, len.to_be_bytes());
                }
                let mut rest = &chunk[..];
                while let Some((len, behind)) = rest.split_first_chunk() {
                    let (question, behind) = behind.split_at(u16::from_be_bytes(*len).into());
                    rest = behind;
                    let asked = Asked { server: at, tcp, question };
                    trace.asked.push((asked.name(), asked.kind(), tcp));
                    open += 1;
                    trace.at_once = trace.at_once.max(open);
                    let Some(answers) = server(asked) else {
                        lookup.unreachable();
                        continue;
                    };
                    for Coming { after, bytes, source } in answers {
                        let after = now + after;
                        if !tcp || bytes.is_empty() {
                            coming.push_back(Coming { after, bytes, source });
                            continue;
                        }
                        let len = u16::try_from(bytes.len()).unwrap();
                        let whole = [&len.to_be_bytes()[..], &bytes].concat();
                        let pieces = whole.chunks(piece).map(<[u8]>::to_vec);
                        coming.extend(pieces.map(|bytes| Coming { after, bytes, source }));
                    }
                }
                coming.make_contiguous().sort_by_key(|coming| coming.after);
            }
            Step::Read { until } => {
                let until = until.unwrap().saturating_since(Time::default());
                assert!(until > now);
                match coming.front() {
                    Some(next) if next.after < until => {
                        let Coming { after, bytes, source } = coming.pop_front().unwrap();
                        now = now.max(after);
                        open -= usize::from(open > 0);
                        input.extend(&bytes);
                        if let Some(source) = source {
                            lookup.received_from(source);
                        }
                        if bytes.is_empty() {
                            input.received(0);
                        }
                    }
                    _ => (now, open) = (until, 0),
                }
            }
            Step::Upgrade(Upgrade::Tcp) => {
                (tcp, input) = (true, Input::default());
                coming.clear();
                trace.connects += 1;
                lookup.upgraded();
            }
            Step::Event => match lookup.event(&mut input) {
                Ok(Event::Exchanges(found)) => {
                    assert_eq!(lookup.event(&mut input), Err(Error::NoEvent));
                    let step = lookup.poll(Time::from_start(now), &mut input);
                    assert_eq!(step, Ok(Step::Close));
                    break Ok(found);
                }
                Ok(Event::Server(server)) => {
                    (at, tcp, input) = (server, false, Input::default());
                    trace.servers.push(server);
                    coming.clear();
                }
                event => panic!("not expected: {event:?}"),
            },
            step => panic!("not expected: {step:?}"),
        }
    };
    (trace.took, trace.holds) = (now, lookup.holds());
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
    /// Answers of names that end so are not.
    pub(crate) unsigned: Vec<&'static str>,
    /// The answer is cut over UDP where it is longer than this.
    pub(crate) udp_max: Cell<Option<usize>>,
}

impl Zone {
    pub(crate) fn new(records: Vec<Record>) -> Self {
        Self { records, ..Self::default() }
    }

    pub(crate) fn answer(&self, question: &[u8], tcp: bool) -> Message {
        let mut message = answer(question);
        let asked = message.queries[0].clone();
        let mut owner = asked.name().clone();
        let is_signed = |owner: &Name| {
            let owner = owner.to_lowercase().to_ascii();
            self.authentic && !self.unsigned.iter().any(|end| owner.ends_with(end))
        };
        message.metadata.authentic_data = is_signed(&owner);
        for _ in 0..20 {
            let at = |record: &&Record| record.name == owner;
            for found in self.records.iter().filter(at) {
                if found.record_type() == asked.query_type() {
                    message.add_answer(found.clone());
                }
            }
            if asked.query_type() == RecordType::CNAME {
                break;
            }
            let alias = self.records.iter().filter(at).find_map(|found| match &found.data {
                RData::CNAME(target) => Some((found.clone(), target.0.clone())),
                _ => None,
            });
            let Some((found, target)) = alias else { break };
            message.add_answer(found);
            owner = target;
            message.metadata.authentic_data &= is_signed(&owner);
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
        self.lookup_with(domain, mailrail_mx::Config::default())
    }

    pub(crate) fn lookup_with(
        &self,
        domain: &str,
        config: mailrail_mx::Config,
    ) -> (Result<Exchanges, Error>, Trace) {
        let mut lookup = Lookup::new(domain, [3; 16], config).unwrap();
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
