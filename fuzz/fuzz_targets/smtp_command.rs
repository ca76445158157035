//! Any line is a command or none; a command that is read is written as one line, and read as the
//! same. So is what an embedder makes of any text, and what a proxy says.

#![no_main]

use bytes::Buf;
use libfuzzer_sys::fuzz_target;
use mailrail_smtp::command::{
    Attributes, Auth, Burl, Command, Etrn, Help, Mail, Other, Rcpt, Vrfy,
};
use mailrail_smtp::{
    Domain, EnvelopeId, Extension, ForwardPath, Host, LocalPart, Mailbox, OriginalRecipient,
    Parameter, Proxied, ReversePath, Solicitation,
};
use mailrail_wire::{Output, Secret};

fn written(command: &Command<'_>) -> Vec<u8> {
    let mut out = Output::default();
    command.encode(&mut out);
    out.copy_to_bytes(out.remaining()).to_vec()
}

/// Writes a command as one line, and reads the same again.
fn is_written(command: &Command<'_>) {
    let wire = written(command);
    assert_eq!(wire.iter().position(|&byte| byte == b'\n'), Some(wire.len() - 1));
    assert_eq!(wire.iter().position(|&byte| byte == b'\r'), Some(wire.len() - 2));
    if let Command::Other(other) = command {
        let again = Other::parse(&wire[..wire.len() - 2]);
        assert_eq!(again.as_ref(), Ok(other));
    } else {
        assert_eq!(Command::parse(&wire).as_ref(), Ok(command));
    }
}

/// The same, borrowing nothing; an address needs SMTPUTF8 just as it did.
fn is_owned(command: &Command<'_>) {
    match command.clone() {
        Command::Mail(mail) => {
            assert_eq!(&mail.clone().into_owned(), &mail);
            assert_eq!(mail.reverse_path.is_ascii(), mail.reverse_path.to_string().is_ascii());
        }
        Command::Rcpt(rcpt) => {
            assert_eq!(&rcpt.clone().into_owned(), &rcpt);
            assert_eq!(rcpt.forward_path.is_ascii(), rcpt.forward_path.to_string().is_ascii());
        }
        Command::Xclient(attributes) | Command::Xforward(attributes) => {
            assert_eq!(&attributes.clone().into_owned(), &attributes);
        }
        _ => {}
    }
}

/// What is read from a text reads the same from the text it shows.
fn shown<T: core::str::FromStr + ToString + PartialEq>(text: &str) {
    if let Ok(value) = text.parse::<T>() {
        let again = value.to_string();
        assert!(again.parse::<T>().is_ok_and(|again| again == value), "{text:?} {again:?}");
    }
}

/// What an embedder can make of that text is sent as one line that says the same.
fn is_said(text: &str) {
    let host: Host<'_> = "a.test".parse().expect("a host");
    if let Ok(local_part) = LocalPart::new(text) {
        let mailbox = Mailbox { local_part, host };
        assert_eq!(mailbox.to_string().parse(), Ok(mailbox.clone()));
        let mut mail = Mail::new(mailbox.clone().into());
        mail.envelope_id = EnvelopeId::new(text).ok();
        // Nobody is written `<>`.
        mail.auth = Some(if text.is_empty() { "<>" } else { text }.into());
        is_written(&Command::Mail(mail));
        let mut rcpt = Rcpt::new(mailbox.into());
        rcpt.original_recipient = OriginalRecipient::new("utf-8", text).ok();
        is_written(&Command::Rcpt(rcpt));
    }
    let mut attributes = Attributes::default();
    if attributes.add("NAME", text).is_ok() {
        is_written(&Command::Xforward(attributes));
    }
    let (mechanism, response) = text.split_once(' ').unwrap_or((text, ""));
    if let Ok(auth) = Auth::new(mechanism, Some(Secret::new(response.as_bytes().to_vec()))) {
        is_written(&Command::Auth(auth));
    }
    let commands = [
        Help::about(text).map(Command::Help),
        Etrn::parse(text.as_bytes()).map(Command::Etrn),
        Vrfy::parse(text.as_bytes()).map(Command::Vrfy),
        Burl::new(text, text.len().is_multiple_of(2)).map(Command::Burl),
        Other::parse(text.as_bytes()).map(Command::Other),
    ];
    commands.iter().flatten().for_each(is_written);
}

/// A header is read the same however much of what follows is there, and asks for more before.
fn is_proxied(bytes: &[u8]) {
    let Ok(Some((_, len))) = Proxied::parse(bytes) else { return };
    assert!(len <= bytes.len());
    assert_eq!(Proxied::parse(&bytes[..len]), Proxied::parse(bytes));
    for cut in [0, 1, len / 2, len - 1] {
        assert_eq!(Proxied::parse(&bytes[..cut]), Ok(None), "at {cut}");
    }
}

fuzz_target!(|bytes: &[u8]| {
    let line = [bytes, b"\r\n"].concat();
    match Command::parse(&line) {
        Ok(command) => {
            is_written(&command);
            is_owned(&command);
        }
        Err(error) => assert!(error.offset <= line.len()),
    }
    assert!(bytes.ends_with(b"\r\n") || Command::parse(bytes).is_err());
    is_proxied(bytes);
    if let Ok(text) = core::str::from_utf8(bytes) {
        shown::<Domain<'static>>(text);
        shown::<Host<'static>>(text);
        shown::<Mailbox<'static>>(text);
        shown::<ReversePath<'static>>(text);
        shown::<ForwardPath<'static>>(text);
        shown::<Parameter<'static>>(text);
        shown::<Solicitation<'static>>(text);
        shown::<Extension>(text);
        is_said(text);
    }
});
