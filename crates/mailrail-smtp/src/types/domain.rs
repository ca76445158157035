//! Where a mailbox or a host is: a domain name or an address literal.

use super::Text;
use crate::{
    SyntaxError,
    grammar::{self, Parsed, byte, class, fail, many, whole},
};
use core::{
    fmt,
    net::{Ipv4Addr, Ipv6Addr},
};

/// A domain name of letters, digits and hyphens (RFC 5321 §4.1.2), or of characters beyond ASCII
/// (RFC 6531 §3.3), as it was written; compare it without regard to case.
///
/// ```
/// use mailrail_smtp::Domain;
///
/// let domain: Domain<'_> = "mx.south.test".parse()?;
/// assert_eq!(domain.as_str(), "mx.south.test");
/// assert!("south.test\r\nQUIT".parse::<Domain<'_>>().is_err());
/// # Ok::<_, mailrail_smtp::SyntaxError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Domain<'a>(Text<'a>);

impl<'a> Domain<'a> {
    /// Reads a domain name.
    ///
    /// # Errors
    ///
    /// Where `text` is anything else.
    pub fn parse(text: &'a [u8]) -> Result<Self, SyntaxError> {
        whole(text, grammar::domain).map(Self)
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whether it can be said without SMTPUTF8.
    #[must_use]
    pub fn is_ascii(&self) -> bool {
        self.0.is_ascii()
    }

    /// The same, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Domain<'static> {
        Domain(self.0.into_owned())
    }
}

impl fmt::Display for Domain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An address that stands for a domain, without its brackets (RFC 5321 §4.1.3).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "`General` holds all kinds to come")]
pub enum AddressLiteral<'a> {
    /// `[192.0.2.1]`
    V4(Ipv4Addr),
    /// `[IPv6:2001:db8::1]`
    V6(Ipv6Addr),
    /// `[tag:content]` with a tag that is not `IPv6`.
    General(GeneralLiteral<'a>),
}

/// An address of a kind that this crate does not know.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct GeneralLiteral<'a> {
    /// Both, with a colon between.
    text: Text<'a>,
}

impl GeneralLiteral<'_> {
    /// What kind of address it is.
    #[must_use]
    pub fn tag(&self) -> &str {
        self.text.as_str().split_once(':').unwrap_or_default().0
    }

    /// The address.
    #[must_use]
    pub fn content(&self) -> &str {
        self.text.as_str().split_once(':').unwrap_or_default().1
    }
}

impl AddressLiteral<'_> {
    /// The same, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> AddressLiteral<'static> {
        match self {
            Self::V4(address) => AddressLiteral::V4(address),
            Self::V6(address) => AddressLiteral::V6(address),
            Self::General(GeneralLiteral { text }) => {
                AddressLiteral::General(GeneralLiteral { text: text.into_owned() })
            }
        }
    }
}

/// As in a command, with its brackets.
impl fmt::Display for AddressLiteral<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::V4(address) => write!(f, "[{address}]"),
            Self::V6(address) => write!(f, "[IPv6:{address}]"),
            Self::General(GeneralLiteral { text }) => write!(f, "[{text}]"),
        }
    }
}

/// `Domain / address-literal` (RFC 5321 §4.1.1.1).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the RFC has these two")]
pub enum Host<'a> {
    /// By name.
    Domain(Domain<'a>),
    /// By address.
    Literal(AddressLiteral<'a>),
}

impl<'a> Host<'a> {
    /// Reads a domain name, or an address in brackets.
    ///
    /// # Errors
    ///
    /// Where `text` is anything else.
    pub fn parse(text: &'a [u8]) -> Result<Self, SyntaxError> {
        whole(text, host)
    }

    /// Whether it can be said without SMTPUTF8.
    #[must_use]
    pub fn is_ascii(&self) -> bool {
        match self {
            Self::Domain(domain) => domain.is_ascii(),
            Self::Literal(_) => true,
        }
    }

    /// The same, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Host<'static> {
        match self {
            Self::Domain(domain) => Host::Domain(domain.into_owned()),
            Self::Literal(literal) => Host::Literal(literal.into_owned()),
        }
    }
}

/// As in a command: an address has its brackets.
impl fmt::Display for Host<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Domain(domain) => domain.fmt(f),
            Self::Literal(literal) => literal.fmt(f),
        }
    }
}

impl<'a> From<Domain<'a>> for Host<'a> {
    fn from(domain: Domain<'a>) -> Self {
        Self::Domain(domain)
    }
}

super::from_str!(Domain);
super::from_str!(Host);

/// `( Domain / address-literal )`
#[inline]
pub(crate) fn host(text: &[u8]) -> Parsed<'_, Host<'_>> {
    if text.first() == Some(&b'[') {
        let (rest, literal) = address_literal(text)?;
        Ok((rest, Host::Literal(literal)))
    } else {
        let (rest, name) = grammar::domain(text)?;
        Ok((rest, Host::Domain(Domain(name))))
    }
}

/// ```text
/// address-literal         = "[" ( IPv4-address-literal / IPv6-address-literal /
///                           General-address-literal ) "]"
/// IPv6-address-literal    = "IPv6:" IPv6-addr
/// General-address-literal = Standardized-tag ":" 1*dcontent
/// dcontent                = %d33-90 / %d94-126
/// ```
fn address_literal(text: &[u8]) -> Parsed<'_, AddressLiteral<'_>> {
    const EXPECTED: &str = "an address literal";
    let (inner, ()) = byte(b'[', EXPECTED)(text)?;
    let (rest, content) = many(inner, EXPECTED, class::DCONTENT)?;
    let (rest, ()) = byte(b']', "]")(rest)?;
    // Those bytes are ASCII.
    let content = core::str::from_utf8(content).unwrap_or_default();
    let literal = match content.split_once(':') {
        None => content.parse().ok().map(AddressLiteral::V4),
        Some((tag, address)) if tag.eq_ignore_ascii_case("IPv6") => {
            address.parse().ok().map(AddressLiteral::V6)
        }
        Some((tag, address)) => {
            let is_general = !address.is_empty()
                && !tag.is_empty()
                && tag.bytes().all(|byte| grammar::is(byte, class::LDH))
                && !tag.ends_with('-');
            is_general.then_some(AddressLiteral::General(GeneralLiteral {
                text: Text::read(content.as_bytes()),
            }))
        }
    };
    match literal {
        Some(literal) => Ok((rest, literal)),
        None => fail(inner, EXPECTED),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString as _;

    #[test]
    fn hosts() {
        for text in [
            "a",
            "A-1.b2",
            "1.2.3.4",
            "[192.0.2.1]",
            "[IPv6:2001:db8::1]",
            "bücher.test",
            "[x-y:a\"!]",
        ] {
            let host = Host::parse(text.as_bytes()).unwrap();
            assert_eq!(host.to_string(), text);
            assert_eq!(text.parse(), Ok(host.into_owned()));
        }
        assert_eq!("[ipv6:::1]".parse::<Host<'_>>().unwrap().to_string(), "[IPv6:::1]");
        for text in [
            "",
            ".",
            "a.",
            ".a",
            "a..b",
            "-a",
            "a-",
            "a_b",
            "a b",
            "a\u{85}.test",
            "-ä",
            "a\0",
            "a\r\n",
            "[]",
            "[1.2.3]",
            "[1.2.3.4",
            "1.2.3.4]",
            "[IPv6:1.2.3.4]",
            "[IPv6:]",
            "[:a]",
            "[a-:b]",
            "[a:b c]",
            "[a:]",
            "[300.1.1.1]",
        ] {
            assert!(Host::parse(text.as_bytes()).is_err(), "{text:?}");
        }
    }
}
