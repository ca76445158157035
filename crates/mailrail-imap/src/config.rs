//! What both machines are told.

use core::time::Duration;

/// How a machine behaves; `Config::default()` is what the RFC asks for.
///
/// One type serves both sides. Each field says which side reads it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Config {
    /// Both sides: sizes and counts that end or refuse what passes them.
    pub limits: Limits,
    /// Both sides: how long to wait.
    pub timeouts: Timeouts,
    /// Both sides: whether a password may cross a connection without TLS. A server then offers
    /// plaintext mechanisms and LOGIN there, in place of LOGINDISABLED (RFC 3501 §6.2.3); a
    /// client then sends them there. Off by default.
    pub allow_plaintext_auth: bool,
    /// Server: no SASL mechanism is offered or taken before TLS, not even one that hides the
    /// password. Off by default.
    pub require_tls_for_auth: bool,
}

/// Sizes and counts.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Server: the longest command, in bytes, with its CR LF and its literals, but for the
    /// message of an APPEND. A longer one is skipped in bounded memory and answered BAD.
    /// 64 KiB by default: RFC 2683 §3.2.1.5 asks for 8,000 bytes at least.
    pub line: usize,
    /// Server: the longest literal of a command, in bytes, but for the message of an APPEND. A
    /// longer one is refused unread where the client waits, skipped where it does not. 16 KiB by
    /// default.
    pub literal: usize,
    /// Server: the longest refused literal, in bytes, that is read and dropped, where the client
    /// has sent it without waiting (RFC 7888 §4). A longer one is answered BYE, and the
    /// connection closed. 64 MiB by default.
    pub skip: u64,
    /// Server: the longest message that APPEND takes, in bytes; a longer one is refused with
    /// `NO [TOOBIG]`. 64 MiB by default.
    pub append: u64,
    /// Client: the longest response, in bytes, with its CR LF and the literals that are not
    /// streamed. Of a FETCH, it is the longest segment between two streamed literals. A longer
    /// one ends the conversation. 1 MiB by default.
    pub response: usize,
    /// Both sides: how many bytes of output may wait before more is queued, but for one piece.
    /// 64 KiB by default.
    pub output: usize,
    /// Client: how many commands may be under way before the first of them is answered. 16 by
    /// default; 1 turns pipelining off.
    pub pipelined: usize,
    /// Server: how many commands in a row may be refused by the machine (unknown, malformed, too
    /// long, not now) before it says BYE and closes. 20 by default.
    pub errors: u32,
    /// Server: logins refused for their credentials, which is without a code or with
    /// `AUTHENTICATIONFAILED`. One more is followed by BYE, and ends with
    /// [`Error::TooManyLogins`](crate::Error::TooManyLogins). 3 by default.
    pub logins: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            line: 64 * 1024,
            literal: 16 * 1024,
            skip: 64 * 1024 * 1024,
            append: 64 * 1024 * 1024,
            response: 1024 * 1024,
            output: 64 * 1024,
            pipelined: 16,
            errors: 20,
            logins: 3,
        }
    }
}

/// How long to wait. Each starts when the wait starts and moves on whole units, not on bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeouts {
    /// Client: from the connection to the greeting. 5 minutes by default.
    pub greeting: Duration,
    /// Client: from a command to its answer, and between two responses on the way to it.
    /// 5 minutes by default.
    pub response: Duration,
    /// Client: how long an IDLE stays up before the caller is asked to end it and to begin a new
    /// one ([`client::Event::WantDone`](crate::client::Event::WantDone)), so that the server's
    /// inactivity timer does not run out. 29 minutes by default (RFC 2177 §3).
    pub idle: Duration,
    /// Server: from one command to the next before the user has logged in. 3 minutes by default.
    pub login: Duration,
    /// Server: from one command to the next after that; also how long an IDLE may last.
    /// 30 minutes by default, the least RFC 3501 §5.4 allows.
    pub command: Duration,
    /// Both sides: between two pieces of a literal, in or out, and for output to be taken by a
    /// peer that does not read. 5 minutes by default.
    pub transfer: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        let minutes = |n: u64| Duration::from_secs(60 * n);
        Self {
            greeting: minutes(5),
            response: minutes(5),
            idle: minutes(29),
            login: minutes(3),
            command: minutes(30),
            transfer: minutes(5),
        }
    }
}
