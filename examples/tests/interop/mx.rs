//! MX: our client's lookups at nsd.

use crate::support::{Result, nsd::Nsd, suite::Suite};
use serde_json::{Value, json};
use std::{
    net::UdpSocket,
    process::{Command, Output},
    time::{Duration, Instant},
};

const CLIENT: &str = env!("CARGO_BIN_EXE_mailrail-client");

pub(crate) fn add(suite: &mut Suite) {
    suite.test("mx::order_and_addresses", &["nsd"], order);
    suite.test("mx::equal_preference", &["nsd"], equals);
    suite.test("mx::implicit_and_null", &["nsd"], implicit);
    suite.test("mx::aliases", &["nsd"], aliases);
    suite.test("mx::none", &["nsd"], none);
    suite.test("mx::nobody_there", &[], nobody_there);
    suite.test("mx::long_answer_over_tcp", &["nsd"], long);
    suite.test("mx::services", &["nsd"], services);
}

fn ask(nsd: &Nsd, domain: &str, options: &[&str]) -> Result<Output> {
    let resolver = nsd.addr.to_string();
    let mx = ["mx", domain, "--resolver", &resolver];
    Ok(Command::new(CLIENT).args(mx).args(options).output()?)
}

fn text(output: Output) -> Result<String> {
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() && said.is_empty() {
        Ok(String::from_utf8(output.stdout)?)
    } else {
        Err(format!("{}: {said}", output.status).into())
    }
}

/// The answer in JSON, which is one line.
fn report(nsd: &Nsd, domain: &str) -> Result<Value> {
    let line = text(ask(nsd, domain, &["--json"])?)
        .map_err(|error| format!("{domain}: {error}\n{}", nsd.log()))?;
    assert_eq!(line.find('\n'), Some(line.len() - 1), "{line}");
    Ok(serde_json::from_str(&line)?)
}

/// What a lookup that finds these exchangers reports: preference, host and addresses.
fn found(domain: &str, exchanges: &[(u16, &str, &[&str])]) -> Value {
    let exchange = |&(preference, host, addresses): &(u16, &str, &[&str])| json!({"preference": preference, "host": host, "addresses": addresses});
    let exchanges: Vec<_> = exchanges.iter().map(exchange).collect();
    json!({"domain": domain, "exchanges": exchanges,
           "implicit": false, "null_mx": false, "authenticated": false})
}

fn with(mut report: Value, flag: &str) -> Value {
    report[flag] = true.into();
    report
}

fn order() -> Result {
    let near = "@ MX 30 c\n@ MX 10 a\n@ MX 20 mx.far.test.\n@ MX 65535 nothing\n@ MX 0 mixed\n\
                a A 127.0.0.1\na A 127.0.0.2\na AAAA ::1\nc AAAA 2001:db8::c\nnothing TXT x\n\
                MIXED A 127.0.0.7";
    let nsd = Nsd::start(&[("near.test", near), ("far.test", "mx A 127.0.0.3")])?;
    let mut report = report(&nsd, "Near.Test.")?;
    // The addresses of one host come in any order, those of one family together.
    if let Some(addresses) = report["exchanges"][1]["addresses"].as_array_mut() {
        addresses.get_mut(..2).ok_or("one address")?.sort_by_key(Value::to_string);
    }
    let wanted: [(u16, &str, &[&str]); 5] = [
        (0, "mixed.near.test", &["127.0.0.7"]),
        (10, "a.near.test", &["127.0.0.1", "127.0.0.2", "::1"]),
        (20, "mx.far.test", &["127.0.0.3"]),
        (30, "c.near.test", &["2001:db8::c"]),
        (65535, "nothing.near.test", &[]),
    ];
    assert_eq!(report, found("near.test", &wanted));
    let lines = text(ask(&nsd, "near.test", &[])?)?;
    let lines: Vec<_> = lines.lines().collect();
    assert_eq!(lines.len(), 5);
    assert_eq!((lines[0], lines[4]), ("0 mixed.near.test 127.0.0.7", "65535 nothing.near.test"));
    Ok(())
}

/// Those of equal preference come in an order that is drawn each time (RFC 5321 §5.1).
fn equals() -> Result {
    let nsd = Nsd::start(&[("equal.test", "@ MX 5 a\n@ MX 5 b\na A 127.0.0.1\nb A 127.0.0.2")])?;
    let mut first = [false; 2];
    // All alike would be a chance of one in 2^31.
    for _ in 0..32 {
        let lines = text(ask(&nsd, "equal.test", &[])?)?;
        let (a, b) = ("5 a.equal.test 127.0.0.1\n", "5 b.equal.test 127.0.0.2\n");
        let is_a = lines == format!("{a}{b}");
        assert!(is_a || lines == format!("{b}{a}"), "{lines}");
        first[usize::from(is_a)] = true;
        if first == [true; 2] {
            return Ok(());
        }
    }
    Err("the order never changed".into())
}

fn implicit() -> Result {
    let zones = [
        ("implicit.test", "@ A 127.0.0.9\n@ AAAA ::9\nsub A 127.0.0.8\n*.wild MX 7 sub"),
        ("null.test", "@ MX 0 .\n@ A 127.0.0.9"),
    ];
    let nsd = Nsd::start(&zones)?;
    for (domain, addresses) in
        [("implicit.test", &["127.0.0.9", "::9"][..]), ("sub.implicit.test", &["127.0.0.8"])]
    {
        let wanted = with(found(domain, &[(0, domain, addresses)]), "implicit");
        assert_eq!(report(&nsd, domain)?, wanted);
    }
    let wild = "any.wild.implicit.test";
    let wanted = found(wild, &[(7, "sub.implicit.test", &["127.0.0.8"])]);
    assert_eq!(report(&nsd, wild)?, wanted);
    assert_eq!(report(&nsd, "null.test")?, with(found("null.test", &[]), "null_mx"));
    assert_eq!(text(ask(&nsd, "null.test", &[])?)?, "null.test takes no mail\n");
    Ok(())
}

fn aliases() -> Result {
    let here = "one CNAME two\ntwo CNAME three\nthree MX 10 mx\nmx A 127.0.0.1\n\
                plain CNAME mx\nabroad CNAME there.test.\n@ MX 10 alias\nalias CNAME mx\n\
                loop CNAME pool\npool CNAME loop";
    let nsd = Nsd::start(&[("here.test", here), ("there.test", "@ MX 20 mx\nmx A 127.0.0.2")])?;
    let mx: [&str; 1] = ["127.0.0.1"];
    assert_eq!(
        report(&nsd, "one.here.test")?,
        found("one.here.test", &[(10, "mx.here.test", &mx)])
    );
    // The exchanger that it is itself has the name behind the alias.
    let implicit = found("plain.here.test", &[(0, "mx.here.test", &mx)]);
    assert_eq!(report(&nsd, "plain.here.test")?, with(implicit, "implicit"));
    assert_eq!(
        report(&nsd, "abroad.here.test")?,
        found("abroad.here.test", &[(20, "mx.there.test", &["127.0.0.2"])])
    );
    // An exchanger's name should be no alias (RFC 5321 §5.1); some are.
    assert_eq!(report(&nsd, "here.test")?, found("here.test", &[(10, "alias.here.test", &mx)]));
    let said = text(ask(&nsd, "loop.here.test", &[])?).err().ok_or("a loop's end")?.to_string();
    assert!(said.contains("exit status: 1: loop.here.test: "), "{said}");
    Ok(())
}

fn none() -> Result {
    let nsd = Nsd::start(&[("some.test", "text TXT x")])?;
    for (domain, said) in [
        ("no.some.test", "no.some.test: no such domain"),
        ("text.some.test", "text.some.test: no exchanger and no address"),
        // It answers for no other zone: REFUSED.
        ("other.test", "other.test: the name server failed with code 5"),
    ] {
        for options in [&[][..], &["--json"]] {
            let output = ask(&nsd, domain, options)?;
            assert_eq!(String::from_utf8(output.stderr)?.trim_end(), said);
            assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{domain}");
        }
    }
    for domain in ["", "two words", &"x".repeat(64), "a..b"] {
        assert_eq!(ask(&nsd, domain, &[])?.status.code(), Some(2), "{domain}");
    }
    Ok(())
}

/// A closed port is told from a name server that is silent, and at once: not only when the question
/// is asked again, 3 seconds later.
fn nobody_there() -> Result {
    let resolver = UdpSocket::bind("127.0.0.1:0")?.local_addr()?.to_string();
    let mut quickest = Duration::MAX;
    // A busy machine may be slow now and then; whoever waits for the next try always is.
    for _ in 0..5 {
        let start = Instant::now();
        let output =
            Command::new(CLIENT).args(["mx", "a.test", "--resolver", &resolver]).output()?;
        quickest = quickest.min(start.elapsed());
        let said = String::from_utf8(output.stderr)?;
        assert_eq!(said.trim_end(), "a.test: no name server can be reached");
        if quickest < Duration::from_secs(2) {
            return Ok(());
        }
    }
    Err(format!("it took {quickest:?}").into())
}

/// The answer does not fit a datagram.
fn long() -> Result {
    let name = |n: u32| format!("{}{n}", "x".repeat(50));
    let records: String =
        (1..=40).rev().map(|n| format!("@ MX {n} {0}\n{0} A 127.0.1.{n}\n", name(n))).collect();
    let nsd = Nsd::start(&[("long.test", &records)])?;
    assert!(is_cut(&nsd)?);
    let report = report(&nsd, "long.test")?;
    let exchanges = report["exchanges"].as_array().ok_or("no list")?;
    // The best ones, as many as a lookup keeps.
    assert_eq!(exchanges.len(), 32);
    for (exchange, n) in exchanges.iter().zip(1..) {
        let host = format!("{}.long.test", name(n));
        let wanted = json!({"preference": n, "host": host, "addresses": [format!("127.0.1.{n}")]});
        assert_eq!(*exchange, wanted);
    }
    Ok(())
}

/// Whether nsd cuts its answer over UDP, even to who takes the largest ones.
fn is_cut(nsd: &Nsd) -> Result<bool> {
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    socket.set_read_timeout(Some(Duration::from_secs(5)))?;
    // The header with its counts, the question for MX, and an OPT record that allows 65535 octets.
    let ask = b"\0\x07\x01\0\0\x01\0\0\0\0\0\x01\x04long\x04test\0\0\x0f\0\x01\
                \0\0\x29\xff\xff\0\0\0\0\0\0";
    let mut answer = [0; 65535];
    // A datagram may be lost.
    for _ in 0..3 {
        socket.send_to(ask, nsd.addr)?;
        if socket.recv(&mut answer).is_ok_and(|n| n > 2) {
            return Ok(answer[2] & 2 != 0);
        }
    }
    Err("no answer".into())
}

/// RFC 6186, RFC 8314: what a domain offers its users, as URLs.
fn services() -> Result {
    let near = "_submissions._tcp SRV 0 1 465 mail\n_submission._tcp SRV 10 1 587 mail\n\
                _imaps._tcp SRV 5 0 10993 imap.far.test.\n_imap._tcp SRV 0 0 0 .\n\
                mail A 127.0.0.1";
    let nsd = Nsd::start(&[("near.test", near), ("bare.test", "@ A 127.0.0.1")])?;
    let resolver = nsd.addr.to_string();
    let ask = |name: &str, more: &[&str]| -> Result<Output> {
        let services = ["services", name, "--resolver", &resolver];
        Ok(Command::new(CLIENT).args(services).args(more).output()?)
    };
    assert_eq!(
        text(ask("bob@Near.test.", &[])?)?,
        "submissions://mail.near.test:465\n\
         imaps://imap.far.test:10993 (of another domain, and not proved)\n\
         submission://mail.near.test:587\n"
    );
    let told = |url: &str, priority: u16, host: &str, port: u16, trusted: bool| json!({"url": url, "priority": priority, "host": host, "port": port, "trusted": trusted});
    let services = [
        told("submissions://mail.near.test:465", 0, "mail.near.test", 465, true),
        told("imaps://imap.far.test:10993", 5, "imap.far.test", 10993, false),
        told("submission://mail.near.test:587", 10, "mail.near.test", 587, true),
    ];
    assert_eq!(
        serde_json::from_str::<Value>(&text(ask("near.test", &["--json"])?)?)?,
        json!({"domain": "near.test", "services": services, "absent": ["imap"]})
    );
    let output = ask("bare.test", &[])?;
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(output.stderr, b"bare.test: it names no servers for its users\n");
    assert_eq!(ask("a..b", &[])?.status.code(), Some(2));
    Ok(())
}
