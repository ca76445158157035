//! What a domain says in text: its name, TXT records, a policy file, a report.
#![cfg(test)]

use mailrail_mx::{
    AppliedPolicy, Heading, Mode, StsPolicy, StsRecord, TlsFailure, TlsReport, TlsReportRecord,
    policy_url, to_ascii,
};
use proptest::prelude::*;

fn label() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9]([a-zA-Z0-9-]{0,8}[a-zA-Z0-9])?"
        // What begins so is an A-label, and must stand for something.
        .prop_filter("an A-label", |label| !label.to_lowercase().starts_with("xn--"))
}

fn domain() -> impl Strategy<Value = String> {
    prop::collection::vec(label(), 1..5)
        .prop_map(|labels| labels.join("."))
        .prop_filter("an address", |domain| domain.parse::<core::net::IpAddr>().is_err())
}

/// Bytes that are nearly a record or a policy.
fn nearly(parts: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        4 => prop::sample::select(parts).prop_map(|part| part.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..6),
    ];
    prop::collection::vec(part, 0..20).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn a_domain_stays_what_it_is(domain in domain(), dot in any::<bool>()) {
        let written = if dot { domain.clone() + "." } else { domain.clone() };
        let ascii = to_ascii(&written).unwrap();
        prop_assert_eq!(&ascii, &domain.to_lowercase());
        prop_assert_eq!(to_ascii(&ascii).unwrap(), ascii);
    }

    #[test]
    fn any_text_is_a_domain_or_none(text in "\\PC{0,40}|[a-z0-9.\u{e4}\u{3002}\u{ff0e}-]{0,300}") {
        if let Ok(ascii) = to_ascii(&text) {
            prop_assert!(ascii.len() <= 253 && ascii.is_ascii());
            prop_assert_eq!(to_ascii(&ascii), Ok(ascii.clone()));
            prop_assert!(policy_url(&text).unwrap().contains(&ascii));
        }
    }

    #[test]
    fn an_sts_record_is_read_as_it_was_written(
        id in "[a-zA-Z0-9]{1,32}",
        space in "[ \t]{0,2}",
        other in prop::option::of("[a-z0-9][a-z_.-]{0,9}=[!-:<>-~]{1,9}"),
        ends in any::<bool>(),
    ) {
        let delim = format!("{space};{space}");
        let other = other.map(|other| delim.clone() + &other).unwrap_or_default();
        let end = if ends { &*delim } else { "" };
        // An `id` before ours would be the one that counts.
        prop_assume!(!other.contains("id="));
        let text = format!("v=STSv1{other}{delim}id={id}{end}");
        let record = StsRecord::parse(text.as_bytes());
        prop_assert_eq!(record.map(|record| record.id), Some(id));
    }

    #[test]
    fn a_report_record_is_read_as_it_was_written(
        uris in prop::collection::vec("(mailto|https):[a-z0-9@/.?=%-]{1,20}", 1..5),
        comma in " {0,2}, {0,2}",
    ) {
        let text = format!("v=TLSRPTv1; rua={}", uris.join(&comma));
        let record = TlsReportRecord::parse(text.as_bytes());
        prop_assert_eq!(record.map(|record| record.uris), Some(uris));
    }

    #[test]
    fn a_policy_is_read_as_it_was_written(
        mode in prop::sample::select(&["enforce", "testing", "none"][..]),
        mx in prop::collection::vec((any::<bool>(), domain()), 1..5),
        max_age in 0_u64..31_557_600,
        (end, space, unknown) in ("\r?\n(\r?\n)?", "[ \t]{0,2}", prop::option::of("[a-z_]{12}: ?[!-~]{1,9}")),
        turns in 0_usize..4,
    ) {
        let mx = mx.into_iter().map(|(star, mx)| if star { format!("*.{mx}") } else { mx });
        let mx = mx.collect::<Vec<_>>();
        let mut lines = vec![
            format!("version:{space}STSv1{space}"),
            format!("mode:{space}{mode}"),
            format!("max_age:{space}{max_age}"),
        ];
        lines.extend(mx.iter().map(|mx| format!("mx:{space}{mx}")));
        lines.extend(unknown);
        let turns = turns % lines.len();
        lines.rotate_left(turns);
        let policy = StsPolicy::parse(lines.join(&end).as_bytes()).unwrap();
        prop_assert_eq!(policy.max_age.as_secs(), max_age);
        let mut expected = mx.iter().map(|mx| mx.to_lowercase()).collect::<Vec<_>>();
        let mut found = policy.mx.clone();
        expected.sort();
        found.sort();
        prop_assert_eq!(found, expected);
        let named = match policy.mode { Mode::Enforce => "enforce", Mode::Testing => "testing", _ => "none" };
        prop_assert_eq!(named, mode);
        for mx in &mx {
            prop_assert!(policy.matches(&mx.replace('*', "Any")));
        }
        // What a report tells of it is a policy again, and the same.
        let again = policy.lines().join("\n");
        prop_assert_eq!(StsPolicy::parse(again.as_bytes()), Ok(policy));
    }

    #[test]
    fn any_bytes_are_a_record_or_none(
        text in nearly(&["v=STSv1", "v=TLSRPTv1", ";", " ", "id=", "rua=", "mailto:a@b.test", "1", "=", ",", "!"]),
    ) {
        if let Some(StsRecord { id, .. }) = StsRecord::parse(&text) {
            prop_assert!((1..=32).contains(&id.len()));
            let again = StsRecord::parse(format!("v=STSv1;id={id}").as_bytes());
            prop_assert_eq!(again.map(|record| record.id), Some(id));
        }
        if let Some(record) = TlsReportRecord::parse(&text) {
            let again = format!("v=TLSRPTv1;rua={}", record.uris.join(","));
            prop_assert_eq!(TlsReportRecord::parse(again.as_bytes()), Some(record));
        }
    }

    #[test]
    fn any_bytes_are_a_policy_or_none(
        file in nearly(&["version: STSv1", "mode: none", "mode: enforce", "max_age: 9", "mx: a.test", "mx: *.b", "\n", "\r\n", ":", " ", "x"]),
    ) {
        if let Ok(policy) = StsPolicy::parse(&file) {
            prop_assert!(policy.mode == Mode::None || !policy.mx.is_empty());
            let again = policy.lines().join("\r\n");
            prop_assert_eq!(StsPolicy::parse(again.as_bytes()), Ok(policy));
        }
    }

    /// Whatever is in it, a report is JSON, and says what was said.
    #[test]
    fn a_report_is_json(texts in prop::collection::vec("\\PC{0,20}|[\\x00-\\x1f\"\\\\\u{7f}]{0,9}", 1..6)) {
        let mut report = TlsReport::new(99);
        for text in &texts {
            let at = (None, "192.0.2.1".parse().ok());
            let policy = AppliedPolicy::none(text);
            report.failed(&policy, TlsFailure::ValidationFailure, at, Some(text), Some(text));
        }
        let first = &*texts[0];
        let heading = Heading { organization: first, contact: first, id: first, start: 0, end: 86_399 };
        let json: serde_json::Value = serde_json::from_str(&report.to_json(&heading)).unwrap();
        prop_assert_eq!(json["organization-name"].as_str(), Some(first));
        prop_assert_eq!(json["date-range"]["end-datetime"].as_str(), Some("1970-01-01T23:59:59Z"));
        let mut told = texts.clone();
        told.sort();
        told.dedup();
        let policies = json["policies"].as_array().unwrap();
        prop_assert_eq!(policies.len(), told.len());
        for (policy, text) in policies.iter().zip(told) {
            prop_assert_eq!(policy["policy"]["policy-domain"].as_str(), Some(&*text));
            let failed = &policy["failure-details"][0];
            prop_assert_eq!(failed["failure-reason-code"].as_str(), Some(&*text));
            prop_assert_eq!(failed["receiving-ip"].as_str(), Some("192.0.2.1"));
        }
    }
}
