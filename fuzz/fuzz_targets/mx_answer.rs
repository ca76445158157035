//! A lookup takes any messages of a name server: it ends in time, within its limits.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mailrail_fuzz::name_server::{config, run};
use mailrail_mx::{Dane, Demand, Dnssec, Error, Exchanges, Lookup, StsPolicy, TlsRequirement};

fn look_up(flags: u8, random: [u8; 16], mut wire: &[u8], piece: usize) -> Result<Exchanges, Error> {
    let config = config(flags, random[15]);
    let limits = config.limits.clone();
    let mut lookup = Lookup::new("Mail.test", random, config.clone()).expect("a domain");
    let names = 3 + 5 * limits.exchangers;
    let found = run(&mut lookup, &config, names, flags & 2 != 0, &mut wire, piece)?;
    assert!(found.exchangers.len() <= limits.exchangers);
    assert!(found.exchangers.iter().all(|host| host.addresses.len() <= limits.addresses));
    assert!(!found.null_mx || found.exchangers.is_empty());
    assert!(found.exchangers.iter().map(|host| host.preference).is_sorted());
    assert!(config.dnssec != Dnssec::Untrusted || !found.authenticated);
    let policy = StsPolicy::parse(wire).ok();
    for host in &found.exchangers {
        let requirement = TlsRequirement::new(flags & 2 != 0, flags & 4 != 0);
        let demand = found.demand(host, policy.as_ref(), requirement);
        let is_dane = matches!(demand, Demand::Dane(_));
        assert!(!is_dane || found.authenticated);
        if let Dane::Records(records) = &host.dane {
            assert!(records.records.len() <= limits.tlsa && limits.tlsa > 0);
            let _ = records.verify(&[wire, wire]);
        }
    }
    Ok(found)
}

fuzz_target!(|data: (u8, [u8; 16], &[u8])| {
    let (flags, random, wire) = data;
    assert_eq!(look_up(flags, random, wire, 1), look_up(flags, random, wire, usize::MAX));
});
