//! POP3: an idle connection is one that has logged in.

use crate::talk::{BULK, Held, Pieces, Talk, blocks};
use mailrail_pop3::client::Event as Heard;
use mailrail_pop3::server::Event as Asked;
use mailrail_pop3::{
    Capabilities, Client, Config, DropListing, MessageNumber, Password, Server, Text, UserName,
};
use std::sync::Arc;

pub fn client() -> Held {
    let mut talk = Talk::new(|| Client::over_tls(Config::default()));
    let login: [&[u8]; 5] = [
        b"+OK ready\r\n",
        b"+OK\r\nTOP\r\nUIDL\r\nUSER\r\nPIPELINING\r\n.\r\n",
        b"+OK\r\n",
        b"+OK 1 message\r\n",
        b"+OK 1 31457280\r\n",
    ];
    talk.say(login, |client, event| {
        if let Heard::Greeting { .. } = event {
            let user = UserName::parse(b"alice").expect("a name");
            let password = Password::parse(b"secret").expect("a password");
            client.capa().expect("its turn");
            client.login(user, password).expect("its turn");
            client.stat().expect("its turn");
        }
    });
    talk.is_idle();

    talk.conn.retr(MessageNumber::new(1).expect("a number")).expect("its turn");
    let mut size = 0;
    let wire = [&b"+OK\r\n"[..]].into_iter().chain(blocks()).chain([&b".\r\n"[..]]);
    talk.say(wire, |_, event| {
        if let Heard::Message { octets, .. } = event {
            size += octets.len();
        }
    });
    assert_eq!(size, BULK);
    talk.has_passed();
    talk.held
}

pub fn server() -> Held {
    let offer = Arc::new(Capabilities::all());
    let mut talk = Talk::new(|| Server::over_tls(offer, Config::default()));
    let mut pieces = Pieces::default();
    let mut answer = |server: &mut Server, event: Asked<'_>| match event {
        Asked::Login { .. } => {
            let maildrop = DropListing { messages: 1, octets: 31_457_280 };
            server.open(maildrop).expect("its turn");
        }
        Asked::WantMessage => match pieces.next() {
            Some(piece) => server.message(piece).expect("its turn"),
            None => server.end_message().expect("its turn"),
        },
        Asked::EndOfMessage(_) => {}
        _ => server.ok(Text::NONE).expect("its turn"),
    };
    let login: [&[u8]; 2] = [b"USER alice\r\n", b"PASS secret\r\n"];
    talk.say(login, &mut answer);
    talk.is_idle();

    let written = talk.say([&b"RETR 1\r\n"[..]], &mut answer);
    assert!(written > BULK);
    talk.has_passed();
    talk.held
}
