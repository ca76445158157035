//! What a server can do (RFC 2449 §5, §6, RFC 2595 §4).

use alloc::{borrow::ToOwned, string::String, vec::Vec};
use core::fmt::Write as _;
use mailrail_wire::Output;

/// What a server can do: what a client reads from CAPA's answer, and what a
/// [`Server`](crate::Server) is told to offer.
///
/// A server leaves out by itself what is not allowed now: STLS where TLS is in place, USER and
/// SASL mechanisms that show a password where it is not.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Capabilities {
    /// TOP (RFC 2449 §6.1).
    pub top: bool,
    /// USER and PASS (RFC 2449 §6.2).
    pub user: bool,
    /// UIDL (RFC 2449 §6.8).
    pub uidl: bool,
    /// Texts that begin with a bracket are response codes (RFC 2449 §6.4).
    pub resp_codes: bool,
    /// Commands may be sent ahead of their answers (RFC 2449 §6.6).
    pub pipelining: bool,
    /// TLS can be begun (RFC 2595 §4).
    pub stls: bool,
    /// Logins that are refused for their credentials are refused with
    /// [`AUTH`](crate::ResponseCode::AUTH), and none else (RFC 3206 §6).
    pub auth_resp_code: bool,
    /// Names, messages and words in UTF-8 (RFC 6856 §2).
    pub utf8: Option<Utf8>,
    /// The words for people can be had in other languages (RFC 6856 §3).
    pub lang: bool,
    /// The SASL mechanisms of AUTH, upper case (RFC 2449 §6.3).
    pub sasl: Vec<String>,
    /// How long to wait between logins (RFC 2449 §6.5).
    pub login_delay: Option<LoginDelay>,
    /// How long messages are kept (RFC 2449 §6.7).
    pub expire: Option<Expire>,
    /// What the server is (RFC 2449 §6.9).
    pub implementation: Option<String>,
    /// Lines of other capabilities, as they are.
    pub others: Vec<String>,
}

/// What of a session can be UTF-8 besides its messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "RFC 6856 §2.2 gives it this one argument")]
pub struct Utf8 {
    /// Names and passwords too, in USER and PASS.
    pub user: bool,
}

/// How long a client waits between two logins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "RFC 2449 §6.5 gives it these two")]
pub struct LoginDelay {
    /// In seconds.
    pub seconds: u32,
    /// It may be another for each user; after the login the server tells which.
    pub per_user: bool,
}

/// How long a server keeps messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "RFC 2449 §6.7 gives it these two")]
pub struct Expire {
    /// In days; none for ever (`NEVER`).
    pub days: Option<u32>,
    /// It may be another for each user; after the login the server tells which.
    pub per_user: bool,
}

impl Capabilities {
    /// All that this crate's server does by itself: TOP, USER, UIDL, RESP-CODES, PIPELINING, STLS
    /// and LANG, which it leaves out where it has no [languages](crate::Config::languages).
    #[must_use]
    pub const fn all() -> Self {
        Self {
            top: true,
            user: true,
            uidl: true,
            resp_codes: true,
            pipelining: true,
            stls: true,
            auth_resp_code: false,
            utf8: None,
            lang: true,
            sasl: Vec::new(),
            login_delay: None,
            expire: None,
            implementation: None,
            others: Vec::new(),
        }
    }

    /// Reads a line of CAPA's answer, without CR LF, and adds what it says. Names are read in any
    /// case of letters; a line that is not printable ASCII, or empty, is left out.
    pub fn read_line(&mut self, line: &[u8]) {
        let Some(line) = printable(line) else { return };
        let mut words = line.split(' ');
        let name = words.next().unwrap_or_default().to_ascii_uppercase();
        match (&*name, line.contains(' ')) {
            ("TOP", false) => self.top = true,
            ("USER", false) => self.user = true,
            ("UIDL", false) => self.uidl = true,
            ("RESP-CODES", false) => self.resp_codes = true,
            ("PIPELINING", false) => self.pipelining = true,
            ("STLS", false) => self.stls = true,
            ("AUTH-RESP-CODE", false) => self.auth_resp_code = true,
            ("LANG", false) => self.lang = true,
            ("UTF8", _) => match (words.next(), words.next()) {
                (None, _) => self.utf8 = Some(Utf8 { user: false }),
                (Some(user), None) if user.eq_ignore_ascii_case("USER") => {
                    self.utf8 = Some(Utf8 { user: true });
                }
                _ => self.others.push(line.to_owned()),
            },
            ("SASL", true) => {
                for word in words.filter(|word| !word.is_empty()) {
                    let mechanism = word.to_ascii_uppercase();
                    if !self.sasl.contains(&mechanism) {
                        self.sasl.push(mechanism);
                    }
                }
            }
            ("IMPLEMENTATION", true) => {
                self.implementation = line.split_once(' ').map(|(_, text)| text.to_owned());
            }
            ("LOGIN-DELAY", true) => match period(words) {
                Some((Some(seconds), per_user)) => {
                    self.login_delay = Some(LoginDelay { seconds, per_user });
                }
                _ => self.others.push(line.to_owned()),
            },
            ("EXPIRE", true) => match period(words) {
                Some((days, per_user)) => self.expire = Some(Expire { days, per_user }),
                None => self.others.push(line.to_owned()),
            },
            _ => self.others.push(line.to_owned()),
        }
    }

    /// Writes a line for each, without the dot at the end. What would not be one line of printable
    /// ASCII, within 512 octets, is left out.
    pub fn encode(&self, out: &mut Output) {
        for (name, is_there) in [
            ("TOP", self.top),
            ("USER", self.user),
            ("UIDL", self.uidl),
            ("RESP-CODES", self.resp_codes),
            ("PIPELINING", self.pipelining),
            ("STLS", self.stls),
            ("AUTH-RESP-CODE", self.auth_resp_code),
            ("UTF8", self.utf8.is_some_and(|utf8| !utf8.user)),
            ("UTF8 USER", self.utf8.is_some_and(|utf8| utf8.user)),
            ("LANG", self.lang),
        ] {
            if is_there {
                line(out, name);
            }
        }
        if !self.sasl.is_empty() {
            let mut sasl = "SASL".to_owned();
            for mechanism in &self.sasl {
                sasl.push(' ');
                sasl.push_str(mechanism);
            }
            line(out, &sasl);
        }
        let per_user = |per_user| if per_user { " USER" } else { "" };
        // Writing to an `Output` never fails.
        if let Some(delay) = self.login_delay {
            let _ = write!(out, "LOGIN-DELAY {}{}\r\n", delay.seconds, per_user(delay.per_user));
        }
        let _ = match self.expire {
            Some(Expire { days: Some(days), per_user: of_user }) => {
                write!(out, "EXPIRE {days}{}\r\n", per_user(of_user))
            }
            Some(Expire { days: None, per_user: of_user }) => {
                write!(out, "EXPIRE NEVER{}\r\n", per_user(of_user))
            }
            None => Ok(()),
        };
        if let Some(implementation) = &self.implementation {
            let mut text = "IMPLEMENTATION ".to_owned();
            text.push_str(implementation);
            line(out, &text);
        }
        for other in &self.others {
            line(out, other);
        }
    }
}

/// The number or `NEVER` and the `USER` behind a name.
fn period<'a>(mut words: impl Iterator<Item = &'a str>) -> Option<(Option<u32>, bool)> {
    let value = match words.next()? {
        never if never.eq_ignore_ascii_case("NEVER") => None,
        number if number.bytes().all(|byte| byte.is_ascii_digit()) => Some(number.parse().ok()?),
        _ => return None,
    };
    let per_user = match words.next() {
        None => false,
        Some(user) if user.eq_ignore_ascii_case("USER") => true,
        Some(_) => return None,
    };
    words.next().is_none().then_some((value, per_user))
}

fn printable(line: &[u8]) -> Option<&str> {
    let good = !matches!(line, [] | [b'.' | b' ', ..])
        && line.len() <= 510
        && line.iter().all(|byte| matches!(byte, b' '..=b'~'));
    core::str::from_utf8(line).ok().filter(|_| good)
}

fn line(out: &mut Output, text: &str) {
    if printable(text.as_bytes()).is_some() {
        out.text(text.as_bytes());
        out.text(b"\r\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Buf as _;

    fn read(lines: &[&str]) -> Capabilities {
        let mut capabilities = Capabilities::default();
        lines.iter().for_each(|line| capabilities.read_line(line.as_bytes()));
        capabilities
    }

    #[test]
    fn lines_both_ways() {
        let lines = [
            "TOP",
            "USER",
            "UIDL",
            "RESP-CODES",
            "PIPELINING",
            "STLS",
            "AUTH-RESP-CODE",
            "UTF8 USER",
            "LANG",
            "SASL CRAM-MD5 KERBEROS_V4",
            "LOGIN-DELAY 900 USER",
            "EXPIRE NEVER",
            "IMPLEMENTATION Shlemazle-Plotz-v302",
            "X-WHAT ever",
        ];
        let capabilities = read(&lines);
        assert_eq!(capabilities.sasl, ["CRAM-MD5", "KERBEROS_V4"]);
        assert_eq!(capabilities.login_delay, Some(LoginDelay { seconds: 900, per_user: true }));
        assert_eq!(capabilities.expire, Some(Expire { days: None, per_user: false }));
        let mut out = Output::default();
        capabilities.encode(&mut out);
        let text = out.copy_to_bytes(out.remaining());
        assert_eq!(text, (lines.join("\r\n") + "\r\n").as_bytes());
    }

    #[test]
    fn what_is_odd_is_kept_apart() {
        let odd = [
            "TOP 1",
            "UTF8 x",
            "UTF8 USER x",
            "LANG en",
            "SASL",
            "EXPIRE soon",
            "LOGIN-DELAY NEVER",
            "EXPIRE 1 USER x",
            "EXPIRE ",
        ];
        assert_eq!(read(&odd).others, odd);
        assert_eq!(read(&["", "a\rb", ".x", "caf\u{e9}"]), Capabilities::default());
        assert!(read(&["pipelining"]).pipelining);
        assert_eq!(read(&["utf8"]).utf8, Some(Utf8 { user: false }));
    }

    #[test]
    fn no_line_breaks_out() {
        let offer = Capabilities {
            implementation: Some("x\r\n.\r\n+OK".to_owned()),
            sasl: ["PLAIN\r\nSTLS".to_owned()].into(),
            others: ["\r\n".to_owned(), ".".to_owned(), String::new()].into(),
            ..Capabilities::default()
        };
        let mut out = Output::default();
        offer.encode(&mut out);
        assert!(out.is_empty());
    }
}
