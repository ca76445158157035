//! The client: conversations, each at every split of the server's bytes, and what a hostile or
//! broken server can make of it.
#![cfg(test)]

mod dialogue;
mod limits;

use dialogue::{act, show};
use mailrail_imap::{Client, Config};
use mailrail_testing::{Role, Transcript};
use std::{fs, path::Path};

/// The words of the first line tell how the client is set: `# plaintext tls pipelined=1`.
fn client(settings: &str) -> Client {
    let mut config = Config::default();
    let mut over_tls = false;
    for word in settings.split(' ') {
        match word.split_once('=').unwrap_or((word, "")) {
            ("plaintext", _) => config.allow_plaintext_auth = true,
            ("tls", _) => over_tls = true,
            ("pipelined", n) => config.limits.pipelined = n.parse().unwrap(),
            ("response", n) => config.limits.response = n.parse().unwrap(),
            _ => {}
        }
    }
    if over_tls { Client::over_tls(config) } else { Client::new(config) }
}

#[test]
fn transcripts() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/client/transcripts");
    let mut files: Vec<_> =
        fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 30, "{}", files.len());
    for file in files {
        println!("{}", file.display());
        let text = fs::read_to_string(file).unwrap();
        let settings = text.lines().next().unwrap_or_default();
        Transcript::parse(&text).run_every_split(Role::Client, || client(settings), act, show);
    }
}
