//! MTA-STS (RFC 8461): a domain's word, over HTTPS, on which hosts take its mail and that they do
//! TLS.

mod cache;
mod policy;

pub use cache::{PolicyCache, Standing};
pub use policy::{InvalidPolicy, Mode, StsPolicy};

use crate::{InvalidDomain, domain, tag_list};
use alloc::{format, string::String};

/// The longest answer to the question for a policy, in octets, that a caller need take
/// (RFC 8461 §3.3).
pub const POLICY_MAX: usize = 64 * 1024;

/// The TXT record by which a domain says that it has a policy (RFC 8461 §3.1).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StsRecord {
    /// Changes with the policy: 1 to 32 letters and digits.
    pub id: String,
}

impl StsRecord {
    /// Reads one TXT record:
    ///
    /// ```text
    /// sts-text-record = sts-version 1*(sts-field-delim sts-field) [sts-field-delim]
    /// sts-version     = %s"v=STSv1"
    /// sts-id          = %s"id=" 1*32(ALPHA / DIGIT)
    /// ```
    ///
    /// None where it is another record, or a malformed one.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let id = tag_list::fields(text, "v=STSv1")?.find(|(name, _)| *name == "id")?.1;
        let is_id = (1..=32).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric());
        is_id.then(|| Self { id: id.into() })
    }

    /// The one among a name's TXT records: none where several begin like one (RFC 8461 §3.1).
    pub(crate) fn select(texts: &[impl AsRef<[u8]>]) -> Option<Self> {
        Self::parse(tag_list::select(texts, "v=STSv1")?)
    }
}

/// Where a domain's policy is: to be fetched with a certificate proved for that host by an authority
/// on the Web, without following redirections, within [`POLICY_MAX`] and a minute (RFC 8461 §3.3).
/// Only the body of a 200 of the type text/plain is a policy.
///
/// # Errors
///
/// [`InvalidDomain`], for a domain that has none.
pub fn policy_url(domain: &str) -> Result<String, InvalidDomain> {
    let name = domain::to_ascii(domain)?;
    Ok(format!("https://mta-sts.{name}/.well-known/mta-sts.txt"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records() {
        for (text, id) in [
            (&b"v=STSv1; id=20160831085700Z;"[..], Some("20160831085700Z")),
            (b"v=STSv1;id=1", Some("1")),
            (b"v=STSv1 ; x=y; id=abc ;", Some("abc")),
            (b"v=STSv1; id=a; id=b", Some("a")),
            (b"v=STSv1;", None),
            (b"v=STSv1", None),
            (b"v=stsv1; id=1", None),
            (b"v=STSv1; id=", None),
            (b"v=STSv1; id=a-b", None),
            (b"v=STSv1; id=1 junk", None),
            (b"v=STSv1; id=1; junk", None),
            (b"v=STSv1; id=1; =x", None),
            (b"v=STSv1; ID=1", None),
            (b"v=STSv12; id=1", None),
            (b" v=STSv1; id=1", None),
            (b"v=STSv1; id=\xff", None),
            (b"v=STSv1; id=123456789012345678901234567890123", None),
            (b"v=spf1 -all", None),
        ] {
            let record = StsRecord::parse(text).map(|record| record.id);
            assert_eq!(record.as_deref(), id, "{:?}", text.escape_ascii());
        }
        let good = &b"v=STSv1; id=1"[..];
        assert!(StsRecord::select(&[b"v=spf1 -all", good]).is_some());
        assert!(StsRecord::select(&[good, good]).is_none());
        assert!(StsRecord::select(&[good, b"v=STSv1; broken"]).is_none());
        assert!(StsRecord::select(&[&b""[..]; 0]).is_none());
    }

    #[test]
    fn urls() {
        let url = policy_url("Bücher.Example.").unwrap();
        assert_eq!(url, "https://mta-sts.xn--bcher-kva.example/.well-known/mta-sts.txt");
        assert_eq!(policy_url("[192.0.2.1]"), Err(InvalidDomain::AddressLiteral));
    }
}
