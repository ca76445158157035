//! SASLprep: names and passwords in the form in which they are compared (RFC 4013).
//!
//! ```
//! use mailrail_sasl::saslprep;
//!
//! assert_eq!(saslprep::query("\u{2168}").unwrap(), "IX");
//! ```

mod tables;

use alloc::{borrow::Cow, string::String};
use tables::{
    LEFT_TO_RIGHT, MAPPED_TO_NOTHING, NON_ASCII_SPACE, NOT_CANONICAL, PROHIBITED, RIGHT_TO_LEFT,
    UNASSIGNED, has,
};
use unicode_normalization::UnicodeNormalization;

/// The text holds characters that SASLprep prohibits, or mixes directions of writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("prohibited by SASLprep")]
#[expect(clippy::exhaustive_structs, reason = "there is no more to tell")]
pub struct Prohibited;

/// Prepares text that is sent or looked up: characters newer than Unicode 3.2 pass. The result may
/// be empty.
///
/// # Errors
///
/// [`Prohibited`].
pub fn query(text: &str) -> Result<Cow<'_, str>, Prohibited> {
    prepare(text)
}

/// Prepares text that is kept, or that a key is made of: characters newer than Unicode 3.2 are
/// prohibited, so that later versions of Unicode change nothing (RFC 3454 §7).
///
/// # Errors
///
/// [`Prohibited`].
pub fn stored(text: &str) -> Result<Cow<'_, str>, Prohibited> {
    if !text.is_ascii() && text.chars().any(|c| has(UNASSIGNED, c)) {
        return Err(Prohibited);
    }
    prepare(text)
}

/// The "trace" profile of ANONYMOUS (RFC 4505 §3), which changes nothing.
pub(crate) fn is_trace(text: &str) -> bool {
    !text.chars().any(|c| has(PROHIBITED, c)) && is_one_way(text)
}

fn prepare(text: &str) -> Result<Cow<'_, str>, Prohibited> {
    // Nothing in ASCII is mapped or normalized.
    let prepared = if text.is_ascii() {
        Cow::Borrowed(text)
    } else {
        let mapped = text
            .chars()
            .filter(|&c| !has(MAPPED_TO_NOTHING, c))
            .map(|c| if has(NON_ASCII_SPACE, c) { ' ' } else { c });
        Cow::Owned(mapped.nfkc().collect::<String>())
    };
    let is_prohibited =
        |c| [PROHIBITED, NON_ASCII_SPACE, NOT_CANONICAL].iter().any(|table| has(table, c));
    if prepared.chars().any(is_prohibited) || !is_one_way(&prepared) {
        return Err(Prohibited);
    }
    Ok(prepared)
}

/// RFC 3454 §6: text with a character that is written from right to left begins and ends with
/// one, and has none that is written the other way.
fn is_one_way(text: &str) -> bool {
    let is_right_to_left = |c| has(RIGHT_TO_LEFT, c);
    text.is_ascii()
        || !text.chars().any(is_right_to_left)
        || !text.chars().any(|c| has(LEFT_TO_RIGHT, c))
            && text.chars().next().is_some_and(is_right_to_left)
            && text.chars().next_back().is_some_and(is_right_to_left)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_examples_of_the_rfc() {
        for (input, output) in [
            ("I\u{AD}X", Ok("IX")),
            ("user", Ok("user")),
            ("USER", Ok("USER")),
            ("\u{AA}", Ok("a")),
            ("\u{2168}", Ok("IX")),
            ("\u{7}", Err(Prohibited)),
            ("\u{627}\u{31}", Err(Prohibited)),
        ] {
            assert_eq!(query(input).as_deref().map_err(|error| *error), output, "{input:?}");
            assert_eq!(stored(input).as_deref().map_err(|error| *error), output, "{input:?}");
        }
    }

    #[test]
    fn each_table_is_in_use() {
        for (input, output) in [
            // Mapped: B.1, C.1.2; normalized.
            ("a\u{200B}\u{FEFF}b", Ok("ab")),
            ("a\u{A0}\u{3000}b", Ok("a  b")),
            ("\u{BD}", Ok("1\u{2044}2")),
            ("e\u{301}", Ok("\u{E9}")),
            // Whatever ASCII prints.
            ("a b,=~", Ok("a b,=~")),
            ("", Ok("")),
            ("\u{AD}", Ok("")),
            // Prohibited: C.2.1, C.2.2, C.3, C.4, C.6, C.7, C.8, C.9.
            ("\u{7F}", Err(Prohibited)),
            ("\u{85}", Err(Prohibited)),
            ("\u{E000}", Err(Prohibited)),
            ("\u{10FFFF}", Err(Prohibited)),
            ("\u{FFFD}", Err(Prohibited)),
            ("\u{2FF0}", Err(Prohibited)),
            ("\u{202E}", Err(Prohibited)),
            ("\u{E0041}", Err(Prohibited)),
            // One way: the RFC's own cases of §6.
            ("\u{627}\u{628}", Ok("\u{627}\u{628}")),
            ("\u{627}1\u{628}", Ok("\u{627}1\u{628}")),
            ("\u{627}a\u{628}", Err(Prohibited)),
            ("1\u{628}", Err(Prohibited)),
        ] {
            assert_eq!(query(input).as_deref().map_err(|error| *error), output, "{input:?}");
        }
    }

    #[test]
    fn what_is_newer_than_unicode_3_2_is_only_asked_for() {
        for text in ["\u{1F600}", "\u{221}", "\u{A7AA}"] {
            assert!(query(text).is_ok(), "{text:?}");
            assert_eq!(stored(text), Err(Prohibited), "{text:?}");
        }
        assert_eq!(stored("pass\u{F6}rd").as_deref(), Ok("pass\u{F6}rd"));
    }

    #[test]
    fn traces() {
        assert!(is_trace("sirhc") && is_trace("") && is_trace("\u{A0}\u{2FF0}"));
        assert!(!is_trace("a\r\n") && !is_trace("\u{202E}") && !is_trace("\u{627}a"));
    }

    proptest! {
        #[test]
        fn what_is_prepared_stays_as_it_is(text in any::<String>()) {
            if let Ok(prepared) = stored(&text) {
                prop_assert_eq!(stored(&prepared), Ok(prepared.clone()));
                prop_assert_eq!(query(&text), Ok(prepared.clone()));
            }
        }

        #[test]
        fn printable_ascii_is_prepared(text in "[ -~]*") {
            prop_assert_eq!(query(&text), Ok(Cow::Borrowed(text.as_str())));
        }
    }
}
