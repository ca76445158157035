//! Every command of our client, one by one, against Postfix and Exim.

use crate::support::{
    Result,
    dovecot::Dovecot,
    house::PASSWORD,
    maildrop::BOB,
    mta::{EXIM, Mta},
    postfix::Postfix,
    suite::{ROOM, ROOT, Suite},
};
use bytes::Bytes;
use mailrail_examples::drive::{
    Clock,
    blocking::{Link, Stream},
};
use mailrail_smtp::{
    Client, Config, Domain, EnvelopeId, Extensions, Mailbox, Notify, Ret,
    client::{Event, Verb},
    command::{Attributes, Body, Command, Etrn, Help, Mail, Rcpt, Vrfy},
};
use std::net::TcpStream;

pub(crate) fn add(suite: &mut Suite) {
    suite.test("commands::client_and_postfix", &["postfix", "dovecot", ROOT], postfix);
    suite.test("commands::client_and_exim", &[EXIM, ROOM, ROOT], exim);
}

/// What a server offers first, and its replies' codes.
struct Seen {
    offered: Extensions,
    codes: Vec<(String, u16)>,
}

impl Seen {
    fn code(&self, verb: &str) -> Option<u16> {
        self.codes.iter().find(|(it, _)| it == verb).map(|&(_, code)| code)
    }
}

/// Says all there is to say, and sends a message in two chunks, and an empty one by DATA.
fn talk(port: u16, with_proxy: bool) -> Result<Seen> {
    let stream = Stream::new(TcpStream::connect(("127.0.0.1", port))?, None);
    let mut link = Link::new(Client::new(Config::default()), stream, Clock::start());
    let host: Domain<'static> = "client.test".parse()?;
    let bob: Mailbox<'static> = BOB.parse()?;
    let (mut offered, mut codes) = (None, Vec::new());
    let mut pieces = vec![".\r\nthe end\r\n", "Subject: chunks\r\n\r\n"];
    while let Some((event, client)) = link.next_event()? {
        let (command, reply) = match event {
            Event::Reply { command, reply } => (command, reply),
            Event::WantMessage => {
                match pieces.pop() {
                    Some(piece) => client.message(Bytes::from(piece))?,
                    None => client.end_message()?,
                }
                continue;
            }
            event => return Err(format!("{event:?}").into()),
        };
        let name = format!("{command:?}").to_lowercase();
        codes.push((name.split(' ').next().unwrap_or_default().to_owned(), reply.code().get()));
        let done = reply.code().is_completion();
        match command {
            Verb::Greeting => client.ehlo(host.clone())?,
            Verb::Ehlo if offered.is_none() => {
                offered = client.extensions().cloned();
                client.noop()?;
                client.vrfy(Vrfy::parse(BOB.as_bytes())?)?;
                client.expn(Vrfy::parse(b"staff")?)?;
                client.help(Help::about("MAIL")?)?;
                client.etrn(Etrn::parse(b"south.test")?)?;
                let mut attributes = Attributes::default();
                attributes.add("NAME", "spike.north.test")?;
                attributes.add("ADDR", "192.0.2.9")?;
                if with_proxy {
                    client.xforward(attributes.clone())?;
                    client.xclient(attributes)?;
                }
            }
            Verb::Etrn if with_proxy => {}
            Verb::Xclient if done => client.ehlo(host.clone())?,
            Verb::Etrn | Verb::Ehlo => {
                let mut mail = Mail::from(bob.clone());
                (mail.size, mail.body) = (Some(100), Some(Body::EightBitMime));
                (mail.ret, mail.envelope_id) = (Some(Ret::Headers), EnvelopeId::new("a b").ok());
                client.mail(mail)?;
                client.rset()?;
                let Ok(Command::Mail(mail)) = Command::parse(b"MAIL FROM:<> SMTPUTF8\r\n") else {
                    return Err("it does not parse".into());
                };
                client.mail(mail)?;
                let mut rcpt = Rcpt::from(bob.clone());
                rcpt.notify = Some(Notify::NEVER);
                client.rcpt(rcpt)?;
                client.bdat()?;
            }
            Verb::Message => client.quit()?,
            _ => {}
        }
    }
    Ok(Seen { offered: offered.ok_or("EHLO was refused")?, codes })
}

fn postfix() -> Result {
    let dovecot = Dovecot::start(&[(BOB, PASSWORD)])?;
    let postfix = Postfix::start(&["bob"], &dovecot, None)?;
    let seen = talk(postfix.smtp, true)?;
    let offered = &seen.offered;
    assert!(offered.pipelining && offered.chunking && offered.dsn && offered.smtp_utf8);
    assert!(offered.vrfy && offered.etrn && offered.starttls && offered.eight_bit_mime);
    assert_eq!(offered.size, Some(10_240_000));
    for (verb, code) in [
        ("greeting", 220),
        ("noop", 250),
        ("vrfy", 252),
        ("etrn", 459),
        ("xforward", 250),
        ("xclient", 220),
        ("mail", 250),
        ("rset", 250),
        ("rcpt", 250),
        ("bdat", 250),
        ("message", 250),
        ("quit", 221),
    ] {
        assert_eq!(seen.code(verb), Some(code), "{verb}: {:?}", seen.codes);
    }
    // It knows neither of these.
    for verb in ["expn", "help"] {
        assert!(matches!(seen.code(verb), Some(500 | 502)), "{verb}: {:?}", seen.codes);
    }
    let messages = postfix.messages("bob", 1)?;
    let message = String::from_utf8(messages.concat())?;
    // It adds to the header.
    assert!(message.contains("\nSubject: chunks\n"), "{message}");
    assert!(message.ends_with("\n\n.\nthe end\n"), "{message}");
    // Whom it took the client for.
    assert!(message.contains("spike.north.test [192.0.2.9]"), "{message}");
    Ok(())
}

fn exim() -> Result {
    let exim = Mta::exim()?;
    let seen = talk(exim.port, false)?;
    let offered = &seen.offered;
    assert!(offered.pipelining && offered.chunking && offered.dsn && offered.smtp_utf8);
    assert!(offered.help && offered.starttls && offered.eight_bit_mime);
    for (verb, code) in [
        ("noop", 250),
        ("vrfy", 252),
        ("expn", 550),
        ("help", 214),
        ("mail", 250),
        ("rset", 250),
        ("rcpt", 250),
        ("bdat", 250),
        ("message", 250),
        ("quit", 221),
    ] {
        assert_eq!(seen.code(verb), Some(code), "{verb}: {:?}", seen.codes);
    }
    assert_eq!(exim.messages(1)?.len(), 1);
    Ok(())
}
