//! Moments, told by the caller.

use core::{
    ops::{Add, AddAssign},
    time::Duration,
};

/// A moment: how long after a fixed point that the caller picks once, say the program's start.
///
/// A machine reads no clock; each [`poll`](crate::Connection::poll) is told the time, which never
/// goes back, and a machine's deadlines are moments on the same scale.
///
/// ```
/// use core::time::Duration;
/// use mailrail_wire::Time;
///
/// let now = Time::from_start(Duration::from_secs(7));
/// let deadline = now + Duration::from_secs(300);
/// assert_eq!(deadline.saturating_since(now), Duration::from_secs(300));
/// assert_eq!(now.saturating_since(deadline), Duration::ZERO);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Time(Duration);

impl Time {
    /// The moment `elapsed` after the fixed point.
    #[must_use]
    pub const fn from_start(elapsed: Duration) -> Self {
        Self(elapsed)
    }

    /// How long after `earlier` this is; zero where `earlier` is the later one.
    #[must_use]
    pub const fn saturating_since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

impl Add<Duration> for Time {
    type Output = Self;

    /// Stops at the last moment there is, where the sum would pass it.
    fn add(self, later: Duration) -> Self {
        Self(self.0.saturating_add(later))
    }
}

impl AddAssign<Duration> for Time {
    fn add_assign(&mut self, later: Duration) {
        *self = *self + later;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stops_at_the_end_of_time() {
        let last = Time::from_start(Duration::MAX);
        assert_eq!(last + Duration::from_secs(1), last);
    }
}
