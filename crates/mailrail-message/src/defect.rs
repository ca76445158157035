//! What is wrong with a message, and where.

use core::fmt;

/// One fault of a message: what it is, and where it was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Defect {
    /// Where: bytes from the start of the message.
    pub offset: usize,
    /// What.
    pub kind: DefectKind,
}

/// A kind of fault. None of them stops a message from being read as far as it can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum DefectKind {
    /// A line of a header block ends in LF alone (RFC 5322 §2.3). Named once a message.
    BareLineFeed,
    /// The lines of the message end in CR alone. Named once a message.
    BareCarriageReturn,
    /// The message starts with a `From ` line of a mailbox file.
    MailboxFromLine,
    /// A header block starts with a continuation line.
    ContinuationWithoutField,
    /// A field without a name.
    MissingFieldName,
    /// White space between a field's name and its colon (obsolete, RFC 5322 §4.5).
    SpaceBeforeColon,
    /// A header block is not followed by an empty line; the line that is no field starts the body.
    MissingBlankLine,
    /// A header block is longer than [`Limits::header_bytes`](crate::Limits::header_bytes).
    HeaderTooLong,
    /// A field is longer than [`Limits::field_bytes`](crate::Limits::field_bytes).
    FieldTooLong,
    /// The message has more fields than [`Limits::fields`](crate::Limits::fields).
    TooManyFields,
    /// The message has more parts than [`Limits::parts`](crate::Limits::parts).
    TooManyParts,
    /// Parts stand inside one another deeper than [`Limits::depth`](crate::Limits::depth).
    TooDeep,
    /// A field has more parameters than [`Limits::parameters`](crate::Limits::parameters).
    TooManyParameters,
    /// Comments of a field stand inside one another deeper than [`Limits::comment_depth`](crate::Limits::comment_depth).
    CommentTooDeep,
    /// A text has more encoded words than [`Limits::encoded_words`](crate::Limits::encoded_words).
    TooManyEncodedWords,
    /// A `Content-Type` that does not parse: the part is taken as text/plain (RFC 2045 §5.2).
    InvalidContentType,
    /// A multipart without a boundary: it is taken as a leaf.
    MissingBoundary,
    /// The boundary of a multipart is longer than [`Limits::boundary`](crate::Limits::boundary): it is taken as a leaf.
    BoundaryTooLong,
    /// The boundary of a multipart never occurs: it has no parts.
    BoundaryNotFound,
    /// A multipart ends without its closing boundary.
    MissingClosingBoundary,
    /// A delimiter of a multipart that is closed already: what follows it is no part. Named once a multipart.
    RepeatedBoundary,
    /// An embedded message under base64 or quoted-printable, which RFC 2046 §5.2.1 forbids for message/rfc822: under base64 it is
    /// taken as a leaf, under quoted-printable it is read as if it were not encoded.
    EncodedMessage,
    /// A multipart under base64 or quoted-printable, which RFC 2045 §6.4 forbids: it is read as if it were not.
    EncodedMultipart,
    /// A `Date` that does not parse.
    InvalidDate,
    /// A date that is read, but is written in none of the forms of RFC 5322 §3.3 and §4.3, or names another day of the week.
    UnusualDate,
    /// A field that must occur once at most occurs again (RFC 5322 §3.6). The first one counts.
    RepeatedField,
    /// A field's value holds bytes that are neither ASCII nor UTF-8.
    UndeclaredCharset,
    /// What starts as an encoded word and does not go on as one (RFC 2047 §2): it stays as it is, or is decoded as far as
    /// it can be.
    InvalidEncodedWord,
    /// An encoded word in a quoted string or a parameter, where none may stand (RFC 2047 §5): it is decoded all the same.
    MisplacedEncodedWord,
    /// A parameter that does not follow its grammar (RFC 2045 §5.1) or is there twice, or whose pieces or escapes do not (RFC 2231): it is read as far
    /// as it makes sense.
    InvalidParameter,
    /// A comment, a quoted string or a group of addresses that nothing closes.
    Unclosed,
    /// What stands in an address list and is no address.
    InvalidAddress,
    /// What stands in a list of message identifiers and is none.
    InvalidMessageId,
    /// Another field whose value does not follow its grammar.
    InvalidValue,
    /// A field's value holds a control character, a CR that ends no line among them. It stays.
    ControlCharacter,
    /// A line of a header block ends in CR CR LF, which is taken for one line end. Named once a message.
    DoubledCarriageReturn,
    /// A line has more than 998 bytes (RFC 5322 §2.1.1). Named once a header block and once a body.
    LineTooLong,
    /// A `Content-Transfer-Encoding` that nobody knows: the body stays as it is.
    UnknownTransferEncoding,
    /// A charset that nobody knows: the text is taken as UTF-8, or as windows-1252 where it is not.
    UnknownCharset,
    /// Bytes in a base64 body that are no base64.
    InvalidBase64,
    /// An escape in a quoted-printable body that is none.
    InvalidQuotedPrintable,
    /// A uuencoded body without its `begin` or `end` line, or with a line that is none.
    InvalidUuencode,
    /// A body that says it is 7bit, or says nothing, and holds other bytes (RFC 2045 §2.7).
    UndeclaredEightBit,
    /// A text that is not valid in its charset: what is not shows as U+FFFD.
    InvalidText,
}

impl DefectKind {
    /// The fault in words.
    pub const fn description(self) -> &'static str {
        match self {
            Self::BareLineFeed => "line end without carriage return",
            Self::BareCarriageReturn => "line end without line feed",
            Self::MailboxFromLine => "mailbox file's From line",
            Self::ContinuationWithoutField => "continuation line without a field",
            Self::MissingFieldName => "field without a name",
            Self::SpaceBeforeColon => "white space before a colon",
            Self::MissingBlankLine => "no empty line behind the header",
            Self::HeaderTooLong => "header longer than the limit",
            Self::FieldTooLong => "field longer than the limit",
            Self::TooManyFields => "more fields than the limit",
            Self::TooManyParts => "more parts than the limit",
            Self::TooDeep => "parts nested deeper than the limit",
            Self::TooManyParameters => "more parameters than the limit",
            Self::CommentTooDeep => "comments nested deeper than the limit",
            Self::TooManyEncodedWords => "more encoded words than the limit",
            Self::InvalidContentType => "invalid content type",
            Self::MissingBoundary => "multipart without a boundary",
            Self::BoundaryTooLong => "boundary longer than the limit",
            Self::BoundaryNotFound => "boundary never occurs",
            Self::MissingClosingBoundary => "missing closing boundary",
            Self::RepeatedBoundary => "delimiter behind the closing boundary",
            Self::EncodedMessage => "embedded message under a transfer encoding",
            Self::EncodedMultipart => "multipart under a transfer encoding",
            Self::InvalidDate => "invalid date",
            Self::UnusualDate => "unusual form of a date",
            Self::RepeatedField => "field occurs more than once",
            Self::UndeclaredCharset => "field is neither ASCII nor UTF-8",
            Self::InvalidEncodedWord => "invalid encoded word",
            Self::MisplacedEncodedWord => "encoded word in a quoted string or parameter",
            Self::InvalidParameter => "invalid parameter",
            Self::Unclosed => "comment, quoted string or group that nothing closes",
            Self::InvalidAddress => "invalid address",
            Self::InvalidMessageId => "invalid message identifier",
            Self::InvalidValue => "invalid value of a field",
            Self::ControlCharacter => "control character in a field",
            Self::DoubledCarriageReturn => "line end with two carriage returns",
            Self::LineTooLong => "line longer than 998 bytes",
            Self::UnknownTransferEncoding => "unknown transfer encoding",
            Self::UnknownCharset => "unknown charset",
            Self::InvalidBase64 => "invalid base64",
            Self::InvalidQuotedPrintable => "invalid quoted-printable",
            Self::InvalidUuencode => "invalid uuencode",
            Self::UndeclaredEightBit => "bytes beyond ASCII in a body of 7 bits",
            Self::InvalidText => "text that is not valid in its charset",
        }
    }
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.kind.description(), self.offset)
    }
}
