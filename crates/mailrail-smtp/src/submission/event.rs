//! What a submission is told, and what it tells.

use super::Outcome;
use crate::command::Body;
use alloc::vec::Vec;

/// What happened, or what is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// TLS is in place. Where the login is to be bound to it, now is the time to
    /// [`bind`](super::Submission::bind); otherwise nothing is to be done.
    Secured,
    /// The server takes messages, and [`Submission::extensions`](super::Submission::extensions) tells which. Where none was given
    /// yet, [`send`](super::Submission::send) or [`quit`](super::Submission::quit) goes on.
    Ready,
    /// The next piece of the message is due: answer with [`Submission::message`](super::Submission::message) or
    /// [`Submission::end_message`](super::Submission::end_message).
    WantMessage,
    /// The message does not fit what the server offers, and would if it were converted: answer with
    /// [`Submission::converted`](super::Submission::converted) or
    /// [`Submission::not_converted`](super::Submission::not_converted). Nothing of it has been sent.
    /// Comes only [`with_conversion`](super::Submission::with_conversion).
    WantConversion {
        /// What it may be made of: 8-bit lines for what is binary, or 7-bit lines.
        to: Body,
    },
    /// What became of the message, for each recipient in the envelope's order. Go on with
    /// [`send`](super::Submission::send) or [`quit`](super::Submission::quit).
    Outcome(Vec<Outcome>),
}
