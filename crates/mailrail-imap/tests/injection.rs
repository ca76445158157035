//! No value of a caller can end the line that it is sent in.
#![cfg(test)]

use bytes::{Buf, BytesMut};
use mailrail_imap::{
    Command, Literals, Response,
    command::{Login, Select},
    response::{OtherCode, ResponseCode, Status, StatusResponse},
    types::{Atom, Delimiter, Flag, IString, ListPattern, Mailbox, Tag, Text},
};
use mailrail_wire::{Output, Secret};

const EVIL: [&str; 4] = ["a\r\nA2 LOGOUT\r\n", "a\nb", "a\rb", "a\0b"];

fn wire(command: &Command<'_>) -> BytesMut {
    let mut encoded = command.encode(&Tag::numbered(1), Literals::Synchronizing);
    let mut bytes = BytesMut::new();
    while let Some(piece) = encoded.next_piece() {
        bytes.extend_from_slice(&piece);
    }
    bytes
}

#[test]
fn words_refuse_line_ends() {
    for evil in EVIL {
        assert!(Atom::new(evil).is_err());
        assert!(Tag::new(evil).is_err());
        assert!(Text::new(evil).is_err());
        let x = Atom::new("X").unwrap();
        assert!(OtherCode::new(x, Some(evil.as_bytes().into())).is_err());
    }
    for byte in [0, b'\r', b'\n', 0x80] {
        assert!(Delimiter::new(byte).is_err());
    }
    assert!(IString::try_from("a\0b").is_err());
    assert!(Mailbox::from_wire(&b"a\0b"[..]).is_err());
    assert!(ListPattern::from_wire(&b"a\0b"[..]).is_err());
    assert!(Atom::new("Seen)").map(Flag::Keyword).is_err());
}

#[test]
fn strings_with_line_ends_are_literals() {
    for evil in &EVIL[..3] {
        let user = IString::try_from(*evil).unwrap();
        let command = Command::Login(Login { user: user.clone(), password: Secret::new(user) });
        let wire = wire(&command);
        assert!(wire.starts_with(format!("A1 LOGIN {{{}}}\r\n{evil} {{", evil.len()).as_bytes()));
        assert_eq!(Command::parse(&wire).unwrap().1, command);
    }
}

#[test]
fn a_client_waits_before_it_sends_a_literal() {
    let mailbox = Mailbox::from_wire(&b"a\r\nA2 LOGOUT"[..]).unwrap();
    let command = Command::Select(Select { mailbox });
    let mut encoded = command.encode(&Tag::numbered(1), Literals::Synchronizing);
    assert_eq!(encoded.next_piece().unwrap(), "A1 SELECT {12}\r\n");
    assert!(!encoded.is_done());
    assert_eq!(encoded.next_piece().unwrap(), "a\r\nA2 LOGOUT\r\n");
    assert_eq!((encoded.next_piece(), encoded.is_done()), (None, true));
}

#[test]
fn names_of_people_have_no_line_ends() {
    for evil in EVIL {
        let mailbox = Mailbox::from_name(evil);
        assert_eq!(mailbox.name(), evil);
        let wire = wire(&Command::Select(Select { mailbox }));
        assert_eq!(wire.iter().filter(|b| b.is_ascii_control()).count(), 2);
    }
}

#[test]
fn a_text_cannot_become_a_code() {
    assert!(Text::new("[READ-ONLY] x").is_err());
    let response = Response::Status(StatusResponse {
        tag: None,
        status: Status::Ok,
        code: Some(ResponseCode::ALERT),
        text: Text::new("x [READ-ONLY]").unwrap(),
    });
    let mut out = Output::default();
    response.encode(&mut out);
    assert_eq!(out.copy_to_bytes(out.remaining()), "* OK [ALERT] x [READ-ONLY]\r\n");
}
