//! The server: conversations, each at every split of the client's bytes, and what a hostile or
//! broken client can make of it.
#![cfg(test)]

mod dialogue;
mod limits;

use dialogue::{act, offer, show};
use mailrail_imap::{
    Config, Server,
    types::{Capabilities, Capability},
};
use mailrail_testing::{Role, Transcript};
use std::{fs, path::Path};

/// The words of the first line tell how the server is set: `# plaintext few small errors=2`.
fn server(settings: &str) -> Server {
    let (mut config, mut offer) = (Config::default(), offer());
    for word in settings.split(' ') {
        match word.split_once('=').unwrap_or((word, "")) {
            ("plaintext", _) => config.allow_plaintext_auth = true,
            ("over-tls", _) => config.require_tls_for_auth = true,
            ("scram", _) => {
                let some = [Capability::Imap4Rev1, Capability::StartTls, Capability::Idle];
                offer = some.into_iter().collect::<Capabilities>();
                offer.insert_auth("SCRAM-SHA-1-PLUS").unwrap();
                offer.insert_auth("SCRAM-SHA-1").unwrap();
            }
            ("few", _) => {
                let few = [
                    Capability::Imap4Rev1,
                    Capability::Idle,
                    Capability::UidPlus,
                    Capability::Move,
                ];
                offer = few.into_iter().collect::<Capabilities>();
            }
            ("small", _) => {
                config.limits.line = 100;
                config.limits.literal = 20;
                config.limits.skip = 40;
                config.limits.append = 30;
            }
            ("logins", n) => config.limits.logins = n.parse().unwrap(),
            ("errors", n) => config.limits.errors = n.parse().unwrap(),
            _ => {}
        }
    }
    Server::new(offer, config)
}

#[test]
fn transcripts() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/server/transcripts");
    let mut files: Vec<_> =
        fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 24, "{}", files.len());
    for file in files {
        println!("{}", file.display());
        let text = fs::read_to_string(file).unwrap();
        let settings = text.lines().next().unwrap_or_default();
        Transcript::parse(&text).run_every_split(Role::Server, || server(settings), act, show);
    }
}
