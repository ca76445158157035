//! Any line is a command or none; a command that is read is written as one line, and read as the
//! same.

#![no_main]

use bytes::Buf;
use libfuzzer_sys::fuzz_target;
use mailrail_smtp::command::Command;
use mailrail_smtp::{Domain, Extension, Host, LocalPart, Mailbox, Parameter};
use mailrail_wire::Output;

fn written(command: &Command<'_>) -> Vec<u8> {
    let mut out = Output::default();
    command.encode(&mut out);
    out.copy_to_bytes(out.remaining()).to_vec()
}

/// What is read from a text reads the same from the text it shows.
fn shown<T: core::str::FromStr + ToString + PartialEq>(text: &str) {
    if let Ok(value) = text.parse::<T>() {
        let again = value.to_string();
        assert!(again.parse::<T>().is_ok_and(|again| again == value), "{text:?} {again:?}");
    }
}

fuzz_target!(|bytes: &[u8]| {
    let line = [bytes, b"\r\n"].concat();
    match Command::parse(&line) {
        Ok(command) => {
            let again = written(&command);
            assert_eq!(again.iter().position(|&byte| byte == b'\n'), Some(again.len() - 1));
            assert_eq!(Command::parse(&again), Ok(command));
        }
        Err(error) => assert!(error.offset <= line.len()),
    }
    assert!(bytes.ends_with(b"\r\n") || Command::parse(bytes).is_err());
    if let Ok(text) = core::str::from_utf8(bytes) {
        shown::<Domain<'static>>(text);
        shown::<Host<'static>>(text);
        shown::<Mailbox<'static>>(text);
        shown::<Parameter<'static>>(text);
        shown::<Extension>(text);
        if let Ok(local_part) = LocalPart::new(text) {
            let host: Host<'_> = "a.test".parse().expect("a host");
            let mailbox = Mailbox { local_part, host };
            assert_eq!(mailbox.to_string().parse(), Ok(mailbox));
        }
    }
});
