//! Dialogues, each at every split of the bytes that the peer sends.
#![cfg(test)]

use bytes::{Buf as _, Bytes};
use mailrail_smtp::{
    Client, Config, Domain, EnhancedStatusCode, Extensions, Misuse, Proxied, Reply, ReplyCode,
    Server, client,
    command::{Command, Other, Vrfy},
    server,
};
use mailrail_testing::{Role, Shown, Transcript, escaped};
use mailrail_wire::{Connection as _, Input, Output, Step, Time};
use std::{fs, path::Path};

fn each(folder: &str, mut run: impl FnMut(&str)) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts").join(folder);
    let mut files: Vec<_> =
        fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    assert!(files.len() > 10);
    for file in files {
        eprintln!("{}", file.display());
        run(&fs::read_to_string(file).unwrap());
    }
}

/// `\r`, `\n`, `\xNN` as in the transcript's own lines.
fn unescaped(text: &str) -> Vec<u8> {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let Some((&first, after)) = rest.split_first() {
        let (byte, after) = match (first, after) {
            (b'\\', [b'r', after @ ..]) => (b'\r', after),
            (b'\\', [b'n', after @ ..]) => (b'\n', after),
            (b'\\', [b'x', high, low, after @ ..]) => {
                let digit =
                    |byte: u8| u8::try_from(char::from(byte).to_digit(16).unwrap()).unwrap();
                (digit(*high) * 16 + digit(*low), after)
            }
            _ => (first, after),
        };
        bytes.push(byte);
        rest = after;
    }
    bytes
}

/// The words behind `# word` comments.
fn settings(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| line.strip_prefix("# ")).flat_map(|line| line.split(' '))
}

/// `# offer word word`, or `# ehlo LINE, LINE` as a server would tell it.
fn offer(text: &str) -> Extensions {
    let mut offer = Extensions::default();
    if let Some(lines) = text.lines().find_map(|line| line.strip_prefix("# ehlo ")) {
        let lines = format!("mx.test\n{}", lines.replace(", ", "\n"));
        offer = Extensions::from_reply(&Reply::new(ReplyCode::OK, lines));
        for word in settings(text) {
            match word.split_once('=') {
                Some(("parameter", keyword)) => offer.add_parameter(keyword).unwrap(),
                Some(("verb", verb)) => offer.add_verb(verb).unwrap(),
                _ => {}
            }
        }
        return offer;
    }
    let line = text.lines().find_map(|line| line.strip_prefix("# offer "));
    for word in line.unwrap_or("8bitmime size=0 dsn HELP").split(' ') {
        match word.split_once('=').unwrap_or((word, "")) {
            ("pipelining", _) => offer.pipelining = true,
            ("8bitmime", _) => offer.eight_bit_mime = true,
            ("starttls", _) => offer.starttls = true,
            ("chunking", _) => offer.chunking = true,
            ("binarymime", _) => offer.binary_mime = true,
            ("smtputf8", _) => offer.smtp_utf8 = true,
            ("dsn", _) => offer.dsn = true,
            ("enhanced", _) => offer.enhanced_status_codes = true,
            ("size", size) => offer.size = Some(size.parse().unwrap()),
            ("PLAIN" | "GSSAPI" | "SCRAM-SHA-1" | "SCRAM-SHA-1-PLUS", _) => {
                offer.add_mechanism(word).unwrap();
            }
            _ => offer.others.push(word.parse().unwrap()),
        }
    }
    offer
}

fn config(text: &str) -> Config {
    let mut config = Config::default();
    for word in settings(text) {
        let number = || word.split_once('=').unwrap().1.parse().unwrap();
        match word.split('=').next().unwrap() {
            "line" if word.contains('=') => config.limits.line = number(),
            "auth-line" => config.limits.auth_line = number(),
            "recipients" if word.contains('=') => config.limits.recipients = number(),
            "errors" if word.contains('=') => config.limits.errors = number().try_into().unwrap(),
            "lmtp" => config.lmtp = true,
            "proxy" => config.proxy = true,
            "pass-bare-line-ends" => config.pass_bare_line_ends = true,
            "refuse-eight-bit" => config.refuse_eight_bit = true,
            "logins" if word.contains('=') => config.limits.logins = number().try_into().unwrap(),
            "require-auth" => config.require_auth = true,
            "require-tls-for-auth" => config.require_tls_for_auth = true,
            "allow-plaintext" => config.allow_plaintext_auth = true,
            _ => {}
        }
    }
    config
}

/// `550 5.1.1 text`, with `\n` for a further line.
fn reply(text: &str) -> Reply<'static> {
    let text = String::from_utf8(unescaped(text)).unwrap();
    let (code, text) = text.split_once(' ').unwrap();
    let code = ReplyCode::new(code.parse().unwrap()).unwrap();
    let numbers = text.split_once(' ').and_then(|(enhanced, text)| {
        let numbers: Vec<u16> =
            enhanced.split('.').map(|n| n.parse().ok()).collect::<Option<_>>()?;
        let class = u8::try_from(*numbers.first()?).ok()?;
        Some((EnhancedStatusCode::new(class, *numbers.get(1)?, *numbers.get(2)?)?, text))
    });
    match numbers {
        Some((enhanced, text)) => Reply::new(code, text.to_owned()).with_enhanced(enhanced),
        None => Reply::new(code, text.to_owned()),
    }
}

fn act_as_server(server: &mut Server, words: &str) {
    let domain: Domain<'_> = "mx.test".parse().unwrap();
    match words.split_once(' ').unwrap_or((words, "")) {
        ("greet", _) => server.greet(&domain),
        ("accept", _) => server.accept(),
        ("challenge", text) => server.challenge(text.as_bytes()),
        _ => server.reply(&reply(words)),
    }
    .unwrap();
}

/// A command without the words in front and its CR LF.
fn arguments(front: &str, command: &Command<'_>) -> String {
    let mut out = Output::default();
    command.encode(&mut out);
    let line = String::from_utf8(out.copy_to_bytes(out.remaining()).to_vec()).unwrap();
    line.trim_end().strip_prefix(front).unwrap().to_owned()
}

fn show_server(event: &server::Event<'_>) -> Shown {
    use server::Event;
    Shown::Text(match event {
        Event::Connected => "connected".to_owned(),
        Event::Ehlo { host } => format!("ehlo {host}"),
        Event::Helo { host } => format!("helo {host}"),
        Event::StartTls => "starttls".to_owned(),
        Event::Secured => "secured".to_owned(),
        Event::Authenticate { mechanism, initial_response } => match initial_response {
            None => format!("authenticate {mechanism} -"),
            Some(response) => {
                format!("authenticate {mechanism} \"{}\"", escaped(response.expose()))
            }
        },
        Event::AuthenticateResponse(response) => {
            format!("response \"{}\"", escaped(response.expose()))
        }
        Event::Mail(mail) => {
            let mut bare = mail.clone();
            (bare.size, bare.auth, bare.body) = (None, None, None);
            let size = mail.size.map(|size| format!(" size={size}")).unwrap_or_default();
            let auth = mail.auth.as_ref().map(|auth| format!(" auth={auth}")).unwrap_or_default();
            format!("mail {}{size}{auth}", arguments("MAIL FROM:", &Command::Mail(bare)))
        }
        Event::Rcpt(rcpt) => {
            format!("rcpt {}", arguments("RCPT TO:", &Command::Rcpt(rcpt.clone())))
        }
        Event::Proxied(Proxied::Tcp { source, .. }) => format!("proxied {source}"),
        Event::Bdat { size, last } => format!("bdat {size}{}", if *last { " last" } else { "" }),
        Event::EndOfChunk => "end of chunk".to_owned(),
        Event::Burl(burl) => format!("burl {} {}", burl.url(), burl.is_last()),
        Event::Vrfy(user) => format!("vrfy {}", user.as_str()),
        Event::Expn(list) => format!("expn {}", list.as_str()),
        Event::Help(help) => format!("help {}", help.subject().unwrap_or("-")),
        Event::Etrn(node) => format!("etrn {}", node.as_str()),
        Event::Xclient(attributes) => {
            format!("xclient {}", attributes.find("ADDR").unwrap_or("-"))
        }
        Event::Xforward(attributes) => {
            format!("xforward {}", attributes.find("ADDR").unwrap_or("-"))
        }
        Event::Other(other) => format!("other {} {}", other.verb(), other.arguments()),
        Event::Data => "data".to_owned(),
        Event::Message(piece) => return Shown::Bulk("message", piece.to_vec()),
        Event::EndOfMessage => "end of message".to_owned(),
        Event::Aborted(refusal) => format!("aborted {refusal:?}"),
        Event::Rset => "rset".to_owned(),
        Event::Quit => "quit".to_owned(),
        _ => panic!("{event:?}"),
    })
}

/// A server that waits for a message.
fn receiving(offer: Extensions, config: Config) -> Server {
    let (mut server, mut input) = (Server::new(offer, config), Input::default());
    input.extend(b"EHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<a@b>\r\nDATA\r\n");
    loop {
        match server.poll(Time::default(), &mut input).unwrap() {
            Step::Event => {
                let _ = server.event(&mut input).unwrap();
                let domain: Domain<'_> = "mx.test".parse().unwrap();
                if server.greet(&domain).is_err() {
                    server.accept().unwrap();
                }
            }
            Step::Write { .. } => *server.output() = Default::default(),
            _ => return server,
        }
    }
}

#[test]
fn servers() {
    each("server", |text| {
        let machine = || {
            let (offer, config) = (offer(text), config(text));
            match settings(text).find(|word| ["in-transaction", "secured"].contains(word)) {
                Some("in-transaction") => receiving(offer, config),
                Some(_) => Server::over_tls(offer, config),
                None => Server::new(offer, config),
            }
        };
        Transcript::parse(text).run_every_split(Role::Server, machine, act_as_server, show_server);
    });
}

fn act_as_client(client: &mut Client, words: &str) {
    match words.strip_prefix("misuse ") {
        Some(words) => assert!(call(client, words).is_err(), "{words}"),
        None => call(client, words).unwrap(),
    }
}

fn call(client: &mut Client, words: &str) -> Result<(), Misuse> {
    let (verb, rest) = words.split_once(' ').unwrap_or((words, ""));
    match verb {
        "ehlo" => client.ehlo(rest.parse::<Domain<'_>>().unwrap()),
        "helo" => client.helo(rest.parse::<Domain<'_>>().unwrap()),
        "starttls" => client.starttls(),
        "auth" => {
            let (mechanism, response) = rest.split_once(' ').unwrap_or((rest, ""));
            let response = (!response.is_empty()).then(|| unescaped(response));
            let response = response.map(|text| if text == b"=" { Vec::new() } else { text });
            client.authenticate(mechanism, response.as_deref())
        }
        "response" => client.authenticate_response(&unescaped(rest)),
        "cancel" => client.cancel_authentication(),
        "mail" => {
            let line = format!("MAIL FROM:{rest}\r\n");
            let Ok(Command::Mail(mail)) = Command::parse(line.as_bytes()) else { panic!("{line}") };
            client.mail(mail)
        }
        "rcpt" => {
            let line = format!("RCPT TO:{rest}\r\n");
            let Ok(Command::Rcpt(rcpt)) = Command::parse(line.as_bytes()) else { panic!("{line}") };
            client.rcpt(rcpt)
        }
        "data" => client.data(),
        "bdat" => client.bdat(),
        "last" => client.last_message(Bytes::from(unescaped(rest))),
        "message" => client.message(Bytes::from(unescaped(rest))),
        "end" => client.end_message(),
        "burl" | "expn" | "help" | "etrn" | "xclient" | "xforward" | "other" => {
            let line = format!("{}\r\n", words.strip_prefix("other ").unwrap_or(words));
            match Command::parse(line.as_bytes()) {
                Ok(Command::Burl(burl)) => client.burl(burl),
                Ok(Command::Expn(list)) => client.expn(list),
                Ok(Command::Help(help)) => client.help(help),
                Ok(Command::Etrn(node)) => client.etrn(node),
                Ok(Command::Xclient(attributes)) => client.xclient(attributes),
                Ok(Command::Xforward(attributes)) => client.xforward(attributes),
                _ => client.other(Other::parse(rest.as_bytes()).unwrap()),
            }
        }
        "rset" => client.rset(),
        "noop" => client.noop(),
        "vrfy" => client.vrfy(Vrfy::parse(rest.as_bytes()).unwrap()),
        "quit" => client.quit(),
        _ => panic!("{words}"),
    }
}

fn show_client(event: &client::Event<'_>) -> Shown {
    use client::{Event, Verb};
    Shown::Text(match event {
        Event::Reply { command: Verb::Rcpt { recipient }, reply } => {
            format!("rcpt {recipient} {reply}")
        }
        Event::Reply { command: Verb::MessageFor { recipient }, reply } => {
            format!("message for {recipient} {reply}")
        }
        Event::NoRecipients => "no recipients".to_owned(),
        Event::Reply { command, reply } => {
            format!("{} {reply}", format!("{command:?}").to_lowercase())
        }
        Event::Closing(reply) => format!("closing {reply}"),
        Event::Challenge(challenge) => format!("challenge \"{}\"", escaped(challenge.expose())),
        Event::WantMessage => "want message".to_owned(),
        Event::Secured => "secured".to_owned(),
        _ => panic!("{event:?}"),
    })
}

#[test]
fn clients() {
    each("client", |text| {
        let machine = || match settings(text).any(|word| word == "secured") {
            true => Client::over_tls(config(text)),
            false => Client::new(config(text)),
        };
        Transcript::parse(text).run_every_split(Role::Client, machine, act_as_client, show_client);
    });
}
