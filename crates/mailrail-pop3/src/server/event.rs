//! What the server asks of its caller.

use super::{Deleted, apop::ApopProof};
use crate::{MessageNumber, UserName};
use alloc::{boxed::Box, vec::Vec};
use mailrail_wire::Secret;

/// What a client wants, or what the server needs to answer it.
///
/// What is not here the server answers itself: CAPA, USER, UTF8, LANG, STAT, RSET, NOOP, what can't be read, is
/// out of place, or asks for a message that is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<'i> {
    /// A client is there. Answer with [`ok`](crate::Server::ok), the greeting, or with
    /// [`ok_with_timestamp`](crate::Server::ok_with_timestamp), one that offers APOP, or with
    /// [`err`](crate::Server::err), which ends the connection.
    Connected,
    /// The client wants TLS. Answer with [`ok`](crate::Server::ok) or [`err`](crate::Server::err).
    StartTls,
    /// TLS is in place. It wants no answer.
    Secured,
    /// The client logs in. Answer with [`open`](crate::Server::open), or with
    /// [`err`](crate::Server::err) and [`AUTH`](crate::ResponseCode::AUTH) where name or password
    /// is wrong, [`IN_USE`](crate::ResponseCode::IN_USE) where another session holds the maildrop
    /// (it is locked for one at a time, RFC 1939 §4).
    Login {
        /// Whose maildrop.
        user: Box<str>,
        /// Its password.
        password: Secret<&'i str>,
    },
    /// The client logs in by a proof that it knows the password. Answer as to
    /// [`Login`](Self::Login).
    Apop {
        /// Whose maildrop.
        user: UserName<'i>,
        /// The proof.
        proof: ApopProof,
    },
    /// The client logs in by a SASL mechanism, one of those offered. Answer with
    /// [`challenge`](crate::Server::challenge), with [`open`](crate::Server::open), or with
    /// [`err`](crate::Server::err), as to [`Login`](Self::Login). Where the mechanism wants an
    /// initial response and there is none, answer with an empty challenge.
    Authenticate {
        /// Its name, in the letters that the client chose.
        mechanism: &'i str,
        /// The response that needs no challenge, decoded.
        initial_response: Option<Secret<Vec<u8>>>,
    },
    /// The response to the challenge, decoded. Answer as to [`Authenticate`](Self::Authenticate).
    /// A client that gives up instead, or sends no base64, is answered by the server: another
    /// event follows then, and the exchange is void.
    AuthenticateResponse(Secret<Vec<u8>>),
    /// How large is it? LIST asks, and DELE, so that STAT knows what is left. Answer with
    /// [`size`](crate::Server::size), or [`err`](crate::Server::err).
    WantSize(MessageNumber),
    /// What is its unique-id? Answer with [`unique_id`](crate::Server::unique_id), or
    /// [`err`](crate::Server::err).
    WantUniqueId(MessageNumber),
    /// The client wants a message. Answer with [`ok`](crate::Server::ok), and
    /// [`WantMessage`](Self::WantMessage) follows, or [`err`](crate::Server::err); with
    /// [`UTF8`](crate::ResponseCode::UTF8) where the message is UTF-8 and the client
    /// [does not take that](crate::Server::is_utf8).
    Retr(MessageNumber),
    /// The client wants a message's header and the first lines of its body. Answer as to
    /// [`Retr`](Self::Retr), and give the message from its start; the server stops asking when it
    /// has enough.
    Top {
        /// The message.
        message: MessageNumber,
        /// How many lines of the body, should that help to read less.
        lines: u32,
    },
    /// All of the message so far is written. Answer with [`message`](crate::Server::message), the
    /// next piece, or [`end_message`](crate::Server::end_message).
    WantMessage,
    /// No more is needed of the message. It wants no answer.
    EndOfMessage(MessageNumber),
    /// The end of the session. Delete these messages for good, unlock the maildrop, then answer
    /// with [`ok`](crate::Server::ok), or [`err`](crate::Server::err) where not all could be
    /// deleted (RFC 1939 §6). Then the connection is closed.
    ///
    /// It comes without a login too, with nothing to delete.
    Quit {
        /// The messages.
        deleted: Deleted,
    },
}
