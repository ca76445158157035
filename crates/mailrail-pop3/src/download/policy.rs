//! How a download goes about it.

use core::time::Duration;

/// What becomes of messages on the server that the caller holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Policy {
    /// All stay, and all keys are remembered for ever.
    Keep,
    /// All stay; the keys of those that are gone are forgotten.
    KeepAndForget,
    /// They are deleted.
    Delete,
    /// They are deleted once so much time has passed since each was first seen.
    DeleteAfter(Duration),
}

/// What becomes of a message on the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a message stays or goes")]
pub enum Fate {
    /// It stays.
    Kept,
    /// It is deleted at the end of the session, unless the session breaks off or the server
    /// refuses. Its key is needed up to [`Event::Done`](super::Event::Done).
    Deleted,
}

impl Policy {
    pub(super) fn fate(self, age: Duration) -> Fate {
        match self {
            Self::Delete => Fate::Deleted,
            Self::DeleteAfter(time) if age >= time => Fate::Deleted,
            Self::Keep | Self::KeepAndForget | Self::DeleteAfter(_) => Fate::Kept,
        }
    }
}
