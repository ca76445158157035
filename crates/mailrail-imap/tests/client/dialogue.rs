//! A client in a transcript: commands are given as they cross the wire, but for the tag; events are
//! shown the same way.

use bytes::{Buf, Bytes};
use mailrail_imap::{
    Client, Command, Misuse, Response,
    client::Event,
    response::{Status, StatusResponse},
    types::{self, Text},
};
use mailrail_testing::{Shown, escaped};
use mailrail_wire::Output;

/// Gives the command to the method that is for it.
pub(crate) fn give(client: &mut Client, command: Command<'_>) -> Result<(), Misuse> {
    use Command as C;
    match command {
        C::Append(it) => client.append(it.mailbox, it.flags, it.date, it.length),
        C::Authenticate(it) => client.authenticate(
            it.mechanism.as_str(),
            it.initial_response.as_ref().map(|response| &response.expose()[..]),
        ),
        C::Capability => client.capability(),
        C::Check => client.check(),
        C::Close => client.close(),
        C::Copy(it) if it.uid => client.uid_copy(it.set, it.mailbox),
        C::Copy(it) => client.copy(it.set, it.mailbox),
        C::Create(it) => client.create(it.mailbox),
        C::Delete(it) => client.delete(it),
        C::Enable(it) => client.enable(it.capabilities),
        C::Examine(it) => client.examine(it.mailbox),
        C::Expunge(it) => match it.uids {
            Some(uids) => client.uid_expunge(uids),
            None => client.expunge(),
        },
        C::Fetch(it) if it.uid => client.uid_fetch(it.set, it.attributes),
        C::Fetch(it) => client.fetch(it.set, it.attributes),
        C::Id(it) => client.id(it),
        C::Idle => client.idle(),
        C::List(it) => client.list(it.reference, it.pattern),
        C::Login(it) => client.login(it.user, it.password.into_exposed()),
        C::Logout => client.logout(),
        C::Lsub(it) => client.lsub(it.reference, it.pattern),
        C::Move(it) if it.uid => client.uid_move(it.set, it.mailbox),
        C::Move(it) => client.r#move(it.set, it.mailbox),
        C::Namespace => client.namespace(),
        C::Noop => client.noop(),
        C::Rename(it) => client.rename(it.from, it.to),
        C::Search(it) if it.uid => client.uid_search(it.charset, it.keys),
        C::Search(it) => client.search(it.charset, it.keys),
        C::Select(it) => client.select(it.mailbox),
        C::StartTls => client.starttls(),
        C::Status(it) => client.status(it.mailbox, it.attributes),
        C::Store(it) if it.uid => client.uid_store(it.set, it.mode, it.silent, it.flags),
        C::Store(it) => client.store(it.set, it.mode, it.silent, it.flags),
        C::Subscribe(it) => client.subscribe(it),
        C::Unselect => client.unselect(),
        C::Unsubscribe(it) => client.unsubscribe(it),
        other => panic!("no method for {other:?}"),
    }
    .map(|_| ())
}

/// What the caller does:
///
/// - a command, with literals as `{3+}\r\nabc`
/// - `done`, `cancel`, `response TEXT`, `piece TEXT`
/// - `misuse NAME WORDS`: one of these, which must be refused so
pub(crate) fn act(client: &mut Client, words: &str) {
    let (misuse, words) = match words.strip_prefix("misuse ").and_then(|it| it.split_once(' ')) {
        Some((misuse, words)) => (Some(misuse), words),
        None => (None, words),
    };
    let words = words.replace("\\r", "\r").replace("\\n", "\n").replace("\\0", "\0");
    let (verb, rest) = words.split_once(' ').unwrap_or((&words, ""));
    let acted = match verb {
        "done" => client.done(),
        "cancel" => client.cancel_authentication(),
        "response" => client.authenticate_response(rest.as_bytes()),
        "piece" => client.message(Bytes::copy_from_slice(rest.as_bytes())),
        _ => {
            let line = format!("x {words}\r\n");
            give(client, Command::parse(line.as_bytes()).unwrap().1)
        }
    };
    let acted = acted.map_err(|misuse| format!("{misuse:?}"));
    let refused = acted.err().and_then(|it| it.split(' ').next().map(str::to_owned));
    assert_eq!(refused.as_deref(), misuse, "{words}");
}

fn status(
    tag: Option<String>,
    status: Status,
    code: Option<mailrail_imap::response::ResponseCode<'_>>,
    text: Text<'_>,
) -> String {
    let tag = tag.map(|tag| types::Tag::new(tag).unwrap());
    wire(&Response::Status(StatusResponse { tag, status, code, text }))
}

fn wire(response: &Response<'_>) -> String {
    let mut out = Output::default();
    response.encode(&mut out);
    let bytes = out.copy_to_bytes(out.remaining());
    escaped(bytes.strip_suffix(b"\r\n").unwrap_or(&bytes)).replace("\\\"", "\"")
}

/// A FETCH that goes on behind a literal is shown as one that begins.
pub(crate) fn show(event: &Event<'_>) -> Shown {
    let response = match event.clone() {
        Event::Literal(octets) => return Shown::Bulk("literal", octets.to_vec()),
        Event::Unknown(bytes) => return Shown::Bulk("unknown", bytes.to_vec()),
        Event::Challenge(it) => {
            return Shown::Text(format!("challenge \"{}\"", escaped(it.expose())));
        }
        Event::Greeting { status: it, code, text } => {
            return Shown::Text(format!("greeting {}", status(None, it, code, text)));
        }
        Event::Completed { tag, command, status: it, code, text } => {
            let line = status(Some(tag.to_string()), it, code, text);
            return Shown::Text(format!("{command:?} {line}"));
        }
        Event::Bye { code, text } => return Shown::Text(status(None, Status::Bye, code, text)),
        Event::Status { status: it, code, text } => {
            return Shown::Text(status(None, it, code, text));
        }
        Event::Capability(it) => Response::Capability(it),
        Event::Enabled(it) => Response::Enabled(it),
        Event::List(it) => Response::List(it),
        Event::Lsub(it) => Response::Lsub(it),
        Event::MailboxStatus(it) => Response::MailboxStatus(it),
        Event::Namespace(it) => Response::Namespace(it),
        Event::Id(it) => Response::Id(it),
        Event::Flags(it) => Response::Flags(it),
        Event::Exists(it) => Response::Exists(it),
        Event::Recent(it) => Response::Recent(it),
        Event::Expunge(it) => Response::Expunge(it),
        Event::Search(it) => Response::Search(it),
        Event::Fetch(it) => Response::Fetch(it),
        event => return Shown::Text(format!("{event:?}")),
    };
    Shown::Text(wire(&response))
}
