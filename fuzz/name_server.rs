//! Name servers that answer whatever the fuzzer came up with.

use bytes::Buf;
use core::{fmt::Debug, time::Duration};
use mailrail_mx::{Config, Dnssec, Error, Families, Validity};
use mailrail_wire::{Connection, Input, Step, Time, Upgrade};
use std::collections::VecDeque;

/// A machine that asks name servers.
pub trait Asks: Connection<Error = Error, Event<'static>: Debug> {
    /// What it finds.
    type Found: Debug;

    /// What its event says.
    fn hear(&mut self, input: &mut Input) -> Result<Heard<Self::Found>, Error>;
    /// The server can't be reached.
    fn cannot_reach(&mut self);
    /// What the last answer is worth.
    fn validate(&mut self, validity: Validity);
    /// Where the next datagram comes from.
    fn from(&mut self, server: Option<usize>);
}

/// What an event says.
#[derive(Debug)]
pub enum Heard<F> {
    Found(F),
    Server,
    Validate,
}

macro_rules! asks {
    ($machine:ty, $event:path, $found:ty, $end:ident) => {
        impl Asks for $machine {
            type Found = $found;

            fn hear(&mut self, input: &mut Input) -> Result<Heard<$found>, Error> {
                use $event as Event;
                Ok(match self.event(input)? {
                    Event::$end(found) => Heard::Found(found),
                    Event::Server(_) => Heard::Server,
                    Event::WantValidation(_) => Heard::Validate,
                    event => panic!("{event:?}"),
                })
            }

            fn cannot_reach(&mut self) {
                self.unreachable();
            }

            fn validate(&mut self, validity: Validity) {
                self.validated(validity).expect("it was asked");
            }

            fn from(&mut self, server: Option<usize>) {
                self.received_from(server);
            }
        }
    };
}

asks!(mailrail_mx::Lookup, mailrail_mx::Event, mailrail_mx::Exchanges, Exchanges);
asks!(mailrail_mx::Discovery, mailrail_mx::discovery::Event, mailrail_mx::Services, Services);

/// How a machine asks, and how it is answered.
#[must_use]
pub fn config(flags: u8, more: u8) -> Config {
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
    config.dnssec = match more & 7 {
        0 => Dnssec::Untrusted,
        1 | 2 => Dnssec::Caller,
        _ => Dnssec::AdBit,
    };
    config
}

/// The end of the question in a message that a machine has made: its labels, type and class.
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

/// Drives a machine to its end, within its time and a number of questions that follows from its
/// limits and from how many names it can ask for. Each answer in `wire` is preceded by its length,
/// over 128 where it is not made to fit the question.
///
/// # Errors
///
/// That of the machine.
pub fn run<M: Asks>(
    machine: &mut M,
    config: &Config,
    names: usize,
    hangs_up: bool,
    wire: &mut &[u8],
    piece: usize,
) -> Result<M::Found, Error> {
    let end = config.timeouts.total;
    let (mut input, mut now, mut tcp) = (Input::default(), Duration::ZERO, false);
    let (mut coming, mut asked) = (VecDeque::<Vec<u8>>::new(), 0_usize);
    // Each server can cut an answer, and not know EDNS; each answer can be the last over its
    // connection.
    let most = usize::from(config.limits.tries) * (config.limits.aliases + 4) * names * names + 8;
    // Messages, or their pieces; each question can be asked for the want of EDNS once more.
    for _ in 0..(wire.len() + 600 * (asked + 1)) * 3 + 100 * most {
        let step = machine.poll(Time::from_start(now), &mut input);
        assert_eq!(step, machine.poll(Time::from_start(now), &mut input), "asked twice");
        match step? {
            Step::Write { .. } => {
                let mut chunk = machine.output().chunk().to_vec();
                machine.output().advance(chunk.len());
                assert!(machine.output().is_empty(), "a datagram is one chunk");
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
                    *wire = rest;
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
                    Some(bytes) => {
                        if !tcp && bytes.len() == 7 {
                            machine.from(bytes[6].checked_sub(128).map(usize::from));
                        }
                        input.extend(&bytes);
                    }
                    // It says nothing, or hangs up.
                    None if tcp && hangs_up => input.received(0),
                    None => now = until,
                }
            }
            Step::Upgrade(Upgrade::Tcp) => {
                (tcp, input) = (true, Input::default());
                coming.clear();
                machine.upgraded();
            }
            Step::Event => match machine.hear(&mut input)? {
                Heard::Found(found) => {
                    assert_eq!(machine.hear(&mut input).err(), Some(Error::NoEvent));
                    assert_eq!(machine.poll(Time::from_start(now), &mut input), Ok(Step::Close));
                    return Ok(found);
                }
                Heard::Server => {
                    (tcp, input) = (false, Input::default());
                    coming.clear();
                    if hangs_up {
                        machine.cannot_reach();
                    }
                }
                Heard::Validate => {
                    let step = machine.poll(Time::from_start(now), &mut input);
                    assert_eq!(step, Ok(Step::Answer));
                    machine.validate(match wire.first().map(|byte| byte % 4) {
                        Some(0) => Validity::Bogus,
                        Some(1) => Validity::Insecure,
                        _ => Validity::Secure,
                    });
                }
            },
            step => panic!("{step:?}"),
        }
    }
    panic!("no end of it");
}
