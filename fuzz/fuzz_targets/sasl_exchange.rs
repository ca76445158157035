//! Any bytes as lines of an exchange and as text to prepare: what is read is what was written.

#![no_main]

use bytes::Buf;
use libfuzzer_sys::fuzz_target;
use mailrail_sasl::{exchange, is_mechanism_name, saslprep, sends_password};
use mailrail_wire::Output;

fn written(write: impl FnOnce(&mut Output)) -> Vec<u8> {
    let mut out = Output::default();
    write(&mut out);
    out.copy_to_bytes(out.remaining()).to_vec()
}

fuzz_target!(|bytes: &[u8]| {
    if let Ok(message) = exchange::decode(bytes) {
        assert_eq!(written(|out| exchange::encode(message.expose(), out)), bytes);
    }
    if let Ok(message) = exchange::decode_initial(bytes) {
        let again = written(|out| exchange::encode_initial(message.expose(), out));
        assert!(again == bytes || bytes.is_empty() && again == b"=");
        assert_eq!(again.len(), exchange::initial_len(message.expose().len()));
    }
    match exchange::decode_line(bytes) {
        Ok(exchange::Line::Cancel) => assert_eq!(bytes, exchange::CANCEL),
        Ok(exchange::Line::Response(_)) => assert!(exchange::decode(bytes).is_ok()),
        Err(error) => assert_eq!(exchange::decode(bytes), Err(error)),
    }
    let line = written(|out| exchange::encode(bytes, out));
    assert_eq!(exchange::decode(&line).expect("what was written").expose(), bytes);
    if is_mechanism_name(bytes) {
        let name = core::str::from_utf8(bytes).expect("names are ASCII");
        assert!(!sends_password(name) || matches!(name.len(), 5 | 7 | 11));
    }
    let Ok(text) = core::str::from_utf8(bytes) else { return };
    if let Ok(prepared) = saslprep::stored(text) {
        assert_eq!(saslprep::query(text).as_ref(), Ok(&prepared));
        assert_eq!(saslprep::stored(&prepared).as_ref(), Ok(&prepared));
    }
});
