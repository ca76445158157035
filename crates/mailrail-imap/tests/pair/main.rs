//! The client against the server, in memory, under a simulated clock.
#![cfg(test)]

#[path = "../client/dialogue.rs"]
mod dialogue;
mod store;

extern crate alloc;

use alloc::collections::VecDeque;
use bytes::Bytes;
use core::time::Duration;
use dialogue::{act, show};
use mailrail_imap::{
    Client, Config, Error, Server,
    client::Event,
    types::{Capabilities, Capability, Flag},
};
use mailrail_testing::{Ended, Pair, Shown};
use store::Store;

const ALL: [Capability; 12] = [
    Capability::Imap4Rev1,
    Capability::LiteralPlus,
    Capability::LiteralMinus,
    Capability::StartTls,
    Capability::SaslIr,
    Capability::Enable,
    Capability::Idle,
    Capability::UidPlus,
    Capability::Move,
    Capability::Unselect,
    Capability::Namespace,
    Capability::Id,
];

fn offer(without: &[Capability]) -> Capabilities {
    let mut offer: Capabilities = ALL.into_iter().filter(|it| !without.contains(it)).collect();
    offer.insert_auth("PLAIN").unwrap();
    offer
}

/// What the client is told, and what it has to say.
#[derive(Debug, Default)]
struct Talk {
    told: Vec<String>,
    literal: Vec<u8>,
    message: VecDeque<Bytes>,
}

impl Talk {
    fn hear(&mut self, event: &Event<'_>, client: &mut Client) {
        match show(event) {
            Shown::Bulk("literal", octets) => return self.literal.extend(octets),
            Shown::Bulk(name, bytes) => panic!("{name} {bytes:?}"),
            Shown::Text(text) => {
                if !self.literal.is_empty() {
                    let octets = core::mem::take(&mut self.literal);
                    self.told.push(String::from_utf8(octets).unwrap());
                }
                self.told.push(text);
            }
        }
        match event {
            Event::WantMessage => client.message(self.message.pop_front().unwrap()).unwrap(),
            Event::Challenge(_) => client.authenticate_response(b"\0ann\0sesame").unwrap(),
            Event::WantDone => {
                client.done().unwrap();
                client.idle().unwrap();
            }
            _ => {}
        }
    }
}

struct Both {
    pair: Pair<Client, Server>,
    talk: Talk,
    store: Store,
}

impl Both {
    fn new(offer: Capabilities, piece: usize) -> Self {
        let client = Client::new(Config::default());
        let server = Server::new(offer, Config::default());
        let pair = Pair::new(client, server).in_pieces_of(piece);
        let mut both = Self { pair, talk: Talk::default(), store: Store::new(piece) };
        both.settle();
        assert!(both.talk.told.pop().unwrap().starts_with("greeting * OK [CAPABILITY IMAP4rev1 "));
        both
    }

    fn settle(&mut self) {
        let Self { pair, talk, store } = self;
        pair.settle(
            |event, client| talk.hear(&event, client),
            |event, server| store.answer(event, server),
        );
    }

    /// Gives commands and tells what came of them.
    fn ask(&mut self, words: &[&str]) -> Vec<String> {
        for words in words {
            act(self.pair.client(), words);
        }
        self.settle();
        core::mem::take(&mut self.talk.told)
    }

    /// Gives one command, which must be all right, and tells what came before its answer.
    #[track_caller]
    fn done(&mut self, words: &str) -> Vec<String> {
        let mut told = self.ask(&[words]);
        let last = told.pop().unwrap();
        assert!(last.contains(" OK "), "{words}: {told:?} {last}");
        told
    }

    fn secure_and_log_in(&mut self) {
        assert_eq!(self.ask(&["STARTTLS"]).pop().unwrap(), "Secured");
        assert!(self.pair.client().is_secured() && self.pair.server().is_secured());
        self.done("LOGIN ann sesame");
    }

    fn end(mut self) -> Ended<Error, Error> {
        act(self.pair.client(), "LOGOUT");
        let Self { pair, talk, store } = &mut self;
        pair.run(
            |event, client| talk.hear(&event, client),
            |event, server| store.answer(event, server),
        )
    }
}

const DONE: Ended<Error, Error> = Ended { client: Ok(()), server: Ok(()) };

/// Every command once, with each kind of literals and pieces of several sizes.
#[test]
fn every_command() {
    let none = [Capability::LiteralPlus, Capability::LiteralMinus];
    for without in [&[][..], &[Capability::LiteralPlus], &none] {
        for piece in [1, 7, 4_096] {
            every_command_with(offer(without), piece);
        }
    }
}

fn every_command_with(offer: Capabilities, piece: usize) {
    let mut it = Both::new(offer, piece);
    assert!(it.done("CAPABILITY")[0].contains(" STARTTLS LOGINDISABLED "));
    let told = it.ask(&["STARTTLS"]);
    assert_eq!((told.len(), &*told[1]), (2, "Secured"));
    assert!(it.pair.client().capabilities().is_none());
    assert!(it.done("CAPABILITY")[0].ends_with(" AUTH=PLAIN"));
    let told = it.ask(&["AUTHENTICATE PLAIN AGFubgB3cm9uZw=="]);
    assert!(told[0].starts_with("Authenticate A4 NO [AUTHENTICATIONFAILED] "), "{told:?}");
    it.done("AUTHENTICATE PLAIN AGFubgBzZXNhbWU=");
    // The answer has told what there is now.
    assert!(!it.pair.client().capabilities().unwrap().has(Capability::StartTls));

    assert_eq!(it.done("ID (\"name\" \"test\")"), ["* ID (\"name\" \"store\")"]);
    assert_eq!(it.done("ENABLE X-FOO"), ["* ENABLED"]);
    assert_eq!(it.done("NAMESPACE"), ["* NAMESPACE ((\"\" \"/\")) NIL NIL"]);
    it.done("CREATE Drafts");
    it.done("CREATE {3+}\\r\\na\\nb");
    it.done("RENAME {3+}\\r\\na\\nb Sent");
    it.done("SUBSCRIBE Sent");
    assert_eq!(
        it.done("LIST \"\" *"),
        ["* LIST () \"/\" Drafts", "* LIST () \"/\" INBOX", "* LIST () \"/\" Sent"]
    );
    assert_eq!(it.done("LSUB \"\" %"), ["* LSUB () \"/\" Sent"]);
    it.done("UNSUBSCRIBE Sent");
    it.done("DELETE Sent");

    it.talk.message = [&b"Subject: one\r\n"[..], b"\r\n", b"1\r\n"].map(Bytes::from).into();
    assert_eq!(
        it.done("APPEND INBOX (\\Flagged) {19}"),
        ["WantMessage", "WantMessage", "WantMessage"]
    );
    it.talk.message = [Bytes::from(vec![b'x'; 5_000])].into();
    it.done("APPEND INBOX {5000}");
    assert_eq!(it.done("APPEND INBOX {0}"), [""; 0]);
    // Sent in vain where literals do not wait.
    it.talk.message = [Bytes::from_static(b"0123456789")].into();
    let told = it.ask(&["APPEND none {10}"]);
    let refused = told.last().unwrap();
    assert!(refused.contains(" NO [TRYCREATE] "), "{told:?}");
    it.talk.message.clear();
    assert_eq!(
        it.done("STATUS INBOX (MESSAGES UIDNEXT UNSEEN)"),
        ["* STATUS INBOX (MESSAGES 3 UIDNEXT 4 UNSEEN 3)"]
    );

    let told = it.done("SELECT inbox");
    assert_eq!(told[1], "* 3 EXISTS");
    assert!(it.pair.client().is_selected());
    assert_eq!(
        it.done("FETCH 1 (UID RFC822.SIZE FLAGS)"),
        ["* 1 FETCH (UID 1 RFC822.SIZE 19 FLAGS (\\\\Flagged))"]
    );
    let told = it.done("FETCH 1 (ENVELOPE BODYSTRUCTURE INTERNALDATE)");
    assert!(told[0].contains("ENVELOPE (NIL \"one\" NIL ") && told[0].contains("BODYSTRUCTURE ("));
    assert_eq!(
        it.done("UID FETCH 1 (BODY.PEEK[HEADER] BODY.PEEK[]<16.2> BODY.PEEK[9])"),
        [
            "* 1 FETCH (UID 1 BODY[9] NIL BODY[HEADER] {16}",
            "Subject: one\r\n\r\n",
            "* 1 FETCH (BODY[]<16> {2}",
            "1\r",
            "* 1 FETCH ()"
        ]
    );
    let told = it.done("FETCH 2 BODY[]");
    assert_eq!((&*told[0], told[1].len()), ("* 2 FETCH (FLAGS (\\\\Seen) BODY[] {5000}", 5_000));
    assert_eq!(it.done("SEARCH SUBJECT one"), ["* SEARCH 1"]);
    assert_eq!(it.done("SEARCH CHARSET UTF-8 TEXT {2+}\\r\\nä"), ["* SEARCH"]);
    assert_eq!(it.done("UID SEARCH UNSEEN"), ["* SEARCH 1 3"]);
    assert_eq!(it.done("STORE 3 +FLAGS (\\Deleted)"), ["* 3 FETCH (FLAGS (\\\\Deleted))"]);
    assert_eq!(it.done("UID STORE 2 -FLAGS.SILENT (\\Seen)"), [""; 0]);
    it.done("COPY 1:2 Drafts");
    let told = it.ask(&["UID COPY 1 none"]);
    assert!(told[0].contains(" NO [TRYCREATE] "), "{told:?}");
    it.done("CHECK");
    it.done("NOOP");
    assert_eq!(it.done("UID EXPUNGE 1"), [""; 0]);
    assert_eq!(it.done("EXPUNGE"), ["* 3 EXPUNGE"]);
    let told = it.done("UID MOVE 1 Drafts");
    assert!(told[0].starts_with("* OK [COPYUID ") && told[1] == "* 1 EXPUNGE", "{told:?}");
    it.done("UNSELECT");
    it.done("EXAMINE Drafts");
    it.done("CLOSE");
    assert!(!it.pair.client().is_selected());
    assert_eq!(it.end(), DONE);
}

#[test]
fn many_commands_at_once() {
    for piece in [3, 4_096] {
        let mut it = Both::new(offer(&[]), piece);
        it.secure_and_log_in();
        for uid in 1..=3 {
            it.store.deliver("INBOX", format!("Subject: {uid}\r\n\r\n").as_bytes());
        }
        it.done("SELECT INBOX");
        it.talk.message = [Bytes::from_static(b"abc"), Bytes::from_static(b"def")].into();
        let told = it.ask(&[
            "FETCH 1 UID",
            "FETCH 2:3 (BODY.PEEK[])",
            "SEARCH ALL",
            "STORE 1 +FLAGS.SILENT (\\Seen)",
            "UID FETCH 1 FLAGS",
            "UID SEARCH SEEN",
            "APPEND INBOX {3}",
            "APPEND INBOX {3}",
            "NOOP",
            "LOGOUT",
        ]);
        assert_eq!(
            told.iter().map(|it| it.split(" OK").next().unwrap()).collect::<Vec<_>>(),
            [
                "* 1 FETCH (UID 1)",
                "Fetch A4",
                "* 2 FETCH (BODY[] {14}",
                "Subject: 2\r\n\r\n",
                "* 2 FETCH ()",
                "* 3 FETCH (BODY[] {14}",
                "Subject: 3\r\n\r\n",
                "* 3 FETCH ()",
                "Fetch A5",
                "* SEARCH 1 2 3",
                "Search A6",
                "Store A7",
                "* 1 FETCH (UID 1 FLAGS (\\\\Seen))",
                "Fetch A8",
                "* SEARCH 1",
                "Search A9",
                "WantMessage",
                "WantMessage",
                "* 4 EXISTS",
                "Append A10",
                "* 5 EXISTS",
                "Append A11",
                "Noop A12",
                "* BYE logging out",
                "Logout A13",
            ]
        );
    }
}

#[test]
fn news_while_it_idles() {
    let mut it = Both::new(offer(&[]), 5);
    it.secure_and_log_in();
    it.store.deliver("INBOX", b"Subject: 1\r\n\r\n");
    it.done("SELECT INBOX");
    assert_eq!(it.ask(&["IDLE"]), ["Idling"]);
    it.store.deliver("INBOX", b"Subject: 2\r\n\r\n");
    it.store.flag("INBOX", 1, Flag::Seen);
    it.store.tell(it.pair.server());
    it.settle();
    assert_eq!(
        core::mem::take(&mut it.talk.told),
        ["* 2 EXISTS", "* 1 FETCH (UID 1 FLAGS (\\\\Seen))"]
    );
    // The client keeps it up; the server's patience is longer.
    for _ in 0..3 {
        it.pair.pass(Duration::from_secs(29 * 60));
        it.settle();
        let told = core::mem::take(&mut it.talk.told);
        assert_eq!((&*told[0], &*told[2]), ("WantDone", "Idling"), "{told:?}");
    }
    it.store.expunge("INBOX", 1);
    it.store.tell(it.pair.server());
    it.settle();
    assert_eq!(core::mem::take(&mut it.talk.told), ["* 1 EXPUNGE"]);
    let told = it.ask(&["done", "UID FETCH 1:* UID"]);
    assert_eq!(told[1], "* 1 FETCH (UID 2)");
    assert_eq!(it.end(), DONE);
}

#[test]
fn a_server_that_says_bye() {
    let mut it = Both::new(offer(&[]), 100);
    it.secure_and_log_in();
    let Both { pair, talk, store } = &mut it;
    // Nobody says anything: the server's patience ends.
    let ended = pair.run(
        |event, client| talk.hear(&event, client),
        |event, server| store.answer(event, server),
    );
    assert_eq!(ended, Ended { client: Ok(()), server: Err(Error::TimedOut) });
    assert!(talk.told.pop().unwrap().starts_with("* BYE "));
}
