//! How much of a message is read.

/// How far a message is followed, by [`Message::parse_with`](crate::Message::parse_with).
///
/// Past a limit nothing fails: what lies behind it stays raw bytes of the part or the field it is in, and a defect says
/// so. The defaults are what a mail server would choose: no mail that people send comes near them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// How many multiparts and embedded messages may stand inside one another (32). One that lies deeper is
    /// taken as a leaf.
    pub depth: usize,
    /// How many parts are indexed, containers counted (10,000). The multipart that passes it keeps the rest unread.
    pub parts: usize,
    /// How many bytes of one header block are indexed (1 MiB). Fields that start behind them are not listed.
    pub header_bytes: usize,
    /// How many bytes of one field, its name counted, say how a message is built (16 KiB). What a longer
    /// `Content-Type` says behind them does not count. A longer field is named as a defect, but listed whole.
    pub field_bytes: usize,
    /// How many fields of all header blocks together are indexed (100,000). Later ones are not listed.
    pub fields: usize,
    /// How many bytes a multipart's boundary may have (256; RFC 2046 §5.1.1 allows 70). A multipart with a longer
    /// one is taken as a leaf.
    pub boundary: usize,
    /// How many parameters of one field are read (256). Later ones do not count.
    pub parameters: usize,
    /// How deep comments may stand inside one another in a field (64). What opens deeper is text of the comment it is in.
    pub comment_depth: usize,
    /// How many encoded words of one text are decoded (1,000). Later ones stay as they are written.
    pub encoded_words: usize,
    /// How many defects are named (1,000). Later ones are forgotten.
    pub defects: usize,
}

impl Limits {
    /// The defaults, as a constant.
    pub const DEFAULT: Self = Self {
        depth: 32,
        parts: 10_000,
        header_bytes: 1024 * 1024,
        field_bytes: 16 * 1024,
        fields: 100_000,
        boundary: 256,
        parameters: 256,
        comment_depth: 64,
        encoded_words: 1000,
        defects: 1000,
    };
}

/// The limits of what is read inside a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ValueLimits {
    pub(crate) parameters: usize,
    pub(crate) comment_depth: usize,
    pub(crate) encoded_words: usize,
}

impl ValueLimits {
    pub(crate) const DEFAULT: Self = Limits::DEFAULT.of_values();
}

impl Limits {
    pub(crate) const fn of_values(&self) -> ValueLimits {
        ValueLimits {
            parameters: self.parameters,
            comment_depth: self.comment_depth,
            encoded_words: self.encoded_words,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
