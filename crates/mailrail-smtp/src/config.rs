//! What a caller can set.

use core::time::Duration;

/// Limits and timeouts of a connection; both sides take it, and each field tells who reads it.
///
/// ```
/// let mut config = mailrail_smtp::Config::default();
/// config.require_auth = true;
/// config.limits.recipients = 100;
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// How much of anything is taken.
    pub limits: Limits,
    /// How long anything is waited for.
    pub timeouts: Timeouts,
    /// Both: LMTP is spoken (RFC 2033): LHLO in place of EHLO and HELO, and a reply to the message
    /// for each recipient.
    pub lmtp: bool,
    /// Server: MAIL is answered 530 before AUTH has succeeded, as in submission (RFC 6409 §4.3).
    pub require_auth: bool,
    /// Server: a header of the PROXY protocol comes before anything else, and tells who connects
    /// ([`Event::Proxied`](crate::server::Event::Proxied)). Only for connections that none but the
    /// proxy can make.
    pub proxy: bool,
    /// Server: a client that says something before the greeting, or behind a command that must
    /// be answered first (RFC 2920 §3.1), or anything behind any command where it was not told of
    /// PIPELINING, is answered 503 or 554, and the conversation ends. Programs that send spam
    /// often do; so do those that are made to talk SMTP without knowing it.
    pub strict_pipelining: bool,
    /// Server: CR and LF in messages that are not part of CR LF are passed on as they are, and
    /// never taken for a line end. Otherwise such a message is refused 5.5.2: another server
    /// behind may see a second message in it.
    pub pass_bare_line_ends: bool,
    /// Server: a message with bytes over 127 for which MAIL did not say `BODY=8BITMIME` is refused
    /// 5.6.1. Otherwise it is passed on: many clients just send it.
    pub refuse_eight_bit: bool,
    /// Both: mechanisms that show a password to everyone on the way
    /// ([`sends_password`](mailrail_sasl::sends_password)) may be used without TLS. The server
    /// does not offer them otherwise, the client refuses to use them (RFC 4954 §4).
    pub allow_plaintext_auth: bool,
    /// Server: no SASL mechanism is offered or taken before TLS, not even one that hides the
    /// password. Off by default.
    pub require_tls_for_auth: bool,
}

/// How much of anything is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Server: the bytes of a command line, CR LF included (2,048; RFC 5321 §4.5.3.1.4 asks for
    /// 512 and more for extensions). A longer line is answered 500 and skipped.
    pub line: usize,
    /// Server: the bytes of an AUTH command and of a line in its exchange, CR LF included
    /// (12,288; RFC 4954 §4). A longer line is answered 500 and skipped, and ends the exchange.
    pub auth_line: usize,
    /// Client: the bytes of a whole reply, of one line or many (65,536). A longer one ends the
    /// conversation.
    pub reply: usize,
    /// Client: how many commands may wait for their replies where the server offers PIPELINING
    /// (64); the others stay queued. It keeps a client that writes and a server that waits for
    /// its replies to be read from waiting for each other (RFC 2920 §3.1).
    pub pipelined: usize,
    /// Server: the bytes of replies that gather before they must be written (4,096); no further
    /// command is looked at until they are.
    pub output: usize,
    /// Server: the recipients of a message (1,000; at least 100, RFC 5321 §4.5.3.1.8). One more is
    /// answered 452.
    pub recipients: usize,
    /// Server: how often AUTH may be refused with a 5yz code (3). One more refusal is said as a
    /// 421, and ends the conversation.
    pub logins: u32,
    /// Server: the commands that are unknown, do not parse or are out of sequence (20). One more
    /// is answered 421, and the conversation ends.
    pub errors: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            line: 2_048,
            auth_line: 12_288,
            reply: 65_536,
            pipelined: 64,
            output: 4_096,
            recipients: 1_000,
            logins: 3,
            errors: 20,
        }
    }
}

/// How long anything is waited for. The values are those of RFC 5321 §4.5.3.2.
///
/// A client's wait for a reply begins when the command is to be written or the reply before it has
/// been read. Bytes of an unfinished line or reply do not make a wait longer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeouts {
    /// Client: for the greeting (5 minutes).
    pub greeting: Duration,
    /// Client: for the reply to MAIL, and to any command that has no field of its own (5 minutes).
    pub command: Duration,
    /// Client: for the reply to RCPT (5 minutes).
    pub recipient: Duration,
    /// Client: for the reply to DATA (2 minutes).
    pub data: Duration,
    /// Client: for one piece of the message to be written. Server: for the next 1,024 bytes of the
    /// message, or its end (3 minutes).
    pub block: Duration,
    /// Client: for the reply to the message's end (10 minutes). A shorter one gets messages
    /// delivered twice.
    pub end_of_data: Duration,
    /// Server: for the next command, or for replies to be taken (5 minutes). Past it, 421 is sent.
    pub idle: Duration,
    /// Server: for the last words before an error to be taken.
    /// [`Submission`](crate::Submission): for the reply to QUIT (5 seconds).
    pub last_words: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        let minutes = |n: u64| Duration::from_secs(60 * n);
        Self {
            greeting: minutes(5),
            command: minutes(5),
            recipient: minutes(5),
            data: minutes(2),
            block: minutes(3),
            end_of_data: minutes(10),
            idle: minutes(5),
            last_words: Duration::from_secs(5),
        }
    }
}
