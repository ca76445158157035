//! The lookup: which question is next, and the wait for its answer.

use crate::{
    Config, Error, Exchanges, Fault, InvalidDomain, domain,
    draw::Draw,
    exchange::{Candidate, Named, named},
    question::{Question, Reply, data_at},
};
use alloc::{vec, vec::Vec};
use core::{fmt, mem, net::IpAddr};
use hickory_proto::{
    op::Message,
    rr::{Name, RData, Record, RecordType},
};
use mailrail_wire::{Connection, Input, Output, Step, Time, Upgrade};

/// What a lookup says to its caller.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The end: where the domain's mail goes.
    Exchanges(Exchanges),
}

/// Finds the hosts that take a domain's mail, by asking one recursive name server.
///
/// It begins over UDP: each [`Step::Write`] is one datagram, to be sent whole, and each
/// [`Step::Read`] takes one into an empty [`Input`]; take only what comes from the server that was
/// asked. [`Upgrade::Tcp`] asks for a TCP connection to the same server, because an answer was cut
/// or because that server closed the last connection: go on with a new [`Input`], as the old one
/// may still say "closed". The last event is [`Event::Exchanges`], then comes [`Step::Close`].
///
/// It ends within [`Timeouts::total`](crate::Timeouts::total), whatever the server does.
pub struct Lookup {
    config: Config,
    draw: Draw,
    output: Output,
    stage: Stage,
    /// When all ends; set by the first poll.
    end: Option<Time>,
    /// The server is talked to over TCP.
    tcp: bool,
    /// Nothing was sent yet over this TCP connection.
    fresh: bool,
    /// The server knows EDNS, as far as is known.
    edns: bool,
    question: Question,
    /// How often the question may still be asked.
    tries: u8,
    /// The names that the present question's chain of aliases has led through.
    aliases: Vec<Name>,
    found: Exchanges,
    hosts: Vec<Candidate>,
    /// The addresses still to ask for, the next one last. Empty while the exchangers are asked for.
    wanted: Vec<(usize, RecordType)>,
    seeking_exchangers: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Stage {
    Ask,
    Wait { until: Time },
    Connect,
    Done,
    Over,
    Failed(Error),
}

impl fmt::Debug for Lookup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lookup")
            .field("stage", &self.stage)
            .field("question", &self.question)
            .field("tcp", &self.tcp)
            .finish_non_exhaustive()
    }
}

impl Lookup {
    /// A lookup of `domain`, the part of an address behind its `@`; a trailing dot does no harm.
    ///
    /// `random` must be new, and not to be guessed, for each lookup: the ids of the questions
    /// (RFC 5452 §9.2) and the order among equal exchangers come from it. So must be the UDP port
    /// that the caller sends from (a new socket for each lookup does that).
    ///
    /// # Errors
    ///
    /// [`InvalidDomain`], where there is nothing to ask for.
    pub fn new(domain: &str, random: [u8; 16], config: Config) -> Result<Self, InvalidDomain> {
        let name = domain::parse(domain)?;
        let mut lookup = Self {
            config,
            draw: Draw::new(random),
            output: Output::default(),
            stage: Stage::Ask,
            end: None,
            tcp: false,
            fresh: false,
            edns: true,
            question: Question { name: name.clone(), kind: RecordType::MX, id: 0, edns: None },
            tries: 0,
            aliases: Vec::new(),
            found: Exchanges { authenticated: true, ..Exchanges::default() },
            hosts: Vec::new(),
            wanted: Vec::new(),
            seeking_exchangers: true,
        };
        lookup.ask(name, RecordType::MX);
        Ok(lookup)
    }

    /// Makes it the next question.
    fn ask(&mut self, name: Name, kind: RecordType) {
        #[expect(clippy::cast_possible_truncation, reason = "any 16 bits are as good")]
        let id = self.draw.next() as u16;
        self.question = Question { name, kind, id, edns: self.payload() };
        self.tries = self.config.limits.tries.max(1);
        self.stage = Stage::Ask;
    }

    fn payload(&self) -> Option<u16> {
        self.edns.then(|| self.config.udp_payload.max(512))
    }

    /// Puts the question into the output, once more.
    fn send(&mut self, now: Time, end: Time) {
        self.output = Output::default();
        self.fresh = false;
        self.tries = self.tries.saturating_sub(1);
        let whole = self.question.encode().and_then(|question| {
            let len = u16::try_from(question.len()).ok()?;
            Some((len, question))
        });
        let Some((len, question)) = whole else {
            // A name that no message holds: none of those that `domain` or a decoder let through.
            return self.conclude(Err(Error::Malformed));
        };
        if self.tcp {
            // RFC 1035 §4.2.2.
            self.output.text(&len.to_be_bytes());
        }
        self.output.text(&question);
        self.stage = Stage::Wait { until: end.min(now + self.config.timeouts.answer) };
    }

    /// Asks again, if that is allowed.
    fn again(&mut self) {
        self.output = Output::default();
        if self.tries == 0 {
            self.conclude(Err(Error::TimedOut));
        } else {
            self.stage = if self.tcp { Stage::Connect } else { Stage::Ask };
        }
    }

    /// Looks for the answer in what was received; false where it is not there yet.
    fn receive(&mut self, input: &mut Input) -> bool {
        while !input.is_empty() {
            let reply = if self.tcp {
                let Some((len, rest)) = input.bytes().split_first_chunk() else { return false };
                let len = usize::from(u16::from_be_bytes(*len));
                if rest.len() < len {
                    return false;
                }
                self.question.read(input.take(2 + len).get(2..).unwrap_or_default())
            } else {
                self.question.read(input.take_all())
            };
            match reply {
                Reply::Foreign => continue,
                Reply::Cut if self.tcp => self.conclude(Err(Error::Malformed)),
                Reply::Cut => self.stage = Stage::Connect,
                Reply::WithoutEdns => {
                    self.edns = false;
                    self.question.edns = None;
                    self.stage = Stage::Ask;
                }
                Reply::Malformed => self.conclude(Err(Error::Malformed)),
                Reply::NoSuchName => self.conclude(Err(Error::NoSuchDomain)),
                Reply::Failed(code) => self.conclude(Err(Error::ServerFailed { code })),
                Reply::Answer(message) => self.conclude(Ok(&message)),
            }
            return true;
        }
        false
    }

    /// Goes on with what came of the question.
    fn conclude(&mut self, result: Result<&Message, Error>) {
        if self.seeking_exchangers {
            if let Err(error) = result.and_then(|message| self.exchangers(message)) {
                self.stage = Stage::Failed(error);
            }
            return;
        }
        let Some(&(at, kind)) = self.wanted.last() else { return self.finish() };
        match result.and_then(|message| self.addresses(message, at)) {
            Ok(Some(elsewhere)) => return self.ask(elsewhere, kind),
            Ok(None) => {}
            Err(error) => {
                // A name that does not exist has no addresses of the other family either.
                if error == Error::NoSuchDomain {
                    self.wanted.retain(|&(other, of)| other != at || of == kind);
                }
                self.fault(at, error);
            }
        }
        self.wanted.pop();
        self.next_address();
    }

    fn fault(&mut self, at: usize, error: Error) {
        if let Some(host) = self.hosts.get_mut(at) {
            host.exchanger.fault = Some(Fault::Unresolved(error));
        }
    }

    /// Takes the MX records, or what their absence means.
    fn exchangers(&mut self, message: &Message) -> Result<(), Error> {
        self.found.authenticated &= message.metadata.authentic_data;
        let name = self.behind_aliases(&message.answers)?;
        let limit = self.config.limits.exchangers;
        match named(&message.answers, &name, limit, &mut self.draw) {
            Named::NullMx => {
                self.found.null_mx = true;
                self.stage = Stage::Done;
                return Ok(());
            }
            Named::Hosts { hosts, left_out } => {
                self.hosts = hosts;
                self.found.left_out = left_out;
            }
            Named::None if name != self.question.name && !is_negative(message) => {
                self.ask(name, RecordType::MX);
                return Ok(());
            }
            Named::None if is_referral(message) => return Err(Error::Referral),
            Named::None => {
                self.found.implicit = true;
                self.hosts = vec![Candidate::new(0, &name)];
            }
        }
        self.seeking_exchangers = false;
        for (at, host) in self.hosts.iter_mut().enumerate().rev() {
            if host.exchanger.fault.is_some() {
                continue;
            }
            for kind in [RecordType::AAAA, RecordType::A] {
                let known = host.exchanger.addresses.len();
                take_addresses(
                    &mut host.exchanger.addresses,
                    &message.additionals,
                    &host.name,
                    kind,
                );
                if host.exchanger.addresses.len() == known {
                    self.wanted.push((at, kind));
                } else {
                    host.exchanger.authenticated = false;
                }
            }
        }
        self.next_address();
        Ok(())
    }

    /// Takes the addresses of an exchanger; or tells the name that they are to be asked of.
    fn addresses(&mut self, message: &Message, at: usize) -> Result<Option<Name>, Error> {
        let name = self.behind_aliases(&message.answers)?;
        let kind = self.question.kind;
        let Some(Candidate { exchanger, .. }) = self.hosts.get_mut(at) else { return Ok(None) };
        exchanger.authenticated &= message.metadata.authentic_data;
        let known = exchanger.addresses.len();
        take_addresses(&mut exchanger.addresses, &message.answers, &name, kind);
        let found = exchanger.addresses.len() > known;
        if !found && name != self.question.name && !is_negative(message) {
            return Ok(Some(name));
        }
        if !found && is_referral(message) {
            return Err(Error::Referral);
        }
        if found && !self.aliases.is_empty() && !self.found.implicit && exchanger.fault.is_none() {
            exchanger.fault = Some(Fault::Alias);
        }
        Ok(None)
    }

    /// The name that the records stand under: the one asked for, or the one that its aliases in
    /// this answer lead to, in whatever order they come.
    fn behind_aliases(&mut self, answers: &[Record]) -> Result<Name, Error> {
        let mut name = self.question.name.clone();
        let kind = self.question.kind;
        loop {
            if data_at(answers, &name).any(|data| data.record_type() == kind) {
                return Ok(name);
            }
            let alias = data_at(answers, &name).find_map(|data| match data {
                RData::CNAME(target) => Some(target.0.clone()),
                _ => None,
            });
            let Some(target) = alias else { return Ok(name) };
            if target == name || self.aliases.contains(&target) {
                return Err(Error::AliasLoop);
            }
            if self.aliases.len() >= self.config.limits.aliases {
                return Err(Error::TooManyAliases);
            }
            self.aliases.push(mem::replace(&mut name, target));
        }
    }

    /// Asks for the next addresses that are not known.
    fn next_address(&mut self) {
        self.aliases.clear();
        let next = self.wanted.last().and_then(|&(at, kind)| Some((self.hosts.get(at)?, kind)));
        match next.map(|(host, kind)| (host.name.clone(), kind)) {
            Some((name, kind)) => self.ask(name, kind),
            None => self.finish(),
        }
    }

    /// All is known that will be.
    fn finish(&mut self) {
        let limit = self.config.limits.addresses;
        for Candidate { exchanger, .. } in mem::take(&mut self.hosts) {
            let mut exchanger = exchanger;
            exchanger.addresses.sort_by_key(IpAddr::is_ipv6);
            exchanger.addresses.truncate(limit);
            if exchanger.addresses.is_empty() {
                exchanger.authenticated = false;
                exchanger.fault.get_or_insert(Fault::Unresolved(Error::NoAddress));
            }
            self.found.exchangers.push(exchanger);
        }
        self.stage = match self.found.exchangers.first() {
            // RFC 5321 §5.1: a domain without MX records and without an address is an error.
            Some(itself) if self.found.implicit && itself.addresses.is_empty() => {
                match &itself.fault {
                    Some(Fault::Unresolved(error)) => Stage::Failed(error.clone()),
                    _ => Stage::Failed(Error::NoAddress),
                }
            }
            _ => Stage::Done,
        };
    }

    /// The time for everything is over.
    fn run_out(&mut self) {
        self.output = Output::default();
        for (at, _) in mem::take(&mut self.wanted) {
            self.fault(at, Error::TimedOut);
        }
        if self.hosts.iter().any(|host| !host.exchanger.addresses.is_empty()) {
            self.finish();
        } else {
            self.stage = Stage::Failed(Error::TimedOut);
        }
    }
}

/// Whether an answer without records says that there are none (RFC 2308 §2.2), and does not leave
/// it open.
fn is_negative(message: &Message) -> bool {
    message.authorities.iter().any(|record| record.record_type() == RecordType::SOA)
}

/// Whether it names other servers instead of answering (RFC 2308 §2.2), as one does that answers
/// for no one but its own zones. It says nothing about which records there are.
fn is_referral(message: &Message) -> bool {
    !message.metadata.authoritative
        && !is_negative(message)
        && message.authorities.iter().any(|record| record.record_type() == RecordType::NS)
}

/// Adds the addresses of one family at `name`.
fn take_addresses(to: &mut Vec<IpAddr>, records: &[Record], name: &Name, kind: RecordType) {
    to.extend(data_at(records, name).filter_map(|data| match data {
        RData::A(a) if kind == RecordType::A => Some(IpAddr::V4(a.0)),
        RData::AAAA(aaaa) if kind == RecordType::AAAA => Some(IpAddr::V6(aaaa.0)),
        _ => None,
    }));
}

impl Connection for Lookup {
    type Event<'i> = Event;
    type Error = Error;

    fn poll(&mut self, now: Time, input: &mut Input) -> Result<Step, Error> {
        let end = *self.end.get_or_insert(now + self.config.timeouts.total);
        loop {
            match &self.stage {
                Stage::Failed(error) => return Err(error.clone()),
                Stage::Done => return Ok(Step::Event),
                Stage::Over => return Ok(Step::Close),
                Stage::Ask | Stage::Wait { .. } | Stage::Connect if end <= now => self.run_out(),
                // The server has closed behind its last answer.
                Stage::Ask if self.tcp && !self.fresh && input.is_closed() => {
                    self.stage = Stage::Connect;
                }
                Stage::Ask => self.send(now, end),
                &Stage::Wait { until } => {
                    if self.output.is_empty() && self.receive(input) {
                        continue;
                    }
                    // An empty datagram looks like an end, and is none.
                    let closed = self.tcp && input.is_closed();
                    if closed || until <= now {
                        self.again();
                    } else if self.output.is_empty() {
                        return Ok(Step::Read { until: Some(until) });
                    } else {
                        return Ok(Step::Write { until: Some(until) });
                    }
                }
                Stage::Connect => return Ok(Step::Upgrade(Upgrade::Tcp)),
            }
        }
    }

    fn event(&mut self, _: &mut Input) -> Result<Event, Error> {
        if self.stage != Stage::Done {
            return Err(Error::NoEvent);
        }
        self.stage = Stage::Over;
        Ok(Event::Exchanges(mem::take(&mut self.found)))
    }

    fn output(&mut self) -> &mut Output {
        &mut self.output
    }

    fn upgraded(&mut self) {
        if self.stage == Stage::Connect {
            self.tcp = true;
            self.fresh = true;
            self.stage = Stage::Ask;
        }
    }
}
