//! How securely mail goes: signed zones of nsd behind unbound, TLSA records, MTA-STS.

use crate::support::{Result, nsd::Nsd, suite::Suite, unbound::Unbound};
use serde_json::{Value, json};
use std::{net::SocketAddr, process::Command};

const CLIENT: &str = env!("CARGO_BIN_EXE_mailrail-client");

pub(crate) fn add(suite: &mut Suite) {
    let needs = ["nsd", "unbound", "ldns-signzone"];
    suite.test("secure::lookup", &needs, lookup);
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
