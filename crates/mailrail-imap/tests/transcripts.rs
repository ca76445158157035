//! Conversations, each at every split of its bytes.
#![cfg(test)]

mod common;

use common::server;
use mailrail_imap::{
    Config, Server,
    types::{Capabilities, Capability},
};
use mailrail_testing::{Role, Transcript};

fn plaintext() -> Config {
    let mut config = Config::default();
    config.allow_plaintext_auth = true;
    config
}

fn serve(text: &str, config: &Config) {
    let offer: Capabilities =
        [Capability::Imap4Rev1, Capability::Idle, Capability::UidPlus, Capability::Move]
            .into_iter()
            .collect();
    serve_offering(text, &offer, config);
}

fn serve_all(text: &str, config: &Config) {
    serve_offering(text, &server::offer(), config);
}

fn serve_offering(text: &str, offer: &Capabilities, config: &Config) {
    let machine = || Server::new(offer.clone(), config.clone());
    Transcript::parse(text).run_every_split(Role::Server, machine, server::act, server::show);
}

/// Small limits, to be passed in few bytes.
fn small() -> Config {
    let mut config = plaintext();
    config.limits.line = 100;
    config.limits.literal = 20;
    config.limits.skip = 40;
    config.limits.append = 30;
    config.limits.errors = 5;
    config
}

#[test]
fn server_session() {
    serve(include_str!("transcripts/server_session.txt"), &plaintext());
}

#[test]
fn server_examples() {
    serve_all(include_str!("transcripts/server_examples.txt"), &plaintext());
}

#[test]
fn server_append() {
    serve_all(include_str!("transcripts/server_append.txt"), &plaintext());
}

#[test]
fn server_append_limits() {
    serve_all(include_str!("transcripts/server_append_limits.txt"), &small());
}

#[test]
fn server_starttls() {
    serve_all(include_str!("transcripts/server_starttls.txt"), &Config::default());
}

#[test]
fn server_authenticate() {
    serve_all(include_str!("transcripts/server_authenticate.txt"), &plaintext());
}

#[test]
fn server_idle() {
    serve(include_str!("transcripts/server_idle.txt"), &plaintext());
}

#[test]
fn server_fetch() {
    serve_all(include_str!("transcripts/server_fetch.txt"), &plaintext());
}

#[test]
fn server_news() {
    serve_all(include_str!("transcripts/server_news.txt"), &plaintext());
}

#[test]
fn server_states() {
    serve_all(include_str!("transcripts/server_states.txt"), &plaintext());
}

#[test]
fn server_literals() {
    serve_all(include_str!("transcripts/server_literals.txt"), &small());
}

#[test]
fn server_too_many_errors() {
    let mut config = small();
    config.limits.errors = 2;
    serve(include_str!("transcripts/server_too_many_errors.txt"), &config);
}

#[test]
fn server_bye() {
    serve(include_str!("transcripts/server_bye.txt"), &plaintext());
}

/// Short endings, one conversation each: what a client does after `* PREAUTH`.
#[test]
fn server_endings() {
    for (name, text) in include_str!("transcripts/server_endings.txt")
        .split("\n## ")
        .skip(1)
        .filter_map(|part| part.split_once('\n'))
    {
        let greeting = "! Connected\n> * PREAUTH hello\n\
            S: * PREAUTH [CAPABILITY IMAP4rev1 IDLE UIDPLUS MOVE] hello\n";
        println!("{name}");
        serve(&format!("{greeting}{text}"), &small());
    }
}
