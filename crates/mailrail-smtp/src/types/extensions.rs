//! What a server offers.

use super::{
    Extension, Hold, Timestamp,
    extension::{ehlo_line, joined},
};
use crate::{
    Reply, SyntaxError,
    grammar::{key, keyword, whole},
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
    /// REQUIRETLS: messages that must not go on without TLS (RFC 8689). A server of this crate
    /// offers it only under TLS.
    pub require_tls: bool,
    /// RRVS: recipients may be asked to be valid since a time (RFC 7293).
    pub rrvs: bool,
    /// ETRN: the messages of a domain are sent on demand (RFC 1985).
    pub etrn: bool,
    /// VRFY tells of mailboxes (RFC 5321 §3.5). A server of this crate answers it 252 itself where
    /// this is off.
    pub vrfy: bool,
    /// EXPN tells of lists (RFC 5321 §3.5).
    pub expn: bool,
    /// HELP tells more than one line. A server of this crate answers it itself where this is off.
    pub help: bool,
    /// DELIVERBY (RFC 2852): the fewest seconds that BY may give where the message is to be
    /// returned after them; 0 where none are told. A server that offers it must keep to it, as a
    /// [`Delivery`](crate::Delivery) does.
    pub deliver_by: Option<u32>,
    /// FUTURERELEASE (RFC 4865), for submission alone: how long a message may be held. That HOLDUNTIL is
    /// no later than BY, who has a clock must see (§5.2.2).
    pub future_release: Option<Box<FutureRelease>>,
    /// MT-PRIORITY (RFC 6710): the name of the priority profile, which may be empty.
    pub mt_priority: Option<Box<str>>,
    /// NO-SOLICITING (RFC 3865): the classes of soliciting not wanted, with commas; may be empty.
    pub no_soliciting: Option<Box<str>>,
    /// BURL (RFC 4468): its arguments, such as `imap`.
    pub burl: Option<Box<str>>,
    /// XCLIENT: the names of the attributes that are taken, with spaces.
    pub xclient: Option<Box<str>>,
    /// XFORWARD: the same.
    pub xforward: Option<Box<str>>,
    /// LIMITS (RFC 9422). A server of this crate keeps what it offers, a client what it is offered.
    pub limits: Option<Box<SessionLimits>>,
    /// Those that this crate does not know.
    pub others: Vec<Extension>,
    /// The mechanisms of AUTH, with a space between each two.
    mechanisms: String,
    /// What a server takes beside: keywords of parameters, each behind a space.
    parameters: String,
    /// Verbs, the same way.
    verbs: String,
}

/// How long a server keeps messages before it sends them (RFC 4865 §3).
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the RFC has these two")]
pub struct FutureRelease {
    /// The most seconds of HOLDFOR.
    pub seconds: u32,
    /// The last moment of HOLDUNTIL.
    pub until: Timestamp<'static>,
}

/// How much a server takes in one connection (RFC 9422 §4); none: no limit is told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionLimits {
    /// `RCPTMAX`: the recipients of a message.
    pub recipients: Option<u32>,
    /// `MAILMAX`: the messages.
    pub messages: Option<u32>,
    /// `RCPTDOMAINMAX`: the different domains of all recipients.
    pub domains: Option<u32>,
}

impl SessionLimits {
    /// Those that are known and well formed; each other one is left out.
    fn parse(parameters: &str) -> Self {
        let mut limits = Self::default();
        for (name, value) in parameters.split(' ').filter_map(|word| word.split_once('=')) {
            let slot = match name {
                name if name.eq_ignore_ascii_case("RCPTMAX") => &mut limits.recipients,
                name if name.eq_ignore_ascii_case("MAILMAX") => &mut limits.messages,
                name if name.eq_ignore_ascii_case("RCPTDOMAINMAX") => &mut limits.domains,
                _ => continue,
            };
            let digits = value.bytes().all(|byte| byte.is_ascii_digit());
            *slot = value.parse().ok().filter(|_| digits && !value.starts_with('0'));
        }
        limits
    }
}

/// The line of the reply to EHLO.
impl fmt::Display for SessionLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LIMITS")?;
        let all = [
            ("RCPTMAX", self.recipients),
            ("MAILMAX", self.messages),
            ("RCPTDOMAINMAX", self.domains),
        ];
        all.into_iter()
            .filter_map(|(name, limit)| limit.map(|limit| (name, limit)))
            .try_for_each(|(name, limit)| write!(f, " {name}={limit}"))
    }
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

    /// Has a server take a parameter of MAIL and RCPT that this crate does not know; the embedder
    /// finds it among the others. The extension that it belongs to is offered by itself.
    ///
    /// # Errors
    ///
    /// Where that is no keyword.
    pub fn add_parameter(&mut self, keyword: &str) -> Result<(), SyntaxError> {
        add_word(&mut self.parameters, keyword)
    }

    /// Has a server take a command that this crate does not know; the embedder answers it
    /// ([`Event::Other`](crate::server::Event::Other)). The extension that it belongs to is offered
    /// by itself.
    ///
    /// # Errors
    ///
    /// Where that is no keyword.
    pub fn add_verb(&mut self, verb: &str) -> Result<(), SyntaxError> {
        add_word(&mut self.verbs, verb)
    }

    pub(crate) fn has_parameter(&self, keyword: &str) -> bool {
        has_word(&self.parameters, keyword)
    }

    pub(crate) fn has_verb(&self, verb: &str) -> bool {
        has_word(&self.verbs, verb)
    }

    /// What a positive reply to EHLO offers. Its first line is a greeting; a line that follows no
    /// grammar is left out.
    #[must_use]
    pub fn from_reply(reply: &Reply<'_>) -> Self {
        let mut all = Self::default();
        for line in reply.lines().skip(1) {
            let Ok((keyword, parameters)) = whole(line, ehlo_line) else { continue };
            // Most are told by a keyword of eight letters at most.
            match key(keyword.as_bytes()) {
                _ if keyword.len() > 8 => all.learn_long(keyword, parameters),
                CHUNKING => all.chunking = true,
                EIGHT_BIT_MIME => all.eight_bit_mime = true,
                SMTPUTF8 => all.smtp_utf8 = true,
                STARTTLS => all.starttls = true,
                DSN => all.dsn = true,
                ETRN => all.etrn = true,
                RRVS => all.rrvs = true,
                VRFY => all.vrfy = true,
                EXPN => all.expn = true,
                HELP => all.help = true,
                BURL => all.burl = Some(joined(parameters)),
                XCLIENT => all.xclient = Some(joined(parameters)),
                XFORWARD => all.xforward = Some(joined(parameters)),
                LIMITS => all.limits = Some(Box::new(SessionLimits::parse(parameters))),
                // A number that does not fit tells of no limit that could matter.
                SIZE => all.size = Some(parameters.parse().unwrap_or(0)),
                AUTH => {
                    all.mechanisms.reserve_exact(parameters.len() + 1);
                    for name in parameters.split(' ') {
                        // One that is no name cannot be asked for.
                        let _ = all.add_mechanism(name);
                    }
                }
                _ => all.others.push(Extension::new(keyword, parameters)),
            }
        }
        // A client keeps them as long as the connection lasts.
        all.others.shrink_to_fit();
        all.mechanisms.shrink_to_fit();
        all
    }

    /// Those with a keyword of more than eight letters.
    fn learn_long(&mut self, keyword: &str, parameters: &str) {
        let is = |word: &str| keyword.eq_ignore_ascii_case(word);
        if is("PIPELINING") {
            self.pipelining = true;
        } else if is("ENHANCEDSTATUSCODES") {
            self.enhanced_status_codes = true;
        } else if is("BINARYMIME") {
            self.binary_mime = true;
        } else if is("REQUIRETLS") {
            self.require_tls = true;
        } else if is("DELIVERBY") {
            self.deliver_by = Some(parameters.parse().unwrap_or(0));
        } else if is("MT-PRIORITY") {
            self.mt_priority = Some(joined(parameters));
        } else if is("NO-SOLICITING") {
            self.no_soliciting = Some(joined(parameters));
        } else if is("FUTURERELEASE")
            && let Some(release) = FutureRelease::parse(&joined(parameters))
        {
            self.future_release = Some(Box::new(release));
        } else {
            self.others.push(Extension::new(keyword, parameters));
        }
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
        let line = |word: &str, parameters: &Option<Box<str>>| match parameters.as_deref() {
            None => None,
            Some("") => Some(String::from(word)),
            Some(parameters) => Some(format!("{word} {parameters}")),
        };
        let deliver_by = self.deliver_by.map(|seconds| match seconds {
            0 => String::from("DELIVERBY"),
            seconds => format!("DELIVERBY {seconds}"),
        });
        let future_release = self
            .future_release
            .as_ref()
            .map(|release| format!("FUTURERELEASE {} {}", release.seconds, release.until));
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
            word("REQUIRETLS", self.require_tls && secured),
            word("RRVS", self.rrvs),
            word("ETRN", self.etrn),
            word("VRFY", self.vrfy),
            word("EXPN", self.expn),
            word("HELP", self.help),
            deliver_by,
            future_release,
            line("MT-PRIORITY", &self.mt_priority),
            line("NO-SOLICITING", &self.no_soliciting),
            line("BURL", &self.burl),
            line("XCLIENT", &self.xclient),
            line("XFORWARD", &self.xforward),
            self.limits.as_ref().map(ToString::to_string),
            word("STARTTLS", self.starttls && !secured),
        ]
        .into_iter()
        .flatten()
        .chain(self.others.iter().map(ToString::to_string))
    }
}

impl FutureRelease {
    /// Whether a message is held for so long (RFC 4865 §4.2).
    pub(crate) fn takes(&self, hold: &Hold<'_>) -> bool {
        match hold {
            Hold::For(seconds) => seconds.get() <= self.seconds,
            Hold::Until(until) => until.unix_seconds() <= self.until.unix_seconds(),
        }
    }

    /// `"250-FUTURERELEASE" SP max-future-release-interval SP max-future-release-date-time`
    fn parse(parameters: &str) -> Option<Self> {
        let (seconds, until) = parameters.split_once(' ')?;
        Some(Self { seconds: seconds.parse().ok()?, until: until.parse().ok()? })
    }
}

const CHUNKING: u64 = key(b"CHUNKING");
const STARTTLS: u64 = key(b"STARTTLS");
const SMTPUTF8: u64 = key(b"SMTPUTF8");
const XFORWARD: u64 = key(b"XFORWARD");
const XCLIENT: u64 = key(b"XCLIENT");
const LIMITS: u64 = key(b"LIMITS");
const SIZE: u64 = key(b"SIZE");
const AUTH: u64 = key(b"AUTH");
const DSN: u64 = key(b"DSN");
const ETRN: u64 = key(b"ETRN");
const RRVS: u64 = key(b"RRVS");
const VRFY: u64 = key(b"VRFY");
const EXPN: u64 = key(b"EXPN");
const HELP: u64 = key(b"HELP");
const BURL: u64 = key(b"BURL");
const EIGHT_BIT_MIME: u64 = key(b"8BITMIME");

fn add_word(words: &mut String, word: &str) -> Result<(), SyntaxError> {
    whole(word.as_bytes(), keyword)?;
    words.push(' ');
    words.push_str(word);
    Ok(())
}

fn has_word(words: &str, word: &str) -> bool {
    words.split(' ').any(|other| !other.is_empty() && other.eq_ignore_ascii_case(word))
}
