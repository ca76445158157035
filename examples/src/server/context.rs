//! What all sessions of a server share.

use crate::{accounts::Accounts, store::Store};
use mailrail_smtp::Domain;

/// What all sessions of a server share, whatever protocol they speak.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "the program fills it in")]
pub struct Context {
    /// The mail.
    pub store: Store,
    /// Who has mail here.
    pub accounts: Accounts,
    /// The server's name in greetings and trace fields.
    pub hostname: Domain<'static>,
    /// Whether a password may be sent without TLS.
    pub allow_plaintext: bool,
    /// The largest message taken, in bytes.
    pub max_message_size: u64,
}
