//! What a server is told.

use crate::{
    Host,
    command::{Mail, Rcpt},
};
use alloc::vec::Vec;
use mailrail_wire::Secret;

/// What the client did. All but `Secured`, `Message` and `Aborted` must be answered before
/// anything else happens; each tells with what, beside
/// [`reply`](super::Server::reply), which answers all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<'i> {
    /// It connected. Answer with [`greet`](super::Server::greet); after any refusal the connection
    /// is closed.
    Connected,
    /// EHLO: a new session. A message that was begun is dropped. Answer with
    /// [`greet`](super::Server::greet); the offered extensions are added.
    Ehlo {
        /// Who the client says it is.
        host: Host<'i>,
    },
    /// HELO: the same, without extensions.
    Helo {
        /// Who the client says it is.
        host: Host<'i>,
    },
    /// STARTTLS. Answer with [`accept`](super::Server::accept) (220), or a refusal such as 454.
    StartTls,
    /// TLS is in place, and all that the client said before is forgotten. Nothing to answer.
    Secured,
    /// AUTH, by a mechanism that is offered now. Answer with
    /// [`challenge`](super::Server::challenge), [`accept`](super::Server::accept) (235), or a
    /// refusal such as 535 or 454.
    Authenticate {
        /// The mechanism's name; compare it without regard to case.
        mechanism: &'i str,
        /// The response sent along, decoded; it may be empty.
        initial_response: Option<Secret<Vec<u8>>>,
    },
    /// The response to the last challenge, decoded. Answer as `Authenticate`. (Where the client
    /// gives up instead, it is answered for you.)
    AuthenticateResponse(Secret<Vec<u8>>),
    /// MAIL: begins a message. Answer with [`accept`](super::Server::accept) (250) or a refusal.
    Mail(Mail<'i>),
    /// RCPT: a recipient. Answer with [`accept`](super::Server::accept) (250) or a refusal, which
    /// is for this recipient alone.
    Rcpt(Rcpt<'i>),
    /// DATA, with a recipient accepted. Answer with [`accept`](super::Server::accept) (354) or a
    /// refusal, which is for the whole message.
    Data,
    /// The next bytes of the message, dot-stuffing undone. Nothing to answer.
    Message(&'i [u8]),
    /// The message is whole. Answer with [`accept`](super::Server::accept) (250) once it is safe
    /// on disk, or with a refusal: any reply ends the transaction.
    EndOfMessage,
    /// The message is refused while it comes: drop what you have of it. Nothing to answer; the
    /// rest is skipped, and the refusal is sent at its end.
    Aborted(Refusal),
    /// RSET: a message that was begun is dropped. Answer with [`accept`](super::Server::accept)
    /// (250).
    Rset,
    /// QUIT: a message that was begun is dropped. Answer with [`accept`](super::Server::accept)
    /// (221); the connection is closed then.
    Quit,
}

/// Why a message is refused while it comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Refusal {
    /// It is larger than the SIZE offered: 552 5.3.4 (RFC 1870 §6.1).
    TooLarge,
    /// It has a CR or LF that is not part of CR LF: 554 5.5.2 (RFC 5321 §2.3.8). Other servers
    /// behind this one may take such a byte for a line end, and see another message within this.
    BareLineEnd,
}
