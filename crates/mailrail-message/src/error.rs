//! What a parser of one value and the builder refuse.

/// A value does not follow its grammar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected} at byte {offset}")]
#[non_exhaustive]
pub struct SyntaxError {
    /// Where the value stops making sense: bytes from its start.
    pub offset: usize,
    /// What should have stood there.
    pub expected: &'static str,
}

impl SyntaxError {
    pub(crate) const fn new(offset: usize, expected: &'static str) -> Self {
        Self { offset, expected }
    }

    /// The error at the place where `rest`, a tail of `whole`, starts.
    pub(crate) const fn at(whole: &[u8], rest: &[u8], expected: &'static str) -> Self {
        Self { offset: whole.len().saturating_sub(rest.len()), expected }
    }
}

/// A message or field that cannot be written as it was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A value holds CR, LF or NUL, with which it could pass for further lines.
    #[error("{0} holds a carriage return, line feed or NUL")]
    ForbiddenByte(&'static str),
    /// A message needs a `From` (RFC 5322 §3.6).
    #[error("the message has no From")]
    MissingFrom,
    /// A message needs a `Date` (RFC 5322 §3.6).
    #[error("the message has no Date")]
    MissingDate,
    /// A message from several authors needs a `Sender` (RFC 5322 §3.6.2).
    #[error("the message has several authors and no Sender")]
    MissingSender,
    /// Not `local@domain` as RFC 5322 §3.4.1 has it.
    #[error("{0} holds an invalid address")]
    InvalidAddress(&'static str),
    /// Not an identifier as RFC 5322 §3.6.4 has it.
    #[error("{0} holds an invalid message identifier")]
    InvalidMessageId(&'static str),
    /// Not a content type, or a multipart or message, which cannot be encoded as an attachment is.
    #[error("the attachment's content type is invalid")]
    InvalidContentType,
    /// Not a field name (RFC 5322 §3.6.8).
    #[error("the field name is invalid")]
    InvalidFieldName,
    /// The field has a method of its own, or the builder decides on it.
    #[error("the field is written by the builder itself")]
    ReservedField,
    /// A value that may only be ASCII holds something else.
    #[error("{0} holds a character that is not printable ASCII")]
    NotAscii(&'static str),
    /// A word that cannot be folded is longer than a line may be (998 bytes, RFC 5322 §2.1.1).
    #[error("{0} holds a word longer than a line")]
    LineTooLong(&'static str),
}
