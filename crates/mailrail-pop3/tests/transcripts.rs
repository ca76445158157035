//! Conversations, each at every split of its bytes.
#![cfg(test)]

mod common;

use common::{act_client, act_server, offer, show_client, show_server};
use core::fmt;
use mailrail_pop3::{Client, Config, Language, Server, server::Phrase};
use mailrail_testing::{Role, Transcript};

fn plaintext() -> Config {
    let mut config = Config::default();
    config.allow_plaintext_auth = true;
    config
}

fn client(text: &str, config: &Config) {
    Transcript::parse(text).run_every_split(
        Role::Client,
        || Client::new(config.clone()),
        act_client,
        show_client,
    );
}

fn server(text: &str, stls: bool, config: &Config) {
    Transcript::parse(text).run_every_split(
        Role::Server,
        || Server::new(offer(stls), config.clone()),
        act_server,
        show_server,
    );
}

#[test]
fn client_session() {
    client(include_str!("transcripts/client_session.txt"), &plaintext());
}

#[test]
fn client_examples() {
    client(include_str!("transcripts/client_examples.txt"), &plaintext());
}

#[test]
fn client_capa_stls() {
    client(include_str!("transcripts/client_capa_stls.txt"), &Config::default());
}

#[test]
fn client_auth() {
    client(include_str!("transcripts/client_auth.txt"), &Config::default());
}

#[test]
fn server_mechanisms() {
    let mut offer = offer(true);
    offer.sasl = vec!["SCRAM-SHA-1-PLUS".to_owned(), "SCRAM-SHA-1".to_owned()];
    let mut config = Config::default();
    config.require_tls_for_auth = true;
    Transcript::parse(include_str!("transcripts/server_mechanisms.txt")).run_every_split(
        Role::Server,
        || Server::new(offer.clone(), config.clone()),
        act_server,
        show_server,
    );
}

#[test]
fn server_auth() {
    let mut offer = offer(true);
    offer.sasl = vec!["X-TWO".to_owned(), "PLAIN".to_owned()];
    Transcript::parse(include_str!("transcripts/server_auth.txt")).run_every_split(
        Role::Server,
        || Server::new(offer.clone(), Config::default()),
        act_server,
        show_server,
    );
}

#[test]
fn client_stls_refused() {
    client(include_str!("transcripts/client_stls_refused.txt"), &Config::default());
}

#[test]
fn client_pipelining() {
    client(include_str!("transcripts/client_pipelining.txt"), &plaintext());
}

#[test]
fn client_odd() {
    client(include_str!("transcripts/client_odd.txt"), &plaintext());
}

#[test]
fn client_refused() {
    client(include_str!("transcripts/client_refused.txt"), &Config::default());
}

#[test]
fn client_timeouts() {
    client(include_str!("transcripts/client_timeouts.txt"), &Config::default());
}

#[test]
fn server_session() {
    server(include_str!("transcripts/server_session.txt"), false, &plaintext());
}

#[test]
fn server_examples() {
    server(include_str!("transcripts/server_examples.txt"), false, &plaintext());
}

#[test]
fn server_stls() {
    server(include_str!("transcripts/server_stls.txt"), true, &Config::default());
}

#[test]
fn server_odd() {
    server(include_str!("transcripts/server_odd.txt"), false, &plaintext());
}

#[test]
fn server_pipelining() {
    server(include_str!("transcripts/server_pipelining.txt"), false, &plaintext());
}

#[test]
fn server_timeout() {
    server(include_str!("transcripts/server_timeout.txt"), false, &plaintext());
}

#[test]
fn server_refused() {
    server(include_str!("transcripts/server_refused.txt"), false, &plaintext());
}

#[test]
fn server_shut_down() {
    server(include_str!("transcripts/server_shut_down.txt"), true, &plaintext());
}

#[test]
fn client_apop() {
    client(include_str!("transcripts/client_apop.txt"), &Config::default());
}

#[test]
fn client_apop_tls() {
    client(include_str!("transcripts/client_apop_tls.txt"), &Config::default());
}

#[test]
fn client_utf8() {
    client(include_str!("transcripts/client_utf8.txt"), &plaintext());
}

#[test]
fn client_lang() {
    client(include_str!("transcripts/client_lang.txt"), &plaintext());
}

#[test]
fn client_sasl() {
    client(include_str!("transcripts/client_sasl.txt"), &plaintext());
}

#[test]
fn server_apop() {
    server(include_str!("transcripts/server_apop.txt"), true, &plaintext());
}

#[test]
fn server_utf8() {
    server(include_str!("transcripts/server_utf8.txt"), true, &plaintext());
}

#[test]
fn server_offer() {
    server(include_str!("transcripts/server_offer.txt"), true, &plaintext());
}

#[test]
fn server_logins() {
    server(include_str!("transcripts/server_logins.txt"), true, &plaintext());
}

#[test]
fn server_sasl() {
    server(include_str!("transcripts/server_sasl.txt"), true, &Config::default());
}

fn spanish(phrase: Phrase, out: &mut dyn fmt::Write) -> fmt::Result {
    match phrase {
        Phrase::Language => out.write_str("Idioma cambiado"),
        Phrase::NoLanguage => out.write_str("Idioma no es conocido"),
        other => (Language::ENGLISH.say)(other, out),
    }
}

fn swedish(phrase: Phrase, out: &mut dyn fmt::Write) -> fmt::Result {
    match phrase {
        Phrase::Language => out.write_str("Kommandot \"LANG\" lyckades"),
        other => (Language::ENGLISH.say)(other, out),
    }
}

#[test]
fn server_lang() {
    let mut config = plaintext();
    config.languages = Some(
        [
            Language { tag: "es", name: "Español", say: spanish },
            Language::ENGLISH,
            Language { tag: "sv", name: "Svenska", say: swedish },
        ]
        .into(),
    );
    server(include_str!("transcripts/server_lang.txt"), false, &config);
}
