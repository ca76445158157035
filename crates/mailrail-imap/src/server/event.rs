//! What a server is told.

use crate::{
    command::{Append, Copy, Create, Expunge, Fetch, Id, List, Rename, Search, Status, Store},
    types::{Atom, Capabilities, IString, Mailbox},
};
use alloc::vec::Vec;
use mailrail_wire::Secret;

/// What the client did. Those that say so must be answered before anything else happens.
///
/// A command is answered with whatever its line here names, as often as needed, and then with
/// [`done`](super::Server::done), [`ok`](super::Server::ok), [`no`](super::Server::no) or
/// [`bad`](super::Server::bad), which end it. A long answer need not be given at once: give the
/// first response, and the next ones when [`WantResponse`](Self::WantResponse) asks.
///
/// Only commands that parse, are offered, and are allowed in the present state come here; others
/// are answered by the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<'i> {
    /// It connected. Answer with [`ok`](super::Server::ok) or [`done`](super::Server::done), which
    /// greet; with [`preauth`](super::Server::preauth); or refuse with
    /// [`bye`](super::Server::bye).
    Connected,
    /// STARTTLS. Answer with OK or NO.
    StartTls,
    /// TLS is in place, and all that the client said before is forgotten. Nothing to answer.
    Secured,
    /// LOGIN. Answer with OK, or with NO and a code such as AUTHENTICATIONFAILED.
    Login {
        /// Who the client says it is.
        user: IString<'i>,
        /// Its password.
        password: Secret<IString<'i>>,
    },
    /// AUTHENTICATE, by a mechanism that is offered now. Answer with
    /// [`challenge`](super::Server::challenge), OK or NO.
    Authenticate {
        /// The mechanism's name.
        mechanism: Atom<'i>,
        /// The response that came along; it may be empty.
        initial_response: Option<Secret<Vec<u8>>>,
    },
    /// The response to the last challenge. Answer as `Authenticate`. (Where the client gives up
    /// instead, it is answered for you.)
    AuthenticateResponse(Secret<Vec<u8>>),
    /// ENABLE. Answer with [`enabled`](super::Server::enabled), then OK.
    Enable(Capabilities),
    /// ID. Answer with [`id`](super::Server::id), then OK.
    Id(Id<'i>),
    /// NAMESPACE. Answer with [`namespace`](super::Server::namespace), then OK.
    Namespace,
    /// LIST. Answer with [`list`](super::Server::list) for each mailbox that
    /// [`matches`](List::matches), then OK. An empty pattern asks for the delimiter: one mailbox
    /// with an empty name and NOSELECT.
    List(List<'i>),
    /// LSUB: the same of the mailboxes subscribed to.
    Lsub(List<'i>),
    /// STATUS. Answer with [`status`](super::Server::status), then OK.
    Status(Status<'i>),
    /// CREATE. Answer with OK or NO.
    Create(Create<'i>),
    /// DELETE. Answer with OK or NO.
    Delete(Mailbox<'i>),
    /// RENAME. Answer with OK or NO.
    Rename(Rename<'i>),
    /// SUBSCRIBE. Answer with OK or NO.
    Subscribe(Mailbox<'i>),
    /// UNSUBSCRIBE. Answer with OK or NO.
    Unsubscribe(Mailbox<'i>),
    /// SELECT: the mailbox that was selected is not any more, even if this fails. Answer with
    /// [`selected`](super::Server::selected) or NO.
    Select(Mailbox<'i>),
    /// EXAMINE: the same, for reading only.
    Examine(Mailbox<'i>),
    /// APPEND: a message is about to come, of no more than
    /// [`Limits::append`](crate::Limits::append) octets. Answer with
    /// [`accept_message`](super::Server::accept_message) to get it, or with NO. A mailbox that is
    /// not there wants the code TRYCREATE.
    Append(Append<'i>),
    /// The next octets of the message. Nothing to answer, but a NO is possible: then what is left
    /// is skipped.
    AppendData(&'i [u8]),
    /// The message is whole. Answer with OK once it is safe on disk (and APPENDUID where UIDPLUS
    /// is offered), or with NO.
    AppendEnd,
    /// There was more behind the message, and the command is refused for it: drop what you have.
    /// Nothing to answer.
    AppendAborted,
    /// NOOP: a chance to tell what is new. Answer with OK.
    Noop,
    /// CHECK. Answer with OK once everything is on disk.
    Check,
    /// CLOSE. Answer with OK, and no EXPUNGE; no mailbox is selected then.
    Close {
        /// Whether messages with `\Deleted` are to be removed: not in a mailbox that is open for
        /// reading only.
        expunge: bool,
    },
    /// UNSELECT: the same without removing any. Answer with OK.
    Unselect,
    /// EXPUNGE or UID EXPUNGE. Answer with [`expunge`](super::Server::expunge) for each message
    /// removed, then OK.
    Expunge(Expunge),
    /// SEARCH. Answer with [`search`](super::Server::search), in as many calls as you like, then
    /// OK. The charset is US-ASCII or UTF-8.
    Search(Search<'i>),
    /// FETCH. Answer with [`fetch`](super::Server::fetch) for each message, then OK.
    Fetch {
        /// Of which messages, what. There is `UID` in a UID FETCH.
        fetch: Fetch<'i>,
        /// Whether each message gets `\Seen`; where that changes its flags, tell them, too
        /// (RFC 3501 §6.4.5).
        sets_seen: bool,
    },
    /// STORE. Answer with [`fetch`](super::Server::fetch) for each message, with its flags and in
    /// a UID STORE its UID, unless it is silent; then OK.
    Store(Store<'i>),
    /// COPY. Answer with OK (and COPYUID where UIDPLUS is offered), or with NO. A mailbox that is
    /// not there wants the code TRYCREATE.
    Copy(Copy<'i>),
    /// MOVE. Answer with [`untagged_ok`](super::Server::untagged_ok) and COPYUID, then with
    /// [`expunge`](super::Server::expunge) for each message, then OK (RFC 6851 §4.3); or with NO.
    Move(Copy<'i>),
    /// IDLE. Nothing to answer: from now on, until `Done`, tell at once what is new.
    Idle,
    /// The IDLE is over. Nothing to answer.
    Done,
    /// LOGOUT. Answer with OK; BYE is said, too, and the connection closed.
    Logout,
    /// All that was answered so far is written: go on with the answer, or end it.
    WantResponse,
    /// All that was given so far is written: go on with the literal. Answer with
    /// [`literal`](super::Server::literal).
    WantLiteral {
        /// How many octets are still to come.
        left: u64,
    },
}
