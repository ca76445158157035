//! Text that was read from a command.

use alloc::{borrow::Cow, string::String};
use core::fmt;

/// UTF-8 text, as bytes: a parser has looked at each of them, and whoever wants a `str` has them
/// looked at once more; most commands are read and passed on without.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Text<'a>(Cow<'a, [u8]>);

impl<'a> Text<'a> {
    /// Text that a rule of the grammar has read.
    pub(crate) const fn read(bytes: &'a [u8]) -> Self {
        Self(Cow::Borrowed(bytes))
    }

    pub(crate) fn as_str(&self) -> &str {
        // A rule of the grammar saw to it that it is UTF-8.
        core::str::from_utf8(&self.0).unwrap_or_default()
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub(crate) const fn is_owned(&self) -> bool {
        matches!(self.0, Cow::Owned(_))
    }

    pub(crate) fn is_ascii(&self) -> bool {
        self.0.is_ascii()
    }

    pub(crate) fn into_cow(self) -> Cow<'a, str> {
        match self.0 {
            Cow::Borrowed(bytes) => Cow::Borrowed(core::str::from_utf8(bytes).unwrap_or_default()),
            Cow::Owned(bytes) => Cow::Owned(String::from_utf8(bytes).unwrap_or_default()),
        }
    }

    pub(crate) fn into_owned(self) -> Text<'static> {
        Text(Cow::Owned(self.0.into_owned()))
    }
}

impl<'a> From<Cow<'a, str>> for Text<'a> {
    fn from(text: Cow<'a, str>) -> Self {
        match text {
            Cow::Borrowed(text) => Self(Cow::Borrowed(text.as_bytes())),
            Cow::Owned(text) => text.into(),
        }
    }
}

impl From<String> for Text<'_> {
    fn from(text: String) -> Self {
        Self(Cow::Owned(text.into_bytes()))
    }
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
