//! Limits and timeouts of both sides.

use crate::Language;
use alloc::sync::Arc;
use core::time::Duration;

/// What a [`Client`](crate::Client) or a [`Server`](crate::Server) puts up with.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Config {
    /// What a peer may send.
    pub limits: Limits,
    /// How long is waited for it.
    pub timeouts: Timeouts,
    /// Passwords may cross without TLS. Off, as RFC 8314 §3.1 and RFC 2595 §2.3 ask: the server
    /// then offers and takes USER, and SASL mechanisms that show a password, only over TLS, and
    /// the client refuses to send them without.
    pub allow_plaintext_auth: bool,
    /// Server: no SASL mechanism is offered or taken before TLS, not even one that hides the
    /// password. Off by default.
    pub require_tls_for_auth: bool,
    /// Server: the languages that LANG chooses among, the preferred one first (RFC 6856 §3). Where
    /// there are none, LANG is not offered. English is spoken until one is chosen.
    pub languages: Option<Arc<[Language]>>,
}

/// Bounds on what a peer can make a machine hold.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The longest line outside messages, in octets, CR LF included. RFC 2449 §4 allows 255 to
    /// commands and 512 to responses. A server answers a longer command with -ERR and skips it;
    /// a client ends with [`Error::LineTooLong`](crate::Error::LineTooLong).
    pub line: usize,
    /// The longest line of a SASL exchange behind AUTH, in octets, CR LF included; its length has
    /// no limit of the RFC's (RFC 5034 §4). Past it as past `line`.
    pub auth_line: usize,
    /// Server: once that many octets wait to be written, nothing more is read or asked for. It is
    /// what the output holds at most, besides a piece of a message.
    pub output: usize,
    /// Server: commands answered with -ERR because they can't be read or are out of place. One
    /// more ends with [`Error::TooManyErrors`](crate::Error::TooManyErrors).
    pub errors: u32,
    /// Server: logins refused for their credentials, which is without a code or with
    /// [`AUTH`](crate::ResponseCode::AUTH). One more ends with
    /// [`Error::TooManyLogins`](crate::Error::TooManyLogins).
    pub logins: u32,
    /// Client: commands sent ahead of their answers, where the server offers PIPELINING. They
    /// must fit the network's buffers (RFC 2449 §6.6), or both sides wait for each other for ever.
    pub pipelined: usize,
    /// Client: lines of an answer to CAPA. More of them end with
    /// [`Error::TooManyCapabilities`](crate::Error::TooManyCapabilities).
    pub capabilities: usize,
    /// Download: the largest message that is fetched, in octets. One that is larger by what the
    /// server says is left there; one that turns out so ends with
    /// [`Error::MessageTooLong`](crate::Error::MessageTooLong).
    pub message: u64,
    /// Download: messages in a maildrop. More of them end with
    /// [`Error::TooManyMessages`](crate::Error::TooManyMessages).
    pub messages: u32,
    /// Download: new messages whose keys are held at a time. Where there are more, UIDL is asked
    /// again once these are fetched.
    pub batch: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            line: 512,
            auth_line: 12_288,
            output: 4_096,
            errors: 20,
            logins: 3,
            pipelined: 32,
            capabilities: 100,
            message: 4 << 30,
            messages: 1_000_000,
            batch: 1_000,
        }
    }
}

/// How long a machine waits. A deadline begins when the wait does, and moves when a whole command,
/// line or answer has come, or 1,024 octets of a message, never for less.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeouts {
    /// Server: for the next command; RFC 1939 §3 asks for ten minutes at least. Past it the
    /// connection is closed without a word and without deleting anything, as that section says.
    pub command: Duration,
    /// Client: for the greeting, for the next line of an answer, or for 1,024 octets of a message.
    pub answer: Duration,
    /// For all output to be taken by the network.
    pub write: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            command: Duration::from_secs(600),
            answer: Duration::from_secs(300),
            write: Duration::from_secs(300),
        }
    }
}
