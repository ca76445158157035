//! A discovery takes any messages of a name server: it ends in time, within its limits.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mailrail_fuzz::name_server::{config, run};
use mailrail_mx::{Discovery, Error, Service, Services};

fn discover(flags: u8, random: [u8; 16], mut wire: &[u8], piece: usize) -> Result<Services, Error> {
    let config = config(flags, random[15]);
    let most = config.limits.exchangers;
    // All, in some order, or a part of them.
    let mut services = Service::ALL;
    services.rotate_left(usize::from(random[14] % 6));
    let services = &services[..1 + usize::from(random[13] % 6)];
    let mut discovery =
        Discovery::new("Mail.test", services, random, config.clone()).expect("a domain");
    let names = services.len() + 1;
    let found = run(&mut discovery, &config, names, flags & 2 != 0, &mut wire, piece)?;
    for service in services {
        let offers = found.offers.iter().filter(|offer| offer.service == *service);
        assert!(offers.count() <= most);
        let failed = found.failed.iter().filter(|(failed, _)| failed == service).count();
        let absent = found.absent.iter().filter(|absent| *absent == service).count();
        assert!(failed + absent <= 1);
    }
    assert!(found.offers.iter().all(|offer| services.contains(&offer.service)));
    assert!(found.offers.iter().all(|offer| !offer.host.is_empty()));
    assert!(found.offers.iter().map(|offer| offer.priority).is_sorted());
    assert!(found.failed.is_empty() || found.holds.is_zero());
    Ok(found)
}

fuzz_target!(|data: (u8, [u8; 16], &[u8])| {
    let (flags, random, wire) = data;
    assert_eq!(discover(flags, random, wire, 1), discover(flags, random, wire, usize::MAX));
});
