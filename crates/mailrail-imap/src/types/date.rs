//! `date`

use crate::{
    SyntaxError,
    encode::Sink,
    grammar::{Parsed, close_quote, digits, fault, named},
};
use nom::{Parser, bytes::complete::take};

const MONTHS: [&[u8; 3]; 12] = [
    b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec",
];

/// A day, as search keys say it (RFC 3501 §9, `date`): one that is in the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// The day of that year (0 to 9999), month (1 to 12) and day of the month.
    ///
    /// # Errors
    ///
    /// Where the calendar has no such day.
    pub fn new(year: u16, month: u8, day: u8) -> Result<Self, SyntaxError> {
        let leap =
            year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let days = match month {
            4 | 6 | 9 | 11 => 30,
            2 => 28 + u8::from(leap),
            1..=12 => 31,
            _ => 0,
        };
        if year > 9999 || day == 0 || day > days {
            return Err(SyntaxError::new(0, "a date"));
        }
        Ok(Self { year, month, day })
    }

    /// The year, 0 to 9999.
    #[must_use]
    pub const fn year(self) -> u16 {
        self.year
    }

    /// The month, 1 to 12.
    #[must_use]
    pub const fn month(self) -> u8 {
        self.month
    }

    /// The day of the month, 1 to 31.
    #[must_use]
    pub const fn day(self) -> u8 {
        self.day
    }

    /// How many days it lies behind 1970-01-01; below 0 before that.
    #[must_use]
    pub fn days_since_1970(self) -> i64 {
        // Years begin in March here, so that the leap day is the last of its year.
        let month = i64::from(self.month);
        let year = i64::from(self.year) - i64::from(month <= 2);
        let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
        let of_year =
            (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + i64::from(self.day) - 1;
        era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
    }

    /// The day that many days behind 1970-01-01.
    ///
    /// # Errors
    ///
    /// Where its year is not between 0 and 9999.
    pub fn from_days_since_1970(days: i64) -> Result<Self, SyntaxError> {
        let days = days.saturating_add(719_468);
        let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        let year = year + era * 400 + i64::from(month <= 2);
        match (u16::try_from(year), u8::try_from(month), u8::try_from(day)) {
            (Ok(year), Ok(month), Ok(day)) => Self::new(year, month, day),
            _ => Err(SyntaxError::new(0, "a date")),
        }
    }

    /// `date = date-text / DQUOTE date-text DQUOTE`
    pub(crate) fn parse(i: &[u8]) -> Parsed<'_, Self> {
        let [b'"', text @ ..] = i else { return Self::parse_text(i) };
        let (rest, date) = Self::parse_text(text)?;
        close_quote(rest).map(|(rest, ())| (rest, date))
    }

    /// ```abnf
    /// date-text = date-day "-" date-month "-" date-year
    /// date-day  = 1*2DIGIT
    /// ```
    fn parse_text(i: &[u8]) -> Parsed<'_, Self> {
        let (rest, day) = match i {
            [b'0'..=b'9', b'0'..=b'9', ..] => digits(2)(i)?,
            _ => digits(1)(i)?,
        };
        Self::parse_month_year(i, rest, day)
    }

    /// `"-" date-month "-" date-year`, of a date that begins at `i`.
    pub(super) fn parse_month_year<'a>(i: &'a [u8], rest: &'a [u8], day: u16) -> Parsed<'a, Self> {
        let (rest, month) = named("a month", take(5_usize)).parse(rest)?;
        let word = match month {
            [b'-', word @ .., b'-'] => word,
            _ => &[],
        };
        let month = MONTHS.iter().position(|month| word.eq_ignore_ascii_case(*month));
        let (rest, year) = digits(4)(rest)?;
        let month = month.and_then(|at| u8::try_from(at + 1).ok()).unwrap_or_default();
        match Self::new(year, month, u8::try_from(day).unwrap_or_default()) {
            Ok(date) => Ok((rest, date)),
            Err(_) => fault(i, "a date"),
        }
    }

    pub(crate) fn encode(self, out: &mut impl Sink) {
        out.number(self.day.into());
        self.encode_month_year(out);
    }

    pub(super) fn encode_month_year(self, out: &mut impl Sink) {
        let month = MONTHS.get(usize::from(self.month).saturating_sub(1));
        out.text(b"-");
        out.text(month.map_or(&[], |month| *month));
        out.text(b"-");
        padded(out, self.year, 4);
    }
}

/// A number in at least `width` digits.
pub(super) fn padded(out: &mut impl Sink, n: u16, width: u32) {
    for place in (1..width).rev() {
        if n < 10_u16.saturating_pow(place) {
            out.text(b"0");
        }
    }
    out.number(n.into());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_of_the_calendar() {
        for (wire, days) in [
            (&b"1-Feb-1994"[..], 8_797),
            (b"\"01-jan-1970\"", 0),
            (b"29-Feb-2000", 11_016),
            (b"31-Dec-9999", 2_932_896),
            (b"1-Jan-0000", -719_528),
        ] {
            let (_, date) = Date::parse(wire).unwrap();
            assert_eq!(date.days_since_1970(), days);
            assert_eq!(Date::from_days_since_1970(days), Ok(date));
        }
        for bad in
            ["29-Feb-1900", "31-Apr-2000", "0-Jan-2000", "1-Foo-2000", "1 Jan 2000", "1-Jan-20"]
        {
            assert!(Date::parse(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(Date::from_days_since_1970(i64::MAX).is_err());
        assert!(Date::from_days_since_1970(i64::MIN).is_err());
    }
}
