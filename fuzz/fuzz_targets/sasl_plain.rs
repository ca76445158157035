//! Any bytes as messages of PLAIN and as lines of an exchange: what is read is what was written.

#![no_main]

use bytes::Buf;
use libfuzzer_sys::fuzz_target;
use mailrail_sasl::{
    ClientMechanism, Credentials, Error, PlainClient, PlainServer, Progress, ServerMechanism,
    exchange, is_mechanism_name, sends_password,
};
use mailrail_wire::Output;

fn written(write: impl FnOnce(&mut Output)) -> Vec<u8> {
    let mut out = Output::default();
    write(&mut out);
    out.copy_to_bytes(out.remaining()).to_vec()
}

/// The client that claims the same says the same.
fn says_so(claimed: &Credentials, message: &[u8]) {
    let Credentials { authzid, authcid, password, .. } = claimed;
    let mut client = match authzid {
        Some(authzid) => PlainClient::acting_as(authzid, authcid, password.expose()),
        None => PlainClient::new(authcid, password.expose()),
    }
    .expect("what was read can be said");
    let said = client.initial_response().expect("the first").expect("PLAIN speaks first");
    assert_eq!(said.expose(), message);
    assert!(client.is_complete());
}

fuzz_target!(|data: (bool, &[u8])| {
    let (wait, bytes) = data;
    let mut server = PlainServer::default();
    if wait {
        assert!(
            matches!(server.step(None), Ok(Progress::Challenge(text)) if text.expose().is_empty())
        );
    }
    match server.step(Some(bytes)) {
        Ok(Progress::Credentials(claimed)) => says_so(&claimed, bytes),
        result => assert_eq!(result, Err(Error::Malformed)),
    }
    assert_eq!(server.step(Some(bytes)), Err(Error::Finished));
    let mut client = PlainClient::new("tim", "tanstaaftanstaaf").expect("a name and a password");
    assert_eq!(client.step(bytes).is_ok(), bytes.is_empty());

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
});
