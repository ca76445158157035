//! Servers that refuse, lie, break off, or never end.

use crate::sides::login;
use bytes::Buf;
use mailrail_pop3::{
    Config, Download, Error,
    client::Request,
    download::{Event, Policy, TlsPolicy},
};
use mailrail_wire::{Connection, Input, Step, Time};

/// What a session came to.
#[derive(Debug, Default, PartialEq)]
struct Seen {
    told: Vec<String>,
    asked: Vec<String>,
    octets: u64,
    ended: Option<Error>,
}

fn plaintext() -> Config {
    let mut config = Config::default();
    config.allow_plaintext_auth = true;
    config
}

fn session(tls: TlsPolicy, config: Config) -> Download {
    Download::new(tls, Policy::Delete, config).with_login(login("bob", "x"))
}

/// Runs a session against a server that answers each command as `answer` says; what it repeats is
/// sent as long as it is read. Everything is fetched.
fn run(mut download: Download, answer: impl Fn(&str) -> (&'static str, bool)) -> Seen {
    let (mut input, mut seen, mut pending) = (Input::default(), Seen::default(), Vec::new());
    let mut next = vec![answer("")];
    let now = Time::default();
    for step in 0.. {
        assert!(step < 3_000_000, "no end");
        match download.poll(now, &mut input) {
            Ok(Step::Event) => {
                let mut owes = 0;
                match download.event(&mut input).unwrap() {
                    Event::Octets(octets) => seen.octets += octets.len() as u64,
                    Event::Listed { .. } => owes = 1,
                    Event::End { .. } => owes = 2,
                    Event::Refused { request, .. } => {
                        let request = match request {
                            None => "greeting".to_owned(),
                            Some(Request::Retr(n)) => format!("Retr {n}"),
                            Some(Request::Dele(n)) => format!("Dele {n}"),
                            Some(Request::Uidl(_)) => "Uidl".to_owned(),
                            Some(request) => format!("{request:?}"),
                        };
                        seen.told.push(format!("no {request}"));
                    }
                    Event::Done { fetched, deleted, forget } => {
                        let forget = if forget { ", forget" } else { "" };
                        seen.told.push(format!("{fetched} fetched, {deleted} deleted{forget}"));
                    }
                    Event::TooLarge { octets, .. } => seen.told.push(format!("{octets} octets")),
                    Event::NoUniqueIds => seen.told.push("no ids".to_owned()),
                    _ => {}
                }
                match owes {
                    1 => download.fetch().unwrap(),
                    2 => drop(download.held(core::time::Duration::ZERO).unwrap()),
                    _ => {}
                }
            }
            Ok(Step::Write { .. }) => {
                let len = download.output().len();
                pending.extend(download.output().copy_to_bytes(len));
                while let Some(end) = pending.windows(2).position(|two| two == b"\r\n") {
                    let line: Vec<_> = pending.drain(..end + 2).collect();
                    let line = core::str::from_utf8(&line[..end]).unwrap().to_owned();
                    next.push(answer(&line));
                    seen.asked.push(line);
                }
            }
            Ok(Step::Read { .. }) => {
                assert!(input.capacity() <= 64 * 1024);
                match next.first() {
                    Some(&(text, true)) => input.extend(text.repeat(100).as_bytes()),
                    Some(&(text, false)) => {
                        input.extend(text.as_bytes());
                        next.remove(0);
                    }
                    None => input.received(0),
                }
            }
            Ok(Step::Upgrade(_)) => download.upgraded(),
            Ok(Step::Answer) => panic!("it is answered"),
            Ok(Step::Close) => break,
            Err(error) => {
                assert_eq!(download.poll(now, &mut input), Err(error.clone()));
                seen.ended = Some(error);
                break;
            }
        }
    }
    seen
}

/// A good server with two messages.
fn good(line: &str) -> &'static str {
    match line.split(' ').next().unwrap() {
        "CAPA" => "+OK\r\nUIDL\r\nTOP\r\nUSER\r\nSTLS\r\nPIPELINING\r\n.\r\n",
        "STAT" => "+OK 2 20\r\n",
        "UIDL" => "+OK\r\n1 a\r\n2 b\r\n.\r\n",
        "LIST" => "+OK\r\n1 10\r\n2 10\r\n.\r\n",
        "RETR" => "+OK\r\nA: b\r\n\r\n.\r\n",
        "TOP" => "+OK\r\nA: b\r\n\r\n.\r\n",
        _ => "+OK\r\n",
    }
}

#[test]
fn a_refusal_at_each_stage() {
    let all = "2 fetched, 2 deleted, forget";
    for (stage, told) in [
        ("nothing", &[all][..]),
        ("", &["no greeting"]),
        ("STLS", &["no Stls"]),
        ("CAPA", &[all]),
        ("USER bob", &["no Login"]),
        ("PASS x", &["no Login"]),
        ("STAT", &["no Stat"]),
        ("UIDL", &["no Uidl"]),
        ("LIST", &[all]),
        ("RETR 1", &["no Retr 1", "1 fetched, 1 deleted"]),
        ("DELE 2", &["no Dele 2", "2 fetched, 1 deleted"]),
        ("QUIT", &["no Quit"]),
    ] {
        let seen = run(session(TlsPolicy::Required, Config::default()), |line| {
            (if line == stage { "-ERR [SYS/TEMP] no\r\n" } else { good(line) }, false)
        });
        assert_eq!(
            (&seen.told[..], seen.ended),
            (&told.iter().map(|&told| told.to_owned()).collect::<Vec<_>>()[..], None),
            "{stage}"
        );
        let deleted = seen.asked.iter().filter(|line| line.starts_with("DELE")).count();
        let held = seen.asked.iter().filter(|line| line.starts_with("RETR")).count();
        assert!(deleted <= held && (stage != "RETR 1" || deleted == 1), "{stage}");
    }
}

#[test]
fn a_close_at_each_stage_is_no_success() {
    for stage in
        ["", "STLS", "CAPA", "USER bob", "PASS x", "STAT", "UIDL", "LIST", "RETR 1", "QUIT"]
    {
        let seen = run(session(TlsPolicy::Required, Config::default()), |line| {
            // A line that is cut, and nothing behind it.
            (if line == stage { "+O" } else { good(line) }, false)
        });
        // What was said ahead is answered behind the cut: that can't be read.
        assert!(seen.told.is_empty(), "{stage}: {seen:?}");
        assert!(
            matches!(seen.ended, Some(Error::Closed | Error::Response(_))),
            "{stage}: {seen:?}"
        );
    }
}

#[test]
fn what_never_ends_and_what_lies_ends_the_session() {
    let endless_line = Error::LineTooLong { limit: 512 };
    for (stage, answer, repeats, wanted) in [
        ("", "x", true, endless_line.clone()),
        ("", "+OK hello\r\n", true, Error::Unsolicited),
        ("CAPA", "+OK\r\n", true, Error::TooManyCapabilities),
        ("USER bob", "x", true, endless_line.clone()),
        ("STAT", "+OK 4000000000 1\r\n", false, Error::TooManyMessages),
        ("UIDL", "+OK\r\n", true, Error::EndlessListing),
        ("UIDL", "+OK\r\n1 a\r\n", true, Error::EndlessListing),
        ("UIDL", "x", true, Error::Response(mailrail_pop3::Response::parse(b"x").unwrap_err())),
        ("LIST", "+OK\r\n1 10\r\n", true, Error::EndlessListing),
        ("RETR 1", "+OK\r\nmuch more than LIST said\r\n", true, Error::MessageTooLong),
        ("RETR 1", "+OK\r\nxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", true, Error::MessageTooLong),
    ] {
        let seen = run(session(TlsPolicy::Implicit, Config::default()), |line| {
            if line == stage { (answer, repeats) } else { (good(line), false) }
        });
        let is_line =
            matches!(wanted, Error::Response(_)) && seen.ended == Some(endless_line.clone());
        assert!(seen.ended == Some(wanted) || is_line, "{stage} {answer}: {seen:?}");
        assert!(seen.octets < 200_000 && seen.asked.iter().all(|line| !line.starts_with("DELE")));
    }
}

#[test]
fn sizes_that_lie() {
    for (list, told, fetched) in [
        ("+OK\r\n1 1000\r\n2 0\r\n.\r\n", &["2 fetched, 2 deleted, forget"][..], 2),
        (
            "+OK\r\n1 18446744073709551615\r\n2 10\r\n.\r\n",
            &["18446744073709551615 octets", "1 fetched, 1 deleted, forget"],
            1,
        ),
        ("+OK\r\n1 99999999999999999999\r\n9 x\r\n.\r\n", &["2 fetched, 2 deleted, forget"], 2),
    ] {
        let seen = run(session(TlsPolicy::Implicit, Config::default()), |line| {
            (if line == "LIST" { list } else { good(line) }, false)
        });
        assert_eq!(
            (seen.told, seen.ended),
            (told.iter().map(|&told| told.to_owned()).collect(), None)
        );
        assert_eq!(seen.octets, 8 * fetched);
    }
}

#[test]
fn a_header_that_never_ends() {
    let mut config = plaintext();
    config.limits.message = 100_000;
    let seen = run(session(TlsPolicy::None, config), |line| match line {
        "CAPA" | "UIDL" => ("-ERR\r\n", false),
        "TOP 1 0" => ("+OK\r\nX: y\r\n", true),
        line => (good(line), false),
    });
    assert_eq!(
        (&seen.told[..], seen.ended),
        (&["no ids".to_owned()][..], Some(Error::MessageTooLong))
    );
}

#[test]
fn plaintext_behind_stls_is_refused() {
    for tls in [TlsPolicy::Required, TlsPolicy::Opportunistic] {
        let seen = run(session(tls, plaintext()), |line| {
            (if line == "STLS" { "+OK\r\n+OK evil\r\n" } else { good(line) }, false)
        });
        assert_eq!(seen.ended, Some(Error::PlaintextAfterStls));
        assert!(!seen.asked.iter().any(|line| line.starts_with("PASS")));
    }
}

#[test]
fn tls_as_the_policy_says() {
    let stls = |seen: &Seen| seen.asked.iter().any(|line| line == "STLS");
    let done = |seen: &Seen| seen.told.last().is_some_and(|told| told.starts_with("2 fetched"));
    for (tls, config, offers, wanted) in [
        (TlsPolicy::None, plaintext(), true, (false, true)),
        (TlsPolicy::None, Config::default(), true, (false, false)),
        (TlsPolicy::Opportunistic, Config::default(), true, (true, true)),
        (TlsPolicy::Opportunistic, plaintext(), false, (false, true)),
        (TlsPolicy::Opportunistic, Config::default(), false, (false, false)),
        (TlsPolicy::Required, Config::default(), false, (true, false)),
        (TlsPolicy::Implicit, Config::default(), false, (false, true)),
    ] {
        let seen = run(session(tls, config), |line| {
            let answer = match line {
                "CAPA" if !offers => "+OK\r\nUIDL\r\nUSER\r\n.\r\n",
                "STLS" if !offers => "-ERR\r\n",
                line => good(line),
            };
            (answer, false)
        });
        assert_eq!((stls(&seen), done(&seen)), wanted, "{tls:?} {offers}: {seen:?}");
        let shows = seen.asked.iter().any(|line| line.starts_with("PASS"));
        assert_eq!(shows, wanted.1, "a password is for those alone who may see it");
    }
}

#[test]
fn the_best_login_there_is() {
    let asked = |tls, config, sasl: &'static str, answer: &'static str| {
        run(session(tls, config), |line| match line.split(' ').next() {
            Some("CAPA") => (sasl, false),
            Some("AUTH") if !answer.is_empty() => (answer, false),
            _ => (good(line), false),
        })
    };
    let says = |seen: &Seen, start: &str| seen.asked.iter().any(|line| line.starts_with(start));
    let (plain, all, none) = (
        "+OK\r\nSASL PLAIN\r\nUSER\r\n.\r\n",
        "+OK\r\nSASL PLAIN SCRAM-SHA-256\r\nUSER\r\n.\r\n",
        "+OK\r\nSASL X-Y\r\n.\r\n",
    );
    let seen = asked(TlsPolicy::Implicit, Config::default(), plain, "");
    assert!(says(&seen, "AUTH PLAIN AGJvYgB4") && seen.ended.is_none());
    // A password is not shown without TLS; a proof of it may be.
    let seen = asked(TlsPolicy::None, Config::default(), plain, "");
    assert_eq!(seen.ended, Some(Error::NoLogin));
    let seen = asked(TlsPolicy::None, plaintext(), plain, "");
    assert!(says(&seen, "AUTH PLAIN AGJvYgB4"));
    let seen = asked(TlsPolicy::None, Config::default(), all, "-ERR\r\n");
    assert!(says(&seen, "AUTH SCRAM-SHA-256 ") && seen.told == ["no Auth"]);
    // A server that lets us in without its proof.
    let seen = asked(TlsPolicy::Implicit, Config::default(), all, "+OK\r\n");
    assert_eq!(seen.ended, Some(Error::Unproved));
    // A challenge that does not follow the mechanism is cancelled.
    let seen = asked(TlsPolicy::Implicit, Config::default(), all, "+ YQ==\r\n-ERR cancelled\r\n");
    assert!(says(&seen, "*") && seen.told == ["no Auth"]);
    // No mechanism that is known, and no USER.
    let seen = asked(TlsPolicy::Implicit, Config::default(), none, "");
    assert_eq!(seen.ended, Some(Error::NoLogin));
    let download = Download::new(TlsPolicy::Implicit, Policy::Delete, Config::default());
    assert_eq!(run(download, |line| (good(line), false)).ended, Some(Error::NoLogin));
}

#[test]
fn answers_only_where_they_are_asked_for() {
    let mut download = session(TlsPolicy::Implicit, Config::default());
    let mut input = Input::default();
    assert!(download.fetch().is_err() && download.leave().is_err());
    assert!(download.held(core::time::Duration::ZERO).is_err());
    assert_eq!(download.event(&mut input), Err(Error::NoEvent));
    assert!(!format!("{download:?}").contains("bob"));
}
