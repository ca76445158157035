//! The server's side: the machine, and what it needs to know about stored messages.

mod answer;
mod data;
mod drive;
mod event;
mod fetched;
mod octets;
mod query;
mod receive;
mod state;
mod stored;
mod view;

pub use data::Selected;
pub use event::Event;
pub use fetched::{Segment, Stored};
pub use octets::{Needs, Octets, Piece};
pub use query::{Query, Searched};
pub use view::View;

use crate::{
    Config, Error,
    framing::{CommandFinder, Refusal},
    response::{Response, ResponseCode, Status, StatusResponse},
    types::{Capabilities, Capability, Tag, Text},
};
use alloc::{boxed::Box, sync::Arc};
use mailrail_sasl::may_offer;
use mailrail_wire::Output;
use state::{Answer, Deadlines, Fetching, Ready, State, Turn};

/// An IMAP server for one client (RFC 3501), with the extensions that the crate's documentation
/// lists.
///
/// It keeps no mailbox and no message: [`Event`]s say what the client asks for, and methods answer.
/// What it knows is the state of the conversation, and how many messages the client was told of.
/// Beside it, the caller keeps a [`View`] of the selected mailbox.
///
/// News of the selected mailbox can be told at any time while one is selected, with
/// [`exists`](Self::exists), [`expunge`](Self::expunge) and [`fetch`](Self::fetch), but where the
/// protocol forbids it: EXPUNGE only while a command is in progress (IDLE and NOOP are the usual
/// ones), and not during a FETCH, STORE or SEARCH that goes by sequence numbers. Drive the
/// connection again after that: it will ask to write.
///
/// Nothing is queued without bound: where [`has_room`](Self::has_room) says no, methods that add
/// responses refuse with [`Misuse::Full`](crate::Misuse::Full), until some is written.
/// [`Event::WantResponse`] comes when all is.
#[derive(Debug)]
pub struct Server {
    config: Config,
    offer: Arc<Capabilities>,
    output: Output,
    finder: CommandFinder,
    state: State,
    turn: Turn,
    ready: Option<Ready>,
    /// The caller must do something before anything moves.
    owed: bool,
    /// None in the greeting, and where no command is being answered.
    answer: Option<Box<Answer>>,
    fetching: Option<Fetching>,
    /// A command that is being skipped, and will be refused.
    refused: Option<Box<Refused>>,
    /// How many bytes of input belong to a message that was refused meanwhile.
    dropped: usize,
    /// How many octets of a message came since the deadline was moved.
    progress: usize,
    deadlines: Deadlines,
    errors: u32,
    /// How many logins were refused.
    failures: u32,
    secured: bool,
    /// What ends it, once the last words are written.
    failed: Option<Error>,
}

#[derive(Debug)]
struct Refused {
    tag: Option<Tag<'static>>,
    why: Refusal,
}

impl Server {
    /// A server on a new connection in plaintext.
    ///
    /// `offer` is what the server can do, IMAP4rev1 and `AUTH=` words among it. Of that, it tells
    /// the client what is allowed at the time (STARTTLS before TLS only, no plaintext mechanism
    /// before TLS, LOGINDISABLED), and refuses commands that are not in it. Many servers can
    /// share one.
    #[must_use]
    pub fn new(offer: impl Into<Arc<Capabilities>>, config: Config) -> Self {
        Self {
            config,
            offer: offer.into(),
            output: Output::default(),
            finder: CommandFinder::default(),
            state: State::NotAuthenticated,
            turn: Turn::Answering,
            ready: Some(Ready::Connected),
            owed: false,
            answer: None,
            fetching: None,
            refused: None,
            dropped: 0,
            progress: 0,
            deadlines: Deadlines::default(),
            errors: 0,
            failures: 0,
            secured: false,
            failed: None,
        }
    }

    /// A server on a new connection that is TLS from the first byte (RFC 8314 §3.2).
    #[must_use]
    pub fn over_tls(offer: impl Into<Arc<Capabilities>>, config: Config) -> Self {
        Self { secured: true, ..Self::new(offer, config) }
    }

    /// Whether TLS is in place.
    #[must_use]
    pub const fn is_secured(&self) -> bool {
        self.secured
    }

    /// Whether a mailbox is selected, so that its news can be told.
    #[must_use]
    pub const fn is_selected(&self) -> bool {
        matches!(self.state, State::Selected(_))
    }

    /// How many messages the client was told of, in the mailbox that is selected.
    #[must_use]
    pub fn messages(&self) -> Option<u32> {
        self.state.open().map(|open| open.exists)
    }

    /// Whether an IDLE is going on, so that news are to be told at once.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.turn == Turn::Idle
    }

    /// Whether more responses can be added before some are written.
    #[must_use]
    pub const fn has_room(&self) -> bool {
        self.output.len() < self.config.limits.output
    }

    /// What the client is told that can be done now.
    #[must_use]
    pub fn capabilities(&self) -> Capabilities {
        let mut now = (*self.offer).clone();
        let is_auth = |word: &str| word.get(..5).is_some_and(|it| it.eq_ignore_ascii_case("AUTH="));
        if self.state != State::NotAuthenticated {
            now.remove(Capability::StartTls);
            now.remove(Capability::LoginDisabled);
            now.retain_others(|word| !is_auth(word));
        } else if self.secured {
            now.remove(Capability::StartTls);
        } else {
            let allow_plaintext = self.config.allow_plaintext_auth;
            let allow_none = self.config.require_tls_for_auth;
            if !allow_plaintext {
                now.insert(Capability::LoginDisabled);
            }
            now.retain_others(|word| {
                let mechanism = word.get(5..).filter(|_| is_auth(word));
                mechanism.is_none_or(|name| !allow_none && may_offer(name, false, allow_plaintext))
            });
        }
        now
    }

    /// Ends the conversation with an error, once `* BYE` and its reason are written. In the middle
    /// of a response, nothing more can be said.
    fn fail(&mut self, error: Error, why: &'static str) {
        if self.fetching.is_none() {
            self.end_search_line();
            self.say(None, Status::Bye, None, Text::known(why));
        }
        self.ready = None;
        self.turn = Turn::Over;
        self.failed.get_or_insert(error);
    }

    /// Writes a status response; untagged where there is no tag.
    fn say(
        &mut self,
        tag: Option<Tag<'_>>,
        status: Status,
        code: Option<ResponseCode<'_>>,
        text: Text<'_>,
    ) {
        Response::Status(StatusResponse { tag, status, code, text }).encode(&mut self.output);
    }
}
