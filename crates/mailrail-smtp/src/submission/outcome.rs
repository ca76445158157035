//! What becomes of a message, for each of its recipients.

use crate::{EnhancedStatusCode, Reply, Unfit};
use alloc::string::{String, ToString as _};

/// What became of a message for one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "whoever queues mail must handle each")]
pub enum Outcome {
    /// The server has taken the message into its care, with this reply.
    Accepted(Reply<'static>),
    /// Not now: the same may succeed later.
    Deferred(Reason),
    /// No, and the same again would change nothing.
    Refused(Reason),
    /// The whole message was sent, and its reply never came: the server has it or has not. Sent
    /// again, it may arrive twice; not sent again, not at all. RFC 5321 §4.5.3.2.6 has it sent again.
    Unknown(Reason),
}

/// Why a recipient has not got the message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// What the server answered to MAIL, RCPT, DATA, BDAT or the message: it is about this message.
    #[error("{0}")]
    Reply(Reply<'static>),
    /// What the server answered before that, or a 421 at any time: it is about this server or its
    /// client, and another server may take the message.
    #[error("{0}")]
    Host(Reply<'static>),
    /// The message does not fit what the server offers; nothing of it was sent.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// TLS or a mechanism that hides the password is required, and the server does not offer it.
    #[error("the server does not offer STARTTLS")]
    Insecure,
    /// The server offers no mechanism that the caller's credentials go with; why not.
    #[error("the server offers no way to log in: {0}")]
    NoMechanism(mailrail_sasl::Error),
    /// The server said that the client is logged in, and has not proved who it is itself.
    #[error("the server has not proved who it is")]
    Unproved,
    /// More than this server takes at a time, by its word (RFC 9422 §4): recipients or their domains,
    /// in a message, or messages, in a connection. It can be sent to those left over at once.
    #[error("the server takes no more than {0} at a time")]
    TooMany(u32),
    /// TLS could not be put in place; the words are the caller's.
    #[error("{0}")]
    Tls(String),
    /// The connection was not made, or broke.
    #[error("{0}")]
    Broken(String),
}

impl Outcome {
    /// That of a whole message with that reply.
    pub(super) fn of(reply: Reply<'static>) -> Self {
        if reply.code().is_completion() {
            Self::Accepted(reply)
        } else {
            Self::refusal(reply, Reason::Reply)
        }
    }

    /// That of a reply that should have been another one; `reason` tells what it is about.
    pub(super) fn refusal(reply: Reply<'static>, reason: fn(Reply<'static>) -> Reason) -> Self {
        if reply.code().is_permanent() {
            Self::Refused(reason(reply))
        } else {
            Self::Deferred(reason(reply))
        }
    }

    /// That of a server which could not be connected to, or of a connection that broke.
    #[must_use]
    pub fn broken(why: impl core::fmt::Display) -> Self {
        Self::Deferred(Reason::Broken(why.to_string()))
    }

    /// Whether the server has taken the message into its care.
    #[must_use]
    pub const fn is_accepted(&self) -> bool {
        matches!(self, Self::Accepted(_))
    }

    /// Why the recipient has not got it; none where it was accepted.
    #[must_use]
    pub const fn reason(&self) -> Option<&Reason> {
        match self {
            Self::Accepted(_) => None,
            Self::Deferred(reason) | Self::Refused(reason) | Self::Unknown(reason) => Some(reason),
        }
    }

    /// The server's reply, where there was one.
    #[must_use]
    pub const fn reply(&self) -> Option<&Reply<'static>> {
        match self {
            Self::Accepted(reply) => Some(reply),
            Self::Deferred(reason) | Self::Refused(reason) | Self::Unknown(reason) => {
                reason.reply()
            }
        }
    }

    /// The code that a report tells (RFC 3463): the server's own, or what fits best. Its class is
    /// 2 where the message was accepted, 5 where it was refused, else 4.
    #[must_use]
    pub fn status(&self) -> EnhancedStatusCode {
        let class = match self {
            Self::Accepted(_) => 2,
            Self::Refused(_) => 5,
            Self::Deferred(_) | Self::Unknown(_) => 4,
        };
        let (subject, detail) = match (self.reply(), self.reason()) {
            (Some(reply), _) => match reply.enhanced() {
                Some(code) if code.class() == class => return code,
                _ => from_reply(reply),
            },
            (None, Some(reason)) => reason.subject(),
            (None, None) => (0, 0),
        };
        EnhancedStatusCode::new(class, subject, detail)
            .unwrap_or(EnhancedStatusCode::SYSTEM_FAILURE)
    }
}

impl Reason {
    /// The server's reply, where there was one.
    #[must_use]
    pub const fn reply(&self) -> Option<&Reply<'static>> {
        match self {
            Self::Reply(reply) | Self::Host(reply) => Some(reply),
            _ => None,
        }
    }

    /// Whether it says something about this message; else it is about the server or the way to it,
    /// and another exchanger of the same domain may take the message now.
    #[must_use]
    pub const fn is_about_message(&self) -> bool {
        matches!(self, Self::Reply(_) | Self::Unfit(_) | Self::TooMany(_))
    }

    /// Whether TLS, or the server's promise to go on with it, is what there was none of.
    pub(crate) const fn is_want_of_tls(&self) -> bool {
        matches!(self, Self::Insecure | Self::Tls(_) | Self::Unfit(Unfit::RequireTls))
    }

    /// Subject and detail of RFC 3463.
    const fn subject(&self) -> (u16, u16) {
        match self {
            Self::Unfit(unfit) => unfit_subject(unfit),
            Self::Insecure | Self::Tls(_) => (7, 5),
            Self::NoMechanism(_) => (7, 0),
            Self::Unproved => (7, 8),
            Self::TooMany(_) => (5, 3),
            Self::Broken(_) => (4, 2),
            Self::Reply(_) | Self::Host(_) => (0, 0),
        }
    }
}

const fn unfit_subject(unfit: &Unfit) -> (u16, u16) {
    match unfit {
        Unfit::TooLarge { .. } => (3, 4),
        Unfit::EightBit | Unfit::Binary => (6, 3),
        Unfit::Utf8 => (6, 7),
        Unfit::RequireTls => (7, 30),
        // As for messages that are late (RFC 2852); RFC 4865 has none.
        Unfit::DeliverBy => (4, 7),
        Unfit::Hold => (5, 4),
    }
}

/// What a reply without an enhanced code is about, from its digits (RFC 5321 §4.2.1): 1 is syntax,
/// so protocol; 4 and 5 in the middle are mail.
fn from_reply(reply: &Reply<'_>) -> (u16, u16) {
    match reply.code().get() {
        421 => (3, 2),
        452 => (3, 1),
        500..=504 | 555 => (5, 0),
        530 | 535 => (7, 0),
        552 => (3, 4),
        _ => (0, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_outcomes() {
        let reply = |text: &str| Reply::parse(text.as_bytes()).unwrap().into_owned();
        let of = |text: &str| Outcome::of(reply(text)).status().to_string();
        for (text, code) in [
            ("250 2.6.0 Yes\r\n", "2.6.0"),
            ("250 Yes\r\n", "2.0.0"),
            ("451 4.7.1 Later\r\n", "4.7.1"),
            ("451 Later\r\n", "4.0.0"),
            ("421 Bye\r\n", "4.3.2"),
            ("550 5.1.1 No\r\n", "5.1.1"),
            ("552 Too much\r\n", "5.3.4"),
            ("354 What?\r\n", "4.0.0"),
        ] {
            assert_eq!(of(text), code, "{text}");
        }
        let broken = Outcome::broken("gone");
        assert_eq!((broken.status().to_string().as_str(), broken.reply()), ("4.4.2", None));
        let large = Outcome::Refused(Unfit::TooLarge { size: 2, limit: 1 }.into());
        assert_eq!(large.status().to_string(), "5.3.4");
        assert!(large.reason().unwrap().is_about_message());
        let host = Outcome::refusal(reply("554 No\r\n"), Reason::Host);
        assert!(!host.reason().unwrap().is_about_message() && !host.is_accepted());
        assert_eq!(host.reason().unwrap().to_string(), "554 No");
    }
}
