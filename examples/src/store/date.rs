//! When a message arrived.

use std::time::SystemTime;

/// A moment with the time zone it was told in: IMAP's internal date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "two numbers that say all there is to say")]
pub struct Date {
    /// Seconds since 1970-01-01 00:00 UTC.
    pub seconds: i64,
    /// The time zone's distance from UTC, in minutes east.
    pub offset: i16,
}

impl Date {
    /// The moment it is, in UTC.
    #[must_use]
    pub fn now() -> Self {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self { seconds: i64::try_from(since.as_secs()).unwrap_or(i64::MAX), offset: 0 }
    }
}
