//! `Received` as it is read (RFC 5321 §4.4, obsolete RFC 5322 §4.5.7).

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::net::IpAddr;

use crate::encoding::charset::guess_cow;
use crate::grammar::{Cursor, unescape};
use crate::header::date::DateTime;
use crate::limits::ValueLimits;
use crate::scan::{from, is_fws, slice, trim};

/// What one server says of how a message came to it.
///
/// Servers write much that the grammar does not have; whatever stands there is read as a list of clauses.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stamp<'a> {
    /// The clauses in their order: `from`, `by`, `via`, `with`, `id`, `for`. Further words belong to the clause before them.
    pub clauses: Vec<Clause<'a>>,
    /// When it came; `None` where there is no date that parses.
    pub date: Option<DateTime>,
}

/// One clause of a [`Stamp`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Clause<'a> {
    /// Its name, as it is written. Case does not count.
    pub name: &'a str,
    /// Its value, without angle brackets and comments.
    pub value: Cow<'a, str>,
    /// The comments in it.
    pub comments: Vec<Cow<'a, str>>,
}

const NAMES: [&str; 6] = ["from", "by", "via", "with", "id", "for"];

impl<'a> Stamp<'a> {
    /// Reads the value of a field, within the default [`Limits`](crate::Limits). Takes anything.
    ///
    /// ```abnf
    /// Stamp       = From-domain By-domain Opt-info [CFWS] ";" FWS date-time
    /// From-domain = "FROM" FWS Extended-Domain
    /// By-domain   = CFWS "BY" FWS Extended-Domain
    /// Opt-info    = [Via] [With] [ID] [For] [Additional-Registered-Clauses]
    /// ```
    pub fn parse(value: &'a [u8]) -> Self {
        Self::parse_within(value, ValueLimits::DEFAULT)
    }

    pub(crate) fn parse_within(value: &'a [u8], limits: ValueLimits) -> Self {
        let mut cursor = Cursor::new(value, limits);
        let mut clauses: Vec<Clause<'a>> = Vec::new();
        // Where the value of the last clause stands, as far as it is in one piece.
        let mut place = 0..0;
        let mut left = limits.parameters;
        loop {
            cursor.take_while(is_fws);
            if let Some(text) = cursor.comment() {
                if let Some(clause) = clauses.last_mut().filter(|_| left > 0) {
                    left -= 1;
                    clause.comments.push(guess_cow(unescape(trim(text))));
                }
                continue;
            }
            let next = cursor.peek().filter(|next| *next != b';');
            let start = cursor.at();
            let word = if next.is_some() { word(&mut cursor) } else { &[] };
            let is_name = |name: &&str| NAMES.iter().any(|known| known.eq_ignore_ascii_case(name));
            let name = core::str::from_utf8(word).ok().filter(|name| left > 0 && is_name(name));
            if next.is_none() || name.is_some() {
                if let Some(clause) = clauses.last_mut() {
                    clause.value = guess_cow(unescape(bare(slice(value, place))));
                }
                place = 0..0;
            } else if place.is_empty() {
                place = start..cursor.at();
            } else if trim(slice(value, place.end..start)).is_empty() {
                place.end = cursor.at();
            }
            if next.is_none() {
                break;
            }
            if let Some(name) = name {
                left -= 1;
                clauses.push(Clause { name, value: Cow::Borrowed(""), comments: Vec::new() });
            }
        }
        let date = DateTime::parse_within(from(value, cursor.at() + 1), limits).ok();
        Self { clauses, date }
    }

    /// The value of the first clause of a name; case does not count.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.clause(name).map(|clause| &*clause.value)
    }

    /// The first clause of a name; case does not count.
    pub fn clause(&self, name: &str) -> Option<&Clause<'a>> {
        self.clauses.iter().find(|clause| clause.name.eq_ignore_ascii_case(name))
    }

    /// What the client called itself in EHLO or HELO.
    pub fn from(&self) -> Option<&str> {
        self.get("from")
    }

    /// The server that wrote it.
    pub fn by(&self) -> Option<&str> {
        self.get("by")
    }

    /// The protocol: `ESMTPS`, `LMTP` … (RFC 3848).
    pub fn with(&self) -> Option<&str> {
        self.get("with")
    }

    /// The name that the server's log gives the message.
    pub fn id(&self) -> Option<&str> {
        self.get("id")
    }

    /// The recipient, as `local@domain`.
    pub fn recipient(&self) -> Option<&str> {
        self.get("for")
    }

    /// The client's address, which the comment behind its name tells, or the name itself where it is a literal.
    ///
    /// ```abnf
    /// TCP-info = address-literal / ( Domain FWS address-literal )
    /// ```
    pub fn address(&self) -> Option<IpAddr> {
        let clause = self.clause("from")?;
        let literal = |text: &str| {
            let (_, rest) = text.split_once('[')?;
            let (inner, _) = rest.split_once(']')?;
            let inner = match inner.get(..5) {
                Some(tag) if tag.eq_ignore_ascii_case("ipv6:") => inner.get(5..)?,
                _ => inner,
            };
            inner.trim().parse().ok()
        };
        let bare = |text: &str| text.split([' ', '\t']).find_map(|word| word.parse().ok());
        let mut comments = clause.comments.iter();
        let told = comments.clone().find_map(|comment| literal(comment));
        told.or_else(|| literal(&clause.value)).or_else(|| comments.find_map(|text| bare(text)))
    }

    /// The domain that the client's address leads to, which the comment behind its name tells.
    pub fn reverse(&self) -> Option<&str> {
        let comment = self.clause("from")?.comments.first()?;
        let name = comment.split([' ', '\t', '[']).next()?;
        let is_name = name.contains('.') && !name.contains('=') && name.parse::<IpAddr>().is_err();
        is_name.then_some(name)
    }
}

/// What stands here up to white space, a comment or the date.
fn word<'a>(cursor: &mut Cursor<'a>) -> &'a [u8] {
    let start = cursor.at();
    if cursor.quoted().is_some() {
        return cursor.since(start);
    }
    // At least one byte: what is no word stands for itself.
    cursor.go_to(start + 1);
    cursor.take_while(|byte| !is_fws(byte) && !matches!(byte, b';' | b'(' | b'"'));
    cursor.since(start)
}

fn bare(value: &[u8]) -> &[u8] {
    let inner = value.strip_prefix(b"<").and_then(|rest| rest.strip_suffix(b">"));
    inner.filter(|inner| !inner.contains(&b'>')).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::{String, ToString};

    use super::*;

    fn shown(text: &str) -> String {
        let stamp = Stamp::parse(text.as_bytes());
        let clauses = stamp.clauses.iter().map(|clause| {
            let comments: String = clause.comments.iter().map(|text| format!("({text})")).collect();
            format!("{}={}{comments}", clause.name, clause.value)
        });
        let clauses: Vec<String> = clauses.collect();
        let date = stamp.date.map(|date| date.rfc3339().to_string()).unwrap_or_default();
        format!("{} {date}", clauses.join(" "))
    }

    #[test]
    fn stamps_that_servers_write() {
        for (text, read) in [
            (
                "from x.y.test\r\n   by example.net\r\n   via TCP\r\n   with ESMTP\r\n   id ABC12345\r\n   for <mary@example.net>;  21 Nov 1997 10:05:43 -0600",
                "from=x.y.test by=example.net via=TCP with=ESMTP id=ABC12345 for=mary@example.net 1997-11-21T10:05:43-06:00",
            ),
            (
                "(qmail 123 invoked by uid 0); 21 Nov 1997 10:05:43 -0000",
                " 1997-11-21T10:05:43-00:00",
            ),
            (
                "from a.test (b.test [192.0.2.1]) (using TLS) by c.test with Microsoft SMTP Server (TLS) id 14.3; x",
                "from=a.test(b.test [192.0.2.1])(using TLS) by=c.test with=Microsoft SMTP Server(TLS) id=14.3 ",
            ),
            ("by c.test for \"a b\"@c.test", "by=c.test for=\"a b\"@c.test "),
            ("FROM a BY b FOR <c@d>,<e@f>", "FROM=a BY=b FOR=<c@d>,<e@f> "),
            ("", " "),
            ("; 21 Nov 1997 10:05", " 1997-11-21T10:05:00-00:00"),
        ] {
            assert_eq!(shown(text), read, "{text}");
        }
    }

    #[test]
    fn addresses_are_found() {
        for (text, address, reverse) in [
            ("from a (b.test [192.0.2.1])", "192.0.2.1", Some("b.test")),
            ("from a ([IPv6:2001:db8::1])", "2001:db8::1", None),
            ("from [192.0.2.7] by b", "192.0.2.7", None),
            ("from a (HELO x) (192.0.2.1)", "192.0.2.1", None),
            ("from a (192.0.2.1)", "192.0.2.1", None),
            ("from b.test (unknown [not an address])", "", None),
            ("by b", "", None),
        ] {
            let stamp = Stamp::parse(text.as_bytes());
            let found = stamp.address().map(|found| found.to_string()).unwrap_or_default();
            assert_eq!((found.as_str(), stamp.reverse()), (address, reverse), "{text}");
        }
    }

    #[test]
    fn every_input_is_read_once() {
        for unit in ["from a ", "from ", "a ", "(x)", "(", "\"", "\"a\" ", "<"] {
            let text = unit.repeat(50_000);
            let steps = crate::steps::of(|| Stamp::parse(text.as_bytes()));
            assert!(steps < 8 * text.len() as u64, "{unit}: {steps}");
        }
    }
}
