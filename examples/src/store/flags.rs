//! A message's flags.

use std::fmt;

/// The flags that RFC 3501 §2.3.2 names and that are kept. `\Recent` is none of them: it belongs to
/// a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SystemFlag {
    /// `\Seen`
    Seen = 1,
    /// `\Answered`
    Answered = 2,
    /// `\Flagged`
    Flagged = 4,
    /// `\Deleted`
    Deleted = 8,
    /// `\Draft`
    Draft = 16,
}

impl SystemFlag {
    const ALL: [Self; 5] = [Self::Seen, Self::Answered, Self::Flagged, Self::Deleted, Self::Draft];

    /// As IMAP writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Seen => "\\Seen",
            Self::Answered => "\\Answered",
            Self::Flagged => "\\Flagged",
            Self::Deleted => "\\Deleted",
            Self::Draft => "\\Draft",
        }
    }

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|flag| flag.name().eq_ignore_ascii_case(name))
    }
}

/// A set of flags: system flags and keywords, as IMAP writes them. Case makes no difference.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Flags {
    system: u8,
    keywords: Vec<Box<str>>,
}

impl Flags {
    /// Whether the flag of this name is in it.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        match SystemFlag::named(name) {
            Some(flag) => self.has(flag),
            None => self.keywords.iter().any(|keyword| keyword.eq_ignore_ascii_case(name)),
        }
    }

    /// Whether the system flag is in it.
    #[must_use]
    pub const fn has(&self, flag: SystemFlag) -> bool {
        self.system & flag as u8 != 0
    }

    /// Adds a flag. A name that no flag can have (empty, with a space or a control character,
    /// `\Recent` or another backslash) is left out.
    pub fn insert(&mut self, name: &str) {
        if let Some(flag) = SystemFlag::named(name) {
            self.system |= flag as u8;
        } else if !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
            && !self.contains(name)
        {
            self.keywords.push(name.into());
        }
    }

    /// Takes a flag out.
    pub fn remove(&mut self, name: &str) {
        match SystemFlag::named(name) {
            Some(flag) => self.system &= !(flag as u8),
            None => self.keywords.retain(|keyword| !keyword.eq_ignore_ascii_case(name)),
        }
    }

    /// Their names, the system flags first.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        let system = SystemFlag::ALL.into_iter().filter(|flag| self.has(*flag));
        let keywords = self.keywords.iter().map(|keyword| &**keyword);
        system.map(|flag| -> &str { flag.name() }).chain(keywords)
    }

    pub(super) fn from_columns(system: u8, keywords: &str) -> Self {
        Self { system, keywords: keywords.split_ascii_whitespace().map(Into::into).collect() }
    }

    pub(super) fn to_columns(&self) -> (u8, String) {
        (self.system, self.keywords.join(" "))
    }
}

impl<'a> FromIterator<&'a str> for Flags {
    fn from_iter<I: IntoIterator<Item = &'a str>>(names: I) -> Self {
        let mut flags = Self::default();
        names.into_iter().for_each(|name| flags.insert(name));
        flags
    }
}

impl fmt::Debug for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_makes_no_difference_and_columns_keep_all() {
        let mut flags: Flags =
            ["\\seen", "$Forwarded", "$forwarded", "\\Recent", "a b", ""].into_iter().collect();
        assert_eq!(flags.iter().collect::<Vec<_>>(), ["\\Seen", "$Forwarded"]);
        assert!(flags.has(SystemFlag::Seen) && flags.contains("$FORWARDED"));
        let (system, keywords) = flags.to_columns();
        assert_eq!(Flags::from_columns(system, &keywords), flags);
        flags.remove("$FORWARDED");
        flags.remove("\\SEEN");
        assert_eq!(flags, Flags::default());
    }
}
