//! From an open maildrop to QUIT.

use super::{Failure, Seen, next, print, refused, seen::hex};
use crate::{
    drive::tokio::{Link, Stream},
    maildir::{Incoming, Maildir},
};
use mailrail_pop3::{
    Client, MessageNumber,
    client::{Event, Request},
};
use sha2::{Digest, Sha256};
use std::{
    collections::HashSet,
    io::{self, Write},
};

/// How many messages a maildrop may hold; it bounds the memory that a server can have us take.
const MESSAGES_MAX: u32 = 100_000;
/// The largest message that is fetched, in octets.
const OCTETS_MAX: u64 = 1 << 30;
/// How many refused messages are told one by one.
const FAILURES_MAX: usize = 20;
/// How many octets a message may have beyond twice what LIST said: not all servers count alike.
const SLACK: u64 = 64 * 1024;

/// Fetches what is new, deletes what is in the Maildir unless it is to be kept, and quits.
///
/// # Errors
///
/// Where the server breaks off or the Maildir cannot be written, and at the end where a message was
/// refused.
pub(super) async fn fetch(
    link: &mut Link<Client, Stream>,
    maildir: &Maildir,
    seen: &mut Seen,
    keep: bool,
) -> Result<(), Failure> {
    let listed = list(link).await?;
    let messages = listed.messages;
    if !listed.has_ids && keep && !messages.is_empty() {
        let warning = "warning: the server has no UIDL: all is fetched to see what is new";
        writeln!(io::stderr(), "{warning}")?;
    }
    let mut run = Run {
        maildir,
        seen,
        messages,
        incoming: None,
        fetched: 0,
        deleted: 0,
        failures: Failures::default(),
    };
    run.retrieve(link).await?;
    run.quit(link, keep).await?;
    let (fetched, deleted) = (run.fetched, run.deleted);
    let known = run.messages.iter().filter(|message| message.is_stored).count() - fetched;
    print(&format!("{fetched} fetched, {known} fetched before, {deleted} deleted on the server"))?;
    run.failures.into_result()
}

/// A message of the maildrop.
#[derive(Debug, Default)]
struct Message {
    /// As LIST says.
    size: Option<u64>,
    /// As UIDL says; else a hash of what was fetched.
    id: Option<Box<str>>,
    /// It is in the Maildir, or was once.
    is_stored: bool,
    is_deleted: bool,
}

struct Listed {
    messages: Vec<Message>,
    has_ids: bool,
}

/// Asks what is there.
async fn list(link: &mut Link<Client, Stream>) -> Result<Listed, Failure> {
    let mut listed = Listed { messages: Vec::new(), has_ids: true };
    link.conn().stat()?;
    link.conn().list(None)?;
    link.conn().uidl(None)?;
    // Neither listing may be longer than the maildrop.
    let mut lines = 0_usize;
    loop {
        let (event, _) = next(link).await?;
        match event {
            Event::Stat(drop) if drop.messages > MESSAGES_MAX => {
                let (there, most) = (drop.messages, MESSAGES_MAX);
                return Err(Failure::new(format_args!("{there} messages are more than {most}")));
            }
            Event::Stat(drop) => {
                listed.messages.resize_with(drop.messages as usize, Message::default);
                continue;
            }
            Event::Scan { listing, .. } => {
                if let Some(message) = listed.messages.get_mut(listing.message.index()) {
                    message.size = Some(listing.octets);
                }
            }
            Event::UniqueId { listing, .. } => {
                if let Some(message) = listed.messages.get_mut(listing.message.index()) {
                    message.id = Some(listing.unique_id.as_str().into());
                }
            }
            Event::Malformed { request: Request::Stat, .. } => {
                return Err(Failure::new("the server's answer to STAT cannot be read"));
            }
            Event::Err { request: Request::Stat, code, text } => {
                return Err(Failure::new(refused("STAT", code, text)));
            }
            Event::Err { request: Request::Uidl(_), .. } => {
                listed.has_ids = false;
                break;
            }
            Event::End { request: Request::Uidl(_) } => break,
            Event::Malformed { .. } => {}
            _ => continue,
        }
        lines += 1;
        if lines > 2 * listed.messages.len() {
            return Err(Failure::new("the server lists more messages than there are"));
        }
    }
    forget_doubles(&mut listed.messages);
    Ok(listed)
}

/// Two messages of one id are the same message (RFC 1939 §7), if the server can be believed: what
/// they hold will tell.
fn forget_doubles(messages: &mut [Message]) {
    let mut once = HashSet::new();
    let ids = messages.iter().filter_map(|message| message.id.as_ref());
    let doubles: HashSet<_> = ids.filter(|&id| !once.insert(id)).cloned().collect();
    for message in messages {
        message.id.take_if(|id| doubles.contains(id));
    }
}

struct Run<'a> {
    maildir: &'a Maildir,
    seen: &'a mut Seen,
    messages: Vec<Message>,
    incoming: Option<Arriving>,
    fetched: usize,
    deleted: usize,
    failures: Failures,
}

/// What was refused: the first of it in words.
#[derive(Default)]
struct Failures {
    told: Vec<String>,
    count: usize,
}

impl Failures {
    fn add(&mut self, failure: String) {
        self.count += 1;
        if self.count <= FAILURES_MAX {
            self.told.push(failure);
        }
    }

    fn into_result(mut self) -> Result<(), Failure> {
        match self.count - self.told.len() {
            0 if self.count == 0 => return Ok(()),
            0 => {}
            untold => self.told.push(format!("and {untold} more")),
        }
        Err(Failure::each(self.told))
    }
}

struct Arriving {
    incoming: Incoming,
    octets: u64,
    most: u64,
    hash: Sha256,
}

impl Run<'_> {
    /// Fetches what is new.
    async fn retrieve(&mut self, link: &mut Link<Client, Stream>) -> Result<(), Failure> {
        let mut waiting = 0_usize;
        for (message, number) in self.messages.iter_mut().zip(numbers()) {
            message.is_stored = message.id.as_ref().is_some_and(|id| self.seen.contains(id));
            match message.size {
                _ if message.is_stored => {}
                Some(size) if size > OCTETS_MAX => {
                    self.failures.add(format!("message {number}: {size} octets are too many"));
                }
                _ => {
                    link.conn().retr(number)?;
                    waiting += 1;
                }
            }
        }
        while waiting > 0 {
            match next(link).await?.0 {
                Event::Ok { request: Request::Retr(number), .. } => self.begin(number)?,
                Event::Message { octets, request: Request::Retr(number) } => {
                    self.piece(octets, number)?;
                }
                Event::End { request: Request::Retr(number) } => {
                    self.end(number)?;
                    waiting -= 1;
                }
                Event::Err { request: Request::Retr(number), code, text } => {
                    self.failures.add(refused(format_args!("message {number}"), code, text));
                    waiting -= 1;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn begin(&mut self, number: MessageNumber) -> Result<(), Failure> {
        let size = self.messages.get(number.index()).and_then(|message| message.size);
        self.incoming = Some(Arriving {
            incoming: self.maildir.incoming()?,
            octets: 0,
            most: size.map_or(OCTETS_MAX, |size| size.saturating_mul(2).saturating_add(SLACK)),
            hash: Sha256::new(),
        });
        Ok(())
    }

    fn piece(&mut self, octets: &[u8], number: MessageNumber) -> Result<(), Failure> {
        let Some(arriving) = &mut self.incoming else { return Ok(()) };
        arriving.octets = arriving.octets.saturating_add(octets.len() as u64);
        if arriving.octets > arriving.most {
            return Err(Failure::new(format_args!("message {number} is longer than LIST said")));
        }
        arriving.hash.update(octets);
        Ok(arriving.incoming.write(octets)?)
    }

    fn end(&mut self, number: MessageNumber) -> Result<(), Failure> {
        let (Some(arriving), Some(message)) =
            (self.incoming.take(), self.messages.get_mut(number.index()))
        else {
            return Ok(());
        };
        let id = message.id.get_or_insert_with(|| {
            // Longer than any unique-id, so that it is none.
            format!("sha256-{}", hex(&arriving.hash.finalize())).into()
        });
        message.is_stored = true;
        if self.seen.contains(id) {
            return Ok(());
        }
        let name = arriving.incoming.finish()?;
        self.seen.deliver(id, &name)?;
        self.fetched += 1;
        print(&format!("message {number}: {} octets, new/{name}", arriving.octets))
    }

    /// Deletes what is in the Maildir, unless it is to be kept, and ends the session.
    async fn quit(&mut self, link: &mut Link<Client, Stream>, keep: bool) -> Result<(), Failure> {
        for (message, number) in self.messages.iter().zip(numbers()) {
            if message.is_stored && !keep {
                link.conn().dele(number)?;
            }
        }
        link.conn().quit()?;
        let mut marked = 0;
        loop {
            match next(link).await?.0 {
                Event::Ok { request: Request::Dele(number), .. } => {
                    marked += 1;
                    if let Some(message) = self.messages.get_mut(number.index()) {
                        message.is_deleted = true;
                    }
                }
                Event::Err { request: Request::Dele(number), code, text } => {
                    let what = format!("message {number} was not deleted");
                    self.failures.add(refused(what, code, text));
                }
                Event::Ok { request: Request::Quit, .. } => break,
                Event::Err { request: Request::Quit, code, text } => {
                    self.failures.add(refused("not all was deleted", code, text));
                    return Ok(());
                }
                _ => {}
            }
        }
        self.deleted = marked;
        // The goodbye of TLS; what comes of it is all the same now.
        drop(link.next_event().await);
        // An id that has gone may come again with another message, whatever RFC 1939 §7 says.
        if self.failures.count == 0 {
            let left = self.messages.iter().filter(|message| !message.is_deleted);
            let left = left.filter_map(|message| message.id.as_deref()).collect();
            self.seen.retain(&left)?;
        }
        Ok(())
    }
}

fn numbers() -> impl Iterator<Item = MessageNumber> {
    (1..).filter_map(MessageNumber::new)
}
