//! What the server keeps of a maildrop: counts, and which messages are marked as deleted.

use crate::{DropListing, MessageNumber};
use alloc::collections::BTreeMap;

/// The snapshot of a session (RFC 1939 §4): numbers do not change in it, whatever is deleted.
#[derive(Debug)]
pub(super) struct Maildrop {
    all: DropListing,
    deleted: Deleted,
    deleted_octets: u64,
}

/// Why a message can't be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Absent {
    NoSuch,
    Deleted,
}

impl Maildrop {
    pub(super) const fn new(all: DropListing) -> Self {
        Self { all, deleted: Deleted { words: BTreeMap::new(), len: 0 }, deleted_octets: 0 }
    }

    /// What was there at login.
    pub(super) const fn all(&self) -> DropListing {
        self.all
    }

    /// What is there, without what is marked as deleted.
    pub(super) const fn left(&self) -> DropListing {
        DropListing {
            messages: self.all.messages.saturating_sub(self.deleted.len),
            octets: self.all.octets.saturating_sub(self.deleted_octets),
        }
    }

    pub(super) fn find(&self, message: MessageNumber) -> Result<(), Absent> {
        if message.value() > self.all.messages {
            Err(Absent::NoSuch)
        } else if self.deleted.contains(message) {
            Err(Absent::Deleted)
        } else {
            Ok(())
        }
    }

    /// The first message from `from` on that is there.
    pub(super) fn next(&self, from: u32) -> Option<MessageNumber> {
        (from..=self.all.messages)
            .filter_map(MessageNumber::new)
            .find(|&message| !self.deleted.contains(message))
    }

    pub(super) fn delete(&mut self, message: MessageNumber, octets: u64) {
        if self.find(message).is_ok() {
            self.deleted.insert(message);
            self.deleted_octets = self.deleted_octets.saturating_add(octets);
        }
    }

    pub(super) fn reset(&mut self) {
        *self = Self::new(self.all);
    }

    pub(super) fn into_deleted(self) -> Deleted {
        self.deleted
    }
}

/// The messages marked as deleted: as much memory as they are, however large the maildrop is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Deleted {
    /// A bit each, 64 to a word; words without any are not there.
    words: BTreeMap<u32, u64>,
    len: u32,
}

impl Deleted {
    /// How many they are.
    #[must_use]
    pub const fn len(&self) -> u32 {
        self.len
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether `message` is among them.
    #[must_use]
    pub fn contains(&self, message: MessageNumber) -> bool {
        let (word, bit) = place(message);
        self.words.get(&word).is_some_and(|bits| bits & bit != 0)
    }

    /// Each of them, in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = MessageNumber> {
        self.words.iter().flat_map(|(&word, &bits)| {
            let set = (0..64).filter(move |bit| bits >> bit & 1 == 1);
            set.filter_map(move |bit| MessageNumber::new(word * 64 + bit + 1))
        })
    }

    fn insert(&mut self, message: MessageNumber) {
        let (word, bit) = place(message);
        *self.words.entry(word).or_default() |= bit;
        self.len += 1;
    }
}

/// The word and the bit of a message.
const fn place(message: MessageNumber) -> (u32, u64) {
    let index = message.value() - 1;
    (index / 64, 1 << (index % 64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(n: u32) -> MessageNumber {
        MessageNumber::new(n).unwrap()
    }

    #[test]
    fn what_is_deleted_is_left_out() {
        let mut drop = Maildrop::new(DropListing { messages: 130, octets: 1_000 });
        for n in [1, 64, 65, 130, 130] {
            drop.delete(number(n), 100);
        }
        drop.delete(number(131), 100);
        assert_eq!(drop.left(), DropListing { messages: 126, octets: 600 });
        assert_eq!(drop.find(number(64)), Err(Absent::Deleted));
        assert_eq!(drop.find(number(131)), Err(Absent::NoSuch));
        assert_eq!(drop.find(number(66)), Ok(()));
        assert_eq!(
            (drop.next(1), drop.next(64), drop.next(130)),
            (Some(number(2)), Some(number(66)), None)
        );
        assert_eq!(
            drop.deleted.iter().map(MessageNumber::value).collect::<Vec<_>>(),
            [1, 64, 65, 130]
        );
        assert_eq!(drop.deleted.words.len(), 3);
        let mut huge = Maildrop::new(DropListing { messages: u32::MAX, octets: 0 });
        huge.delete(number(u32::MAX), 0);
        assert!(huge.deleted.iter().eq([number(u32::MAX)]));
        drop.reset();
        assert_eq!(drop.left().messages, 130);
        assert!(drop.into_deleted().is_empty());
    }

    #[test]
    fn an_empty_maildrop() {
        let drop = Maildrop::new(DropListing::default());
        assert_eq!((drop.next(1), drop.find(number(1))), (None, Err(Absent::NoSuch)));
    }
}
