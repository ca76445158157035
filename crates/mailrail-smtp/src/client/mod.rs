//! The client's side of SMTP.

mod drive;
mod event;
mod outgoing;
mod state;

pub use event::{Event, Verb};

use crate::{
    Config, Error, Extensions, Host, Misuse, SessionLimits,
    command::{Attributes, Auth, Body, Burl, Command, Etrn, Help, Mail, Other, Rcpt, Vrfy},
    framing::ReplyFinder,
};
use alloc::boxed::Box;
use bytes::Bytes;
use mailrail_sasl::sends_password;
use mailrail_wire::{Output, Secret, Time};
use outgoing::Outgoing;
use state::{Queue, Ready, Session, State};

/// The longest AUTH command that takes an initial response along, in bytes (RFC 4954 §4).
const AUTH_COMMAND: usize = 512;

/// A client: commands are methods that queue, replies are [`Event`]s.
///
/// What may be pipelined is pipelined where the server offers it (RFC 2920), and waits for its turn
/// otherwise; the caller sees no difference. So a whole group, such as MAIL, all RCPT and DATA, can
/// be given at once. Behind DATA, STARTTLS, AUTH and QUIT nothing can be given before the reply.
///
/// Where the client has nothing to say and nothing to wait for, it asks for [`Step::Answer`](mailrail_wire::Step::Answer).
/// See the [crate's documentation](crate) for a whole dialogue.
#[derive(Debug)]
pub struct Client {
    config: Config,
    output: Output,
    state: State,
    ready: Option<Ready>,
    replies: ReplyFinder,
    queue: Queue,
    session: Session,
    deadline: Option<Time>,
    failed: Option<Error>,
}

impl Client {
    /// A client for a connection that was just opened; it waits for the greeting.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            config,
            output: Output::default(),
            state: State::Talking,
            ready: None,
            replies: ReplyFinder::default(),
            queue: Queue::greeting(),
            session: Session::default(),
            deadline: None,
            failed: None,
        }
    }

    /// A client for a connection that has TLS from its first byte (RFC 8314 §3.3).
    #[must_use]
    pub fn over_tls(config: Config) -> Self {
        let mut client = Self::new(config);
        client.session.secured = true;
        client
    }

    /// What the server offered in its last positive reply to EHLO; none before that, and none
    /// where only HELO succeeded or TLS was put in place since.
    #[must_use]
    pub fn extensions(&self) -> Option<&Extensions> {
        self.session.extensions.as_deref()
    }

    /// Whether TLS is in place.
    #[must_use]
    pub const fn is_secured(&self) -> bool {
        self.session.secured
    }

    /// EHLO: says who the client is, asks what the server offers (RFC 5321 §4.1.1.1). In LMTP it
    /// is LHLO (RFC 2033 §4.1).
    ///
    /// # Errors
    ///
    /// [`Misuse::OutOfTurn`].
    pub fn ehlo<'a>(&mut self, host: impl Into<Host<'a>>) -> Result<(), Misuse> {
        let host = host.into();
        let command = if self.config.lmtp { Command::Lhlo(host) } else { Command::Ehlo(host) };
        self.command("ehlo", Verb::Ehlo, &command)?;
        self.session.recipients = None;
        Ok(())
    }

    /// HELO: for a server that refuses EHLO.
    ///
    /// # Errors
    ///
    /// [`Misuse::OutOfTurn`], also in LMTP, which has none.
    pub fn helo<'a>(&mut self, host: impl Into<Host<'a>>) -> Result<(), Misuse> {
        if self.config.lmtp {
            return Err(Misuse::OutOfTurn { call: "helo" });
        }
        self.command("helo", Verb::Helo, &Command::Helo(host.into()))?;
        self.session.recipients = None;
        Ok(())
    }

    /// STARTTLS (RFC 3207). Where the server agrees, the client asks for
    /// [`Step::Upgrade`](mailrail_wire::Step::Upgrade), and [`Event::Secured`] follows.
    ///
    /// # Errors
    ///
    /// [`Misuse::OutOfTurn`], also where TLS is in place.
    pub fn starttls(&mut self) -> Result<(), Misuse> {
        if self.session.secured {
            return Err(Misuse::OutOfTurn { call: "starttls" });
        }
        self.command("starttls", Verb::StartTls, &Command::StartTls)
    }

    /// AUTH (RFC 4954), with the response of a mechanism in which the client speaks first. One
    /// that is too long for the command goes out at the server's first challenge.
    ///
    /// # Errors
    ///
    /// [`Misuse::PlaintextAuth`], [`Misuse::Syntax`] where no mechanism has that name, and
    /// [`Misuse::OutOfTurn`].
    pub fn authenticate(
        &mut self,
        mechanism: &str,
        initial_response: Option<&[u8]>,
    ) -> Result<(), Misuse> {
        let is_safe = self.session.secured || self.config.allow_plaintext_auth;
        if !is_safe && sends_password(mechanism) {
            return Err(Misuse::PlaintextAuth);
        }
        let response = initial_response.map(|response| Secret::new(response.to_vec()));
        let mut auth = Auth::new(mechanism, response)?;
        let mut kept = None;
        if auth.line_len() > AUTH_COMMAND {
            kept = auth.into_initial_response();
            auth = Auth::new(mechanism, None)?;
        }
        self.command("authenticate", Verb::Auth, &Command::Auth(auth))?;
        self.session.initial_response = kept.map(Box::new);
        Ok(())
    }

    /// Answers [`Event::Challenge`].
    ///
    /// # Errors
    ///
    /// [`Misuse::OutOfTurn`].
    pub fn authenticate_response(&mut self, response: &[u8]) -> Result<(), Misuse> {
        let State::Challenged = self.state else {
            return Err(Misuse::OutOfTurn { call: "authenticate_response" });
        };
        self.state = State::Talking;
        self.respond(Some(response));
        Ok(())
    }

    /// Answers [`Event::Challenge`]: gives AUTH up. The server's refusal follows.
    ///
    /// # Errors
    ///
    /// [`Misuse::OutOfTurn`].
    pub fn cancel_authentication(&mut self) -> Result<(), Misuse> {
        let State::Challenged = self.state else {
            return Err(Misuse::OutOfTurn { call: "cancel_authentication" });
        };
        self.state = State::Talking;
        self.respond(None);
        Ok(())
    }

    /// MAIL: begins a message. Give it a [`ReversePath`](crate::ReversePath), a
    /// [`Mailbox`](crate::Mailbox) or, for parameters, a [`Mail`].
    ///
    /// # Errors
    ///
    /// [`Misuse::NotAscii`] where the address needs [`Mail::smtp_utf8`], which is not set;
    /// [`Misuse::Insecure`] for [`Mail::require_tls`] without TLS; [`Misuse::PastLimit`] where the
    /// server is known to take no more messages (RFC 9422); and [`Misuse::OutOfTurn`].
    pub fn mail<'a>(&mut self, mail: impl Into<Mail<'a>>) -> Result<(), Misuse> {
        let mail = mail.into();
        let (smtp_utf8, is_binary) = (mail.smtp_utf8, mail.body == Some(Body::BinaryMime));
        if !smtp_utf8 && !mail.reverse_path.is_ascii() {
            return Err(Misuse::NotAscii);
        }
        if mail.require_tls && !self.session.secured {
            return Err(Misuse::Insecure);
        }
        match self.limits().and_then(|limits| limits.messages) {
            Some(limit) if self.session.messages >= limit => {
                return Err(Misuse::PastLimit { limit });
            }
            _ => {}
        }
        self.command("mail", Verb::Mail, &Command::Mail(mail))?;
        (self.session.smtp_utf8, self.session.is_binary) = (smtp_utf8, is_binary);
        self.session.recipients = Some(0);
        self.session.messages = self.session.messages.saturating_add(1);
        Ok(())
    }

    /// RCPT: names a recipient. Give it a [`ForwardPath`](crate::ForwardPath), a
    /// [`Mailbox`](crate::Mailbox) or, for parameters, a [`Rcpt`].
    ///
    /// # Errors
    ///
    /// [`Misuse::NotAscii`] where the address needs [`Mail::smtp_utf8`], which MAIL did not have;
    /// [`Misuse::PastLimit`] where the server is known to take no more recipients or domains (RFC
    /// 9422): send the message to the others by itself; and [`Misuse::OutOfTurn`], also before
    /// MAIL.
    pub fn rcpt<'a>(&mut self, rcpt: impl Into<Rcpt<'a>>) -> Result<(), Misuse> {
        let Some(recipient) = self.session.recipients else {
            return Err(Misuse::OutOfTurn { call: "rcpt" });
        };
        let rcpt = rcpt.into();
        if !self.session.smtp_utf8 && !rcpt.forward_path.is_ascii() {
            return Err(Misuse::NotAscii);
        }
        if let Some(limits) = self.limits() {
            match (limits.recipients, limits.domains) {
                (Some(limit), _) if recipient >= limit => return Err(Misuse::PastLimit { limit }),
                (_, Some(limit))
                    if self.session.domains.would_exceed(&rcpt.forward_path, limit) =>
                {
                    return Err(Misuse::PastLimit { limit });
                }
                _ => {}
            }
            if limits.domains.is_some() {
                self.session.domains.add(&rcpt.forward_path);
            }
        }
        self.command("rcpt", Verb::Rcpt { recipient }, &Command::Rcpt(rcpt))?;
        self.session.recipients = Some(recipient.saturating_add(1));
        Ok(())
    }

    /// DATA: offers the message. Where the server wants it, [`Event::WantMessage`] follows.
    ///
    /// # Errors
    ///
    /// [`Misuse::OutOfTurn`], also before RCPT, and for a message of
    /// [`Body::BinaryMime`], which goes by BDAT alone (RFC 3030 §3).
    pub fn data(&mut self) -> Result<(), Misuse> {
        if matches!(self.session.recipients, None | Some(0)) || self.session.is_binary {
            return Err(Misuse::OutOfTurn { call: "data" });
        }
        self.command("data", Verb::Data, &Command::Data)
    }

    /// BDAT (RFC 3030): sends the message in chunks, to a server that offers CHUNKING. Once all
    /// that was given before is answered, [`Event::WantMessage`] follows, or
    /// [`Event::NoRecipients`] where no recipient was accepted. Each piece given with
    /// [`message`](Self::message) is a chunk, and gets a reply; where the server offers
    /// PIPELINING, the next need not wait for it.
    ///
    /// # Errors
    ///
    /// [`Misuse::OutOfTurn`], also before RCPT.
    pub fn bdat(&mut self) -> Result<(), Misuse> {
        let is_turn = matches!(self.state, State::Talking) && self.queue.is_open();
        if !is_turn || matches!(self.session.recipients, None | Some(0)) {
            return Err(Misuse::OutOfTurn { call: "bdat" });
        }
        self.queue.hold_chunks();
        Ok(())
    }

    /// Answers [`Event::WantMessage`] with a further piece of the message, of any size; it is sent
    /// without being copied, after DATA with dots stuffed.
    /// [`Timeouts::block`](crate::Timeouts::block) is the time to write it in. An empty piece
    /// answers nothing.
    ///
    /// Every line must end in CR LF, ([`LineEnds`](mailrail_wire::LineEnds) helps), but for the
    /// last, whose line end is added. A message that was begun can't be taken back but by closing
    /// the connection. (A message of [`Body::BinaryMime`] is sent as it is.)
    ///
    /// # Errors
    ///
    /// [`Misuse::OutOfTurn`]; [`Misuse::BareLineEnd`] where the piece makes a CR or LF stand
    /// alone (RFC 5321 §2.3.8).
    pub fn message(&mut self, piece: Bytes) -> Result<(), Misuse> {
        let State::Sending { text, asked: asked @ true } = &mut self.state else {
            return Err(Misuse::OutOfTurn { call: "message" });
        };
        if piece.is_empty() {
            return Ok(());
        }
        text.send(piece, &mut self.output)?;
        *asked = false;
        if let Outgoing::Chunks(_) = text {
            self.queue.sent(Verb::Bdat);
        }
        Ok(())
    }

    /// Answers [`Event::WantMessage`] with the rest of the message, as
    /// [`message`](Self::message) and [`end_message`](Self::end_message) in one; BDAT saves a
    /// chunk and its reply by it.
    ///
    /// # Errors
    ///
    /// Those of [`message`](Self::message).
    pub fn last_message(&mut self, piece: Bytes) -> Result<(), Misuse> {
        let State::Sending { text, asked: true } = &mut self.state else {
            return Err(Misuse::OutOfTurn { call: "last_message" });
        };
        text.end(piece, &mut self.output)?;
        self.message_sent();
        Ok(())
    }

    /// Answers [`Event::WantMessage`] of a message sent by BDAT with a part that the server fetches
    /// itself (BURL, RFC 4468), where it offers that; the last part ends the message.
    ///
    /// # Errors
    ///
    /// [`Misuse::OutOfTurn`].
    pub fn burl(&mut self, burl: Burl<'_>) -> Result<(), Misuse> {
        let State::Sending { text: Outgoing::Chunks(_), asked: asked @ true } = &mut self.state
        else {
            return Err(Misuse::OutOfTurn { call: "burl" });
        };
        *asked = false;
        let is_last = burl.is_last();
        Command::Burl(burl).encode(&mut self.output);
        if is_last {
            self.message_sent();
        } else {
            self.queue.sent(Verb::Bdat);
        }
        Ok(())
    }

    /// Answers [`Event::WantMessage`]: that was the whole message. Its reply follows, and the next
    /// message can be begun at once.
    ///
    /// # Errors
    ///
    /// [`Misuse::OutOfTurn`].
    pub fn end_message(&mut self) -> Result<(), Misuse> {
        let State::Sending { text, asked: true } = &mut self.state else {
            return Err(Misuse::OutOfTurn { call: "end_message" });
        };
        text.end(Bytes::new(), &mut self.output)?;
        self.message_sent();
        Ok(())
    }

    /// RSET: drops the message that was begun.
    ///
    /// # Errors
    ///
    /// [`Misuse::OutOfTurn`].
    pub fn rset(&mut self) -> Result<(), Misuse> {
        self.command("rset", Verb::Rset, &Command::Rset)?;
        self.session.recipients = None;
        Ok(())
    }

    /// NOOP: asks for a reply.
    ///
    /// # Errors
    ///
    /// [`Misuse::OutOfTurn`].
    pub fn noop(&mut self) -> Result<(), Misuse> {
        self.command("noop", Verb::Noop, &Command::Noop)
    }

    /// VRFY: asks about a user or mailbox.
    ///
    /// # Errors
    ///
    /// [`Misuse::OutOfTurn`].
    pub fn vrfy(&mut self, user: Vrfy<'_>) -> Result<(), Misuse> {
        self.command("vrfy", Verb::Vrfy, &Command::Vrfy(user))
    }

    /// EXPN: asks who is on a list.
    ///
    /// # Errors
    ///
    /// [`Misuse::OutOfTurn`].
    pub fn expn(&mut self, list: Vrfy<'_>) -> Result<(), Misuse> {
        self.command("expn", Verb::Expn, &Command::Expn(list))
    }

    /// HELP: asks for help.
    ///
    /// # Errors
    ///
    /// [`Misuse::OutOfTurn`].
    pub fn help(&mut self, help: Help<'_>) -> Result<(), Misuse> {
        self.command("help", Verb::Help, &Command::Help(help))
    }

    /// ETRN: has the server send what waits for a domain (RFC 1985).
    ///
    /// # Errors
    ///
    /// [`Misuse::OutOfTurn`].
    pub fn etrn(&mut self, node: Etrn<'_>) -> Result<(), Misuse> {
        self.command("etrn", Verb::Etrn, &Command::Etrn(node))
    }

    /// XCLIENT: has the server take this client for another. What it offered before is forgotten
    /// where it agrees: say EHLO again.
    ///
    /// # Errors
    ///
    /// [`Misuse::OutOfTurn`].
    pub fn xclient(&mut self, attributes: Attributes<'_>) -> Result<(), Misuse> {
        self.command("xclient", Verb::Xclient, &Command::Xclient(attributes))
    }

    /// XFORWARD: tells whom the next message comes from.
    ///
    /// # Errors
    ///
    /// [`Misuse::OutOfTurn`].
    pub fn xforward(&mut self, attributes: Attributes<'_>) -> Result<(), Misuse> {
        self.command("xforward", Verb::Xforward, &Command::Xforward(attributes))
    }

    /// A command that this crate does not know; it must get one reply, and nothing else.
    ///
    /// # Errors
    ///
    /// [`Misuse::OutOfTurn`].
    pub fn other(&mut self, other: Other<'_>) -> Result<(), Misuse> {
        self.command("other", Verb::Other, &Command::Other(other))
    }

    /// QUIT: says goodbye. Once that is answered, the client asks for [`Step::Close`](mailrail_wire::Step::Close).
    ///
    /// # Errors
    ///
    /// [`Misuse::OutOfTurn`].
    pub fn quit(&mut self) -> Result<(), Misuse> {
        self.command("quit", Verb::Quit, &Command::Quit)
    }

    fn limits(&self) -> Option<&SessionLimits> {
        self.extensions()?.limits.as_deref()
    }

    fn command(
        &mut self,
        call: &'static str,
        verb: Verb,
        command: &Command<'_>,
    ) -> Result<(), Misuse> {
        if !matches!(self.state, State::Talking) || !self.queue.is_open() {
            return Err(Misuse::OutOfTurn { call });
        }
        self.queue.hold(verb, |out| command.encode(out));
        Ok(())
    }
}
