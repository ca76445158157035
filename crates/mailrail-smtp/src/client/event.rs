//! What a client is told.

use crate::Reply;
use alloc::vec::Vec;
use mailrail_wire::Secret;

/// What happened, or what is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<'i> {
    /// The answer to `command`. A refusal is an answer like any other, and what is queued behind
    /// the command is sent all the same.
    Reply {
        /// What it answers.
        command: Verb,
        /// What the server says.
        reply: Reply<'i>,
    },
    /// The server says 421: it closes the connection now (RFC 5321 §3.8). The reply answers every
    /// command that has had none; no more events come.
    Closing(Reply<'i>),
    /// The next challenge of AUTH, decoded. Answer with
    /// [`authenticate_response`](super::Client::authenticate_response) or
    /// [`cancel_authentication`](super::Client::cancel_authentication).
    Challenge(Secret<Vec<u8>>),
    /// All of the message so far is written, or its first piece is due: answer with
    /// [`message`](super::Client::message) or [`end_message`](super::Client::end_message).
    WantMessage,
    /// No recipient was accepted, so the message that [`bdat`](super::Client::bdat) was to send is
    /// not wanted. MAIL can begin the next.
    NoRecipients,
    /// TLS is in place, and what the server offered before is forgotten: say EHLO again.
    Secured,
}

/// What a reply answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verb {
    /// The connection: 220 where the server serves, 554 where it does not.
    Greeting,
    /// EHLO; [`Client::extensions`](super::Client::extensions) tells what is offered.
    Ehlo,
    /// HELO
    Helo,
    /// STARTTLS; `Secured` follows a 220.
    StartTls,
    /// AUTH: 235 where it succeeded.
    Auth,
    /// MAIL
    Mail,
    /// RCPT
    Rcpt {
        /// Which of the message's recipients, counted from 0 in the order they were given.
        recipient: u32,
    },
    /// DATA: 354 where the message is wanted. `WantMessage` follows where a recipient was
    /// accepted; else the client sends an empty message, as RFC 2920 §3.1 asks, and the reply to
    /// that follows.
    Data,
    /// A chunk of the message, that was taken (BDAT). One that is refused is the end of the
    /// message: its reply is that to `Message`, and no further piece is asked for.
    Bdat,
    /// The end of the message: the server's word on whether it is in its care, for all recipients
    /// that it has accepted. In LMTP it stands only where the message is refused as a whole.
    Message,
    /// The end of the message, in LMTP: the server's word for one recipient that it has accepted;
    /// there is one for each of them, in their order (RFC 2033 §4.2).
    MessageFor {
        /// Which of the message's recipients, counted from 0 in the order they were given.
        recipient: u32,
    },
    /// RSET: one that was asked for, or that went before MAIL since the last message failed before
    /// its end.
    Rset,
    /// NOOP
    Noop,
    /// VRFY
    Vrfy,
    /// EXPN
    Expn,
    /// HELP
    Help,
    /// ETRN
    Etrn,
    /// XCLIENT: 220 where the server takes the client for another now; say EHLO again.
    Xclient,
    /// XFORWARD
    Xforward,
    /// A command that this crate does not know.
    Other,
    /// QUIT
    Quit,
}
