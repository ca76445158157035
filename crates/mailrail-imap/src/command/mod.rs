//! What a client asks for (RFC 3501 §6).

mod append;
mod authenticate;
mod copy;
mod create;
mod enable;
mod expunge;
mod fetch;
mod id;
mod idle;
mod list;
mod login;
mod rename;
mod search;
mod select;
mod status;
mod store;

pub use append::Append;
pub use authenticate::Authenticate;
pub use copy::Copy;
pub use create::Create;
pub use enable::Enable;
pub use expunge::Expunge;
pub use fetch::Fetch;
pub use id::Id;
pub use list::List;
pub use login::Login;
pub use rename::Rename;
pub use search::Search;
pub use select::Select;
pub use status::Status;
pub use store::{Store, StoreMode};

pub(crate) use authenticate::{
    AuthenticateLine, authenticate_line, decode as decode_base64, encode_authenticate_line,
};
pub(crate) use idle::{DONE, is_done};

use crate::{
    Encoded, Literals, SyntaxError,
    encode::Sink,
    grammar::{Parsed, arg, atom, crlf, fault, name, sp, whole},
    types::{Mailbox, Tag},
};
use nom::{Parser, combinator::map};

/// A command, without its tag.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Command<'a> {
    /// `APPEND` (RFC 3501 §6.3.11), up to its message.
    Append(Append<'a>),
    /// `AUTHENTICATE` (RFC 3501 §6.2.2)
    Authenticate(Authenticate<'a>),
    /// `CAPABILITY` (RFC 3501 §6.1.1)
    Capability,
    /// `CHECK` (RFC 3501 §6.4.1)
    Check,
    /// `CLOSE` (RFC 3501 §6.4.2)
    Close,
    /// `COPY` and `UID COPY` (RFC 3501 §6.4.7)
    Copy(Copy<'a>),
    /// `CREATE` (RFC 3501 §6.3.3)
    Create(Create<'a>),
    /// `DELETE` (RFC 3501 §6.3.4)
    Delete(Mailbox<'a>),
    /// `ENABLE` (RFC 5161 §3.1)
    Enable(Enable),
    /// `EXAMINE` (RFC 3501 §6.3.2)
    Examine(Select<'a>),
    /// `EXPUNGE` (RFC 3501 §6.4.3) and `UID EXPUNGE` (RFC 4315 §2.1)
    Expunge(Expunge),
    /// `FETCH` and `UID FETCH` (RFC 3501 §6.4.5)
    Fetch(Fetch<'a>),
    /// `ID` (RFC 2971 §3.1)
    Id(Id<'a>),
    /// `IDLE` (RFC 2177 §3)
    Idle,
    /// `LIST` (RFC 3501 §6.3.8)
    List(List<'a>),
    /// `LOGIN` (RFC 3501 §6.2.3)
    Login(Login<'a>),
    /// `LOGOUT` (RFC 3501 §6.1.3)
    Logout,
    /// `LSUB` (RFC 3501 §6.3.9)
    Lsub(List<'a>),
    /// `MOVE` and `UID MOVE` (RFC 6851 §3)
    Move(Copy<'a>),
    /// `NAMESPACE` (RFC 2342 §5)
    Namespace,
    /// `NOOP` (RFC 3501 §6.1.2)
    Noop,
    /// `RENAME` (RFC 3501 §6.3.5)
    Rename(Rename<'a>),
    /// `SEARCH` and `UID SEARCH` (RFC 3501 §6.4.4)
    Search(Search<'a>),
    /// `SELECT` (RFC 3501 §6.3.1)
    Select(Select<'a>),
    /// `STARTTLS` (RFC 3501 §6.2.1)
    StartTls,
    /// `STATUS` (RFC 3501 §6.3.10)
    Status(Status<'a>),
    /// `STORE` and `UID STORE` (RFC 3501 §6.4.6)
    Store(Store<'a>),
    /// `SUBSCRIBE` (RFC 3501 §6.3.6)
    Subscribe(Mailbox<'a>),
    /// `UNSELECT` (RFC 3691 §2)
    Unselect,
    /// `UNSUBSCRIBE` (RFC 3501 §6.3.7)
    Unsubscribe(Mailbox<'a>),
}

impl<'a> Command<'a> {
    /// Reads a command with its tag: a line with its CR LF, the octets of literals in place. An
    /// APPEND ends with the announcement of its message.
    ///
    /// # Errors
    ///
    /// Where it is not known or not well formed; [`Tag::of`] then tells what to answer.
    pub fn parse(unit: &'a [u8]) -> Result<(Tag<'a>, Self), SyntaxError> {
        whole(unit, |i: &'a [u8]| {
            let (i, tag) = Tag::parse(i)?;
            let (i, ()) = sp(i)?;
            let (i, command) = Self::verb(i)?;
            // The announcement that an APPEND ends with has a CR LF already.
            let i = if matches!(command, Self::Append(_)) { i } else { crlf(i)?.0 };
            Ok((i, (tag, command)))
        })
    }

    fn verb(i: &'a [u8]) -> Parsed<'a, Self> {
        let Ok((rest, verb)) = atom(i) else { return fault(i, "a command") };
        let mailbox =
            |command: fn(Mailbox<'a>) -> Self| map(arg(Mailbox::parse), command).parse(rest);
        let plain = |command| Ok((rest, command));
        match name(&mut [0; 20], verb.as_bytes()) {
            b"APPEND" => map(Append::parse, Self::Append).parse(rest),
            b"AUTHENTICATE" => map(Authenticate::parse, Self::Authenticate).parse(rest),
            b"CAPABILITY" => plain(Self::Capability),
            b"CHECK" => plain(Self::Check),
            b"CLOSE" => plain(Self::Close),
            b"CREATE" => map(Create::parse, Self::Create).parse(rest),
            b"DELETE" => mailbox(Self::Delete),
            b"ENABLE" => map(Enable::parse, Self::Enable).parse(rest),
            b"EXAMINE" => map(Select::parse, Self::Examine).parse(rest),
            b"EXPUNGE" => plain(Self::Expunge(Expunge { uids: None })),
            b"ID" => map(Id::parse, Self::Id).parse(rest),
            b"IDLE" => plain(Self::Idle),
            b"LIST" => map(List::parse, Self::List).parse(rest),
            b"LOGIN" => map(Login::parse, Self::Login).parse(rest),
            b"LOGOUT" => plain(Self::Logout),
            b"LSUB" => map(List::parse, Self::Lsub).parse(rest),
            b"NAMESPACE" => plain(Self::Namespace),
            b"NOOP" => plain(Self::Noop),
            b"RENAME" => map(Rename::parse, Self::Rename).parse(rest),
            b"SELECT" => map(Select::parse, Self::Select).parse(rest),
            b"STARTTLS" => plain(Self::StartTls),
            b"STATUS" => map(Status::parse, Self::Status).parse(rest),
            b"SUBSCRIBE" => mailbox(Self::Subscribe),
            b"UNSELECT" => plain(Self::Unselect),
            b"UNSUBSCRIBE" => mailbox(Self::Unsubscribe),
            b"UID" => {
                let (rest, ()) = sp(rest)?;
                Self::with_uid(rest, true)
            }
            _ => Self::with_uid(i, false),
        }
    }

    /// `uid = "UID" SP (copy / fetch / search / store / move / uid-expunge)`, and the same without
    /// UID.
    fn with_uid(i: &'a [u8], uid: bool) -> Parsed<'a, Self> {
        let Ok((rest, verb)) = atom(i) else { return fault(i, "a command") };
        match name(&mut [0; 20], verb.as_bytes()) {
            b"COPY" => map(|i| Copy::parse(i, uid), Self::Copy).parse(rest),
            b"FETCH" => map(|i| Fetch::parse(i, uid), Self::Fetch).parse(rest),
            b"MOVE" => map(|i| Copy::parse(i, uid), Self::Move).parse(rest),
            b"SEARCH" => map(|i| Search::parse(i, uid), Self::Search).parse(rest),
            b"STORE" => map(|i| Store::parse(i, uid), Self::Store).parse(rest),
            b"EXPUNGE" if uid => map(Expunge::parse_uids, Self::Expunge).parse(rest),
            _ => fault(i, "a command"),
        }
    }

    /// Writes the command with its tag, in pieces between which the client waits, as `literals`
    /// says. An APPEND ends with the announcement of its message, for which the client waits, too,
    /// where [`Append::waits`] says so; the message and a CR LF follow.
    #[must_use]
    pub fn encode(&self, tag: &Tag<'_>, literals: Literals) -> Encoded {
        let mut out = Encoded::new(literals);
        out.text(tag.as_str().as_bytes());
        out.text(b" ");
        self.write(&mut out);
        if !matches!(self, Self::Append(_)) {
            out.text(b"\r\n");
        }
        out
    }

    fn write(&self, out: &mut Encoded) {
        let mailbox = |out: &mut Encoded, verb: &[u8], mailbox: &Mailbox<'_>| {
            out.text(verb);
            mailbox.encode(out);
        };
        match self {
            Self::Append(append) => append.encode(out),
            Self::Authenticate(authenticate) => authenticate.encode(out),
            Self::Capability => out.text(b"CAPABILITY"),
            Self::Check => out.text(b"CHECK"),
            Self::Close => out.text(b"CLOSE"),
            Self::Copy(copy) => copy.encode(b"COPY ", out),
            Self::Create(create) => create.encode(out),
            Self::Delete(it) => mailbox(out, b"DELETE ", it),
            Self::Enable(enable) => enable.encode(out),
            Self::Examine(select) => select.encode(b"EXAMINE ", out),
            Self::Expunge(expunge) => expunge.encode(out),
            Self::Fetch(fetch) => fetch.encode(out),
            Self::Id(id) => id.encode(out),
            Self::Idle => out.text(b"IDLE"),
            Self::List(list) => list.encode(b"LIST ", out),
            Self::Login(login) => login.encode(out),
            Self::Logout => out.text(b"LOGOUT"),
            Self::Lsub(list) => list.encode(b"LSUB ", out),
            Self::Move(copy) => copy.encode(b"MOVE ", out),
            Self::Namespace => out.text(b"NAMESPACE"),
            Self::Noop => out.text(b"NOOP"),
            Self::Rename(rename) => rename.encode(out),
            Self::Search(search) => search.encode(out),
            Self::Select(select) => select.encode(b"SELECT ", out),
            Self::StartTls => out.text(b"STARTTLS"),
            Self::Status(status) => status.encode(out),
            Self::Store(store) => store.encode(out),
            Self::Subscribe(it) => mailbox(out, b"SUBSCRIBE ", it),
            Self::Unselect => out.text(b"UNSELECT"),
            Self::Unsubscribe(it) => mailbox(out, b"UNSUBSCRIBE ", it),
        }
    }

    /// The same command, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Command<'static> {
        match self {
            Self::Append(it) => Command::Append(it.into_owned()),
            Self::Authenticate(it) => Command::Authenticate(it.into_owned()),
            Self::Capability => Command::Capability,
            Self::Check => Command::Check,
            Self::Close => Command::Close,
            Self::Copy(it) => Command::Copy(it.into_owned()),
            Self::Create(it) => Command::Create(it.into_owned()),
            Self::Delete(it) => Command::Delete(it.into_owned()),
            Self::Enable(it) => Command::Enable(it),
            Self::Examine(it) => Command::Examine(it.into_owned()),
            Self::Expunge(it) => Command::Expunge(it),
            Self::Fetch(it) => Command::Fetch(it.into_owned()),
            Self::Id(it) => Command::Id(it.into_owned()),
            Self::Idle => Command::Idle,
            Self::List(it) => Command::List(it.into_owned()),
            Self::Login(it) => Command::Login(it.into_owned()),
            Self::Logout => Command::Logout,
            Self::Lsub(it) => Command::Lsub(it.into_owned()),
            Self::Move(it) => Command::Move(it.into_owned()),
            Self::Namespace => Command::Namespace,
            Self::Noop => Command::Noop,
            Self::Rename(it) => Command::Rename(it.into_owned()),
            Self::Search(it) => Command::Search(it.into_owned()),
            Self::Select(it) => Command::Select(it.into_owned()),
            Self::StartTls => Command::StartTls,
            Self::Status(it) => Command::Status(it.into_owned()),
            Self::Store(it) => Command::Store(it.into_owned()),
            Self::Subscribe(it) => Command::Subscribe(it.into_owned()),
            Self::Unselect => Command::Unselect,
            Self::Unsubscribe(it) => Command::Unsubscribe(it.into_owned()),
        }
    }
}

/// Runs known answers both ways: bytes, value, bytes, value.
#[cfg(test)]
pub(crate) fn both_ways(wire: &str) -> Command<'static> {
    use bytes::BytesMut;
    let (tag, command) = Command::parse(wire.as_bytes()).unwrap();
    let mut encoded = command.encode(&tag, Literals::Synchronizing);
    let mut back = BytesMut::new();
    while let Some(piece) = encoded.next_piece() {
        back.extend_from_slice(&piece);
    }
    assert_eq!(back, wire);
    assert_eq!(Command::parse(&back).unwrap(), (tag, command.clone()));
    command.into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_without_a_file() {
        for verb in [
            "CAPABILITY",
            "CHECK",
            "CLOSE",
            "IDLE",
            "LOGOUT",
            "NAMESPACE",
            "NOOP",
            "STARTTLS",
            "UNSELECT",
            "EXPUNGE",
            "DELETE blurdybloop",
            "SUBSCRIBE #news.comp.mail.mime",
            "UNSUBSCRIBE #news.comp.mail.mime",
        ] {
            both_ways(&alloc::format!("A1 {verb}\r\n"));
            assert!(Command::parse(alloc::format!("A1 {verb} x\r\n").as_bytes()).is_err());
            assert!(Command::parse(alloc::format!("A1 {verb} \r\n").as_bytes()).is_err());
        }
        assert_eq!(Command::parse(b"a nOoP\r\n").unwrap().1, Command::Noop);
    }

    #[test]
    fn what_is_no_command() {
        for wire in [
            "",
            "\r\n",
            "a\r\n",
            "a \r\n",
            "a FOO\r\n",
            "a UID NOOP\r\n",
            "a UID EXPUNGE\r\n",
            "a NOOP",
            "a NOOP\n",
            "* NOOP\r\n",
            "+ NOOP\r\n",
            "a  NOOP\r\n",
            "a NO\rOP\r\n",
            "a NOOP\r\nb NOOP\r\n",
            "a\0 NOOP\r\n",
        ] {
            assert!(Command::parse(wire.as_bytes()).is_err(), "{wire:?}");
        }
        let error = Command::parse(b"a FETCH x FLAGS\r\n").unwrap_err();
        assert_eq!(alloc::format!("{error}"), "expected a sequence set at byte 8");
    }
}
