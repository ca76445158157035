//! How securely mail goes: signed zones of nsd behind unbound, TLSA records, MTA-STS.

use crate::support::{
    Result,
    dovecot::Dovecot,
    folder::Folder,
    house::{self, House, PASSWORD},
    nsd::Nsd,
    postfix::Postfix,
    suite::{ROOT, Suite},
    talk::within_patience,
    unbound::Unbound,
};
use mailrail_examples::{
    policy::Policies,
    store::Store,
    tls::{Authorities, SelfSigned},
};
use mailrail_mx::{StsRecord, TlsFailure};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpListener},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    thread,
};

const CLIENT: &str = env!("CARGO_BIN_EXE_mailrail-client");
const SERVER: &str = env!("CARGO_BIN_EXE_mailrail-server");
const ALICE: &str = "alice@north.test";
/// RFC 8689 §3.
const WAIVER: &str = "TLS-required:\r\n no \r\n";
const REPORTS: &str = "_smtp._tls TXT \"v=TLSRPTv1; rua=mailto:tls@south.test\"\n";

pub(crate) fn add(suite: &mut Suite) {
    let needs = ["nsd", "unbound", "ldns-signzone"];
    suite.test("secure::lookup", &needs, lookup);
    let postfix = ["postfix", "dovecot", ROOT];
    suite.test("secure::dane_delivery", &[&needs[..], &postfix].concat(), dane_delivery);
    suite.test("secure::sts_delivery", &[&["nsd"], &postfix[..]].concat(), sts_delivery);
    suite.test("secure::dane_relay", &[&needs[..], &postfix].concat(), dane_relay);
    suite.test("secure::sts_relay", &[&["nsd"], &postfix[..]].concat(), sts_relay);
    suite.test("secure::sts_policies", &[], sts_policies);
}

fn mx(resolver: SocketAddr, domain: &str) -> Result<Value> {
    let resolver = resolver.to_string();
    let args = ["mx", domain, "--resolver", &resolver, "--json", "--tls", "--port", "2525"];
    let output = Command::new(CLIENT).args(args).output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(said.into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// What is proved by signatures, and what TLS must prove because of it.
fn lookup() -> Result {
    let digest = "11".repeat(32);
    let tlsa = |owner: &str, usage: u8| format!("_2525._tcp.{owner} TLSA {usage} 1 1 {digest}\n");
    let records = format!(
        "@ MX 10 a\n@ MX 20 b\n@ MX 30 c\n@ MX 40 d\n@ MX 50 e.open.test.\na A 127.0.0.1\n\
         b A 127.0.0.2\nc A 127.0.0.3\nd CNAME a\n{}{}\
         _smtp._tls TXT \"v=TLSRPTv1; rua=mailto:tls@signed.test\"\n",
        tlsa("a", 3),
        tlsa("b", 1)
    );
    let open = format!("@ MX 10 e\ne A 127.0.0.5\n{}", tlsa("e", 3));
    let zones = [("signed.test", &*records), ("open.test", &open), ("wrong.test", "@ MX 10 a")];
    let mut nsd = Nsd::start_with(&zones, &["signed.test", "wrong.test"])?;
    // The key of wrong.test is not the one that is trusted.
    let wrong = nsd.keys.pop().ok_or("no key")?;
    let other = nsd.keys.first().ok_or("no key")?.replace("signed.test", "wrong.test");
    assert_ne!(wrong, other);
    nsd.keys.push(other);
    let unbound = Unbound::start(&nsd, &["signed.test", "open.test", "wrong.test"])?;
    let found = mx(unbound.addr, "signed.test")?;
    assert_eq!(found["authenticated"], true, "{}", unbound.log());
    assert_eq!(found["tls_reports"], json!(["mailto:tls@signed.test"]));
    let record = |usage: u8| format!("{usage} 1 1 {digest}");
    let hosts = found["exchanges"].as_array().ok_or("no list")?.iter();
    let demands: Vec<_> =
        hosts.map(|host| json!([host["host"], host["demand"], host["tlsa"]])).collect();
    assert_eq!(
        demands,
        [
            json!(["a.signed.test", "dane", [record(3)]]),
            json!(["b.signed.test", "encryption", [record(1)]]),
            json!(["c.signed.test", "opportunistic", []]),
            // The records are those of the name behind the alias.
            json!(["d.signed.test", "dane", [record(3)]]),
            // What is not signed demands nothing.
            json!(["e.open.test", "opportunistic", []]),
        ]
    );
    let found = mx(unbound.addr, "open.test")?;
    assert_eq!(
        (&found["authenticated"], &found["exchanges"][0]["demand"]),
        (&json!(false), &json!("opportunistic"))
    );
    let said = mx(unbound.addr, "wrong.test").err().ok_or("it was believed")?.to_string();
    assert!(said.contains("the name server failed with code 2"), "{said}");
    // That a name is not there can be proved, too.
    let said = mx(unbound.addr, "no.signed.test").err().ok_or("found")?.to_string();
    assert!(said.contains("no such domain"), "{said}");
    Ok(())
}

fn postfix() -> Result<(Postfix, Dovecot)> {
    let dovecot = Dovecot::start(&[("bob@south.test", "s3cret")])?;
    Ok((Postfix::start(&["bob"], &dovecot, None)?, dovecot))
}

/// Delivers a message to bob@south.test: the exit status, and what was said.
fn deliver(
    resolver: SocketAddr,
    port: u16,
    options: &[&str],
    header: &str,
) -> Result<(Option<i32>, String)> {
    let (resolver, port) = (resolver.to_string(), port.to_string());
    let args = ["deliver", "--resolver", &resolver, "--port", &port, "--from", "a@north.test", "-"];
    let to = ["--to", "bob@south.test"];
    let message = format!("From: <a@north.test>\r\nSubject: one\r\n{header}\r\ntext\r\n");
    let output = house::run(CLIENT, &[&args[..], options, &to].concat(), message.as_bytes())?;
    let said = [output.stdout, output.stderr].concat();
    Ok((output.status.code(), String::from_utf8(said)?))
}

/// An exchanger with a TLSA record of that digest of its certificate.
fn host(name: &str, preference: u8, port: u16, digest: &str) -> String {
    format!(
        "@ MX {preference} {name}\n{name} A 127.0.0.1\n_{port}._tcp.{name} TLSA 3 0 1 {digest}\n"
    )
}

/// The digest of Postfix's certificate, and one that is not.
fn digests(postfix: &Postfix) -> Result<[String; 2]> {
    let certificate = CertificateDer::from_pem_file(&postfix.ca)?;
    let right = Sha256::digest(&certificate).iter().map(|b| format!("{b:02x}")).collect();
    Ok([right, "11".repeat(32)])
}

/// Postfix gets the message where a TLSA record has its certificate, and only there.
fn dane_delivery() -> Result {
    let (postfix, _dovecot) = postfix()?;
    let port = postfix.smtp;
    let [right, wrong] = digests(&postfix)?;
    let only_wrong = host("wrong", 10, port, &wrong);
    let both = host("wrong", 10, port, &wrong) + &host("right", 20, port, &right);
    for (records, is_proved, count) in [(only_wrong, false, 0), (both, true, 2)] {
        let nsd = Nsd::start_with(&[("south.test", &records)], &["south.test"])?;
        let unbound = Unbound::start(&nsd, &["south.test"])?;
        let (status, said) = deliver(unbound.addr, port, &[], "")?;
        assert_eq!(status, Some(i32::from(!is_proved)), "{said}\n{}", unbound.log());
        if !is_proved {
            assert!(said.contains("no TLSA record matches the server's certificates"), "{said}");
        }
        // Nobody who is not authenticated has got it.
        assert_eq!(postfix.messages("bob", count)?.len(), count, "{}", postfix.log());
        if !is_proved {
            // REQUIRETLS counts for more than the header.
            let (status, _) = deliver(unbound.addr, port, &["--require-tls"], WAIVER)?;
            assert_eq!((status, postfix.messages("bob", 0)?.len()), (Some(1), 0));
            let (status, said) = deliver(unbound.addr, port, &[], WAIVER)?;
            assert_eq!((status, postfix.messages("bob", 1)?.len()), (Some(0), 1), "{said}");
        }
    }
    Ok(())
}

/// A policy host that answers every request with this policy, as long as it is up.
struct PolicyHost {
    addr: String,
    certificate: String,
    /// How often it was asked.
    asked: Arc<AtomicUsize>,
    is_up: Arc<AtomicBool>,
}

impl PolicyHost {
    fn start(policy: &str) -> Result<Self> {
        Self::answering("200 OK", "text/plain", policy, "mta-sts.south.test")
    }

    fn answering(status: &str, kind: &str, policy: &str, name: &str) -> Result<Self> {
        let certificate = SelfSigned::new([name])?;
        let config = Arc::clone(&certificate.server()?.config);
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let addr = listener.local_addr()?.to_string();
        let answer = format!(
            "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n{policy}",
            policy.len()
        );
        let (asked, is_up) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(true)));
        let host = Self {
            addr,
            certificate: certificate.certificate,
            asked: Arc::clone(&asked),
            is_up: Arc::clone(&is_up),
        };
        thread::spawn(move || {
            while let Ok((mut tcp, _)) = listener.accept() {
                if !is_up.load(Relaxed) {
                    continue;
                }
                let Ok(mut tls) = rustls::ServerConnection::new(Arc::clone(&config)) else {
                    return;
                };
                let mut stream = rustls::Stream::new(&mut tls, &mut tcp);
                if stream.read(&mut [0; 4096]).is_ok() {
                    asked.fetch_add(1, Relaxed);
                }
                let _ = stream.write_all(answer.as_bytes());
                tls.send_close_notify();
                let _ = rustls::Stream::new(&mut tls, &mut tcp).flush();
            }
        });
        Ok(host)
    }

    fn asked(&self) -> usize {
        self.asked.load(Relaxed)
    }
}

/// A policy for south.test.
fn policy(mode: &str, mx: &str) -> String {
    format!("version: STSv1\r\nmode: {mode}\r\nmx: {mx}\r\nmax_age: 999999\r\n")
}

/// An enforced policy's hosts get the message, with a certificate that is proved, and only they.
fn sts_delivery() -> Result {
    let (postfix, _dovecot) = postfix()?;
    let zones = [
        ("south.test", "@ MX 10 localhost.\n_mta-sts TXT \"v=STSv1; id=1\""),
        ("localhost", "@ A 127.0.0.1"),
    ];
    let nsd = Nsd::start(&zones)?;
    let folder = Folder::new("sts")?;
    let own = fs::read_to_string(&postfix.ca)?;
    // The policy's mode and host, whether the exchanger's certificate is trusted, what is said.
    for (mode, mx, is_trusted, refused) in [
        ("enforce", "*.south.test", true, Some("it is not in the domain's MTA-STS policy")),
        ("enforce", "localhost", false, Some("invalid peer certificate")),
        ("enforce", "localhost", true, None),
        ("testing", "*.south.test", false, None),
    ] {
        let host = PolicyHost::start(&policy(mode, mx))?;
        let trusted = host.certificate.clone() + if is_trusted { &own } else { "" };
        let ca = folder.write("ca.pem", &trusted)?;
        let options = ["--mta-sts", "--mta-sts-host", &host.addr, "--ca", &ca];
        let (status, said) = deliver(nsd.addr, postfix.smtp, &options, "")?;
        assert_eq!(status, Some(i32::from(refused.is_some())), "{mode} {mx}: {said}");
        assert!(refused.is_none_or(|why| said.contains(why)), "{mode} {mx}: {said}");
    }
    assert_eq!(postfix.messages("bob", 2)?.len(), 2, "{}", postfix.log());
    Ok(())
}

/// A server that relays to `port`, and writes its reports on TLS to `reports`.
fn relay(resolver: SocketAddr, port: u16, reports: &str, options: &[&str]) -> Result<House> {
    let (resolver, port) = (resolver.to_string(), port.to_string());
    let any = ["--submission", "127.0.0.1:0", "--allow-plaintext", "--tls-reports", reports];
    let there = ["--resolver", &resolver, "--relay-port", &port];
    House::new(SERVER, "north.test", &[ALICE], &[&any[..], &there, options].concat())?.started()
}

/// Submits a message to bob@south.test, and waits until the log says that.
fn submit(north: &House, header: &str, expected: &[&str]) -> Result {
    let at = north.addr("submission")?;
    let url = format!("submission://alice%40north.test:{PASSWORD}@{at}?tls=none");
    let args = ["submit", "--server", &url, "--from", ALICE, "--to", "bob@south.test", "-"];
    let message = format!("Subject: one\r\n{header}\r\ntext\r\n");
    let output = house::run(CLIENT, &args, message.as_bytes())?;
    if !output.status.success() {
        return Err(String::from_utf8(output.stderr)?.into());
    }
    wait_for(north, expected);
    Ok(())
}

fn wait_for(north: &House, expected: &[&str]) {
    let log = || north.server.as_ref().map(|server| server.log()).unwrap_or_default();
    within_patience(|| expected.iter().all(|text| log().contains(text)).then_some(()));
}

/// The reports on TLS to south.test, each counted policy in short.
fn reported(folder: &str) -> Result<Vec<String>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        assert!(name.starts_with("north.test!south.test!") && name.ends_with(".json"), "{name}");
        let report: Value = serde_json::from_slice(&fs::read(&path)?)?;
        assert_eq!(report["organization-name"], "north.test");
        for policy in report["policies"].as_array().ok_or("no policies")? {
            let (of, summary) = (&policy["policy"], &policy["summary"]);
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let mut line = format!(
                "{} {}: {} {}",
                text(&of["policy-type"]),
                text(&of["policy-domain"]),
                summary["total-successful-session-count"],
                summary["total-failure-session-count"]
            );
            for details in policy["failure-details"].as_array().into_iter().flatten() {
                line += &format!(
                    " {} {}",
                    text(&details["result-type"]),
                    text(&details["receiving-mx-hostname"])
                );
            }
            all.push(line);
        }
        fs::remove_file(path)?;
    }
    all.sort();
    Ok(all)
}

/// The server's relay, too, gives the message only to whom a TLSA record proves; and it counts.
fn dane_relay() -> Result {
    let (postfix, _dovecot) = postfix()?;
    let port = postfix.smtp;
    let [right, wrong] = digests(&postfix)?;
    let only_wrong = host("wrong", 10, port, &wrong) + REPORTS;
    let both = host("right", 20, port, &right) + &only_wrong;
    let mismatch = "no TLSA record matches the server's certificates";
    let failed = "tlsa wrong.south.test: 0 1 tlsa-invalid wrong.south.test";
    for (records, expected, counted) in [
        (only_wrong, &["not now", mismatch][..], &[failed][..]),
        (both, &["relayed"], &["tlsa right.south.test: 1 0", failed]),
    ] {
        let nsd = Nsd::start_with(&[("south.test", &records)], &["south.test"])?;
        let unbound = Unbound::start(&nsd, &["south.test"])?;
        let folder = Folder::new("reports")?;
        let mut north = relay(unbound.addr, port, &folder.join("tls"), &[])?;
        submit(&north, "", expected)?;
        let waiting: &[&str] = if counted.len() == 1 { &["bob@south.test"] } else { &[] };
        assert_eq!(north.queue()?, waiting);
        assert_eq!(reported(&folder.join("tls"))?, counted);
        assert_eq!(postfix.messages("bob", 0)?.len(), counted.len() - 1, "{}", postfix.log());
    }
    Ok(())
}

/// An enforced policy outlives the server, its policy host and all; one that is tested has no
/// consequence but in the report.
fn sts_relay() -> Result {
    let (postfix, _dovecot) = postfix()?;
    let port = postfix.smtp;
    let south = format!("@ MX 10 localhost.\n_mta-sts TXT \"v=STSv1; id=1\"\n{REPORTS}");
    let nsd = Nsd::start(&[("south.test", &south), ("localhost", "@ A 127.0.0.1")])?;
    let own = fs::read_to_string(&postfix.ca)?;
    let folder = Folder::new("reports")?;
    let reports = folder.join("tls");
    let start = |host: &PolicyHost, is_trusted: bool| {
        let trusted = host.certificate.clone() + if is_trusted { &own } else { "" };
        let ca = folder.write("ca.pem", &trusted)?;
        let options = ["--mta-sts", "--mta-sts-host", &host.addr, "--ca", &ca];
        relay(nsd.addr, port, &reports, &options)
    };

    let host = PolicyHost::start(&policy("enforce", "*.south.test"))?;
    let mut north = start(&host, true)?;
    let refused = ["not now", "it is not in the domain's MTA-STS policy"];
    submit(&north, "", &refused)?;
    north.stop()?;
    let failed = "sts south.test: 0 1 validation-failure localhost";
    assert_eq!(reported(&reports)?, [failed]);
    host.is_up.store(false, Relaxed);
    north.start()?;
    wait_for(&north, &refused);
    assert_eq!((north.queue()?, host.asked()), (vec!["bob@south.test".into()], 1));
    assert_eq!(postfix.messages("bob", 0)?.len(), 0);
    assert_eq!(reported(&reports)?, [failed]);

    for (mode, mx, is_trusted, counted) in [
        ("enforce", "localhost", true, "sts south.test: 1 0"),
        ("testing", "localhost", true, "sts south.test: 1 0"),
        ("testing", "localhost", false, "sts south.test: 0 1 certificate-not-trusted localhost"),
        ("testing", "*.south.test", true, failed),
    ] {
        let mut north = start(&PolicyHost::start(&policy(mode, mx))?, is_trusted)?;
        submit(&north, "", &["relayed"])?;
        north.stop()?;
        assert_eq!(reported(&reports)?, [counted], "{mode} {mx} {is_trusted}");
    }
    let mut north = start(&PolicyHost::start(&policy("enforce", "localhost"))?, false)?;
    submit(&north, WAIVER, &["relayed"])?;
    submit(&north, "", &["not now", "invalid peer certificate"])?;
    north.stop()?;
    let counted = "sts south.test: 0 1 certificate-not-trusted localhost";
    assert_eq!(reported(&reports)?, [counted]);
    assert_eq!(postfix.messages("bob", 5)?.len(), 5, "{}", postfix.log());
    Ok(())
}

/// Policies are kept in the store, fetched anew before they end, and what is wrong is named.
fn sts_policies() -> Result {
    const DAY: i64 = 24 * 60 * 60;
    let folder = Folder::new("policies")?;
    let record = StsRecord::parse(b"v=STSv1; id=1").ok_or("no record")?;
    let authorities = |host: &PolicyHost| -> Result<_> {
        let ca = folder.write("ca.pem", &host.certificate)?;
        Ok(Authorities::new(Some(ca.as_ref()))?)
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let host = PolicyHost::start(&policy("enforce", "mx.south.test"))?;
        let (authorities_, addr) = (authorities(&host)?, Some(host.addr.parse()?));
        let store = Store::open(folder.join("store"), None).await?;
        let policies = Policies::new(&authorities_, addr).kept_in(store.clone()).await?;
        let standing = policies.policy("South.test", None).await;
        assert_eq!((standing.policy, host.asked()), (None, 0));
        let first = policies.policy("South.test", Some(&record)).await;
        assert!(first.policy.is_some() && first.failed.is_none());
        // Another start, and somebody who keeps the record from us.
        let policies = Policies::new(&authorities_, addr).kept_in(store.clone()).await?;
        for record in [None, Some(&record)] {
            let standing = policies.policy("south.TEST", record).await;
            assert_eq!((standing.policy, host.asked()), (first.policy.clone(), 1));
        }
        let now = mailrail_examples::store::Date::now().seconds;
        for (later, asked) in [(0, 1), (DAY - 60, 1), (DAY + 60, 2), (12 * DAY, 2)] {
            policies.refresh(now + later).await;
            assert_eq!(host.asked(), asked, "{later}");
        }
        // What does not hold any more is not there at the next start.
        assert_eq!(store.kept_policies(now, 9).await?.len(), 1);
        assert_eq!(store.kept_policies(now + 999_999 + 60, 9).await?, []);

        let good = policy("enforce", "mx.south.test");
        let own = "mta-sts.south.test";
        for (status, kind, file, name, failure) in [
            ("200 OK", "text/plain; charset=utf-8", &*good, own, None),
            ("404 Not Found", "text/plain", &good, own, Some(TlsFailure::StsPolicyFetchError)),
            ("301 Moved", "text/plain", &good, own, Some(TlsFailure::StsPolicyFetchError)),
            ("200 OK", "text/html", &good, own, Some(TlsFailure::StsPolicyFetchError)),
            ("200 OK", "text/plain", "<html>", own, Some(TlsFailure::StsPolicyInvalid)),
            ("200 OK", "text/plain", &"\n".repeat(70_000), own, Some(TlsFailure::StsPolicyInvalid)),
            ("200 OK", "text/plain", &good, "south.test", Some(TlsFailure::StsWebpkiInvalid)),
        ] {
            let host = PolicyHost::answering(status, kind, file, name)?;
            let policies = Policies::new(&authorities(&host)?, Some(host.addr.parse()?));
            let standing = policies.policy("south.test", Some(&record)).await;
            let failed = standing.failed.as_ref().map(|failed| failed.failure);
            assert_eq!(failed, failure, "{status} {kind} {name}: {:?}", standing.failed);
            assert_eq!(standing.policy.is_some(), failure.is_none());
        }
        Ok(())
    })
}
