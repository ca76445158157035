//! One message, from MAIL to its outcome.

use super::{Envelope, Outcome, Ready, Reason, State, Submission};
use crate::{
    Extensions, Misuse, Notify, Reply, ReplyCode, ReversePath, Unfit,
    client::Verb,
    command::{Body, Mail},
    delivery::Promises,
};
use alloc::{vec, vec::Vec};

/// A message that has no outcome yet.
#[derive(Debug)]
pub(super) struct Transaction {
    envelope: Envelope,
    /// None where nothing is known, or the recipient was accepted at RCPT.
    outcomes: Vec<Option<Outcome>>,
    /// The places of those who were named to the server, in the order of RCPT.
    named: Vec<usize>,
    /// Whether MAIL was accepted, and neither DATA nor BDAT said.
    is_open: bool,
    /// Whether all is given at once, for the server to answer in one go.
    is_pipelined: bool,
    /// Whether the message goes by BDAT.
    is_chunked: bool,
    /// What it is to be converted to, and why.
    conversion: Option<(Body, Unfit)>,
    /// Whether the caller has given all of the message.
    pub(super) is_whole: bool,
}

/// What a message is to be made of instead, where it fits then, whatever its size becomes.
fn conversion(offered: &Extensions, mail: &Mail<'_>, unfit: Unfit) -> Option<Body> {
    let to = match unfit {
        Unfit::Binary if offered.eight_bit_mime => Body::EightBitMime,
        Unfit::Binary | Unfit::EightBit => Body::SevenBit,
        _ => return None,
    };
    let mut mail = mail.clone();
    (mail.body, mail.size) = (Some(to), None);
    offered.fit(mail).is_ok().then_some(to)
}

impl Transaction {
    pub(super) fn new(envelope: Envelope) -> Self {
        let outcomes = vec![None; envelope.recipients.len()];
        Self {
            envelope,
            outcomes,
            named: Vec::new(),
            is_open: false,
            is_pipelined: false,
            is_chunked: false,
            conversion: None,
            is_whole: false,
        }
    }

    /// Tells all of whom nothing was known.
    pub(super) fn settle(&mut self, settled: &Outcome) {
        for outcome in &mut self.outcomes {
            outcome.get_or_insert_with(|| settled.clone());
        }
    }

    /// Tells the recipient of the RCPT of that number.
    fn settle_one(&mut self, recipient: u32, settled: Outcome) {
        let at = usize::try_from(recipient).ok().and_then(|at| self.named.get(at));
        if let Some(outcome) = at.and_then(|&at| self.outcomes.get_mut(at)) {
            outcome.get_or_insert(settled);
        }
    }

    /// None is left without.
    pub(super) fn into_outcomes(self) -> Vec<Outcome> {
        let or = || Outcome::broken("the connection ended");
        self.outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(or)).collect()
    }
}

impl Submission {
    /// Begins the message that was given.
    pub(super) fn begin(&mut self) -> Result<(), Misuse> {
        let Some(message) = &mut self.message else { return Ok(()) };
        let none = Extensions::default();
        let offered = self.client.extensions().unwrap_or(&none);
        let mut mail = message.envelope.mail.clone();
        mail.smtp_utf8 = message.envelope.needs_utf8();
        // A report is not lost for want of TLS (RFC 8689 §5).
        mail.require_tls &= self.client.is_secured() || mail.reverse_path != ReversePath::Null;
        let is_binary = mail.body == Some(Body::BinaryMime);
        message.is_pipelined = offered.pipelining;
        // Without pipelining each chunk would wait for the reply to the one before.
        message.is_chunked = offered.chunking && (offered.pipelining || is_binary);
        self.promises = Promises { dsn: offered.dsn, deliver_by: offered.deliver_by.is_some() };
        // Who passes a message on without its time has the next server tell of delays (RFC 2852
        // §4.1.4.2).
        let is_untimed = mail.by.is_some_and(|by| by.seconds() > 0) && !self.promises.deliver_by;
        for rcpt in &mut message.envelope.recipients {
            *rcpt = offered.fit_recipient(rcpt.clone());
            if is_untimed && offered.dsn && rcpt.notify != Some(Notify::NEVER) {
                let failures = Notify { success: false, failure: true, delay: true };
                rcpt.notify = Some(rcpt.notify.map_or(failures, |it| Notify { delay: true, ..it }));
            }
        }
        let refused = mail.clone();
        match offered.fit(mail) {
            Ok(mail) => {
                self.state = State::Sending;
                let is_pipelined = message.is_pipelined;
                if core::mem::take(&mut self.is_left_open) {
                    self.client.rset()?;
                }
                let unsent = match self.client.mail(mail) {
                    Err(Misuse::PastLimit { limit }) => Outcome::Deferred(Reason::TooMany(limit)),
                    Err(Misuse::Insecure) => Outcome::Refused(Unfit::RequireTls.into()),
                    Err(misuse) => return Err(misuse),
                    Ok(()) if is_pipelined => {
                        self.recipients()?;
                        return self.offer_message();
                    }
                    Ok(()) => return Ok(()),
                };
                message.settle(&unsent);
                self.finish();
                Ok(())
            }
            Err(unfit) => {
                match conversion(offered, &refused, unfit).filter(|_| self.converts) {
                    Some(to) => {
                        message.conversion = Some((to, unfit));
                        self.state = State::Converting;
                        self.ready = Some(Ready::WantConversion(to));
                    }
                    None => {
                        message.settle(&Outcome::Refused(unfit.into()));
                        self.finish();
                    }
                }
                Ok(())
            }
        }
    }

    /// The caller has converted the message, to that size, or has not.
    pub(super) fn answer_conversion(
        &mut self,
        call: &'static str,
        size: Option<u64>,
    ) -> Result<(), Misuse> {
        let is_asked = self.state == State::Converting && self.ready.is_none();
        let message = self.message.as_mut().filter(|_| is_asked);
        let Some(message) = message else { return Err(Misuse::OutOfTurn { call }) };
        match (message.conversion.take(), size) {
            (Some((to, _)), Some(size)) => {
                (message.envelope.mail.body, message.envelope.mail.size) = (Some(to), Some(size));
                self.state = State::Ready;
            }
            (Some((_, unfit)), None) => {
                message.settle(&Outcome::Refused(unfit.into()));
                self.finish();
            }
            (None, _) => return Err(Misuse::OutOfTurn { call }),
        }
        Ok(())
    }

    /// Names all recipients that the server's limits let go with one message.
    fn recipients(&mut self) -> Result<(), Misuse> {
        let Some(message) = &mut self.message else { return Ok(()) };
        let all = message.envelope.recipients.iter().zip(&mut message.outcomes);
        for (at, (rcpt, outcome)) in all.enumerate() {
            match self.client.rcpt(rcpt.clone()) {
                Ok(()) => message.named.push(at),
                Err(Misuse::PastLimit { limit }) => {
                    *outcome = Some(Outcome::Deferred(Reason::TooMany(limit)));
                }
                Err(misuse) => return Err(misuse),
            }
        }
        Ok(())
    }

    fn offer_message(&mut self) -> Result<(), Misuse> {
        let Some(message) = &mut self.message else { return Ok(()) };
        if message.is_chunked { self.client.bdat() } else { self.client.data() }
    }

    /// A reply to MAIL or to what follows it.
    pub(super) fn transact(&mut self, command: Verb, reply: Reply<'_>) -> Result<(), Misuse> {
        let Some(message) = &mut self.message else { return Ok(()) };
        let done = reply.code().is_completion();
        let refusal = |reply: Reply<'_>| Outcome::refusal(reply.into_owned(), Reason::Reply);
        match command {
            Verb::Mail if done => {
                message.is_open = true;
                if message.is_pipelined { Ok(()) } else { self.recipients() }
            }
            Verb::Mail => {
                message.settle(&refusal(reply));
                // What was pipelined behind it is refused as well, and ends it.
                if !message.is_pipelined {
                    self.finish();
                }
                Ok(())
            }
            Verb::Rcpt { recipient } => {
                if !done {
                    message.settle_one(recipient, refusal(reply));
                }
                let is_last = usize::try_from(recipient)
                    .is_ok_and(|at| at.saturating_add(1) == message.named.len());
                if message.is_pipelined || !is_last {
                    Ok(())
                } else if message.outcomes.contains(&None) {
                    self.offer_message()
                } else {
                    self.finish();
                    Ok(())
                }
            }
            Verb::Data if reply.code() == ReplyCode::START_MESSAGE => {
                message.is_open = false;
                Ok(())
            }
            Verb::Data => {
                message.is_open = false;
                message.settle(&refusal(reply));
                self.finish();
                Ok(())
            }
            Verb::MessageFor { recipient } => {
                message.is_open = false;
                message.settle_one(recipient, Outcome::of(reply.into_owned()));
                if !message.outcomes.contains(&None) {
                    self.finish();
                }
                Ok(())
            }
            Verb::Message => {
                message.is_open = false;
                message.settle(&Outcome::of(reply.into_owned()));
                self.finish();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// No recipient was accepted, so the message was not sent.
    pub(super) fn not_sent(&mut self) {
        if let Some(message) = &mut self.message {
            message.is_open = false;
            self.finish();
        }
    }

    fn finish(&mut self) {
        self.is_left_open = self.message.as_ref().is_some_and(|message| message.is_open);
        self.state = State::Ready;
        self.ready = Some(Ready::Outcome);
    }
}
