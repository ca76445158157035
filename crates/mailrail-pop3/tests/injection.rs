//! Nothing that a caller or a peer says becomes a command, a line or a secret told.
#![cfg(test)]

use bytes::{Buf, Bytes};
use mailrail_pop3::{
    Capabilities, Client, Config, DropListing, Error, MessageNumber, Misuse, Password,
    ResponseCode, Server, Text, UniqueId, UserName, client, server,
};
use mailrail_wire::{Connection, Input, Step, Time, Upgrade};

/// Polls until nothing is left to be written, and tells what was, and what comes then.
fn written<C: Connection>(conn: &mut C, input: &mut Input) -> (Vec<u8>, Result<Step, C::Error>) {
    let mut all = Vec::new();
    loop {
        match conn.poll(Time::default(), input) {
            Ok(Step::Write { .. }) => {
                let output = conn.output();
                all.extend(output.copy_to_bytes(output.remaining()));
            }
            step => return (all, step),
        }
    }
}

fn server(allow_plaintext: bool) -> (Server, Input) {
    let mut config = Config::default();
    config.allow_plaintext_auth = allow_plaintext;
    let (mut server, mut input) = (Server::new(Capabilities::all(), config), Input::default());
    assert_eq!(server.poll(Time::default(), &mut input), Ok(Step::Event));
    assert_eq!(server.event(&mut input), Ok(server::Event::Connected));
    server.ok(Text::NONE).unwrap();
    assert_eq!(written(&mut server, &mut input).0, b"+OK\r\n");
    (server, input)
}

#[test]
fn no_value_holds_a_line_end() {
    for bytes in [&b"a\r\nDELE 1"[..], b"a\nDELE 1", b"a\rDELE 1", b"a\0"] {
        let text = core::str::from_utf8(bytes).unwrap();
        assert!(UserName::parse(bytes).is_err());
        assert!(Password::parse(bytes).is_err());
        assert!(UniqueId::parse(bytes).is_err());
        assert!(ResponseCode::parse(bytes).is_err());
        assert!(Text::new(text).is_err());
    }
}

#[test]
fn plaintext_behind_stls_ends_the_server() {
    let (mut server, mut input) = server(false);
    input.extend(b"STLS\r\nUSER evil\r\n");
    assert_eq!(written(&mut server, &mut input), (Vec::new(), Ok(Step::Event)));
    assert_eq!(server.event(&mut input), Ok(server::Event::StartTls));
    server.ok(Text::NONE).unwrap();
    let end = (b"+OK\r\n".to_vec(), Err(Error::PlaintextAfterStls));
    assert_eq!(written(&mut server, &mut input), end);
    assert_eq!(written(&mut server, &mut input).1, end.1);
}

#[test]
fn plaintext_behind_the_answer_to_stls_ends_the_client() {
    let (mut client, mut input) = (Client::new(Config::default()), Input::default());
    client.stls().unwrap();
    input.extend(b"+OK\r\n");
    assert_eq!(written(&mut client, &mut input).1, Ok(Step::Event));
    assert!(matches!(client.event(&mut input), Ok(client::Event::Greeting { .. })));
    assert_eq!(written(&mut client, &mut input).0, b"STLS\r\n");
    input.extend(b"+OK\r\n+OK evil\r\n");
    assert_eq!(written(&mut client, &mut input).1, Err(Error::PlaintextAfterStls));
    assert_eq!(written(&mut client, &mut input).1, Err(Error::PlaintextAfterStls));
    assert_eq!(client.noop(), Err(Misuse::Over));
}

#[test]
fn what_was_said_before_tls_is_forgotten() {
    let (mut server, mut input) = server(true);
    input.extend(b"USER mallory\r\n");
    assert_eq!(written(&mut server, &mut input).0, b"+OK send PASS\r\n");
    input.extend(b"STLS\r\n");
    assert_eq!(written(&mut server, &mut input).1, Ok(Step::Event));
    assert_eq!(server.event(&mut input), Ok(server::Event::StartTls));
    server.ok(Text::NONE).unwrap();
    assert_eq!(written(&mut server, &mut input).1, Ok(Step::Upgrade(Upgrade::Tls)));
    server.upgraded();
    assert!(server.is_secured());
    assert_eq!(written(&mut server, &mut input).1, Ok(Step::Event));
    assert_eq!(server.event(&mut input), Ok(server::Event::Secured));
    input.extend(b"PASS secret\r\n");
    assert_eq!(written(&mut server, &mut input).0, b"-ERR USER comes first\r\n");
}

#[test]
fn no_secret_is_shown() {
    let mut config = Config::default();
    config.allow_plaintext_auth = true;
    let mut client = Client::new(config);
    let (user, password) =
        (UserName::parse(b"mrose").unwrap(), Password::parse(b"sesame").unwrap());
    client.login(user, password).unwrap();
    client.authenticate("PLAIN", Some(b"\0a\0sesame")).unwrap();
    assert_eq!(client.authenticate("A\r\nB", None), Err(Misuse::Mechanism));
    assert!(!format!("{client:?} {password:?}").contains("sesame"));
    let mut input = Input::default();
    input.extend(b"+OK\r\n");
    assert_eq!(written(&mut client, &mut input).1, Ok(Step::Event));
    assert!(client.event(&mut input).is_ok());
    assert_eq!(written(&mut client, &mut input).0, b"USER mrose\r\n");
    assert!(!format!("{client:?}").contains("sesame"));

    let (mut server, mut input) = server(true);
    input.extend(b"USER mrose\r\nPASS sesame\r\n");
    assert_eq!(written(&mut server, &mut input).1, Ok(Step::Event));
    let event = server.event(&mut input).unwrap();
    assert!(!format!("{event:?} {server:?}").contains("sesame"));
}

#[test]
fn a_stored_message_cannot_break_out() {
    let (mut server, mut input) = server(true);
    input.extend(b"USER mrose\r\nPASS sesame\r\nRETR 1\r\n");
    assert_eq!(written(&mut server, &mut input).1, Ok(Step::Event));
    assert!(server.event(&mut input).is_ok());
    server.open(DropListing { messages: 1, octets: 1 }).unwrap();
    assert_eq!(written(&mut server, &mut input).1, Ok(Step::Event));
    let one = MessageNumber::new(1).unwrap();
    assert_eq!(server.event(&mut input), Ok(server::Event::Retr(one)));
    // Answers to other questions change nothing.
    assert_eq!(server.size(1), Err(Misuse::NotAsked));
    assert_eq!(server.open(DropListing::default()), Err(Misuse::NotAsked));
    assert_eq!(server.end_message(), Err(Misuse::NotAsked));
    server.ok(Text::NONE).unwrap();
    for piece in [".\r", "\n.\r\n", "..\r\n"] {
        assert_eq!(written(&mut server, &mut input).1, Ok(Step::Event));
        assert_eq!(server.event(&mut input), Ok(server::Event::WantMessage));
        assert!(matches!(server.message(Bytes::from("x\n.\r\n")), Err(Misuse::BareLineEnd(_))));
        assert_eq!(server.err(None, Text::NONE), Err(Misuse::NotAsked));
        assert_eq!(server.message(Bytes::from(piece)), Ok(()));
        let output = server.output();
        let at = output.copy_to_bytes(output.remaining());
        assert!(!at.starts_with(b".\r\n") && !at.windows(5).any(|part| part == b"\r\n.\r\n"));
    }
}
