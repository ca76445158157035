//! IMAP: an idle connection is one with a mailbox selected, in IDLE (RFC 2177) or not.

use crate::talk::{BULK, Held, Pieces, Talk, blocks};
use core::num::NonZeroU32;
use mailrail_imap::client::{Event as Heard, Verb};
use mailrail_imap::response::{Fetch, SectionLiteral, SectionName};
use mailrail_imap::server::{Event as Asked, Selected};
use mailrail_imap::types::{
    Capabilities, Capability, FetchAttribute, Flag, IString, Mailbox, Section,
};
use mailrail_imap::{Client, Config, Server};
use std::sync::Arc;

const LENGTH: u64 = BULK as u64;

pub fn client() -> Held {
    let mut talk = Talk::new(|| Client::over_tls(Config::default()));
    let login: [&[u8]; 4] = [
        b"* OK [CAPABILITY IMAP4rev1 IDLE LITERAL+ AUTH=PLAIN UIDPLUS X-OTHER] ready\r\n",
        b"A1 OK [CAPABILITY IMAP4rev1 IDLE LITERAL+ UIDPLUS MOVE X-OTHER] in\r\n",
        b"* FLAGS (\\Seen)\r\n* 1 EXISTS\r\n* OK [UIDVALIDITY 1] valid\r\nA2 OK selected\r\n",
        b"+ idling\r\n",
    ];
    talk.say(login, |client, event| {
        let string = |text| IString::try_from(text).expect("a string");
        let _tag = match event {
            Heard::Greeting { .. } => client.login(string("alice"), string("secret")),
            Heard::Completed { command: Verb::Login, .. } => client.select(Mailbox::inbox()),
            Heard::Completed { command: Verb::Select, .. } => client.idle(),
            _ => return,
        }
        .expect("its turn");
    });
    talk.is_idle();

    talk.conn.done().expect("its turn");
    let whole = FetchAttribute::section(Section::whole(), None, true);
    talk.conn.uid_fetch("1".parse().expect("a set"), [whole]).expect("its turn");
    let mut size = 0;
    let start = b"A3 OK idled\r\n* 1 FETCH (UID 1 BODY[] {31457280}\r\n";
    let end = b")\r\nA4 OK fetched\r\n";
    let wire = [&start[..]].into_iter().chain(blocks()).chain([&end[..]]);
    talk.say(wire, |_, event| {
        if let Heard::Literal(octets) = event {
            size += octets.len();
        }
    });
    assert_eq!(size, BULK);

    talk.conn.append(Mailbox::inbox(), [Flag::Seen], None, LENGTH).expect("its turn");
    let mut pieces = Pieces::default();
    let written = talk.say([&b"A5 OK appended\r\n"[..]], |client, event| {
        if event == Heard::WantMessage {
            client.message(pieces.next().expect("a piece")).expect("its turn");
        }
    });
    assert!(written > BULK);
    talk.has_passed();
    talk.held
}

fn fetched(length: Option<u64>) -> Fetch<'static> {
    let section = SectionName::Body(Section::whole());
    let literal = length.map(|length| SectionLiteral { section, origin: None, length });
    Fetch { seq: NonZeroU32::MIN, items: Vec::new(), literal }
}

/// A server at `wire`, and what it takes and gives in bulk behind `done`.
fn serve(wire: &[&[u8]], done: &'static [u8]) -> Held {
    let capabilities = [Capability::Imap4Rev1, Capability::Idle, Capability::LiteralPlus];
    let offer: Arc<Capabilities> = Arc::new(capabilities.into_iter().collect());
    let mut talk = Talk::new(|| Server::over_tls(offer, Config::default()));
    let (mut pieces, mut size) = (Pieces::default(), 0);
    let mut answer = |server: &mut Server, event: Asked<'_>| match event {
        Asked::Select(_) => {
            let mailbox = Selected {
                flags: vec![Flag::Seen],
                permanent_flags: vec![Flag::Seen],
                new_keywords: true,
                exists: 1,
                recent: 0,
                unseen: None,
                uid_next: NonZeroU32::MIN,
                uid_validity: NonZeroU32::MIN,
                read_only: false,
            };
            server.selected(mailbox).expect("its turn");
        }
        Asked::Append(_) => server.accept_message().expect("its turn"),
        Asked::AppendData(octets) => size += octets.len(),
        Asked::Fetch { .. } => server.fetch(fetched(Some(LENGTH))).expect("its turn"),
        Asked::WantLiteral { .. } => {
            server.literal(pieces.next().expect("a piece")).expect("its turn");
        }
        Asked::WantResponse => {
            server.fetch(fetched(None)).expect("its turn");
            server.done().expect("its turn");
        }
        Asked::Idle | Asked::Done => {}
        _ => server.done().expect("its turn"),
    };
    talk.say(wire.iter().copied(), &mut answer);
    talk.is_idle();

    let start = [done, b"x APPEND INBOX {31457280+}\r\n"];
    talk.say(start.into_iter().chain(blocks()).chain([&b"\r\n"[..]]), &mut answer);
    let written = talk.say([&b"y FETCH 1 BODY.PEEK[]\r\n"[..]], &mut answer);
    talk.has_passed();
    assert!(written > BULK && size == BULK);
    talk.held
}

const LOGIN: &[u8] = b"a LOGIN alice secret\r\n";
const SELECT: &[u8] = b"b SELECT INBOX\r\n";

pub fn server() -> Held {
    serve(&[LOGIN, SELECT], b"")
}

pub fn idle_server() -> Held {
    serve(&[LOGIN, SELECT, b"c IDLE\r\n"], b"DONE\r\n")
}
