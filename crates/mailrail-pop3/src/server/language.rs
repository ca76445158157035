//! What the server says by itself, in whichever language.

use crate::{LanguageListing, LanguageRange, LanguageTag};
use core::fmt;
use mailrail_wire::Output;

/// What a [`Server`](crate::Server) says by itself to people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Phrase {
    /// To CAPA: the list comes now.
    Capabilities,
    /// To USER: the password is next.
    SendPassword,
    /// To UTF8: it is on.
    Utf8,
    /// To LANG alone: the list comes now.
    Languages,
    /// To LANG: this language is spoken from here on.
    Language,
    /// To a login and RSET: what the maildrop holds.
    Maildrop {
        /// The messages.
        messages: u32,
        /// Their octets.
        octets: u64,
    },
    /// To LIST: what is listed.
    Listing {
        /// The messages.
        messages: u32,
        /// Their octets.
        octets: u64,
    },
    /// To DELE: the message of this number is marked as deleted.
    Deleted(u32),
    /// No: it is marked as deleted already.
    AlreadyDeleted(u32),
    /// No: the maildrop has only so many messages.
    NoSuchMessage(u32),
    /// No: it can't be read.
    Unknown,
    /// No: the line is too long.
    TooLong,
    /// No: nobody has logged in.
    NotLoggedIn,
    /// No: somebody has logged in.
    LoggedIn,
    /// No: PASS follows USER.
    UserFirst,
    /// No: there is no login with USER and PASS.
    NoUser,
    /// No: there is no login with APOP.
    NoApop,
    /// No: there is no such SASL mechanism.
    NoMechanism,
    /// No: a password is taken over TLS only.
    Plaintext,
    /// No: names and passwords are ASCII here.
    NotAscii,
    /// No: the response is not base64.
    NotBase64,
    /// The login was cancelled.
    Cancelled,
    /// No: TLS is not to be had.
    NoTls,
    /// No: TLS is in place.
    Secured,
    /// No: STLS does not follow UTF8.
    TlsAfterUtf8,
    /// No: there is no TOP.
    NoTop,
    /// No: there is no UIDL.
    NoUniqueIds,
    /// No: that language is not spoken.
    NoLanguage,
    /// The server goes away.
    ShuttingDown,
}

/// A language that a server speaks, by LANG (RFC 6856 §3).
///
/// ```
/// use core::fmt;
/// use mailrail_pop3::{Config, Language, server::Phrase};
///
/// fn deutsch(phrase: Phrase, out: &mut dyn fmt::Write) -> fmt::Result {
///     match phrase {
///         Phrase::SendPassword => out.write_str("jetzt das Passwort"),
///         Phrase::Deleted(number) => write!(out, "Nachricht {number} ist zum Löschen vorgemerkt"),
///         other => (Language::ENGLISH.say)(other, out),
///     }
/// }
///
/// let mut config = Config::default();
/// let german = Language { tag: "de", name: "Deutsch", say: deutsch };
/// config.languages = Some([Language::ENGLISH, german].into());
/// ```
#[derive(Clone, Copy)]
#[expect(clippy::exhaustive_structs, reason = "the caller makes it")]
pub struct Language {
    /// Its tag (RFC 5646). A language whose tag is none is never chosen.
    pub tag: &'static str,
    /// What its speakers call it.
    pub name: &'static str,
    /// Writes a phrase. Control characters are left out, and what passes 400 octets is cut off.
    pub say: fn(Phrase, &mut dyn fmt::Write) -> fmt::Result,
}

impl fmt::Debug for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Language({})", self.tag)
    }
}

impl PartialEq for Language {
    fn eq(&self, other: &Self) -> bool {
        (self.tag, self.name) == (other.tag, other.name)
    }
}

impl Eq for Language {}

impl Language {
    /// What is spoken where LANG has not been said.
    pub const ENGLISH: Self = Self { tag: "en", name: "English", say: english };

    pub(super) fn listing(&self) -> Option<LanguageListing<'static>> {
        let tag = LanguageTag::parse(self.tag.as_bytes()).ok()?;
        Some(LanguageListing { tag, name: self.name })
    }

    pub(super) fn is_within(&self, range: LanguageRange<'_>) -> bool {
        self.listing().is_some_and(|listing| range.contains(listing.tag))
    }

    /// Writes a phrase, as far as it fits a line.
    pub(super) fn write(&self, phrase: Phrase, out: &mut Output) {
        // What a translation fails to say is left out.
        let _ = (self.say)(phrase, &mut Words { out, left: crate::Text::LEN_MAX, is_first: true });
    }
}

/// Takes what is fit for the text of an answer.
struct Words<'o> {
    out: &'o mut Output,
    left: usize,
    is_first: bool,
}

impl fmt::Write for Words<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for c in text.chars().filter(|c| !c.is_ascii_control()) {
            // A bracket would begin a response code.
            if self.is_first && matches!(c, '[' | ' ') {
                continue;
            }
            self.left = self.left.checked_sub(c.len_utf8()).ok_or(fmt::Error)?;
            self.is_first = false;
            self.out.text(c.encode_utf8(&mut [0; 4]).as_bytes());
        }
        Ok(())
    }
}

fn english(phrase: Phrase, out: &mut dyn fmt::Write) -> fmt::Result {
    out.write_str(match phrase {
        Phrase::Capabilities => "Capability list follows",
        Phrase::SendPassword => "send PASS",
        Phrase::Utf8 => "UTF-8 it is",
        Phrase::Languages => "Language listing follows",
        Phrase::Language => "English it is",
        Phrase::Maildrop { messages, octets } => {
            return write!(out, "maildrop has {messages} messages ({octets} octets)");
        }
        Phrase::Listing { messages, octets } => {
            return write!(out, "{messages} messages ({octets} octets)");
        }
        Phrase::Deleted(message) => return write!(out, "message {message} deleted"),
        Phrase::AlreadyDeleted(message) => {
            return write!(out, "message {message} already deleted");
        }
        Phrase::NoSuchMessage(all) => {
            return write!(out, "no such message, only {all} messages in maildrop");
        }
        Phrase::Unknown => "unknown command or bad arguments",
        Phrase::TooLong => "the line is too long",
        Phrase::NotLoggedIn => "log in first",
        Phrase::LoggedIn => "already logged in",
        Phrase::UserFirst => "USER comes first",
        Phrase::NoUser => "no login with a password",
        Phrase::NoApop => "no APOP here",
        Phrase::NoMechanism => "no such mechanism",
        Phrase::Plaintext => "a password is taken over TLS only",
        Phrase::NotAscii => "names and passwords are ASCII here",
        Phrase::NotBase64 => "not base64",
        Phrase::Cancelled => "cancelled",
        Phrase::NoTls => "no TLS here",
        Phrase::Secured => "Command not permitted when TLS active",
        Phrase::TlsAfterUtf8 => "STLS does not follow UTF8",
        Phrase::NoTop => "no TOP here",
        Phrase::NoUniqueIds => "no UIDL here",
        Phrase::NoLanguage => "no such language",
        Phrase::ShuttingDown => "shutting down",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use bytes::Buf as _;

    fn said(say: fn(Phrase, &mut dyn fmt::Write) -> fmt::Result) -> Vec<u8> {
        let mut out = Output::default();
        Language { tag: "x-y", name: "", say }.write(Phrase::Deleted(7), &mut out);
        out.copy_to_bytes(out.remaining()).to_vec()
    }

    #[test]
    fn no_translation_breaks_out() {
        assert_eq!(said(english), b"message 7 deleted");
        assert_eq!(said(|_, out| out.write_str(" [a] b\r\n.\r\n\0+OK")), b"a] b.+OK");
        let long = said(|_, out| {
            loop {
                out.write_str("grün ")?;
            }
        });
        assert!((395..=400).contains(&long.len()) && core::str::from_utf8(&long).is_ok());
    }
}
