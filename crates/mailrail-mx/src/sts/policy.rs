//! A policy file (RFC 8461 §3.2).

use crate::domain;
use alloc::{format, string::String, vec::Vec};
use core::time::Duration;

const MAX_AGE_MAX: u64 = 31_557_600;

/// What a domain says of its exchangers, over HTTPS (RFC 8461 §3.2).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StsPolicy {
    /// What follows where an exchanger does not meet it.
    pub mode: Mode,
    /// How long it holds from when it was fetched: whole seconds, about a year at most.
    pub max_age: Duration,
    /// The hosts that take the domain's mail: names, or `*.` and a name, in lower case.
    pub mx: Vec<String>,
}

/// What follows where an exchanger does not meet a policy (RFC 8461 §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mode {
    /// It gets no mail.
    Enforce,
    /// It gets mail, and a report says what is wrong.
    Testing,
    /// Nothing, as though there were no policy.
    None,
}

/// Why a file is no policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidPolicy {
    /// It is longer than [`POLICY_MAX`](super::POLICY_MAX).
    #[error("the policy is too long")]
    TooLong,
    /// A line is none of `name: value`.
    #[error("line {line} of the policy is malformed")]
    Line {
        /// Which one, counted from 1.
        line: usize,
    },
    /// A field that must be there is not there.
    #[error("the policy has no {field}")]
    Missing {
        /// Its name.
        field: &'static str,
    },
}

impl StsPolicy {
    /// Reads a policy file:
    ///
    /// ```text
    /// sts-policy-record = sts-policy-field *WSP
    ///                     *(sts-policy-term sts-policy-field *WSP) [sts-policy-term]
    /// sts-policy-term   = LF / CRLF
    /// sts-policy-mode   = %s"mode" ":" *WSP (%s"testing" / %s"enforce" / %s"none")
    /// sts-policy-mx     = %s"mx" ":" *WSP ["*."] Domain
    /// sts-policy-max-age = %s"max_age" ":" *WSP 1*10(DIGIT)
    /// ```
    ///
    /// Empty lines do no harm. A `max_age` over the year that is allowed counts as that year.
    ///
    /// # Errors
    ///
    /// [`InvalidPolicy`]: the domain is treated as though the policy had not been found.
    pub fn parse(file: &[u8]) -> Result<Self, InvalidPolicy> {
        if file.len() > super::POLICY_MAX {
            return Err(InvalidPolicy::TooLong);
        }
        let (mut version, mut mode, mut max_age, mut mx) = (None, None, None, Vec::new());
        for (number, line) in (1..).zip(file.split(|&b| b == b'\n')) {
            let line = line.strip_suffix(b"\r").unwrap_or(line).trim_ascii_end();
            if line.is_empty() {
                continue;
            }
            let malformed = || InvalidPolicy::Line { line: number };
            let line = core::str::from_utf8(line).map_err(|_| malformed())?;
            let (name, value) = line.split_once(':').ok_or_else(malformed)?;
            let value = value.trim_start_matches([' ', '\t']);
            let is_name = |b: u8| b.is_ascii_alphanumeric() || b"_-.".contains(&b);
            if name.is_empty() || !name.bytes().all(is_name) || value.is_empty() {
                return Err(malformed());
            }
            // Of a field that comes again, the first counts.
            match name {
                "version" if version.is_none() => {
                    version = Some(if value == "STSv1" { Ok(()) } else { Err(malformed()) }?);
                }
                "mode" if mode.is_none() => {
                    mode = Some(Mode::parse(value).ok_or_else(malformed)?);
                }
                "max_age" if max_age.is_none() => {
                    let is_number = value.len() <= 10 && value.bytes().all(|b| b.is_ascii_digit());
                    let age = value.parse::<u64>().ok().filter(|_| is_number);
                    max_age = Some(age.ok_or_else(malformed)?.min(MAX_AGE_MAX));
                }
                "mx" => mx.push(pattern(value).ok_or_else(malformed)?),
                _ => {}
            }
        }
        let missing = |field| InvalidPolicy::Missing { field };
        version.ok_or_else(|| missing("version"))?;
        let mode = mode.ok_or_else(|| missing("mode"))?;
        let max_age = max_age.ok_or_else(|| missing("max_age"))?;
        if mx.is_empty() && mode != Mode::None {
            return Err(missing("mx"));
        }
        Ok(Self { mode, max_age: Duration::from_secs(max_age), mx })
    }

    /// Whether `host` is one of its exchangers (RFC 8461 §4.1): `*` stands for one label.
    #[must_use]
    pub fn matches(&self, host: &str) -> bool {
        let host = host.strip_suffix('.').unwrap_or(host);
        self.mx.iter().any(|pattern| match pattern.strip_prefix("*.") {
            Some(parent) => host.split_once('.').is_some_and(|(label, above)| {
                !label.is_empty() && above.eq_ignore_ascii_case(parent)
            }),
            None => host.eq_ignore_ascii_case(pattern),
        })
    }

    /// Its lines, as a report has them (RFC 8460 §4.5).
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut lines =
            Vec::from([String::from("version: STSv1"), format!("mode: {}", self.mode.name())]);
        lines.extend(self.mx.iter().map(|mx| format!("mx: {mx}")));
        lines.push(format!("max_age: {}", self.max_age.as_secs()));
        lines
    }
}

impl Mode {
    fn parse(word: &str) -> Option<Self> {
        [Self::Enforce, Self::Testing, Self::None].into_iter().find(|mode| mode.name() == word)
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Enforce => "enforce",
            Self::Testing => "testing",
            Self::None => "none",
        }
    }
}

fn pattern(value: &str) -> Option<String> {
    let (star, domain) = match value.strip_prefix("*.") {
        Some(domain) => ("*.", domain),
        None => ("", value),
    };
    // A-labels are demanded (RFC 8461 §3.2).
    let name = domain.is_ascii().then(|| domain::parse(domain).ok())??;
    Some(format!("{star}{}", domain::text(&name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 8461 §3.2.
    #[test]
    fn the_rfcs_example() {
        let text = "version: STSv1\r\nmode: enforce\r\nmx: mail.example.com\r\n\
                    mx: *.example.net\r\nmx: backupmx.example.com\r\nmax_age: 604800\r\n";
        let policy = StsPolicy::parse(text.as_bytes()).unwrap();
        assert_eq!((policy.mode, policy.max_age.as_secs()), (Mode::Enforce, 604_800));
        assert_eq!(policy.lines().join("\r\n") + "\r\n", text);
        for (host, is_one) in [
            ("mail.example.com", true),
            ("MAIL.example.com.", true),
            ("a.example.net", true),
            ("A.EXAMPLE.NET", true),
            ("example.net", false),
            (".example.net", false),
            ("a.b.example.net", false),
            ("example.com", false),
            ("xmail.example.com", false),
            ("mail.example.com.evil.test", false),
            ("", false),
        ] {
            assert_eq!(policy.matches(host), is_one, "{host}");
        }
    }

    #[test]
    fn what_is_a_policy() {
        let missing = |field| Err(InvalidPolicy::Missing { field });
        let line = |line| Err(InvalidPolicy::Line { line });
        for (text, expected) in [
            ("version: STSv1\nmode: none\nmax_age: 0", Ok((Mode::None, 0, 0))),
            ("version:STSv1\nmode:testing  \nmax_age:\t9\nmx:a\n\n", Ok((Mode::Testing, 9, 1))),
            ("mx: a\nmax_age: 1\nmode: enforce\nversion: STSv1", Ok((Mode::Enforce, 1, 1))),
            (
                "version: STSv1\nmode: testing\nmode: enforce\nmax_age: 1\nmax_age: x\nmx: a\nx-y: ü",
                Ok((Mode::Testing, 1, 1)),
            ),
            ("version: STSv1\nmode: none\nmax_age: 9999999999", Ok((Mode::None, MAX_AGE_MAX, 0))),
            ("", missing("version")),
            ("mode: none\nmax_age: 1", missing("version")),
            ("version: STSv1\nmax_age: 1\nmx: a", missing("mode")),
            ("version: STSv1\nmode: enforce\nmx: a", missing("max_age")),
            ("version: STSv1\nmode: enforce\nmax_age: 1", missing("mx")),
            ("version: STSv2\nmode: none\nmax_age: 1", line(1)),
            ("version: STSv1\nmode: Enforce", line(2)),
            ("version: STSv1\nmax_age: -1", line(2)),
            ("version: STSv1\nmax_age: 10000000000", line(2)),
            ("version: STSv1\nmx: *", line(2)),
            ("version: STSv1\nmx: a.*.b", line(2)),
            ("version: STSv1\nmx: bücher.example", line(2)),
            ("version: STSv1\nmx:", line(2)),
            ("version: STSv1\n<html>", line(2)),
            ("version: STSv1\n : x", line(2)),
        ] {
            let policy = StsPolicy::parse(text.as_bytes());
            let policy = policy.map(|it| (it.mode, it.max_age.as_secs(), it.mx.len()));
            assert_eq!(policy, expected, "{text:?}");
        }
        assert_eq!(StsPolicy::parse(b"version: \xff"), Err(InvalidPolicy::Line { line: 1 }));
        assert_eq!(StsPolicy::parse(&[b'\n'; 70_000]), Err(InvalidPolicy::TooLong));
    }
}
