//! What a server's mechanism wants to know from those who keep the accounts.

use crate::{
    saslprep,
    scram::{Hash, ScramCredentials},
};
use alloc::{borrow::Cow, string::String, vec::Vec};
use mailrail_wire::Secret;
use subtle::ConstantTimeEq as _;

/// What a server's mechanism wants next.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Progress {
    /// Send this challenge; the response to it is the next step. It may be empty.
    Challenge(Secret<Vec<u8>>),
    /// Find this out, and call [`answer`](crate::ServerMechanism::answer). It is asked once in an
    /// exchange.
    Question(Question),
    /// The client is who it was asked for, and may act as whom it wants to: tell it that it
    /// succeeded.
    Done,
}

/// What those who keep the accounts are asked.
///
/// An `authzid` is whom the client wants to act as, where that is not the user whose password it
/// shows (RFC 4422 §3.4.1). Answer [`Answer::Reject`] unless that user may act so.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Question {
    /// Is that the user's password? Answer [`Answer::Accept`] or [`Answer::Reject`].
    Password(Claim),
    /// What is the user's password, as it is? Answer [`Answer::Password`] or [`Answer::Reject`].
    Secret {
        /// Whose; never empty, as sent.
        authcid: String,
    },
    /// What is kept for the user? Answer [`Answer::Scram`], or [`Answer::Reject`] where there is
    /// no such user, none may act so, or nothing is kept for that hash: the dialogue goes on as
    /// for any other user, and fails at its end.
    Scram {
        /// Which hash.
        hash: Hash,
        /// Whom it wants to act as, as sent; never empty.
        authzid: Option<String>,
        /// Who it is; never empty, prepared ([`saslprep::query`]).
        authcid: String,
    },
    /// Is that token good, and whose is it? Answer [`Answer::Accept`] or [`Answer::Reject`].
    Token(TokenClaim),
    /// Who is it, from what is known outside? Answer [`Answer::Accept`] or [`Answer::Reject`].
    External {
        /// Whom it wants to act as; never empty.
        authzid: Option<String>,
    },
    /// May anybody in? Answer [`Answer::Accept`] or [`Answer::Reject`].
    Anonymous {
        /// What the client tells of itself, at most 255 characters, true or not; none where it
        /// tells nothing.
        trace: Option<String>,
    },
}

/// The answer to a [`Question`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Answer {
    /// Yes.
    Accept,
    /// No; or not known.
    Reject,
    /// The user's password, as it is.
    Password(Secret<String>),
    /// What is kept for the user.
    Scram(ScramCredentials),
}

/// Who a client says it is, with a password that the server has yet to check. All as sent.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Claim {
    /// Whom it wants to act as; never empty.
    pub authzid: Option<String>,
    /// Whose password it is; never empty.
    pub authcid: String,
    /// The password; never empty.
    pub password: Secret<String>,
}

impl Claim {
    /// Whether the password is that one, both prepared where they can be (RFC 4616 §2). How long
    /// it takes tells no more than how long they are.
    ///
    /// ```
    /// use mailrail_sasl::{PlainServer, Progress, Question, ServerMechanism};
    ///
    /// let mut plain = PlainServer::default();
    /// let Ok(Progress::Question(Question::Password(claim))) = plain.step(Some(b"\0tim\0IX")) else {
    ///     panic!("PLAIN has one message");
    /// };
    /// assert!(claim.has_password("\u{2168}") && !claim.has_password("X"));
    /// ```
    #[must_use]
    pub fn has_password(&self, known: &str) -> bool {
        is_password(known, self.password.expose())
    }
}

/// Whether two passwords are the same, as [`Claim::has_password`] tells.
#[must_use]
pub fn is_password(known: &str, claimed: &str) -> bool {
    let prepare = |text| saslprep::query(text).unwrap_or(Cow::Borrowed(text));
    prepare(known).as_bytes().ct_eq(prepare(claimed).as_bytes()).into()
}

/// A token that a client shows, to be checked by those who gave it out.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenClaim {
    /// Whose account it is for; never empty. XOAUTH2 tells it always.
    pub authzid: Option<String>,
    /// The token; never empty.
    pub token: Secret<String>,
    /// The server's name, as the client has it. A server that knows its own name rejects another
    /// (RFC 7628 §3.2).
    pub host: Option<String>,
    /// The server's port, as the client has it.
    pub port: Option<u16>,
}
