//! A message's envelope.

use crate::{
    Mailbox, ReversePath,
    command::{Mail, Rcpt},
};
use alloc::vec::Vec;

/// Whom a message is from and for, and what it is made of.
///
/// Say all there is to say, whatever the server may offer: size and kind of bytes in `mail`, wishes
/// in both. What the server does not offer is left out where the message arrives all the same, and
/// else the message is [`Unfit`](crate::Unfit). (That an address needs SMTPUTF8 need not be said.)
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the RFC has these two")]
pub struct Envelope {
    /// Where reports go, how large the message is, and what its bytes are.
    pub mail: Mail<'static>,
    /// Who gets it.
    pub recipients: Vec<Rcpt<'static>>,
}

impl Envelope {
    /// An envelope without recipients, of a message of which nothing is known.
    #[must_use]
    pub const fn new(from: ReversePath<'static>) -> Self {
        Self { mail: Mail::new(from), recipients: Vec::new() }
    }

    /// Whether it goes to none but servers that offer SMTPUTF8: it says so, or an address needs it.
    pub(super) fn needs_utf8(&self) -> bool {
        let is_ascii = |rcpt: &Rcpt<'_>| rcpt.forward_path.is_ascii();
        self.mail.smtp_utf8
            || !self.mail.reverse_path.is_ascii()
            || !self.recipients.iter().all(is_ascii)
    }

    /// Adds a recipient.
    #[must_use]
    pub fn to(mut self, recipient: impl Into<Rcpt<'static>>) -> Self {
        self.recipients.push(recipient.into());
        self
    }
}

impl Extend<Mailbox<'static>> for Envelope {
    fn extend<T: IntoIterator<Item = Mailbox<'static>>>(&mut self, recipients: T) {
        self.recipients.extend(recipients.into_iter().map(Rcpt::from));
    }
}
