//! Any line is a command or none; a command that is read is written as one line, and read as the
//! same.

#![no_main]

use bytes::Buf;
use libfuzzer_sys::fuzz_target;
use mailrail_pop3::{ApopDigest, Command, LanguageRange, Password, Text, Timestamp, UserName};
use mailrail_wire::Output;

fn written(command: &Command<'_>) -> Vec<u8> {
    let mut out = Output::default();
    command.encode(&mut out);
    out.copy_to_bytes(out.remaining()).to_vec()
}

fuzz_target!(|line: &[u8]| {
    match Command::parse(line) {
        Ok(command) => {
            let again = written(&command);
            let again = again.strip_suffix(b"\r\n").expect("a line");
            assert!(!again.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)));
            assert_eq!(Command::parse(again), Ok(command));
        }
        Err(error) => assert!(error.offset <= line.len()),
    }
    if let Ok(name) = UserName::parse(line) {
        assert_eq!(Command::parse(&[b"USER ", line].concat()), Ok(Command::User(name)));
        assert!(written(&Command::User(name)).len() <= 255);
    }
    if let Ok(password) = Password::parse(line) {
        assert_eq!(Command::parse(&[b"PASS ", line].concat()), Ok(Command::Pass(password)));
        assert!(written(&Command::Pass(password)).len() <= 255);
    }
    if let Ok(range) = LanguageRange::parse(line) {
        let command = Command::Lang(Some(range));
        assert_eq!(Command::parse(&[b"LANG ", line].concat()), Ok(command));
    }
    if ApopDigest::parse(line).is_ok() {
        assert!(Command::parse(&[b"APOP a ", line].concat()).is_ok());
    }
    if let Some(timestamp) = Timestamp::find(line) {
        assert_eq!(Timestamp::parse(timestamp.as_str().as_bytes()), Ok(timestamp));
    }
    if let Ok(text) = core::str::from_utf8(line)
        && let Ok(text) = Text::new(text)
    {
        assert!(!text.as_str().contains(char::is_control) || !text.as_str().is_ascii());
    }
});
