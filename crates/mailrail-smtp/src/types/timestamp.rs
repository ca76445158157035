//! Dates in parameters (RFC 3339 §5.6).

use crate::SyntaxError;
use alloc::borrow::Cow;
use core::fmt;

/// A date and time such as `2026-11-23T08:00:00Z`, as it was written. Its numbers are in their
/// ranges; whether the month has that day is not looked at.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Timestamp<'a>(Cow<'a, str>);

impl<'a> Timestamp<'a> {
    /// Reads a date and time.
    ///
    /// ```text
    /// date-time   = full-date "T" full-time
    /// full-date   = 4DIGIT "-" 2DIGIT "-" 2DIGIT
    /// full-time   = 2DIGIT ":" 2DIGIT ":" 2DIGIT ["." 1*DIGIT] time-offset
    /// time-offset = "Z" / ("+" / "-") 2DIGIT ":" 2DIGIT
    /// ```
    ///
    /// # Errors
    ///
    /// Where `text` is anything else.
    pub fn parse(text: &'a [u8]) -> Result<Self, SyntaxError> {
        match core::str::from_utf8(text) {
            Ok(text) if is_date_time(text.as_bytes()) => Ok(Self(Cow::Borrowed(text))),
            _ => Err(SyntaxError { offset: 0, expected: "a date and time" }),
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is told in UTC, with a `Z`.
    #[must_use]
    pub fn is_utc(&self) -> bool {
        self.0.ends_with(['Z', 'z'])
    }

    /// The seconds from the start of 1970 (UTC) on; a part of a second counts as a whole one.
    #[must_use]
    pub fn unix_seconds(&self) -> i64 {
        let text = self.0.as_bytes();
        let number = |from: usize, len: usize| {
            let digits = text.get(from..from.saturating_add(len)).unwrap_or_default();
            digits.iter().fold(0, |number, digit| 10 * number + i64::from(digit & 15))
        };
        let rest = text.get(19..).unwrap_or_default();
        let is_end = |byte: &u8| !matches!(byte, b'.' | b'0'..=b'9');
        let end = rest.iter().position(is_end).unwrap_or(rest.len());
        let is_cut = rest.get(..end).unwrap_or_default().iter().any(|&byte| byte > b'0');
        let offset = match rest.get(end) {
            Some(b'+') => 60 * number(20 + end, 2) + number(23 + end, 2),
            Some(b'-') => -60 * number(20 + end, 2) - number(23 + end, 2),
            _ => 0,
        };
        let day = days(number(0, 4), number(5, 2), number(8, 2));
        let minutes = 60 * (24 * day + number(11, 2)) + number(14, 2) - offset;
        60 * minutes + number(17, 2) + i64::from(is_cut)
    }

    /// The same, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Timestamp<'static> {
        Timestamp(Cow::Owned(self.0.into_owned()))
    }
}

impl fmt::Display for Timestamp<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

super::from_str!(Timestamp);

/// The days from the start of 1970 to that of a day. A year is counted from March on, so that the day
/// that some years have more is its last.
const fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month < 3 { (year - 1, month + 9) } else { (year, month - 3) };
    let leaps = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    365 * year + leaps + (153 * month + 2) / 5 + day - 719_469
}

fn is_date_time(text: &[u8]) -> bool {
    let Some((moment, rest)) = text.split_at_checked(19) else { return false };
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T' | b't', time @ ..] = moment else {
        return false;
    };
    let year = [y1, y2, y3, y4].into_iter().all(u8::is_ascii_digit);
    let [h1, h2, b':', n1, n2, b':', s1, s2] = time else { return false };
    let ranges =
        [(m1, m2, 1, 12), (d1, d2, 1, 31), (h1, h2, 0, 23), (n1, n2, 0, 59), (s1, s2, 0, 60)];
    year && ranges.into_iter().all(|(tens, ones, least, most)| {
        number(*tens, *ones).is_some_and(|number| least <= number && number <= most)
    }) && is_end(rest)
}

/// `["." 1*DIGIT] time-offset`
fn is_end(text: &[u8]) -> bool {
    let offset = match text.strip_prefix(b".") {
        None => text,
        Some(fraction) => {
            let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
            match fraction.split_at_checked(digits) {
                Some(([_, ..], offset)) => offset,
                _ => return false,
            }
        }
    };
    match offset {
        [b'Z' | b'z'] => true,
        [b'+' | b'-', h1, h2, b':', m1, m2] => {
            number(*h1, *h2).is_some_and(|hours| hours < 24)
                && number(*m1, *m2).is_some_and(|minutes| minutes < 60)
        }
        _ => false,
    }
}

fn number(tens: u8, ones: u8) -> Option<u8> {
    (tens.is_ascii_digit() && ones.is_ascii_digit()).then(|| (tens - b'0') * 10 + (ones - b'0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("1969-12-31T23:59:59Z", -1),
            ("2000-02-29T12:00:00Z", 951_825_600),
            ("2000-03-01T00:00:00Z", 951_868_800),
            ("2026-11-23T08:00:00Z", 1_795_420_800),
            ("2026-11-23T08:00:00.000Z", 1_795_420_800),
            ("2026-11-23T08:00:00.001z", 1_795_420_801),
            ("2026-11-23T09:30:00+01:30", 1_795_420_800),
            ("2026-11-23T00:00:00.0-08:00", 1_795_420_800),
            ("9999-12-31T23:59:60Z", 253_402_300_800),
        ] {
            assert_eq!(text.parse::<Timestamp<'_>>().unwrap().unix_seconds(), seconds, "{text}");
        }
        assert_eq!(days(0, 3, 1), -719_468);
    }

    #[test]
    fn dates() {
        for text in ["2026-11-23T08:00:00Z", "1985-04-12t23:20:50.52z", "1996-12-19T16:39:57-08:00"]
        {
            assert_eq!(text.parse::<Timestamp<'_>>().unwrap().as_str(), text);
        }
        for text in [
            "",
            "2026-11-23",
            "2026-11-23T08:00:00",
            "2026-13-23T08:00:00Z",
            "2026-00-23T08:00:00Z",
            "2026-11-32T08:00:00Z",
            "2026-11-23T24:00:00Z",
            "2026-11-23T08:60:00Z",
            "2026-11-23T08:00:61Z",
            "2026-11-23 08:00:00Z",
            "2026-11-23T08:00:00.Z",
            "2026-11-23T08:00:00+0100",
            "2026-11-23T08:00:00Z\r\n",
            "2o26-11-23T08:00:00Z",
            "2026-11-23T08:00:00+24:00",
        ] {
            assert!(text.parse::<Timestamp<'_>>().is_err(), "{text:?}");
        }
    }
}
