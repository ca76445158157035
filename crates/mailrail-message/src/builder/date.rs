//! Dates without the formatting machinery: every message has one.

use crate::header::date::DateTime;

const DAYS: &[u8; 21] = b"SunMonTueWedThuFriSat";
const MONTHS: &[u8; 36] = b"JanFebMarAprMayJunJulAugSepOctNovDec";

/// The date as a header field has it: `Fri, 21 Nov 1997 09:55:06 -0600`.
pub(super) fn rfc5322<'b>(date: &DateTime, bytes: &'b mut [u8; 40]) -> &'b str {
    let offset = date.offset().unwrap_or(0);
    let sign = if date.offset().is_none_or(|offset| offset < 0) { b'-' } else { b'+' };
    let days = (date.unix() + i64::from(offset) * 60).div_euclid(86_400);
    // 1970-01-01 was a Thursday.
    let weekday = usize::try_from((days + 4).rem_euclid(7)).unwrap_or(0);
    let month = usize::from(date.month()).saturating_sub(1);
    let mut out = Out { bytes, length: 0 };
    out.push(DAYS.get(weekday * 3..weekday * 3 + 3).unwrap_or_default());
    out.push(b", ");
    match date.day() {
        day @ 0..10 => out.push(&[b'0' + day]),
        day => out.two(day.into()),
    }
    out.push(b" ");
    out.push(MONTHS.get(month * 3..month * 3 + 3).unwrap_or_default());
    out.push(b" ");
    out.two(date.year() / 100);
    out.two(date.year() % 100);
    for (mark, number) in [(b' ', date.hour()), (b':', date.minute()), (b':', date.second())] {
        out.push(&[mark]);
        out.two(number.into());
    }
    out.push(&[b' ', sign]);
    out.two(offset.unsigned_abs() / 60);
    out.two(offset.unsigned_abs() % 60);
    let length = out.length;
    // Only ASCII was written.
    core::str::from_utf8(bytes.get(..length).unwrap_or_default()).unwrap_or_default()
}

struct Out<'b> {
    bytes: &'b mut [u8; 40],
    length: usize,
}

impl Out<'_> {
    fn push(&mut self, text: &[u8]) {
        if let Some(place) = self.bytes.get_mut(self.length..self.length + text.len()) {
            place.copy_from_slice(text);
            self.length += text.len();
        }
    }

    /// A number below 100, with two digits.
    fn two(&mut self, number: u16) {
        let digit = |number: u16| b'0' + u8::try_from(number % 10).unwrap_or(0);
        self.push(&[digit(number / 10), digit(number)]);
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn dates_are_written_as_they_are_displayed() {
        let mut dates = alloc::vec![DateTime::parse(b"1 Jan 0999 00:00:60 -0000").ok()];
        for at in 0..2000 {
            let seconds = -62_000_000_000 + at * 157_000_123;
            let offset = i16::try_from(at % 2880 - 1439).unwrap_or(0);
            dates.push(DateTime::from_unix(seconds, offset.clamp(-1439, 1439)));
        }
        for date in dates.into_iter().flatten() {
            assert_eq!(rfc5322(&date, &mut [0; 40]), date.rfc5322().to_string());
        }
    }
}
