//! Which domains are asked for.

use crate::InvalidDomain;
use alloc::{borrow::Cow, string::String};
use core::net::{IpAddr, Ipv6Addr};
use hickory_proto::rr::Name;

/// The longest domain in text, without the trailing dot (RFC 1035 §2.3.4: 255 octets on the wire).
const LEN_MAX: usize = 253;
const LABEL_MAX: usize = 63;

/// Reads a mail domain (RFC 5321 §4.1.2), with or without a trailing dot; an international one
/// (RFC 6531 §3.3) becomes its ASCII form first:
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
    let domain = ascii(domain)?;
    let domain = domain.strip_suffix('.').unwrap_or(&domain);
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

/// A mail domain as it stands in the DNS, in reports and in the names of their files: in ASCII and
/// lower case, without a trailing dot (UTS 46, RFC 5890).
///
/// # Errors
///
/// [`InvalidDomain`], for what is none.
pub fn to_ascii(domain: &str) -> Result<String, InvalidDomain> {
    parse(domain).map(|name| text(&name))
}

/// A domain's ASCII form (UTS 46, nontransitional). What is ASCII stays as it is, but for A-labels,
/// which must stand for something.
fn ascii(domain: &str) -> Result<Cow<'_, str>, InvalidDomain> {
    let is_encoded =
        |label: &str| label.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("xn--"));
    if domain.is_ascii() && !domain.split('.').any(is_encoded) {
        return Ok(Cow::Borrowed(domain));
    }
    // More octets than this are no domain in ASCII either.
    if domain.len() > 4 * LEN_MAX {
        return Err(InvalidDomain::TooLong);
    }
    let ascii = idna::domain_to_ascii(domain).map_err(|_| InvalidDomain::International)?;
    let is_numeric = is_address(&ascii);
    match ascii.as_str() {
        "" | "." => Err(InvalidDomain::Empty),
        // Digits of other scripts, or dots, that stand for those of an address.
        _ if is_numeric => Err(InvalidDomain::AddressLiteral),
        _ => Ok(Cow::Owned(ascii)),
    }
}

/// A name's text: lower case, without the trailing dot; empty for the root.
pub(crate) fn text(name: &Name) -> String {
    let mut text = name.to_lowercase().to_ascii();
    text.truncate(text.trim_end_matches('.').len());
    text
}

/// The name of `labels` before `name`, where that is not too long.
pub(crate) fn below(labels: &[&str], name: &Name) -> Option<Name> {
    let mut below = Name::from_labels(labels.iter().map(|label| label.as_bytes())).ok()?;
    below.set_fqdn(false);
    below.append_domain(name).ok()
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
    fn international_domains() {
        for (domain, ascii) in [
            ("bücher.example", "xn--bcher-kva.example."),
            ("BÜCHER.Example.", "xn--bcher-kva.example."),
            ("straße.example", "xn--strae-oqa.example."),
            ("例え。テスト", "xn--r8jz45g.xn--zckzah."),
            ("ｅｘａｍｐｌｅ.test", "example.test."),
            ("XN--BCHER-KVA.example", "xn--bcher-kva.example."),
        ] {
            assert_eq!(parse(domain).map(|name| name.to_ascii()), Ok(ascii.into()), "{domain}");
            assert_eq!(to_ascii(domain).unwrap() + ".", ascii.to_lowercase(), "{domain}");
        }
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
            ("bü cher.example", InvalidDomain::Character),
            ("\u{e000}.example", InvalidDomain::International),
            ("\u{ad}.example", InvalidDomain::Label),
            ("a\u{200d}b.example", InvalidDomain::International),
            ("xn--\u{fc}.example", InvalidDomain::International),
            ("xn--a.example", InvalidDomain::International),
            ("１９２.0.2.1", InvalidDomain::AddressLiteral),
            ("\u{ad}", InvalidDomain::Empty),
        ] {
            assert_eq!(parse(domain), Err(why), "{domain:?}");
        }
    }
}
