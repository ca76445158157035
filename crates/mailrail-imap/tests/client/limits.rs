//! What a hostile or broken server can make a client do: little, and not for long.

use super::dialogue::show;
use bytes::{Buf, Bytes};
use core::{mem::size_of, time::Duration};
use mailrail_imap::{
    Client, Config, Error, Misuse,
    client::{Event, Verb},
    response::Status,
    types::{FetchAttribute, Mailbox, SearchKey, Section},
};
use mailrail_testing::Shown;
use mailrail_wire::{Connection, Input, Step, Time, Upgrade};
use proptest::prelude::*;

fn at(seconds: u64) -> Time {
    Time::from_start(Duration::from_secs(seconds))
}

fn written(client: &mut Client) -> Bytes {
    let output = client.output();
    output.copy_to_bytes(output.remaining())
}

/// Takes the events that are there.
fn events(client: &mut Client, input: &mut Input) -> Vec<String> {
    let mut shown = Vec::new();
    while client.poll(at(0), input) == Ok(Step::Event) {
        shown.push(match show(&client.event(input).unwrap()) {
            Shown::Text(text) => text,
            Shown::Bulk(name, bytes) => format!("{name} {}", bytes.len()),
        });
    }
    shown
}

/// A client with INBOX selected that has sent `commands`.
fn client(commands: impl FnOnce(&mut Client)) -> (Client, Input) {
    let (mut client, mut input) = (Client::new(Config::default()), Input::default());
    input.extend(b"* PREAUTH hello\r\n");
    assert_eq!(events(&mut client, &mut input).len(), 1);
    client.select(Mailbox::inbox()).unwrap();
    assert!(matches!(client.poll(at(0), &mut input), Ok(Step::Write { .. })));
    assert_eq!(written(&mut client), "A1 SELECT INBOX\r\n");
    input.extend(b"A1 OK done\r\n");
    assert_eq!(events(&mut client, &mut input), ["Select A1 OK done"]);
    assert!(client.is_selected() && client.is_authenticated());
    commands(&mut client);
    if let Ok(Step::Write { .. }) = client.poll(at(0), &mut input) {
        written(&mut client);
    }
    (client, input)
}

fn body() -> FetchAttribute<'static> {
    FetchAttribute::section(Section::whole(), None, true)
}

#[test]
fn an_idle_client_is_small() {
    assert!(size_of::<Client>() <= 512, "{}", size_of::<Client>());
}

#[test]
fn injection_behind_starttls() {
    for late in [false, true] {
        let (mut client, mut input) = (Client::new(Config::default()), Input::default());
        input.extend(b"* OK hello\r\n");
        events(&mut client, &mut input);
        client.starttls().unwrap();
        assert!(matches!(client.poll(at(0), &mut input), Ok(Step::Write { .. })));
        written(&mut client);
        input.extend(b"A1 OK go\r\n");
        if !late {
            input.extend(b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n");
        }
        assert_eq!(client.poll(at(0), &mut input), Ok(Step::Event));
        assert!(matches!(
            client.event(&mut input),
            Ok(Event::Completed { command: Verb::StartTls, status: Status::Ok, .. })
        ));
        if late {
            assert_eq!(client.poll(at(0), &mut input), Ok(Step::Upgrade(Upgrade::Tls)));
            input.extend(b"*");
        }
        for _ in 0..2 {
            assert_eq!(client.poll(at(0), &mut input), Err(Error::PlaintextBehindStartTls));
        }
        assert!(!client.is_secured());
        assert_eq!(client.noop(), Err(Misuse::Closed));
    }
}

#[test]
fn a_close_at_each_byte_is_told() {
    let answers = b"* OK [UIDNEXT 7] x\r\n* 1 FETCH (FLAGS () BODY[] {3}\r\nabc)\r\nA2 OK\r\n";
    for len in 0..=answers.len() {
        let (mut client, mut input) = client(|client| {
            client.fetch("1".parse().unwrap(), [body()]).unwrap();
        });
        for byte in &answers[..len] {
            input.extend(&[*byte]);
            events(&mut client, &mut input);
        }
        input.received(0);
        assert_eq!(client.poll(at(0), &mut input), Err(Error::Closed), "{len}");
    }
}

/// However a long message is cut, no more of it is held than what has come.
#[test]
fn a_long_literal_is_streamed() {
    for piece in [1_000, 4_096, 16_384] {
        let (mut client, mut input) = client(|client| {
            client.uid_fetch("1".parse().unwrap(), [body()]).unwrap();
        });
        let total = 10 * 1024 * 1024;
        input.extend(format!("* 1 FETCH (UID 1 BODY[] {{{total}}}\r\n").as_bytes());
        let (mut left, mut seen) = (total, 0);
        loop {
            match client.poll(at(0), &mut input).unwrap() {
                Step::Event => match client.event(&mut input).unwrap() {
                    Event::Literal(octets) => seen += octets.len(),
                    Event::Fetch(it) => assert_eq!(it.is_last(), seen == total),
                    Event::Completed { .. } => break,
                    event => panic!("{event:?}"),
                },
                Step::Read { .. } if left == 0 => input.extend(b")\r\nA2 OK done\r\n"),
                Step::Read { .. } => {
                    let n = piece.min(left);
                    input.extend(&vec![b'}'; n]);
                    left -= n;
                }
                step => panic!("{step:?}"),
            }
            assert!(input.capacity() <= 64 * 1024);
        }
        assert_eq!(seen, total);
    }
}

#[test]
fn a_long_search_comes_in_parts() {
    let (mut client, mut input) = client(|client| {
        client.uid_search(None, [SearchKey::All]).unwrap();
    });
    input.extend(b"* SEARCH");
    let (mut next, mut seen) = (1_u32, 0_u32);
    loop {
        match client.poll(at(0), &mut input).unwrap() {
            Step::Event => match client.event(&mut input).unwrap() {
                Event::Search(part) => {
                    for n in part.numbers {
                        seen += 1;
                        assert_eq!(n.get(), seen);
                    }
                    assert_eq!(part.last, seen == 100_000);
                }
                Event::Completed { .. } => break,
                event => panic!("{event:?}"),
            },
            Step::Read { .. } if next > 100_000 => input.extend(b"\r\nA2 OK done\r\n"),
            Step::Read { .. } => {
                input.extend(format!(" {next}").as_bytes());
                next += 1;
            }
            step => panic!("{step:?}"),
        }
        assert!(input.capacity() <= 64 * 1024);
    }
}

#[test]
fn a_literal_that_drips_ends() {
    let (mut client, mut input) = client(|client| {
        client.fetch("1".parse().unwrap(), [body()]).unwrap();
    });
    input.extend(b"* 1 FETCH (BODY[] {100000}\r\n");
    let mut now = 0;
    let error = loop {
        match client.poll(at(now), &mut input) {
            Ok(Step::Event) => assert!(client.event(&mut input).is_ok()),
            Ok(Step::Read { .. }) => {
                now += 1;
                input.extend(b"x");
            }
            Ok(step) => panic!("{step:?}"),
            Err(error) => break error,
        }
    };
    assert_eq!((error, now), (Error::TimedOut, 300));
}

#[test]
fn a_server_that_does_not_read() {
    let (mut client, mut input) = client(|client| {
        client.append(Mailbox::inbox(), [], None, 1_000).unwrap();
    });
    input.extend(b"+ go\r\n");
    assert_eq!(events(&mut client, &mut input), ["WantMessage"]);
    assert_eq!(client.poll(at(1_000), &mut input), Ok(Step::Answer));
    client.message(Bytes::from(vec![b'x'; 500])).unwrap();
    let until = Some(at(1_300));
    assert_eq!(client.poll(at(1_000), &mut input), Ok(Step::Write { until }));
    assert_eq!(client.poll(at(1_299), &mut input), Ok(Step::Write { until }));
    assert_eq!(client.poll(at(1_300), &mut input), Err(Error::TimedOut));
}

/// What a server says before it hangs up is told, though the message was not sent to its end.
#[test]
fn a_refusal_and_a_close_in_the_middle_of_a_message() {
    let (mut client, mut input) = client(|client| {
        client.append(Mailbox::inbox(), [], None, 1_000).unwrap();
    });
    input.extend(b"+ go\r\n");
    assert_eq!(events(&mut client, &mut input), ["WantMessage"]);
    client.message(Bytes::from(vec![b'x'; 500])).unwrap();
    input.extend(b"* OK wait\r\nA2 NO [OVERQUOTA] full\r\n");
    assert_eq!(events(&mut client, &mut input), ["* OK wait"]);
    input.received(0);
    assert_eq!(events(&mut client, &mut input), ["Append A2 NO [OVERQUOTA] full"]);
    assert_eq!(client.poll(at(0), &mut input), Err(Error::Closed));
}

#[test]
fn pipelining_has_a_limit() {
    let (mut client, mut input) = client(|client| {
        for _ in 0..100 {
            client.noop().unwrap();
        }
    });
    assert!(matches!(client.poll(at(0), &mut input), Ok(Step::Read { .. })));
    input.extend(b"A2 OK\r\n");
    assert_eq!(events(&mut client, &mut input).len(), 1);
    assert_eq!(written(&mut client), "A18 NOOP\r\n");
}

#[test]
fn arguments_that_fit_no_command() {
    let (mut client, _) = client(|_| ());
    let set = || "1".parse().unwrap();
    let misuse = Err(Misuse::Argument);
    assert_eq!(client.fetch(set(), []), misuse);
    assert_eq!(client.status(Mailbox::inbox(), []), misuse);
    assert_eq!(client.append(Mailbox::inbox(), [], None, 1 << 63), misuse);
    let recent = [mailrail_imap::types::Flag::Recent];
    let mode = mailrail_imap::command::StoreMode::Add;
    assert_eq!(client.store(set(), mode, true, recent.clone()), misuse);
    assert_eq!(client.append(Mailbox::inbox(), recent, None, 1), misuse);
    let (mut client, mut input) = (Client::over_tls(Config::default()), Input::default());
    input.extend(b"* OK hello\r\n");
    events(&mut client, &mut input);
    assert_eq!(client.authenticate("A\r\nB", None), misuse);
    assert!(client.noop().is_ok());
}

#[test]
fn events_only_where_they_are() {
    let (mut client, mut input) = (Client::new(Config::default()), Input::default());
    assert_eq!(client.event(&mut input), Err(Error::NoEvent));
    client.upgraded();
    assert!(!client.is_secured());
}

#[test]
fn nothing_shows_a_password() {
    let (mut client, mut input) = (Client::over_tls(Config::default()), Input::default());
    input.extend(b"* OK hello\r\n");
    events(&mut client, &mut input);
    client.authenticate("PLAIN", Some(b"\0tim\0tanstaaftanstaaf")).unwrap();
    let held = format!("{client:?}");
    assert!(matches!(client.poll(at(0), &mut input), Ok(Step::Write { .. })));
    for shown in [held, format!("{client:?}")] {
        assert!(!shown.contains("tanst") && !shown.contains("116, 97, 110"), "{shown}");
    }
}

proptest! {
    /// Whatever a server sends, the client ends with an error or goes on.
    #[test]
    fn any_bytes(pieces in prop::collection::vec(
        prop_oneof![
            prop::collection::vec(any::<u8>(), 0..20),
            prop::sample::select(vec![
                &b"* OK x\r\n"[..], b"* PREAUTH\r\n", b"A1 OK x\r\n", b"A2 NO x\r\n", b"+ \r\n",
                b"* 1 FETCH (BODY[] {3}\r\n", b"abc", b" UID 1)\r\n", b")\r\n", b"* SEARCH 1 2",
                b"* LIST () {1}\r\n", b"* BYE x\r\n", b"\r\n", b"* CAPABILITY LITERAL+\r\n",
            ]).prop_map(<[u8]>::to_vec),
        ], 0..30)) {
        let mut config = Config::default();
        config.allow_plaintext_auth = true;
        let (mut client, mut input) = (Client::new(config), Input::default());
        let mut pieces = pieces.into_iter();
        let mut turn = 0;
        for _ in 0..1_000 {
            match client.poll(at(0), &mut input) {
                Ok(Step::Event) => {
                    let before = input.bytes().len();
                    prop_assert!(client.event(&mut input).is_ok());
                    prop_assert!(input.bytes().len() <= before);
                    turn += 1;
                    let _ = match turn % 7 {
                        0 => client.starttls(),
                        1 => client.authenticate("PLAIN", None),
                        2 => client.select(Mailbox::inbox()),
                        3 => client.append(Mailbox::inbox(), [], None, 3),
                        4 => client.fetch("1:*".parse().unwrap(), [body()]),
                        5 => client.idle(),
                        _ => client.done().and_then(|()| client.noop()),
                    };
                }
                Ok(Step::Write { .. }) => drop(written(&mut client)),
                Ok(Step::Read { .. }) => match pieces.next() {
                    Some(piece) => input.extend(&piece),
                    None => input.received(0),
                },
                Ok(Step::Answer) => {
                    let _ = client.message(Bytes::from_static(b"abc"));
                    let _ = client.authenticate_response(b"x");
                }
                Ok(Step::Upgrade(_)) => client.upgraded(),
                Ok(Step::Close) => return Ok(()),
                Err(error) => {
                    prop_assert_eq!(client.poll(at(0), &mut input), Err(error));
                    return Ok(());
                }
            }
        }
        prop_assert!(false, "it does not end");
    }
}
