//! How a date is read.

use super::{DateTime, MINUTES_A_DAY, days_in};
use crate::grammar::Cursor;
use crate::scan::{is_fws, trim_start};

/// A date as nearly all are written, every part in its place: `Fri, 21 Nov 1997 09:55:06 -0600`, with or without
/// the day of the week.
pub(super) fn plain(value: &[u8]) -> Option<DateTime> {
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
pub(super) struct Reader<'a> {
    pub(super) cursor: Cursor<'a>,
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

    pub(super) fn date_time(&mut self) -> Option<DateTime> {
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
