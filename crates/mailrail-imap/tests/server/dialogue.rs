//! A server in a transcript: what it is told is shown as the client's command, and what it says is
//! written as on the wire, but without a tag.

use bytes::{Buf, Bytes};
use core::num::NonZeroU32;
use mailrail_imap::{
    Command, Literals, Response, Server,
    command::{Authenticate, Enable, Login, Select},
    response::{Fetch, Status},
    server::{Event, Selected},
    types::{Capabilities, Capability, Flag, Tag, Text},
};
use mailrail_testing::{Shown, escaped};

/// All that the crate can do, but for extensions nobody knows.
pub(crate) fn offer() -> Capabilities {
    let mut offer: Capabilities = [
        Capability::Imap4Rev1,
        Capability::LiteralPlus,
        Capability::StartTls,
        Capability::SaslIr,
        Capability::Enable,
        Capability::Idle,
        Capability::UidPlus,
        Capability::Move,
        Capability::Unselect,
        Capability::Namespace,
        Capability::Id,
    ]
    .into_iter()
    .collect();
    offer.insert_auth("PLAIN").unwrap();
    offer
}

fn number(word: &str) -> NonZeroU32 {
    word.parse().unwrap()
}

fn text(words: &str) -> Text<'_> {
    if words.is_empty() { Text::default() } else { Text::new(words).unwrap() }
}

/// What the caller does:
///
/// - `done`, `OK …`, `NO …`, `BAD …`: the tagged response
/// - `* …`: an untagged one, such as it crosses the wire
/// - `next SEQ …`: a FETCH goes on behind a literal
/// - `literal TEXT`, `challenge TEXT`, `accept`
/// - `selected EXISTS RECENT UNSEEN UIDNEXT UIDVALIDITY`, and `ro`
/// - `misuse …`: one of these, which must be refused
pub(crate) fn act(server: &mut Server, words: &str) {
    let (words, refused) = match words.strip_prefix("misuse ") {
        Some(words) => (words, true),
        None => (words, false),
    };
    let (verb, rest) = words.split_once(' ').unwrap_or((words, ""));
    let acted = match verb {
        "done" => server.done(),
        "accept" => server.accept_message(),
        "challenge" => server.challenge(rest.as_bytes()),
        "literal" => server.literal(Bytes::from(rest.replace("\\r", "\r").replace("\\n", "\n"))),
        "next" => {
            let (seq, rest) = rest.split_once(' ').unwrap();
            server.fetch(Fetch::parse_next(number(seq), format!("{rest}\r\n").as_bytes()).unwrap())
        }
        "selected" => {
            let words: Vec<&str> = rest.split(' ').collect();
            let any = || vec![Flag::Answered, Flag::Deleted, Flag::Seen];
            server.selected(Selected {
                flags: any(),
                permanent_flags: any(),
                new_keywords: true,
                exists: words[0].parse().unwrap(),
                recent: words[1].parse().unwrap(),
                unseen: words[2].parse().ok().and_then(NonZeroU32::new),
                uid_next: number(words[3]),
                uid_validity: number(words[4]),
                read_only: words.get(5) == Some(&"ro"),
            })
        }
        "*" => untagged(server, &format!("{words}\r\n")),
        _ => {
            let line = format!("x {words}\r\n");
            let Ok(Response::Status(it)) = Response::parse(line.as_bytes()) else {
                panic!("no such words: {words}")
            };
            match it.status {
                Status::Ok => server.ok(it.code, it.text),
                Status::No => server.no(it.code, it.text),
                _ => server.bad(it.code, it.text),
            }
        }
    };
    assert_eq!(acted.is_err(), refused, "{words}: {acted:?}");
}

fn untagged(server: &mut Server, line: &str) -> Result<(), mailrail_imap::Misuse> {
    match Response::parse(line.as_bytes()).unwrap() {
        Response::Enabled(it) => server.enabled(it),
        Response::Exists(n) => server.exists(n),
        Response::Expunge(n) => server.expunge(n.get()),
        Response::Fetch(it) => server.fetch(it),
        Response::Flags(it) => server.flags(it),
        Response::Id(it) => server.id(it),
        Response::List(it) | Response::Lsub(it) => server.list(it),
        Response::MailboxStatus(it) => server.status(it),
        Response::Namespace(it) => server.namespace(it),
        Response::Recent(n) => server.recent(n),
        Response::Search(it) => server.search(&it.numbers),
        Response::Status(it) => match it.status {
            Status::Ok => server.untagged_ok(it.code, text(&it.text.to_str())),
            Status::No => server.untagged_no(it.code, text(&it.text.to_str())),
            Status::Bye => server.bye(it.code, text(&it.text.to_str())),
            _ => server.preauth(text(&it.text.to_str())),
        },
        other => panic!("{other:?}"),
    }
}

pub(crate) fn show(event: &Event<'_>) -> Shown {
    let command = match event.clone() {
        Event::AppendData(octets) => return Shown::Bulk("data", octets.to_vec()),
        Event::AuthenticateResponse(it) => {
            return Shown::Text(format!("response \"{}\"", escaped(it.expose())));
        }
        Event::Append(it) => Command::Append(it),
        Event::Authenticate { mechanism, initial_response } => {
            Command::Authenticate(Authenticate { mechanism, initial_response })
        }
        Event::Check => Command::Check,
        Event::Close { expunge: true } => return Shown::Text("CLOSE and expunge".to_owned()),
        Event::Close { .. } => Command::Close,
        Event::Copy(it) => Command::Copy(it),
        Event::Create(it) => Command::Create(it),
        Event::Delete(it) => Command::Delete(it),
        Event::Enable(capabilities) => Command::Enable(Enable { capabilities }),
        Event::Examine(mailbox) => Command::Examine(Select { mailbox }),
        Event::Expunge(it) => Command::Expunge(it),
        Event::Fetch { fetch, sets_seen } => {
            let seen = if sets_seen { " and \\Seen" } else { "" };
            return Shown::Text(shown(&Command::Fetch(fetch)) + seen);
        }
        Event::Id(it) => Command::Id(it),
        Event::List(it) => Command::List(it),
        Event::Login { user, password } => Command::Login(Login { user, password }),
        Event::Logout => Command::Logout,
        Event::Lsub(it) => Command::Lsub(it),
        Event::Move(it) => Command::Move(it),
        Event::Namespace => Command::Namespace,
        Event::Noop => Command::Noop,
        Event::Rename(it) => Command::Rename(it),
        Event::Search(it) => Command::Search(it),
        Event::Select(mailbox) => Command::Select(Select { mailbox }),
        Event::StartTls => Command::StartTls,
        Event::Status(it) => Command::Status(it),
        Event::Store(it) => Command::Store(it),
        Event::Subscribe(it) => Command::Subscribe(it),
        Event::Unselect => Command::Unselect,
        Event::Unsubscribe(it) => Command::Unsubscribe(it),
        event => return Shown::Text(format!("{event:?}")),
    };
    Shown::Text(shown(&command))
}

fn shown(command: &Command<'_>) -> String {
    let mut encoded = command.encode(&Tag::new("x").unwrap(), Literals::Plus);
    let mut wire = Vec::new();
    while let Some(piece) = encoded.next_piece() {
        wire.extend_from_slice(piece.chunk());
    }
    let wire = wire.strip_suffix(b"\r\n").unwrap_or(&wire);
    let text = escaped(wire.strip_prefix(b"x ").unwrap());
    text.replace("\\\"", "\"").replace("\\\\", "\\")
}
