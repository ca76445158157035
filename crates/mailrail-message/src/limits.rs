//! How much of a message is read.

/// How far [`Message::parse_with`](crate::Message::parse_with) follows a message.
///
/// Past a limit nothing fails: what lies behind it stays raw bytes of the part it is in, and a defect says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// How many multiparts and embedded messages may stand inside one another (32). One that lies deeper is
    /// taken as a leaf.
    pub depth: usize,
    /// How many parts are indexed, containers counted (10,000). The multipart that passes it keeps the rest unread.
    pub parts: usize,
    /// How many bytes of one header block are indexed (1 MiB). Fields behind them are not listed.
    pub header_bytes: usize,
    /// How many fields of all header blocks together are indexed (100,000). Later ones are not listed.
    pub fields: usize,
    /// How many defects are named (1,000). Later ones are forgotten.
    pub defects: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth: 32, parts: 10_000, header_bytes: 1024 * 1024, fields: 100_000, defects: 1000 }
    }
}
