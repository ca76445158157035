//! `capability`

use super::Atom;
use crate::{
    SyntaxError,
    encode::Sink,
    grammar::{Parsed, atom},
};
use alloc::string::String;

macro_rules! known {
    ($($(#[doc = $doc:literal])+ $name:ident = $word:literal,)+) => {
        /// Something that a server can do and this crate knows about.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        #[repr(u8)]
        pub enum Capability {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Capability {
            const ALL: &[Self] = &[$(Self::$name,)+];

            /// The word on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)+
                }
            }
        }
    };
}

// In the order in which a server says them: RFC 3501 wants no order, but IMAP4rev1 first is usual.
known! {
    /// RFC 3501
    Imap4Rev1 = "IMAP4rev1",
    /// RFC 9051
    Imap4Rev2 = "IMAP4rev2",
    /// Non-synchronising literals of any length (RFC 7888).
    LiteralPlus = "LITERAL+",
    /// Non-synchronising literals of up to 4,096 octets (RFC 7888).
    LiteralMinus = "LITERAL-",
    /// RFC 3501 §6.2.1
    StartTls = "STARTTLS",
    /// LOGIN is refused (RFC 3501 §6.2.3).
    LoginDisabled = "LOGINDISABLED",
    /// AUTHENTICATE takes an initial response (RFC 4959).
    SaslIr = "SASL-IR",
    /// RFC 5161
    Enable = "ENABLE",
    /// RFC 2177
    Idle = "IDLE",
    /// APPENDUID, COPYUID and UID EXPUNGE (RFC 4315).
    UidPlus = "UIDPLUS",
    /// RFC 6851
    Move = "MOVE",
    /// RFC 3691
    Unselect = "UNSELECT",
    /// RFC 2342
    Namespace = "NAMESPACE",
    /// RFC 2971
    Id = "ID",
    /// `\HasChildren` and `\HasNoChildren` (RFC 3348).
    Children = "CHILDREN",
    /// `\Sent`, `\Drafts` and so on (RFC 6154).
    SpecialUse = "SPECIAL-USE",
}

/// What a server can do, or what a client enables (RFC 3501 §7.2.1): a set, in no order.
///
/// ```
/// use mailrail_imap::types::{Capabilities, Capability};
///
/// let mut offer: Capabilities = [Capability::Imap4Rev1, Capability::Idle].into_iter().collect();
/// offer.insert_auth("PLAIN")?;
/// assert_eq!(offer.to_string(), "IMAP4rev1 IDLE AUTH=PLAIN");
/// # Ok::<(), mailrail_imap::SyntaxError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Capabilities {
    /// A bit for each that is known.
    known: u32,
    /// All others, AUTH= among them, each with a space before it.
    others: String,
}

impl Capabilities {
    /// Whether it is in the set.
    #[must_use]
    pub const fn has(&self, capability: Capability) -> bool {
        self.known & bit(capability) != 0
    }

    /// Adds one.
    pub const fn insert(&mut self, capability: Capability) {
        self.known |= bit(capability);
    }

    /// Takes one out.
    pub const fn remove(&mut self, capability: Capability) {
        self.known &= !bit(capability);
    }

    /// Adds one by its word, known to this crate or not.
    pub fn insert_word(&mut self, word: &Atom<'_>) {
        let word = word.as_str();
        match Capability::ALL.iter().find(|known| known.as_str().eq_ignore_ascii_case(word)) {
            Some(known) => self.insert(*known),
            None if self.others().any(|other| other.eq_ignore_ascii_case(word)) => {}
            None => {
                self.others.push(' ');
                self.others.push_str(word);
            }
        }
    }

    /// Adds a SASL mechanism.
    ///
    /// # Errors
    ///
    /// Where its name is no atom.
    pub fn insert_auth(&mut self, mechanism: &str) -> Result<(), SyntaxError> {
        Atom::new(alloc::format!("AUTH={mechanism}")).map(|word| self.insert_word(&word))
    }

    /// Takes the words out that `keep` does not hold for, of those that this crate does not know
    /// by name: AUTH= and extensions.
    pub fn retain_others(&mut self, mut keep: impl FnMut(&str) -> bool) {
        let mut others = String::new();
        for other in self.others().filter(|other| keep(other)) {
            others.push(' ');
            others.push_str(other);
        }
        self.others = others;
    }

    /// The known ones.
    pub fn known(&self) -> impl Iterator<Item = Capability> {
        Capability::ALL.iter().copied().filter(|known| self.has(*known))
    }

    /// The words that this crate does not know by name, AUTH= among them.
    pub fn others(&self) -> impl Iterator<Item = &str> {
        self.others.split_ascii_whitespace()
    }

    /// All words, known and not.
    fn words(&self) -> impl Iterator<Item = &str> {
        self.known().map(|known| -> &str { known.as_str() }).chain(self.others())
    }

    /// Whether a word is in the set, in any case.
    #[must_use]
    pub fn has_word(&self, word: &str) -> bool {
        self.words().any(|offered| offered.eq_ignore_ascii_case(word))
    }

    /// The SASL mechanisms.
    pub fn auth_mechanisms(&self) -> impl Iterator<Item = &str> {
        self.others().filter_map(|other| {
            let (auth, mechanism) = other.split_at_checked("AUTH=".len())?;
            auth.eq_ignore_ascii_case("AUTH=").then_some(mechanism)
        })
    }

    /// Whether a SASL mechanism is offered, in any case.
    #[must_use]
    pub fn has_auth(&self, mechanism: &str) -> bool {
        self.auth_mechanisms().any(|offered| offered.eq_ignore_ascii_case(mechanism))
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.known == 0 && self.others.is_empty()
    }

    /// `*(SP capability)`
    pub(crate) fn parse(i: &[u8]) -> Parsed<'_, Self> {
        let (mut rest, mut found) = (i, Self::default());
        while let [b' ', word @ ..] = rest {
            let (after, word) = atom(word)?;
            // A peer's list is not searched for what it says twice: that would not be linear.
            match Capability::ALL.iter().find(|known| known.as_str().eq_ignore_ascii_case(word)) {
                Some(known) => found.insert(*known),
                None => {
                    found.others.push(' ');
                    found.others.push_str(word);
                }
            }
            rest = after;
        }
        found.others.shrink_to_fit();
        Ok((rest, found))
    }

    pub(crate) fn encode(&self, out: &mut impl Sink) {
        for known in self.known() {
            out.text(b" ");
            out.text(known.as_str().as_bytes());
        }
        out.text(self.others.as_bytes());
    }
}

const fn bit(capability: Capability) -> u32 {
    1 << capability as u8
}

impl FromIterator<Capability> for Capabilities {
    fn from_iter<T: IntoIterator<Item = Capability>>(known: T) -> Self {
        let mut set = Self::default();
        known.into_iter().for_each(|capability| set.insert(capability));
        set
    }
}

/// Case does not tell words apart.
impl PartialEq for Capabilities {
    fn eq(&self, other: &Self) -> bool {
        self.known == other.known && self.others.eq_ignore_ascii_case(&other.others)
    }
}

impl Eq for Capabilities {}

/// The words, with spaces between.
impl core::fmt::Display for Capabilities {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        for (n, word) in self.words().enumerate() {
            if n > 0 {
                f.write_str(" ")?;
            }
            f.write_str(word)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{string::ToString, vec::Vec};

    #[test]
    fn words_known_and_not() {
        let (rest, mut found) =
            Capabilities::parse(b" imap4rev1 AUTH=GSSAPI auth=plain X-FOO idle] x").unwrap();
        assert_eq!(rest, b"] x");
        assert!(found.has(Capability::Idle) && !found.has(Capability::Move));
        assert!(found.has_auth("Plain") && found.has_word("x-foo") && found.has_word("IDLE"));
        assert_eq!(found.auth_mechanisms().collect::<Vec<_>>(), ["GSSAPI", "plain"]);
        found.retain_others(|word| word == "X-FOO");
        found.remove(Capability::Idle);
        assert_eq!(found.to_string(), "IMAP4rev1 X-FOO");
        assert!(found.insert_auth("a b").is_err());
        assert!(Capabilities::parse(b" a  b").is_err());
    }
}
