//! Dates (RFC 5322 §3.3, obsolete §4.3), and the same moment as RFC 3339 and in Unix seconds.

mod read;

use core::fmt;

use crate::error::SyntaxError;
use crate::grammar::Cursor;
use crate::limits::ValueLimits;
use read::{Reader, plain};

/// A moment as a header field tells it: the time on a clock, and how far that clock is from universal time.
///
/// Equality compares what is written; for moments compare [`unix`](Self::unix).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DateTime {
    year: u16,
    month: u8,
    day: u8,
    hour: u8,
    minute: u8,
    second: u8,
    /// Minutes east of universal time; `None`: the clock is universal time, and where it stood is not known.
    offset: Option<i16>,
}

pub(crate) const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/// The days of the week, from Sunday on.
pub(crate) const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MINUTES_A_DAY: i16 = 24 * 60;

impl DateTime {
    /// The moment `seconds` after 1970-01-01 00:00 UTC, on a clock `offset` minutes east of it.
    ///
    /// `None` outside of the years 1 to 9999, and where the offset is a day or more.
    pub fn from_unix(seconds: i64, offset: i16) -> Option<Self> {
        if offset.unsigned_abs() >= MINUTES_A_DAY.unsigned_abs() {
            return None;
        }
        let local = seconds.checked_add(i64::from(offset) * 60)?;
        let (year, month, day) = civil_from_days(local.div_euclid(86_400))?;
        let clock = u32::try_from(local.rem_euclid(86_400)).ok()?;
        Some(Self {
            year,
            month,
            day,
            hour: u8::try_from(clock / 3600).ok()?,
            minute: u8::try_from(clock / 60 % 60).ok()?,
            second: u8::try_from(clock % 60).ok()?,
            offset: Some(offset),
        })
    }

    /// Seconds since 1970-01-01 00:00 UTC. A leap second counts as the one behind it.
    pub fn unix(&self) -> i64 {
        let days =
            days_from_civil(i64::from(self.year), i64::from(self.month), i64::from(self.day));
        days * 86_400
            + i64::from(self.hour) * 3600
            + (i64::from(self.minute) - i64::from(self.offset.unwrap_or(0))) * 60
            + i64::from(self.second)
    }

    /// Reads the value of a `Date` field, the obsolete forms included: two-digit years, named zones, comments anywhere.
    ///
    /// ```abnf
    /// date-time = [ day-of-week "," ] day month year hour ":" minute [ ":" second ] zone [CFWS]
    /// ```
    /// Of what is no such date, those are read that mailers write: `Fri Nov 21 09:55:06 1997`, `21-Nov-97`, and
    /// `1997-11-21T09:55:06Z`. The day of the week is not compared with the date. A missing zone counts as `-0000`, and so do
    /// names of zones that RFC 5322 does not list, as it wants. What follows the zone is ignored.
    ///
    /// # Errors
    /// If it is no date of a calendar, or no time of a day.
    pub fn parse(value: &[u8]) -> Result<Self, SyntaxError> {
        Self::parse_within(value, ValueLimits::DEFAULT)
    }

    pub(crate) fn parse_within(value: &[u8], limits: ValueLimits) -> Result<Self, SyntaxError> {
        if let Some(date) = plain(value) {
            return Ok(date);
        }
        let mut reader = Reader { cursor: Cursor::new(value, limits) };
        reader.date_time().ok_or_else(|| reader.cursor.error("a date and a time"))
    }

    /// The year, by the clock that the field tells.
    pub const fn year(&self) -> u16 {
        self.year
    }

    /// The month, 1 to 12.
    pub const fn month(&self) -> u8 {
        self.month
    }

    /// The day of the month, from 1.
    pub const fn day(&self) -> u8 {
        self.day
    }

    /// The hour, 0 to 23.
    pub const fn hour(&self) -> u8 {
        self.hour
    }

    /// The minute, 0 to 59.
    pub const fn minute(&self) -> u8 {
        self.minute
    }

    /// The second, 0 to 60.
    pub const fn second(&self) -> u8 {
        self.second
    }

    /// Minutes east of universal time; `None` for `-0000`: universal time from a place that is not told.
    pub const fn offset(&self) -> Option<i16> {
        self.offset
    }

    /// Days since Sunday.
    pub(crate) fn weekday(&self) -> usize {
        let days =
            days_from_civil(i64::from(self.year), i64::from(self.month), i64::from(self.day));
        usize::try_from((days + 4).rem_euclid(7)).unwrap_or_default()
    }

    /// To be displayed as RFC 5322 has it: `Fri, 21 Nov 1997 09:55:06 -0600`.
    pub const fn rfc5322(&self) -> impl fmt::Display + use<> {
        Rfc5322(*self)
    }

    /// To be displayed as RFC 3339 has it: `1997-11-21T09:55:06-06:00`. An unknown offset is `-00:00` (§4.3).
    pub const fn rfc3339(&self) -> impl fmt::Display + use<> {
        Rfc3339(*self)
    }

    fn sign_hours_minutes(&self) -> (char, u16, u16) {
        let minutes = self.offset.unwrap_or(0).unsigned_abs();
        let sign = if self.offset.is_none_or(|offset| offset < 0) { '-' } else { '+' };
        (sign, minutes / 60, minutes % 60)
    }
}

struct Rfc5322(DateTime);

impl fmt::Display for Rfc5322 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(date) = self;
        let weekday = DAYS.get(date.weekday()).copied().unwrap_or_default();
        let month =
            MONTHS.get(usize::from(date.month).saturating_sub(1)).copied().unwrap_or_default();
        let (sign, hours, minutes) = date.sign_hours_minutes();
        write!(f, "{weekday}, {} {month} {:04} ", date.day, date.year)?;
        write!(
            f,
            "{:02}:{:02}:{:02} {sign}{hours:02}{minutes:02}",
            date.hour, date.minute, date.second
        )
    }
}

struct Rfc3339(DateTime);

impl fmt::Display for Rfc3339 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(date) = self;
        let (sign, hours, minutes) = date.sign_hours_minutes();
        write!(f, "{:04}-{:02}-{:02}T", date.year, date.month, date.day)?;
        write!(
            f,
            "{:02}:{:02}:{:02}{sign}{hours:02}:{minutes:02}",
            date.hour, date.minute, date.second
        )
    }
}

/// Days from 1970-01-01 to a date. Years are counted from March, so that a leap day ends its year.
const fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The date some days after 1970-01-01.
fn civil_from_days(days: i64) -> Option<(u16, u8, u8)> {
    let days = days.checked_add(719_468)?;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = u8::try_from(of_year - (153 * shifted + 2) / 5 + 1).ok()?;
    let month = u8::try_from(if shifted < 10 { shifted + 3 } else { shifted - 9 }).ok()?;
    let year = u16::try_from(era * 400 + year + i64::from(month <= 2)).ok()?;
    (1..=9999).contains(&year).then_some((year, month, day))
}

const fn days_in(year: u16, month: u8) -> u8 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::{String, ToString};

    use super::*;

    fn iso(text: &str) -> Option<String> {
        DateTime::parse(text.as_bytes()).ok().map(|date| date.rfc3339().to_string())
    }

    #[test]
    fn known_dates() {
        let date = DateTime::parse(b" Fri, 21 Nov 1997 09:55:06 -0600").unwrap();
        assert_eq!(date.unix(), 880_127_706);
        assert_eq!(date.rfc5322().to_string(), "Fri, 21 Nov 1997 09:55:06 -0600");
        assert_eq!(date.rfc3339().to_string(), "1997-11-21T09:55:06-06:00");
        assert_eq!(DateTime::from_unix(880_127_706, -360), Some(date));
        assert_eq!(
            DateTime::from_unix(0, 0).unwrap().rfc5322().to_string(),
            "Thu, 1 Jan 1970 00:00:00 +0000"
        );
        assert_eq!(DateTime::from_unix(i64::MAX, 0), None);
        assert_eq!(DateTime::from_unix(0, 1440), None);
    }

    /// What is read in one go is what is read token by token.
    #[test]
    fn plain_dates_are_read_alike() {
        let mut plain_ones = 0;
        for written in [&b" Fri, 21 Nov 1997 09:55:06 -0600"[..], b"1 Feb 2000 23:59:60 +0000 (x)"]
        {
            for at in 0..written.len() {
                for byte in *b"0123456789:, +-(azNA\r" {
                    for is_more in [false, true] {
                        let mut text = written.to_vec();
                        if is_more {
                            text.insert(at, byte);
                        } else {
                            text[at] = byte;
                        }
                        let cursor = Cursor::new(&text, ValueLimits::DEFAULT);
                        if let Some(date) = plain(&text) {
                            assert_eq!(Some(date), Reader { cursor }.date_time(), "{text:?}");
                            plain_ones += 1;
                        }
                    }
                }
            }
        }
        assert!(plain_ones > 200, "{plain_ones}");
        assert!(plain(b"\r\n Fri, 21 Nov 1997 09:55:06 -0600").is_some());
    }

    #[test]
    fn obsolete_dates() {
        assert_eq!(iso("21 Nov 97 09:55:06 GMT").unwrap(), "1997-11-21T09:55:06+00:00");
        assert_eq!(
            iso("Fri, 21 Nov 1997 09(comment):   55  :  06 -0600").unwrap(),
            "1997-11-21T09:55:06-06:00"
        );
        assert_eq!(
            iso("Thu,\r\n      13\r\n        Feb\r\n          1969\r\n      23:32\r\n               -0330 (Newfoundland Time)")
                .unwrap(),
            "1969-02-13T23:32:00-03:30"
        );
        assert_eq!(iso("1 Jan 49 0:00 PDT").unwrap(), "2049-01-01T00:00:00-07:00");
        assert_eq!(iso("1 January 150 00:00:60 A").unwrap(), "2050-01-01T00:00:60-00:00");
        assert_eq!(iso("29 Feb 2000 00:00").unwrap(), "2000-02-29T00:00:00-00:00");
        assert_eq!(iso("1 Jan 2000 00:00:00 +05:30").unwrap(), "2000-01-01T00:00:00+05:30");
    }

    #[test]
    fn dates_that_mailers_write() {
        for (text, date) in [
            ("Fri Nov 21 09:55:06 1997", "1997-11-21T09:55:06-00:00"),
            ("Fri Nov  1 09:55:06 EST 1997", "1997-11-01T09:55:06-05:00"),
            ("Nov 21 09:55:06 1997 +0100", "1997-11-21T09:55:06+01:00"),
            ("Nov 21, 1997 9:55", "1997-11-21T09:55:00-00:00"),
            ("Friday, 21-Nov-97 09:55:06 GMT", "1997-11-21T09:55:06+00:00"),
            ("21 - Nov - 1997 09:55", "1997-11-21T09:55:00-00:00"),
            ("Fri, 21 Nov 1997 9:5:6 +0000", "1997-11-21T09:05:06+00:00"),
            ("Fri, 21 Nov 1997 09.55.06 +0100", "1997-11-21T09:55:06+01:00"),
            ("Fri, 21 Nov 1997, 09:55:06.123 GMT+0100", "1997-11-21T09:55:06+01:00"),
            ("Fri, 21 Nov 1997 09:55:06 +100", "1997-11-21T09:55:06+01:00"),
            ("Fri, 21 Nov 1997 09:55:06 -0600 (CST)", "1997-11-21T09:55:06-06:00"),
            ("Fri. 21 Nov. 1997 09:55:06 -0600", "1997-11-21T09:55:06-06:00"),
            ("1997-11-21T09:55:06Z", "1997-11-21T09:55:06+00:00"),
            ("1997-11-21 09:55:06 +0530", "1997-11-21T09:55:06+05:30"),
            ("Mars, 21 Mar 1997 09:55", "1997-03-21T09:55:00-00:00"),
        ] {
            assert_eq!(iso(text).as_deref(), Some(date), "{text}");
        }
    }

    #[test]
    fn what_is_no_date() {
        for bad in [
            "",
            "today",
            "29 Feb 1900 00:00:00 +0000",
            "32 Jan 2000 00:00:00 +0000",
            "0 Jan 2000 00:00 Z",
            "1 Foo 2000 00:00:00 +0000",
            "1 Jan 2000 24:00:00 +0000",
            "1 Jan 99999 00:00:00 +0000",
            "1 Jan 2000",
            "Nov 21",
            "1997-13-01 00:00",
            "1997-1",
        ] {
            assert_eq!(iso(bad), None, "{bad}");
        }
        assert_eq!(DateTime::parse(b"1 Foo 2000").unwrap_err().offset, 2);
    }
}
