//! What a session knows of its mailbox.

use crate::types::SequenceSet;
use alloc::vec::Vec;
use core::ops::RangeInclusive;

/// The messages of the selected mailbox as one session has been told of them: which UID each
/// sequence number stands for (RFC 3501 §2.3.1).
///
/// Another session may have put messages into the mailbox or taken some out; the numbers change
/// only when this session is told, with EXISTS and EXPUNGE. So each session keeps a view of its
/// own, beside its [`Server`](super::Server), and changes it together with what it sends. It takes
/// 4 bytes a message.
///
/// ```
/// use mailrail_imap::server::View;
///
/// let mut view = View::new([3, 7, 9]);
/// assert_eq!(view.uid(2), Some(7));
/// assert_eq!(view.arrive([12]), 4); // * 4 EXISTS
/// assert_eq!(view.expunge([3, 9]), [3, 1]); // * 3 EXPUNGE, * 1 EXPUNGE
/// let numbers = view.resolve(&"1:*".parse()?, false).unwrap();
/// assert_eq!(view.messages(&numbers).collect::<Vec<_>>(), [(1, 7), (2, 12)]);
/// # Ok::<(), mailrail_imap::SyntaxError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct View {
    /// Ascending.
    uids: Vec<u32>,
}

impl View {
    /// The messages of these UIDs, ascending. One that is not above the one before it is left out.
    #[must_use]
    pub fn new(uids: impl IntoIterator<Item = u32>) -> Self {
        let mut view = Self::default();
        view.arrive(uids);
        view.uids.shrink_to_fit();
        view
    }

    /// How many messages there are: what EXISTS tells.
    #[must_use]
    pub fn len(&self) -> u32 {
        u32::try_from(self.uids.len()).unwrap_or(u32::MAX)
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.uids.is_empty()
    }

    /// The largest UID; 0 where there are no messages.
    #[must_use]
    pub fn largest_uid(&self) -> u32 {
        self.uids.last().copied().unwrap_or_default()
    }

    /// The UID of a message, by its sequence number.
    #[must_use]
    pub fn uid(&self, sequence: u32) -> Option<u32> {
        self.uids.get(index(sequence)?).copied()
    }

    /// The sequence number of a message, by its UID.
    #[must_use]
    pub fn sequence(&self, uid: u32) -> Option<u32> {
        self.uids.binary_search(&uid).ok().map(number)
    }

    /// All UIDs, ascending.
    #[must_use]
    pub fn uids(&self) -> &[u32] {
        &self.uids
    }

    /// Which messages a set means: their sequence numbers, as ascending ranges that do not touch,
    /// each message once. `uid` says that the set holds UIDs: then those that are not there are
    /// passed over, and none may be left (RFC 3501 §6.4.8).
    ///
    /// None where a sequence number is larger than there are messages, or there is `*` and no
    /// message. ([`Server`](super::Server) has answered such a command with BAD; only the keys of
    /// a SEARCH can hold such numbers.)
    #[must_use]
    pub fn resolve(&self, set: &SequenceSet, uid: bool) -> Option<Vec<RangeInclusive<u32>>> {
        let mut found: Vec<RangeInclusive<u32>> = Vec::new();
        if uid {
            for range in set.ranges(self.largest_uid()) {
                let first = self.uids.partition_point(|known| known < range.start());
                let behind = self.uids.partition_point(|known| known <= range.end());
                if first < behind {
                    found.push(number(first)..=number(behind - 1));
                }
            }
        } else {
            for range in set.ranges(self.len()) {
                if *range.start() == 0 || *range.end() > self.len() {
                    return None;
                }
                found.push(range);
            }
        }
        join(&mut found);
        Some(found)
    }

    /// The same as UIDs, for a SEARCH: what is not there is passed over.
    pub(super) fn uids_of(&self, set: &SequenceSet, uid: bool) -> Vec<RangeInclusive<u32>> {
        let mut found: Vec<RangeInclusive<u32>> = if uid {
            set.ranges(self.largest_uid()).collect()
        } else {
            let inside = set.ranges(self.len()).filter_map(|range| {
                let last = (*range.end()).min(self.len());
                Some(self.uid(*range.start())?..=self.uid(last)?)
            });
            inside.collect()
        };
        join(&mut found);
        found
    }

    /// The messages of these ranges of sequence numbers: the number and the UID of each.
    pub fn messages<'v>(
        &'v self,
        numbers: &'v [RangeInclusive<u32>],
    ) -> impl Iterator<Item = (u32, u32)> + 'v {
        numbers
            .iter()
            .cloned()
            .flatten()
            .filter_map(|sequence| Some((sequence, self.uid(sequence)?)))
    }

    /// Adds the messages of these UIDs, ascending, and tells how many there are now: what EXISTS
    /// is to tell. One that is not above the largest known is left out.
    pub fn arrive(&mut self, uids: impl IntoIterator<Item = u32>) -> u32 {
        for uid in uids {
            if uid > self.largest_uid() {
                self.uids.push(uid);
            }
        }
        self.len()
    }

    /// Takes the messages of these UIDs out, ascending, and tells what EXPUNGE is to be sent with,
    /// in that order: the highest sequence number first, so that no number is changed by one
    /// before it. UIDs that are not there are passed over.
    pub fn expunge(&mut self, gone: impl IntoIterator<Item = u32>) -> Vec<u32> {
        let (mut gone, mut numbers, mut sequence) = (gone.into_iter().peekable(), Vec::new(), 0);
        self.uids.retain(|uid| {
            sequence += 1;
            while gone.next_if(|gone| gone < uid).is_some() {}
            let stays = gone.peek() != Some(uid);
            if !stays {
                numbers.push(sequence);
            }
            stays
        });
        numbers.reverse();
        numbers
    }
}

/// Makes the ranges ascending, and joins those that touch.
fn join(ranges: &mut Vec<RangeInclusive<u32>>) {
    ranges.sort_unstable_by_key(|range| *range.start());
    ranges.dedup_by(|next, before| {
        let joins = *next.start() <= before.end().saturating_add(1);
        if joins {
            *before = *before.start()..=*before.end().max(next.end());
        }
        joins
    });
}

/// Where the message of a sequence number stands.
fn index(sequence: u32) -> Option<usize> {
    usize::try_from(sequence.checked_sub(1)?).ok()
}

/// The sequence number of the message that stands there.
fn number(index: usize) -> u32 {
    u32::try_from(index).map_or(u32::MAX, |index| index.saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{collections::BTreeSet, format};
    use proptest::prelude::*;

    fn resolved(view: &View, set: &str, uid: bool) -> Option<Vec<RangeInclusive<u32>>> {
        view.resolve(&set.parse().unwrap(), uid)
    }

    #[test]
    fn sets_of_numbers() {
        let view = View::new([3, 7, 9, 20]);
        assert_eq!(resolved(&view, "4,1:2,2:3", false), Some([1..=4].to_vec()));
        assert_eq!(resolved(&view, "*:2", false), Some([2..=4].to_vec()));
        assert_eq!(resolved(&view, "4,2", false), Some([2..=2, 4..=4].to_vec()));
        assert_eq!(resolved(&view, "2:5", false), None);
        assert_eq!(resolved(&View::default(), "*", false), None);
        assert_eq!(resolved(&View::default(), "1:*", false), None);
    }

    #[test]
    fn sets_of_uids() {
        let view = View::new([3, 7, 9, 20]);
        assert_eq!(resolved(&view, "7:9,1:4", true), Some([1..=3].to_vec()));
        assert_eq!(resolved(&view, "21:*", true), Some([4..=4].to_vec()));
        assert_eq!(resolved(&view, "4:6,21", true), Some([].to_vec()));
        assert_eq!(resolved(&view, "1:4294967295", true), Some([1..=4].to_vec()));
        assert_eq!(resolved(&View::default(), "1:*", true), Some([].to_vec()));
    }

    #[test]
    fn only_what_is_new_arrives() {
        let mut view = View::new([5, 5, 4, 6, 0]);
        assert_eq!(view.uids(), [5, 6]);
        assert_eq!(view.arrive([6, 7]), 3);
        assert_eq!((view.sequence(7), view.sequence(4), view.uid(0)), (Some(3), None, None));
    }

    proptest! {
        /// A client that applies the numbers one by one sees what is left.
        #[test]
        fn expunge_numbers_hold_one_by_one(
            uids in prop::collection::btree_set(1_u32..60, 0..40),
            gone in prop::collection::btree_set(1_u32..60, 0..40),
        ) {
            let mut view = View::new(uids.iter().copied());
            let mut client: Vec<u32> = uids.iter().copied().collect();
            for sequence in view.expunge(gone.iter().copied()) {
                client.remove(sequence as usize - 1);
            }
            prop_assert_eq!(view.uids(), &client[..]);
            let left: Vec<u32> = uids.difference(&gone).copied().collect();
            prop_assert_eq!(client, left);
        }

        /// What is resolved is what each message alone says.
        #[test]
        fn sets_mean_their_members(
            uids in prop::collection::btree_set(1_u32..60, 1..40),
            ranges in prop::collection::vec((1_u32..70, 1_u32..70), 1..6),
            uid: bool,
        ) {
            let view = View::new(uids);
            let ranges: Vec<_> = ranges.iter().map(|(a, b)| format!("{a}:{b}")).collect();
            let set: SequenceSet = ranges.join(",").parse().unwrap();
            let largest = if uid { view.largest_uid() } else { view.len() };
            let all = (1..=view.len()).zip(view.uids().iter().copied());
            let meant: BTreeSet<_> =
                all.filter(|(n, u)| set.contains(if uid { *u } else { *n }, largest)).collect();
            match view.resolve(&set, uid) {
                Some(numbers) => {
                    let found: Vec<_> = view.messages(&numbers).collect();
                    prop_assert_eq!(found, meant.into_iter().collect::<Vec<_>>());
                    prop_assert!(numbers.windows(2).all(|two| *two[0].end() + 1 < *two[1].start()));
                }
                None => prop_assert!(!uid && set.ranges(largest).any(|r| *r.end() > view.len())),
            }
        }
    }
}
