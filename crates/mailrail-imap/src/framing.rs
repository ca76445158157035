//! Where the next unit ends, for both directions: the only place that scans raw input.
//!
//! A unit is a line with the literals in it in place: `{n}` CR LF and n octets, and so on to the
//! CR LF behind which nothing was announced. Only CR LF ends a line, and a literal is announced
//! at a line's end only. What may be large is cut off: the message of an APPEND, the sections of
//! a FETCH, the numbers of a SEARCH. Each byte is looked at once.

use crate::{
    Limits,
    grammar::{decimal, name},
};
use mailrail_wire::{Found, LineFinder};
use memchr::{memchr_iter, memrchr};

/// How many bytes of a refused line are held back, since they may be the literal at its end:
/// `{18446744073709551615+}` and a CR.
const LITERAL_MAX: usize = 24;

/// The largest `number64` (RFC 9051 §9): no literal has more octets.
const NUMBER_MAX: u64 = i64::MAX.unsigned_abs();

/// How many bytes of a SEARCH response are waited for before its numbers are handed on.
const SEARCH_PART: usize = 8 * 1024;

/// The literal that a line announces at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Literal {
    /// How many octets it has; the largest number there is where the line says more.
    pub(crate) len: u64,
    /// Whether the client waits for a continuation request before it sends it.
    pub(crate) waits: bool,
}

/// `"{" number64 ["+"] "}" CRLF` at the end of `line`: what stands before it, and what it says.
fn announced(line: &[u8]) -> Option<(&[u8], Literal)> {
    let line = line.strip_suffix(b"}\r\n")?;
    let (line, waits) = line.strip_suffix(b"+").map_or((line, true), |line| (line, false));
    let digits = line.iter().rev().take_while(|b| b.is_ascii_digit()).count();
    let (line, digits) = line.split_at_checked(line.len() - digits)?;
    let before = line.strip_suffix(b"{").filter(|_| !digits.is_empty())?;
    Some((before, Literal { len: decimal(digits), waits }))
}

/// The end of the line that begins at `start`, its CR LF included, where `bytes` up to `scanned`
/// are known to hold none.
fn line_end(bytes: &[u8], start: usize, scanned: usize) -> Option<usize> {
    let from = scanned.max(start);
    memchr_iter(b'\n', bytes.get(from..)?).map(|at| from + at).find_map(|at| {
        // A CR before the line's start is an octet of a literal.
        let cr = at.checked_sub(1).filter(|cr| *cr >= start)?;
        (bytes.get(cr) == Some(&b'\r')).then_some(at + 1)
    })
}

/// The length as a length in memory, or more than any limit.
fn in_memory(len: u64) -> usize {
    usize::try_from(len).unwrap_or(usize::MAX)
}

/// Why a command is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It is longer than [`Limits::line`]: BAD.
    TooLong,
    /// A literal is longer than [`Limits::literal`] or does not fit into the line: BAD, or
    /// `NO [TOOBIG]`.
    LiteralTooLong,
    /// There is more behind the message of an APPEND: BAD.
    BehindMessage,
}

/// How many bytes of a refused command are there wherever its bytes are cut, if it has that many:
/// a tag that goes on behind them is none.
pub(crate) const fn tag_within(limits: &Limits) -> usize {
    limits.line.saturating_sub(LITERAL_MAX)
}

/// What lies at the front of the bytes that a client sent; all but `More` and `Continue` ask the
/// caller to take `len` of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CommandFound {
    /// A command of that many bytes, literals in place.
    Command(usize),
    /// The client waits, in the middle of a command, for a continuation request; told once, and
    /// nothing is taken.
    Continue,
    /// An APPEND up to the announcement of its message. Then come its `Octets`, where it is not
    /// empty, and `AppendEnd`; the caller can [`refuse_message`](CommandFinder::refuse_message)
    /// before it asks for them. Where the client waits, the caller sends a continuation request.
    Append { len: usize, message: Literal },
    /// That many octets of the message.
    Octets(usize),
    /// The CR LF behind the message.
    AppendEnd(usize),
    /// The first bytes of a command that is refused. Its tag can be read before they are taken,
    /// from no more than [`tag_within`] of them; but for `BehindMessage`, whose tag is the
    /// APPEND's. `over` tells whether this is all of it, and the answer due.
    Refused { len: usize, why: Refusal, over: bool },
    /// More bytes of it.
    Skip { len: usize, over: bool },
    /// Behind `Refused` or `Append`: a literal that is refused is longer than [`Limits::skip`], and
    /// is coming. All that is left is to say BYE; nothing more is found.
    Hopeless,
    /// Not enough to tell.
    More,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum CommandPlace {
    #[default]
    Command,
    Message(u64),
    BehindMessage,
    SkippedLine,
    SkippedOctets(u64),
    Hopeless,
}

/// Finds where commands end.
///
/// Give it the same bytes and more where it said `More` or `Continue`, and what follows the bytes
/// it counted where it said anything else.
#[derive(Debug, Clone, Default)]
pub(crate) struct CommandFinder {
    place: CommandPlace,
    /// Where the line that is looked at begins: behind the last literal.
    line: usize,
    /// How many of the bytes hold no line end for sure; or the end of a literal yet to come.
    scanned: usize,
    /// The command is an APPEND.
    append: bool,
    lines: LineFinder,
}

impl CommandFinder {
    /// Finds a line that is no command: an answer to a challenge, DONE.
    pub(crate) fn find_line(&mut self, bytes: &[u8], limits: &Limits) -> Found {
        self.lines.find(bytes, limits.line)
    }

    pub(crate) fn find(&mut self, bytes: &[u8], limits: &Limits) -> CommandFound {
        loop {
            match self.place {
                CommandPlace::Message(0) => self.place = CommandPlace::BehindMessage,
                CommandPlace::SkippedOctets(0) => self.place = CommandPlace::SkippedLine,
                CommandPlace::Message(_) | CommandPlace::SkippedOctets(_) if bytes.is_empty() => {
                    return CommandFound::More;
                }
                CommandPlace::Message(left) => {
                    let len = bytes.len().min(in_memory(left));
                    self.place = CommandPlace::Message(left - as_u64(len));
                    return CommandFound::Octets(len);
                }
                CommandPlace::SkippedOctets(left) => {
                    let len = bytes.len().min(in_memory(left));
                    self.place = CommandPlace::SkippedOctets(left - as_u64(len));
                    return CommandFound::Skip { len, over: false };
                }
                CommandPlace::Hopeless => return CommandFound::Hopeless,
                CommandPlace::SkippedLine => return self.skip_line(bytes, limits),
                CommandPlace::Command | CommandPlace::BehindMessage => {
                    if let Some(found) = self.find_command(bytes, limits) {
                        return found;
                    }
                }
            }
        }
    }

    /// Right behind an `Append`, refuses its message: whether the command is over with that, and
    /// the answer due. If not, the message comes all the same: it is skipped, and the answer due
    /// where `Skip` says so.
    pub(crate) fn refuse_message(&mut self, message: Literal, limits: &Limits) -> bool {
        self.start(if message.waits {
            CommandPlace::Command
        } else if message.len > limits.skip {
            CommandPlace::Hopeless
        } else {
            CommandPlace::SkippedOctets(message.len)
        });
        message.waits
    }

    /// In the middle of a message, skips what is left of it. Nothing is to be answered where
    /// `Skip` says that it is over.
    pub(crate) fn skip_message(&mut self) {
        match self.place {
            CommandPlace::Message(left) => self.start(CommandPlace::SkippedOctets(left)),
            CommandPlace::BehindMessage => self.start(CommandPlace::SkippedLine),
            _ => {}
        }
    }

    fn start(&mut self, place: CommandPlace) {
        (self.place, self.line, self.scanned) = (place, 0, 0);
    }

    /// None behind a literal that does not wait: there is another line to look at.
    fn find_command(&mut self, bytes: &[u8], limits: &Limits) -> Option<CommandFound> {
        let behind_message = self.place == CommandPlace::BehindMessage;
        let too_long = if behind_message { Refusal::BehindMessage } else { Refusal::TooLong };
        let Some(end) = line_end(bytes, self.line, self.scanned) else {
            if bytes.len() < limits.line {
                self.scanned = self.scanned.max(bytes.len());
                return Some(CommandFound::More);
            }
            // Octets of a literal before the line are not held back: they announce nothing.
            let len = bytes.len().saturating_sub(LITERAL_MAX).max(self.line);
            self.start(CommandPlace::SkippedLine);
            self.scanned = bytes.len().saturating_sub(len);
            return Some(CommandFound::Refused { len, why: too_long, over: false });
        };
        let line = bytes.get(self.line..end).unwrap_or_default();
        let literal = announced(line);
        if behind_message && end == 2 {
            self.start(CommandPlace::Command);
            return Some(CommandFound::AppendEnd(end));
        }
        if behind_message || end > limits.line {
            return Some(self.refuse(end, too_long, literal.map(|(_, literal)| literal), limits));
        }
        let Some((before, literal)) = literal else {
            self.start(CommandPlace::Command);
            return Some(CommandFound::Command(end));
        };
        let first = self.line == 0;
        if first {
            self.append = is_append(before);
        }
        // The first argument is the mailbox; a literal behind it is the message.
        if self.append && !(first && is_first_argument(before)) {
            self.start(CommandPlace::Message(literal.len));
            return Some(CommandFound::Append { len: end, message: literal });
        }
        let room = limits.literal.min(limits.line.saturating_sub(end + b"\r\n".len()));
        if in_memory(literal.len) > room {
            return Some(self.refuse(end, Refusal::LiteralTooLong, Some(literal), limits));
        }
        self.line = end + in_memory(literal.len);
        self.scanned = self.line;
        literal.waits.then_some(CommandFound::Continue)
    }

    /// Refuses a command of which a line ends at `end`.
    fn refuse(
        &mut self,
        end: usize,
        why: Refusal,
        literal: Option<Literal>,
        limits: &Limits,
    ) -> CommandFound {
        let over = self.go_on_skipping(literal, limits);
        CommandFound::Refused { len: end, why, over }
    }

    fn skip_line(&mut self, bytes: &[u8], limits: &Limits) -> CommandFound {
        let Some(end) = line_end(bytes, 0, self.scanned) else {
            let len = bytes.len().saturating_sub(LITERAL_MAX);
            self.scanned = bytes.len() - len;
            return if len == 0 {
                CommandFound::More
            } else {
                CommandFound::Skip { len, over: false }
            };
        };
        let literal = announced(bytes.get(..end).unwrap_or_default());
        let over = self.go_on_skipping(literal.map(|(_, literal)| literal), limits);
        CommandFound::Skip { len: end, over }
    }

    /// Behind a line of a refused command: whether the command is over.
    fn go_on_skipping(&mut self, literal: Option<Literal>, limits: &Limits) -> bool {
        let next = match literal {
            Some(Literal { len, waits: false }) if len > limits.skip => CommandPlace::Hopeless,
            Some(Literal { len, waits: false }) => CommandPlace::SkippedOctets(len),
            _ => CommandPlace::Command,
        };
        self.start(next);
        next == CommandPlace::Command
    }
}

/// Whether a command begins as APPEND does: `tag SP "APPEND" SP`.
fn is_append(command: &[u8]) -> bool {
    let mut words = command.splitn(3, |b| *b == b' ').skip(1);
    let verb = words.next().unwrap_or_default();
    verb.eq_ignore_ascii_case(b"APPEND") && words.next().is_some()
}

/// Whether the literal behind this text is a command's first argument.
fn is_first_argument(before: &[u8]) -> bool {
    before.splitn(3, |b| *b == b' ').nth(2).is_some_and(<[u8]>::is_empty)
}

fn as_u64(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}

/// What lies at the front of the bytes that a server sent; all but `More` and `TooLong` ask the
/// caller to take that many of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ResponseFound {
    /// A response from its start: all of it, or a FETCH up to a literal that is streamed, or a
    /// SEARCH up to a number that has more behind it.
    Response(usize),
    /// A FETCH goes on, to its end or to the next literal.
    Fetch(usize),
    /// A SEARCH goes on.
    Search(usize),
    /// That many octets of the literal of a FETCH.
    Octets(usize),
    /// Not enough to tell.
    More,
    /// The response, or the segment of a FETCH, is longer than [`Limits::response`], or a literal
    /// that is streamed longer than any number that can be said.
    TooLong,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum ResponsePlace {
    #[default]
    Start,
    Fetch,
    Literal(u64),
    Search,
}

/// Finds where responses end, and the segments of long ones.
///
/// Give it the same bytes and more where it said `More`, and what follows the bytes it counted
/// where it said anything else.
#[derive(Debug, Clone, Default)]
pub(crate) struct ResponseFinder {
    place: ResponsePlace,
    /// Where the line that is looked at begins: behind the last literal.
    line: usize,
    /// How many of the bytes hold no line end for sure; or the end of a literal yet to come.
    scanned: usize,
}

impl ResponseFinder {
    pub(crate) fn find(&mut self, bytes: &[u8], limits: &Limits) -> ResponseFound {
        match self.place {
            ResponsePlace::Literal(0) => self.place = ResponsePlace::Fetch,
            ResponsePlace::Literal(_) if bytes.is_empty() => return ResponseFound::More,
            ResponsePlace::Literal(left) => {
                let len = bytes.len().min(in_memory(left));
                self.place = ResponsePlace::Literal(left - as_u64(len));
                return ResponseFound::Octets(len);
            }
            _ => {}
        }
        while let Some(end) = line_end(bytes, self.line, self.scanned) {
            let line = bytes.get(self.line..end).unwrap_or_default();
            let kind = self.kind(bytes);
            let literal = announced(line).filter(|_| kind != Kind::Status);
            if end > limits.response {
                return ResponseFound::TooLong;
            }
            match literal {
                None => return self.found(end, ResponsePlace::Start),
                Some((before, literal)) if kind == Kind::Fetch && is_streamed(before) => {
                    if literal.len > NUMBER_MAX {
                        return ResponseFound::TooLong;
                    }
                    return self.found(end, ResponsePlace::Literal(literal.len));
                }
                Some((_, literal)) => {
                    let len = in_memory(literal.len);
                    if len > limits.response.saturating_sub(end) {
                        return ResponseFound::TooLong;
                    }
                    self.line = end + len;
                    self.scanned = self.line;
                }
            }
        }
        if let Some(cut) = self.search_part(bytes) {
            let found = self.found(cut, ResponsePlace::Search);
            self.scanned = bytes.len() - cut;
            return found;
        }
        if bytes.len() >= limits.response {
            return ResponseFound::TooLong;
        }
        self.scanned = self.scanned.max(bytes.len());
        ResponseFound::More
    }

    /// Whether the next unit begins a response.
    pub(crate) fn is_between(&self) -> bool {
        self.place == ResponsePlace::Start
    }

    fn found(&mut self, end: usize, next: ResponsePlace) -> ResponseFound {
        let place = core::mem::replace(&mut self.place, next);
        (self.line, self.scanned) = (0, 0);
        match place {
            ResponsePlace::Fetch | ResponsePlace::Literal(_) => ResponseFound::Fetch(end),
            ResponsePlace::Search => ResponseFound::Search(end),
            ResponsePlace::Start => ResponseFound::Response(end),
        }
    }

    fn kind(&self, bytes: &[u8]) -> Kind {
        match self.place {
            ResponsePlace::Fetch | ResponsePlace::Literal(_) => Kind::Fetch,
            ResponsePlace::Search => Kind::Search,
            ResponsePlace::Start => Kind::of(bytes),
        }
    }

    /// Where to cut a SEARCH response whose end is not there yet: before the last space, since
    /// the number behind it may go on.
    fn search_part(&self, bytes: &[u8]) -> Option<usize> {
        if bytes.len() < SEARCH_PART || self.line > 0 || self.kind(bytes) != Kind::Search {
            return None;
        }
        let first = if self.place == ResponsePlace::Start { b"* SEARCH".len() } else { 0 };
        let from = self.scanned.max(first + 1);
        memrchr(b' ', bytes.get(from..)?).map(|at| from + at)
    }
}

/// What kind of response it is, as far as framing needs to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// It has no literals: what its text ends with is text.
    Status,
    Fetch,
    Search,
    Other,
}

impl Kind {
    fn of(response: &[u8]) -> Self {
        // Tagged responses and continuation requests end in text, too.
        let Some(rest) = response.strip_prefix(b"* ") else { return Self::Status };
        let digits = rest.iter().take(20).take_while(|b| b.is_ascii_digit()).count();
        let word = match rest.get(digits) {
            Some(b' ') if digits > 0 => rest.get(digits + 1..).unwrap_or_default(),
            _ => rest,
        };
        let len = word.iter().take(20).take_while(|b| b.is_ascii_alphanumeric()).count();
        match name(&mut [0; 20], word.get(..len).unwrap_or_default()) {
            b"OK" | b"NO" | b"BAD" | b"BYE" | b"PREAUTH" => Self::Status,
            b"FETCH" => Self::Fetch,
            b"SEARCH" => Self::Search,
            _ => Self::Other,
        }
    }
}

/// Whether the literal behind this text of a FETCH is a section of a message, and may be large.
fn is_streamed(before: &[u8]) -> bool {
    let before = before.strip_suffix(b"~").unwrap_or(before);
    let Some(mut item) = before.strip_suffix(b" ") else { return false };
    if let Some(origin) = item.strip_suffix(b">") {
        let digits = origin.iter().rev().take_while(|b| b.is_ascii_digit()).count();
        let Some(section) =
            origin.get(..origin.len() - digits).and_then(|it| it.strip_suffix(b"<"))
        else {
            return false;
        };
        item = section;
    }
    let Some(section) = item.strip_suffix(b"]") else {
        return [&b"RFC822"[..], b"RFC822.HEADER", b"RFC822.TEXT"].iter().any(|n| ends(item, n));
    };
    // A header field's name may have a bracket, too: then its list is still open.
    match memrchr(b'[', section).and_then(|at| section.split_at_checked(at)) {
        Some((item, section)) => {
            (ends(item, b"BODY") || ends(item, b"BINARY"))
                && (!section.contains(&b'(') || section.ends_with(b")"))
        }
        // It began before a literal in that list.
        None => section.ends_with(b")"),
    }
}

/// Whether the last word is this one.
fn ends(text: &[u8], word: &[u8]) -> bool {
    let Some(at) = text.len().checked_sub(word.len()) else { return false };
    let (before, last) = text.split_at_checked(at).unwrap_or_default();
    last.eq_ignore_ascii_case(word) && !before.last().is_some_and(u8::is_ascii_alphanumeric)
}

#[cfg(test)]
mod tests;
