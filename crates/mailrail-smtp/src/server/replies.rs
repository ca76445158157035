//! What the server says by itself.

/// A reply of one line: code, enhanced code, text; where the code is 501, what was expected.
#[derive(Debug, Clone, Copy)]
pub(super) struct Canned(pub(super) u16, pub(super) [u16; 3], pub(super) &'static str);

pub(super) const NOOP: Canned = Canned(250, [2, 0, 0], "OK");
pub(super) const HELP: Canned = Canned(214, [2, 0, 0], "See RFC 5321");
pub(super) const NOT_VERIFIED: Canned = Canned(252, [2, 5, 0], "Send mail and see");

pub(super) const UNKNOWN: Canned = Canned(500, [5, 5, 1], "Command not recognized");
pub(super) const LINE_TOO_LONG: Canned = Canned(500, [5, 5, 2], "Line too long");
pub(super) const AUTH_LINE_TOO_LONG: Canned = Canned(500, [5, 5, 6], "Line too long");
pub(super) const NOT_IMPLEMENTED: Canned = Canned(502, [5, 5, 1], "Command not implemented");
pub(super) const PARAMETERS: Canned = Canned(555, [5, 5, 4], "Parameters not recognized");
pub(super) const TOO_SOON: Canned = Canned(555, [5, 5, 4], "BY is less than this server keeps");
pub(super) const HELD_TOO_LONG: Canned = Canned(501, [5, 5, 4], "an earlier release");
pub(super) const HELD_PAST_BY: Canned = Canned(501, [5, 5, 4], "a release before BY");
pub(super) const NO_REQUIRETLS: Canned = Canned(550, [5, 7, 30], "REQUIRETLS needs TLS");

pub(super) const EHLO_FIRST: Canned = Canned(503, [5, 5, 1], "Say EHLO first");
pub(super) const MAIL_FIRST: Canned = Canned(503, [5, 5, 1], "Say MAIL first");
pub(super) const RSET_FIRST: Canned = Canned(503, [5, 5, 1], "Say RSET first");
pub(super) const NESTED_MAIL: Canned = Canned(503, [5, 5, 1], "A message is begun already");
pub(super) const BDAT_ALONE: Canned = Canned(503, [5, 5, 1], "DATA does not go with this message");
pub(super) const NO_RECIPIENTS: Canned = Canned(554, [5, 5, 1], "No valid recipients");
pub(super) const LMTP_NO_RECIPIENTS: Canned = Canned(503, [5, 5, 1], "No valid recipients");
pub(super) const TOO_MANY_RECIPIENTS: Canned = Canned(452, [4, 5, 3], "Too many recipients");
pub(super) const TOO_MANY_DOMAINS: Canned = Canned(452, [4, 5, 3], "Too many domains");
pub(super) const TOO_MANY_MESSAGES: Canned = Canned(452, [4, 5, 3], "Too many messages");
pub(super) const NOT_ASCII: Canned = Canned(553, [5, 6, 7], "Non-ASCII addresses need SMTPUTF8");
pub(super) const TOO_LARGE: Canned = Canned(552, [5, 3, 4], "Message too large");
pub(super) const BARE_LINE_END: Canned = Canned(554, [5, 5, 2], "A bare CR or LF in the message");
pub(super) const EIGHT_BIT: Canned = Canned(554, [5, 6, 1], "Bytes over 127 without 8BITMIME");
pub(super) const BAD_CHUNK: Canned = Canned(501, [5, 5, 4], "a chunk's size");

pub(super) const SECURED: Canned = Canned(503, [5, 5, 1], "TLS is in place already");
pub(super) const AUTHENTICATED: Canned = Canned(503, [5, 5, 1], "Authenticated already");
pub(super) const IN_MAIL: Canned = Canned(503, [5, 5, 1], "Not within a message");
pub(super) const AUTH_REQUIRED: Canned = Canned(530, [5, 7, 0], "Authentication required");
pub(super) const NO_SUCH_MECHANISM: Canned = Canned(504, [5, 5, 4], "Mechanism not offered");
pub(super) const CANCELLED: Canned = Canned(501, [5, 7, 0], "Authentication cancelled");
pub(super) const NOT_BASE64: Canned = Canned(501, [5, 5, 2], "base64");

pub(super) const TIMED_OUT: Canned = Canned(421, [4, 4, 2], "Timed out");
pub(super) const TOO_MANY_ERRORS: Canned = Canned(421, [4, 7, 0], "Too many errors");
pub(super) const TOO_MANY_ATTEMPTS: Canned = Canned(421, [4, 7, 0], "Too many attempts");
pub(super) const PIPELINED: Canned = Canned(503, [5, 5, 0], "Wait for the reply");
pub(super) const TOO_EARLY: Canned = Canned(554, [5, 5, 0], "Wait for the greeting");

pub(super) const GO_AHEAD: Canned = Canned(220, [2, 0, 0], "Go ahead");
pub(super) const LOGGED_IN: Canned = Canned(235, [2, 7, 0], "Authenticated");
pub(super) const SENDER_OK: Canned = Canned(250, [2, 1, 0], "Sender OK");
pub(super) const RECIPIENT_OK: Canned = Canned(250, [2, 1, 5], "Recipient OK");
pub(super) const SEND: Canned = Canned(354, [0; 3], "End the message with a dot on a line alone");
pub(super) const CHUNK_OK: Canned = Canned(250, [2, 0, 0], "Chunk OK");
pub(super) const MESSAGE_OK: Canned = Canned(250, [2, 6, 0], "Message accepted");
pub(super) const OK: Canned = Canned(250, [2, 0, 0], "OK");
pub(super) const GOODBYE: Canned = Canned(221, [2, 0, 0], "Goodbye");
