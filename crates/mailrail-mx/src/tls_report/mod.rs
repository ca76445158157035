//! Reports on TLS (RFC 8460): where a domain wants them, and what is in one.

mod json;
mod report;

pub use report::{AppliedPolicy, Heading, TlsFailure, TlsReport};

use crate::tag_list;
use alloc::{string::String, vec::Vec};

/// The TXT record by which a domain asks for reports on TLS (RFC 8460 §3).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TlsReportRecord {
    /// Where they go, in the domain's order: URIs of `mailto:` or `https:`, of others too.
    pub uris: Vec<String>,
}

impl TlsReportRecord {
    /// Reads one TXT record:
    ///
    /// ```text
    /// tlsrpt-record  = tlsrpt-version 1*(field-delim tlsrpt-field) [field-delim]
    /// tlsrpt-version = %s"v=TLSRPTv1"
    /// tlsrpt-rua     = %s"rua=" tlsrpt-uri *(*WSP "," *WSP tlsrpt-uri)
    /// ```
    ///
    /// None where it is another record, or a malformed one.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let rua = tag_list::fields(text, "v=TLSRPTv1")?.find(|(name, _)| *name == "rua")?.1;
        let uris: Vec<String> = rua.split(',').map(|uri| String::from(uri.trim())).collect();
        uris.iter().all(|uri| is_uri(uri)).then_some(Self { uris })
    }

    /// The one among a name's TXT records: none where several begin like one.
    pub(crate) fn select(texts: &[impl AsRef<[u8]>]) -> Option<Self> {
        Self::parse(tag_list::select(texts, "v=TLSRPTv1")?)
    }
}

/// A scheme, a colon, and something behind it without spaces and the characters that must be encoded
/// here.
fn is_uri(uri: &str) -> bool {
    uri.split_once(':').is_some_and(|(scheme, rest)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
            && !rest.is_empty()
            && rest.bytes().all(|b| b.is_ascii_graphic() && b != b'!')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records() {
        for (text, uris) in [
            // The examples of RFC 8460 §3.1.
            (
                &b"v=TLSRPTv1;rua=mailto:reports@example.com"[..],
                &["mailto:reports@example.com"][..],
            ),
            (
                b"v=TLSRPTv1; rua=https://reporting.example.com/v1/tlsrpt",
                &["https://reporting.example.com/v1/tlsrpt"],
            ),
            (
                b"v=TLSRPTv1; x=1; rua=mailto:a@b.test?subject=x=y , https://c.test/;",
                &["mailto:a@b.test?subject=x=y", "https://c.test/"],
            ),
            (b"v=TLSRPTv1;", &[]),
            (b"v=TLSRPTv1; rua=", &[]),
            (b"v=TLSRPTv1; rua=nowhere", &[]),
            (b"v=TLSRPTv1; rua=mailto:a@b.test,", &[]),
            (b"v=TLSRPTv1; rua=mailto:a b", &[]),
            (b"v=TLSRPTv1; rua=mailto:a!9m", &[]),
            (b"v=TLSRPTv2; rua=mailto:a@b.test", &[]),
        ] {
            let record = TlsReportRecord::parse(text);
            let found = record.as_ref().map_or(&[][..], |record| &record.uris);
            assert_eq!(found, uris, "{:?}", text.escape_ascii());
        }
        let good = &b"v=TLSRPTv1; rua=mailto:a@b.test"[..];
        assert!(TlsReportRecord::select(&[b"v=TLSRPTv1", good]).is_some());
        assert!(TlsReportRecord::select(&[good, good]).is_none());
    }
}
