//! The lines that go over a connection, for `--transcript`: secrets masked, messages shortened.

use crate::{drive::Tap, terminal::printable};
use std::collections::VecDeque;

/// A line's longest form in print, in bytes; what is behind it is left out.
const LINE_MAX: usize = 200;
/// How many lines of a message are printed.
const BODY_LINES: usize = 3;
/// How many unanswered commands are remembered.
const PENDING_MAX: usize = 1_000;

/// The protocol that a transcript is of: it tells where secrets and messages are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Protocol {
    /// SMTP, submission and LMTP.
    Smtp,
    /// POP3.
    Pop3,
    /// IMAP.
    Imap,
}

/// Which side of the connection the program is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a connection has two sides")]
pub enum Side {
    /// What it sends are the client's lines.
    Client,
    /// What it sends are the server's lines.
    Server,
}

/// Prints a connection's lines as `C: …` and `S: …`, where `print` puts them.
pub struct Transcript<P> {
    side: Side,
    lines: Lines,
    client: Assembler,
    server: Assembler,
    print: P,
}

impl<P> std::fmt::Debug for Transcript<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Transcript").field("side", &self.side).finish_non_exhaustive()
    }
}

impl<P: FnMut(&str) + Send> Transcript<P> {
    /// A transcript of one connection. `print` gets each line without its end.
    pub fn new(protocol: Protocol, side: Side, print: P) -> Self {
        let lines = Lines {
            protocol,
            auth: None,
            pending: VecDeque::new(),
            masked_literal: false,
            bodies: [Body::default(), Body::default()],
        };
        Self { side, lines, client: Assembler::default(), server: Assembler::default(), print }
    }

    fn bytes(&mut self, bytes: &[u8], from_client: bool) {
        let Self { lines, client, server, print, .. } = self;
        let assembler = if from_client { client } else { server };
        assembler.take(bytes, |line, len| lines.line(line, len, from_client, print));
    }
}

impl<P: FnMut(&str) + Send> Tap for Transcript<P> {
    fn sent(&mut self, bytes: &[u8]) {
        self.bytes(bytes, self.side == Side::Client);
    }

    fn received(&mut self, bytes: &[u8]) {
        self.bytes(bytes, self.side == Side::Server);
    }

    fn secured(&mut self) {
        (self.print)("-- TLS --");
    }
}

/// Makes lines of pieces. It keeps no more of a line than is looked at.
#[derive(Default)]
struct Assembler {
    line: Vec<u8>,
    /// The line's length, all of it.
    len: usize,
}

impl Assembler {
    fn take(&mut self, bytes: &[u8], mut each: impl FnMut(&[u8], usize)) {
        for piece in bytes.split_inclusive(|&byte| byte == b'\n') {
            // The line's end tells of a literal, so the last bytes are kept as well as the first.
            let cut = piece.len() > 4 * LINE_MAX;
            let (head, _) = piece.split_at(if cut { 2 * LINE_MAX } else { piece.len() });
            let (_, tail) = piece.split_at(piece.len() - if cut { LINE_MAX } else { 0 });
            self.line.extend_from_slice(head);
            self.line.extend_from_slice(tail);
            if self.line.len() > 4 * LINE_MAX {
                self.line.drain(2 * LINE_MAX..self.line.len() - LINE_MAX);
            }
            self.len += piece.len();
            if piece.ends_with(b"\n") {
                let line = self.line.strip_suffix(b"\n").unwrap_or(&self.line);
                each(line.strip_suffix(b"\r").unwrap_or(line), self.len);
                (self.line, self.len) = (Vec::new(), 0);
            }
        }
    }
}

/// A message or literal under way in one direction.
#[derive(Default)]
struct Body {
    /// How many lines of it have passed.
    lines: usize,
    rest: Rest,
}

#[derive(Default, PartialEq, Eq)]
enum Rest {
    #[default]
    None,
    /// Up to the line with a dot alone.
    Dot,
    /// That many bytes more.
    Bytes(usize),
}

/// What the lines so far say about the next one.
struct Lines {
    protocol: Protocol,
    /// An authentication is under way; with the tag that its end bears.
    auth: Option<Vec<u8>>,
    /// Commands that have no answer yet, as far as they matter.
    pending: VecDeque<Command>,
    /// The client's next literal belongs to a LOGIN.
    masked_literal: bool,
    /// From the client, from the server.
    bodies: [Body; 2],
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Command {
    /// DATA: the client sends a message after 354.
    Data,
    /// RETR or TOP: the server sends a message after +OK.
    Retrieve,
    /// CAPA, LIST and UIDL: as many lines.
    List,
    Other,
}

impl Lines {
    fn line(&mut self, line: &[u8], len: usize, from_client: bool, print: &mut impl FnMut(&str)) {
        let who = if from_client { 'C' } else { 'S' };
        if self.in_body(line, len, from_client, print) {
            return;
        }
        let shown = if from_client { self.command(line) } else { self.reply(line) };
        let text = shown.unwrap_or_else(|| {
            let head = printable(line.get(..LINE_MAX.min(line.len())).unwrap_or_default());
            if line.len() > LINE_MAX { format!("{head}…") } else { head }
        });
        print(&format!("{who}: {text}"));
        if self.protocol == Protocol::Imap
            && let Some(bytes) = literal(line)
        {
            self.body(from_client).rest = Rest::Bytes(bytes);
        }
    }

    fn body(&mut self, from_client: bool) -> &mut Body {
        let [client, server] = &mut self.bodies;
        if from_client { client } else { server }
    }

    /// Whether the line belongs to a message; the first ones are printed.
    fn in_body(
        &mut self,
        line: &[u8],
        len: usize,
        from_client: bool,
        print: &mut impl FnMut(&str),
    ) -> bool {
        let who = if from_client { 'C' } else { 'S' };
        let masked = from_client && self.masked_literal;
        let body = self.body(from_client);
        let mut over = false;
        match &mut body.rest {
            Rest::None => return false,
            Rest::Dot => over = line == b".",
            // The literal's last bytes stand in one line with what follows; that line is shown.
            Rest::Bytes(left) if len > *left => {
                let hidden = if masked { *left } else { 0 };
                let skipped = body.lines.saturating_sub(BODY_LINES);
                *body = Body::default();
                if skipped > 0 {
                    print(&format!("{who}: … {skipped} more lines"));
                }
                if masked {
                    self.masked_literal = literal(line).is_some();
                    let rest = line.get(hidden..).unwrap_or_default();
                    print(&format!("{who}: ***{}", printable(rest)));
                    if let Some(bytes) = literal(line) {
                        self.body(from_client).rest = Rest::Bytes(bytes);
                    }
                    return true;
                }
                return false;
            }
            Rest::Bytes(left) => *left -= len,
        }
        if !over {
            body.lines += 1;
        }
        let (lines, skipped) = (body.lines, body.lines.saturating_sub(BODY_LINES));
        if over {
            *body = Body::default();
            if skipped > 0 {
                print(&format!("{who}: … {skipped} more lines"));
            }
        }
        if masked {
            print(&format!("{who}: ***"));
        } else if over || lines <= BODY_LINES {
            print(&format!("{who}: {}", printable(line.get(..LINE_MAX).unwrap_or(line))));
        }
        true
    }

    /// Notes what a client's line means; its masked form where it holds a secret.
    fn command(&mut self, line: &[u8]) -> Option<String> {
        if self.auth.is_some() {
            return Some("***".into());
        }
        let mut words = line.split(|&byte| byte == b' ').filter(|word| !word.is_empty());
        let tag = if self.protocol == Protocol::Imap { words.next() } else { None };
        let verb = words.next().unwrap_or_default().to_ascii_uppercase();
        let argument = words.next().map(printable);
        let tag_text = tag.map(|tag| format!("{} ", printable(tag))).unwrap_or_default();
        let verb_text = printable(&verb);
        match &*verb {
            b"AUTH" | b"AUTHENTICATE" => {
                self.auth = Some(tag.unwrap_or_default().to_vec());
                let secret = if words.next().is_some() { " ***" } else { "" };
                let mechanism = argument.unwrap_or_default();
                Some(format!("{tag_text}{verb_text} {mechanism}{secret}"))
            }
            b"LOGIN" => {
                // The name as well: either may be a literal, and both may be quoted.
                self.masked_literal = literal(line).is_some();
                Some(format!("{tag_text}{verb_text} ***"))
            }
            b"APOP" => {
                self.pend(Command::Other);
                Some(format!("{verb_text} {} ***", argument.unwrap_or_default()))
            }
            b"PASS" => {
                self.pend(Command::Other);
                Some(format!("{verb_text} ***"))
            }
            _ => {
                self.pend(match &*verb {
                    b"DATA" => Command::Data,
                    b"RETR" | b"TOP" => Command::Retrieve,
                    b"CAPA" => Command::List,
                    b"LIST" | b"UIDL" | b"LANG" if argument.is_none() => Command::List,
                    _ => Command::Other,
                });
                None
            }
        }
    }

    fn pend(&mut self, command: Command) {
        if self.protocol != Protocol::Imap && self.pending.len() < PENDING_MAX {
            self.pending.push_back(command);
        }
    }

    /// Notes what a server's line means; its masked form where it holds a challenge.
    fn reply(&mut self, line: &[u8]) -> Option<String> {
        // What was asked before is answered before.
        if let Some(tag) = &self.auth
            && self.pending.is_empty()
        {
            let (challenge, over) = match self.protocol {
                Protocol::Smtp => (line.starts_with(b"334"), line.get(3) != Some(&b'-')),
                Protocol::Pop3 => (line.starts_with(b"+ "), true),
                Protocol::Imap => (line.starts_with(b"+"), line.starts_with(tag)),
            };
            if challenge {
                let mark: &[u8] = if self.protocol == Protocol::Smtp { b"334" } else { b"+" };
                let more = line.len() > mark.len() + 1;
                return Some(format!("{}{}", printable(mark), if more { " ***" } else { "" }));
            }
            if over {
                self.auth = None;
            }
            return None;
        }
        match self.protocol {
            Protocol::Smtp if line.get(3) != Some(&b'-') => {
                // The greeting answers nothing, and finds nothing pending.
                let answered = self.pending.pop_front();
                if answered == Some(Command::Data) && line.starts_with(b"354") {
                    self.body(true).rest = Rest::Dot;
                    // The message has a reply of its own.
                    self.pending.push_front(Command::Other);
                }
            }
            Protocol::Pop3 => {
                let command = self.pending.pop_front();
                let text = matches!(command, Some(Command::Retrieve | Command::List));
                if text && line.starts_with(b"+OK") {
                    self.body(false).rest = Rest::Dot;
                }
            }
            _ => {}
        }
        None
    }
}

/// The length that a line's end announces: `{5}` or `{5+}`.
fn literal(line: &[u8]) -> Option<usize> {
    let line = line.strip_suffix(b"}")?;
    let line = line.strip_suffix(b"+").unwrap_or(line);
    let at = line.iter().rposition(|&byte| byte == b'{')?;
    std::str::from_utf8(line.get(at + 1..)?).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    fn printed(protocol: Protocol, lines: &[(char, &str)], cut: usize) -> Vec<String> {
        let out = Arc::new(Mutex::new(Vec::new()));
        let print = Arc::clone(&out);
        let mut transcript = Transcript::new(protocol, Side::Client, move |line: &str| {
            print.lock().unwrap().push(line.to_owned());
        });
        for (who, bytes) in lines {
            for piece in bytes.as_bytes().chunks(cut) {
                match who {
                    'C' => transcript.sent(piece),
                    _ => transcript.received(piece),
                }
            }
        }
        out.lock().unwrap().clone()
    }

    #[test]
    fn smtp_masks_and_shortens() {
        let lines = [
            ('S', "220 mx.test\r\n"),
            ('C', "AUTH PLAIN AGEAc2VjcmV0\r\n"),
            ('S', "235 2.7.0 ok\r\n"),
            ('C', "auth login\r\n"),
            ('S', "334 VXNlcm5hbWU6\r\n"),
            ('C', "c2VjcmV0\r\n"),
            ('S', "535 5.7.8 no\r\n"),
            ('C', "MAIL FROM:<a@b>\r\nDATA\r\n"),
            ('S', "250 ok\r\n354 go\r\n"),
            ('C', "1\r\n2\r\nAUTH PLAIN x\r\n4\r\n5\r\n.\r\nQUIT\r\n"),
            ('S', "250 \x1b[2Jtaken\r\n"),
        ];
        let wanted = [
            "S: 220 mx.test",
            "C: AUTH PLAIN ***",
            "S: 235 2.7.0 ok",
            "C: AUTH login",
            "S: 334 ***",
            "C: ***",
            "S: 535 5.7.8 no",
            "C: MAIL FROM:<a@b>",
            "C: DATA",
            "S: 250 ok",
            "S: 354 go",
            "C: 1",
            "C: 2",
            "C: AUTH PLAIN x",
            "C: … 2 more lines",
            "C: .",
            "C: QUIT",
            "S: 250 \u{fffd}[2Jtaken",
        ];
        for cut in [1, 3, 1_000] {
            assert_eq!(printed(Protocol::Smtp, &lines, cut), wanted);
        }
    }

    #[test]
    fn pop3_masks_and_shortens() {
        let lines = [
            ('S', "+OK\r\n"),
            ('C', "USER a\r\nPASS secret\r\nRETR 1\r\nSTAT\r\n"),
            ('S', "+OK\r\n+OK\r\n+OK 3\r\n1\r\n2\r\n3\r\n4\r\n.\r\n+OK 1 3\r\n"),
        ];
        let out = printed(Protocol::Pop3, &lines, 1).join("|");
        assert!(out.contains("C: PASS ***") && !out.contains("secret"), "{out}");
        assert!(out.ends_with("S: 3|S: … 1 more lines|S: .|S: +OK 1 3"), "{out}");
        let lines = [
            ('S', "+OK\r\n"),
            ('C', "APOP a secret\r\nUTF8\r\nAUTH X\r\n"),
            ('S', "-ERR\r\n+OK\r\n"),
            ('S', "+ c2VjcmV0\r\n"),
            ('C', "c2VjcmV0\r\n"),
            ('S', "+OK\r\n"),
        ];
        let out = printed(Protocol::Pop3, &lines, 1).join("|");
        assert!(out.contains("APOP a ***") && !out.contains("secret"), "{out}");
        assert!(out.ends_with("S: + ***|C: ***|S: +OK") && !out.contains("c2V"), "{out}");
    }

    #[test]
    fn imap_masks_and_shortens() {
        let lines = [
            ('C', "a1 LOGIN bob \"secret\"\r\n"),
            ('S', "a1 NO\r\n"),
            ('C', "a2 LOGIN {3+}\r\nbob {6+}\r\nsecret\r\na3 AUTHENTICATE PLAIN\r\n"),
            ('S', "a2 OK\r\n+ \r\n"),
            ('C', "c2VjcmV0\r\n"),
            ('S', "a3 OK\r\n* 1 FETCH (BODY[] {15}\r\n1\r\n2\r\n3\r\n4\r\n5\r\n UID 7)\r\n"),
        ];
        for cut in [1, 1_000] {
            let out = printed(Protocol::Imap, &lines, cut).join("|");
            assert!(!out.contains("secret") && !out.contains("bob"), "{out}");
            assert!(out.contains("C: ***|S: a3 OK"), "{out}");
            assert!(out.ends_with("S: 3|S: … 2 more lines|S:  UID 7)"), "{out}");
        }
    }
}
