//! What a client is told.

use crate::{
    command::Command,
    response::{Fetch, Id, List, MailboxStatus, Namespace, Response, ResponseCode, Search, Status},
    types::{Capabilities, Flag, Text},
};
use alloc::vec::Vec;
use core::{fmt, num::NonZeroU32};
use mailrail_wire::Secret;

/// Which command: the number in its tag on the wire, `A1` and so on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tag(pub(super) u32);

/// As it crosses the wire.
impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "A{}", self.0)
    }
}

/// What happened, or what is wanted.
///
/// Untagged responses come as they are sent, to whatever command or to none: a client must take
/// any of them at any time (RFC 3501 §7).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<'i> {
    /// The server is ready. [`Status::Ok`]: log in; [`Status::PreAuth`]: that is done already, and
    /// TLS can't be begun any more. A server that refuses to serve says `Bye` in its place.
    Greeting {
        /// Which of the two.
        status: Status,
        /// For programs; often the capabilities.
        code: Option<ResponseCode<'i>>,
        /// For people.
        text: Text<'i>,
    },
    /// TLS is in place. What the server offered before is forgotten: ask anew.
    Secured,
    /// The answer to a command; none of its data comes behind it. A refusal is an answer like any
    /// other, and what is queued behind the command is sent all the same.
    Completed {
        /// The command, as its method has named it.
        tag: Tag,
        /// What it asked for.
        command: Verb,
        /// OK, NO or BAD.
        status: Status,
        /// For programs: where the message was put (APPENDUID, COPYUID), why not (TRYCREATE).
        code: Option<ResponseCode<'i>>,
        /// For people.
        text: Text<'i>,
    },
    /// The next challenge of AUTHENTICATE, decoded. Answer with
    /// [`authenticate_response`](super::Client::authenticate_response) or
    /// [`cancel_authentication`](super::Client::cancel_authentication).
    Challenge(Secret<Vec<u8>>),
    /// The message of an APPEND is due, or all of it so far is written: answer with
    /// [`message`](super::Client::message).
    WantMessage,
    /// The server has taken IDLE: news come at once until [`done`](super::Client::done).
    Idling,
    /// IDLE has been up for [`Timeouts::idle`](crate::Timeouts::idle): say
    /// [`done`](super::Client::done) and [`idle`](super::Client::idle) anew, before the server
    /// takes the client for gone (RFC 2177 §3). Said once; nothing happens where it is ignored.
    WantDone,
    /// The server closes the connection, and says why; or confirms a LOGOUT. In the first case no
    /// more events come, and commands that are under way are not answered.
    Bye {
        /// For programs.
        code: Option<ResponseCode<'i>>,
        /// For people.
        text: Text<'i>,
    },
    /// News that end nothing: OK, NO (a warning) or BAD, without a tag. Of a SELECT:
    /// UIDVALIDITY, UIDNEXT, UNSEEN, PERMANENTFLAGS.
    Status {
        /// Which.
        status: Status,
        /// For programs.
        code: Option<ResponseCode<'i>>,
        /// For people. Those that come with the code ALERT must be shown.
        text: Text<'i>,
    },
    /// What the server can do, also in [`Client::capabilities`](super::Client::capabilities).
    Capability(Capabilities),
    /// What an ENABLE has turned on.
    Enabled(Capabilities),
    /// A mailbox, from LIST.
    List(List<'i>),
    /// A mailbox, from LSUB.
    Lsub(List<'i>),
    /// What STATUS asked about a mailbox.
    MailboxStatus(MailboxStatus<'i>),
    /// Where mailboxes are.
    Namespace(Namespace<'i>),
    /// What the server is.
    Id(Id<'i>),
    /// Which flags the selected mailbox knows.
    Flags(Vec<Flag<'i>>),
    /// How many messages the selected mailbox has.
    Exists(u32),
    /// How many of them are `\Recent`.
    Recent(u32),
    /// The message with that sequence number is gone, and all behind it have moved up by one.
    Expunge(NonZeroU32),
    /// The answer to SEARCH; a long one in several parts, of which the last says so.
    Search(Search),
    /// Items of one message. Sections that a server sends as literals are not collected: such an
    /// answer is several segments, each but the last ends with the announcement of a literal, and
    /// its octets follow as `Literal`, before the next segment.
    Fetch(Fetch<'i>),
    /// The next octets of the literal that was announced last: as many as have come, never none.
    Literal(&'i [u8]),
    /// A response, or a part of one, that can't be read. The talk goes on. Where a FETCH becomes
    /// unreadable on its way, the rest of it comes so, too, in pieces.
    Unknown(&'i [u8]),
}

impl<'i> Event<'i> {
    /// What an untagged response is once there was a greeting.
    pub(super) fn untagged(response: Response<'i>, unit: &'i [u8]) -> Self {
        match response {
            Response::Capability(it) => Self::Capability(it),
            Response::Enabled(it) => Self::Enabled(it),
            Response::Exists(n) => Self::Exists(n),
            Response::Expunge(n) => Self::Expunge(n),
            Response::Fetch(it) => Self::Fetch(it),
            Response::Flags(it) => Self::Flags(it),
            Response::Id(it) => Self::Id(it),
            Response::List(it) => Self::List(it),
            Response::Lsub(it) => Self::Lsub(it),
            Response::MailboxStatus(it) => Self::MailboxStatus(it),
            Response::Namespace(it) => Self::Namespace(it),
            Response::Recent(n) => Self::Recent(n),
            Response::Search(it) => Self::Search(it),
            Response::Status(it) => match it.status {
                Status::Bye => Self::Bye { code: it.code, text: it.text },
                status => Self::Status { status, code: it.code, text: it.text },
            },
            Response::Continuation(_) => Self::Unknown(unit),
        }
    }
}

macro_rules! verbs {
    ($($name:ident)+) => {
        /// What a command asks for.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Verb {
            $(#[doc = concat!("[`Command::", stringify!($name), "`]")] $name,)+
        }
    };
}

verbs! {
    Append Authenticate Capability Check Close Copy Create Delete Enable Examine Expunge Fetch Id
    Idle List Login Logout Lsub Move Namespace Noop Rename Search Select StartTls Status Store
    Subscribe Unselect Unsubscribe
}

impl Verb {
    pub(super) const fn of(command: &Command<'_>) -> Self {
        match command {
            Command::Append(_) => Self::Append,
            Command::Authenticate(_) => Self::Authenticate,
            Command::Capability => Self::Capability,
            Command::Check => Self::Check,
            Command::Close => Self::Close,
            Command::Copy(_) => Self::Copy,
            Command::Create(_) => Self::Create,
            Command::Delete(_) => Self::Delete,
            Command::Enable(_) => Self::Enable,
            Command::Examine(_) => Self::Examine,
            Command::Expunge(_) => Self::Expunge,
            Command::Fetch(_) => Self::Fetch,
            Command::Id(_) => Self::Id,
            Command::Idle => Self::Idle,
            Command::List(_) => Self::List,
            Command::Login(_) => Self::Login,
            Command::Logout => Self::Logout,
            Command::Lsub(_) => Self::Lsub,
            Command::Move(_) => Self::Move,
            Command::Namespace => Self::Namespace,
            Command::Noop => Self::Noop,
            Command::Rename(_) => Self::Rename,
            Command::Search(_) => Self::Search,
            Command::Select(_) => Self::Select,
            Command::StartTls => Self::StartTls,
            Command::Status(_) => Self::Status,
            Command::Store(_) => Self::Store,
            Command::Subscribe(_) => Self::Subscribe,
            Command::Unselect => Self::Unselect,
            Command::Unsubscribe(_) => Self::Unsubscribe,
        }
    }
}
