//! Exchangers kept as long as they hold.

use crate::{Error, Exchanges};
use alloc::{
    collections::{BTreeMap, BTreeSet},
    string::String,
};
use core::time::Duration;
use mailrail_wire::Time;

/// How long what a name server said is kept at most, whatever it says (RFC 8767 §4, RFC 2308 §5).
const HOLDS_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// What lookups have come to, as long as it holds, negative answers too (RFC 2308); and which
/// domains are being looked up, so that the same is not asked twice at a time.
///
/// It has no clock: each call is told the time. It does not do lookups either:
///
/// ```
/// use core::time::Duration;
/// use mailrail_mx::{Cache, Cached, Error};
/// use mailrail_wire::Time;
///
/// let mut cache = Cache::new(10_000);
/// let at = |seconds| Time::from_start(Duration::from_secs(seconds));
/// assert_eq!(cache.ask("example.com", at(0)), Cached::Unknown); // so: look it up
/// assert_eq!(cache.ask("Example.COM.", at(1)), Cached::Asked); // wait for the other
/// cache.answered("example.com", Err(Error::NoSuchDomain), Duration::from_secs(60), at(2));
/// assert_eq!(cache.ask("example.com", at(61)), Cached::Known(Err(Error::NoSuchDomain)));
/// assert_eq!(cache.ask("example.com", at(62)), Cached::Unknown);
/// ```
#[derive(Debug, Clone)]
pub struct Cache {
    limit: usize,
    entries: BTreeMap<String, Entry>,
    /// Those that are known, by when they end.
    ends: BTreeSet<(Time, String)>,
}

#[derive(Debug, Clone)]
enum Entry {
    Asked { until: Time },
    Known { end: Time, result: Result<Exchanges, Error> },
}

/// What a cache knows of a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cached {
    /// This, with [`Exchanges::holds`] for the time that is left. Give the equals another order for
    /// each message ([`Exchanges::shuffle`]).
    Known(Result<Exchanges, Error>),
    /// Nothing: look it up, and say what it came to ([`Cache::answered`]). Until then, others who
    /// ask are told to wait.
    Unknown,
    /// Nothing yet, but somebody was told to look it up. Ask again when they have.
    Asked,
}

impl Cache {
    /// How long somebody who was told to look a domain up may take; then the next one is told to.
    pub const PATIENCE: Duration = Duration::from_secs(60);

    /// Knows `limit` domains at most: with one more, the one that would end first is forgotten.
    #[must_use]
    pub const fn new(limit: usize) -> Self {
        Self { limit, entries: BTreeMap::new(), ends: BTreeSet::new() }
    }

    /// What is known of `domain` at `now`.
    pub fn ask(&mut self, domain: &str, now: Time) -> Cached {
        let key = key(domain);
        match self.entries.get(&key) {
            Some(Entry::Asked { until }) if now < *until => return Cached::Asked,
            Some(Entry::Known { end, result }) if now < *end => {
                let mut result = result.clone();
                if let Ok(found) = &mut result {
                    found.holds = end.saturating_since(now);
                }
                return Cached::Known(result);
            }
            _ => {}
        }
        self.put(key, Entry::Asked { until: now + Self::PATIENCE }, now);
        Cached::Unknown
    }

    /// Takes what the lookup of `domain` has come to at `now`, and how long that holds
    /// ([`Lookup::holds`](crate::Lookup::holds)): a day at most. What does not hold, as no temporary
    /// failure does, is not kept, and the next one who asks is told to look it up.
    pub fn answered(
        &mut self,
        domain: &str,
        result: Result<Exchanges, Error>,
        holds: Duration,
        now: Time,
    ) {
        let key = key(domain);
        let is_kept = match &result {
            Ok(_) => true,
            Err(error) => !error.is_temporary(),
        };
        if holds.is_zero() || !is_kept {
            self.remove(&key);
        } else {
            let end = now + holds.min(HOLDS_MAX);
            self.put(key, Entry::Known { end, result }, now);
        }
    }

    /// How many domains it knows or waits for.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it knows none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn put(&mut self, key: String, entry: Entry, now: Time) {
        self.remove(&key);
        self.ends.insert((entry.end(), key.clone()));
        self.entries.insert(key, entry);
        while let Some((end, first)) = self.ends.first().cloned() {
            if end > now && self.entries.len() <= self.limit {
                break;
            }
            self.remove(&first);
        }
    }

    fn remove(&mut self, key: &str) {
        if let Some((key, entry)) = self.entries.remove_entry(key) {
            self.ends.remove(&(entry.end(), key));
        }
    }
}

impl Entry {
    const fn end(&self) -> Time {
        match self {
            Self::Asked { until: end } | Self::Known { end, .. } => *end,
        }
    }
}

fn key(domain: &str) -> String {
    domain.strip_suffix('.').unwrap_or(domain).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    fn at(seconds: u64) -> Time {
        Time::from_start(Duration::from_secs(seconds))
    }

    fn lasting(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn holds_as_long_as_said() {
        let mut cache = Cache::new(9);
        let found = Exchanges { implicit: true, ..Exchanges::default() };
        assert_eq!(cache.ask("a.test", at(0)), Cached::Unknown);
        cache.answered("A.test.", Ok(found.clone()), lasting(100), at(10));
        for (now, left) in [(10, 100), (109, 1)] {
            let Cached::Known(Ok(known)) = cache.ask("a.test", at(now)) else { panic!("{now}") };
            assert_eq!(known, Exchanges { holds: lasting(left), ..found.clone() });
        }
        assert_eq!(cache.ask("a.test", at(110)), Cached::Unknown);
        // No name server makes us keep it for ever.
        cache.answered("a.test", Ok(found), lasting(u64::MAX), at(110));
        assert!(matches!(cache.ask("a.test", at(110 + 86_399)), Cached::Known(_)));
        assert_eq!(cache.ask("a.test", at(110 + 86_400)), Cached::Unknown);
    }

    #[test]
    fn failures_are_not_kept() {
        let mut cache = Cache::new(9);
        assert_eq!(cache.ask("a.test", at(0)), Cached::Unknown);
        cache.answered("a.test", Err(Error::TimedOut), lasting(100), at(1));
        assert!(cache.is_empty());
        assert_eq!(cache.ask("a.test", at(1)), Cached::Unknown);
        cache.answered("a.test", Err(Error::NoAddress), lasting(0), at(2));
        assert_eq!(cache.ask("a.test", at(2)), Cached::Unknown);
    }

    #[test]
    fn who_was_asked_and_says_nothing() {
        let mut cache = Cache::new(9);
        assert_eq!(cache.ask("a.test", at(0)), Cached::Unknown);
        assert_eq!(cache.ask("a.test", at(59)), Cached::Asked);
        assert_eq!(cache.ask("a.test", at(60)), Cached::Unknown);
        assert_eq!(cache.ask("a.test", at(119)), Cached::Asked);
    }

    #[test]
    fn is_bounded() {
        let mut cache = Cache::new(10);
        for n in 1..100 {
            let domain = format!("d{n}.test");
            assert_eq!(cache.ask(&domain, at(0)), Cached::Unknown);
            cache.answered(&domain, Err(Error::NoSuchDomain), lasting(1_000 * n), at(0));
            assert!(cache.len() <= 10 && cache.len() == cache.ends.len());
        }
        assert!(matches!(cache.ask("d99.test", at(1)), Cached::Known(_)));
        assert!(!matches!(cache.ask("d1.test", at(1)), Cached::Known(_)));
        // What has ended goes as soon as something comes.
        cache.answered("e.test", Err(Error::NoSuchDomain), lasting(1), at(200_000));
        assert_eq!(cache.len(), 1);
    }
}
