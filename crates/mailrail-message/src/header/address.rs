//! Addresses with decoded names.

use alloc::borrow::{Cow, ToOwned};
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::encoding::{charset, encoded_word};
use crate::error::SyntaxError;
use crate::grammar::{is_dot_atom, quoted};
use crate::header::address_list::{RawAddress, RawAddresses, RawMailbox};
use crate::header::plain_address::PlainMailbox;
use crate::limits::ValueLimits;
use crate::scan::slice;

/// One item of an address list: a mailbox, or a named group of them (RFC 5322 §3.4).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Address<'a> {
    /// One mailbox.
    Mailbox(Mailbox<'a>),
    /// A group.
    Group(Group<'a>),
}

/// A named group of mailboxes, perhaps of none.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Group<'a> {
    /// Its name, decoded.
    pub name: Cow<'a, str>,
    /// Who is in it.
    pub members: Vec<Mailbox<'a>>,
}

impl<'a> Group<'a> {
    /// A group of this name.
    pub fn new(name: impl Into<Cow<'a, str>>, members: Vec<Mailbox<'a>>) -> Self {
        Self { name: name.into(), members }
    }

    /// The same, owning its text.
    pub fn into_owned(self) -> Group<'static> {
        Group {
            name: Cow::Owned(self.name.into_owned()),
            members: self.members.into_iter().map(Mailbox::into_owned).collect(),
        }
    }
}

/// An address with the name of whom it belongs to.
///
/// One that was read from a message holds what was written there, valid or not; the builder checks again.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Mailbox<'a> {
    name: Option<Cow<'a, str>>,
    /// `local@domain` without the quotes of the local part, or that alone where there is no domain.
    address: Cow<'a, str>,
    /// How long the local part is.
    local: usize,
    /// Whether the local part has to be quoted.
    needs_quotes: bool,
}

impl<'a> Address<'a> {
    /// Puts the items behind those of a list.
    pub(crate) fn append(mut items: RawAddresses<'a>, list: &mut Vec<Self>) {
        let limits = items.limits();
        let mut group: Option<Group<'a>> = None;
        while !items.is_done() {
            let mailbox = match items.plain() {
                Some(plain) => Mailbox::decode_plain(&plain, limits),
                None => match items.item() {
                    None => return,
                    Some(RawAddress::Mailbox(raw)) => Mailbox::decode(raw, limits),
                    Some(RawAddress::GroupStart(name)) => {
                        let name = encoded_word::decode_cow(name, limits);
                        group = Some(Group::new(name, Vec::new()));
                        continue;
                    }
                    Some(RawAddress::GroupEnd) => {
                        list.extend(group.take().map(Self::Group));
                        continue;
                    }
                },
            };
            match &mut group {
                Some(group) => group.members.push(mailbox),
                None => list.push(Self::Mailbox(mailbox)),
            }
        }
    }

    /// Reads a list as a `To` field holds it, within the default [`Limits`](crate::Limits). Takes anything, as the fields
    /// of a message are taken.
    pub fn parse_list(text: &'a [u8]) -> Vec<Self> {
        let mut list = Vec::new();
        Self::append(RawAddresses::new(text, ValueLimits::DEFAULT), &mut list);
        list
    }

    /// The mailboxes: one, or all of a group.
    pub fn mailboxes(&self) -> &[Mailbox<'a>] {
        match self {
            Self::Mailbox(mailbox) => core::slice::from_ref(mailbox),
            Self::Group(group) => &group.members,
        }
    }

    /// The same, owning its text.
    pub fn into_owned(self) -> Address<'static> {
        match self {
            Self::Mailbox(mailbox) => Address::Mailbox(mailbox.into_owned()),
            Self::Group(group) => Address::Group(group.into_owned()),
        }
    }
}

impl<'a> From<Mailbox<'a>> for Address<'a> {
    fn from(mailbox: Mailbox<'a>) -> Self {
        Self::Mailbox(mailbox)
    }
}

impl<'a> From<Group<'a>> for Address<'a> {
    fn from(group: Group<'a>) -> Self {
        Self::Group(group)
    }
}

impl<'a> Mailbox<'a> {
    /// An address without a name.
    ///
    /// # Errors
    /// If it is not `local@domain` (RFC 5322 §3.4.1); the local part may be quoted, and both may hold UTF-8 (RFC 6532).
    pub fn new(address: &'a str) -> Result<Self, SyntaxError> {
        // Nearly all are of this plain form, which needs no parser.
        if let Some((local, domain)) = address.split_once('@')
            && address.is_ascii()
            && is_dot_atom(local.as_bytes())
            && is_dot_atom(domain.as_bytes())
        {
            let (address, local) = (address.into(), local.len());
            return Ok(Self { name: None, address, local, needs_quotes: false });
        }
        // A header field may be folded; an address by itself may not.
        if let Some(at) = address.find(char::is_control) {
            return Err(SyntaxError::new(at, "no control character"));
        }
        let mailbox = Self::parse(address)?;
        // Nothing but the address may stand there: no comment, no second word.
        let local = address.strip_suffix(mailbox.domain()).and_then(|rest| rest.strip_suffix('@'));
        let is_quoted = |local: &str| matches!(quoted(local.as_bytes()), Some(([], _)));
        if local.is_some_and(|local| is_dot_atom(local.as_bytes()) || is_quoted(local)) {
            Ok(mailbox)
        } else {
            Err(SyntaxError::new(0, "an address alone"))
        }
    }

    /// The same address with a name.
    #[must_use]
    pub fn with_name(self, name: impl Into<Cow<'a, str>>) -> Self {
        Self { name: Some(name.into()), ..self }
    }

    /// Reads one mailbox as a person writes it: `ann@north.test`, or `Ann Lee <ann@north.test>`.
    ///
    /// # Errors
    /// If it is not one mailbox with a valid address.
    pub fn parse(text: &'a str) -> Result<Self, SyntaxError> {
        let mut list = RawAddresses::new(text.as_bytes(), ValueLimits::DEFAULT);
        let (Some(RawAddress::Mailbox(raw)), None) = (list.next(), list.next()) else {
            return Err(SyntaxError::new(0, "one address"));
        };
        if raw.route.is_some() || list.junk().is_some() {
            return Err(SyntaxError::new(0, "one address and nothing else"));
        }
        let mailbox = Self::decode(raw, ValueLimits::DEFAULT);
        if mailbox.is_valid() {
            Ok(mailbox)
        } else {
            let at = text.find('@').unwrap_or(text.len());
            Err(SyntaxError::new(at, "a local part, an at sign and a domain"))
        }
    }

    pub(crate) fn decode(raw: RawMailbox<'a>, limits: ValueLimits) -> Self {
        let name = raw.name.map(|name| encoded_word::decode_cow(name, limits));
        let (mut address, domain) = (charset::guess_cow(raw.local), charset::guess_cow(raw.host));
        let local = address.len();
        let needs_quotes = local > 0 && !is_dot_atom(address.as_bytes());
        if !domain.is_empty() {
            let address = address.to_mut();
            address.reserve_exact(1 + domain.len());
            address.push('@');
            address.push_str(&domain);
        }
        Self { name: name.filter(|name| !name.is_empty()), address, local, needs_quotes }
    }

    fn decode_plain(raw: &PlainMailbox<'a>, limits: ValueLimits) -> Self {
        let Ok(address) = core::str::from_utf8(raw.address) else {
            return Self::decode(raw.raw(), limits);
        };
        let name = raw.name.map(|name| encoded_word::decode_unfolded(name, limits));
        Self {
            name: name.filter(|name| !name.is_empty()),
            address: Cow::Borrowed(address),
            local: raw.local,
            needs_quotes: !is_dot_atom(slice(raw.address, 0..raw.local)),
        }
    }

    /// The display name, decoded.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// What stands before the `@`, without quotes.
    pub fn local_part(&self) -> &str {
        self.address.get(..self.local).unwrap_or_default()
    }

    /// What stands behind the `@`; empty where there was none.
    pub fn domain(&self) -> &str {
        self.address.get(self.local + 1..).unwrap_or_default()
    }

    /// The address, `local@domain`, its local part quoted where it must be. Borrowed where it is not.
    pub fn address(&self) -> Cow<'_, str> {
        if !self.needs_quotes {
            return Cow::Borrowed(&self.address);
        }
        let mut address = quote(self.local_part());
        address.push_str(self.address.get(self.local..).unwrap_or_default());
        Cow::Owned(address)
    }

    pub(crate) fn into_local(self) -> Cow<'a, str> {
        match self.address {
            Cow::Borrowed(address) => Cow::Borrowed(address.get(..self.local).unwrap_or_default()),
            Cow::Owned(mut address) => {
                address.truncate(self.local);
                Cow::Owned(address)
            }
        }
    }

    /// The name, or the address where there is none.
    pub(crate) fn into_display(self) -> Cow<'a, str> {
        match self.name {
            Some(name) => name,
            None => self.into_address(),
        }
    }

    pub(crate) fn into_address(self) -> Cow<'a, str> {
        if self.needs_quotes {
            return Cow::Owned(self.address().into_owned());
        }
        self.address
    }

    /// Whether it can stand in a message: a local part, and a domain name or an address literal.
    pub fn is_valid(&self) -> bool {
        let domain = self.domain();
        let literal = domain.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        let is_domain = match literal {
            Some(inner) => inner
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'[' | b'\\' | b']')),
            None => is_dot_atom(domain.as_bytes()),
        };
        is_domain && self.local > 0 && !self.address.chars().any(char::is_control)
    }

    /// The same, owning its text.
    pub fn into_owned(self) -> Mailbox<'static> {
        Mailbox {
            name: self.name.map(|name| Cow::Owned(name.into_owned())),
            address: Cow::Owned(self.address.into_owned()),
            ..self
        }
    }
}

/// Text as a `quoted-string` (RFC 5322 §3.2.4).
pub(crate) fn quote(text: &str) -> String {
    let mut quoted = "\"".to_owned();
    for letter in text.chars() {
        if matches!(letter, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(letter);
    }
    quoted.push('"');
    quoted
}

impl fmt::Display for Mailbox<'_> {
    /// For people to read: `Ann Lee <ann@north.test>`. Not for a header field: the name is not encoded.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{name} <{}>", self.address()),
            None => f.write_str(&self.address()),
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn names_are_decoded() {
        let list = Address::parse_list(
            b"=?utf-8?q?Andr=C3=A9?= <a@b.test>, G: \"=?utf-8?b?w6k=?=\" <c@d>;",
        );
        assert_eq!(list[0].mailboxes()[0].name(), Some("Andr\u{e9}"));
        assert_eq!(list[1].mailboxes()[0].name(), Some("\u{e9}"));
        assert_eq!(list[0].mailboxes()[0].to_string(), "Andr\u{e9} <a@b.test>");
    }

    #[test]
    fn one_mailbox_is_checked() {
        assert_eq!(Mailbox::new("a@b.test").unwrap().address(), "a@b.test");
        assert_eq!(Mailbox::new("\"a b\"@b.test").unwrap().address(), "\"a b\"@b.test");
        assert_eq!(Mailbox::parse("A <a@b.test>").unwrap().name(), Some("A"));
        assert!(Mailbox::new("\"a\r\n b\"@c.test").is_err());
        for bad in
            ["", "a", "a@", "@b", "a@b, c@d", "a@b c@d\n@", "<a@b", "a@b..c", "G:a@b;", "A <a@b>"]
        {
            let is_named = bad == "A <a@b>";
            assert!(Mailbox::new(bad).is_err(), "{bad}");
            assert_eq!(Mailbox::parse(bad).is_ok(), is_named, "{bad}");
        }
    }
}
