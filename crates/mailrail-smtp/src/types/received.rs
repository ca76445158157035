//! The field that each server on the way puts before a message.

use super::Protocol;
use crate::{Domain, ForwardPath, grammar::is_printable};
use core::{fmt, net::IpAddr};

/// A `Received` field (RFC 5321 §4.4), made by
/// [`Server::received`](crate::Server::received). Shown with `{}`, it is the whole field, folded,
/// with its CR LF.
///
/// ```
/// use mailrail_smtp::{Domain, Protocol, Received};
///
/// let by: Domain<'_> = "mx.south.test".parse()?;
/// let mut received =
///     Received::new("mail.north.test", &by, Protocol::Esmtps, "Mon, 23 Nov 2026 08:00:00 +0000");
/// received.address = Some("192.0.2.1".parse().expect("an address"));
/// received.id = Some("4a1f");
/// assert_eq!(
///     received.to_string(),
///     "Received: from mail.north.test ([192.0.2.1])\r\n\
///      \tby mx.south.test with ESMTPS id 4a1f;\r\n\
///      \tMon, 23 Nov 2026 08:00:00 +0000\r\n",
/// );
/// # Ok::<_, mailrail_smtp::SyntaxError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Received<'a> {
    /// Who the client said it is.
    pub from: &'a str,
    /// The address that it came from.
    pub address: Option<IpAddr>,
    /// The name that the DNS has for that address, where it was asked.
    pub name: Option<&'a str>,
    /// The server.
    pub by: &'a Domain<'a>,
    /// How the message came.
    pub with: Protocol,
    /// What the server calls the message; left out where it is no atom.
    pub id: Option<&'a str>,
    /// Whom it is for, where it has that recipient alone: others must not learn of each other.
    pub recipient: Option<&'a ForwardPath<'a>>,
    /// The date and time, as in a message's header.
    pub date: &'a str,
}

impl<'a> Received<'a> {
    /// What every such field has.
    #[must_use]
    pub const fn new(from: &'a str, by: &'a Domain<'a>, with: Protocol, date: &'a str) -> Self {
        Self { from, address: None, name: None, by, with, id: None, recipient: None, date }
    }
}

/// Text of which no character can end the field or begin a comment.
struct Plain<'a>(&'a str);

impl fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write as _;
        self.0.chars().try_for_each(|char| {
            let fits = is_printable(char) && !matches!(char, '(' | ')' | '\\' | ';');
            f.write_char(if fits { char } else { '?' })
        })
    }
}

impl fmt::Display for Received<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Received: from {}", Plain(self.from))?;
        let address = self.address.map(|address| address.to_canonical());
        if self.name.is_some() || address.is_some() {
            f.write_str(" (")?;
            if let Some(name) = self.name {
                write!(f, "{}", Plain(name))?;
            }
            if let (Some(_), Some(_)) = (self.name, address) {
                f.write_str(" ")?;
            }
            match address {
                Some(IpAddr::V4(address)) => write!(f, "[{address}]")?,
                Some(IpAddr::V6(address)) => write!(f, "[IPv6:{address}]")?,
                None => {}
            }
            f.write_str(")")?;
        }
        write!(f, "\r\n\tby {} with {}", self.by, self.with)?;
        let is_atom = |id: &&str| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_graphic());
        if let Some(id) = self.id.filter(is_atom) {
            write!(f, " id {}", Plain(id))?;
        }
        if let Some(recipient) = self.recipient {
            write!(f, "\r\n\tfor {recipient}")?;
        }
        write!(f, ";\r\n\t{}\r\n", Plain(self.date))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString as _;

    #[test]
    fn nothing_ends_it_early() {
        let by: Domain<'_> = "b".parse().unwrap();
        let recipient: ForwardPath<'_> = "<\"c d\"@e>".parse().unwrap();
        let mut received = Received::new("a\r\nX: y(", &by, Protocol::Utf8Lmtpsa, "now;\n");
        (received.id, received.name) = (Some("a b"), Some("n)"));
        received.address = Some("::ffff:192.0.2.1".parse().unwrap());
        received.recipient = Some(&recipient);
        assert_eq!(
            received.to_string(),
            "Received: from a??X: y? (n? [192.0.2.1])\r\n\tby b with UTF8LMTPSA\r\n\t\
             for <\"c d\"@e>;\r\n\tnow??\r\n"
        );
        received.address = Some("2001:db8::1".parse().unwrap());
        assert!(received.to_string().contains("(n? [IPv6:2001:db8::1])"));
    }
}
