//! What the client tells.

use crate::{
    Capabilities, Command, DropListing, LanguageListing, LanguageTag, MessageNumber, ResponseCode,
    ScanListing, Timestamp, UniqueIdListing,
};
use alloc::vec::Vec;
use mailrail_wire::Secret;

/// What was asked of the server. Each answer names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Request {
    /// [`Client::capa`](crate::Client::capa)
    Capa,
    /// [`Client::stls`](crate::Client::stls)
    Stls,
    /// [`Client::login`](crate::Client::login)
    Login,
    /// [`Client::apop`](crate::Client::apop)
    Apop,
    /// [`Client::authenticate`](crate::Client::authenticate)
    Auth,
    /// [`Client::utf8`](crate::Client::utf8)
    Utf8,
    /// [`Client::lang`](crate::Client::lang)
    Lang,
    /// [`Client::languages`](crate::Client::languages)
    Languages,
    /// [`Client::stat`](crate::Client::stat)
    Stat,
    /// [`Client::list`](crate::Client::list)
    List(Option<MessageNumber>),
    /// [`Client::uidl`](crate::Client::uidl)
    Uidl(Option<MessageNumber>),
    /// [`Client::retr`](crate::Client::retr)
    Retr(MessageNumber),
    /// [`Client::top`](crate::Client::top)
    Top {
        /// The message.
        message: MessageNumber,
        /// How many lines of the body.
        lines: u32,
    },
    /// [`Client::dele`](crate::Client::dele)
    Dele(MessageNumber),
    /// [`Client::rset`](crate::Client::rset)
    Rset,
    /// [`Client::noop`](crate::Client::noop)
    Noop,
    /// [`Client::quit`](crate::Client::quit)
    Quit,
}

impl Request {
    /// The command that says it; none where it takes more than this says.
    pub(super) const fn command(self) -> Option<Command<'static>> {
        Some(match self {
            Self::Capa => Command::Capa,
            Self::Stls => Command::Stls,
            Self::Utf8 => Command::Utf8,
            Self::Languages => Command::Lang(None),
            Self::Login | Self::Apop | Self::Auth | Self::Lang => return None,
            Self::Stat => Command::Stat,
            Self::List(message) => Command::List(message),
            Self::Uidl(message) => Command::Uidl(message),
            Self::Retr(message) => Command::Retr(message),
            Self::Top { message, lines } => Command::Top { message, lines },
            Self::Dele(message) => Command::Dele(message),
            Self::Rset => Command::Rset,
            Self::Noop => Command::Noop,
            Self::Quit => Command::Quit,
        })
    }

    /// Whether nothing may be sent behind it before its answer is there: what comes behind STLS
    /// goes over TLS, a password follows only an accepted name, and behind QUIT comes nothing
    /// (RFC 2449 §6.6).
    pub(super) const fn stops_the_line(self) -> bool {
        matches!(self, Self::Stls | Self::Login | Self::Auth | Self::Quit)
    }
}

/// What the server has said.
///
/// An answer of one line is one event: `Ok`, `Err`, `Stat`, `Scan`, `UniqueId`, `Language`. One of many lines
/// begins with `Ok`, goes on with its content as it comes, and ends with `End`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<'i> {
    /// The server is ready.
    Greeting {
        /// What it says of itself; any bytes but CR, LF and NUL.
        text: &'i [u8],
        /// What is in `text` where the server offers APOP (RFC 1939 §7).
        timestamp: Option<Timestamp<'i>>,
    },
    /// The server does not want to talk; the end.
    Refused {
        /// Why, for programs.
        code: Option<ResponseCode<'i>>,
        /// Why, for people; any bytes but CR, LF and NUL.
        text: &'i [u8],
    },
    /// It is done; or, where the answer has content, that begins.
    Ok {
        /// The command.
        request: Request,
        /// What it is about, for programs.
        code: Option<ResponseCode<'i>>,
        /// What it is about, for people; any bytes but CR, LF and NUL.
        text: &'i [u8],
    },
    /// It is not done. Of a QUIT: some or all of the marked messages are still there.
    Err {
        /// The command.
        request: Request,
        /// Why, for programs.
        code: Option<ResponseCode<'i>>,
        /// Why, for people; any bytes but CR, LF and NUL.
        text: &'i [u8],
    },
    /// The next challenge of AUTH, decoded. Answer with
    /// [`authenticate_response`](crate::Client::authenticate_response) or
    /// [`cancel_authentication`](crate::Client::cancel_authentication).
    Challenge(Secret<Vec<u8>>),
    /// The whole answer to CAPA.
    Capabilities(Capabilities),
    /// The answer to STAT.
    Stat(DropListing),
    /// A line of the answer to LIST.
    Scan {
        /// The command.
        request: Request,
        /// What it says.
        listing: ScanListing,
    },
    /// A line of the answer to UIDL.
    UniqueId {
        /// The command.
        request: Request,
        /// What it says.
        listing: UniqueIdListing<'i>,
    },
    /// The next octets of a message, dot-stuffing undone. Bare CR and LF are passed on as they are.
    Message {
        /// The command.
        request: Request,
        /// As many as have come; never none.
        octets: &'i [u8],
    },
    /// The end of an answer of many lines.
    End {
        /// The command.
        request: Request,
    },
    /// The answer to LANG: this language is spoken from here on.
    Language {
        /// The language that the server has chosen.
        tag: LanguageTag<'i>,
        /// What it says in it; any bytes but CR, LF and NUL.
        text: &'i [u8],
    },
    /// A line of the list of languages.
    LanguageListing(LanguageListing<'i>),
    /// A line that can't be read, in the answer to STAT, LIST, UIDL or LANG. The talk goes on.
    Malformed {
        /// The command.
        request: Request,
        /// The line, without its CR LF; in an answer of one line, without the `+OK`.
        line: &'i [u8],
    },
    /// TLS is in place. What was known of the server is forgotten: ask for its capabilities anew
    /// (RFC 2595 §4).
    Secured,
}
