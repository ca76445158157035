//! The client against the server, in memory, under a simulated clock.
#![cfg(test)]

extern crate alloc;

use alloc::collections::BTreeMap;
use bytes::Bytes;
use mailrail_pop3::{
    Capabilities, Client, Config, DropListing, Error, Language, LanguageRange, MessageNumber,
    Password, ResponseCode, Server, Text, Timestamp, UniqueId, UserName, Utf8, client,
    client::Request, server,
};
use mailrail_testing::{Ended, Pair};
use proptest::prelude::*;

/// A maildrop, and a server's caller that serves it.
#[derive(Debug, Default)]
struct Store {
    messages: Vec<Vec<u8>>,
    sending: Option<(usize, usize)>,
    piece: usize,
    deleted: Vec<u32>,
    ended: Vec<u32>,
    apop: bool,
}

impl Store {
    fn octets(&self) -> u64 {
        self.messages.iter().map(|message| message.len() as u64).sum()
    }

    fn answer(&mut self, event: server::Event<'_>, server: &mut Server) {
        use server::Event as E;
        let done = match event {
            E::Connected if self.apop => {
                let timestamp = Timestamp::parse(b"<1.2@three>").unwrap();
                server.ok_with_timestamp(Text::new("ready").unwrap(), timestamp)
            }
            E::Apop { user, proof } if user.as_str() == "mrose" && proof.is_by("a b") => {
                server.open(DropListing { messages: 0, octets: 0 })
            }
            E::Apop { .. } => server.err(Some(ResponseCode::AUTH), Text::NONE),
            E::Connected | E::StartTls => server.ok(Text::new("ready").unwrap()),
            E::Login { user, password } if (&*user, *password.expose()) == ("mrose", "a b") => {
                let messages = u32::try_from(self.messages.len()).unwrap();
                server.open(DropListing { messages, octets: self.octets() })
            }
            E::Login { .. } => {
                server.err(Some(ResponseCode::AUTH), Text::new("who is that?").unwrap())
            }
            E::Authenticate { initial_response: None, .. } => server.challenge(b""),
            E::Authenticate { initial_response: Some(it), .. } | E::AuthenticateResponse(it)
                if it.expose() == b"\0mrose\0a b" =>
            {
                let messages = u32::try_from(self.messages.len()).unwrap();
                server.open(DropListing { messages, octets: self.octets() })
            }
            E::Authenticate { .. } | E::AuthenticateResponse(_) => server.err(None, Text::NONE),
            E::WantSize(message) => server.size(self.messages[message.index()].len() as u64),
            E::WantUniqueId(message) => {
                server.unique_id(UniqueId::parse(format!("id-{message}").as_bytes()).unwrap())
            }
            E::Retr(message) | E::Top { message, .. } => {
                self.sending = Some((message.index(), 0));
                server.ok(Text::NONE)
            }
            E::WantMessage => {
                let (message, at) = self.sending.as_mut().unwrap();
                let rest = &self.messages[*message][*at..];
                let piece = &rest[..rest.len().min(self.piece.max(1))];
                *at += piece.len();
                match piece {
                    [] => server.end_message(),
                    piece => server.message(Bytes::copy_from_slice(piece)),
                }
            }
            E::EndOfMessage(message) => {
                self.sending = None;
                self.ended.push(message.value());
                Ok(())
            }
            E::Quit { deleted } => {
                self.deleted = deleted.iter().map(MessageNumber::value).collect();
                server.ok(Text::new("bye").unwrap())
            }
            _ => Ok(()),
        };
        assert_eq!(done, Ok(()));
    }
}

/// What a client has fetched, as text and by message.
#[derive(Debug, Default)]
struct Seen {
    told: Vec<String>,
    fetched: BTreeMap<u32, Vec<u8>>,
}

impl Seen {
    fn see(&mut self, event: client::Event<'_>) {
        match event {
            client::Event::Message {
                request: Request::Retr(message) | Request::Top { message, .. },
                octets,
            } => {
                self.fetched.entry(message.value()).or_default().extend_from_slice(octets);
            }
            client::Event::Scan { listing, .. } => {
                self.told.push(format!("{} {}", listing.message, listing.octets));
            }
            client::Event::UniqueId { listing, .. } => {
                self.told.push(format!("{} {}", listing.message, listing.unique_id));
            }
            client::Event::Stat(listing) => {
                self.told.push(format!("{} in {}", listing.octets, listing.messages));
            }
            client::Event::Ok { request, .. } => self.told.push(format!("{request:?}")),
            client::Event::End { .. } => self.told.push("end".to_owned()),
            client::Event::Err { request, code, .. } => {
                let code = code.map_or("-", |code| code.as_str());
                self.told.push(format!("no {request:?} {code}"));
            }
            client::Event::Capabilities(it) => {
                self.told.push(format!("stls {} user {}", it.stls, it.user));
            }
            client::Event::Language { tag, .. } => self.told.push(format!("lang {tag}")),
            client::Event::LanguageListing(it) => self.told.push(format!("{} {}", it.tag, it.name)),
            client::Event::Secured => self.told.push("secured".to_owned()),
            _ => {}
        }
    }
}

fn n(n: u32) -> MessageNumber {
    MessageNumber::new(n).unwrap()
}

fn login(client: &mut Client, password: &str) {
    let user = UserName::parse(b"mrose").unwrap();
    client.login(user, Password::parse(password.as_bytes()).unwrap()).unwrap();
}

const DONE: Ended<Error, Error> = Ended { client: Ok(()), server: Ok(()) };

#[test]
fn every_command() {
    for piece in [1, 7, 4_096] {
        let messages = [&b"A: b\r\n\r\n.one\r\n..\r\ntwo\r\n"[..], b"no end", b".\r\n", b"\r\n"];
        let mut store =
            Store { messages: messages.map(<[u8]>::to_vec).to_vec(), piece, ..Store::default() };
        let mut seen = Seen::default();
        let client = Client::new(Config::default());
        let server = Server::new(Capabilities::all(), Config::default());
        let mut pair = Pair::new(client, server).in_pieces_of(piece);
        pair.client().capa().unwrap();
        pair.client().stls().unwrap();
        pair.settle(|event, _| seen.see(event), |event, server| store.answer(event, server));
        assert!(pair.client().is_secured() && pair.server().is_secured());
        let client = pair.client();
        client.capa().unwrap();
        login(client, "wrong");
        login(client, "a b");
        client.stat().unwrap();
        client.list(None).unwrap();
        client.list(Some(n(2))).unwrap();
        client.uidl(None).unwrap();
        client.uidl(Some(n(9))).unwrap();
        client.dele(n(3)).unwrap();
        client.dele(n(3)).unwrap();
        client.uidl(Some(n(2))).unwrap();
        client.rset().unwrap();
        client.top(n(1), 1).unwrap();
        client.retr(n(2)).unwrap();
        client.retr(n(3)).unwrap();
        client.retr(n(4)).unwrap();
        client.noop().unwrap();
        client.dele(n(2)).unwrap();
        client.dele(n(4)).unwrap();
        client.stat().unwrap();
        client.quit().unwrap();
        let ended =
            pair.run(|event, _| seen.see(event), |event, server| store.answer(event, server));
        assert_eq!(ended, DONE);
        assert_eq!(
            seen.told.join("\n").replace("MessageNumber", ""),
            "stls true user false\nsecured\nstls false user true\nno Login AUTH\nLogin\n\
             34 in 4\nList(None)\n1 23\n2 6\n3 3\n4 2\nend\n2 6\n\
             Uidl(None)\n1 id-1\n2 id-2\n3 id-3\n4 id-4\nend\nno Uidl(Some((9))) -\n\
             Dele((3))\nno Dele((3)) -\n2 id-2\nRset\n\
             Top { message: (1), lines: 1 }\nend\nRetr((2))\nend\nRetr((3))\nend\n\
             Retr((4))\nend\nNoop\nDele((2))\nDele((4))\n26 in 2\nQuit"
        );
        let fetched = seen.fetched.into_values().collect::<Vec<_>>();
        assert_eq!(fetched, [&b"A: b\r\n\r\n.one\r\n"[..], b"no end\r\n", b".\r\n", b"\r\n"]);
        assert_eq!((store.deleted, store.ended), (vec![2, 4], vec![1, 2, 3, 4]));
    }
}

#[test]
fn a_client_that_goes_silent_deletes_nothing() {
    let mut store = Store { messages: vec![b"x\r\n".to_vec()], ..Store::default() };
    let mut pair = Pair::new(
        Client::over_tls(Config::default()),
        Server::over_tls(Capabilities::all(), Config::default()),
    );
    login(pair.client(), "a b");
    pair.client().dele(n(1)).unwrap();
    let ended = pair.run(|_, _| {}, |event, server| store.answer(event, server));
    assert_eq!(ended, Ended { client: Err(Error::Closed), server: Err(Error::TimedOut) });
    assert_eq!(pair.now().saturating_since(mailrail_wire::Time::default()).as_secs(), 600);
    assert!(store.deleted.is_empty());
}

#[test]
fn apop_utf8_and_lang() {
    let mut store = Store { apop: true, ..Store::default() };
    let mut seen = Seen::default();
    let mut config = Config::default();
    let greek = Language { tag: "el-GR", name: "Ελληνικά", say: Language::ENGLISH.say };
    config.languages = Some([Language::ENGLISH, greek].into());
    let mut offer = Capabilities::all();
    offer.utf8 = Some(Utf8 { user: true });
    let mut pair = Pair::new(Client::new(config.clone()), Server::new(offer, config));
    pair.settle(|event, _| seen.see(event), |event, server| store.answer(event, server));
    let user = UserName::parse(b"mrose").unwrap();
    let client = pair.client();
    client.capa().unwrap();
    client.utf8().unwrap();
    client.languages().unwrap();
    client.lang(LanguageRange::parse(b"EL").unwrap()).unwrap();
    client.lang(LanguageRange::parse(b"de").unwrap()).unwrap();
    client.apop(user, Password::parse(b"a c").unwrap()).unwrap();
    client.apop(user, Password::parse(b"a b").unwrap()).unwrap();
    pair.settle(|event, _| seen.see(event), |event, server| store.answer(event, server));
    assert!(pair.server().is_utf8() && pair.server().language().tag == "el-GR");
    pair.client().quit().unwrap();
    let ended = pair.run(|event, _| seen.see(event), |event, server| store.answer(event, server));
    assert_eq!(ended, DONE);
    assert_eq!(
        seen.told.join("\n"),
        "stls true user false\nUtf8\nLanguages\nen English\nel-GR Ελληνικά\nend\nlang el-GR\n\
         no Lang -\nno Apop AUTH\nApop\nQuit"
    );
}

#[test]
fn auth_plain() {
    let mut plain = mailrail_sasl::PlainClient::new("mrose", "a b").unwrap();
    let response = mailrail_sasl::ClientMechanism::initial_response(&mut plain);
    let response = response.unwrap().unwrap();
    for initial in [Some(response.expose().as_slice()), None] {
        let (mut store, mut seen) = (Store::default(), Seen::default());
        let mut offer = Capabilities::all();
        offer.sasl.push("PLAIN".to_owned());
        let mut pair = Pair::new(
            Client::over_tls(Config::default()),
            Server::over_tls(offer, Config::default()),
        );
        pair.client().authenticate("PLAIN", Some(b"\0who\0x")).unwrap();
        pair.client().authenticate("PLAIN", initial).unwrap();
        pair.client().stat().unwrap();
        pair.client().quit().unwrap();
        let ended = pair.run(
            |event, client| match event {
                client::Event::Challenge(_) => {
                    client.authenticate_response(response.expose()).unwrap();
                }
                event => seen.see(event),
            },
            |event, server| store.answer(event, server),
        );
        assert_eq!(ended, DONE);
        assert_eq!(seen.told, ["no Auth -", "Auth", "0 in 0", "Quit"]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Any message of whole lines comes out as it went in, however it is cut on the way.
    #[test]
    fn messages_are_carried_as_they_are(
        messages in prop::collection::vec(
            prop::collection::vec(prop::sample::select(
                &["\r\n", ".\r\n", "..x\r\n", "a.\r\n", "ü\0\u{7f}\r\n", "some longer line of text\r\n"][..]
            ), 0..60),
            1..4,
        ),
        piece in 1_usize..300,
        cut in 1_usize..300,
    ) {
        let messages = messages.into_iter().map(|lines| lines.concat().into_bytes()).collect::<Vec<_>>();
        let mut store = Store { messages: messages.clone(), piece, ..Store::default() };
        let mut seen = Seen::default();
        let mut pair = Pair::new(
            Client::over_tls(Config::default()),
            Server::over_tls(Capabilities::all(), Config::default()),
        ).in_pieces_of(cut);
        pair.client().capa().unwrap();
        login(pair.client(), "a b");
        for message in 1..=messages.len() {
            pair.client().retr(n(u32::try_from(message).unwrap())).unwrap();
        }
        pair.client().quit().unwrap();
        let ended = pair.run(|event, _| seen.see(event), |event, server| store.answer(event, server));
        prop_assert_eq!(ended, DONE);
        for (at, message) in (1..).zip(&messages) {
            let empty = Vec::new();
            prop_assert_eq!(seen.fetched.get(&at).unwrap_or(&empty), message);
        }
    }
}
