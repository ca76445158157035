//! What a day's TLS sessions came to, counted, and the report on it (RFC 8460 §4).

use super::json::Json;
use crate::{Exchanger, Exchanges, StsPolicy, TlsaSet};
use alloc::{
    collections::BTreeMap,
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::net::IpAddr;

/// The policy that a session was to follow.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct AppliedPolicy {
    kind: &'static str,
    lines: Vec<String>,
    domain: String,
    mx: Vec<String>,
}

impl AppliedPolicy {
    /// An exchanger's TLSA records.
    #[must_use]
    pub fn tlsa(records: &TlsaSet) -> Self {
        let lines = records.records.iter().map(ToString::to_string).collect();
        let domain = records.base().into();
        Self { kind: "tlsa", lines, domain, mx: Vec::new() }
    }

    /// The MTA-STS policy of `domain`, which is in ASCII.
    #[must_use]
    pub fn sts(domain: &str, policy: &StsPolicy) -> Self {
        let mx = policy.mx.clone();
        Self { kind: "sts", lines: policy.lines(), domain: domain.into(), mx }
    }

    /// The MTA-STS policy of `domain`, which is in ASCII, where it has one that could not be had.
    #[must_use]
    pub fn sts_unknown(domain: &str) -> Self {
        Self { kind: "sts", ..Self::none(domain) }
    }

    /// None was found for `domain`, which is in ASCII.
    #[must_use]
    pub fn none(domain: &str) -> Self {
        let (lines, mx) = (Vec::new(), Vec::new());
        Self { kind: "no-policy-found", lines, domain: domain.into(), mx }
    }
}

/// Why a session did not follow its policy: the result types of RFC 8460 §4.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum TlsFailure {
    /// The exchanger does not offer STARTTLS.
    StarttlsNotSupported,
    /// The certificate is for other names.
    CertificateHostMismatch,
    /// The certificate has expired.
    CertificateExpired,
    /// The certificate leads to no authority that is trusted, or is faulty otherwise.
    CertificateNotTrusted,
    /// Something else.
    ValidationFailure,
    /// No TLSA record is usable, or none matches.
    TlsaInvalid,
    /// No authenticated records could be had.
    DnssecInvalid,
    /// DANE is required, and there are no authenticated records.
    DaneRequired,
    /// The policy could not be fetched.
    StsPolicyFetchError,
    /// What was fetched is no policy.
    StsPolicyInvalid,
    /// The policy's host could not prove its name.
    StsWebpkiInvalid,
}

impl TlsFailure {
    /// Its name in a report.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::StarttlsNotSupported => "starttls-not-supported",
            Self::CertificateHostMismatch => "certificate-host-mismatch",
            Self::CertificateExpired => "certificate-expired",
            Self::CertificateNotTrusted => "certificate-not-trusted",
            Self::ValidationFailure => "validation-failure",
            Self::TlsaInvalid => "tlsa-invalid",
            Self::DnssecInvalid => "dnssec-invalid",
            Self::DaneRequired => "dane-required",
            Self::StsPolicyFetchError => "sts-policy-fetch-error",
            Self::StsPolicyInvalid => "sts-policy-invalid",
            Self::StsWebpkiInvalid => "sts-webpki-invalid",
        }
    }
}

/// A session that failed: where it led, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Failed {
    failure: TlsFailure,
    sender: Option<IpAddr>,
    host: Option<String>,
    receiver: Option<IpAddr>,
    reason: Option<String>,
}

#[derive(Debug, Clone, Default)]
struct Counts {
    succeeded: u64,
    failed: u64,
    details: BTreeMap<Failed, u64>,
}

/// The sessions of a day with one domain's exchangers, counted.
#[derive(Debug, Clone)]
pub struct TlsReport {
    limit: usize,
    policies: BTreeMap<AppliedPolicy, Counts>,
}

/// What stands at the head of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the caller fills it in")]
pub struct Heading<'a> {
    /// Who reports.
    pub organization: &'a str,
    /// Whom to ask about it: a mail address.
    pub contact: &'a str,
    /// Another one for each report.
    pub id: &'a str,
    /// The seconds from 1970-01-01T00:00:00Z to the beginning of what it covers.
    pub start: u64,
    /// As `start`, to its last second.
    pub end: u64,
}

impl TlsReport {
    /// Keeps `limit` policies, and as many kinds of failures of each; of others, the policy is not
    /// reported, and the failure only counted.
    #[must_use]
    pub const fn new(limit: usize) -> Self {
        Self { limit, policies: BTreeMap::new() }
    }

    /// Whether there is nothing to report.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.policies.is_empty()
    }

    fn counts(&mut self, policy: &AppliedPolicy) -> Option<&mut Counts> {
        if self.policies.len() >= self.limit && !self.policies.contains_key(policy) {
            return None;
        }
        Some(self.policies.entry(policy.clone()).or_default())
    }

    /// Counts a session that followed its policy.
    pub fn succeeded(&mut self, policy: &AppliedPolicy) {
        if let Some(counts) = self.counts(policy) {
            counts.succeeded += 1;
        }
    }

    /// Counts one that did not: from the own address, to the exchanger's name and address, as far as
    /// it came to them; `reason` is a short text of the caller's, such as a TLS library's error.
    pub fn failed(
        &mut self,
        policy: &AppliedPolicy,
        failure: TlsFailure,
        addresses: (Option<IpAddr>, Option<IpAddr>),
        host: Option<&str>,
        reason: Option<&str>,
    ) {
        let (limit, (sender, receiver)) = (self.limit, addresses);
        let Some(counts) = self.counts(policy) else { return };
        counts.failed += 1;
        let own = |text: &str| text.chars().take(256).collect();
        let (host, reason) = (host.map(own), reason.map(own));
        let failed = Failed { failure, sender, host, receiver, reason };
        if counts.details.len() < limit || counts.details.contains_key(&failed) {
            *counts.details.entry(failed).or_default() += 1;
        }
    }

    /// The report, in JSON (RFC 8460 §4.4).
    #[must_use]
    pub fn to_json(&self, heading: &Heading<'_>) -> String {
        let mut json = Json::default();
        json.object(|json| {
            json.text("organization-name", heading.organization);
            json.name("date-range");
            json.object(|json| {
                json.text("start-datetime", &date_time(heading.start));
                json.text("end-datetime", &date_time(heading.end));
            });
            json.text("contact-info", heading.contact);
            json.text("report-id", heading.id);
            json.name("policies");
            json.array(|json| {
                for (policy, counts) in &self.policies {
                    json.object(|json| counts.write(policy, json));
                }
            });
        });
        json.into_text()
    }
}

impl Counts {
    fn write(&self, policy: &AppliedPolicy, json: &mut Json) {
        let strings = |json: &mut Json, name: &str, strings: &[String]| {
            if !strings.is_empty() {
                json.name(name);
                json.array(|json| strings.iter().for_each(|string| json.string(string)));
            }
        };
        json.name("policy");
        json.object(|json| {
            json.text("policy-type", policy.kind);
            strings(json, "policy-string", &policy.lines);
            json.text("policy-domain", &policy.domain);
            strings(json, "mx-host", &policy.mx);
        });
        json.name("summary");
        json.object(|json| {
            json.name("total-successful-session-count");
            json.number(self.succeeded);
            json.name("total-failure-session-count");
            json.number(self.failed);
        });
        if self.details.is_empty() {
            return;
        }
        json.name("failure-details");
        json.array(|json| {
            for (failed, count) in &self.details {
                json.object(|json| failed.write(*count, json));
            }
        });
    }
}

impl Failed {
    fn write(&self, count: u64, json: &mut Json) {
        json.text("result-type", self.failure.name());
        if let Some(sender) = self.sender {
            json.text("sending-mta-ip", &sender.to_string());
        }
        if let Some(host) = &self.host {
            json.text("receiving-mx-hostname", host);
        }
        if let Some(receiver) = self.receiver {
            json.text("receiving-ip", &receiver.to_string());
        }
        json.name("failed-session-count");
        json.number(count);
        if let Some(reason) = &self.reason {
            json.text("failure-reason-code", reason);
        }
    }
}

impl Exchanges {
    /// The policy that a session with `exchanger` is to follow, for a report: its usable TLSA
    /// records, or else the domain's MTA-STS policy, or none.
    #[must_use]
    pub fn applied_policy(
        &self,
        domain: &str,
        exchanger: &Exchanger,
        policy: Option<&StsPolicy>,
    ) -> AppliedPolicy {
        match (&exchanger.dane, policy) {
            (crate::Dane::Records(records), _) if records.is_usable() => {
                AppliedPolicy::tlsa(records)
            }
            (_, Some(policy)) => AppliedPolicy::sts(domain, policy),
            _ => AppliedPolicy::none(domain),
        }
    }
}

/// RFC 3339 §5.6, in UTC.
fn date_time(seconds: u64) -> String {
    const DAYS_OF_400_YEARS: u64 = 146_097;
    const DAYS_OF_100_YEARS: u64 = 36_524;
    const DAYS_OF_4_YEARS: u64 = 1_461;
    let (days, time) = (seconds / 86_400, seconds % 86_400);
    // Years begin in March here, and the first of them in the year 0: leap days come last.
    let days = days + 719_468;
    let (era, day) = (days / DAYS_OF_400_YEARS, days % DAYS_OF_400_YEARS);
    let year = (day - day / (DAYS_OF_4_YEARS - 1) + day / DAYS_OF_100_YEARS
        - day / (DAYS_OF_400_YEARS - 1))
        / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = 400 * era + year + u64::from(month <= 2);
    let (hour, minute, second) = (time / 3_600, time / 60 % 60, time % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Matching, Selector, Tlsa, Usage};
    use alloc::vec;

    #[test]
    fn dates() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_800, "2000-03-01T00:00:00Z"),
            (1_459_468_799, "2016-03-31T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (1_795_478_399, "2026-11-23T23:59:59Z"),
            (1_735_689_599, "2024-12-31T23:59:59Z"),
            (1_735_689_600, "2025-01-01T00:00:00Z"),
        ] {
            assert_eq!(date_time(seconds), text);
        }
    }

    /// What the example of RFC 8460, Appendix B, counts, in its words.
    #[test]
    fn a_report() {
        let text = b"version: STSv1\nmode: testing\nmx: *.mail.company-y.example\nmax_age: 86400";
        let policy = StsPolicy::parse(text).unwrap();
        let sts = AppliedPolicy::sts("company-y.example", &policy);
        let mut report = TlsReport::new(3);
        assert!(report.is_empty());
        (0..5_326).for_each(|_| report.succeeded(&sts));
        let to =
            |sender: &str, receiver: &str| (Some(sender.parse().unwrap()), receiver.parse().ok());
        for _ in 0..100 {
            let addresses = to("2001:db8:abcd:0012::1", "");
            let host = Some("mx1.mail.company-y.example");
            report.failed(&sts, TlsFailure::CertificateExpired, addresses, host, None);
        }
        for _ in 0..200 {
            let addresses = to("2001:db8:abcd:0013::1", "203.0.113.56");
            let host = Some("mx2.mail.company-y.example");
            report.failed(&sts, TlsFailure::StarttlsNotSupported, addresses, host, None);
        }
        for _ in 0..3 {
            let reason = Some("a \"reason\"\\\n\u{fc}");
            let addresses = to("198.51.100.62", "203.0.113.58");
            report.failed(&sts, TlsFailure::ValidationFailure, addresses, None, reason);
        }
        let heading = Heading {
            organization: "Company-X",
            contact: "sts-reporting@company-x.example",
            id: "5065427c-23d3-47ca-b6e0-946ea0e8c4be",
            start: 1_459_468_800 - 86_400,
            end: 1_459_468_799,
        };
        let expected = r#"{"organization-name":"Company-X","date-range":{"start-datetime":"2016-03-31T00:00:00Z","end-datetime":"2016-03-31T23:59:59Z"},"contact-info":"sts-reporting@company-x.example","report-id":"5065427c-23d3-47ca-b6e0-946ea0e8c4be","policies":[{"policy":{"policy-type":"sts","policy-string":["version: STSv1","mode: testing","mx: *.mail.company-y.example","max_age: 86400"],"policy-domain":"company-y.example","mx-host":["*.mail.company-y.example"]},"summary":{"total-successful-session-count":5326,"total-failure-session-count":303},"failure-details":[{"result-type":"starttls-not-supported","sending-mta-ip":"2001:db8:abcd:13::1","receiving-mx-hostname":"mx2.mail.company-y.example","receiving-ip":"203.0.113.56","failed-session-count":200},{"result-type":"certificate-expired","sending-mta-ip":"2001:db8:abcd:12::1","receiving-mx-hostname":"mx1.mail.company-y.example","failed-session-count":100},{"result-type":"validation-failure","sending-mta-ip":"198.51.100.62","receiving-ip":"203.0.113.58","failed-session-count":3,"failure-reason-code":"a \"reason\"\\\u000aü"}]}]}"#;
        assert_eq!(report.to_json(&heading), expected);

        // More kinds are counted, and not told one by one; more policies are not.
        for n in 0..10_u8 {
            let host = format!("mx{n}.test");
            let none = (None, None);
            report.failed(&sts, TlsFailure::ValidationFailure, none, Some(&host), None);
            report.succeeded(&AppliedPolicy::none(&host));
        }
        let json = report.to_json(&heading);
        assert!(json.contains("\"total-failure-session-count\":313"), "{json}");
        assert_eq!(json.matches("result-type").count(), 3);
        assert_eq!(json.matches("no-policy-found").count(), 2);
    }

    #[test]
    fn the_policy_that_counts() {
        let record = |usage| TlsaSet {
            names: vec!["mx.test".into(), "a.test".into()],
            records: vec![Tlsa {
                usage,
                selector: Selector::Spki,
                matching: Matching::Sha256,
                data: vec![0xab; 32],
            }],
        };
        let with = |dane| Exchanger { dane, ..Exchanger::default() };
        let policy = StsPolicy::parse(b"version: STSv1\nmode: none\nmax_age: 1").unwrap();
        let found = Exchanges::default();
        let usable = with(crate::Dane::Records(record(Usage::DaneTa)));
        let applied = found.applied_policy("a.test", &usable, Some(&policy));
        assert_eq!((applied.kind, &*applied.domain), ("tlsa", "mx.test"));
        assert_eq!(applied.lines, [format!("2 1 1 {}", "AB".repeat(32))]);
        let unusable = with(crate::Dane::Records(record(Usage::PkixTa)));
        assert_eq!(found.applied_policy("a.test", &unusable, Some(&policy)).kind, "sts");
        assert_eq!(found.applied_policy("a.test", &unusable, None).kind, "no-policy-found");
    }
}
