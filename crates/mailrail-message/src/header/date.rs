//! Dates (RFC 5322 §3.3, obsolete §4.3), and the same moment as RFC 3339 and in Unix seconds.

use core::fmt;

use crate::error::SyntaxError;
use crate::grammar::Cursor;
use crate::limits::ValueLimits;
use crate::scan::{is_fws, trim_start};

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

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
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
    fn weekday(&self) -> usize {
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

/// A date as nearly all are written, every part in its place: `Fri, 21 Nov 1997 09:55:06 -0600`, with or without
/// the day of the week.
fn plain(value: &[u8]) -> Option<DateTime> {
    let value = trim_start(value, is_fws);
    let value = match value {
        [a, b, c, b',', b' ', rest @ ..] if [a, b, c].iter().all(|it| it.is_ascii_alphabetic()) => {
            rest
        }
        _ => value,
    };
    let (day, rest) = match value {
        [ones, b' ', rest @ ..] => (decimal([b'0', *ones])?, rest),
        [tens, ones, b' ', rest @ ..] => (decimal([*tens, *ones])?, rest),
        _ => return None,
    };
    let (rest, after) = rest.split_first_chunk::<23>()?;
    let [m1, m2, m3, b' ', y1, y2, y3, y4, b' ', rest @ ..] = *rest else { return None };
    let [h1, h2, b':', n1, n2, b':', s1, s2, b' ', sign, o1, o2, o3, o4] = rest else {
        return None;
    };
    if !matches!(sign, b'+' | b'-') || after.first().is_some_and(u8::is_ascii_digit) {
        return None;
    }
    let year = u16::from(decimal([y1, y2])?) * 100 + u16::from(decimal([y3, y4])?);
    let (hour, minute, second) = (decimal([h1, h2])?, decimal([n1, n2])?, decimal([s1, s2])?);
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let offset = offset(sign == b'-', decimal([o1, o2])?.into(), decimal([o3, o4])?.into());
    build((year, month(&[m1, m2, m3])?, day), (hour, minute, second), offset)
}

/// The number that two digits make.
fn decimal(digits: [u8; 2]) -> Option<u8> {
    let [tens, ones] = digits.map(|digit| digit.wrapping_sub(b'0'));
    (tens < 10 && ones < 10).then(|| tens * 10 + ones)
}

/// Minutes east of universal time; `None` where that is not told: `-0000`, or no hours of a day.
fn offset(is_west: bool, hours: u16, minutes: u16) -> Option<i16> {
    let offset = i16::try_from(hours * 60 + minutes).ok().filter(|all| *all < MINUTES_A_DAY)?;
    match (is_west, offset) {
        (true, 0) => None,
        (true, _) => Some(-offset),
        _ => Some(offset),
    }
}

/// Reads a date. Where it stops making sense the cursor stays.
struct Reader<'a> {
    cursor: Cursor<'a>,
}

impl<'a> Reader<'a> {
    /// So many digits as a number.
    fn digits(&mut self, least: usize, most: usize) -> Option<(usize, u16)> {
        let start = self.cursor.at();
        let mut number = 0_u16;
        let mut count = 0;
        while let Some(digit @ b'0'..=b'9') = self.cursor.peek() {
            count += 1;
            if count > most {
                break;
            }
            number = number * 10 + u16::from(digit - b'0');
            self.cursor.go_to(start + count);
        }
        if (least..=most).contains(&count) {
            return Some((count, number));
        }
        self.cursor.go_to(start);
        None
    }

    /// A number up to a greatest one, white space around it.
    fn number(&mut self, up_to: u8) -> Option<u8> {
        self.cursor.gap();
        let start = self.cursor.at();
        let (_, number) = self.digits(1, 2)?;
        let Some(number) = u8::try_from(number).ok().filter(|number| *number <= up_to) else {
            self.cursor.go_to(start);
            return None;
        };
        self.cursor.gap();
        Some(number)
    }

    fn word(&mut self) -> &'a [u8] {
        self.cursor.take_while(|byte| byte.is_ascii_alphabetic())
    }

    /// `month = "Jan" / "Feb" / "Mar" / …`; longer names count by their first three letters.
    fn month(&mut self) -> Option<u8> {
        let start = self.cursor.at();
        let found = month(self.word());
        if found.is_none() {
            self.cursor.go_to(start);
        }
        found
    }

    /// `year = 4*DIGIT / 2*DIGIT`; two and three digits count as RFC 5322 §4.3 has it.
    fn year(&mut self) -> Option<u16> {
        self.cursor.gap();
        match self.digits(2, 4)? {
            (2, year @ 0..50) => Some(year + 2000),
            (2 | 3, year) => Some(year + 1900),
            (_, year) => (year > 0).then_some(year),
        }
    }

    /// `time-of-day = hour ":" minute [ ":" second ]`, and fractions of seconds, which are dropped
    fn time(&mut self) -> Option<(u8, u8, u8)> {
        let hour = self.number(23)?;
        let mark = self.cursor.peek().filter(|byte| matches!(byte, b':' | b'.'))?;
        self.cursor.eat(mark);
        let minute = self.number(59)?;
        if !self.cursor.eat(mark) {
            return Some((hour, minute, 0));
        }
        let second = self.number(60)?;
        if self.cursor.eat(b'.') {
            self.cursor.take_while(|byte| byte.is_ascii_digit());
            self.cursor.gap();
        }
        Some((hour, minute, second))
    }

    /// `zone = (FWS ( "+" / "-" ) 4DIGIT) / obs-zone`; `None` also where none stands here.
    fn zone(&mut self) -> Option<i16> {
        let name = self.word();
        if !name.is_empty() {
            let named = named_zone(name);
            // Some write both, as in GMT+0100.
            return match (self.cursor.peek(), named) {
                (Some(b'+' | b'-'), Some(0)) => self.numeric_zone().or(named),
                _ => named,
            };
        }
        self.numeric_zone()
    }

    fn numeric_zone(&mut self) -> Option<i16> {
        let is_west = self.cursor.peek() == Some(b'-');
        if !is_west && self.cursor.peek() != Some(b'+') {
            return None;
        }
        self.cursor.go_to(self.cursor.at() + 1);
        let (count, number) = self.digits(2, 4)?;
        let (hours, minutes) = match count {
            2 => {
                self.cursor.eat(b':');
                (number, self.digits(2, 2).map_or(0, |(_, minutes)| minutes))
            }
            _ => (number / 100, number % 100),
        };
        offset(is_west, hours, minutes)
    }

    fn date_time(&mut self) -> Option<DateTime> {
        self.cursor.gap();
        // `[ day-of-week "," ]`
        if self.cursor.peek()?.is_ascii_alphabetic() {
            let start = self.cursor.at();
            let name = self.word();
            self.cursor.gap();
            if month(name).is_some() && !self.cursor.eat(b',') {
                self.cursor.go_to(start);
            } else {
                self.cursor.eat(b',');
                self.cursor.eat(b'.');
            }
        }
        self.cursor.gap();
        if self.cursor.peek()?.is_ascii_alphabetic() {
            return self.asctime();
        }
        let start = self.cursor.at();
        if self.digits(4, 4).is_some() && self.cursor.peek() == Some(b'-') {
            self.cursor.go_to(start);
            return self.iso();
        }
        self.cursor.go_to(start);
        let day = self.number(31)?;
        self.cursor.eat(b'-');
        self.cursor.eat(b'.');
        self.cursor.gap();
        let month = self.month()?;
        self.cursor.eat(b'.');
        self.cursor.eat_spaced(b'-');
        let year = self.year()?;
        self.cursor.eat_spaced(b',');
        let time = self.time()?;
        let offset = self.zone();
        build((year, month, day), time, offset)
    }

    /// `Nov 21 09:55:06 1997`, as C prints dates, perhaps with the zone before or behind the year.
    fn asctime(&mut self) -> Option<DateTime> {
        let month = self.month()?;
        let day = self.number(31)?;
        self.cursor.eat_spaced(b',');
        let before = self.cursor.at();
        // `Nov 21, 1997 09:55:06` as well.
        let year = match self.digits(4, 4) {
            Some((_, year)) => Some(year),
            None => {
                self.cursor.go_to(before);
                None
            }
        };
        let time = self.time()?;
        let mut offset = self.zone();
        let year = match year {
            Some(year) => year,
            None => {
                self.cursor.gap();
                let (_, year) = self.digits(4, 4)?;
                self.cursor.gap();
                offset = offset.or_else(|| self.zone());
                year
            }
        };
        build((year, month, day), time, offset)
    }

    /// `1997-11-21T09:55:06Z` (RFC 3339)
    fn iso(&mut self) -> Option<DateTime> {
        let (_, year) = self.digits(4, 4)?;
        self.cursor.eat(b'-');
        let month = self.number(12)?;
        if !self.cursor.eat(b'-') {
            return None;
        }
        let day = self.number(31)?;
        if !self.cursor.eat(b'T') {
            self.cursor.eat(b't');
        }
        let time = self.time()?;
        let offset = self.zone();
        build((year, month, day), time, offset)
    }
}

fn build(
    (year, month, day): (u16, u8, u8),
    (hour, minute, second): (u8, u8, u8),
    offset: Option<i16>,
) -> Option<DateTime> {
    let is_date = year > 0 && (1..=12).contains(&month) && day >= 1 && day <= days_in(year, month);
    is_date.then_some(DateTime { year, month, day, hour, minute, second, offset })
}

fn month(name: &[u8]) -> Option<u8> {
    Some(match &name.first_chunk()?.map(|letter: u8| letter.to_ascii_lowercase()) {
        b"jan" => 1,
        b"feb" => 2,
        b"mar" => 3,
        b"apr" => 4,
        b"may" => 5,
        b"jun" => 6,
        b"jul" => 7,
        b"aug" => 8,
        b"sep" => 9,
        b"oct" => 10,
        b"nov" => 11,
        b"dec" => 12,
        _ => return None,
    })
}

/// `obs-zone = "UT" / "GMT" / "EST" / "EDT" / "CST" / "CDT" / "MST" / "MDT" / "PST" / "PDT" / …`
fn named_zone(name: &[u8]) -> Option<i16> {
    const ZONES: [(&str, i16); 12] = [
        ("UT", 0),
        ("UTC", 0),
        ("GMT", 0),
        ("Z", 0),
        ("EDT", -4),
        ("EST", -5),
        ("CDT", -5),
        ("CST", -6),
        ("MDT", -6),
        ("MST", -7),
        ("PDT", -7),
        ("PST", -8),
    ];
    // Letters of the military were used with both signs, so they say nothing (RFC 5322 §4.3).
    let is = |zone: &str| zone.as_bytes().eq_ignore_ascii_case(name);
    ZONES.iter().find(|(zone, _)| is(zone)).map(|(_, hours)| hours * 60)
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
