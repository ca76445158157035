//! What is written is read back; any bytes end without a panic, wherever they are cut.
#![cfg(test)]

use bytes::{Buf, Bytes};
use mailrail_pop3::{
    ApopDigest, Capabilities, Client, Command, Config, DropListing, Expire, Language,
    LanguageListing, LanguageRange, LanguageTag, LoginDelay, MessageNumber, Password, Response,
    ResponseCode, ScanListing, Server, Text, Timestamp, UniqueId, UniqueIdListing, UserName, Utf8,
    command::{Apop, Auth},
};
use mailrail_wire::{Connection, Input, Output, Secret, Step, Time};
use proptest::prelude::*;

fn written(write: impl FnOnce(&mut Output)) -> Vec<u8> {
    let mut output = Output::default();
    write(&mut output);
    output.copy_to_bytes(output.remaining()).to_vec()
}

fn line(bytes: &[u8]) -> &[u8] {
    let line = bytes.strip_suffix(b"\r\n").unwrap();
    assert!(!line.windows(2).any(|pair| pair == b"\r\n"));
    line
}

fn number() -> impl Strategy<Value = MessageNumber> {
    (1..=u32::MAX).prop_map(|n| MessageNumber::new(n).unwrap())
}

fn capabilities() -> impl Strategy<Value = Capabilities> {
    let period = || proptest::option::of((any::<u32>(), any::<bool>()));
    (
        any::<[bool; 8]>(),
        prop::collection::vec("[A-Z0-9_-]{1,20}", 0..4),
        period(),
        proptest::option::of((proptest::option::of(any::<u32>()), any::<bool>())),
        proptest::option::of("[ -~]{0,40}"),
        prop::collection::vec("X-[A-Z]{1,9}( [!-~]{1,9}){0,3}", 0..4),
    )
        .prop_map(|(flags, mut sasl, delay, expire, implementation, others)| {
            sasl.sort();
            sasl.dedup();
            let mut it = Capabilities::default();
            [
                it.top,
                it.user,
                it.uidl,
                it.resp_codes,
                it.pipelining,
                it.stls,
                it.auth_resp_code,
                it.lang,
            ] = flags;
            it.utf8 = flags[0].then_some(Utf8 { user: flags[1] });
            it.sasl = sasl;
            it.login_delay = delay.map(|(seconds, per_user)| LoginDelay { seconds, per_user });
            it.expire = expire.map(|(days, per_user)| Expire { days, per_user });
            it.implementation = implementation;
            it.others = others;
            it
        })
}

/// Drives a machine over `bytes` in pieces of `cut`, to its end.
fn drive<C: Connection>(conn: &mut C, bytes: &[u8], cut: usize, mut answer: impl FnMut(&mut C)) {
    let (mut input, mut rest) = (Input::default(), bytes.chunks(cut));
    // Each step uses up bytes or output, or answers: their number is bounded by the bytes'.
    for _ in 0..bytes.len() * 8 + 200 {
        assert!(input.capacity() <= 64 * 1024);
        match conn.poll(Time::default(), &mut input) {
            Err(_) | Ok(Step::Close) => return,
            Ok(Step::Event) => assert!(conn.event(&mut input).is_ok()),
            Ok(Step::Write { .. }) => {
                let output = conn.output();
                output.advance(output.remaining());
            }
            Ok(Step::Read { .. }) => match rest.next() {
                Some(piece) => input.extend(piece),
                None => input.received(0),
            },
            Ok(Step::Upgrade(_)) => conn.upgraded(),
            Ok(Step::Answer) => answer(conn),
        }
    }
    panic!("no end");
}

proptest! {
    #[test]
    fn commands(
        message in number(),
        lines in any::<u32>(),
        user in "[!-~äöü]{1,60}",
        password in "[ -~äöü]{1,60}",
        mechanism in "[A-Z0-9_-]{1,20}",
        response in proptest::option::of(prop::collection::vec(any::<u8>(), 0..100)),
        digest in "[0-9a-f]{32}",
        language in "[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8}){0,3}",
    ) {
        let user_name = UserName::parse(user.as_bytes()).unwrap();
        let digest = ApopDigest::parse(digest.as_bytes()).unwrap();
        let auth = Auth::new(&mechanism, response.map(Secret::new)).unwrap();
        let commands = [
            Command::Capa,
            Command::Stls,
            Command::Auth(auth),
            Command::Apop(Apop { user: user_name, digest }),
            Command::Utf8,
            Command::Lang(None),
            Command::Lang(Some(LanguageRange::Any)),
            Command::Lang(Some(LanguageRange::parse(language.as_bytes()).unwrap())),
            Command::User(UserName::parse(user.as_bytes()).unwrap()),
            Command::Pass(Password::parse(password.as_bytes()).unwrap()),
            Command::Stat,
            Command::List(None),
            Command::List(Some(message)),
            Command::Uidl(None),
            Command::Uidl(Some(message)),
            Command::Retr(message),
            Command::Top { message, lines },
            Command::Dele(message),
            Command::Rset,
            Command::Noop,
            Command::Quit,
        ];
        for command in commands {
            let bytes = written(|out| command.encode(out));
            prop_assert!(bytes.len() <= 255);
            prop_assert_eq!(Command::parse(line(&bytes)), Ok(command));
        }
    }

    #[test]
    fn responses(
        text in "([!-Z^-~ä][ -~ä]{0,80})?",
        code in proptest::option::of("[!-.0-9A-Z]{1,9}(/[!-.0-9A-Z]{1,9}){0,2}"),
    ) {
        let text = Text::new(&text).unwrap();
        let code = code.as_ref().map(|code| ResponseCode::parse(code.as_bytes()).unwrap());
        for response in [Response::ok(text), Response::err(code, text)] {
            let bytes = written(|out| response.encode(out));
            prop_assert!(bytes.len() <= 512);
            prop_assert_eq!(Response::parse(line(&bytes)), Ok(response));
        }
    }

    #[test]
    fn listings(
        message in number(),
        octets in any::<u64>(),
        count in any::<u32>(),
        id in "[!-~]{1,70}",
        language in "[a-z]{2,3}(-[A-Z]{2})?",
        name in "([!-~ä][ -~ä]{0,20})?",
    ) {
        let tag = LanguageTag::parse(language.as_bytes()).unwrap();
        let listing = LanguageListing { tag, name: &name };
        let bytes = written(|out| listing.encode(out));
        prop_assert_eq!(LanguageListing::parse(&bytes), Ok(listing));
        let drop = DropListing { messages: count, octets };
        prop_assert_eq!(DropListing::parse(&written(|out| drop.encode(out))), Ok(drop));
        let scan = ScanListing { message, octets };
        prop_assert_eq!(ScanListing::parse(&written(|out| scan.encode(out))), Ok(scan));
        let unique_id = UniqueId::parse(id.as_bytes()).unwrap();
        let listing = UniqueIdListing { message, unique_id };
        let bytes = written(|out| listing.encode(out));
        prop_assert_eq!(UniqueIdListing::parse(&bytes), Ok(listing));
    }

    #[test]
    fn capability_lists(offer in capabilities()) {
        let bytes = written(|out| offer.encode(out));
        let mut read = Capabilities::default();
        for line in String::from_utf8(bytes).unwrap().lines() {
            read.read_line(line.as_bytes());
        }
        prop_assert_eq!(read, offer);
    }

    /// What is read can be written, and is the same then.
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        if let Ok(command) = Command::parse(&bytes) {
            let again = written(|out| command.encode(out));
            prop_assert_eq!(Command::parse(line(&again)), Ok(command));
        }
        for status in [&b""[..], b"+OK ", b"-ERR ["] {
            let whole = [status, &bytes].concat();
            if let Ok(response) = Response::parse(&whole) {
                let again = written(|out| response.encode(out));
                prop_assert_eq!(Response::parse(line(&again)).unwrap().text(), response.text());
            }
        }
        let _ = (ScanListing::parse(&bytes), UniqueIdListing::parse(&bytes), DropListing::parse(&bytes));
        let _ = (LanguageListing::parse(&bytes), LanguageRange::parse(&bytes), Timestamp::find(&bytes));
        Capabilities::default().read_line(&bytes);
    }

    #[test]
    fn any_bytes_to_the_server(
        words in prop::collection::vec(prop::sample::select(&[
            "USER a\r\n", "PASS b\r\n", "STLS\r\n", "CAPA\r\n", "LIST\r\n", "RETR 1\r\n", "DELE 2\r\n",
            "TOP 1 1\r\n", "UIDL\r\n", "RSET\r\n", "NOOP\r\n", "QUIT\r\n", "STAT\r\n", "\r", "\n", ".", "x",
            "RETR", "\0", "UTF8\r\n", "LANG\r\n", "LANG *\r\n", "LANG x\r\n",
            "APOP a 00000000000000000000000000000000\r\n", "AUTH PLAIN\r\n", "AUTH PLAIN =\r\n", "*\r\n", "YQ==\r\n",
        ][..]), 0..30),
        noise in prop::collection::vec(any::<u8>(), 0..20),
        cut in 1_usize..40,
    ) {
        let mut config = Config::default();
        config.allow_plaintext_auth = true;
        let bytes = [words.concat().as_bytes(), &noise].concat();
        let mut offer = Capabilities::all();
        offer.sasl.push("PLAIN".to_owned());
        offer.utf8 = Some(Utf8 { user: true });
        config.languages = Some([Language::ENGLISH].into());
        let mut server = Server::new(offer, config);
        let mut pieces = 0;
        drive(&mut server, &bytes, cut, |server| {
            pieces += 1;
            let piece = Bytes::from("a\r\n");
            let listing = DropListing { messages: 3, octets: 30 };
            let done = (pieces % 4 != 0 && server.message(piece).is_ok())
                || server.end_message().is_ok()
                || (pieces % 5 == 0 && server.open(listing).is_ok())
                || server.size(10).is_ok()
                || server.unique_id(UniqueId::parse(b"x").unwrap()).is_ok()
                || (pieces % 3 != 0 && server.challenge(b"a").is_ok())
                || (pieces % 2 == 0
                    && server.ok_with_timestamp(Text::NONE, Timestamp::parse(b"<a@b>").unwrap()).is_ok())
                || server.ok(Text::NONE).is_ok()
                || server.err(None, Text::NONE).is_ok();
            assert!(done);
        });
    }

    #[test]
    fn any_bytes_to_the_client(
        words in prop::collection::vec(prop::sample::select(&[
            "+OK\r\n", "-ERR x\r\n", "+OK 1 2\r\n", "1 2\r\n", ".\r\n", "..\r\n", "PIPELINING\r\n", "\r", "\n",
            ".", "x", "+OK", "\0", "+ \r\n", "+ YQ==\r\n", "+ Y\r\n", "+OK en x\r\n", "en x\r\n",
        ][..]), 0..40),
        noise in prop::collection::vec(any::<u8>(), 0..20),
        cut in 1_usize..40,
    ) {
        let bytes = [&b"+OK\r\n"[..], words.concat().as_bytes(), &noise].concat();
        let one = MessageNumber::new(1).unwrap();
        let mut client = Client::over_tls(Config::default());
        let (user, password) = (UserName::parse(b"a").unwrap(), Password::parse(b"b").unwrap());
        for command in [
            client.capa(),
            client.utf8(),
            client.languages(),
            client.lang(LanguageRange::Any),
            client.authenticate("PLAIN", None),
            client.authenticate("PLAIN", Some(b"a")),
            client.login(user, password),
            client.stat(),
            client.list(None),
            client.list(Some(one)),
            client.uidl(None),
            client.uidl(Some(one)),
            client.retr(one),
            client.top(one, 2),
            client.dele(one),
            client.rset(),
            client.noop(),
            client.quit(),
        ] {
            prop_assert_eq!(command, Ok(()));
        }
        let mut challenges = 0;
        drive(&mut client, &bytes, cut, |client| {
            challenges += 1;
            let done = match challenges % 2 {
                0 => client.authenticate_response(b"b"),
                _ => client.cancel_authentication(),
            };
            assert_eq!(done, Ok(()));
        });
    }
}
