//! Message numbers.

use core::{fmt, num::NonZeroU32};

/// The number of a message in this session: from 1 on, in the maildrop's order (RFC 1939 §4).
/// It means nothing in another session; a [`UniqueId`](crate::UniqueId) does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageNumber(NonZeroU32);

impl MessageNumber {
    /// The number `n`; none for 0.
    #[must_use]
    pub const fn new(n: u32) -> Option<Self> {
        match NonZeroU32::new(n) {
            Some(n) => Some(Self(n)),
            None => None,
        }
    }

    /// The number.
    #[must_use]
    pub const fn value(self) -> u32 {
        self.0.get()
    }

    /// The message's place in the maildrop, from 0 on.
    #[must_use]
    pub const fn index(self) -> usize {
        // A u32 fits wherever this crate's machines do.
        (self.0.get() - 1) as usize
    }
}

impl fmt::Display for MessageNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
