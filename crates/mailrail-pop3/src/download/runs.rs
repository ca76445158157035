//! Sets of message numbers that mostly follow one another.

use crate::MessageNumber;
use alloc::collections::VecDeque;

/// Numbers in ascending order, as ranges: as much memory as there are gaps, whatever their number.
#[derive(Debug, Default)]
pub(super) struct Runs(VecDeque<(u32, u32)>);

impl Runs {
    /// Adds the numbers from `first` to `last`, which lie behind all that are there; none where
    /// `first` is the higher one.
    pub(super) fn push(&mut self, first: u32, last: u32) {
        match self.0.back_mut() {
            _ if first > last => {}
            Some((_, end)) if end.checked_add(1) == Some(first) => *end = last,
            _ => self.0.push_back((first, last)),
        }
    }

    /// Takes the first one.
    pub(super) fn pop(&mut self) -> Option<MessageNumber> {
        let (first, last) = self.0.front_mut()?;
        let number = MessageNumber::new(*first);
        if first == last {
            self.0.pop_front();
        } else {
            *first += 1;
        }
        number
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many ranges there are.
    pub(super) fn ranges(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn ranges_grow_and_shrink() {
        let mut runs = Runs::default();
        for (first, last) in [(1, 1), (2, 3), (5, 4), (5, 5), (u32::MAX, u32::MAX)] {
            runs.push(first, last);
        }
        assert_eq!(runs.ranges(), 3);
        let mut numbers = Vec::new();
        while let Some(number) = runs.pop() {
            numbers.push(number.value());
        }
        assert_eq!(numbers, [1, 2, 3, 5, u32::MAX]);
        assert!(runs.is_empty());
    }
}
