//! Any bytes are a reply or none, wherever they are cut; a reply that is read is written so that it
//! says the same.

#![no_main]

use bytes::Buf;
use libfuzzer_sys::fuzz_target;
use mailrail_smtp::{EnhancedStatusCode, Error, Extensions, Reply, ReplyCode, ReplyFinder};
use mailrail_wire::{Input, Output};

fn written(reply: &Reply<'_>) -> Vec<u8> {
    let mut out = Output::default();
    reply.encode(&mut out);
    out.copy_to_bytes(out.remaining()).to_vec()
}

/// The text, on one line, as what is sent has it.
fn text(reply: &Reply<'_>) -> Vec<u8> {
    let clean = |byte: &u8| if matches!(byte, 0..=8 | 10..=31 | 127) { b' ' } else { *byte };
    reply.lines().flatten().map(clean).collect()
}

fn is_sent_whole(reply: &Reply<'_>) {
    let wire = written(reply);
    assert!(wire.split_inclusive(|&byte| byte == b'\n').all(|line| {
        line.len() <= 512 && line.ends_with(b"\r\n") && !line[..line.len() - 2].contains(&b'\r')
    }));
    let again = Reply::parse(&wire).expect("what was written");
    assert_eq!(again.code(), reply.code());
    assert!(!reply.to_string().contains(char::is_control));
    // A text may begin as an enhanced code does.
    if reply.enhanced() == again.enhanced() {
        assert_eq!(text(&again), text(reply));
    }
}

/// The replies that bytes begin with, and how they end; they come so many at a time.
fn found(bytes: &[u8], limit: usize, piece: usize) -> (Vec<Reply<'static>>, Option<Error>) {
    let (mut input, mut finder, mut replies) =
        (Input::default(), ReplyFinder::default(), Vec::new());
    for piece in bytes.chunks(piece.max(1)) {
        input.extend(piece);
        loop {
            match finder.take(&mut input, limit) {
                Ok(Some(reply)) => replies.push(reply.into_owned()),
                Ok(None) => break,
                Err(error) => return (replies, Some(error)),
            }
        }
    }
    (replies, None)
}

fuzz_target!(|data: (u16, u8, &[u8])| {
    let (code, piece, bytes) = data;
    for limit in [20, 65_536] {
        let whole = found(bytes, limit, bytes.len());
        assert_eq!(found(bytes, limit, 1), whole);
        assert_eq!(found(bytes, limit, piece.into()), whole);
    }
    if let Ok(reply) = Reply::parse(bytes) {
        let owned = reply.clone().into_owned();
        assert_eq!(owned, reply);
        assert_eq!(found(bytes, usize::MAX, 1), (vec![owned.clone()], None));
        is_sent_whole(&reply);
        is_sent_whole(&owned);
        let extensions = Extensions::from_reply(&reply);
        assert_eq!(extensions, Extensions::from_reply(&owned));
        assert!(extensions.mechanisms().all(|name| extensions.has_mechanism(name)));
    }
    if let (Some(code), Ok(text)) = (ReplyCode::new(code), core::str::from_utf8(bytes)) {
        is_sent_whole(&Reply::new(code, text));
        is_sent_whole(&Reply::new(code, text).with_enhanced(EnhancedStatusCode::OK));
    }
});
