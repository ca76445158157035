//! Where a domain's users submit and fetch their mail: the SRV records of RFC 6186 and RFC 8314.

use crate::{
    Config, Error, InvalidDomain, Misuse, Validity,
    answer::Answer,
    asker::Asker,
    domain,
    draw::Draw,
    stage::{self, Machine, Stage, Told},
};
use alloc::{string::String, vec::Vec};
use core::{fmt, mem, time::Duration};
use hickory_proto::rr::{Name, RData, RecordType, rdata::SRV};
use mailrail_wire::{Connection, Input, Output, Step, Time};

/// What a discovery says to its caller.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The end: what the domain offers.
    Services(Services),
    /// As [`Lookup`](crate::Lookup)'s [`Event::Server`](crate::Event::Server).
    Server(usize),
    /// As [`Lookup`](crate::Lookup)'s [`Event::WantValidation`](crate::Event::WantValidation).
    WantValidation(Vec<u8>),
}

/// A service for a domain's users.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Service {
    /// Submission under implicit TLS (RFC 8314 §3.3): `_submissions`.
    Submissions,
    /// Submission, with STARTTLS (RFC 6186 §3.1): `_submission`.
    Submission,
    /// IMAP under implicit TLS (RFC 6186 §3.2): `_imaps`.
    Imaps,
    /// IMAP, with STARTTLS: `_imap`.
    Imap,
    /// POP3 under implicit TLS (RFC 6186 §3.3): `_pop3s`.
    Pop3s,
    /// POP3, with STLS: `_pop3`.
    Pop3,
}

impl Service {
    /// All of them; those under implicit TLS before the others, as RFC 8314 §5.1 prefers them.
    pub const ALL: [Self; 6] =
        [Self::Submissions, Self::Submission, Self::Imaps, Self::Imap, Self::Pop3s, Self::Pop3];

    /// Its name, as in the scheme of a URL: `submissions`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.label().trim_start_matches('_')
    }

    const fn label(self) -> &'static str {
        match self {
            Self::Submissions => "_submissions",
            Self::Submission => "_submission",
            Self::Imaps => "_imaps",
            Self::Imap => "_imap",
            Self::Pop3s => "_pop3s",
            Self::Pop3 => "_pop3",
        }
    }

    /// Whether TLS begins with the first byte; else it follows a command.
    #[must_use]
    pub const fn has_implicit_tls(self) -> bool {
        matches!(self, Self::Submissions | Self::Imaps | Self::Pop3s)
    }
}

/// What a domain offers its users.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Services {
    /// The servers in the order to try, over all services (RFC 6186 §3.4, RFC 2782): by priority,
    /// those of one priority in the order that the services were asked for in, and those of one
    /// service at random by weight.
    pub offers: Vec<Offer>,
    /// The services that the domain says it does not have.
    pub absent: Vec<Service>,
    /// The services of which nothing could be found out for now, and why.
    pub failed: Vec<(Service, Error)>,
    /// How long all this holds; not at all where something failed.
    pub holds: Duration,
}

/// A server of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Offer {
    /// What it serves.
    pub service: Service,
    /// The lower, the earlier it is tried.
    pub priority: u16,
    /// Its name: lower case, without the trailing dot.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Whether the record is authenticated. Where it is not, and the host is not of the domain
    /// itself, a user should be asked whether it is right (RFC 6186 §6).
    pub authenticated: bool,
}

impl Offer {
    /// Whether the host is the domain itself or below it.
    #[must_use]
    pub fn is_below(&self, domain: &str) -> bool {
        let Ok(domain) = domain::parse(domain) else { return false };
        let domain = domain::text(&domain);
        let parent = self.host.strip_suffix(&domain);
        parent.is_some_and(|labels| labels.is_empty() || labels.ends_with('.'))
    }
}

/// Finds the servers that a domain offers its users; driven as a [`Lookup`](crate::Lookup) is.
pub struct Discovery {
    asker: Asker<Service>,
    order: Vec<Service>,
    stage: Stage,
    found: Services,
    ttl: u32,
}

impl fmt::Debug for Discovery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Discovery").field("stage", &self.stage).finish_non_exhaustive()
    }
}

impl Discovery {
    /// Asks for `services` of `domain`, the part of an address behind its `@`; those named first are
    /// preferred where the domain has no preference. `random` is as for
    /// [`Lookup::new`](crate::Lookup::new).
    ///
    /// # Errors
    ///
    /// [`InvalidDomain`], where there is nothing to ask for.
    pub fn new(
        domain: &str,
        services: &[Service],
        random: [u8; 16],
        config: Config,
    ) -> Result<Self, InvalidDomain> {
        let domain = domain::parse(domain)?;
        let mut asker = Asker::new(random, config);
        let mut order = Vec::new();
        for &service in services {
            // A name that is too long for the labels has no such records.
            let name = domain::below(&[service.label(), "_tcp"], &domain);
            if let Some(name) = name.filter(|_| !order.contains(&service)) {
                asker.ask(service, name, RecordType::SRV);
                order.push(service);
            }
        }
        let found = Services::default();
        Ok(Self { asker, order, stage: Stage::Asking, found, ttl: u32::MAX })
    }

    /// As [`Lookup::received_from`](crate::Lookup::received_from).
    pub const fn received_from(&mut self, server: Option<usize>) {
        self.asker.received_from(server);
    }

    /// As [`Lookup::unreachable`](crate::Lookup::unreachable).
    pub fn unreachable(&mut self) {
        self.asker.unreachable();
    }

    /// As [`Lookup::validated`](crate::Lookup::validated).
    ///
    /// # Errors
    ///
    /// [`Misuse`], where the last event was not [`Event::WantValidation`].
    pub fn validated(&mut self, validity: Validity) -> Result<(), Misuse> {
        if self.asker.validated(validity) { Ok(()) } else { Err(Misuse) }
    }
}

/// Whether it names a host: neither nothing nor an address.
fn is_host(name: &Name) -> bool {
    !name.is_root() && !domain::is_address(&domain::text(name))
}

/// Puts the records in the order to try (RFC 2782): by priority, and at random by weight.
fn by_weight(mut records: Vec<SRV>, draw: &mut Draw) -> Vec<SRV> {
    // Those of no weight come first, so that they are drawn now and then.
    records.sort_by_key(|srv| (srv.priority, srv.weight));
    let mut ordered = Vec::new();
    while let Some(priority) = records.first().map(|srv| srv.priority) {
        let rest = records.split_off(records.partition_point(|srv| srv.priority == priority));
        let mut equals = mem::replace(&mut records, rest);
        let mut sum = equals.iter().map(|srv| u64::from(srv.weight)).sum::<u64>();
        while !equals.is_empty() {
            let mut left = draw.next() % (sum + 1);
            let drawn = equals.iter().position(|srv| {
                let weight = u64::from(srv.weight);
                let is_drawn = left <= weight;
                left = left.saturating_sub(weight);
                is_drawn
            });
            let srv = equals.remove(drawn.unwrap_or(0));
            sum -= u64::from(srv.weight);
            ordered.push(srv);
        }
    }
    ordered
}

impl Machine for Discovery {
    type Token = Service;
    type Found = Services;

    fn parts(&mut self) -> (&mut Asker<Service>, &mut Stage) {
        (&mut self.asker, &mut self.stage)
    }

    fn take(&mut self, service: Service, result: Result<Answer, Error>) -> Result<(), Error> {
        let answer = match result {
            Ok(answer) => answer,
            Err(error) => {
                self.found.failed.push((service, error));
                return Ok(());
            }
        };
        self.ttl = self.ttl.min(answer.ttl);
        let limit = self.asker.config().limits.exchangers;
        let mut records = answer
            .data
            .into_iter()
            .filter_map(|data| match data {
                RData::SRV(srv) => Some(srv),
                _ => None,
            })
            .collect::<Vec<_>>();
        if !records.is_empty() && records.iter().all(|srv| srv.target.is_root()) {
            self.found.absent.push(service);
        }
        records.retain(|srv| is_host(&srv.target));
        let offer = |srv: SRV| Offer {
            service,
            priority: srv.priority,
            host: domain::text(&srv.target),
            port: srv.port,
            authenticated: answer.authentic,
        };
        let records = by_weight(records, self.asker.draw());
        self.found.offers.extend(records.into_iter().take(limit).map(offer));
        Ok(())
    }

    fn finish(&mut self) -> Result<(), Error> {
        self.found.absent.sort_unstable();
        let place = |offer: &Offer| self.order.iter().position(|it| *it == offer.service);
        self.found.offers.sort_by_key(|offer| (offer.priority, place(offer)));
        let is_sure = self.found.failed.is_empty() && self.ttl < u32::MAX;
        self.found.holds = Duration::from_secs(if is_sure { self.ttl.into() } else { 0 });
        match self.found.failed.first() {
            Some((_, error)) if self.found.failed.len() == self.order.len() => Err(error.clone()),
            _ => Ok(()),
        }
    }

    fn found(&mut self) -> Services {
        mem::take(&mut self.found)
    }
}

impl Connection for Discovery {
    type Event<'i> = Event;
    type Error = Error;

    fn poll(&mut self, now: Time, input: &mut Input) -> Result<Step, Error> {
        stage::poll(self, now, input)
    }

    fn event(&mut self, _: &mut Input) -> Result<Event, Error> {
        stage::event(self).map(|told| match told {
            Told::Found(found) => Event::Services(found),
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

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    fn srv(priority: u16, weight: u16, port: u16) -> SRV {
        SRV::new(priority, weight, port, Name::from_ascii("a.test.").unwrap())
    }

    #[test]
    fn weights_are_chances() {
        let records = vec![srv(1, 30, 3), srv(0, 0, 9), srv(1, 10, 1), srv(1, 0, 0), srv(2, 5, 8)];
        let mut draw = Draw::new([3; 16]);
        let mut firsts = [0; 4];
        for _ in 0..4_000 {
            let order = by_weight(records.clone(), &mut draw);
            let ports = order.iter().map(|srv| srv.port).collect::<Vec<_>>();
            assert_eq!((ports.len(), ports[0], ports[4]), (5, 9, 8));
            firsts[usize::from(ports[1])] += 1;
        }
        let [none, light, _, heavy] = firsts;
        assert!((20..300).contains(&none), "{firsts:?}");
        assert!((700..1_300).contains(&light) && heavy > 2_400, "{firsts:?}");
    }

    #[test]
    fn below() {
        for (host, domain, is_below) in [
            ("imap.a.test", "A.test.", true),
            ("a.test", "a.test", true),
            ("xa.test", "a.test", false),
            ("a.test.evil.test", "a.test", false),
            ("a.test", "", false),
        ] {
            let offer = Offer {
                service: Service::Imap,
                priority: 0,
                host: host.into(),
                port: 1,
                authenticated: false,
            };
            assert_eq!(offer.is_below(domain), is_below, "{host} {domain}");
        }
    }
}
