//! What a transcript cannot say of the server: limits in memory, peers that do not read, any bytes.

use super::dialogue::{act, offer};
use bytes::{Buf, Bytes};
use core::{num::NonZeroU32, time::Duration};
use mailrail_imap::{
    Config, Error, Misuse, Server,
    response::{Fetch, FetchItem, SectionLiteral, SectionName},
    server::Event,
    types::{Section, Text},
};
use mailrail_wire::{Connection, Input, Step, Time};
use proptest::prelude::*;

const START: Time = Time::from_start(Duration::ZERO);

fn seconds(n: u64) -> Time {
    Time::from_start(Duration::from_secs(n))
}

/// A server that has greeted, with all its output written.
fn greeted(config: Config) -> (Server, Input) {
    let (mut server, mut input) = (Server::new(offer(), config), Input::default());
    assert_eq!(server.poll(START, &mut input), Ok(Step::Event));
    assert_eq!(server.event(&mut input), Ok(Event::Connected));
    assert_eq!(server.poll(START, &mut input), Ok(Step::Answer));
    act(&mut server, "* PREAUTH hello");
    written(&mut server, &mut input);
    (server, input)
}

/// The same, with a mailbox of that many messages selected.
fn selected(messages: u32) -> (Server, Input) {
    let (mut server, mut input) = greeted(Config::default());
    input.extend(b"a SELECT INBOX\r\n");
    event(&mut server, &mut input);
    act(&mut server, &format!("selected {messages} 0 0 9 1"));
    written(&mut server, &mut input);
    (server, input)
}

/// Writes what there is to write.
fn written(server: &mut Server, input: &mut Input) -> Vec<u8> {
    let mut sent = Vec::new();
    while let Ok(Step::Write { .. }) = server.poll(START, input) {
        let output = server.output();
        sent.extend(output.copy_to_bytes(output.remaining()));
    }
    sent
}

fn event<'i>(server: &mut Server, input: &'i mut Input) -> Event<'i> {
    assert_eq!(server.poll(START, input), Ok(Step::Event));
    server.event(input).unwrap()
}

/// The answer to a command too long is the same wherever it is cut, and never has half a tag.
#[test]
fn half_a_tag_is_none() {
    let mut config = Config::default();
    config.limits.line = 60;
    for (len, tag) in [(35, true), (36, false), (40, false), (80, false)] {
        let tag_text = "g".repeat(len);
        let line = format!("{tag_text} {}\r\n", "x".repeat(60));
        let answered = if tag { tag_text.as_str() } else { "*" };
        let answer = format!("{answered} BAD the command is too long\r\n");
        for piece in [1, 7, line.len()] {
            let (mut server, mut input) = greeted(config.clone());
            for piece in line.as_bytes().chunks(piece) {
                input.extend(piece);
                let _ = server.poll(START, &mut input);
            }
            assert_eq!(written(&mut server, &mut input), answer.as_bytes());
        }
    }
}

#[test]
fn plaintext_behind_starttls_is_refused() {
    // With the command, while it is answered, or after that.
    for moment in 0..3 {
        let (mut server, mut input) = (Server::new(offer(), Config::default()), Input::default());
        event(&mut server, &mut input);
        server.done().unwrap();
        written(&mut server, &mut input);
        input.extend(b"a STARTTLS\r\n");
        if moment == 0 {
            input.extend(b"b NOOP\r\n");
            let sent = written(&mut server, &mut input);
            assert_eq!(sent, b"* BYE plaintext behind STARTTLS\r\n");
        } else {
            event(&mut server, &mut input);
            if moment == 1 {
                input.extend(b"b NOOP\r\n");
            }
            server.done().unwrap();
            assert_eq!(written(&mut server, &mut input), b"a OK STARTTLS completed\r\n");
            if moment == 2 {
                input.extend(b"b NOOP\r\n");
            }
        }
        for _ in 0..2 {
            assert_eq!(server.poll(START, &mut input), Err(Error::PlaintextBehindStartTls));
        }
    }
}

#[test]
fn an_event_is_taken_once_and_answered_after_that() {
    let (mut server, mut input) = (Server::new(offer(), Config::default()), Input::default());
    assert_eq!(server.done(), Err(Misuse::NotNow));
    event(&mut server, &mut input);
    assert_eq!(server.event(&mut input), Err(Error::NoEvent));
    server.done().unwrap();
    assert_eq!(server.done(), Err(Misuse::NotNow));
}

#[test]
fn nothing_is_expunged_under_a_command_that_was_not_taken() {
    let (mut server, mut input) = selected(3);
    input.extend(b"b COPY 3 x\r\n");
    assert_eq!(server.poll(START, &mut input), Ok(Step::Event));
    assert_eq!(server.expunge(1), Err(Misuse::NotNow));
    server.exists(4).unwrap();
    assert!(matches!(event(&mut server, &mut input), Event::Copy(_)));
    server.expunge(1).unwrap();
    server.done().unwrap();
    let sent = written(&mut server, &mut input);
    assert_eq!(sent, b"* 4 EXISTS\r\n* 1 EXPUNGE\r\nb OK COPY completed\r\n");
}

#[test]
fn a_long_copyuid_leaves_the_rest_of_a_move_for_later() {
    let (mut server, mut input) = selected(3);
    input.extend(b"b MOVE 1 x\r\n");
    assert!(matches!(event(&mut server, &mut input), Event::Move(_)));
    let long = Text::new("x".repeat(70_000)).unwrap();
    server.untagged_ok(None, long).unwrap();
    assert_eq!(server.expunge(1), Err(Misuse::Full));
    assert_eq!(written(&mut server, &mut input).len(), 70_007);
    assert_eq!(event(&mut server, &mut input), Event::WantResponse);
    server.expunge(1).unwrap();
    server.done().unwrap();
    assert_eq!(written(&mut server, &mut input), b"* 1 EXPUNGE\r\nb OK MOVE completed\r\n");
}

#[test]
fn long_answers_are_not_queued() {
    let (mut server, mut input) = selected(1_000_000);
    input.extend(b"b FETCH 1:* FLAGS\r\nc SEARCH ALL\r\n");
    event(&mut server, &mut input);
    let (mut sequence, mut asked, mut sent) = (1, 0, 0);
    let response = |n| Fetch { seq: NonZeroU32::new(n).unwrap(), items: vec![], literal: None };
    while sequence <= 1_000_000 {
        while sequence <= 1_000_000 && server.has_room() {
            server.fetch(response(sequence)).unwrap();
            sequence += 1;
        }
        if sequence <= 1_000_000 {
            assert_eq!(server.fetch(response(sequence)), Err(Misuse::Full));
        }
        assert!(server.output().len() < 70_000);
        sent += written(&mut server, &mut input).len();
        assert_eq!(event(&mut server, &mut input), Event::WantResponse);
        asked += 1;
    }
    server.done().unwrap();
    assert!(asked > 100 && sent > 10_000_000);
    assert!(matches!(event(&mut server, &mut input), Event::Search(_)));
    for _ in 0..50 {
        server.search(&[NonZeroU32::MAX; 100]).unwrap();
    }
    assert_eq!(written(&mut server, &mut input).len(), 22 + 8 + 5_000 * 11);
}

#[test]
fn a_large_literal_is_not_copied() {
    let (mut server, mut input) = selected(1);
    input.extend(b"b FETCH 1 BODY[]\r\n");
    event(&mut server, &mut input);
    let (piece, pieces) = (Bytes::from(vec![b'x'; 64 * 1024]), 480);
    let length = 64 * 1024 * pieces;
    let literal =
        SectionLiteral { section: SectionName::Body(Section::whole()), origin: None, length };
    let seq = NonZeroU32::MIN;
    server.fetch(Fetch { seq, items: vec![], literal: Some(literal) }).unwrap();
    let mut sent = 0;
    for n in 0..pieces {
        sent += written(&mut server, &mut input).len();
        let left = length - 64 * 1024 * n;
        assert_eq!(event(&mut server, &mut input), Event::WantLiteral { left });
        server.literal(piece.clone()).unwrap();
        assert_eq!(server.output().chunk().as_ptr(), piece.as_ptr());
    }
    let items = vec![FetchItem::Rfc822Size(length)];
    assert_eq!(server.literal(piece), Err(Misuse::NotNow));
    sent += written(&mut server, &mut input).len();
    assert_eq!(event(&mut server, &mut input), Event::WantResponse);
    server.fetch(Fetch { seq, items, literal: None }).unwrap();
    server.done().unwrap();
    sent += written(&mut server, &mut input).len();
    assert!(sent as u64 > length);
}

#[test]
fn an_endless_line_takes_no_memory() {
    let mut config = Config::default();
    config.limits.line = 1_000;
    let (mut server, mut input) = greeted(config);
    for _ in 0..10_000 {
        input.extend(&[b'x'; 1_000]);
        assert!(matches!(server.poll(START, &mut input), Ok(Step::Read { .. })));
        assert!(input.capacity() <= 2 * (1_000 + 8 * 1024), "{}", input.capacity());
    }
    input.extend(b"\r\nb NOOP\r\n");
    assert_eq!(event(&mut server, &mut input), Event::Noop);
}

#[test]
fn a_peer_that_does_not_read_is_given_up() {
    let (mut server, mut input) = selected(1);
    input.extend(b"b NOOP\r\n");
    event(&mut server, &mut input);
    server.done().unwrap();
    let until = Some(seconds(300));
    assert_eq!(server.poll(START, &mut input), Ok(Step::Write { until }));
    server.output().advance(1); // a byte is not progress
    assert_eq!(server.poll(seconds(299), &mut input), Ok(Step::Write { until }));
    for _ in 0..2 {
        assert_eq!(server.poll(seconds(300), &mut input), Err(Error::TimedOut));
    }
    assert_eq!(server.exists(2), Err(Misuse::Closed));
}

#[test]
fn news_do_not_move_the_deadline() {
    let (mut server, mut input) = selected(1);
    let until = Some(seconds(1_800));
    assert_eq!(server.poll(START, &mut input), Ok(Step::Read { until }));
    server.exists(2).unwrap();
    assert_eq!(
        server.poll(seconds(100), &mut input),
        Ok(Step::Write { until: Some(seconds(400)) })
    );
    written(&mut server, &mut input);
    assert_eq!(server.poll(seconds(200), &mut input), Ok(Step::Read { until }));
}

#[test]
fn an_idle_connection_is_small() {
    let (mut server, mut input) = selected(1);
    input.extend(b"b NOOP\r\n");
    event(&mut server, &mut input);
    server.done().unwrap();
    written(&mut server, &mut input);
    assert!(matches!(server.poll(START, &mut input), Ok(Step::Read { .. })));
    input.release();
    // Nothing is held behind it but the offer, which servers share.
    assert!(size_of_val(&server) + size_of_val(&input) < 800);
    assert_eq!(input.capacity(), 0);
}

#[test]
fn secrets_are_not_shown() {
    let mut config = Config::default();
    config.allow_plaintext_auth = true;
    let (mut server, mut input) = (Server::new(offer(), config), Input::default());
    event(&mut server, &mut input);
    server.done().unwrap();
    written(&mut server, &mut input);
    input.extend(b"a LOGIN ann sesame\r\n");
    let shown = format!("{:?}", event(&mut server, &mut input));
    assert!(shown.contains("Secret(..)") && !shown.contains("115"), "{shown}");
    assert!(!format!("{server:?}").contains("sesame"));
}

/// What clients say, and pieces of it.
const WORDS: [&str; 20] = [
    "a NOOP",
    "a NOOP\r\n",
    "a LOGIN x y\r\n",
    "a SELECT INBOX\r\n",
    "a APPEND x {3+}\r\n",
    "a IDLE\r\n",
    "DONE\r\n",
    "a FETCH 1:* (FLAGS BODY[])\r\n",
    "{2}\r\n",
    "{999999999999+}\r\n",
    "a UID SEARCH ALL\r\n",
    "a AUTHENTICATE PLAIN\r\n",
    "*\r\n",
    "a EXPUNGE\r\n",
    "a STARTTLS\r\n",
    "\r",
    "\n",
    "\0",
    "a LOGOUT\r\n",
    "\"(",
];

fn noise() -> impl Strategy<Value = Vec<u8>> {
    let words = prop::sample::select(&WORDS[..]).prop_map(|word| word.as_bytes().to_vec());
    let piece = prop_oneof![8 => words, 1 => prop::collection::vec(any::<u8>(), 0..9)];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

/// Something that a caller does.
type Act = dyn FnOnce(&mut Server) -> Result<(), Misuse>;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever a client sends, and however it is answered, the server goes on or ends in order.
    #[test]
    fn any_bytes(noise in noise(), mut answers: u64, cut in 1_usize..50) {
        let mut config = Config::default();
        config.allow_plaintext_auth = true;
        let (mut server, mut input) = (Server::new(offer(), config), Input::default());
        let mut chunks = noise.chunks(cut);
        let mut steps = 0;
        loop {
            steps += 1;
            prop_assert!(steps < 10_000, "it never ends");
            match server.poll(START, &mut input) {
                Ok(Step::Event) => {
                    answers = answers.rotate_left(3);
                    let event = server.event(&mut input).unwrap();
                    if matches!(event, Event::WantLiteral { .. }) {
                        server.literal(Bytes::from_static(b"x")).unwrap();
                        continue;
                    }
                    // Most of these are misuse, which changes nothing; the last always fits.
                    let mut acts: Vec<Box<Act>> = vec![
                        Box::new(|s| s.exists(9)),
                        Box::new(|s| s.expunge(1)),
                        Box::new(|s| s.accept_message()),
                        Box::new(|s| s.challenge(b"x")),
                        Box::new(|s| s.search(&[NonZeroU32::MIN])),
                        Box::new(|s| s.fetch(Fetch {
                            seq: NonZeroU32::MIN,
                            items: vec![],
                            literal: Some(SectionLiteral {
                                section: SectionName::Rfc822,
                                origin: None,
                                length: 2,
                            }),
                        })),
                        Box::new(|s| s.fetch(Fetch { seq: NonZeroU32::MIN, items: vec![], literal: None })),
                    ];
                    acts.truncate((answers % 8) as usize);
                    for it in acts {
                        let _ = it(&mut server);
                    }
                    if answers % 2 == 0 {
                        let _ = server.no(None, Default::default());
                    }
                    if matches!(event, Event::Select(_)) && answers % 2 == 1 {
                        act(&mut server, "selected 3 0 0 9 1");
                    }
                    if event == Event::WantResponse {
                        // The response to a FETCH may be open.
                        let seq = NonZeroU32::MIN;
                        let _ = server.fetch(Fetch { seq, items: vec![], literal: None });
                    }
                    if server.done().is_err() {
                        let _ = server.accept_message();
                    }
                }
                Ok(Step::Write { .. }) => {
                    let output = server.output();
                    output.advance(output.remaining());
                }
                Ok(Step::Read { .. }) => match chunks.next() {
                    Some(chunk) => input.extend(chunk),
                    None => input.received(0),
                },
                Ok(Step::Upgrade(_)) => server.upgraded(),
                Ok(Step::Answer) => prop_assert!(false, "an answer was refused: {:?}", String::from_utf8_lossy(&noise)),
                Ok(Step::Close) | Err(_) => break,
            }
        }
    }
}
