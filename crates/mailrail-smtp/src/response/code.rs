//! The numbers in replies.

use core::fmt;

/// The three digits of a reply (RFC 5321 §4.2), from 200 to 599.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReplyCode(u16);

/// The codes of RFC 5321 §4.2.3 and of the extensions; the descriptions are theirs, in short.
impl ReplyCode {
    /// 211: system status.
    pub const STATUS: Self = Self(211);
    /// 214: help.
    pub const HELP: Self = Self(214);
    /// 220: service ready.
    pub const READY: Self = Self(220);
    /// 221: service closing.
    pub const CLOSING: Self = Self(221);
    /// 235: authentication succeeded (RFC 4954).
    pub const AUTHENTICATED: Self = Self(235);
    /// 250: done.
    pub const OK: Self = Self(250);
    /// 252: can't verify the user, but will take the message.
    pub const NOT_VERIFIED: Self = Self(252);
    /// 334: a challenge (RFC 4954).
    pub const CHALLENGE: Self = Self(334);
    /// 354: send the message.
    pub const START_MESSAGE: Self = Self(354);
    /// 421: service not available, closing.
    pub const UNAVAILABLE: Self = Self(421);
    /// 450: mailbox unavailable for now.
    pub const MAILBOX_BUSY: Self = Self(450);
    /// 451: error in processing.
    pub const LOCAL_ERROR: Self = Self(451);
    /// 452: not enough storage, or too many recipients.
    pub const INSUFFICIENT_STORAGE: Self = Self(452);
    /// 454: not available for now: TLS (RFC 3207) or authentication (RFC 4954).
    pub const TEMPORARY_FAILURE: Self = Self(454);
    /// 500: command not recognized, or too long.
    pub const UNRECOGNIZED: Self = Self(500);
    /// 501: syntax error in the arguments.
    pub const BAD_ARGUMENTS: Self = Self(501);
    /// 502: command not implemented.
    pub const NOT_IMPLEMENTED: Self = Self(502);
    /// 503: bad sequence of commands.
    pub const BAD_SEQUENCE: Self = Self(503);
    /// 504: argument not implemented.
    pub const ARGUMENT_NOT_IMPLEMENTED: Self = Self(504);
    /// 530: authentication, or TLS, required (RFC 4954, RFC 3207).
    pub const AUTHENTICATION_REQUIRED: Self = Self(530);
    /// 535: credentials invalid (RFC 4954).
    pub const CREDENTIALS_INVALID: Self = Self(535);
    /// 550: mailbox unavailable, or refused by policy.
    pub const MAILBOX_UNAVAILABLE: Self = Self(550);
    /// 551: user not local.
    pub const USER_NOT_LOCAL: Self = Self(551);
    /// 552: too much for the storage.
    pub const EXCEEDED_STORAGE: Self = Self(552);
    /// 553: mailbox name not allowed.
    pub const MAILBOX_NAME_NOT_ALLOWED: Self = Self(553);
    /// 554: transaction failed, or no service here.
    pub const TRANSACTION_FAILED: Self = Self(554);
    /// 555: parameters of MAIL or RCPT not recognized.
    pub const PARAMETERS_NOT_RECOGNIZED: Self = Self(555);

    /// The code of that number; none where it is not from 200 to 599.
    #[must_use]
    pub const fn new(code: u16) -> Option<Self> {
        if 200 <= code && code <= 599 { Some(Self(code)) } else { None }
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }

    /// 2yz or 3yz: done, or so far so good.
    #[must_use]
    pub const fn is_positive(self) -> bool {
        self.0 < 400
    }

    /// 2yz, "Positive Completion": done.
    #[must_use]
    pub const fn is_completion(self) -> bool {
        self.0 < 300
    }

    /// 3yz, "Positive Intermediate": go on.
    #[must_use]
    pub const fn is_intermediate(self) -> bool {
        300 <= self.0 && self.0 < 400
    }

    /// 4yz: not now; the same may succeed later.
    #[must_use]
    pub const fn is_transient(self) -> bool {
        400 <= self.0 && self.0 < 500
    }

    /// 5yz: no.
    #[must_use]
    pub const fn is_permanent(self) -> bool {
        500 <= self.0
    }
}

impl fmt::Display for ReplyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Why, as a program reads it: `class.subject.detail` (RFC 3463, RFC 5248).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EnhancedStatusCode {
    class: u8,
    subject: u16,
    detail: u16,
}

impl EnhancedStatusCode {
    /// 2.0.0: done.
    pub const OK: Self = Self { class: 2, subject: 0, detail: 0 };
    /// 5.1.1: no such mailbox.
    pub const NO_SUCH_MAILBOX: Self = Self { class: 5, subject: 1, detail: 1 };
    /// 5.1.2: no such domain, or none at all.
    pub const BAD_DESTINATION: Self = Self { class: 5, subject: 1, detail: 2 };
    /// 4.3.0: something is wrong with the mail system for now.
    pub const SYSTEM_FAILURE: Self = Self { class: 4, subject: 3, detail: 0 };
    /// 4.4.7: it was to be delivered by now (RFC 2852 §4.1.3), and tries go on.
    pub const LATE: Self = Self { class: 4, subject: 4, detail: 7 };
    /// 5.4.7: the same, and it is given up.
    pub const EXPIRED: Self = Self { class: 5, subject: 4, detail: 7 };
    /// 4.3.2: the system takes no messages now.
    pub const NOT_ACCEPTING: Self = Self { class: 4, subject: 3, detail: 2 };
    /// 5.7.1: not permitted.
    pub const NOT_PERMITTED: Self = Self { class: 5, subject: 7, detail: 1 };
    /// 5.7.8: credentials invalid (RFC 4954).
    pub const CREDENTIALS_INVALID: Self = Self { class: 5, subject: 7, detail: 8 };

    /// The code of those numbers; none where `class` is not 2, 4 or 5, or another is over 999.
    #[must_use]
    pub const fn new(class: u8, subject: u16, detail: u16) -> Option<Self> {
        if matches!(class, 2 | 4 | 5) && subject <= 999 && detail <= 999 {
            Some(Self { class, subject, detail })
        } else {
            None
        }
    }

    /// 2: done; 4: not now; 5: no.
    #[must_use]
    pub const fn class(self) -> u8 {
        self.class
    }

    /// What it is about, such as 1: addresses (RFC 3463 §3).
    #[must_use]
    pub const fn subject(self) -> u16 {
        self.subject
    }

    /// What about that.
    #[must_use]
    pub const fn detail(self) -> u16 {
        self.detail
    }

    /// Whether it is of the same class as a reply's code.
    #[inline]
    pub(crate) fn fits(self, code: ReplyCode) -> bool {
        u16::from(self.class) == code.get() / 100
    }

    /// The code at the front of a reply's text, and what is behind it and its space.
    ///
    /// ```text
    /// status-code = class "." subject "." detail
    /// class       = "2" / "4" / "5"
    /// subject     = 1*3DIGIT
    /// detail      = 1*3DIGIT
    /// ```
    #[inline]
    pub(crate) fn split(text: &[u8]) -> Option<(Self, &[u8])> {
        let [class @ (b'2' | b'4' | b'5'), b'.', rest @ ..] = text else { return None };
        let (subject, rest) = number(rest)?;
        let (detail, rest) = number(rest.strip_prefix(b".")?)?;
        let rest = match rest {
            [b' ', rest @ ..] => rest,
            // The line's end.
            [] | [b'\r', ..] => rest,
            _ => return None,
        };
        Some((Self { class: class - b'0', subject, detail }, rest))
    }
}

/// `1*3DIGIT`
#[inline]
fn number(text: &[u8]) -> Option<(u16, &[u8])> {
    let (mut number, mut rest) = (0, text);
    while let [digit @ b'0'..=b'9', after @ ..] = rest {
        number = number * 10 + u16::from(digit - b'0');
        rest = after;
        if text.len() - rest.len() > 3 {
            return None;
        }
    }
    (rest.len() < text.len()).then_some((number, rest))
}

impl fmt::Display for EnhancedStatusCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}
