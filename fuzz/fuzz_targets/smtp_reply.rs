//! Any bytes are a reply or none; a reply that is read is written so that it says the same.

#![no_main]

use bytes::Buf;
use libfuzzer_sys::fuzz_target;
use mailrail_smtp::{Extensions, Reply, ReplyCode};
use mailrail_wire::Output;

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

fuzz_target!(|data: (u16, &[u8])| {
    let (code, bytes) = data;
    if let Ok(reply) = Reply::parse(bytes) {
        let owned = reply.clone().into_owned();
        assert_eq!(owned, reply);
        is_sent_whole(&reply);
        is_sent_whole(&owned);
        drop(Extensions::from_reply(&reply));
    }
    if let (Some(code), Ok(text)) = (ReplyCode::new(code), core::str::from_utf8(bytes)) {
        is_sent_whole(&Reply::new(code, text));
    }
});
