//! POP3: an account's INBOX as a maildrop.

use super::{
    Accepted, Context,
    login::{Login, Outcome, Request, mechanisms},
};
use crate::{
    drive::tokio::Stream,
    store::{Error, MailboxState, MaildropLock, Message, Pieces, Reader},
};
use bytes::Bytes;
use mailrail_pop3::{
    Capabilities, Config, DropListing, Expire, Language, MessageNumber, Misuse, ResponseCode,
    Server, Text, Timestamp, UniqueId, Utf8,
    server::{Deleted, Event},
};
use mailrail_wire::{LineEnds, Secret};
use std::{
    net::SocketAddr,
    sync::{Arc, LazyLock},
};

const INBOX: &str = "INBOX";

/// What is looked at of a header.
const HEADER_MAX: usize = 64 * 1024;

/// English, also by the name that RFC 2277 §4.5 has for what is spoken unless asked otherwise.
static LANGUAGES: LazyLock<Arc<[Language]>> = LazyLock::new(|| {
    [Language::ENGLISH, Language { tag: "i-default", ..Language::ENGLISH }].into()
});

/// Talks POP3 over an accepted connection until its end.
pub async fn run(context: &Context, accepted: Accepted) {
    let Accepted { service, stream, peer, over_limit, mut shutdown, .. } = accepted;
    let mut link = context.link(service, machine(context, &stream), stream);
    let mut session = Session {
        context,
        peer,
        over_limit,
        request: None,
        login: None,
        maildrop: None,
        sending: None,
    };
    let mut stopping = false;
    loop {
        let next = tokio::select! {
            biased;
            () = shutdown.requested(), if !stopping => None,
            next = link.next_event() => Some(next),
        };
        match next {
            None => {
                stopping = true;
                link.conn().shut_down();
            }
            Some(Ok(Some((event, pop3)))) => {
                // In the middle of a message there is no word for what went wrong: the end is one.
                if let Err(error) = session.answer(event, pop3).await {
                    return tracing::error!(%peer, %error, "pop3");
                }
                if let Some(request) = session.request.take() {
                    let (login, response) = request.begin(context, link.socket().channel());
                    session.login = login;
                    if let Err(error) = session.step(response, link.conn()).await {
                        return tracing::error!(%peer, %error, "pop3");
                    }
                }
            }
            Some(Ok(None)) => return,
            Some(Err(error)) => return tracing::debug!(%peer, %error, "pop3"),
        }
    }
}

fn machine(context: &Context, stream: &Stream) -> Server {
    let mut offer = Capabilities::all();
    offer.stls = stream.has_tls();
    offer.sasl = mechanisms(context, stream).map(str::to_owned).collect();
    // Each wrong name or password is told by that code.
    offer.auth_resp_code = true;
    offer.implementation = Some("mailrail".to_owned());
    offer.utf8 = Some(Utf8 { user: true });
    offer.expire = Some(Expire { days: None, per_user: false });
    let mut config = Config::default();
    config.languages = Some(Arc::clone(&LANGUAGES));
    config.allow_plaintext_auth = context.allow_plaintext;
    config.require_tls_for_auth = !context.allow_plaintext;
    if stream.is_secure() { Server::over_tls(offer, config) } else { Server::new(offer, config) }
}

/// Why a session ends in the middle.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error(transparent)]
    Store(#[from] Error),
    #[error(transparent)]
    Misuse(#[from] Misuse),
}

struct Session<'c> {
    context: &'c Context,
    peer: SocketAddr,
    over_limit: bool,
    request: Option<Request>,
    login: Option<Login>,
    maildrop: Option<Maildrop>,
    sending: Option<Sending>,
}

/// What was in the INBOX at login.
struct Maildrop {
    account: String,
    inbox: MailboxState,
    /// UIDs and octets as sent, in the order of the message numbers.
    messages: Box<[(u32, u64)]>,
    _lock: MaildropLock,
}

impl Maildrop {
    fn get(&self, message: MessageNumber) -> Option<(u32, u64)> {
        self.messages.get(message.index()).copied()
    }

    fn uids(&self, messages: &Deleted) -> Vec<u32> {
        messages.iter().filter_map(|message| self.get(message)).map(|(uid, _)| uid).collect()
    }
}

/// A message on its way out. Those that came by IMAP may have bare line ends, which POP3 cannot
/// carry.
struct Sending {
    pieces: Pieces,
    ends: Option<LineEnds>,
}

impl Sending {
    async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        while let Some(mut ends) = self.ends.take() {
            let mut completed = Completed::default();
            match self.pieces.next().await? {
                Some(piece) => {
                    ends.complete(piece, |slice| completed.add(slice));
                    self.ends = Some(ends);
                }
                None => ends.finish(|slice| completed.add(slice)),
            }
            if let Some(piece) = completed.into_piece() {
                return Ok(Some(piece));
            }
        }
        Ok(None)
    }
}

/// The slices of a piece: mostly one, which is passed on as it is.
#[derive(Default)]
struct Completed {
    only: Bytes,
    several: Vec<u8>,
}

impl Completed {
    fn add(&mut self, slice: Bytes) {
        if self.only.is_empty() && self.several.is_empty() {
            self.only = slice;
        } else {
            self.several.extend_from_slice(&std::mem::take(&mut self.only));
            self.several.extend_from_slice(&slice);
        }
    }

    fn into_piece(self) -> Option<Bytes> {
        let piece = if self.several.is_empty() { self.only } else { self.several.into() };
        (!piece.is_empty()).then_some(piece)
    }
}

impl Session<'_> {
    async fn answer(&mut self, event: Event<'_>, pop3: &mut Server) -> Result<(), Broken> {
        match event {
            Event::Connected if self.over_limit => {
                pop3.err(Some(ResponseCode::SYS_TEMP), text("too many connections"))?;
            }
            Event::Connected => {
                let greeting = format!("{} POP3 ready", self.context.hostname);
                // APOP is what CRAM-MD5 is: MD5, and of a password that is kept as it is.
                let timestamp = if self.context.allow_cram_md5 { self.timestamp() } else { None };
                let timestamp = timestamp.as_deref().map(|it| Timestamp::parse(it.as_bytes()));
                match timestamp {
                    Some(Ok(timestamp)) => pop3.ok_with_timestamp(text(&greeting), timestamp)?,
                    _ => pop3.ok(text(&greeting))?,
                }
            }
            Event::Apop { user, proof } => {
                let known = self.context.accounts.password(user.as_str());
                let account = known.filter(|(_, password)| proof.is_by(password.expose()));
                let account = account.map(|(account, _)| account);
                self.open(account, pop3).await?;
            }
            Event::StartTls => pop3.ok(text("begin TLS"))?,
            Event::Login { user, password } => {
                let account = self.context.accounts.log_in(&user, password.expose());
                self.open(account, pop3).await?;
            }
            Event::Authenticate { mechanism, initial_response } => {
                self.request = Some(Request::new(mechanism, initial_response));
            }
            Event::AuthenticateResponse(response) => self.step(Some(response), pop3).await?,
            Event::WantSize(message) => match self.find(message) {
                Some((_, size)) => pop3.size(size)?,
                None => pop3.err(None, text("no such message"))?,
            },
            Event::WantUniqueId(message) => {
                let unique_id = self.unique_id(message).unwrap_or_default();
                match UniqueId::parse(unique_id.as_bytes()) {
                    Ok(unique_id) => pop3.unique_id(unique_id)?,
                    Err(_) => pop3.err(None, text("no such message"))?,
                }
            }
            Event::Retr(message) | Event::Top { message, .. } => self.send(message, pop3).await?,
            Event::WantMessage => {
                let Some(sending) = &mut self.sending else { return Err(Misuse::NotAsked.into()) };
                match sending.next().await? {
                    Some(piece) => pop3.message(piece)?,
                    None => pop3.end_message()?,
                }
            }
            Event::EndOfMessage(_) => self.sending = None,
            Event::Quit { deleted } => self.quit(&deleted, pop3).await?,
            // `Secured`, and what a later version may tell.
            _ => {}
        }
        Ok(())
    }

    /// A msg-id that no other connection is given; none where there are no random numbers.
    fn timestamp(&self) -> Option<String> {
        let mut random = [0; 16];
        getrandom::fill(&mut random).ok()?;
        Some(format!("<{:032x}@{}>", u128::from_ne_bytes(random), self.context.hostname))
    }

    fn find(&self, message: MessageNumber) -> Option<(u32, u64)> {
        self.maildrop.as_ref()?.get(message)
    }

    fn unique_id(&self, message: MessageNumber) -> Option<String> {
        let maildrop = self.maildrop.as_ref()?;
        maildrop.get(message).map(|(uid, _)| maildrop.inbox.unique_id(uid))
    }

    async fn step(
        &mut self,
        response: Option<Secret<Vec<u8>>>,
        pop3: &mut Server,
    ) -> Result<(), Misuse> {
        let accounts = &self.context.accounts;
        let outcome = self.login.as_mut().map(|login| login.step(response.as_ref(), accounts));
        match outcome {
            Some(Outcome::Challenge(challenge)) => return pop3.challenge(challenge.expose()),
            Some(Outcome::Account(account)) => self.open(Some(account), pop3).await?,
            Some(Outcome::Refused) | None => self.open(None, pop3).await?,
        }
        self.login = None;
        Ok(())
    }

    /// Lets an account in; none: whoever it is has shown the wrong password.
    async fn open(&mut self, account: Option<String>, pop3: &mut Server) -> Result<(), Misuse> {
        let Some(account) = account else {
            tracing::info!(peer = %self.peer, "pop3: wrong name or password");
            return pop3.err(Some(ResponseCode::AUTH), text("wrong name or password"));
        };
        match self.snapshot(account).await {
            Ok(Some(maildrop)) => {
                let messages = u32::try_from(maildrop.messages.len()).unwrap_or(u32::MAX);
                let octets = maildrop.messages.iter().map(|(_, size)| size).sum();
                tracing::info!(peer = %self.peer, account = maildrop.account, messages, "pop3: open");
                self.maildrop = Some(maildrop);
                pop3.open(DropListing { messages, octets })
            }
            Ok(None) => pop3.err(Some(ResponseCode::IN_USE), text("another session has it open")),
            Err(error) => {
                tracing::error!(%error, "pop3: login");
                pop3.err(Some(ResponseCode::SYS_TEMP), text("the maildrop cannot be read"))
            }
        }
    }

    /// The INBOX as it is now, locked; none where another session has it.
    async fn snapshot(&self, account: String) -> Result<Option<Maildrop>, Error> {
        let store = &self.context.store;
        let inbox = store.mailbox(&account, INBOX).await?.id;
        // Locked first, so that no other session deletes behind the snapshot.
        let Some(lock) = store.lock_maildrop(inbox) else { return Ok(None) };
        let snapshot = store.examine(&account, INBOX).await?;
        let octets = |message: &Message| message.size + u64::from(message.lacks);
        let messages = snapshot.messages.iter().map(|message| (message.uid, octets(message)));
        let messages = messages.collect();
        Ok(Some(Maildrop { account, inbox: snapshot.state, messages, _lock: lock }))
    }

    async fn send(&mut self, message: MessageNumber, pop3: &mut Server) -> Result<(), Misuse> {
        let Some((maildrop, (uid, size))) = self.maildrop.as_ref().zip(self.find(message)) else {
            return pop3.err(None, text("no such message"));
        };
        let reader = self.context.store.read_message(maildrop.inbox.id, uid).await;
        let is_utf8 = match &reader {
            Ok(reader) if !pop3.is_utf8() => has_utf8_header(reader).await,
            _ => Ok(false),
        };
        match reader.and_then(|reader| Ok((reader, is_utf8?))) {
            Ok((_, true)) => {
                pop3.err(Some(ResponseCode::UTF8), text("the message takes UTF8 to read"))
            }
            Ok((reader, false)) => {
                let pieces = reader.range(0, u64::MAX);
                self.sending = Some(Sending { pieces, ends: Some(LineEnds::default()) });
                pop3.ok(text(&format!("{size} octets")))
            }
            Err(Error::NoMessage | Error::NoMailbox) => {
                pop3.err(None, text("the message was removed meanwhile"))
            }
            Err(error) => {
                tracing::error!(%error, "pop3: message");
                pop3.err(Some(ResponseCode::SYS_TEMP), text("the message cannot be read"))
            }
        }
    }

    async fn quit(&mut self, deleted: &Deleted, pop3: &mut Server) -> Result<(), Misuse> {
        let Some(maildrop) = self.maildrop.take() else { return pop3.ok(text("bye")) };
        if !deleted.is_empty() {
            let uids = maildrop.uids(deleted);
            if let Err(error) = self.context.store.remove(maildrop.inbox.id, uids).await {
                tracing::error!(%error, "pop3: quit");
                return pop3.err(Some(ResponseCode::SYS_TEMP), text("nothing was deleted"));
            }
        }
        let (account, deleted) = (&maildrop.account, deleted.len());
        tracing::info!(peer = %self.peer, account, deleted, "pop3: quit");
        // The next session may come as soon as this one hears of its end.
        drop(maildrop);
        pop3.ok(text("bye"))
    }
}

/// Whether a message is one of internationalized mail (RFC 6532), which only a client that has said
/// UTF8 is sent (RFC 6856 §2.1). Bytes of 8 bits in other character sets are sent as ever.
async fn has_utf8_header(reader: &Reader) -> Result<bool, Error> {
    let mut head = reader.read_all(HEADER_MAX).await?;
    if head.is_ascii() {
        return Ok(false);
    }
    if let Some(end) = head.windows(4).position(|four| four == b"\r\n\r\n") {
        head.truncate(end);
    }
    // A character may be cut where the look ends.
    let is_utf8 = str::from_utf8(&head).map_or_else(|error| error.error_len().is_none(), |_| true);
    Ok(is_utf8 && !head.is_ascii())
}

/// What cannot be said, as a very long host name in a greeting, is left out.
fn text(text: &str) -> Text<'_> {
    Text::new(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_are_put_together() {
        for (text, wanted) in [("", ""), ("a\r\nb", "a\r\nb"), ("a\nb\r\rc", "a\r\nb\r\n\r\nc")] {
            let (mut ends, mut completed) = (LineEnds::default(), Completed::default());
            ends.complete(Bytes::from(text), |slice| completed.add(slice));
            ends.finish(|slice| completed.add(slice));
            assert_eq!(completed.into_piece().unwrap_or_default(), wanted);
        }
    }
}
