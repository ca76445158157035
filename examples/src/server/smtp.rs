//! SMTP: a mail exchanger, message submission (RFC 6409), and local delivery (LMTP, RFC 2033).

use super::{
    Accepted, Context, Service,
    login::{Login, Outcome, Request, mechanisms},
    queue, report,
};
use crate::{
    accounts::Destination,
    drive::tokio::Stream,
    store::{self, Blob, Date, Envelope, Incoming},
};
use mailrail_message::{DateTime, Hops, ReturnPath};
use mailrail_smtp::{
    Config, EnhancedStatusCode, Extensions, ForwardPath, Mailbox, Misuse, Reply, ReplyCode,
    ReversePath, Server,
    command::{Mail, Rcpt},
    server::Event,
};
use mailrail_wire::Secret;
use std::{io, net::SocketAddr};

/// How many trace fields a message may have before it counts as one that goes round in circles
/// (RFC 5321 §6.3).
const HOPS_MAX: usize = 100;
/// How much of a message's header is kept for a report of its delivery, in bytes.
const HEADER_MAX: usize = 64 * 1024;

/// Talks SMTP over an accepted connection until its end.
pub async fn run(context: &Context, accepted: Accepted) {
    let Accepted { service, stream, peer, over_limit, mut shutdown } = accepted;
    let mut link = context.link(service, machine(context, service, &stream), stream);
    let mut session = Session::new(context, service, peer, over_limit);
    let mut stopping = false;
    loop {
        let idle = session.transaction.is_none() && !stopping;
        let next = tokio::select! {
            biased;
            () = shutdown.requested(), if idle => None,
            next = link.next_event() => Some(next),
        };
        let Some(next) = next else {
            stopping = true;
            // Where TLS is being put in place, there is nobody to tell.
            let bye = reply(ReplyCode::UNAVAILABLE, (4, 3, 2), "The server is shutting down");
            if link.conn().shut_down(&bye).is_ok() { continue } else { return }
        };
        match next {
            Ok(Some((event, smtp))) => {
                if let Err(error) = session.answer(event, smtp).await {
                    return tracing::error!(%peer, %error, "smtp");
                }
                if let Some(request) = session.request.take() {
                    let (login, response) = request.begin(context, link.socket().channel());
                    session.login = login;
                    if let Err(error) = session.log_in(response, link.conn()) {
                        return tracing::error!(%peer, %error, "smtp");
                    }
                }
            }
            Ok(None) => return,
            Err(error) => return tracing::debug!(%peer, %error, "smtp"),
        }
    }
}

const fn is_submission(service: Service) -> bool {
    matches!(service, Service::Submission | Service::Submissions)
}

fn machine(context: &Context, service: Service, stream: &Stream) -> Server {
    let submission = is_submission(service);
    let mut offer = Extensions::built_in();
    (offer.chunking, offer.smtp_utf8, offer.dsn) = (true, true, true);
    // Not BINARYMIME: what has bare CR, LF or NUL can neither go by POP3 nor by DATA, nor into an
    // IMAP literal (RFC 3501 §9, `CHAR8`).
    // Who is here has it at once; who is not, within the time that the relay keeps.
    offer.deliver_by = Some(0);
    offer.size = Some(context.max_message_size);
    offer.starttls = stream.has_tls();
    // Under TLS alone; the relay does as it demands.
    offer.require_tls = service != Service::Lmtp;
    if submission {
        for mechanism in mechanisms(context, stream).chain(["LOGIN"]) {
            // Those are names.
            let _ = offer.add_mechanism(mechanism);
        }
    }
    let mut config = Config::default();
    config.lmtp = service == Service::Lmtp;
    config.require_auth = submission;
    config.allow_plaintext_auth = context.allow_plaintext;
    config.require_tls_for_auth = !context.allow_plaintext;
    if stream.is_secure() { Server::over_tls(offer, config) } else { Server::new(offer, config) }
}

struct Session<'c> {
    context: &'c Context,
    submission: bool,
    peer: SocketAddr,
    over_limit: bool,
    request: Option<Request>,
    login: Option<Login>,
    transaction: Option<Box<Transaction>>,
}

/// A message from MAIL on.
struct Transaction {
    /// Names the message in the log and in its trace field.
    id: String,
    envelope: Envelope,
    mail: Mail<'static>,
    /// As the client wrote them.
    recipients: Vec<String>,
    /// The one that there is; none where there are more.
    recipient: Option<Box<ForwardPath<'static>>>,
    /// Those who have a mailbox here and whose sender wants to know once the message is in it.
    told: Vec<Rcpt<'static>>,
    /// The header, as far as a report about them takes it along.
    header: Vec<u8>,
    /// The message, as far as it has come; none before DATA, and where it is lost.
    incoming: Option<Incoming>,
    hops: Hops,
    refusal: Option<Reply<'static>>,
}

impl<'c> Session<'c> {
    fn new(context: &'c Context, service: Service, peer: SocketAddr, over_limit: bool) -> Self {
        Self {
            context,
            submission: is_submission(service),
            peer,
            over_limit,
            request: None,
            login: None,
            transaction: None,
        }
    }

    async fn answer(&mut self, event: Event<'_>, smtp: &mut Server) -> Result<(), Misuse> {
        match event {
            Event::Connected if self.over_limit => {
                smtp.reply(&reply(ReplyCode::UNAVAILABLE, (4, 3, 2), "Too many connections"))
            }
            Event::Connected => smtp.greet(&self.context.hostname),
            Event::Ehlo { .. } | Event::Helo { .. } => {
                self.transaction = None;
                smtp.greet(&self.context.hostname)
            }
            Event::Authenticate { mechanism, initial_response } => {
                self.request = Some(Request::new(mechanism, initial_response));
                Ok(())
            }
            Event::AuthenticateResponse(response) => self.log_in(Some(response), smtp),
            Event::Mail(mail) => self.mail(&mail, smtp),
            Event::Rcpt(rcpt) => self.rcpt(&rcpt, smtp),
            Event::Data | Event::Bdat { .. } => self.data(smtp).await,
            Event::Message(piece) => {
                if let Some(transaction) = &mut self.transaction {
                    transaction.take(piece).await;
                }
                Ok(())
            }
            Event::EndOfMessage => self.end(smtp).await,
            Event::Aborted(refusal) => {
                tracing::info!(peer = %self.peer, ?refusal, "refused");
                self.transaction = None;
                Ok(())
            }
            Event::Secured => {
                self.transaction = None;
                Ok(())
            }
            Event::Rset => {
                self.transaction = None;
                smtp.accept()
            }
            // STARTTLS, where it is offered, and QUIT.
            _ => smtp.accept(),
        }
    }

    fn log_in(
        &mut self,
        response: Option<Secret<Vec<u8>>>,
        smtp: &mut Server,
    ) -> Result<(), Misuse> {
        let accounts = &self.context.accounts;
        let outcome = self.login.as_mut().map(|login| login.step(response.as_ref(), accounts));
        match outcome.unwrap_or(Outcome::Refused) {
            Outcome::Challenge(challenge) => return smtp.challenge(challenge.expose()),
            Outcome::Account(account) => {
                tracing::debug!(peer = %self.peer, account, "logged in");
                smtp.accept()
            }
            Outcome::Refused => {
                tracing::info!(peer = %self.peer, "authentication failed");
                let code = ReplyCode::CREDENTIALS_INVALID;
                smtp.reply(&reply(code, (5, 7, 8), "Authentication credentials invalid"))
            }
        }
        .inspect(|()| self.login = None)
    }

    fn mail(&mut self, mail: &Mail<'_>, smtp: &mut Server) -> Result<(), Misuse> {
        let refused = |text| reply(ReplyCode::MAILBOX_NAME_NOT_ALLOWED, (5, 1, 7), text);
        let sender = match &mail.reverse_path {
            ReversePath::Null => None,
            ReversePath::Mailbox(mailbox) if !self.is_qualified(mailbox) => {
                return smtp.reply(&refused("The sender's domain is not fully qualified"));
            }
            ReversePath::Mailbox(mailbox) => Some(mailbox.to_string()),
        };
        let Ok(prefix) = ReturnPath::new(sender.as_deref()).encode() else {
            return smtp.reply(&refused("No such sender address"));
        };
        let mut id = [0; 8];
        if let Err(error) = getrandom::fill(&mut id) {
            tracing::error!(%error, "random numbers");
            return smtp.reply(&local_error());
        }
        let mut mail = mail.clone().into_owned();
        // Who it was, this server has seen itself, and vouches for nobody else (RFC 4954 §5).
        mail.auth = None;
        self.transaction = Some(Box::new(Transaction {
            id: format!("{:016x}", u64::from_ne_bytes(id)),
            envelope: Envelope {
                sender: sender.unwrap_or_default(),
                prefix,
                ..Envelope::default()
            },
            mail,
            recipients: Vec::new(),
            recipient: None,
            told: Vec::new(),
            header: Vec::new(),
            incoming: None,
            hops: Hops::default(),
            refusal: None,
        }));
        smtp.accept()
    }

    /// RFC 6409 §4.2: a submission server lets no domain pass that means something else elsewhere.
    fn is_qualified(&self, mailbox: &Mailbox<'_>) -> bool {
        let is_local =
            || self.context.accounts.destination(&mailbox.to_string()) != Destination::Remote;
        !self.submission || is_dotted(mailbox) || is_local()
    }

    fn rcpt(&mut self, rcpt: &Rcpt<'_>, smtp: &mut Server) -> Result<(), Misuse> {
        let path = &rcpt.forward_path;
        let recipient = match path {
            ForwardPath::Postmaster => "postmaster".to_owned(),
            ForwardPath::Mailbox(mailbox) => mailbox.to_string(),
        };
        let unavailable = |enhanced, text| reply(ReplyCode::MAILBOX_UNAVAILABLE, enhanced, text);
        let Some(transaction) = &mut self.transaction else {
            return smtp.reply(&local_error());
        };
        match self.context.accounts.destination(&recipient) {
            Destination::Local(account) => {
                transaction.envelope.local.push(account);
                if rcpt.notify.is_some_and(|notify| notify.success) {
                    transaction.told.push(rcpt.clone().into_owned());
                }
            }
            Destination::Unknown => {
                tracing::info!(peer = %self.peer, recipient, "no such user");
                return smtp.reply(&unavailable((5, 1, 1), "No such user here"));
            }
            Destination::Remote if !self.submission => {
                tracing::info!(peer = %self.peer, recipient, "relaying denied");
                return smtp.reply(&unavailable((5, 7, 1), "Relaying denied"));
            }
            Destination::Remote if path.mailbox().is_some_and(|mailbox| !is_dotted(mailbox)) => {
                let text = "The recipient's domain is not fully qualified";
                return smtp.reply(&unavailable((5, 1, 2), text));
            }
            Destination::Remote => match queue::remote(&transaction.mail, rcpt) {
                Ok(remote) => transaction.envelope.remote.push(remote),
                Err(error) => return smtp.reply(&failed(&error)),
            },
        }
        let is_only = transaction.recipients.is_empty();
        transaction.recipient = is_only.then(|| Box::new(path.clone().into_owned()));
        transaction.recipients.push(recipient);
        smtp.accept()
    }

    async fn data(&mut self, smtp: &mut Server) -> Result<(), Misuse> {
        let Some(transaction) = &mut self.transaction else {
            return smtp.reply(&local_error());
        };
        if transaction.incoming.is_some() || transaction.refusal.is_some() {
            // A further chunk.
            return smtp.accept();
        }
        let begun = match DateTime::from_unix(Date::now().seconds, 0) {
            Some(date) => {
                let date = date.rfc5322().to_string();
                let mut field = smtp.received(&self.context.hostname, &date);
                field.address = Some(self.peer.ip());
                field.id = Some(&transaction.id);
                field.recipient = transaction.recipient.as_deref();
                let field = field.to_string();
                transaction.begin(self.context, &field).await
            }
            None => Err(io::Error::other("the clock tells no date").into()),
        };
        match begun {
            Ok(()) => smtp.accept(),
            Err(error) => smtp.reply(&failed(&error)),
        }
    }

    async fn end(&mut self, smtp: &mut Server) -> Result<(), Misuse> {
        let Some(transaction) = self.transaction.take() else {
            return smtp.reply(&local_error());
        };
        let Transaction { id, envelope, mail, recipients, told, header, incoming, refusal, .. } =
            *transaction;
        let size = incoming.as_ref().map_or(0, Incoming::len);
        let stored = match (refusal, incoming) {
            (None, Some(incoming)) => {
                let report = report::delivered(self.context, header, &mail, &told).await;
                keep(&self.context.store, incoming, envelope, report).await
            }
            (refusal, _) => Err(refusal.unwrap_or_else(local_error)),
        };
        let answer = match stored {
            Ok(()) => {
                tracing::info!(id, peer = %self.peer, size, ?recipients, "accepted");
                let text = format!("Accepted as {id}");
                Reply::new(ReplyCode::OK, text).with_enhanced(EnhancedStatusCode::OK)
            }
            Err(refusal) => {
                tracing::info!(id, peer = %self.peer, %refusal, "refused");
                refusal
            }
        };
        // In LMTP, a reply for each recipient: all have it, or none.
        for _ in 1..smtp.recipients_owed() {
            smtp.reply(&answer)?;
        }
        smtp.reply(&answer)
    }
}

/// What makes the message ours: once this has returned, it is on the disk for each recipient, and so
/// is the report that tells the sender of those who have it now, where that is wanted.
async fn keep(
    store: &store::Store,
    incoming: Incoming,
    envelope: Envelope,
    report: store::Result<Option<(Blob, Envelope)>>,
) -> Result<(), Reply<'static>> {
    let keep = async {
        let message = (incoming.finish().await?, envelope);
        store.accept_all(std::iter::once(message).chain(report?).collect()).await
    };
    keep.await.map_err(|error| failed(&error))
}

impl Transaction {
    /// Opens the message's file and puts the trace field in front.
    async fn begin(&mut self, context: &Context, field: &str) -> store::Result<()> {
        let mut incoming = context.store.incoming()?;
        incoming.append(field.as_bytes()).await?;
        self.incoming = Some(incoming);
        Ok(())
    }

    /// Adds what came next. A message that is lost is still read to its end.
    async fn take(&mut self, piece: &[u8]) {
        let Some(incoming) = &mut self.incoming else { return };
        self.hops.pass(piece);
        if !self.told.is_empty() {
            let room = HEADER_MAX.saturating_sub(self.header.len());
            self.header.extend_from_slice(piece.get(..room).unwrap_or(piece));
        }
        let refusal = if self.hops.count() > HOPS_MAX {
            Some(reply(ReplyCode::TRANSACTION_FAILED, (5, 4, 6), "Too many hops: a mail loop"))
        } else {
            incoming.append(piece).await.err().map(|error| failed(&error))
        };
        if refusal.is_some() {
            self.refusal = refusal;
            self.incoming = None;
        }
    }
}

/// Whether the mailbox's domain can be one that means the same everywhere.
fn is_dotted(mailbox: &Mailbox<'_>) -> bool {
    mailbox.domain().is_none_or(|domain| domain.as_str().contains('.'))
}

/// What a client is told of a store that fails.
fn failed(error: &store::Error) -> Reply<'static> {
    tracing::error!(%error, "a message could not be stored");
    match error {
        store::Error::Io(error) if error.kind() == io::ErrorKind::StorageFull => {
            reply(ReplyCode::INSUFFICIENT_STORAGE, (4, 3, 1), "The disk is full")
        }
        _ => local_error(),
    }
}

fn local_error() -> Reply<'static> {
    reply(ReplyCode::LOCAL_ERROR, (4, 3, 0), "Something is wrong here; try again later")
}

fn reply(code: ReplyCode, enhanced: (u8, u16, u16), text: &'static str) -> Reply<'static> {
    let reply = Reply::new(code, text);
    let (class, subject, detail) = enhanced;
    match EnhancedStatusCode::new(class, subject, detail) {
        Some(enhanced) => reply.with_enhanced(enhanced),
        None => reply,
    }
}
