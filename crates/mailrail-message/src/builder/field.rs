//! Header fields as they are written.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use super::fold::Fold;
use crate::error::Error;
use crate::grammar::is_dot_atom;
use crate::header::address::{Address, Mailbox, quote};
use crate::header::authentication_results::AuthenticationResults;
use crate::header::auto_submitted::AutoSubmitted;
use crate::header::date::DateTime;
use crate::header::list::{ListId, write_uris};
use crate::header::message_id::MessageId;
use crate::header::notification_options::NotificationOption;

/// The value of a header field that is written.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FieldValue<'a> {
    /// Free text in any script, encoded where it must be (RFC 5322 §2.2.1, RFC 2047), such as `Comments`.
    Text(Cow<'a, str>),
    /// A value with a grammar of its own: printable ASCII, folded at its spaces and else as it is, such as `Precedence`.
    Structured(Cow<'a, str>),
    /// A list of addresses, such as `Resent-To`.
    Addresses(Vec<Address<'a>>),
    /// A date, such as `Resent-Date`.
    Date(DateTime),
    /// Identifiers in their order, such as `Resent-Message-ID`.
    MessageIds(Vec<MessageId<'a>>),
    /// Phrases in any script, such as `Keywords` (RFC 5322 §3.6.5).
    Phrases(Vec<Cow<'a, str>>),
    /// URIs, the preferred one first, such as `List-Post` (RFC 2369 §2).
    Uris(Vec<Cow<'a, str>>),
    /// `List-ID` (RFC 2919).
    ListId(ListId<'a>),
    /// `Auto-Submitted` (RFC 3834 §5).
    AutoSubmitted(AutoSubmitted<'a>),
    /// `Authentication-Results` (RFC 8601).
    AuthenticationResults(AuthenticationResults<'a>),
    /// `Disposition-Notification-Options` (RFC 8098 §2.2).
    NotificationOptions(Vec<NotificationOption<'a>>),
    /// What stands behind the colon, byte for byte: the space before it, its folds and any UTF-8 with it, without the last line end.
    /// A line end in it must be CRLF with white space behind it, and a folded line must not be empty.
    Raw(Cow<'a, [u8]>),
}

impl<'a> From<&'a str> for FieldValue<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for FieldValue<'_> {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl<'a> From<&'a String> for FieldValue<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(text.as_str().into())
    }
}

impl<'a> From<Cow<'a, str>> for FieldValue<'a> {
    fn from(text: Cow<'a, str>) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<Mailbox<'a>> for FieldValue<'a> {
    fn from(mailbox: Mailbox<'a>) -> Self {
        Self::Addresses(alloc::vec![mailbox.into()])
    }
}

impl<'a> From<Vec<Address<'a>>> for FieldValue<'a> {
    fn from(addresses: Vec<Address<'a>>) -> Self {
        Self::Addresses(addresses)
    }
}

impl From<DateTime> for FieldValue<'_> {
    fn from(date: DateTime) -> Self {
        Self::Date(date)
    }
}

impl<'a> From<MessageId<'a>> for FieldValue<'a> {
    fn from(id: MessageId<'a>) -> Self {
        Self::MessageIds(alloc::vec![id])
    }
}

impl<'a> From<Vec<MessageId<'a>>> for FieldValue<'a> {
    fn from(ids: Vec<MessageId<'a>>) -> Self {
        Self::MessageIds(ids)
    }
}

impl<'a> From<ListId<'a>> for FieldValue<'a> {
    fn from(id: ListId<'a>) -> Self {
        Self::ListId(id)
    }
}

impl<'a> From<AutoSubmitted<'a>> for FieldValue<'a> {
    fn from(auto: AutoSubmitted<'a>) -> Self {
        Self::AutoSubmitted(auto)
    }
}

impl<'a> From<AuthenticationResults<'a>> for FieldValue<'a> {
    fn from(results: AuthenticationResults<'a>) -> Self {
        Self::AuthenticationResults(results)
    }
}

impl<'a> From<Vec<NotificationOption<'a>>> for FieldValue<'a> {
    fn from(options: Vec<NotificationOption<'a>>) -> Self {
        Self::NotificationOptions(options)
    }
}

/// What an error calls a field of the caller's.
const ADDED: &str = "an added field";

impl FieldValue<'_> {
    /// Writes the field at the end of `out`.
    pub(crate) fn write(&self, out: &mut Vec<u8>, name: &str, utf8: bool) -> Result<(), Error> {
        let is_name = name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':');
        if name.is_empty() || name.len() > 70 || !is_name {
            return Err(Error::InvalidFieldName);
        }
        let mut line = Fold::begin(out, name).utf8(utf8);
        match self {
            Self::Text(text) => {
                check(ADDED, text)?;
                line.text(text);
            }
            Self::Structured(value) => {
                check(ADDED, value)?;
                if !value.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
                    return Err(Error::NotAscii(ADDED));
                }
                line.words(value);
            }
            Self::Addresses(addresses) => write_addresses(&mut line, ADDED, addresses)?,
            Self::Date(date) => line.date(date),
            Self::MessageIds(ids) => write_ids(&mut line, ADDED, ids)?,
            Self::Phrases(list) | Self::Uris(list) if list.is_empty() => {
                return Err(Error::InvalidValue(ADDED));
            }
            Self::Phrases(phrases) => write_phrases(&mut line, phrases)?,
            Self::Uris(uris) => write_uris(&mut line, ADDED, uris)?,
            Self::ListId(id) => id.write(&mut line)?,
            Self::AutoSubmitted(auto) => auto.write(&mut line)?,
            Self::AuthenticationResults(results) => results.write(&mut line)?,
            Self::NotificationOptions(options) => {
                if options.is_empty() {
                    return Err(Error::InvalidValue(ADDED));
                }
                for (at, option) in options.iter().enumerate() {
                    if at > 0 {
                        line.glue(";");
                    }
                    option.write(&mut line)?;
                }
            }
            Self::Raw(value) => {
                check_raw(name, value)?;
                line.raw(value);
            }
        }
        line.finish(ADDED)
    }
}

/// That a value cannot start a line of its own.
pub(crate) fn check(field: &'static str, value: &str) -> Result<(), Error> {
    match value.bytes().any(|byte| matches!(byte, b'\r' | b'\n' | b'\0')) {
        true => Err(Error::ForbiddenByte(field)),
        false => Ok(()),
    }
}

/// That each line of a raw value is a line of this field.
fn check_raw(name: &str, value: &[u8]) -> Result<(), Error> {
    let mut room = 998_usize.saturating_sub(name.len() + 1);
    let mut lines = value.split(|byte| *byte == b'\n').enumerate().peekable();
    while let Some((at, line)) = lines.next() {
        let text = if lines.peek().is_none() { Some(line) } else { line.strip_suffix(b"\r") };
        let is_fold = at == 0 || line.first().is_some_and(|first| crate::scan::is_wsp(*first));
        let Some(text) =
            text.filter(|text| is_fold && !text.contains(&b'\r') && !text.contains(&0))
        else {
            return Err(Error::ForbiddenByte(ADDED));
        };
        // A line of white space alone could be taken for the end of the header.
        if at > 0 && text.iter().all(|byte| crate::scan::is_wsp(*byte)) {
            return Err(Error::ForbiddenByte(ADDED));
        }
        if text.len() > room {
            return Err(Error::LineTooLong(ADDED));
        }
        room = 998;
    }
    core::str::from_utf8(value).map(drop).map_err(|_| Error::NotAscii(ADDED))
}

pub(super) fn write_addresses(
    line: &mut Fold<'_>,
    field: &'static str,
    addresses: &[Address<'_>],
) -> Result<(), Error> {
    for (at, address) in addresses.iter().enumerate() {
        if at > 0 {
            line.glue(",");
        }
        match address {
            Address::Mailbox(mailbox) => write_mailbox(line, field, mailbox)?,
            Address::Group(group) => {
                check(field, &group.name)?;
                line.phrase(&group.name);
                line.end_phrase(":");
                for (at, mailbox) in group.members.iter().enumerate() {
                    if at > 0 {
                        line.glue(",");
                    }
                    write_mailbox(line, field, mailbox)?;
                }
                line.glue(";");
            }
        }
    }
    Ok(())
}

fn write_mailbox(
    line: &mut Fold<'_>,
    field: &'static str,
    mailbox: &Mailbox<'_>,
) -> Result<(), Error> {
    if !mailbox.is_valid() {
        let is_broken = |part: &str| check(field, part);
        is_broken(mailbox.local_part()).and_then(|()| is_broken(mailbox.domain()))?;
        return Err(Error::InvalidAddress(field));
    }
    let local = mailbox.local_part();
    // What starts as an encoded word must not pass for one.
    let is_plain = is_dot_atom(local.as_bytes()) && !local.contains("=?");
    let local = match is_plain {
        true => Cow::Borrowed(local),
        false => Cow::Owned(quote(local)),
    };
    match mailbox.name().filter(|name| !name.is_empty()) {
        Some(name) => {
            check(field, name)?;
            line.phrase(name);
            line.joined(&["<", &local, "@", mailbox.domain(), ">"]);
        }
        None => line.joined(&[&local, "@", mailbox.domain()]),
    }
    Ok(())
}

fn write_phrases(line: &mut Fold<'_>, phrases: &[Cow<'_, str>]) -> Result<(), Error> {
    for (at, phrase) in phrases.iter().enumerate() {
        check(ADDED, phrase)?;
        if phrase.is_empty() {
            return Err(Error::InvalidValue(ADDED));
        }
        if at > 0 {
            line.end_phrase(",");
        }
        line.phrase(phrase);
    }
    Ok(())
}

pub(super) fn write_ids(
    line: &mut Fold<'_>,
    field: &'static str,
    ids: &[MessageId<'_>],
) -> Result<(), Error> {
    for id in ids {
        if !id.is_valid() {
            return Err(Error::InvalidMessageId(field));
        }
        line.joined(&["<", id.as_str(), ">"]);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_no_encoded_word() {
        let mailbox = Mailbox::new("=?utf-8@?q?a?=b").unwrap();
        let mut out = Vec::new();
        FieldValue::from(mailbox.clone()).write(&mut out, "To", false).unwrap();
        assert_eq!(out, b"To: \"=?utf-8\"@?q?a?=b\r\n");
        let read = Address::parse_list(b"\"=?utf-8\"@?q?a?=b");
        assert_eq!(read, [Address::Mailbox(mailbox)]);
    }

    #[test]
    fn raw_values_stay_in_their_field() {
        let write = |value: &[u8]| {
            let mut out = Vec::new();
            FieldValue::Raw(value.into()).write(&mut out, "X", false).map(|()| out)
        };
        assert_eq!(write(b" a\r\n\tb").unwrap(), b"X: a\r\n\tb\r\n");
        assert_eq!(write(b"").unwrap(), b"X:\r\n");
        for bad in [
            &b" a\r\nb"[..],
            b" a\n b",
            b" a\r b",
            b" a\r\n",
            b" a\r\n \r\n b",
            b" a\r\n ",
            b"\0",
            b"\r",
        ] {
            assert_eq!(write(bad), Err(Error::ForbiddenByte(ADDED)), "{:?}", bad.escape_ascii());
        }
        assert_eq!(write(b"\xff"), Err(Error::NotAscii(ADDED)));
        assert_eq!(write(&[b'x'; 997]), Err(Error::LineTooLong(ADDED)));
        assert_eq!(write(&[b'x'; 996]).unwrap().len(), 1000);
        assert_eq!(write(&[b"a\r\n ", &[b'x'; 998][..]].concat()), Err(Error::LineTooLong(ADDED)));
    }
}
