//! Whole dialogues of a submission, each at every split of the bytes that the server sends.
#![cfg(test)]

mod pair;
mod properties;

use bytes::Bytes;
use mailrail_sasl::{Authenticator, Credentials, Nonce};
use mailrail_smtp::{
    Config, Domain, Submission,
    command::{Command, Mail, Rcpt},
    submission::{Envelope, Event, Outcome, TlsPolicy},
};
use mailrail_testing::{Role, Shown, Transcript};
use std::{fs, path::Path};

/// What `# name=value` sets.
fn setting<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    text.lines()
        .filter_map(|line| line.strip_prefix("# "))
        .flat_map(|line| line.split(' '))
        .find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
}

fn machine(text: &str) -> Submission {
    let tls = match setting(text, "tls") {
        None | Some("none") => TlsPolicy::None,
        Some("opportunistic") => TlsPolicy::Opportunistic,
        Some("required") => TlsPolicy::Required,
        Some("implicit") => TlsPolicy::Implicit,
        Some(other) => panic!("{other}"),
    };
    let mut config = Config::default();
    config.allow_plaintext_auth = setting(text, "plaintext").is_some();
    config.lmtp = setting(text, "protocol") == Some("lmtp");
    let host: Domain<'static> = "client.test".parse().unwrap();
    let mut submission = Submission::new(host, tls, config);
    if setting(text, "converts").is_some() {
        submission = submission.with_conversion();
    }
    match setting(text, "login") {
        None => submission,
        Some(user) => {
            let credentials = {
                let password = setting(text, "password").unwrap_or("sesame");
                Credentials::password(user, password).unwrap()
            };
            let nonce = Nonce::new("rOprNGfwEbeRWgbNEkqO").unwrap();
            submission.with_login(Authenticator::new(credentials, nonce).with_iterations(1..=4_096))
        }
    }
}

fn mail(words: &str) -> Mail<'static> {
    let line = format!("MAIL FROM:{words}\r\n");
    let Ok(Command::Mail(mail)) = Command::parse(line.as_bytes()) else { panic!("{line}") };
    mail.into_owned()
}

fn rcpt(words: &str) -> Rcpt<'static> {
    let line = format!("RCPT TO:{words}\r\n");
    let Ok(Command::Rcpt(rcpt)) = Command::parse(line.as_bytes()) else { panic!("{line}") };
    rcpt.into_owned()
}

fn show_outcomes(outcomes: &[Outcome]) -> String {
    let outcomes = outcomes.iter().map(|outcome| match outcome {
        Outcome::Accepted(reply) => format!("accepted {reply}"),
        Outcome::Deferred(reason) => format!("deferred {reason}"),
        Outcome::Refused(reason) => format!("refused {reason}"),
        Outcome::Unknown(reason) => format!("unknown {reason}"),
    });
    outcomes.collect::<Vec<_>>().join(" | ")
}

fn act(submission: &mut Submission, words: &str) {
    match words.split_once(' ').unwrap_or((words, "")) {
        ("send", envelope) => {
            let mut words = envelope.split(" to ");
            let mail = mail(words.next().unwrap());
            let recipients = words.map(rcpt).collect();
            submission.send(Envelope { mail, recipients })
        }
        ("message", text) => submission.message(Bytes::from(text.replace("\\r\\n", "\r\n"))),
        ("last", text) => submission.last_message(Bytes::from(text.replace("\\r\\n", "\r\n"))),
        ("end", _) => submission.end_message(),
        ("quit", _) => submission.quit(),
        ("converted", size) => submission.converted(size.parse().unwrap()),
        ("not-converted", _) => submission.not_converted(),
        ("abandon", expected) => {
            let outcomes = submission.abandon("the cable is cut").unwrap();
            assert_eq!(show_outcomes(&outcomes), expected);
            assert_eq!(submission.abandon("again"), None);
            Ok(())
        }
        _ => panic!("{words}"),
    }
    .unwrap();
}

fn show(event: &Event) -> Shown {
    Shown::Text(match event {
        Event::Secured => "secured".to_owned(),
        Event::Ready => "ready".to_owned(),
        Event::WantConversion { to } => format!("want conversion to {to:?}"),
        Event::WantMessage => "want message".to_owned(),
        Event::Outcome(outcomes) => format!("outcome {}", show_outcomes(outcomes)),
        _ => panic!("{event:?}"),
    })
}

#[test]
fn dialogues() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/submission/transcripts");
    let mut files: Vec<_> =
        fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    assert!(files.len() > 15);
    for file in files {
        eprintln!("{}", file.display());
        let text = fs::read_to_string(file).unwrap();
        // A file holds several dialogues.
        for text in text.split("\n---\n") {
            Transcript::parse(text).run_every_split(Role::Client, || machine(text), act, show);
        }
    }
}
