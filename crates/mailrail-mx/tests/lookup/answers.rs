//! What the answers mean: MX, implicit MX, null MX, aliases, addresses, failures.

use crate::common::{Zone, a, aaaa, answer, at_once, cname, mx, name, record, run, shown};
use hickory_proto::{
    op::ResponseCode,
    rr::{RData, RecordType, rdata::NS},
};
use mailrail_mx::{Config, Error, Lookup};

fn three() -> Zone {
    Zone::new(vec![
        mx("example.test", 20, "Second.test"),
        mx("example.test", 10, "first.test"),
        mx("example.test", 30, "third.test"),
        a("first.test", "192.0.2.1"),
        a("first.test", "192.0.2.2"),
        aaaa("first.test", "2001:db8::1"),
        a("second.test", "192.0.2.3"),
        aaaa("third.test", "2001:db8::4"),
    ])
}

#[test]
fn by_preference_with_all_addresses() {
    let (found, trace) = three().lookup("Example.TEST.");
    let found = found.unwrap();
    assert_eq!(
        shown(&found),
        [
            "10 first.test 192.0.2.1 192.0.2.2 2001:db8::1",
            "20 second.test 192.0.2.3",
            "30 third.test 2001:db8::4"
        ]
    );
    assert!(!found.implicit && !found.null_mx && !found.authenticated && found.left_out == 0);
    assert_eq!(trace.asked.len(), 7);
    assert_eq!(trace.asked[0], ("example.test.".to_owned(), RecordType::MX, false));
}

#[test]
fn additional_addresses_count_where_they_belong() {
    let mut zone = three();
    zone.authentic = true;
    zone.additional = vec![
        a("FIRST.test", "192.0.2.99"),
        aaaa("first.test", "2001:db8::99"),
        a("elsewhere.test", "192.0.2.66"),
        cname("third.test", "elsewhere.test"),
    ];
    let (found, trace) = zone.lookup("example.test");
    let found = found.unwrap();
    assert_eq!(
        shown(&found),
        [
            "10 first.test 192.0.2.99 2001:db8::99",
            "20 second.test 192.0.2.3",
            "30 third.test 2001:db8::4"
        ]
    );
    let authenticated = found.exchangers.iter().map(|host| host.authenticated).collect::<Vec<_>>();
    assert_eq!(authenticated, [false, true, true]);
    assert!(found.authenticated);
    assert!(trace.asked.iter().all(|(name, ..)| name != "first.test."));
}

#[test]
fn implicit_where_there_is_none() {
    let (found, _) = Zone::new(vec![a("example.test", "192.0.2.1")]).lookup("example.test");
    let found = found.unwrap();
    assert!(found.implicit);
    assert_eq!(shown(&found), ["0 example.test 192.0.2.1"]);

    let (found, _) = Zone::new(vec![aaaa("example.test", "2001:db8::1")]).lookup("example.test");
    assert_eq!(shown(&found.unwrap()), ["0 example.test 2001:db8::1"]);
}

#[test]
fn negative_answers_are_told_apart() {
    let nothing = Zone::default().lookup("example.test").0.unwrap_err();
    assert_eq!((nothing.is_temporary(), nothing), (false, Error::NoAddress));

    let zone = Zone { missing: vec!["example.test"], ..Zone::default() };
    let (missing, trace) = zone.lookup("example.test");
    let missing = missing.unwrap_err();
    assert_eq!((missing.is_temporary(), missing), (false, Error::NoSuchDomain));
    assert_eq!(trace.asked.len(), 1);

    for (code, number) in
        [(ResponseCode::ServFail, 2), (ResponseCode::Refused, 5), (ResponseCode::NotAuth, 9)]
    {
        let mut lookup = Lookup::new("example.test", [1; 16], Config::default()).unwrap();
        let (failed, trace) = run(&mut lookup, 1, |question, _| {
            let mut message = answer(question);
            message.metadata.response_code = code;
            at_once(&message)
        });
        let failed = failed.unwrap_err();
        assert_eq!((failed.is_temporary(), failed), (true, Error::ServerFailed { code: number }));
        assert_eq!(trace.asked.len(), 1);
    }
}

#[test]
fn failing_for_the_address_is_not_its_absence() {
    let zone = Zone::default();
    let mut lookup = Lookup::new("example.test", [1; 16], Config::default()).unwrap();
    let (failed, _) = run(&mut lookup, 1, |question, tcp| {
        let mut message = zone.answer(question, tcp);
        if message.queries[0].query_type() == RecordType::AAAA {
            message.metadata.response_code = ResponseCode::ServFail;
        }
        at_once(&message)
    });
    assert_eq!(failed, Err(Error::ServerFailed { code: 2 }));
}

#[test]
fn null_mx() {
    let (found, trace) =
        Zone::new(vec![mx("example.test", 0, "."), a("example.test", "192.0.2.1")])
            .lookup("example.test");
    let found = found.unwrap();
    assert!(found.null_mx && found.exchangers.is_empty() && !found.implicit);
    assert_eq!(trace.asked.len(), 1);
}

#[test]
fn faulty_exchangers_are_named() {
    let zone = Zone {
        missing: vec!["gone.test"],
        ..Zone::new(vec![
            mx("example.test", 1, "."),
            mx("example.test", 2, "192.0.2.1"),
            mx("example.test", 3, "gone.test"),
            mx("example.test", 4, "mute.test"),
            mx("example.test", 5, "alias.test"),
            cname("alias.test", "real.test"),
            a("real.test", "192.0.2.5"),
        ])
    };
    let (found, trace) = zone.lookup("example.test");
    let found = found.unwrap();
    assert_eq!(
        shown(&found),
        [
            "1  (it is empty, and not the only exchanger)",
            "2 192.0.2.1 (it is an address and not a name)",
            "3 gone.test (its addresses are not known: no such domain)",
            "4 mute.test (its addresses are not known: no exchanger and no address)",
            "5 alias.test 192.0.2.5 (it is an alias)",
        ]
    );
    assert_eq!(found.usable().map(|host| &*host.host).collect::<Vec<_>>(), ["alias.test"]);
    assert!(!found.is_temporary());
    assert_eq!(trace.asked.len(), 1 + 2 * 3);
}

#[test]
fn aliases_of_the_domain_are_followed() {
    let zone = Zone::new(vec![
        cname("example.test", "b.test"),
        cname("B.test", "c.test"),
        mx("c.test", 10, "mail.test"),
        a("mail.test", "192.0.2.1"),
    ]);
    let (found, trace) = zone.lookup("example.test");
    assert_eq!(shown(&found.unwrap()), ["10 mail.test 192.0.2.1"]);
    assert_eq!(trace.asked.len(), 3);

    // Without MX records, the name behind the alias is the exchanger.
    let zone = Zone::new(vec![cname("example.test", "b.test"), a("b.test", "192.0.2.1")]);
    let found = zone.lookup("example.test").0.unwrap();
    assert!(found.implicit);
    assert_eq!(shown(&found), ["0 b.test 192.0.2.1"]);
}

/// A server may put its records in whatever order.
#[test]
fn records_come_in_any_order() {
    let zone = Zone::new(vec![
        cname("example.test", "b.test"),
        cname("b.test", "c.test"),
        mx("c.test", 20, "spare.test"),
        mx("c.test", 10, "mail.test"),
        cname("mail.test", "host.test"),
        a("host.test", "192.0.2.1"),
        a("spare.test", "192.0.2.2"),
    ]);
    let expected = ["10 mail.test 192.0.2.1 (it is an alias)", "20 spare.test 192.0.2.2"];
    for turns in 0..4 {
        for is_reversed in [false, true] {
            let mut lookup = Lookup::new("example.test", [1; 16], Config::default()).unwrap();
            let (found, trace) = run(&mut lookup, 1, |question, tcp| {
                let mut message = zone.answer(question, tcp);
                if is_reversed {
                    message.answers.reverse();
                }
                let turns = turns % message.answers.len().max(1);
                message.answers.rotate_left(turns);
                at_once(&message)
            });
            assert_eq!(shown(&found.unwrap()), expected, "{turns} {is_reversed}");
            assert_eq!(trace.asked.len(), 5);
        }
    }
}

#[test]
fn a_server_that_leaves_the_alias_to_us() {
    let zone = Zone::new(vec![
        mx("b.test", 10, "mail.test"),
        a("mail.test", "192.0.2.1"),
        aaaa("mail.test", "2001:db8::1"),
    ]);
    let mut lookup = Lookup::new("example.test", [1; 16], Config::default()).unwrap();
    let (found, trace) = run(&mut lookup, 1, |question, tcp| {
        let mut message = zone.answer(question, tcp);
        if message.queries[0].name() == &name("example.test") {
            message.authorities.clear();
            message.add_answer(cname("example.test", "b.test"));
        }
        at_once(&message)
    });
    assert_eq!(shown(&found.unwrap()), ["10 mail.test 192.0.2.1 2001:db8::1"]);
    assert_eq!(trace.asked[1].0, "b.test.");
}

#[test]
fn aliases_without_end() {
    let zone = Zone::new(vec![cname("a.test", "b.test"), cname("b.test", "a.test")]);
    assert_eq!(zone.lookup("a.test").0, Err(Error::AliasLoop));

    let zone = Zone::new(
        (0..15).map(|n| cname(&format!("a{n}.test"), &format!("a{}.test", n + 1))).collect(),
    );
    assert_eq!(zone.lookup("a0.test").0, Err(Error::TooManyAliases));

    // A server that invents a new one each time, an answer at a time.
    let mut n = 0;
    let mut lookup = Lookup::new("a.test", [1; 16], Config::default()).unwrap();
    let (found, trace) = run(&mut lookup, 1, |question, _| {
        let mut message = answer(question);
        n += 1;
        message.add_answer(cname(&message.queries[0].name().to_ascii(), &format!("b{n}.test")));
        at_once(&message)
    });
    assert_eq!(found, Err(Error::TooManyAliases));
    assert_eq!(trace.asked.len(), 9);
}

#[test]
fn a_referral_is_no_answer() {
    let mut lookup = Lookup::new("a.test", [1; 16], Config::default()).unwrap();
    let (found, _) = run(&mut lookup, 1, |question, _| {
        let mut message = answer(question);
        message.add_authority(record("test", RData::NS(NS(name("ns.test")))));
        at_once(&message)
    });
    let error = found.unwrap_err();
    assert_eq!((error.is_temporary(), error), (true, Error::Referral));
}

#[test]
fn a_thousand_records_are_cut_to_the_best() {
    let zone = Zone::new(
        (0..1_000)
            .map(|n| mx("example.test", 1_000 - n, &format!("mx{n}.test")))
            .chain([a("mx999.test", "192.0.2.1")])
            .collect(),
    );
    zone.udp_max.set(Some(1232));
    let (found, trace) = zone.lookup("example.test");
    let found = found.unwrap();
    assert_eq!((found.exchangers.len(), found.left_out), (32, 968));
    assert_eq!(shown(&found)[0], "1 mx999.test 192.0.2.1");
    assert_eq!(trace.connects, 1);
    assert!(trace.held <= 128 * 1024, "{}", trace.held);
}

#[test]
fn too_many_addresses_are_dropped() {
    let mut records = vec![mx("example.test", 1, "mx.test")];
    records.extend((0..60).map(|n| aaaa("mx.test", &format!("2001:db8::{n}"))));
    records.extend((0..60).map(|n| a("mx.test", &format!("192.0.2.{n}"))));
    let zone = Zone::new(records);
    let found = zone.lookup("example.test").0.unwrap();
    assert_eq!(found.exchangers[0].addresses.len(), 16);
}
