//! `date-time`

use super::{Date, date::padded};
use crate::{
    SyntaxError,
    encode::Sink,
    grammar::{Parsed, close_quote, digits, fault, named},
};
use nom::{Parser, character::complete::char, sequence::delimited};

/// A moment with its zone: INTERNALDATE (RFC 3501 §2.3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DateTime {
    date: Date,
    /// Of the day.
    second: u32,
    /// East of Greenwich, in minutes.
    zone: i16,
}

impl DateTime {
    /// The moment of that date and time (hour 0 to 23, minute 0 to 59, second 0 to 59, or 60 for a
    /// leap second, which is taken for 59) in the zone that lies `zone` minutes east of Greenwich.
    ///
    /// # Errors
    ///
    /// Where there is no such time of the day, or the zone is not less than a hundred hours away.
    pub fn new(
        date: Date,
        hour: u8,
        minute: u8,
        second: u8,
        zone: i16,
    ) -> Result<Self, SyntaxError> {
        if hour > 23 || minute > 59 || second > 60 || zone.unsigned_abs() >= 6_000 {
            return Err(SyntaxError::new(0, "a date and time"));
        }
        let minutes = u32::from(hour) * 60 + u32::from(minute);
        Ok(Self { date, second: minutes * 60 + u32::from(second.min(59)), zone })
    }

    /// The moment `seconds` after 1970-01-01 00:00:00 UTC, told in the zone that lies `zone`
    /// minutes east of Greenwich.
    ///
    /// # Errors
    ///
    /// Where the year is not between 0 and 9999, or the zone not less than a hundred hours away.
    pub fn from_unix(seconds: i64, zone: i16) -> Result<Self, SyntaxError> {
        let local = seconds.saturating_add(i64::from(zone) * 60);
        let date = Date::from_days_since_1970(local.div_euclid(86_400))?;
        let second = u32::try_from(local.rem_euclid(86_400)).unwrap_or_default();
        Ok(Self { second, ..Self::new(date, 0, 0, 0, zone)? })
    }

    /// Seconds since 1970-01-01 00:00:00 UTC; below 0 before that.
    #[must_use]
    pub fn unix(self) -> i64 {
        self.date.days_since_1970() * 86_400 + i64::from(self.second) - i64::from(self.zone) * 60
    }

    /// The day, in its own zone: what the search keys BEFORE, ON and SINCE compare
    /// (RFC 3501 §6.4.4).
    #[must_use]
    pub const fn date(self) -> Date {
        self.date
    }

    /// The second of that day, 0 to 86,399.
    #[must_use]
    pub const fn second_of_day(self) -> u32 {
        self.second
    }

    /// How many minutes the zone lies east of Greenwich.
    #[must_use]
    pub const fn zone(self) -> i16 {
        self.zone
    }

    /// ```abnf
    /// date-time      = DQUOTE date-day-fixed "-" date-month "-" date-year SP time SP zone DQUOTE
    /// date-day-fixed = (SP DIGIT) / 2DIGIT
    /// time           = 2DIGIT ":" 2DIGIT ":" 2DIGIT
    /// zone           = ("+" / "-") 4DIGIT
    /// ```
    pub(crate) fn parse(i: &[u8]) -> Parsed<'_, Self> {
        let (text, _) = named("a date and time", char('"')).parse(i)?;
        let (rest, day) = match text {
            [b' ', rest @ ..] => digits(1)(rest)?,
            _ => digits(2)(text)?,
        };
        let (rest, date) = Date::parse_month_year(text, rest, day)?;
        let time = (delimited(char(' '), digits(2), char(':')), digits(2), char(':'), digits(2));
        let (rest, (hour, minute, _, second)) = named("a time", time).parse(rest)?;
        let (east, rest) = match rest {
            [b' ', b'+', rest @ ..] => (1, rest),
            [b' ', b'-', rest @ ..] => (-1, rest),
            _ => return fault(rest, "a zone"),
        };
        let (rest, (hours, minutes)) = (digits(2), digits(2)).parse(rest)?;
        let (rest, ()) = close_quote(rest)?;
        let small = |n| u8::try_from(n).unwrap_or(u8::MAX);
        let zone = i16::try_from(hours * 60 + minutes.min(59)).unwrap_or_default();
        match Self::new(date, small(hour), small(minute), small(second), east * zone) {
            Ok(moment) => Ok((rest, moment)),
            Err(_) => fault(i, "a date and time"),
        }
    }

    pub(crate) fn encode(self, out: &mut impl Sink) {
        let part = |n: u32| u16::try_from(n).unwrap_or_default();
        out.text(if self.date.day() < 10 { b"\" " } else { b"\"" });
        out.number(self.date.day().into());
        self.date.encode_month_year(out);
        for (before, n) in [
            (b" ", part(self.second / 3_600)),
            (b":", part(self.second / 60 % 60)),
            (b":", part(self.second % 60)),
        ] {
            out.text(before);
            padded(out, n, 2);
        }
        out.text(if self.zone < 0 { b" -" } else { b" +" });
        padded(out, self.zone.unsigned_abs() / 60, 2);
        padded(out, self.zone.unsigned_abs() % 60, 2);
        out.text(b"\"");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Buf;
    use mailrail_wire::Output;

    #[test]
    fn moments_of_the_rfc() {
        for (wire, unix) in [
            (&b"\"17-Jul-1996 02:44:25 -0700\""[..], 837_596_665),
            (b"\" 1-Jan-1970 00:30:00 +0030\"", 0),
            (b"\"31-Dec-1969 23:59:59 +0000\"", -1),
        ] {
            let (_, moment) = DateTime::parse(wire).unwrap();
            assert_eq!(moment.unix(), unix);
            assert_eq!(DateTime::from_unix(unix, moment.zone()), Ok(moment));
            let mut out = Output::default();
            moment.encode(&mut out);
            assert_eq!(out.copy_to_bytes(out.remaining()), wire);
        }
        for bad in [
            "\"17-Jul-1996 24:00:00 -0700\"",
            "\"1-Jan-1970 00:00:00 +0000\"",
            "\"17-Jul-1996 02:44:25\"",
            "17",
        ] {
            assert!(DateTime::parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
