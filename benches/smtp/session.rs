//! Whole sessions, in memory.

use bytes::{Buf, Bytes};
use mailrail_smtp::client::{Event as Heard, Verb};
use mailrail_smtp::server::Event as Asked;
use mailrail_smtp::{Client, Config, Domain, Extensions, Mailbox, Server};
use mailrail_wire::{Connection, Input, Step, Time};
use std::hint::black_box;

const NOW: Time = Time::from_start(core::time::Duration::ZERO);

fn host() -> Domain<'static> {
    "mx.south.example".parse().expect("a domain")
}

fn offer() -> Extensions {
    let mut offer = Extensions::built_in();
    (offer.chunking, offer.binary_mime) = (true, true);
    offer
}

/// A server that accepts all.
struct Accepting {
    server: Server,
    input: Input,
    host: Domain<'static>,
    received: usize,
}

impl Accepting {
    fn new() -> Self {
        let server = Server::over_tls(offer(), Config::default());
        Self { server, input: Input::default(), host: host(), received: 0 }
    }

    /// Goes on until it waits for the client; its words go into `heard`.
    fn go_on(&mut self, heard: &mut Input) -> bool {
        loop {
            match self.server.poll(NOW, &mut self.input).expect("no error") {
                Step::Event => match self.server.event(&mut self.input).expect("an event") {
                    Asked::Connected | Asked::Ehlo { .. } => {
                        self.server.greet(&self.host).expect("its turn");
                    }
                    Asked::Message(piece) => self.received += black_box(piece).len(),
                    event => {
                        black_box(event);
                        self.server.accept().expect("its turn");
                    }
                },
                Step::Write { .. } => pass(self.server.output(), heard),
                Step::Read { .. } => return true,
                Step::Close => return false,
                step => panic!("{step:?}"),
            }
        }
    }

    /// Reads what a client says, and forgets the answers.
    fn hear(&mut self, bytes: &[u8]) {
        self.input.extend(bytes);
        self.go_on(&mut Input::default());
    }
}

/// What one side writes, the other reads.
fn pass(output: &mut impl Buf, input: &mut Input) {
    while output.has_remaining() {
        let len = output.chunk().len();
        input.extend(output.chunk());
        output.advance(len);
    }
}

/// A server that reads that text in a chunk of BDAT, in pieces; tells how much of it came.
#[must_use]
pub fn bdat(text: &[u8], piece: usize, body: &str) -> usize {
    let mut reader = Accepting::new();
    reader.hear(b"EHLO a.example\r\n");
    let mail = format!("MAIL FROM:<> BODY={body}\r\nRCPT TO:<b@south.example>\r\n");
    reader.hear(mail.as_bytes());
    reader.hear(format!("BDAT {} LAST\r\n", text.len()).as_bytes());
    text.chunks(piece).for_each(|piece| reader.hear(piece));
    reader.received
}

/// The same by DATA; `text` has no line that begins with a dot.
#[must_use]
pub fn data(text: &[u8], piece: usize) -> usize {
    let mut reader = Accepting::new();
    reader.hear(b"EHLO a.example\r\nMAIL FROM:<>\r\nRCPT TO:<b@south.example>\r\nDATA\r\n");
    text.chunks(piece).for_each(|piece| reader.hear(piece));
    reader.hear(b".\r\n");
    reader.received
}

/// A client sends a server a message of that text to two recipients, and leaves; tells how much of
/// it came.
///
/// # Panics
///
/// Where anything of it is refused.
#[must_use]
pub fn session(text: &Bytes, from: &Mailbox<'_>, to: &[Mailbox<'_>]) -> usize {
    let (mut reader, mut input) = (Accepting::new(), Input::default());
    let mut client = Client::over_tls(Config::default());
    let host = host();
    let mut pieces = Some(text.clone());
    loop {
        match client.poll(NOW, &mut input).expect("no error") {
            Step::Event => match client.event(&mut input).expect("an event") {
                Heard::Reply { command, reply } => {
                    assert!(reply.is_positive(), "{reply}");
                    match command {
                        Verb::Greeting => client.ehlo(host.clone()).expect("its turn"),
                        Verb::Ehlo => {
                            client.mail(from.clone()).expect("its turn");
                            for to in to {
                                client.rcpt(to.clone()).expect("its turn");
                            }
                            client.data().expect("its turn");
                        }
                        Verb::Message => client.quit().expect("its turn"),
                        _ => {}
                    }
                }
                Heard::WantMessage => match pieces.take() {
                    Some(piece) => client.message(piece).expect("its turn"),
                    None => client.end_message().expect("its turn"),
                },
                event => panic!("{event:?}"),
            },
            Step::Write { .. } => pass(client.output(), &mut reader.input),
            Step::Read { .. } => {
                reader.go_on(&mut input);
            }
            Step::Close => return reader.received,
            step => panic!("{step:?}"),
        }
    }
}
