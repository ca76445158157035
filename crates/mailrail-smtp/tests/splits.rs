//! What must hold wherever the bytes of a message are cut.
#![cfg(test)]

use bytes::Buf as _;
use mailrail_smtp::{Config, Domain, Extensions, Server, server::Event, server::Refusal};
use mailrail_wire::{Connection as _, Input, Step, Time};

/// What a server made of a message.
#[derive(Debug, Default, PartialEq, Eq)]
struct Seen {
    text: Vec<u8>,
    aborted: Vec<Refusal>,
    messages: usize,
    mails: usize,
    replies: Vec<u8>,
}

fn offer() -> Extensions {
    let mut offer = Extensions::built_in();
    offer.size = Some(1_000);
    offer
}

/// Feeds a session in pieces, accepts everything.
fn serve<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Seen {
    let (mut server, mut input) = (Server::new(offer(), Config::default()), Input::default());
    let host: Domain<'_> = "mx.test".parse().unwrap();
    let (mut pieces, mut seen) = (pieces, Seen::default());
    loop {
        match server.poll(Time::default(), &mut input).unwrap() {
            Step::Event => match server.event(&mut input).unwrap() {
                Event::Message(piece) => seen.text.extend_from_slice(piece),
                Event::Aborted(refusal) => seen.aborted.push(refusal),
                Event::Connected | Event::Ehlo { .. } => server.greet(&host).unwrap(),
                event => {
                    seen.messages += usize::from(event == Event::EndOfMessage);
                    seen.mails += usize::from(matches!(event, Event::Mail(_)));
                    server.accept().unwrap();
                }
            },
            Step::Write { .. } => {
                let output = server.output();
                seen.replies.extend_from_slice(&output.copy_to_bytes(output.remaining()));
            }
            Step::Read { .. } => match pieces.next() {
                Some(piece) => input.extend(piece),
                None => return seen,
            },
            _ => return seen,
        }
    }
}

const START: &[u8] = b"EHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<a@b>\r\nDATA\r\n";

/// Runs a message at every split and a byte at a time; each time `check` looks at what was seen.
fn every_split(message: &[u8], check: impl Fn(&Seen)) {
    for at in 0..message.len() {
        let (first, second) = message.split_at(at);
        check(&serve([START, first, second, b"NOOP\r\n"].into_iter()));
    }
    check(&serve([START].into_iter().chain(message.chunks(1)).chain([&b"NOOP\r\n"[..]])));
    check(&serve([&[START, message, b"NOOP\r\n"].concat()[..]].into_iter()));
}

#[test]
fn nothing_but_the_end_ends_a_message() {
    for end in [
        &b"\n.\n"[..],
        b"\n.\r\n",
        b"\r\n.\n",
        b"\r.\r",
        b"\r.\r\n",
        b"\r\n.\r",
        b"\n.\r",
        b"\r\r\n.\r\r\n",
        b"\n\r\n.\n\r\n",
        b"\r\n.\r\r\n",
        b"\r\0\n.\r\n",
        b"\r\n\0.\r\n\n",
    ] {
        let message = [&b"text"[..], end, b"MAIL FROM:<evil@x>\r\nevil\r\n.\r\n"].concat();
        every_split(&message, |seen| {
            assert_eq!(
                (&seen.aborted[..], seen.messages),
                (&[Refusal::BareLineEnd][..], 0),
                "{end:?}"
            );
            assert_eq!(seen.mails, 1);
            assert!(message.starts_with(&seen.text));
            assert!(seen.replies.ends_with(
                b"354 End the message with a dot on a line alone\r\n\
                554 5.5.2 A bare CR or LF in the message\r\n250 2.0.0 OK\r\n"
            ));
        });
    }
}

#[test]
fn odd_bytes_are_text() {
    for text in [
        &b"text\r\n\0.\r\nmore\r\n"[..],
        b".\0\r\n",
        b". \r\n",
        b".\xA0\r\n",
        b"\xC3\xA4\xFF\0\r\n",
    ] {
        let stuffed = if text.starts_with(b".") { [b".", text].concat() } else { text.to_vec() };
        every_split(&[&stuffed[..], b".\r\n"].concat(), |seen| {
            assert_eq!((&seen.text[..], seen.messages), (text, 1), "{text:?}");
            assert!(seen.replies.ends_with(b"250 2.6.0 Message accepted\r\n250 2.0.0 OK\r\n"));
        });
    }
}

#[test]
fn a_message_over_its_limit_is_skipped() {
    let message = [&[b'x'; 990][..], b"\r\n..\r\n12345678\r\n.\r\n"].concat();
    every_split(&message, |seen| {
        assert_eq!((&seen.aborted[..], seen.messages), (&[Refusal::TooLarge][..], 0));
        assert!(seen.text.len() <= 1_000);
        assert!(seen.replies.ends_with(b"552 5.3.4 Message too large\r\n250 2.0.0 OK\r\n"));
    });
    let message = [&[b'x'; 990][..], b"\r\n..\r\n123\r\n.\r\n"].concat();
    every_split(&message, |seen| {
        assert_eq!((seen.text.len(), seen.messages), (1_000, 1));
    });
}
