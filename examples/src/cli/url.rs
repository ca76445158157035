//! Where a client connects to, and as whom.

use mailrail_wire::Secret;
use std::{net::Ipv6Addr, str::FromStr};

/// What is spoken at the other end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scheme {
    /// `smtp://`, port 25
    Smtp,
    /// `smtps://`, port 465
    Smtps,
    /// `submission://`, port 587
    Submission,
    /// `submissions://`, port 465
    Submissions,
    /// `lmtp://`, port 24
    Lmtp,
    /// `pop3://`, port 110
    Pop3,
    /// `pop3s://`, port 995
    Pop3s,
    /// `imap://`, port 143
    Imap,
    /// `imaps://`, port 993
    Imaps,
}

impl Scheme {
    const ALL: [(Self, &str, u16); 9] = [
        (Self::Smtp, "smtp", 25),
        (Self::Smtps, "smtps", 465),
        (Self::Submission, "submission", 587),
        (Self::Submissions, "submissions", 465),
        (Self::Lmtp, "lmtp", 24),
        (Self::Pop3, "pop3", 110),
        (Self::Pop3s, "pop3s", 995),
        (Self::Imap, "imap", 143),
        (Self::Imaps, "imaps", 993),
    ];

    /// Whether TLS is in place from the first byte.
    #[must_use]
    pub const fn has_implicit_tls(self) -> bool {
        matches!(self, Self::Smtps | Self::Submissions | Self::Pop3s | Self::Imaps)
    }

    /// Whether mail can be given to it: SMTP, submission, LMTP.
    #[must_use]
    pub const fn takes_mail(self) -> bool {
        matches!(self, Self::Smtp | Self::Smtps | Self::Submission | Self::Submissions | Self::Lmtp)
    }

    /// POP3, with implicit TLS or without.
    #[must_use]
    pub const fn is_pop3(self) -> bool {
        matches!(self, Self::Pop3 | Self::Pop3s)
    }

    /// IMAP, with implicit TLS or without.
    #[must_use]
    pub const fn is_imap(self) -> bool {
        matches!(self, Self::Imap | Self::Imaps)
    }
}

/// A server, and who asks: `imaps://bob%40south.test:secret@mail.south.test:993`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerUrl {
    /// What is spoken there.
    pub scheme: Scheme,
    /// The user's name, percent-decoded.
    pub user: Option<String>,
    /// The password, percent-decoded.
    pub password: Option<Secret<String>>,
    /// A host name or an IP address, an IPv6 address without its brackets.
    pub host: String,
    /// The port, the scheme's own where none is named.
    pub port: u16,
    /// `?tls=none`: no STARTTLS, whatever the server offers.
    pub without_tls: bool,
}

/// Why a URL names no server. It never shows the URL, which may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UrlError {
    /// Another scheme, or none.
    #[error(
        "the scheme is none of smtp, smtps, submission, submissions, lmtp, pop3, pop3s, imap, imaps"
    )]
    Scheme,
    /// No host, or one with a character that no host has.
    #[error("the host is missing or malformed")]
    Host,
    /// Not a number between 1 and 65535.
    #[error("the port is no number between 1 and 65535")]
    Port,
    /// A percent sign without two digits, or bytes that are not UTF-8 or are control characters.
    #[error("the user or password is not percent-encoded text")]
    Encoding,
    /// Something after `?` that is not `tls=none`, or a path.
    #[error("only ?tls=none may follow the host")]
    Rest,
}

impl FromStr for ServerUrl {
    type Err = UrlError;

    fn from_str(url: &str) -> Result<Self, UrlError> {
        let (scheme, rest) = url.split_once("://").ok_or(UrlError::Scheme)?;
        let (scheme, _, port) = Scheme::ALL
            .into_iter()
            .find(|(_, name, _)| name.eq_ignore_ascii_case(scheme))
            .ok_or(UrlError::Scheme)?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at(end);
        let without_tls = match rest.strip_prefix('/').unwrap_or(rest) {
            "" => false,
            "?tls=none" if !scheme.has_implicit_tls() => true,
            _ => return Err(UrlError::Rest),
        };
        let (credentials, host) = match authority.rsplit_once('@') {
            Some((credentials, host)) => (Some(credentials), host),
            None => (None, authority),
        };
        let (user, password) = match credentials.map(|text| text.split_once(':').ok_or(text)) {
            None => (None, None),
            Some(Err(user)) => (Some(decode(user)?), None),
            Some(Ok((user, password))) => {
                (Some(decode(user)?), Some(Secret::new(decode(password)?)))
            }
        };
        let (host, named_port) = match host.strip_prefix('[') {
            Some(host) => {
                let (host, port) = host.split_once(']').ok_or(UrlError::Host)?;
                host.parse::<Ipv6Addr>().map_err(|_| UrlError::Host)?;
                match (port, port.strip_prefix(':')) {
                    ("", _) => (host, None),
                    (_, Some(port)) => (host, Some(port)),
                    _ => return Err(UrlError::Host),
                }
            }
            None => match host.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (host, None),
            },
        };
        let of_host = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | ':');
        if host.is_empty() || !host.chars().all(of_host) {
            return Err(UrlError::Host);
        }
        let port = match named_port {
            None => port,
            Some(port) if port.bytes().all(|byte| byte.is_ascii_digit()) => {
                port.parse().ok().filter(|&port| port > 0).ok_or(UrlError::Port)?
            }
            Some(_) => return Err(UrlError::Port),
        };
        Ok(Self { scheme, user, password, host: host.into(), port, without_tls })
    }
}

fn decode(text: &str) -> Result<String, UrlError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(if byte == b'%' {
            let mut digit = || rest.next().and_then(|digit| char::from(digit).to_digit(16));
            let (high, low) = (digit(), digit());
            high.zip(low)
                .and_then(|(high, low)| u8::try_from(high * 16 + low).ok())
                .ok_or(UrlError::Encoding)?
        } else {
            byte
        });
    }
    let text = String::from_utf8(bytes).map_err(|_| UrlError::Encoding)?;
    if text.contains(char::is_control) { Err(UrlError::Encoding) } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_is_found() {
        let url: ServerUrl = "IMAPS://bob%40south.test:p%3A%2Fw:@mail.test:1993".parse().unwrap();
        assert_eq!((url.scheme, &*url.host, url.port), (Scheme::Imaps, "mail.test", 1_993));
        assert_eq!(url.user.as_deref(), Some("bob@south.test"));
        assert_eq!(url.password.unwrap().expose(), "p:/w:");
        let url: ServerUrl = "smtp://[::1]:2525/?tls=none".parse().unwrap();
        assert_eq!((&*url.host, url.port, url.without_tls), ("::1", 2_525, true));
        assert_eq!((url.user, url.password), (None, None));
        let url: ServerUrl = "pop3://bob@127.0.0.1".parse().unwrap();
        assert_eq!((&*url.host, url.port, url.without_tls), ("127.0.0.1", 110, false));
        assert_eq!((url.user.as_deref(), url.password), (Some("bob"), None));
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (url, error) in [
            ("mail.test", UrlError::Scheme),
            ("http://mail.test", UrlError::Scheme),
            ("imap://", UrlError::Host),
            ("imap://[::1", UrlError::Host),
            ("imap://[::1]x", UrlError::Host),
            ("imap://::1", UrlError::Host),
            ("imap://a b", UrlError::Host),
            ("imap://a\r\nb", UrlError::Host),
            ("imap://a:0", UrlError::Port),
            ("imap://a:+1", UrlError::Port),
            ("imap://a:", UrlError::Port),
            ("imap://a%4@b", UrlError::Encoding),
            ("imap://a%zz@b", UrlError::Encoding),
            ("imap://a%0d%0aQUIT@b", UrlError::Encoding),
            ("imap://a/b", UrlError::Rest),
            ("imap://a?tls=any", UrlError::Rest),
            ("imaps://a?tls=none", UrlError::Rest),
        ] {
            assert_eq!(url.parse::<ServerUrl>(), Err(error), "{url:?}");
        }
    }
}
