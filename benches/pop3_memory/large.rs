//! A message of 1 GiB, in blocks of 8 KiB in and pieces of 16 KiB out.

use crate::heap;
use bytes::{Buf, Bytes};
use mailrail_pop3::download::{Event as Told, Policy, TlsPolicy};
use mailrail_pop3::{
    Capabilities, Client, Config, Download, DropListing, MessageNumber, Server, Text, client,
    server,
};
use mailrail_sasl::{Authenticator, Credentials, Nonce};
use mailrail_wire::{Connection, Input, Step, Time};

const MESSAGE: usize = 1 << 30;
static BLOCK: [u8; 8 * 1024] = block();
const BLOCKS: usize = MESSAGE / BLOCK.len();

/// Lines of 64 bytes, each of which begins with two dots.
const fn block() -> [u8; 8 * 1024] {
    let mut block = [b'x'; 8 * 1024];
    let mut at = 64;
    while at <= block.len() {
        (block[at - 64], block[at - 63]) = (b'.', b'.');
        (block[at - 2], block[at - 1]) = (b'\r', b'\n');
        at += 64;
    }
    block
}

/// Drives a machine to the end of what it is told; tells the most that was held.
fn run<C: Connection<Error: core::fmt::Debug>>(
    make: impl FnOnce() -> C,
    answers: &[&'static [u8]],
    mut on_event: impl FnMut(&mut C, C::Event<'_>),
) -> usize {
    heap::most();
    let before = heap::held();
    let (mut conn, mut input) = (make(), Input::default());
    let message = std::iter::repeat_n(&BLOCK[..], BLOCKS);
    let mut answers = answers.iter().flat_map(|&answer| match answer {
        b"MESSAGE" => message.clone(),
        answer => std::iter::repeat_n(answer, 1),
    });
    loop {
        match conn.poll(Time::default(), &mut input).expect("no error") {
            Step::Event => {
                let event = conn.event(&mut input).expect("an event");
                on_event(&mut conn, event);
            }
            Step::Write { .. } => {
                let n = conn.output().chunk().len();
                conn.output().advance(n);
            }
            Step::Read { .. } => match answers.next() {
                Some(answer) => input.extend(answer),
                None => break,
            },
            _ => break,
        }
    }
    heap::most() - before + size_of::<C>() + size_of::<Input>()
}

pub fn client() -> usize {
    let mut octets = 0;
    let held = run(
        || {
            let mut client = Client::over_tls(Config::default());
            client.retr(MessageNumber::new(1).expect("a number")).expect("its turn");
            client
        },
        &[b"+OK\r\n", b"+OK\r\n", b"MESSAGE", b".\r\n"],
        |_, event| {
            if let client::Event::Message { octets: piece, .. } = event {
                octets += piece.len();
            }
        },
    );
    assert_eq!(octets, MESSAGE - MESSAGE / 64);
    held
}

pub fn download() -> usize {
    let mut octets = 0;
    let held = run(
        || {
            let mut config = Config::default();
            config.limits.message = 2 << 30;
            let bob = Credentials::password("bob", "x").expect("a password");
            let login = Authenticator::new(bob, Nonce::from_random(&[7; 18]));
            Download::new(TlsPolicy::Implicit, Policy::Delete, config).with_login(login)
        },
        &[
            b"+OK\r\n",
            b"+OK\r\nUSER\r\nUIDL\r\n.\r\n",
            b"+OK\r\n",
            b"+OK\r\n",
            b"+OK 1 1073741824\r\n",
            b"+OK\r\n1 a\r\n.\r\n",
            b"+OK\r\n1 1073741824\r\n.\r\n",
            b"+OK\r\n",
            b"MESSAGE",
            b".\r\n",
            b"+OK\r\n",
            b"+OK\r\n",
        ],
        |download, event| match event {
            Told::Listed { .. } => download.fetch().expect("its turn"),
            Told::Octets(piece) => octets += piece.len(),
            Told::End { .. } => {
                download.held(core::time::Duration::ZERO).expect("its turn");
            }
            _ => {}
        },
    );
    assert_eq!(octets, MESSAGE - MESSAGE / 64);
    held
}

pub fn server() -> usize {
    let mut pieces = 0;
    run(
        || Server::over_tls(Capabilities::all(), Config::default()),
        &[b"USER a\r\nPASS b\r\n", b"RETR 1\r\n"],
        |server, event| match event {
            server::Event::Login { .. } => {
                let maildrop = DropListing { messages: 1, octets: MESSAGE as u64 };
                server.open(maildrop).expect("its turn");
            }
            server::Event::WantMessage if pieces == BLOCKS / 2 => {
                server.end_message().expect("its turn");
            }
            server::Event::WantMessage => {
                pieces += 1;
                server.message(Bytes::from(BLOCK.repeat(2))).expect("its turn");
            }
            server::Event::EndOfMessage(_) => assert_eq!(pieces, BLOCKS / 2),
            _ => server.ok(Text::NONE).expect("its turn"),
        },
    )
}
