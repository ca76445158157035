//! What all sessions of a server share.

use super::Service;
use crate::{
    accounts::Accounts,
    drive::{
        Clock, Tap,
        tokio::{Link, Stream},
    },
    store::Store,
};
use mailrail_smtp::Domain;
use std::{fmt, sync::Arc};

/// Makes a tap for each connection to a service; none where nobody wants to see it.
pub type Taps = Arc<dyn Fn(Service) -> Option<Box<dyn Tap>> + Send + Sync>;

/// What all sessions of a server share, whatever protocol they speak.
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
    /// Whether CRAM-MD5 is offered, and POP3's APOP.
    pub allow_cram_md5: bool,
    /// The largest message taken, in bytes.
    pub max_message_size: u64,
    /// Who sees what the connections send and receive.
    pub taps: Option<Taps>,
}

impl Context {
    /// The driver of a connection's machine.
    pub fn link<C>(&self, service: Service, machine: C, stream: Stream) -> Link<C, Stream> {
        let mut link = Link::new(machine, stream, Clock::start());
        if let Some(tap) = self.taps.as_ref().and_then(|taps| taps(service)) {
            link.tap(tap);
        }
        link
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("hostname", &self.hostname).finish_non_exhaustive()
    }
}
