//! What is authenticated, and what is asked because of it: TLSA, MTA-STS, TLS reports; and how long
//! it all holds.

use crate::common::{
    Trace, Zone, a, aaaa, answer, asked_name, at_once, cname, mx, record, run, run_servers, shown,
    soa,
};
use core::time::Duration;
use hickory_proto::{
    op::ResponseCode,
    rr::{
        RData, Record, RecordType,
        rdata::{
            TLSA, TXT,
            tlsa::{CertUsage, Matching, Selector},
        },
    },
};
use mailrail_mx::{
    Config, Dane, Demand, Dnssec, Error, Event, Exchanges, Lookup, TlsRequirement, Validity,
};
use mailrail_wire::{Connection, Input, Step, Time};
use proptest::prelude::*;

fn tlsa(owner: &str, usage: u8) -> Record {
    let data = TLSA::new(CertUsage::from(usage), Selector::Spki, Matching::Sha256, vec![7; 32]);
    record(owner, RData::TLSA(data))
}

fn txt(owner: &str, strings: &[&str]) -> Record {
    record(owner, RData::TXT(TXT::new(strings.iter().map(|&text| text.into()).collect())))
}

fn with_dane() -> Config {
    let mut config = Config::default();
    config.dane = true;
    config
}

fn signed(records: Vec<Record>) -> Zone {
    Zone { authentic: true, ..Zone::new(records) }
}

/// What is said of the first exchanger: the names to verify, where there are records.
fn dane(found: &Exchanges) -> String {
    match &found.exchangers[0].dane {
        Dane::None => "none".into(),
        Dane::Records(set) if set.is_usable() => set.names.join(" "),
        Dane::Records(_) => "unusable".into(),
        Dane::Failed(error) => format!("failed: {error}"),
        dane => panic!("{dane:?}"),
    }
}

fn asked_tlsa(trace: &Trace) -> Vec<&str> {
    let tlsa = trace.asked.iter().filter(|(_, kind, _)| *kind == RecordType::TLSA);
    tlsa.map(|(name, ..)| name.strip_prefix("_25._tcp.").unwrap()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever a record holds, it is told as it stands.
    #[test]
    fn any_tlsa_record(fields: [u8; 3], data in prop::collection::vec(any::<u8>(), 0..70)) {
        let [usage, selector, matching] = fields;
        let record_data = RData::TLSA(TLSA::new(
            CertUsage::from(usage),
            Selector::from(selector),
            Matching::from(matching),
            data.clone(),
        ));
        let zone = signed(vec![
            mx("a.test", 1, "mx.test"),
            a("mx.test", "192.0.2.1"),
            record("_25._tcp.mx.test", record_data),
        ]);
        let found = zone.lookup_with("a.test", with_dane()).0.unwrap();
        let Dane::Records(set) = &found.exchangers[0].dane else { panic!("{found:?}") };
        let [told] = &set.records[..] else { panic!("{set:?}") };
        prop_assert_eq!(
            [u8::from(told.usage), told.selector.into(), told.matching.into()],
            fields
        );
        prop_assert_eq!(&told.data, &data);
        let digits = data.iter().map(|octet| format!("{octet:02X}")).collect::<String>();
        prop_assert_eq!(told.to_string(), format!("{usage} {selector} {matching} {digits}"));
    }
}

/// RFC 7672 §2.2 and §3.2.2, a row a case: records besides the MX record, what is not signed, the
/// names that are asked for TLSA records, and what comes of it.
#[test]
fn where_tlsa_records_are_asked_for_and_what_they_are_worth() {
    let plain = vec![a("mx.test", "192.0.2.1")];
    let alias = vec![cname("mx.test", "host.test"), a("host.test", "192.0.2.1")];
    let at = |records: &[Record], more: &[&Record]| {
        records.iter().chain(more.iter().copied()).cloned().collect::<Vec<_>>()
    };
    let (own, other) = (tlsa("_25._tcp.mx.test", 3), tlsa("_25._tcp.host.test", 2));
    let own_ta = tlsa("_25._tcp.mx.test", 2);
    type Case<'a> = (&'a str, Vec<Record>, &'a [&'static str], &'a [&'a str], &'a str);
    let cases: [Case<'_>; 11] = [
        ("secure all the way", at(&plain, &[&own]), &[], &["mx.test."], "mx.test a.test"),
        ("no records", plain.clone(), &[], &["mx.test."], "none"),
        (
            "only unusable ones",
            at(&plain, &[&tlsa("_25._tcp.mx.test", 1)]),
            &[],
            &["mx.test."],
            "unusable",
        ),
        ("MX not signed", at(&plain, &[&own]), &["a.test."], &[], "none"),
        ("address not signed", at(&plain, &[&own]), &["mx.test."], &[], "none"),
        ("TLSA not signed", at(&plain, &[&own]), &["_25._tcp.mx.test."], &["mx.test."], "none"),
        (
            "secure alias: the name behind it first",
            at(&alias, &[&own, &other]),
            &[],
            &["host.test."],
            "host.test a.test",
        ),
        (
            "secure alias: else its own",
            at(&alias, &[&own_ta]),
            &[],
            &["host.test.", "mx.test."],
            "mx.test a.test",
        ),
        ("secure alias: none", alias.clone(), &[], &["host.test.", "mx.test."], "none"),
        (
            "secure alias to what is not signed",
            at(&alias, &[&own, &other]),
            &["host.test."],
            &["mx.test."],
            "mx.test a.test",
        ),
        (
            "an alias that is not signed either",
            at(&alias, &[&own, &other]),
            &["host.test.", "mx.test."],
            &[],
            "none",
        ),
    ];
    for (case, mut records, unsigned, asked, expected) in cases {
        records.push(mx("a.test", 1, "mx.test"));
        let zone = Zone { unsigned: unsigned.to_vec(), ..signed(records) };
        let (found, trace) = zone.lookup_with("A.test", with_dane());
        assert_eq!(asked_tlsa(&trace), asked, "{case}");
        assert_eq!(dane(&found.unwrap()), expected, "{case}");
    }
}

#[test]
fn the_names_of_the_domain_count_too() {
    let zone = signed(vec![
        cname("alias.test", "a.test"),
        mx("a.test", 1, "mx.test"),
        a("mx.test", "192.0.2.1"),
        tlsa("_25._tcp.mx.test", 2),
    ]);
    let found = zone.lookup_with("alias.test", with_dane()).0.unwrap();
    assert_eq!(dane(&found), "mx.test alias.test a.test");
    // Without MX records.
    let zone = signed(vec![
        cname("alias.test", "a.test"),
        a("a.test", "192.0.2.1"),
        tlsa("_25._tcp.a.test", 2),
    ]);
    let found = zone.lookup_with("alias.test", with_dane()).0.unwrap();
    assert_eq!((dane(&found).as_str(), found.implicit), ("a.test alias.test", true));
}

/// Whoever can drop or garble answers must not turn DANE off (RFC 7672 §2.1.2).
#[test]
fn what_is_kept_from_us_is_no_permission() {
    let zone = signed(vec![
        mx("a.test", 1, "mx.test"),
        a("mx.test", "192.0.2.1"),
        aaaa("mx.test", "2001:db8::1"),
        tlsa("_25._tcp.mx.test", 3),
    ]);
    for (kept, expected) in [
        (RecordType::TLSA, "failed: no answer within the time allowed"),
        (RecordType::AAAA, "mx.test a.test"),
        (RecordType::A, "mx.test a.test"),
    ] {
        let mut lookup = Lookup::new("a.test", [1; 16], with_dane()).unwrap();
        let (found, trace) = run_servers(&mut lookup, 9, |asked| {
            let message = zone.answer(asked.question, asked.tcp);
            Some(if asked.kind() == kept { Vec::new() } else { at_once(&message) })
        });
        let found = found.unwrap();
        assert_eq!(dane(&found), expected, "{kept}");
        assert_eq!(trace.holds, Duration::ZERO);
        let is_refused = matches!(
            found.demand(&found.exchangers[0], None, TlsRequirement::Policy),
            Demand::Refused(_)
        );
        assert_eq!(is_refused, kept == RecordType::TLSA);
    }
    for code in [ResponseCode::ServFail, ResponseCode::NotImp] {
        let mut lookup = Lookup::new("a.test", [1; 16], with_dane()).unwrap();
        let (found, _) = run_servers(&mut lookup, 9, |asked| {
            let mut message = zone.answer(asked.question, asked.tcp);
            if asked.kind() == RecordType::TLSA {
                message.metadata.response_code = code;
            }
            Some(at_once(&message))
        });
        assert!(dane(&found.unwrap()).starts_with("failed: the name server failed"));
    }
    // Time runs out while the addresses are asked for.
    let mut config = with_dane();
    config.timeouts.total = Duration::from_secs(4);
    let mut lookup = Lookup::new("a.test", [1; 16], config).unwrap();
    let (found, _) = run_servers(&mut lookup, 9, |asked| {
        let message = zone.answer(asked.question, asked.tcp);
        Some(if asked.kind() == RecordType::AAAA { Vec::new() } else { at_once(&message) })
    });
    assert_eq!(dane(&found.unwrap()), "failed: no answer within the time allowed");
    // More records than the limit could hide the one that does not match.
    let mut records = zone.records.clone();
    records.extend((0..40).map(|_| tlsa("_25._tcp.mx.test", 3)));
    let found = signed(records).lookup_with("a.test", with_dane()).0.unwrap();
    assert_eq!(dane(&found), "failed: too many records");
}

#[test]
fn what_comes_along_is_not_authenticated() {
    let zone = Zone {
        additional: vec![a("mx.test", "192.0.2.66")],
        ..signed(vec![
            mx("a.test", 1, "mx.test"),
            a("mx.test", "192.0.2.1"),
            tlsa("_25._tcp.mx.test", 3),
        ])
    };
    let found = zone.lookup_with("a.test", with_dane()).0.unwrap();
    assert_eq!(shown(&found), ["1 mx.test 192.0.2.1"]);
    assert_eq!(dane(&found), "mx.test a.test");
}

#[test]
fn a_name_server_that_is_not_trusted() {
    let zone = signed(vec![mx("a.test", 1, "mx.test"), a("mx.test", "192.0.2.1")]);
    let mut config = with_dane();
    config.dnssec = Dnssec::Untrusted;
    let (found, trace) = zone.lookup_with("a.test", config);
    let found = found.unwrap();
    assert!(!found.authenticated && !found.exchangers[0].authenticated);
    assert_eq!(asked_tlsa(&trace), [""; 0]);
}

/// The caller's own validator has the last word, whatever the AD bit says.
#[test]
fn the_callers_validator() {
    let zone = Zone::new(vec![mx("a.test", 1, "mx.test"), a("mx.test", "192.0.2.1")]);
    for (validity, expected) in [
        (Validity::Secure, Ok((true, true))),
        (Validity::Insecure, Ok((false, false))),
        (Validity::Bogus, Err(Error::Bogus)),
    ] {
        let mut config = Config::default();
        config.dnssec = Dnssec::Caller;
        let mut lookup = Lookup::new("a.test", [1; 16], config).unwrap();
        assert!(lookup.validated(Validity::Secure).is_err());
        let (mut input, now) = (Input::default(), Time::default());
        let mut answers = Vec::new();
        let found = loop {
            match lookup.poll(now, &mut input) {
                Ok(Step::Write { .. }) => {
                    let output = lookup.output();
                    let question = bytes::Buf::copy_to_bytes(output, output.len());
                    // The DO bit (RFC 3225): signatures are wanted.
                    assert_eq!(question[question.len() - 4], 0x80);
                    answers.insert(0, zone.answer(&question, false).to_vec().unwrap());
                }
                Ok(Step::Read { .. }) => input.extend(&answers.pop().unwrap()),
                Ok(Step::Event) => match lookup.event(&mut input).unwrap() {
                    Event::WantValidation(message) => {
                        assert_eq!(lookup.poll(now, &mut input), Ok(Step::Answer));
                        assert!(asked_name(&message).ends_with(".test."));
                        lookup.validated(validity).unwrap();
                    }
                    Event::Exchanges(found) => {
                        break Ok((found.authenticated, found.exchangers[0].authenticated));
                    }
                    event => panic!("{event:?}"),
                },
                Ok(step) => panic!("not expected: {step:?}"),
                Err(error) => break Err(error),
            }
        };
        assert_eq!(found, expected);
    }
}

#[test]
fn records_of_mta_sts_and_tls_reports() {
    let mut config = Config::default();
    (config.sts, config.tls_report) = (true, true);
    let zone = Zone::new(vec![
        mx("a.test", 1, "mx.test"),
        a("mx.test", "192.0.2.1"),
        txt("_mta-sts.a.test", &["v=spf1"]),
        cname("_smtp._tls.a.test", "_reports.b.test"),
        txt("_mta-sts.a.test", &["v=STSv1; i", "d=20261124;"]),
        txt("_reports.b.test", &["v=TLSRPTv1;rua=mailto:tls@b.test"]),
    ]);
    let (found, trace) = zone.lookup_with("a.test", config.clone());
    let found = found.unwrap();
    assert_eq!(found.sts.unwrap().id, "20261124");
    assert_eq!(found.tls_report.unwrap().uris, ["mailto:tls@b.test"]);
    // All three at once, then the addresses.
    assert_eq!((trace.asked.len(), trace.took), (5, Duration::from_millis(2)));

    // That they can't be found costs the exchangers nothing.
    let mut lookup = Lookup::new("a.test", [1; 16], config).unwrap();
    let (found, _) = run(&mut lookup, 9, |question, tcp| {
        let is_text = asked_name(question).starts_with('_');
        if is_text { Vec::new() } else { at_once(&zone.answer(question, tcp)) }
    });
    let found = found.unwrap();
    assert_eq!((found.sts.clone(), found.tls_report.clone()), (None, None));
    assert_eq!(shown(&found), ["1 mx.test 192.0.2.1"]);
    assert_eq!(found.holds, Duration::ZERO);
}

/// The shortest time to live of all that counts; of negative answers, that of the SOA record
/// (RFC 2308 §5).
#[test]
fn how_long_it_holds() {
    let ttl = |ttl, mut record: Record| {
        record.ttl = ttl;
        record
    };
    let answers = |records: Vec<Record>| {
        let mut config = Config::default();
        config.families = mailrail_mx::Families::V4Only;
        let (found, trace) = Zone::new(records).lookup_with("a.test", config);
        if let Ok(found) = &found {
            assert_eq!(found.holds, trace.holds);
        }
        (found.is_ok(), trace.holds.as_secs())
    };
    let mx = || mx("a.test", 1, "mx.test");
    let address = || a("mx.test", "192.0.2.1");
    assert_eq!(answers(vec![ttl(50, mx()), ttl(70, address())]), (true, 50));
    assert_eq!(answers(vec![ttl(90, mx()), ttl(70, address())]), (true, 70));
    assert_eq!(answers(vec![ttl(0, mx()), ttl(70, address())]), (true, 0));
    assert_eq!(answers(vec![ttl(1 << 31, mx()), ttl(70, address())]), (true, 0));
    let alias = cname("mx.test", "b.test");
    let records = vec![ttl(90, mx()), ttl(30, alias), ttl(70, a("b.test", "192.0.2.1"))];
    assert_eq!(answers(records), (true, 30));
    // The zone's SOA record says 5 seconds, and lives 60 itself.
    assert_eq!(answers(vec![ttl(90, a("a.test", "192.0.2.1"))]), (true, 5));
    assert_eq!(answers(vec![]), (false, 5));

    for (soa, holds) in [(Some(ttl(3, soa("test"))), 3), (Some(soa("test")), 5), (None, 0)] {
        let mut lookup = Lookup::new("a.test", [1; 16], Config::default()).unwrap();
        let (found, trace) = run(&mut lookup, 9, |question, _| {
            let mut message = answer(question);
            message.metadata.response_code = ResponseCode::NXDomain;
            message.authorities.extend(soa.clone());
            at_once(&message)
        });
        assert_eq!((found, trace.holds.as_secs()), (Err(Error::NoSuchDomain), holds));
    }
    let mut lookup = Lookup::new("a.test", [1; 16], Config::default()).unwrap();
    let (found, trace) = run(&mut lookup, 9, |question, _| {
        let mut message = answer(question);
        message.metadata.response_code = ResponseCode::ServFail;
        message.add_authority(soa("test"));
        at_once(&message)
    });
    assert_eq!((found, trace.holds.as_secs()), (Err(Error::ServerFailed { code: 2 }), 0));
}
