//! What a download tells, and asks.

use super::Key;
use crate::{DropListing, Expire, LoginDelay, MessageNumber, ResponseCode, client::Request};

/// What happened, or what is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<'i> {
    /// TLS is in place: [`bind`](super::Download::bind) can say what to bind the login to. It wants
    /// no answer.
    Secured,
    /// Somebody has logged in, and the maildrop is open. It is the caller's alone until the end.
    Opened {
        /// What is in it.
        maildrop: DropListing,
        /// How long to wait before the next login (RFC 2449 §6.5).
        login_delay: Option<LoginDelay>,
        /// How long the server keeps what is left there (RFC 2449 §6.7); 0 days: it may delete at
        /// the end what was fetched, whatever the [`Policy`](super::Policy).
        expire: Option<Expire>,
    },
    /// The server has no unique-ids. Each message's key is made of its header then, which is asked
    /// for with TOP; and where the server has no TOP either, all messages are fetched to see what
    /// is new.
    NoUniqueIds,
    /// Is this message known? Answer with [`fetch`](super::Download::fetch) where it is not, with
    /// [`held`](super::Download::held) where it was fetched before, or with
    /// [`leave`](super::Download::leave).
    Listed {
        /// Its number in this session.
        message: MessageNumber,
        /// What it is known by.
        key: Key<'i>,
    },
    /// A message is larger than [`Limits::message`](crate::Limits::message): it is left where it
    /// is.
    TooLarge {
        /// Its number in this session.
        message: MessageNumber,
        /// Its octets, as the server says.
        octets: u64,
    },
    /// A message comes now.
    Begin {
        /// Its number in this session.
        message: MessageNumber,
        /// Its octets, as the server says; for showing how far it is, not for believing.
        octets: Option<u64>,
    },
    /// The next octets of the message, dot-stuffing undone. Bare CR and LF are passed on as they
    /// are.
    Octets(&'i [u8]),
    /// The message is whole. Keep it safely, together with its key, and answer with
    /// [`held`](super::Download::held); only then may it be deleted. Where the key turns out to be
    /// known, drop what came, and answer the same. Where it can't be kept, answer with
    /// [`leave`](super::Download::leave).
    End {
        /// Its number in this session.
        message: MessageNumber,
        /// What it is known by.
        key: Key<'static>,
        /// How many octets came.
        octets: u64,
    },
    /// The server refuses. Of a message, that is left out; of a login, STLS, STAT or the greeting,
    /// that ends the session; of QUIT, some of what was to be deleted may still be there.
    Refused {
        /// What was asked; none where the server does not want to talk at all.
        request: Option<Request>,
        /// Why, for programs.
        code: Option<ResponseCode<'i>>,
        /// Why, for people; any bytes but CR, LF and NUL.
        text: &'i [u8],
    },
    /// All is done, and QUIT answered: what was to be deleted is deleted. It does not come where
    /// the session ends in another way.
    Done {
        /// How many messages were fetched and are held.
        fetched: u32,
        /// How many were deleted.
        deleted: u32,
        /// Whether to forget the keys that were deleted ([`Fate::Deleted`](super::Fate::Deleted)),
        /// and those that did not come up in this session: they are gone from the server. Not
        /// where something was refused, which may have hidden a message.
        forget: bool,
    },
}
