//! One SMTP conversation that sends one message: what is said in answer to each event. It drives
//! no socket, so both drivers have it.

use mailrail_mx::InvalidDomain;
use mailrail_sasl::ClientMechanism;
use mailrail_smtp::{
    Client, Extensions, Host, Mailbox, Misuse, Reply, ReversePath, Unfit,
    client::{Event, Verb},
    command::{Body, Mail},
};
use mailrail_wire::Secret;

/// What is sent, and to whom.
#[derive(Debug, Clone)]
#[expect(clippy::exhaustive_structs, reason = "the caller fills it in")]
pub struct Order {
    /// Where failures are told.
    pub reverse_path: ReversePath<'static>,
    /// Who gets it.
    pub recipients: Vec<Mailbox<'static>>,
    /// The message's bytes.
    pub size: u64,
    /// Whether some are over 127.
    pub has_eight_bit: bool,
}

/// Whether STARTTLS is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there is no fourth way")]
pub enum Security {
    /// No: TLS is in place, or is not wanted.
    AsItIs,
    /// Where it is offered (RFC 7435).
    Opportunistic,
    /// In any case.
    Required,
}

/// Why a recipient has not got the message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// What the server answered to MAIL, RCPT, DATA or the message.
    #[error("{0}")]
    Refused(Reply<'static>),
    /// What it answered before that: it did not get so far.
    #[error("{0}")]
    Unserved(Reply<'static>),
    /// The message does not fit the server.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// The server has no STARTTLS, and it is required.
    #[error("the server does not offer STARTTLS")]
    Insecure,
    /// The server does not let anybody log in by a way that is known here.
    #[error("the server offers no way to log in")]
    NoLogin,
    /// The server logged the client in before it had proved who it is itself.
    #[error("the server has not proved who it is")]
    Unproved,
    /// The connection was not made, or broke.
    #[error("{0}")]
    Broken(String),
    /// The recipient's exchangers are not known.
    #[error("{domain}: {error}")]
    Lookup {
        /// The recipient's domain.
        domain: String,
        /// What the lookup came to.
        error: mailrail_mx::Error,
    },
    /// The recipient's domain is none that can be looked up.
    #[error("{domain}: {error}")]
    Domain {
        /// The domain.
        domain: String,
        /// Why not.
        error: InvalidDomain,
    },
    /// The recipient's domain takes no mail (RFC 7505).
    #[error("{0} takes no mail")]
    NullMx(String),
    /// No exchanger of the domain has an address, for now or for good.
    #[error("{domain}: no exchanger has an address")]
    NoExchanger {
        /// The recipient's domain.
        domain: String,
        /// Whether a later lookup may find one.
        is_temporary: bool,
    },
    /// The best exchanger of the domain is this very server, which knows nothing of it.
    #[error("mail for {0} loops back to this server")]
    Loop(String),
}

impl Reason {
    /// What the server answered, where it is that.
    #[must_use]
    pub const fn reply(&self) -> Option<&Reply<'static>> {
        match self {
            Self::Refused(reply) | Self::Unserved(reply) => Some(reply),
            _ => None,
        }
    }

    /// Whether it is final: no other exchanger is tried, and none later.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        match self {
            Self::Refused(reply) => reply.code().is_permanent(),
            Self::Lookup { error, .. } => !error.is_temporary(),
            Self::NoExchanger { is_temporary, .. } => !*is_temporary,
            Self::Unfit(_) | Self::Domain { .. } | Self::NullMx(_) | Self::Loop(_) => true,
            Self::Unserved(_)
            | Self::Insecure
            | Self::NoLogin
            | Self::Unproved
            | Self::Broken(_) => false,
        }
    }
}

/// How far a recipient is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there is no fourth way")]
pub enum Outcome {
    /// Nothing is known yet.
    Pending,
    /// The server has the message.
    Delivered,
    /// It does not, and why.
    Failed(Reason),
}

/// What the caller does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "there is no third way")]
pub enum Next {
    /// Waits for the next event.
    Event,
    /// Gives the machine a piece of the message, or its end.
    Piece,
}

/// The conversation.
#[derive(Debug)]
pub struct Dialogue {
    order: Order,
    hello: Host<'static>,
    security: Security,
    mechanism: Option<Box<dyn ClientMechanism>>,
    /// STARTTLS was agreed on, and has not succeeded yet.
    securing: bool,
    outcomes: Vec<Outcome>,
}

impl Dialogue {
    /// A conversation of the host `hello` that sends `order`.
    #[must_use]
    pub fn new(order: Order, hello: Host<'static>, security: Security) -> Self {
        let outcomes = vec![Outcome::Pending; order.recipients.len()];
        Self { order, hello, security, mechanism: None, securing: false, outcomes }
    }

    /// Has it log in first.
    #[must_use]
    pub fn with_login(mut self, mechanism: impl ClientMechanism + 'static) -> Self {
        self.mechanism = Some(Box::new(mechanism));
        self
    }

    /// Whether it stands or has ended where TLS was to be put in place.
    #[must_use]
    pub const fn is_securing(&self) -> bool {
        self.securing
    }

    /// Says that the conversation ended, and how.
    pub fn broke(&mut self, why: &impl ToString) {
        self.fail(&Reason::Broken(why.to_string()));
    }

    /// What became of each recipient, in the order given.
    #[must_use]
    pub fn into_outcomes(mut self) -> Vec<Outcome> {
        self.broke(&"the server closed the connection");
        self.outcomes
    }

    /// Answers an event.
    ///
    /// # Errors
    ///
    /// The machine's.
    pub fn answer(&mut self, event: Event<'_>, smtp: &mut Client) -> Result<Next, Misuse> {
        match event {
            Event::Reply { command, reply } => self.reply(command, reply, smtp)?,
            Event::Closing(reply) => self.fail(&Reason::Refused(reply.into_owned())),
            Event::Challenge(challenge) => self.challenge(&challenge, smtp)?,
            Event::WantMessage => return Ok(Next::Piece),
            Event::Secured => {
                self.securing = false;
                smtp.ehlo(self.hello.clone())?;
            }
            _ => {}
        }
        Ok(Next::Event)
    }

    fn reply(&mut self, command: Verb, reply: Reply<'_>, smtp: &mut Client) -> Result<(), Misuse> {
        let positive = reply.code().is_completion();
        match command {
            Verb::Greeting if positive => smtp.ehlo(self.hello.clone()),
            Verb::Ehlo if positive => self.secure(smtp),
            // A server of RFC 821's days.
            Verb::Ehlo if reply.code().is_permanent() => smtp.helo(self.hello.clone()),
            Verb::Helo if positive => self.secure(smtp),
            Verb::StartTls if positive => {
                self.securing = true;
                Ok(())
            }
            Verb::StartTls if self.security == Security::Opportunistic => self.log_in(smtp),
            Verb::Auth if positive => match &self.mechanism {
                Some(mechanism) if !mechanism.is_complete() => self.give_up(Reason::Unproved, smtp),
                _ => self.send(smtp),
            },
            Verb::Greeting | Verb::Ehlo | Verb::Helo | Verb::StartTls | Verb::Auth => {
                self.give_up(Reason::Unserved(reply.into_owned()), smtp)
            }
            // What is refused here was pipelined behind the next two, which are refused then.
            Verb::Mail if !positive => {
                self.fail(&Reason::Refused(reply.into_owned()));
                Ok(())
            }
            Verb::Rcpt { recipient } if !positive => {
                let at = usize::try_from(recipient).unwrap_or(usize::MAX);
                if let Some(outcome @ Outcome::Pending) = self.outcomes.get_mut(at) {
                    *outcome = Outcome::Failed(Reason::Refused(reply.into_owned()));
                }
                Ok(())
            }
            Verb::Data if !reply.code().is_intermediate() => {
                self.give_up(Reason::Refused(reply.into_owned()), smtp)
            }
            Verb::Message => {
                if positive {
                    self.settle(&Outcome::Delivered);
                }
                self.give_up(Reason::Refused(reply.into_owned()), smtp)
            }
            _ => Ok(()),
        }
    }

    /// After EHLO.
    fn secure(&mut self, smtp: &mut Client) -> Result<(), Misuse> {
        let offered = smtp.extensions().is_some_and(|offered| offered.starttls);
        match self.security {
            Security::AsItIs => self.log_in(smtp),
            // It has been done, and EHLO said again.
            _ if smtp.is_secured() => self.log_in(smtp),
            _ if offered => smtp.starttls(),
            Security::Opportunistic => self.log_in(smtp),
            Security::Required => self.give_up(Reason::Insecure, smtp),
        }
    }

    fn log_in(&mut self, smtp: &mut Client) -> Result<(), Misuse> {
        let Some(mechanism) = &mut self.mechanism else { return self.send(smtp) };
        let name = mechanism.name();
        let offered = smtp.extensions().is_some_and(|offered| offered.has_mechanism(name));
        let Ok(response) = mechanism.initial_response() else {
            return self.give_up(Reason::NoLogin, smtp);
        };
        if !offered {
            return self.give_up(Reason::NoLogin, smtp);
        }
        let response = response.as_ref().map(|response| &response.expose()[..]);
        match smtp.authenticate(name, response) {
            Err(Misuse::PlaintextAuth) => self.give_up(Reason::Insecure, smtp),
            done => done,
        }
    }

    fn challenge(&mut self, challenge: &Secret<Vec<u8>>, smtp: &mut Client) -> Result<(), Misuse> {
        let response = self.mechanism.as_mut().map(|mechanism| mechanism.step(challenge.expose()));
        match response {
            Some(Ok(response)) => smtp.authenticate_response(response.expose()),
            _ => smtp.cancel_authentication(),
        }
    }

    /// All at once: the machine pipelines what the server lets it.
    fn send(&mut self, smtp: &mut Client) -> Result<(), Misuse> {
        let Order { reverse_path, recipients, size, has_eight_bit } = &self.order;
        let none = Extensions::default();
        let offered = smtp.extensions().unwrap_or(&none);
        let mut mail = Mail::new(reverse_path.clone());
        mail.size = Some(*size);
        mail.body = has_eight_bit.then_some(Body::EightBitMime);
        let mail = match offered.fit(mail) {
            Ok(mail) => mail,
            Err(unfit) => return self.give_up(unfit.into(), smtp),
        };
        smtp.mail(mail)?;
        for recipient in recipients {
            smtp.rcpt(recipient.clone())?;
        }
        smtp.data()
    }

    fn give_up(&mut self, reason: Reason, smtp: &mut Client) -> Result<(), Misuse> {
        self.fail(&reason);
        smtp.quit()
    }

    fn fail(&mut self, reason: &Reason) {
        self.settle(&Outcome::Failed(reason.clone()));
    }

    /// Tells all of whom nothing was known.
    fn settle(&mut self, settled: &Outcome) {
        for outcome in &mut self.outcomes {
            if *outcome == Outcome::Pending {
                outcome.clone_from(settled);
            }
        }
    }
}
