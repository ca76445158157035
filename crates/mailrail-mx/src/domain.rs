//! Which domains are asked for.

use crate::InvalidDomain;
use core::net::{IpAddr, Ipv6Addr};
use hickory_proto::rr::Name;

/// The longest domain in text, without the trailing dot (RFC 1035 §2.3.4: 255 octets on the wire).
const LEN_MAX: usize = 253;
const LABEL_MAX: usize = 63;

/// Reads a mail domain (RFC 5321 §4.1.2), with or without a trailing dot:
///
/// ```text
/// Domain     = sub-domain *("." sub-domain)
/// sub-domain = Let-dig [Ldh-str]
/// ```
pub(crate) fn parse(domain: &str) -> Result<Name, InvalidDomain> {
    if domain.is_empty() || domain == "." {
        return Err(InvalidDomain::Empty);
    }
    if is_address(domain) {
        return Err(InvalidDomain::AddressLiteral);
    }
    if !domain.is_ascii() {
        return Err(InvalidDomain::NotAscii);
    }
    let domain = domain.strip_suffix('.').unwrap_or(domain);
    if domain.len() > LEN_MAX {
        return Err(InvalidDomain::TooLong);
    }
    for label in domain.split('.') {
        if label.len() > LABEL_MAX {
            return Err(InvalidDomain::TooLong);
        }
        if !label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            return Err(InvalidDomain::Character);
        }
        if label.is_empty() || label.starts_with('-') || label.ends_with('-') {
            return Err(InvalidDomain::Label);
        }
    }
    let mut name = Name::from_ascii(domain).map_err(|_| InvalidDomain::Label)?;
    name.set_fqdn(true);
    Ok(name)
}

/// Whether it is an address and not a name: `192.0.2.1`, `2001:db8::1`, `[…]`, `IPv6:…`.
pub(crate) fn is_address(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    let v6 = name.get(..5).filter(|tag| tag.eq_ignore_ascii_case("ipv6:"));
    name.starts_with('[')
        || name.parse::<IpAddr>().is_ok()
        || v6.and_then(|_| name.get(5..)).is_some_and(|rest| rest.parse::<Ipv6Addr>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn mail_domains() {
        for domain in
            ["example.com", "Example.COM.", "a", "xn--bcher-kva.example", "1.2.3", "3com.com"]
        {
            let name = parse(domain).unwrap();
            assert_eq!(name.to_ascii().trim_end_matches('.'), domain.trim_end_matches('.'));
        }
        let long = "a".repeat(63);
        assert!(parse(&format!("{long}.{long}.{long}.{}", "a".repeat(61))).is_ok());
    }

    #[test]
    fn what_is_refused() {
        let label = "a".repeat(64);
        let long = format!("{0}.{0}.{0}.{1}", "a".repeat(63), "a".repeat(62));
        for (domain, why) in [
            ("", InvalidDomain::Empty),
            (".", InvalidDomain::Empty),
            ("192.0.2.1", InvalidDomain::AddressLiteral),
            ("[192.0.2.1]", InvalidDomain::AddressLiteral),
            ("2001:db8::1", InvalidDomain::AddressLiteral),
            ("IPv6:2001:db8::1", InvalidDomain::AddressLiteral),
            (&label, InvalidDomain::TooLong),
            (&long, InvalidDomain::TooLong),
            ("a..b", InvalidDomain::Label),
            ("example.com..", InvalidDomain::Label),
            (".com", InvalidDomain::Label),
            ("-a.com", InvalidDomain::Label),
            ("a-.com", InvalidDomain::Label),
            ("a b.com", InvalidDomain::Character),
            ("a_b.com", InvalidDomain::Character),
            ("a\\.b", InvalidDomain::Character),
            ("user@example.com", InvalidDomain::Character),
            ("a\r\n.com", InvalidDomain::Character),
            ("bücher.example", InvalidDomain::NotAscii),
        ] {
            assert_eq!(parse(domain), Err(why), "{domain:?}");
        }
    }
}
