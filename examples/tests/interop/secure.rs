//! How securely mail goes: signed zones of nsd behind unbound, TLSA records, MTA-STS.

use crate::support::{
    Result,
    dovecot::Dovecot,
    folder::Folder,
    house,
    nsd::Nsd,
    postfix::Postfix,
    suite::{ROOT, Suite},
    unbound::Unbound,
};
use mailrail_examples::tls::SelfSigned;
use rustls::pki_types::{CertificateDer, pem::PemObject};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpListener},
    process::Command,
    sync::Arc,
    thread,
};

const CLIENT: &str = env!("CARGO_BIN_EXE_mailrail-client");

pub(crate) fn add(suite: &mut Suite) {
    let needs = ["nsd", "unbound", "ldns-signzone"];
    suite.test("secure::lookup", &needs, lookup);
    let postfix = ["postfix", "dovecot", ROOT];
    suite.test("secure::dane_delivery", &[&needs[..], &postfix].concat(), dane_delivery);
    suite.test("secure::sts_delivery", &[&["nsd"], &postfix[..]].concat(), sts_delivery);
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
fn deliver(resolver: SocketAddr, port: u16, options: &[&str]) -> Result<(Option<i32>, String)> {
    let (resolver, port) = (resolver.to_string(), port.to_string());
    let args = ["deliver", "--resolver", &resolver, "--port", &port, "--from", "a@north.test", "-"];
    let to = ["--to", "bob@south.test"];
    let message = b"From: <a@north.test>\r\nSubject: one\r\n\r\ntext\r\n";
    let output = house::run(CLIENT, &[&args[..], options, &to].concat(), message)?;
    let said = [output.stdout, output.stderr].concat();
    Ok((output.status.code(), String::from_utf8(said)?))
}

/// Postfix gets the message where a TLSA record has its certificate, and only there.
fn dane_delivery() -> Result {
    let (postfix, _dovecot) = postfix()?;
    let port = postfix.smtp;
    let certificate = CertificateDer::from_pem_file(&postfix.ca)?;
    let right: String = Sha256::digest(&certificate).iter().map(|b| format!("{b:02x}")).collect();
    let wrong = "11".repeat(32);
    let host = |name: &str, preference: u8, digest: &str| {
        format!(
            "@ MX {preference} {name}\n{name} A 127.0.0.1\n_{port}._tcp.{name} TLSA 3 0 1 {digest}\n"
        )
    };
    let only_wrong = host("wrong", 10, &wrong);
    let both = host("wrong", 10, &wrong) + &host("right", 20, &right);
    for (records, arrived) in [(only_wrong, 0), (both, 1)] {
        let nsd = Nsd::start_with(&[("south.test", &records)], &["south.test"])?;
        let unbound = Unbound::start(&nsd, &["south.test"])?;
        let (status, said) = deliver(unbound.addr, port, &[])?;
        assert_eq!(status, Some(1 - arrived), "{said}\n{}", unbound.log());
        if arrived == 0 {
            assert!(said.contains("no TLSA record matches the server's certificates"), "{said}");
        }
        // Nobody who is not authenticated has got it.
        let count = usize::try_from(arrived)?;
        assert_eq!(postfix.messages("bob", count)?.len(), count, "{}", postfix.log());
    }
    Ok(())
}

/// A policy host that answers every request with this policy.
fn policy_host(policy: String) -> Result<(SocketAddr, String)> {
    let certificate = SelfSigned::new(["mta-sts.south.test"])?;
    let config = Arc::clone(&certificate.server()?.config);
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let addr = listener.local_addr()?;
    thread::spawn(move || {
        while let Ok((mut tcp, _)) = listener.accept() {
            let Ok(mut tls) = rustls::ServerConnection::new(Arc::clone(&config)) else { return };
            let mut stream = rustls::Stream::new(&mut tls, &mut tcp);
            let _ = stream.read(&mut [0; 4096]);
            let answer = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\
                 Connection: close\r\n\r\n{policy}",
                policy.len()
            );
            let _ = stream.write_all(answer.as_bytes());
            tls.send_close_notify();
            let _ = rustls::Stream::new(&mut tls, &mut tcp).flush();
        }
    });
    Ok((addr, certificate.certificate))
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
        let policy = format!("version: STSv1\r\nmode: {mode}\r\nmx: {mx}\r\nmax_age: 9999\r\n");
        let (addr, certificate) = policy_host(policy)?;
        let trusted = if is_trusted { certificate + &own } else { certificate };
        let ca = folder.write("ca.pem", &trusted)?;
        let host = addr.to_string();
        let options = ["--mta-sts", "--mta-sts-host", &host, "--ca", &ca];
        let (status, said) = deliver(nsd.addr, postfix.smtp, &options)?;
        assert_eq!(status, Some(i32::from(refused.is_some())), "{mode} {mx}: {said}");
        assert!(refused.is_none_or(|why| said.contains(why)), "{mode} {mx}: {said}");
    }
    assert_eq!(postfix.messages("bob", 2)?.len(), 2, "{}", postfix.log());
    Ok(())
}
