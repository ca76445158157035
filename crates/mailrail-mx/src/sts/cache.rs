//! Policies kept, and when they are fetched again.

use super::{StsPolicy, StsRecord};
use alloc::{collections::BTreeMap, string::String, vec::Vec};
use core::time::Duration;
use mailrail_wire::Time;

/// How long after a fetch that failed no other is made for the same record (RFC 8461 §3.3).
const RETRY: Duration = Duration::from_secs(5 * 60);
/// How long after a fetch another one is made, though the policy still holds (RFC 8461 §3.3).
const REFRESH: Duration = Duration::from_secs(24 * 60 * 60);

/// The policies of the domains that mail was sent to, as long as they hold (RFC 8461 §3.3, §5.1).
///
/// It has no clock: each call is told the time. A caller that keeps policies over restarts counts
/// time from a fixed date; it must not go back.
#[derive(Debug, Clone)]
pub struct PolicyCache {
    limit: usize,
    entries: BTreeMap<String, Entry>,
}

#[derive(Debug, Clone, Default)]
struct Entry {
    /// The record's id when it was fetched last, whether that succeeded or not.
    id: Option<String>,
    /// When it may be fetched again, if the id is the same.
    next_fetch: Time,
    /// The policy, and when it ceases to hold.
    policy: Option<(StsPolicy, Time)>,
}

/// How it stands with a domain's policy.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Standing<'a> {
    /// The policy that holds now: to be applied where no other is fetched.
    pub policy: Option<&'a StsPolicy>,
    /// One should be fetched from [`policy_url`](super::policy_url) first: there is none yet, the
    /// record has changed, or a day has passed. Say then what came of it.
    pub is_to_fetch: bool,
}

impl PolicyCache {
    /// Keeps `limit` domains at most; with one more, the one whose policy ends first is forgotten.
    #[must_use]
    pub const fn new(limit: usize) -> Self {
        Self { limit, entries: BTreeMap::new() }
    }

    /// How it stands with `domain`, of which a lookup has just told this record, or that there is
    /// none.
    #[must_use]
    pub fn standing(&self, domain: &str, record: Option<&StsRecord>, now: Time) -> Standing<'_> {
        let entry = self.entries.get(&key(domain));
        let held = entry.and_then(|entry| entry.policy.as_ref()).filter(|(_, end)| now < *end);
        let is_to_fetch = record.is_some_and(|record| {
            entry.is_none_or(|entry| {
                entry.id.as_deref() != Some(&*record.id) || entry.next_fetch <= now
            })
        });
        Standing { policy: held.map(|(policy, _)| policy), is_to_fetch }
    }

    /// Takes the policy that was fetched at `now` because of `record`.
    pub fn fetched(&mut self, domain: &str, record: &StsRecord, policy: StsPolicy, now: Time) {
        let end = now + policy.max_age;
        // A policy of less than two days is fetched anew in the middle of its time.
        let next_fetch = now + REFRESH.min(policy.max_age / 2).max(RETRY);
        let id = Some(record.id.clone());
        self.put(domain, Entry { id, next_fetch, policy: Some((policy, end)) }, now);
    }

    /// Takes that no policy could be fetched, or only an invalid one. An earlier one goes on
    /// holding.
    pub fn failed(&mut self, domain: &str, record: &StsRecord, now: Time) {
        let policy = self.entries.get_mut(&key(domain)).and_then(|entry| entry.policy.take());
        let policy = policy.filter(|(_, end)| now < *end);
        let id = Some(record.id.clone());
        self.put(domain, Entry { id, next_fetch: now + RETRY, policy }, now);
    }

    /// The domains whose policies should be fetched again at `now`, though no mail goes there
    /// (RFC 8461 §3.3, §10.2): each with the record and the policy that are known of it. Say then
    /// what came of it.
    #[must_use]
    pub fn to_refresh(&self, now: Time) -> Vec<(String, StsRecord, StsPolicy)> {
        let due = |(domain, entry): (&String, &Entry)| {
            let (policy, end) = entry.policy.as_ref()?;
            let id = entry.id.clone().filter(|_| entry.next_fetch <= now && now < *end)?;
            Some((domain.clone(), StsRecord { id }, policy.clone()))
        };
        self.entries.iter().filter_map(due).collect()
    }

    /// How many domains it knows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it knows none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn put(&mut self, domain: &str, entry: Entry, now: Time) {
        self.entries.insert(key(domain), entry);
        if self.entries.len() <= self.limit {
            return;
        }
        self.entries.retain(|_, entry| now < entry.end());
        while self.entries.len() > self.limit {
            let first = self.entries.iter().min_by_key(|(_, entry)| entry.end());
            let Some(first) = first.map(|(domain, _)| domain.clone()) else { return };
            self.entries.remove(&first);
        }
    }
}

impl Entry {
    /// When nothing in it counts any more.
    fn end(&self) -> Time {
        self.policy.as_ref().map_or(self.next_fetch, |(_, end)| *end)
    }
}

fn key(domain: &str) -> String {
    domain.strip_suffix('.').unwrap_or(domain).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    fn policy(max_age: u64) -> StsPolicy {
        let text = format!("version: STSv1\nmode: enforce\nmx: a.test\nmax_age: {max_age}");
        StsPolicy::parse(text.as_bytes()).unwrap()
    }

    fn at(seconds: u64) -> Time {
        Time::from_start(Duration::from_secs(seconds))
    }

    const DAY: u64 = 24 * 60 * 60;

    #[test]
    fn what_is_fetched_when() {
        let (one, two) = (StsRecord { id: "1".into() }, StsRecord { id: "2".into() });
        let mut cache = PolicyCache::new(9);
        let stands = |cache: &PolicyCache, record, now| {
            let standing = cache.standing("A.test.", record, at(now));
            (standing.policy.map(|policy| policy.max_age.as_secs()), standing.is_to_fetch)
        };
        assert_eq!(stands(&cache, None, 0), (None, false));
        assert_eq!(stands(&cache, Some(&one), 0), (None, true));
        // A failure is not repeated for five minutes, unless the record changes.
        cache.failed("a.test", &one, at(0));
        assert_eq!(stands(&cache, Some(&one), 299), (None, false));
        assert_eq!(stands(&cache, Some(&two), 299), (None, true));
        assert_eq!(stands(&cache, Some(&one), 300), (None, true));
        cache.fetched("a.TEST", &one, policy(10 * DAY), at(300));
        let kept = Some(10 * DAY);
        assert_eq!(stands(&cache, Some(&one), 301), (kept, false));
        assert_eq!(stands(&cache, Some(&two), 301), (kept, true));
        // Without a record, the policy goes on holding.
        assert_eq!(stands(&cache, None, 301), (kept, false));
        assert_eq!(stands(&cache, Some(&one), 300 + DAY), (kept, true));
        cache.failed("a.test", &two, at(300 + DAY));
        assert_eq!(stands(&cache, Some(&two), 301 + DAY), (kept, false));
        assert_eq!(stands(&cache, None, 299 + 10 * DAY), (kept, false));
        assert_eq!(stands(&cache, None, 300 + 10 * DAY), (None, false));
        cache.fetched("a.test", &two, policy(3600), at(20 * DAY));
        assert_eq!(stands(&cache, Some(&two), 20 * DAY + 1799), (Some(3600), false));
        assert_eq!(stands(&cache, Some(&two), 20 * DAY + 1800), (Some(3600), true));
    }

    #[test]
    fn is_fetched_anew_before_it_ends() {
        let record = StsRecord { id: "1".into() };
        let mut cache = PolicyCache::new(9);
        let due = |cache: &PolicyCache, now| {
            let due = cache.to_refresh(at(now)).into_iter();
            due.map(|(domain, record, _)| domain + " " + &record.id).collect::<Vec<_>>()
        };
        cache.fetched("A.test", &record, policy(3 * DAY), at(0));
        cache.failed("b.test", &record, at(0));
        assert_eq!(due(&cache, DAY - 1), [""; 0]);
        assert_eq!(due(&cache, DAY), ["a.test 1"]);
        // What failed is tried again, as long as the policy holds.
        cache.failed("a.test", &record, at(DAY));
        assert_eq!(due(&cache, DAY + 299), [""; 0]);
        assert_eq!(due(&cache, DAY + 300), ["a.test 1"]);
        assert_eq!(due(&cache, 3 * DAY - 1), ["a.test 1"]);
        assert_eq!(due(&cache, 3 * DAY), [""; 0]);
        cache.fetched("a.test", &record, policy(3 * DAY), at(2 * DAY));
        assert_eq!(due(&cache, 3 * DAY - 1), [""; 0]);
    }

    #[test]
    fn is_bounded() {
        let record = StsRecord { id: "1".into() };
        let mut cache = PolicyCache::new(10);
        for n in 0..100 {
            cache.fetched(&format!("d{n}.test"), &record, policy(1_000 * (n + 1)), at(0));
            assert!(cache.len() <= 10);
        }
        assert!(cache.standing("d99.test", None, at(1)).policy.is_some());
        assert!(cache.standing("d0.test", None, at(1)).policy.is_none());
        assert!(!cache.is_empty());
    }
}
