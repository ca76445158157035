//! A maildrop of many messages, of which the last 200 are new.

use crate::heap;
use bytes::{Buf, Bytes};
use mailrail_pop3::download::{Event as Told, Policy, TlsPolicy};
use mailrail_pop3::{
    Capabilities, Client, Config, Download, DropListing, MessageNumber, Server, Text, UniqueId,
    client, server,
};
use mailrail_sasl::{Authenticator, Credentials, Nonce};
use mailrail_wire::{Connection, Input, Step, Time};

const NEW: u32 = 200;

/// What a server's caller answers.
fn answer(server: &mut Server, event: server::Event<'_>, messages: u32, sent: &mut bool) {
    use server::Event as E;
    let done = match event {
        E::Login { .. } => server.open(DropListing { messages, octets: 1 }),
        E::WantSize(_) => server.size(13),
        E::WantUniqueId(message) => {
            let id = format!("{:070}", message.value());
            server.unique_id(UniqueId::parse(id.as_bytes()).expect("an id"))
        }
        E::Retr(_) => {
            *sent = false;
            server.ok(Text::NONE)
        }
        E::WantMessage if *sent => server.end_message(),
        E::WantMessage => {
            *sent = true;
            server.message(Bytes::from_static(b"A: b\r\n\r\nbody\r\n"))
        }
        E::Quit { deleted } => {
            assert_eq!(deleted.len() % NEW, 0);
            server.ok(Text::NONE)
        }
        E::EndOfMessage(_) => Ok(()),
        _ => server.ok(Text::NONE),
    };
    done.expect("its turn");
}

fn new_server() -> Server {
    Server::over_tls(Capabilities::all(), Config::default())
}

/// Does what a server can do by itself; what it writes goes to `to`, as far as there is room.
fn serve(server: &mut Server, input: &mut Input, to: &mut Input, messages: u32, sent: &mut bool) {
    loop {
        match server.poll(Time::default(), input).expect("no error") {
            Step::Event => {
                let event = server.event(input).expect("an event");
                answer(server, event, messages, sent);
            }
            Step::Write { .. } if to.bytes().len() < 4_096 => {
                let n = server.output().chunk().len();
                to.extend(server.output().chunk());
                server.output().advance(n);
            }
            _ => return,
        }
    }
}

/// The most that was held while `run` ran.
fn most(run: impl FnOnce()) -> usize {
    heap::most();
    let before = heap::held();
    run();
    heap::most() - before
}

pub fn server(messages: u32) -> usize {
    most(|| {
        let (mut server, mut input, mut to) = (new_server(), Input::default(), Input::default());
        input.extend(b"USER a\r\nPASS b\r\nLIST\r\nUIDL\r\n");
        let mut lines = 0;
        loop {
            serve(&mut server, &mut input, &mut to, messages, &mut false);
            if to.is_empty() {
                break;
            }
            lines += to.take_all().iter().filter(|&&byte| byte == b'\n').count();
        }
        // Three answers, and the two listings with their dots.
        assert_eq!(lines, 3 + 2 * (messages as usize + 2));
    })
}

pub fn client(messages: u32) -> usize {
    most(|| {
        let (mut client, mut input) = (Client::over_tls(Config::default()), Input::default());
        client.list(None).expect("its turn");
        client.uidl(None).expect("its turn");
        let mut wire =
            (0..=messages).flat_map(|n| [(n, false)]).chain((0..=messages).map(|n| (n, true)));
        input.extend(b"+OK\r\n");
        let mut entries = 0;
        loop {
            match client.poll(Time::default(), &mut input).expect("no error") {
                Step::Event => match client.event(&mut input).expect("an event") {
                    client::Event::Scan { .. } | client::Event::UniqueId { .. } => entries += 1,
                    _ => {}
                },
                Step::Write { .. } => {
                    let n = client.output().len();
                    client.output().advance(n);
                }
                Step::Read { .. } => match wire.next() {
                    Some((0, _)) => input.extend(b"+OK\r\n"),
                    Some((n, is_id)) => {
                        let line =
                            if is_id { format!("{n} {n:070}\r\n") } else { format!("{n} 13\r\n") };
                        input.extend(line.as_bytes());
                        if n == messages {
                            input.extend(b".\r\n");
                        }
                    }
                    None => break,
                },
                step => panic!("{step:?}"),
            }
        }
        assert_eq!(entries, 2 * messages);
    })
}

/// The last 200 messages are new; they are fetched and deleted, the others kept.
pub fn download(messages: u32) -> usize {
    most(|| {
        let bob = Credentials::password("bob", "x").expect("a password");
        let login = Authenticator::new(bob, Nonce::from_random(&[7; 18]));
        let policy = Policy::DeleteAfter(core::time::Duration::from_secs(1));
        let mut download =
            Download::new(TlsPolicy::Implicit, policy, Config::default()).with_login(login);
        let (mut server, mut sent) = (new_server(), false);
        let (mut to_client, mut to_server) = (Input::default(), Input::default());
        loop {
            serve(&mut server, &mut to_server, &mut to_client, messages, &mut sent);
            match download.poll(Time::default(), &mut to_client).expect("no error") {
                Step::Event => match download.event(&mut to_client).expect("an event") {
                    Told::Listed { message, .. } if is_new(message, messages) => {
                        download.fetch().expect("its turn");
                    }
                    Told::Listed { .. } => {
                        download.held(core::time::Duration::ZERO).expect("its turn");
                    }
                    Told::End { .. } => {
                        download.held(core::time::Duration::from_secs(1)).expect("its turn");
                    }
                    Told::Done { fetched, deleted, .. } => {
                        assert_eq!((fetched, deleted), (NEW, NEW))
                    }
                    Told::Refused { request, .. } => panic!("{request:?}"),
                    _ => {}
                },
                Step::Write { .. } => {
                    let n = download.output().chunk().len();
                    to_server.extend(download.output().chunk());
                    download.output().advance(n);
                }
                Step::Close => break,
                _ => {}
            }
        }
    })
}

fn is_new(message: MessageNumber, messages: u32) -> bool {
    message.value() > messages - NEW
}
