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
    /// What the grammar of the field does not have.
    #[error("{0} holds a value outside its grammar")]
    InvalidValue(&'static str),
    /// A URI that cannot stand in a list field (RFC 2369 §2).
    #[error("{0} holds an invalid URI")]
    InvalidUri(&'static str),
    /// One-click needs a URI with `https:` (RFC 8058 §3.1).
    #[error("there is no https URI to unsubscribe with one click")]
    MissingOneClickUri,
    /// Not an enhanced status code (RFC 3463 §2).
    #[error("the status code is invalid")]
    InvalidStatus,
    /// A delivery report is about at least one recipient (RFC 3464 §2.1).
    #[error("the report names no recipient")]
    MissingRecipient,
    /// A feedback report sends the message or its header back (RFC 5965 §2).
    #[error("the report has nothing of the message")]
    MissingReturned,
    /// A content that comes from the caller in pieces cannot be written at once.
    #[error("a content is streamed")]
    StreamedContent,
    /// Content was given that nothing had asked for.
    #[error("no content is wanted now")]
    NotWanted,
    /// A streamed content has more or fewer bytes than it was said to have.
    #[error("a content is not as large as was announced")]
    WrongSize,
    /// A streamed message holds bytes or lines that it was declared not to hold.
    #[error("a content is not of the declared body type")]
    WrongBodyType,
    /// A part that is not encoded holds the boundary around it.
    #[error("a content holds the boundary")]
    BoundaryInContent,
}
