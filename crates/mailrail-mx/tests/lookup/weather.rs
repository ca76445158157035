//! Everything at once: what is asked is lost, late, doubled, forged, refused or garbled, in any
//! order, and the lookup ends in time, with the truth or with "later".

use crate::common::{Coming, Trace, Zone, a, aaaa, answer, mx, run_from, shown, soa};
use core::time::Duration;
use hickory_proto::{
    op::{Message, ResponseCode},
    rr::{RData, RecordType, rdata::NS},
};
use mailrail_mx::{Config, Error, Exchanges, Lookup};
use proptest::prelude::*;

/// What becomes of a question.
#[derive(Debug, Clone, Copy)]
enum Fate {
    Lost,
    /// Answered, after so many milliseconds.
    Answered(u16),
    Twice(u16),
    /// The truth comes behind a lie.
    Forged(Lie, u16),
    /// A lie, and nothing else.
    Lied(Lie),
    Failed,
    Lame,
    Garbled,
    Cut,
    Unreachable,
}

/// An answer that is none.
#[derive(Debug, Clone, Copy)]
enum Lie {
    Id,
    Name,
    Kind,
    Case,
    Source,
    Query,
}

fn lie() -> impl Strategy<Value = Lie> {
    use Lie::{Case, Id, Kind, Name, Query, Source};
    prop::sample::select(&[Id, Name, Kind, Case, Source, Query][..])
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        3 => (0_u16..12_000).prop_map(Fate::Answered),
        2 => Just(Fate::Lost),
        2 => (lie(), 0_u16..4_000).prop_map(|(lie, after)| Fate::Forged(lie, after)),
        1 => lie().prop_map(Fate::Lied),
        1 => (0_u16..4_000).prop_map(Fate::Twice),
        1 => Just(Fate::Failed),
        1 => Just(Fate::Lame),
        1 => Just(Fate::Garbled),
        1 => Just(Fate::Cut),
        1 => Just(Fate::Unreachable),
    ]
}

fn ms(after: u16) -> Duration {
    Duration::from_millis(after.into())
}

/// An answer that leads elsewhere, and has something wrong with it.
fn forged(question: &[u8], lie: Lie) -> Coming {
    let mut message = answer(question);
    let name = message.queries[0].name().to_ascii();
    match message.queries[0].query_type() {
        RecordType::MX => drop(message.add_answer(mx(&name, 0, "evil.test"))),
        RecordType::A => drop(message.add_answer(a(&name, "192.0.2.66"))),
        _ => drop(message.add_answer(aaaa(&name, "2001:db8::66"))),
    }
    let mut source = None;
    match lie {
        Lie::Id => message.metadata.id ^= 0x100,
        Lie::Name => drop(message.queries[0].set_name(crate::common::name("evil.test"))),
        Lie::Kind => drop(message.queries[0].set_query_type(RecordType::TXT)),
        Lie::Query => message.metadata.message_type = hickory_proto::op::MessageType::Query,
        Lie::Source => source = Some(None),
        Lie::Case => {}
    }
    let mut bytes = message.to_vec().unwrap();
    if let Lie::Case = lie {
        // All letters of the name turned over: it can't be the same.
        for byte in bytes.iter_mut().skip(12).take(name.len()) {
            if byte.is_ascii_alphabetic() {
                *byte ^= 0x20;
            }
        }
    }
    Coming { after: ms(1), bytes, source }
}

fn look_up(fates: &[Fate], servers: usize, piece: usize) -> (Result<Exchanges, Error>, Trace) {
    let zone = Zone::new(vec![
        mx("example.test", 10, "mail.test"),
        mx("example.test", 20, "spare.test"),
        a("mail.test", "192.0.2.1"),
        aaaa("mail.test", "2001:db8::1"),
        a("spare.test", "192.0.2.2"),
    ]);
    let mut fates = fates.iter().copied();
    let mut config = Config::default();
    config.servers = servers;
    let mut lookup = Lookup::new("example.test", [9; 16], config).unwrap();
    run_from(&mut lookup, piece, |asked| {
        let right = zone.answer(asked.question, asked.tcp);
        let truth = |after| Coming::from((ms(after), right.to_vec().unwrap()));
        // Nobody forges what goes over TCP.
        let fate = fates.next().unwrap_or(Fate::Answered(1));
        Some(match fate {
            Fate::Forged(_, after) | Fate::Twice(after) if asked.tcp => vec![truth(after)],
            Fate::Lost | Fate::Lied(_) if asked.tcp => Vec::new(),
            Fate::Lost => Vec::new(),
            Fate::Answered(after) => vec![truth(after)],
            Fate::Twice(after) => vec![truth(after), truth(after.saturating_add(5))],
            Fate::Forged(lie, after) => {
                vec![forged(asked.question, lie), truth(after.saturating_add(1))]
            }
            Fate::Lied(lie) => vec![forged(asked.question, lie)],
            Fate::Unreachable => return None,
            Fate::Failed | Fate::Lame | Fate::Garbled | Fate::Cut => {
                let mut message: Message = answer(asked.question);
                match fate {
                    Fate::Failed => message.metadata.response_code = ResponseCode::ServFail,
                    Fate::Lame => {
                        let other = RData::NS(NS(crate::common::name("ns.test")));
                        message.add_authority(crate::common::record("test", other));
                    }
                    Fate::Cut => message.metadata.truncation = true,
                    _ => drop(message.add_authority(soa("test"))),
                }
                let mut bytes = message.to_vec().unwrap();
                if let Fate::Garbled = fate {
                    bytes.truncate(bytes.len() - 3);
                }
                vec![Coming::from((ms(1), bytes))]
            }
        })
    })
}

proptest! {
    #[test]
    fn the_truth_or_later(
        fates in prop::collection::vec(fate(), 0..24),
        servers in 1_usize..4,
        piece in prop::sample::select(&[1_usize, 7, 1_000][..]),
    ) {
        let (found, trace) = look_up(&fates, servers, piece);
        prop_assert!(trace.took <= Duration::from_secs(30), "{:?}", trace.took);
        match found {
            Err(error) => prop_assert!(error.is_temporary(), "{}", error),
            Ok(found) => {
                let shown = shown(&found).join("\n");
                prop_assert!(!shown.contains("evil") && !shown.contains("66"), "{}", shown);
                let hosts = found.exchangers.iter().map(|host| &*host.host).collect::<Vec<_>>();
                prop_assert_eq!(hosts, ["mail.test", "spare.test"]);
                let known = ["192.0.2.1", "192.0.2.2", "2001:db8::1"];
                let mut addresses = found.exchangers.iter().flat_map(|host| &host.addresses);
                prop_assert!(addresses.all(|address| known.contains(&&*address.to_string())));
            }
        }
    }
}

/// One of each, so that none is left to chance.
#[test]
fn each_alone() {
    use Fate::{Answered, Cut, Failed, Forged, Garbled, Lame, Lied, Lost, Twice, Unreachable};
    let lies = [Lie::Id, Lie::Name, Lie::Kind, Lie::Case, Lie::Source, Lie::Query];
    let all = [Lost, Answered(9_000), Twice(1), Failed, Lame, Garbled, Cut, Unreachable];
    let all = all.into_iter().chain(lies.map(Lied)).chain(lies.map(|lie| Forged(lie, 5)));
    for fate in all {
        // With a second server and no further harm, nothing keeps the truth from us.
        let (found, trace) = look_up(&[fate], 2, 9);
        let found = found.unwrap_or_else(|error| panic!("{fate:?}: {error}"));
        let right = ["10 mail.test 192.0.2.1 2001:db8::1", "20 spare.test 192.0.2.2"];
        assert_eq!(shown(&found), right, "{fate:?}");
        assert!(trace.took < Duration::from_secs(10), "{fate:?}");
    }
    let (found, trace) = look_up(&[Lost; 99], 3, 9);
    assert_eq!((found, trace.took), (Err(Error::TimedOut), Duration::from_secs(12)));
}
