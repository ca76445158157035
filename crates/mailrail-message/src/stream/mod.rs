//! A message read while it arrives.

mod body;
pub(crate) mod decoder;
mod event;
mod header;

use alloc::vec::Vec;
use core::ops::Range;

use memchr::memchr2;

pub use event::{MessageEvent, PartHead};

use crate::header::Field;
use crate::header::content_transfer_encoding::TransferEncoding;
use crate::header_line::LONGEST_NAME;
use crate::limits::Limits;
use crate::multipart::{LONGEST_PADDING, Search};
use crate::nest::Nest;
use crate::part::PartKind;
use crate::scan::{LineEnds, from, slice};
use crate::structure::{Span, content_type_of};
use body::{After, Closing};
pub(crate) use decoder::Decoder;
use header::Header;

/// Reads a message that comes in chunks, of any size and cut anywhere, and says what is in it as [`MessageEvent`]s.
///
/// It finds the same parts, fields and defects as [`Message::parse`](crate::Message::parse) at the same places, and gives
/// the bodies decoded as [`Part::decoded`](crate::Part::decoded) does. It holds less than 64 KiB with the default limits,
/// however long the message is, since a body goes by in pieces, and one field at a time is kept, no more of it than
/// [`Limits::field_bytes`].
///
/// As the machines of the protocols it does no I/O: the caller reads a chunk, takes all events that
/// [`event`](Self::event) has for it, and reads the next one. After the last it calls [`end`](Self::end) and takes
/// the events that are left. What borrows the chunk is lent as it stands; what is decoded, and a field cut by two chunks, is
/// lent from the reader, so an event must be let go before the next.
///
/// # Examples
/// ```
/// use mailrail_message::{MessageEvent, MessageStream};
///
/// let chunks = ["Subject: x\r\nContent-Transfer-Enc", "oding: base64\r\n\r\nSGVs", "bG8=\r\n"];
/// let (mut stream, mut names, mut body) = (MessageStream::default(), Vec::new(), Vec::new());
/// let mut take = |event: MessageEvent<'_>| match event {
///     MessageEvent::Field(field) => names.push(field.name().to_owned()),
///     MessageEvent::Data(bytes) => body.extend_from_slice(bytes),
///     _ => {}
/// };
/// for chunk in chunks {
///     let mut rest = chunk.as_bytes();
///     while let Some(event) = stream.event(&mut rest) {
///         take(event);
///     }
/// }
/// stream.end();
/// while let Some(event) = stream.event(&mut &[][..]) {
///     take(event);
/// }
/// assert_eq!(names, ["Subject", "Content-Transfer-Encoding"]);
/// assert_eq!(body, b"Hello");
/// ```
pub struct MessageStream {
    nest: Nest<'static>,
    search: Search,
    /// Known once the first line has ended.
    ends: Option<LineEnds>,
    state: State,
    /// Where the first byte stands that is not used up.
    offset: usize,
    is_ended: bool,
    /// Bytes of earlier chunks that cannot be used before more has come.
    window: Vec<u8>,
    /// How many of them the last event has used up.
    used: usize,
    /// How many of the next bytes have been searched for a line end.
    scanned: usize,
    header: Header,
    decoder: Decoder,
    decoded: Vec<u8>,
    /// How many of the next bytes are known to be no delimiter, nor the line end before one.
    clear: usize,
    /// That the next byte starts a line, and how long the line end before it is.
    line_start: Option<usize>,
}

#[derive(Debug)]
enum State {
    /// A part begins.
    Begin,
    /// At the start of a line of a header block.
    Line,
    /// Inside such a line.
    InLine,
    /// Behind a header block.
    Judge,
    /// In a body, or between the parts of a multipart.
    Body,
    /// At a delimiter or the end, where a body ends.
    Finish(Closing),
    /// The same, with all of it told.
    Close(Closing),
    Ended,
}

/// What a look at some bytes gives.
enum Step {
    /// More bytes are needed.
    More,
    /// So many are used up, with nothing to tell.
    Used(usize),
    /// So many are used up, and this is to tell.
    Event(usize, Told),
}

enum Told {
    Begins,
    Field(Span),
    Body {
        kind: PartKind,
        in_digest: bool,
    },
    /// So many of the bytes.
    Data(usize),
    Decoded,
    Ends {
        part: u32,
        body: Range<usize>,
    },
}

/// The most that is decoded at a time.
const PIECE: usize = 8 * 1024;

impl core::fmt::Debug for MessageStream {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("MessageStream")
            .field("state", &self.state)
            .field("offset", &self.offset)
            .field("is_ended", &self.is_ended)
            .finish_non_exhaustive()
    }
}

impl Default for MessageStream {
    fn default() -> Self {
        Self::new(&Limits::default())
    }
}

impl MessageStream {
    /// A reader of one message, within limits.
    pub fn new(limits: &Limits) -> Self {
        Self {
            nest: Nest::new(limits),
            search: Search::new(LineEnds::Lf),
            ends: None,
            state: State::Begin,
            offset: 0,
            is_ended: false,
            window: Vec::new(),
            used: 0,
            scanned: 0,
            header: Header::default(),
            decoder: Decoder::default(),
            decoded: Vec::new(),
            clear: 0,
            line_start: None,
        }
    }

    /// The next event, if the chunk and what came before it hold one; what it is made of is taken off the chunk.
    ///
    /// Where it gives `None` the chunk is used up. What comes behind [`end`](Self::end) is thrown away.
    pub fn event<'s, 'c: 's>(&'s mut self, chunk: &mut &'c [u8]) -> Option<MessageEvent<'s>> {
        self.let_go();
        if self.is_ended {
            *chunk = &[];
        }
        loop {
            if !self.nest.defects.found.is_empty() {
                return Some(MessageEvent::Defect(self.nest.defects.found.remove(0)));
            }
            if self.window.is_empty() {
                let all = *chunk;
                match self.step(all) {
                    Step::More => {
                        self.window.extend_from_slice(all);
                        *chunk = &[];
                        return None;
                    }
                    Step::Used(n) => {
                        *chunk = from(all, n);
                        self.pass(n);
                    }
                    Step::Event(n, told) => {
                        *chunk = from(all, n);
                        self.pass(n);
                        if let Told::Data(n) = told {
                            return Some(MessageEvent::Data(slice(all, 0..n)));
                        }
                        return Some(self.tell(told));
                    }
                }
            } else {
                let held = self.window.len();
                let added = slice(chunk, 0..chunk.len().min(self.look_ahead()));
                self.window.extend_from_slice(added);
                let window = core::mem::take(&mut self.window);
                let step = self.step(&window);
                self.window = window;
                let (n, told) = match step {
                    Step::More => {
                        *chunk = from(chunk, added.len());
                        if added.is_empty() {
                            return None;
                        }
                        continue;
                    }
                    Step::Used(n) => (n, None),
                    Step::Event(n, told) => (n, Some(told)),
                };
                self.pass(n);
                // What is left over of the chunk is read where it stands, not copied.
                *chunk = from(chunk, n.saturating_sub(held));
                self.window.truncate(n.max(held));
                self.used = n;
                match told {
                    Some(told) => return Some(self.tell(told)),
                    None => self.let_go(),
                }
            }
        }
    }

    /// Says that the message ends here. The events that are left are to be taken then.
    pub const fn end(&mut self) {
        self.is_ended = true;
    }

    /// Whether all is told, the end of the message included.
    pub const fn is_done(&self) -> bool {
        matches!(self.state, State::Ended)
    }

    /// How many bytes of memory it holds apart from itself, for accounting.
    pub fn memory(&self) -> usize {
        self.window.capacity()
            + self.decoded.capacity()
            + self.header.memory()
            + self.nest.memory()
            + self.decoder.memory()
    }

    /// The most bytes that a step needs to come further.
    const fn look_ahead(&self) -> usize {
        // "--", the boundary, "--", its padding, a line end; or a field's name; with a line end in front.
        let delimiter = self.nest.limits.boundary.saturating_add(LONGEST_PADDING + 8);
        if delimiter > LONGEST_NAME { delimiter + 8 } else { LONGEST_NAME + 8 }
    }

    /// So many bytes are used up.
    fn pass(&mut self, n: usize) {
        self.offset += n;
        self.scanned = self.scanned.saturating_sub(n);
        crate::steps::count(n);
    }

    /// Whether no line ends in these bytes behind the first `skip`. None is looked at again while more are added.
    fn lacks_line_end(&mut self, window: &[u8], skip: usize) -> bool {
        self.scanned = self.scanned.max(skip);
        let rest = from(window, self.scanned);
        let found = memchr2(b'\r', b'\n', rest);
        crate::steps::count(1 + found.unwrap_or(rest.len()));
        self.scanned += found.unwrap_or(rest.len());
        found.is_none()
    }

    /// Forgets what the last event has lent.
    fn let_go(&mut self) {
        if self.used >= self.window.len() {
            self.window.clear();
        } else {
            self.window.drain(..self.used);
        }
        self.used = 0;
        self.decoded.clear();
    }

    fn step(&mut self, window: &[u8]) -> Step {
        match &self.state {
            State::Begin => {
                self.header.begin(self.offset);
                self.state = State::Line;
                Step::Event(0, Told::Begins)
            }
            State::Line => self.line(window),
            State::InLine => self.in_line(window),
            State::Judge => self.judge(),
            State::Body => self.body(window),
            State::Finish(closing) => {
                self.state = State::Close(*closing);
                self.decoder.finish(&mut self.decoded);
                self.told_decoded(0)
            }
            State::Close(closing) => self.close(*closing),
            State::Ended => match window.len() {
                0 => Step::More,
                all => Step::Used(all),
            },
        }
    }

    fn told_decoded(&self, used: usize) -> Step {
        if self.decoded.is_empty() { Step::Used(used) } else { Step::Event(used, Told::Decoded) }
    }

    fn tell(&self, told: Told) -> MessageEvent<'_> {
        match told {
            Told::Begins => {
                MessageEvent::PartBegins { index: self.nest.parts(), start: self.offset }
            }
            Told::Field(span) => {
                MessageEvent::Field(Field::new(self.header.field(), span, &self.nest.limits))
            }
            Told::Body { kind, in_digest } => {
                let limits = self.nest.limits.of_values();
                let (content_type, encoding) = self.header.structural();
                MessageEvent::Body(PartHead {
                    kind,
                    path: self.nest.path(),
                    start: self.offset,
                    content_type: content_type_of(content_type, in_digest, limits),
                    encoding: encoding.map_or(TransferEncoding::SevenBit, |value| {
                        TransferEncoding::parse_within(value, limits)
                    }),
                })
            }
            Told::Data(n) => MessageEvent::Data(slice(&self.window, 0..n)),
            Told::Decoded => MessageEvent::Data(&self.decoded),
            Told::Ends { part, body } => MessageEvent::PartEnds { index: part as usize, body },
        }
    }

    /// Settles what ends lines, where the first line end stands at the start of these bytes.
    fn settle(&mut self, line_end: &[u8]) -> bool {
        let is_sure = match line_end {
            [b'\n', ..] | [b'\r', b'\n', ..] => true,
            more => more.len() >= 3 || self.is_ended,
        };
        if is_sure {
            let ends = LineEnds::detect(line_end);
            self.ends = Some(ends);
            self.nest.settle(ends);
            self.search = Search::new(ends);
        }
        is_sure
    }

    fn close(&mut self, closing: Closing) -> Step {
        let Closing { depth, line, line_end, end, .. } = closing;
        if let Some(closed) = self.nest.close(depth, line, line_end, end) {
            self.state = State::Close(Closing { end: closed.end, ..closing });
            let body = closed.body..closed.end;
            return Step::Event(0, Told::Ends { part: closed.part, body });
        }
        self.state = match closing.after {
            After::End => State::Ended,
            After::Delimiter(delimiter) => {
                self.line_start = Some(closing.next_line_end);
                match self.nest.pass(&delimiter) {
                    true if self.nest.is_full() => {
                        self.nest.give_up(self.offset);
                        State::Body
                    }
                    true => State::Begin,
                    false => State::Body,
                }
            }
        };
        Step::Used(0)
    }
}
