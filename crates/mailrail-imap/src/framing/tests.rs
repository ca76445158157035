use super::*;
use alloc::{string::String, vec::Vec};
use core::fmt::Write as _;
use proptest::prelude::*;

fn limits() -> Limits {
    Limits { line: 60, literal: 20, skip: 1_000, response: 200, ..Limits::default() }
}

/// Feeds `stream` in pieces to a server's finder, and writes down what it finds. `Octets` and
/// `Skip` are joined.
fn commands(stream: &[u8], mut piece: impl FnMut() -> usize) -> String {
    let (mut finder, mut held, mut at, mut log) =
        (CommandFinder::default(), Vec::new(), 0, String::new());
    let (mut octets, mut refused) = (0, None);
    loop {
        match finder.find(&held, &limits()) {
            CommandFound::More if at == stream.len() => return log,
            CommandFound::More => {
                let to = stream.len().min(at + piece().max(1));
                held.extend_from_slice(&stream[at..to]);
                at = to;
            }
            CommandFound::Continue => log.push_str("+ "),
            CommandFound::Command(n) => {
                write!(log, "{:?} ", String::from_utf8_lossy(&held[..n])).unwrap();
                held.drain(..n);
            }
            CommandFound::Append { len, message } => {
                write!(log, "append {len} {} {} ", message.len, message.waits).unwrap();
                held.drain(..len);
            }
            CommandFound::Octets(n) => {
                octets += n;
                held.drain(..n);
            }
            CommandFound::AppendEnd(n) => {
                write!(log, "end {octets} ").unwrap();
                octets = 0;
                held.drain(..n);
            }
            CommandFound::Refused { len, why, over } => {
                write!(log, "refused {why:?} ").unwrap();
                refused = Some(why);
                held.drain(..len);
                if over {
                    write!(log, "over ").unwrap();
                }
            }
            CommandFound::Skip { len, over } => {
                held.drain(..len);
                assert!(refused.is_some());
                if over {
                    write!(log, "over ").unwrap();
                }
            }
            CommandFound::Hopeless => {
                log.push_str("hopeless");
                return log;
            }
        }
        assert!(held.len() <= limits().line + 9, "{}", held.len());
    }
}

fn every_way(stream: &[u8]) -> String {
    let whole = commands(stream, || 8);
    assert_eq!(commands(stream, || 1), whole);
    assert_eq!(commands(stream, || 3), whole);
    whole
}

#[test]
fn commands_hold_their_literals() {
    assert_eq!(
        every_way(b"a NOOP\r\nb LOGIN {2}\r\n\r\n {3+}\r\nx\r\n\r\nc NOOP\r\n"),
        "\"a NOOP\\r\\n\" + \"b LOGIN {2}\\r\\n\\r\\n {3+}\\r\\nx\\r\\n\\r\\n\" \"c NOOP\\r\\n\" "
    );
    // A literal that ends in a CR, with an LF behind it, is no line end.
    assert_eq!(every_way(b"a X {1+}\r\n\r\nb\r\n"), "\"a X {1+}\\r\\n\\r\\nb\\r\\n\" ");
    assert_eq!(every_way(b"a X {} {a} x{1\r\n"), "\"a X {} {a} x{1\\r\\n\" ");
    assert_eq!(every_way(b"a\nb\rc\r\n"), "\"a\\nb\\rc\\r\\n\" ");
}

#[test]
fn the_message_of_an_append_is_cut_off() {
    assert_eq!(
        every_way(b"a append x (\\Seen) {5+}\r\nab\r\nc\r\nb NOOP\r\n"),
        "append 25 5 false end 5 \"b NOOP\\r\\n\" "
    );
    assert_eq!(
        every_way(b"a APPEND {1+}\r\nx {9223372036854775808}\r\n"),
        "append 40 9223372036854775808 true "
    );
    assert_eq!(every_way(b"a APPEND {1}\r\nx {0+}\r\n\r\n"), "+ append 22 0 false end 0 ");
    assert_eq!(
        every_way(b"a APPEND x {1+}\r\nm (\\Seen) {3+}\r\nabc\r\nb NOOP\r\n"),
        "append 17 1 false refused BehindMessage over \"b NOOP\\r\\n\" "
    );
}

#[test]
fn a_refused_message_is_skipped_or_never_sent() {
    let mut finder = CommandFinder::default();
    let found = finder.find(b"a APPEND x {3}\r\n", &limits());
    let CommandFound::Append { message, .. } = found else { panic!("{found:?}") };
    assert!(finder.refuse_message(message, &limits()));
    assert_eq!(finder.find(b"b NOOP\r\n", &limits()), CommandFound::Command(8));
    let found = finder.find(b"a APPEND x {3+}\r\n", &limits());
    let CommandFound::Append { message, .. } = found else { panic!("{found:?}") };
    assert!(!finder.refuse_message(message, &limits()));
    assert_eq!(finder.find(b"abc\r\nx", &limits()), CommandFound::Skip { len: 3, over: false });
    assert_eq!(finder.find(b"\r\nx", &limits()), CommandFound::Skip { len: 2, over: true });
}

#[test]
fn what_is_too_long_is_skipped() {
    let long = "x".repeat(100);
    assert_eq!(
        every_way(format_bytes(&["a ", &long, "\r\nb NOOP\r\n"]).as_slice()),
        "refused TooLong over \"b NOOP\\r\\n\" "
    );
    // What the long line announces is skipped, too, where it comes without waiting.
    assert_eq!(
        every_way(format_bytes(&["a ", &long, " {9+}\r\nc NOOP\r\n\n\r\nb NOOP\r\n"]).as_slice()),
        "refused TooLong over \"b NOOP\\r\\n\" "
    );
    assert_eq!(
        every_way(format_bytes(&["a ", &long, " {9}\r\nb NOOP\r\n"]).as_slice()),
        "refused TooLong over \"b NOOP\\r\\n\" "
    );
    assert_eq!(
        every_way(b"a LOGIN {21}\r\nb NOOP\r\n"),
        "refused LiteralTooLong over \"b NOOP\\r\\n\" "
    );
    assert_eq!(
        every_way(b"a X {21+}\r\n123456789012345678901 {2}\r\nb NOOP\r\n"),
        "refused LiteralTooLong over \"b NOOP\\r\\n\" "
    );
    for huge in ["1001", "9223372036854775808", "99999999999999999999999999"] {
        assert_eq!(
            every_way(format_bytes(&["a X {", huge, "+}\r\n"]).as_slice()),
            "refused LiteralTooLong hopeless"
        );
        assert_eq!(
            every_way(format_bytes(&["a X {", huge, "}\r\n"]).as_slice()),
            "refused LiteralTooLong over "
        );
    }
}

fn format_bytes(parts: &[&str]) -> Vec<u8> {
    parts.concat().into_bytes()
}

/// The same for a client's finder.
fn responses(stream: &[u8], mut piece: impl FnMut() -> usize) -> String {
    let (mut finder, mut held, mut at, mut log) =
        (ResponseFinder::default(), Vec::new(), 0, String::new());
    let mut octets = 0;
    loop {
        let found = finder.find(&held, &limits());
        if octets > 0 && !matches!(found, ResponseFound::Octets(_) | ResponseFound::More) {
            write!(log, "octets {octets} ").unwrap();
            octets = 0;
        }
        let n = match found {
            ResponseFound::More if at == stream.len() => return log,
            ResponseFound::More => {
                let to = stream.len().min(at + piece().max(1));
                held.extend_from_slice(&stream[at..to]);
                at = to;
                continue;
            }
            ResponseFound::TooLong => {
                log.push_str("too long");
                return log;
            }
            ResponseFound::Response(n) | ResponseFound::Fetch(n) | ResponseFound::Search(n) => {
                let word = match found {
                    ResponseFound::Response(_) => "",
                    ResponseFound::Fetch(_) => "fetch ",
                    _ => "search ",
                };
                write!(log, "{word}{:?} ", String::from_utf8_lossy(&held[..n])).unwrap();
                n
            }
            ResponseFound::Octets(n) => {
                octets += n;
                n
            }
        };
        held.drain(..n);
    }
}

fn all(stream: &[u8]) -> String {
    let whole = responses(stream, || stream.len());
    assert_eq!(responses(stream, || 1), whole);
    assert_eq!(responses(stream, || 7), whole);
    whole
}

#[test]
fn sections_are_cut_off() {
    assert_eq!(
        all(b"* 1 FETCH (FLAGS () BODY[] {4}\r\n\r\n)\r RFC822 {0}\r\n UID 3)\r\n* 2 EXISTS\r\n"),
        "\"* 1 FETCH (FLAGS () BODY[] {4}\\r\\n\" octets 4 fetch \" RFC822 {0}\\r\\n\" fetch \" UID 3)\\r\\n\" \"* 2 EXISTS\\r\\n\" "
    );
    for item in [
        "BODY[]",
        "body[1.2.MIME]<0>",
        "BODY[HEADER.FIELDS (A \"b]\")]",
        "RFC822.TEXT",
        "BINARY[1]",
        "rfc822.header",
        "BODY[HEADER.FIELDS ({1}\r\na)]",
    ] {
        let wire = alloc::format!("* 1 FETCH ({item} {{3}}\r\nabc)\r\n");
        assert!(all(wire.as_bytes()).ends_with("octets 3 fetch \")\\r\\n\" "), "{wire}");
    }
    for item in ["ENVELOPE (\"x BODY[]\"", "X-RFC822X", "XBODY[]", "BODY[HEADER.FIELDS (a]", "X<1>"]
    {
        let wire = alloc::format!("* 1 FETCH ({item} {{3}}\r\nabc)\r\n");
        assert_eq!(all(wire.as_bytes()), alloc::format!("{wire:?} "));
    }
}

#[test]
fn text_announces_nothing() {
    for wire in
        ["* OK x {5}\r\n", "A1 NO BODY[] {5}\r\n", "+ {5}\r\n", "* BYE {5}\r\n", "* bad {1}\r\n"]
    {
        let twice = alloc::format!("{wire}{wire}");
        assert_eq!(all(twice.as_bytes()), alloc::format!("{wire:?} {wire:?} "));
    }
    let wire = "* LIST () \"/\" {5}\r\n\r\n\r\na\r\n";
    assert_eq!(all(wire.as_bytes()), alloc::format!("{wire:?} "));
}

#[test]
fn an_endless_response_is_an_error() {
    let long = "x".repeat(200);
    for wire in [
        format_bytes(&["* OK ", &long]),
        format_bytes(&["* LIST () \"/\" {9223372036854775808}\r\n"]),
        format_bytes(&["* 1 FETCH (BODY[] {9223372036854775808}\r\nabc"]),
        format_bytes(&["* LIST () \"/\" {180}\r\n"]),
        format_bytes(&["* LIST () \"/\" {170}\r\n", &long, "\r\n"]),
    ] {
        assert_eq!(all(&wire), "too long");
    }
    assert_eq!(
        all(b"* 1 FETCH (BODY[] {9223372036854775807}\r\nabc"),
        "\"* 1 FETCH (BODY[] {9223372036854775807}\\r\\n\" "
    );
}

#[test]
fn a_long_search_comes_in_parts() {
    let mut wire = String::from("* SEARCH");
    for n in 100_000..200_000 {
        write!(wire, " {n}").unwrap();
    }
    wire.push_str("\r\n* 1 EXISTS\r\n");
    let limits = Limits { response: 10_000, ..Limits::default() };
    let (mut finder, mut held, mut back) = (ResponseFinder::default(), Vec::new(), Vec::new());
    let mut parts = 0;
    for piece in wire.as_bytes().chunks(1_460) {
        held.extend_from_slice(piece);
        loop {
            let n = match finder.find(&held, &limits) {
                ResponseFound::More => break,
                ResponseFound::Response(n) | ResponseFound::Search(n) => n,
                other => panic!("{other:?}"),
            };
            parts += 1;
            back.extend(held.drain(..n));
        }
    }
    assert_eq!((back == wire.as_bytes(), parts > 80), (true, true));
    let mut finder = ResponseFinder::default();
    let spaceless = [&b"* SEARCH "[..], &[b'1'; 20_000]].concat();
    assert_eq!(finder.find(&spaceless, &limits), ResponseFound::TooLong);
}

proptest! {
    /// Where the stream is cut changes nothing.
    #[test]
    fn every_cut_finds_the_same(
        parts in prop::collection::vec(prop::sample::select(&[
            "\r\n", "a ", "{3}\r\n", "{2+}\r\n", "x", "\r", "\n", "APPEND ", "NOOP", "{70+}\r\n", "b {30}\r\n", "* ", "1 FETCH (",
            "BODY[] ", "OK ", ")\r\n", "a APPEND x {4+}\r\n", "{1500+}\r\n",
        ][..]), 0..30),
        cuts in prop::collection::vec(1_usize..9, 1..9),
    ) {
        let stream = parts.concat().into_bytes();
        let mut cut = cuts.iter().copied().cycle();
        prop_assert_eq!(commands(&stream, || cut.next().unwrap()), commands(&stream, || 1));
        prop_assert_eq!(responses(&stream, || cut.next().unwrap()), responses(&stream, || 1));
    }
}
