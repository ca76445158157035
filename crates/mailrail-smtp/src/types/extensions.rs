//! What a server offers.

use crate::{
    Reply, SyntaxError,
    grammar::{self, Parsed, many, whole},
};
use alloc::{
    boxed::Box,
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::fmt;
use mailrail_sasl::is_mechanism_name;

/// The extensions of a server: what a client learns from the reply to EHLO, and what a
/// [`Server`](crate::Server) is told to offer (RFC 5321 §4.1.1.1).
///
/// ```
/// use mailrail_smtp::Extensions;
///
/// let mut offer = Extensions::built_in();
/// offer.size = Some(50 * 1024 * 1024);
/// offer.starttls = true;
/// offer.add_mechanism("PLAIN")?;
/// assert!(offer.has_mechanism("plain"));
/// # Ok::<_, mailrail_smtp::SyntaxError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Extensions {
    /// PIPELINING (RFC 2920). A server of this crate takes pipelined commands in any case.
    pub pipelining: bool,
    /// 8BITMIME (RFC 6152): messages with bytes over 127.
    pub eight_bit_mime: bool,
    /// SIZE (RFC 1870): the largest message in bytes, 0 where none is told. A server of this crate
    /// refuses larger ones; without SIZE, or with 0, it refuses none for its size.
    pub size: Option<u64>,
    /// STARTTLS (RFC 3207). A server of this crate offers it only before TLS.
    pub starttls: bool,
    /// ENHANCEDSTATUSCODES (RFC 2034): without it, a server of this crate leaves the enhanced
    /// codes out of its replies.
    pub enhanced_status_codes: bool,
    /// CHUNKING: BDAT is taken (RFC 3030).
    pub chunking: bool,
    /// BINARYMIME: messages of any bytes, by BDAT (RFC 3030 §3).
    pub binary_mime: bool,
    /// SMTPUTF8: characters beyond ASCII in addresses and header fields (RFC 6531).
    pub smtp_utf8: bool,
    /// DSN: reports as the sender wants them (RFC 3461). A server that offers it must make them.
    pub dsn: bool,
    /// Those that this crate does not know.
    pub others: Vec<Extension>,
    /// The mechanisms of AUTH, with a space between each two.
    mechanisms: String,
}

impl Extensions {
    /// What a [`Server`](crate::Server) does by itself: PIPELINING, 8BITMIME and
    /// ENHANCEDSTATUSCODES.
    #[must_use]
    pub fn built_in() -> Self {
        Self {
            pipelining: true,
            eight_bit_mime: true,
            enhanced_status_codes: true,
            ..Self::default()
        }
    }

    /// Adds a mechanism to AUTH (RFC 4954). A server of this crate offers one that shows a
    /// password only under TLS, or where
    /// [`Config::allow_plaintext_auth`](crate::Config::allow_plaintext_auth) is on.
    ///
    /// # Errors
    ///
    /// Where no mechanism can have that name (RFC 4422 §3.1).
    pub fn add_mechanism(&mut self, name: &str) -> Result<(), SyntaxError> {
        if !is_mechanism_name(name.as_bytes()) {
            return Err(SyntaxError { offset: 0, expected: "the name of a mechanism" });
        }
        if !self.mechanisms.is_empty() {
            self.mechanisms.push(' ');
        }
        self.mechanisms.push_str(name);
        Ok(())
    }

    /// The mechanisms of AUTH (RFC 4954).
    pub fn mechanisms(&self) -> impl Iterator<Item = &str> {
        self.mechanisms.split_ascii_whitespace()
    }

    /// Whether AUTH can be done by that mechanism; the case of its name does not count.
    #[must_use]
    pub fn has_mechanism(&self, name: &str) -> bool {
        self.mechanisms().any(|mechanism| mechanism.eq_ignore_ascii_case(name))
    }

    /// What a positive reply to EHLO offers. Its first line is a greeting; a line that follows no
    /// grammar is left out.
    #[must_use]
    pub fn from_reply(reply: &Reply<'_>) -> Self {
        let mut all = Self::default();
        for line in reply.lines().skip(1) {
            let Ok(extension) = Extension::parse(line) else { continue };
            let parameters = extension.parameters();
            match extension.keyword().to_ascii_uppercase().as_str() {
                "PIPELINING" => all.pipelining = true,
                "8BITMIME" => all.eight_bit_mime = true,
                "CHUNKING" => all.chunking = true,
                "BINARYMIME" => all.binary_mime = true,
                "SMTPUTF8" => all.smtp_utf8 = true,
                "DSN" => all.dsn = true,
                "STARTTLS" => all.starttls = true,
                "ENHANCEDSTATUSCODES" => all.enhanced_status_codes = true,
                // A number that does not fit tells of no limit that could matter.
                "SIZE" => all.size = Some(parameters.parse().unwrap_or(0)),
                "AUTH" => {
                    for name in parameters.split(' ') {
                        // One that is no name cannot be asked for.
                        let _ = all.add_mechanism(name);
                    }
                }
                _ => all.others.push(extension),
            }
        }
        // A client keeps them as long as the connection lasts.
        all.others.shrink_to_fit();
        all.mechanisms.shrink_to_fit();
        all
    }

    /// The lines behind the first one in the reply to EHLO.
    pub(crate) fn lines(
        &self,
        secured: bool,
        may_use: impl Fn(&str) -> bool,
    ) -> impl Iterator<Item = String> {
        let size = self.size.map(|size| match size {
            0 => String::from("SIZE"),
            size => format!("SIZE {size}"),
        });
        let mechanisms: Vec<_> = self.mechanisms().filter(|name| may_use(name)).collect();
        let auth = (!mechanisms.is_empty()).then(|| format!("AUTH {}", mechanisms.join(" ")));
        let word = |word: &str, offered: bool| offered.then(|| String::from(word));
        [
            word("PIPELINING", self.pipelining),
            word("8BITMIME", self.eight_bit_mime),
            size,
            auth,
            word("ENHANCEDSTATUSCODES", self.enhanced_status_codes),
            word("CHUNKING", self.chunking),
            word("BINARYMIME", self.binary_mime && self.chunking),
            word("SMTPUTF8", self.smtp_utf8),
            word("DSN", self.dsn),
            word("STARTTLS", self.starttls && !secured),
        ]
        .into_iter()
        .flatten()
        .chain(self.others.iter().map(ToString::to_string))
    }
}

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
        Some(b' ') => many(rest, "a parameter", |byte| matches!(byte, b' '..=b'~'))?,
        _ => (rest, ""),
    };
    let words = core::iter::once(keyword).chain(parameters.split_ascii_whitespace());
    let text = words.collect::<Vec<_>>().join(" ").into_boxed_str();
    Ok((rest, Extension { text }))
}
