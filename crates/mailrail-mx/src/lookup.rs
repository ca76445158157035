//! The lookup: which questions a domain raises, and what their answers come to.

use crate::{
    Config, Dane, Error, Exchanges, Families, Fault, InvalidDomain, Misuse, StsRecord,
    TlsReportRecord, TlsaSet, Validity,
    answer::{Answer, is_at},
    asker::Asker,
    domain,
    exchange::{Candidate, Named, in_order, named},
    stage::{self, Machine, Stage, Told},
};
use alloc::{boxed::Box, string::String, vec, vec::Vec};
use core::{fmt, mem, net::IpAddr, time::Duration};
use hickory_proto::rr::{Name, RData, Record, RecordType};
use mailrail_wire::{Connection, Input, Output, Step, Time};

/// What a lookup says to its caller.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The end: where the domain's mail goes.
    Exchanges(Exchanges),
    /// Talk to another of the name servers from now on, counted from 0: over UDP, from a new port,
    /// with a new [`Input`]. Where it can't be reached, say so
    /// ([`unreachable`](Lookup::unreachable)). Comes only where there are several
    /// ([`Config::servers`]).
    Server(usize),
    /// Validate this DNS message, and say what it is worth ([`validated`](Lookup::validated)). Comes
    /// only under [`Dnssec::Caller`](crate::Dnssec::Caller).
    WantValidation(Vec<u8>),
}

/// Finds the hosts that take a domain's mail, by asking recursive name servers.
///
/// It begins over UDP with the first server: each [`Step::Write`] is one datagram, to be sent whole,
/// and each [`Step::Read`] takes one into an empty [`Input`]; take only what comes from the server
/// that was asked, or say where it comes from ([`received_from`](Self::received_from)).
/// [`Upgrade::Tcp`](mailrail_wire::Upgrade::Tcp) asks for a TCP connection to the same server,
/// because an answer was cut or because that server closed the last connection: go on with a new
/// [`Input`], as the old one may still say "closed". [`Event::Server`] asks for another server. The
/// last event is [`Event::Exchanges`], then comes [`Step::Close`].
///
/// Questions that do not wait for one another are asked side by side. It ends within
/// [`Timeouts::total`](crate::Timeouts::total), whatever the servers do.
pub struct Lookup {
    asker: Asker<Seek>,
    stage: Stage,
    /// The domain as it was asked for.
    domain: Name,
    /// Where its MX records are, or would be.
    expanded: Option<Box<Name>>,
    found: Exchanges,
    hosts: Vec<Host>,
    ttl: u32,
}

/// What a question is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seek {
    Exchangers,
    StsRecord,
    TlsReportRecord,
    Addresses {
        host: usize,
        kind: RecordType,
    },
    /// Whether the first alias is authenticated, as what it leads to is not.
    Alias {
        host: usize,
    },
    Tlsa {
        host: usize,
        of: Base,
    },
}

/// Which name the TLSA records belong to (RFC 7672 §2.2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Base {
    /// The one that the exchanger's aliases lead to.
    Expanded,
    /// The exchanger's own.
    Initial,
}

/// An exchanger, and how far it is.
struct Host {
    candidate: Candidate,
    /// How many questions for its addresses are open.
    open: u8,
    /// Where its addresses are, if it is an alias.
    expanded: Option<Name>,
}

impl fmt::Debug for Lookup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lookup")
            .field("domain", &self.domain)
            .field("stage", &self.stage)
            .finish_non_exhaustive()
    }
}

impl Lookup {
    /// A lookup of `domain`, the part of an address behind its `@`; a trailing dot does no harm, and
    /// an international domain may come in Unicode or in ASCII (UTS 46).
    ///
    /// `random` must be new, and not to be guessed, for each lookup: the ids of the questions
    /// (RFC 5452 §9.2), their letters' case and the order among equal exchangers come from it. So
    /// must be the UDP port that the caller sends from (a new socket for each lookup does that).
    ///
    /// # Errors
    ///
    /// [`InvalidDomain`], where there is nothing to ask for.
    pub fn new(domain: &str, random: [u8; 16], config: Config) -> Result<Self, InvalidDomain> {
        let domain = domain::parse(domain)?;
        let mut asker = Asker::new(random, config);
        asker.ask(Seek::Exchangers, domain.clone(), RecordType::MX);
        let (sts, report) = (asker.config().sts, asker.config().tls_report);
        for (is_wanted, seek, labels) in [
            (sts, Seek::StsRecord, &["_mta-sts"][..]),
            (report, Seek::TlsReportRecord, &["_smtp", "_tls"]),
        ] {
            // A name too long for the labels has no such records.
            let name = is_wanted.then(|| domain::below(labels, &domain)).flatten();
            if let Some(name) = name {
                asker.ask(seek, name, RecordType::TXT);
            }
        }
        Ok(Self {
            asker,
            stage: Stage::Asking,
            domain,
            expanded: None,
            found: Exchanges::default(),
            hosts: Vec::new(),
            ttl: u32::MAX,
        })
    }

    /// Says which of the servers the next datagram comes from; none, where it comes from elsewhere,
    /// and is to be dropped. A caller whose socket takes datagrams from the present server alone
    /// need not say it. One that says it can take late answers of earlier servers, too.
    pub const fn received_from(&mut self, server: Option<usize>) {
        self.asker.received_from(server);
    }

    /// Says that the present server can't be reached: its port is closed, there is no way to it. It
    /// is not waited for any longer.
    pub fn unreachable(&mut self) {
        self.asker.unreachable();
    }

    /// Answers [`Event::WantValidation`].
    ///
    /// # Errors
    ///
    /// [`Misuse`], where that was not the last event.
    pub fn validated(&mut self, validity: Validity) -> Result<(), Misuse> {
        if self.asker.validated(validity) { Ok(()) } else { Err(Misuse) }
    }

    /// How long what it has ended with holds: the exchangers, or [`Error::NoSuchDomain`] or
    /// [`Error::NoAddress`] (RFC 2308). Nothing, for other errors.
    #[must_use]
    pub fn holds(&self) -> Duration {
        match &self.stage {
            Stage::Failed(error) if error.is_temporary() => Duration::ZERO,
            _ if self.ttl == u32::MAX => Duration::ZERO,
            _ => Duration::from_secs(self.ttl.into()),
        }
    }

    /// Takes the MX records, or what their absence means.
    fn exchangers(&mut self, answer: Answer) -> Result<(), Error> {
        if answer.is_missing {
            return Err(Error::NoSuchDomain);
        }
        self.found.authenticated = answer.authentic;
        let limit = self.asker.config().limits.exchangers;
        let candidates = match named(&answer.data, limit, self.asker.draw()) {
            Named::NullMx => {
                self.found.null_mx = true;
                return Ok(());
            }
            Named::Hosts { hosts, left_out } => {
                self.found.left_out = left_out;
                hosts
            }
            Named::None => {
                self.found.implicit = true;
                vec![Candidate::new(0, &answer.name)]
            }
        };
        self.expanded = Some(Box::new(answer.name));
        let families = self.asker.config().families;
        let kinds: &[RecordType] = match families {
            Families::V4Only => &[RecordType::A],
            Families::V6Only => &[RecordType::AAAA],
            _ => &[RecordType::A, RecordType::AAAA],
        };
        for candidate in candidates {
            let at = self.hosts.len();
            let mut host = Host { candidate, open: 0, expanded: None };
            if host.candidate.exchanger.fault.is_none() {
                for &kind in kinds {
                    self.seek_addresses(at, &mut host, kind, &answer.additionals);
                }
            }
            self.hosts.push(host);
        }
        Ok(())
    }

    /// Takes addresses that have come along, or asks for them.
    fn seek_addresses(&mut self, at: usize, host: &mut Host, kind: RecordType, along: &[Record]) {
        let Candidate { name, exchanger } = &mut host.candidate;
        // What comes along is not authenticated, and DANE begins with addresses that are.
        let may_be_along = !(self.asker.config().dane && self.found.authenticated);
        let known = exchanger.addresses.len();
        if may_be_along {
            let along = along.iter().filter(|record| is_at(record, name));
            exchanger.addresses.extend(along.filter_map(|record| address(&record.data, kind)));
        }
        if exchanger.addresses.len() > known {
            exchanger.authenticated = false;
            let ttls = along.iter().filter(|record| is_at(record, name)).map(|it| it.ttl);
            self.ttl = ttls.fold(self.ttl, u32::min);
        } else {
            host.open += 1;
            self.asker.ask(Seek::Addresses { host: at, kind }, name.clone(), kind);
        }
    }

    /// Takes the addresses of one family.
    fn addresses(&mut self, at: usize, kind: RecordType, result: Result<Answer, Error>) {
        let is_implicit = self.found.implicit;
        let Some(host) = self.hosts.get_mut(at) else { return };
        let exchanger = &mut host.candidate.exchanger;
        host.open = host.open.saturating_sub(1);
        match result {
            Ok(answer) => {
                exchanger.authenticated &= answer.authentic;
                let found = answer.data.iter().filter_map(|data| address(data, kind));
                let known = exchanger.addresses.len();
                exchanger.addresses.extend(found);
                if exchanger.addresses.len() > known && answer.is_alias {
                    if !is_implicit && exchanger.fault.is_none() {
                        exchanger.fault = Some(Fault::Alias);
                    }
                    host.expanded = Some(answer.name);
                }
                if answer.is_missing && exchanger.fault.is_none() {
                    exchanger.fault = Some(Fault::Unresolved(Error::NoSuchDomain));
                }
            }
            // Says nothing of whether the others are authenticated: who could keep this answer from
            // us could else keep the TLSA records from us, too.
            Err(error) => exchanger.fault = Some(Fault::Unresolved(error)),
        }
        if host.open > 0 {
            return;
        }
        if exchanger.fault == Some(Fault::Unresolved(Error::NoSuchDomain))
            && !exchanger.addresses.is_empty()
        {
            // A name server that says so of the other family means only that one.
            exchanger.fault = None;
        }
        self.reachable(at);
    }

    /// All addresses of an exchanger are known: TLSA records are asked for where they can count
    /// (RFC 7672 §2.2.2).
    fn reachable(&mut self, at: usize) {
        let Some(host) = self.hosts.get(at) else { return };
        let exchanger = &host.candidate.exchanger;
        let is_found = !exchanger.addresses.is_empty();
        if !(is_found && self.asker.config().dane && self.found.authenticated) {
            return;
        }
        match (&host.expanded, exchanger.authenticated) {
            (Some(_), true) => self.ask_tlsa(at, Base::Expanded),
            (None, true) => self.ask_tlsa(at, Base::Initial),
            // RFC 7672 §2.1.3: whether the alias itself is authenticated is another question.
            (Some(_), false) => {
                let name = host.candidate.name.clone();
                self.asker.ask(Seek::Alias { host: at }, name, RecordType::CNAME);
            }
            (None, false) => {}
        }
    }

    fn base(&self, at: usize, of: Base) -> Option<&Name> {
        let host = self.hosts.get(at)?;
        match of {
            Base::Expanded => host.expanded.as_ref(),
            Base::Initial => Some(&host.candidate.name),
        }
    }

    fn ask_tlsa(&mut self, at: usize, of: Base) {
        let port = alloc::format!("_{}", self.asker.config().port);
        let name = self.base(at, of).and_then(|base| domain::below(&[&port, "_tcp"], base));
        // A name too long for the labels has no such records.
        if let Some(name) = name {
            self.asker.ask(Seek::Tlsa { host: at, of }, name, RecordType::TLSA);
        }
    }

    fn tlsa(&mut self, at: usize, of: Base, result: Result<Answer, Error>) {
        let limit = self.asker.config().limits.tlsa;
        let answer = match result {
            Ok(answer) if answer.data.len() > limit => {
                return self.set_dane(at, Dane::Failed(Error::TooManyRecords));
            }
            Ok(answer) => answer,
            Err(error) => return self.set_dane(at, Dane::Failed(error)),
        };
        if answer.data.is_empty() || !answer.authentic {
            if of == Base::Expanded {
                self.ask_tlsa(at, Base::Initial);
            }
            return;
        }
        let Some(base) = self.base(at, of) else { return };
        // RFC 7672 §3.2.2.
        let names = [Some(base), Some(&self.domain), self.expanded.as_deref()];
        let mut texts = Vec::<String>::new();
        for name in names.into_iter().flatten().map(domain::text) {
            if !texts.contains(&name) {
                texts.push(name);
            }
        }
        self.set_dane(at, Dane::Records(TlsaSet::new(texts, &answer.data)));
    }

    fn set_dane(&mut self, at: usize, dane: Dane) {
        if let Some(host) = self.hosts.get_mut(at) {
            host.candidate.exchanger.dane = dane;
        }
    }
}

/// The address in `data`, if it is of that kind.
fn address(data: &RData, kind: RecordType) -> Option<IpAddr> {
    match data {
        RData::A(a) if kind == RecordType::A => Some(IpAddr::V4(a.0)),
        RData::AAAA(aaaa) if kind == RecordType::AAAA => Some(IpAddr::V6(aaaa.0)),
        _ => None,
    }
}

/// The TXT records' texts, each put together from its strings (RFC 7208 §3.3).
fn texts(result: Result<Answer, Error>) -> Option<Vec<Vec<u8>>> {
    let text = |data: &RData| match data {
        RData::TXT(txt) => Some(txt.txt_data.concat()),
        _ => None,
    };
    result.ok().map(|answer| answer.data.iter().filter_map(text).collect())
}

impl Machine for Lookup {
    type Token = Seek;
    type Found = Exchanges;

    fn parts(&mut self) -> (&mut Asker<Seek>, &mut Stage) {
        (&mut self.asker, &mut self.stage)
    }

    fn take(&mut self, seek: Seek, result: Result<Answer, Error>) -> Result<(), Error> {
        if let Ok(answer) = &result {
            self.ttl = self.ttl.min(answer.ttl);
        } else if seek != Seek::Exchangers {
            // It is to be asked again before long.
            self.ttl = 0;
        }
        match seek {
            Seek::Exchangers => return result.and_then(|answer| self.exchangers(answer)),
            Seek::StsRecord => {
                self.found.sts = texts(result).and_then(|texts| StsRecord::select(&texts));
            }
            Seek::TlsReportRecord => {
                let record = texts(result).and_then(|texts| TlsReportRecord::select(&texts));
                self.found.tls_report = record;
            }
            Seek::Addresses { host, kind } => self.addresses(host, kind, result),
            Seek::Alias { host } => match result {
                Ok(answer) if answer.authentic => self.ask_tlsa(host, Base::Initial),
                Ok(_) => {}
                Err(error) => self.set_dane(host, Dane::Failed(error)),
            },
            Seek::Tlsa { host, of } => self.tlsa(host, of, result),
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), Error> {
        let config = self.asker.config();
        let (limit, families) = (config.limits.addresses, config.families);
        for Host { candidate: Candidate { mut exchanger, .. }, .. } in mem::take(&mut self.hosts) {
            exchanger.addresses = in_order(mem::take(&mut exchanger.addresses), families, limit);
            if exchanger.addresses.is_empty() {
                exchanger.authenticated = false;
                exchanger.fault.get_or_insert(Fault::Unresolved(Error::NoAddress));
            }
            self.found.exchangers.push(exchanger);
        }
        // Where nothing was found for want of time, that is the error.
        let is_late = |fault: &Option<Fault>| *fault == Some(Fault::Unresolved(Error::TimedOut));
        let exchangers = &self.found.exchangers;
        if self.asker.has_run_out()
            && exchangers.iter().any(|host| is_late(&host.fault))
            && self.found.usable().next().is_none()
        {
            return Err(Error::TimedOut);
        }
        match exchangers.first() {
            // RFC 5321 §5.1: a domain without MX records and without an address is an error.
            Some(itself) if self.found.implicit && itself.addresses.is_empty() => {
                match &itself.fault {
                    Some(Fault::Unresolved(error)) => Err(error.clone()),
                    _ => Err(Error::NoAddress),
                }
            }
            _ => {
                self.found.holds = self.holds();
                Ok(())
            }
        }
    }

    fn found(&mut self) -> Exchanges {
        mem::take(&mut self.found)
    }
}

impl Connection for Lookup {
    type Event<'i> = Event;
    type Error = Error;

    fn poll(&mut self, now: Time, input: &mut Input) -> Result<Step, Error> {
        stage::poll(self, now, input)
    }

    fn event(&mut self, _: &mut Input) -> Result<Event, Error> {
        stage::event(self).map(|told| match told {
            Told::Found(found) => Event::Exchanges(found),
            Told::Server(server) => Event::Server(server),
            Told::WantValidation(message) => Event::WantValidation(message),
        })
    }

    fn output(&mut self) -> &mut Output {
        &mut self.asker.output
    }

    fn upgraded(&mut self) {
        self.asker.upgraded();
    }
}
