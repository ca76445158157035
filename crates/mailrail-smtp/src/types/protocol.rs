//! How a message came.

use core::fmt;

/// The word behind `with` in a `Received` field (RFC 5321 §4.4, RFC 3848).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Protocol {
    /// `SMTP`: the client said HELO.
    Smtp,
    /// `ESMTP`: the client said EHLO.
    Esmtp,
    /// `ESMTPS`: over TLS.
    Esmtps,
    /// `ESMTPA`: authenticated.
    Esmtpa,
    /// `ESMTPSA`: authenticated, over TLS.
    Esmtpsa,
}

impl Protocol {
    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Smtp => "SMTP",
            Self::Esmtp => "ESMTP",
            Self::Esmtps => "ESMTPS",
            Self::Esmtpa => "ESMTPA",
            Self::Esmtpsa => "ESMTPSA",
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
