//! What a server is told.

use crate::{
    Host, Proxied,
    command::{Attributes, Burl, Etrn, Help, Mail, Other, Rcpt, Vrfy},
};
use alloc::vec::Vec;
use mailrail_wire::Secret;

/// What the client did. All but `Proxied`, `Secured`, `Message` and `Aborted` must be answered
/// before anything else happens; each tells with what, beside
/// [`reply`](super::Server::reply), which answers all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<'i> {
    /// A proxy in front told who connects ([`Config::proxy`](crate::Config::proxy)). Nothing to
    /// answer; `Connected` follows.
    Proxied(Proxied),
    /// It connected. Answer with [`greet`](super::Server::greet); after any refusal the connection
    /// is closed.
    Connected,
    /// EHLO, or LHLO in LMTP: a new session. A message that was begun is dropped. Answer with
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
    /// BDAT: a chunk of the message comes, the first or a further one. Answer with
    /// [`accept`](super::Server::accept), which says nothing yet, or with a refusal, which is said
    /// once the chunk has been skipped; no further chunk is taken then.
    Bdat {
        /// The chunk's size in bytes.
        size: u64,
        /// Whether the message ends with it.
        last: bool,
    },
    /// The next bytes of the message, dot-stuffing undone. Nothing to answer.
    Message(&'i [u8]),
    /// A chunk is whole, and more are to come. Answer with [`accept`](super::Server::accept) (250)
    /// or a refusal, which is for the whole message.
    EndOfChunk,
    /// The message is whole. Answer with [`accept`](super::Server::accept) (250) once it is safe
    /// on disk, or with a refusal: any reply ends the transaction. In LMTP, answer once for each
    /// recipient that was accepted, in their order
    /// ([`recipients_owed`](super::Server::recipients_owed) tells how many are left).
    EndOfMessage,
    /// The message is refused while it comes: drop what you have of it. Nothing to answer; the
    /// rest is skipped, and the refusal is sent at its end.
    Aborted(Refusal),
    /// BURL: fetch that, and add it to the message; where it is the last part, the message is
    /// whole. Answer as `EndOfChunk` or `EndOfMessage`.
    Burl(Burl<'i>),
    /// RSET: a message that was begun is dropped. Answer with [`accept`](super::Server::accept)
    /// (250).
    Rset,
    /// VRFY, where it is offered. Answer with 250 and a mailbox, 251, 252, 550, 551 or 553;
    /// [`accept`](super::Server::accept) says 252.
    Vrfy(Vrfy<'i>),
    /// EXPN, where it is offered. Answer with 250 and a mailbox on each line, or a refusal.
    Expn(Vrfy<'i>),
    /// HELP, where it is offered. Answer with 214 or 211 and a text.
    Help(Help<'i>),
    /// ETRN, where it is offered. Answer with [`accept`](super::Server::accept) (250), 251, 252,
    /// 253, 458 or 459.
    Etrn(Etrn<'i>),
    /// XCLIENT, where it is offered: the client is another than it seemed. The session begins
    /// anew; whether this peer may say so is for you to decide. Answer with
    /// [`greet`](super::Server::greet) (220) or a refusal.
    Xclient(Attributes<'i>),
    /// XFORWARD, where it is offered: what a proxy knows of the next message's client. Answer with
    /// [`accept`](super::Server::accept) (250) or a refusal.
    Xforward(Attributes<'i>),
    /// A command that this crate does not know, but
    /// [`Extensions::add_verb`](crate::Extensions::add_verb) named. Answer with
    /// [`reply`](super::Server::reply), or [`accept`](super::Server::accept) (250).
    Other(Other<'i>),
    /// QUIT: a message that was begun is dropped. Answer with [`accept`](super::Server::accept)
    /// (221); the connection is closed then.
    Quit,
}

/// Why a message is refused while it comes. Of several reasons, how its bytes arrive decides which is
/// told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Refusal {
    /// It is larger than the SIZE offered: 552 5.3.4 (RFC 1870 §6.1).
    TooLarge,
    /// It has a CR or LF that is not part of CR LF: 554 5.5.2 (RFC 5321 §2.3.8). Other servers
    /// behind this one may take such a byte for a line end, and see another message within this.
    BareLineEnd,
    /// It has bytes over 127, and MAIL did not say so: 554 5.6.1
    /// ([`Config::refuse_eight_bit`](crate::Config::refuse_eight_bit)).
    EightBit,
}
