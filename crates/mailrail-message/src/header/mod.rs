//! Header blocks and their fields. Each field with a grammar of its own has a file beside this one.

pub(crate) mod address;
pub(crate) mod address_list;
pub(crate) mod authentication_results;
pub(crate) mod auto_submitted;
pub(crate) mod content_disposition;
pub(crate) mod content_transfer_encoding;
pub(crate) mod content_type;
pub(crate) mod date;
pub(crate) mod external_body;
pub(crate) mod hops;
pub(crate) mod keys;
pub(crate) mod list;
pub(crate) mod message_id;
pub(crate) mod notification_options;
pub(crate) mod parameter;
pub(crate) mod partial;
pub(crate) mod plain_address;
pub(crate) mod received;
pub(crate) mod return_path;
pub(crate) mod select;
pub(crate) mod stamp;
mod typed;

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::ops::Range;

use memchr::memchr2;

use crate::encoding::encoded_word;
use crate::error::SyntaxError;
use crate::grammar::without_comments;
use crate::limits::{Limits, ValueLimits};
use crate::scan::{from, is_fws, slice, trim, trim_end, trim_start};
use crate::structure::{NameKey, Span};
use address::Address;
use address_list::RawAddresses;
use content_disposition::ContentDisposition;
use content_transfer_encoding::TransferEncoding;
use content_type::ContentType;
use date::DateTime;
use message_id::{MessageId, MessageIds};

/// The fields of a header block, in their order.
#[derive(Clone, Copy)]
pub struct Headers<'m> {
    raw: &'m [u8],
    start: usize,
    end: usize,
    spans: &'m [Span],
    limits: &'m Limits,
}

impl core::fmt::Debug for Headers<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_list().entries(self.iter().map(Field::name)).finish()
    }
}

impl<'m> Headers<'m> {
    pub(crate) const fn new(
        raw: &'m [u8],
        range: Range<usize>,
        spans: &'m [Span],
        limits: &'m Limits,
    ) -> Self {
        Self { raw, start: range.start, end: range.end, spans, limits }
    }

    /// Where the block stands in the message, the empty line behind it included.
    pub const fn range(&self) -> Range<usize> {
        self.start..self.end
    }

    /// All fields.
    pub fn iter(&self) -> Fields<'m> {
        Fields { raw: self.raw, spans: self.spans.iter(), limits: self.limits }
    }

    /// The first field of a name; case does not count.
    pub fn field(&self, name: &str) -> Option<Field<'m>> {
        let key = NameKey::of(name.as_bytes())?;
        let span = self.spans.iter().find(|span| span.is_named(self.raw, name.as_bytes(), key))?;
        Some(Field::new(slice(self.raw, span.range()), *span, self.limits))
    }

    /// All fields of a name; case does not count.
    pub fn all<'n>(&self, name: &'n str) -> impl Iterator<Item = Field<'m>> + use<'m, 'n> {
        let Self { raw, spans, limits, .. } = *self;
        let key = NameKey::of(name.as_bytes());
        let spans = key.into_iter().flat_map(move |key| {
            spans.iter().filter(move |span| span.is_named(raw, name.as_bytes(), key))
        });
        spans.map(move |span| Field::new(slice(raw, span.range()), *span, limits))
    }

    /// The addresses of the first field of a name, undecoded, as IMAP's ENVELOPE wants them; empty without such a field.
    pub fn raw_addresses(&self, name: &str) -> RawAddresses<'m> {
        RawAddresses::new(self.value(name), self.limits.of_values())
    }

    /// The addresses of the first field of a name.
    pub fn addresses(&self, name: &str) -> Vec<Address<'m>> {
        let mut list = Vec::new();
        Address::append(self.raw_addresses(name), &mut list);
        list
    }

    /// The addresses of all fields of a name, one list (RFC 5322 §4.5.3).
    fn all_addresses(&self, name: &str) -> Vec<Address<'m>> {
        let mut list = Vec::new();
        let Some(key) = NameKey::of(name.as_bytes()) else { return list };
        for span in self.spans {
            if span.is_named(self.raw, name.as_bytes(), key) {
                let field = Field::new(slice(self.raw, span.range()), *span, self.limits);
                Address::append(field.raw_addresses(), &mut list);
            }
        }
        list
    }

    /// `From`, the authors (RFC 5322 §3.6.2).
    pub fn from(&self) -> Vec<Address<'m>> {
        self.addresses("From")
    }

    /// `Sender`, who sent it for the authors.
    pub fn sender(&self) -> Vec<Address<'m>> {
        self.addresses("Sender")
    }

    /// `Reply-To`, where answers go.
    pub fn reply_to(&self) -> Vec<Address<'m>> {
        self.addresses("Reply-To")
    }

    /// `To`, the main recipients (RFC 5322 §3.6.3). Several such fields count as one list.
    pub fn to(&self) -> Vec<Address<'m>> {
        self.all_addresses("To")
    }

    /// `Cc`, further recipients. Several such fields count as one list.
    pub fn cc(&self) -> Vec<Address<'m>> {
        self.all_addresses("Cc")
    }

    /// `Bcc`, recipients that the others do not see. Several such fields count as one list.
    pub fn bcc(&self) -> Vec<Address<'m>> {
        self.all_addresses("Bcc")
    }

    /// `Subject`, decoded (RFC 5322 §3.6.5).
    pub fn subject(&self) -> Option<Cow<'m, str>> {
        self.field("Subject").map(Field::text)
    }

    /// `Date`, when the message was finished (RFC 5322 §3.6.1); `None` also where it does not parse.
    pub fn date(&self) -> Option<DateTime> {
        self.field("Date").and_then(Field::date)
    }

    /// `Message-ID` (RFC 5322 §3.6.4).
    pub fn message_id(&self) -> Option<MessageId<'m>> {
        self.field("Message-ID").and_then(|field| field.message_ids().next())
    }

    /// `In-Reply-To`, the messages that this one answers.
    pub fn in_reply_to(&self) -> MessageIds<'m> {
        self.message_ids("In-Reply-To")
    }

    /// `References`, the thread that it stands in, oldest first.
    pub fn references(&self) -> MessageIds<'m> {
        self.message_ids("References")
    }

    /// The raw value of the first field of a name; empty without such a field.
    fn value(&self, name: &str) -> &'m [u8] {
        self.field(name).map(Field::raw_value).unwrap_or_default()
    }

    fn message_ids(&self, name: &str) -> MessageIds<'m> {
        MessageIds::new(self.value(name), self.limits.of_values())
    }

    /// `Content-ID` (RFC 2045 §7).
    pub fn content_id(&self) -> Option<MessageId<'m>> {
        self.message_ids("Content-ID").next()
    }

    /// `Content-Disposition` (RFC 2183).
    pub fn content_disposition(&self) -> Option<ContentDisposition<'m>> {
        self.field("Content-Disposition")?.content_disposition().ok()
    }

    /// `Content-Transfer-Encoding`; 7bit without such a field (RFC 2045 §6.1).
    pub fn content_transfer_encoding(&self) -> TransferEncoding<'m> {
        self.field("Content-Transfer-Encoding")
            .map_or(TransferEncoding::SevenBit, Field::content_transfer_encoding)
    }

    /// `Content-Description` (RFC 2045 §8), decoded.
    pub fn content_description(&self) -> Option<Cow<'m, str>> {
        self.field("Content-Description").map(Field::text)
    }

    /// `MIME-Version` without its comments (RFC 2045 §4), such as `1.0`.
    pub fn mime_version(&self) -> Option<Cow<'m, str>> {
        let value = self.field("MIME-Version")?.raw_value();
        Some(crate::encoding::charset::guess_cow(without_comments(value, self.limits.of_values())))
    }
}

/// One header field.
#[derive(Clone, Copy)]
pub struct Field<'m> {
    raw: &'m [u8],
    span: Span,
    limits: &'m Limits,
}

impl core::fmt::Debug for Field<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Field").field("name", &self.name()).field("range", &self.range()).finish()
    }
}

impl<'m> Field<'m> {
    /// A field of a message: `raw` are the bytes of the field alone.
    pub(crate) const fn new(raw: &'m [u8], span: Span, limits: &'m Limits) -> Self {
        Self { raw, span, limits }
    }

    /// Its name, as it is written.
    pub fn name(self) -> &'m str {
        // Only lines whose name is ASCII are indexed as fields.
        core::str::from_utf8(self.raw_name()).unwrap_or_default()
    }

    /// Whether it has this name; case does not count.
    pub fn is_named(self, name: &str) -> bool {
        self.raw_name().eq_ignore_ascii_case(name.as_bytes())
    }

    fn raw_name(self) -> &'m [u8] {
        slice(self.raw, 0..self.span.name.length())
    }

    /// Where it stands in the message, its line end included.
    pub const fn range(self) -> Range<usize> {
        self.span.start..self.span.start.saturating_add(self.span.length as usize)
    }

    /// The whole field as it stands, its line end included.
    pub const fn raw(self) -> &'m [u8] {
        self.raw
    }

    /// Where the value starts: bytes from the start of the message.
    pub(crate) fn value_start(self) -> usize {
        self.span.start + usize::from(self.span.colon) + 1
    }

    /// What stands behind the colon as it stands, folds and all, without the last line end.
    pub fn raw_value(self) -> &'m [u8] {
        let value = from(self.raw, usize::from(self.span.colon) + 1);
        trim_end(value, |byte| matches!(byte, b'\r' | b'\n'))
    }

    /// What of its value says how a message is built.
    pub(crate) fn structural_value(self) -> &'m [u8] {
        let span = Span { start: 0, ..self.span };
        span.structural_value(self.raw, self.limits.field_bytes)
    }

    /// The limits that its value is read within.
    pub(crate) const fn limits(self) -> ValueLimits {
        self.limits.of_values()
    }

    /// The value unfolded (RFC 5322 §2.2.3): line ends and the white space before its first word are gone, nothing else.
    pub fn unfolded(self) -> Cow<'m, [u8]> {
        unfold(self.raw_value())
    }

    /// The value as text: unfolded, its encoded words decoded (RFC 2047), without white space around it.
    ///
    /// Other bytes that are not ASCII are taken as UTF-8, or as windows-1252 where they are not.
    pub fn text(self) -> Cow<'m, str> {
        encoded_word::decode_within(trim(self.raw_value()), self.limits())
    }

    /// The value as a list of addresses.
    pub fn addresses(self) -> Vec<Address<'m>> {
        let mut list = Vec::new();
        Address::append(self.raw_addresses(), &mut list);
        list
    }

    /// The value as a list of addresses, undecoded.
    pub fn raw_addresses(self) -> RawAddresses<'m> {
        RawAddresses::new(self.raw_value(), self.limits())
    }

    /// The value as a list of message identifiers.
    pub fn message_ids(self) -> MessageIds<'m> {
        MessageIds::new(self.raw_value(), self.limits())
    }

    /// Whether it is `TLS-Required: No` (RFC 8689 §3): see [`Headers::is_tls_waived`].
    pub fn is_tls_waiver(self) -> bool {
        self.is_named("TLS-Required") && trim(self.raw_value()).eq_ignore_ascii_case(b"No")
    }

    /// The value as a date, as `Date`, `Resent-Date` and others hold it; `None` where it is none.
    pub fn date(self) -> Option<DateTime> {
        DateTime::parse_within(self.raw_value(), self.limits()).ok()
    }

    pub(crate) fn content_type(self) -> Result<ContentType<'m>, SyntaxError> {
        ContentType::parse_within(self.structural_value(), self.limits())
    }

    pub(crate) fn content_disposition(self) -> Result<ContentDisposition<'m>, SyntaxError> {
        ContentDisposition::parse_within(self.raw_value(), self.limits())
    }

    pub(crate) fn content_transfer_encoding(self) -> TransferEncoding<'m> {
        TransferEncoding::parse_within(self.structural_value(), self.limits())
    }
}

pub(crate) fn unfold(value: &[u8]) -> Cow<'_, [u8]> {
    let value = trim_start(value, is_fws);
    if memchr2(b'\r', b'\n', value).is_none() {
        return Cow::Borrowed(value);
    }
    Cow::Owned(value.iter().copied().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect())
}

/// The fields of a header block. Made by [`Headers::iter`].
#[derive(Debug, Clone)]
pub struct Fields<'m> {
    raw: &'m [u8],
    spans: core::slice::Iter<'m, Span>,
    limits: &'m Limits,
}

impl<'m> Iterator for Fields<'m> {
    type Item = Field<'m>;

    fn next(&mut self) -> Option<Field<'m>> {
        let span = *self.spans.next()?;
        Some(Field::new(slice(self.raw, span.range()), span, self.limits))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.spans.size_hint()
    }
}

impl ExactSizeIterator for Fields<'_> {}

impl<'m> IntoIterator for Headers<'m> {
    type Item = Field<'m>;
    type IntoIter = Fields<'m>;

    fn into_iter(self) -> Fields<'m> {
        self.iter()
    }
}

impl<'m> IntoIterator for &Headers<'m> {
    type Item = Field<'m>;
    type IntoIter = Fields<'m>;

    fn into_iter(self) -> Fields<'m> {
        self.iter()
    }
}
