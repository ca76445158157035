//! `sequence-set`

use crate::{
    SyntaxError,
    encode::Sink,
    grammar::{Parsed, fault, nz_number, whole},
};
use alloc::vec::Vec;
use core::{fmt, num::NonZeroU32, ops::RangeInclusive, str::FromStr};

/// A number of a message, a sequence number or a UID, or `*`: the largest there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "the grammar has no third form")]
pub enum SeqNumber {
    /// A number.
    Number(NonZeroU32),
    /// `*`
    Largest,
}

impl SeqNumber {
    fn resolve(self, largest: u32) -> u32 {
        match self {
            Self::Number(n) => n.get(),
            Self::Largest => largest,
        }
    }

    /// `seq-number = nz-number / "*"`
    fn parse(i: &[u8]) -> Parsed<'_, Self> {
        match i {
            [b'*', rest @ ..] => Ok((rest, Self::Largest)),
            _ => nz_number(i).map(|(rest, n)| (rest, Self::Number(n))),
        }
    }

    fn encode(self, out: &mut impl Sink) {
        match self {
            Self::Number(n) => out.number(n.get().into()),
            Self::Largest => out.text(b"*"),
        }
    }
}

impl fmt::Display for SeqNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(n) => n.fmt(f),
            Self::Largest => f.write_str("*"),
        }
    }
}

/// Numbers of messages (RFC 3501 §9, `sequence-set`), in the order in which they were said. Never
/// empty.
///
/// ```
/// use mailrail_imap::types::SequenceSet;
///
/// let set: SequenceSet = "2,4:7,12:*".parse()?;
/// assert!(set.contains(5, 15) && !set.contains(8, 15));
/// assert_eq!(set.ranges(15).collect::<Vec<_>>(), [2..=2, 4..=7, 12..=15]);
/// # Ok::<(), mailrail_imap::SyntaxError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SequenceSet(Vec<(SeqNumber, SeqNumber)>);

impl SequenceSet {
    /// All numbers between the two, both included, whichever is larger.
    #[must_use]
    pub fn range(from: SeqNumber, to: SeqNumber) -> Self {
        Self(Vec::from([(from, to)]))
    }

    /// All messages: `1:*`.
    #[must_use]
    pub fn all() -> Self {
        Self::range(SeqNumber::Number(NonZeroU32::MIN), SeqNumber::Largest)
    }

    /// The numbers given, in that order, with neighbours that count up joined to ranges. None
    /// where there are none.
    #[must_use]
    pub fn from_numbers(numbers: impl IntoIterator<Item = NonZeroU32>) -> Option<Self> {
        let mut ranges: Vec<(SeqNumber, SeqNumber)> = Vec::new();
        for n in numbers {
            match ranges.last_mut() {
                Some((_, SeqNumber::Number(to))) if to.checked_add(1) == Some(n) => *to = n,
                _ => ranges.push((SeqNumber::Number(n), SeqNumber::Number(n))),
            }
        }
        (!ranges.is_empty()).then_some(Self(ranges))
    }

    /// The ranges as they were said.
    #[must_use]
    pub fn as_ranges(&self) -> &[(SeqNumber, SeqNumber)] {
        &self.0
    }

    /// The ranges as numbers, the smaller first, where `largest` is the largest in use. They may
    /// overlap, and be as wide as numbers go: step through what there is, not through them.
    pub fn ranges(&self, largest: u32) -> impl Iterator<Item = RangeInclusive<u32>> {
        self.0.iter().map(move |(from, to)| {
            let (from, to) = (from.resolve(largest), to.resolve(largest));
            from.min(to)..=from.max(to)
        })
    }

    /// Whether `n` is in the set, where `largest` is the largest number in use.
    #[must_use]
    pub fn contains(&self, n: u32, largest: u32) -> bool {
        self.ranges(largest).any(|range| range.contains(&n))
    }

    /// Whether there is a `*` in it.
    #[must_use]
    pub fn has_largest(&self) -> bool {
        self.0.iter().any(|(from, to)| SeqNumber::Largest == *from || SeqNumber::Largest == *to)
    }

    /// `sequence-set = (seq-number / seq-range) *("," sequence-set)`
    pub(crate) fn parse(i: &[u8]) -> Parsed<'_, Self> {
        let (mut rest, mut ranges) = (i, Vec::new());
        loop {
            let Ok((after, from)) = SeqNumber::parse(rest) else {
                return fault(rest, "a sequence set");
            };
            rest = after;
            let mut to = from;
            if let [b':', after @ ..] = rest {
                (rest, to) = SeqNumber::parse(after)?;
            }
            ranges.push((from, to));
            match rest {
                [b',', after @ ..] => rest = after,
                _ => return Ok((rest, Self(ranges))),
            }
        }
    }

    /// `uid-set`: the same without `*` (RFC 4315 §4).
    pub(crate) fn parse_uid_set(i: &[u8]) -> Parsed<'_, Self> {
        match Self::parse(i)? {
            (_, set) if set.has_largest() => fault(i, "a set of UIDs"),
            parsed => Ok(parsed),
        }
    }

    pub(crate) fn encode(&self, out: &mut impl Sink) {
        for (n, (from, to)) in self.0.iter().enumerate() {
            if n > 0 {
                out.text(b",");
            }
            from.encode(out);
            if from != to {
                out.text(b":");
                to.encode(out);
            }
        }
    }
}

impl From<NonZeroU32> for SequenceSet {
    fn from(n: NonZeroU32) -> Self {
        Self::range(SeqNumber::Number(n), SeqNumber::Number(n))
    }
}

impl FromStr for SequenceSet {
    type Err = SyntaxError;

    fn from_str(text: &str) -> Result<Self, SyntaxError> {
        whole(text.as_bytes(), Self::parse)
    }
}

/// As it crosses the wire.
impl fmt::Display for SequenceSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, (from, to)) in self.0.iter().enumerate() {
            let comma = if n > 0 { "," } else { "" };
            if from == to {
                write!(f, "{comma}{from}")?;
            } else {
                write!(f, "{comma}{from}:{to}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn sets_of_the_rfc() {
        let set: SequenceSet = "*:4,5:7".parse().unwrap();
        assert_eq!(set.ranges(10).collect::<Vec<_>>(), [4..=10, 5..=7]);
        assert_eq!(set.to_string(), "*:4,5:7");
        // The last message is in it, though its UID is smaller.
        assert!("3291:*".parse::<SequenceSet>().unwrap().contains(7, 7));
        for bad in ["", "0", "1,", ",1", "1:", "1:2:3", "4294967296", "1, 2", "$"] {
            assert!(bad.parse::<SequenceSet>().is_err(), "{bad}");
        }
    }

    #[test]
    fn numbers_are_joined() {
        let numbers = [1, 2, 3, 5, 4, u32::MAX].into_iter().filter_map(NonZeroU32::new);
        assert_eq!(SequenceSet::from_numbers(numbers).unwrap().to_string(), "1:3,5,4,4294967295");
        assert_eq!(SequenceSet::from_numbers([]), None);
        assert!(SequenceSet::parse_uid_set(b"1:*").is_err());
    }
}
