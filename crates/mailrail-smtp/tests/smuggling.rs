//! No end of data but CR LF . CR LF: not by any bytes that others have taken for it, wherever they
//! are cut, and whoever reads.
#![cfg(test)]

use bytes::{Buf as _, Bytes};
use mailrail_smtp::{
    Client, Config, Domain, Extensions, ForwardPath, Misuse, ReversePath, Server, client,
    server::{Event, Refusal},
};
use mailrail_wire::{Connection as _, Input, Step, Time};

const NOW: Time = Time::from_start(core::time::Duration::ZERO);
const SECOND: &[u8] = b"MAIL FROM:<evil@x.test>\r\nRCPT TO:<boss@y.test>\r\nDATA\r\nPay\r\n";

/// Line ends as someone reads them, before and behind a dot; none is CR LF . CR LF.
fn marks() -> Vec<Vec<u8>> {
    let ends: [&[u8]; 15] = [
        b"\n",
        b"\r",
        b"\r\n",
        b"\r\r\n",
        b"\n\r",
        b"\r\0\n",
        b"\0\n",
        b"\0\r\n",
        b"\r\n\0",
        b"\n\n",
        b"\r\r",
        b"\x0b",
        b"\x85",
        b"\xE2\x80\xA8",
        // CR LF, for whoever drops the eighth bit; so is the dot below.
        b"\x8D\x8A",
    ];
    let mut marks = Vec::new();
    for first in ends {
        for dot in [&b"."[..], b".\0", b"\0.", b". ", b"..", b"\xAE"] {
            for second in if dot == b"." { &ends[..] } else { &ends[..4] } {
                let mark = [first, dot, *second].concat();
                if !mark.windows(5).any(|five| five == b"\r\n.\r\n") {
                    marks.push(mark);
                }
            }
        }
    }
    assert!(marks.len() > 400);
    marks
}

/// Whether a CR or LF stands alone.
fn is_bare(text: &[u8]) -> bool {
    let before = |at: usize| at.checked_sub(1).map(|at| text[at]);
    (0..text.len()).any(|at| match text[at] {
        b'\n' => before(at) != Some(b'\r'),
        b'\r' => text.get(at + 1) != Some(&b'\n'),
        _ => false,
    })
}

#[derive(Debug, Default, PartialEq)]
struct Seen {
    mails: usize,
    accepted: Vec<Vec<u8>>,
    text: Vec<u8>,
    refused: usize,
}

/// A server that accepts all it is told of.
#[derive(Debug)]
struct Reader {
    server: Server,
    input: Input,
    seen: Seen,
}

impl Reader {
    fn new(pass: bool, lmtp: bool) -> Self {
        let mut config = Config::default();
        (config.pass_bare_line_ends, config.lmtp) = (pass, lmtp);
        let mut offer = Extensions::built_in();
        offer.chunking = true;
        let server = Server::new(offer, config);
        let mut reader = Self { server, input: Input::default(), seen: Seen::default() };
        reader.read(if lmtp { b"LHLO a\r\n" } else { b"EHLO a\r\n" });
        reader.read(b"MAIL FROM:<a@x.test>\r\nRCPT TO:<b@y.test>\r\nRCPT TO:<c@y.test>\r\n");
        reader
    }

    fn read(&mut self, bytes: &[u8]) {
        self.input.extend(bytes);
        loop {
            match self.server.poll(NOW, &mut self.input).unwrap() {
                Step::Event => match self.server.event(&mut self.input).unwrap() {
                    Event::Connected | Event::Ehlo { .. } => {
                        let host: Domain<'_> = "y.test".parse().unwrap();
                        self.server.greet(&host).unwrap();
                    }
                    Event::Message(piece) => self.seen.text.extend_from_slice(piece),
                    Event::Aborted(refusal) => {
                        assert_eq!(refusal, Refusal::BareLineEnd);
                        self.seen.text.clear();
                        self.seen.refused += 1;
                    }
                    event => {
                        self.seen.mails += usize::from(matches!(event, Event::Mail(_)));
                        if event == Event::EndOfMessage {
                            self.seen.accepted.push(core::mem::take(&mut self.seen.text));
                        }
                        self.server.accept().unwrap();
                        // In LMTP, once for each recipient.
                        while self.server.recipients_owed() > 0 {
                            self.server.accept().unwrap();
                        }
                    }
                },
                Step::Write { .. } => *self.server.output() = Default::default(),
                _ => return,
            }
        }
    }
}

/// By DATA, at every cut; a message in the message is none.
#[test]
fn servers_see_one_message() {
    for mark in marks() {
        let text = [b"Hi", &mark[..], SECOND].concat();
        let wire = [&text[..], b".\r\n"].concat();
        // A line's first dot is not part of it.
        let plain = text
            .windows(3)
            .position(|three| three == b"\r\n.")
            .map_or_else(|| text.clone(), |at| [&text[..at + 2], &text[at + 3..]].concat());
        for (pass, lmtp) in [(false, false), (true, false), (false, true), (true, true)] {
            let is_refused = !pass && is_bare(&text);
            // Every cut near the mark, and every byte alone.
            for cut in (0..mark.len() + 4).map(Some).chain([None]) {
                let mut reader = Reader::new(pass, lmtp);
                reader.read(b"DATA\r\n");
                match cut {
                    Some(cut) => {
                        let (first, second) = wire.split_at(cut);
                        reader.read(first);
                        reader.read(second);
                    }
                    None => wire.chunks(1).for_each(|byte| reader.read(byte)),
                }
                reader.read(b"NOOP\r\n");
                let accepted = if is_refused { vec![] } else { vec![plain.clone()] };
                let refused = usize::from(is_refused);
                let expected = Seen { mails: 1, accepted, text: vec![], refused };
                assert_eq!(reader.seen, expected, "{mark:?} at {cut:?}, {pass}, {lmtp}");
            }
        }
    }
}

/// By BDAT the mark is only bytes; so it is where it is cut by chunks.
#[test]
fn servers_see_one_message_in_chunks() {
    for mark in marks().into_iter().chain([b"\r\n.\r\n".to_vec()]) {
        let text = [b"Hi", &mark[..], SECOND].concat();
        for cut in 0..mark.len() + 4 {
            let (first, second) = text.split_at(cut);
            let mut reader = Reader::new(false, cut % 2 == 1);
            reader.read(format!("BDAT {}\r\n", first.len()).as_bytes());
            reader.read(first);
            reader.read(format!("BDAT {} LAST\r\n", second.len()).as_bytes());
            reader.read(second);
            reader.read(b"NOOP\r\n");
            assert_eq!(reader.seen.mails, 1, "{mark:?} at {cut}");
            let accepted = if is_bare(&text) { vec![] } else { vec![text.clone()] };
            assert_eq!(reader.seen.accepted, accepted, "{mark:?} at {cut}");
        }
    }
}

/// What a client writes for a message that comes in two pieces; none where it refuses one.
fn written(pieces: [&[u8]; 2], by_chunks: bool) -> Option<Vec<u8>> {
    let (mut client, mut input) = (Client::new(Config::default()), Input::default());
    input.extend(b"220 a\r\n");
    let host: Domain<'_> = "a".parse().unwrap();
    client.ehlo(host).unwrap();
    client.mail(ReversePath::Null).unwrap();
    client.rcpt(ForwardPath::Postmaster).unwrap();
    if by_chunks { client.bdat() } else { client.data() }.unwrap();
    let (mut pieces, mut written, mut is_message) = (pieces.into_iter(), Vec::new(), false);
    let mut replies =
        [&b"250-a\r\n250 PIPELINING\r\n"[..], b"250 b\r\n", b"250 c\r\n", b"354 d\r\n"].into_iter();
    loop {
        match client.poll(NOW, &mut input).unwrap() {
            Step::Event => {
                if client.event(&mut input).unwrap() == client::Event::WantMessage {
                    is_message = true;
                    let piece = pieces.by_ref().find(|piece| !piece.is_empty());
                    let said = match piece {
                        Some(piece) => client.message(Bytes::copy_from_slice(piece)),
                        None => client.end_message(),
                    };
                    match said {
                        Ok(()) => {}
                        Err(Misuse::BareLineEnd) => return None,
                        Err(misuse) => panic!("{misuse}"),
                    }
                }
            }
            Step::Write { .. } => {
                let output = client.output();
                let bytes = output.copy_to_bytes(output.remaining());
                if is_message {
                    written.extend_from_slice(&bytes);
                }
            }
            Step::Read { .. } => match replies.next() {
                Some(reply) if !is_message => input.extend(reply),
                _ => return Some(written),
            },
            step => panic!("{step:?}"),
        }
    }
}

/// Readers that are wrong, each in its way: where a message ends for them.
fn ends(wire: &[u8]) -> usize {
    let marks: [&[u8]; 8] = [
        b"\r\n.\r\n",
        b"\n.\n",
        b"\n.\r\n",
        b"\r\n.\n",
        b"\r.\r",
        b"\r\n.\r",
        b"\n.\r",
        b"\r.\r\n",
    ];
    let at = |at: usize| marks.iter().any(|mark| wire[at..].starts_with(mark));
    (0..wire.len()).filter(|&from| at(from)).count()
}

/// What a client sends ends once, for every reader, however wrong.
#[test]
fn clients_send_one_message() {
    for mark in marks().into_iter().chain([b"\r\n.\r\n".to_vec()]) {
        let text = [b"Hi", &mark[..], SECOND].concat();
        for cut in 0..mark.len() + 4 {
            let (first, second) = text.split_at(cut);
            for by_chunks in [false, true] {
                let wire = written([first, second], by_chunks);
                assert_eq!(wire.is_none(), is_bare(&text), "{mark:?} at {cut}");
                let Some(wire) = wire.filter(|_| !by_chunks) else { continue };
                assert!(!is_bare(&wire) && wire.ends_with(b"\r\n.\r\n"), "{mark:?} at {cut}");
                // The true end is one by three of the marks, at its CR and at its LF.
                assert_eq!(ends(&wire), ends(b"x\r\n.\r\n"), "{mark:?} at {cut}");
                let mut reader = Reader::new(true, false);
                reader.read(b"DATA\r\n");
                reader.read(&wire);
                assert_eq!((reader.seen.mails, &reader.seen.accepted), (1, &vec![text.clone()]));
            }
        }
    }
}
