//! A session, and where its messages go.

use super::{Failure, Seen, print, seen::hex};
use crate::{
    drive::tokio::{Link, Stream},
    maildir::{Incoming, Maildir},
};
use mailrail_pop3::{
    MessageNumber, Misuse, ResponseCode,
    client::Request,
    download::{Download, Event, Fate, Key},
};
use sha2::{Digest, Sha256};
use std::{
    collections::HashMap,
    fmt::Display,
    io::{self, Write},
    time::Duration,
};

/// How many refused messages are told one by one.
const FAILURES_MAX: usize = 20;

/// Fetches what is new, and has deleted what is in the Maildir, as the session's policy says.
///
/// # Errors
///
/// Where the server refuses or breaks off or the Maildir cannot be written, and at the end where a
/// message was refused.
pub(super) async fn fetch(
    link: &mut Link<Download, Stream>,
    maildir: &Maildir,
    account: &str,
) -> Result<(), Failure> {
    let mut run = Run {
        maildir,
        account,
        seen: None,
        arriving: None,
        fetched: HashMap::new(),
        known: 0,
        deleted: None,
        failures: Failures::default(),
    };
    while let Some((event, session)) = link.next_event().await? {
        if let Event::Secured = event {
            let channel = link.socket().channel();
            link.conn().bind(channel);
            continue;
        }
        run.answer(event, session)?;
        if run.deleted.is_some() {
            break;
        }
    }
    // The goodbye of TLS; what comes of it is all the same now.
    drop(link.next_event().await);
    run.end()
}

struct Run<'a> {
    maildir: &'a Maildir,
    account: &'a str,
    seen: Option<Seen>,
    arriving: Option<Arriving>,
    /// What the messages of this session hold, by their keys.
    fetched: HashMap<Box<str>, [u8; 32]>,
    /// How many were there before.
    known: usize,
    /// How many were deleted, once all is done.
    deleted: Option<u32>,
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
    hash: Sha256,
}

impl Run<'_> {
    fn answer(&mut self, event: Event<'_>, session: &mut Download) -> Result<(), Failure> {
        match event {
            Event::Opened { .. } => {
                // From here on the server lets nobody else in, and so nobody else writes this file.
                let seen = Seen::open(self.maildir, self.account)
                    .map_err(|error| Failure::about(self.maildir.path().display(), error))?;
                self.seen = Some(seen);
            }
            Event::NoUniqueIds => {
                let warning = "warning: the server has no UIDL: headers tell what is new";
                writeln!(io::stderr(), "{warning}")?;
            }
            Event::Listed { key, .. } => {
                if self.seen()?.contains(key.as_str()) {
                    self.known += 1;
                    self.held(key.as_str(), session)?;
                } else {
                    session.fetch()?;
                }
            }
            Event::Begin { .. } => {
                self.arriving =
                    Some(Arriving { incoming: self.maildir.incoming()?, hash: Sha256::new() });
            }
            Event::Octets(octets) => {
                if let Some(arriving) = &mut self.arriving {
                    arriving.hash.update(octets);
                    arriving.incoming.write(octets)?;
                }
            }
            Event::End { message, key, octets } => self.arrived(message, &key, octets, session)?,
            Event::TooLarge { message, octets } => {
                self.failures.add(format!("message {message}: {octets} octets are too many"));
            }
            Event::Refused { request, code, text } => self.refused(request, code, text)?,
            Event::Done { deleted, forget, .. } => {
                self.deleted = Some(deleted);
                if forget {
                    self.seen()?.forget()?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn seen(&mut self) -> Result<&mut Seen, Misuse> {
        self.seen.as_mut().ok_or(Misuse::NotAsked)
    }

    /// A message of that key is in the Maildir, or was once.
    fn held(&mut self, key: &str, session: &mut Download) -> Result<(), Failure> {
        // No policy here asks when it was first seen.
        let stays = session.held(Duration::ZERO)? == Fate::Kept;
        self.seen()?.note(key, stays);
        Ok(())
    }

    fn arrived(
        &mut self,
        number: MessageNumber,
        key: &Key<'_>,
        octets: u64,
        session: &mut Download,
    ) -> Result<(), Failure> {
        let Some(Arriving { incoming, hash }) = self.arriving.take() else {
            return Ok(session.leave()?);
        };
        let hash: [u8; 32] = hash.finalize().into();
        let mut key = Box::from(key.as_str());
        // Copies have one key (RFC 1939 §7), but a server that gives one to several messages loses
        // none of them.
        if self.fetched.get(&key).is_some_and(|before| *before != hash) {
            key = format!("sha256-{}", hex(&hash)).into();
        }
        if self.seen()?.contains(&key) {
            self.known += 1;
        } else {
            let name = incoming.finish()?;
            self.seen()?.deliver(&key, &name)?;
            print(&format!("message {number}: {octets} octets, new/{name}"))?;
            self.fetched.insert(key.clone(), hash);
        }
        self.held(&key, session)
    }

    fn refused(
        &mut self,
        request: Option<Request>,
        code: Option<ResponseCode<'_>>,
        text: &[u8],
    ) -> Result<(), Failure> {
        let failure = match request {
            Some(Request::Retr(number) | Request::Top { message: number, .. }) => {
                refusal(format_args!("message {number}"), code, text)
            }
            Some(Request::Dele(number)) => {
                refusal(format_args!("message {number} was not deleted"), code, text)
            }
            Some(Request::Quit) => refusal("not all was deleted", code, text),
            None => return Err(Failure::new(refusal("the server refuses", code, text))),
            Some(Request::Stls) => {
                let what = "no TLS (?tls=none goes without)";
                return Err(Failure::new(refusal(what, code, text)));
            }
            Some(Request::Login | Request::Apop | Request::Auth) => {
                return Err(Failure::new(refusal("login", code, text)));
            }
            Some(_) => return Err(Failure::new(refusal("the maildrop", code, text))),
        };
        self.failures.add(failure);
        Ok(())
    }

    fn end(self) -> Result<(), Failure> {
        if let Some(deleted) = self.deleted {
            let (fetched, known) = (self.fetched.len(), self.known);
            let said = format!(
                "{fetched} fetched, {known} fetched before, {deleted} deleted on the server"
            );
            print(&said)?;
        } else if self.failures.count == 0 {
            return Err(Failure::new("the server closed the connection"));
        }
        self.failures.into_result()
    }
}

/// A refusal, as the server put it.
fn refusal(what: impl Display, code: Option<ResponseCode<'_>>, text: &[u8]) -> String {
    let code = code.map_or_else(String::new, |code| format!(" [{}]", code.as_str()));
    format!("{what}: -ERR{code} {}", String::from_utf8_lossy(text))
}
