//! Whether a date is written as RFC 5322 has it.

use crate::grammar::Cursor;
use crate::header::date::{DAYS, DateTime, MONTHS};
use crate::limits::ValueLimits;

/// Whether the form is that of RFC 5322 §3.3 or §4.3, for a date that is known to make sense, and the day of the week is the one
/// that it was.
///
/// ```abnf
/// date-time = [ day-of-week "," ] day month year hour ":" minute [ ":" second ] zone
/// zone      = ("+" / "-") 4DIGIT / 1*ALPHA
/// ```
pub(super) fn is_usual(value: &[u8], date: &DateTime, limits: ValueLimits) -> bool {
    form(&mut Cursor::new(value, limits), date).is_some()
}

fn form(cursor: &mut Cursor<'_>, date: &DateTime) -> Option<()> {
    let mut has_gap = false;
    cursor.gap();
    if cursor.peek()?.is_ascii_alphabetic() {
        word(cursor, DAYS.get(date.weekday()..=date.weekday())?)?;
        cursor.eat_spaced(b',').then_some(())?;
    }
    digits(cursor, 1, 2, &mut has_gap)?;
    word(cursor, &MONTHS)?;
    cursor.gap();
    digits(cursor, 2, 4, &mut has_gap)?;
    has_gap.then_some(())?;
    digits(cursor, 2, 2, &mut has_gap)?;
    cursor.eat_spaced(b':').then_some(())?;
    digits(cursor, 2, 2, &mut has_gap)?;
    if cursor.eat_spaced(b':') {
        digits(cursor, 2, 2, &mut has_gap)?;
    }
    has_gap.then_some(())?;
    if cursor.eat(b'+') || cursor.eat(b'-') {
        let zone = digits(cursor, 4, 4, &mut has_gap)?;
        // The last two are minutes.
        zone.get(2).filter(|ten| **ten < b'6')?;
    } else {
        (!cursor.take_while(|byte| byte.is_ascii_alphabetic()).is_empty()).then_some(())?;
        cursor.gap();
    }
    cursor.peek().is_none().then_some(())
}

fn digits<'a>(
    cursor: &mut Cursor<'a>,
    least: usize,
    most: usize,
    has_gap: &mut bool,
) -> Option<&'a [u8]> {
    let digits = cursor.take_while(|byte| byte.is_ascii_digit());
    (*has_gap, _) = cursor.gap();
    (least..=most).contains(&digits.len()).then_some(digits)
}

fn word(cursor: &mut Cursor<'_>, words: &[&str]) -> Option<()> {
    let found = cursor.take_while(|byte| byte.is_ascii_alphabetic());
    cursor.gap();
    words.iter().any(|word| word.as_bytes().eq_ignore_ascii_case(found)).then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usually(text: &str) -> bool {
        DateTime::parse(text.as_bytes())
            .is_ok_and(|date| is_usual(text.as_bytes(), &date, ValueLimits::DEFAULT))
    }

    #[test]
    fn forms_of_dates() {
        for usual in [
            "Fri, 21 Nov 1997 09:55:06 -0600",
            "21 Nov 97 09:55 GMT",
            " Thu,\r\n 13\r\n Feb\r\n 1969\r\n 23:32\r\n -0330 (Newfoundland Time)",
            "Fri, 21 Nov 1997 09(comment):   55  :  06 -0600",
            "1 jan 2000 00:00:00 a",
        ] {
            assert!(usually(usual), "{usual}");
        }
        for unusual in [
            "Fri Nov 21 09:55:06 1997",
            "1997-11-21T09:55:06Z",
            "21-Nov-97 09:55:06 GMT",
            "Fri, 21 Nov 1997 9:55:06 +0000",
            "Fri, 21 Nov 1997 09.55.06 +0100",
            "Fri, 21 Nov 1997 09:55:06 GMT+0100",
            "Fri, 21 Nov 1997 09:55:06 +01:00",
            "Fri, 21 Nov 1997 09:55:06",
            "Friday, 21 Nov 1997 09:55:06 -0600",
            "21 Nov 1997 09:55:06 -0600 x",
            "21 Nov 199709:55:06 -0600",
            "Sat, 21 Nov 1997 09:55:06 -0600",
            "Fri, 21 Nov 1997 09:55:06 +0960",
            "",
        ] {
            assert!(!usually(unusual), "{unusual}");
        }
    }
}
