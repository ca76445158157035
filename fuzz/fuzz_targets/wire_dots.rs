//! A text reads the same however it is cut; what is stuffed is read back; nothing bare is sent.

#![no_main]

use bytes::{Buf, Bytes};
use libfuzzer_sys::fuzz_target;
use mailrail_wire::{Input, Output, Stuffer, Unstuffed, Unstuffer};

/// The text, whether it is bare, and what stands behind its end, if that came.
fn unstuffed(mut reader: Unstuffer, wire: &[u8], piece: usize) -> (Vec<u8>, bool, Option<Vec<u8>>) {
    let (mut input, mut text) = (Input::default(), Vec::new());
    let mut pieces = wire.chunks(piece);
    loop {
        match reader.next(input.bytes()) {
            Unstuffed::Text { skip, len } => {
                input.take(skip);
                text.extend_from_slice(input.take(len));
            }
            Unstuffed::End(n) => {
                input.take(n);
                let rest = [input.bytes().to_vec(), pieces.collect::<Vec<_>>().concat()].concat();
                return (text, reader.has_bare_line_end(), Some(rest));
            }
            Unstuffed::More => match pieces.next() {
                Some(piece) => input.extend(piece),
                None => return (text, reader.has_bare_line_end(), None),
            },
        }
    }
}

fuzz_target!(|data: (u8, &[u8])| {
    let (piece, bytes) = (usize::from(data.0).max(1), data.1);
    let read = unstuffed(Unstuffer::default(), bytes, piece);
    assert_eq!(read, unstuffed(Unstuffer::default(), bytes, bytes.len().max(1)));
    let unchecked = unstuffed(Unstuffer::unchecked(), bytes, piece);
    assert_eq!((&read.0, false, &read.2), (&unchecked.0, unchecked.1, &unchecked.2));
    assert!(read.2.is_none() || read.1 || read.0.is_empty() || read.0.ends_with(b"\r\n"));

    let (mut writer, mut output) = (Stuffer::default(), Output::default());
    let pieces = bytes.chunks(piece).map(Bytes::copy_from_slice);
    let sent = pieces.into_iter().try_for_each(|piece| {
        let (before, held) = (writer.clone(), output.len());
        let sent = writer.stuff(piece, &mut output);
        assert!(sent.is_ok() || writer == before && output.len() == held);
        sent
    });
    if sent.is_ok() {
        writer.end(&mut output);
        let wire = output.copy_to_bytes(output.len());
        let (text, bare, rest) = unstuffed(Unstuffer::default(), &wire, piece);
        assert!(!bare && rest == Some(Vec::new()));
        assert!(text.starts_with(bytes) && text.len() <= bytes.len() + 2);
    }
});
