//! What a domain says in text: its name, TXT records, policy file, and certificates.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mailrail_mx::{
    AppliedPolicy, Heading, InvalidDomain, Matching, Mode, POLICY_MAX, Proof, Selector, StsPolicy,
    StsRecord, TlsFailure, TlsReport, TlsReportRecord, Tlsa, TlsaSet, Usage, policy_url, to_ascii,
};

fn domain(text: &str) {
    match to_ascii(text) {
        Ok(ascii) => {
            assert_eq!(to_ascii(&ascii).as_deref(), Ok(&*ascii), "it stays what it is");
            assert!(ascii.len() <= 253 && !ascii.ends_with('.') && !ascii.starts_with('.'));
            let is_ours =
                |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.".contains(&b);
            assert!(ascii.bytes().all(is_ours));
            assert!(policy_url(text).is_ok_and(|url| url.contains(&ascii)));
        }
        Err(InvalidDomain::Empty) => assert!(text.len() < 200),
        Err(error) => assert_eq!(policy_url(text), Err(error)),
    }
}

fn policy(file: &[u8]) {
    let Ok(policy) = StsPolicy::parse(file) else { return };
    assert!(policy.mode == Mode::None || !policy.mx.is_empty());
    let lines = policy.lines().join("\r\n");
    // What was just within the limit may be longer with each line as it should be.
    if lines.len() <= POLICY_MAX {
        assert_eq!(StsPolicy::parse(lines.as_bytes()).as_ref(), Ok(&policy));
    }
    for mx in &policy.mx {
        assert!(policy.matches(&mx.replacen('*', "any", 1)));
        assert!(policy.matches(&(mx.replacen('*', "any", 1).to_uppercase() + ".")));
    }
}

fn records(text: &[u8]) {
    if let Some(record) = StsRecord::parse(text) {
        let again = format!("v=STSv1; id={}", record.id);
        assert_eq!(StsRecord::parse(again.as_bytes()), Some(record));
    }
    if let Some(record) = TlsReportRecord::parse(text) {
        let again = format!("v=TLSRPTv1; rua={}", record.uris.join(","));
        assert!(!record.uris.is_empty());
        assert_eq!(TlsReportRecord::parse(again.as_bytes()), Some(record));
    }
}

fn certificates(bytes: &[u8]) {
    let Some((&[usage, selector, matching, at], rest)) = bytes.split_first_chunk() else { return };
    let (data, certificate) = rest.split_at(usize::from(at).min(rest.len()));
    let record = Tlsa {
        usage: Usage::from(usage),
        selector: Selector::from(selector),
        matching: Matching::from(matching),
        data: data.to_vec(),
    };
    let matches = record.matches(certificate);
    let is_usable = record.is_usable();
    let set = TlsaSet::for_host("mx.test", vec![record]);
    assert_eq!(set.is_usable(), is_usable);
    let proof = set.verify(&[certificate]);
    assert_eq!(proof.is_ok(), matches && is_usable && usage == 3);
    assert!(!matches!(proof, Ok(Proof::TrustAnchor { .. })));
}

/// A report can be read whatever is in it.
fn report(text: &str) {
    let mut report = TlsReport::new(3);
    for (n, part) in text.split('\n').enumerate() {
        let policy = AppliedPolicy::none(part);
        if n % 2 == 0 {
            report.succeeded(&policy);
        } else {
            let none = (None, None);
            report.failed(&policy, TlsFailure::ValidationFailure, none, Some(part), Some(part));
        }
    }
    let heading = Heading { organization: text, contact: text, id: text, start: 0, end: u64::MAX };
    let json = report.to_json(&heading);
    assert!(json.bytes().all(|byte| byte >= 0x20 && byte != 0x7f));
    // Each text is closed where it should be: brackets outside of texts are even.
    let (mut depth, mut is_text, mut is_escape) = (0_i32, false, false);
    for c in json.chars() {
        match c {
            _ if is_escape => is_escape = false,
            '\\' if is_text => is_escape = true,
            '"' => is_text = !is_text,
            '{' | '[' if !is_text => depth += 1,
            '}' | ']' if !is_text => depth -= 1,
            _ => {}
        }
        assert!(depth > 0 || json.ends_with(c));
    }
    assert!(depth == 0 && !is_text);
}

fuzz_target!(|data: &[u8]| {
    let Some((&which, rest)) = data.split_first() else { return };
    let text = core::str::from_utf8(rest);
    match (which % 5, text) {
        (0, Ok(text)) => domain(text),
        (1, Ok(text)) => report(text),
        (2, _) => policy(rest),
        (3, _) => records(rest),
        _ => certificates(rest),
    }
});
