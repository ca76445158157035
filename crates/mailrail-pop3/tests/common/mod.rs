//! How the transcripts are acted and shown.

use bytes::Bytes;
use mailrail_pop3::{
    Capabilities, Client, DropListing, LanguageRange, MessageNumber, Password, ResponseCode,
    Server, Text, Timestamp, UniqueId, UserName, client, client::Request, server,
};
use mailrail_testing::{Shown, escaped};

pub(crate) fn number(n: &str) -> MessageNumber {
    MessageNumber::new(n.parse().unwrap()).unwrap()
}

pub(crate) fn offer(stls: bool) -> Capabilities {
    let mut offer = Capabilities::all();
    offer.stls = stls;
    offer.implementation = Some("mailrail".to_owned());
    offer
}

/// A command in words; `refused` at its end says that it must be a misuse.
pub(crate) fn act_client(client: &mut Client, words: &str) {
    let (words, refused) = match words.strip_suffix(" refused") {
        Some(words) => (words, true),
        None => (words, false),
    };
    let (verb, rest) = words.split_once(' ').unwrap_or((words, ""));
    let message = || (!rest.is_empty()).then(|| number(rest));
    let done = match verb {
        "capa" => client.capa(),
        "stls" => client.stls(),
        "login" | "apop" => {
            let (user, password) = rest.split_once(' ').unwrap();
            let user = UserName::parse(user.as_bytes()).unwrap();
            let password = Password::parse(password.as_bytes()).unwrap();
            if verb == "login" { client.login(user, password) } else { client.apop(user, password) }
        }
        "utf8" => client.utf8(),
        "languages" => client.languages(),
        "lang" => client.lang(LanguageRange::parse(rest.as_bytes()).unwrap()),
        "auth" => {
            let (mechanism, response) = rest.split_once(' ').unwrap();
            let response = match response {
                "-" => None,
                "long" => Some("x".repeat(190)),
                text => Some(text.replace("\\0", "\0")),
            };
            client.authenticate(mechanism, response.as_deref().map(str::as_bytes))
        }
        "response" => client.authenticate_response(rest.replace("\\0", "\0").as_bytes()),
        "cancel" => client.cancel_authentication(),
        "stat" => client.stat(),
        "list" => client.list(message()),
        "uidl" => client.uidl(message()),
        "retr" => client.retr(number(rest)),
        "top" => {
            let (message, lines) = rest.split_once(' ').unwrap();
            client.top(number(message), lines.parse().unwrap())
        }
        "dele" => client.dele(number(rest)),
        "rset" => client.rset(),
        "noop" => client.noop(),
        "quit" => client.quit(),
        _ => panic!("no such command: {words}"),
    };
    assert_eq!(done.is_err(), refused, "{words}: {done:?}");
}

fn code(code: &Option<ResponseCode<'_>>) -> String {
    code.map_or("-".to_owned(), |code| code.as_str().to_owned())
}

fn request(request: &Request) -> String {
    match request {
        Request::List(None) => "List(None)".to_owned(),
        Request::Uidl(None) => "Uidl(None)".to_owned(),
        Request::List(Some(n)) => format!("List({n})"),
        Request::Uidl(Some(n)) => format!("Uidl({n})"),
        Request::Retr(n) => format!("Retr({n})"),
        Request::Dele(n) => format!("Dele({n})"),
        Request::Top { message, lines } => format!("Top({message},{lines})"),
        request => format!("{request:?}"),
    }
}

fn capabilities(it: &Capabilities) -> String {
    let mut text = "capabilities".to_owned();
    for (name, is_there) in [
        ("top", it.top),
        ("user", it.user),
        ("uidl", it.uidl),
        ("resp-codes", it.resp_codes),
        ("pipelining", it.pipelining),
        ("stls", it.stls),
        ("auth-resp-code", it.auth_resp_code),
        ("utf8", it.utf8.is_some()),
        ("utf8-user", it.utf8.is_some_and(|utf8| utf8.user)),
        ("lang", it.lang),
    ] {
        if is_there {
            text += &format!(" {name}");
        }
    }
    if !it.sasl.is_empty() {
        text += &format!(" sasl={}", it.sasl.join(","));
    }
    if let Some(delay) = it.login_delay {
        text += &format!(" delay={}", delay.seconds);
    }
    if let Some(days) = it.expire.and_then(|expire| expire.days) {
        text += &format!(" expire={days}");
    }
    if let Some(implementation) = &it.implementation {
        text += &format!(" implementation={implementation}");
    }
    text
}

pub(crate) fn show_client(event: &client::Event<'_>) -> Shown {
    use client::Event as E;
    Shown::Text(match event {
        E::Message { octets, .. } => return Shown::Bulk("message", octets.to_vec()),
        E::Greeting { text, timestamp } => {
            let apop = timestamp.map_or("", |_| " apop");
            format!("greeting \"{}\"{apop}", escaped(text))
        }
        E::Refused { code: why, text } => format!("refused {} \"{}\"", code(why), escaped(text)),
        E::Ok { request: to, text, .. } => format!("ok {} \"{}\"", request(to), escaped(text)),
        E::Err { request: to, code: why, text } => {
            format!("err {} {} \"{}\"", request(to), code(why), escaped(text))
        }
        E::Challenge(it) => format!("challenge \"{}\"", escaped(it.expose())),
        E::Capabilities(it) => capabilities(it),
        E::Stat(it) => format!("stat {} {}", it.messages, it.octets),
        E::Scan { listing, .. } => format!("scan {} {}", listing.message, listing.octets),
        E::UniqueId { listing, .. } => format!("uid {} {}", listing.message, listing.unique_id),
        E::End { request: to } => format!("end {}", request(to)),
        E::Malformed { request: to, line } => {
            format!("malformed {} \"{}\"", request(to), escaped(line))
        }
        E::Secured => "secured".to_owned(),
        E::Language { tag, text } => format!("language {tag} \"{}\"", escaped(text)),
        E::LanguageListing(it) => format!("listing {} \"{}\"", it.tag, it.name),
        event => panic!("no words for {event:?}"),
    })
}

fn unescaped(text: &str) -> Bytes {
    text.replace("\\r", "\r").replace("\\n", "\n").replace("\\ ", " ").into()
}

/// An answer in words.
pub(crate) fn act_server(server: &mut Server, words: &str) {
    let (verb, rest) = words.split_once(' ').unwrap_or((words, ""));
    let done = match verb {
        "ok" => server.ok(Text::new(rest).unwrap()),
        "greet" => {
            let (text, timestamp) = rest.split_at(rest.find('<').unwrap());
            let timestamp = Timestamp::parse(timestamp.as_bytes()).unwrap();
            server.ok_with_timestamp(Text::new(text.trim_end()).unwrap(), timestamp)
        }
        "offer" => {
            let mut offer = Capabilities::default();
            rest.split(", ").for_each(|line| offer.read_line(line.as_bytes()));
            server.set_offer(offer);
            return;
        }
        "err" => {
            let code = rest.strip_prefix('[').and_then(|rest| rest.split_once("] "));
            let (code, text) = code.map_or((None, rest), |(code, text)| (Some(code), text));
            let code = code.map(|code| ResponseCode::parse(code.as_bytes()).unwrap());
            server.err(code, Text::new(text).unwrap())
        }
        "open" => {
            let (messages, octets) = rest.split_once(' ').unwrap();
            let (messages, octets) = (messages.parse().unwrap(), octets.parse().unwrap());
            server.open(DropListing { messages, octets })
        }
        "challenge" => server.challenge(rest.as_bytes()),
        "size" => server.size(rest.parse().unwrap()),
        "uid" => server.unique_id(UniqueId::parse(rest.as_bytes()).unwrap()),
        "piece" if rest == "refused" => {
            assert!(server.message(Bytes::from("x")).is_err());
            return;
        }
        "piece" => server.message(unescaped(rest)),
        "end" => server.end_message(),
        "shut" => {
            server.shut_down();
            return;
        }
        _ => panic!("no such answer: {words}"),
    };
    assert_eq!(done, Ok(()), "{words}");
}

pub(crate) fn show_server(event: &server::Event<'_>) -> Shown {
    use server::Event as E;
    Shown::Text(match event {
        E::Connected => "connected".to_owned(),
        E::StartTls => "starttls".to_owned(),
        E::Secured => "secured".to_owned(),
        E::Login { user, password } => format!("login {user} {}", password.expose()),
        E::Apop { user, proof } => {
            let good = if proof.is_by("tanstaaf") { "good" } else { "bad" };
            format!("apop {} {good}", user.as_str())
        }
        E::Authenticate { mechanism, initial_response: Some(it) } => {
            format!("authenticate {mechanism} \"{}\"", escaped(it.expose()))
        }
        E::Authenticate { mechanism, .. } => format!("authenticate {mechanism} -"),
        E::AuthenticateResponse(it) => format!("response \"{}\"", escaped(it.expose())),
        E::WantSize(message) => format!("want size {message}"),
        E::WantUniqueId(message) => format!("want uid {message}"),
        E::Retr(message) => format!("retr {message}"),
        E::Top { message, lines } => format!("top {message} {lines}"),
        E::WantMessage => "want message".to_owned(),
        E::EndOfMessage(message) => format!("end of message {message}"),
        E::Quit { deleted } => {
            let mut text = "quit".to_owned();
            deleted.iter().for_each(|message| text += &format!(" {message}"));
            text
        }
        event => panic!("no words for {event:?}"),
    })
}
