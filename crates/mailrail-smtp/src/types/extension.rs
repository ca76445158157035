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
        whole(text, extension)
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
/// Spaces may be more than one, or stand at the end.
fn extension(text: &[u8]) -> Parsed<'_, Extension> {
    let (rest, keyword) = grammar::keyword(text)?;
    let (rest, parameters) = match rest.first() {
        Some(b' ') => many_wide(rest, "a parameter", class::PRINTABLE)?,
        _ => (rest, &[][..]),
    };
    let utf8 = |text| core::str::from_utf8(text).unwrap_or_default();
    let (keyword, parameters) = (utf8(keyword), utf8(parameters));
    let words = core::iter::once(keyword).chain(parameters.split_ascii_whitespace());
    let text = words.collect::<Vec<_>>().join(" ").into_boxed_str();
    Ok((rest, Extension { text }))
}
