//! How a message came.

use core::fmt;

/// The word behind `with` in a `Received` field (RFC 5321 §4.4, RFC 3848, RFC 6531
/// §4.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Protocol {
    /// `SMTP`: the client said HELO.
    Smtp,
    /// `ESMTP`: the client said EHLO.
    Esmtp,
    /// `ESMTPS`: the client said EHLO, over TLS.
    Esmtps,
    /// `ESMTPA`: the client said EHLO, authenticated.
    Esmtpa,
    /// `ESMTPSA`: the client said EHLO, authenticated, over TLS.
    Esmtpsa,
    /// `LMTP`: the client said LHLO.
    Lmtp,
    /// `LMTPS`: the client said LHLO, over TLS.
    Lmtps,
    /// `LMTPA`: the client said LHLO, authenticated.
    Lmtpa,
    /// `LMTPSA`: the client said LHLO, authenticated, over TLS.
    Lmtpsa,
    /// `UTF8SMTP`: the message came with SMTPUTF8.
    Utf8Smtp,
    /// `UTF8SMTPS`: the message came with SMTPUTF8, over TLS.
    Utf8Smtps,
    /// `UTF8SMTPA`: the message came with SMTPUTF8, authenticated.
    Utf8Smtpa,
    /// `UTF8SMTPSA`: the message came with SMTPUTF8, authenticated, over TLS.
    Utf8Smtpsa,
    /// `UTF8LMTP`: it came with SMTPUTF8, by LMTP.
    Utf8Lmtp,
    /// `UTF8LMTPS`: it came with SMTPUTF8, by LMTP, over TLS.
    Utf8Lmtps,
    /// `UTF8LMTPA`: it came with SMTPUTF8, by LMTP, authenticated.
    Utf8Lmtpa,
    /// `UTF8LMTPSA`: it came with SMTPUTF8, by LMTP, authenticated, over TLS.
    Utf8Lmtpsa,
}

impl Protocol {
    /// The word of what happened.
    pub(crate) const fn of(lmtp: bool, utf8: bool, secured: bool, authenticated: bool) -> Self {
        match (lmtp, utf8, secured, authenticated) {
            (false, false, false, false) => Self::Esmtp,
            (false, false, true, false) => Self::Esmtps,
            (false, false, false, true) => Self::Esmtpa,
            (false, false, true, true) => Self::Esmtpsa,
            (true, false, false, false) => Self::Lmtp,
            (true, false, true, false) => Self::Lmtps,
            (true, false, false, true) => Self::Lmtpa,
            (true, false, true, true) => Self::Lmtpsa,
            (false, true, false, false) => Self::Utf8Smtp,
            (false, true, true, false) => Self::Utf8Smtps,
            (false, true, false, true) => Self::Utf8Smtpa,
            (false, true, true, true) => Self::Utf8Smtpsa,
            (true, true, false, false) => Self::Utf8Lmtp,
            (true, true, true, false) => Self::Utf8Lmtps,
            (true, true, false, true) => Self::Utf8Lmtpa,
            (true, true, true, true) => Self::Utf8Lmtpsa,
        }
    }

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Smtp => "SMTP",
            Self::Esmtp => "ESMTP",
            Self::Esmtps => "ESMTPS",
            Self::Esmtpa => "ESMTPA",
            Self::Esmtpsa => "ESMTPSA",
            Self::Lmtp => "LMTP",
            Self::Lmtps => "LMTPS",
            Self::Lmtpa => "LMTPA",
            Self::Lmtpsa => "LMTPSA",
            Self::Utf8Smtp => "UTF8SMTP",
            Self::Utf8Smtps => "UTF8SMTPS",
            Self::Utf8Smtpa => "UTF8SMTPA",
            Self::Utf8Smtpsa => "UTF8SMTPSA",
            Self::Utf8Lmtp => "UTF8LMTP",
            Self::Utf8Lmtps => "UTF8LMTPS",
            Self::Utf8Lmtpa => "UTF8LMTPA",
            Self::Utf8Lmtpsa => "UTF8LMTPSA",
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
