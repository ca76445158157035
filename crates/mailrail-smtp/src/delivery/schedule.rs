//! When a queued message is tried.

use alloc::{vec, vec::Vec};
use core::time::Duration;

/// When a queued message is tried again, and for how long (RFC 5321 §4.5.4.1).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Schedule {
    /// The time between a round of attempts and the next, one after the other; the last one goes
    /// for all that follow. By default twice half an hour, then an hour, then two hours: the RFC
    /// asks for two rounds in the first hour, and one every two or three hours from then on. Less
    /// than a second counts as a second.
    pub retries: Vec<Duration>,
    /// How long a recipient is tried (5 days; the RFC asks for 4 or 5). The last round is then, and
    /// what it leaves is given up.
    pub give_up: Duration,
    /// After what time the sender is told of a delay (4 hours), once, where that is not unwanted
    /// (RFC 3461 §4.1); never where this is none.
    pub delay_warning: Option<Duration>,
    /// How many addresses of a domain's exchangers are tried in a round (16); at least one is.
    pub addresses: usize,
    /// How many recipients go with one attempt (100: what every server takes, RFC 5321
    /// §4.5.3.1.8); at least one does.
    pub recipients: usize,
}

impl Default for Schedule {
    fn default() -> Self {
        let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
        Self {
            retries: vec![minutes(30), minutes(30), minutes(60), minutes(120)],
            give_up: minutes(5 * 24 * 60),
            delay_warning: Some(minutes(4 * 60)),
            addresses: 16,
            recipients: 100,
        }
    }
}

impl Schedule {
    /// The time after that many rounds in vain, the last one included.
    pub(super) fn interval(&self, attempts: u32) -> Duration {
        let at = usize::try_from(attempts.saturating_sub(1)).unwrap_or(usize::MAX);
        let interval = self.retries.get(at).or_else(|| self.retries.last()).copied();
        interval.unwrap_or(self.give_up).max(Duration::from_secs(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_rounds_in_the_first_hour() {
        let schedule = Schedule::default();
        let minutes: Vec<_> = (1..7).map(|n| schedule.interval(n).as_secs() / 60).collect();
        assert_eq!(minutes, [30, 30, 60, 120, 120, 120]);
        assert_eq!(schedule.interval(u32::MAX), Duration::from_secs(7_200));
        let none = Schedule { retries: Vec::new(), ..Schedule::default() };
        assert_eq!(none.interval(1), none.give_up);
        let hasty = Schedule { retries: vec![Duration::ZERO], ..Schedule::default() };
        assert_eq!(hasty.interval(1), Duration::from_secs(1));
    }
}
