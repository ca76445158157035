//! One line of a server's offer.

use crate::{
    SyntaxError,
    grammar::{self, Parsed, class, many_wide, whole},
};
use alloc::{boxed::Box, vec::Vec};
use core::fmt;

/// An extension that this crate does not know: `ehlo-keyword *( SP ehlo-param )`.
///
/// ```
/// let checkpoint: mailrail_smtp::Extension = "CHECKPOINT".parse()?;
/// assert_eq!((checkpoint.keyword(), checkpoint.parameters()), ("CHECKPOINT", ""));
/// # Ok::<_, mailrail_smtp::SyntaxError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Extension {
    /// The keyword, and each parameter behind a space.
    text: Box<str>,
}

impl Extension {
    /// Reads a line of the reply to EHLO, without code and CR LF.
    ///
    /// # Errors
    ///
    /// Where `text` is anything else.
    pub fn parse(text: &[u8]) -> Result<Self, SyntaxError> {
        let (keyword, parameters) = whole(text, ehlo_line)?;
        Ok(Self::new(keyword, parameters))
    }

    pub(super) fn new(keyword: &str, parameters: &str) -> Self {
        let text = match joined(parameters) {
            parameters if parameters.is_empty() => keyword.into(),
            parameters => [keyword, &parameters].join(" ").into_boxed_str(),
        };
        Self { text }
    }

    /// The extension's name; compare it without regard to case.
    #[must_use]
    pub fn keyword(&self) -> &str {
        self.split().0
    }

    /// What is behind the name; empty where nothing is.
    #[must_use]
    pub fn parameters(&self) -> &str {
        self.split().1
    }

    fn split(&self) -> (&str, &str) {
        self.text.split_once(' ').unwrap_or((&self.text, ""))
    }
}

impl fmt::Display for Extension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl core::str::FromStr for Extension {
    type Err = SyntaxError;

    fn from_str(text: &str) -> Result<Self, SyntaxError> {
        Self::parse(text.as_bytes())
    }
}

/// ```text
/// ehlo-line    = ehlo-keyword *( SP ehlo-param )
/// ehlo-keyword = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-")
/// ehlo-param   = 1*(%d33-126)
/// ```
/// Spaces may be more than one, or stand at the end. Keyword and parameters.
pub(super) fn ehlo_line(text: &[u8]) -> Parsed<'_, (&str, &str)> {
    let (rest, keyword) = grammar::keyword(text)?;
    let (rest, parameters) = match rest.first() {
        Some(b' ') => many_wide(rest, "a parameter", class::PRINTABLE)?,
        _ => (rest, &[][..]),
    };
    let utf8 = |text| core::str::from_utf8(text).unwrap_or_default();
    Ok((rest, (utf8(keyword), utf8(parameters).trim_matches(' '))))
}

/// Words, with one space between each two.
pub(super) fn joined(words: &str) -> Box<str> {
    if !words.contains("  ") {
        return words.into();
    }
    words.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ").into_boxed_str()
}
