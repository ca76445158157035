//! What goes wrong.

/// Why a lookup found nothing. In doubt the sender keeps the message and tries later.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The domain does not exist (NXDOMAIN). Final: RFC 5321 §5.1, enhanced status 5.1.2.
    #[error("no such domain")]
    NoSuchDomain,
    /// The domain exists, and has neither MX records nor an address. Final.
    #[error("no exchanger and no address")]
    NoAddress,
    /// The name server could not or would not answer (SERVFAIL, REFUSED …). Try later; never a
    /// reason to take the domain itself for its exchanger.
    #[error("the name server failed with code {code}")]
    ServerFailed {
        /// The RCODE of RFC 1035 §4.1.1, extended by RFC 6891 §6.1.3.
        code: u16,
    },
    /// The name server named other servers instead of asking them: it is not a recursive one.
    #[error("the name server refers to others instead of answering")]
    Referral,
    /// The answer was to our question and can't be read.
    #[error("the name server's answer is malformed")]
    Malformed,
    /// The caller's validator found the answer's signatures wrong.
    #[error("the answer's signatures are wrong")]
    Bogus,
    /// A chain of CNAMEs that leads back to itself.
    #[error("the domain's aliases lead back to themselves")]
    AliasLoop,
    /// More CNAMEs than [`Limits::aliases`](crate::Limits::aliases).
    #[error("too many aliases")]
    TooManyAliases,
    /// More TLSA records than [`Limits::tlsa`](crate::Limits::tlsa).
    #[error("too many records")]
    TooManyRecords,
    /// No answer in time.
    #[error("no answer within the time allowed")]
    TimedOut,
    /// The caller could not reach any name server.
    #[error("no name server can be reached")]
    Unreachable,
    /// `event` was called though `poll` had not said [`Step::Event`](mailrail_wire::Step::Event).
    #[error("no event is ready")]
    NoEvent,
}

impl Error {
    /// Whether the same lookup may succeed later, so that the message waits in the queue; else it
    /// is returned to its sender.
    #[must_use]
    pub const fn is_temporary(&self) -> bool {
        !matches!(self, Self::NoSuchDomain | Self::NoAddress)
    }
}

/// Why a domain can't be asked for; nothing is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidDomain {
    /// No domain at all, or the root.
    #[error("the domain is empty")]
    Empty,
    /// An IP address, with or without brackets: it is connected to, not looked up.
    #[error("an address literal has no exchangers")]
    AddressLiteral,
    /// More than 253 octets, or a label of more than 63 (RFC 1035 §2.3.4).
    #[error("the domain or one of its labels is too long")]
    TooLong,
    /// A label that is empty, or begins or ends with a hyphen (RFC 5321 §4.1.2).
    #[error("the domain has a malformed label")]
    Label,
    /// A character other than an ASCII letter, a digit or a hyphen.
    #[error("the domain has a character that no domain has")]
    Character,
    /// Characters outside ASCII that no international domain has, or not in this place (UTS 46,
    /// RFC 5891); or an A-label (`xn--…`) that stands for none.
    #[error("the domain is no valid international domain")]
    International,
}

/// The caller answered what it was not asked; nothing has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no answer waits to be validated")]
#[non_exhaustive]
pub struct Misuse;
