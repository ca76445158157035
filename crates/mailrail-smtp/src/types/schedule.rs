//! When, and how soon, a message is to be delivered.

use super::Timestamp;
use crate::{SyntaxError, grammar};
use core::fmt;

/// The most seconds of BY, either way, and of HOLDFOR.
const SECONDS: u32 = 999_999_999;

/// BY: how soon a message is to be delivered (RFC 2852 §4).
///
/// ```
/// use mailrail_smtp::{ByMode, DeliverBy};
///
/// let by = DeliverBy::new(120, ByMode::Return)?;
/// assert_eq!(by.to_string(), "120;R");
/// assert!(DeliverBy::new(0, ByMode::Return).is_err());
/// # Ok::<_, mailrail_smtp::SyntaxError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DeliverBy {
    seconds: i32,
    mode: ByMode,
    trace: bool,
}

/// What happens to a message that was not delivered in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the RFC has these two")]
pub enum ByMode {
    /// `N`: its sender is told, and the tries go on.
    Notify,
    /// `R`: it is returned.
    Return,
}

impl DeliverBy {
    /// Within that many seconds from now on; they may be over already where the sender is to be
    /// told.
    ///
    /// # Errors
    ///
    /// For more than 999,999,999 seconds either way, and for less than one where the message is to
    /// be returned.
    pub const fn new(seconds: i32, mode: ByMode) -> Result<Self, SyntaxError> {
        let is_late = seconds <= 0 && matches!(mode, ByMode::Return);
        if seconds.unsigned_abs() > SECONDS || is_late {
            return Err(SyntaxError { offset: 0, expected: "other seconds" });
        }
        Ok(Self { seconds, mode, trace: false })
    }

    /// The same with `T`: the sender is told of each server on the way.
    #[must_use]
    pub const fn with_trace(mut self) -> Self {
        self.trace = true;
        self
    }

    /// The seconds that are left; none are where it is below one.
    #[must_use]
    pub const fn seconds(self) -> i32 {
        self.seconds
    }

    /// The same after that many seconds more. Where a message is to be returned, one is left at
    /// least: whoever passes it on looks at the time first.
    #[must_use]
    pub(crate) fn after(mut self, seconds: i32) -> Self {
        let most = i32::try_from(SECONDS).unwrap_or(i32::MAX);
        let least = if self.mode == ByMode::Return { 1 } else { -most };
        self.seconds = self.seconds.saturating_sub(seconds).clamp(least, most);
        self
    }

    /// What happens then.
    #[must_use]
    pub const fn mode(self) -> ByMode {
        self.mode
    }

    /// Whether the sender is told of each server on the way.
    #[must_use]
    pub const fn has_trace(self) -> bool {
        self.trace
    }

    /// ```text
    /// by-value = by-time";"by-mode[by-trace]
    /// by-time  = ["-" / "+"]1*9digit
    /// by-mode  = "N" / "R"
    /// by-trace = "T"
    /// ```
    pub(crate) fn parse(value: &str) -> Option<Self> {
        let (time, mode) = value.split_once(';')?;
        let (sign, digits) = match time.strip_prefix('-') {
            Some(digits) => (-1, digits),
            None => (1, time.strip_prefix('+').unwrap_or(time)),
        };
        let seconds = sign * i32::try_from(seconds(digits)?).ok()?;
        let (mode, trace) = match *mode.as_bytes() {
            [mode] => (mode, false),
            [mode, b'T' | b't'] => (mode, true),
            _ => return None,
        };
        let mode = match mode {
            b'N' | b'n' => ByMode::Notify,
            b'R' | b'r' => ByMode::Return,
            _ => return None,
        };
        Self::new(seconds, mode).ok().map(|by| Self { trace, ..by })
    }
}

/// The value of BY.
impl fmt::Display for DeliverBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mode = match self.mode {
            ByMode::Notify => 'N',
            ByMode::Return => 'R',
        };
        write!(f, "{};{mode}{}", self.seconds, if self.trace { "T" } else { "" })
    }
}

/// HOLDFOR or HOLDUNTIL: how long a submission server keeps the message before it sends it (RFC
/// 4865 §3).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the RFC has these two")]
pub enum Hold<'a> {
    /// `HOLDFOR`: that many seconds, from 1 to 999,999,999.
    For(HoldSeconds),
    /// `HOLDUNTIL`: until then, in UTC.
    Until(Timestamp<'a>),
}

/// Seconds of HOLDFOR: from 1 to 999,999,999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HoldSeconds(u32);

impl HoldSeconds {
    /// That many seconds; none where they are out of range.
    #[must_use]
    pub const fn new(seconds: u32) -> Option<Self> {
        if 1 <= seconds && seconds <= SECONDS { Some(Self(seconds)) } else { None }
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl<'a> Hold<'a> {
    /// `future-release-integer = %x31-39 *8DIGIT`
    pub(crate) fn parse_for(value: &str) -> Option<Self> {
        let seconds = seconds(value).filter(|_| !value.starts_with('0'))?;
        HoldSeconds::new(seconds).map(Self::For)
    }

    pub(crate) fn parse_until(value: &'a str) -> Option<Self> {
        let until = Timestamp::parse(value.as_bytes()).ok()?;
        until.is_utc().then_some(Self::Until(until))
    }

    /// The same, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Hold<'static> {
        match self {
            Self::For(seconds) => Hold::For(seconds),
            Self::Until(until) => Hold::Until(until.into_owned()),
        }
    }
}

/// The parameter, with its keyword.
impl fmt::Display for Hold<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::For(seconds) => write!(f, "HOLDFOR={}", seconds.0),
            Self::Until(until) => write!(f, "HOLDUNTIL={until}"),
        }
    }
}

/// RRVS: since when the recipient's mailbox must have belonged to the same person (RFC 7293 §3.1).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "the RFC has these two")]
pub struct ValidSince<'a> {
    /// Since then.
    pub since: Timestamp<'a>,
    /// What a server does that can't pass the demand on; none: as `Reject`.
    pub otherwise: Option<Otherwise>,
}

/// What happens where the next server does not know RRVS (RFC 7293 §5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the RFC has these two")]
pub enum Otherwise {
    /// `C`: the message goes on without the demand.
    Continue,
    /// `R`: it is refused.
    Reject,
}

impl<'a> ValidSince<'a> {
    /// `rrvs-param = "RRVS=" date-time [ ";" ( "C" / "R" ) ]`
    pub(crate) fn parse(value: &'a str) -> Option<Self> {
        let (since, otherwise) = match value.split_once(';') {
            None => (value, None),
            Some((since, "C" | "c")) => (since, Some(Otherwise::Continue)),
            Some((since, "R" | "r")) => (since, Some(Otherwise::Reject)),
            Some(_) => return None,
        };
        Some(Self { since: Timestamp::parse(since.as_bytes()).ok()?, otherwise })
    }

    /// The same, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> ValidSince<'static> {
        ValidSince { since: self.since.into_owned(), otherwise: self.otherwise }
    }
}

/// The value of RRVS.
impl fmt::Display for ValidSince<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let otherwise = match self.otherwise {
            None => "",
            Some(Otherwise::Continue) => ";C",
            Some(Otherwise::Reject) => ";R",
        };
        write!(f, "{}{otherwise}", self.since)
    }
}

/// MT-PRIORITY: how urgent a message is, from -9 to 9; higher goes first (RFC 6710 §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Priority(i8);

impl Priority {
    /// That priority; none where it is out of range.
    #[must_use]
    pub const fn new(priority: i8) -> Option<Self> {
        if -9 <= priority && priority <= 9 { Some(Self(priority)) } else { None }
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> i8 {
        self.0
    }

    /// `priority-value = (["-"] NZDIGIT) / "0"`
    pub(crate) fn parse(value: &str) -> Option<Self> {
        match *value.as_bytes() {
            [b'-', digit @ b'1'..=b'9'] => Some(Self(-i8::try_from(digit - b'0').ok()?)),
            [digit @ b'0'..=b'9'] => Some(Self(i8::try_from(digit - b'0').ok()?)),
            _ => None,
        }
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// `1*9DIGIT`
fn seconds(digits: &str) -> Option<u32> {
    let number = grammar::whole(digits.as_bytes(), grammar::number).ok()?;
    u32::try_from(number).ok().filter(|_| digits.len() <= 9)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString as _;

    #[test]
    fn deliver_by() {
        for text in ["120;R", "-15;N", "0;N", "999999999;RT", "-999999999;NT"] {
            assert_eq!(DeliverBy::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(DeliverBy::parse("+1;n").unwrap().to_string(), "1;N");
        for text in
            ["", "1", ";N", "1;", "1;X", "1;NTT", "0;R", "-1;R", "1000000000;N", "--1;N", "1 ;N"]
        {
            assert_eq!(DeliverBy::parse(text), None, "{text}");
        }
    }

    #[test]
    fn hold() {
        let both = |text: &str| match text.split_once('=')? {
            ("HOLDFOR", value) => Hold::parse_for(value).map(|hold| hold.to_string()),
            (_, value) => Hold::parse_until(value).map(|hold| hold.to_string()),
        };
        for text in ["HOLDFOR=1", "HOLDFOR=999999999", "HOLDUNTIL=2026-11-23T08:00:00Z"] {
            assert_eq!(both(text).as_deref(), Some(text));
        }
        for text in [
            "HOLDFOR=0",
            "HOLDFOR=01",
            "HOLDFOR=1000000000",
            "HOLDFOR=",
            "HOLDFOR=-1",
            "HOLDUNTIL=1",
            "HOLDUNTIL=2026-11-23T08:00:00+01:00",
        ] {
            assert_eq!(both(text), None, "{text}");
        }
    }

    #[test]
    fn valid_since() {
        for text in ["2014-04-03T23:01:00Z", "2014-04-03T23:01:00Z;C", "2014-04-03T23:01:00Z;R"] {
            assert_eq!(ValidSince::parse(text).unwrap().to_string(), text);
        }
        for text in ["", ";C", "2014-04-03T23:01:00Z;", "2014-04-03T23:01:00Z;X"] {
            assert_eq!(ValidSince::parse(text), None, "{text}");
        }
    }

    #[test]
    fn priorities() {
        for text in ["-9", "-1", "0", "9"] {
            assert_eq!(Priority::parse(text).unwrap().to_string(), text);
        }
        for text in ["", "-", "-0", "10", "+1", "01", "-10"] {
            assert_eq!(Priority::parse(text), None, "{text}");
        }
        assert_eq!((Priority::new(10), Priority::new(-10)), (None, None));
    }
}
