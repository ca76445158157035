//! What a hostile or broken peer can make a machine do: little, and not for long.
#![cfg(test)]

use bytes::Buf;
use core::{mem::size_of, time::Duration};
use mailrail_pop3::{
    Capabilities, Client, Config, DropListing, Error, LanguageRange, MessageNumber, Misuse,
    Password, ResponseCode, Server, Text, UserName, client, server,
};
use mailrail_wire::{Connection, Input, Step, Time};

fn at(seconds: u64) -> Time {
    Time::from_start(Duration::from_secs(seconds))
}

fn plaintext() -> Config {
    let mut config = Config::default();
    config.allow_plaintext_auth = true;
    config
}

/// A client that has been greeted and has sent `commands`.
fn client(commands: impl FnOnce(&mut Client)) -> (Client, Input) {
    let (mut client, mut input) = (Client::new(plaintext()), Input::default());
    input.extend(b"+OK\r\n");
    assert_eq!(client.poll(at(0), &mut input), Ok(Step::Event));
    assert!(client.event(&mut input).is_ok());
    commands(&mut client);
    assert!(matches!(client.poll(at(0), &mut input), Ok(Step::Write { .. })));
    let output = client.output();
    output.advance(output.remaining());
    (client, input)
}

/// A server with `messages` messages and someone logged in.
fn server(messages: u32) -> (Server, Input) {
    let (mut server, mut input) = (Server::new(Capabilities::all(), plaintext()), Input::default());
    input.extend(b"USER a\r\nPASS b\r\n");
    assert_eq!(server.poll(at(0), &mut input), Ok(Step::Event));
    assert_eq!(server.event(&mut input), Ok(server::Event::Connected));
    assert_eq!(server.poll(at(0), &mut input), Ok(Step::Answer));
    server.ok(Text::NONE).unwrap();
    assert_eq!(server.poll(at(0), &mut input), Ok(Step::Event));
    assert!(matches!(server.event(&mut input), Ok(server::Event::Login { .. })));
    server.open(DropListing { messages, octets: 1 }).unwrap();
    let output = server.output();
    output.advance(output.remaining());
    (server, input)
}

#[test]
fn an_idle_connection_is_small() {
    assert!(size_of::<Client>() <= 700, "{}", size_of::<Client>());
    assert!(size_of::<Server>() <= 700, "{}", size_of::<Server>());
}

#[test]
fn an_endless_line_is_not_held_by_the_server() {
    let (mut server, mut input) = server(0);
    for _ in 0..1_000 {
        assert!(matches!(server.poll(at(1), &mut input), Ok(Step::Read { .. })));
        input.extend(&[b'x'; 10_000]);
        assert!(input.capacity() <= 64 * 1024);
    }
    // It does not move the deadline either.
    assert_eq!(server.poll(at(601), &mut input), Err(Error::TimedOut));
}

#[test]
fn an_endless_line_ends_the_client() {
    let (mut client, mut input) = client(|client| client.noop().unwrap());
    input.extend(&[b'x'; 512]);
    let end = Err(Error::LineTooLong { limit: 512 });
    assert_eq!(client.poll(at(0), &mut input), end);
    assert_eq!(client.poll(at(0), &mut input), end);
}

#[test]
fn too_many_errors() {
    let (mut server, mut input) = server(0);
    for _ in 0..20 {
        input.extend(b"WHAT\r\n");
        assert!(matches!(server.poll(at(0), &mut input), Ok(Step::Write { .. })));
        let output = server.output();
        output.advance(output.remaining());
    }
    input.extend(b"WHAT\r\nNOOP\r\n");
    assert!(matches!(server.poll(at(0), &mut input), Ok(Step::Write { .. })));
    assert_eq!(server.output().chunk(), b"-ERR unknown command or bad arguments\r\n");
    let output = server.output();
    output.advance(output.remaining());
    assert_eq!(server.poll(at(0), &mut input), Err(Error::TooManyErrors));
}

#[test]
fn a_client_that_does_not_read() {
    let (mut server, mut input) = server(1);
    // It may ask as much as it likes: past the limit of the output nothing more is taken.
    input.extend(b"STAT\r\n".repeat(2_000).as_slice());
    assert!(matches!(server.poll(at(0), &mut input), Ok(Step::Write { .. })));
    assert!(server.output().len() <= 4_200 && !input.is_empty());
    assert!(matches!(server.poll(at(299), &mut input), Ok(Step::Write { .. })));
    assert_eq!(server.poll(at(300), &mut input), Err(Error::TimedOut));
    assert_eq!(server.poll(at(300), &mut input), Err(Error::TimedOut));
}

#[test]
fn twenty_thousand_messages_are_listed_in_bounded_memory() {
    let (mut server, mut input) = server(20_000);
    input.extend(b"DELE 3\r\nLIST\r\n");
    let (mut asked, mut lines) = (0_u32, 0);
    loop {
        match server.poll(at(0), &mut input).unwrap() {
            Step::Event => {
                assert!(matches!(server.event(&mut input), Ok(server::Event::WantSize(_))));
                asked += 1;
                server.size(1_000).unwrap();
            }
            Step::Write { .. } => {
                let output = server.output();
                assert!(output.len() < 4_200);
                let text = output.copy_to_bytes(output.remaining());
                lines += text.iter().filter(|&&byte| byte == b'\n').count();
            }
            Step::Read { .. } => break,
            step => panic!("not expected: {step:?}"),
        }
    }
    // DELE asks for one size; two answers begin with a line, and the list ends with one.
    assert_eq!((asked, lines), (20_000, 19_999 + 3));
}

#[test]
fn an_endless_listing_is_not_held_by_the_client() {
    let (mut client, mut input) = client(|client| client.list(None).unwrap());
    input.extend(b"+OK\r\n");
    let mut entries = 0;
    while entries < 100_000 {
        match client.poll(at(0), &mut input).unwrap() {
            Step::Event => {
                if let Ok(client::Event::Scan { .. }) = client.event(&mut input) {
                    entries += 1;
                }
            }
            Step::Read { .. } => {
                assert!(input.capacity() <= 32 * 1024);
                input.extend(&b"1 2\r\n".repeat(100));
            }
            step => panic!("not expected: {step:?}"),
        }
    }
}

#[test]
fn too_many_capabilities() {
    let (mut client, mut input) = client(|client| client.capa().unwrap());
    input.extend(b"+OK\r\n");
    let error = loop {
        match client.poll(at(0), &mut input) {
            Ok(Step::Read { .. }) => input.extend(b"X-A\r\n"),
            Ok(step) => panic!("not expected: {step:?}"),
            Err(error) => break error,
        }
    };
    assert_eq!(error, Error::TooManyCapabilities);
}

#[test]
fn a_message_that_drips() {
    let one = MessageNumber::new(1).unwrap();
    let (mut client, mut input) = client(|client| client.retr(one).unwrap());
    input.extend(b"+OK\r\n");
    let mut now = 0;
    let error = loop {
        match client.poll(at(now), &mut input) {
            Ok(Step::Event) => assert!(client.event(&mut input).is_ok()),
            Ok(Step::Read { .. }) => {
                now += 1;
                input.extend(b"x");
            }
            Ok(step) => panic!("not expected: {step:?}"),
            Err(error) => break error,
        }
    };
    assert_eq!((error, now), (Error::TimedOut, 300));
}

#[test]
fn an_answer_to_nothing() {
    let (mut client, mut input) = client(|client| client.noop().unwrap());
    input.extend(b"+OK\r\n-ERR going down\r\n");
    assert_eq!(client.poll(at(0), &mut input), Ok(Step::Event));
    assert!(client.event(&mut input).is_ok());
    assert_eq!(client.poll(at(0), &mut input), Err(Error::Unsolicited));
}

#[test]
fn a_close_at_each_byte_is_told() {
    let answers = b"+OK\r\n+OK 1 2\r\n+OK\r\nab\r\n.\r\n+OK\r\n";
    for len in 0..answers.len() {
        let (mut client, mut input) = (Client::new(plaintext()), Input::default());
        client.stat().unwrap();
        client.retr(MessageNumber::new(1).unwrap()).unwrap();
        client.quit().unwrap();
        let mut rest = Some(&answers[..len]);
        let error = loop {
            match client.poll(at(0), &mut input) {
                Ok(Step::Event) => assert!(client.event(&mut input).is_ok()),
                Ok(Step::Write { .. }) => {
                    let output = client.output();
                    output.advance(output.remaining());
                }
                Ok(Step::Read { .. }) => match rest.take() {
                    Some([]) | None => input.received(0),
                    Some([first, later @ ..]) => {
                        input.extend(&[*first]);
                        rest = Some(later);
                    }
                },
                Ok(step) => panic!("not expected: {step:?}"),
                Err(error) => break error,
            }
        };
        assert_eq!(error, Error::Closed, "{len}");
    }
}

/// What gives a client a command.
type Command<'a> = dyn Fn(&mut Client) -> Result<(), Misuse> + 'a;

#[test]
fn a_refusal_of_each_command_is_told_and_the_talk_goes_on() {
    let user = UserName::parse(b"a").unwrap();
    let password = Password::parse(b"b").unwrap();
    let one = MessageNumber::new(1).unwrap();
    let commands: [&Command<'_>; 18] = [
        &|client| client.capa(),
        &|client| client.stls(),
        &|client| client.login(user, password),
        &|client| client.apop(user, password),
        &|client| client.authenticate("X-A", None),
        &|client| client.utf8(),
        &|client| client.languages(),
        &|client| client.lang(LanguageRange::Any),
        &|client| client.stat(),
        &|client| client.list(None),
        &|client| client.list(Some(one)),
        &|client| client.uidl(None),
        &|client| client.uidl(Some(one)),
        &|client| client.retr(one),
        &|client| client.top(one, 1),
        &|client| client.dele(one),
        &|client| client.rset(),
        &|client| client.noop(),
    ];
    for (n, command) in commands.into_iter().enumerate() {
        let (mut client, mut input) = (Client::new(plaintext()), Input::default());
        input.extend(b"+OK <a@b>\r\n");
        assert_eq!(client.poll(at(0), &mut input), Ok(Step::Event));
        assert!(client.event(&mut input).is_ok());
        command(&mut client).unwrap();
        let mut told = Vec::new();
        for answer in ["-ERR [SYS/TEMP] no\r\n", "+OK\r\n"] {
            assert!(matches!(client.poll(at(0), &mut input), Ok(Step::Write { .. })), "{n}");
            let output = client.output();
            output.advance(output.remaining());
            input.extend(answer.as_bytes());
            assert_eq!(client.poll(at(0), &mut input), Ok(Step::Event), "{n}");
            match client.event(&mut input).unwrap() {
                client::Event::Err { code, text, .. } => {
                    assert_eq!((code, text), (Some(ResponseCode::SYS_TEMP), &b"no"[..]));
                    told.push("no");
                }
                client::Event::Ok { request: client::Request::Noop, .. } => told.push("ok"),
                event => panic!("{n}: {event:?}"),
            }
            if told.len() == 1 {
                client.noop().unwrap();
            }
        }
        assert_eq!(told, ["no", "ok"], "{n}");
    }
}

#[test]
fn a_client_that_goes_at_each_byte_deletes_nothing() {
    let commands = b"CAPA\r\nUSER a\r\nPASS b\r\nDELE 1\r\nRETR 2\r\nQUIT\r\n";
    for len in 0..=commands.len() {
        let mut server = Server::new(Capabilities::all(), plaintext());
        let (mut input, mut rest, mut quits) = (Input::default(), commands[..len].iter(), 0);
        let ended = loop {
            match server.poll(at(0), &mut input) {
                Ok(Step::Event) => match server.event(&mut input).unwrap() {
                    server::Event::Login { .. } => {
                        server.open(DropListing { messages: 2, octets: 2 }).unwrap();
                    }
                    server::Event::WantSize(_) => server.size(1).unwrap(),
                    server::Event::WantMessage => server.end_message().unwrap(),
                    server::Event::EndOfMessage(_) => {}
                    server::Event::Quit { deleted } => {
                        quits += deleted.len();
                        server.ok(Text::NONE).unwrap();
                    }
                    _ => server.ok(Text::NONE).unwrap(),
                },
                Ok(Step::Write { .. }) => {
                    let output = server.output();
                    output.advance(output.remaining());
                }
                Ok(Step::Read { .. }) => match rest.next() {
                    Some(byte) => input.extend(&[*byte]),
                    None => input.received(0),
                },
                Ok(Step::Close) => break Ok(()),
                Ok(step) => panic!("not expected: {step:?}"),
                Err(error) => break Err(error),
            }
        };
        let is_whole = len == commands.len();
        assert_eq!(
            (ended, quits),
            (if is_whole { Ok(()) } else { Err(Error::Closed) }, u32::from(is_whole))
        );
    }
}

#[test]
fn events_only_where_they_are() {
    let (mut client, mut input) = (Client::new(plaintext()), Input::default());
    assert_eq!(client.event(&mut input), Err(Error::NoEvent));
    let mut server = Server::new(Capabilities::all(), plaintext());
    assert!(server.event(&mut input).is_ok());
    assert_eq!(server.event(&mut input), Err(Error::NoEvent));
    client.upgraded();
    server.upgraded();
    assert!(!client.is_secured() && !server.is_secured());
}
