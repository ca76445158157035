//! Any unit is a command or none; a command that is read is written, however the server takes
//! literals, and read as the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mailrail_imap::types::{Mailbox, SequenceSet, Tag};
use mailrail_imap::{Command, Literals};

fuzz_target!(|bytes: &[u8]| {
    let unit = [bytes, b"\r\n"].concat();
    drop(Tag::of(&unit));
    match Command::parse(&unit) {
        Ok((tag, command)) => {
            for literals in [Literals::Synchronizing, Literals::Minus, Literals::Plus] {
                let mut encoded = command.encode(&tag, literals);
                let (len, mut again, mut pieces) = (encoded.len(), Vec::new(), Vec::new());
                while let Some(piece) = encoded.next_piece() {
                    again.extend_from_slice(&piece);
                    pieces.push(piece);
                }
                assert!(encoded.is_done() && again.len() == len);
                // Wherever the client waits, it has announced a literal.
                for piece in pieces.iter().rev().skip(1) {
                    assert!(piece.ends_with(b"}\r\n"));
                }
                assert_eq!(Command::parse(&again), Ok((tag.clone(), command.clone())));
            }
            assert_eq!(command.clone().into_owned(), command);
        }
        Err(error) => assert!(error.offset() <= unit.len()),
    }
    if let Ok(text) = core::str::from_utf8(bytes) {
        let mailbox = Mailbox::from_name(text);
        assert!(mailbox.is_inbox() || mailbox.name() == text);
        if let Ok(set) = text.parse::<SequenceSet>() {
            assert_eq!(set.to_string().parse(), Ok(set));
        }
    }
    if let Ok(mailbox) = Mailbox::from_wire(bytes) {
        drop(mailbox.name());
    }
});
